"""The words in which rules, configuration and commands say how bad, how binding and when."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Severity: TypeAlias = Literal["low", "medium", "high", "critical"]
# The worst first.
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")
Level: TypeAlias = Literal["advisory", "mandatory", "disabled"]
# When a rule can judge a resource: as soon as it is shown, or with all others.
Stage: TypeAlias = Literal["resource", "stack"]
FailOn: TypeAlias = Literal["advisory", "undecided", "nothing-judged"]
