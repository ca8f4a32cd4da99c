"""Mutations that the rules about the network catch."""

from tests.reference_stack.mutations.mutation import mutation

MUTATIONS = {
    "serving open to the internet": mutation(
        (
            "machines/access.py",
            "[*PROBE_RANGES, *args.proxy_ranges], args.serving_port",
            '["0.0.0.0/0"], args.serving_port',
        ),
        fires={"firewall-no-open-ingress"},
    ),
    "SSH open to the internet, in two halves": mutation(
        ("machines/access.py", "[IAP_RANGE], 22", '["0.0.0.0/1", "128.0.0.0/1"], 22'),
        fires={"firewall-no-open-ingress"},
    ),
    "SSH open to IPv6": mutation(
        ("machines/access.py", "[IAP_RANGE], 22", '["::/0"], 22'),
        fires={"firewall-no-open-ingress"},
        stack="internal",
    ),
    "the catch-all allows instead of denying": mutation(
        (
            "components/network.py",
            'source_ranges=["0.0.0.0/0"],\n            denies=[{"protocol": "all"}],',
            'source_ranges=["0.0.0.0/0"],\n            allows=[{"protocol": "all"}],',
        ),
        fires={"firewall-no-open-ingress"},
    ),
    "no Private Google Access": mutation(
        ("components/network.py", "            private_ip_google_access=True,\n", ""),
        fires={"subnet-private-google-access"},
    ),
    "no flow logs": mutation(
        (
            "components/network.py",
            """            log_config={
                "aggregation_interval": "INTERVAL_30_SEC",
                "flow_sampling": 0.5,
                "metadata": "INCLUDE_ALL_METADATA",
            },
""",
            "",
        ),
        fires={"subnet-flow-logs"},
    ),
    "flow logs without a sample": mutation(
        ("components/network.py", '"flow_sampling": 0.5,', '"flow_sampling": 0,'),
        fires={"subnet-flow-logs"},
        stack="internal",
    ),
    "probes to another port": mutation(
        (
            "machines/access.py",
            "[*PROBE_RANGES, *args.proxy_ranges], args.serving_port",
            "[*PROBE_RANGES, *args.proxy_ranges], 8080",
        ),
        fires={"health-check-reachable"},
    ),
    "half of the probes": mutation(
        ("machines/access.py", '["35.191.0.0/16", "130.211.0.0/22"]', '["35.191.0.0/16"]'),
        fires={"health-check-reachable"},
        stack="internal",
    ),
    "internal: the proxies' requests are denied": mutation(
        (
            "machines/access.py",
            "[*PROBE_RANGES, *args.proxy_ranges], args.serving_port",
            "PROBE_RANGES, args.serving_port",
        ),
        fires={"health-check-reachable"},
        stack="internal",
    ),
    "the healing check asks a port that the firewall denies": mutation(
        (
            "machines/fleet.py",
            '            http_health_check={\n                "port": self._args.port,',
            '            http_health_check={\n                "port": 8080,',
        ),
        fires={"health-check-reachable", "health-check-matches-serving"},
    ),
    "the check asks a port that the firewall denies": mutation(
        ("machines/backend.py", '"port": args.port,', '"port": 8080,'),
        fires={"health-check-reachable", "health-check-matches-serving"},
    ),
    "requests go to a port that the firewall denies": mutation(
        (
            "machines/fleet.py",
            '{"name": args.port_name, "port": args.port}',
            '{"name": args.port_name, "port": 8080}, {"name": "health", "port": args.port}',
        ),
        fires={"health-check-reachable"},
    ),
    "internal: requests go to a port that the firewall denies": mutation(
        (
            "machines/fleet.py",
            '{"name": args.port_name, "port": args.port}',
            '{"name": args.port_name, "port": 8080}, {"name": "health", "port": args.port}',
        ),
        fires={"health-check-reachable"},
        stack="internal",
    ),
    "all is denied first": mutation(
        ("components/network.py", "ALLOW, DENY = 1000, 65000", "ALLOW, DENY = 1000, 900"),
        fires={"health-check-reachable"},
    ),
    "the firewall is for other machines": mutation(
        ("machines/access.py", "target_service_accounts=[self._args.server_account],", 'target_tags=["server"],'),
        fires={"health-check-reachable"},
    ),
}
