"""Which domains a front end answers for: by its host rules, its certificates and the entries of its certificate map.

https://cloud.google.com/certificate-manager/docs/maps
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    CERTIFICATE,
    CERTIFICATE_MAP,
    CERTIFICATE_MAP_ENTRY,
    MANAGED_SSL_CERTIFICATE,
    SSL_CERTIFICATE,
)
from policypack.model.values.logic import any_of, known_in, when_known
from policypack.model.values.values import UNKNOWN, Unknown

_DIRECT: Final = {
    "sslCertificates": (MANAGED_SSL_CERTIFICATE, SSL_CERTIFICATE, CERTIFICATE),
    "certificateManagerCertificates": (CERTIFICATE,),
}


@dataclass(frozen=True)
class Domains:
    """What a certificate, or an entry of a map, is for.

    Attributes:
        name: the logical name.
        hostname: the host that an entry is for; `None` for the one for all others, and for certificates.
        certified: the domains of its certificates; `UNKNOWN` if some may be others.
    """

    name: str
    hostname: str | Unknown | None
    certified: frozenset[str] | Unknown

    def proves(self, host: str) -> bool | Unknown:
        """Whether its certificates are for a host."""
        return when_known(self.certified, lambda domains: _covers(domains, host))


def hosts_of(proxy: Proxy) -> tuple[str, ...] | Unknown:
    """The hosts that the host rules of a proxy's URL map name, without the one for every host."""
    found: set[str] = set()
    for url_map in proxy.url_maps:
        rules = url_map.resource.asked.objects("hostRules")
        lists = UNKNOWN if isinstance(rules, Unknown) else [rule.strings("hosts") for rule in rules]
        hosts = [host for names in known_in(lists) for host in known_in(names)]
        total = sum(len(names) for names in known_in(lists))
        are_all = not isinstance(lists, Unknown) and len(known_in(lists)) == len(lists) and len(hosts) == total
        if not are_all or url_map.resource.ignores_changes_of("hostRules"):
            return UNKNOWN
        found |= {_plain(host) for host in hosts}
    return tuple(sorted(found - {"*"})) if proxy.url_map_links.is_complete else UNKNOWN


def certificates_of(proxy: Proxy) -> tuple[Domains, ...] | Unknown:
    """What a proxy proves: its certificates or, in their place, the entries of its certificate map."""
    if proxy.resource.asked.string("certificateMap") is not None:
        maps = _named(proxy.stack, proxy.resource, "certificateMap", (CERTIFICATE_MAP,))
        return UNKNOWN if isinstance(maps, Unknown) or len(maps) != 1 else _entries_of(proxy.stack, maps[0])
    found = [_named(proxy.stack, proxy.resource, key, types) for key, types in _DIRECT.items()]
    certificates = [one for some in known_in(found) for one in some]
    if len(known_in(found)) < len(found) or not certificates:
        return UNKNOWN
    return tuple(Domains(one.name, None, _certified_by([one])) for one in certificates)


def is_proved(certificates: tuple[Domains, ...], host: str) -> bool | Unknown:
    """Whether clients that ask for a host get a certificate for it; of a map, one entry is chosen by its host."""
    named = [_is_chosen(one.hostname, host) for one in certificates]
    if any_of(named) is not False:
        return any_of(named)
    return any_of(one.proves(host) for one in certificates if one.hostname is None)


def _is_chosen(hostname: str | Unknown | None, host: str) -> bool | Unknown:
    """Whether an entry for `hostname` is chosen for a host."""
    return when_known(hostname, lambda name: name is not None and _covers([name], host))


def _covers(domains: Iterable[str], host: str) -> bool:
    """Whether one of some domains is a host, or its wildcard stands for it: for one label, and for a pattern in it."""
    if host.startswith("*"):
        return any(domain.endswith(host[1:]) for domain in domains)
    return any(domain in (host, f"*.{host.partition('.')[2]}") for domain in domains)


def _entries_of(stack: Stack, map_: Resource) -> tuple[Domains, ...] | Unknown:
    entries = stack.of_types([CERTIFICATE_MAP_ENTRY])
    maps = [_named(stack, entry, "map", (CERTIFICATE_MAP,)) for entry in entries]
    if len(known_in(maps)) < len(maps) or not stack.is_complete:
        return UNKNOWN
    found = [entry for entry, its_maps in zip(entries, known_in(maps), strict=True) if map_ in its_maps]
    return tuple(_entry(stack, entry) for entry in found)


def _entry(stack: Stack, entry: Resource) -> Domains:
    certificates, hostname = _named(stack, entry, "certificates", (CERTIFICATE,)), entry.asked.string("hostname")
    certified = UNKNOWN if isinstance(certificates, Unknown) else _certified_by(certificates)
    return Domains(entry.name, _plain(hostname) if isinstance(hostname, str) else hostname, certified)


def _certified_by(certificates: Iterable[Resource]) -> frozenset[str] | Unknown:
    found: set[str] = set()
    for certificate in certificates:
        if certificate.type == SSL_CERTIFICATE or certificate.asked.object("managed") is None:
            return UNKNOWN
        domains = certificate.asked.block("managed").strings("domains")
        if not known_in(domains) or isinstance(domains, Unknown) or len(known_in(domains)) < len(domains):
            return UNKNOWN
        found |= {_plain(domain) for domain in known_in(domains)}
    return frozenset(found)


def _named(stack: Stack, owner: Resource, key: str, types: tuple[str, ...]) -> tuple[Resource, ...] | Unknown:
    """The resources that a property names: those it is computed from, or with the name; `UNKNOWN` if some are not."""
    value = owner.asked.value(key)
    if isinstance(value, Unknown):
        values: list[object] = [value]
    else:
        values = list(value) if isinstance(value, list) else [] if value is None else [value]
    names = {text.rpartition("/")[2] for text in values if isinstance(text, str)}
    sources = set(owner.edges.get(key, ()))
    found = [
        one
        for one in stack.of_types(types)
        if not one.is_read and (one.urn in sources or _is_among(one.asked.string("name"), names))
    ]
    return tuple(found) if len(found) == len(values) else UNKNOWN


def _is_among(name: str | Unknown | None, names: set[str]) -> bool:
    """Whether a known name is one of some."""
    return isinstance(name, str) and name in names


def _plain(domain: str) -> str:
    return domain.partition(":")[0].rstrip(".").lower()
