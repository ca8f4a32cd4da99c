"""Cloud Armor security policies, global and regional, with their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.attached import attached_to
from policypack.model.graph.links import Links
from policypack.model.graph.tokens import SECURITY_POLICY_TYPES, SECURITY_RULE_TYPES
from policypack.model.graph.view import View
from policypack.model.security.armor_match import ALL_CLIENTS, matched_clients
from policypack.model.values.logic import all_of, any_of, equals, is_in, is_set, known_in, negation, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.ranges import Range, Ranges, widest_public, within, without
from policypack.model.values.values import UNKNOWN, Unknown

_COLLECTION: Final = "securityPolicies"
_LIMITS: Final = ("throttle", "rate_based_ban")
_EVERYBODY: Final = ("*", "0.0.0.0/0", "::/0")
# The largest blocks that one organization has: https://www.iana.org/assignments/ipv4-address-space/
_WIDEST_OF_KNOWN_CLIENTS: Final = 8
# What `enforceOnKey` falls back to, and the keys that tell one client from another:
# https://cloud.google.com/armor/docs/rate-limiting-overview#identifying_clients_for_rate_limiting
_DEFAULT_KEY: Final = "ALL"
CLIENT_KEYS: Final = (
    "IP",
    "XFF_IP",
    "USER_IP",
    "HTTP_HEADER",
    "HTTP_COOKIE",
    "TLS_JA3_FINGERPRINT",
    "TLS_JA4_FINGERPRINT",
)


@dataclass(frozen=True)
class ArmorRule:
    """A rule of a security policy."""

    properties: Properties

    @property
    def priority(self) -> float | Unknown:
        """Rules with lower numbers go first."""
        return self.properties.number("priority", default=UNKNOWN)

    @property
    def is_enforced(self) -> bool | Unknown:
        """Whether it acts, and does not only log what it would do."""
        return negation(self.properties.boolean("preview"))

    @property
    def action(self) -> str | Unknown:
        """`allow`, `deny`, `limit` or `redirect`; what allows requests above its threshold as well limits nothing."""
        action = self.properties.string("action", default=UNKNOWN)
        if isinstance(action, str) and action in _LIMITS:
            above = self.properties.block("rateLimitOptions").string("exceedAction")
            return when_known(above, lambda given: "allow" if given == "allow" else "limit")
        return when_known(action, lambda given: given.split("(")[0])

    @property
    def is_for_everybody(self) -> bool | Unknown:
        match = self.properties.block("match")
        ranges = match.block("config").strings("srcIpRanges")
        if any_of(is_in(one, _EVERYBODY) for one in known_in(ranges)) is True:
            return True
        # Several ranges may leave nobody out, such as 0.0.0.0/1 and 128.0.0.0/1.
        clients = matched_clients(match, allows=False)
        if not without(ALL_CLIENTS, clients.certain):
            return True
        is_understood = clients.is_known or isinstance(match.block("expr").string("expression"), str)
        return False if is_understood else UNKNOWN

    def clients(self, *, allowed: bool) -> Ranges:
        """The addresses that it is about; `allowed` if it lets those through."""
        return matched_clients(self.properties.block("match"), allows=allowed)

    @property
    def is_for_ranges(self) -> bool:
        """Whether it certainly matches address ranges, not an expression."""
        return isinstance(self.properties.block("match").object("config"), Properties)

    @property
    def looks_at_paths(self) -> bool | Unknown:
        text = self.properties.block("match").block("expr").string("expression")
        return when_known(text, lambda expression: "request.path" in (expression or ""))

    @property
    def limits_each_client(self) -> bool | Unknown:
        """Whether a rate limit counts each client's requests, not all requests together."""
        limit = self.properties.object("rateLimitOptions")
        if limit is None or isinstance(limit, Unknown):
            return UNKNOWN
        several = limit.objects("enforceOnKeyConfigs")
        if isinstance(several, Unknown):
            return UNKNOWN
        keys = [one.string("enforceOnKeyType", default=_DEFAULT_KEY) for one in several]
        return any_of(is_in(key, CLIENT_KEYS) for key in keys or [limit.string("enforceOnKey", default=_DEFAULT_KEY)])


_Test: TypeAlias = Callable[[ArmorRule], bool | Unknown]


