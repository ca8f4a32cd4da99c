"""`config`: checks, describes and starts configuration files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from policypack.commands.ending import refuse
from policypack.commands.options import FilePath, profile_option, services_option
from policypack.config.error import ConfigurationError
from policypack.config.profiles import PROFILES, ProfileName


@click.group()
def config() -> None:
    """Check, describe and start configuration files."""


@config.command("check")
@click.argument("files", metavar="FILE...", type=FilePath(path_type=Path), nargs=-1, required=True)
def config_check(files: tuple[Path, ...]) -> None:
    """Check each FILE as the pack and `check` do, without judging anything.

    It also names policies that have been renamed or deprecated.

    Exit status: 0 if all files are valid, and 2 if not, with a line for each mistake: what, where and how to fix it.
    """
    from policypack.config.files import read_config_file
    from policypack.rules import RULES

    problems: list[str] = []
    for file in files:
        try:
            settings, notes = read_config_file(file, RULES)
        except ConfigurationError as error:
            problems += error.problems
            continue
        enabled = sum(setting.level != "disabled" for setting in settings.values())
        remark = "" if enabled else ": nothing will be judged"
        click.echo(f"{file}: all right, {enabled} of {len(settings)} rules enabled{remark}")
        for note in notes:
            click.echo(f"{file}: note: {note}")
    if problems:
        refuse(ConfigurationError(*problems))


@config.command("schema")
def config_schema() -> None:
    """Print the JSON schema (draft 2020-12) of configuration files, for editors and other checks."""
    from policypack.config.schema import document_schema
    from policypack.rules import RULES

    click.echo(json.dumps(document_schema(RULES), indent=2))


@config.command("init")
@click.argument("file", type=FilePath(path_type=Path), required=False)
@profile_option("The levels to write.")
@services_option("Write these backend services into every rule, in place of all.")
def config_init(file: Path | None, profile: ProfileName, services: tuple[str, ...]) -> None:
    """Write a configuration with every rule, its level and all options to FILE, or print it.

    An existing file is never overwritten.

    \b
    Examples:
      python -m policypack config init policy-config.json
      python -m policypack config init policy-config.json --profile core
      python -m policypack config init policy-config.json --services 'chat-*' --services embed
    """
    from policypack.config.files import starting_text, write_starting_file
    from policypack.rules import RULES

    text = starting_text(RULES, services, PROFILES[profile])
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        write_starting_file(file, text)
    except ConfigurationError as error:
        refuse(error)
    click.echo(f"{file}: {len(RULES)} rules with their levels and defaults")
