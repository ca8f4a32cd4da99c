"""What goes wrong with a source."""

from typing import Final

WITH_CLI: Final = "The CLI can do it: `pulumi preview --policy-pack DIR`, DIR being the folder of this policy pack."


class SourceError(Exception):
    """A stack cannot be read: the message says what is wrong, where, and how to fix it. There may be several."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
