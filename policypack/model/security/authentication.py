"""Who a service's callers are checked by: Google's front end, or the servers themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.proxy import Proxy
from policypack.model.graph.links import resolve
from policypack.model.graph.path import on_path
from policypack.model.graph.resource import Resource
from policypack.model.graph.tokens import (
    AUTHZ_POLICY,
    FORWARDING_RULE_TYPES,
    INSTANCE,
    MACHINE_TYPES,
    PROXY_TYPES,
    SERVER_TLS_POLICY,
)
from policypack.model.software.start_up import start_up_texts
from policypack.model.values.logic import all_of, any_of, equals, when_known
from policypack.model.values.secret import joined
from policypack.model.values.values import UNKNOWN, Unknown

# Google's public images, by project or family: https://cloud.google.com/compute/docs/images/os-details
_PUBLIC_IMAGE: Final = re.compile(
    r"(^|/)(cos|debian|ubuntu-os|rocky-linux|centos|rhel|rhel-sap|suse|suse-sap|opensuse|fedora-coreos|windows|almalinux"
    r"|oracle-linux)-cloud/|(^|/)(deeplearning-platform-release|ml-images|ubuntu-os-accelerator-images"
    r"|rocky-linux-accelerator-cloud)/|^(cos|debian|ubuntu|rocky-linux|centos|rhel|sles|windows)-[^/]*$"
)


def needs_client_certificate(service: BackendService) -> bool | Unknown:
    """Whether every proxy of the stack in front of a service refuses clients without a valid certificate."""
    proxies = [Proxy.of(resource, service.stack) for resource in on_path(service.stack, service.resource, PROXY_TYPES)]
    return all_of(_refuses_strangers(proxy) for proxy in proxies) if proxies else False


def has_authorization_policy(service: BackendService) -> bool:
    """Whether an authorization policy of the stack is about a forwarding rule in front of a service."""
    front = on_path(service.stack, service.resource, FORWARDING_RULE_TYPES)
    return any(service.stack.users(rule, [AUTHZ_POLICY]) for rule in front)


def start_up_mentions(service: BackendService, words: Iterable[str]) -> bool | Unknown:
    """Whether what every machine behind a service runs at startup holds one of these words.

    `UNKNOWN` as well if not all groups have machines that the stack shows.
    """
    wanted = tuple(words)
    groups = [group.target for group in service.groups if isinstance(group.target, Resource)]
    shown = [on_path(service.stack, group, MACHINE_TYPES) for group in groups]
    machines = {machine.urn: machine for found in shown for machine in found}
    mentions = all_of(_shows(machine, wanted) for machine in machines.values())
    are_all_shown = service.links.is_complete and len(shown) == len(service.groups) and all(shown)
    return mentions if mentions is False or (machines and are_all_shown) else UNKNOWN


def _shows(machine: Resource, words: tuple[str, ...]) -> bool | Unknown:
    """Whether what a machine runs holds one of the words; not known of what is built into an image of one's own."""
    found = any_of(_mentions(text, words) for text in start_up_texts(machine))
    return UNKNOWN if found is False and _has_own_image(machine) is not False else found


def _has_own_image(machine: Resource) -> bool | Unknown:
    if machine.type == INSTANCE:
        images = [machine.asked.block("bootDisk").block("initializeParams").string("image")]
    else:
        disks = machine.asked.objects("disks")
        images = [UNKNOWN] if isinstance(disks, Unknown) else [disk.string("sourceImage") for disk in disks]
    return any_of(when_known(image, _is_own) for image in images)


def _is_own(image: str | None) -> bool:
    return image is not None and not _PUBLIC_IMAGE.search(image)


def _mentions(text: str | Unknown, words: tuple[str, ...]) -> bool | Unknown:
    return when_known(text, lambda known: any(word in known for word in words))


def _refuses_strangers(proxy: Proxy) -> bool | Unknown:
    url = proxy.client_certificate_policy
    if url is None:
        return False
    policy = _server_tls_policy(proxy, url)
    if policy is None:
        return UNKNOWN
    return equals(policy.asked.block("mtlsPolicy").string("clientValidationMode"), "REJECT_INVALID")


def _server_tls_policy(proxy: Proxy, url: str | Unknown) -> Resource | None:
    """The policy of the stack that a proxy names; `None` if that is not known, or none of the stack."""
    links = resolve(proxy.stack, proxy.resource, "serverTlsPolicy", [url], [SERVER_TLS_POLICY])
    if len(links.targets) == 1:
        return links.targets[0]
    # It is of another API than Compute Engine, with other URLs.
    ids = [(policy, policy.result.string("id")) for policy in proxy.stack.of_types([SERVER_TLS_POLICY])]
    named = [policy for policy, own in ids if isinstance(own, str) and isinstance(url, str) and _is_named(url, own)]
    return named[0] if len(named) == 1 else None


def _is_named(url: str, identifier: str) -> bool:
    return url == identifier or url.endswith(joined("/", ["", identifier]))
