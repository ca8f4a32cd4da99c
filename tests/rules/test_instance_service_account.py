"""`instance-service-account` on failing, passing and unknown machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, Expected, R, check_verdict, finding

RULE = "instance-service-account"
ACCOUNT = R("gcp:serviceaccount/account:Account", "server", {"accountId": "llm-server"})
READ = R("gcp:serviceaccount/account:Account", "read", {}, {"is_read": True, "inputs": None})
OTHER_STACK = R("StackReference", "platform")
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
OWN, DEFAULT = "llm-server@p-demo.iam.gserviceaccount.com", "123456789012-compute@developer.gserviceaccount.com"


def email(value: Any) -> dict[str, Any]:
    return {"email": value, "scopes": SCOPES}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (email(OWN), "passed"),
        (email(DEFAULT), "failed"),
        (email(DEFAULT.upper()), "failed"),
        (email("default"), "failed"),
        (email("p-demo@appspot.gserviceaccount.com"), "failed"),
        (email("123-compute@developer.gserviceaccount.com.example.com"), "passed"),
        (email(None), "failed"),
        (email(""), "failed"),
        ({"email": OWN, "scopes": []}, "passed"),
        ({"scopes": []}, "undecided"),
        ({}, "undecided"),
        ({"scopes": Computed()}, "undecided"),
        (None, "passed"),
        (email(Computed((ACCOUNT,), OWN)), "passed"),
        (email(Computed((ACCOUNT,))), "passed"),
        (email(Computed((READ,), OWN)), ("undecided", "passed")),
        (email(Computed((ACCOUNT, OTHER_STACK), OWN)), ("undecided", "passed")),
        (email(Computed((OTHER_STACK,), DEFAULT)), ("undecided", "failed")),
        (email(Computed((), DEFAULT)), ("undecided", "failed")),
        (Computed((ACCOUNT,), email(OWN)), ("undecided", "passed")),
        ("llm", "undecided"),
    ],
)
def test_accounts(account: Any, expected: Expected, kind: str) -> None:
    resources = with_path({"serviceAccount": account}, ACCOUNT, READ, OTHER_STACK, kind=kind)
    check_verdict(RULE, resources, expected)


TOKEN = "curl http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("#!/bin/sh\nvllm serve", "passed", id="a server"),
        pytest.param(f"#!/bin/sh\n{TOKEN}", "failed", id="a token"),
        pytest.param(f"#!/bin/sh\n# {TOKEN}", "passed", id="a token in a comment"),
        pytest.param("gcloud secrets versions access latest --secret=key", "failed", id="a secret"),
        pytest.param("curl https://secretmanager.googleapis.com/v1/projects/p", "failed", id="the API of secrets"),
        pytest.param(
            "export GOOGLE_APPLICATION_CREDENTIALS=/key\ngcloud secrets list", "passed", id="credentials of its own"
        ),
        pytest.param("gsutil cp gs://weights/m .", "undecided", id="a bucket that may be public"),
        pytest.param("docker run us-docker.pkg.dev/p/r/i", "undecided", id="an image that may be public"),
        pytest.param(Computed(), "undecided", id="a computed script"),
    ],
)
def test_machines_without_an_account(script: Any, expected: Expected, kind: str) -> None:
    check_verdict(RULE, with_path({"metadata": {"startup-script": script}}, kind=kind), expected)
    if expected != "undecided":
        owned = {"serviceAccount": email(OWN), "metadata": {"startup-script": script}}
        check_verdict(RULE, with_path(owned, kind=kind), "passed")


def member(role: Any, of: Any, type_: str = "projects") -> R:
    return R(f"gcp:{type_}/iAMMember:IAMMember", "grant", {"role": role, "member": of})


def binding(role: Any, *of: Any, type_: str = "projects") -> R:
    return R(f"gcp:{type_}/iAMBinding:IAMBinding", "grant", {"role": role, "members": list(of)})


OURS, OTHER = f"serviceAccount:{OWN}", "serviceAccount:other@p-demo.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        pytest.param(member("roles/editor", OURS), "failed", id="Editor"),
        pytest.param(member("roles/owner", OURS), "failed", id="Owner"),
        pytest.param(member("roles/logging.logWriter", OURS), "passed", id="a predefined role"),
        pytest.param(member("roles/viewer", OURS), "passed", id="Viewer"),
        pytest.param(member("roles/editor", OTHER), "passed", id="another account's"),
        pytest.param(member("roles/editor", "user:me@example.com"), "passed", id="a person's"),
        pytest.param(member("roles/editor", Computed((ACCOUNT,), OURS)), "failed", id="of an account made here"),
        pytest.param(member("roles/editor", Computed((OTHER_STACK,))), "undecided", id="of a computed member"),
        pytest.param(member(Computed(), OURS), "undecided", id="a computed role"),
        pytest.param(member(Computed(), OTHER), "passed", id="a computed role of another account"),
        pytest.param(member("roles/owner", OURS, "folder"), "failed", id="on a folder"),
        pytest.param(member("roles/owner", OURS, "organizations"), "failed", id="on the organization"),
        pytest.param(binding("roles/editor", OTHER, OURS), "failed", id="in a binding"),
        pytest.param(binding("roles/editor", OTHER), "passed", id="in a binding of others"),
        pytest.param(binding("roles/editor", OURS, type_="folder"), "failed", id="in a binding on a folder"),
        pytest.param(R("gcp:projects/iAMBinding:IAMBinding", "grant", {"role": "roles/editor", "members": Computed()}),
                     "undecided", id="in a binding of computed members"),
    ],
)  # fmt: skip
def test_basic_roles(grant: R, expected: Expected) -> None:
    for address in (OWN, Computed((ACCOUNT,), OWN)):
        check_verdict(RULE, with_path({"serviceAccount": email(address)}, grant, ACCOUNT, OTHER_STACK), expected)
    check_verdict(RULE, with_path({}, grant, ACCOUNT, OTHER_STACK), "passed")


def test_of_two_accounts_that_get_a_role_one_is_known_by_its_address() -> None:
    known = {"outputs": {"email": "first@example.com.p.iam.gserviceaccount.com"}}
    first = R(ACCOUNT.type, "first", {"accountId": "first", "project": "example.com:p"}, known)
    second = R(ACCOUNT.type, "second", {"accountId": "second"})
    members = [f"serviceAccount:{known['outputs']['email']}", Computed((first, second))]
    grant = binding("roles/editor", *members)
    check_verdict(RULE, with_path({"serviceAccount": email(OWN)}, grant, first, second), "passed")


def test_the_message_quotes_no_email() -> None:
    found = finding(RULE, *on_path(machine({"serviceAccount": email(DEFAULT)})))
    (problem,) = found.problems
    assert problem.observed == "The VM runs as a default service account."
    assert "@" not in problem.observed + problem.required + problem.fix


@pytest.mark.parametrize("account", [None, email(DEFAULT)])
def test_the_fix_names_the_role_that_reads_secrets(account: Any) -> None:
    role = "grant it `roles/secretmanager.secretAccessor` on the secrets that the startup script reads"
    script = {"metadata": {"startup-script": "gcloud secrets versions access latest --secret=key"}}
    (problem,) = finding(RULE, *on_path(machine({"serviceAccount": account, **script}))).problems
    assert role in problem.fix
    (problem,) = finding(RULE, *on_path(machine({"serviceAccount": email(DEFAULT)}))).problems
    assert "grant it the roles that the server needs" in problem.fix


def test_the_role_in_place_of_a_basic_one() -> None:
    script = {"metadata": {"startup-script": "gcloud secrets versions access latest --secret=key"}}
    resources = on_path(machine({"serviceAccount": email(OWN), **script}))
    (problem,) = finding(RULE, *resources, member("roles/editor", OURS)).problems
    assert "such as `roles/secretmanager.secretAccessor` for the secrets that the startup script reads" in problem.fix


@pytest.mark.parametrize(
    ("inputs", "grants", "reason"),
    [
        pytest.param({"metadata": {"startup-script": Computed()}}, [],
                     "its metadata may need a service account, and it has none; one of its own, even without roles, "
                     "would do", id="a computed script without an account"),
        pytest.param({"serviceAccount": email(Computed((OTHER_STACK,)))}, [],
                     "`email` of `service_account` is not known: it may be a default account, which a "
                     "`gcp.serviceaccount.Account` of the stack cannot be", id="a computed account"),
        pytest.param({"serviceAccount": email(OWN)}, [member(Computed(), OURS)],
                     "`grant` may grant its account a basic role: its `role` is not known", id="a computed role"),
        pytest.param({"serviceAccount": email(OWN)}, [member("roles/editor", Computed((OTHER_STACK,)))],
                     "`grant` may grant its account a basic role: its members, or that account, are not known",
                     id="a computed member"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_named_with_a_way_out(inputs: dict[str, Any], grants: list[R], reason: str) -> None:
    assert finding(RULE, *on_path(machine(inputs)), *grants, OTHER_STACK).reasons == (reason,)
