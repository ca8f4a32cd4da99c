"""`completion`: lets a shell complete commands, options and rules."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

_PROGRAM: Final = "llm-policypack"
_VARIABLE: Final = "_LLM_POLICYPACK_COMPLETE"


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
