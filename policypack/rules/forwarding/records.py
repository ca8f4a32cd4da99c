"""The DNS records that lead to a forwarding rule."""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.frontend.dns import Lead, leads_to
from policypack.model.frontend.dns_targets import differences, is_another
from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.values.logic import all_of
from policypack.model.values.values import UNKNOWN
from policypack.verdict import Checks, Fail, Undecided, provided


def records_describe(front: ForwardingRule) -> Iterator[Checks]:
    """What is wrong with the health-checked targets of DNS records that lead to a forwarding rule.

    What a target says "must match the configuration of the load balancer located at the LoadBalancerTarget's IP
    address, port, and region": https://cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets
    """
    for lead in leads_to(front.stack, front.resource):
        rules = [ForwardingRule.of(rule, front.stack) for rule in lead.rules]
        is_none = all_of(is_another(target, rule) for target in lead.targets for rule in rules)
        doubt = Undecided(f"whether DNS record `{lead.record}` describes it is not known", "routing_policy")
        yield provided(all_of([lead.is_certain or UNKNOWN, is_none]), doubt, _is_described(front, lead))


def _is_described(front: ForwardingRule, lead: Lead) -> Checks:
    found = [[one for one in differences(target, front) if one.is_there is True] for target in lead.targets]
    # Of targets that may all be the one meant, it is that of the rule's region, or else the one that is most like it.
    closest = min(found, key=lambda wrong: (any(one.name == "region" for one in wrong), len(wrong)))
    names = " and ".join(f"``{one.name}``" for one in closest)
    values = " and ".join(f"``{one.name}`` to {' or '.join(f'`{value}`' for value in one.fitting)}" for one in closest)
    yield Fail(
        f"DNS record `{lead.record}` leads to it with another {names}.",
        "Targets with the type, protocol, port and region of the forwarding rule at their address.",
        f"In the target, set {values}.",
    )
