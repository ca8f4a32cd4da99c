"""A view of a Cloud Run service: of the second API version, of the first, or made for a function."""

from __future__ import annotations

import re
from functools import cached_property

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.path import services_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.run_links import regions_of, run_name
from policypack.model.graph.tokens import RUN_DOMAIN_MAPPING, RUN_FUNCTION, RUN_SERVICE, RUN_SERVICE_V1, RUN_TYPES
from policypack.model.graph.view import View
from policypack.model.run.container import Container
from policypack.model.run.forms import PATHS, assigned, written
from policypack.model.run.probe import Probe
from policypack.model.run.traffic import serves_its_template
from policypack.model.values.logic import all_of, any_of, equals, is_set, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown, Value

# The words of the three forms for one thing: https://cloud.google.com/run/docs/securing/ingress
OPEN, BALANCED, INTERNAL = "all", "internal-and-cloud-load-balancing", "internal"
_INGRESS = {
    "INGRESS_TRAFFIC_ALL": OPEN,
    "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": BALANCED,
    "INGRESS_TRAFFIC_INTERNAL_ONLY": INTERNAL,
    "ALLOW_ALL": OPEN,
    "ALLOW_INTERNAL_AND_GCLB": BALANCED,
    "ALLOW_INTERNAL_ONLY": INTERNAL,
    **{word: word for word in (OPEN, BALANCED, INTERNAL)},
}
_BALANCED_WORDS = {
    RUN_SERVICE: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    RUN_SERVICE_V1: BALANCED,
    RUN_FUNCTION: "ALLOW_INTERNAL_AND_GCLB",
}
# https://cloud.google.com/run/docs/configuring/request-timeout; a function's is another.
DEFAULT_TIMEOUT_SECONDS = 300.0
_DEFAULT_FUNCTION_TIMEOUT_SECONDS = 60.0
MAX_TIMEOUT_SECONDS = 3600
# https://cloud.google.com/run/docs/about-concurrency says 80 for each vCPU, the provider's own documentation 80.
_DEFAULT_CONCURRENCY = 80.0
# https://cloud.google.com/run/docs/configuring/scaling-controls
_DEFAULT_CONCURRENCY_TARGET = 0.6
_DURATION = re.compile(r"[0-9]+(?:\.[0-9]{1,9})?s")


