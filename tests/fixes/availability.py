"""Fixes of the rules about health checks, groups and regions."""

from __future__ import annotations

from tests.fixes.fix import fix
from tests.fixes.other_programs import NEGS
from tests.fixes.programs import ENDPOINTS, REGIONAL

_CHECK = """    unhealthy_threshold=3,
    http_health_check={"request_path": "/health", "port": 8000},
    log_config={"enable": True},
"""
_BALANCING_CHECK = f"""check = gcp.compute.HealthCheck(
    "health",
    check_interval_sec=10,
    timeout_sec=5,
{_CHECK})
"""
_BALANCING = '            "load_balancing_utilization": {"target": 0.5},\n'
_RATE = '            "max_rate_per_instance": 4,\n'
_HEALING = '        auto_healing_policies={"health_check": healing.id, "initial_delay_sec": 1500},\n'
_AUTOSCALER = """    gcp.compute.RegionAutoscaler(
        f"llm-{region}",
        region=region,
        target=group.id,
        autoscaling_policy={
            "mode": "ON",
            "min_replicas": 4,
            "max_replicas": 12,
            "load_balancing_utilization": {"target": 0.5},
        },
    )
"""
_FROM_REGIONS = 'unhealthy_threshold=10,\n    source_regions=["us-central1", "us-east1", "us-west1"],'

_REGIONAL_SERVICE = """service = gcp.compute.RegionBackendService(
    "chat",
    region="us-central1",
"""
_GROUP = """            "group": group.instance_group,
            "balancing_mode": "UTILIZATION",
            "max_utilization": 0.8,
            "capacity_scaler": 1.0,
        }
"""
_TWO_GROUPS = f"""{_GROUP.rstrip()},
        {{"group": "projects/p-demo/regions/us-east4/instanceGroups/llm", "max_utilization": 0.8}},
"""
_ONE_NEG = '[{"group": group.id, "balancing_mode": "RATE", "max_rate_per_endpoint": 4}]'
_ELSEWHERE = _ONE_NEG[1:-1].replace("group.id", '"projects/p-demo/zones/us-east4-a/networkEndpointGroups/llm"')

