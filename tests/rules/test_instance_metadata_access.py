"""`instance-metadata-access` on failing, passing and unknown machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, R, check_verdict, finding

RULE = "instance-metadata-access"
SAFE = {"enable-oslogin": "TRUE", "block-project-ssh-keys": "TRUE", "serial-port-enable": "FALSE"}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in SAFE.items() if name != key}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        (SAFE, "passed"),
        ({**SAFE, "foo": "bar"}, "passed"),
        (without("enable-oslogin"), "failed"),
        (without("block-project-ssh-keys"), "failed"),
        (without("serial-port-enable"), "passed"),
        ({}, "failed"),
        (None, "failed"),
        ({**without("enable-oslogin"), "Enable-OSLogin": "TRUE"}, "failed"),
        (Computed(), "undecided"),
        ("TRUE", "undecided"),
        ({**SAFE, "enable-oslogin": Computed()}, "undecided"),
        ({**SAFE, "enable-oslogin": Computed(), "serial-port-enable": "1"}, "failed"),
    ],
)
def test_keys(metadata: Any, status: str, kind: str) -> None:
    check_verdict(RULE, with_path({"metadata": metadata}, kind=kind), status)


@pytest.mark.parametrize("key", ["enable-oslogin", "block-project-ssh-keys"])
@pytest.mark.parametrize(
    ("value", "status"),
    [
        *[(value, "passed") for value in ("TRUE", "true", "True", "t", "1", True, 1)],
        *[(value, "failed") for value in ("FALSE", "false", "0", "f", "no", "N", False, 0, "", "on", "maybe", " TRUE")],
        *[(value, "undecided") for value in ("yes", "Y", "y", "YES", "tRuE")],
    ],
)
def test_values_that_the_guest_agent_reads(key: str, value: Any, status: str) -> None:
    check_verdict(RULE, with_path({"metadata": {**SAFE, key: value}}), status)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        *[(value, "failed") for value in ("TRUE", "true", "tRue", "1", "yes", "Y", True, 1)],
        *[(value, "passed") for value in ("FALSE", "false", "0", "no", "N", False, "")],
        *[(value, "undecided") for value in ("maybe", "t", Computed())],
    ],
)
def test_values_that_compute_engine_reads(value: Any, status: str) -> None:
    check_verdict(RULE, with_path({"metadata": {**SAFE, "serial-port-enable": value}}), status)


def project(metadata: Any, **inputs: Any) -> R:
    return R("gcp:compute/projectMetadata:ProjectMetadata", "project", {"metadata": metadata, **inputs})


def item(key: Any, value: Any) -> R:
    return R("gcp:compute/projectMetadataItem:ProjectMetadataItem", "item", {"key": key, "value": value})


@pytest.mark.parametrize(
    ("metadata", "others", "status"),
    [
        (without("enable-oslogin"), [project({"enable-oslogin": "TRUE"})], "passed"),
        (without("enable-oslogin"), [item("enable-oslogin", "TRUE")], "passed"),
        (without("enable-oslogin"), [item("enable-oslogin", "FALSE")], "failed"),
        (without("enable-oslogin"), [item("enable-oslogin", Computed())], "undecided"),
        (without("enable-oslogin"), [item(Computed(), "TRUE")], "undecided"),
        (without("enable-oslogin"), [item("foo", "TRUE")], "failed"),
        (without("enable-oslogin"), [project({"enable-oslogin": "TRUE"}, project="another")], "failed"),
        (without("enable-oslogin"), [project({"enable-oslogin": "TRUE"}, project=Computed())], "undecided"),
        ({**SAFE, "enable-oslogin": "FALSE"}, [project({"enable-oslogin": "TRUE"})], "failed"),
        ({**SAFE, "enable-oslogin": "maybe"}, [project({"enable-oslogin": "TRUE"})], "passed"),
        (without("block-project-ssh-keys"), [project({"block-project-ssh-keys": "TRUE"})], "failed"),
        (without("serial-port-enable"), [item("serial-port-enable", "TRUE")], "failed"),
        (SAFE, [item("serial-port-enable", "TRUE")], "passed"),
    ],
)
def test_metadata_of_the_project(metadata: Any, others: list[R], status: str) -> None:
    check_verdict(RULE, with_path({"metadata": metadata}, *others), status)


@pytest.mark.parametrize(
    ("metadata", "added", "status"),
    [
        (SAFE, {"metadata": {"foo": "bar"}}, "passed"),
        (SAFE, {"labels": {"a": "b"}}, "passed"),
        (SAFE, {"metadata": {"enable-oslogin": "FALSE"}}, "failed"),
        (without("enable-oslogin"), {"metadata": {"enable-oslogin": "TRUE"}}, "passed"),
        (SAFE, {"metadata": {"serial-port-enable": "TRUE"}}, "failed"),
        (SAFE, {"metadata": Computed()}, "undecided"),
        (SAFE, Computed(), "undecided"),
    ],
)
def test_what_the_group_adds_goes_first(metadata: Any, added: Any, status: str) -> None:
    check_verdict(RULE, with_path({"metadata": metadata}, group={"allInstancesConfig": added}), status)


@pytest.mark.parametrize(
    ("metadata", "status"),
    [(without("enable-oslogin"), "passed"), ({**SAFE, "enable-oslogin": "FALSE"}, "failed"), ({}, "failed")],
)
def test_os_login_may_be_inherited(metadata: Any, status: str) -> None:
    check_verdict(RULE, with_path({"metadata": metadata}), status, os_login_inherited=True)


def test_while_the_stack_is_incomplete_the_project_may_still_say() -> None:
    resources = on_path(machine({"metadata": without("enable-oslogin")}))
    check_verdict(RULE, resources, "undecided", is_complete=False)
    check_verdict(RULE, on_path(machine({"metadata": {}})), "failed", is_complete=False)


def test_the_message_names_keys_and_no_values() -> None:
    found = finding(RULE, *on_path(machine({"metadata": {"serial-port-enable": "yes", "enable-oslogin": "s3cr3t"}})))
    assert [problem.observed for problem in found.problems] == [
        "`enable-oslogin` in `metadata` is left out.",
        "`block-project-ssh-keys` in `metadata` is left out.",
        "`serial-port-enable` in `metadata` is on.",
    ]


def test_the_fix_names_what_takes_precedence() -> None:
    found = finding(
        RULE, *with_path({"metadata": SAFE}, group={"allInstancesConfig": {"metadata": {"enable-oslogin": "0"}}})
    )
    assert [problem.fix for problem in found.problems] == [
        'Set `metadata={"enable-oslogin": "TRUE"}` in that `all_instances_config`.'
    ]
