"""Which machines of serving paths a firewall rule is about."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.firewalls.firewall import Firewall, FirewallRule
from policypack.model.graph.path import services_of
from policypack.model.graph.resource import Resource
from policypack.model.network.placement import endpoints_of, has_other_endpoints
from policypack.model.values.logic import all_of, any_of
from policypack.model.values.values import UNKNOWN, Unknown

_ADMIN_PORTS = (22, 3389)


def is_over_path(firewall: Firewall, rule: FirewallRule) -> bool | Unknown:
    """Whether a rule applies to some machine of the serving paths that its network is on."""
    return any_of(_applies(firewall, rule, service) for service in services_of(firewall.stack, firewall.resource))


def clients_reach_machines(firewall: Firewall, rule: FirewallRule) -> bool | Unknown:
    """Whether a rule is one that an external passthrough load balancer needs.

    Clients' packets reach the machines behind one with their own addresses, so that clients have to be admitted:
    https://cloud.google.com/load-balancing/docs/firewall-rules. They do not come for SSH or RDP.
    """
    if any(rule.matches_tcp(port) is True for port in _ADMIN_PORTS):
        return False
    views = [BackendService.of(service, firewall.stack) for service in services_of(firewall.stack, firewall.resource)]
    passed = any_of(all_of([_is_external_passthrough(view), _applies(firewall, rule, view.resource)]) for view in views)
    if passed is True:
        return UNKNOWN if any_of(rule.matches_tcp(port) for port in _ADMIN_PORTS) is UNKNOWN else True
    # A service that is still to come may be one.
    return passed if firewall.stack.is_complete else UNKNOWN


def _applies(firewall: Firewall, rule: FirewallRule, service: Resource) -> bool | Unknown:
    stack = firewall.stack
    applies = any_of(rule.applies_to(stack, endpoint) for endpoint in endpoints_of(stack, service))
    return UNKNOWN if applies is False and has_other_endpoints(stack, service) else applies


def _is_external_passthrough(service: BackendService) -> bool | Unknown:
    return all_of([service.is_passthrough, service.is_external])
