"""Where the mistakes of a configuration stand, what a run says of them, and what only a deployment refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from llm_stack.config import FORMS, PROJECT, parse_config
from llm_stack.reading.mistake import ConfigError, Mistake
from llm_stack.reading.section import Section
from llm_stack.reading.stack_file import read_places
from llm_stack.schema import Common, sections_in
from policypack.sources.error import SourceError
from policypack.sources.program import load_program
from tests.reference_stack.stacks import GONE, STACKS, changed, copy_stack, raw_config, stack_config

FILE = """\
config:
  gcp:project: my-llm-project
  llm-reference:regions:
    us-east1: {cidr: 10.0.0.0/24,
      zones: [us-east1-b, us-east1-c]}
    us-west1:
      cidr: 10.0.1.0/24
      zones:
        - us-west1-a
        - us-west1-b
  llm-reference:config:machine: {type: e2-standard-4}
"""
DEFAULTS = """\
name: llm-reference
runtime: python
config:
  operations:
    default: {protect: true}
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("gcp:project",), "Pulumi.dev.yaml:2: "),
        (("regions",), "Pulumi.dev.yaml:3: "),
        (("regions", "us-east1", "cidr"), "Pulumi.dev.yaml:4: "),
        (("regions", "us-east1", "zones", 1), "Pulumi.dev.yaml:5: "),
        (("regions", "us-west1", "zones", 1), "Pulumi.dev.yaml:10: "),
        # What is missing has the line of what it is missing in.
        (("regions", "us-west1", "min_replicas"), "Pulumi.dev.yaml:6: "),
        (("machine", "disk_gb"), "Pulumi.dev.yaml:11: "),
        (("operations", "protect"), "Pulumi.yaml:4: "),
        (("frontend", "kind"), "Pulumi.dev.yaml: "),
        (("stack name",), "Pulumi.dev.yaml: "),
    ],
)
def test_a_path_has_its_line(tmp_path: Path, path: tuple[str | int, ...], place: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(FILE)
    (tmp_path / "Pulumi.yaml").write_text(DEFAULTS)
    assert read_places(tmp_path, PROJECT, "dev")(path) == place


@pytest.mark.parametrize(
    "content", [None, b"", b"[1]", b"config: 5", b"a: [", b"\xff\xfe\xff", b"config: {a: &x 1, b: *x}"]
)
def test_a_file_that_tells_nothing(tmp_path: Path, content: bytes | None) -> None:
    """As when the configuration is somewhere else."""
    if content is not None:
        (tmp_path / "Pulumi.dev.yaml").write_bytes(content)
    assert read_places(tmp_path, PROJECT, "dev")(("regions", "us-east1")) in ("", "Pulumi.dev.yaml: ")


def test_the_message_has_a_line_for_each_mistake() -> None:
    one, two = Mistake(("a", "b", 0), "is wrong", "Write it right"), Mistake(("c",), "is missing", "Set it")
    assert (
        str(ConfigError([one], lambda path: ""))
        == "The configuration has 1 mistake:\na.b[0]: is wrong. Write it right."
    )
    assert str(ConfigError([one, two], lambda path: f"F:{len(path)}: ")).splitlines() == [
        "The configuration has 2 mistakes:",
        "F:3: a.b[0]: is wrong. Write it right.",
        "F:1: c: is missing. Set it.",
    ]


@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize(
    ("stack", "edit", "said"),
    [
        (
            "dev",
            (
                "min_replicas: 2, max_replicas: 4}\n  llm-reference:machine:\n    type: e2-standard-4",
                "minReplicas: 2, max_replicas: 4}\n  llm-reference:machine:\n    type: e2-standard-5",
            ),
            ["us-east1.minReplicas: is not a key", "Write min_replicas.", "machine.type: there is no machine"],
        ),
        ("run", ("reference:instance:", "reference:instances:"), ["instances: is not a key", "Write instance."]),
        ("prod", ("{type: nvidia-l4, count: 1}", "nvidia-l4"), ["machine.gpu: is `nvidia-l4`, not a mapping."]),
        (
            "internal",
            ("reference:frontend:", "reference:frontend: x\n  llm-reference:x:"),
            ["frontend: is `x`, not a mapping.", "x: is not a key"],
        ),
    ],
)
def test_a_run_says_it_without_a_traceback(
    tmp_path: Path, stack_dir: Path, stack: str, edit: tuple[str, str], said: list[str]
) -> None:
    text, replacement = edit
    project = copy_stack(stack_dir, tmp_path / "reference_stack")
    file = project / f"Pulumi.{stack}.yaml"
    content = file.read_text()
    assert content.count(text) == 1
    file.write_text(content.replace(text, replacement))
    with pytest.raises(SourceError) as refused:
        load_program(project, stack, timeout=60)
    message = str(refused.value)
    lines = message.splitlines()
    assert lines[0].startswith(f"The program in {project} refuses to run. The configuration has ")
    assert all(line.startswith(f"Pulumi.{stack}.yaml:") for line in lines[1:])
    assert [part for part in said if part not in message] == []
    assert [word for word in ("Traceback", "Correct the program", "ConfigError", "..") if word in message] == []


PLACEHOLDERS = {
    "dev": {"gcp:project", "model.manifest_sha256", "frontend.domain", "operations.alert_emails[0]"},
    "prod": {"gcp:project", "model.manifest_sha256", "frontend.domain", "operations.alert_emails[0]"},
    "internal": {"gcp:project", "model.manifest_sha256", "frontend.domain", "operations.alert_emails[0]"},
    "run": {"gcp:project", "frontend.domain", "operations.alert_emails[0]"},
}


@pytest.mark.parametrize("stack", STACKS)
def test_a_deployment_takes_no_placeholder(stack_dir: Path, stack: str) -> None:
    raw, project = raw_config(stack_dir, stack), stack_config(stack_dir, stack)["gcp:project"]
    parse_config(raw, project, stack)
    with pytest.raises(ConfigError) as refused:
        parse_config(raw, project, stack, deployed=True)
    assert {mistake.key for mistake in refused.value.mistakes} == PLACEHOLDERS[stack]


@pytest.mark.parametrize("path", ["kind", "iap_members", "domain"])
def test_a_deployment_names_other_mistakes_too(stack_dir: Path, path: str) -> None:
    raw = changed(raw_config(stack_dir, "run"), {f"frontend/{path}": 5})
    with pytest.raises(ConfigError) as refused:
        parse_config(raw, "my-llm-project", "run", deployed=True)
    named = {mistake.key for mistake in refused.value.mistakes}
    assert named == PLACEHOLDERS["run"] | {f"frontend.{path}"}


@pytest.mark.parametrize("stack", STACKS)
def test_a_deployment_takes_what_is_filled_in(stack_dir: Path, stack: str) -> None:
    changes = {"frontend/domain": "llm.corp.com", "operations/alert_emails": ["oncall@corp.com"]}
    if stack != "run":
        changes["model/manifest_sha256"] = 64 * "a"
    raw = changed(raw_config(stack_dir, stack), changes)
    assert parse_config(raw, "corp-llm-1", stack, deployed=True).project == "corp-llm-1"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"frontend/iap_members": ["group:llm@example.com"]}, "frontend.iap_members[0]"),
        ({"operations/alert_emails": ["a@corp.com", "b@example.org"]}, "operations.alert_emails[1]"),
        ({"model/image": "docker.io/vllm/vllm-openai@sha256:" + 64 * "0"}, "model.image"),
    ],
    ids=str,
)
def test_other_placeholders(stack_dir: Path, changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(changed(raw_config(stack_dir, "prod"), changes), "my-llm-project", "prod", deployed=True)
    assert key in {mistake.key for mistake in refused.value.mistakes}


def every_key() -> list[tuple[str, str, FieldInfo]]:
    """The keys of all sections as the shipped stacks have them: stack, path, field."""
    found = []
    for stack in STACKS:
        raw = raw_config(Path(__file__).parents[3] / "reference_stack", stack)
        form = FORMS[raw.get("compute", "machines")]
        for name, field in {**form.model_fields, **Common.model_fields}.items():
            for model in sections_in(field.annotation):
                found += keys_of(stack, name, model, raw)
    return sorted(
        {(stack, path): (stack, path, field) for stack, path, field in found}.values(), key=lambda row: row[:2]
    )


def keys_of(stack: str, name: str, model: type[Section], raw: dict[str, Any]) -> list[tuple[str, str, FieldInfo]]:
    given = raw[name]
    first = next(iter(given)) if name == "regions" else ""
    entries = given[first] if first else given
    path = f"{name}/{first}" if first else name
    return [(stack, f"{path}/{key}", field) for key, field in model.model_fields.items() if key in entries]


KEYS = every_key()
IDS = [f"{stack} {path}" for stack, path, _ in KEYS]


def refused(stack_dir: Path, stack: str, changes: dict[str, Any]) -> dict[str, str]:
    try:
        parse_config(changed(raw_config(stack_dir, stack), changes), "my-llm-project", stack)
    except ConfigError as error:
        return {mistake.key: str(mistake) for mistake in error.mistakes}
    return {}


@pytest.mark.parametrize(("stack", "path", "field"), KEYS, ids=IDS)
def test_a_key_of_another_type_is_refused_there_or_built(
    stack_dir: Path, stack: str, path: str, field: FieldInfo
) -> None:
    named = path.replace("/", ".")
    for value in (True, 5, "x y", [], [1], {}, {"a": 1}, None):
        found = refused(stack_dir, stack, {path: value})
        takes_it = is_taken(field, value)
        # What a key takes by itself may still go with nothing else.
        if not takes_it:
            assert any(key == named or key.startswith((f"{named}.", f"{named}[")) for key in found), (value, found)
        assert not any(word in str(found) for word in ("Traceback", "typing.", "pydantic", "NoneType", "Input should"))


def is_taken(field: FieldInfo, value: Any) -> bool:
    try:
        TypeAdapter(field.rebuild_annotation()).validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("stack", "path", "field"), KEYS, ids=IDS)
