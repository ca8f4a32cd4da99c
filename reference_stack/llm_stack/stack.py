"""The stack: what every form has, and between its foundation and its front end the servers of one."""

from __future__ import annotations

import pulumi

from llm_stack.cloud_run import serving as cloud_run
from llm_stack.config import Config, InternalFrontend, load_config
from llm_stack.foundation import Foundation, Needs, Serving, create_foundation
from llm_stack.frontend.edge_security import EdgeSecurity, EdgeSecurityArgs
from llm_stack.frontend.exposure import EXTERNAL, INTERNAL, Exposure
from llm_stack.frontend.internal_load_balancer import InternalLoadBalancer, InternalLoadBalancerArgs
from llm_stack.frontend.load_balancer import LoadBalancer
from llm_stack.frontend.paths import SiteArgs
from llm_stack.frontend.private_certificate import PrivateCertificate, PrivateCertificateArgs
from llm_stack.machines import serving as machines
from llm_stack.machines.config import Machines
from llm_stack.observability.observability import Observability, ObservabilityArgs
from llm_stack.server import API_PATHS

NAME = "llm"


def create_stack() -> None:
    """Everything that the configuration asks for."""
    config = load_config()
    foundation = create_foundation(NAME, config, needs_of(config))
    serving = serve(config, foundation, create_exposure(config, foundation))
    site = SiteArgs(domain=config.frontend.domain, api_paths=API_PATHS, service=serving.service)
    if config.frontend.internal:
        url = create_internal_front_end(config, foundation, site)
    else:
        url = create_front_end(foundation, site)
    observability = create_observability(config, foundation, serving)
    for output, value in serving.outputs.items():
        pulumi.export(output, value)
    pulumi.export("url", url)
    pulumi.export("service", serving.metrics.service_name)
    pulumi.export("dashboard", observability.dashboard_url)
    pulumi.export("api_key_secret", foundation.artifacts.secret)
    answer = f'curl --fail {url}/v1/models --header "Authorization: Bearer $KEY"'
    pulumi.export("check_health", {**serving.checks, "answer": answer})


def needs_of(config: Config) -> Needs:
    if isinstance(config.compute, Machines):
        return machines.needs_of(config.compute)
    return cloud_run.needs_of(config.compute)


def serve(config: Config, foundation: Foundation, exposure: Exposure) -> Serving:
    if isinstance(config.compute, Machines):
        return machines.serve(NAME, config, config.compute, foundation, exposure)
    return cloud_run.serve(NAME, config, config.compute, foundation, exposure)


def create_exposure(config: Config, foundation: Foundation) -> Exposure:
    frontend = config.frontend
    if isinstance(frontend, InternalFrontend):
        return Exposure(INTERNAL)
    edge = EdgeSecurity(
        NAME,
        EdgeSecurityArgs(client_ranges=frontend.client_ranges, requests_per_minute=frontend.requests_per_minute),
        opts=foundation.after_apis,
    )
    return Exposure(EXTERNAL, edge.policy, frontend.iap_members)


def create_front_end(foundation: Foundation, site: SiteArgs) -> str:
    balancer = LoadBalancer(NAME, site, opts=foundation.after_apis)
    pulumi.export("address", balancer.address)
    pulumi.export("certificate_proof", balancer.proof)
    return balancer.url


def create_internal_front_end(config: Config, foundation: Foundation, site: SiteArgs) -> str:
    certificate = PrivateCertificate(
        NAME,
        PrivateCertificateArgs(domain=site.domain, region=config.home, protect=config.operations.protect),
        opts=foundation.after_apis,
    )
    balancer = InternalLoadBalancer(
        NAME,
        InternalLoadBalancerArgs(
            site=site,
            project=config.project,
            network=foundation.network.network,
            subnets=foundation.network.subnets,
            certificate=certificate.certificate,
        ),
        opts=foundation.after_network,
    )
    pulumi.export("address", balancer.addresses)
    pulumi.export("authority", certificate.authority_pem)
    return balancer.url


def create_observability(config: Config, foundation: Foundation, serving: Serving) -> Observability:
    return Observability(
        NAME,
        ObservabilityArgs(
            project=config.project,
            title=f"LLM {config.stack}",
            metrics=serving.metrics,
            public_check=config.frontend.open_to_all,
            domain=config.frontend.domain,
            alerts=serving.alerts,
            chart=serving.chart,
            emails=config.operations.alert_emails,
            latency_seconds=config.operations.latency_seconds,
        ),
        opts=foundation.after_apis,
    )
