"""`python -m policypack`."""

import sys

try:
    from policypack.cli import run
except ModuleNotFoundError as error:
    # Machines that only enforce the pack have its runtime alone.
    what = f"the command line needs {error.name}: install requirements-cli.txt, or use `make check`"
    print(f"error: {what}", file=sys.stderr)
    sys.exit(2)

run()
