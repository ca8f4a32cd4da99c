"""All fixes that are tried, by what is wrong."""

from __future__ import annotations

from tests.fixes import (
    availability,
    cloud_run,
    edge,
    front_ends,
    gke,
    legality,
    machines,
    scopes,
    serverless,
    serving,
    validity,
)
from tests.fixes.fix import Fix

_PROGRAMS = (
    availability,
    machines,
    edge,
    legality,
    serving,
    serverless,
    scopes,
    cloud_run,
    gke,
    front_ends,
    validity,
)
FIXES: dict[str, Fix] = {name: fix for programs in _PROGRAMS for name, fix in programs.FIXES.items()}
