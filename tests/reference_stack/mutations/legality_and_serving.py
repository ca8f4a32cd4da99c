"""Mutations that the rules about legality and about long answers catch."""

from tests.reference_stack.mutations.mutation import mutation

FLEET, BACKEND = "machines/fleet.py", "machines/backend.py"
SCALER = '"capacity_scaler": 1.0,'
AFFINITY = 'session_affinity="NONE",'
IAP = 'iap={"enabled": True} if exposure.iap_members else None,'
DRAINING = "connection_draining_timeout_sec=args.draining_seconds,"
TIMEOUT = "timeout_sec=args.timeout_seconds,"
LOG = 'log_config={"enable": True, "sample_rate": args.log_sample_rate},'
RATE = '"max_rate_per_instance": args.requests_per_second,'

MUTATIONS = {
    "a rate for endpoints that the group has not": mutation(
        (BACKEND, RATE, f'{RATE} "max_rate_per_endpoint": 4,'),
        fires={"backend-group-kind"},
    ),
    "a preferred regional group": mutation(
        (BACKEND, SCALER, f'{SCALER} "preference": "PREFERRED",'),
        fires={"backend-group-kind"},
    ),
    "a sliver of the capacity": mutation(
        (BACKEND, SCALER, '"capacity_scaler": 0.05,'),
        fires={"backend-capacity-scaler"},
    ),
    "internal: all capacity drained": mutation(
        (BACKEND, SCALER, '"capacity_scaler": 0.0,'),
        fires={"backend-capacity-scaler", "llm-backend-failover-capacity", "llm-backend-regions"},
        stack="internal",
    ),
    "health check from three regions": mutation(
        (
            BACKEND,
            "check_interval_sec=10,",
            'check_interval_sec=30, source_regions=["us-east1", "us-west1", "us-east4"],',
        ),
        (BACKEND, "unhealthy_threshold=3,", "unhealthy_threshold=2,"),
        fires={"health-check-attachable"},
    ),
    "internal: IAP with a cache": mutation(
        (BACKEND, IAP, 'iap={"enabled": True}, enable_cdn=True,'),
        fires={"load-balancer-attributes"},
        stack="internal",
    ),
    "a stream duration that only a mesh has": mutation(
        (BACKEND, AFFINITY, f'{AFFINITY} max_stream_duration={{"seconds": "900"}},'),
        fires={"load-balancer-attributes"},
    ),
    "clients stay with one machine": mutation(
        (BACKEND, AFFINITY, 'session_affinity="CLIENT_IP",'),
        fires={"backend-session-affinity"},
    ),
    "the default timeout": mutation(
        (BACKEND, TIMEOUT, ""),
        fires={"llm-backend-timeout"},
    ),
    "internal: a timeout of a minute": mutation(
        (BACKEND, TIMEOUT, "timeout_sec=60,"),
        fires={"llm-backend-timeout"},
        stack="internal",
    ),
    "the default draining": mutation(
        (BACKEND, DRAINING, ""),
        fires={"llm-backend-draining"},
    ),
    "dev: no draining": mutation(
        (BACKEND, DRAINING, "connection_draining_timeout_sec=0,"),
        fires={"llm-backend-draining"},
        stack="dev",
    ),
    "outliers are only counted": mutation(
        (
            BACKEND,
            '"enforcing_consecutive_errors": 100,',
            '"enforcing_consecutive_errors": 0, "enforcing_success_rate": 0,',
        ),
        fires={"llm-backend-outlier-detection"},
    ),
    "no outlier is ejected": mutation(
        (BACKEND, '"max_ejection_percent": 50,', '"max_ejection_percent": 0,'),
        fires={"llm-backend-outlier-detection"},
    ),
    "no request log": mutation(
        (BACKEND, LOG, ""),
        fires={"llm-backend-logging"},
    ),
    "internal: the log samples nothing": mutation(
        (BACKEND, LOG, 'log_config={"enable": True, "sample_rate": 0.0},'),
        fires={"llm-backend-logging"},
        stack="internal",
    ),
    "one group twice": mutation(
        (
            BACKEND,
            "for group in args.groups\n",
            "for group in (*args.groups, args.groups[0])\n",
        ),
        fires={"backend-group-scope"},
        deployed=True,
    ),
    "the URL of the manager": mutation(
        ("machines/fleet.py", "self.instance_group = group.instance_group", "self.instance_group = group.self_link"),
        fires={"backend-group-kind"},
        deployed=True,
    ),
    "sticky sessions without a cookie": mutation(
        (BACKEND, 'session_affinity="NONE"', 'session_affinity="STRONG_COOKIE_AFFINITY"'),
        fires={"backend-session-affinity"},
    ),
    "custom metrics in another mode": mutation(
        (
            "machines/backend.py",
            '"max_rate_per_instance": args.requests_per_second,',
            '"max_rate_per_instance": args.requests_per_second, "custom_metrics": [{"name": "m", "dry_run": False}],',
        ),
        fires={"load-balancer-balancing-mode"},
    ),
}
