"""All fixes that are tried, by what is wrong."""

from __future__ import annotations

from tests.fixes import availability, cloud_run, edge, gke, legality, machines, run, scopes, serving
from tests.fixes.fix import Fix

FIXES: dict[str, Fix] = {
    name: fix
    for programs in (availability, machines, edge, legality, serving, run, scopes, cloud_run, gke)
    for name, fix in programs.FIXES.items()
}
