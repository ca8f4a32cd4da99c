"""What the hand-written documents name exists: links, anchors, paths, make targets, commands and their options."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from policypack.cli import main as cli

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    file
    for pattern in (
        "*.md",
        "docs/*.md",
        "docs/decisions/*.md",
        "*/README.md",
        "reference_stack/docs/*.md",
        ".github/**/*.md",
    )
    for file in ROOT.glob(pattern)
)
FOLDERS = "policypack|tests|docs|benchmarks|scripts|reference_stack|.github"
# Options of other programs that the documents name.
FOREIGN = {
    *("--skip-preview", "--policy-pack", "--policy-pack-config", "--policy-group", "--config"),  # pulumi
    "--set-secrets",  # gcloud
    *("--api-key", "--shard-id", "--max-num-seqs"),  # servers
}
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))

pytestmark = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[file.relative_to(ROOT).as_posix() for file in DOCUMENTS]
)


def prose(document: Path) -> str:
    """The text without its code blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shell_lines(document: Path) -> Iterator[str]:
    """Commands: the lines of shell blocks, without comments and with what continues them, and inline code."""
    text = document.read_text(encoding="utf-8")
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
        yield from re.sub(r"\s#\s.*", "", block.replace("\\\n", " ")).splitlines()
    yield from re.findall(r"`([^`\n]+)`", prose(document))


def test_links_and_their_anchors(document: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if re.match(r"[a-z]+:", target):
            continue
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_paths(document: Path) -> None:
    named = re.findall(rf"(?<![\w/.$:-])((?:{FOLDERS})/[\w./*<>-]*[\w*>/])", document.read_text(encoding="utf-8"))
    patterns = {
        re.sub(r"<[^>]*>", "*", path).rstrip("/") for path in named if "/venv" not in path and path[-4:] != ".bak"
    }
    folders = (ROOT, document.parent)
    assert sorted(path for path in patterns if not any(any(folder.glob(path)) for folder in folders)) == []


def test_make_targets(document: Path) -> None:
    named = {
        target for line in shell_lines(document) for target in re.findall(r"(?:^|[\s;&])make ([a-z][a-z-]*)", line)
    }
    assert named - TARGETS == set()


def test_modules_and_what_is_installed(document: Path) -> None:
    missing = []
    for line in shell_lines(document):
        for module in re.findall(r"python3? -m ((?:policypack|tests|benchmarks)[\w.]*)", line):
            base = ROOT / module.replace(".", "/")
            missing += [] if base.with_suffix(".py").is_file() or (base / "__main__.py").is_file() else [module]
        for file in re.findall(r"install (?:\S+ )*?(?:-r|--requirement) (\S+)", line):
            missing += [] if any((folder / file).is_file() for folder in (ROOT, document.parent)) else [file]
        for extras in re.findall(r"(?:llm-policypack|\.)\[([\w,]+)\]", line):
            missing += [extra for extra in extras.split(",") if extra not in EXTRAS]
    assert missing == []


def test_commands_and_their_options(document: Path) -> None:
    wrong = []
    for line in shell_lines(document):
        for words in re.findall(r"(?:python3? -m policypack|(?<!<!-- )llm-policypack)((?: [^\s|&;)]+)*)", line):
            command, options = resolved(words.split())
            wrong += [f"{command.name} {option}" for option in options - options_of(command)]
    assert wrong == []


def test_options_named_in_passing(document: Path) -> None:
    known = set().union(*map(options_of, commands(cli)), FOREIGN)
    own = document.parent == ROOT or document.parent == ROOT / "docs"
    named = {
        word
        for code in re.findall(r"`(--[^`\n]+)`", prose(document) if own else "")
        for word in re.findall(r"--[a-z][a-z-]+", code)
    }
    assert sorted(named - known) == []


def resolved(words: list[str]) -> tuple[click.Command, set[str]]:
    """The command that the words call, and the options that they give it."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z-]+", words[0]) and words[0][0] != "-":
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"there is no command {name}"
        command = found
    return command, {word.partition("=")[0].strip('"[]') for word in words if word.lstrip('["').startswith("--")}


def options_of(command: click.Command) -> set[str]:
    return {name for param in command.get_params(click.Context(command)) for name in param.opts + param.secondary_opts}


def commands(group: click.Group) -> Iterator[click.Command]:
    yield group
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield from commands(command) if isinstance(command, click.Group) else (command,)
