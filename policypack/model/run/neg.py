"""NEGs whose endpoints no health check covers: serverless, Private Service Connect and internet ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import Group, GroupKind
from policypack.model.graph.links import resolve
from policypack.model.graph.reference import region_setting
from policypack.model.graph.resource import Resource, ordered
from policypack.model.graph.run_links import RunLink, regions_of, run_link_of
from policypack.model.graph.stack import Stack
from policypack.model.graph.tokens import GLOBAL_NETWORK_ENDPOINT_GROUP, SERVICE_ATTACHMENT
from policypack.model.run.endpoint import InternetEndpoint, endpoints_of
from policypack.model.run.service import RunService
from policypack.model.values.logic import all_of, any_of, equals, is_set, known_in, when_known
from policypack.model.values.properties import Properties
from policypack.model.values.values import UNKNOWN, Unknown

# The serverless products besides Cloud Run that a NEG can stand for, by the block that names them:
# https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
_APP_ENGINE = "App Engine"
_OTHER_PRODUCTS = ("appEngine", "cloudFunction", "serverlessDeployment")
# https://cloud.google.com/vpc/docs/private-service-connect-backends: a published service by the name of its
# attachment, a Google API by its host.
_ATTACHMENT = re.compile(r"(?:^|/)projects/[^/]+/regions/(?P<region>[^/]+)/serviceAttachments/[^/]+$")
_GOOGLE_API = re.compile(r"[a-z0-9.-]+\.googleapis\.com")
# https://cloud.google.com/vpc/docs/regional-service-endpoints, and the older locational names.
_REGION_OF_API = re.compile(
    r"[a-z0-9-]+\.(?P<regional>[a-z]+-[a-z]+\d+)\.rep\.googleapis\.com"
    r"|(?P<locational>[a-z]+-[a-z]+\d+)-[a-z0-9]+\.googleapis\.com"
)


@dataclass(frozen=True)
class ServerlessBackend:
    """A backend that is a serverless NEG, or may be one.

    Attributes:
        label: what to call it.
        neg: the NEG; `None` for one outside the stack, or if its kind is not known.
        region: the region that it serves from.
        stack: where its service is looked up.
    """

    label: str
    neg: Resource | None
    region: str | Unknown
    stack: Stack

    @property
    def _cloud_run(self) -> Properties:
        return self.neg.asked.block("cloudRun") if self.neg else Properties(UNKNOWN)

    @property
    def is_of_cloud_run(self) -> bool | Unknown:
        """Whether it stands for a service or for a function of the second generation, and not for another product."""
        if self.neg is None:
            return UNKNOWN
        if self.link.service:
            return True
        return is_set(self.neg.asked.object("cloudRun"))

    @property
    def has_target(self) -> bool | Unknown:
        """Whether it names anything at all."""
        if self.neg is None:
            return UNKNOWN
        return any_of(is_set(self.neg.asked.object(key)) for key in ("cloudRun", *_OTHER_PRODUCTS))

    @property
    def has_psc_target(self) -> bool | Unknown:
        """Whether it names what a NEG of type PRIVATE_SERVICE_CONNECT leads to; left out, the type is SERVERLESS."""
        return False if self.neg is None else is_set(self.neg.asked.string("pscTargetService"))

    @property
    def service_name(self) -> str | Unknown | None:
        """The short name of its service."""
        return self._cloud_run.string("service")

    @property
    def has_url_mask(self) -> bool | Unknown:
        """Whether it takes the names of services from the URLs of requests."""
        return is_set(self._cloud_run.string("urlMask"))

    @property
    def has_tag(self) -> bool | Unknown:
        """Whether it stands for a tagged revision."""
        return is_set(self._cloud_run.string("tag"))

    @cached_property
    def link(self) -> RunLink:
        """The Cloud Run service that it names, as far as that is known."""
        return run_link_of(self.stack, self.neg) if self.neg else RunLink()

    @property
    def service(self) -> RunService | None:
        """The Cloud Run service of the stack that it certainly names, in its region."""
        return RunService.of(self.link.service, self.stack) if self.link.service else None

    @property
    def why_unlinked(self) -> str:
        """Why `service` is none, a clause."""
        if self.link.elsewhere:
            return f"the Cloud Run service that `{self.label}` names is not in its region"
        return f"the Cloud Run service of `{self.label}` is not known to be in the stack"

    @property
    def services_nearby(self) -> tuple[str, ...]:
        """The names of the Cloud Run services of the stack that certainly are in its region."""
        if isinstance(self.region, Unknown):
            return ()
        regions = {one.name: regions_of(one) for one in RunService.resources_in(self.stack)}
        return tuple(name for name, found in regions.items() if found is not UNKNOWN and self.region in found)


def serverless_backends(service: BackendService) -> tuple[ServerlessBackend, ...]:
    """The groups that certainly are among the backends of a service, and are or may be serverless NEGs."""
    found = [group for group in service.groups if GroupKind.SERVERLESS_NEG in group.kinds]
    return tuple(ServerlessBackend(group.name, _neg(group), group.region, service.stack) for group in found)


def leads_to_app_engine(service: BackendService) -> bool:
    """Whether a backend certainly is for an App Engine app."""
    return _APP_ENGINE in known_in(group.platform for group in service.groups)


def leads_to_one_app(service: BackendService) -> bool:
    """Whether all its backends certainly are for App Engine: its project has one app, in one region, whatever the NEGs.

    https://cloud.google.com/appengine/docs/locations
    """
    if not service.links.is_complete or not service.groups:
        return False
    return all_of(equals(group.platform, _APP_ENGINE) for group in service.groups) is True


def _neg(group: Group) -> Resource | None:
    """The NEG of the stack of which the kind is known."""
    return group.target if isinstance(group.target, Resource) and len(group.kinds) == 1 else None


def run_services_behind(service: BackendService) -> tuple[RunService, ...]:
    """The Cloud Run services of the stack that certainly get requests from a backend service, each once."""
    return _run_services(service, (link.service for link in _run_links(service) if link.service))


def run_services_perhaps_behind(service: BackendService) -> tuple[RunService, ...]:
    """Those that one of its NEGs may name: which one it does is not known."""
    return _run_services(service, (one for link in _run_links(service) for one in link.candidates))


def _run_links(service: BackendService) -> list[RunLink]:
    groups = (group.target for group in service.groups)
    return [run_link_of(service.stack, target) for target in groups if isinstance(target, Resource)]


def _run_services(service: BackendService, found: Iterable[Resource]) -> tuple[RunService, ...]:
    return tuple(RunService.of(one, service.stack) for one in ordered(found))


@dataclass(frozen=True)
class PscTarget:
    """What a Private Service Connect NEG leads to.

    Attributes:
        label: what to call the NEG.
        target: its `psc_target_service`.
        attachment: the service attachment of the stack that it is computed from.
        neg_region: where the NEG is.
    """

    label: str
    target: str | Unknown | None
    attachment: Resource | None
    neg_region: str | Unknown

    @property
    def is_google_api(self) -> bool | Unknown:
        """Whether it is an API of Google's, of which a backend service takes one, and not a published service."""
        if not isinstance(self.target, str):
            return False if self.attachment else UNKNOWN
        if _GOOGLE_API.fullmatch(self.target):
            return True
        return False if _ATTACHMENT.search(self.target) else UNKNOWN

    @property
    def region(self) -> str | Unknown | None:
        """The region of the attachment or the API; `None` if its name gives none, as that of a global API."""
        if isinstance(self.target, Unknown):
            return region_setting(self.attachment) if self.attachment else UNKNOWN
        if attachment := _ATTACHMENT.search(self.target or ""):
            return attachment["region"]
        host = _REGION_OF_API.fullmatch(self.target or "")
        return (host["regional"] or host["locational"]) if host else None


