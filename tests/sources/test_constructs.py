"""Ways to write a program that take more from the engine than registering resources; many of them in one program."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from policypack.model.values.values import UNKNOWN
from policypack.sources.program import ProgramStack, load_program

NETWORK = "urn:pulumi:dev::llm::gcp:compute/network:Network::"
PRELUDE = """\
import asyncio
import pulumi

def make(kind, name, /, opts=None, **inputs):
    token = f"gcp:compute/{kind[0].lower()}{kind[1:]}:{kind}"
    return pulumi.CustomResource(token, name, {"selfLink": None, **inputs}, opts)

def options(**given):
    return pulumi.ResourceOptions(**given)

"""


def run(folder: Path, program: str) -> ProgramStack:
    (folder / "Pulumi.yaml").write_text("name: llm\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {gcp:project: p-demo}\n")
    (folder / "__main__.py").write_text(PRELUDE + dedent(program))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_PYTHON_CMD", sys.executable)
        return load_program(folder, timeout=90)


@pytest.fixture(scope="module")
def transformed(tmp_path_factory: pytest.TempPathFactory) -> ProgramStack:
    return run(
        tmp_path_factory.mktemp("transformed"),
        """
        def merged(args, opts=None, **props):
            return pulumi.ResourceTransformResult({**args.props, **props}, opts or args.opts)

        def of_stack(args):
            if args.type_.endswith(":Network"):
                return merged(args, order=args.props.get("order", "") + "stack")

        async def asynchronous(args):
            await asyncio.sleep(0)
            if args.name == "own":
                return merged(args, awaited=True)

        pulumi.runtime.register_resource_transform(of_stack)
        pulumi.runtime.register_stack_transform(asynchronous)

        first = make("Network", "first", order="")
        second = make("Network", "second", order="", secret=pulumi.Output.secret("s"))

        def own(args):
            return merged(args, pulumi.ResourceOptions.merge(args.opts, options(
                ignore_changes=["backends"], version="9.9.9")), order="own,", mtu=8896)

        make("Network", "own", link=first.id, opts=options(transforms=[own]))
        fleet = pulumi.ComponentResource("acme:serving:Fleet", "fleet", opts=options(
            transforms=[lambda args: merged(args, order="fleet,") if "order" in args.props else None]))
        inner = pulumi.ComponentResource("acme:serving:Inner", "inner", opts=options(parent=fleet))
        make("Network", "child", order="", opts=options(parent=inner))

        def swap(args):
            items = [{"group": second.id}, args.props["items"][1]]
            return merged(args, items=items, known="b", left=args.props["left"])

        make("Service", "swapped", items=[{"group": first.id}, {"group": "c"}], known=first.id, left=first.id,
             opts=options(transforms=[swap]))
        provider = pulumi.ProviderResource("gcp", "other", {"project": "p-other"})
        make("Service", "moved", opts=options(transforms=[
            lambda args: merged(args, pulumi.ResourceOptions.merge(args.opts, options(provider=provider)))]))
        pulumi.runtime.register_invoke_transform(
            lambda args: pulumi.InvokeTransformResult({**args.args, "added": 1}, args.opts))
        make("Service", "called", names=pulumi.runtime.invoke_output("acme:index:get", {}).apply(lambda r: r["n"]))
        """,
    )


@pytest.mark.parametrize(
    ("name", "inputs", "edges"),
    [
        pytest.param("first", {"order": "stack"}, {}, id="of the stack"),
        pytest.param("second", {"order": "stack", "secret": "s"}, {}, id="secrets stay"),
        pytest.param("own", {"order": "own,stack", "mtu": 8896, "link": UNKNOWN, "awaited": True}, {"link": ("first",)},
                     id="its own before the stack's"),
        pytest.param("child", {"order": "fleet,stack"}, {}, id="of its parents"),
        pytest.param("swapped", {"items": [{"group": UNKNOWN}, {"group": "c"}], "known": "b", "left": UNKNOWN},
                     {"items": ("second",), "left": ("first",)}, id="edges follow the values"),
    ],
)  # fmt: skip
def test_transforms_run(
    transformed: ProgramStack, name: str, inputs: dict[str, object], edges: dict[str, tuple[str, ...]]
) -> None:
    found = next(one for one in transformed.stack.resources if one.name == name)
    assert found.inputs == inputs
    assert found.edges == {key: tuple(f"{NETWORK}{one}" for one in names) for key, names in edges.items()}


def test_transforms_change_options(transformed: ProgramStack) -> None:
    by_name = {one.name: one for one in transformed.stack.resources}
    assert by_name["own"].ignore_changes == ("backends",)
    assert by_name["own"].provider == {"project": "p-demo", "version": "9.9.9"}
    assert by_name["moved"].provider == {"project": "p-other"}
    assert by_name["called"].inputs == {"names": UNKNOWN}


def test_a_transform_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"failed at __main__\.py:11 with ZeroDivisionError: division by zero"):
        run(tmp_path, "make('Network', 'net', opts=options(transforms=[lambda args: 1 / 0]))")


@pytest.fixture(scope="module")
def constructs(tmp_path_factory: pytest.TempPathFactory) -> ProgramStack:
    return run(
        tmp_path_factory.mktemp("constructs"),
        """
        import pulumi.dynamic
        from pulumi import Output

        class Provider(pulumi.dynamic.ResourceProvider):
            def create(self, props):
                raise RuntimeError("never in a preview")

        class Dynamic(pulumi.dynamic.Resource):
            token: Output[str]

            def __init__(self, name):
                super().__init__(Provider(), name, {"token": None, "size": 1})

        def fail(args):
            raise RuntimeError("never in this run")

        net = make("Network", "net")
        dynamic = Dynamic("dynamic")
        hook = pulumi.ResourceHook("hook", fail, opts=pulumi.ResourceHookOptions(on_dry_run=True))
        make("Disk", "options", opts=options(
            parent=net, deleted_with=net, depends_on=[dynamic], protect=True, retain_on_delete=True,
            aliases=[pulumi.Alias(name="old"), "urn:pulumi:dev::llm::a:b:C::d"], replace_on_changes=["*"],
            custom_timeouts=pulumi.CustomTimeouts(create="5m"),
            hooks=pulumi.ResourceHookBinding(before_create=[hook])))
        make("Disk", "assets", remote=pulumi.RemoteAsset("https://example.com/a"), folder=pulumi.FileArchive("."),
             both=pulumi.AssetArchive({"a": pulumi.StringAsset("a")}))
        make("Disk", "outputs", text=Output.format("{0}-b", "a"), joined=Output.concat("a", net.id),
             all=Output.all(a=net.id, b=1).apply(lambda both: both["b"]), read=Output.json_loads('{"a": 1}')["a"],
             written=Output.json_dumps({"a": [1]}), token=dynamic.token)
        got = pulumi.CustomResource("gcp:compute/disk:Disk", "got", {"size": None}, options(id="disks/got"))
        make("Disk", "size", size=got.size)
        make("Disk", "called", opts=None, config=pulumi.runtime.call("acme:index:Fleet/config", {"net": net.id}))
        other = pulumi.StackReference("acme/net/dev")
        make("Disk", "other", a=other.get_output("a").apply(lambda a: a["b"]), b=other.require_output("b"))
        fleet = pulumi.ComponentResource("acme:index:Fleet", "fleet", {"url": None, "net": net.id}, remote=True)
        make("Disk", "fleets", url=fleet.url)
        pulumi.export("net", net.id)
        """,
    )


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("dynamic", {"size": 1}),
        ("options", {}),
        ("outputs", {"text": "a-b", "joined": UNKNOWN, "all": UNKNOWN, "read": 1, "written": '{"a": [1]}',
                     "token": UNKNOWN}),
        ("size", {"size": UNKNOWN}),
        ("called", {"config": UNKNOWN}),
        ("other", {"a": UNKNOWN, "b": UNKNOWN}),
        ("fleet", {"net": UNKNOWN}),
        ("fleets", {"url": UNKNOWN}),
    ],
)  # fmt: skip
def test_constructs_of_programs(constructs: ProgramStack, name: str, inputs: dict[str, object]) -> None:
    found = next(one for one in constructs.stack.resources if one.name == name).inputs or {}
    assert {key: value for key, value in found.items() if not key.startswith("__")} == inputs


def test_what_plugins_make_is_named(constructs: ProgramStack) -> None:
    assert not constructs.stack.is_complete
    assert constructs.notes == (
        "this run does not see what plugins create for these components, so anything that seems to be missing is "
        "undecided: `fleet` (acme:index:Fleet)",
    )


OBJECTS = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: llm}
spec: {gatewayClassName: gke-l7-rilb}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: days, namespace: llm}, data: {day: 2026-01-01}}
---
"""


