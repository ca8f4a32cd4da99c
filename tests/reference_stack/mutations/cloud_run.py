"""Slips of operators in services of Cloud Run."""

from tests.reference_stack.mutations.mutation import run_mutation

SERVICE, SERVER = "cloud_run/service.py", "server.py"
_PROBE = """                "http_get": {"path": server.health_path},
                "period_seconds": 10,
                "timeout_seconds": 5,
"""
_READINESS = f"""            "readiness_probe": {{
{_PROBE}                "failure_threshold": 3,
                "success_threshold": 2,
            }},
"""
_STARTUP = '"failure_threshold": math.ceil(max(server.load_seconds, LEAST_STARTUP_SECONDS) / 10),'
_STARTUP_PROBE = f"{_PROBE}                {_STARTUP}"
_OPEN_PORT = '                "tcp_socket": {"port": server.port},\n                "period_seconds": 10,\n'
_MINIMUM = 'scaling={"min_instance_count": args.min_instances},'
_MAXIMUM = '"scaling": {"max_instance_count": args.max_instances},'
_INGRESS = 'ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",'
_URL = "default_uri_disabled=True,"
_CONCURRENCY = '"max_instance_request_concurrency": instance.concurrency,'
_TIMEOUT = '"timeout": f"{instance.timeout_seconds}s",'
_KEY = '"value_source": {"secret_key_ref": {"secret": self._args.secret, "version": "latest"}},'
_INVOKER = "invoker_iam_disabled=True,"

