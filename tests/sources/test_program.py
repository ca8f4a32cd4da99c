from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

from policypack.model.graph.resource import Resource
from policypack.model.values.values import UNKNOWN
from policypack.sources.error import SourceError
from policypack.sources.program import ProgramStack, load_program
from tests.command import wait_until
from tests.sources.deployed import DEPLOYED

pytestmark = pytest.mark.usefixtures("_warm")
PROJECT = "name: llm\nruntime: python\n"
CONFIG = "config:\n  gcp:project: p-demo\n"
NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
# Makes resources without their package, which takes long to import.
PRELUDE = """\
import pulumi

def make(kind, name, /, opts=None, **inputs):
    token = f"gcp:compute/{kind[0].lower()}{kind[1:]}:{kind}"
    return pulumi.CustomResource(token, name, {"selfLink": None, **inputs}, opts)

"""

# The SDK says the place of what a class of its own makes.
NETWORK_CLASS = """\
class Network(pulumi.CustomResource):
    def __init__(self, name):
        super().__init__("gcp:compute/network:Network", name, {})
"""


@pytest.fixture(autouse=True)
def _run_with_this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_PYTHON_CMD", sys.executable)


def write(folder: Path, **files: str) -> Path:
    """Writes a project; `__` in a keyword is a dot, `main` the program."""
    contents = {"Pulumi__yaml": PROJECT, **files}
    for name, text in contents.items():
        path = folder / ("__main__.py" if name == "main" else name.replace("__", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def run(folder: Path, program: str, config: str = CONFIG, **options: object) -> ProgramStack:
    write(folder, main=PRELUDE + dedent(program), Pulumi__dev__yaml=config)
    return load_program(folder, timeout=60, **options)  # type: ignore[arg-type]


def error_of(folder: Path, stack_name: str | None = None, timeout: float = 60) -> str:
    with pytest.raises(SourceError) as caught:
        load_program(folder, stack_name, timeout=timeout)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def named(program: ProgramStack, name: str) -> Resource:
    return next(resource for resource in program.stack.resources if resource.name == name)


# What a run shows


def test_a_first_preview_knows_inputs_edges_and_nothing_computed(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        net = make("Network", "net", autoCreateSubnetworks=False, mtu=1460)
        make("Subnetwork", "sub", network=net.id, region="us-central1", opts=pulumi.ResourceOptions(
            ignore_changes=["secondaryIpRanges"], version="10.2.0"))
        """,
    )
    net, sub = named(program, "net"), named(program, "sub")
    assert net.urn == f"urn:pulumi:dev::llm::{NETWORK}::net"
    assert net.type == NETWORK
    assert net.parent == "urn:pulumi:dev::llm::pulumi:pulumi:Stack::llm-dev"
    assert net.inputs == {"autoCreateSubnetworks": False, "mtu": 1460}
    assert net.outputs is not None
    assert net.outputs["id"] is UNKNOWN
    assert net.provider == {"project": "p-demo"}
    assert sub.inputs is not None
    assert sub.inputs["network"] is UNKNOWN
    assert sub.inputs["region"] == "us-central1"
    assert sub.edges == {"network": (net.urn,)}
    assert sub.ignore_changes == ("secondaryIpRanges",)
    assert sub.provider == {"project": "p-demo", "version": "10.2.0"}
    assert program.name == "dev"
    assert program.stack.is_complete


def test_a_resource_without_inputs_is_not_empty(tmp_path: Path) -> None:
    assert not named(run(tmp_path, 'make("Network", "net")'), "net").is_empty


def test_urns_of_children_hold_the_types_of_all_parents(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        outer = pulumi.ComponentResource("acme:serving:Outer", "outer")
        inner = pulumi.ComponentResource("acme:serving:Inner", "inner", opts=pulumi.ResourceOptions(parent=outer))
        net = make("Network", "net", opts=pulumi.ResourceOptions(parent=inner))
        make("Subnetwork", "sub", network=net.id)
        inner.register_outputs({"network": net.id, "kind": "net"})
        """,
    )
    net, inner = named(program, "net"), named(program, "inner")
    assert net.urn == f"urn:pulumi:dev::llm::acme:serving:Outer$acme:serving:Inner${NETWORK}::net"
    assert net.parent == inner.urn
    assert inner.outputs == {"network": UNKNOWN, "kind": "net"}
    assert named(program, "sub").edges == {"network": (net.urn,)}


def test_an_explicit_provider_configures_its_resources(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        options = pulumi.ResourceOptions(version="9.1.0")
        provider = pulumi.ProviderResource("gcp", "other", {"project": "p-other"}, options)
        make("Network", "net", opts=pulumi.ResourceOptions(provider=provider))
        """,
    )
    assert named(program, "net").provider == {"project": "p-other", "version": "9.1.0"}
    assert named(program, "net").provider_urn == named(program, "other").urn


@pytest.mark.usefixtures("_own_process")
def test_kubernetes_objects_have_names_that_are_made_up(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        import pulumi_kubernetes as k8s
        labelled = k8s.core.v1.Namespace("labelled", metadata={"labels": {"a": "b"}})
        bare = k8s.core.v1.Namespace("bare")
        hidden = k8s.core.v1.ConfigMap("hidden", metadata=pulumi.Output.secret({"labels": {"a": "b"}}))
        named = k8s.core.v1.Namespace("named", metadata={"name": "llm"})
        pulumi.export("name", labelled.metadata["name"])
        k8s.core.v1.ConfigMap("uses", metadata={"name": "uses", "namespace": labelled.metadata["name"]}, data={
            "attribute": labelled.metadata.name,
            "apply": labelled.metadata.apply(lambda metadata: metadata["name"]),
            "label": labelled.metadata["labels"]["a"],
            "bare": bare.metadata["name"],
            "hidden": hidden.metadata["name"],
            "namespace": hidden.metadata["namespace"],
            "named": named.metadata["name"],
            "named apply": named.metadata.apply(lambda metadata: metadata.name),
        })
        """,
    )
    uses = named(program, "uses").inputs or {}
    assert uses["metadata"] == {"name": "uses", "namespace": UNKNOWN}
    assert uses["data"] == {
        **dict.fromkeys(("attribute", "apply", "bare", "hidden", "namespace"), UNKNOWN),
        **{"label": "b", "named": "llm", "named apply": "llm"},
    }
    assert named(program, "labelled").inputs == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"labels": {"a": "b"}},
    }
    outputs = named(program, "labelled").outputs or {}
    assert outputs["metadata"] == {"labels": {"a": "b"}, "name": UNKNOWN}


