"""Whether the targets and custom metrics of a backend fit its balancing mode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.balancing.backend_service import BackendService
from policypack.model.products.product import Cell, is_refused
from policypack.model.products.targets import (
    DURATIONS_OF_MODES,
    LIMITS_OF_MODES,
    MAX_METRICS,
    MODES,
    MODES_OF_KINDS,
    TARGET_FIELDS,
    TARGETS_OF_MODES,
    limits_for,
)
from policypack.model.values.logic import equals
from policypack.model.values.spelling import properties
from policypack.model.values.values import UNKNOWN, Unknown, python_name
from policypack.verdict import Checks, Fail, Undecided, known, not_known, setting

_UTILIZATION: Final = "UTILIZATION"
_METRICS_MODE: Final = "CUSTOM_METRICS"
_REFUSED: Final = {
    mode: [field for field in TARGET_FIELDS if is_refused([cells[field]])] for mode, cells in TARGETS_OF_MODES.items()
}
_NOT_DOCUMENTED: Final = {
    mode: [field for field, cell in cells.items() if cell is Cell.NOT_DOCUMENTED]
    for mode, cells in TARGETS_OF_MODES.items()
}


def targets_fit(backend: Backend, mode: str) -> Checks:
    """The backend has the limit that its mode needs, no target that its mode refuses, and the others in range."""
    # NEGs without a mode need no limit for one: `backend-group-kind` says that they have none.
    if not all(MODES_OF_KINDS[mode][kind] is Cell.REFUSED for kind in backend.backend_kinds):
        yield _has_limit_of_mode(backend, mode)
    yield sets_none_of(backend, _REFUSED[mode], f"{mode} mode supports only its own targets.")
    for field in _NOT_DOCUMENTED[mode]:
        if backend.is_set(field) is not False:
            why = f"no page says whether ``{python_name(field)}`` of `{backend.label}` counts in {mode} mode"
            yield Undecided(why, python_name(field))
    if mode == _UTILIZATION:
        yield _is_in_range(backend, backend.max_utilization, f"Backend `{backend.label}`", "max_utilization")
    if mode == _METRICS_MODE:
        yield _metrics_fit(backend)
    if mode in DURATIONS_OF_MODES:
        yield _duration_fits(backend, mode)


def _duration_fits(backend: Backend, mode: str) -> Checks:
    duration, (fitting, unfit) = backend.traffic_duration, DURATIONS_OF_MODES[mode]
    if known(equals(duration, unfit), "traffic_duration", backend.label):
        other = next(one for one, (its_own, _) in DURATIONS_OF_MODES.items() if its_own == unfit)
        yield Fail(
            f"Backend `{backend.label}` is in {mode} mode with ``traffic_duration`` {unfit}.",
            f"{mode} mode with ``traffic_duration`` {fitting}.",
            setting({"traffic_duration": fitting}, f", or use {other} mode with a limit of its own.", at=backend.path),
        )


def sets_none_of(backend: Backend, fields: Iterable[str], required: str) -> Checks:
    """The backend has none of some target fields; `required` says why, a sentence."""
    found = {python_name(field): is_set for field in fields if (is_set := backend.is_set(field)) is not False}
    unwanted = [field for field, is_set in found.items() if is_set is True]
    if unwanted:
        yield Fail(
            f"Backend `{backend.label}` sets {properties(unwanted)}, which is rejected or ignored in this mode.",
            required,
            f"Remove {properties(unwanted)}, or choose the mode that supports it.",
        )
    yield from (not_known(field, backend.label) for field, is_set in found.items() if is_set is UNKNOWN)


def metrics_count(service: BackendService, backend: Backend) -> Checks:
    """The backend is in CUSTOM_METRICS mode if it has custom metrics that are not in dry-run mode."""
    mode = known(backend.balancing_mode, "balancing_mode", backend.label)
    is_ignored = mode in MODES and mode != _METRICS_MODE
    if is_ignored and known(backend.has_effective_metric, "custom_metrics", backend.label):
        has_mode = any(MODES[_METRICS_MODE].cells[product] is Cell.TAKEN for product in service.nearest_products)
        takes_mode = any(MODES_OF_KINDS[_METRICS_MODE][kind] is Cell.TAKEN for kind in backend.backend_kinds)
        yield Fail(
            f"Backend `{backend.label}` has ``custom_metrics`` and is in {mode} mode, where they have no effect.",
            "CUSTOM_METRICS mode, or no custom metrics but those in dry-run mode.",
            'Set ``balancing_mode="CUSTOM_METRICS"``, or remove ``custom_metrics`` from this backend.'
            if has_mode and takes_mode
            else "Remove ``custom_metrics`` from this backend.",
        )


def _has_limit_of_mode(backend: Backend, mode: str) -> Checks:
    fields = limits_for(mode, backend.backend_kinds)
    if fields and not known(backend.has_any(LIMITS_OF_MODES[mode]), python_name(fields[0]), backend.label):
        of_one = [python_name(field) for field in fields if field in LIMITS_OF_MODES[mode][1:]]
        yield Fail(
            f"Backend `{backend.label}` is in {mode} mode without a limit.",
            f"{properties(map(python_name, fields), 'or')}.",
            f"Set {properties(of_one, 'or')} to what one server can handle.",
        )


def _is_in_range(backend: Backend, target: float | Unknown | None, whose: str, property_name: str) -> Checks:
    target = known(target, property_name, backend.label)
    if target is not None and not 0 < target <= 1:
        yield Fail(
            f"{whose} has ``max_utilization`` {target:g}.",
            "``max_utilization`` is a fraction above 0, which leaves no capacity, up to 1.",
            "Set ``max_utilization=0.8``, or lower.",
        )


def _metrics_fit(backend: Backend) -> Checks:
    targets = known(backend.metric_targets, "custom_metrics", backend.label)
    if len(targets) > MAX_METRICS:
        yield Fail(
            f"Backend `{backend.label}` has {len(targets)} custom metrics.",
            f"At most {MAX_METRICS} custom metrics for each backend.",
            "Keep the one or two that track the server's load.",
        )
    for target in targets:
        yield _is_in_range(backend, target, f"A custom metric of backend `{backend.label}`", "custom_metrics")