MUTATIONS = {
    "run: no readiness probe": run_mutation(
        (SERVICE, _READINESS, ""),
        fires={"run-service-probes", "llm-backend-failover-signal"},
    ),
    "run: readiness of another path": run_mutation(
        (SERVICE, _READINESS, _READINESS.replace("server.health_path", '"/"')),
        fires={"run-service-probes"},
    ),
    "run: one region without a readiness probe": run_mutation(
        (
            SERVICE,
            _READINESS,
            f"            **({{}} if self._args.region == 'europe-west4' else {{\n{_READINESS}}}),\n",
        ),
        fires={"run-service-probes", "llm-backend-failover-signal"},
    ),
    "run: started when the port is open": run_mutation(
        (SERVICE, _STARTUP_PROBE, _STARTUP_PROBE.replace(_PROBE, _OPEN_PORT)),
        fires={"run-service-probes"},
    ),
    "run: no time to load the model": run_mutation(
        (SERVICE, _STARTUP, '"failure_threshold": 3,'),
        fires={"run-service-probes"},
    ),
    "run: more time to load than Cloud Run gives": run_mutation(
        (SERVICE, _STARTUP, '"failure_threshold": 360,'),
        fires={"run-service-probes"},
    ),
    "run: a timeout of probes above their period": run_mutation(
        (SERVICE, _STARTUP_PROBE, _STARTUP_PROBE.replace("5,", "15,", 1)),
        fires={"run-service-probes"},
    ),
    "run: busy servers are killed": run_mutation(
        (SERVICE, '"failure_threshold": 10,', '"failure_threshold": 1,'),
        (SERVICE, '"period_seconds": 30,', '"period_seconds": 10,'),
        fires={"run-service-probes"},
    ),
    "run: no minimum": run_mutation(
        (SERVICE, _MINIMUM, ""),
        fires={"llm-backend-failover-signal"},
    ),
    "run: a minimum of none": run_mutation(
        (SERVICE, _MINIMUM, 'scaling={"min_instance_count": 0},'),
        fires={"llm-backend-failover-signal"},
    ),
    "run: one instance at most": run_mutation(
        (SERVICE, _MAXIMUM, '"scaling": {"max_instance_count": 1},'),
        fires=set(),
        undecided={"llm-backend-failover-capacity", "run-service-capacity"},
    ),
    "run: a maximum below the minimum": run_mutation(
        (SERVICE, _MINIMUM, 'scaling={"min_instance_count": 5},'),
        fires={"run-service-capacity"},
        undecided={"llm-backend-failover-capacity"},
    ),
    "run: more requests than an instance has slots": run_mutation(
        (SERVICE, _CONCURRENCY, '"max_instance_request_concurrency": 1000,'),
        fires={"run-service-capacity"},
    ),
    "run: no CPU between requests": run_mutation(
        (SERVICE, '"cpu_idle": False,', '"cpu_idle": True,'),
        fires={"run-service-capacity"},
    ),
    "run: too little CPU for the GPU": run_mutation(
        (SERVICE, '"cpu": str(instance.cpu)', '"cpu": "2"'),
        fires={"run-service-capacity"},
    ),
    "run: memory in megabytes": run_mutation(
        (SERVICE, 'f"{instance.memory_gib}Gi"', 'f"{instance.memory_gib}Mi"'),
        fires={"run-service-capacity"},
    ),
    "run: the default timeout": run_mutation(
        (SERVICE, _TIMEOUT, ""),
        fires={"llm-backend-timeout"},
    ),
    "run: a timeout of a minute": run_mutation(
        (SERVICE, _TIMEOUT, '"timeout": "60s",'),
        fires={"llm-backend-timeout"},
    ),
    "run: a timeout longer than Cloud Run's": run_mutation(
        (SERVICE, _TIMEOUT, '"timeout": "7200s",'),
        fires={"llm-backend-timeout"},
    ),
    "run: open to the internet": run_mutation(
        (SERVICE, _INGRESS, 'ingress="INGRESS_TRAFFIC_ALL",'),
        (SERVICE, _URL, ""),
        fires={"run-service-ingress"},
    ),
    "run: Cloud Run's defaults": run_mutation(
        (SERVICE, _INGRESS, ""),
        (SERVICE, _URL, ""),
        fires={"run-service-ingress"},
    ),
    "run: the default URL left on": run_mutation(
        (SERVICE, _INGRESS, ""),
        (SERVICE, _URL, "default_uri_disabled=False,"),
        fires={"run-service-ingress"},
    ),
    "run: internal only, behind an external load balancer": run_mutation(
        (SERVICE, _INGRESS, 'ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",'),
        fires={"run-service-ingress"},
    ),
    "run: the key in the environment": run_mutation(
        (SERVICE, _KEY, '"value": "Tr0ub4dor-7bBq9-correct-horse",'),
        fires={"backend-no-plaintext-secrets"},
    ),
    "run: a key in the arguments": run_mutation(
        (SERVICE, "list(server.arguments)", '[*server.arguments, "--api-key=Tr0ub4dor-7bBq9-correct"]'),
        fires={"backend-no-plaintext-secrets"},
    ),
    "run: a token in the environment": run_mutation(
        (SERVER, '"HF_HUB_OFFLINE": "1",', '"HF_TOKEN": "hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",'),
        fires={"backend-no-plaintext-secrets"},
    ),
    "run: everybody may call, and the server asks for no key": run_mutation(
        (SERVER, '"vllm": "VLLM_API_KEY"', '"vllm": "UNUSED"'),
        fires={"backend-authentication"},
    ),
    "run: one region without an instance": run_mutation(
        (SERVICE, _MINIMUM, 'scaling={"min_instance_count": 0 if "west4" in name else 1},'),
        fires={"llm-backend-failover-signal"},
    ),
    "run: an older revision serves": run_mutation(
        (SERVICE, _INVOKER, f'{_INVOKER} traffics=[{{"revision": "llm-run-00001", "percent": 100}}],'),
        fires=set(),
        undecided={"llm-backend-failover-capacity", "llm-backend-failover-signal", "run-service-probes"},
    ),
    "run: GPUs in any one zone": run_mutation(
        (SERVICE, "not instance.zonal_redundancy", "True"),
        fires=set(),
        undecided={"run-service-capacity"},
    ),
}