def test_resources_that_are_read_have_no_inputs(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        net = make("Network", "net", opts=pulumi.ResourceOptions(id="projects/p/global/networks/n"), mtu=1460)
        make("Subnetwork", "sub", network=net.id)
        """,
    )
    net, sub = named(program, "net"), named(program, "sub")
    assert net.is_read
    assert net.inputs is None
    assert net.outputs == {"id": "projects/p/global/networks/n", "mtu": 1460}
    assert sub.inputs == {"network": "projects/p/global/networks/n"}


def test_an_imported_resource_is_known_by_its_id(tmp_path: Path) -> None:
    program = run(
        tmp_path, 'make("Network", "net", opts=pulumi.ResourceOptions(import_="projects/p/networks/n"), mtu=1)'
    )
    net = named(program, "net")
    assert net.inputs == {"mtu": 1}
    assert net.outputs == {"id": "projects/p/networks/n", "mtu": 1}


def test_outputs_of_another_stack_are_unknown(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        other = pulumi.StackReference("organization/network/dev")
        make("Subnetwork", "sub", network=other.get_output("network"))
        """,
    )
    sub, other = named(program, "sub"), named(program, "organization/network/dev")
    assert other.is_read
    assert sub.inputs == {"network": UNKNOWN}
    assert sub.edges == {"network": (other.urn,)}


