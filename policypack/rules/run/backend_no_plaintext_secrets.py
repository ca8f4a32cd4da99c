"""The rule `backend-no-plaintext-secrets`."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.run.neg import run_services_behind, serverless_backends
from policypack.model.run.plain_text import PlainText, texts_of_run, texts_of_service
from policypack.model.security.route_headers import texts_of_routes
from policypack.rule import Options, rule
from policypack.rules.on_gke.plaintext import pods_hold_no_secret
from policypack.verdict import Checks, Fail, Undecided, provided, unresolved

_REQUIRED = "Request headers, environment and arguments without secrets."
# Reading a secret takes the role: https://cloud.google.com/run/docs/configuring/services/secrets#access-secret
_ROLE: Final = "grant the service's account `roles/secretmanager.secretAccessor` on it"
_READ_IN_PODS: Final = (
    "or a Kubernetes Secret, have the container read it with `valueFrom` and `secretKeyRef`, or from a file"
)
_READ_BY: Final = {
    "template": f"{_ROLE}, have Cloud Run read it with ``value_source`` and ``secret_key_ref``",
    "service_config": f"{_ROLE}, have the function read it with ``secret_environment_variables``",
    "env": _READ_IN_PODS,
    "args": _READ_IN_PODS,
}
_ADDED_BY_SERVER: Final = "have the model server or a proxy add the header"


@rule(
    title="Headers, Cloud Run services and Pods contain no plaintext secrets",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/secret-manager/docs/using-other-products",
    gke=lambda backend, options: pods_hold_no_secret(backend, _holds_no_secret),
)
def backend_no_plaintext_secrets(service: BackendService, options: Options) -> Checks:
    """Headers that a service adds, and what its Cloud Run services and Pods run with, contain no secrets.

    ## What it checks
    No secret is in:

    - `custom_request_headers` of the backend service, and `request_headers_to_adds` of the routes to it;
    - environment variables, commands and arguments of the containers of its Cloud Run services;
    - environment variables of functions;
    - on GKE, `env`, `command` and `args` of the Pods' containers, including `initContainers`.

    Secrets are detected as in `instance-no-plaintext-secrets`. A header such as `Authorization` or `x-api-key` counts
    as a whole. Variables that are read from elsewhere are allowed: with `value_source` from Secret Manager, with
    `valueFrom` from a Secret or a ConfigMap. No value is ever quoted in a message.

    ## Why it matters
    Anyone who may view the backend service, the Cloud Run service or the Deployment, which includes Viewers, can read
    these values in the console, even those of old revisions. A Pulumi secret is no exception: Pulumi encrypts it only
    in the state.

    ## Applies to
    Backend services of every scheme, and the Cloud Run services and functions behind them. On GKE, Services and
    InferencePools that routes lead to.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    llm = gcp.cloudrunv2.Service(
        "llm",
        name="llm",
        location="us-central1",
        template={
            "containers": [
                {
                    "image": "vllm/vllm-openai:v0.9.1",
                    "envs": [{"name": "VLLM_API_KEY", "value": "Tr0ub4dor-7bBq9"}],
                }
            ]
        },
    )
    neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="us-central1", cloud_run={"service": llm.name})
    gcp.compute.BackendService("chat", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    ```

    ## Passes
    ```diff
                     "image": "vllm/vllm-openai:v0.9.1",
    -                "envs": [{"name": "VLLM_API_KEY", "value": "Tr0ub4dor-7bBq9"}],
    +                "envs": [
    +                    {
    +                        "name": "VLLM_API_KEY",
    +                        "value_source": {"secret_key_ref": {"secret": "llm-key", "version": "latest"}},
    +                    }
    +                ],
                 }
    ```

    ## On GKE
    ```yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: vllm, namespace: llm}
    spec:
      selector:
        matchLabels: {app: vllm}
      template:
        metadata:
          labels: {app: vllm}
        spec:
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.9.1
              env:
                - name: HF_TOKEN
                  valueFrom:
                    secretKeyRef: {name: huggingface, key: token}
    ```

    ## Undecided
    The verdict is undecided when:

    - a Cloud Run service is not in the stack or, on GKE, the stack does not show the Pods;
    - a header is computed;
    - a computed variable has the name of a credential, or comes from a resource with a secret output;
    - a value such as `my-llm-key` may be a secret or the name of one.
    """
    for text in texts_of_service(service):
        yield _holds_no_secret(text)
    for text, is_added in texts_of_routes(service):
        doubt = Undecided(f"whether {text.label} to its requests is not known", text.property_name)
        yield provided(is_added, doubt, _holds_no_secret(text))
    for run in run_services_behind(service):
        for text in texts_of_run(run):
            yield _holds_no_secret(text)
    for backend in serverless_backends(service):
        if backend.service is None and backend.is_of_cloud_run is not False:
            yield Undecided(backend.why_unlinked, "backends")
    if service.may_have_serverless_backends:
        yield from unresolved(service.links)


def _holds_no_secret(text: PlainText) -> Checks:
    if text.secrets:
        yield Fail(
            f"It has plaintext secrets in {text.label}: {', '.join(text.secrets)}.",
            _REQUIRED,
            f"Move the secret in {text.label} to Secret Manager, {_READ_BY.get(text.property_name, _ADDED_BY_SERVER)}, "
            "and rotate it now: anyone who could view the service or the stack's history has it.",
        )
    elif text.hides_something:
        yield Undecided(f"{text.label} is not known", text.property_name)
    elif text.doubt:
        yield Undecided(f"{text.label} contains {text.doubt}", text.property_name)
