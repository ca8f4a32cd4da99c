"""`instance-no-external-ip` on failing, passing, unknown and not applicable machines."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.rules.machines import KINDS, machine, on_path, with_path
from tests.stacks import Computed, R, build, check_verdict, finding, statuses

RULE = "instance-no-external-ip"
NIC = {"subnetwork": "llm"}
ADDRESS = {"natIp": Computed()}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("interfaces", "status"),
    [
        ([NIC], "passed"),
        ([{**NIC, "accessConfigs": []}], "passed"),
        ([{**NIC, "accessConfigs": [{}]}], "failed"),
        ([{**NIC, "accessConfigs": [{"networkTier": "PREMIUM"}]}], "failed"),
        ([{**NIC, "accessConfigs": [ADDRESS]}], "failed"),
        ([{**NIC, "accessConfigs": [Computed()]}], "failed"),
        ([NIC, {**NIC, "accessConfigs": [{}]}], "failed"),
        ([{**NIC, "ipv6AccessConfigs": [{"networkTier": "PREMIUM"}]}], "failed"),
        ([NIC, {**NIC, "ipv6AccessConfigs": [{}]}], "failed"),
        ([{**NIC, "ipv6AccessConfigs": []}], "passed"),
        ([{**NIC, "stackType": "IPV4_IPV6"}], "passed"),
        ([{**NIC, "accessConfigs": Computed()}], "undecided"),
        ([{**NIC, "accessConfigs": Computed()}, {**NIC, "accessConfigs": [{}]}], "failed"),
        ([NIC, Computed()], "undecided"),
        (Computed(), "undecided"),
        ([{**NIC, "accessConfigs": "yes"}], "undecided"),
        ([], "not applicable"),
        (None, "not applicable"),
    ],
)
def test_interfaces(interfaces: Any, status: str, kind: str) -> None:
    check_verdict(RULE, with_path({"networkInterfaces": interfaces}, kind=kind), status)


def test_what_is_known_only_after_deployment() -> None:
    interfaces = Computed((), [{**NIC, "accessConfigs": [{}]}])
    check_verdict(RULE, with_path({"networkInterfaces": interfaces}), ("undecided", "failed"))


def test_a_bastion_beside_the_path_raises_no_alarm() -> None:
    bastion = R("Instance", "bastion", {"networkInterfaces": [{"accessConfigs": [{}]}], "zone": "us-central1-a"})
    resources = (*on_path(machine({"networkInterfaces": [NIC]})), bastion)
    assert statuses(RULE, build(*resources)) == {"chat": "passed"}


@pytest.mark.parametrize(
    ("outputs", "status"),
    [
        ({"networkInterfaces": [{"accessConfigs": [{"natIp": "203.0.113.1"}]}]}, "failed"),
        ({"networkInterfaces": [{"accessConfigs": [], "ipv6AccessConfigs": []}]}, "passed"),
        ({"machineType": "g2-standard-8"}, "undecided"),
    ],
)
def test_a_machine_that_is_read(outputs: dict[str, Any], status: str) -> None:
    given = {"id": "projects/p-demo/zones/us-central1-a/instances/x", **outputs}
    subject = machine({}, "Instance", inputs=None, outputs=given, is_read=True)
    check_verdict(RULE, on_path(subject), status)


def test_outputs_settle_what_inputs_leave_unknown() -> None:
    known = {"networkInterfaces": [{"accessConfigs": [{"natIp": "203.0.113.1"}]}]}
    subject = machine({"networkInterfaces": Computed()}, outputs={"id": UNKNOWN, **known})
    check_verdict(RULE, on_path(subject), "failed")


def test_the_message_names_interfaces_and_no_addresses() -> None:
    address = {"natIp": "203.0.113.1"}
    interfaces = [NIC, {**NIC, "accessConfigs": [address], "ipv6AccessConfigs": [{"externalIpv6": "2001:db8::1"}]}]
    found = finding(RULE, *on_path(machine({"networkInterfaces": interfaces})))
    assert [problem.observed for problem in found.problems] == [
        "Network interface `nic1` has an external IPv4 address.",
        "Network interface `nic1` has an external IPv6 address.",
    ]
    assert "`ipv6_access_configs`" in found.problems[1].fix
