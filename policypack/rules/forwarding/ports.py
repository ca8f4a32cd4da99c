"""The ports of a forwarding rule: one in front of a target proxy, and those of a passthrough load balancer.

https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules: `ports`, `portRange` and `allPorts`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.firewalls.traffic import is_shut
from policypack.model.frontend.addresses import ports_of, spelled_ports
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.graph.reference import Reference
from policypack.model.graph.tokens import INSTANCE_GROUP_TYPES
from policypack.model.network.ports import ports_of_check
from policypack.model.values.logic import all_of, any_of, equals, known_in, negation, when_known
from policypack.model.values.spelling import properties
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rules.shared.grouped import GROUPS, grouped
from policypack.verdict import Checks, Fail, Undecided, decided, known, not_known, provided, setting

_ONE_PORT: Final = "a target proxy needs exactly one port"
_MOST: Final = 5
_EVERY: Final = "L3_DEFAULT"
# Of more ports it is not asked whether the firewall admits somebody to one of them.
_FEW: Final = 16


def has_one_port(front: ForwardingRule) -> Checks:
    """A rule in front of a target proxy "can reference exactly one port", which it names in `port_range`.

    https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts#port_specifications
    """
    used = [name for name, is_used in front.names_ports_by.items() if is_used is True]
    others = [name for name in used if name != "port_range"]
    if front.resource.is_read or front.resource.ignores_changes_of("portRange"):
        return
    if others:
        observed = f"It has {properties(used)}, and its `target` is a target proxy."
    elif known(front.names_ports_by["port_range"], "port_range", because=_ONE_PORT):
        number = sum(map(len, known(ports_of(front), "port_range", because=_ONE_PORT)))
        if number == 1:
            return
        observed = f"Its ``port_range`` has {number} ports, and its `target` is a target proxy."
    else:
        observed = "It has no port, and its `target` is a target proxy."
    yield Fail(
        observed,
        "In front of a target proxy, exactly one port in ``port_range``.",
        'Set ``port_range`` to one port, such as ``port_range="443"``'
        + (f", and omit {properties(others)}." if others else "."),
    )


def names_its_ports(front: ForwardingRule, service: BackendService) -> Iterator[Checks]:
    """A rule names its ports in one way, which is one for its protocol and its scheme."""
    yield _in_one_way(front)
    if equals(front.protocol, _EVERY) is True:
        yield _names_every_port(front, service)
    else:
        yield _names_few(front)
        yield _as_its_kind_does(front)


def _in_one_way(front: ForwardingRule) -> Checks:
    """ "The `ports`, `portRange`, and `allPorts` fields are mutually exclusive"."""
    used = [name for name, is_used in front.names_ports_by.items() if is_used is True]
    unclear = [name for name, is_used in front.names_ports_by.items() if is_used is UNKNOWN]
    if len(used) > 1:
        yield Fail(
            f"It has {properties(used)}, which exclude each other.",
            "One of ``ports``, ``port_range`` and ``all_ports``.",
            f"Set only one of {properties(used)}.",
        )
    elif unclear and len(used) + len(unclear) > 1:
        yield not_known(unclear[0])


def _names_every_port(front: ForwardingRule, service: BackendService) -> Checks:
    """ "The L3_DEFAULT protocol requires `allPorts` be set to true"."""
    if service.protocol in ("TCP", "UDP") or known(front.names_ports_by["all_ports"], "all_ports"):
        # Another protocol is what it needs then.
        return
    others = [name for name, is_used in front.names_ports_by.items() if is_used is True]
    yield Fail(
        f"It is for {_EVERY} without ``all_ports``.",
        f"``all_ports``, which {_EVERY} requires.",
        setting({"all_ports": True}, f", and omit {properties(others)}." if others else "."),
    )


def _names_few(front: ForwardingRule) -> Checks:
    """ "You can specify a list of up to five ports by number"."""
    number = len(decided(front.resource.asked.strings("ports"), not_known("ports")))
    if number > _MOST:
        yield Fail(
            f"It has {number} ports.",
            f"Up to {_MOST} ports in ``ports``.",
            f"Leave the ports that clients need in ``ports``, up to {_MOST}, or set ``all_ports=True`` instead.",
        )


def _as_its_kind_does(front: ForwardingRule) -> Checks:
    """An internal rule has no range, and names its ports: "Forwarding rules with backend services must specify at
    least one port", as the API answers.
    """
    ways = front.fact(lambda kind: kind.ports_by)
    if not isinstance(ways, tuple) or "port_range" in ways or not ways or front.resource.ignores_changes_of("ports"):
        return
    used = [name for name, is_used in front.names_ports_by.items() if known(is_used, name)]
    if "port_range" in used or not used:
        yield Fail(
            f"It has scheme `{front.scheme}` and {'``port_range``' if used else 'no ports'}.",
            f"One of {properties(ways, 'or')}: an internal passthrough load balancer has no ``port_range``.",
            "Name the ports that the servers serve on in ``ports``, or set ``all_ports=True``.",
        )


def reaches_servers(front: ForwardingRule, service: BackendService) -> Iterator[Checks]:
    """Packets come to the servers with the port that clients sent them to, and no named port changes it.

    https://cloud.google.com/load-balancing/docs/passthrough-network-load-balancer
    """
    ways, used = front.fact(lambda kind: kind.ports_by), front.names_ports_by
    by = next((name for name, is_used in used.items() if is_used is not False), "")
    if not isinstance(ways, tuple) or by not in ways or by == "all_ports":
        return
    groups = [group for group in service.groups if group.kinds == {GroupKind.INSTANCE_GROUP}]
    found = grouped((group.name, _serves_there(front, by, service, group)) for group in groups)
    yield provided(equals(front.protocol, "TCP"), not_known("ip_protocol"), found)
    for one in front.stack.of_types(INSTANCE_GROUP_TYPES):
        if service.links.includes(one) is UNKNOWN:
            group = Group(one, front.stack)
            doubt = Undecided(f"whether `{group.name}` is a backend of `{service.name}` is not known", "backends")
            yield provided(UNKNOWN, doubt, grouped([(group.name, _serves_there(front, by, service, group))]))


def _serves_there(front: ForwardingRule, by: str, service: BackendService, group: Group) -> Checks:
    """Named ports say where the servers serve; without any, the health check does if the rule's own ports are shut."""
    named = group.port_numbers()
    serving = named or _probed_ports(service, group)
    if isinstance(group.target, Reference) or not serving:
        return
    ports = known(ports_of(front), by)
    is_elsewhere = negation(any_of(_is_among(port, ports) for port in serving))
    is_lost = all_of([is_elsewhere, _is_shut(service, group, ports)])
    sent = f"it sends packets to TCP port {' and '.join(map(spelled_ports, ports))} of {GROUPS}"
    if is_lost is True:
        at = sorted(set(known_in(serving)))
        yield Fail(
            f"{sent[0].upper()}{sent[1:]}, where the firewall admits nobody: the "
            f"{'named port is' if named else 'health check asks'} {' and '.join(map(str, at))}.",
            "The port that the servers serve on: a passthrough load balancer does not change it.",
            f"Add {at[0]} to ``ports``." if by == "ports" else f"Set ``port_range`` to `{at[0]}`.",
        )
    elif is_lost is UNKNOWN or (named and is_elsewhere is True):
        why = f"{sent}, which is none of its named ports" if named and is_elsewhere is True else sent
        yield Undecided(f"{why}: whether the servers respond there is not known", by)


def _probed_ports(service: BackendService, group: Group) -> tuple[int | Unknown, ...]:
    if not service.health_check_links.is_complete:
        return (UNKNOWN,)
    return tuple(port for check in service.health_checks for port in ports_of_check(check, group))


def _is_among(port: int | Unknown, ports: Sequence[range]) -> bool | Unknown:
    return when_known(port, lambda number: any(number in one for one in ports))


def _is_shut(service: BackendService, group: Group, ports: Sequence[range]) -> bool | Unknown:
    listed = [port for one in ports for port in one[: _FEW + 1]]
    return is_shut(service, group, listed) if len(listed) <= _FEW else False
