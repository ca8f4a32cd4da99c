"""All fixes that are tried, by what is wrong."""

from __future__ import annotations

from tests.fixes import availability, edge, legality, machines, run, scopes, serving
from tests.fixes.fix import Fix

FIXES: dict[str, Fix] = (
    availability.FIXES | machines.FIXES | edge.FIXES | legality.FIXES | serving.FIXES | run.FIXES | scopes.FIXES
)
