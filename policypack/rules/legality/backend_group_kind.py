"""The rule `backend-group-kind`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policypack.model.balancing.backend import CONNECTION_FIELDS, IN_FLIGHT_FIELDS, RATE_FIELDS, Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import NEG_KINDS, GroupKind
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.rule import Options, rule
from policypack.verdict import Fail, NotApplicable, Undecided, Verdict
from policypack.wording import quoted

_LIMITS: Final = (*RATE_FIELDS, *CONNECTION_FIELDS, *IN_FLIGHT_FIELDS)
_PER_GROUP: Final = tuple(field for field in _LIMITS if "Per" not in field)
_PER_INSTANCE: Final = tuple(field for field in _LIMITS if field.endswith("PerInstance"))
_PER_ENDPOINT: Final = tuple(field for field in _LIMITS if field.endswith("PerEndpoint"))

_INSTANCE_GROUP: Final = frozenset({GroupKind.INSTANCE_GROUP})
_SERVERLESS: Final = frozenset({GroupKind.SERVERLESS_NEG})
_ENDPOINTS: Final = frozenset({GroupKind.ZONAL_NEG, GroupKind.HYBRID_NEG})
_UNMEASURED: Final = frozenset(
    {GroupKind.SERVERLESS_NEG, GroupKind.INTERNET_NEG, GroupKind.PRIVATE_SERVICE_CONNECT_NEG}
)
_NOT_ON_PASSTHROUGH: Final = _UNMEASURED | {GroupKind.HYBRID_NEG}
# The API takes this time-out, its default, with a serverless NEG, and no other.
_SERVERLESS_TIMEOUT_SECONDS: Final = 30


@rule(
    title="Balancing mode, targets and service settings fit the kind of each backend",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/load-balancing/docs/backend-service#backends",
)
def backend_group_kind(service: BackendService, options: Options) -> Iterator[Verdict]:
    """What is set on a backend and on its service is what that kind of group takes.

    ## What it checks
    - A zonal or hybrid NEG is not in UTILIZATION mode, the provider's default, and has no limit per instance.
    - An instance group has no limit per endpoint; a regional managed one has no limit for the whole group, no
      `preference="PREFERRED"` and no `service_lb_policy` on its service.
    - A serverless, internet or Private Service Connect NEG has no target. UTILIZATION mode, which the provider sets,
      does no harm there.
    - A service with a serverless NEG has no `port_name`, and no `timeout_sec` but 30.
    - A passthrough load balancer has instance groups and zonal NEGs of type GCE_VM_IP only, a proxy Network Load
      Balancer no serverless NEG.
    - Instance groups and NEGs are not in one service.

    ## Why it matters
    The provider's preview accepts all of these, and the API refuses them during the update, halfway through a
    deployment. A regional managed instance group that is preferred is not: the setting has no effect there.

    ## Applies to
    Global and regional backend services of every scheme.

    ## Fails
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
        protocol="HTTP",
        backends=[{"group": group.instance_group, "balancing_mode": "RATE", "max_rate": 400}],
    )
    ```

    ## Passes
    ```diff
         protocol="HTTP",
    -    backends=[{"group": group.instance_group, "balancing_mode": "RATE", "max_rate": 400}],
    +    backends=[{"group": group.instance_group, "balancing_mode": "RATE", "max_rate_per_instance": 4}],
     )
    ```

    ## Undecided
    When `backends` is built inside `apply`, the kind of a group is not known, or a mode, a target or a setting that
    the kind forbids is computed.
    """
    if isinstance(service.backends, Unknown):
        yield Undecided(f"its backends are not known: {service.links.why or '`backends` is not known'}")
        return
    if not service.backends:
        yield NotApplicable("it has no backends")
        return
    yield from _judge_mixture(service)
    for backend in service.backends:
        # One reason, such as a kind that is not known, blocks several questions.
        yield from dict.fromkeys(_judge_backend(service, backend, f"`{backend.label}`"))


def _judge_backend(service: BackendService, backend: Backend, name: str) -> Iterator[Verdict]:
    yield from _judge_load_balancer(service, backend, name)
    if service.is_passthrough is True:
        return
    for verdict in _judge_settings(service, backend, name):
        certain = service.is_passthrough is False or not isinstance(verdict, Fail)
        yield verdict if certain else Undecided("its scheme is not known, and so what its backends take")


def _judge_mixture(service: BackendService) -> Iterator[Verdict]:
    groups = [group.name for group in service.groups if group.kinds == _INSTANCE_GROUP]
    endpoints = [group.name for group in service.groups if group.kinds <= NEG_KINDS]
    if groups and endpoints:
        yield Fail(
            f"It has instance groups, {quoted(groups)}, and NEGs, {quoted(endpoints)}.",
            "Instance groups or NEGs, not both in one service.",
            "Make a service for each, and choose between them in the URL map.",
        )


def _judge_load_balancer(service: BackendService, backend: Backend, name: str) -> Iterator[Verdict]:
    if backend.kinds == _INSTANCE_GROUP:
        return
    family = service.family
    if isinstance(family, Unknown):
        if service.is_passthrough is not False or backend.kinds & _SERVERLESS:
            yield Undecided(f"scheme and protocol are not known, and so whether the load balancer takes {name}")
        return
    if family == "passthrough":
        yield from _when(
            backend,
            _NOT_ON_PASSTHROUGH,
            f"Backend {name} is a kind of NEG that a passthrough load balancer does not take.",
            "Instance groups, or zonal NEGs of type GCE_VM_IP.",
            "Use an instance group, or a load balancer with a proxy.",
        )
        if backend.kinds == {GroupKind.ZONAL_NEG}:
            yield from _judge_endpoints(backend, name)
    elif family == "proxy network":
        yield from _when(
            backend,
            _SERVERLESS,
            f"Backend {name} is a serverless NEG, which a proxy Network Load Balancer does not take.",
            "An Application Load Balancer in front of serverless NEGs.",
            'Set `protocol="HTTP"`.',
        )


def _judge_settings(service: BackendService, backend: Backend, name: str) -> Iterator[Verdict]:
    yield from _judge_mode(backend, name)
    yield from _judge_targets(backend, name)
    yield from _judge_preference(service, backend, name)
    yield from _judge_serverless(service, backend, name)


def _judge_endpoints(backend: Backend, name: str) -> Iterator[Verdict]:
    if isinstance(backend.has_ports, Unknown):
        yield Undecided(f"the type of the endpoints of {name} is not known")
    elif backend.has_ports:
        yield Fail(
            f"Backend {name} is a zonal NEG of type GCE_VM_IP_PORT.",
            "Zonal NEGs of type GCE_VM_IP behind a passthrough load balancer.",
            'Set `network_endpoint_type="GCE_VM_IP"` on the NEG.',
        )


def _judge_mode(backend: Backend, name: str) -> Iterator[Verdict]:
    mode = backend.balancing_mode
    if not backend.kinds & _ENDPOINTS:
        return
    if isinstance(mode, Unknown):
        yield Undecided(f"the balancing mode of {name} is not known")
    elif mode == "UTILIZATION":
        yield from _when(
            backend,
            _ENDPOINTS,
            f"Backend {name} is a zonal or hybrid NEG in UTILIZATION mode, the provider's default.",
            "Another balancing mode: endpoints of a NEG have no utilization.",
            'Set `balancing_mode="RATE"` with `max_rate_per_endpoint`.',
        )


def _judge_targets(backend: Backend, name: str) -> Iterator[Verdict]:
    yield from _judge_fields(backend, name, _INSTANCE_GROUP, _PER_ENDPOINT, "an instance group")
    yield from _judge_fields(backend, name, _ENDPOINTS, _PER_INSTANCE, "a NEG")
    yield from _judge_fields(
        backend,
        name,
        _UNMEASURED,
        ("maxUtilization", *_LIMITS),
        "a serverless, internet or Private Service Connect NEG",
    )
    if backend.is_regional_group is True:
        yield from _judge_fields(backend, name, _INSTANCE_GROUP, _PER_GROUP, "a regional managed instance group")
    elif backend.is_regional_group is UNKNOWN and backend.has_any(_PER_GROUP) is not False:
        yield Undecided(f"it is not known whether {name} is a regional group, which takes limits per instance only")


def _judge_fields(
    backend: Backend, name: str, kinds: frozenset[GroupKind], fields: tuple[str, ...], kind: str
) -> Iterator[Verdict]:
    if not backend.kinds & kinds:
        return
    unwanted = [python_name(field) for field in fields if backend.is_set(field) is True]
    if unwanted:
        yield from _when(
            backend,
            kinds,
            f"Backend {name} is {kind} and sets {quoted(unwanted)}.",
            "Targets that the kind of group has.",
            f"Remove {quoted(unwanted)}; instance groups take limits per instance, zonal and hybrid NEGs per endpoint.",
        )
    unknown = [python_name(field) for field in fields if backend.is_set(field) is UNKNOWN]
    if unknown:
        yield Undecided(f"it is not known whether {name} sets {quoted(unknown)}")


def _judge_preference(service: BackendService, backend: Backend, name: str) -> Iterator[Verdict]:
    scheme = service.scheme
    if backend.is_regional_group is False or (isinstance(scheme, str) and scheme == "EXTERNAL"):
        # The classic load balancer takes neither from any group, which `load-balancer-attributes` says.
        return
    preferred = UNKNOWN if isinstance(backend.preference, Unknown) else backend.preference == "PREFERRED"
    for is_set, setting in ((preferred, "preference"), (service.has_setting("serviceLbPolicy"), "service_lb_policy")):
        if is_set is False:
            continue
        if is_set is True and backend.is_regional_group is True and isinstance(scheme, str):
            yield Fail(
                f"Backend {name} is a regional managed instance group, and `{setting}` is set.",
                f"Zonal groups or NEGs where `{setting}` is set.",
                f"Remove `{setting}`, or use an `InstanceGroupManager` for each zone.",
            )
        else:
            yield Undecided(f"the scheme, the group of {name} or `{setting}` is not known, which do not go together")


def _judge_serverless(service: BackendService, backend: Backend, name: str) -> Iterator[Verdict]:
    timeout = service.timeout_seconds
    has_timeout = UNKNOWN if isinstance(timeout, Unknown) else timeout != _SERVERLESS_TIMEOUT_SECONDS
    for is_set, setting in ((service.has_setting("portName"), "port_name"), (has_timeout, "timeout_sec")):
        if is_set is True:
            yield from _when(
                backend,
                _SERVERLESS,
                f"Backend {name} is a serverless NEG, and the service sets `{setting}`.",
                "Settings that a service of serverless NEGs has.",
                f"Remove `{setting}`.",
            )
        elif is_set is UNKNOWN and backend.kinds & _SERVERLESS:
            yield Undecided(f"it is not known whether it sets `{setting}`, which a serverless NEG does not take")


def _when(backend: Backend, kinds: frozenset[GroupKind], observed: str, required: str, fix: str) -> Iterator[Verdict]:
    """The failure if the backend is certainly of these kinds."""
    if backend.kinds <= kinds:
        yield Fail(observed, required, fix)
    elif backend.kinds & kinds:
        yield Undecided(f"the kind of `{backend.label}` is not known")
