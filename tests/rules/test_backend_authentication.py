"""`backend-authentication` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.fronts import global_rule, http, https, target, url_map
from tests.stacks import Computed, Expected, Out, R, backend, build, check_verdict, findings, mig, service, statuses

RULE = "backend-authentication"
OPEN = "#cloud-config\nExecStart=docker run vllm/vllm-openai"
KEYED = "#cloud-config\nExecStart=docker run --env VLLM_API_KEY vllm/vllm-openai"


def template(name: str = "template", **inputs: Any) -> R:
    return R("InstanceTemplate", name, inputs)


def group(of: R, region: str = "us-central1") -> R:
    return mig(region, versions=[{"instanceTemplate": Out(of, "selfLink")}])


def served(of: R, *others: R, **inputs: Any) -> tuple[R, ...]:
    fleet = group(of)
    return service([backend(fleet)], **inputs), fleet, of, *others


BARE = template(metadata={"user-data": OPEN})


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"metadata": {"user-data": OPEN}}, "failed"),
        ({}, "failed"),
        ({"metadata": {"user-data": KEYED}}, "passed"),
        ({"metadata": {"startup-script": "llama-server --api-key-file /key"}}, "passed"),
        ({"metadata": {"gce-container-declaration": "name: LLAMA_API_KEY"}}, "passed"),
        ({"metadataStartupScript": "export VLLM_API_KEY"}, "passed"),
        ({"metadata": {"note": KEYED}}, "failed"),
        ({"metadata": {"user-data": Computed()}}, "undecided"),
        ({"metadata": Computed()}, "undecided"),
        ({"metadata": {"user-data": Computed()}, "metadataStartupScript": KEYED}, "passed"),
    ],
)
def test_start_up_metadata(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, served(template(**inputs)), status)


def test_every_machine_asks_for_a_key() -> None:
    good, bad = template(metadata={"user-data": KEYED}), template("other", metadata={"user-data": OPEN})
    us, eu = group(good), group(bad, "europe-west4")
    chat = service([backend(us), backend(eu)])
    check_verdict(RULE, [chat, us, eu, good, bad], "failed")
    hidden = mig("europe-west4", versions=[{"instanceTemplate": "global/instanceTemplates/llm"}])
    chat = service([backend(us), backend(hidden)])
    check_verdict(RULE, [chat, us, hidden, good], "undecided")


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"iap": {"enabled": True}}, "passed"),
        ({"iap": {"enabled": False}}, "failed"),
        ({"iap": {"enabled": Computed()}}, "undecided"),
        ({"iap": Computed()}, "undecided"),
        ({"loadBalancingScheme": "INTERNAL_MANAGED"}, "not applicable"),
        ({"loadBalancingScheme": Computed()}, "undecided"),
        ({"securityPolicy": "projects/p/global/securityPolicies/shared"}, "undecided"),
    ],
)
def test_services(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, served(BARE, **inputs), status)


@pytest.mark.parametrize(
    ("iap", "status"),
    [
        pytest.param({"enabled": True}, "passed", id="on"),
        pytest.param({"enabled": False}, "failed", id="off"),
        pytest.param({"oauth2ClientId": "client"}, "undecided", id="a provider that had no `enabled` yet"),
    ],
)
def test_outputs_alone_show_whether_iap_is_on(iap: dict[str, Any], status: str) -> None:
    url = "https://www.googleapis.com/compute/v1/projects/p-demo/regions/us-central1/instanceGroups/mig-us-central1-1a2b3c4"
    outputs = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "securityPolicy": "",
        "backends": [{"group": url}],
        "iap": iap,
    }
    read = R("BackendService", "chat", {}, {"inputs": None, "outputs": outputs, "is_read": True})
    assert statuses(RULE, build(read, group(BARE), BARE, deployed=True))["chat"] == status


def ip_rule(priority: int, action: str, *ranges: Any) -> dict[str, Any]:
    return {"priority": priority, "action": action, "match": {"config": {"srcIpRanges": list(ranges)}}}


LAST = 2147483647
BY_EXPRESSION = {"priority": 5, "action": "allow", "match": {"expr": {"expression": "origin.region_code == 'US'"}}}


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([ip_rule(1, "allow", "198.51.100.0/24"), ip_rule(LAST, "deny(403)", "*")], "passed"),
        ([ip_rule(1, "throttle", "198.51.100.0/24"), ip_rule(LAST, "deny(403)", "*")], "passed"),
        ([ip_rule(1, "throttle", "0.0.0.0/0"), ip_rule(LAST, "deny(403)", "*")], "failed"),
        ([ip_rule(1, "allow", "198.51.100.0/24", "*"), ip_rule(LAST, "deny(403)", "*")], "failed"),
        ([ip_rule(1, "deny(403)", "198.51.100.0/24"), ip_rule(LAST, "allow", "*")], "failed"),
        ([ip_rule(1, "allow", "198.51.100.0/24"), {**ip_rule(LAST, "deny(403)", "*"), "preview": True}], "failed"),
        ([ip_rule(1, "allow", "198.51.100.0/24")], "failed"),
        ([ip_rule(1, "allow", Computed()), ip_rule(LAST, "deny(403)", "*")], "undecided"),
        ([BY_EXPRESSION, ip_rule(LAST, "deny(403)", "*")], "undecided"),
        ([{**BY_EXPRESSION, "action": "deny(403)"}, ip_rule(LAST, "deny(403)", "*")], "passed"),
        ([{**BY_EXPRESSION, "action": "deny(403)"}, ip_rule(LAST, "allow", "*")], "failed"),
        (Computed(), "undecided"),
    ],
)
def test_cloud_armor(rules: Any, status: str) -> None:
    policy = R("SecurityPolicy", "armor", {"rules": rules})
    check_verdict(RULE, served(BARE, policy, securityPolicy=Out(policy, "id")), status)


SERVER_TLS = "gcp:networksecurity/serverTlsPolicy:ServerTlsPolicy"


@pytest.mark.parametrize(
    ("mode", "plain_too", "status"),
    [
        ("REJECT_INVALID", False, "passed"),
        ("REJECT_INVALID", True, "failed"),
        ("ALLOW_INVALID_OR_MISSING_CLIENT_CERT", False, "failed"),
        (Computed(), False, "undecided"),
    ],
)
def test_client_certificates(mode: Any, plain_too: bool, status: str) -> None:
    fleet = group(BARE)
    chat = service([backend(fleet)])
    tls = R(SERVER_TLS, "tls", {"mtlsPolicy": {"clientValidationMode": mode}})
    paths = url_map(chat)
    proxy = https(paths, serverTlsPolicy=Out(tls, "id"))
    others = [http(paths, "plain")] if plain_too else []
    check_verdict(RULE, [chat, fleet, BARE, tls, paths, proxy, *others], status)


@pytest.mark.parametrize("host", ["", "//networksecurity.googleapis.com/"])
@pytest.mark.parametrize(("name", "status"), [("mutual", "passed"), ("other", "undecided")])
def test_a_deployed_policy_for_client_certificates_is_found_by_its_id(host: str, name: str, status: str) -> None:
    """Its URL is not one of Compute Engine."""
    identifier = "projects/p-demo/locations/global/serverTlsPolicies"
    chat = service([backend(fleet := group(BARE))])
    inputs = {"mtlsPolicy": {"clientValidationMode": "REJECT_INVALID"}}
    tls = R(SERVER_TLS, "tls", inputs, {"outputs": {"id": f"{identifier}/mutual"}})
    paths = url_map(chat)
    proxy = https(paths, serverTlsPolicy=f"{host}{identifier}/{name}")
    assert statuses(RULE, build(chat, fleet, BARE, tls, paths, proxy, deployed=True))["chat"] == status


def test_an_authorization_policy_may_check() -> None:
    fleet = group(BARE)
    chat = service([backend(fleet)])
    paths = url_map(chat)
    proxy = https(paths)
    rule = global_rule(proxy)
    authz = R("gcp:networksecurity/authzPolicy:AuthzPolicy", "authz", {"target": {"resources": [target(rule)]}})
    check_verdict(RULE, [chat, fleet, BARE, paths, proxy, rule, authz], "undecided")


def test_options() -> None:
    check_verdict(RULE, served(BARE), "not applicable", server_authenticates=True)
    check_verdict(RULE, served(BARE), "passed", server_key_words=["vllm-openai"])


def test_what_is_not_shown() -> None:
    check_verdict(RULE, [service()], "undecided")
    fleet = group(BARE)
    chat = service([backend(fleet)])
    check_verdict(RULE, [chat, fleet, BARE], "undecided", is_complete=False)


def test_the_message_quotes_no_metadata() -> None:
    fleet = group(BARE)
    (found,) = findings(RULE, build(service([backend(fleet)]), fleet, BARE))
    assert found.problems[0].observed == "It is public, and nothing in the stack authenticates its callers."


def grant(kind: str = "Member", member: Any = "allUsers", **inputs: Any) -> R:
    members = {"member": member} if kind == "Member" else {"members": [member]}
    given = {"role": "roles/iap.httpsResourceAccessor", **members, **inputs}
    return R(f"gcp:iap/webBackendServiceIam{kind}:WebBackendServiceIam{kind}", "caller", given)


def test_whom_iap_admits_to_a_service_by_its_name() -> None:
    chat, *others = served(template(metadata={"user-data": OPEN}), iap={"enabled": True})
    named = R(chat.type, chat.name, {**chat.inputs, "name": "llm"})
    check_verdict(RULE, [named, *others, grant(webBackendService="llm")], "failed")
    check_verdict(RULE, [named, *others, grant(webBackendService="other")], "passed")


@pytest.mark.parametrize(
    ("granted", "status"),
    [
        pytest.param(grant(), "failed", id="everybody"),
        pytest.param(grant("Binding"), "failed", id="everybody, in a binding"),
        pytest.param(grant(member="group:llm@example.com"), "passed", id="a group"),
        pytest.param(grant(member="allAuthenticatedUsers"), "passed", id="who has signed in"),
        pytest.param(grant(webBackendService="another"), "passed", id="of another service"),
        pytest.param(grant(webBackendService=Computed()), "undecided", id="of a service that is not known"),
        pytest.param(
            grant(webBackendService=Computed(), member="group:llm@example.com"),
            "passed",
            id="a group, of a service that is not known",
        ),
        pytest.param(grant(condition={"title": "docs", "expression": "true"}), "undecided", id="under a condition"),
    ],
)
def test_whom_iap_admits(granted: R, status: str) -> None:
    for metadata, expected in ((OPEN, status), (KEYED, "passed")):
        chat, *others = served(template(metadata={"user-data": metadata}), iap={"enabled": True})
        about = R(granted.type, granted.name, {"webBackendService": Out(chat, "name"), **granted.inputs})
        check_verdict(RULE, [chat, *others, about], expected)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param("projects/cos-cloud/global/images/family/cos-stable", "failed", id="Container-Optimized OS"),
        pytest.param("debian-cloud/debian-12", "failed", id="Debian"),
        pytest.param("debian-12", "failed", id="a family alone"),
        pytest.param("projects/acme-images/global/images/vllm-golden", "undecided", id="an image of one's own"),
        pytest.param("vllm-golden", "undecided", id="of the same project"),
        pytest.param(Computed(), "undecided", id="computed"),
    ],
)
def test_images_may_have_the_server_built_in(image: Any, expected: str) -> None:
    check_verdict(RULE, served(template(disks=[{"sourceImage": image}])), expected)
    keyed = template(disks=[{"sourceImage": image}], metadata={"user-data": KEYED})
    check_verdict(RULE, served(keyed), "passed")


def test_disks_may_have_an_image_of_ones_own() -> None:
    check_verdict(RULE, served(template(disks=Computed())), "undecided")


RUN = "gcp:cloudrunv2/service:Service"


def run_served(run: R, *others: R) -> tuple[R, ...]:
    neg = R(
        "RegionNetworkEndpointGroup",
        "neg",
        {"region": "us-central1", "networkEndpointType": "SERVERLESS", "cloudRun": {"service": Out(run, "name")}},
    )
    return service([{"group": Out(neg, "id")}]), neg, run, *others


@pytest.mark.parametrize(
    ("inputs", "is_public", "status"),
    [
        pytest.param({}, False, "passed", id="only who is granted it"),
        pytest.param({}, True, "failed", id="everybody"),
        pytest.param({"iapEnabled": True}, True, "passed", id="IAP of its own"),
        pytest.param({"invokerIamDisabled": True}, False, "failed", id="invokers are not checked"),
        pytest.param({"invokerIamDisabled": Computed()}, False, "undecided", id="unknown"),
    ],
)
def test_cloud_run(inputs: dict[str, Any], is_public: bool, status: str) -> None:
    run = R(RUN, "run", {"location": "us-central1", **inputs})
    binding = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
    public = R(binding, "public", {"name": Out(run, "name"), "role": "roles/run.invoker", "member": "allUsers"})
    check_verdict(RULE, run_served(run, *([public] if is_public else [])), status)


@pytest.mark.parametrize(
    ("place", "is_public", "expected"),
    [
        pytest.param("us-central1", True, "failed", id="behind it"),
        pytest.param(Computed(), True, "undecided", id="perhaps behind it"),
        pytest.param(Computed(), False, "passed", id="perhaps behind it, for callers that are granted it"),
    ],
)
def test_iap_of_the_load_balancer_with_a_way_around_it(place: Any, is_public: bool, expected: Expected) -> None:
    run = R(RUN, "run", {"name": "run", "location": place})
    grant = {"name": "run", "location": "us-central1", "role": "roles/run.invoker", "member": "allUsers"}
    public = R("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "public", grant)
    chat, *others = run_served(run, *([public] if is_public else []))
    check_verdict(RULE, [service(chat.inputs["backends"], iap={"enabled": True}), *others], expected)
