"""What another stack vouches for: a health check or a policy that whoever owns it answers for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from policypack.model.graph.links import Links
from policypack.model.graph.reference import Reference
from policypack.model.graph.tokens import STACK_REFERENCE
from policypack.model.graph.view import View
from policypack.verdict import NotApplicable, Undecided, Verdict, unresolved
from policypack.wording import quoted


def vouched_for(subject: View, links: Links, key: str, globs: Iterable[str]) -> Iterator[NotApplicable]:
    """Says, if so, that everything that a property points at outside the stack is vouched for.

    Args:
        subject: what has the property.
        links: what the property points at.
        key: the name of the input property.
        globs: on names or paths (`projects/P/global/healthChecks/N`), and on the logical names of stack references.
    """
    owners = _owners(subject, links, key)
    patterns = tuple(globs)
    if owners and all(any(fnmatchcase(name, glob) for name in names for glob in patterns) for names in owners):
        yield NotApplicable(
            f"according to the option `vouched`, its owner vouches for {quoted(names[0] for names in owners)}"
        )


def vouched_or_seen(
    subject: View, links: Links, key: str, globs: Iterable[str], outside: Undecided | None = None
) -> Iterator[Verdict]:
    """Says that what a property points at outside the stack is vouched for, or else what of it is not known.

    The other arguments are those of `vouched_for`.

    Args:
        outside: what is said of something outside the stack; without it, that is as good as what is seen.
    """
    vouched = list(vouched_for(subject, links, key, globs))
    yield from vouched
    if not vouched:
        yield from unresolved(links)
        if links.external and outside:
            yield outside


def _owners(subject: View, links: Links, key: str) -> list[tuple[str, ...]]:
    """The names of each thing outside the stack that a property points at; none if one of them has no name."""
    outside: list[tuple[str, ...]] = [(reference.name, _path(reference)) for reference in links.external]
    if links.is_complete:
        return outside
    sources = [(urn, subject.stack.by_urn(urn)) for urn in subject.resource.edges.get(key, ())]
    if not all(source and source.type == STACK_REFERENCE for _, source in sources):
        return []
    named = [(source.name,) for _, source in sources if source]
    return [*outside, *named] if named else []


def _path(reference: Reference) -> str:
    place = "global" if reference.scope == "global" else f"{reference.scope}/{reference.location}"
    return f"projects/{reference.project}/{place}/{reference.collection}/{reference.name}"
