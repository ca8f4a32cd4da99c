"""Where the certificates of a target proxy are: https://cloud.google.com/load-balancing/docs/ssl-certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.links import resolve
from policypack.model.graph.reference import location_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import (
    CERTIFICATE,
    MANAGED_SSL_CERTIFICATE,
    REGION_SSL_CERTIFICATE,
    SSL_CERTIFICATE,
)
from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Unknown, python_name

_TYPES: Final = (SSL_CERTIFICATE, MANAGED_SSL_CERTIFICATE, REGION_SSL_CERTIFICATE, CERTIFICATE)
_KEYS: Final = ("sslCertificates", "certificateManagerCertificates")
# Names alone are looked up where the proxy is.
_URL: Final = re.compile(r"(?:^|/)(?:global|(?:regions|locations)/([^/]+))/(sslCertificates|certificates)/([^/]+)/?$")
_GLOBAL: Final = "global"


@dataclass(frozen=True)
class PlacedCertificate:
    """A certificate of a proxy.

    Attributes:
        name: the logical name, or outside the stack the name in the URL.
        region: where it is; `None` for a global one.
        property_name: the property that names it.
        is_of_certificate_manager: it is one of Certificate Manager, and not of Compute Engine.
    """

    name: str
    region: str | Unknown | None
    property_name: str
    is_of_certificate_manager: bool


def placed_certificates(proxy: Proxy) -> Iterator[PlacedCertificate]:
    """The certificates of a proxy; one with an unknown region for all that are not known.

    A certificate map is global, as the only proxies are that take one.
    """
    for key in _KEYS:
        urls = proxy.resource.asked.strings(key)
        known = [] if isinstance(urls, Unknown) else [url for url in urls if isinstance(url, str)]
        yield from (found for url in known if (found := _named_by(url, key)))
        others = UNKNOWN if isinstance(urls, Unknown) else [UNKNOWN] * (len(urls) - len(known))
        links = resolve(proxy.stack, proxy.resource, key, others, _TYPES)
        yield from (_in_the_stack(one, key) for one in links.targets)
        if links.why:
            yield PlacedCertificate("", UNKNOWN, python_name(key), is_of_certificate_manager=False)


def _named_by(url: str, key: str) -> PlacedCertificate | None:
    match = _URL.search(url)
    if not match:
        return None
    location, collection, name = like(url, match.groups())
    return PlacedCertificate(name or "", _region(location), python_name(key), collection == "certificates")


def _in_the_stack(certificate: Resource, key: str) -> PlacedCertificate:
    is_managed = certificate.type == CERTIFICATE
    place = certificate.asked.string("location", default=_GLOBAL) if is_managed else location_of(certificate)
    region = place if isinstance(place, Unknown) else _region(place)
    return PlacedCertificate(certificate.name, region, python_name(key), is_managed)


def _region(location: str | None) -> str | None:
    return None if location in (None, _GLOBAL) else location
