"""Configurations that no provider, proxy or machine takes, beside the legal ones that look like them."""

from __future__ import annotations

from typing import Any

from tests.reference_stack.config.broken import Row
from tests.reference_stack.stacks import GONE

Changes = dict[str, Any]
IMAGE = "docker.io/vllm/vllm-openai@sha256:"
DIGEST = "014a95f21c9edf6abe0aea6b07353f96baa4ec291c427bb1176dc7c93a85845c"


def gpu_machine(machine_type: str, gpu: str, count: int = 1, **more: Any) -> Changes:
    return {
        "machine/type": machine_type,
        "machine/gpu": {"type": gpu, "count": count},
        **{f"machine/{k}": v for k, v in more.items()},
    }


def cpu_machine(machine_type: str, **more: Any) -> Changes:
    return {"machine/type": machine_type, **{f"machine/{key}": value for key, value in more.items()}}


NEW = {"boot_disk": "hyperdisk-balanced", "architecture": "x86-64"}
L4, H100, H200 = "nvidia-l4", "nvidia-h100-80gb", "nvidia-h200-141gb"
GROUP = {"frontend/iap_members": ["group:llm@corp.com"]}

MACHINES: list[Row] = [
    ("prod", {"machine/type": "g2-standard-9"}, {"machine.type": "Write g2-standard-4 or g2-standard-8"}),
    ("prod", {"machine/type": "g2standard8"}, {"machine.type": "Write one like"}),
    ("prod", {"machine/type": "g2-standrad-8"}, {"machine.type": "Write g2-standard-8"}),
    ("prod", {"machine/type": "g5-standard-8"}, {"machine.type": "Write g"}),
    ("prod", gpu_machine("tpu7x-standard-4t", L4), {"machine.type": "If it is newer than 2026-04-13"}),
    ("prod", {"machine/gpu/count": 4}, {"machine.gpu.count": "Set it to 1"}),
    ("prod", gpu_machine("g2-standard-96", L4, 1), {"machine.gpu.count": "Set it to 8"}),
    (
        "prod",
        gpu_machine("a2-ultragpu-2g", "nvidia-tesla-a100", 1),
        {"machine.gpu.type": "Set it to nvidia-a100-80gb", "machine.gpu.count": "Set it to 2"},
    ),
    (
        "prod",
        gpu_machine("a3-highgpu-1g", H100),
        {"machine.provisioning": "Name a reservation in machine.reservation, or"},
    ),
    ("prod", gpu_machine("a3-ultragpu-8g", H200, 8), {"machine.provisioning": "Name a reservation"}),
    ("prod", gpu_machine("a4-highgpu-8g", "nvidia-b200", 8), {"machine.provisioning": "Name a reservation"}),
    (
        "prod",
        gpu_machine("a4x-highgpu-4g", "nvidia-gb200", 4, provisioning="spot"),
        {"machine.provisioning": "Remove it, and name a reservation"},
    ),
    (
        "prod",
        gpu_machine("a3-highgpu-1g", H100, provisioning="spot", reservation="llm"),
        {"machine.reservation": "Remove it"},
    ),
    ("prod", {"machine/provisioning": "flex-start"}, {"machine.provisioning": "Write one of these"}),
    ("prod", {"machine/provisioning": "Spot"}, {"machine.provisioning": "Write spot"}),
    ("prod", {"machine/reservation": "My_Reservation"}, {"machine.reservation": "Write one like llm"}),
    (
        "prod",
        {"machine/provisioning": "spot", "regions/us-east4/reserve": True},
        {"regions.us-east4.reserve": "Remove it"},
    ),
    (
        "prod",
        {"machine/reservation": "llm", "regions/us-east4/reserve": True},
        {"regions.us-east4.reserve": "Remove one of the two"},
    ),
    ("prod", gpu_machine("n1-standard-8", L4), {"machine.gpu.type": "Write nvidia-tesla-t4"}),
    ("prod", gpu_machine("n1-standard-8", "nvidia-tesla-t4", 3), {"machine.gpu.count": "Give 1 or 2 or 4"}),
    ("prod", gpu_machine("n1-standard-96", "nvidia-tesla-t4", 1), {"machine.gpu.count": "Give 4"}),
    ("prod", gpu_machine("n1-standard-3", "nvidia-tesla-t4", 1), {"machine.type": "Write n1-standard-1"}),
    ("prod", gpu_machine("n1-highmem-16", "nvidia-tesla-v100", 1), {"machine.gpu.count": "Give 2 or 4 or 8"}),
    ("prod", {"machine/gpu/type": "L4"}, {"machine.gpu.type": "Write one like nvidia-l4"}),
    ("prod", {"machine/gpu/count": 0}, {"machine.gpu.count": "Give 1 to 16"}),
    ("prod", {"machine/gpu/driver": 550}, {"machine.gpu.driver": "Give a text"}),
    ("prod", {"machine/unlisted": NEW}, {"machine.unlisted": "Remove it"}),
    (
        "prod",
        {"machine/unlisted": {}},
        {"machine.unlisted": "Remove", "machine.unlisted.boot_disk": "Set", "machine.unlisted.architecture": "Set"},
    ),
    (
        "prod",
        {"machine/type": "g5-standard-8", "machine/unlisted": {"boot_disk": "pd-standard", "architecture": "arm"}},
        {"machine.unlisted.boot_disk": "Write one", "machine.unlisted.architecture": "Write"},
    ),
    ("prod", {"machine/secure_boot": False}, {"machine.secure_boot": "Say in machine.secure_boot_reason why"}),
    ("dev", cpu_machine("n4-standard-6"), {"machine.type": "Write n4-standard-2"}),
    ("dev", cpu_machine("e2-standard-5"), {"machine.type": "Write e2-standard-2"}),
    ("dev", cpu_machine("e2-standerd-4"), {"machine.type": "Write e2-standard-4"}),
    ("dev", cpu_machine("c3-standard-192-metal"), {"machine.type": "If it is newer"}),
    ("dev", cpu_machine("c4a-standard-8", gpu={"type": L4}), {"machine.gpu": "Remove it"}),
    ("dev", cpu_machine("E2-standard-4"), {"machine.type": "Write one like"}),
    ("dev", cpu_machine(""), {"machine.type": "Write one like"}),
    ("dev", {"machine/disk_gb": 10}, {"machine.disk_gb": "Give 20 to 10000"}),
    ("dev", {"machine/disk_gb": 50.5}, {"machine.disk_gb": "Give 20 to 10000"}),
]