class SecurityPolicy(View):
    """A security policy. Without a rule that matches, it lets a request through."""

    TYPES = SECURITY_POLICY_TYPES

    @cached_property
    def rules(self) -> tuple[ArmorRule, ...]:
        """Its known rules, its own and those that are resources of their own, in any order."""
        own = known_in(self.resource.asked.objects("rules"))
        return tuple(ArmorRule(properties) for properties in (*own, *(rule for rule in self._separate if rule)))

    @property
    def kind(self) -> str | Unknown:
        """Its `type`: `CLOUD_ARMOR` unless another is given, such as `CLOUD_ARMOR_EDGE` for caches."""
        return self.resource.asked.string("type", default="CLOUD_ARMOR")

    @property
    def why_rules_unknown(self) -> str:
        """What keeps some rules from being known, a clause; empty if all are."""
        if isinstance(self.resource.asked.objects("rules"), Unknown):
            return f"the list of rules of `{self.name}` is computed"
        if self.resource.ignores_changes_of("rules"):
            return f"``ignore_changes`` leaves the rules of `{self.name}` to another tool"
        if not self.stack.is_complete:
            return f"rules may be added to `{self.name}` later in this update"
        return f"a rule whose policy is not known may belong to `{self.name}`" if None in self._separate else ""

    @property
    def filters(self) -> bool | Unknown:
        """Whether an enforced rule does anything but let requests through, before one lets everybody through."""
        return self._comes_to(
            lambda rule: negation(equals(rule.action, "allow")),
            before=lambda rule: all_of([rule.is_for_everybody, equals(rule.action, "allow")]),
        )

    @property
    def may_deny_by_path(self) -> bool:
        """Whether an enforced rule other than `allow` may look at paths."""
        by_path = (
            all_of([rule.is_enforced, negation(equals(rule.action, "allow")), rule.looks_at_paths])
            for rule in self.rules
        )
        return bool(self.why_rules_unknown) or any_of(by_path) is not False

    def limits_rate(self, *, of_each_client: bool) -> bool | Unknown:
        """Whether an enforced rate limit is reached before a rule that decides about everybody.

        Args:
            of_each_client: count only limits with a key that tells clients from another.
        """
        return self._comes_to(
            lambda rule: all_of([equals(rule.action, "limit"), not of_each_client or rule.limits_each_client]),
            before=lambda rule: rule.is_for_everybody,
        )

    def lets_many_pass(self, *, of_each_client: bool) -> bool | Unknown:
        """Whether requests from many addresses pass without a rate limit, by an enforced rule or because none matches.

        Args:
            of_each_client: only limits with a key that tells clients from another count.
        """
        if self._has_doubtful_rules:
            return UNKNOWN
        certain, possible = list[Range](), list[Range]()
        certainly_left, possibly_left = ALL_CLIENTS, ALL_CLIENTS
        for rule in self._in_order:
            is_lax = all_of([equals(rule.action, "limit"), of_each_client, negation(rule.limits_each_client)])
            passes = any_of([equals(rule.action, "allow"), is_lax])
            clients = rule.clients(allowed=passes is not False)
            if rule.is_enforced is True and passes is True:
                certain += within(clients.certain, certainly_left)
            if rule.is_enforced is not False:
                possible += within(clients.possible, possibly_left) if passes is not False else ()
                certainly_left = without(certainly_left, clients.possible)
            if rule.is_enforced is True:
                possibly_left = without(possibly_left, clients.certain)
        if _are_many([*certain, *certainly_left]):
            return True
        return UNKNOWN if _are_many([*possible, *possibly_left]) else False

    def _comes_to(self, wanted: _Test, *, before: _Test) -> bool | Unknown:
        """Whether an enforced rule is `wanted`, and no enforced one that ends the search stands before it."""
        doubtful = self._has_doubtful_rules
        for rule in self._in_order:
            is_wanted, ends = all_of([rule.is_enforced, wanted(rule)]), all_of([rule.is_enforced, before(rule)])
            if is_wanted is True:
                return UNKNOWN if doubtful else True
            if is_wanted is False and ends is True:
                break
            doubtful = doubtful or is_wanted is UNKNOWN or ends is UNKNOWN
        return UNKNOWN if doubtful else False

    @property
    def admits_only_some(self) -> bool | Unknown:
        """Whether everybody but known address ranges is denied; `UNKNOWN` as well if an expression admits clients."""
        doubtful = self._has_doubtful_rules
        for rule in self._in_order:
            denies = equals(rule.action, "deny")
            if rule.is_enforced is True and rule.is_for_everybody is True:
                return UNKNOWN if doubtful else denies
            if rule.is_enforced is not False:
                admits_some = denies is not True and not rule.is_for_ranges
                doubtful = doubtful or rule.is_for_everybody is not False or admits_some
        return UNKNOWN if doubtful else False

    @property
    def _has_doubtful_rules(self) -> bool:
        return bool(self.why_rules_unknown) or not all(isinstance(rule.priority, int | float) for rule in self.rules)

    @property
    def _in_order(self) -> list[ArmorRule]:
        numbered = [(rule.priority, rule) for rule in self.rules]
        known = [(priority, rule) for priority, rule in numbered if isinstance(priority, int | float)]
        return [rule for _, rule in sorted(known, key=lambda pair: pair[0])] if len(known) == len(numbered) else []

    @cached_property
    def _separate(self) -> tuple[Properties | None, ...]:
        """Its rules that are resources of their own; `None` for one that may be its own."""
        rules = attached_to(self.stack, self.resource, SECURITY_RULE_TYPES)
        return tuple(rule.asked if belongs is True else None for rule, belongs in rules)


def _are_many(ranges: Iterable[Range]) -> bool:
    """Whether ranges are more than the addresses of clients that somebody knows: wider than a /8 on the internet."""
    return any(range_.prefixlen < _WIDEST_OF_KNOWN_CLIENTS for range_ in widest_public(ranges))


def security_policy_links(service: BackendService) -> Links:
    """The backend security policy of a service; no entries without one."""
    return service.link("securityPolicy", SECURITY_POLICY_TYPES, _COLLECTION)


def edge_security_policy_links(service: BackendService) -> Links:
    """The edge security policy of a service; no entries without one."""
    return service.link("edgeSecurityPolicy", SECURITY_POLICY_TYPES, _COLLECTION)


def has_security_policy(service: BackendService) -> bool:
    """Whether its `securityPolicy` is set, be it to what is not known yet."""
    return service.resource.asked.string("securityPolicy") is not None


def edge_security_policy_is_set(service: BackendService) -> bool | Unknown:
    """Whether a service has an edge security policy, which is evaluated before the cache."""
    return is_set(service.resource.asked.string("edgeSecurityPolicy"))


def security_policies(service: BackendService) -> tuple[SecurityPolicy, ...]:
    """The backend security policy in the stack that a service certainly has."""
    return tuple(SecurityPolicy.of(target, service.stack) for target in security_policy_links(service).targets)


def leaves_security_policy_to_others(service: BackendService) -> bool:
    """`ignore_changes` covers its security policy: something else attaches one."""
    return service.resource.ignores_changes_of("securityPolicy")
