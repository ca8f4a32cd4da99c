"""The help of the command line: every option is in an example."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from policypack.cli import main


def commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """The commands that do something, by what they are called with."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from commands(below, f"{name} {below.name}".strip())
    else:
        yield name, command


COMMANDS = dict(commands(main))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_an_example(name: str) -> None:
    command = COMMANDS[name]
    examples = re.findall(r"^ +(?:.*\| )?(?:python -m|llm-)[ ]?policypack .*", command.help or "", re.MULTILINE)
    options = [option for option in command.params if isinstance(option, click.Option)]
    used = {word for example in examples for word in example.split()}
    assert [option.opts[0] for option in options if not used & set(option.opts)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_has_options_of_its_command_only(name: str) -> None:
    command = COMMANDS[name]
    options = {text for option in command.params for text in option.opts}
    examples = re.findall(rf"policypack {name}\b(.*)", command.help or "")
    assert [word for example in examples for word in example.split() if word.startswith("--")] == [
        word for example in examples for word in example.split() if word in options
    ]
