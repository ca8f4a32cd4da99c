"""What each stack registers: types and counts, and the attributes that everything rests on."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from policypack.model.values.values import UNKNOWN
from policypack.sources.error import SourceError
from tests.reference_stack.stacks import MACHINE_STACKS, STACKS, Registered, changed, run_program, stack_config

pytestmark = pytest.mark.usefixtures("_warm")

EVERYWHERE = {
    "gcp:artifactregistry/repository:Repository": 1,
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": 1,
    "gcp:certificatemanager/certificate:Certificate": 1,
    "gcp:compute/backendService:BackendService": 1,
    "gcp:compute/firewall:Firewall": 5,
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": 2,
    "gcp:compute/network:Network": 1,
    "gcp:compute/route:Route": 1,
    "gcp:compute/sSLPolicy:SSLPolicy": 1,
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": 1,
    "gcp:monitoring/customService:CustomService": 1,
    "gcp:monitoring/dashboard:Dashboard": 1,
    "gcp:monitoring/notificationChannel:NotificationChannel": 1,
    "gcp:monitoring/slo:Slo": 1,
    "gcp:projects/iAMMember:IAMMember": 2,
    "gcp:secretmanager/secret:Secret": 1,
    "gcp:secretmanager/secretIamMember:SecretIamMember": 1,
    "gcp:serviceaccount/account:Account": 1,
    "gcp:storage/bucket:Bucket": 2,
    "gcp:storage/bucketIAMMember:BucketIAMMember": 1,
}
EXTERNAL = {
    "gcp:certificatemanager/certificateMap:CertificateMap": 1,
    "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": 1,
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": 1,
    "gcp:compute/globalAddress:GlobalAddress": 1,
    "gcp:compute/securityPolicy:SecurityPolicy": 1,
    "gcp:compute/targetHttpProxy:TargetHttpProxy": 1,
    "gcp:compute/uRLMap:URLMap": 2,
    "gcp:dns/managedZone:ManagedZone": 3,
    "gcp:dns/recordSet:RecordSet": 6,
    "gcp:monitoring/alertPolicy:AlertPolicy": 8,
    "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig": 1,
    "gcp:projects/service:Service": 11,
    "gcp:projects/serviceIdentity:ServiceIdentity": 2,
}
INTERNAL = {
    "gcp:certificateauthority/authority:Authority": 1,
    "gcp:certificateauthority/caPool:CaPool": 1,
    "gcp:certificateauthority/caPoolIamMember:CaPoolIamMember": 1,
    "gcp:certificatemanager/certificateIssuanceConfig:CertificateIssuanceConfig": 1,
    "gcp:compute/uRLMap:URLMap": 1,
    "gcp:dns/managedZone:ManagedZone": 4,
    "gcp:dns/recordSet:RecordSet": 7,
    "gcp:monitoring/alertPolicy:AlertPolicy": 7,
    "gcp:projects/service:Service": 12,
    "gcp:projects/serviceIdentity:ServiceIdentity": 3,
}


def of_regions(regions: int, *, proxies: bool = False) -> dict[str, int]:
    return {
        "gcp:compute/healthCheck:HealthCheck": regions + 1,
        "gcp:compute/regionAutoscaler:RegionAutoscaler": regions,
        "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": regions,
        "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": regions,
        "gcp:compute/subnetwork:Subnetwork": 2 * regions if proxies else regions,
        "gcp:kms/cryptoKey:CryptoKey": regions + 2,
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": regions + 3,
        "gcp:kms/keyRing:KeyRing": regions + 2,
    }


def on_cloud_run(regions: int) -> dict[str, int]:
    return {
        "gcp:cloudrunv2/service:Service": regions,
        "gcp:compute/firewall:Firewall": 3,
        "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": regions,
        "gcp:compute/subnetwork:Subnetwork": regions,
        "gcp:kms/cryptoKey:CryptoKey": regions + 2,
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": 2 * regions + 2,
        "gcp:kms/keyRing:KeyRing": regions + 2,
        "gcp:monitoring/alertPolicy:AlertPolicy": 7,
        "gcp:projects/service:Service": 12,
        "gcp:projects/serviceIdentity:ServiceIdentity": 3,
        "gcp:storage/bucket:Bucket": regions + 1,
        "gcp:storage/bucketIAMMember:BucketIAMMember": regions,
    }


INVENTORY = {
    "dev": EVERYWHERE | EXTERNAL | of_regions(2),
    "prod": EVERYWHERE | EXTERNAL | of_regions(3),
    "internal": EVERYWHERE | INTERNAL | of_regions(2, proxies=True),
    "run": EVERYWHERE | EXTERNAL | on_cloud_run(2),
}


@functools.cache
def registered(folder: Path, stack: str) -> Registered:
    return run_program(folder, stack, stack_config(folder, stack))


@pytest.mark.parametrize("stack", STACKS)
def test_types_and_counts(stack_dir: Path, stack: str) -> None:
    assert registered(stack_dir, stack).counts(custom=True) == INVENTORY[stack]


@pytest.mark.parametrize("stack", STACKS)
def test_names_are_unique_for_a_type(stack_dir: Path, stack: str) -> None:
    urns = [(row["type"], row["name"]) for row in registered(stack_dir, stack).resources]
    assert len(urns) == len(set(urns))


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_backend_service(stack_dir: Path, stack: str) -> None:
    run = registered(stack_dir, stack)
    service = run.of("BackendService")["llm-service"]
    assert service["loadBalancingScheme"] == ("INTERNAL_MANAGED" if stack == "internal" else "EXTERNAL_MANAGED")
    assert (service["protocol"], service["portName"], service["sessionAffinity"]) == ("HTTP", "http", "NONE")
    assert len(service["backends"]) == len(run.of("RegionInstanceGroupManager"))
    for backend in service["backends"]:
        assert backend["balancingMode"] == "UTILIZATION"
        assert 0 < backend["maxUtilization"] <= 0.8
        assert backend["maxRatePerInstance"] > 0
        assert backend["capacityScaler"] == 1
    assert service["connectionDrainingTimeoutSec"] >= service["timeoutSec"] >= 600
    assert service["logConfig"]["enable"] is True
    assert ("outlierDetection" in service) == (stack != "internal") == ("securityPolicy" in service)


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_groups(stack_dir: Path, stack: str) -> None:
    run = registered(stack_dir, stack)
    for group in run.of("RegionInstanceGroupManager").values():
        assert group["namedPorts"] == [{"name": "http", "port": 8000}]
        assert len(group["distributionPolicyZones"]) > 1
        assert group["distributionPolicyTargetShape"] == "BALANCED"
        assert group["updatePolicy"]["maxSurgeFixed"] == len(group["distributionPolicyZones"])
        assert group["updatePolicy"]["maxUnavailableFixed"] == 0
        assert 600 < group["autoHealingPolicies"]["initialDelaySec"] <= 3600
        assert "targetSize" not in group
    scalers = [scaler["autoscalingPolicy"] for scaler in run.of("RegionAutoscaler").values()]
    limit = (len(scalers) - 1) / len(scalers)
    assert all(scaler["minReplicas"] >= 2 for scaler in scalers)
    assert all(scaler["loadBalancingUtilization"]["target"] <= limit for scaler in scalers)


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_machines(stack_dir: Path, stack: str) -> None:
    for template in registered(stack_dir, stack).of("RegionInstanceTemplate").values():
        assert all("accessConfigs" not in interface for interface in template["networkInterfaces"])
        assert set(template["shieldedInstanceConfig"].values()) == {True}
        assert template["scheduling"]["onHostMaintenance"] == ("MIGRATE" if stack == "dev" else "TERMINATE")
        assert bool(template.get("guestAccelerators")) == (stack != "dev")
        assert template["disks"][0]["diskEncryptionKey"] == {"kmsKeySelfLink": UNKNOWN}
        assert template["metadata"]["user-data"].startswith("#cloud-config\n")
        wanted = {"enable-oslogin": "TRUE", "block-project-ssh-keys": "TRUE", "serial-port-enable": "FALSE"}
        assert wanted.items() <= template["metadata"].items()


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_checks(stack_dir: Path, stack: str) -> None:
    checks = registered(stack_dir, stack).of("HealthCheck")
    balancer = checks.pop("llm-check")
    for check in (balancer, *checks.values()):
        assert check["httpHealthCheck"] == {
            "port": 8000,
            "portSpecification": "USE_FIXED_PORT",
            "requestPath": "/health",
        }
        assert check["logConfig"] == {"enable": True}
        assert check["timeoutSec"] <= check["checkIntervalSec"]
    slow = [check["checkIntervalSec"] * check["unhealthyThreshold"] for check in checks.values()]
    assert min(slow) > balancer["checkIntervalSec"] * balancer["unhealthyThreshold"]


@pytest.mark.parametrize("stack", MACHINE_STACKS)
def test_the_way_in(stack_dir: Path, stack: str) -> None:
    firewalls = registered(stack_dir, stack).of("Firewall")
    probes = ["35.191.0.0/16", "130.211.0.0/22"]
    proxies = ["10.30.8.0/23", "10.30.10.0/23"] if stack == "internal" else []
    assert firewalls["llm-allow-serving"]["sourceRanges"] == probes + proxies
    assert firewalls["llm-allow-serving"]["allows"] == [{"protocol": "tcp", "ports": ["8000"]}]
    assert firewalls["llm-allow-iap-ssh"]["sourceRanges"] == ["35.235.240.0/20"]
    assert firewalls["llm-deny-ingress"]["denies"] == firewalls["llm-deny-egress"]["denies"] == [{"protocol": "all"}]
    assert firewalls["llm-allow-google-apis"]["destinationRanges"] == ["199.36.153.4/30"]


@pytest.mark.parametrize("stack", STACKS)
def test_paths(stack_dir: Path, stack: str) -> None:
    url_map = registered(stack_dir, stack).of("URLMap")["llm-paths"]
    refused = {"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}}
    (matcher,) = url_map["pathMatchers"]
    assert url_map["defaultRouteAction"] == matcher["defaultRouteAction"] == refused
    (rule,) = matcher["pathRules"]
    assert all(path.startswith("/v1/") and "*" not in path for path in rule["paths"])
    assert rule["routeAction"]["retryPolicy"]["retryConditions"] == ["connect-failure"]


def test_internal_entries(stack_dir: Path) -> None:
    run = registered(stack_dir, "internal")
    assert set(run.of("GlobalForwardingRule")) == {"llm-europe-west1", "llm-europe-west4"}
    assert run.of("Certificate")["llm-certificate"]["scope"] == "ALL_REGIONS"
    geos = run.of("RecordSet")["llm-name"]["routingPolicy"]["geos"]
    assert [geo["location"] for geo in geos] == ["europe-west1", "europe-west4"]
    proxies = [subnet for subnet in run.of("Subnetwork").values() if subnet.get("purpose")]
    assert {subnet["purpose"] for subnet in proxies} == {"GLOBAL_MANAGED_PROXY"}


def test_services_on_cloud_run(stack_dir: Path) -> None:
    services = registered(stack_dir, "run").of("Service")
    for region in ("europe-west1", "europe-west4"):
        service = services[f"llm-{region}"]
        assert (service["name"], service["location"]) == ("llm-run", region)
        assert service["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
        assert service["defaultUriDisabled"] is service["invokerIamDisabled"] is service["deletionProtection"] is True
        assert service["scaling"] == {"minInstanceCount": 1}
        template = service["template"]
        assert (template["timeout"], template["scaling"]) == ("900s", {"maxInstanceCount": 4})
        assert template["nodeSelector"] == {"accelerator": "nvidia-l4"}
        assert template["gpuZonalRedundancyDisabled"] is False
        assert template["vpcAccess"]["egress"] == "ALL_TRAFFIC"
        bucket = {"bucket": f"my-llm-project-llm-run-weights-{region}", "readOnly": True}
        assert template["volumes"] == [{"name": "weights", "gcs": bucket}]


def test_the_container_on_cloud_run(stack_dir: Path) -> None:
    template = registered(stack_dir, "run").of("Service")["llm-europe-west1"]["template"]
    (container,) = template["containers"]
    slots = container["args"].index("--max-num-seqs")
    assert container["args"][slots + 1] == str(template["maxInstanceRequestConcurrency"])
    assert container["args"][container["args"].index("--model") + 1] == "/models/qwen3-8b/v1"
    assert container["image"].startswith(
        "europe-docker.pkg.dev/my-llm-project/llm-run-docker-io/vllm/vllm-openai@sha256:"
    )
    assert container["volumeMounts"] == [{"name": "weights", "mountPath": "/models"}]
    assert container["resources"] == {
        "limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"},
        "cpuIdle": False,
        "startupCpuBoost": True,
    }
    key = {"secretKeyRef": {"secret": "llm-run-api-key", "version": "latest"}}
    assert container["envs"][-1] == {"name": "VLLM_API_KEY", "valueSource": key}
    startup = container["startupProbe"]
    assert startup["failureThreshold"] * startup["periodSeconds"] == 900
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/health"}
        assert container[probe]["timeoutSeconds"] <= container[probe]["periodSeconds"]


def test_the_backend_service_over_cloud_run(stack_dir: Path) -> None:
    run = registered(stack_dir, "run")
    service = run.of("BackendService")["llm-service"]
    assert [set(backend) for backend in service["backends"]] == [{"group"}, {"group"}]
    assert set(service) == {"backends", "loadBalancingScheme", "logConfig", "protocol", "securityPolicy"}
    negs = run.of("RegionNetworkEndpointGroup")
    assert {neg["region"] for neg in negs.values()} == {"europe-west1", "europe-west4"}
    assert {neg["networkEndpointType"] for neg in negs.values()} == {"SERVERLESS"}


def test_llama_cpp_on_cloud_run_without_a_gpu(stack_dir: Path) -> None:
    changes: dict[str, Any] = {
        "llm-reference:instance": {"cpu": 4, "memory_gib": 16},
        "llm-reference:model/runtime": "llama.cpp",
        "llm-reference:model/file": "model.gguf",
        "llm-reference:model/load_seconds": 60,
        "llm-reference:model/arguments": ["--ctx-size", "8192"],
    }
    config = changed(stack_config(stack_dir, "run"), changes)
    template = run_program(stack_dir, "run", config).of("Service")["llm-europe-west1"]["template"]
    (container,) = template["containers"]
    assert "nodeSelector" not in template
    assert "gpuZonalRedundancyDisabled" not in template
    assert container["resources"]["limits"] == {"cpu": "4", "memory": "16Gi"}
    assert container["args"][-4:] == ["--ctx-size", "8192", "--parallel", "16"]
    assert container["args"][container["args"].index("--model") + 1] == "/models/qwen3-8b/v1/model.gguf"
    assert container["envs"][-1]["name"] == "LLAMA_API_KEY"
    assert container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] == 240


VARIANTS = [
    # what is changed in prod, the type whose count changes, the count
    ({"llm-reference:operations/cmek": False}, "CryptoKey", 0),
    ({"llm-reference:operations/cmek": False}, "Bucket", 1),
    ({"llm-reference:frontend/iap_members": ["group:llm@example.com"]}, "WebBackendServiceIamMember", 1),
    ({"llm-reference:frontend/iap_members": ["group:llm@example.com"]}, "UptimeCheckConfig", 0),
    ({"llm-reference:frontend/client_ranges": ["192.0.2.0/24"]}, "UptimeCheckConfig", 0),
    ({"llm-reference:regions/us-east4/reserve": True}, "Reservation", 2),
    ({"llm-reference:operations/alert_emails": ["a@example.com", "b@example.com"]}, "NotificationChannel", 2),
]


@pytest.mark.parametrize(("changes", "kind", "count"), VARIANTS)
def test_variants(stack_dir: Path, changes: dict[str, Any], kind: str, count: int) -> None:
    run = run_program(stack_dir, "prod", changed(stack_config(stack_dir, "prod"), changes))
    assert len(run.of(kind)) == count


def test_without_spare_quota_nothing_is_replaced_by_itself(stack_dir: Path) -> None:
    changes = {"llm-reference:machine/surge": False}
    run = run_program(stack_dir, "prod", changed(stack_config(stack_dir, "prod"), changes))
    for group in run.of("RegionInstanceGroupManager").values():
        assert (group["updatePolicy"]["type"], group["updatePolicy"]["maxSurgeFixed"]) == ("OPPORTUNISTIC", 0)


REPLICAS = {"min_replicas": 3, "max_replicas": 9}
REGIONS_MORE = {  # the entry, what the stack has with it, and what it changes: nothing that would be replaced
    "prod": (
        {"us-east1": {"cidr": "10.20.3.0/24", "zones": ["us-east1-b", "us-east1-c"], **REPLICAS}},
        EVERYWHERE | EXTERNAL | of_regions(4),
        {"llm-autoscaler-maximum", "llm-full-region", "llm-service"},
    ),
    "run": (
        {"us-east4": {"cidr": "10.40.2.0/24", "min_instances": 1, "max_instances": 4}},
        EVERYWHERE | EXTERNAL | on_cloud_run(3),
        {"llm-instance-maximum", "llm-no-instance", "llm-service"},
    ),
}


@pytest.mark.parametrize("stack", REGIONS_MORE)
def test_a_region_more_is_one_entry_more(stack_dir: Path, stack: str) -> None:
    entry, counts, changes = REGIONS_MORE[stack]
    config = stack_config(stack_dir, stack)
    (name,) = entry
    more = run_program(stack_dir, stack, changed(config, {f"llm-reference:regions/{name}": entry[name]}))
    assert more.counts(custom=True) == counts
    before, after = (
        {(row["type"], row["name"]): row["inputs"] for row in one.resources if row["custom"]}
        for one in (registered(stack_dir, stack), more)
    )
    assert {key[1] for key in before if before[key] != after.get(key)} == changes


def test_refused_before_any_resource_is_made(stack_dir: Path) -> None:
    config = changed(stack_config(stack_dir, "prod"), {"llm-reference:machine/gpu": None})
    with pytest.raises(SourceError, match=r"machine\.gpu: is missing"):
        run_program(stack_dir, "prod", config)
