"""Broken files of stacks: what the pack's reader refuses as the CLI does, and what the stack says of the rest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from llm_stack.config import PROJECT, parse_config, value_of
from llm_stack.reading.mistake import ConfigError
from llm_stack.reading.stack_file import read_places
from policypack.sources.error import SourceError
from policypack.sources.program.config import read_config
from policypack.sources.program.project import read_project
from tests.reference_stack.config.broken import Row
from tests.reference_stack.config.broken_files import (
    ALL,
    BUILT_FILES,
    FILES_WITHOUT_CONFIGURATION,
    MORE,
    MORE_BUILT,
    NOT_YAML,
    REFUSED_FILES,
    Edit,
)
from tests.reference_stack.config.test_stack_config import mistakes, name_of


def said(folder: Path, stack_dir: Path, content: str | None) -> list[str]:
    """What is said of a file of the stack dev, as a run says it, without a process."""
    shutil.copy(stack_dir / "Pulumi.yaml", folder)
    if content is not None:
        (folder / "Pulumi.dev.yaml").write_text(content)
    values = read_config(read_project(folder), "dev").values
    raw = {key.partition(":")[2]: value_of(text) for key, text in values.items() if key.startswith(f"{PROJECT}:")}
    others = [key for key in values if not key.startswith(f"{PROJECT}:")]
    place = read_places(folder, PROJECT, "dev")
    try:
        parse_config(raw, values.get("gcp:project", ""), "dev", place=place, others=others)
    except ConfigError as error:
        return str(error).splitlines()[1:]
    return []


def edited(stack_dir: Path, edit: Edit) -> str:
    content = (stack_dir / "Pulumi.dev.yaml").read_text()
    assert edit[0] in content
    return content.replace(*edit, 1)


@pytest.mark.parametrize(("edit", "problem"), NOT_YAML.values(), ids=NOT_YAML)
def test_a_file_that_is_no_yaml_to_the_cli(tmp_path: Path, stack_dir: Path, edit: Edit, problem: str) -> None:
    with pytest.raises(SourceError) as refused:
        said(tmp_path, stack_dir, edited(stack_dir, edit))
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'Pulumi.dev.yaml'} is not valid YAML")
    assert problem in message


@pytest.mark.parametrize(("edit", "expected"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_a_file_that_is_refused(tmp_path: Path, stack_dir: Path, edit: Edit, expected: list[str]) -> None:
    found = said(tmp_path, stack_dir, edited(stack_dir, edit))
    begins = [f"Pulumi.dev.yaml:{begin}" for begin in expected]
    assert [line[: len(begin)] for line, begin in zip(found, begins, strict=True)] == begins
    assert max(map(len, found)) < 400


@pytest.mark.parametrize("edit", BUILT_FILES.values(), ids=BUILT_FILES)
def test_a_file_that_is_built(tmp_path: Path, stack_dir: Path, edit: Edit) -> None:
    assert said(tmp_path, stack_dir, edited(stack_dir, edit)) == []


@pytest.mark.parametrize("content", FILES_WITHOUT_CONFIGURATION.values(), ids=FILES_WITHOUT_CONFIGURATION)
def test_a_file_without_configuration(tmp_path: Path, stack_dir: Path, content: str | None) -> None:
    found = said(tmp_path, stack_dir, content)
    assert [line.split(" is missing")[0] for line in found] == [
        f"Pulumi.dev.yaml: {key}:" for key in (*ALL, "gcp:project")
    ]


def test_a_project_of_another_name_is_told_which_keys_it_has(tmp_path: Path, stack_dir: Path) -> None:
    content = (stack_dir / "Pulumi.dev.yaml").read_text().replace(f"{PROJECT}:", "my-llm:")
    found = said(tmp_path, stack_dir, content)
    assert [line.partition(": ")[2] for line in found] == [
        f"my-llm:{key}: is of another project. Write {PROJECT}:{key}." for key in ALL
    ]


@pytest.mark.parametrize("row", MORE, ids=name_of)
def test_refused_with_all_keys_and_fixes(stack_dir: Path, row: Row) -> None:
    stack, changes, expected = row
    found = mistakes(stack_dir, stack, changes)
    assert {key: fix[: len(expected.get(key, fix))] for key, fix in found.items()} == expected


@pytest.mark.parametrize(("stack", "changes"), MORE_BUILT, ids=str)
def test_legal_neighbours_are_built(stack_dir: Path, stack: str, changes: dict[str, Any]) -> None:
    assert mistakes(stack_dir, stack, changes) == {}
