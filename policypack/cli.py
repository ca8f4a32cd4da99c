"""The command line: `python -m policypack`, installed as `llm-policypack`."""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import Final, NoReturn

import click

from policypack import PACK_NAME, VERSION
from policypack.commands.audit import audit
from policypack.commands.check import check
from policypack.commands.completion import completion
from policypack.commands.config import config
from policypack.commands.ending import ExitStatus
from policypack.commands.failover import failover
from policypack.commands.installing import with_commands
from policypack.commands.new_rule import new_rule
from policypack.commands.report_schema import report_schema
from policypack.commands.rules import explain, rules
from policypack.commands.trend import trend
from policypack.garbage import collect_seldom

_FROM_A_CLONE: Final = "python -m policypack"


def run() -> NoReturn:
    """Runs the command line. Whatever goes wrong in it ends with one sentence and status 2, never with a traceback."""
    if sys.stdout is None:
        click.echo("error: cannot write the report: standard output is closed", err=True)
        sys.exit(ExitStatus.COULD_NOT_JUDGE)
    collect_seldom()
    # Ends by an exception, so that what was started is stopped and what is temporary removed.
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not _has_a_current_folder():
        _give_up("the current folder does not exist any more: change to another one")
    called = _called_as(sys.argv[0])
    _call_examples(main, called)
    try:
        main(prog_name=called, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(ExitStatus.COULD_NOT_JUDGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(ExitStatus.INTERRUPTED)
    except OSError as error:
        what = f"cannot open {error.filename!r}" if error.filename else "cannot write the report"
        _give_up(f"{what}: {error.strerror}")
    except ModuleNotFoundError as error:
        _give_up(f"this needs the package {error.name}: install llm-policypack[cli]")
    except Exception as error:
        _give_up(f"internal error ({type(error).__name__}); please report it")
    sys.exit(ExitStatus.FINE)


def _has_a_current_folder() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    click.echo("terminated", err=True)
    sys.exit(ExitStatus.TERMINATED)


def _called_as(program: str) -> str:
    name = os.path.basename(program)
    return _FROM_A_CLONE if name == "__main__.py" else name


def _call_examples(command: click.Command, called: str) -> None:
    """Lets the examples in the help of a command, and of those below it, call the program as it was called."""
    command.help = (command.help or "").replace(_FROM_A_CLONE, called)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _call_examples(below, called)


def _give_up(why: str) -> NoReturn:
    # Python writes what is left in the buffers when it ends, and would fail once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(f"error: {with_commands(why)}", err=True)
    sys.exit(ExitStatus.COULD_NOT_JUDGE)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    commands=[check, audit, trend, failover, rules, explain, config, report_schema, completion, new_rule],
)
@click.version_option(VERSION, prog_name=PACK_NAME, message="%(prog)s %(version)s")
def main() -> None:
    """Policies for LLM backends behind Google Cloud load balancers.

    \b
    Examples:
      python -m policypack check reference_stack --stack dev
      python -m policypack check state.json --output report.html --output results.sarif
      python -m policypack audit gs://my-pulumi-states
      python -m policypack explain llm-backend-regions
    """
