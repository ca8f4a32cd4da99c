"""The policies as the Pulumi SDK takes them, and the server that the Pulumi CLI starts."""

from __future__ import annotations

import dataclasses
import os
import warnings
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
    ResourceRemediation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import ReportViolation
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policypack import IS_PUBLISHED, PACK_NAME, REPOSITORY
from policypack.config.options import Setting, read_options, renamed
from policypack.config.schema import json_schema
from policypack.evaluate import Finding, apply_before_creation, apply_rule, apply_to_stack
from policypack.findings.groups import MOST_NAMED, Group, groups_of
from policypack.rule import AnyRule
from policypack.rules import BY_ANY_NAME, RULES
from policypack.sources.engine import Memory
from policypack.sources.remediation import with_fixes
from policypack.sources.sdk import as_sent, prepare, to_send
from policypack.wording import did_you_mean, lines_of, listed, printable, title_of, waiver_text

# Never disabled, or it would not be called; it has nothing to report.
_FORMER_LEVEL = EnforcementLevel.ADVISORY
_HEAD = ("| policy | requires | severity | default level |", "| --- | --- | --- | --- |")


def policies(*globs: str, update: bool | None = None, today: date | None = None) -> list[Policy]:
    """The policies of the pack, with a memory of their own.

    A pack of your own takes those that it wants: `PolicyPack("acme", [*policies("llm-backend-*"), *others])`.

    A rule that needs other resources is a stack policy and, in an operation, a resource policy of the same name, its
    twin. The twin remembers the inputs that only `Analyze` shows; on an update it also judges each resource before it
    is created, and before a backend service all that it uses.

    Args:
        globs: the names of the rules to take, such as `llm-backend-*`; all without any. Former names count too.
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
    prepare()
    memory, found = Memory(), list[Policy]()
    for rule in _selected(globs):
        options = _OptionsReader(rule)
        found.extend(_former_policy(alias, rule, options) for alias in rule.aliases)
        remediate = _remediate(rule, options, memory, today) if rule.remediates else None
        if rule.stage == "resource":
            found.append(_resource_policy(rule, _judge_resource(rule, options, memory, today), remediate))
            continue
        if update is not None:
            found.append(_resource_policy(rule, _twin(rule, options, memory, today, judges=update), remediate))
        found.append(_stack_policy(rule, _judge_stack(rule, options, memory, today)))
    return found


def _selected(globs: tuple[str, ...]) -> list[AnyRule]:
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in BY_ANY_NAME):
            raise ValueError(f"no rule is named like `{glob}`{did_you_mean(glob, BY_ANY_NAME)}")
        if glob in BY_ANY_NAME and BY_ANY_NAME[glob].name != glob:
            warnings.warn(renamed(glob, BY_ANY_NAME[glob]), DeprecationWarning, stacklevel=3)
    selected = {rule.name for name, rule in BY_ANY_NAME.items() if any(fnmatchcase(name, glob) for glob in globs)}
    return [rule for rule in RULES if not globs or rule.name in selected]


def main() -> None:
    """Serves the pack until the Pulumi CLI ends it. Standard output belongs to the CLI's handshake."""
    PolicyPack(
        PACK_NAME,
        policies(),
        display_name="LLM backends on Google Cloud",
        readme=_readme(),
        provider="gcp",
        tags=["llm", "load balancing", "availability", "security"],
        repository=REPOSITORY if IS_PUBLISHED else None,
    )


class _OptionsReader:
    """Reads a rule's options, anew only when the engine configures it anew.

    `former` is what is configured under a name that the rule once had. It counts if the rule has no options of its own.
    """

    def __init__(self, rule: AnyRule) -> None:
        self._rule = rule
        self._last: tuple[Mapping[str, Any], Mapping[str, Any], Setting] | None = None
        self.former: Mapping[str, Any] = {}

    def __call__(self, configured: Mapping[str, Any]) -> Setting:
        if self._last is None or self._last[:2] != (configured, self.former):
            options = read_options(self._rule, configured)
            # The engine fills in the defaults of what nobody configured.
            if options == self._rule.options():
                options = read_options(self._rule, self.former)
            self._last = (configured, self.former, Setting(self._rule.level, options))
        return self._last[2]


ResourceValidation = Callable[[ResourceValidationArgs, ReportViolation], None]
StackValidation = Callable[[StackValidationArgs, ReportViolation], None]


