"""A model on Cloud Run as somebody writes it first, with Cloud Run's defaults, and as the messages lead to it."""

from tests.good_programs.parts import ENTRANCE

DEFAULTS = """
import pulumi_gcp as gcp

llm = gcp.cloudrunv2.Service(
    "llm",
    location="us-central1",
    template={
        "containers": [
            {
                "image": "us-docker.pkg.dev/my-project/llm/vllm:v0.9.1",
                "args": ["--model=google/gemma-3-4b-it"],
                "ports": {"container_port": 8000},
                "resources": {"limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}},
            }
        ],
        "node_selector": {"accelerator": "nvidia-l4"},
    },
)
gcp.cloudrunv2.ServiceIamMember(
    "public", name=llm.name, location=llm.location, role="roles/run.invoker", member="allUsers"
)
neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="us-central1", cloud_run={"service": llm.name})
chat = gcp.compute.BackendService("chat", backends=[{"group": neg.id}])
paths = gcp.compute.URLMap("llm", default_service=chat.id)
certificate = gcp.compute.ManagedSslCertificate("llm", managed={"domains": ["llm.example.com"]})
proxy = gcp.compute.TargetHttpsProxy("llm", url_map=paths.id, ssl_certificates=[certificate.id])
gcp.compute.GlobalForwardingRule("llm", target=proxy.id, port_range="443")
"""

GOOD = (
    "import pulumi_gcp as gcp\n"
    + ENTRANCE
    + """
negs = []
for region in ("us-central1", "europe-west4"):
    llm = gcp.cloudrunv2.Service(
        f"llm-{region}",
        location=region,
        ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        default_uri_disabled=True,
        scaling={"min_instance_count": 1},
        template={
            "timeout": "600s",
            "max_instance_request_concurrency": 16,
            "containers": [
                {
                    "image": "us-docker.pkg.dev/my-project/llm/vllm:v0.9.1",
                    "args": ["--model=google/gemma-3-4b-it"],
                    "ports": {"container_port": 8000},
                    "startup_probe": {"http_get": {"path": "/health"}, "period_seconds": 10, "failure_threshold": 60},
                    "readiness_probe": {"http_get": {"path": "/health"}},
                    "resources": {"limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}},
                    "envs": [
                        {
                            "name": "VLLM_API_KEY",
                            "value_source": {"secret_key_ref": {"secret": "llm-key", "version": "1"}},
                        }
                    ],
                }
            ],
            "node_selector": {"accelerator": "nvidia-l4"},
        },
    )
    gcp.cloudrunv2.ServiceIamMember(
        f"public-{region}", name=llm.name, location=llm.location, role="roles/run.invoker", member="allUsers"
    )
    negs.append(
        gcp.compute.RegionNetworkEndpointGroup(f"llm-{region}", region=region, cloud_run={"service": llm.name})
    )
chat = gcp.compute.BackendService(
    "chat",
    backends=[{"group": neg.id} for neg in negs],
    security_policy=armor_policy().id,
    log_config={"enable": True, "sample_rate": 1.0},
)
entrance(chat)
"""
)
