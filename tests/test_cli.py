"""`python -m policypack check`: what it prints, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest

from policypack import VERSION
from policypack.cli import main
from policypack.rules import RULES
from tests.command import PATIENCE, ROOT, Ended, command, installing, process, wait_until
from tests.expected import FIRST_RULES
from tests.projects import make_project
from tests.replay import RECORDINGS

pytestmark = pytest.mark.usefixtures("_warm")
STATE = RECORDINGS / "exported_state.json"
ONE_REGION = """
import pulumi

service = "gcp:compute/backendService:BackendService"
pulumi.CustomResource(service, "chat", {
    "loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP", "portName": "http", "backends": [
        {"group": "projects/p/regions/us-central1/instanceGroups/a", "maxUtilization": 0.8},
    ],
})
"""


check = partial(command, "check")


def config(tmp_path: Path, document: Any) -> Path:
    file = tmp_path / "policy-config.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def resource(type_: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::llm::{type_}::{name}"
    return {"urn": urn, "custom": True, "type": type_, "inputs": inputs, "outputs": inputs, "id": name, **more}


def state(tmp_path: Path, resources: list[dict[str, Any]]) -> Path:
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return file


# The states here are made for the first rules: what others ask for is none of their business.
WITHOUT_OTHERS = {rule.name: "disabled" for rule in RULES if rule.name not in FIRST_RULES}


@pytest.fixture
def first_rules(tmp_path: Path) -> list[str | Path]:
    """The arguments that enable the first rules only."""
    return ["--policy-config", config(tmp_path, WITHOUT_OTHERS)]


def test_a_compliant_state(first_rules: list[str | Path]) -> None:
    result = process("check", STATE, *first_rules, "--verbose")
    assert (result.returncode, result.stderr) == (0, "")
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith(("llm-", "load-"))]
    assert [(row[0], row[2]) for row in rows] == [
        ("llm-backend-health-check", "1"),
        ("llm-backend-max-utilization", "1"),
        ("llm-backend-named-port", "1"),
        ("llm-backend-regions", "1"),
        ("load-balancer-balancing-mode", "1"),
        ("load-balancer-product", "1"),
    ]
    assert "0 violations (0 mandatory), 0 undecided, in 1 resource judged by 6 rules." in result.stdout
    assert "\x1b" not in result.stdout


def test_standard_input_is_a_state(first_rules: list[str | Path]) -> None:
    result = process("check", "-", *first_rules, given=STATE.read_text())
    assert result.returncode == 0
    assert result.stdout.startswith("standard input: ")


def test_a_violation_says_what_was_observed_what_is_required_and_how_to_fix_it(tmp_path: Path) -> None:
    result = process("check", make_project(tmp_path, ONE_REGION))
    assert result.returncode == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert any(line.startswith("chat  gcp:compute/backendService:BackendService") for line in lines)
    assert "critical  llm-backend-regions  mandatory" in lines
    assert "Observed: All backends are in one region (`us-central1`)." in lines
    assert "Required: Backends in at least 2 regions." in lines
    assert any(line.startswith("Fix: Add a backend in another region") for line in lines)
    assert "Undecided: `named_ports` of `a` is not known: it is outside the stack." in lines


def test_colors_are_for_terminals_or_on_demand(tmp_path: Path) -> None:
    one_region = state(tmp_path, [ONE_REGION_STATE])
    assert "\x1b" in process("check", one_region, "--color", "always").stdout
    assert "\x1b" not in command("check", one_region, "--color", "never").stdout
    assert "\x1b" not in process("check", one_region).stdout


UNDECIDED_ONLY = resource(
    "gcp:compute/backendService:BackendService",
    "chat",
    {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "protocol": "HTTP",
        "portName": "http",
        "healthChecks": "projects/p/global/healthChecks/h",
        "backends": [
            {"group": f"projects/p/regions/{region}/instanceGroups/a", "maxUtilization": 0.8}
            for region in ("us-central1", "europe-west4")
        ],
    },
)
ONE_REGION_STATE = resource(
    "gcp:compute/backendService:BackendService",
    "chat",
    {**UNDECIDED_ONLY["inputs"], "backends": UNDECIDED_ONLY["inputs"]["backends"][:1]},
)


@pytest.mark.parametrize(
    ("resources", "levels", "arguments", "status"),
    [
        ([UNDECIDED_ONLY], {}, [], 0),
        ([UNDECIDED_ONLY], {}, ["--fail-on", "advisory"], 0),
        ([UNDECIDED_ONLY], {}, ["--fail-on", "undecided"], 1),
        ([UNDECIDED_ONLY], {"all": "disabled"}, ["--fail-on", "undecided"], 0),
        ([ONE_REGION_STATE], {}, [], 1),
        ([ONE_REGION_STATE], {"all": "advisory"}, [], 0),
        ([ONE_REGION_STATE], {"all": "advisory"}, ["--fail-on", "advisory"], 1),
        ([ONE_REGION_STATE], {"all": "disabled", "llm-backend-regions": "mandatory"}, [], 1),
        ([ONE_REGION_STATE], {"llm-backend-regions": "disabled"}, [], 0),
        ([ONE_REGION_STATE], {"llm-backend-regions": {"min_regions": 1}}, [], 0),
        ([UNDECIDED_ONLY], {"llm-backend-named-port": {"undecided": "fail"}}, [], 1),
        ([UNDECIDED_ONLY], {}, ["--strict"], 1),
        ([UNDECIDED_ONLY], {"all": "advisory"}, ["--strict"], 0),
        ([UNDECIDED_ONLY], {"all": "advisory"}, ["--strict", "--fail-on", "advisory"], 1),
        ([UNDECIDED_ONLY], {"all": "disabled"}, ["--strict", "--fail-on", "undecided"], 0),
        ([], {}, [], 0),
    ],
)
def test_exit_status(
    tmp_path: Path, resources: list[dict[str, Any]], levels: Any, arguments: list[str], status: int
) -> None:
    document = WITHOUT_OTHERS | levels
    result = check(state(tmp_path, resources), "--policy-config", config(tmp_path, document), *arguments)
    assert (result.returncode, result.stderr) == (status, "")


def test_green_never_means_that_nothing_was_looked_at(tmp_path: Path) -> None:
    result = check(state(tmp_path, []))
    assert "Nothing was judged" in result.stdout


def test_strict_says_what_could_not_be_decided(tmp_path: Path, first_rules: list[str | Path]) -> None:
    result = check(state(tmp_path, [UNDECIDED_ONLY]), *first_rules, "--strict")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "Undecided" not in lines
    assert "Undecided: its health check `h` is outside the stack." in lines
    assert any("`--strict`" in line for line in lines if line.startswith("Fix:"))


WAIVERS = [
    {"resource": "chat", "reason": "quota requested", "owner": "ml-platform", "expires": "2026-06-30"},
    {"resource": "old-*", "reason": "gone soon", "owner": "web", "expires": "2030-01-01"},
]


def waived(tmp_path: Path, today: str) -> tuple[int, list[str]]:
    document = {"all": "disabled", "llm-backend-regions": {"enforcementLevel": "mandatory", "waivers": WAIVERS}}
    arguments = ("--policy-config", config(tmp_path, document), "--today", today, "--verbose")
    result = check(state(tmp_path, [ONE_REGION_STATE]), *arguments)
    assert result.stderr == ""
    return result.returncode, [line.strip() for line in result.stdout.splitlines()]


UNUSED = ["llm-backend-regions  old-*  unused", "Waiver: in force until 2030-01-01, owner web: gone soon."]


def test_waivers_in_force_and_unused_ones_are_listed(tmp_path: Path) -> None:
    status, lines = waived(tmp_path, "2026-06-30")
    assert status == 0
    first = lines.index("Waivers")
    assert [line for line in lines[first:] if line][:6] == [
        "Waivers",
        "llm-backend-regions  chat  in force",
        "Waiver: in force until 2026-06-30, owner ml-platform: quota requested.",
        "Waives: `chat`",
        *UNUSED,
    ]
    assert "Observed: All backends are in one region (`us-central1`)." not in lines
    assert [line.split() for line in lines if line.startswith("llm-backend-regions  mandatory")] == [
        ["llm-backend-regions", "mandatory", "-", "-", "-", "1", "-"]
    ]
    assert lines[-1] == "0 violations (0 mandatory), 0 undecided, 1 waived, in 1 resource judged by 1 rule."


def test_an_expired_waiver_is_listed_and_what_it_covered_stands(tmp_path: Path) -> None:
    status, lines = waived(tmp_path, "2026-07-01")
    assert status == 1
    assert "Observed: All backends are in one region (`us-central1`)." in lines
    said = "Waiver: expired after 2026-06-30, owner ml-platform: quota requested."
    assert said in lines[: lines.index("Waivers")]
    first = lines.index("Waivers")
    assert [line for line in lines[first:] if line][:6] == [
        "Waivers",
        "llm-backend-regions  chat  expired",
        said,
        "Stands: `chat`",
        *UNUSED,
    ]
    assert lines[-2:] == [
        "1 violation (1 mandatory), 0 undecided, in 1 resource judged by 1 rule.",
        "`explain RULE` shows what a rule checks, why, and examples.",
    ]


def test_an_unused_waiver_that_has_expired_is_not_said_to_be_in_force(tmp_path: Path) -> None:
    _, lines = waived(tmp_path, "2030-01-02")
    said = lines.index("llm-backend-regions  old-*  unused")
    assert lines[said + 1] == "Waiver: expired after 2030-01-01, owner web: gone soon."


def test_without_waivers_nothing_is_said_of_them(first_rules: list[str | Path]) -> None:
    output = check(STATE, *first_rules).stdout
    assert "aive" not in output


BAD_CONFIGS: list[tuple[Any, str]] = [
    ({"llm-backend-region": "mandatory"}, "unknown policy `llm-backend-region`; did you mean `llm-backend-regions`?"),
    ({"llm-backend-regions": {"min_region": 3}}, "option `min_region` is unknown; did you mean `min_regions`?"),
    ({"llm-backend-regions": "mandatry"}, "unknown level `mandatry`"),
    ({"llm-backend-regions": {"min_regions": "many"}}, "`min_regions` must be a whole number from 1 to 50"),
    ("{", "is not valid JSON"),
]


@pytest.mark.parametrize(("document", "sentence"), BAD_CONFIGS)
def test_a_bad_configuration_is_refused(tmp_path: Path, document: Any, sentence: str) -> None:
    assert_refused(check(STATE, "--policy-config", config(tmp_path, document)), "policy-config.json", sentence)


@pytest.mark.parametrize(
    ("content", "sentences"),
    [
        (STATE.read_text()[:5000], ["line", "column"]),
        ('{"version": 4, "terraform_version": "1.9.0", "resources": []}', ["pulumi stack export"]),
        ("[]", ["pulumi stack export"]),
        ('{"version": 99, "deployment": {"resources": []}}', ["version"]),
        ("", ["state.json"]),
    ],
)
def test_a_bad_state_is_refused(tmp_path: Path, content: str, sentences: list[str]) -> None:
    file = tmp_path / "state.json"
    file.write_text(content)
    assert_refused(check(file), *sentences)


DATA_SOURCE = 'import pulumi\npulumi.runtime.invoke("gcp:compute/getZones:getZones", {})\n'


@pytest.mark.parametrize(
    ("program", "sentences"),
    [
        ('raise ValueError("no such model")', ["__main__.py:1", "ValueError", "no such model"]),
        (DATA_SOURCE, ["gcp:compute/getZones:getZones"]),
        ('import pulumi\npulumi.Config().require("model")', ["llm:model", "pulumi config set"]),
    ],
)
def test_a_program_that_cannot_run_is_refused(tmp_path: Path, program: str, sentences: list[str]) -> None:
    assert_refused(check(make_project(tmp_path, program)), *sentences)


def test_a_target_that_cannot_be_looked_at_is_named() -> None:
    assert_refused(check("x" * 300), f"{'x' * 300} cannot be read: File name too long. Check its name")
    assert_refused(check("x" * 300, "--all-stacks"), "cannot be read: File name too long. Check its name")


def test_what_a_refusal_quotes_is_no_command_to_the_terminal() -> None:
    assert_refused(check("\x1b[31mred"), r"There is no file or folder \x1b[31mred.")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    assert_refused(check(tmp_path), "Pulumi.yaml", str(tmp_path))
    assert_refused(check(tmp_path / "missing"), "missing")
    assert_refused(check(STATE, "--stack", "dev"), "--stack")
    assert_refused(check(STATE, "--policy-config", tmp_path / "none.json"), "none.json")


def test_another_language_and_esc_need_the_cli(tmp_path: Path) -> None:
    project = make_project(tmp_path / "esc", "")
    (project / "Pulumi.cases.yaml").write_text("environment:\n  - prod\n")
    assert_refused(check(project), "ESC", "--policy-pack")
    (tmp_path / "Pulumi.yaml").write_text("name: web\nruntime: nodejs\n")
    assert_refused(check(tmp_path), "nodejs", "--policy-pack")


@pytest.mark.parametrize(
    "arguments",
    [["--fail-on", "everything"], ["--color", "mauve"], ["a", "b"], ["--nope"], ["--today", "soon"], ["--today", "7"]],
)
def test_bad_arguments(arguments: list[str]) -> None:
    assert check(*arguments).returncode == 2


def test_encrypted_configuration_is_listed_by_key_and_never_printed(tmp_path: Path) -> None:
    program = """
