"""Mutations that the rules about backend services catch."""

from tests.reference_stack.mutations.mutation import mutation

MUTATIONS = {
    "one region in the backend service": mutation(
        ("machines/backend.py", "for group in args.groups\n", "for group in args.groups[:1]\n"),
        fires={"llm-backend-regions"},
    ),
    "no health check": mutation(
        ("machines/backend.py", "health_checks=self._create_health_check(name).id,", ""),
        fires={"llm-backend-health-check"},
    ),
    "the check asks for /": mutation(
        ("machines/backend.py", '"request_path": args.health_path,', '"request_path": "/",'),
        fires={"llm-backend-health-check"},
    ),
    "the check only connects": mutation(
        ("machines/backend.py", "http_health_check={", "tcp_health_check={"),
        ("machines/backend.py", '            "request_path": args.health_path,\n', ""),
        fires={"llm-backend-health-check"},
    ),
    "no port name": mutation(
        ("machines/backend.py", "port_name=args.port_name,", ""),
        fires={"llm-backend-named-port"},
    ),
    "the groups name another port": mutation(
        ("machines/fleet.py", '{"name": args.port_name, "port": args.port}', '{"name": "web", "port": args.port}'),
        fires={"llm-backend-named-port"},
    ),
    "no utilization target": mutation(
        ("machines/backend.py", '"max_utilization": args.max_utilization,', ""),
        fires={"llm-backend-max-utilization"},
    ),
    "full only when overloaded": mutation(
        ("machines/backend.py", '"max_utilization": args.max_utilization,', '"max_utilization": 0.95,'),
        fires={"llm-backend-max-utilization"},
    ),
    "a scheme without this protocol": mutation(
        ("machines/backend.py", 'protocol="HTTP",', 'protocol="GRPC",'),
        fires={"load-balancer-product"},
    ),
    "a rate that the mode ignores": mutation(
        ("machines/backend.py", '"balancing_mode": "UTILIZATION",', '"balancing_mode": "RATE",'),
        fires={"load-balancer-balancing-mode"},
    ),
    "full by what the server reports": mutation(
        ("machines/backend.py", '"balancing_mode": "UTILIZATION",', '"balancing_mode": "CUSTOM_METRICS",'),
        (
            "machines/backend.py",
            '"max_utilization": args.max_utilization,',
            '"custom_metrics": [{"name": "orca.named_metrics.kv_cache_usage_perc", "dry_run": False}],',
        ),
        fires=set(),
        # Nobody knows how many requests fill a machine.
        undecided={"llm-backend-failover-capacity"},
    ),
    "internal: no port name": mutation(
        ("machines/backend.py", "port_name=args.port_name,", ""),
        fires={"llm-backend-named-port"},
        stack="internal",
    ),
}
