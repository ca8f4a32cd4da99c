"""The stack: what every form has, and between its foundation and its front end the servers of one."""

import pulumi

from cloud_run import serving as cloud_run
from components.edge_security import EdgeSecurity, EdgeSecurityArgs
from components.exposure import EXTERNAL, INTERNAL, Exposure
from components.internal_load_balancer import InternalLoadBalancer, InternalLoadBalancerArgs
from components.load_balancer import LoadBalancer
from components.observability import Observability, ObservabilityArgs
from components.paths import SiteArgs
from components.private_certificate import PrivateCertificate, PrivateCertificateArgs
from config import load_config
from foundation import create_foundation
from machines import serving as machines
from machines.config import Machines
from server import API_PATHS

NAME = "llm"
config = load_config()
frontend = config.frontend

if isinstance(config.compute, Machines):
    needs = machines.needs_of(config.compute)
else:
    needs = cloud_run.needs_of(config.compute)
foundation = create_foundation(NAME, config, needs)

if frontend.internal:
    exposure = Exposure(INTERNAL)
else:
    edge = EdgeSecurity(
        NAME,
        EdgeSecurityArgs(client_ranges=frontend.client_ranges, requests_per_minute=frontend.requests_per_minute),
        opts=foundation.after_apis,
    )
    exposure = Exposure(EXTERNAL, edge.policy, frontend.iap_members)

if isinstance(config.compute, Machines):
    serving = machines.serve(NAME, config, config.compute, foundation, exposure)
else:
    serving = cloud_run.serve(NAME, config, config.compute, foundation, exposure)

site = SiteArgs(domain=frontend.domain, api_paths=API_PATHS, service=serving.service)
balancer: LoadBalancer | InternalLoadBalancer
if frontend.internal:
    certificate = PrivateCertificate(
        NAME,
        PrivateCertificateArgs(domain=frontend.domain, region=config.regions[0], protect=config.operations.protect),
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
else:
    balancer = LoadBalancer(NAME, site, opts=foundation.after_apis)
    pulumi.export("address", balancer.address)
    pulumi.export("certificate_proof", balancer.proof)

observability = Observability(
    NAME,
    ObservabilityArgs(
        project=config.project,
        title=f"LLM {config.stack}",
        metrics=serving.metrics,
        public_check=frontend.open_to_all,
        domain=frontend.domain,
        alerts=serving.alerts,
        chart=serving.chart,
        emails=config.operations.alert_emails,
        latency_seconds=config.operations.latency_seconds,
    ),
    opts=foundation.after_apis,
)

for output, value in serving.outputs.items():
    pulumi.export(output, value)
pulumi.export("url", balancer.url)
pulumi.export("service", serving.metrics.service_name)
pulumi.export("dashboard", observability.dashboard_url)
pulumi.export("api_key_secret", foundation.artifacts.secret)
answer = f'curl --fail {balancer.url}/v1/models --header "Authorization: Bearer $KEY"'
pulumi.export("check_health", {**serving.checks, "answer": answer})
