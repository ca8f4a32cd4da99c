"""What the command line says of stacks of Kubernetes objects: exit status, last line and notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from policypack.cli import main
from policypack.testing import assert_compliant
from tests.rules.clusters import gateway, health, policy, pool, release, route
from tests.stacks import R
from tests.test_cli import resource, state

FORMATS = ("json", "junit", "markdown", "sarif")
NOTHING = "Nothing was judged, although there are or may be load balancers: see"


def run(command: str, file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [command, str(file), *arguments], env={"COLUMNS": "200"})


def notifications(sarif: str) -> list[dict[str, Any]]:
    (log_run,) = json.loads(sarif)["runs"]
    (invocation,) = log_run["invocations"]
    found: list[dict[str, Any]] = invocation["toolExecutionNotifications"]
    return found


def deployed(folder: Path, *stack: R) -> Path:
    return state(folder, [resource(one.token, one.name, one.inputs) for one in stack])


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 0),
        (["--strict"], 1),
        (["--fail-on", "undecided"], 1),
        (["--fail-on", "advisory"], None),
        (["--fail-on", "nothing-judged"], 1),
    ],
)
@pytest.mark.parametrize("stack", [(release(),), (gateway(),)], ids=["release", "gateway"])
def test_a_run_that_judged_nothing(
    tmp_path: Path, stack: tuple[R, ...], arguments: list[str], status: int | None
) -> None:
    result = run("check", deployed(tmp_path, *stack), *arguments)
    # Of the two only the Gateway is a violation, an advisory one.
    assert result.exit_code == (status if status is not None else int(stack[0].name == "front"))
    said, names = f"{NOTHING} `{stack[0].name}`.", [stack[0].name]
    assert said in result.stdout
    documents = {
        name: run("check", deployed(tmp_path, *stack), *arguments, "--format", name).stdout for name in FORMATS
    }
    assert json.loads(documents["json"])["summary"]["nothingJudged"] == {"reason": said, "names": names}
    assert said in {one["message"]["text"] for one in notifications(documents["sarif"])}
    assert said.removesuffix(".") in documents["markdown"]
    (empty,) = ElementTree.fromstring(documents["junit"]).findall("*/testcase[@name='nothing judged']/skipped")
    assert empty.get("message") == said


def test_a_test_of_a_project_fails_if_nothing_was_judged(tmp_path: Path) -> None:
    file = deployed(tmp_path, release())
    assert_compliant(file)
    for options in ({"strict": True}, {"fail_on": ["undecided"]}, {"fail_on": ["nothing-judged"]}):
        arguments: dict[str, Any] = options
        with pytest.raises(AssertionError, match=r"`release` may hold load balancers|Nothing was judged"):
            assert_compliant(file, **arguments)


def test_services_select_backends_on_gke(tmp_path: Path) -> None:
    stack = [gateway(), route(pool()), pool(), health(pool()), policy(pool(), {})]
    file = deployed(tmp_path, *stack)
    assert "llm-backend-timeout" in run("check", file, "--services", "chat").stdout.partition("Rule  ")[0]
    result = run("check", file, "--services", "other")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`other`" in result.stderr
    assert "`chat`" in result.stderr


def test_failover_does_not_count_what_it_does_not_see(tmp_path: Path) -> None:
    result = run("failover", deployed(tmp_path, gateway(), route(pool()), pool()))
    assert (
        "load balancers that no backend service of the stack belongs to are not counted: see `front`" in result.stdout
    )
    assert result.stdout.splitlines()[-1] == "Nothing was judged: there is no backend service."
