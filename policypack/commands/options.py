"""The options that several commands have, and that mean the same in all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from policypack.commands.completion import complete_rule, complete_stack
from policypack.config.profiles import PROFILES, RECOMMENDED
from policypack.config.terms import SEVERITIES
from policypack.report.formats import Product, formats_of

Command = TypeVar("Command", bound=Callable[..., Any])


class FilePath(click.Path):
    """A path that is not empty: where a script's variable is not set, an empty one would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; raises `click.BadParameter` for what is none."""
        if value == "":
            self.fail("it is empty: give a path", param, ctx)
        return super().convert(value, param, ctx)


def no_empty_path(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """The callback of paths that may also be URLs or `-`."""
    if "" in ((value,) if isinstance(value, str) else value):
        raise click.BadParameter("it is empty: give a path")
    return value


def _names(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Takes each name once."""
    if "" in ((value,) if isinstance(value, str) else value or ()):
        raise click.BadParameter("it is empty: give the name of a stack, such as dev")
    return tuple(dict.fromkeys(value)) if isinstance(value, tuple) else value


stack_option: Final = click.option(
    "--stack",
    "stack_name",
    metavar="NAME",
    callback=_names,
    shell_complete=complete_stack,
    help="The stack whose configuration the project runs with.",
)
stacks_option: Final = click.option(
    "--stack",
    "stack_names",
    metavar="NAME",
    multiple=True,
    callback=_names,
    shell_complete=complete_stack,
    help="The stack whose configuration the project runs with. Can be repeated: one report has all of them.",
)
all_stacks_option: Final = click.option(
    "--all-stacks",
    "is_all_stacks",
    is_flag=True,
    help="Judge all stacks of the project that have a configuration file, in one report.",
)
policy_config_option: Final = click.option(
    "--policy-config",
    metavar="FILE",
    type=FilePath(path_type=Path),
    help="A JSON file with levels and options, as for `pulumi --policy-pack-config`.",
)
answers_option: Final = click.option(
    "--answers",
    metavar="FILE",
    type=FilePath(path_type=Path, dir_okay=False),
    help="A YAML file with the results of provider functions, such as get_zones. By default, "
    "policy-answers.yaml in the project folder, if it exists.",
)
color_option: Final = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="When to print in colors: auto does in a terminal, unless NO_COLOR is set.",
)


def _globs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(value.strip() for value in values):
        raise click.BadParameter("give a glob on logical names, such as 'chat-*'")
    return values


def services_option(help_: str) -> Callable[[Command], Command]:
    """The option `--services`, with what it does in the command."""
    text = f"{help_} GLOB matches logical names: 'chat-*'. Can be repeated."
    return click.option("--services", metavar="GLOB", multiple=True, callback=_globs, help=text)


def profile_option(help_: str) -> Callable[[Command], Command]:
    """The option `--profile`, with what it does in the command."""
    each = "; ".join(f"{profile.name}: {profile.summary}" for profile in PROFILES.values())
    return click.option(
        "--profile",
        type=click.Choice(list(PROFILES)),
        default=RECOMMENDED.name,
        show_default=True,
        help=f"{help_} {each[0].upper()}{each[1:]}.",
    )


_CHOICES: Final = (
    policy_config_option,
    profile_option("The levels of the rules that the configuration does not set."),
    services_option(
        "In every rule, judge these backend services and what serves them instead of the configuration's `services`."
    ),
    click.option(
        "--rule",
        "rules",
        metavar="GLOB",
        multiple=True,
        shell_complete=complete_rule,
        help="Evaluate only the rules with these names: 'llm-*'. Can be repeated.",
    ),
    click.option(
        "--skip",
        "skipped",
        metavar="GLOB",
        multiple=True,
        shell_complete=complete_rule,
        help="Skip the rules with these names. Can be repeated.",
    ),
    click.option(
        "--severity",
        type=click.Choice(SEVERITIES),
        help="Evaluate only the rules of this severity and above.",
    ),
    click.option("--strict", "is_strict", is_flag=True, help="Count undecided verdicts as violations, in every rule."),
)


def choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how to judge, which the command gets together as its `choice`."""

    @wraps(command)
    def chosen(**given: Any) -> Any:
        from policypack.config.choice import Choice

        return command(choice=Choice(**{field.name: given.pop(field.name) for field in fields(Choice)}), **given)

    for option in reversed(_CHOICES):
        chosen = option(chosen)
    return chosen


def owners_options(command: Command) -> Command:
    """The options `--owners` and `--owner` of commands that report many stacks."""
    file = click.option(
        "--owners",
        "owners_file",
        metavar="FILE",
        type=FilePath(path_type=Path, dir_okay=False),
        help="A YAML file that maps projects and stacks to owners, which every report then shows.",
    )
    owner = click.option(
        "--owner",
        "only",
        metavar="NAME",
        multiple=True,
        help="Report the stacks of this owner only. Can be repeated; needs --owners.",
    )
    return file(owner(command))


today_option: Final = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Evaluate waivers as of that day; the default is today.",
)


def report_options(product: Product) -> Callable[[Command], Command]:
    """The options `--format` and `--output` of a command that reports."""
    formats = formats_of(product).values()
    endings = ", ".join(entry.suffixes[0] for entry in formats)
    printed = click.option(
        "--format",
        "format_name",
        type=click.Choice([entry.name for entry in formats if entry.is_text]),
        default="terminal",
        show_default=True,
        help="What to print on standard output.",
    )
    written = click.option(
        "--output",
        "outputs",
        metavar="FILE",
        multiple=True,
        type=FilePath(path_type=Path, dir_okay=False),
        help=f"Also write a report, in the format given by the file extension ({endings}). Can be repeated.",
    )
    return lambda command: printed(written(command))
