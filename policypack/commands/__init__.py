"""The commands of `python -m policypack`, one a module."""
