"""Results of small stacks, as `check` makes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from policypack.config.options import read_settings
from policypack.evaluate import evaluate
from policypack.judgement import Results
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from tests.stacks import Out as Output
from tests.stacks import R, backend, build, check, mig, service

TODAY = date(2026, 6, 30)

# What a name may hold: markup, quotes, what ends a script or a style sheet, line breaks, a terminal's escape, NUL, half
# a surrogate pair, an override of the direction of writing, and what makes links and notices on GitHub.
HOSTILE = (
    "x\"'</style></script><script>alert(1)</script><img src=x onerror=alert(1)>`|\n# h\x1b[31m\x00\udc80\u202e{{7*7}}"
    " @team #12 https://evil.example www.evil.example [a](javascript:alert(1)) $x$ %%{init: {}}%% end;"
)


def judged(stack: Stack, rules: Iterable[str] | None = None, *, title: str = "demo", **config: Any) -> Results:
    """The results of a stack, judged by the rules with these names."""
    chosen = [rule for rule in RULES if rules is None or rule.name in rules]
    report = evaluate(stack, chosen, read_settings(RULES, config), TODAY)
    return Results(title, stack, report, TODAY, is_preview=True)


def hostile_results() -> Results:
    """Everything that a stack can name is called `HOSTILE`, and so is who waives something."""
    group = R("RegionInstanceGroupManager", HOSTILE, {"region": f"us-central1{HOSTILE}"})
    probe = R("HealthCheck", f"{HOSTILE}2", {"httpHealthCheck": {"port": 8000, "requestPath": HOSTILE}})
    url = "projects/p/regions/europe-west4/instanceGroups/a<b>&amp;"
    chat = service([backend(group), backend(url)], HOSTILE, healthChecks=Output(probe, "id"))
    waiver = {"resource": "*", "reason": HOSTILE, "owner": HOSTILE, "expires": "2026-07-05"}
    config: dict[str, Any] = {
        "llm-backend-regions": {"min_regions": 3, "waivers": [waiver]},
        "backend-cloud-armor": {"waivers": [{**waiver, "expires": "2026-06-01"}]},
        "llm-backend-logging": {"waivers": [{**waiver, "resource": HOSTILE}]},
    }
    return judged(build(group, probe, chat), title=HOSTILE, **config)


def large_results(services: int, *, name: str = "chat") -> Results:
    """As many services, each with two groups of its own, of which each has violations and undecided findings."""
    resources = [check()]
    for number in range(services):
        groups = [mig(region) for region in ("us-central1", "europe-west4")]
        for group in groups:
            group.name = f"{name}-{number}-{group.name}"
        resources += [*groups, service([backend(group) for group in groups], f"{name}-{number}")]
    return judged(build(*resources))
