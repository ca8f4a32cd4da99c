"""`python -m policypack failover`: what it prints, and how it exits."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from policypack.cli import main
from tests.command import ROOT, command, process
from tests.projects import make_project
from tests.reference_stack.stacks import shipped
from tests.replay import RECORDINGS
from tests.test_cli import resource, state
from tests.test_failover import assert_agrees

STATE = RECORDINGS / "exported_state.json"


failover = partial(command, "failover")


def without_padding(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def examples(file: Path, start: str) -> list[str]:
    """The blocks without a language in a page that begin like that."""
    text = file.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)\n```$", text, flags=re.DOTALL | re.MULTILINE)
    return [block for language, block in blocks if not language and block.startswith(start)]


@pytest.mark.usefixtures("_warm")
def test_the_reference_stack_as_the_docs_show_it() -> None:
    result = failover("reference_stack", "--stack", "dev")
    assert (result.returncode, result.stderr) == (0, "")
    assert [without_padding(result.stdout)] == examples(ROOT / "docs/failover.md", "reference_stack, stack")


@pytest.mark.usefixtures("_warm")
def test_the_example_of_the_docs(tmp_path: Path) -> None:
    page = ROOT / "docs/failover.md"
    (program,) = re.findall(r"^```python\n(.*?)^```$", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    result = failover(make_project(tmp_path / "chat", program))
    assert (result.returncode, result.stderr) == (1, "")
    assert [without_padding(result.stdout)] == examples(page, "chat, stack cases")


@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize("stack", ["dev", "prod", "internal", "run"])
def test_the_reference_stacks_get_the_verdict_of_the_rule(stack: str) -> None:
    assert_agrees(shipped(ROOT / "reference_stack", stack))


def test_a_state_in_all_formats(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("f.json", "f.md", "F.TXT")]
    outputs = [part for file in files for part in ("--output", file)]
    result = failover(STATE, "--format", "json", *outputs)
    assert (result.returncode, result.stderr) == (1, "")
    (service,) = json.loads(result.stdout)["services"]
    assert (service["name"], service["verdict"]) == ("chat", "fails")
    assert files[0].read_text() == result.stdout
    assert files[1].read_text() == failover(STATE, "--format", "markdown").stdout
    assert files[2].read_text() == failover(STATE).stdout


def test_standard_input_is_a_state() -> None:
    result = process("failover", "-", given=STATE.read_text())
    assert result.returncode == 1
    assert result.stdout.startswith("standard input\n")


def test_a_peak_decides() -> None:
    enough = failover(STATE, "--peak-rps", "6", "--rps-per-machine", "chat=3")
    assert (enough.returncode, enough.stderr) == (0, "")
    assert "chat  survives the loss of any one region" in enough.stdout.splitlines()
    too_much = failover(STATE, "--peak-rps", "99", "--peak-rps", "chat=6.1", "--rps-per-machine", "3")
    assert too_much.returncode == 1
    assert "    set `minReplicas` of `scaler-us-central1` from 2 to 3 (us-central1)" in too_much.stdout.splitlines()


def one_service(tmp_path: Path, *groups: str) -> Path:
    """A state of one service over groups that are outside it."""
    backends = [{"group": f"projects/p/{group}", "maxUtilization": 0.8} for group in groups]
    inputs = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP", "backends": backends}
    return state(tmp_path, [resource("gcp:compute/backendService:BackendService", "chat", inputs)])


@pytest.mark.parametrize(
    ("groups", "arguments", "line", "status"),
    [
        (["regions/us-east1/instanceGroups/a"], [], "chat  does not survive the loss of its only region", 1),
        (["regions/us-east1/instanceGroups/a", "regions/us-west1/instanceGroups/b"], [], "chat  undecided", 0),
        (
            ["regions/us-east1/instanceGroups/a", "regions/us-west1/instanceGroups/b"],
            ["--fail-on", "undecided"],
            "chat  undecided",
            1,
        ),
        ([], [], "chat  not judged", 0),
    ],
)
def test_exit_status(tmp_path: Path, groups: list[str], arguments: list[str], line: str, status: int) -> None:
    result = CliRunner().invoke(main, ["failover", str(one_service(tmp_path, *groups)), *arguments])
    assert line in result.output.splitlines()
    assert result.exit_code == status


def test_undecided_can_fail() -> None:
    result = failover(STATE, "--peak-rps", "6")
    assert result.returncode == 0
    assert "chat  undecided" in result.stdout.splitlines()
    assert "set --rps-per-machine" in result.stdout
    assert failover(STATE, "--peak-rps", "6", "--fail-on", "undecided").returncode == 1


def test_blocks_need_an_encoding_that_has_them() -> None:
    assert "█" in process("failover", STATE, "--color", "always", PYTHONIOENCODING="utf-8").stdout
    plain = process("failover", STATE, "--color", "always", PYTHONIOENCODING="ascii").stdout
    assert plain.isascii()
    assert "####" in plain
    assert process("failover", STATE, PYTHONIOENCODING="utf-8").stdout.isascii()


def refused(arguments: list[str]) -> str:
    """What a command says that refuses its arguments."""
    result = failover(STATE, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--peak-rps", "chta=4"], "error: --peak-rps chta: there is no such backend service; there are: chat"),
        (
            ["--rps-per-machine", "4"],
            "error: --rps-per-machine needs --peak-rps: also give the load",
        ),
        (
            ["--output", "failover.html"],
            "error: cannot infer a format from failover.html: use one of these extensions: .txt (terminal), .json "
            "(json), .md (markdown)",
        ),
        (
            ["--peak-rps", "nan"],
            "Error: Invalid value for '--peak-rps': 'nan': give requests per second, above 0 up to 1000000000, such as "
            "40 or chat=40",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_sentence(arguments: list[str], message: str) -> None:
    assert refused(arguments) == message


NO_NUMBER = "give requests per second, above 0 up to 1000000000, such as 40 or chat=40"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["-1"], f"'-1': {NO_NUMBER}"),
        (["0"], f"'0': {NO_NUMBER}"),
        (["inf"], f"'inf': {NO_NUMBER}"),
        (["1e308"], f"'1e308': {NO_NUMBER}"),
        (["many"], f"'many': {NO_NUMBER}"),
        (["chat=nan"], f"'chat=nan': {NO_NUMBER}"),
        (["chat="], f"'chat=': {NO_NUMBER}"),
        ([""], f"'': {NO_NUMBER}"),
        (["=4"], "'=4': name a backend service before the equals sign, or omit the sign"),
        (["4", "5"], "there are two values for all services: remove one"),
        (["a=4", "b=4", "a=4"], "there are two values for a: remove one"),
    ],
)
@pytest.mark.parametrize("option", ["--peak-rps", "--rps-per-machine"])
def test_numbers_that_are_none(option: str, values: list[str], message: str) -> None:
    arguments = ["failover", str(STATE), *(part for value in values for part in (option, value))]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert f"Error: Invalid value for '{option}': {message}" in result.output.splitlines()
