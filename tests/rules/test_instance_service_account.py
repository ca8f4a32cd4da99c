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


def test_the_message_quotes_no_email() -> None:
    found = finding(RULE, *on_path(machine({"serviceAccount": email(DEFAULT)})))
    (problem,) = found.problems
    assert problem.observed == "The VM runs as a default service account."
    assert "@" not in problem.observed + problem.required + problem.fix
