"""Holds what the pack calls refused against the examples of pulumi-gcp: `python -m tests.provider_examples`.

Ends with 1 if a rule of `policypack/rules/legality` fails on an example for which `REFUSED` does not name it, or no
longer does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from policypack.config.options import default_settings
from policypack.evaluate import evaluate
from policypack.rules import RULES
from policypack.sources.error import SourceError
from policypack.sources.program import load_program, run
from tests.projects import ENVIRONMENT, make_project
from tests.provider_examples.examples import Example, examples
from tests.warm_interpreter import warm_interpreter

_LEGALITY: Final = [rule for rule in RULES if rule.area == "legality"]

# What deploys alone and is wrong all the same.
REFUSED: Final[dict[str, set[str]]] = {
    # A backend service that no forwarding rule can lead to.
    "compute/region_backend_service: Region Backend Service External Iap": {"load-balancer-product"},
    # Drained: the provider sends 0.
    "compute/region_backend_service: Region Backend Service Ilb Custom Metrics": {"backend-capacity-scaler"},
    # The tables of Google's page have no IN_FLIGHT for TCP, and no target for a regional group as a whole.
    "compute/backend_service: Backend Service In Flight": {"backend-group-kind", "load-balancer-balancing-mode"},
    # "USE_NAMED_PORT: Not supported."
    "compute/target_grpc_proxy: Target Grpc Proxy Basic": {"health-check-attachable"},
}


def refused(example: Example) -> set[str]:
    """The rules of legality that fail on an example.

    Raises:
        SourceError: it is no whole program.
    """
    with TemporaryDirectory() as folder:
        stack = load_program(make_project(Path(folder), example.program), timeout=60).stack
    return {found.rule.name for found in evaluate(stack, _LEGALITY, default_settings(RULES)).with_status("failed")}


def main() -> int:
    judged, incomplete, differences = 0, 0, list[str]()
    with warm_interpreter(ENVIRONMENT / "bin" / "python") as execute:
        run.execute = execute
        for example in examples("*/*"):
            try:
                found, expected = refused(example), REFUSED.get(example.name, set())
            except SourceError:
                incomplete += 1
                continue
            judged += 1
            if found != expected:
                differences.append(f"{example.name}: {sorted(found)} and not {sorted(expected)}")
    print(f"{judged} examples of the provider judged; {incomplete} are no whole programs.", *differences, sep="\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
