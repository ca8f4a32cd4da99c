"""What the loss of each region means for each backend service, as data: the command and the reports show it."""

from policypack.failover.analysis import failover_of, failovers
from policypack.failover.result import (
    INFERRED,
    Amounts,
    Change,
    Demand,
    DemandError,
    FailoverResults,
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
    "FailoverResults",
    "LostRegion",
    "Picture",
    "Region",
    "Remedies",
    "ServiceFailover",
    "Survivor",
    "Verdict",
    "failover_of",
    "failovers",
]
