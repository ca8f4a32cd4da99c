"""Mutants that change nothing, so that no test can notice them.

One that survives and is here is not drawn. Whoever changes the line drops the entry: a test holds each to a mutant that
there is.
"""

from __future__ import annotations

from typing import Final

from tests.mutation.mutants import Mutant

# Module, the first line of what is changed, what it becomes -> why nothing changes.
EQUIVALENT: Final = {
    ("model/balancing/backend",
     "cells = MODES_OF_KINDS.get(self.balancing_mode, {}) if isinstance(self.balancing_mode, str) else {}",
     "MODES_OF_KINDS.get(self.balancing_mode, {}) if True else {}"): "what is not known is no mode of the table",
    ("model/balancing/service_settings", '"enforcingConsecutiveErrors": 100.0,', "101.0"):
        "what is enforced for more than 0 % is on",
    ("model/balancing/service_settings", '"enforcingSuccessRate": 100.0,', "101.0"):
        "what is enforced for more than 0 % is on",
    ("model/balancing/service_settings", '"enforcingConsecutiveGatewayFailure": 0.0,', "-1.0"):
        "what is enforced for 0 % or less is off",
    ("model/balancing/service_settings", 'if self.resource.asked.object("logConfig") is None:', "if False:"):
        "a block that is not there is off as well",
    ("model/balancing/tls", 'return when_known(check.protocol, lambda protocol: _CHECKS.get(protocol or ""))',
     "protocol"): "neither `None` nor an empty text is a protocol of the table",
    ("model/firewalls/firewall",
     "return None if isinstance(tags, Unknown) or len(known) < len(tags) else frozenset(known)",
     "len(known) <= len(tags)"): "the index by tags saves time, and changes no verdict",
    ("model/firewalls/reach", "tags = None if machine is None else known_tags(machine)",
     "None if True else known_tags(machine)"): "the index by tags saves time, and changes no verdict",
    ("model/firewalls/reach", "if tags is None:", "if True:"): "the index by tags saves time, and changes no verdict",
    ("model/fleets/fleet", "first = targets[0].others if targets else ()", "-1"): "they have to be the same everywhere",
    ("model/fleets/fleet", 'return shapes[0] if len({shape.identity for shape in shapes}) == 1 else None', "-1"):
        "all of them are the same",
    ("model/frontend/entry", "return () if isinstance(here, Unknown) else tuple(sorted(locations - {here}))",
     "() if False else tuple(sorted(locations - {here}))"): "the only rule that asks knows the region",
    ("model/frontend/forwarding_rule", "if not addresses:", "if False:"): "no rule has one of no addresses",
    ("model/gke/edge/front_policies", "if annotations is None or key is None:", "key is None"):
        "without annotations there is no key",
    ("model/kubernetes/clusters", "return GkeCluster.of(found[0], one.stack) if len(found) == 1 else None", "-1"):
        "there is one then",
    ("model/observability/alert_query",
     'return name in text and re.search(rf"(?<![\\w-]){re.escape(name)}(?![\\w/.-])", text) is not None',
     "re.search(f'(?<![\\\\w-]){re.escape(name)}(?![\\\\w/.-])', text) is not None"):
        "what is not in a text is not found in it",
    ("model/machines/machine",
     'return takes_gpus(shape.machine_type or "", shape.accelerators) if shape.accelerators else UNKNOWN',
     "shape.machine_type"): "a shape with accelerators has a type",
    ("model/machines/plaintext",
     'value, rest = match["bare"], match.string[match.end() : match.end() + 200].split("\\n", 1)[0]', "2"):
        "the first line is the same",
    ("model/machines/roles", "emails = [",
     "[one if isinstance(one, Unknown) else one.removeprefix(_PREFIX) for one in members if True]"):
        "what has another prefix is the address of no service account",
    ("model/network/ports", "if isinstance(group.target, Reference):", "if False:"):
        "the URL of a zonal NEG leaves open which kind it is",
    ("model/network/proxies", "if not purposes:", "if False:"): "no subnetwork has one of no purposes",
    ("model/run/capacity",
     "if blocked or backend.service is None or backend.neg is None or isinstance(backend.region, Unknown):",
     "blocked or backend.service is None or backend.neg is None"): "what has no known region has no known service",
    ("model/security/grants", "yield _Binding(UNKNOWN, (UNKNOWN,), False)", "True"):
        "members that are not known make it not known under a condition too",
    ("rules/edge/cloud_armor_rate_limit",
     "is_shared = options.per_client and policy.limits_rate(of_each_client=False) is True",
     "policy.limits_rate(of_each_client=False) is True"): "without the option such a limit has passed already",
    ("rules/edge/frontend_https_only", "elif beside:", "if True:"): "of no proxy beside, nothing is said",
    ("rules/forwarding/place", "if region is None and not proxy.is_regional:", "if False:"): "both are global then",
    ("rules/legality/backend_session_affinity", "if service.session_affinity.is_stateful is True:",
     "service.session_affinity.is_stateful is not False"): "the affinity is known here",
    ("rules/on_gke/edge/named", "if policy.object is None or name is None:", "name is None"):
        "without an object there is no name",
    ("rules/on_gke/edge/named", "if not found and outside and isinstance(name, str):", "not found and outside"):
        "of a name that is not known it has ended already",
    ("rules/on_gke/policies", "to_tell = said[: len(certain) or len(possible) or 1]", "2"): "there is one then",
    ("rules/on_gke/timeout", "is_short = timeout < min_seconds", "timeout <= min_seconds"):
        "one of `min_seconds` has passed already",
    ("rules/on_gke/zones", "spans = reaches(or_else(least, 0), or_else(most, None), min_zones)", "-1"):
        "there are always more than no zones",
    ("rules/run/run_service_ingress", "elif ingress != BALANCED:", "if True:"): "a balanced one has no way around",
    ("rules/shared/signals", "if autoscaler.scales_by_cpu_alone is True:",
     "autoscaler.scales_by_cpu_alone is not False"): "it is known where `follows_cpu_alone` is",
    ("model/run/probe", "_DEFAULT_TIMEOUT_SECONDS = 1.0", "0.0"): "a period is at least 1 s",
}  # fmt: skip

# Rows of the tables of load balancers that docs/load-balancers.md shows, and no rule judges by.
OF_THE_PAGE_ALONE: Final = (
    '("timeout_sec", ', '("connection_draining_timeout_sec", ', '("log_config", ', '"targets": Row(',
    '"capacityScaler": Row(', "(BackendKind.INSTANCE_GROUP, ", "(BackendKind.REGIONAL_INSTANCE_GROUP, ",
)  # fmt: skip


def is_equivalent(module: str, source: str, mutant: Mutant) -> bool:
    """Whether a mutant of a module, named as `model/fleets/zones`, is one of these."""
    line = source.splitlines()[mutant.line - 1].strip()
    is_shown = module.startswith("model/products/") and line.startswith(OF_THE_PAGE_ALONE)
    return is_shown or (module, line, mutant.after) in EQUIVALENT
