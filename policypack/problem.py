"""What is wrong with a resource, as it is said to those who run its program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from policypack.model.graph.resource import Resource
from policypack.model.values.spelling import Spelling, spelled, spelled_key, spelled_keys
from policypack.verdict import Fail, PropertyValue, Severity


@dataclass(frozen=True)
class Problem:
    """A `Fail` of a resource with its properties spelled.

    Attributes:
        observed: what is, a sentence.
        required: what is asked for, a sentence.
        fix: what to do, a sentence.
        severity: how bad it is, if that is less than the rule says.
        settings: the values that mend it, where the fix is as simple as that; each names its resource.
    """

    observed: str
    required: str
    fix: str
    severity: Severity | None = None
    settings: tuple[PropertyValue, ...] = ()


def problems_of(fails: Iterable[Fail], judged: Resource, spelling: Spelling) -> list[Problem]:
    """What is wrong with a resource; problems with the same fix are one problem, observed several times."""
    alike: dict[Problem, list[Problem]] = {}
    for fail in fails:
        problem = _problem(fail, judged, spelling)
        alike.setdefault(replace(problem, observed="", settings=()), []).append(problem)
    return [
        replace(
            same,
            observed=" ".join(dict.fromkeys(one.observed for one in found)),
            settings=tuple(dict.fromkeys(value for one in found for value in one.settings)),
        )
        for same, found in alike.items()
    ]


def _problem(fail: Fail, judged: Resource, spelling: Spelling) -> Problem:
    sentences = fail.observed, fail.required, fail.remedy.text
    observed, required, fix = (spelled(sentence, spelling) for sentence in sentences)
    settings = tuple(_setting(value, judged, spelling) for value in fail.remedy.settings)
    return Problem(observed, required, fix, fail.severity, settings)


def _setting(wanted: PropertyValue, judged: Resource, spelling: Spelling) -> PropertyValue:
    path = tuple(spelled_key(part, spelling) if isinstance(part, str) else part for part in wanted.path)
    return PropertyValue(path, spelled_keys(wanted.value, spelling), wanted.urn or judged.urn)
