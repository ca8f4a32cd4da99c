"""How a backend service is exposed: what the front end decides of it, whoever serves."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

EXTERNAL = "EXTERNAL_MANAGED"
INTERNAL = "INTERNAL_MANAGED"


@dataclass(frozen=True, slots=True)
class Exposure:
    scheme: str
    security_policy: pulumi.Input[str] | None = None
    iap_members: tuple[str, ...] = ()

    @property
    def is_internal(self) -> bool:
        return self.scheme == INTERNAL