def test_computed_outputs_show_the_stack_as_deployed(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        class Group(pulumi.CustomResource):
            def __init__(self, name, region):
                token = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
                super().__init__(token, name, {"region": region, "instanceGroup": None})
                self.instance_group = self.instanceGroup

        group = Group("mig", "europe-west4")
        make("Network", "net", name="shared", project="p-other")
        make("Unlisted", "thing", group=group.instance_group)
        """,
        computed=DEPLOYED,
    )
    group, net, thing = named(program, "mig"), named(program, "net"), named(program, "thing")
    path = "projects/p-demo/regions/europe-west4/instanceGroups/mig-1a2b3c4"
    assert group.result.string("instanceGroup") == f"https://www.googleapis.com/compute/v1/{path}"
    assert group.result.string("id") == path.replace("instanceGroups", "instanceGroupManagers")
    assert net.result.string("id") == "projects/p-other/global/networks/shared"
    assert thing.result.string("id") == "thing-1a2b3c4"
    assert thing.inputs == {"group": f"https://www.googleapis.com/compute/v1/{path}"}
    assert thing.edges == {"group": (group.urn,)}


def test_old_style_transformations_run(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        def enlarge(args):
            return pulumi.ResourceTransformationResult({**args.props, "mtu": 8896}, args.opts)

        pulumi.runtime.register_stack_transformation(enlarge)
        make("Network", "net")
        """,
    )
    assert named(program, "net").inputs == {"mtu": 8896}


def test_an_asynchronous_program_is_awaited(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        import asyncio

        async def main():
            await asyncio.sleep(0)
            return {"network": make("Network", "net").id}

        if hasattr(pulumi, "run"):
            pulumi.run(main)
        else:
            make("Network", "net")
        """,
    )
    assert named(program, "net")


def test_apply_and_secrets(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        net = make("Network", "net", mtu=pulumi.Output.secret(1460))
        both = pulumi.Output.all(net.id, "x").apply(lambda ids: {"id": ids[0], "is": "known"})
        make("Subnetwork", "sub", network=both, region=pulumi.Output.from_input("us-").apply(lambda r: r + "east1"))
        """,
    )
    assert named(program, "net").inputs == {"mtu": 1460}
    assert named(program, "sub").inputs == {"network": UNKNOWN, "region": "us-east1"}


@pytest.mark.usefixtures("_own_process")
def test_the_program_sees_the_world_as_under_the_cli(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("MTU = 1460\n")
    # Modules of these names lie beside the runner.
    (tmp_path / "state.py").write_text("OWN = True\n")
    program = run(
        tmp_path,
        """
        import os, sys
        import helper, state
        print("never shown")
        make("Network", "net", mtu=helper.MTU, own=state.OWN, cwd=os.getcwd(), stack=pulumi.get_stack(),
             project=pulumi.get_project(), organization=pulumi.get_organization(), root=pulumi.get_root_directory(),
             preview=pulumi.runtime.is_dry_run(), pack="policypack" in sys.modules, name=__name__)
        """,
    )
    root = str(tmp_path.resolve())
    assert named(program, "net").inputs == {
        "mtu": 1460,
        "own": True,
        "cwd": root,
        "stack": "dev",
        "project": "llm",
        "organization": "organization",
        "root": root,
        "preview": True,
        "pack": False,
        "name": "__main__",
    }


@pytest.mark.usefixtures("_own_process")
def test_nothing_the_program_prints_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, 'import sys; print("loud"); print("louder", file=sys.stderr); pulumi.log.warn("loudest")')
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("main", ["app", "app/program.py"])
def test_main_names_a_folder_or_a_file(tmp_path: Path, main: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "helper.py").write_text("MTU = 1\n")
    file = "__main__.py" if main == "app" else "program.py"
    (tmp_path / "app" / file).write_text(PRELUDE + 'import os, helper; make("Network", "net", cwd=os.getcwd())')
    write(tmp_path, Pulumi__yaml=f"{PROJECT}main: {main}\n")
    assert named(load_program(tmp_path, timeout=60), "net").inputs == {"cwd": str((tmp_path / "app").resolve())}


