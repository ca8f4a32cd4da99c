"""LLM backend services and their parts, as entries of a state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .entries import API, PROJECT, Entry, entry, unset, urn_of

REGIONS: Final = ("us-central1", "europe-west4")

_SERVICE: Final = "gcp:compute/backendService:BackendService"
_CHECK: Final = "gcp:compute/healthCheck:HealthCheck"
_TEMPLATE: Final = "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"
_MANAGER: Final = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
_AUTOSCALER: Final = "gcp:compute/regionAutoscaler:RegionAutoscaler"
_NETWORK: Final = "gcp:compute/network:Network"
_SUBNETWORK: Final = "gcp:compute/subnetwork:Subnetwork"
_FIREWALL: Final = "gcp:compute/firewall:Firewall"
_ARMOR: Final = "gcp:compute/securityPolicy:SecurityPolicy"
_URL_MAP: Final = "gcp:compute/uRLMap:URLMap"
_HTTPS_PROXY: Final = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"
_FORWARDING_RULE: Final = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
_ALERT: Final = "gcp:monitoring/alertPolicy:AlertPolicy"

_BACKEND_OUTPUTS: Final = {
    "customMetrics": [],
    "description": "",
    **dict.fromkeys(("maxConnections", "maxConnectionsPerInstance", "maxRate", "maxRatePerInstance"), 0),
    "preference": "",
}
_SERVICE_OUTPUTS: Final = {
    **unset("cdnPolicy", "circuitBreakers", "consistentHash", "customRequestHeaders", "iap", "tlsSettings"),
    **dict.fromkeys(("compressionMode", "edgeSecurityPolicy", "localityLbPolicy", "serviceLbPolicy"), ""),
    **{"affinityCookieTtlSec": 0, "customMetrics": [], "enableCdn": False, "fingerprint": "Zm9v"},
    **{"generatedId": 1016, "sessionAffinity": "NONE"},
}
_TEMPLATE_OUTPUTS: Final = {
    **unset("advancedMachineFeatures", "confidentialInstanceConfig", "labels", "namePrefix", "partnerMetadata"),
    **unset("reservationAffinity", "resourceManagerTags", "resourcePolicies", "workloadIdentityConfig"),
    **{"guestAccelerators": [], "instanceDescription": "", "minCpuPlatform": "", "numericId": "1008"},
    "effectiveLabels": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:foo"},
}
_DISK_OUTPUTS: Final = {
    **dict.fromkeys(("architecture", "deviceName", "diskName", "interface", "mode", "source", "storagePool"), ""),
    **dict.fromkeys(("diskSizeGb", "provisionedIops", "provisionedThroughput"), 0),
    **unset("diskEncryptionKey", "guestOsFeatures", "labels", "resourceManagerTags", "resourcePolicies"),
    **unset("sourceImageEncryptionKey", "sourceSnapshotEncryptionKey"),
}
_INTERFACE_OUTPUTS: Final = {
    **{"accessConfigs": [], "aliasIpRanges": [], "aliasIpv6Ranges": [], "ipv6AccessConfigs": []},
    **dict.fromkeys(("igmpQuery", "ipv6AccessType", "ipv6Address", "name", "network", "networkAttachment"), ""),
    **dict.fromkeys(("networkIp", "nicType", "parentNicName", "stackType"), ""),
    **{"internalIpv6PrefixLength": 0, "queueCount": 0, "vlan": 0},
}
_SCHEDULING_OUTPUTS: Final = {
    **dict.fromkeys(("availabilityDomain", "hostErrorTimeoutSeconds", "minNodeCpus"), 0),
    **dict.fromkeys(("instanceTerminationAction", "maintenanceInterval", "provisioningModel", "terminationTime"), ""),
    **{"localSsdRecoveryTimeouts": [], "nodeAffinities": [], "preemptible": False},
    **unset("gracefulShutdown", "maxRunDuration", "onInstanceStopAction", "preemptionNoticeDuration"),
}
_MANAGER_OUTPUTS: Final = {
    **unset("allInstancesConfig", "instanceFlexibilityPolicy", "params", "standbyPolicy"),
    **{"statefulDisks": [], "statefulExternalIps": [], "statefulInternalIps": [], "targetPools": []},
    **{"distributionPolicyTargetShape": "EVEN", "fingerprint": "Zm9v", "listManagedInstancesResults": "PAGELESS"},
    **{"instanceGroupManagerId": 1011, "instanceLifecyclePolicy": {"defaultActionOnFailure": "REPAIR"}},
    **{"targetStoppedSize": 0, "targetSuspendedSize": 0, "waitForInstances": False, "waitForInstancesStatus": "STABLE"},
    "statuses": [
        {
            "allInstancesConfigs": [{"currentRevision": "", "effective": True}],
            "isStable": True,
            "statefuls": [{"hasStatefulConfig": False, "perInstanceConfigs": [{"allEffective": True}]}],
            "versionTargets": [{"isReached": True}],
        }
    ],
}


def _path(name: str, collection: str, region: str | None = None) -> str:
    return f"projects/{PROJECT}/{f'regions/{region}' if region else 'global'}/{collection}/{name}"


def health_check(name: str) -> Entry:
    """A health check of `/health`."""
    inputs = {
        "name": name,
        "checkIntervalSec": 10,
        "healthyThreshold": 2,
        "httpHealthCheck": {
            "__defaults": ["proxyHeader"],
            "port": 8000,
            "proxyHeader": "NONE",
            "requestPath": "/health",
        },
        "logConfig": {"enable": True},
        "timeoutSec": 5,
        "unhealthyThreshold": 3,
    }
    others = unset("grpcHealthCheck", "http2HealthCheck", "httpsHealthCheck", "sslHealthCheck", "tcpHealthCheck")
    return entry(_CHECK, name, _path(name, "healthChecks"), inputs, {**others, "type": "HTTP"})


def template(name: str, region: str, subnetwork: str | None = None, tag: str = "llm") -> Entry:
    """A hardened instance template. Without a subnetwork of the stack it names one outside."""
    inputs: dict[str, Any] = {
        "name": name,
        "disks": [
            {"autoDelete": True, "boot": True, "sourceImage": "projects/cos-cloud/global/images/family/cos-stable"}
        ],
        "machineType": "g2-standard-8",
        "metadata": {"block-project-ssh-keys": "true", "enable-oslogin": "TRUE", "serial-port-enable": "false"},
        "networkInterfaces": [{"subnetwork": _path(subnetwork or "elsewhere", "subnetworks", region)}],
        "region": region,
        "scheduling": {"automaticRestart": True, "onHostMaintenance": "TERMINATE"},
        "serviceAccount": {
            "email": f"llm@{PROJECT}.iam.gserviceaccount.com",
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        },
        "shieldedInstanceConfig": {"enableIntegrityMonitoring": True, "enableSecureBoot": True, "enableVtpm": True},
        "tags": [tag],
    }
    outputs = {
        **_TEMPLATE_OUTPUTS,
        "disks": [{**_DISK_OUTPUTS, **disk} for disk in inputs["disks"]],
        "networkInterfaces": [{**_INTERFACE_OUTPUTS, **interface} for interface in inputs["networkInterfaces"]],
        "scheduling": {**_SCHEDULING_OUTPUTS, **inputs["scheduling"]},
    }
    edges = {"networkInterfaces": [urn_of(_SUBNETWORK, subnetwork)]} if subnetwork else {}
    return entry(_TEMPLATE, name, _path(name, "instanceTemplates", region), inputs, outputs, edges=edges)


def service(name: str, check: str, groups: Sequence[tuple[str, str]]) -> Entry:
    """A backend service with managed instance groups and the Cloud Armor policy `armor-NAME` of the stack.

    Args:
        name: its name.
        check: the name of its health check.
        groups: name and region of each group.
    """
    backends = [
        {
            "balancingMode": "UTILIZATION",
            "capacityScaler": 1,
            "group": API + _path(group, "instanceGroups", region),
            "maxUtilization": 0.7,
        }
        for group, region in groups
    ]
    armor = f"armor-{name}"
    inputs = {
        **_service_inputs(name, check, "EXTERNAL_MANAGED"),
        "backends": backends,
        "outlierDetection": {"baseEjectionTime": {"seconds": 30}, "consecutiveErrors": 5, "interval": {"seconds": 10}},
        "securityPolicy": _path(armor, "securityPolicies"),
    }
    edges = {
        "backends": [urn_of(_MANAGER, group) for group, _ in groups],
        "healthChecks": [urn_of(_CHECK, check)],
        "securityPolicy": [urn_of(_ARMOR, armor)],
    }
    return entry(_SERVICE, name, _path(name, "backendServices"), inputs, _service_outputs(backends), edges=edges)


def lone_service(name: str, check: str, *, is_bad: bool) -> Entry:
    """An internal backend service whose groups, network endpoint groups in two regions, are outside the stack.

    Args:
        name: its name.
        check: the name of its health check.
        is_bad: its groups are in one region only, and have no targets.
    """
    target = {} if is_bad else {"maxRatePerEndpoint": 20}
    zones = [f"{region}-{zone}" for region in REGIONS for zone in "bc"]
    urls = [f"{API}projects/{PROJECT}/zones/{zone}/networkEndpointGroups/{name}" for zone in zones]
    backends = [{"balancingMode": "RATE", "capacityScaler": 1, "group": url, **target} for url in urls]
    inputs = {
        **_service_inputs(name, check, "INTERNAL_MANAGED"),
        "backends": backends[:2] if is_bad else backends,
    }
    edges = {"healthChecks": [urn_of(_CHECK, check)]}
    outputs = _service_outputs(inputs["backends"])
    return entry(_SERVICE, name, _path(name, "backendServices"), inputs, outputs, edges=edges)


def _service_inputs(name: str, check: str, scheme: str) -> dict[str, Any]:
    return {
        "name": name,
        "connectionDrainingTimeoutSec": 900,
        "healthChecks": _path(check, "healthChecks"),
        "loadBalancingScheme": scheme,
        "logConfig": {"enable": True, "sampleRate": 1},
        "portName": "http",
        "protocol": "HTTP",
        "timeoutSec": 900,
    }


def _service_outputs(backends: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {**_SERVICE_OUTPUTS, "backends": [{**_BACKEND_OUTPUTS, **backend} for backend in reversed(backends)]}


def manager(name: str, region: str, template_name: str, check: str) -> Entry:
    """A regional managed instance group with autohealing."""
    inputs = {
        "name": name,
        "autoHealingPolicies": {"healthCheck": _path(check, "healthChecks"), "initialDelaySec": 900},
        "baseInstanceName": name,
        "namedPorts": [{"name": "http", "port": 8000}],
        "region": region,
        "updatePolicy": {
            "maxSurgeFixed": 3,
            "maxUnavailableFixed": 0,
            "minimalAction": "REPLACE",
            "type": "PROACTIVE",
        },
        "versions": [{"instanceTemplate": API + _path(template_name, "instanceTemplates", region)}],
    }
    outputs = {
        **_MANAGER_OUTPUTS,
        "distributionPolicyZones": [f"{region}-a", f"{region}-b", f"{region}-c"],
        "instanceGroup": API + _path(name, "instanceGroups", region),
        "targetSize": 3,
    }
    edges = {"versions": [urn_of(_TEMPLATE, template_name)], "autoHealingPolicies": [urn_of(_CHECK, check)]}
    return entry(_MANAGER, name, _path(name, "instanceGroupManagers", region), inputs, outputs, edges=edges)


def autoscaler(name: str, region: str, target: str) -> Entry:
    """An autoscaler that follows the load balancer."""
    policy = {"cooldownPeriod": 300, "loadBalancingUtilization": {"target": 0.6}, "maxReplicas": 10, "minReplicas": 3}
    inputs = {
        "name": name,
        "autoscalingPolicy": policy,
        "region": region,
        "target": _path(target, "instanceGroupManagers", region),
    }
    edges = {"target": [urn_of(_MANAGER, target)]}
    return entry(_AUTOSCALER, name, _path(name, "autoscalers", region), inputs, None, edges=edges)


def network(name: str) -> Entry:
    """A network without subnetworks of its own."""
    inputs = {"name": name, "autoCreateSubnetworks": False, "routingMode": "GLOBAL"}
    return entry(_NETWORK, name, _path(name, "networks"), inputs, {"mtu": 0, "networkId": "1004", "numericId": "1004"})


def subnetwork(name: str, region: str, network_name: str, number: int) -> Entry:
    """A subnetwork with flow logs and Private Google Access."""
    inputs = {
        "name": name,
        "ipCidrRange": f"10.{number % 200}.0.0/20",
        "logConfig": {"aggregationInterval": "INTERVAL_5_SEC", "flowSampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"},
        "network": _path(network_name, "networks"),
        "privateIpGoogleAccess": True,
        "region": region,
    }
    outputs = {"fingerprint": "", "gatewayAddress": "10.0.0.1", "secondaryIpRanges": [], "stackType": "IPV4_ONLY"}
    edges = {"network": [urn_of(_NETWORK, network_name)]}
    return entry(_SUBNETWORK, name, _path(name, "subnetworks", region), inputs, outputs, edges=edges)


def firewall(name: str, network_name: str, tag: str) -> Entry:
    """A firewall rule that admits health checks and Google's front ends to machines with a network tag."""
    inputs = {
        "name": name,
        "allows": [{"ports": ["8000"], "protocol": "tcp"}],
        "direction": "INGRESS",
        "network": _path(network_name, "networks"),
        "priority": 1000,
        "sourceRanges": ["35.191.0.0/16", "130.211.0.0/22"],
        "targetTags": [tag],
    }
    unset_outputs = unset("disabled", "enableLogging", "logConfig", "sourceTags")
    outputs: dict[str, Any] = {"denies": [], "destinationRanges": [], **unset_outputs}
    edges = {"network": [urn_of(_NETWORK, network_name)]}
    return entry(_FIREWALL, name, _path(name, "firewalls"), inputs, outputs, edges=edges)


