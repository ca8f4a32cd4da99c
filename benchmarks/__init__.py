"""How long judging takes, and what of it is the pack's: scripts to run by hand as `python -m benchmarks.NAME`."""