@pytest.mark.usefixtures("_own_process")
def test_the_program_of_a_yml_project_with_a_virtual_environment_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.prefix == sys.base_prefix:
        pytest.skip("the tests do not run in a virtual environment")
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "/nonexistent")
    link = tmp_path / "venv"
    link.symlink_to(sys.prefix)
    runtime = "name: llm\nruntime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: venv\n"
    (tmp_path / "Pulumi.yml").write_text(runtime)
    (tmp_path / "__main__.py").write_text(PRELUDE + 'import os; make("Network", "net", venv=os.environ["VIRTUAL_ENV"])')
    assert named(load_program(tmp_path, timeout=60), "net").inputs == {"venv": str(tmp_path.resolve() / "venv")}


# Configuration


def config_seen(folder: Path, config: str, project: str = PROJECT, **options: object) -> tuple[ProgramStack, object]:
    write(folder, Pulumi__yaml=project)
    seen = run_config(folder, config, project, **options)
    return seen, named(seen, "seen").inputs


def run_config(folder: Path, config: str, project: str, **options: object) -> ProgramStack:
    program = """
        from pulumi.runtime.config import CONFIG, is_config_secret
        make("Seen", "seen", values={k.replace(":", "|"): v for k, v in CONFIG.get().items()},
             secret=sorted(k for k in CONFIG.get() if is_config_secret(k)))
    """
    write(folder, Pulumi__yaml=project, main=PRELUDE + dedent(program), Pulumi__dev__yaml=config)
    return load_program(folder, timeout=60, **options)  # type: ignore[arg-type]


def test_every_form_of_configuration(tmp_path: Path) -> None:
    config = """
        gcp:project: p-demo
        gcp:config:region: us-central1
        llm:replicas: 3
        llm:ratio: 0.5
        llm:spot: true
        answer: no
        llm:when: 2024-01-01
        llm:regions: [us-central1, europe-west4]
        llm:model: {name: m, size: 7}
        llm:token: {secure: v1:abc}
        llm:nested:
          list: [{secure: v1:abc}, plain]
    """
    program, seen = config_seen(tmp_path, "config:\n" + indent(dedent(config), "  "))
    assert isinstance(seen, dict)
    values = seen["values"]
    assert isinstance(values, dict)
    assert values.pop("llm|token") is UNKNOWN
    assert values.pop("llm|nested") is UNKNOWN
    assert values == {
        "gcp|project": "p-demo",
        "gcp|region": "us-central1",
        "llm|replicas": "3",
        "llm|ratio": "0.5",
        "llm|spot": "true",
        "llm|answer": "no",
        "llm|when": "2024-01-01",
        "llm|regions": json.dumps(["us-central1", "europe-west4"]),
        "llm|model": json.dumps({"name": "m", "size": 7}),
    }
    assert seen["secret"] == ["llm:nested", "llm:token"]
    assert program.placeholders == ("llm:nested", "llm:token")


def test_encrypted_values_are_unknown_wherever_they_flow(tmp_path: Path) -> None:
    program = run(
        tmp_path,
        """
        config = pulumi.Config()
        nested = config.require_object("nested")
        make("Network", "net", token=config.require_secret("token"), text=f"Bearer {config.require('token')}",
             plain=nested["plain"], hidden=nested["hidden"])
        """,
        f"{CONFIG}  llm:token: {{secure: v1:abc}}\n  llm:nested: {{plain: 1, hidden: {{secure: v1:x}}}}\n"
        "  gcp:accessToken: {secure: v1:y}\n",
    )
    net = named(program, "net")
    assert net.inputs == {"token": UNKNOWN, "text": UNKNOWN, "plain": 1, "hidden": UNKNOWN}
    assert net.provider == {"project": "p-demo", "accessToken": UNKNOWN}


def test_the_project_sets_what_the_stack_does_not(tmp_path: Path) -> None:
    project = PROJECT + dedent("""
        config:
          short: 1
          gcp:region: us-central1
          long: {type: integer, default: 2}
          fixed: {value: [a]}
          hidden: {default: s, secret: true}
          own: {default: unused}
          gcp:zone: {value: us-central1-a}
    """)
    _, seen = config_seen(tmp_path, "config:\n  own: mine\n", project)
    assert seen == {
        "values": {
            "llm|short": "1",
            "gcp|region": "us-central1",
            "llm|long": "2",
            "llm|fixed": '["a"]',
            "llm|hidden": "s",
            "llm|own": "mine",
            "gcp|zone": "us-central1-a",
        },
        "secret": ["llm:hidden"],
    }


