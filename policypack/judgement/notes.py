"""What a reader has to know about a run besides its findings, and which globs are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from policypack.baseline import named
from policypack.config.error import ConfigurationError
from policypack.config.options import Setting
from policypack.evaluate import Report
from policypack.model.gke.sight import Sight, signals_of
from policypack.model.graph.stack import Stack
from policypack.selection import services_in
from policypack.wording import listed, natural, printable, quoted

_MOST_NAMED: Final = 8


def notes_on_remediation(report: Report, settings: Mapping[str, Setting], stack: Stack) -> Iterator[str]:
    """Which violations `pulumi up` can mend, with the level `remediate`: a sentence without full stop."""
    own = [rule for rule in report.rules if rule.rule.remediates and settings[rule.rule.name].remediates]
    failed = [(one, stack.by_urn(one.urn)) for rule in own for one in rule.with_status("failed")]
    mended = [one for one, of in failed if of and any(problem.settings_to_make(of) for problem in one.problems)]
    if mended:
        shown = named((one.rule.name, one.name) for one in mended)
        yield f"with the level `remediate`, `pulumi up` can make these fixes: {shown}; this command changes nothing"


def refuse_globs(stacks: Sequence[Stack], globs: Sequence[str]) -> None:
    """Refuses globs that select no backend service of any of the stacks, if there are backend services.

    Raises:
        ConfigurationError: the globs, and the services that there are.
    """
    names, there = services_in(*stacks), services_in(*stacks, with_empty=True)
    wrong = [glob for glob in dict.fromkeys(globs) if not any(fnmatchcase(name, glob) for name in there)]
    if names and wrong:
        raise ConfigurationError(*(_selects_nothing(glob, names) for glob in wrong))


def notes_on_services(stack: Stack, globs: Sequence[str]) -> tuple[str, ...]:
    """Which of these globs select no backend service of a stack: sentences without full stop."""
    names = services_in(stack)
    wrong = (glob for glob in globs if not any(fnmatchcase(name, glob) for name in names))
    return tuple(_selects_nothing(glob, names) for glob in wrong)


def _selects_nothing(glob: str, names: Sequence[str]) -> str:
    return f"the services glob `{printable(glob)}` selects nothing: {_what_is_there(names)}"


def notes_out_of_sight(stack: Stack) -> tuple[str, ...]:
    """That load balancers, which no backend service of a stack belongs to, are not counted: a sentence without stop."""
    names = {signal.resource.name for signal in signals_of(stack) if signal.sight is not Sight.ELSEWHERE}
    if not names:
        return ()
    shown = listed([printable(f"`{name}`") for name in sorted(names, key=natural)], _MOST_NAMED)
    return (f"load balancers that no backend service of the stack belongs to are not counted: see {shown}",)


def notes_on_selection(stack: Stack, settings: Mapping[str, Setting]) -> tuple[str, ...]:
    """That the configuration selects no backend service of a stack, if so: a sentence without full stop."""
    globs = {
        glob for setting in settings.values() if setting.level != "disabled" for glob in setting.options.services.names
    }
    names = services_in(stack)
    if not names or any(fnmatchcase(name, glob) for name in names for glob in globs):
        return ()
    return (f"`services` in the policy configuration selects nothing: {_what_is_there(names)}",)


def _what_is_there(names: Sequence[str]) -> str:
    if not names:
        return "the stack has no backend service"
    shown = [printable(name) for name in names]
    if len(shown) <= _MOST_NAMED:
        return f"the backend service{'s are' if len(shown) > 1 else ' is'} {quoted(shown)}"
    return f"of {len(shown)} backend services, such as {quoted(shown[:_MOST_NAMED])}"