FIXES = {
    "health is not logged": fix(
        "health-check-logging",
        "health_check_logging",
        (_CHECK, _CHECK.replace('    log_config={"enable": True},\n', ""), _CHECK),
    ),
    "probes find no open port": fix(
        "health-check-reachable",
        "_is_open",
        ('"ports": ["8000"]', '"ports": ["80"]', '"ports": ["80", "8000"]'),
    ),
    "a probe lasts longer than the interval": fix(
        "health-check-timing",
        "_timeout_fits_interval",
        ("    timeout_sec=5,\n", "    timeout_sec=15,\n", "    timeout_sec=5,\n"),
    ),
    "a dead machine stays for minutes": fix(
        "health-check-timing",
        "_fails_over_quickly",
        ("check_interval_sec=10,", "check_interval_sec=60,", "check_interval_sec=10,"),
        chosen="10",
    ),
    "a busy machine is recreated": fix(
        "health-check-timing",
        "_heals_patiently",
        ("unhealthy_threshold=10,", "unhealthy_threshold=2,", "unhealthy_threshold=10,"),
        chosen="10",
    ),
    "one answer decides": fix(
        "health-check-timing",
        "_does_not_flap",
        ("unhealthy_threshold=3,", "unhealthy_threshold=1,", "unhealthy_threshold=2,"),
    ),
    "nothing heals": fix(
        "instance-group-autohealing",
        "instance_group_autohealing",
        (_HEALING, "", _HEALING),
        chosen="health_check 1500",
    ),
    "repairs are off": fix(
        "instance-group-autohealing",
        "_repairs_are_on",
        (
            _HEALING,
            f'{_HEALING}        instance_lifecycle_policy={{"on_failed_health_check": "DO_NOTHING"}},\n',
            f'{_HEALING}        instance_lifecycle_policy={{"on_failed_health_check": "REPAIR"}},\n',
        ),
    ),
    "healed by the load balancer's check": fix(
        "instance-group-autohealing",
        "_heals_by_another_check",
        ("groups = {}\n", f'groups = {{}}\ncheck = gcp.compute.HealthCheck("health",\n{_CHECK})\n', "groups = {}\n"),
        ("healing.id", "check.id", "healing.id"),
        (
            _BALANCING_CHECK,
            "",
            _BALANCING_CHECK,
        ),
        chosen="healing timeout_sec 10 5",
    ),
    "the healing check probes from regions": fix(
        "instance-group-autohealing",
        "_check_has_no_source_regions",
        ("unhealthy_threshold=10,", _FROM_REGIONS, "unhealthy_threshold=10,"),
        chosen="us central1 east1 west1",
    ),
    "recreated while it loads": fix(
        "instance-group-autohealing",
        "_delay_fits_loading",
        ('"initial_delay_sec": 1500', '"initial_delay_sec": 60', '"initial_delay_sec": 1500'),
        chosen="1500",
    ),
    "no autoscaler": fix(
        "instance-group-autoscaler",
        "_needs_one",
        (_AUTOSCALER, "", _AUTOSCALER),
        chosen="gcp compute f llm autoscaling_policy mode ON 4 max_replicas 12",
    ),
    "a switched-off autoscaler": fix(
        "instance-group-autoscaler", "_is_on", ('"mode": "ON"', '"mode": "OFF"', '"mode": "ON"')
    ),
    "one machine is kept": fix(
        "instance-group-autoscaler",
        "_keeps_a_minimum",
        ('"min_replicas": 4,', '"min_replicas": 1,', '"min_replicas": 2,'),
    ),
    "GPUs scaled by CPU": fix(
        "instance-group-autoscaler",
        "_does_not_scale_by_cpu_alone",
        (_BALANCING, '            "cpu_utilization": {"target": 0.5},\n', _BALANCING),
    ),
    "no load balancer to follow": fix(
        "instance-group-autoscaler",
        "_can_follow_the_load_balancer",
        (
            _BALANCING,
            _BALANCING,
            '            "metrics": [{"name": "custom.googleapis.com/queue", "target": 4, "type": "GAUGE"}],\n',
        ),
        (
            '    load_balancing_scheme="EXTERNAL_MANAGED",\n    protocol="HTTP",',
            *2 * ('    load_balancing_scheme="EXTERNAL_MANAGED",\n    protocol="TCP",',),
        ),
        chosen="name custom googleapis com queue 4 type GAUGE",
    ),
    "a limit that does not grow": fix(
        "instance-group-autoscaler",
        "_has_no_limit_as_a_whole",
        (_RATE, '            "max_rate": 400,\n', _RATE),
        chosen="4",
    ),
    "scaled when full": fix(
        "instance-group-autoscaler",
        "_grows_before_it_is_full",
        (_BALANCING, _BALANCING.replace("0.5", "1.0"), _BALANCING),
        chosen="0.5",
    ),
    "an update takes too many": fix(
        "instance-group-update-policy",
        "_keeps_enough",
        (
            '"max_surge_fixed": 3,\n            "max_unavailable_fixed": 0,',
            '"max_surge_fixed": 0,\n            "max_unavailable_fixed": 3,',
            '"max_surge_fixed": 3,\n            "max_unavailable_fixed": 0,',
        ),
    ),
    "the regions need each other": fix(
        "llm-backend-failover-capacity",
        "_survives",
        (_BALANCING, _BALANCING.replace("0.5", "0.8"), _BALANCING.replace("0.5", "0.8 * 0.5")),
    ),
    "the regions are uneven": fix(
        "llm-backend-failover-capacity",
        "_survives",
        (
            '"min_replicas": 4,',
            '"min_replicas": 9 if region == "us-east4" else 4,',
            '"min_replicas": 9 if region == "us-east4" else 9,',
        ),
        chosen="4",
    ),
    "warm in no other region": fix(
        "llm-backend-failover-capacity",
        "_survives",
        ('"min_replicas": 4,', '"min_replicas": 4 if region == "us-east4" else 0,', '"min_replicas": 4,'),
        chosen="if us east4 else 0",
    ),
    "no health check": fix(
        "llm-backend-health-check",
        "_has_a_check",
        ("    health_checks=check.id,\n", "", "    health_checks=check.id,\n"),
        chosen="check",
    ),
    "a check that only connects": fix(
        "llm-backend-health-check",
        "_requests_an_allowed_path",
        (_CHECK, _CHECK.replace('http_health_check={"request_path": "/health", ', "tcp_health_check={"), _CHECK),
    ),
    "a check of /": fix(
        "llm-backend-health-check",
        "_requests_an_allowed_path",
        (_CHECK, _CHECK.replace("/health", "/"), _CHECK),
    ),
    "full when overloaded": fix(
        "llm-backend-max-utilization",
        "_utilization_is_bounded",
        ('"max_utilization": 0.8', '"max_utilization": 0.95', '"max_utilization": 0.8'),
    ),
    "a rate without a limit": fix(
        "llm-backend-max-utilization",
        "_is_bounded",
        (
            f'            "balancing_mode": "UTILIZATION",\n            "max_utilization": 0.8,\n{_RATE}',
            '            "balancing_mode": "RATE",\n',
            f'            "balancing_mode": "RATE",\n{_RATE}',
        ),
        chosen="4",
    ),
    "no port name": fix(
        "llm-backend-named-port",
        "_groups_define_it",
        ('    port_name="http",\n', "", '    port_name="http",\n'),
    ),
    "another named port": fix(
        "llm-backend-named-port",
        "_defines_port",
        ('named_ports=[{"name": "http",', 'named_ports=[{"name": "web",', 'named_ports=[{"name": "http",'),
    ),
    "no backends": fix(
        "llm-backend-regions",
        "_serves_nothing",
        ("        for region in REGIONS\n", "        for region in ()\n", "        for region in REGIONS\n"),
        chosen="REGIONS",
    ),
    "one region": fix(
        "llm-backend-regions",
        "_spans_regions",
        (
            "        for region in REGIONS\n",
            '        for region in ("us-central1",)\n',
            '        for region in ("us-central1", "us-east4")\n',
        ),
        chosen="",
    ),
    "a regional service": fix(
        "llm-backend-regions",
        "_has_peers_elsewhere",
        (_REGIONAL_SERVICE, _REGIONAL_SERVICE, 'service = gcp.compute.BackendService(\n    "chat",\n'),
        (_GROUP, _GROUP, _TWO_GROUPS),
        (
            'gcp.compute.RegionHealthCheck(\n    "health", region="us-central1", ',
            'gcp.compute.RegionHealthCheck(\n    "health", region="us-central1", ',
            'gcp.compute.HealthCheck(\n    "health", ',
        ),
        (
            'gcp.compute.RegionUrlMap("paths", region="us-central1", ',
            'gcp.compute.RegionUrlMap("paths", region="us-central1", ',
            'gcp.compute.URLMap("paths", ',
        ),
        (
            'gcp.compute.RegionTargetHttpProxy("http", region="us-central1", ',
            'gcp.compute.RegionTargetHttpProxy("http", region="us-central1", ',
            'gcp.compute.TargetHttpProxy("http", ',
        ),
        (
            'gcp.compute.ForwardingRule(\n    "http",\n    region="us-central1",\n',
            'gcp.compute.ForwardingRule(\n    "http",\n    region="us-central1",\n',
            'gcp.compute.GlobalForwardingRule(\n    "http",\n',
        ),
        program=REGIONAL,
        chosen="HealthCheck URLMap TargetHttpProxy GlobalForwardingRule projects p demo regions east4 "
        "instanceGroups llm",
    ),
    "one region of Cloud Run": fix(
        "llm-backend-regions",
        "_spans_regions",
        (
            'over("chat", on_run("llm"))',
            'over("chat", on_run("llm"))',
            'over("chat", on_run("llm"), gcp.compute.RegionNetworkEndpointGroup('
            '"tts", region="europe-west4", cloud_run={"service": "tts"}).id)',
        ),
        program=NEGS,
        chosen="gcp compute europe west4 cloud_run tts id",
    ),
    "one region of App Engine": fix(
        "llm-backend-regions",
        "_spans_regions",
        (
            'over("chat", on_run("llm"))',
            'over("chat", on_app_engine("llm"))',
            'over("chat", on_run("llm"), gcp.compute.RegionNetworkEndpointGroup('
            '"tts", region="europe-west4", cloud_run={"service": "tts"}).id)',
        ),
        program=NEGS,
        chosen="gcp compute on_run europe west4 cloud_run tts id",
    ),
    "one region of endpoints": fix(
        "llm-backend-regions",
        "_spans_regions",
        (_ONE_NEG, _ONE_NEG, f"{_ONE_NEG[:-1]}, {_ELSEWHERE}]"),
        program=ENDPOINTS,
        chosen="projects p demo zones us east4 networkEndpointGroups llm",
    ),
    "one zone of endpoints": fix(
        "llm-backend-zones",
        "_spans_zones",
        (_ONE_NEG, _ONE_NEG, f"{_ONE_NEG[:-1]}, {_ELSEWHERE.replace('us-east4-a', 'us-central1-b')}]"),
        program=ENDPOINTS,
        chosen="projects p demo zones us central1 b networkEndpointGroups llm",
    ),
    "a check that Ollama has not": fix(
        "llm-backend-health-check",
        "_requests_an_allowed_path",
        ("vllm/vllm-openai --api-key", *2 * ("ollama/ollama --api-key",)),
        (_CHECK, _CHECK.replace("/health", "/healthz"), _CHECK.replace("/health", "/api/version")),
        servers=["ollama"],
    ),
    "one zone": fix(
        "llm-backend-zones",
        "_spans_zones",
        ('shape="BALANCED"', 'shape="ANY_SINGLE_ZONE"', 'shape="BALANCED"'),
    ),
}
