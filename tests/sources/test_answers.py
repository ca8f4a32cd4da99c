"""What functions of providers return: nothing known, or what a file says."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from policypack.model.values.values import UNKNOWN
from policypack.sources.error import SourceError
from policypack.sources.program import ProgramStack, load_program
from policypack.sources.program.answers import read_answers
from policypack.testing import assert_compliant
from tests.command import command

pytestmark = pytest.mark.usefixtures("_warm")
ROOT = Path(__file__).parent.parent.parent
REFERENCE_PYTHON = ROOT / "reference_stack" / "venv" / "bin" / "python"
CONFIG = "config:\n  gcp:project: p-demo\n  llm:token: {secure: v1:abc}\n  llm:size: {secure: v1:abc}\n"
# Functions with classes for their results, as the packages of providers have them, and no package to import.
FUNCTIONS = """\
from typing import Optional, Sequence
import pulumi

@pulumi.output_type
class Nic(dict):
    def __init__(__self__, *, access_ip=None, name=None):
        pulumi.set(__self__, "access_ip", access_ip)
        pulumi.set(__self__, "name", name)

    @property
    @pulumi.getter(name="accessIp")
    def access_ip(self) -> str:
        return pulumi.get(self, "access_ip")

    @property
    @pulumi.getter
    def name(self) -> Optional[str]:
        return pulumi.get(self, "name")

    def _translate_property(self, prop):
        return {"accessIp": "access_ip"}.get(prop) or prop

@pulumi.output_type
class GetVmResult:
    def __init__(__self__, cpus=None, self_link=None, nics=None, status=None):
        if cpus and not isinstance(cpus, int):
            raise TypeError("Expected argument 'cpus' to be an int")
        pulumi.set(__self__, "cpus", cpus)
        pulumi.set(__self__, "self_link", self_link)
        pulumi.set(__self__, "nics", nics)
        pulumi.set(__self__, "status", status)

    @property
    @pulumi.getter
    def cpus(self) -> int:
        return pulumi.get(self, "cpus")

    @property
    @pulumi.getter(name="selfLink")
    def self_link(self) -> str:
        return pulumi.get(self, "self_link")

    @property
    @pulumi.getter
    def nics(self) -> Sequence["Nic"]:
        return pulumi.get(self, "nics")

    @property
    @pulumi.getter
    def status(self) -> Optional[str]:
        return pulumi.get(self, "status")

class AwaitableGetVmResult(GetVmResult):
    def __await__(self):
        if False:
            yield self
        return GetVmResult(cpus=self.cpus, self_link=self.self_link, nics=self.nics, status=self.status)

def get_vm(opts=None, **args):
    found = pulumi.runtime.invoke("gcp:compute/getVm:getVm", args, opts=opts, typ=GetVmResult).value
    fields = {key: pulumi.get(found, key) for key in ("cpus", "self_link", "nics", "status")}
    return AwaitableGetVmResult(**fields)

def get_vm_output(opts=None, **args):
    found = pulumi.runtime.invoke_output("gcp:compute/getVm:getVm", args, opts=opts, typ=GetVmResult)
    return found.apply(lambda vm: GetVmResult(
        **{key: pulumi.get(vm, key) for key in ("cpus", "self_link", "nics", "status")}))
"""
PRELUDE = """\
import sys
import pulumi
sys.path.append("lib/site-packages")
from functions import get_vm, get_vm_output

def make(name, /, opts=None, **inputs):
    return pulumi.CustomResource("gcp:compute/thing:Thing", name, {"selfLink": None, **inputs}, opts)

