"""`completion`: lets a shell complete commands, options, rules, stacks and paths.

A shell waits for it with every press of a key: what it imports is imported in vain nearly always.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import click
from click.shell_completion import CompletionItem, get_completion_class

_PROGRAM: Final = "llm-policypack"
_VARIABLE: Final = "_LLM_POLICYPACK_COMPLETE"
_RULES: Final = Path(__file__).parents[1] / "rules"
_TITLE: Final = re.compile(r'^@rule\(\n    title="(.*)",$', re.MULTILINE)


@click.command(short_help="Print a shell completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL for the installed command, `llm-policypack`.

    \b
    Examples:
      llm-policypack completion bash >> ~/.bashrc
      llm-policypack completion fish > ~/.config/fish/completions/llm-policypack.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(context.find_root().command, {}, _PROGRAM, _VARIABLE).source())


class WrittenRule(NamedTuple):
    """What the file of a rule shows without being imported."""

    name: str
    area: str
    title: str


@cache
def written_rules() -> tuple[WrittenRule, ...]:
    """All rules, by name. To import them takes longer than anybody waits for a completion."""
    titles = ((file, _TITLE.search(file.read_text(encoding="utf-8"))) for file in _RULES.glob("*/*.py"))
    found = (WrittenRule(file.stem.replace("_", "-"), file.parent.name, title[1]) for file, title in titles if title)
    return tuple(sorted(found))


def complete_rule(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The rules whose names begin so."""
    return [CompletionItem(one.name, help=one.title) for one in written_rules() if one.name.startswith(incomplete)]


def complete_stack(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The stacks of the project that the command is pointed at, if their names begin so."""
    from policypack.sources.error import SourceError
    from policypack.sources.program.project import read_project, stacks_of

    # Click leaves the target where it is if the last word before the cursor is an option that needs a value.
    target = context.args[0] if context.args else context.params.get("target") or "."
    try:
        names = stacks_of(read_project(Path(target)))
    except (SourceError, OSError):
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_path(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leaves it to the shell to complete a path."""
    return [CompletionItem(incomplete, type="file")]
