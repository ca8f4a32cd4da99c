"""`frontend-domain` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import http, https, target, url_map
from tests.stacks import Computed, Expected, Out, R, build, check_verdict, findings, service

RULE = "frontend-domain"
DOMAIN = "llm.example.com"
CHAT = service()
MANAGED = "gcp:compute/managedSslCertificate:ManagedSslCertificate"
CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
MAP = "gcp:certificatemanager/certificateMap:CertificateMap"
ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"


def paths(*hosts: Any, options: tuple[str, ...] = ()) -> R:
    rules = {"hostRules": [{"hosts": list(hosts), "pathMatcher": "api"}]} if hosts else {}
    matchers = [{"name": "api", "defaultService": target(CHAT)}]
    given = {"defaultService": target(CHAT), "pathMatchers": matchers, **rules}
    return R("URLMap", "paths", given, {"ignore_changes": options} if options else {})


def managed(*domains: Any, type_: str = MANAGED, name: str = "certificate") -> R:
    return R(type_, name, {"managed": {"domains": list(domains)}})


def fronted(of: R, *certificates: R, key: str = "sslCertificates") -> list[R]:
    return [CHAT, of, *certificates, https(of, "proxy", **{key: [target(one) for one in certificates]})]


@pytest.mark.parametrize(
    ("hosts", "domains", "expected"),
    [
        pytest.param([DOMAIN], [DOMAIN], "passed", id="the same"),
        pytest.param([DOMAIN], ["chat.example.com"], "failed", id="another"),
        pytest.param([DOMAIN], ["example.org", DOMAIN], "passed", id="one of two"),
        pytest.param([DOMAIN, "chat.example.com"], [DOMAIN], "failed", id="one host of two"),
        pytest.param([DOMAIN], ["*.example.com"], "passed", id="a wildcard"),
        pytest.param(["a.b.example.com"], ["*.example.com"], "failed", id="a wildcard is one label"),
        pytest.param(["LLM.example.com"], ["llm.example.com."], "passed", id="case and the last dot"),
        pytest.param(["*.example.com"], ["*.example.com"], "passed", id="any host of the domain"),
        pytest.param(["*.example.com"], [DOMAIN], "passed", id="one of its hosts"),
        pytest.param(["*.example.com"], ["example.org"], "failed", id="none of its hosts"),
        pytest.param(["*"], ["example.org"], "not applicable", id="every host"),
        pytest.param([], ["example.org"], "not applicable", id="no host rules"),
        pytest.param([Computed()], [DOMAIN], "undecided", id="an unknown host"),
        pytest.param([DOMAIN], [Computed()], "undecided", id="an unknown domain"),
    ],
)
def test_certificates(hosts: list[Any], domains: list[Any], expected: Expected) -> None:
    check_verdict(RULE, fronted(paths(*hosts), managed(*domains)), expected, "proxy")
    of_manager = managed(*domains, type_=CERTIFICATE)
    check_verdict(RULE, fronted(paths(*hosts), of_manager, key="certificateManagerCertificates"), expected, "proxy")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({"sslCertificates": ["projects/p/global/sslCertificates/c"]}, "undecided", id="outside the stack"),
        pytest.param({"certificateMap": "//certificatemanager.googleapis.com/x/y"}, "undecided", id="a map outside"),
        pytest.param({}, "undecided", id="none"),
    ],
)
def test_certificates_elsewhere(inputs: dict[str, Any], expected: Expected) -> None:
    of = paths(DOMAIN)
    check_verdict(RULE, [CHAT, of, https(of, **inputs)], expected, "proxy")
    every = paths("*")
    check_verdict(RULE, [CHAT, every, https(every, **inputs)], "not applicable", "proxy")


def test_a_certificate_of_ones_own_shows_no_domains() -> None:
    own = R("gcp:compute/sSLCertificate:SSLCertificate", "own", {"certificate": "PEM"})
    check_verdict(RULE, fronted(paths(DOMAIN), own), "undecided", "proxy")
    check_verdict(RULE, fronted(paths(DOMAIN), own, managed(DOMAIN)), "passed", "proxy")


def test_host_rules_made_elsewhere() -> None:
    check_verdict(RULE, fronted(paths(DOMAIN, options=("hostRules",)), managed("x.org")), "undecided", "proxy")


def mapped(entries: list[tuple[Any, str]], *hosts: str) -> list[R]:
    """A certificate map with an entry for each hostname (none: all others), with a certificate for a domain."""
    certificates = R(MAP, "certificates", {})
    made = [managed(domain, type_=CERTIFICATE, name=f"certificate-{n}") for n, (_, domain) in enumerate(entries)]
    rows = [
        R(
            ENTRY,
            f"entry-{n}",
            {
                "map": Out(certificates, "name"),
                "certificates": [Out(made[n], "id")],
                **({"matcher": "PRIMARY"} if hostname is None else {"hostname": hostname}),
            },
        )
        for n, (hostname, _) in enumerate(entries)
    ]
    of = paths(*hosts)
    proxy = https(of, certificateMap=Computed((certificates,)))
    return [CHAT, of, certificates, *made, *rows, proxy]


@pytest.mark.parametrize(
    ("entries", "hosts", "expected"),
    [
        pytest.param([(DOMAIN, DOMAIN)], [DOMAIN], "passed", id="all the same"),
        pytest.param([(DOMAIN, "example.org")], [DOMAIN], "failed", id="the certificate is for another"),
        pytest.param([("chat.example.com", "chat.example.com")], [DOMAIN], "failed", id="the entry is for another"),
        pytest.param([(DOMAIN, DOMAIN)], ["chat.example.com"], "failed", id="the host rule is for another"),
        pytest.param([(DOMAIN, "example.org")], ["*"], "failed", id="the certificate, whatever the host rules"),
        pytest.param([("*.example.com", "*.example.com")], [DOMAIN], "passed", id="a wildcard entry"),
        pytest.param([(None, DOMAIN)], [DOMAIN], "passed", id="the entry for all others"),
        pytest.param([(None, "example.org")], [DOMAIN], "failed", id="which is for another"),
        pytest.param([("chat.example.com", "chat.example.com"), (None, DOMAIN)], [DOMAIN], "passed", id="one of two"),
        pytest.param([(Computed(), DOMAIN)], [DOMAIN], "undecided", id="an unknown hostname"),
    ],
)
def test_certificate_maps(entries: list[tuple[Any, str]], hosts: list[str], expected: Expected) -> None:
    check_verdict(RULE, mapped(entries, *hosts), expected, "proxy")


def test_plain_http_needs_no_certificate() -> None:
    of = url_map(CHAT)
    check_verdict(RULE, [CHAT, of, http(of)], "not applicable", "proxy")


def test_the_message_names_entry_and_domains() -> None:
    (found,) = findings(RULE, build(*mapped([(DOMAIN, "example.org")], DOMAIN)))
    assert [problem.observed for problem in found.problems] == [
        f"`entry-0` is for `{DOMAIN}`, its certificates are for `example.org`."
    ]