"""


@pytest.fixture(autouse=True)
def _run_with_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", sys.executable)


def project(folder: Path, program: str, answers: str = "") -> Path:
    (folder / "Pulumi.yaml").write_text("name: llm\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text(CONFIG)
    package = folder / "lib" / "site-packages"
    package.mkdir(parents=True)
    (package / "functions.py").write_text(FUNCTIONS)
    (folder / "__main__.py").write_text(PRELUDE + dedent(program))
    if answers:
        (folder / "policy-answers.yaml").write_text(dedent(answers))
    return folder


def inputs_of(program: ProgramStack) -> dict[str, object]:
    return {one.name: one.inputs for one in program.stack.resources if one.type == "gcp:compute/thing:Thing"}


def test_one_run_tells_all_that_is_missing(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        """
        config = pulumi.Config()
        vm = get_vm(name="a", machineType="n1", gpus=2.0, project=None)
        for nic in vm.nics:
            make(nic.name, link=vm.self_link)
        try:
            secret = get_vm(name=config.require("token"), key=pulumi.Output.secret("hunter2"))
        except TypeError:
            pass
        get_vm(name=vm.self_link)
        make("plain", **pulumi.runtime.invoke("acme:index:getAny", {"labels": {"a": ["b"]}}).value)
        pulumi.runtime.invoke("acme:index:getNothing", {})
        """,
    )
    with pytest.raises(SourceError) as caught:
        load_program(folder, timeout=60)
    assert str(caught.value).partition("\n\n")[2].rpartition("\n\n")[0] == dedent(
        """\
        # __main__.py:11
        - function: gcp:compute/getVm:getVm
          arguments:
            gpus: 2
            machine_type: n1
            name: a
          result:
            nics: [FILL-IN]  # a list of mappings with access_ip, name
            self_link: FILL-IN  # text
        # __main__.py:15
        - function: gcp:compute/getVm:getVm
          # Secret arguments are left out, and not compared.
          result:
            self_link: FILL-IN  # text
        # __main__.py:19
        - function: acme:index:getAny
          arguments:
            labels:
              a:
              - b
          result: FILL-IN  # a mapping with what the program reads
        # __main__.py:20
        - function: acme:index:getNothing
          result: FILL-IN  # a mapping with what the program reads"""
    )
    assert f"What {folder / 'policy-answers.yaml'}" not in str(caught.value)
    assert str(folder / "policy-answers.yaml") in str(caught.value)
    assert "hunter2" not in str(caught.value)


ANSWERED = """
import asyncio
vm = get_vm(name="a", machineType="n1")
make("plain", cpus=vm.cpus, link=vm.self_link, status=vm.status, ip=vm.nics[0].access_ip)
make("any", **pulumi.runtime.invoke("acme:index:getAny", {}).value)
make("output", link=get_vm_output(name="a", machineType="n1").self_link)
make("unknown", link=get_vm_output(name="b").self_link)

async def later():
    awaited = await get_vm(name="a", machineType="n1")
    found = await pulumi.runtime.invoke_async("acme:index:getAny", {})
    make("later", link=awaited.self_link, size=found["size"])

asyncio.ensure_future(later())
other = pulumi.StackReference("acme/net/dev")
make("other", a=other.get_output("a"), b=other.require_output("b")["c"], c=other.outputs["a"])

async def details():
    make("details", a=(await other.get_output_details("a")).value)

asyncio.ensure_future(details())
make("unseen", a=pulumi.StackReference("acme/dns/dev").get_output("zone"))
"""
ANSWERS = """
- function: gcp:compute/getVm:getVm
  arguments: {name: a, machine_type: n1}
  result: {cpus: 4, self_link: projects/a, status: null, nics: [{access_ip: 10.0.0.1}]}
- function: acme:index:getAny
  stacks: [dev]
  result: {size: 3}
- function: acme:index:getAny
  result: {size: 30}
- function: acme:index:getUnused
  result: {}
- function: acme:index:getElsewhere
  stacks: [prod]
  result: {}
- function: pulumi:pulumi:StackReference
  arguments: {name: acme/net/dev}
  result: {a: 1, b: {c: 2}}
"""


def test_a_program_runs_from_answers(tmp_path: Path) -> None:
    program = load_program(project(tmp_path, ANSWERED, ANSWERS), timeout=60)
    assert inputs_of(program) == {
        "plain": {"cpus": 4, "link": "projects/a", "ip": "10.0.0.1"},
        "any": {"size": 3},
        "output": {"link": "projects/a"},
        "unknown": {"link": UNKNOWN},
        "later": {"link": "projects/a", "size": 3},
        "other": {"a": 1, "b": 2, "c": 1},
        "details": {"a": 1},
        "unseen": {"a": UNKNOWN},
    }
    assert program.stack.is_complete
    assert program.notes == (
        "the results of these functions are not known in this run: `gcp:compute/getVm:getVm` (__main__.py:15); an "
        "answer "
        "in policy-answers.yaml makes it known",
        "answers in policy-answers.yaml that the program does not use: 3 (`acme:index:getAny`), 4 "
        "(`acme:index:getUnused`)",
    )


