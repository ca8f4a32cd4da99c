"""What a part of the command line needs that is not installed, and how to install it."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires
from importlib.util import find_spec
from typing import Final

_DISTRIBUTION: Final = "llm-policypack"
_EXTRA: Final = re.compile(r"""\bextra\s*==\s*['"]([^'"]+)['"]""")


def to_install(extra: str, error: ModuleNotFoundError) -> str:
    """The missing package and the command that installs what the extra has, for an end of a sentence.

    It names this Python and what it lacks, so that it is the same in a clone and for an installed command; an extra by
    name would be looked for on an index.
    """
    package = (error.name or extra).partition(".")[0]
    python = shlex.quote(sys.executable or "python")
    # Environments that uv makes have no pip.
    install = f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    return f"the package {package}: run `{install} {' '.join(map(shlex.quote, _requirements(extra) or [package]))}`"


def _requirements(extra: str) -> list[str]:
    """What of the extra, and of the extras that it is made of, is not installed."""
    try:
        all_ = requires(_DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    found: list[str] = []
    for requirement, _, condition in (one.partition(";") for one in all_):
        named = _EXTRA.search(condition)
        if not named or named[1] != extra:
            continue
        own = re.fullmatch(rf"{_DISTRIBUTION}\[(.+)\]", requirement.strip())
        if own:
            found += _requirements(own[1])
        elif not _is_installed(re.split(r"[^\w.-]", requirement.strip())[0]):
            found.append(requirement.strip())
    return found


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
