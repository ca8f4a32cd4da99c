"""The policies as the Pulumi SDK takes them, and the server that the Pulumi CLI starts."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, NoReturn

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    PolicyPack,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import ReportViolation
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policypack.config.options import Setting, read_options
from policypack.config.schema import json_schema
from policypack.evaluate import Finding, apply_rule, apply_to_stack
from policypack.rule import AnyRule
from policypack.rules import RULES
from policypack.sources.engine import Memory
from policypack.version import PACK_NAME
from policypack.wording import lines_of, printable, waiver_text


def policies(*globs: str, update: bool | None = None, today: date | None = None) -> list[Policy]:
    """The policies of the pack, with a memory of their own.

    A pack of your own takes those that it wants: `PolicyPack("acme", [*policies("llm-backend-*"), *others])`.

    A rule that needs other resources is a stack policy and, in an operation, a resource policy of the same name, its
    twin. The twin remembers the inputs that only `Analyze` shows; on an update it also judges each resource before it
    is created.

    Args:
        globs: the names of the rules to take, such as `llm-backend-*`; all without any.
        update: whether the operation is an update (true) or a preview (false). `None` reads `PULUMI_DRY_RUN`, as the
            engine sets it; without it there is no operation (publishing, `pulumi policy analyze`), names are unique,
            and only the rules that judge single resources remember inputs.
        today: the day that decides whether a waiver has expired; `None` is the day of the call.

    Raises:
        ValueError: no rule has a name like one of the globs.
    """
    if update is None:
        dry_run = os.environ.get("PULUMI_DRY_RUN")
        update = None if dry_run is None else dry_run != "true"
    today = today or date.today()
    memory, found = Memory(), list[Policy]()
    for rule in _selected(globs):
        options = _OptionsReader(rule)
        if rule.stage == "resource":
            found.append(_resource_policy(rule, _judge_resource(rule, options, memory, today)))
            continue
        if update is not None:
            found.append(_resource_policy(rule, _twin(rule, options, memory, today, judges=update)))
        found.append(_stack_policy(rule, _judge_stack(rule, options, memory, today)))
    return found


def _selected(globs: tuple[str, ...]) -> list[AnyRule]:
    for glob in globs:
        if not any(fnmatchcase(rule.name, glob) for rule in RULES):
            raise ValueError(f"no rule is named like `{glob}`: `python -m policypack rules` lists them")
    return [rule for rule in RULES if not globs or any(fnmatchcase(rule.name, glob) for glob in globs)]


def main() -> None:
    """Serves the pack until the Pulumi CLI ends it. Standard output belongs to the CLI's handshake."""
    PolicyPack(PACK_NAME, policies())


class _OptionsReader:
    """Reads a rule's options, anew only when the engine configures it anew."""

    def __init__(self, rule: AnyRule) -> None:
        self._rule = rule
        self._last: tuple[Mapping[str, Any], Setting] | None = None

    def __call__(self, configured: Mapping[str, Any]) -> Setting:
        if self._last is None or self._last[0] != configured:
            self._last = (configured, Setting(self._rule.level, read_options(self._rule, configured)))
        return self._last[1]


ResourceValidation = Callable[[ResourceValidationArgs, ReportViolation], None]
StackValidation = Callable[[StackValidationArgs, ReportViolation], None]


def _judge_resource(rule: AnyRule, options: _OptionsReader, memory: Memory, today: date) -> ResourceValidation:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        setting = options(args.get_config())
        with memory.lock:
            resource, shown = memory.remember(rule.name, args)
            is_subject = resource.type in rule.subject.TYPES
            finding = apply_rule(rule, rule.subject.of(resource, shown), setting, today) if is_subject else None
        if finding:
            _report([finding], report_violation)

    return validate


def _twin(rule: AnyRule, options: _OptionsReader, memory: Memory, today: date, *, judges: bool) -> ResourceValidation:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        setting = options(args.get_config())
        with memory.lock:
            resource, shown = memory.remember(rule.name, args)
            if not judges or resource.type not in rule.subject.TYPES:
                return
            # What is not known now may be known when the whole stack is.
            certain = dataclasses.replace(setting.options, undecided="advise")
            finding = apply_rule(rule, rule.subject.of(resource, shown), Setting(setting.level, certain), today)
        if finding and finding.status == "failed":
            memory.mark_reported(rule.name, finding.urn)
            report_violation(_message(finding), finding.urn)

    return validate


def _judge_stack(rule: AnyRule, options: _OptionsReader, memory: Memory, today: date) -> StackValidation:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        setting = options(args.get_config())
        findings = apply_to_stack(rule, memory.stack(rule.name, args), setting, today)
        if not findings:
            args.not_applicable("the stack has nothing that this rule judges")
        _report(
            [finding for finding in findings if not memory.was_reported(rule.name, finding.urn)],
            report_violation,
        )

    return validate


def _report(findings: list[Finding], report_violation: ReportViolation) -> None:
    """Reports what is certain, then what is undecided, in the one way that the SDK has for it."""
    for finding in findings:
        if finding.status == "failed":
            report_violation(_message(finding), finding.urn)
    undecided = [finding for finding in findings if finding.status == "undecided"]
    if undecided:
        _say_undecided(undecided)


def _say_undecided(findings: list[Finding]) -> NoReturn:
    error = UnknownValueError(UNKNOWN_STRING_VALUE, [])
    error.message = "undecided: " + "; ".join(map(_undecided_text, findings))
    raise error


def _undecided_text(finding: Finding) -> str:
    expired = (f" (waiver {waiver_text(waiver, has_expired=True)})" for waiver in finding.expired)
    return printable(f"`{finding.name}`: {', and '.join(finding.reasons)}") + "".join(expired)


def _message(finding: Finding) -> str:
    return "\n".join([*lines_of(finding), f"See {finding.rule.url}"])


def _metadata(rule: AnyRule) -> dict[str, Any]:
    framework = rule.frameworks[0] if rule.frameworks else None
    return {
        "name": rule.name,
        "description": f"{rule.title}.",
        "enforcement_level": EnforcementLevel(rule.level),
        "config_schema": PolicyConfigSchema(json_schema(rule.options)),
        "display_name": rule.title,
        "severity": Severity(rule.severity),
        "framework": framework
        and PolicyComplianceFramework(framework.name, framework.version, framework.reference, None),
        "url": rule.url,
    }


def _resource_policy(rule: AnyRule, validate: ResourceValidation) -> Policy:
    return ResourceValidationPolicy(validate=validate, **_metadata(rule))


def _stack_policy(rule: AnyRule, validate: StackValidation) -> Policy:
    return StackValidationPolicy(validate=validate, **_metadata(rule))