@pytest.mark.parametrize("setting", ["stackConfigDir: stacks", "config: stacks"])
def test_stack_files_may_lie_in_a_folder(tmp_path: Path, setting: str) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text("config:\n  llm:a: b\n")
    write(tmp_path, Pulumi__yaml=f"{PROJECT}{setting}\n", main='import pulumi; pulumi.Config().require("a")')
    assert load_program(tmp_path, timeout=60).name == "prod"


def test_the_stack_is_chosen(tmp_path: Path) -> None:
    write(tmp_path, main="import pulumi; pulumi.Config('gcp').require('project')", Pulumi__a__yaml=CONFIG)
    assert load_program(tmp_path, timeout=60).name == "a"
    write(tmp_path, main="import pulumi; pulumi.Config('gcp').require('project')", Pulumi__b__yaml=CONFIG)
    assert load_program(tmp_path, "b", timeout=60).name == "b"
    assert load_program(tmp_path, "acme/b", timeout=60).name == "b"


def test_deployment_settings_are_no_stack(tmp_path: Path) -> None:
    write(tmp_path, main="", Pulumi__a__yaml=CONFIG, Pulumi__a__deploy__yaml="settings: {}\n")
    assert load_program(tmp_path, timeout=60).name == "a"


def test_a_folder_in_the_place_of_a_stack_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, main="")
    (tmp_path / "Pulumi.dev.yaml").mkdir()
    assert "Pulumi.dev.yaml cannot be read: Is a directory" in error_of(tmp_path)


def test_without_stack_files_there_is_no_configuration(tmp_path: Path) -> None:
    write(tmp_path, main="")
    assert load_program(tmp_path, timeout=60).name == "dev"
    assert load_program(tmp_path, "prod", timeout=60).name == "prod"


# What goes wrong before the program runs

BAD_PROJECTS = {
    "no project": ({}, ["There is no Pulumi.yaml in", "folder of a Pulumi project", "exported state"]),
    "bad YAML": ({"Pulumi__yaml": "name: llm\nruntime: [python\n"}, ["Pulumi.yaml is not valid YAML in line 3"]),
    "not a mapping": ({"Pulumi__yaml": "- a\n"}, ["Pulumi.yaml has to be a mapping, but it is a list"]),
    "no name": ({"Pulumi__yaml": "runtime: python\n"}, ["Pulumi.yaml has no `name`"]),
    "no runtime": ({"Pulumi__yaml": "name: llm\n"}, ["Pulumi.yaml has no `runtime`", "runtime: python"]),
    "another language": (
        {"Pulumi__yaml": "name: llm\nruntime: nodejs\n"},
        ["has the runtime nodejs", "pulumi preview --policy-pack DIR"],
    ),
    "another language with options": (
        {"Pulumi__yaml": "name: llm\nruntime: {name: go, options: {binary: x}}\n"},
        ["has the runtime go", "pulumi preview --policy-pack DIR"],
    ),
    "options of another type": (
        {"Pulumi__yaml": "name: llm\nruntime: {name: python, options: venv}\n"},
        ["`runtime.options` in", "has to be a mapping, but it is text"],
    ),
    "no virtual environment": (
        {"Pulumi__yaml": "name: llm\nruntime: {name: python, options: {virtualenv: venv}}\n", "main": ""},
        ["names the virtual environment venv", "`pulumi install`"],
    ),
    "no program": ({"Pulumi__yaml": PROJECT}, ["There is no program", "__main__.py does not exist"]),
    "bad main": ({"Pulumi__yaml": f"{PROJECT}main: app\n"}, ["There is no program", "Correct `main`"]),
    "environment": (
        {"main": "", "Pulumi__yaml": PROJECT, "Pulumi__dev__yaml": "environment: [shared]\n"},
        ["Pulumi.dev.yaml takes configuration from a Pulumi ESC `environment`", "pulumi preview --policy-pack DIR"],
    ),
    "bad YAML of a stack": (
        {"main": "", "Pulumi__yaml": PROJECT, "Pulumi__dev__yaml": "config:\n  a: b: c\n"},
        ["Pulumi.dev.yaml is not valid YAML in line 2"],
    ),
    "a key twice": (
        {"main": "", "Pulumi__yaml": PROJECT, "Pulumi__dev__yaml": "config:\n  llm:a: 1\n  llm:a: 2\n"},
        ["Pulumi.dev.yaml is not valid YAML in line 3, column 3: the key `llm:a` appears twice."],
    ),
    "configuration of another type": (
        {"main": "", "Pulumi__yaml": PROJECT, "Pulumi__dev__yaml": "config: [a]\n"},
        ["`config` in", "has to be a mapping, but it is a list"],
    ),
    "several stacks": (
        {"main": "", "Pulumi__yaml": PROJECT, "Pulumi__a__yaml": "", "Pulumi__b__yaml": ""},
        ["has several stacks: a, b", "--stack"],
    ),
    "no value": (
        {"main": "", "Pulumi__yaml": f"{PROJECT}config: {{size: {{type: integer}}}}\n"},
        ["has no value for llm:size", "`pulumi config set size VALUE`"],
    ),
}