def llm_backend(name: str, number: int = 0) -> list[Entry]:
    """A backend service in two regions with all its parts: groups, network, front end, Cloud Armor and alerts."""
    net, check, healing = f"net-{name}", f"check-{name}", f"heal-{name}"
    parts = [health_check(check), health_check(healing), network(net), firewall(f"fw-{name}", net, name)]
    groups = [(f"mig-{name}-{region}", region) for region in REGIONS]
    for index, (group, region) in enumerate(groups):
        subnet, machine = f"subnet-{name}-{region}", f"template-{name}-{region}"
        parts += [
            subnetwork(subnet, region, net, number * 2 + index),
            template(machine, region, subnet, name),
            manager(group, region, machine, healing),
            autoscaler(f"scaler-{name}-{region}", region, group),
        ]
    return [*parts, _armor(f"armor-{name}"), service(name, check, groups), *_front_end(name), *alerts(name)]


def _armor(name: str) -> Entry:
    throttle = {
        "conformAction": "allow",
        "enforceOnKey": "IP",
        "exceedAction": "deny(429)",
        "rateLimitThreshold": {"count": 600, "intervalSec": 60},
    }
    everyone = {"config": {"srcIpRanges": ["*"]}, "versionedExpr": "SRC_IPS_V1"}
    attacks = {"expr": {"expression": "evaluatePreconfiguredWaf('sqli-v33-stable')"}}
    inputs = {
        "name": name,
        "rules": [
            {"action": "deny(403)", "match": attacks, "priority": 1000},
            {"action": "throttle", "match": everyone, "priority": 2000, "rateLimitOptions": throttle},
            {"action": "allow", "match": everyone, "priority": 2147483647},
        ],
        "type": "CLOUD_ARMOR",
    }
    return entry(_ARMOR, name, _path(name, "securityPolicies"), inputs, {"fingerprint": "Zm9v"})


