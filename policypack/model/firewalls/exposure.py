"""Which machines of serving paths a firewall rule is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policypack.model.balancing.backend_service import BackendService
from policypack.model.firewalls.firewall import Firewall, FirewallRule, known_tags
from policypack.model.graph.path import services_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import SERVICE_TYPES
from policypack.model.network.placement import endpoints_of, has_other_endpoints
from policypack.model.values.logic import all_of, any_of
from policypack.model.values.values import UNKNOWN, Unknown

_ADMIN_PORTS = (22, 3389)
# Stands for the tags of machines that may have any.
_ANY_TAG = ""


def is_over_path(firewall: Firewall, rule: FirewallRule) -> bool | Unknown:
    """Whether a rule applies to some machine of the serving paths that its network is on."""
    return any_of(_applies(firewall, rule, service) for service in _services_about(firewall, rule))


def clients_reach_machines(firewall: Firewall, rule: FirewallRule) -> bool | Unknown:
    """Whether a rule is one that an external passthrough load balancer needs.

    Clients' packets reach the machines behind one with their own addresses, so that clients have to be admitted:
    https://cloud.google.com/load-balancing/docs/firewall-rules. They do not come for SSH or RDP.
    """
    if any(rule.matches_tcp(port) is True for port in _ADMIN_PORTS):
        return False
    passthrough = _external_passthrough(firewall.stack)
    passed = any_of(
        all_of([passthrough[service.urn], _applies(firewall, rule, service)])
        for service in _services_about(firewall, rule)
        if service.urn in passthrough
    )
    if passed is True:
        return UNKNOWN if any_of(rule.matches_tcp(port) for port in _ADMIN_PORTS) is UNKNOWN else True
    # A service that is still to come may be one.
    return passed if firewall.stack.is_complete else UNKNOWN


def _services_about(firewall: Firewall, rule: FirewallRule) -> Iterator[Resource]:
    """The services on whose paths a rule is and to whose machines it may apply, as far as their network tags tell."""
    services, tags = services_of(firewall.stack, firewall.resource), rule.targets.only_tags
    if tags is None:
        return iter(services)
    by_tag = _services_by_tag(firewall.stack)
    tagged = frozenset[str]().union(*(by_tag.get(tag, ()) for tag in (*tags, _ANY_TAG)))
    return (service for service in services if service.urn in tagged)


def _applies(firewall: Firewall, rule: FirewallRule, service: Resource) -> bool | Unknown:
    stack = firewall.stack
    applies = any_of(rule.applies_to(stack, endpoint) for endpoint in endpoints_of(stack, service))
    return UNKNOWN if applies is False and has_other_endpoints(stack, service) else applies


@per_stack
def _services_by_tag(stack: Stack) -> Mapping[str, set[str]]:
    """The URNs of the services that have, or may have, machines with each network tag."""
    found: dict[str, set[str]] = {}
    for service in stack.of_types(SERVICE_TYPES):
        machines = [endpoint.machine for endpoint in endpoints_of(stack, service)]
        tags = [None if machine is None else known_tags(machine) for machine in machines]
        is_open = None in tags or has_other_endpoints(stack, service)
        for tag in frozenset[str]().union(*(some for some in tags if some), [_ANY_TAG] if is_open else []):
            found.setdefault(tag, set()).add(service.urn)
    return found


@per_stack
def _external_passthrough(stack: Stack) -> Mapping[str, bool | Unknown]:
    """The URNs of the services that are, or may be, of an external passthrough load balancer."""
    views = [BackendService.of(service, stack) for service in stack.of_types(SERVICE_TYPES)]
    found = {view.urn: all_of([view.is_passthrough, view.is_external]) for view in views}
    return {urn: is_one for urn, is_one in found.items() if is_one is not False}
