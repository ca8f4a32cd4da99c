"""When one machine of a backend counts as full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policypack.model.balancing.backend import Backend
from policypack.model.products.targets import LIMITS_OF_MODES, TARGET_FIELDS
from policypack.model.values.logic import when_known
from policypack.model.values.values import UNKNOWN, Unknown, python_name

_PER_INSTANCE: Final = {mode: limits[1] for mode, limits in LIMITS_OF_MODES.items()}
_GROUP_WIDE: Final = tuple(limits[0] for limits in LIMITS_OF_MODES.values())
_LIMITS: Final = TARGET_FIELDS[1:]


@dataclass(frozen=True)
class Unresolved:
    """Something that is not known. `why` names what blocks it, a clause; `property_name` the input property."""

    why: str
    property_name: str = ""


@dataclass(frozen=True)
class Untargeted:
    """A backend that certainly has no target, so that it never counts as full."""


@dataclass(frozen=True)
class Target:
    """When one machine of a backend counts as full.

    Attributes:
        mode: the balancing mode, `UTILIZATION`, `RATE`, `CONNECTION` or `IN_FLIGHT`.
        value: the mode's target for one machine.
        scaler: the capacity scaler.
        others: further limits for one machine, of which the first to be reached counts: (field, value).
    """

    mode: str
    value: float
    scaler: float
    others: tuple[tuple[str, float], ...] = ()


def target_of(backend: Backend) -> Target | Unresolved | Untargeted:
    """The target of a backend for one of its machines."""
    mode, name = backend.balancing_mode, f"`{backend.label}`"
    if isinstance(mode, Unknown):
        return Unresolved(f"``balancing_mode`` of {name} is not known", "balancing_mode")
    if mode != "UTILIZATION" and mode not in _PER_INSTANCE:
        return Unresolved(f"the balancing mode of {name} has no target that can be compared", "balancing_mode")
    limit = _PER_INSTANCE.get(mode, "maxUtilization")
    value, property_name = backend.properties.number(limit), python_name(limit)
    if not isinstance(value, Unknown) and (value is None or value <= 0):
        bounded = False if mode == "UTILIZATION" else backend.has_any(LIMITS_OF_MODES[mode])
        return Untargeted() if bounded is False else _other_limit(backend, mode)
    scaler = _scaler(backend)
    group_wide, others = backend.has_any(_GROUP_WIDE), _others(backend, mode)
    if isinstance(value, Unknown) or isinstance(scaler, Unknown) or isinstance(others, Unknown):
        return Unresolved(f"the target of {name} is not known", property_name)
    if group_wide is not False:
        return Unresolved(
            f"{name} has a limit for the whole group, which does not show the limit of one VM", property_name
        )
    return Target(mode, value, scaler, others)


def _other_limit(backend: Backend, mode: str) -> Unresolved:
    """Says why a limit of the mode that is not for each instance tells nothing of one machine."""
    whole, _, endpoint = LIMITS_OF_MODES[mode]
    if backend.is_set(endpoint) is True:
        why = f"`{backend.label}` limits each endpoint, and its number of endpoints is not known"
        return Unresolved(why, python_name(endpoint))
    why = f"`{backend.label}` has a limit for the whole group, which does not show the limit of one VM"
    return Unresolved(why, python_name(whole))


def _scaler(backend: Backend) -> float | Unknown:
    """The capacity scaler; a regional service without one is taken to use its backends whole."""
    scaler = 1 if backend.capacity_scaler is None else backend.capacity_scaler
    return when_known(scaler, lambda factor: factor if factor >= 0 else UNKNOWN)


def _others(backend: Backend, mode: str) -> tuple[tuple[str, float], ...] | Unknown:
    """The limits beside the mode's own."""
    fields = _LIMITS if mode == "UTILIZATION" else [name for name in _LIMITS if name != _PER_INSTANCE[mode]]
    values = [(name, backend.properties.number(name)) for name in fields]
    if any(value is UNKNOWN for _, value in values):
        return UNKNOWN
    return tuple((name, value) for name, value in values if isinstance(value, int | float) and value > 0)