@pytest.mark.parametrize(("files", "phrases"), BAD_PROJECTS.values(), ids=BAD_PROJECTS.keys())
def test_bad_projects(tmp_path: Path, files: dict[str, str], phrases: list[str]) -> None:
    for name, text in files.items():
        (tmp_path / ("__main__.py" if name == "main" else name.replace("__", "."))).write_text(text)
    message = error_of(tmp_path)
    assert [phrase for phrase in phrases if phrase not in message] == [], message


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "There is no folder" in error_of(tmp_path / "nowhere")


def test_an_unknown_stack(tmp_path: Path) -> None:
    write(tmp_path, main="", Pulumi__dev__yaml="", Pulumi__prod__yaml="")
    message = error_of(tmp_path, "staging")
    assert "has no stack staging" in message
    assert "Its stacks are: dev, prod" in message


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_bytes(b"\xff\xfe\x00name")
    assert "Pulumi.yaml is not valid YAML" in error_of(tmp_path)


@pytest.mark.usefixtures("_own_process")
def test_a_virtual_environment_that_cannot_start(tmp_path: Path) -> None:
    write(tmp_path, Pulumi__yaml="name: llm\nruntime: {name: python, options: {virtualenv: venv}}\n", main="")
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("not a program")
    assert "cannot be started" in error_of(tmp_path)


@pytest.mark.usefixtures("_own_process")
def test_an_interpreter_without_pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, main="")
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PULUMI_PYTHON_CMD", str(wrapper))
    message = error_of(tmp_path)
    assert "cannot import pulumi" in message
    assert "`pulumi install`" in message
    assert "`runtime: {name: python, options: {virtualenv: venv}}`" in message


# What goes wrong in the program

