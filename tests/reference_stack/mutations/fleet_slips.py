"""Slips of operators in fleets: in one region only, swapped, or off by a word."""

from tests.reference_stack.mutations.mutation import mutation

FLEET, BACKEND = "machines/fleet.py", "machines/backend.py"
_ZONES = "distribution_policy_zones=list(args.zones),"
_NAMED_PORTS = 'named_ports=[{"name": args.port_name, "port": args.port}],'
_HEALING = """            auto_healing_policies={
                "health_check": check.id,
                "initial_delay_sec": args.initial_delay_seconds,
            },
"""
_BALANCING = '"load_balancing_utilization": {"target": args.autoscaler_target},'
_DELAY = '                "initial_delay_sec": args.initial_delay_seconds,\n'
_SURGE = '"max_surge_fixed": zones if self._args.surge else 0,'
_UNAVAILABLE = '"max_unavailable_fixed": 0 if self._args.surge else zones,'

MUTATIONS = {
    "one region: a zone twice": mutation(
        (FLEET, _ZONES, 'distribution_policy_zones=["us-east4-a"] * 2 if "east4" in name else list(args.zones),'),
        fires={"llm-backend-zones"},
    ),
    "one region: no named port": mutation(
        (FLEET, _NAMED_PORTS, f'named_ports=[] if "east4" in name else {_NAMED_PORTS.split("=", 1)[1]}'),
        fires={"llm-backend-named-port"},
    ),
    "one region: no autohealing": mutation(
        (
            FLEET,
            _HEALING,
            '            auto_healing_policies=None if "east4" in name else {"health_check": check.id, '
            '"initial_delay_sec": args.initial_delay_seconds},\n',
        ),
        fires={"instance-group-autohealing"},
    ),
    "one region: no autoscaler": mutation(
        (
            FLEET,
            "        self._create_autoscaler(name, group)\n",
            '        if "east4" not in name:\n            self._create_autoscaler(name, group)\n',
        ),
        fires={"instance-group-autoscaler", "llm-backend-failover-capacity"},
    ),
    "internal: one region has no warm machine": mutation(
        (FLEET, '"min_replicas": args.min_replicas,', '"min_replicas": 0 if "west4" in name else args.min_replicas,'),
        fires={"instance-group-autoscaler", "llm-backend-failover-capacity"},
        stack="internal",
    ),
    "one region has most machines": mutation(
        (FLEET, '"min_replicas": args.min_replicas,', '"min_replicas": 9 if "east4" in name else 2,'),
        fires={"llm-backend-failover-capacity"},
    ),
    "healing at once": mutation(
        (FLEET, _DELAY, '                "initial_delay_sec": 0,\n'),
        fires={"instance-group-autohealing"},
    ),
    "dead machines stay": mutation(
        (
            FLEET,
            "            update_policy=self._update_policy(),\n",
            "            update_policy=self._update_policy(),\n"
            '            instance_lifecycle_policy={"on_failed_health_check": "DO_NOTHING"},\n',
        ),
        fires={"instance-group-autohealing"},
    ),
    "healing by a check for DNS": mutation(
        (
            FLEET,
            "            unhealthy_threshold=10,\n",
            '            unhealthy_threshold=10, source_regions=["us-central1", "us-east1", "us-west1"],\n',
        ),
        fires={"instance-group-autohealing"},
    ),
    "surge and unavailable swapped": mutation(
        (FLEET, _SURGE, '"max_surge_fixed": 0,'),
        (FLEET, _UNAVAILABLE, '"max_unavailable_fixed": zones,'),
        fires={"instance-group-update-policy"},
    ),
    "an update of everything at once": mutation(
        (FLEET, _UNAVAILABLE, '"max_unavailable_percent": 100,'),
        fires={"instance-group-update-policy"},
    ),
    "interval and timeout of probes swapped": mutation(
        (BACKEND, "check_interval_sec=10,", "check_interval_sec=5,"),
        (BACKEND, "timeout_sec=5,", "timeout_sec=10,"),
        fires={"health-check-timing"},
    ),
    "one answer makes a machine healthy": mutation(
        (BACKEND, "healthy_threshold=2,", "healthy_threshold=1,"),
        fires={"health-check-timing"},
    ),
    "one failure makes a machine unhealthy": mutation(
        (BACKEND, "unhealthy_threshold=3,", "unhealthy_threshold=1,"),
        fires={"health-check-timing"},
    ),
    "the healing check is not logged": mutation(
        (FLEET, 'log_config={"enable": True},', 'log_config={"enable": False},'),
        fires={"health-check-logging"},
    ),
    "scaled by a share of a limit for the group": mutation(
        (BACKEND, '"max_rate_per_instance": args.requests_per_second,', '"max_rate": 100 * args.requests_per_second,'),
        fires={"instance-group-autoscaler", "backend-group-kind"},
        undecided={"llm-backend-failover-capacity"},
    ),
}
