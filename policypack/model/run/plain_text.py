"""Texts that Cloud Run services and backend services keep in the clear: everybody who may view them reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.graph.view import View
from policypack.model.machines.metadata import holds_secret_of, secret_sources
from policypack.model.machines.plaintext import Findings, find_secrets
from policypack.model.run.service import RunService
from policypack.model.values.logic import when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown, python_name

# Headers that are credentials as a whole, whatever they are called elsewhere.
_CREDENTIAL_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key"}
)
_CREDENTIAL: Final = "api_key"
_SCHEMES: Final = ("bearer", "basic", "token")
# What a credential looks like, to ask whether a name is one of a credential.
_SAMPLE: Final = "Zx9-Qw8rTy7uIo6p"


@dataclass(frozen=True)
class PlainText:
    """One text.

    Attributes:
        label: what to call it, without a value.
        property_name: the property that it stands in, by its Python name.
        key: the name that it is stored under, empty if it has none or that is not known.
        text: the text.
        may_be_any: a text that is not known may be anything, a secret as well.
        sources: the resources with secret outputs that its property is computed from.
    """

    label: str
    property_name: str
    key: str
    text: str | Unknown
    may_be_any: bool
    sources: tuple[Resource, ...]

    @cached_property
    def findings(self) -> Findings | Unknown:
        """The secrets that it shows."""
        return when_known(self.text, lambda text: find_secrets(self.key, text))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What it holds for certain, by kind."""
        held = tuple(
            f"the secret output of `{one.name}`" for one in self.sources if holds_secret_of(self.text, one) is True
        )
        return held if isinstance(self.findings, Unknown) else (*self.findings.certain, *held)

    @property
    def doubt(self) -> str:
        """What may be a secret or the name of one, a clause; empty if nothing is."""
        if isinstance(self.findings, Unknown) or self.secrets or not self.findings.possible:
            return ""
        return self.findings.doubt

    @property
    def hides_something(self) -> bool:
        """It is not known, and may be a secret."""
        if not isinstance(self.text, Unknown):
            return False
        return self.may_be_any or bool(self.sources) or bool(self.key and find_secrets(self.key, _SAMPLE).certain)


def texts_of_service(service: BackendService) -> Iterator[PlainText]:
    """The request headers that a backend service adds."""
    headers = service.resource.asked.strings("customRequestHeaders")
    sources = secret_sources(service.stack, service.resource, "customRequestHeaders")
    for header in [UNKNOWN] if isinstance(headers, Unknown) else headers:
        if isinstance(header, Unknown):
            yield PlainText("a custom request header", "custom_request_headers", "", UNKNOWN, True, sources)
            continue
        name, _, value = header.partition(":")
        label = f"the custom request header `{name.strip()}`"
        yield _text_of_header(label, "custom_request_headers", name, value, sources)


def texts_of_header_action(action: Properties, url_map: View, prop: str, where: str) -> Iterator[PlainText]:
    """The request headers that a URL map adds.

    Args:
        action: the block that says what is done with headers.
        url_map: the URL map.
        prop: the property that the block is in.
        where: the route, to call it by.
    """
    headers = action.objects("requestHeadersToAdds")
    sources = secret_sources(url_map.stack, url_map.resource, prop)
    for header in [Properties(UNKNOWN)] if isinstance(headers, Unknown) else headers:
        name, value = header.string("headerName"), header.string("headerValue")
        label = f"the header `{name}` that {where} adds" if isinstance(name, str) else f"a header that {where} adds"
        yield _text_of_header(label, python_name(prop), name, UNKNOWN if value is None else value, sources)


def _text_of_header(
    label: str, property_name: str, name: str | Unknown | None, value: str | Unknown, sources: tuple[Resource, ...]
) -> PlainText:
    key = name.strip() if isinstance(name, str) else ""
    if key.lower() in _CREDENTIAL_HEADERS:
        key = _CREDENTIAL
    if isinstance(value, Unknown):
        return PlainText(label, property_name, key, UNKNOWN, True, sources)
    scheme, _, rest = value.strip().partition(" ")
    text = rest.strip() if key == _CREDENTIAL and scheme.lower() in _SCHEMES else value.strip()
    return PlainText(label, property_name, key, text, True, sources)


def texts_of_run(service: RunService) -> Iterator[PlainText]:
    """The environment and the arguments of a Cloud Run service."""
    stack, resource = service.stack, service.resource
    if service.is_function:
        yield from _texts_of_function(stack, resource)
        return
    sources = secret_sources(stack, resource, "template")
    is_computed_of_nothing = not resource.edges.get("template")
    if isinstance(service.containers, Unknown):
        yield PlainText(f"`template` of `{service.name}`", "template", "", UNKNOWN, True, sources)
        return
    for container in service.containers:
        for name, value in container.environment:
            called = f"the variable `{name}`" if isinstance(name, str) else "a variable"
            label, key = f"{called} of `{service.name}`", name if isinstance(name, str) else ""
            yield PlainText(label, "template", key, value, is_computed_of_nothing or not key, sources)
        label = f"the command line of `{service.name}`"
        line = container.command_line
        if isinstance(line, Unknown):
            yield PlainText(label, "template", "", container.known_words, False, ())
        yield PlainText(label, "template", "", line, is_computed_of_nothing, sources)


def _texts_of_function(stack: Stack, resource: Resource) -> Iterator[PlainText]:
    variables = resource.asked.block("serviceConfig")
    found = variables.object("environmentVariables")
    sources = secret_sources(stack, resource, "serviceConfig")
    if isinstance(found, Unknown):
        yield PlainText(f"the environment of `{resource.name}`", "service_config", "", UNKNOWN, True, sources)
    elif found is not None:
        for name in found.keys:
            value = found.string(name)
            label = f"the variable `{name}` of `{resource.name}`"
            yield PlainText(label, "service_config", name, UNKNOWN if value is None else value, False, sources)
