"""Profiles: the levels of all rules in a word, for teams to begin with and to end at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from policypack.config.terms import Level

if TYPE_CHECKING:
    from policypack.rule import AnyRule

ProfileName: TypeAlias = Literal["core", "recommended", "strict"]

# What the four demands (health check, named port, regions, load target) are for each kind of backend, and what Compute
# Engine refuses besides the load balancers that the rules about legality judge.
_CORE: Final = frozenset(
    {
        *("llm-backend-health-check", "llm-backend-failover-signal", "run-service-probes"),
        *("llm-backend-named-port", "run-service-exists"),
        "llm-backend-regions",
        *("llm-backend-max-utilization", "run-service-capacity"),
        *("instance-group-scope", "gpu-instance-scheduling"),
    }
)


@dataclass(frozen=True)
class Profile:
    """Levels of all rules.

    Attributes:
        name: what commands call it.
        summary: what it asks for, a clause.
        level_of: the level of a rule.
        options: the options of every rule that are not their defaults.
    """

    name: ProfileName
    summary: str
    level_of: Callable[[AnyRule], Level]
    options: Mapping[str, object]


def _core_level(rule: AnyRule) -> Level:
    is_core = rule.name in _CORE or rule.area == "legality"
    return "mandatory" if is_core and rule.level == "mandatory" else "advisory"


RECOMMENDED: Final = Profile("recommended", "the default level of each rule", lambda rule: rule.level, {})
PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile("core", "the four demands and what Google Cloud refuses; the rest is advice", _core_level, {}),
        RECOMMENDED,
        Profile("strict", "every rule, and what is undecided", lambda rule: "mandatory", {"undecided": "fail"}),
    )
}