def _front_end(name: str) -> list[Entry]:
    urls, proxy, front = f"urls-{name}", f"proxy-{name}", f"front-{name}"
    routes = {"name": urls, "defaultService": _path(name, "backendServices")}
    certificates = f"//certificatemanager.googleapis.com/projects/{PROJECT}/locations/global/certificateMaps/{name}"
    terminates = {
        "name": proxy,
        "certificateMap": certificates,
        "sslPolicy": _path("modern", "sslPolicies"),
        "urlMap": _path(urls, "urlMaps"),
    }
    listens: dict[str, Any] = {
        "name": front,
        "ipProtocol": "TCP",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "portRange": "443",
        "target": _path(proxy, "targetHttpsProxies"),
    }
    given = unset("allowGlobalAccess", "ipVersion", "network", "noAutomateDnsZone", "sourceIpRanges", "subnetwork")
    edges = [{"defaultService": [urn_of(_SERVICE, name)]}, {"urlMap": [urn_of(_URL_MAP, urls)]}]
    return [
        entry(_URL_MAP, urls, _path(urls, "urlMaps"), routes, {"hostRules": [], "pathMatchers": []}, edges=edges[0]),
        entry(_HTTPS_PROXY, proxy, _path(proxy, "targetHttpsProxies"), terminates, {"proxyId": 1029}, edges=edges[1]),
        entry(
            _FORWARDING_RULE,
            front,
            _path(front, "forwardingRules"),
            listens,
            {**given, "ipAddress": "203.0.113.10", "networkTier": "PREMIUM", "labels": {}},
            edges={"target": [urn_of(_HTTPS_PROXY, proxy)]},
        ),
    ]