def test_what_an_unknown_result_would_make_is_named(tmp_path: Path) -> None:
    program = load_program(
        project(
            tmp_path,
            """
            def one(vm):
                make(vm.status)

            unknown = get_vm_output(name="b")
            known = get_vm_output(name="a")
            unknown.apply(one)
            unknown.nics.apply(lambda nics: [pulumi.ComponentResource("a:b:C", nic.name) for nic in nics])
            unknown.apply(lambda vm: print(vm.status))
            known.apply(one)
            pulumi.Output.all(known, unknown).apply(lambda both: one(both[1]))
            pulumi.Output.all(vm={"of": [unknown]}).apply(lambda found: one(found["vm"]["of"][0]))
            pulumi.Output.concat("b-", unknown.status).apply(lambda name: pulumi.ComponentResource("a:b:C", name))
            pulumi.Output.all(known, known).apply(lambda both: print(both))
            """,
            "- {function: gcp:compute/getVm:getVm, arguments: {name: a}, result: {status: up}}",
        ),
        timeout=60,
    )
    assert inputs_of(program) == {"up": {}}
    assert not program.stack.is_complete
    assert program.notes[1] == (
        "this run does not see what the program creates in `apply` of unknown results, so anything that seems to be "
        "missing is undecided: __main__.py:15, __main__.py:16, __main__.py:19, __main__.py:20, __main__.py:21"
    )


def test_answers_that_do_not_fit(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        """
        import asyncio
        vm = get_vm(name="a")
        make("a", cpus=vm.cpus, link=vm.self_link, ip=vm.nics[0].access_ip, name=vm.nics[0].name)
        get_vm(name="b")
        make("o", link=get_vm_output(name="c").self_link)
        other = pulumi.StackReference("acme/net/dev")
        make("b", a=other.get_output("a"))

        async def details():
            await pulumi.StackReference("acme/dns/dev").get_output_details("zone")

        asyncio.ensure_future(details())
        """,
        """
        - function: gcp:compute/getVm:getVm
          arguments: {name: a}
          result: {cpus: four, slf_link: a, nics: [{name: null}, 3]}
        - function: gcp:compute/getVm:getVm
          arguments: {name: b}
          result: [a]
        - function: gcp:compute/getVm:getVm
          arguments: {name: c}
          result: {cpus: true, status: 3}
        - function: pulumi:pulumi:StackReference
          arguments: {name: acme/net/dev}
          result: {b: 1}
        """,
    )
    with pytest.raises(SourceError) as caught:
        load_program(folder, timeout=60)
    file = folder / "policy-answers.yaml"
    lacks = "does not have: add it,"
    leave = "or `null` if the provider leaves it out."
    vm = "for gcp:compute/getVm:getVm,"
    *wrong, missing = caught.value.problems
    assert sorted(wrong) == [
        f"In answer 1 in {file}, {vm} `cpus` of the result has to be a whole number.",
        f"In answer 1 in {file}, {vm} `nics.2` of the result has to be a mapping.",
        f"In answer 1 in {file}, {vm} the result has the unknown field `slf_link`: did you mean `self_link`?",
        f"In answer 2 in {file}, {vm} the result has to be a mapping.",
        f"In answer 3 in {file}, {vm} `cpus` of the result has to be a whole number.",
        f"In answer 3 in {file}, {vm} `status` of the result has to be text.",
        f"The program reads `a` at __main__.py:16, which answer 4 in {file}, for pulumi:pulumi:StackReference, {lacks} "
        f"a value, {leave}",
        f"The program reads `access_ip` at __main__.py:12, which answer 1 in {file}, {vm} {lacks} text, {leave}",
        f"The program reads `self_link` at __main__.py:12, which answer 1 in {file}, {vm} {lacks} text, {leave}",
        f"The program reads `self_link`, which answer 3 in {file}, {vm} {lacks} text, {leave}",
    ]
    assert "- function: pulumi:pulumi:StackReference\n  arguments:\n    name: acme/dns/dev\n" in missing
    assert "    zone: FILL-IN  # a value" in missing


