"""Kubernetes objects of a stack: what they are called, where they are, and whether one refers to another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

from policypack.model.graph.resource import Resource, ordered
from policypack.model.graph.stack import Stack, per_stack
from policypack.model.graph.tokens import GKE_CLUSTER, GKE_NODE_POOL
from policypack.model.graph.view import View
from policypack.model.kubernetes.kinds import CORE_GROUP, NAMESPACE, PACKAGE, POOL_GROUPS, Kind, kind_of
from policypack.model.values.logic import all_of, equals
from policypack.model.values.properties import Properties
from policypack.model.values.read import read
from policypack.model.values.secret import joined, like, plain
from policypack.model.values.values import UNKNOWN, Unknown

# Where the provider puts objects without a namespace, if neither it nor the kubeconfig says another one.
# https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/
_DEFAULT_NAMESPACE: Final = "default"
# The engine makes one such provider for each version of the SDK; they all read the same configuration.
_DEFAULT_PROVIDER: Final = re.compile(r"::default(_\d+)*$")
# What a name in an object may be computed from without being the name of anything else.
_HARMLESS: Final = ("gcp:", "random:", "tls:", "time:", "pulumi:providers:", PACKAGE)


@dataclass(frozen=True, eq=False)
class KubernetesObject(View):
    """A Kubernetes object, as the program asked for it."""

    TYPES: ClassVar[tuple[str, ...]] = ()

    @cached_property
    def _kind(self) -> Kind:
        return kind_of(self.resource.type) or Kind("", "", "")

    @property
    def group(self) -> str:
        """Its API group without the version; that of `Service` is empty."""
        return self._kind.group

    @property
    def kind(self) -> str:
        return self._kind.kind

    @property
    def is_patch(self) -> bool:
        """It changes an object that was made elsewhere, so that what it does not say is not known."""
        return self.resource.type.endswith(f":{self.kind}Patch")

    @property
    def label(self) -> str:
        """What messages call it: its kind with its logical name."""
        return f"{self.kind} `{self.name}`"

    @cached_property
    def metadata(self) -> Properties:
        return self._block("metadata")

    @cached_property
    def spec(self) -> Properties:
        return self._block("spec")

    def _block(self, key: str) -> Properties:
        # Of what is not targeted by an operation nothing is shown, though it may be there.
        return Properties(UNKNOWN) if self.resource.is_empty else self.resource.asked.block(key)

    @cached_property
    def object_name(self) -> str | Unknown | None:
        """Its name in the cluster; `None` for one that will be made up, which nobody can write down."""
        return self.metadata.string("name")

    @property
    def cluster(self) -> str:
        """What tells its cluster from others."""
        return _cluster(self.stack, self.resource.provider_urn, self.resource)

    @cached_property
    def namespace(self) -> str | Unknown | None:
        """Its namespace, or the URN of the object that makes it, if its name is not known; `None` where the context of
        the kubeconfig decides."""
        own = self.metadata.string("namespace")
        if isinstance(own, Unknown):
            made = [one for one in _sources(self, "metadata") if one.kind == NAMESPACE]
            return made[0].identity if len(made) == 1 else UNKNOWN
        if own is not None:
            return own
        settings = self.resource.provider_settings
        renders = settings.value("renderYamlToDirectory") is not None
        return settings.string("namespace") or (_DEFAULT_NAMESPACE if renders else None)

    @property
    def identity(self) -> str | Unknown:
        """Its name, or its URN if that will be made up: nothing else has either."""
        return self.urn if self.object_name is None else self.object_name

    def annotation(self, name: str) -> str | Unknown | None:
        """An annotation as text."""
        annotations = self.metadata.object("annotations")
        return annotations.string(name) if isinstance(annotations, Properties) else annotations

    def annotation_object(self, name: str) -> Properties | Unknown | None:
        """An annotation that holds JSON; one that is no object is not known."""
        text = self.annotation(name)
        if not isinstance(text, str):
            return text
        try:
            found = like(text, read(json.loads(plain(text))))
        except (ValueError, RecursionError):
            return UNKNOWN
        return Properties(found) if isinstance(found, dict) else UNKNOWN

    def matches(self, selector: Properties | Unknown | None, labels: Properties | Unknown | None) -> bool | Unknown:
        """Whether a selector takes these labels; one without a label takes nothing."""
        if isinstance(selector, Unknown) or isinstance(labels, Unknown):
            return UNKNOWN
        if selector is None or not selector.keys or labels is None:
            return False
        wanted = {key: selector.string(key) for key in selector.keys}
        found = [
            equals(labels.string(key), value) if isinstance(value, str) else UNKNOWN for key, value in wanted.items()
        ]
        return all_of(found)


@per_stack
def _cluster(stack: Stack, provider_urn: str, example: Resource) -> str:
    """What tells the cluster of a provider from others: the GKE cluster that its kubeconfig comes from, or its text.

    Two providers may be for one cluster. Of a kubeconfig that is not known it is the URN of the provider.
    """
    made = gke_clusters_of(stack, provider_urn)
    settings = example.provider_settings
    if len(made) == 1:
        return made[0].urn
    kubeconfig, context = settings.string("kubeconfig"), settings.string("context")
    if settings.value("renderYamlToDirectory") is not None or isinstance(kubeconfig, Unknown):
        return _DEFAULT_PROVIDER.sub("::default", provider_urn)
    parts = (one if isinstance(one, str) else "" for one in (kubeconfig, context, settings.string("cluster")))
    return joined("\n", ("kubeconfig", *parts))


@per_stack
def gke_clusters_of(stack: Stack, provider_urn: str) -> tuple[Resource, ...]:
    """The GKE clusters of the stack that the kubeconfig of a provider comes from, ordered by URN."""
    provider = stack.by_urn(provider_urn)
    sources = [stack.by_urn(urn) for urn in (provider.edges.get("kubeconfig", ()) if provider else ())]
    known = [source for source in sources if source]
    used = (one for pool in known if pool.type == GKE_NODE_POOL for one in stack.uses(pool))
    return ordered(one for one in (*known, *used) if one.type == GKE_CLUSTER)


def same_cluster(one: KubernetesObject, other: KubernetesObject) -> bool | Unknown:
    """Whether two objects are in one cluster; two kubeconfigs that are not known may be the same."""
    if one.cluster == other.cluster:
        return True
    sources = [_sources_of_unknown_kubeconfig(each) for each in (one, other)]
    if sources[0] is None or sources[1] is None:
        return False
    return False if sources[0] and sources[1] and not sources[0] & sources[1] else UNKNOWN


def _sources_of_unknown_kubeconfig(one: KubernetesObject) -> frozenset[str] | None:
    """What the kubeconfig of its provider is computed from; `None` if that is known, or of a cluster of the stack."""
    settings, provider = one.resource.provider_settings, one.stack.by_urn(one.resource.provider_urn)
    is_known = not isinstance(settings.string("kubeconfig"), Unknown)
    if is_known or provider is None or gke_clusters_of(one.stack, provider.urn):
        return None
    return frozenset(provider.edges.get("kubeconfig", ()))


class Ref(NamedTuple):
    """How one object names another.

    Attributes:
        group: the API group of the other.
        kind: its kind.
        name: its name in the cluster.
        namespace: its namespace.
        key: the property of the object that has the reference.
        rivals: how many references of the same object are to a name that is not known.
    """

    group: str | Unknown
    kind: str | Unknown
    name: str | Unknown
    namespace: str | Unknown | None
    key: str = "spec"
    rivals: int = 1


def ref_in(holder: KubernetesObject, properties: Properties, *, kind: str = "", group: str = CORE_GROUP) -> Ref:
    """Reads a reference such as `targetRef` or an entry of `backendRefs`.

    Args:
        holder: the object that has it.
        properties: the reference.
        kind: the kind where it is left out.
        group: the group where it is left out.
    """
    given = properties.string("namespace")
    return Ref(
        properties.string("group", default=group),
        properties.string("kind", default=kind),
        properties.string("name", default=UNKNOWN),
        holder.namespace if given is None else given,
    )


def refers_to(holder: KubernetesObject, ref: Ref, target: KubernetesObject) -> bool | Unknown:
    """Whether a reference in an object is to another one: of the same cluster, group, kind, namespace and name."""
    in_one_cluster = same_cluster(holder, target)
    if in_one_cluster is False:
        return False
    return all_of(
        [
            in_one_cluster,
            equals(ref.kind, target.kind),
            _is_group(ref.group, target.group),
            same_namespace(ref.namespace, target.namespace),
            _is_name(holder, ref, target),
        ]
    )


def _is_group(group: str | Unknown, other: str) -> bool | Unknown:
    # Whether the controller takes one name of a renamed group for the other is not documented.
    if isinstance(group, str) and group != other and {group, other} <= set(POOL_GROUPS):
        return UNKNOWN
    return equals(group, other)


def same_namespace(one: str | Unknown | None, other: str | Unknown | None) -> bool | Unknown:
    """Whether two namespaces are the same; what the kubeconfig decides is most likely, but not certainly, `default`."""
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return UNKNOWN
    if one is None or other is None:
        return True if {one, other} <= {None, _DEFAULT_NAMESPACE} else UNKNOWN
    return one == other


def _is_name(holder: KubernetesObject, ref: Ref, target: KubernetesObject) -> bool | Unknown:
    if isinstance(ref.name, str):
        return False if target.object_name is None else equals(target.object_name, ref.name)
    sources = _all_sources(holder, ref.key)
    fitting = [one for one in _objects(holder.stack, sources) if one.kind == target.kind]
    is_closed = bool(fitting) and yields_no_other_name(sources)
    if target.urn not in {one.urn for one in fitting}:
        return False if is_closed else UNKNOWN
    return True if is_closed and len(fitting) <= ref.rivals else UNKNOWN


def yields_no_other_name(sources: Iterable[Resource | None]) -> bool:
    """Whether what a name is computed from can give no name but its own."""
    return all(one is not None and one.type.startswith(_HARMLESS) for one in sources)


def _sources(holder: KubernetesObject, key: str) -> list[KubernetesObject]:
    return _objects(holder.stack, _all_sources(holder, key))


def _all_sources(holder: KubernetesObject, key: str) -> list[Resource | None]:
    return [holder.stack.by_urn(urn) for urn in holder.resource.edges.get(key, ())]


def _objects(stack: Stack, resources: Iterable[Resource | None]) -> list[KubernetesObject]:
    return [KubernetesObject.of(one, stack) for one in resources if one and kind_of(one.type)]


@per_stack
def objects_of(stack: Stack, kinds: tuple[str, ...]) -> tuple[KubernetesObject, ...]:
    """The objects of these kinds, of whichever group and version, ordered by URN."""
    return tuple(one for one in all_objects(stack) if one.kind in kinds)


@per_stack
def all_objects(stack: Stack) -> tuple[KubernetesObject, ...]:
    """All Kubernetes objects, ordered by URN."""
    types = [type_ for type_ in stack.types if kind_of(type_)]
    return tuple(KubernetesObject.of(one, stack) for one in stack.of_types(types))