import pulumi

token = pulumi.Config().require_secret("token")
pulumi.CustomResource("gcp:compute/backendService:BackendService", "chat", {"portName": token, "backends": [
    {"group": "projects/p/regions/us-central1/instanceGroups/a", "maxUtilization": 0.8}]})
"""
    project = make_project(tmp_path, program)
    (project / "Pulumi.cases.yaml").write_text("config:\n  llm:token:\n    secure: v1:abc:def\n")
    result = check(project)
    assert result.returncode == 1
    assert "Note: encrypted configuration values are not known in this run" in result.stdout
    assert "depends on them: llm:token.\n" in result.stdout
    assert "Undecided: `port_name` is not known." in result.stdout
    assert "v1:abc" not in result.stdout
    assert "encrypted-value" not in result.stdout


def assert_refused(result: Ended, *sentences: str) -> None:
    """Status 2, nothing judged, and one clear message without a traceback."""
    assert result.returncode == 2, result.stdout
    assert result.stdout == ""
    assert [sentence for sentence in sentences if sentence not in result.stderr] == [], result.stderr
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_names_cannot_drive_the_terminal(tmp_path: Path) -> None:
    named = {**ONE_REGION_STATE, "urn": ONE_REGION_STATE["urn"].replace("::chat", "::ch\x1b[31mat\n\ud800")}
    result = process("check", state(tmp_path, [named]), PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (1, "")
    assert "\x1b" not in result.stdout
    assert r"ch\x1b[31mat\n\ud800  gcp:compute/backendService:BackendService" in result.stdout


def test_resources_of_one_name_are_told_apart(tmp_path: Path) -> None:
    urns = [ONE_REGION_STATE["urn"].replace("gcp:", f"acme:x:{name}$gcp:") for name in ("A", "B")]
    result = check(state(tmp_path, [{**ONE_REGION_STATE, "urn": urn} for urn in urns]))
    assert f"  chat  {urns[0]}, chat  {urns[1]}  gcp:compute/backendService:BackendService\n" in result.stdout


def test_a_report_that_cannot_be_written_is_no_violation() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "policypack", "check", str(STATE)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr == "error: cannot write the report: No space left on device\n"


def test_the_file_of_a_project_is_not_a_state() -> None:
    assert_refused(command("check", "reference_stack/Pulumi.dev.yaml"), "give its folder", "--stack")


def test_without_its_libraries_the_command_line_says_what_to_install() -> None:
    program = "import sys, runpy; sys.modules['click'] = None; runpy.run_module('policypack', run_name='__main__')"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 2
    assert result.stderr == f"error: the command line needs click: run `{installing('cli')}`\n"


def test_a_closed_standard_output_is_said() -> None:
    closed = f"{sys.executable} -m policypack rules >&-"
    result = subprocess.run(closed, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (2, "error: cannot write the report: standard output is closed\n")


SLEEPS = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n"


def test_a_terminated_run_stops_its_program_and_leaves_nothing_behind(tmp_path: Path) -> None:
    project = make_project(tmp_path / "infra", SLEEPS)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary)}
    words = [sys.executable, "-m", "policypack", "check", str(project)]
    with subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as running:
        pid = project / "pid"
        wait_until(lambda: pid.exists() and pid.read_text())
        running.terminate()
        _, errors = running.communicate(timeout=PATIENCE)
    assert (running.returncode, errors) == (143, "terminated\n")
    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_rules_that_are_all_disabled_judge_nothing_and_it_is_said(tmp_path: Path) -> None:
    result = check(STATE, "--policy-config", config(tmp_path, {"all": "disabled"}))
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == "Nothing was judged: every rule is disabled."


def test_findings_name_the_line_that_makes_the_resource(tmp_path: Path) -> None:
    program = """
