"""What runs behind a Service or an InferencePool: Deployments and the like, by their labels and images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.graph.stack import Stack, per_stack
from policypack.model.kubernetes.kinds import INFERENCE_POOL
from policypack.model.kubernetes.objects import KubernetesObject, objects_of, same_cluster, same_namespace
from policypack.model.software.servers import ServerName, servers_in
from policypack.model.values.logic import all_of, any_of, equals, known_in, or_else
from policypack.model.values.properties import Properties
from policypack.model.values.secret import joined
from policypack.model.values.values import UNKNOWN, Unknown

# Kind -> where its template of Pods is; a Pod is one itself.
# https://kubernetes.io/docs/concepts/workloads/, https://lws.sigs.k8s.io/docs/reference/leaderworkerset.v1/
_TEMPLATES: Final = {
    "Deployment": (("template",),),
    "StatefulSet": (("template",),),
    "DaemonSet": (("template",),),
    "ReplicaSet": (("template",),),
    "Rollout": (("template",),),
    "LeaderWorkerSet": (("leaderWorkerTemplate", "leaderTemplate"), ("leaderWorkerTemplate", "workerTemplate")),
    "Pod": ((),),
}
# https://cloud.google.com/kubernetes-engine/docs/how-to/gpus, https://cloud.google.com/kubernetes-engine/docs/how-to/tpus
_ACCELERATORS: Final = ("nvidia.com/", "google.com/tpu", "amd.com/gpu")


@dataclass(frozen=True, eq=False)
class Workload(KubernetesObject):
    """What makes Pods, or a Pod."""

    @cached_property
    def templates(self) -> tuple[tuple[Properties | Unknown | None, Properties], ...]:
        """The labels and the specification of each kind of its Pods."""
        if self.kind == "Pod":
            return ((self.metadata.object("labels"), self.spec),)
        found = [
            _at(self.spec, path) for path in _TEMPLATES[self.kind] if _at(self.spec, path).value("spec") is not None
        ]
        return tuple((one.block("metadata").object("labels"), one.block("spec")) for one in found)

    @cached_property
    def containers(self) -> tuple[Properties, ...] | Unknown:
        """The containers of its Pods."""
        found = list[Properties]()
        for _, spec in self.templates:
            containers = spec.objects("containers")
            if isinstance(containers, Unknown):
                return UNKNOWN
            found += containers
        return tuple(found)

    @cached_property
    def variables(self) -> tuple[tuple[str, str | Unknown], ...]:
        """The names and plain values of the environment of its containers; a name that is not known is empty.

        What comes from a Secret or a ConfigMap has no plain value.
        """
        found = list[tuple[str, str | Unknown]]()
        for container in self._all_containers:
            entries = container.objects("env")
            for entry in [Properties(UNKNOWN)] if isinstance(entries, Unknown) else entries:
                name, value = entry.string("name"), entry.string("value")
                if value is not None:
                    found.append((name if isinstance(name, str) else "", value))
        return tuple(found)

    @cached_property
    def command_lines(self) -> tuple[tuple[str, bool], ...]:
        """What is known of the command line of each container that may have one, and whether that is all of it."""
        found = list[tuple[str, bool]]()
        for container in self._all_containers:
            words = [container.strings(key) for key in ("command", "args")]
            known = [word for part in words if not isinstance(part, Unknown) for word in part]
            line = joined(" ", [word for word in known if isinstance(word, str)])
            found.append((line, not any(isinstance(one, Unknown) for one in (*words, *known))))
        return tuple(found)

    @property
    def serving_containers(self) -> Iterator[Properties]:
        """Those that run as long as its Pods do, sidecars among them; one of which nothing is known stands for any.

        https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
        """
        for _, spec in self.templates:
            for key in ("containers", "initContainers"):
                for one in or_else(spec.objects(key), [Properties(UNKNOWN)]):
                    if key == "containers" or equals(one.string("restartPolicy"), "Always") is not False:
                        yield one

    @property
    def _all_containers(self) -> Iterator[Properties]:
        """Those that start the others too; one of which nothing is known stands for any."""
        for _, spec in self.templates:
            for key in ("initContainers", "containers"):
                found = spec.objects(key)
                yield from [Properties(UNKNOWN)] if isinstance(found, Unknown) else found

    @property
    def replicas(self) -> float | Unknown:
        """How many Pods or groups of Pods it makes, 1 where it does not say; a DaemonSet makes one for each node."""
        return UNKNOWN if self.kind == "DaemonSet" else self.spec.number("replicas", default=1)

    @property
    def is_model_server(self) -> bool | Unknown:
        """Whether it has accelerators, or the image or the command of a known model server."""
        if isinstance(self.containers, Unknown):
            return UNKNOWN
        return any_of(any_of([_has_accelerator(one), _names_server(one)]) for one in self.containers)

    @property
    def servers(self) -> tuple[ServerName, ...]:
        """The model servers that its images and commands name."""
        return servers_in(text for one in known_in(self.containers) for text in _texts(one) if isinstance(text, str))


def _at(properties: Properties, path: tuple[str, ...]) -> Properties:
    for key in path:
        properties = properties.block(key)
    return properties


def _has_accelerator(container: Properties) -> bool | Unknown:
    resources = container.block("resources")
    blocks = [resources.object(key) for key in ("limits", "requests")]
    names = [key for one in blocks if isinstance(one, Properties) for key in one.keys]
    has_one = any(name.startswith(_ACCELERATORS) for name in names)
    return True if has_one else UNKNOWN if any(isinstance(one, Unknown) for one in blocks) else False


def _names_server(container: Properties) -> bool | Unknown:
    texts = _texts(container)
    if servers_in(text for text in texts if isinstance(text, str)):
        return True
    return UNKNOWN if any(isinstance(text, Unknown) for text in texts) else False


def _texts(container: Properties) -> tuple[str | Unknown, ...]:
    """The image of a container, and its command line as one text."""
    words = [container.strings(key) for key in ("command", "args")]
    known = [word for part in words if not isinstance(part, Unknown) for word in part]
    line = joined(" ", [word for word in known if isinstance(word, str)])
    is_known = not any(isinstance(one, Unknown) for one in (*words, *known))
    return (container.string("image", default=""), line, *(() if is_known else (UNKNOWN,)))


def selector_of(target: KubernetesObject) -> Properties | Unknown | None:
    """The labels of the Pods behind a Service or an InferencePool."""
    selector = target.spec.object("selector")
    if target.kind != INFERENCE_POOL or not isinstance(selector, Properties):
        return selector
    # Before version 1 the labels were the selector itself.
    return selector if selector.value("matchLabels") is None else selector.object("matchLabels")


@per_stack
def workloads_of(stack: Stack) -> tuple[Workload, ...]:
    """What makes Pods in a stack, ordered by URN."""
    return tuple(Workload.of(one.resource, stack) for one in objects_of(stack, tuple(_TEMPLATES)))


@per_stack
def workloads_behind(stack: Stack, target: KubernetesObject) -> tuple[tuple[Workload, bool | Unknown], ...]:
    """What makes Pods that a Service or an InferencePool sends requests to, or may, each with whether it does."""
    here = [one for one in workloads_of(stack) if same_cluster(one, target) is not False]
    found = ((one, _serves(one, target)) for one in here)
    return tuple((one, serves) for one, serves in found if serves is not False)


def _serves(workload: Workload, target: KubernetesObject) -> bool | Unknown:
    selector = selector_of(target)
    matched = any_of(target.matches(selector, labels) for labels, _ in workload.templates)
    return all_of([same_cluster(workload, target), same_namespace(workload.namespace, target.namespace), matched])
