"""`python -m policypack`."""

from policypack.cli import main

main(prog_name="python -m policypack")
