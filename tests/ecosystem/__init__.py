"""What a change of the rules does to the verdicts of many stacks: `python -m tests.ecosystem`."""