def test_a_key_that_is_gone_is_missing_if_it_is_required(
    stack_dir: Path, stack: str, path: str, field: FieldInfo
) -> None:
    found = refused(stack_dir, stack, {path: GONE})
    if field.is_required():
        named = path.replace("/", ".")
        assert found[named].startswith(f"{named}: is missing. Set it")


# Shorter ones cannot be recognized.
LONG = [(stack, path) for stack, path, _ in KEYS if len(path.rpartition("/")[2]) > 3]


@pytest.mark.parametrize(("stack", "path"), LONG)
def test_a_key_that_is_misspelled_is_recognized(stack_dir: Path, stack: str, path: str) -> None:
    parent, _, key = path.rpartition("/")
    raw = changed(raw_config(stack_dir, stack), {path: GONE})
    target = raw
    for part in parent.split("/"):
        target = target[part]
    wrong = key[0].upper() + key[1:].replace("_", "-") + "s"
    target[wrong] = 1
    with pytest.raises(ConfigError) as error:
        parse_config(raw, "my-llm-project", stack)
    named = {mistake.path: mistake.fix for mistake in error.value.mistakes}
    assert named[(*parent.split("/"), wrong)] == f"Write {key}"
    assert (*parent.split("/"), key) not in named


def test_there_are_enough_of_them() -> None:
    assert len(KEYS) > 80


@pytest.mark.parametrize("section", ["compute", "regions", "machine", "model", "traffic", "frontend", "operations"])
def test_a_section_of_any_type_is_refused_there(stack_dir: Path, section: str) -> None:
    for value in (None, 5, [1], "text", True, {"a": 1}):
        found = refused(stack_dir, "dev", {section: value})
        assert any(key == section or key.startswith(f"{section}.") for key in found), (value, found)
