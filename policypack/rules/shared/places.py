"""Whether resources that belong together are in one place, and in one project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from policypack.model.frontend.certificates import placed_certificates
from policypack.model.frontend.entry import Entry
from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.links import Links
from policypack.model.graph.reference import location_of, may_be_one_project, project_of
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.model.machines.subnetworks import networks_without_subnetwork
from policypack.model.values.logic import known_in
from policypack.model.values.values import Unknown
from policypack.verdict import Checks, Fail, Undecided, decided, known
from policypack.wording import quoted

SAME_PLACE = "Both global, or both regional in the same region."


class Placed(Protocol):
    """A resource that is global or in a region."""

    @property
    def name(self) -> str:
        """The logical name."""

    @property
    def is_regional(self) -> bool:
        """It is in a region."""

    @property
    def region(self) -> str | Unknown:
        """The region of a regional one."""


def are_together(one: Placed, other: Placed, called: str, other_called: str) -> Checks:
    """What is wrong if one resource is global and the other regional, or both are in different regions.

    Args:
        one: the one.
        other: the other.
        called: what to call the one at the beginning of a sentence.
        other_called: what to call the other within one.
    """
    if one.is_regional != other.is_regional:
        ours, theirs = ("regional", "global") if one.is_regional else ("global", "regional")
        yield Fail(
            f"{called} is {ours}, and {other_called} is {theirs}.", SAME_PLACE, f"Use the {ours} resource for both."
        )
    elif one.is_regional:
        here, there = known(one.region, "region", one.name), known(other.region, "region", other.name)
        if here != there:
            yield Fail(
                f"{called} is in `{here}`, and {other_called} in `{there}`.", SAME_PLACE, "Create both in one region."
            )


@dataclass(frozen=True)
class Policies:
    """The two kinds of a policy or a certificate, one for global and one for regional resources.

    Attributes:
        called: what to call one in a sentence.
        owner: what to call a resource that has one.
        of_global: the resource that global ones are, by its Python name.
        of_regional: the resource that regional ones are.
        place: the property of regional ones that says where they are.
    """

    called: str
    owner: str
    of_global: str
    of_regional: str
    place: str = "region"

    def fitting(self, owner: Placed) -> str:
        """The resource that a policy of `owner` has to be."""
        return self.of_regional if owner.is_regional else self.of_global


@dataclass(frozen=True)
class Found:
    """A policy or a certificate: its name, its region (`None` for a global one), and the property that decides it."""

    name: str
    region: str | Unknown | None
    deciding: str = "region"


_SSL_CERTIFICATES: Final = Policies("certificate", "proxy", "SSLCertificate", "RegionSslCertificate")
_OF_CERTIFICATE_MANAGER: Final = Policies("certificate", "proxy", "Certificate", "Certificate", "location")


def is_of_its_scope(owner: Placed, links: Links, policies: Policies, otherwise: str) -> Checks:
    """What is wrong with policies that are not global as their owner is, or not in its region.

    Args:
        owner: the resource that has the policies.
        links: the property that points at them.
        policies: what they are.
        otherwise: what becomes of a policy of another scope, a sentence.
    """
    for policy in links.members:
        region = location_of(policy) if isinstance(policy, Resource) else policy.region
        use_it = f"set ``{links.property_name}`` to it"
        yield _is_of_its_scope(owner, Found(policy.name, region), use_it, policies, otherwise)


def certificates_are_there(proxy: Proxy) -> Checks:
    """What is wrong with where the certificates of a proxy are.

    https://github.com/terraform-google-modules/terraform-google-lb-http/issues/423: "Must be a valid SslCertificate URL
    or a valid Certificate Manager certificate URL within the same scope"
    """
    for one in placed_certificates(proxy):
        kinds = _OF_CERTIFICATE_MANAGER if one.is_of_certificate_manager else _SSL_CERTIFICATES
        found, use_it = Found(one.name, one.region, one.property_name), f"name it in ``{one.property_name}``"
        if one.is_of_certificate_manager and not proxy.is_regional and proxy.is_external is True:
            use_it = "give it an entry in a ``certificate_map``: global external load balancers take it from there"
        yield _is_of_its_scope(proxy, found, use_it, kinds, "The API rejects that.")


def _is_of_its_scope(owner: Placed, policy: Found, use_it: str, policies: Policies, otherwise: str) -> Checks:
    if not owner.is_regional and policy.region is None:
        return
    here = known(owner.region, "region") if owner.is_regional else None
    there = None if policy.region is None else known(policy.region, policy.deciding, policy.name)
    if there == here:
        return
    ours, theirs = (f"in {place}" if place else "global" for place in (here, there))
    place = f"`{policies.fitting(owner)}`" + (f' with ``{policies.place}="{here}"``' if here else "")
    yield Fail(
        f"Its {policies.called} `{policy.name}` is {theirs}, and the {policies.owner} is {ours}. {otherwise}",
        f"One of the kind {place}.",
        f"Create the {policies.called} as {place}, and {use_it}.",
    )


def has_proxies(entry: Entry) -> Checks:
    """Whether the network of a forwarding rule has proxies in its region; only a network of the stack is judged.

    "An active proxy-only subnetwork is required in the same region": the forwarding rule is refused without one.
    https://cloud.google.com/load-balancing/docs/proxy-only-subnets
    """
    if entry.network is None or not entry.stack.is_complete:
        return
    doubt = Undecided(f"whether there are proxies in the region of `{entry.name}` is not known", "subnetwork")
    if decided(entry.has_proxies, doubt):
        return
    place = f"`{entry.own_region}`" if isinstance(entry.own_region, str) else "a region"
    others, purpose = entry.other_proxy_subnetworks, entry.PURPOSES[0]
    kind = "cross-region" if entry.is_regional else "regional"
    but = f", and {quoted(others)} is for {kind} load balancers" if others else ""
    yield Fail(
        f"`{entry.name}` is in {place}, where its network has no proxies for it{but}.",
        f"An active proxy-only subnetwork with purpose {purpose} in each region with a forwarding rule.",
        f'Create a `Subnetwork` in {place} with ``purpose="{purpose}"`` and ``role="ACTIVE"``, and have the forwarding '
        "rule wait for it (``depends_on``).",
    )


def is_in_its_project(owner: Resource, other: Resource, called: str, other_called: str, required: str) -> Checks:
    """What is wrong if one resource is certainly in another project than the one that it is used by.

    "The forwarding rule, the target HTTP(S) proxy, and the associated URL map must be defined in the same project", and
    "health checks associated with backend services must be defined in the same project as the backend service":
    https://cloud.google.com/load-balancing/docs/https#shared-vpc. A program that computes a project has one of its own
    for all that it makes.

    Args:
        owner: the resource that uses the other.
        other: the other.
        called: what to call the owner at the beginning of a sentence.
        other_called: what to call the other within one.
        required: what is asked for, a sentence.
    """
    projects = known_in([project_of(owner), project_of(other)])
    if len(projects) == 2 and not may_be_one_project(*projects):
        yield Fail(
            f"{called} is in project `{projects[0]}`, and {other_called} in `{projects[1]}`.",
            required,
            f"Create both in one project: set `project` of `{other.name}` to `{projects[0]}`, or its provider.",
        )


def names_a_subnetwork(stack: Stack, machine: Resource, called: str) -> Checks:
    """What is wrong with interfaces of a template or a VM that leave it open which subnetwork they are in."""
    for network in networks_without_subnetwork(stack, machine):
        yield Fail(
            f"An interface of {called} names no subnetwork, and its network `{network.name}` is in custom subnet mode.",
            "A subnetwork in its region: only networks with automatic subnetworks have one to choose.",
            f"Set `subnetwork` in ``network_interfaces`` of `{machine.name}`.",
        )