PLACES: list[Row] = [
    ("dev", {"regions/us-east1/zones": ["us-east1-b", "us-east1-b"]}, {"regions.us-east1.zones[1]": "Name another"}),
    ("dev", {"regions/us-east1/zones": ["us-east1-b", "us-east1"]}, {"regions.us-east1.zones[1]": "Write one like"}),
    ("dev", {"regions/us-east1/zones": ["us-east1-b", "us-east1-z"]}, {"regions.us-east1.zones[1]": "Write one like"}),
    ("dev", {"regions/us-east1/zones": ["us-east1-b", "c"]}, {"regions.us-east1.zones[1]": "Write one like"}),
    ("dev", {"regions/us-east1/zones": ["us-east1-b", None]}, {"regions.us-east1.zones[1]": "Set it"}),
    ("dev", {"regions/us-east1": None}, {"regions.us-east1": "Set its keys: cidr, zones"}),
    ("dev", {"regions/us-east1": []}, {"regions.us-east1": "Write a mapping"}),
    ("dev", {"regions": ["us-east1", "us-west1"]}, {"regions": "Write a mapping"}),
    ("dev", {"regions": {}}, {"regions": "Give at least two"}),
    ("dev", {"regions/us-east1/cidr": "10.10.1.0"}, {"regions.us-east1.cidr": "Give a range, like 10.10.1.0/24"}),
    ("dev", {"regions/us-east1/cidr": "10.10.1.0/33"}, {"regions.us-east1.cidr": "Give an address and a prefix"}),
    ("dev", {"regions/us-east1/cidr": "10.10.1/24"}, {"regions.us-east1.cidr": "Give an address and a prefix"}),
    ("dev", {"regions/us-east1/cidr": "fd00::/64"}, {"regions.us-east1.cidr": "Give an address and a prefix"}),
    ("dev", {"regions/us-east1/cidr": "127.0.0.0/24"}, {"regions.us-east1.cidr": "Give one of 10.0.0.0/8"}),
    ("dev", {"regions/us-east1/cidr": "169.254.0.0/24"}, {"regions.us-east1.cidr": "Give one of 10.0.0.0/8"}),
    ("dev", {"regions/us-east1/cidr": "10.10.1.0/29"}, {"regions.us-east1.cidr": "Give a /28 or larger"}),
    ("dev", {"regions/us-east1/cidr": 10}, {"regions.us-east1.cidr": "Give a text"}),
    (
        "internal",
        {"regions/europe-west1/proxy_cidr": "10.30.0.0/22"},
        {
            "regions.europe-west1.proxy_cidr": "Give each subnet its own range",
            "regions.europe-west4.cidr": "Give each subnet its own range",
        },
    ),
]