BAD_PROGRAMS = {
    "raises": (
        "def fail():\n    raise KeyError('region')\nfail()",
        ["failed at __main__.py:8 with KeyError: 'region'"],
    ),
    "raises an error without a text": (
        "class Silent(Exception):\n    def __str__(self):\n        raise ValueError('no text')\nraise Silent()",
        ["failed at __main__.py:10 with Silent: its text cannot be had (ValueError)"],
    ),
    "raises in a module": ("import broken", ["failed at broken.py:2 with ZeroDivisionError: division by zero"]),
    "raises in pulumi": (
        "pulumi.CustomResource('gcp:a:B', '')",
        ["failed at __main__.py:7 with TypeError: Missing resource name"],
    ),
    "raises in apply": (
        "pulumi.Output.from_input(1).apply(lambda x: x.missing)",
        ["failed at __main__.py:7 with AttributeError: 'int' object has no attribute 'missing'"],
    ),
    "raises in an unused apply of a resource": (
        "make('Network', 'net', mtu=1).urn.apply(lambda urn: 1 / 0)",
        ["failed at __main__.py:7 with ZeroDivisionError"],
    ),
    "raises in an input": (
        "make('Network', 'net', mtu=pulumi.Output.from_input(1).apply(lambda x: x.missing))",
        ["failed at __main__.py:7 with AttributeError"],
    ),
    "raises in an asynchronous program": (
        "async def main():\n    raise ValueError('no region')\npulumi.run(main)",
        ["failed at __main__.py:8 with ValueError: no region"],
    ),
    "raises in an export": (
        "pulumi.export('x', pulumi.Output.from_input(1).apply(lambda x: 1 / 0))",
        ["failed at __main__.py:7 with ZeroDivisionError"],
    ),
    "bad input": (
        "make('Network', 'net', mtu=object())",
        ["ValueError", "net", "Correct the program, or the configuration"],
    ),
    "run error": ("raise pulumi.RunError('choose a region.')", ["refuses to run. choose a region."]),
    "ends with a full stop": (
        "raise ValueError('choose a region.')",
        ["ValueError: choose a region. Correct the program"],
    ),
    "syntax error": ("import bad_syntax", ["failed at bad_syntax.py:1 with SyntaxError"]),
    "missing module": (
        "import pulumi_nowhere",
        ["ModuleNotFoundError: No module named 'pulumi_nowhere'", "`pulumi install`"],
    ),
    "exits": ("import sys; sys.exit(3)", ["exited at __main__.py:7: sys.exit(3)"]),
    "exits with a message": ("raise SystemExit('no region')", ["sys.exit(no region)"]),
    "ends its process": ("import os; print('bye'); os._exit(4)", ["with status 4", "Its last output: bye"]),
    "is killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        ["was killed (signal SIGKILL)", "memory"],
    ),
    "keyboard interrupt": ("raise KeyboardInterrupt", ["failed at __main__.py:7 with KeyboardInterrupt"]),
    "calls a function": (
        "pulumi.runtime.invoke('gcp:compute/getZones:getZones', {'region': 'us-central1'})",
        ["calls a function of providers", "# __main__.py:7\n- function: gcp:compute/getZones:getZones"],
    ),
    "calls a function and hides it": (
        "try:\n    pulumi.runtime.invoke('gcp:compute/getZones:getZones', {}).value['x']\nexcept Exception:\n    pass",
        ["# __main__.py:8\n- function: gcp:compute/getZones:getZones", "pulumi preview --policy-pack DIR"],
    ),
    "runs the CLI": (
        "from pulumi import automation\nautomation.LocalWorkspace()",
        ["runs the CLI with the Automation API at __main__.py:8", "`pulumi stack export`"],
    ),
    "raises what causes itself": (
        "error, other = ValueError('no region'), ValueError()\n"
        "error.__cause__, other.__cause__ = other, error\nraise error",
        ["failed at __main__.py:9 with ValueError: no region"],
    ),
    "duplicate": (
        f"{NETWORK_CLASS}Network('net')\nNetwork('net')",
        [
            "two resources with the name `net` and the type gcp:compute/network:Network at __main__.py:10 and "
            "__main__.py:11: give one of them another name.",
        ],
    ),
    "duplicate in a loop": (
        f"{NETWORK_CLASS}for _ in range(2):\n    Network('net')",
        ["the name `net` and the type gcp:compute/network:Network at __main__.py:11: give one of them another name."],
    ),
    "missing configuration": (
        "pulumi.Config().require('size')",
        ["needs the configuration value llm:size at __main__.py:7", "`pulumi config set llm:size VALUE`"],
    ),
    "missing secret": (
        "pulumi.Config('gcp').require_secret('token')",
        ["needs the configuration value gcp:token", "`pulumi config set --secret gcp:token VALUE`"],
    ),
    "configuration of another type": (
        "pulumi.Config('gcp').require_int('project')",
        ["wants the configuration value gcp:project as int at __main__.py:7", "`pulumi config set gcp:project VALUE`"],
    ),
    "encrypted configuration of another type": (
        "pulumi.Config().require_object('token')",
        ["the configuration value llm:token as JSON object", "encrypted", "pulumi preview --policy-pack DIR"],
    ),
    "computing with encrypted configuration": (
        "int(pulumi.Config().require('token'))",
        ["computes with encrypted configuration (llm:token)", "pulumi preview --policy-pack DIR"],
    ),
}


