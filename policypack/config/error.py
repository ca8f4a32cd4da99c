"""What is wrong with configuration."""

from __future__ import annotations


class ConfigurationError(Exception):
    """The configuration of the pack is wrong: what, where and how to fix it, one clause a mistake, all on one line."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
