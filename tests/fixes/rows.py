"""All fixes that are tried, by what is wrong."""

from __future__ import annotations

from tests.fixes import availability, edge, legality, machines, serving
from tests.fixes.fix import Fix

FIXES: dict[str, Fix] = availability.FIXES | machines.FIXES | edge.FIXES | legality.FIXES | serving.FIXES
# (Rule, function) of messages that no program here gets.
NO_PROGRAM = {
    # The default of the option `provisioning_models` accepts all.
    ("gpu_instance_scheduling", "_fits_its_model"),
}
