"""The rule `backend-authentication`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policypack.model.balancing.backend_service import BackendService
from policypack.model.run.service import RunService
from policypack.model.security.access import cloud_run_authenticates, iap_admits_everybody, open_run_services
from policypack.model.security.authentication import (
    has_authorization_policy,
    needs_client_certificate,
    start_up_mentions,
)
from policypack.model.security.security_policy import has_security_policy, security_policies
from policypack.model.values.logic import all_of, any_of, known_in, negation, when_known
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, rule
from policypack.rules.on_gke.edge.authentication import SERVERS_DO, knows_its_callers
from policypack.rules.shared.conditions import IS_EXTERNAL
from policypack.verdict import Checks, Fail, NotApplicable, Undecided, under
from policypack.wording import quoted

_OBSERVED = "It is public, and nothing in the stack authenticates its callers."
_REQUIRED = "Identity-Aware Proxy, client certificates, known address ranges, or a server that requires an API key."
# IAP on the backend service would keep the load balancer from telling that a region is dead.
_FIX_ON_CLOUD_RUN = (
    "Have the model server require an API key, such as `VLLM_API_KEY` from Secret Manager, set ``iap_enabled=True`` "
    "on the "
    "Cloud Run service, or grant `roles/run.invoker` to known callers only; if the server authenticates its callers "
    "and the stack does not show it, set the option `server_authenticates`."
)


@dataclass(frozen=True)
class AuthenticationOptions(Options):
    """Options of `backend-authentication`.

    Attributes:
        server_authenticates: whether the servers authenticate their callers in a way that the stack does not show.
        server_key_words: words that show that the server requires an API key, in a VM's startup metadata or in the
            variables and arguments of a Cloud Run container. The default has the variables and the flag of vLLM
            (https://docs.vllm.ai/en/stable/serving/openai_compatible_server/), llama.cpp
            (https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md) and SGLang.
    """

    server_authenticates: bool = False
    server_key_words: tuple[str, ...] = ("VLLM_API_KEY", "LLAMA_API_KEY", "--api-key")


@rule(
    title="Callers of public services are authenticated",
    severity="medium",
    level="advisory",
    stage="stack",
    url="https://cloud.google.com/iap/docs/concepts-overview",
    gke=lambda backend, options: knows_its_callers(
        backend, options.server_key_words, server_authenticates=options.server_authenticates
    ),
)
def backend_authentication(service: BackendService, options: AuthenticationOptions) -> Checks:
    """A public service authenticates its callers, as far as the stack shows.

    ## What it checks
    At least one of these is in place:

    - Identity-Aware Proxy is on (`iap`), and no grant in the stack lets `allUsers` through.
    - Every backend is a Cloud Run service that authenticates its callers: it has `iap_enabled`, or neither `allUsers`
      nor `allAuthenticatedUsers` may invoke it, or its container has a model server's API key (`server_key_words`).
    - Every proxy in front rejects clients without a valid certificate (`server_tls_policy` with REJECT_INVALID).
    - The Cloud Armor policy denies everything except known address ranges.
    - The startup configuration of every VM mentions a model server's API key (`server_key_words`).

    A key is evidence, not proof: no resource shows what a server does with it. If the stack cannot show the
    authentication, set the option `server_authenticates`.

    Checks at the load balancer do not count if clients can reach a Cloud Run service around the load balancer (see
    `run-service-ingress`) and the service itself checks nothing.

    On GKE, one of these counts:

    - A GCPBackendPolicy or a BackendConfig turns on Identity-Aware Proxy.
    - A GCPAuthzPolicy targets the Gateway.
    - The Cloud Armor policy denies everything except known address ranges.
    - The command or the environment of every server contains one of `server_key_words`.

    ## Why it matters
    A public model server without authentication serves strangers at your cost, and load balancer addresses are scanned
    within hours.

    ## Applies to
    Global and regional services with scheme EXTERNAL_MANAGED or EXTERNAL. Internal services are reachable only from
    their own network.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.InstanceTemplate(
        "llm",
        machine_type="g2-standard-8",
        disks=[{"source_image": "projects/cos-cloud/global/images/family/cos-stable"}],
        metadata_startup_script="docker run --publish 8000:8000 vllm/vllm-openai --model /models",
    )
    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": template.id}],
    )
    gcp.compute.BackendService(
        "chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": group.instance_group}]
    )
    ```

    ## Passes
    ```python
    import pulumi_gcp as gcp

    group = gcp.compute.RegionInstanceGroupManager(
        "llm-us-central1",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": "global/instanceTemplates/llm"}],
    )
    gcp.compute.BackendService(
        "chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        backends=[{"group": group.instance_group}],
        iap={"enabled": True},
    )
    ```

    ## On GKE
    ```yaml
    apiVersion: networking.gke.io/v1
    kind: GCPBackendPolicy
    metadata: {name: chat, namespace: llm}
    spec:
      targetRef: {group: inference.networking.k8s.io, kind: InferencePool, name: chat}
      default:
        iap: {enabled: true, oauth2ClientSecret: {name: oauth}}
    ```

    ## Undecided
    The verdict is undecided when none of these is certain but one is possible because of:

    - VMs or policies that the stack does not show;
    - computed startup metadata;
    - custom images, which may contain the server and its key;
    - Cloud Armor rules with expressions;
    - an authorization policy.
    """
    if options.server_authenticates:
        yield NotApplicable(SERVERS_DO)
        return
    around = open_run_services(service, options.server_key_words)
    front = _at_the_front(service)
    is_only_way = when_known(around, lambda runs: not runs)
    signs = {
        **{name: all_of([sign, is_only_way]) for name, sign in front.items()},
        **_at_the_servers(service, options.server_key_words),
    }
    gone_round = known_in(around) if any_of(front.values()) is True else []
    if any_of(signs.values()) is not True:
        yield under([IS_EXTERNAL], service, lambda: _is_open(service, signs, gone_round))


def _at_the_front(service: BackendService) -> Mapping[str, bool | Unknown]:
    """Whether each property of the load balancer that can have callers authenticated does so."""
    policies = security_policies(service)
    hides_policy = has_security_policy(service) and not policies
    return {
        "iap": all_of([service.uses_iap, negation(iap_admits_everybody(service))]),
        "server_tls_policy": needs_client_certificate(service),
        "security_policy": UNKNOWN if hides_policy else any_of(policy.admits_only_some for policy in policies),
        "target": UNKNOWN if has_authorization_policy(service) else False,
    }


def _at_the_servers(service: BackendService, words: tuple[str, ...]) -> Mapping[str, bool | Unknown]:
    """Whether what serves the requests authenticates callers."""
    return {
        "backends": cloud_run_authenticates(service, words),
        "metadata": False if service.has_only_serverless_backends else start_up_mentions(service, words),
    }


def _is_open(service: BackendService, signs: Mapping[str, bool | Unknown], gone_round: Sequence[RunService]) -> Checks:
    doubtful = [property_name for property_name, authenticates in signs.items() if authenticates is not False]
    if doubtful or not service.stack.is_complete:
        why = (
            "it is not known whether anything authenticates its callers; if the servers do, set the option "
            "`server_authenticates`"
        )
        yield Undecided(why, doubtful[0] if doubtful else "")
    elif gone_round:
        names = quoted(run.name for run in gone_round)
        observed = f"Requests that bypass its load balancer reach the Cloud Run service {names} without authentication."
        yield Fail(observed, _REQUIRED, _FIX_ON_CLOUD_RUN)
    elif service.has_only_serverless_backends:
        yield Fail(_OBSERVED, _REQUIRED, _FIX_ON_CLOUD_RUN)
    else:
        yield Fail(
            _OBSERVED,
            _REQUIRED,
            'Set ``iap={"enabled": True}``, or have the servers require an API key. If they already do and the stack '
            "does not show it, set the option `server_authenticates`.",
        )