def test_components_of_kubernetes(tmp_path: Path) -> None:
    (tmp_path / "objects.yaml").write_text(OBJECTS)
    program = run(
        tmp_path,
        """
        from pulumi_kubernetes import helm, kustomize, yaml
        yaml.ConfigFile("file", file="objects.yaml")
        yaml.ConfigGroup("group", files=["objects.yaml"], resource_prefix="second")
        yaml.v2.ConfigFile("file-2", file="objects.yaml")
        yaml.v2.ConfigGroup("group-2", files=["objects.yaml"])
        helm.v3.Chart("chart", helm.v3.LocalChartOpts(path="chart"))
        helm.v3.Release("release", chart="vllm")
        helm.v4.Chart("chart-4", chart="vllm")
        kustomize.Directory("folder", "folder")
        kustomize.v2.Directory("folder-2", directory="folder")
        """,
    )
    resources = {one.name: one for one in program.stack.resources}
    assert set(resources) - {"llm-dev"} == {
        *("file", "file-2", "second-group", "second-objects.yaml", "group-2", "chart", "release", "chart-4", "folder"),
        *("folder-2", "llm/front", "llm/days", "second-llm/front", "second-llm/days"),
    }
    assert resources["llm/front"].type == "kubernetes:gateway.networking.k8s.io/v1:Gateway"
    assert (resources["llm/days"].inputs or {})["data"] == {"day": "2026-01-01"}
    assert program.notes == ()
    assert program.stack.is_complete
