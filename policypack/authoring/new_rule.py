"""The files of a new rule, for people who work on the pack."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Final

from policypack.config.options import EVERY_RULE
from policypack.config.terms import Stage
from policypack.rule import NAME

ROOT: Final = Path(__file__).parent.parent.parent
_LONGEST_NAME: Final = 50


class NewRuleError(Exception):
    """The files cannot be made: the message says what is wrong and how to fix it."""


def make_rule(name: str, area: str, stage: Stage, root: Path = ROOT) -> list[Path]:
    """Writes a rule and its test, both to be filled in where they say TODO, and the area's package if it is new.

    Args:
        name: the name of the policy, in kebab case.
        area: the name of the package in policypack/rules.
        stage: as in `Rule`.
        root: the checkout to write to.

    Returns:
        The files made, relative to `root`.

    Raises:
        NewRuleError: a name that is taken or that cannot be one, or no checkout. Nothing is written then.
    """
    _check_names(name, area)
    rules, module = root / "policypack/rules", name.replace("-", "_")
    if not (root / "tests/rules").is_dir():
        raise NewRuleError(f"{root} has no tests/rules: run this in a checkout of the pack")
    contents = {
        rules / area / f"{module}.py": _fill(_RULE, name, stage),
        root / "tests/rules" / f"test_{module}.py": _fill(_TEST, name, stage),
    }
    taken = [*rules.glob(f"*/{module}.py"), *(file for file in contents if file.exists())]
    if taken:
        raise NewRuleError(f"{taken[0].relative_to(root)} exists and is left as it is: choose another name")
    if not (rules / area / "__init__.py").exists():
        contents[rules / area / "__init__.py"] = f'"""Rules about {area}."""\n'
    for file, text in contents.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [file.relative_to(root) for file in contents]


def _check_names(name: str, area: str) -> None:
    if not re.fullmatch(NAME, name) or len(name) > _LONGEST_NAME:
        raise NewRuleError(
            f"`{name}` is no name for a rule: use small letters, digits and single hyphens, such as "
            f"`llm-backend-quota`, and {_LONGEST_NAME} characters at most"
        )
    if name == EVERY_RULE or keyword.iskeyword(name):
        raise NewRuleError(f"`{name}` means something else already: choose another name")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", area) or keyword.iskeyword(area):
        raise NewRuleError(f"`{area}` is no name for an area: use one word in small letters, such as `availability`")


def _fill(template: str, name: str, stage: Stage) -> str:
    return template.replace("RULE-NAME", name).replace("RULE_NAME", name.replace("-", "_")).replace("STAGE", stage)


_RULE: Final = '''"""The rule `RULE-NAME`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.rule import Options, rule
from policypack.rules.shared.conditions import HAS_BACKENDS
from policypack.verdict import Checks, Fail, known


@rule(
    title="TODO: the state that it asks for, without a full stop",
    severity="medium",
    level="advisory",
    stage="STAGE",
    url="https://cloud.google.com/TODO",
    # TODO: what has to hold for it to apply; policypack/rules/shared/conditions.py has what rules share.
    applies=(HAS_BACKENDS,),
)
def RULE_NAME(service: BackendService, options: Options) -> Checks:
    """TODO: the same as a sentence.

    ## What it checks
    TODO: which properties of which resources, and what they have to be; each option by its name.

    ## Why it matters
    TODO: what goes wrong in production without it.

    ## Applies to
    TODO: kinds of load balancers, and resources with their regional, zonal and legacy twins.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    # TODO: a short and complete program in which "chat" is what the rule judges.
    gcp.compute.BackendService("chat")
    ```

    ## Passes
    ```diff
    -gcp.compute.BackendService("chat")
    +gcp.compute.BackendService("chat", protocol="TODO")
    ```

    ## Undecided
    TODO: what can be unknown so that it cannot tell.
    """
    # TODO: the sentence that it enforces, in about 30 lines; CONTRIBUTING.md has the rules of the rules. Nothing means
    # that it passes. Options of its own: a frozen dataclass derived from Options, with Annotated[int, Range(1, 9)], and
    # each described under `Attributes:`.
    yield _protocol_is_right(service)


def _protocol_is_right(service: BackendService) -> Checks:
    protocol = known(service.protocol, "protocol")
    if protocol != "TODO":
        yield Fail(f"`protocol` is {protocol}.", "TODO: what is required.", "TODO: what to do.")
'''

_TEST: Final = '''"""`RULE-NAME` on failing, passing, unknown and not applicable stacks."""

from __future__ import annotations

from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from tests.stacks import backend, build, check_verdict, findings, mig, service

RULE = "RULE-NAME"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        # TODO: rows for what fails, passes, is unknown and not applicable, and for the edges between them.
        pytest.param({"protocol": "HTTP"}, "failed", id="plain HTTP"),
        pytest.param({"protocol": "HTTPS"}, "passed", id="HTTPS"),
        pytest.param({"protocol": UNKNOWN}, "undecided", id="computed protocol"),
    ],
)
def test_verdicts(inputs: dict[str, Any], expected: str) -> None:
    group = mig()
    check_verdict(RULE, [service([backend(group)], **inputs), group], expected)


def test_without_backends_it_does_not_apply() -> None:
    check_verdict(RULE, [service([])], "not applicable")


def test_the_message_says_what_to_do() -> None:
    group = mig()
    (found,) = findings(RULE, build(service([backend(group)], protocol="HTTP"), group))
    assert [problem.fix for problem in found.problems] == ["TODO"]
'''
