"""`frontend-domain` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.secret import secret
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
    ],
)
def test_certificates_elsewhere(inputs: dict[str, Any], expected: Expected) -> None:
    of = paths(DOMAIN)
    check_verdict(RULE, [CHAT, of, https(of, **inputs)], expected, "proxy")
    every = paths("*")
    check_verdict(RULE, [CHAT, every, https(every, **inputs)], "not applicable", "proxy")


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param({}, "failed", id="none"),
        pytest.param({"sslCertificates": []}, "failed", id="an empty list"),
        pytest.param({"sslCertificates": Computed()}, "undecided", id="a computed list"),
        pytest.param({"certificateMap": Computed()}, "not applicable", id="a computed map"),
    ],
)
def test_a_proxy_has_a_certificate(inputs: dict[str, Any], expected: Expected) -> None:
    of = paths("*")
    check_verdict(RULE, [CHAT, of, https(of, **inputs)], expected, "proxy")


def test_proxies_of_a_mesh_have_certificates_elsewhere() -> None:
    chat = service(loadBalancingScheme="INTERNAL_SELF_MANAGED")
    of = R("URLMap", "paths", {"defaultService": target(chat)})
    check_verdict(RULE, [chat, of, https(of)], "not applicable", "proxy")
    maybe = service(loadBalancingScheme=Computed(value="EXTERNAL_MANAGED"))
    check_verdict(RULE, [maybe, of, https(of)], ("undecided", "failed"), "proxy")


def test_certificates_that_something_else_attaches() -> None:
    of = paths("*")
    proxy = R("TargetHttpsProxy", "proxy", {"urlMap": target(of)}, {"ignore_changes": ("sslCertificates",)})
    check_verdict(RULE, [CHAT, of, proxy], "not applicable", "proxy")


def test_a_certificate_of_the_stack_by_its_url() -> None:
    named = R(MANAGED, "certificate", {**managed("chat.example.com").inputs, "name": "llm"})
    of = paths(DOMAIN)
    for url in ("projects/p/global/sslCertificates/llm", "llm"):
        check_verdict(RULE, [CHAT, of, named, https(of, sslCertificates=[url])], "failed", "proxy")


def test_a_certificate_of_ones_own_shows_no_domains() -> None:
    own = R("gcp:compute/sSLCertificate:SSLCertificate", "own", {"certificate": "PEM"})
    check_verdict(RULE, fronted(paths(DOMAIN), own), "undecided", "proxy")
    check_verdict(RULE, fronted(paths(DOMAIN), own, managed(DOMAIN)), "passed", "proxy")


SELF_MANAGED = "gcp:compute/sSLCertificate:SSLCertificate"
REGIONAL = "gcp:compute/regionSslCertificate:RegionSslCertificate"
HERE, ELSEWHERE = {"region": "us-central1"}, {"region": "us-east4"}


@pytest.mark.parametrize(
    ("key", "certificate", "proxy", "expected"),
    [
        pytest.param("sslCertificates", (SELF_MANAGED, {}), {}, "not applicable", id="global and global"),
        pytest.param("sslCertificates", (REGIONAL, HERE), {}, "failed", id="regional of a global proxy"),
        pytest.param("sslCertificates", (REGIONAL, HERE), HERE, "not applicable", id="of one region"),
        pytest.param("sslCertificates", (REGIONAL, ELSEWHERE), HERE, "failed", id="of another region"),
        pytest.param("sslCertificates", (SELF_MANAGED, {}), HERE, "failed", id="global of a regional proxy"),
        pytest.param("sslCertificates", (MANAGED, {}), HERE, "failed", id="a managed one of a regional proxy"),
        pytest.param(
            "sslCertificates",
            (REGIONAL, {"region": Computed(value="us-central1")}),
            HERE,
            ("undecided", "not applicable"),
            id="a computed region",
        ),
        pytest.param("certificateManagerCertificates", (CERTIFICATE, {}), {}, "not applicable", id="managed, global"),
        pytest.param("certificateManagerCertificates", (CERTIFICATE, {}), HERE, "failed", id="managed, not global"),
        pytest.param(
            "certificateManagerCertificates",
            (CERTIFICATE, {"location": "us-central1"}),
            HERE,
            "not applicable",
            id="managed, of one region",
        ),
        pytest.param(
            "certificateManagerCertificates",
            (CERTIFICATE, {"location": "us-central1"}),
            {},
            "failed",
            id="managed there",
        ),
    ],
)
def test_certificates_are_where_the_proxy_is(
    key: str, certificate: tuple[str, dict[str, Any]], proxy: dict[str, Any], expected: Expected
) -> None:
    type_, given = certificate
    one = R(type_, "certificate", given)
    of = R("RegionUrlMap" if proxy else "URLMap", "paths", {"defaultService": target(CHAT), **proxy})
    front = R("RegionTargetHttpsProxy" if proxy else "TargetHttpsProxy", "proxy", {"urlMap": target(of), **proxy})
    by_edge = {**front.inputs, key: [target(one)]}
    check_verdict(RULE, [CHAT, of, one, R(front.type, "proxy", by_edge)], expected, "proxy")


def test_a_secret_region_is_compared_as_it_is() -> None:
    one = R(REGIONAL, "certificate", {"region": secret("us-central1")})
    of = R("RegionUrlMap", "paths", {"defaultService": target(CHAT), **HERE})
    front = R("RegionTargetHttpsProxy", "proxy", {"urlMap": target(of), **HERE, "sslCertificates": [target(one)]})
    assert [found.status for found in findings(RULE, build(CHAT, of, one, front))] == ["not applicable"]


@pytest.mark.parametrize(
    ("key", "url", "expected"),
    [
        ("sslCertificates", "projects/p/global/sslCertificates/c", "not applicable"),
        ("sslCertificates", "https://www.googleapis.com/compute/v1/projects/p/regions/r/sslCertificates/c", "failed"),
        ("sslCertificates", "c", "not applicable"),
        ("certificateManagerCertificates", "projects/p/locations/global/certificates/c", "not applicable"),
        (
            "certificateManagerCertificates",
            "//certificatemanager.googleapis.com/projects/p/locations/europe-west4/certificates/c",
            "failed",
        ),
        ("sslCertificates", Computed(), "undecided"),
    ],
)
def test_certificates_outside_the_stack(key: str, url: Any, expected: Expected) -> None:
    every = paths("*")
    check_verdict(RULE, [CHAT, every, https(every, "proxy", **{key: [url]})], expected, "proxy")


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("EXTERNAL_MANAGED", "give it an entry in a `certificate_map`"),
        ("INTERNAL_MANAGED", "name it in `certificate_manager_certificates`"),
    ],
)
def test_the_fix_for_a_regional_certificate_is_one_that_the_load_balancer_takes(scheme: str, said: str) -> None:
    """A global external one takes those of Certificate Manager from a map alone."""
    chat = service(loadBalancingScheme=scheme)
    of = R("URLMap", "paths", {"defaultService": target(chat)})
    regional = "projects/p/locations/europe-west4/certificates/c"
    proxy = https(of, certificateManagerCertificates=[regional])
    (found,) = findings(RULE, build(chat, of, proxy))
    assert [said in problem.fix for problem in found.problems] == [True]


def test_host_rules_that_are_not_known() -> None:
    computed = R("URLMap", "paths", {"defaultService": target(CHAT), "hostRules": Computed()})
    check_verdict(RULE, fronted(computed, managed("x.org")), "undecided", "proxy")


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


def test_an_entry_whose_certificates_are_not_known() -> None:
    certificates, of = R(MAP, "certificates", {}), paths(DOMAIN)
    given = {"map": Out(certificates, "name"), "hostname": DOMAIN, "certificates": Computed()}
    stack = [CHAT, of, certificates, R(ENTRY, "entry", given), https(of, certificateMap=Computed((certificates,)))]
    check_verdict(RULE, stack, "undecided", "proxy")


def test_plain_http_needs_no_certificate() -> None:
    of = url_map(CHAT)
    check_verdict(RULE, [CHAT, of, http(of)], "not applicable", "proxy")


def test_the_message_names_entry_and_domains() -> None:
    (found,) = findings(RULE, build(*mapped([(DOMAIN, "example.org")], DOMAIN)))
    assert [problem.observed for problem in found.problems] == [
        f"`entry-0` is for `{DOMAIN}`, its certificates cover `example.org`."
    ]


@pytest.mark.parametrize("rest", [{}, {"certificates": []}], ids=["left out", "none listed"])
def test_an_entry_without_certificates(rest: dict[str, Any]) -> None:
    certificates, of = R(MAP, "certificates", {}), paths("*")
    entry = R(ENTRY, "entry", {"map": Out(certificates, "name"), "hostname": DOMAIN, **rest})
    proxy = https(of, certificateMap=Computed((certificates,)))
    found = findings(RULE, build(CHAT, of, certificates, entry, proxy))
    observed = [problem.observed for finding in found for problem in finding.problems]
    assert observed == [f"`entry` is for `{DOMAIN}`, and has no certificate."]
