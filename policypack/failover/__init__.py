"""What the loss of each region means for each backend service, as data: the command and the reports show it."""

from .judge import failovers
from .result import (
    INFERRED,
    Amounts,
    Change,
    Demand,
    DemandError,
    LostRegion,
    Picture,
    Region,
    Remedies,
    ServiceFailover,
    Survivor,
    Verdict,
)

__all__ = [
    "INFERRED",
    "Amounts",
    "Change",
    "Demand",
    "DemandError",
    "LostRegion",
    "Picture",
    "Region",
    "Remedies",
    "ServiceFailover",
    "Survivor",
    "Verdict",
    "failovers",
]
