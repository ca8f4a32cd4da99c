"""Mutations that the rules about instance groups and health checks catch."""

from tests.reference_stack.mutations.mutation import mutation

_BALANCING = '"load_balancing_utilization": {"target": args.autoscaler_target},'

MUTATIONS = {
    "all machines in one zone": mutation(
        (
            "machines/fleet.py",
            'distribution_policy_target_shape="BALANCED"',
            'distribution_policy_target_shape="ANY_SINGLE_ZONE"',
        ),
        fires={"llm-backend-zones"},
    ),
    "internal: one zone listed": mutation(
        ("machines/fleet.py", "list(args.zones)", "list(args.zones[:1])"),
        fires={"llm-backend-zones"},
        stack="internal",
    ),
    "each region needs the others": mutation(
        ("machines/fleet.py", _BALANCING, '"load_balancing_utilization": {"target": 0.8},'),
        fires={"llm-backend-failover-capacity"},
    ),
    "scaled only when full": mutation(
        ("machines/fleet.py", _BALANCING, '"load_balancing_utilization": {"target": 1.0},'),
        fires={"instance-group-autoscaler", "llm-backend-failover-capacity"},
    ),
    "GPU machines scaled by their CPUs": mutation(
        ("machines/fleet.py", _BALANCING, '"cpu_utilization": {"target": 0.5},'),
        ("machines/backend.py", '"max_rate_per_instance": args.requests_per_second,', ""),
        fires={"instance-group-autoscaler"},
    ),
    "GPU machines full when their CPUs are": mutation(
        ("machines/backend.py", '"max_rate_per_instance": args.requests_per_second,', ""),
        fires={"instance-group-autoscaler"},
    ),
    "no autoscaler": mutation(
        ("machines/fleet.py", "        self._create_autoscaler(name, group)\n", ""),
        fires={"instance-group-autoscaler", "llm-backend-failover-capacity"},
    ),
    "an autoscaler of another region": mutation(
        (
            "machines/fleet.py",
            "            region=args.region,\n            target=group.id,",
            '            region="us-west1",\n            target=group.id,',
        ),
        fires={"instance-group-autoscaler", "instance-group-scope", "llm-backend-failover-capacity"},
    ),
    "an autoscaler of the instance group": mutation(
        ("machines/fleet.py", "target=group.id,", "target=group.instance_group,"),
        fires={"instance-group-autoscaler", "instance-group-scope", "llm-backend-failover-capacity"},
        deployed=True,
    ),
    "zones of another region": mutation(
        ("machines/fleet.py", "list(args.zones)", '["us-west1-a", "us-west1-b"]'),
        fires={"instance-group-scope", "llm-backend-zones"},
    ),
    "a template of another region": mutation(
        (
            "machines/fleet.py",
            "            region=args.region,\n            machine_type",
            '            region="us-west1",\n            machine_type',
        ),
        fires={"instance-group-scope"},
    ),
    "disk keys of another region": mutation(
        ("components/encryption.py", "location=location", 'location="us-west1"'),
        fires={"instance-group-scope"},
    ),
    "one machine a region": mutation(
        ("machines/fleet.py", '"min_replicas": args.min_replicas,', '"min_replicas": 1,'),
        fires={"instance-group-autoscaler"},
    ),
    "machines taken before others serve": mutation(
        (
            "machines/fleet.py",
            '"max_unavailable_fixed": 0 if self._args.surge else zones,',
            '"max_unavailable_fixed": zones,',
        ),
        fires={"instance-group-update-policy"},
    ),
    "an update that cannot begin": mutation(
        ("machines/fleet.py", '"max_surge_fixed": zones if self._args.surge else 0,', '"max_surge_fixed": 0,'),
        fires={"instance-group-update-policy"},
    ),
    "a surge below the number of zones": mutation(
        ("machines/fleet.py", '"max_surge_fixed": zones if self._args.surge else 0,', '"max_surge_fixed": 1,'),
        fires={"instance-group-update-policy"},
    ),
    "machines keep their names while others are added": mutation(
        ("machines/fleet.py", '"replacement_method": "SUBSTITUTE",', '"replacement_method": "RECREATE",'),
        fires={"instance-group-update-policy"},
    ),
    "no autohealing": mutation(
        (
            "machines/fleet.py",
            '            auto_healing_policies={\n                "health_check": check.id,\n'
            '                "initial_delay_sec": args.initial_delay_seconds,\n            },\n',
            "",
        ),
        fires={"instance-group-autohealing"},
    ),
    "recreated before the model is loaded": mutation(
        ("machines/fleet.py", '"initial_delay_sec": args.initial_delay_seconds,', '"initial_delay_sec": 60,'),
        fires={"instance-group-autohealing"},
    ),
    "a probe may last longer than the next": mutation(
        ("machines/backend.py", "timeout_sec=5,", "timeout_sec=15,"),
        fires={"health-check-timing"},
    ),
    "dead machines get requests for minutes": mutation(
        ("machines/backend.py", "check_interval_sec=10,", "check_interval_sec=60,"),
        fires={"health-check-timing"},
    ),
    "busy machines are recreated": mutation(
        ("machines/fleet.py", "unhealthy_threshold=10,", "unhealthy_threshold=2,"),
        fires={"health-check-timing"},
    ),
    "health is not logged": mutation(
        ("machines/backend.py", '        log_config={"enable": True},\n', ""),
        fires={"health-check-logging"},
    ),
    "the check speaks TLS to a server without": mutation(
        ("machines/backend.py", "http_health_check={", "https_health_check={"),
        fires={"health-check-matches-serving"},
    ),
    "internal: TLS to a server without": mutation(
        ("machines/backend.py", 'protocol="HTTP",', 'protocol="HTTPS",'),
        fires={"health-check-matches-serving"},
        stack="internal",
    ),
    "the healing check speaks TLS to a server without": mutation(
        ("machines/fleet.py", "http_health_check={", "https_health_check={"),
        fires={"health-check-matches-serving"},
    ),
    "a region is drained": mutation(
        (
            "machines/backend.py",
            '"capacity_scaler": 1.0,\n            }\n            for group in args.groups\n',
            '"capacity_scaler": 0.0 if position else 1.0,\n            }\n'
            "            for position, group in enumerate(args.groups)\n",
        ),
        fires={"llm-backend-regions", "llm-backend-failover-capacity"},
        deployed=True,
    ),
}
