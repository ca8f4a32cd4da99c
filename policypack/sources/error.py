"""What goes wrong with a source."""

from typing import Final

WITH_CLI: Final = "The CLI can do it: `pulumi preview --policy-pack DIR`, DIR being the folder of this policy pack."
EXPORT_AGAIN: Final = "Export the stack again: `pulumi stack export > state.json`."


class SourceError(Exception):
    """A stack cannot be read: the message says what is wrong, where, and how to fix it. There may be several."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class DamagedState(SourceError):  # noqa: N818
    """What should be a state is none, or a damaged one.

    Attributes:
        problem: what is wrong, without what to do about it, which depends on where the state comes from.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem} {EXPORT_AGAIN}")
        self.problem = problem
