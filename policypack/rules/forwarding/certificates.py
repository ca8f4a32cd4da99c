"""By which property a target proxy has its certificates.

https://www.pulumi.com/registry/packages/gcp/api-docs/compute/targethttpsproxy/#inputs
"""

from __future__ import annotations

from policypack.model.frontend.forwarding_rule import ForwardingRule
from policypack.model.frontend.proxy import Proxy
from policypack.model.values.logic import all_of, equals
from policypack.model.values.spelling import properties
from policypack.verdict import Checks, Fail, known


def takes_a_map(front: ForwardingRule, proxy: Proxy) -> Checks:
    """Internal load balancers have no certificate map."""
    has_none = equals(front.fact(lambda kind: kind.certificates, proxy), "certificate_manager_certificates")
    if known(all_of([has_none, proxy.has_certificate_map]), "certificate_map", proxy.name):
        yield Fail(
            f"`{proxy.name}` has a ``certificate_map``, which scheme `{front.scheme}` does not support.",
            "Certificates attached directly: internal load balancers do not support certificate maps.",
            f"Name the certificates in ``certificate_manager_certificates`` of `{proxy.name}`.",
        )


def takes_certificates(front: ForwardingRule, proxy: Proxy) -> Checks:
    """Global external load balancers have a certificate map."""
    has_a_map = equals(front.fact(lambda kind: kind.certificates, proxy), "certificate_map")
    if known(all_of([has_a_map, proxy.has_managed_certificates]), "certificate_manager_certificates", proxy.name):
        yield Fail(
            f"`{proxy.name}` has ``certificate_manager_certificates``, which a global proxy with scheme "
            f"`{front.scheme}` does not support.",
            "A certificate map: global external load balancers use one for Certificate Manager certificates.",
            f"Set ``certificate_map`` of `{proxy.name}` to a `CertificateMap` with an entry for each certificate.",
        )


def has_one_kind(front: ForwardingRule, proxy: Proxy) -> Checks:
    """ "sslCertificates and certificateManagerCertificates fields can not be defined together"."""
    names = ("ssl_certificates", "certificate_manager_certificates")
    takes_either = equals(front.fact(lambda kind: kind.certificates, proxy), names[1])
    has_both = all_of([takes_either, proxy.has_compute_certificates, proxy.has_managed_certificates])
    if known(has_both, names[1], proxy.name):
        yield Fail(
            f"`{proxy.name}` has {properties(names)}, which exclude each other.",
            "Certificates of Compute Engine or of Certificate Manager, not both.",
            f"Name all certificates of `{proxy.name}` in one of {properties(names)}.",
        )
