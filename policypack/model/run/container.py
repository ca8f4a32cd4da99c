"""Containers of a Cloud Run service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policypack.model.run.probe import Probe
from policypack.model.values.logic import all_of, any_of, is_in, is_set
from policypack.model.values.properties import Properties
from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Unknown

_GPU = "nvidia.com/gpu"
# Suffix of a quantity of Kubernetes -> its factor:
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_FACTORS = {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


@dataclass(frozen=True)
class Container:
    """One container of a Cloud Run service."""

    properties: Properties

    @property
    def has_ports(self) -> bool | Unknown:
        """Whether it is the one that requests are sent to, among several."""
        ports = self.properties.value("ports")
        return UNKNOWN if isinstance(ports, Unknown) else bool(ports)

    def probe(self, key: str) -> Probe | Unknown | None:
        """Its `startupProbe`, `livenessProbe` or `readinessProbe`; `None` without one."""
        found = self.properties.object(key)
        return Probe(found) if isinstance(found, Properties) else found

    @property
    def idles_cpu(self) -> bool | Unknown | None:
        """Whether it has CPU only while it handles requests; `None` leaves that to Cloud Run."""
        return self.properties.block("resources").boolean("cpuIdle")

    @property
    def cpu(self) -> float | Unknown | None:
        """The limit of its CPU, in cores; `None` if it has none."""
        return _quantity(self._limit("cpu"))

    @property
    def memory(self) -> float | Unknown | None:
        """The limit of its memory, in bytes; `None` if it has none."""
        return _quantity(self._limit("memory"))

    @property
    def has_gpu(self) -> bool | Unknown:
        """Whether it asks for a GPU."""
        return is_set(self._limit(_GPU))

    def _limit(self, name: str) -> str | Unknown | None:
        return self.properties.block("resources").block("limits").string(name)

    @property
    def environment(self) -> Iterator[tuple[str | Unknown, str | Unknown]]:
        """The names and plain values of its environment; what comes from Secret Manager has none."""
        variables = self.properties.objects("envs")
        if isinstance(variables, Unknown):
            yield UNKNOWN, UNKNOWN
            return
        for variable in variables:
            value, name = variable.string("value"), variable.string("name")
            if value is not None:
                yield UNKNOWN if name is None else name, value

    def mentions(self, words: tuple[str, ...]) -> bool | Unknown:
        """Whether its environment sets a variable of one of these names, in the clear or from Secret Manager, or its
        command line holds one of these words."""
        variables = self.properties.objects("envs")
        found = [Properties(UNKNOWN)] if isinstance(variables, Unknown) else variables
        named = (all_of([is_in(one.string("name"), words), _is_given(one)]) for one in found)
        said = any(word in self.known_words for word in words)
        return any_of([*named, said, UNKNOWN if isinstance(self.command_line, Unknown) else False])

    @property
    def start_up_texts(self) -> tuple[str, str]:
        """What is known of its image and of its command line."""
        image = self.properties.string("image")
        return image if isinstance(image, str) else "", self.known_words

    @property
    def command_line(self) -> str | Unknown:
        """Its command with its arguments; `UNKNOWN` if a part of it is."""
        parts = [self.properties.strings("commands"), self.properties.strings("args")]
        words = [word for part in parts if not isinstance(part, Unknown) for word in part]
        known = [word for word in words if isinstance(word, str)]
        is_known = len(known) == len(words) and not any(isinstance(part, Unknown) for part in parts)
        return " ".join(known) if is_known else UNKNOWN

    @property
    def known_words(self) -> str:
        """What is known of its command line."""
        parts = [self.properties.strings("commands"), self.properties.strings("args")]
        return " ".join(w for part in parts if not isinstance(part, Unknown) for w in part if isinstance(w, str))


def _is_given(variable: Properties) -> bool:
    """Whether a variable has a value; the two API versions have their own words for Secret Manager."""
    sources = (variable.value(key) for key in ("valueSource", "valueFrom"))
    return variable.string("value") is not None or any(source is not None for source in sources)


def _quantity(text: str | Unknown | None) -> float | Unknown | None:
    if not isinstance(text, str):
        return text
    suffix = next((suffix for suffix in _FACTORS if text.endswith(suffix)), "")
    try:
        return like(text, float(text.removesuffix(suffix)) * _FACTORS.get(suffix, 1))
    except ValueError:
        return UNKNOWN
