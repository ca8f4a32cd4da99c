"""Whole programs in other styles than the reference stack's, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.good_programs import cloud_run, endpoints, programs, styles


@dataclass(frozen=True)
class Good:
    """A program, the options that it needs, and what is said of it.

    Attributes:
        advice: the rules that fail, all of them advisory.
        undecided: the rules that cannot tell on a first preview, as deployed, or on both.
    """

    program: str
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    advice: frozenset[str] = frozenset()
    undecided: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


NO_ALERTS = frozenset({"llm-backend-alerts"})
# What says how many machines there are is not in the stack, or nothing says it.
NO_SIZE = frozenset({"llm-backend-failover-capacity"})
# Its host rules are for any host, so which names clients use is not shown.
HOSTS_OF_CLIENTS = frozenset({"frontend-domain"})
PEERS = {"llm-backend-regions": {"regional_peers": ["chat-*"]}}
PROGRAMS = {
    "a component": Good(programs.COMPONENT, advice=NO_ALERTS),
    "defaults by a transformation": Good(programs.TRANSFORMED, advice=NO_ALERTS),
    "backends by apply": Good(programs.APPLIED, advice=NO_ALERTS),
    "the classic load balancer with zonal groups": Good(
        programs.CLASSIC_ZONES,
        # It cannot answer by itself.
        advice=NO_ALERTS | {"frontend-paths"},
    ),
    "passthrough in two regions": Good(programs.PASSTHROUGH_PAIR, PEERS),
    "a regional internal load balancer in two regions": Good(
        programs.INTERNAL_PAIR, PEERS, NO_ALERTS, (HOSTS_OF_CLIENTS, HOSTS_OF_CLIENTS)
    ),
    "a TCP proxy for gRPC": Good(programs.PROXY_FOR_GRPC, undecided=(NO_SIZE, NO_SIZE)),
    "hybrid endpoints": Good(programs.HYBRID, advice=NO_ALERTS, undecided=(NO_SIZE, NO_SIZE)),
    "unmanaged groups": Good(programs.UNMANAGED, advice=NO_ALERTS, undecided=(NO_SIZE, NO_SIZE)),
    "Cloud Run": Good(cloud_run.GOOD, advice=NO_ALERTS),
    "Spot beside on demand": Good(programs.SPOT_AND_ON_DEMAND, advice=NO_ALERTS),
    "typed arguments in three regions": Good(styles.TYPED, advice=NO_ALERTS),
    "nested components": Good(styles.NESTED, advice=NO_ALERTS),
    "zonal groups with a load balancing policy": Good(styles.POLICIES, advice=NO_ALERTS),
    "groups that keep their disks": Good(styles.STATEFUL, advice=NO_ALERTS, undecided=(NO_SIZE, NO_SIZE)),
    "a canary and a certificate map": Good(endpoints.CANARY, advice=NO_ALERTS),
    "Cloud Run with its own IAP": Good(endpoints.RUN, advice=NO_ALERTS),
    "services that others publish": Good(endpoints.PUBLISHED, advice=NO_ALERTS),
    "a model on the internet": Good(endpoints.INTERNET, advice=NO_ALERTS),
    "a cross-region internal load balancer": Good(endpoints.CROSS_REGION, advice=NO_ALERTS),
    "zonal NEGs for long requests": Good(endpoints.ENDPOINTS, advice=NO_ALERTS, undecided=(NO_SIZE, NO_SIZE)),
}