TEXTS: list[Row] = [
    ("prod", {"frontend/client_ranges": ["not-a-range"]}, {"frontend.client_ranges[0]": "Give ranges like"}),
    ("prod", {"frontend/client_ranges": ["203.0.113.7/24"]}, {"frontend.client_ranges[0]": "Write 203.0.113.0/24"}),
    ("prod", {"frontend/client_ranges": ["*", "203.0.113.0/24"]}, {"frontend.client_ranges": "Write `*` alone"}),
    (
        "prod",
        {"frontend/client_ranges": [f"203.0.113.{n}" for n in range(11)]},
        {"frontend.client_ranges": "Give 1 to"},
    ),
    ("prod", {"frontend/iap_members": ["bob"]}, {"frontend.iap_members[0]": "Write user:ann@example.com"}),
    ("prod", {"frontend/iap_members": ["bob@corp.com"]}, {"frontend.iap_members[0]": "Write user:bob@corp.com"}),
    ("prod", {"frontend/iap_members": ["users:b@corp.com"]}, {"frontend.iap_members[0]": "Write user:ann"}),
    ("prod", {"frontend/iap_members": ["allUsers"]}, {"frontend.iap_members[0]": "Name users, groups"}),
    ("prod", {"frontend/domain": "llm"}, {"frontend.domain": "Write one like"}),
    ("prod", {"frontend/domain": "https://llm.corp.com"}, {"frontend.domain": "Write one like"}),
    ("prod", {"frontend/domain": "*.corp.com"}, {"frontend.domain": "Write one like"}),
    ("prod", {"frontend/domain": 64 * "a" + ".com"}, {"frontend.domain": "Write one like"}),
    ("prod", {"operations/alert_emails": ["nobody"]}, {"operations.alert_emails[0]": "Write one like"}),
    ("prod", {"operations/alert_emails": "a@corp.com"}, {"operations.alert_emails": "Write a list"}),
    ("prod", {"model/image": IMAGE + DIGEST[1:]}, {"model.image": "Give sha256: and 64"}),
    ("prod", {"model/image": IMAGE + DIGEST.upper()}, {"model.image": "Give sha256: and 64"}),
    (
        "prod",
        {"model/image": f"vllm/vllm-openai@sha256:{DIGEST}"},
        {"model.image": "Write it in front, without"},
    ),
    ("prod", {"model/image": f"docker.io/vLLM/x@sha256:{DIGEST}"}, {"model.image": "Write it like"}),
    ("prod", {"model/manifest_sha256": f"sha256:{DIGEST}"}, {"model.manifest_sha256": "Write its 64"}),
    ("prod", {"model/name": "$(reboot)"}, {"model.name": "Leave out the rest"}),
    ("prod", {"model/name": "my model"}, {"model.name": "Leave out the rest"}),
    ("prod", {"model/weights": "../other"}, {"model.weights": "Write one like model/v1"}),
    ("prod", {"model/weights": "gs://bucket/v1"}, {"model.weights": "Write one like model/v1"}),
    ("dev", {"model/file": "model.safetensors"}, {"model.file": "Write one like model.gguf"}),
    ("dev", {"model/file": "a/b.gguf"}, {"model.file": "Write one like model.gguf"}),
    ("prod", {"model/arguments": ["--seed", 1]}, {"model.arguments[1]": "Give a text, in quotes"}),
    ("prod", {"model/arguments": ["--api-key", "x"]}, {"model.arguments[0]": "Remove it"}),
    ("prod", {"model/arguments": ["--port=1"]}, {"model.arguments[0]": "Remove it"}),
    ("prod", {"model/arguments": ["a\nb"]}, {"model.arguments[0]": "Write it in one line"}),
    ("prod", {"model/arguments": [""]}, {"model.arguments[0]": "Remove it"}),
    ("prod", {"model/arguments": ['--override {"a": 1}']}, {"model.arguments[0]": "Write two: --override and"}),
    ("prod", {"model/arguments": [{"a": 1}]}, {"model.arguments[0]": "Give a text"}),
    ("prod", {"traffic/autoscaler_target": float("nan")}, {"traffic.autoscaler_target": "Give 0.1 to 0.95"}),
    ("prod", {"traffic/autoscaler_target": "0.5"}, {"traffic.autoscaler_target": "Give 0.1 to 0.95, without quotes"}),
    ("run", {"instance/cpu": 6}, {"instance.memory_gib": "Give at most 24, or more CPUs"}),
    (
        "run",
        {"instance": {"cpu": 8, "memory_gib": 2}, "model/load_seconds": 300},
        {"instance.memory_gib": "Give 4 to 32", "model.runtime": "Set one, or use llama.cpp"},
    ),
    ("run", {"instance/cpu": 4}, {"instance.memory_gib": "Give at most 16"}),
]

