"""The rule `backend-controller-backends`."""

from __future__ import annotations

from policypack.model.balancing.backend_service import BackendService
from policypack.model.kubernetes.controllers import all_attachments, services_with_negs
from policypack.model.kubernetes.names import is_called
from policypack.rule import Options, rule
from policypack.verdict import Checks, Fail, NotApplicable, Undecided
from policypack.wording import quoted

_IGNORE = '``ignore_changes=["backends"]``'


@rule(
    title="Updates keep the backends that a controller attaches",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://github.com/GoogleCloudPlatform/gke-autoneg-controller",
)
def backend_controller_backends(service: BackendService, options: Options) -> Checks:
    """A program ignores changes to the `backends` of a service if a controller in GKE attaches them.

    ## What it checks
    The Autoneg controller attaches the NEGs of a Kubernetes Service to a backend service. An annotation of the Service
    (`controller.autoneg.dev/neg`) selects the backend service by its `name` and, if it is regional, by its region. The
    selected backend service has `ignore_changes=["backends"]`.

    A name that the provider generates has a random suffix, so no annotation can contain it.

    ## Why it matters
    The program declares which backends exist, even if it declares none. The first update that sees the attached
    backends detaches all of them, and the model is unreachable until the controller attaches them again.

    ## Applies to
    Global and regional backend services in a stack with Kubernetes Services that have their own NEGs: typed resources,
    custom resources and YAML of `pulumi_kubernetes`. Services that list the NEGs in `backends` themselves are exempt.

    ## Fails
    ```python
    import pulumi
    import pulumi_gcp as gcp

    check = gcp.compute.HealthCheck("health", http_health_check={"request_path": "/health", "port": 8000})
    gcp.compute.BackendService(
        "chat",
        name="chat",
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        health_checks=check.id,
    )
    pulumi.CustomResource(
        "kubernetes:core/v1:Service",
        "vllm",
        {
            "metadata": {
                "name": "vllm",
                "annotations": {
                    "cloud.google.com/neg": '{"exposed_ports": {"80": {}}}',
                    "controller.autoneg.dev/neg": (
                        '{"backend_services": {"80": [{"name": "chat", "max_rate_per_endpoint": 10}]}}'
                    ),
                },
            },
            "spec": {"selector": {"app": "vllm"}, "ports": [{"port": 80, "targetPort": 8000}]},
        },
    )
    ```

    ## Passes
    ```diff
         health_checks=check.id,
    +    opts=pulumi.ResourceOptions(ignore_changes=["backends"]),
     )
     pulumi.CustomResource(
    ```

    ## Undecided
    The verdict is undecided when a backend service has no `ignore_changes` and a controller may attach its backends:

    - an annotation is computed, or names no backend service of the stack by its `name`;
    - the backend service has no backends, and a Kubernetes Service has NEGs (`cloud.google.com/neg`) that the program
      attaches to nothing.
    """
    leaves_them = service.resource.ignores_changes_of("backends")
    attached = service.attachments
    if attached.certain:
        if not leaves_them:
            yield Fail(
                f"A controller attaches its backends ({attached.certain[0].label}), but the program declares "
                f"{'none' if service.has_no_backends else 'others'}: an update detaches them.",
                f"{_IGNORE}.",
                f"Set {_IGNORE} in the resource options of `{service.name}`.",
            )
    elif attached.possible:
        if not leaves_them:
            yield Undecided(f"whether {attached.possible[0].label} names it is not known", "name")
    elif service.has_no_backends and (why := _why_nothing_is_attached(service)):
        yield Undecided(why, "name")
    else:
        yield NotApplicable("no annotation of a Kubernetes Service names it")


def _why_nothing_is_attached(service: BackendService) -> str:
    """Why a controller is there and attaches nothing to a service, as far as the stack shows it; empty if none is."""
    found = all_attachments(service.stack)
    elsewhere = next((one for one in found if is_called(service.resource, one.backend_service) is True), None)
    if elsewhere:
        place = "regional" if service.is_regional else "global"
        return f"{elsewhere.label} names it, with a `region` that is not its own: this service is {place}"
    names = sorted({one.backend_service for one in found if isinstance(one.backend_service, str)})
    if names:
        given = quoted(names)
        return (
            f"{found[0].label} names {given}, and no such service is in the stack; if this service is meant, set "
            f"its `name`"
        )
    others = services_with_negs(service.stack)
    return f"{others[0].label} has NEGs, and nothing in the stack attaches them" if others else ""
