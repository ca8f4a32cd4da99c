"""Balancing modes and target fields: which load balancer and which kind of backend has which."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from policypack.model.products.kinds import BackendKind
from policypack.model.products.product import Cell, Row, by_product, cells_by
from policypack.model.products.sources import API, BACKEND_SERVICES

# Target fields, by what they limit: for the group, for each instance, for each endpoint.
RATE_FIELDS: Final = ("maxRate", "maxRatePerInstance", "maxRatePerEndpoint")
CONNECTION_FIELDS: Final = ("maxConnections", "maxConnectionsPerInstance", "maxConnectionsPerEndpoint")
IN_FLIGHT_FIELDS: Final = ("maxInFlightRequests", "maxInFlightRequestsPerInstance", "maxInFlightRequestsPerEndpoint")
# The limits that a balancing mode needs one of.
LIMITS_OF_MODES: Final = {"RATE": RATE_FIELDS, "CONNECTION": CONNECTION_FIELDS, "IN_FLIGHT": IN_FLIGHT_FIELDS}
TARGET_FIELDS: Final = ("maxUtilization", *RATE_FIELDS, *CONNECTION_FIELDS, *IN_FLIGHT_FIELDS)
# https://cloud.google.com/load-balancing/docs/https/applb-custom-metrics: in a backend's `custom_metrics`.
MAX_METRICS: Final = 2

MODES_SOURCE: Final = f"{BACKEND_SERVICES}#balancing-mode"
TARGETS_SOURCE: Final = f"{BACKEND_SERVICES}#target_capacity"

# fmt: off
# A letter a product, as in `attributes`.
MODES: Final = {
    name: Row(name, by_product(letters), MODES_SOURCE)
    for name, letters in (
        ("UTILIZATION",    "TTTTT TTTTT RR TT?"),
        ("RATE",           "TTTTT RRRRR RR TT?"),
        ("CONNECTION",     "RRRRR TTTTT TT RR?"),
        ("IN_FLIGHT",      "TRTTT RRRRR RR TT?"),
        ("CUSTOM_METRICS", "TRTTT RRRRR RR TT?"),
    )
}
# What else a backend has for its capacity.
CAPACITY: Final = {
    "targets": Row("target capacity", by_product("TTTTT TTTTT RR TTT"), TARGETS_SOURCE),
    "capacityScaler": Row("capacity_scaler", by_product("TTTTT TTTTT RR TTT"), f"{BACKEND_SERVICES}#capacity_scaler"),
}

# A letter a kind of backend: instance groups of a zone and of a region; NEGs: zonal with ports and without, hybrid,
# serverless, internet global and regional, Private Service Connect, port mapping.
_MODES_OF_KINDS: Final = {
    "UTILIZATION":    "TT RRR NNNN ?",
    "RATE":           "TT T?T RRRR ?",
    "CONNECTION":     "TT TTT RRRR T",
    "IN_FLIGHT":      "TT T?T RRRR ?",
    "CUSTOM_METRICS": "TT T?T RRRR ?",
}
_EACH_INSTANCE:  Final = "TT RRR RRRR ?"
_EACH_ENDPOINT:  Final = "RR TTT RRRR ?"
_WHOLE_GROUP:    Final = "TR TTT RRRR ?"
_SETTINGS_OF_KINDS: Final = {
    "maxUtilization":    "TT NNN RRRR ?",
    **{fields[0]: _WHOLE_GROUP for fields in LIMITS_OF_MODES.values()},
    **{fields[1]: _EACH_INSTANCE for fields in LIMITS_OF_MODES.values()},
    **{fields[2]: _EACH_ENDPOINT for fields in LIMITS_OF_MODES.values()},
    # 1 does no harm, and regional services have to say it.
    "capacityScaler":    "TT TTT NNNN ?",
    "port_name":         "TT NNN RNNN N",
    "timeout_sec":       "TT TTT RTTT T",
    # Not supported by regional groups: taken, and without effect.
    "preference":        "TR TTT ???? ?",
    "service_lb_policy": "TR TTT ???? ?",
}

# Mode -> the traffic duration that goes with it, and the one that does not; left out is not documented for all.
# https://cloud.google.com/load-balancing/docs/backend-service#balancing-mode-lb
DURATIONS_OF_MODES: Final = {"RATE": ("SHORT", "LONG"), "IN_FLIGHT": ("LONG", "SHORT")}

# A letter a target field, in the order of TARGET_FIELDS.
_TARGETS_OF_MODES: Final = {
    "UTILIZATION":    "T TTT TTT TTT",
    "RATE":           "N TTT RRR RRR",
    "CONNECTION":     "R RRR TTT RRR",
    "IN_FLIGHT":      "? RRR RRR TTT",
    "CUSTOM_METRICS": "R TTT ??? TTT",
}
# fmt: on


_HAD: Final = (Cell.TAKEN, Cell.NOT_DOCUMENTED)

# What a kind of backend does with a mode, a mode with a target field, and a kind with a target field or a setting.
MODES_OF_KINDS: Final = {mode: cells_by(BackendKind, letters) for mode, letters in _MODES_OF_KINDS.items()}
TARGETS_OF_MODES: Final = {mode: cells_by(TARGET_FIELDS, letters) for mode, letters in _TARGETS_OF_MODES.items()}
SETTINGS_OF_KINDS: Final = {name: cells_by(BackendKind, letters) for name, letters in _SETTINGS_OF_KINDS.items()}
OF_KINDS_SOURCE: Final = API


def modes_for(kinds: Collection[BackendKind]) -> tuple[str, ...]:
    """The balancing modes that some of these kinds of backend have: none of NEGs that support no mode."""
    return tuple(mode for mode, cells in MODES_OF_KINDS.items() if any(cells[kind] in _HAD for kind in kinds))


def limits_for(mode: str, kinds: Collection[BackendKind]) -> tuple[str, ...]:
    """The limits of a balancing mode that some of these kinds of backend have; all of them if none has any."""
    fields = LIMITS_OF_MODES.get(mode, ())
    had = tuple(field for field in fields if any(SETTINGS_OF_KINDS[field][kind] in _HAD for kind in kinds))
    return had or fields
