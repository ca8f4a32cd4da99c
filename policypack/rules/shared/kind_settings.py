"""Whether a kind of backend takes what is set on the backend and on its service."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.products.kinds import BackendKind
from policypack.model.products.product import Cell, Family, agreed
from policypack.model.products.targets import MODES_OF_KINDS, SETTINGS_OF_KINDS, TARGET_FIELDS
from policypack.model.values.logic import all_of, any_of, equals, negation, when_known
from policypack.model.values.spelling import properties
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.rules.shared.refusal import undocumented, which_kind
from policypack.verdict import Checks, Fail, Undecided, known, not_known, provided, setting

_UTILIZATION: Final = "UTILIZATION"
# The protocols of Application Load Balancers that are not encrypted.
_IN_THE_CLEAR: Final = ("HTTP", "H2C")
_SETTINGS: Final = ("port_name", "timeout_sec", "preference", "service_lb_policy", *TARGET_FIELDS)
_OTHER_MODE: Final = (
    "A balancing mode other than UTILIZATION, the provider's default: NEG endpoints have no utilization.",
    'Set ``balancing_mode="RATE"`` with ``max_rate_per_endpoint``; behind a proxy Network Load Balancer '
    '``balancing_mode="CONNECTION"`` with ``max_connections_per_endpoint``.',
)
_NO_MODE: Final = (
    "No balancing mode and no target: this kind of NEG supports neither.",
    "Omit ``balancing_mode`` and all targets.",
)
# Where serverless products have what a service cannot set for them.
_ELSEWHERE: Final = {
    "timeout_sec": ": the serverless product has its own timeout, such as `timeout` in the template of a Cloud Run "
    "service.",
    "port_name": ": a serverless product has no named ports.",
}
_NO_LIMIT: Final = (
    "Instance groups support limits per instance, zonal and hybrid NEGs limits per endpoint, and other NEGs none."
)


@cache
def _refused_modes(kinds: frozenset[BackendKind]) -> Mapping[str, bool | Unknown]:
    """The balancing modes that a backend refuses which is of one of these kinds; `UNKNOWN` if only some do."""
    found = {mode: agreed(cells[kind] is Cell.REFUSED for kind in kinds) for mode, cells in MODES_OF_KINDS.items()}
    return {mode: is_refused for mode, is_refused in found.items() if is_refused is not False}


@cache
def _doubtful_settings(kinds: frozenset[BackendKind]) -> Mapping[str, tuple[Cell, ...]]:
    """What these kinds of backend do with the settings that some refuse, or of which no page says that they take it."""
    found = {name: tuple(SETTINGS_OF_KINDS[name][kind] for kind in kinds) for name in _SETTINGS}
    return {name: cells for name, cells in found.items() if {Cell.REFUSED, Cell.NOT_DOCUMENTED} & {*cells}}


@cache
def _have_no_capacity(kinds: frozenset[BackendKind]) -> bool | Unknown:
    return agreed(SETTINGS_OF_KINDS["capacityScaler"][kind] is Cell.NO_EFFECT for kind in kinds)


def mode_fits(backend: Backend) -> Checks:
    """The balancing mode is one that the kind of group has."""
    # UTILIZATION, which the provider sets, does no harm where it has no effect.
    refused = _refused_modes(backend.backend_kinds)
    if not refused:
        return
    mode = known(backend.balancing_mode, "balancing_mode", backend.label)
    if mode in refused:
        required, fix = _OTHER_MODE if mode == _UTILIZATION else _NO_MODE
        fail = Fail(f"Backend `{backend.label}` is a {backend.kind_name} in {mode} mode.", required, fix)
        yield provided(refused[mode], which_kind(backend), iter([fail]))


def scaler_fits(backend: Backend) -> Checks:
    """There is no capacity scaler between 0 and 1 where the kind of group has no capacity."""
    scaler = backend.capacity_scaler
    takes_none = _have_no_capacity(backend.backend_kinds)
    if takes_none is not False and scaler is not None and 0 < known(scaler, "capacity_scaler", backend.label) < 1:
        fail = Fail(
            f"Backend `{backend.label}` is a {backend.kind_name}, where ``capacity_scaler`` {scaler:g} has no effect.",
            "``capacity_scaler`` 1, which a regional service must set, or none.",
            setting(
                {"capacity_scaler": 1.0}, ". Weights between services in the URL map split traffic.", at=backend.path
            ),
        )
        yield provided(takes_none, which_kind(backend), iter([fail]))


def settings_fit(service: BackendService, backend: Backend) -> Checks:
    """Targets of the backend and settings of its service are those that the kind of group has."""
    # The classic load balancer takes these from no group, which `load-balancer-attributes` says.
    is_preferred, may_be = equals(backend.preference, "PREFERRED"), negation(service.is_classic)
    settings = {
        "port_name": service.sets("port_name"),
        "timeout_sec": service.has_own_timeout,
        "preference": all_of([is_preferred, may_be]),
        "service_lb_policy": all_of([service.sets("service_lb_policy"), may_be]),
    }
    for name, cells in _doubtful_settings(backend.backend_kinds).items():
        is_there = backend.is_set(name) if name in TARGET_FIELDS else settings[name]
        if is_there is not False:
            is_refused = agreed(cell is Cell.REFUSED for cell in cells)
            yield provided(is_refused, which_kind(backend), _is_left_out(backend, python_name(name), is_there))
            why = f"no page says whether a {backend.kind_name}, as `{backend.label}` is, takes ``{python_name(name)}``"
            yield undocumented(cells, Undecided(why, python_name(name)), which_kind(backend))


def _is_left_out(backend: Backend, name: str, is_there: bool | Unknown) -> Checks:
    if known(is_there, name, backend.label):
        yield Fail(
            f"Backend `{backend.label}` is a {backend.kind_name}, and ``{name}`` is set.",
            "Settings and targets that this kind of group supports.",
            f"Remove ``{name}``. {_NO_LIMIT}"
            if name.startswith("max_")
            else f"Remove ``{name}``{_ELSEWHERE.get(name, ', or use another kind of group.')}",
        )


def google_api_gets_tls(service: BackendService) -> Checks:
    """A service with a NEG for a Google API speaks HTTPS or HTTP/2 to it.

    "All Cloud APIs accept only secure requests using TLS encryption": https://cloud.google.com/apis/docs/overview
    """
    serves_api = any_of(group.serves_google_api for group in service.groups if not group.is_external)
    is_clear = when_known(service.protocol, lambda protocol: protocol is None or protocol in _IN_THE_CLEAR)
    is_application = when_known(service.family, lambda family: family is Family.APPLICATION)
    deciding = "psc_target_service" if serves_api is UNKNOWN else "protocol"
    if known(all_of([serves_api, is_clear, is_application]), deciding, because="Google APIs accept only TLS"):
        yield Fail(
            f"It speaks {service.protocol or 'HTTP, the default,'} to a Google API, which accepts only TLS.",
            "``protocol`` HTTPS or HTTP2.",
            setting({"protocol": "HTTPS"}),
        )


def outlier_detection_fits_serverless(service: BackendService) -> Checks:
    """Outlier detection of a service with serverless NEGs is what those take."""
    is_set, has_serverless = service.outlier_detection.is_set, service.has_serverless_backends
    doubt = not_known("backends", because="serverless NEGs do not support all of ``outlier_detection``")
    yield provided(all_of([is_set, has_serverless]), doubt, _serverless_takes_it(service))


def _serverless_takes_it(service: BackendService) -> Checks:
    if service.is_regional:
        yield Fail(
            "It is a regional service with serverless NEGs and ``outlier_detection``.",
            "No ``outlier_detection``: serverless NEGs support it only in global services.",
            "Remove ``outlier_detection``, or use a global `BackendService`.",
        )
        return
    yield _counts_errors_alone(service)
    if known(service.uses_iap, "iap", because="with it ``outlier_detection`` does nothing for serverless NEGs"):
        yield Fail(
            "It has serverless NEGs, ``outlier_detection`` and `iap`, and `iap` turns outlier detection off.",
            "Either outlier detection or Identity-Aware Proxy on a service with serverless NEGs.",
            "Set ``iap_enabled=True`` on the Cloud Run services, and remove `iap` here.",
        )


def _counts_errors_alone(service: BackendService) -> Checks:
    rates = service.outlier_detection.success_rates
    found = [name for name, is_there in rates.items() if is_there is True]
    if found:
        yield Fail(
            f"It has serverless NEGs, and its ``outlier_detection`` has {properties(found)}.",
            "Consecutive errors and gateway failures: serverless NEGs do not support success rates.",
            f"Remove {properties(found)}.",
        )
    yield from (not_known(name) for name, is_there in rates.items() if is_there is UNKNOWN)