# What reads `net`, and within it `zone`, of another stack's outputs or of a function that has no class for its results.
READINGS = {
    "get_output": 'other.get_output("gone")',
    "require_output": 'other.require_output("gone")',
    "name that is an output": 'other.get_output(pulumi.Output.from_input("gone"))',
    "outputs": 'other.outputs["gone"]',
    "get with a default": 'other.outputs.apply(lambda outputs: outputs.get("gone", "default"))',
    "details": 'pulumi.Output.from_input(other.get_output_details("gone")).value',
    "function without a class": 'pulumi.runtime.invoke("acme:index:getAny", {}).value["gone"]',
    "output of such a function": 'pulumi.runtime.invoke_output("acme:index:getAny", {})["gone"]',
}
NESTED_READINGS = {
    "get_output": 'other.get_output("net")["gone"]',
    "require_output": 'other.require_output("net")["gone"]',
    "outputs": 'other.outputs["net"]["gone"]',
    "function without a class": 'pulumi.runtime.invoke("acme:index:getAny", {}).value["net"]["gone"]',
}
MAPPING_ANSWERS = """
- function: pulumi:pulumi:StackReference
  arguments: {{name: acme/net/dev}}
  result: &all {result}
- function: acme:index:getAny
  result: *all
"""


def reading(folder: Path, text: str, result: str) -> Path:
    program = f'other = pulumi.StackReference("acme/net/dev")\nmake("a", a={text})\n'
    return project(folder, program, MAPPING_ANSWERS.format(result=result))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        *((text, "gone") for text in READINGS.values()),
        *((text, "net.gone") for text in NESTED_READINGS.values()),
    ],
    ids=[*READINGS, *(f"nested {name}" for name in NESTED_READINGS)],
)
def test_what_an_answer_lacks_is_named_however_it_is_read(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(SourceError) as caught:
        load_program(reading(tmp_path, text, "{net: {zone: a}}"), timeout=60)
    (problem,) = caught.value.problems
    assert problem.startswith(f"The program reads `{field}` at __main__.py:10, which answer ")


@pytest.mark.parametrize("name", READINGS)
def test_null_says_that_there_is_none(tmp_path: Path, name: str) -> None:
    program = load_program(reading(tmp_path, READINGS[name], "{net: {zone: a}, gone: null}"), timeout=60)
    assert inputs_of(program) == {"a": {"a": "default"} if name == "get with a default" else {}}


BAD_ANSWERS = {
    "no list": ("function: a", ["has to be a list, but it is a mapping"]),
    "no mapping": ("- a", ["answer 1 in {file} has to be a mapping, but it is text"]),
    "unknown key": ("- {function: a:b:c, args: {}, result: {}}", ["unknown key `args`: did you mean `arguments`?"]),
    "no function": ("- {result: {}}", ["answer 1 in {file} has no `function`"]),
    "function of another type": ("- {function: [a], result: {}}", ["`function` of answer 1", "text, but it is a list"]),
    "no result": ("- {function: a:b:c}", ["answer 1 in {file} has no `result`"]),
    "arguments of another type": ("- {function: a:b:c, arguments: [a], result: {}}", ["`arguments`", "it is a list"]),
    "stacks of another type": ("- {function: a:b:c, stacks: dev, result: {}}", ["`stacks`", "a list, but it is text"]),
    "stack of another type": ("- {function: a:b:c, stacks: [1], result: {}}", ["`stacks`", "it is a number"]),
    "not filled in": ("- {function: a:b:c, result: {x: [FILL-IN]}}", ["answer 1", "for a:b:c, still has FILL-IN"]),
    "twice": (
        "- {function: a:b:c, result: {}}\n- {function: a:b:c, stacks: [dev], result: {}}\n"
        "- {function: a:b:c, arguments: {}, result: {x: 1}}",
        ["answers 1 and 3 in {file} are both for a:b:c with the same arguments"],
    ),
    "binary": (
        "- {function: a:b:c, result: !!binary aGk=}",
        ["something other than text, numbers, lists and mappings"],
    ),
    "itself": (
        "- &a {function: a:b:c, result: *a}",
        ["is not valid YAML in line 1", "an alias of a node that contains it"],
    ),
    "no YAML": ("- {", ["is not valid YAML"]),
    "too deep": ("[" * 100_000, ["is not valid YAML: it is nested too deeply. Correct it, or restore it."]),
    "a null byte": (
        "- \0",
        ["is not valid YAML: unacceptable character #x0000: special characters are not allowed."],
    ),
    "several": ("- {result: {}}\n- {function: a:b:c}", ["answer 1 in {file} has no", "answer 2 in {file} has no"]),
}


@pytest.mark.parametrize(("text", "phrases"), BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_bad_answers(tmp_path: Path, text: str, phrases: list[str]) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(text)
    with pytest.raises(SourceError) as caught:
        read_answers(tmp_path, file)
    message = str(caught.value)
    assert [phrase for phrase in phrases if phrase.format(file=file) not in message] == [], message


def test_answers_in_another_encoding_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_bytes(b"- {function: \xe9}")
    with pytest.raises(SourceError) as caught:
        read_answers(tmp_path, file)
    assert str(caught.value) == f"{file} is not valid YAML: it is not written in UTF-8. Correct it, or restore it."


def test_a_file_of_answers_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.yaml cannot be read"):
        read_answers(tmp_path, tmp_path / "none.yaml")
    assert read_answers(tmp_path, None).all == ()


@pytest.mark.parametrize("name", ["check", "failover"])
def test_answers_are_for_programs(tmp_path: Path, name: str) -> None:
    (tmp_path / "state.json").write_text("{}")
    ended = command(name, tmp_path / "state.json", "--answers", tmp_path / "answers.yaml")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--answers gives the results of functions to a program" in ended.stderr


# The real SDK of Google Cloud.
PROGRAM = """\
import pulumi
import pulumi_gcp as gcp

network = pulumi.StackReference("acme/network/prod")
zones = gcp.compute.get_zones(region="us-central1")
image = gcp.compute.get_image(family="debian-12", project="debian-cloud")
project = gcp.organizations.get_project_output()
template = gcp.compute.RegionInstanceTemplate(
    "llm",
    region="us-central1",
    machine_type="g2-standard-8",
    disks=[{"source_image": image.self_link, "boot": True}],
    network_interfaces=[{"subnetwork": network.require_output("subnetwork")}],
    labels={"project": project.number},
)
group = gcp.compute.RegionInstanceGroupManager(
    "llm",
    region="us-central1",
    base_instance_name="llm",
    distribution_policy_zones=zones.names[:2],
    versions=[{"instance_template": template.id}],
    target_size=2,
    named_ports=[{"name": "http", "port": 8000}],
)
check = gcp.compute.HealthCheck("llm", http_health_check={"port_name": "http", "request_path": "/health"})
gcp.compute.BackendService(
    "llm",
    protocol="HTTP",
    port_name="http",
    load_balancing_scheme="EXTERNAL_MANAGED",
    health_checks=check.id,
    security_policy=network.get_output("armor"),
    backends=[{"group": group.instance_group, "balancing_mode": "UTILIZATION", "max_utilization": 0.95}],
)
"""
GCP_ANSWERS = """\
- function: gcp:compute/getZones:getZones
  arguments: {region: us-central1}
  result: {names: [us-central1-a, us-central1-b, us-central1-c]}
- function: gcp:compute/getImage:getImage
  arguments: {family: debian-12, project: debian-cloud}
  result: {self_link: projects/debian-cloud/global/images/debian-12-1}
"""


def test_a_program_with_data_sources_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", str(REFERENCE_PYTHON))
    (tmp_path / "Pulumi.yaml").write_text("name: llm\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {gcp:project: p-demo}\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    ended = command("check", tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "    names: [FILL-IN]  # a list of text" in ended.stderr
    assert "    self_link: FILL-IN  # text" in ended.stderr
    answers = tmp_path / "known.yaml"
    answers.write_text(GCP_ANSWERS)
    results = assert_compliant(tmp_path, answers=answers, rules=["llm-backend-zones"])
    assert [finding.status for finding in results.report.with_status("passed")] == ["passed"]
    ended = command("check", tmp_path, "--answers", answers)
    assert ended.returncode == 1
    assert "Observed: Backend `llm` has `max_utilization` 0.95." in ended.stdout
    assert "`gcp:organizations/getProject:getProject` (__main__.py:7)" in ended.stdout