SEVERAL: list[Row] = [
    (
        "dev",
        {
            "regions/us-east1/minreplicas": 2,
            "regions/us-east1/min_replicas": GONE,
            "regions/us-east1/cidr": "10.10.0.0/25",
            "machine/disk_gb": "big",
            "traffic/draining_seconds": 60,
            "frontend/domain": "LLM",
        },
        {
            "regions.us-east1.cidr": "Give each subnet its own range",
            "regions.us-east1.minreplicas": "Write min_replicas",
            "machine.disk_gb": "Give 20 to 10000",
            "traffic.draining_seconds": "Set it to 600",
            "frontend.domain": "Write one like",
        },
    ),
    (
        "prod",
        {"frontend": {"kind": "internal", "domain": "llm.corp.com"}},
        {f"regions.{name}.proxy_cidr": "Give a /26 or larger" for name in ("us-central1", "us-east4", "us-west1")},
    ),
    (
        "prod",
        {"frontend/kind": "Internal", "regions/us-east4/proxy_cidr": "10.9.0.0/23", "machine/gpu/count": 2},
        {"frontend.kind": "Write internal", "machine.gpu.count": "Set it to 1"},
    ),
    (
        "prod",
        {"machine/gpu/driver": 1, "machine/gpu/count": 2, "machine/disk_gb": GONE},
        {"machine.gpu.driver": "Give a text", "machine.gpu.count": "Set it to 1", "machine.disk_gb": "Set it"},
    ),
    (
        "dev",
        {"model/runtime": "llamacpp", "model/proxy_image": "nginx", "model/load_seconds": 5000},
        {"model.runtime": "Write llama.cpp", "model.load_seconds": "Get it to 3000 s"},
    ),
    ("dev", {"machine/GPU": {}}, {"machine.GPU": "Write gpu"}),
    ("dev", {"machine/diskGb": 50, "machine/disk_gb": GONE}, {"machine.diskGb": "Write disk_gb"}),
    ("dev", {"machine/timeout_seconds": 600}, {"machine.timeout_seconds": "Move it there"}),
    ("dev", {"domain": "llm.corp.com"}, {"domain": "Move it there"}),
    ("dev", {"instance": {"cpu": 4}}, {"instance": "Remove it"}),
    ("run", {"machine": {"type": "e2-standard-4"}}, {"machine": "Remove it"}),
    ("run", {"model/file": "a.gguf"}, {"model.file": "Remove it"}),
    ("prod", {"model/proxy_image": IMAGE + DIGEST}, {"model.proxy_image": "Remove it"}),
    ("run", {"model/proxy_image": IMAGE + DIGEST}, {"model.proxy_image": "Remove it"}),
    ("internal", {"frontend/client_ranges": ["*"]}, {"frontend.client_ranges": "Remove it"}),
    ("internal", {"frontend/clientranges": ["*"]}, {"frontend.clientranges": "Remove it; client_ranges counts only"}),
    ("run", {"regions/europe-west1/min_replicas": 2}, {"regions.europe-west1.min_replicas": "Remove it"}),
    ("run", {"traffic/concurency": 8}, {"traffic.concurency": "Remove it; concurrency is there"}),
]

