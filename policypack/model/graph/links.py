"""What a property points at: resources of the stack, resources outside it, or not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from policypack.model.graph.reference import (
    Reference,
    has_a_name,
    may_have_any_name,
    parse_reference,
    with_provider_default,
)
from policypack.model.graph.resource import Resource, ordered
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import (
    AUTOSCALER_TYPES,
    ENDPOINT_TYPES,
    GKE,
    GLOBAL_NETWORK_ENDPOINT,
    INSTANCE_GROUP_NAMED_PORT,
    PER_INSTANCE_CONFIG,
    REGION_NETWORK_ENDPOINT,
    REGION_PER_INSTANCE_CONFIG,
    REGION_RESIZE_REQUEST,
    RESIZE_REQUEST,
    SERVICE_TYPES,
)
from policypack.model.values.logic import known_in
from policypack.model.values.values import UNKNOWN, Unknown, python_name

T = TypeVar("T")

# Resources of other packages may compute anything from anything; of these it is known that they yield no URL of a
# Compute Engine resource.
_HARMLESS_PACKAGES: Final = ("gcp:", "random:", "tls:", "time:", "pulumi:providers:", "pulumi:pulumi:Stack")
# These hand on the URLs of other resources, or text that may be any URL: clusters and node pools have instance groups
# that are no resources of the stack, secrets, buckets and other stacks store what they are given.
_YIELDS_ANYTHING: Final = (
    *AUTOSCALER_TYPES,
    *SERVICE_TYPES,
    *ENDPOINT_TYPES,
    GLOBAL_NETWORK_ENDPOINT,
    REGION_NETWORK_ENDPOINT,
    INSTANCE_GROUP_NAMED_PORT,
    PER_INSTANCE_CONFIG,
    REGION_PER_INSTANCE_CONFIG,
    RESIZE_REQUEST,
    REGION_RESIZE_REQUEST,
    GKE,
    "gcp:secretmanager/",
    "gcp:parametermanager/",
    "gcp:runtimeconfig/",
    "gcp:storage/",
    "gcp:deploymentmanager/",
    "pulumi:pulumi:StackReference",
)


@dataclass(frozen=True)
class Links:
    """What the entries of one property point at.

    Attributes:
        entries: for each entry, the resource or the reference to something outside the stack, `None` where it is not
            known which; `UNKNOWN` if not even the number of entries is known.
        targets: the resources of the stack that certainly are among the entries.
        candidates: the resources that unresolved entries may point at.
        is_closed: unresolved entries can point at nothing but `candidates`.
        why: what keeps entries unresolved, a clause without a full stop; empty if all are resolved.
        property_name: the Python name of the property.
        is_of_names: what is not known is computed from `candidates` and names that the program has.
    """

    entries: tuple[Resource | Reference | None, ...] | Unknown
    targets: tuple[Resource, ...]
    candidates: tuple[Resource, ...]
    is_closed: bool
    why: str
    property_name: str
    is_of_names: bool = False

    @property
    def external(self) -> tuple[Reference, ...]:
        return tuple(entry for entry in known_in(self.entries) if isinstance(entry, Reference))

    @property
    def members(self) -> tuple[Resource | Reference, ...]:
        """All that certainly is among the entries."""
        return (*self.targets, *self.external)

    @property
    def unresolved(self) -> int | None:
        """How many entries are not among `members`; `None` if there may be any number."""
        if isinstance(self.entries, Unknown):
            return None
        return 0 if self.is_complete else sum(entry is None for entry in self.entries)

    @property
    def is_complete(self) -> bool:
        """All entries are known: they are `members` and nothing else."""
        return not self.why

    def in_doubt(self, why: str) -> Links:
        """The same where it is not known whether the property counts at all, and `why`."""
        candidates = _unique((*self.targets, *self.candidates))
        is_closed = self.is_closed and not self.external
        return replace(self, entries=UNKNOWN, targets=(), candidates=candidates, is_closed=is_closed, why=why)

    def includes(self, resource: Resource, *, by_name: bool = True) -> bool | Unknown:
        """Whether an entry points at a resource of the stack.

        Args:
            resource: the resource.
            by_name: a known name that is of nothing in the stack may be that of a resource whose own is not known.
        """
        if resource in self.targets:
            return True
        if self.is_complete:
            return UNKNOWN if by_name and self.external and may_have_any_name(resource) else False
        # The program cannot have the name of what Pulumi is going to name.
        may_be_named = not self.is_of_names or has_a_name(resource)
        return UNKNOWN if resource in self.candidates or (may_be_named and not self.is_closed) else False


class LinkIndex(Generic[T]):
    """Who points at a resource, found without asking everybody.

    Args:
        owners: those with links, in the order in which to find them.
    """

    def __init__(self, owners: Iterable[tuple[T, Links]]) -> None:
        self._owners = tuple(owners)
        self._by_target: dict[str, list[int]] = {}
        self._open: list[int] = []
        for number, (_, links) in enumerate(self._owners):
            if not links.is_complete or links.external:
                self._open.append(number)
                continue
            for target in links.targets:
                self._by_target.setdefault(target.urn, []).append(number)

    def about(self, resource: Resource) -> list[tuple[T, Links]]:
        """Those whose links may point at a resource; of all others it is certain that they do not."""
        numbers = {*self._by_target.get(resource.urn, ()), *self._open}
        return [self._owners[number] for number in sorted(numbers)]


def resolve(
    stack: Stack, resource: Resource, key: str, entries: Sequence[str | Unknown | None] | Unknown, types: Iterable[str]
) -> Links:
    """Finds what the property `key` of `resource` points at.

    Known entries are matched with the stack's resources by name; where the name leaves open whether it is that of a
    resource, it is if the property depends on that one. Unknown ones are the resources that the property
    depends on, of a fitting type, less those already matched: as many candidates as unknown entries settle them,
    if nothing else that the property depends on can yield such a value. This takes for granted that no entry stands
    twice, which the API refuses: https://cloud.google.com/load-balancing/docs/backend-service#backends

    For example, at a preview in which groups `b` and `c` are new, so that their URLs are not known yet:

        backends = [a.instance_group, b.instance_group, c.instance_group]
        entries = [".../instanceGroups/a", UNKNOWN, UNKNOWN], edges = (a, b, c)

    The first entry is `a` by its name. Of the edges, `b` and `c` are left for two unknown entries, so that these are
    the targets, though not which entry is which: `entries` is (a, None, None). With one unknown entry for both (a
    condition chose one) the targets are `a` alone, the candidates `b` and `c`, and nothing else is possible. With a
    GKE node pool among the edges anything is possible.

    Args:
        stack: where to look.
        resource: the resource with the property.
        key: the name of the input property, to find its dependency edges.
        entries: the URLs in it.
        types: the types that it may point at.
    """
    fitting, name = frozenset(types), python_name(key)
    given = () if isinstance(entries, Unknown) else entries
    sources = [(urn, stack.by_urn(urn)) for urn in resource.edges.get(key, ())]
    fit = _unique(source for _, source in sources if source and source.type in fitting)
    matched = tuple(_match(stack, resource, entry, fitting, fit) for entry in given)
    targets = _unique(entry for entry in matched if entry is not None)
    missing = sum(entry is None for entry in matched)
    if not isinstance(entries, Unknown) and not missing:
        return Links(matched, targets, (), True, "", name)

    candidates = tuple(source for source in fit if source not in targets)
    blocking = sorted(_describe(urn, source) for urn, source in sources if _may_yield(source, fitting))
    if isinstance(entries, Unknown):
        why = (
            f"``{name}`` is computed as a whole (inside `apply`?) or encrypted; write the list out so that it can "
            f"be judged"
        )
        return Links(UNKNOWN, (), candidates, False, why, name, is_of_names=bool(sources) and not blocking)
    if doubt := _doubt(given, matched, candidates, blocking):
        return Links(matched, targets, candidates, False, f"``{name}`` {doubt}", name)
    if len(candidates) == missing:
        if missing == 1:
            matched = tuple(candidates[0] if entry is None else entry for entry in matched)
        return Links(matched, (*targets, *candidates), (), True, "", name)
    if not candidates:
        return Links(matched, targets, (), False, f"``{name}`` has a value that is not known yet", name)
    choices = ", ".join(sorted(f"`{candidate.name}`" for candidate in candidates))
    why = f"``{name}`` may point at any of {choices}"
    return Links(matched, targets, candidates, len(candidates) > missing, why, name)


def _doubt(
    given: Sequence[str | Unknown | None],
    matched: Sequence[Resource | Reference | None],
    candidates: Sequence[Resource],
    blocking: Sequence[str],
) -> str:
    """Why entries may point at something else than the candidates: what is said of the property; empty if none may."""
    if any(isinstance(one, str) for one, found in zip(given, matched, strict=True) if found is None):
        return "has a value that may or may not name a resource"
    if blocking:
        return f"comes through {', '.join(blocking)}"
    has_outside = any(isinstance(entry, Reference) for entry in matched)
    if has_outside and any(may_have_any_name(candidate) for candidate in candidates):
        return "may name a resource whose own name is not known"
    return ""


def _match(
    stack: Stack, resource: Resource, entry: str | Unknown | None, types: frozenset[str], sources: Sequence[Resource]
) -> Resource | Reference | None:
    reference = parse_reference(entry) if isinstance(entry, str) else None
    if reference is None:
        return None
    if reference.project is None:
        project = with_provider_default(resource, "project")
        reference = reference.in_project(project if isinstance(project, str) else None)
    target = stack.by_reference(reference)
    if target is not None:
        return target if target.type in types else reference
    possible = stack.possibly_named(reference)
    computed_from = [one for one in possible if one in sources]
    return computed_from[0] if len(computed_from) == 1 else None if possible else reference


def _may_yield(source: Resource | None, types: frozenset[str]) -> bool:
    """Whether a value computed from `source` may point at something that is not `source` itself."""
    if source is None:
        return True
    if source.type in types:
        return False
    # What a resource that is only read was made from is not shown.
    return source.is_read or not source.type.startswith(_HARMLESS_PACKAGES) or source.type.startswith(_YIELDS_ANYTHING)


def _describe(urn: str, source: Resource | None) -> str:
    return f"`{source.name}` ({source.type})" if source else f"`{urn.rpartition('::')[2]}`, which is not in the stack"


def _unique(found: Iterable[Resource | Reference]) -> tuple[Resource, ...]:
    return ordered(entry for entry in found if isinstance(entry, Resource))