class RunService(View):
    """A Cloud Run service."""

    TYPES = RUN_TYPES

    @property
    def is_function(self) -> bool:
        """It is made for a function, which has no probes, containers or arguments of its own."""
        return self.resource.type == RUN_FUNCTION

    def name_of(self, name: str) -> str:
        """What its program calls a setting, such as `max_instance_request_concurrency`, or an annotation."""
        return written(PATHS[self.resource.type].get(name, (name,))[-1:])

    def timeout_of(self, seconds: int) -> dict[str, Value]:
        """What lets requests take a number of seconds."""
        return assigned(
            self.resource.type, {"timeout": f"{seconds}s" if self.resource.type == RUN_SERVICE else seconds}
        )

    @property
    def balanced_ingress(self) -> dict[str, Value]:
        """What lets in load balancers and the networks around it alone."""
        return assigned(self.resource.type, {"ingress": _BALANCED_WORDS[self.resource.type]})

    @property
    def closed_to_all_others(self) -> dict[str, Value]:
        """What lets in load balancers alone, and turns its URL below `run.app` off; a function cannot do that."""
        is_off: Value = True if self.resource.type == RUN_SERVICE else "true"
        return assigned(
            self.resource.type, {"ingress": _BALANCED_WORDS[self.resource.type], "default URL disabled": is_off}
        )

    @property
    def regions(self) -> tuple[str, ...] | Unknown:
        return regions_of(self.resource)

    @property
    def timeout_seconds(self) -> float | Unknown:
        """For how many seconds a request may take."""
        properties, key = self._at("timeout")
        if self.resource.type == RUN_SERVICE:
            text = properties.string(key, default=f"{DEFAULT_TIMEOUT_SECONDS:g}s")
            is_duration = isinstance(text, str) and _DURATION.fullmatch(text)
            return float(text[:-1]) if isinstance(text, str) and is_duration else UNKNOWN
        is_function = self.resource.type == RUN_FUNCTION
        return properties.number(
            key, default=_DEFAULT_FUNCTION_TIMEOUT_SECONDS if is_function else DEFAULT_TIMEOUT_SECONDS
        )

    @property
    def concurrency(self) -> float | Unknown:
        """How many requests one instance handles at a time; left out it is not known with more than one vCPU."""
        properties, key = self._at("concurrency")
        asked = properties.number(key)
        if isinstance(asked, Unknown) or asked:
            return asked
        if self.is_function:
            return 1.0
        container = self.serving_container
        cpu = UNKNOWN if isinstance(container, Unknown) else container.cpu
        if isinstance(cpu, Unknown):
            return UNKNOWN
        if cpu is not None and cpu > 1:
            return UNKNOWN
        return 1.0 if cpu is not None and cpu < 1 else _DEFAULT_CONCURRENCY

    @property
    def why_concurrency_is_open(self) -> str:
        """Why its concurrency is not known, if it is not, a clause."""
        properties, key = self._at("concurrency")
        if isinstance(properties.number(key), Unknown):
            return f"``{self.name_of('concurrency')}`` of `{self.name}` is not known"
        return (
            f"``{self.name_of('concurrency')}`` of `{self.name}` is omitted, and it is not known whether that "
            f"means 80, or 80 for each of its vCPUs: set it to the model server's batch size"
        )

    @property
    def concurrency_target(self) -> float | Unknown | None:
        """The share of its concurrency at which it starts another instance; `None` if it looks at the CPU alone."""
        target = self._number("concurrency target", _DEFAULT_CONCURRENCY_TARGET)
        return when_known(target, lambda share: share or None)

    @property
    def is_manual(self) -> bool | Unknown:
        """Whether its number of instances is fixed."""
        return when_known(self._text("mode"), lambda mode: (mode or "").upper() == "MANUAL")

    @property
    def minimums(self) -> tuple[float | Unknown, ...]:
        """Each minimum number of instances that counts: the service's and the revision's, or the fixed one."""
        if self.is_manual is UNKNOWN:
            return (UNKNOWN,)
        keys = ("count",) if self.is_manual else ("min of the service", "min of the revision")
        return tuple(self._number(key, 0.0) for key in keys)

    @property
    def has_minimum(self) -> bool | Unknown:
        """Whether at least one instance always runs in each of its regions."""
        return any_of(when_known(one, lambda count: count >= 1) for one in self.minimums)

    @property
    def min_instances(self) -> float | Unknown:
        """How many instances always run in each of its regions."""
        known = [one for one in self.minimums if not isinstance(one, Unknown)]
        return max(known) if len(known) == len(self.minimums) else UNKNOWN

    @property
    def kept_warm(self) -> dict[str, Value]:
        """What lets one instance always run in each of its regions; annotations are texts."""
        one: Value = "1" if self.resource.type == RUN_SERVICE_V1 else 1
        return assigned(self.resource.type, {"count" if self.is_manual is True else "min of the service": one})

    @property
    def max_instances(self) -> float | Unknown | None:
        """How many instances run at most in each of its regions; `None` leaves it to Cloud Run and the quota."""
        if self.is_manual is UNKNOWN:
            return UNKNOWN
        if self.is_manual:
            return self._optional("count")
        found = [self._optional(key) for key in ("max of the service", "max of the revision")]
        if any(isinstance(value, Unknown) for value in found):
            return UNKNOWN
        # Zero leaves it out.
        return min((value for value in found if value and not isinstance(value, Unknown)), default=None)

    @property
    def maximum_settings(self) -> tuple[tuple[str, float], ...]:
        """What limits its number of instances, as programs write it, with the number."""
        keys = ("count",) if self.is_manual is True else ("max of the service", "max of the revision")
        found = [(written(PATHS[self.resource.type][key]), self._optional(key)) for key in keys if self._has(key)]
        return tuple((name, value) for name, value in found if value and not isinstance(value, Unknown))

    @cached_property
    def containers(self) -> tuple[Container, ...] | Unknown:
        """Its containers; none are shown of a function."""
        if self.is_function:
            return ()
        properties, key = self._at("containers")
        found = properties.objects(key)
        return UNKNOWN if isinstance(found, Unknown) else tuple(Container(one) for one in found)

    @property
    def serving_container(self) -> Container | Unknown:
        """The container that gets the requests: the only one, or the one with `ports`."""
        if isinstance(self.containers, Unknown):
            return UNKNOWN
        if len(self.containers) == 1:
            return self.containers[0]
        serving = [one for one in self.containers if one.has_ports is not False]
        return serving[0] if len(serving) == 1 and serving[0].has_ports is True else UNKNOWN

    @property
    def readiness_probe(self) -> Probe | Unknown | None:
        """The readiness probe of the container that gets the requests; `None` without one."""
        container = self.serving_container
        return UNKNOWN if isinstance(container, Unknown) else container.probe("readinessProbe")

    @property
    def accelerator(self) -> str | Unknown | None:
        """The type of its GPU, such as `nvidia-l4`."""
        return self._text("accelerator")

    @property
    def has_gpu(self) -> bool | Unknown:
        """Whether its instances have a GPU."""
        containers = UNKNOWN if isinstance(self.containers, Unknown) else any_of(one.has_gpu for one in self.containers)
        return any_of([is_set(self.accelerator), containers])

    def idles_cpu(self, container: Container) -> bool | Unknown | None:
        """Whether a container has CPU only while it handles requests; `None` if the program does not say."""
        if not self._has("CPU throttled"):
            return container.idles_cpu
        properties, key = self._at("CPU throttled")
        return properties.boolean(key)

    @property
    def keeps_its_cpu(self) -> dict[str, Value]:
        """What lets its containers have CPU all the time, where that is a setting of the whole service."""
        return assigned(self.resource.type, {"CPU throttled": "false"})

    @property
    def ingress(self) -> str | Unknown:
        """Where its requests may come from: `OPEN`, `BALANCED` or `INTERNAL`; open where the program does not say."""
        word = self._text("ingress")
        return OPEN if word is None else when_known(word, lambda text: _INGRESS.get(text, UNKNOWN))

    @property
    def has_default_url(self) -> bool | Unknown:
        """Whether it can be reached by its URL below `run.app`."""
        return when_known(self._flag("default URL disabled"), lambda is_disabled: not is_disabled)

    @property
    def uses_iap(self) -> bool | Unknown:
        """Whether Identity-Aware Proxy is on for the service itself, on whichever way a request comes."""
        return self._flag("IAP")

    @property
    def lets_invokers_unchecked(self) -> bool | Unknown:
        """Whether nobody is asked for the role of an invoker."""
        return self._flag("invokers unchecked")

    @property
    def keeps_sessions(self) -> bool | Unknown:
        """Whether a client's requests go to one instance, also while its readiness probe fails.

        https://cloud.google.com/run/docs/configuring/healthchecks
        """
        return self._flag("session affinity")

    @property
    def has_gpus_in_one_zone(self) -> bool | Unknown:
        """Whether its GPUs are not reserved in several zones, so that those of a lost zone may be there or not.

        https://cloud.google.com/run/docs/configuring/services/gpu-zonal-redundancy
        """
        return all_of([self.has_gpu, self._flag("GPUs in one zone")])

    @property
    def deploys_unchecked(self) -> bool | Unknown:
        """Whether its deployment does not wait for probes."""
        return self._flag("checks disabled")

    @property
    def serves_its_template(self) -> bool | Unknown:
        """Whether the revision that the program describes gets the requests; `UNKNOWN` if another one is named."""
        return True if self.is_function else serves_its_template(self.resource, self.stack)

    @cached_property
    def backend_services(self) -> tuple[BackendService, ...]:
        """The backend services that send requests to it, or may."""
        return tuple(BackendService.of(one, self.stack) for one in services_of(self.stack, self.resource))

    @property
    def ways_around(self) -> tuple[bool | Unknown, bool | Unknown]:
        """Whether its default URL, and whether a domain mapping of the stack, bypasses load balancers."""
        is_open = when_known(self.ingress, lambda ingress: ingress == OPEN)
        mapped = any_of(leads_here for _, leads_here in self.domain_mappings)
        return all_of([is_open, self.has_default_url]), all_of([is_open, mapped])

    @property
    def can_be_gone_round(self) -> bool | Unknown:
        """Whether everybody can send it requests around load balancers, and with that around what these check."""
        return any_of(self.ways_around)

    @cached_property
    def domain_mappings(self) -> tuple[tuple[Resource, bool | Unknown], ...]:
        """The domain mappings of the stack, with whether each leads to it."""
        mappings = self.stack.of_types([RUN_DOMAIN_MAPPING])
        return tuple((mapping, self._is_mapped_by(mapping)) for mapping in mappings)

    def _is_mapped_by(self, mapping: Resource) -> bool | Unknown:
        route, name = mapping.asked.block("spec").string("routeName"), run_name(self.resource)
        if self.urn in mapping.edges.get("spec", ()):
            return True
        location = mapping.asked.string("location")
        if isinstance(location, str) and not isinstance(self.regions, Unknown) and location not in self.regions:
            return False
        return equals(route, name) if isinstance(name, str) and route is not None else UNKNOWN

    def _has(self, name: str) -> bool:
        return name in PATHS[self.resource.type]

    def _at(self, name: str) -> tuple[Properties, str]:
        """The object with a setting, and its key; an object without any if this form does not have the setting."""
        path = PATHS[self.resource.type].get(name)
        if path is None:
            return Properties({}), name
        properties = self.resource.asked
        for key in path[:-1]:
            properties = properties.block(key)
        return properties, path[-1]

    def _text(self, name: str) -> str | Unknown | None:
        properties, key = self._at(name)
        return properties.string(key)

    def _optional(self, name: str) -> float | Unknown | None:
        properties, key = self._at(name)
        return properties.number(key)

    def _number(self, name: str, default: float) -> float | Unknown:
        properties, key = self._at(name)
        return properties.number(key, default=default)

    def _flag(self, name: str) -> bool | Unknown:
        properties, key = self._at(name)
        return properties.boolean(key, default=False)
