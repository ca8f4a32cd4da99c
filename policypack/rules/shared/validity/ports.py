"""Whether a forwarding rule has ports that its load balancer supports.

https://cloud.google.com/load-balancing/docs/forwarding-rule-concepts#port_specifications
"""

from __future__ import annotations

from typing import Final

from policypack.model.frontend.addresses import count_of_ports
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.values.logic import any_of, is_in, known_in
from policypack.verdict import Checks, Fail, known, setting

_PROPERTIES: Final = ("ports", "port_range", "all_ports")
_ONE_PORT: Final = 'Set ``port_range`` to one port, such as ``port_range="443"``'
# The API's documentation of `ports`: "You can specify a list of up to five ports by number".
_MOST_PORTS: Final = 5
_ALL_OR_SOME: Final = "``ports`` with up to five ports, or ``all_ports=True``"


def has_its_ports(front: ForwardingRule) -> Checks:
    """What is wrong with the ports of a forwarding rule that the stack creates."""
    if front.resource.is_read:
        return
    yield _has_one_way_to_say_it(front)
    if front.proxy_links.members:
        yield _has_one_port(front)
    elif front.service_links.members:
        yield _has_every_port(front)
        yield _has_a_list(front)


def _has_one_way_to_say_it(front: ForwardingRule) -> Checks:
    """The API's documentation of all three: they "are mutually exclusive"."""
    given = [name for name in _PROPERTIES if front.sets_ports(name) is True]
    if len(given) > 1:
        yield Fail(
            f"It sets {' and '.join(f'``{name}``' for name in given)}, which exclude each other.",
            "Only one of ``ports``, ``port_range`` and ``all_ports``.",
            f"Omit {' and '.join(f'``{name}``' for name in given[1:])}, or the other.",
        )


def _has_one_port(front: ForwardingRule) -> Checks:
    for name in ("ports", "all_ports"):
        if front.sets_ports(name) is True:
            yield Fail(
                f"It sets ``{name}``, and its `target` is a target proxy.",
                "In front of a target proxy, one port in ``port_range``.",
                f"{_ONE_PORT}, and omit ``{name}``.",
            )
            return
    if known(front.sets_ports("port_range"), "port_range", because="a target proxy needs exactly one port"):
        count = known(count_of_ports(front), "port_range", because="a target proxy needs exactly one port")
        observed = f"Its ``port_range`` has {count} ports, and its `target` is a target proxy."
    else:
        count, observed = 0, "It sets no port, and its `target` is a target proxy."
    if count != 1:
        yield Fail(observed, "In front of a target proxy, exactly one port.", f"{_ONE_PORT}.")


def _has_every_port(front: ForwardingRule) -> Checks:
    """The API's documentation: "The L3_DEFAULT protocol requires allPorts be set to true"."""
    if known(front.protocol, "ip_protocol") == "L3_DEFAULT" and not known(front.sets_ports("all_ports"), "all_ports"):
        yield Fail(
            "It is for L3_DEFAULT, and ``all_ports`` is not on.",
            "All ports: with L3_DEFAULT, a rule forwards packets that have no port, too.",
            setting({"all_ports": True}, ", or ``ip_protocol`` to `TCP`, with `protocol` of the service to match."),
        )


def _has_a_list(front: ForwardingRule) -> Checks:
    """Of an internal one; an external one takes a range, too."""
    listed = len(known_in(front.ports))
    if listed > _MOST_PORTS:
        yield Fail(
            f"It has {listed} ports in ``ports``.",
            "Up to five ports, or all.",
            setting({"all_ports": True}, " instead of ``ports``: the firewall decides which ports clients reach."),
        )
    if known(front.protocol, "ip_protocol") == "L3_DEFAULT":
        return
    if known(is_in(front.scheme, ("INTERNAL",)), "load_balancing_scheme"):
        yield _has_some(front)


def _has_some(front: ForwardingRule) -> Checks:
    if front.sets_ports("port_range") is True:
        yield Fail(
            "It sets ``port_range``, which an internal passthrough load balancer does not support.",
            f"{_ALL_OR_SOME[0].upper()}{_ALL_OR_SOME[1:]}.",
            "Set ``ports`` to a list instead of ``port_range``.",
        )
        return
    has_some = any_of(front.sets_ports(name) for name in ("ports", "all_ports"))
    if not known(has_some, "ports", because="an internal passthrough load balancer needs them"):
        yield Fail("It sets no port.", f"{_ALL_OR_SOME[0].upper()}{_ALL_OR_SOME[1:]}.", f"Set {_ALL_OR_SOME}.")
