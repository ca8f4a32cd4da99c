"""The kinds of backends that each load balancer takes, and how many of each: one row a kind.

A letter a product, in the order of `PRODUCTS` (see `attributes`): * any number, 1 one, r one a region, 5 up to 50,
R(efused), ? not documented.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policypack.model.products.product import Cell, Product, by_product
from policypack.model.products.sources import (
    BACKEND_SERVICES,
    HYBRID_NEGS,
    INTERNET_NEGS,
    PSC,
    SERVERLESS_NEGS,
    ZONAL_NEGS,
)


class BackendKind(enum.Enum):
    """The kinds of backends that load balancers tell apart."""

    INSTANCE_GROUP = "zonal instance group"
    REGIONAL_INSTANCE_GROUP = "regional managed instance group"
    ZONAL_NEG = "zonal NEG (GCE_VM_IP_PORT)"
    ZONAL_IP_NEG = "zonal NEG (GCE_VM_IP)"
    HYBRID_NEG = "hybrid NEG"
    SERVERLESS_NEG = "serverless NEG"
    GLOBAL_INTERNET_NEG = "global internet NEG"
    REGIONAL_INTERNET_NEG = "regional internet NEG"
    PRIVATE_SERVICE_CONNECT_NEG = "Private Service Connect NEG"
    PORT_MAPPING_NEG = "port mapping NEG"

    __hash__ = object.__hash__

    @property
    def is_neg(self) -> bool:
        """It is a network endpoint group, and no instance group."""
        return self not in INSTANCE_GROUPS


INSTANCE_GROUPS: Final = frozenset({BackendKind.INSTANCE_GROUP, BackendKind.REGIONAL_INSTANCE_GROUP})


@dataclass(frozen=True)
class KindRow:
    """What each load balancer does with a kind of backend.

    Attributes:
        kind: the kind.
        cells: whether the load balancer takes it.
        counts: how many of it a service can have, where it is taken.
        source: where that is documented.
        note: what else there is to know, a sentence.
    """

    kind: BackendKind
    cells: Mapping[Product, Cell]
    counts: Mapping[Product, str]
    source: str
    note: str


_COUNTS: Final = {"*": "any", "1": "one", "r": "one a region", "5": "up to 50"}
# How many that is at most, of the service or of a region.
LIMITS: Final = {"one": 1, "one a region": 1, "up to 50": 50}


# The kinds that may be together in one service; the others are alone.
# https://cloud.google.com/load-balancing/docs/backend-service#backends
TOGETHER: Final = (
    INSTANCE_GROUPS,
    frozenset({BackendKind.ZONAL_NEG, BackendKind.HYBRID_NEG}),
    *(
        frozenset({kind})
        for kind in BackendKind
        if kind.is_neg and kind not in (BackendKind.ZONAL_NEG, BackendKind.HYBRID_NEG)
    ),
)


def _table(*rows: tuple[BackendKind, str, str, str]) -> dict[BackendKind, KindRow]:
    return {kind: _row(kind, letters, source, note) for kind, letters, source, note in rows}


def _row(kind: BackendKind, letters: str, source: str, note: str) -> KindRow:
    cells = by_product("".join("T" if letter in _COUNTS else letter for letter in letters))
    counts = dict(zip(cells, letters.replace(" ", ""), strict=True))
    return KindRow(kind, cells, {p: _COUNTS[c] for p, c in counts.items() if c in _COUNTS}, source, note)


_ALONE: Final = "Not together with other kinds."

# fmt: off
KINDS: Final = _table(
    (BackendKind.INSTANCE_GROUP,              "***** ***** ** ***", f"{BACKEND_SERVICES}#backends",
     "Not together with NEGs."),
    (BackendKind.REGIONAL_INSTANCE_GROUP,     "***** ***** ** ***", f"{BACKEND_SERVICES}#backends",
     "Not together with NEGs."),
    (BackendKind.ZONAL_NEG,                   "***** ***** RR ***", ZONAL_NEGS,
     "Together with hybrid NEGs only."),
    (BackendKind.ZONAL_IP_NEG,                "RRRRR RRRRR ** RRR", ZONAL_NEGS, _ALONE),
    (BackendKind.HYBRID_NEG,                  "***** ***** RR ***", HYBRID_NEGS,
     "Together with zonal NEGs only."),
    (BackendKind.SERVERLESS_NEG,              "r*1*1 RRRRR RR ??R", SERVERLESS_NEGS,
     f"{_ALONE} All serverless NEGs of one service are of one product. That is Cloud Run (with 2nd gen functions), and "
     "for the global external and the classic load balancer also App Engine, 1st gen functions or API Gateway. Pages "
     "disagree on whether a cross-region internal load balancer supports several."),
    (BackendKind.GLOBAL_INTERNET_NEG,         "11RRR RRRRR RR 1??", INTERNET_NEGS, _ALONE),
    (BackendKind.REGIONAL_INTERNET_NEG,       "RR5R5 RR5R5 RR RRR", INTERNET_NEGS, _ALONE),
    (BackendKind.PRIVATE_SERVICE_CONNECT_NEG, "*R1*1 *R1*1 RR ???", PSC,
     f"{_ALONE} A service has only one for a Google API, whatever the load balancer."),
    (BackendKind.PORT_MAPPING_NEG,            "RRRRR RRRRR R1 RRR", f"{BACKEND_SERVICES}#backends", _ALONE),
)
# What a serverless NEG leads to, besides Cloud Run, which all Application Load Balancers take. A function can be of
# either generation, and those of the second are Cloud Run services.
# https://cloud.google.com/api-gateway/docs/gateway-load-balancing, https://cloud.google.com/load-balancing/docs/backend-service#backends
PLATFORMS: Final = {
    "Cloud Run":           by_product("TTTTT RRRRR RR ??R"),
    "Cloud Run functions": by_product("TT??? RRRRR RR ??R"),
    "App Engine":          by_product("TTRRR RRRRR RR ??R"),
    "API Gateway":         by_product("TTRRR RRRRR RR ??R"),
}
# fmt: on