def _former_policy(alias: str, rule: AnyRule, options: _OptionsReader) -> Policy:
    """Takes the options that are configured under a former name, which the CLI would drop if no policy had it."""

    def validate(args: ResourceValidationArgs, _: ReportViolation) -> None:
        options.former = args.get_config()

    description = f"Now called `{rule.name}`: move its options there. Its level does not carry over."
    metadata = _metadata(rule) | {"name": alias, "description": description, "enforcement_level": _FORMER_LEVEL}
    return ResourceValidationPolicy(validate=validate, **metadata)


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
            if not judges:
                return
            findings = apply_before_creation(rule, resource, shown, _certain_alone(setting), today)
        for finding in findings:
            if finding.status == "failed" and memory.mark_reported(rule.name, finding.urn, args.urn):
                report_violation(_message(finding, below=args.urn), args.urn)

    return validate


def _remediate(rule: AnyRule, options: _OptionsReader, memory: Memory, today: date) -> ResourceRemediation:
    def remediate(args: ResourceValidationArgs) -> Any:
        sent = as_sent(args.props)
        if sent is None or args.resource_type not in rule.subject.TYPES:
            return None
        setting = options(args.get_config())
        with memory.lock:
            resource, shown = memory.look_at(args)
            finding = apply_rule(rule, rule.subject.of(resource, shown), _certain_alone(setting), today)
        if finding is None or finding.status != "failed":
            return None
        fixes = (problem.settings_to_make(resource) for problem in finding.problems)
        changed = with_fixes(sent, ([(value.path, value.value) for value in values] for values in fixes if values))
        return None if changed is None else to_send(changed)

    return remediate


def _certain_alone(setting: Setting) -> Setting:
    """A setting by which nothing fails for being undecided: what is not known now may be when the whole stack is."""
    return Setting(setting.level, dataclasses.replace(setting.options, undecided="advise"))


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
    error.message = "undecided: " + "; ".join(map(_undecided_text, groups_of(findings)))
    raise error


def _undecided_text(alike: Group) -> str:
    first = alike.first
    names = listed([f"`{finding.name}`" for finding in alike.findings], MOST_NAMED)
    example = "" if alike.is_literal else f" (`{first.name}` stands for each of them here)"
    said = printable(f"{names}: {', and '.join(first.reasons)}{example}")
    return said + "".join(f" (waiver {waiver_text(waiver, has_expired=True)})" for waiver in first.expired)


def _message(finding: Finding, below: str = "") -> str:
    """What the engine shows below a resource, which may be a backend service that uses what the finding is about."""
    is_of_other = below not in ("", finding.urn)
    about = [f"This is about {title_of(finding)}, which this backend service uses."] if is_of_other else []
    deprecated = [f"This policy is deprecated: {finding.rule.deprecated}."] if finding.rule.deprecated else []
    return "\n".join([*about, *lines_of(finding), *deprecated, f"See {finding.rule.url}"])


def _metadata(rule: AnyRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "description": f"{rule.title}.",
        "enforcement_level": EnforcementLevel(rule.level),
        "config_schema": PolicyConfigSchema(json_schema(rule.options)),
        "display_name": rule.title,
        "severity": Severity(rule.severity),
        "framework": _framework(rule),
        "tags": [rule.area],
        "remediation_steps": f"{rule.summary}\n\nEach violation says what to change on its resource.",
        "url": rule.url,
    }


def _readme() -> str:
    """What Pulumi Cloud shows of the pack."""
    rows = [f"| `{rule.name}` | {rule.title} | {rule.severity} | {rule.level} |" for rule in RULES]
    lead = "Load balancers of Google Cloud that serve LLMs: multi-region, health-checked, bounded in load, and legal."
    return "\n".join(["# LLM backends on Google Cloud", "", lead, "", *_HEAD, *rows, ""])


def _framework(rule: AnyRule) -> PolicyComplianceFramework | None:
    """The framework that the rule names first, with all references to it: a policy has one field for all of them."""
    if not rule.frameworks:
        return None
    first = rule.frameworks[0]
    references = [one.reference for one in rule.frameworks if (one.name, one.version) == (first.name, first.version)]
    return PolicyComplianceFramework(first.name, first.version, ", ".join(references), None)


def _resource_policy(rule: AnyRule, validate: ResourceValidation, remediate: ResourceRemediation | None) -> Policy:
    return ResourceValidationPolicy(validate=validate, remediate=remediate, **_metadata(rule))


def _stack_policy(rule: AnyRule, validate: StackValidation) -> Policy:
    return StackValidationPolicy(validate=validate, **_metadata(rule))