def psc_targets(service: BackendService) -> tuple[PscTarget, ...]:
    """What the Private Service Connect NEGs among the backends of a service lead to."""
    return tuple(_psc_target(group) for group in service.groups if _is_for_psc(group))


def _is_for_psc(group: Group) -> bool:
    """By its type or, where that is not known, by the target that only this type has."""
    if GroupKind.PRIVATE_SERVICE_CONNECT_NEG not in group.kinds or len(group.kinds) == 1:
        return GroupKind.PRIVATE_SERVICE_CONNECT_NEG in group.kinds
    return isinstance(group.target, Resource) and group.target.asked.string("pscTargetService") is not None


def _psc_target(group: Group) -> PscTarget:
    if not isinstance(group.target, Resource):
        return PscTarget(group.name, UNKNOWN, None, group.region)
    target = group.target.asked.string("pscTargetService")
    attachments = resolve(group.stack, group.target, "pscTargetService", [UNKNOWN], [SERVICE_ATTACHMENT]).targets
    return PscTarget(group.name, target, attachments[0] if attachments else None, group.region)


@dataclass(frozen=True)
class InternetBackend:
    """A backend that is an internet NEG, or may be one.

    Attributes:
        label: what to call it.
        neg: the NEG; `None` for one outside the stack, or if its kind is not known.
        stack: where its endpoints are looked up.
    """

    label: str
    neg: Resource | None
    stack: Stack

    @property
    def endpoints(self) -> tuple[InternetEndpoint, ...]:
        """The endpoints of the stack that are certainly its own."""
        return tuple(one for one, belongs in self._found if belongs is True)

    @property
    def possible_endpoints(self) -> tuple[InternetEndpoint, ...]:
        """The endpoints of the stack that are or may be its own."""
        return tuple(one for one, _ in self._found)

    @property
    def _found(self) -> tuple[tuple[InternetEndpoint, bool | Unknown], ...]:
        return endpoints_of(self.stack, self.neg) if self.neg else ()

    @property
    def is_global(self) -> bool | Unknown:
        """Whether it is of the global kind, which takes one endpoint and whose `Host` header can be set."""
        return self.neg.type == GLOBAL_NETWORK_ENDPOINT_GROUP if self.neg else UNKNOWN

    @property
    def is_named(self) -> bool | Unknown:
        """Whether its endpoints are host names, to which certificates are issued, and not addresses."""
        if self.neg is None:
            return UNKNOWN
        return when_known(self.neg.asked.string("networkEndpointType"), lambda kind: kind == "INTERNET_FQDN_PORT")


def internet_backends(service: BackendService) -> tuple[InternetBackend, ...]:
    """The groups that certainly are among the backends of a service, and are or may be internet NEGs."""
    found = [group for group in service.groups if GroupKind.INTERNET_NEG in group.kinds]
    return tuple(InternetBackend(group.name, _neg(group), service.stack) for group in found)
