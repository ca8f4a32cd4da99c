"""`python -m policypack`, and the command `llm-policypack`."""

import sys


def main() -> None:
    """Runs the command line, or says what it needs: machines that only enforce the pack have its runtime alone."""
    try:
        from policypack.cli import run
    except ModuleNotFoundError as error:
        from policypack.commands.installing import with_commands

        needed = f"error: the command line needs {error.name}: install llm-policypack[cli]"
        print(with_commands(needed), file=sys.stderr)
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
