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
    url="https://cloud.google.com/run/docs/configuring/services/secrets",
    gke=lambda backend, options: pods_hold_no_secret(backend, _holds_no_secret),
)
def backend_no_plaintext_secrets(service: BackendService, options: Options) -> Checks:
    """What a backend service adds to requests, and what Cloud Run services and Pods run with, holds no secret.

    ## What it checks
    `custom_request_headers` of the backend service, and `request_headers_to_adds` of the routes to it; values of
    environment variables, commands and arguments of the containers of the Cloud Run services behind it, and the
    environment of functions. Secrets are found as `instance-no-plaintext-secrets` finds them; a header such as
    `Authorization` or `x-api-key` is one as a whole. Variables with `value_source` are read from Secret Manager and so
    are none. No value is ever quoted.

    On GKE `env`, `command` and `args` of the containers of the Pods, also of those in `initContainers`. Variables with
    `valueFrom` are read from a Secret, or a ConfigMap, and so are none.

    ## Why it matters
    Everybody who may view the backend service, the Cloud Run service or the Deployment, Viewers included, reads these
    values in the console, also of old revisions. A value that Pulumi keeps as a secret is one in the state only.

    ## Applies to
    Backend services of every scheme, and what they send requests to on Cloud Run. On GKE Services and InferencePools
    that routes lead to.

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
    When a Cloud Run service is not in the stack, a header is computed, a computed variable has the name of a credential
    or comes from a resource with a secret output, or a value such as `my-llm-key` may be a secret or the name of one.
    On GKE also when the stack does not show the Pods.
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
            yield Undecided(f"the Cloud Run service of `{backend.label}` is not known to be in the stack", "backends")
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
