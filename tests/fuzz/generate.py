"""Makes stacks: parts of real ones, changed in any way that programs, providers and people change them.

Legal and illegal ones come out, with unknown, secret, null and mistyped values, references to nothing, to the wrong
thing and in circles, and equal names in different places and projects.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

from policypack.model.graph.reference import COLLECTIONS
from policypack.model.graph.tokens import RUN_TYPES
from tests.fuzz import corpus
from tests.fuzz.extras import extras
from tests.fuzz.forms import UNKNOWN_STRING, auto_name, outputs_of, resolved
from tests.fuzz.intent import PROVIDER, Intent, Secret, sources_of
from tests.stacks import Computed, Out, R

Path = tuple[Any, ...]

_SERVICES: Final = (":BackendService", ":RegionBackendService")
_REGIONS: Final = ("us-central1", "europe-west4", "us-east1")
_MISTYPED: Final[tuple[Any, ...]] = (
    0, 1, -1, 0.5, 1e308, True, False, "", "x", "0.8", "true", [], {}, [None], [[]], [{}], {"x": {}}, "8000", None,
    "projects/p-demo/global/networks/x", "us-central1", 2**70, "é\n", ["a", 1], {"4": 5},
)  # fmt: skip
_PROVIDERS: Final = (
    PROVIDER,
    {**PROVIDER, "region": "us-central1", "zone": "us-central1-a"},
    {**PROVIDER, "region": "europe-west4"},
    {**PROVIDER, "version": "9.1.0"},
    {"version": "10.2.0"},
)


def generate(seed: str, deployed: bool | None = None) -> Intent:
    """The stack of a seed; the same at each call."""
    maker = _Maker(random.Random(seed))
    resources = maker.resources()
    chosen = maker.random.random() < 0.5 if deployed is None else deployed
    provider = PROVIDER if maker.random.random() < 0.7 else maker.random.choice(_PROVIDERS)
    return Intent(tuple(resources), chosen, provider)


class _Maker:
    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.all: list[R] = []

    def resources(self) -> list[R]:
        self.all = self.part()
        if self.random.random() < 0.3:
            self.graft(self.part())
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3, 4, 6, 10))):
            self.random.choice(_CHANGES)(self)
        self.random.shuffle(self.all)
        return self.all

    def part(self) -> list[R]:
        """A backend service of a real stack, with some of what it is connected with."""
        stacks = _stacks()
        kind = self.random.choice(("recorded", "reference", "", "", "recorded", "reference", "", "kubernetes"))
        names = sorted(name for name in stacks if name.startswith(kind))
        whole = copy.deepcopy(stacks[self.random.choice(names)])
        services = [resource for resource in whole if resource.token.endswith(_SERVICES)]
        if not services:
            return whole[:20]
        kept, size = {self.random.choice(services).urn}, self.random.randint(3, 30)
        neighbours = _neighbours(whole)
        while len(kept) < size:
            around = sorted({urn for one in kept for urn in neighbours[one]} - kept)
            if not around:
                break
            kept.add(self.random.choice(around))
        return without(whole, [resource for resource in whole if resource.urn not in kept], self.random)

    def graft(self, others: list[R]) -> None:
        """Adds a part of another stack, with names that nothing has yet, and connects the two."""
        taken = {resource.urn for resource in self.all}
        for other in others:
            while other.urn in taken:
                other.name += "-b"
        self.all += others
        for _ in range(3):
            self.rewire()

    # Changes

    def places(self) -> list[tuple[R, Path]]:
        return [(resource, path) for resource in self.all for path in paths(resource.inputs)]

    def a_place(self) -> tuple[R, Path] | None:
        resource = self.random.choice(self.all) if self.all else None
        found = list(paths(resource.inputs)) if resource else []
        return (resource, self.random.choice(found)) if resource and found else None

    def replace(self, make: Callable[[Any], Any]) -> None:
        place = self.a_place()
        if place:
            put(*place, make(get(*place)))

    def another_value(self) -> None:
        """A value that another resource of the type, or another property of the name, has."""
        place = self.a_place()
        if place:
            resource, path = place
            keys = tuple(key for key in path if isinstance(key, str))
            values = _vocabulary().get((resource.token, *keys)) or _vocabulary().get(keys[-1] if keys else "")
            put(resource, path, copy.deepcopy(self.random.choice(values or [None])))

    def another_property(self) -> None:
        """A property that another resource of the type has."""
        resource = self.random.choice(self.all) if self.all else None
        names = sorted({key[1] for key in _vocabulary() if resource and len(key) == 2 and key[0] == resource.token})
        if resource and names:
            name = self.random.choice(names)
            values = _vocabulary()[(resource.token, name)]
            if values:
                resource.inputs[name] = copy.deepcopy(self.random.choice(values))

    def drop(self) -> None:
        place = self.a_place()
        if place:
            remove(*place)

    def unknown(self) -> None:
        self.replace(lambda value: Computed(tuple(sources_of(value)), value))

    def never_known(self) -> None:
        self.replace(lambda value: Computed(tuple(sources_of(value)), None))

    def secret(self) -> None:
        self.replace(Secret)

    def mistyped(self) -> None:
        self.replace(lambda value: copy.deepcopy(self.random.choice(_MISTYPED)))

    def as_text(self) -> None:
        self.replace(lambda value: str(value) if isinstance(value, int | float) else value)

    def wrapped(self) -> None:
        """Older providers had a list of one where newer ones have an object."""
        self.replace(lambda value: [value] if isinstance(value, dict) else value)

    def twice(self) -> None:
        def doubled(value: Any) -> Any:
            return [*value, copy.copy(self.random.choice(value))] if isinstance(value, list) and value else value

        self.replace(doubled)

    def rewire(self) -> None:
        """Makes a reference point at another resource, of the same type above all."""
        references = [place for place in self.places() if isinstance(get(*place), Out)]
        if not references:
            return
        resource, path = self.random.choice(references)
        old: Out = get(resource, path)
        alike = [other for other in self.all if other.token == old.of.token]
        others = alike if alike and self.random.random() < 0.7 else self.all
        other = self.random.choice(others)
        put(resource, path, Out(other, old.key))
        if other.token != old.of.token:
            resource.options["misdirected"] = True

    def written_out(self) -> None:
        """A reference as the URL that the resource will have, or that of a resource of nobody."""
        references = [place for place in self.places() if isinstance(get(*place), Out)]
        if not references:
            return
        resource, path = self.random.choice(references)
        old: Out = get(resource, path)
        old.of.inputs.setdefault("name", old.of.name)
        url = outputs_of(old.of, Intent((), True)).get(old.key, "x")
        put(
            resource,
            path,
            self.random.choice((url, f"{url}-gone", url.replace("p-demo", "other"), url.rpartition("/")[2])),
        )

    def renamed(self) -> None:
        """A name of its own, which another resource may have as well."""
        if self.all:
            names = ["llm", *(resource.name for resource in self.all)]
            self.random.choice(self.all).inputs["name"] = self.random.choice(names)

    def moved(self) -> None:
        located = [resource for resource in self.all if {"region", "zone", "project"} & set(resource.inputs)]
        if located:
            resource = self.random.choice(located)
            key = self.random.choice(sorted({"region", "zone", "project"} & set(resource.inputs)))
            region = self.random.choice(_REGIONS)
            resource.inputs[key] = {"region": region, "zone": f"{region}-b", "project": "other"}[key]

    def into_a_project(self) -> None:
        if self.all:
            self.random.choice(self.all).inputs["project"] = self.random.choice(("p-demo", "other", "123456"))

    def copied(self) -> None:
        if self.all:
            twin = copy.copy(self.random.choice(self.all))
            twin.inputs, twin.options, twin.name = copy.copy(twin.inputs), dict(twin.options), f"{twin.name}-copy"
            if twin.urn not in {resource.urn for resource in self.all}:
                self.all.append(twin)

    def removed(self) -> None:
        if len(self.all) > 1:
            self.all = without(self.all, [self.random.choice(self.all)], self.random)

    def only_read(self) -> None:
        if self.all:
            self.random.choice(self.all).options["is_read"] = True

    def ignoring(self) -> None:
        resource = self.random.choice(self.all) if self.all else None
        if resource and resource.inputs:
            resource.options["ignore_changes"] = (self.random.choice([*resource.inputs, "*"]),)


_CHANGES: Final[tuple[Callable[[_Maker], None], ...]] = (
    *[_Maker.another_value] * 6,
    *[_Maker.another_property] * 5,
    *[_Maker.drop] * 4,
    *[_Maker.unknown] * 4,
    *[_Maker.rewire] * 4,
    *[_Maker.mistyped] * 3,
    *[_Maker.written_out] * 3,
    *[_Maker.moved] * 2,
    *[_Maker.renamed] * 2,
    *[_Maker.copied] * 2,
    *[_Maker.removed] * 2,
    _Maker.never_known,
    _Maker.secret,
    _Maker.as_text,
    _Maker.wrapped,
    _Maker.twice,
    _Maker.into_a_project,
    _Maker.only_read,
    _Maker.ignoring,
)


@cache
def _stacks() -> dict[str, list[R]]:
    return {**corpus.load(), **extras()}


@cache
def _vocabulary() -> dict[Any, list[Any]]:
    """The values without references that the real stacks have: by type and path, and by the last key alone."""
    found: dict[Any, list[Any]] = {}
    for resources in _stacks().values():
        for resource in resources:
            for path in paths(resource.inputs):
                keys = tuple(key for key in path if isinstance(key, str))
                value = get(resource, path)
                for name in ((resource.token, *keys), keys[-1]):
                    values = found.setdefault(name, [])
                    if _is_plain(value) and value not in values:
                        values.append(value)
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(_is_plain(item) for item in (value.values() if isinstance(value, dict) else value))
    return not isinstance(value, Out | Computed | Secret)


def _neighbours(resources: list[R]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {resource.urn: set() for resource in resources}
    for resource in resources:
        for source in sources_of(resource.inputs):
            found[resource.urn].add(source.urn)
            found[source.urn].add(resource.urn)
    return found


# Trees of inputs


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of everything in a tree of inputs."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def get(resource: R, path: Path) -> Any:
    value: Any = resource.inputs
    for key in path:
        value = value[key]
    return value


def put(resource: R, path: Path, value: Any) -> None:
    resource.inputs = _changed(resource.inputs, path, value)


def remove(resource: R, path: Path) -> None:
    resource.inputs = _changed(resource.inputs, path, _GONE)


_GONE: Final = object()


def _changed(tree: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    items = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree))
    changed = [(key, _changed(item, path[1:], value) if key == path[0] else item) for key, item in items]
    kept = [(key, item) for key, item in changed if item is not _GONE]
    return dict(kept) if isinstance(tree, dict) else [item for _, item in kept]


def without(resources: list[R], gone: list[R], source: random.Random | None = None) -> list[R]:
    """The stack without some resources: they are of another stack now, named by URLs or not known."""
    urns = {resource.urn for resource in gone}
    kept = [resource for resource in resources if resource.urn not in urns]
    for resource in kept:
        resource.inputs = _detached(resource.inputs, urns, source)
        if resource.options.get("parent") in urns:
            del resource.options["parent"]
        # A stack has the provider of each of its objects; only the default one is none of its resources here.
        if (provider := resource.options.get("kubernetes")) is not None and provider.urn in urns:
            del resource.options["kubernetes"]
    return kept


def named(resources: tuple[R, ...]) -> tuple[R, ...]:
    """The same stack, each resource with the name that Pulumi would make up."""
    found = copy.deepcopy(resources)
    for resource in found:
        if resource.token in COLLECTIONS:
            resource.inputs = {"name": auto_name(resource), **resource.inputs}
    return found


def _detached(value: Any, urns: set[str], source: random.Random | None) -> Any:
    if isinstance(value, dict):
        return {key: _detached(item, urns, source) for key, item in value.items()}
    if isinstance(value, list):
        return [_detached(item, urns, source) for item in value]
    if isinstance(value, Secret):
        return Secret(_detached(value.value, urns, source))
    if isinstance(value, Out) and value.of.urn in urns:
        # Nobody knows the name that Pulumi makes up for a resource before it is there.
        url = (
            outputs_of(value.of, Intent((), True))
            .get(value.key, "")
            .replace(auto_name(value.of), f"{value.of.name}-gone")
            or None
        )
        return Computed((), url) if source and source.random() < 0.5 else url
    if isinstance(value, Computed):
        sources = tuple(one for one in value.sources if one.urn not in urns)
        return Computed(sources, _detached(value.value, urns, source))
    return value


# What the model takes for granted


def is_regular(intent: Intent) -> bool:
    """Whether a stack keeps to what the model takes for granted, so that less knowledge never turns a verdict around.

    No two resources have one URL or account id, and no two Cloud Run services one name in a region. No service has a
    group twice, or NEGs beside instance groups. The API refuses these:
    https://cloud.google.com/load-balancing/docs/backend-service#backends. A group has its named ports in one place: the
    provider documents that the two overwrite each other. It has one autoscaler. A backend is in one region: of one that
    is not known yet the model takes this for granted, although it may be a global NEG. No property is computed from a
    resource of a kind that it cannot take, and what is computed from a resource says so, by its dependencies. An alert
    that is computed from a service is about it, in the metrics of its load balancer. What a Kubernetes object computes
    from a resource is its name.
    """
    if any(resource.options.get("misdirected") for resource in intent.resources):
        return False
    deployed = Intent(intent.resources, True, intent.provider)
    named = [resource for resource in intent.resources if resource.token in COLLECTIONS]
    shown = [outputs_of(resource, deployed) for resource in named]
    urls = [
        url.partition("/v1/")[2] or url for one in shown for key in ("id", "instanceGroup") if (url := one.get(key))
    ]
    if len(set(urls)) < len(urls):
        return False
    accounts = [one.inputs.get("accountId") for one in intent.resources if one.token.endswith(":Account")]
    accounts = [account for account in accounts if isinstance(account, str)]
    run = [(one.inputs.get("name"), one.inputs.get("location")) for one in intent.resources if one.token in RUN_TYPES]
    run = [names for names in run if all(isinstance(name, str) for name in names)]
    if len(set(accounts)) < len(accounts) or len(set(run)) < len(run):
        return False
    scaled = [
        source.urn
        for resource in intent.resources
        if resource.token.endswith("utoscaler")
        for source in sources_of(resource.inputs.get("target"))
    ]
    if len(set(scaled)) < len(scaled):
        return False
    computed = ((resource, value) for resource in intent.resources for value in _computed_in(resource.inputs))
    ends = _urls_of(deployed)
    if any(_names_without_saying(resource, value, deployed, ends) for resource, value in computed):
        return False
    return all(_is_regular(resource, deployed) for resource in intent.resources)


def has_written_out_names(intent: Intent) -> bool:
    """Whether a property has the URL of a resource on which it does not depend: unknown, it would hide their link."""
    deployed = Intent(intent.resources, True, intent.provider)
    urls = _urls_of(deployed)
    return any(
        _names_without_saying(resource, value, deployed, urls)
        for resource in intent.resources
        for value in resource.inputs.values()
    )


def _urls_of(intent: Intent) -> list[tuple[str, str]]:
    """The end of each URL that a resource has, and whose it is."""
    outputs = ((one.urn, outputs_of(one, intent)) for one in intent.resources)
    ends = ((urn, of.get(key, "").rpartition("/v1/")[2]) for urn, of in outputs for key in ("id", "instanceGroup"))
    return [(urn, end) for urn, end in ends if "/" in end]


def _names_without_saying(resource: R, value: Any, intent: Intent, urls: Iterable[tuple[str, str]]) -> bool:
    """Whether a value has the URL of a resource in it that is not among its sources."""
    text = json.dumps(resolved(value, intent), default=str)
    # Of what is only read, no dependencies are shown.
    sources = () if resource.options.get("is_read") else sources_of(value)
    said = {resource.urn, *(source.urn for source in sources)}
    return any(f'{url}"' in text and urn not in said for urn, url in urls)


def _computed_in(value: Any) -> Iterator[Computed]:
    if isinstance(value, Computed):
        yield value
    elif isinstance(value, Secret):
        yield from _computed_in(value.value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _computed_in(item)


def _is_about_its_sources(value: Computed, intent: Intent) -> bool:
    text = resolved(value, intent)
    if not isinstance(text, str) or "loadbalancing" not in text:
        return True
    services = [source for source in sources_of(value) if source.token.endswith(_SERVICES)]
    names = [str(outputs_of(one, intent).get("id")).rpartition("/")[2] for one in services]
    internal = [resolved(one.inputs.get("loadBalancingScheme"), intent) == "INTERNAL_MANAGED" for one in services]
    are_global = all(one.token.endswith(":BackendService") for one in services)
    is_internal = "https/internal/" in text
    return all(f'"{name}"' in text for name in names) and set(internal) <= {is_internal} and (are_global or is_internal)


def _is_name_of_its_source(value: Computed, intent: Intent) -> bool:
    """Whether what is computed from one resource is its name, as Kubernetes objects name others."""
    text, sources = resolved(value, intent), list(sources_of(value))
    if len(sources) != 1 or not isinstance(text, str) or text == UNKNOWN_STRING:
        return True
    inputs = resolved(sources[0].inputs, intent)
    metadata = inputs.get("metadata")
    return text in (inputs.get("name"), metadata.get("name") if isinstance(metadata, dict) else None)


def _is_regular(resource: R, intent: Intent) -> bool:
    if resource.token.startswith("kubernetes:"):
        return all(_is_name_of_its_source(value, intent) for value in _computed_in(resource.inputs))
    if resource.token.endswith(":InstanceGroupNamedPort"):
        return not any("namedPorts" in source.inputs for source in sources_of(resource.inputs))
    if resource.token.endswith((":AlertPolicy", ":Slo")):
        return all(_is_about_its_sources(value, intent) for value in _computed_in(resource.inputs))
    if not resource.token.endswith(_SERVICES):
        return True
    backends = _plain_list(resolved(resource.inputs.get("backends"), intent))
    groups = [backend.get("group") for backend in backends if isinstance(backend, dict)]
    found = [_GROUP.search(group) for group in groups if isinstance(group, str) and group != UNKNOWN_STRING]
    kinds = {match["kind"] for match in found if match}
    return all(found) and len({match["name"] for match in found if match}) == len(found) and len(kinds) < 2


# The group's place and name, whichever of the two resources of an instance group the URL is of.
_GROUP: Final = re.compile(
    r"(?P<name>(regions|zones)/[^/]+/(?P<kind>instanceGroup|networkEndpointGroup)(s|Managers)/[^/]+)$"
)


def _plain_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
