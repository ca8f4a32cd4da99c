"""What the shipped configurations have in place of yours: a preview takes it, a deployment does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from llm_stack.machines.config import Machines
from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.reader import Checks

if TYPE_CHECKING:
    from llm_stack.config import Config

PROJECT = "my-llm-project"
ZEROS = 64 * "0"
RESERVED = re.compile(r"(?:^|[.@:])(?:example\.(?:com|net|org)|example|invalid)$")
"""Names that nobody can have: https://www.rfc-editor.org/rfc/rfc2606."""


def placeholder_checks(config: Config) -> Checks:
    """What must be replaced before anything is deployed."""
    compute, frontend, model = config.compute, config.frontend, config.compute.model
    yield refuse(("gcp:project",), lambda: config.project, lambda project: project == PROJECT)
    yield refuse(("frontend", "domain"), lambda: frontend.domain, RESERVED.search)
    yield refuse(("model", "image"), lambda: model.image.digest, lambda digest: ZEROS in digest)
    if isinstance(compute, Machines):
        yield refuse(("model", "manifest_sha256"), lambda: compute.manifest_sha256, lambda sha: sha == ZEROS)
    yield refuse_each(("operations", "alert_emails"), lambda: config.operations.alert_emails)
    yield refuse_each(("frontend", "iap_members"), lambda: getattr(frontend, "iap_members", ()))


def refuse_each(path: Path, values: Callable[[], tuple[str, ...]]) -> Iterator[Mistake]:
    for place, value in enumerate(values()):
        if RESERVED.search(value):
            yield placeholder((*path, place), value)


def refuse(path: Path, value: Callable[[], str], is_placeholder: Callable[[str], object]) -> Iterator[Mistake]:
    found = value()
    if is_placeholder(found):
        yield placeholder(path, found)


def placeholder(path: Path, value: str) -> Mistake:
    return Mistake(path, f"`{value}` is a placeholder, which only a preview takes", "Put your own in its place")