import pulumi_gcp as gcp

gcp.compute.BackendService(
    "chat", backends=[{"group": "projects/p/regions/us-central1/instanceGroups/a", "max_utilization": 0.8}]
)
"""
    project = make_project(tmp_path, program)
    lines = check(project).stdout.splitlines()
    place = lines.index("  chat  gcp:compute/backendService:BackendService  __main__.py:4")
    assert lines[place + 1] == "    4 | gcp.compute.BackendService("


def test_a_name_that_is_no_stacks_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, "")
    for name in ("../dev", "a/../dev", "..", "a/b/c/d", "dev\n"):
        assert_refused(check(project, "--stack", name), "is not a stack name")


def test_a_path_that_the_locale_cannot_write_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p\u00f6", "")
    ascii_only: Any = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert_refused(process("check", project, **ascii_only), "set a locale such as LC_ALL=C.UTF-8")


def test_the_version_is_told() -> None:
    assert process("--version").stdout == f"llm-backends-gcp {VERSION}\n"


@pytest.mark.parametrize("words", ["", "check", "audit", "failover", "rules", "explain", "config init"])
def test_the_help_calls_the_program_as_it_was_called(words: str, tmp_path: Path) -> None:
    installed = tmp_path / "llm-policypack"
    installed.write_text("from policypack.__main__ import main\nmain()\n")
    names = {"python -m policypack": ["-m", "policypack"], "llm-policypack": [str(installed)]}
    for name, start in names.items():
        call = [sys.executable, *start, *words.split(), "--help"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        result = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=60, check=False)
        examples = [line for line in result.stdout.splitlines() if " policypack " in line or "llm-policypack " in line]
        assert len(examples) > 1
        assert [line for line in examples if f"{name} " not in line] == []


def all_commands(group: click.Group) -> Iterator[click.Command]:
    for one in group.commands.values():
        yield from all_commands(one) if isinstance(one, click.Group) else (one,)


@pytest.mark.parametrize("one", list(all_commands(main)), ids=lambda one: one.name)
def test_every_option_has_a_sentence(one: click.Command) -> None:
    assert one.help
    options = [option for option in one.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not (option.help or "").endswith(".")] == []
