"""For the tests of Pulumi projects: one line that fails with the findings."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

from policypack.commands.installing import with_commands
from policypack.config.profiles import PROFILES, ProfileName
from policypack.config.terms import FailOn, Severity

try:
    from policypack.config.choice import Choice
    from policypack.judgement import Results, judge
    from policypack.report.check.terminal import findings_text
    from policypack.report.check.verdicts import nothing_judged
except ModuleNotFoundError as error:
    needed = f"policypack.testing needs {error.name}: install llm-policypack[cli]"
    raise ModuleNotFoundError(with_commands(needed)) from error


def assert_compliant(
    target: str | os.PathLike[str],
    *,
    stack: str | None = None,
    policy_config: str | os.PathLike[str] | None = None,
    profile: ProfileName = "recommended",
    services: Collection[str] = (),
    rules: Collection[str] = (),
    skip: Collection[str] = (),
    severity: Severity | None = None,
    answers: str | os.PathLike[str] | None = None,
    baseline: str | os.PathLike[str] | None = None,
    fail_on: Collection[FailOn] = (),
    strict: bool = False,
    today: date | None = None,
) -> Results:
    """Fails a test unless a stack complies, without the Pulumi CLI, an account or credentials.

    Args:
        target: the folder of a Pulumi project, or the file of an exported state.
        stack: the stack whose configuration the project runs with; not needed if there is one only.
        policy_config: a file with levels and options, as `pulumi --policy-pack-config` takes it.
        profile: the levels of the rules where `policy_config` says nothing: `core`, `recommended` or `strict`.
        services: globs on the logical names of the backend services to judge, in every rule; without any, what
            `policy_config` says.
        rules: globs on the names of the rules to judge by; all without any.
        skip: globs on the names of the rules to leave out.
        severity: the least severity of the rules to judge by.
        answers: a file with what functions of providers return to the program, as `check --answers` takes it.
        baseline: a file of `check --write-baseline` with what is known, which no test fails for.
        fail_on: what to fail for besides mandatory violations: `advisory` ones, what is `undecided`, and
            `nothing-judged`, that no rule judged anything.
        strict: count what is undecided as violated, in every rule.
        today: the day that waivers are judged on; `None` is this day.

    Returns:
        What was judged with all verdicts, for further assertions.

    Raises:
        AssertionError: the stack violates rules; the message has each finding with what was observed and its fix. With
            `strict`, or if it fails for what is `undecided`, also if nothing was judged.
        SourceError: the target cannot be read or run.
        ConfigurationError: the policy configuration or the baseline cannot be read or is wrong, or no rule or no
            backend service has a name.
        ValueError: `fail_on` or `profile` names something else.
    """
    __tracebackhide__ = True
    unknown = set(fail_on) - set(get_args(FailOn))
    if unknown:
        raise ValueError(f"fail_on takes {', '.join(map(repr, get_args(FailOn)))}, not {', '.join(sorted(unknown))}")
    if profile not in PROFILES:
        raise ValueError(f"profile takes {', '.join(map(repr, PROFILES))}, not {profile!r}")
    config = None if policy_config is None else Path(policy_config)
    choice = Choice(config, profile, tuple(services), strict, tuple(rules), tuple(skip), severity)
    known = None if baseline is None else Path(baseline)
    given = None if answers is None else Path(answers)
    results = judge(os.fspath(target), stack, choice=choice, answers=given, baseline=known, today=today)
    # With `strict` what is undecided is violated; only a run in which nothing was judged is left undecided.
    is_strict = strict or profile == "strict"
    judged = replace(results, fail_on=(*fail_on, "undecided") if is_strict else tuple(fail_on))
    if judged.fails:
        said = findings_text(results, judged.violations) or nothing_judged(results.report)
        raise AssertionError(f"{results.subject}: not compliant\n{said}")
    return results