def alerts(name: str, *, of_all: bool = False) -> list[Entry]:
    """Alert policies on failing requests and slow answers of an external service, or of all internal ones."""
    metric, scope = "loadbalancing.googleapis.com/https/internal", 'resource.type="internal_http_lb_rule"'
    if not of_all:
        metric = "loadbalancing.googleapis.com/https"
        scope = f'resource.type="https_lb_rule" AND resource.labels.backend_target_name="{name}"'
    errors = {
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
        "comparison": "COMPARISON_GT",
        "denominatorAggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
        "denominatorFilter": f'{scope} AND metric.type="{metric}/request_count"',
        "duration": "300s",
        "filter": f'{scope} AND metric.type="{metric}/request_count" AND metric.labels.response_code_class="500"',
        "thresholdValue": 0.05,
    }
    latency = {
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_PERCENTILE_95"}],
        "comparison": "COMPARISON_GT",
        "duration": "300s",
        "filter": f'{scope} AND metric.type="{metric}/total_latencies"',
        "thresholdValue": 30000,
    }
    edges = {} if of_all else {"conditions": [urn_of(_SERVICE, name)]}
    return [_alert(f"{kind}-{name}", threshold, edges) for kind, threshold in (("errors", errors), ("slow", latency))]


def _alert(name: str, threshold: dict[str, Any], edges: dict[str, list[str]]) -> Entry:
    inputs = {
        "displayName": name,
        "combiner": "OR",
        "conditions": [{"conditionThreshold": threshold, "displayName": name}],
        "notificationChannels": [f"projects/{PROJECT}/notificationChannels/1234567890"],
    }
    return entry(_ALERT, name, f"projects/{PROJECT}/alertPolicies/{name}", inputs, {"enabled": True}, edges=edges)