@pytest.mark.parametrize(("program", "phrases"), BAD_PROGRAMS.values(), ids=BAD_PROGRAMS.keys())
def test_bad_programs(tmp_path: Path, program: str, phrases: list[str]) -> None:
    (tmp_path / "broken.py").write_text("\n1 / 0\n")
    (tmp_path / "bad_syntax.py").write_text("def f(:\n")
    write(tmp_path, main=PRELUDE + program, Pulumi__dev__yaml=f"{CONFIG}  llm:token: {{secure: v1:abc}}\n")
    message = error_of(tmp_path)
    assert [phrase for phrase in phrases if phrase not in message] == [], message


def test_a_program_that_ends_well_early(tmp_path: Path) -> None:
    assert named(run(tmp_path, 'import sys\nmake("Network", "net")\nsys.exit(0)'), "net")


@pytest.mark.usefixtures("_own_process")
def test_a_program_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "child"
    program = f"""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(mark)!r}, "w").write(str(child.pid))
        time.sleep(600)
    """
    write(tmp_path, main=PRELUDE + dedent(program))
    wait = subprocess.Popen.wait

    def wait_for_the_child(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        wait_until(lambda: mark.exists() and mark.read_text())
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", wait_for_the_child)
    message = error_of(tmp_path, timeout=0.5)
    assert "did not end within 0.5 seconds" in message
    assert "pulumi preview --policy-pack DIR" in message
    wait_until(lambda: not is_running(int(mark.read_text())))


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.usefixtures("_own_process")
def test_a_thread_left_behind_does_not_hold_up_the_end(tmp_path: Path) -> None:
    assert named(
        run(
            tmp_path,
            """
            import threading, time
            threading.Thread(target=time.sleep, args=[600]).start()
            make("Network", "net")
            """,
        ),
        "net",
    )


def test_a_frame_of_the_virtual_environment_is_not_the_users(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "site-packages"
    package.mkdir(parents=True)
    (package / "deep.py").write_text("def fail():\n    raise OSError('no')\n")
    write(tmp_path, main="import sys\nsys.path.insert(0, 'lib/site-packages')\nimport deep\ndeep.fail()\n")
    assert "failed at __main__.py:4 with OSError: no" in error_of(tmp_path)


@pytest.mark.usefixtures("_own_process")
def test_the_environment_reaches_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZE", "large")
    program = run(tmp_path, 'import os; make("Network", "net", size=os.environ["SIZE"])')
    assert named(program, "net").inputs == {"size": "large"}
    assert "PULUMI_CONFIG" not in os.environ


ENCRYPTED = """
config = pulumi.Config()
make("Network", "plain", zone=config.require("token")[2:], part=config.require("token").split("-")[0])
make("Network", "joined", zone=f"a-{config.require('token')}", upper=config.require("token").upper())
make("Network", "secret", zone=config.require_secret("token").apply(lambda token: token[:3]))
make("Network", "number", mtu=config.require_secret_int("token"), other=config.get_secret_object("token"))
make("Network", "clear", zone=config.require("clear")[:2], secret=config.require_secret("clear"))
"""


def test_what_is_computed_from_encrypted_configuration_is_not_known(tmp_path: Path) -> None:
    config = f"{CONFIG}  llm:clear: us-east1\n  llm:token: {{secure: v1:abc}}\n"
    write(tmp_path, main=PRELUDE + ENCRYPTED, Pulumi__dev__yaml=config)
    inputs = {r.name: r.inputs for r in load_program(tmp_path, timeout=60).stack.resources}
    assert inputs["plain"] == {"zone": UNKNOWN, "part": UNKNOWN}
    assert inputs["joined"] == {"zone": UNKNOWN, "upper": UNKNOWN}
    assert inputs["secret"] == {"zone": UNKNOWN}
    assert inputs["number"] == {"mtu": UNKNOWN, "other": UNKNOWN}
    assert inputs["clear"] == {"zone": "us", "secret": "us-east1"}
