"""A backend service of every load balancer, for tables of what each of them takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

IN_REGION: dict[str, Any] = {"region": "us-central1"}
GLOBAL: dict[str, Any] = {}
CLASSIC: dict[str, Any] = {"loadBalancingScheme": "EXTERNAL"}
CROSS_REGION = {"loadBalancingScheme": "INTERNAL_MANAGED"}
MESH = {"loadBalancingScheme": "INTERNAL_SELF_MANAGED"}
REGIONAL = {**IN_REGION}
REGIONAL_INTERNAL = {**IN_REGION, "loadBalancingScheme": "INTERNAL_MANAGED"}
NLB = {**IN_REGION, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP", "portName": None}
INTERNAL_NLB = {**NLB, "loadBalancingScheme": "INTERNAL"}
TCP = {"protocol": "TCP"}
# Application Load Balancers and a mesh, passthrough Network Load Balancers, proxy ones, other meshes.
LOAD_BALANCERS = {
    "classic": CLASSIC,
    "global": GLOBAL,
    "cross-region": CROSS_REGION,
    "mesh": MESH,
    "regional": REGIONAL,
    "regional internal": REGIONAL_INTERNAL,
    "passthrough": NLB,
    "internal passthrough": INTERNAL_NLB,
    "classic proxy": {**CLASSIC, **TCP},
    "global proxy": TCP,
    "cross-region proxy": {**CROSS_REGION, **TCP},
    "regional proxy": {**REGIONAL, **TCP},
    "regional internal proxy": {**REGIONAL_INTERNAL, **TCP},
    "mesh, gRPC": {**MESH, "protocol": "GRPC"},
    "mesh, TCP": {**MESH, **TCP},
}
_STATUSES = {"P": "passed", "F": "failed", "U": "undecided"}


def row(columns: Iterable[str], letters: str) -> dict[str, str]:
    """The status that each column has by its letter: P, F or U; none where it is `-`."""
    pairs = zip(columns, letters.replace(" ", ""), strict=True)
    return {column: _STATUSES[letter] for column, letter in pairs if letter != "-"}