BUILT: list[tuple[str, Changes]] = [
    ("prod", gpu_machine("g2-standard-48", L4, 4)),
    ("prod", gpu_machine("g2-standard-8", "nvidia-l4-vws")),
    ("prod", gpu_machine("g2-custom-8-49152", L4)),
    ("prod", gpu_machine("g4-standard-96", "nvidia-rtx-pro-6000", 2)),
    ("prod", gpu_machine("a2-megagpu-16g", "nvidia-tesla-a100", 16)),
    ("prod", gpu_machine("a3-highgpu-8g", H100, 8)),
    ("prod", gpu_machine("a3-highgpu-1g", H100, provisioning="spot")),
    ("prod", gpu_machine("a3-highgpu-4g", H100, 4, reservation="llm")),
    ("prod", gpu_machine("a3-ultragpu-8g", H200, 8, reservation="projects/pool-1/reservations/h200")),
    ("prod", gpu_machine("a4x-highgpu-4g", "nvidia-gb200", 4, reservation="llm")),
    ("prod", gpu_machine("n1-standard-32", "nvidia-tesla-t4", 2)),
    ("prod", gpu_machine("custom-8-32768", "nvidia-tesla-t4", 1)),
    ("prod", gpu_machine("g5-standard-8", "nvidia-x1", 3, unlisted=NEW)),
    ("prod", gpu_machine("g2-standard-8", L4, secure_boot=False, secure_boot_reason="unsigned driver")),
    *(
        ("dev", cpu_machine(machine_type))
        for machine_type in (
            *("c4-standard-8", "c4a-highcpu-16", "n4-standard-4", "n2d-highmem-48", "t2a-standard-4", "e2-medium"),
            *("n2-custom-8-32768", "e2-custom-4-8192", "n2-custom-2-65536-ext", "c3-standard-8-lssd", "c2d-standard-8"),
        )
    ),
    ("dev", cpu_machine("z9-standard-8", unlisted={"boot_disk": "pd-balanced", "architecture": "arm64"})),
    ("dev", {"regions/us-east1/zones": ["us-east1-b", "us-east1-ai1a"]}),
    ("dev", {"regions/us-east1/cidr": "100.64.0.0/24"}),
    ("dev", {"regions/us-east1/cidr": "172.31.255.224/27"}),
    ("dev", {"traffic/autoscaler_target": 0.5, "operations/log_sample_rate": 1, "operations/cmek": False}),
    ("prod", {"frontend/client_ranges": ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"]}),
    ("prod", GROUP),
    (
        "prod",
        {"frontend/iap_members": ["domain:corp.com", "principalSet://iam.googleapis.com/x", "user:a.b+c@corp.com"]},
    ),
    ("prod", {"model/arguments": ["--override-generation-config", '{"temperature": 0.2}', "--max-model-len=8192"]}),
    ("prod", {"model/arguments": ["--chat-template-content-format=string", "--x=a b"]}),
    ("prod", {"model/image": f"us-docker.pkg.dev/p/r/vllm__x:v0.11.0@sha256:{DIGEST}"}),
    ("run", {"instance/cpu": 4, "instance/memory_gib": 16}),
    ("run", {"instance/cpu": 6, "instance/memory_gib": 24}),
]
