"""What Compute Engine sets on deployed resources: templates for `load_program(..., computed=DEPLOYED)`."""

from __future__ import annotations

_API = "https://www.googleapis.com/compute/v1/"
_LOCATIONS = {
    "global": "global",
    "region": "regions/{region}",
    "zone": "zones/{zone}",
}
# Type -> where it lives and the name of its collection in the API.
_TYPES = {
    "network:Network": ("global", "networks"),
    "subnetwork:Subnetwork": ("region", "subnetworks"),
    "instanceTemplate:InstanceTemplate": ("global", "instanceTemplates"),
    "regionInstanceTemplate:RegionInstanceTemplate": ("region", "instanceTemplates"),
    "instance:Instance": ("zone", "instances"),
    "instanceGroup:InstanceGroup": ("zone", "instanceGroups"),
    "instanceGroupManager:InstanceGroupManager": ("zone", "instanceGroupManagers"),
    "regionInstanceGroupManager:RegionInstanceGroupManager": ("region", "instanceGroupManagers"),
    "autoscaler:Autoscaler": ("zone", "autoscalers"),
    "regionAutoscaler:RegionAutoscaler": ("region", "autoscalers"),
    "networkEndpointGroup:NetworkEndpointGroup": ("zone", "networkEndpointGroups"),
    "regionNetworkEndpointGroup:RegionNetworkEndpointGroup": ("region", "networkEndpointGroups"),
    "globalNetworkEndpointGroup:GlobalNetworkEndpointGroup": ("global", "networkEndpointGroups"),
    "healthCheck:HealthCheck": ("global", "healthChecks"),
    "regionHealthCheck:RegionHealthCheck": ("region", "healthChecks"),
    "httpHealthCheck:HttpHealthCheck": ("global", "httpHealthChecks"),
    "httpsHealthCheck:HttpsHealthCheck": ("global", "httpsHealthChecks"),
    "backendService:BackendService": ("global", "backendServices"),
    "regionBackendService:RegionBackendService": ("region", "backendServices"),
    "uRLMap:URLMap": ("global", "urlMaps"),
    "regionUrlMap:RegionUrlMap": ("region", "urlMaps"),
    "regionTargetHttpsProxy:RegionTargetHttpsProxy": ("region", "targetHttpsProxies"),
    "regionSslPolicy:RegionSslPolicy": ("region", "sslPolicies"),
    "targetTCPProxy:TargetTCPProxy": ("global", "targetTcpProxies"),
    "targetHttpProxy:TargetHttpProxy": ("global", "targetHttpProxies"),
    "targetHttpsProxy:TargetHttpsProxy": ("global", "targetHttpsProxies"),
    "globalForwardingRule:GlobalForwardingRule": ("global", "forwardingRules"),
    "forwardingRule:ForwardingRule": ("region", "forwardingRules"),
}


def _outputs(location: str, collection: str) -> dict[str, str]:
    path = f"projects/{{project}}/{_LOCATIONS[location]}/{collection}/{{name}}"
    outputs = {"id": path, "selfLink": _API + path, "name": "{name}"}
    if collection == "instanceGroupManagers":
        outputs["instanceGroup"] = _API + path.replace("instanceGroupManagers", "instanceGroups")
    return outputs


DEPLOYED = {f"gcp:compute/{token}": _outputs(*place) for token, place in _TYPES.items()}
_ACCOUNT = "{name}@{project}.iam.gserviceaccount.com"
DEPLOYED |= {
    "gcp:serviceaccount/account:Account": {
        "id": f"projects/{{project}}/serviceAccounts/{_ACCOUNT}",
        "email": _ACCOUNT,
        "member": f"serviceAccount:{_ACCOUNT}",
        "name": f"projects/{{project}}/serviceAccounts/{_ACCOUNT}",
    },
    "gcp:projects/serviceIdentity:ServiceIdentity": {
        "id": "projects/{project}/services/{name}",
        "email": "service-123456@{name}.iam.gserviceaccount.com",
        "member": "serviceAccount:service-123456@{name}.iam.gserviceaccount.com",
    },
    "gcp:compute/globalAddress:GlobalAddress": {
        **_outputs("global", "addresses"),
        "address": "203.0.113.10",
    },
    "gcp:compute/sSLPolicy:SSLPolicy": _outputs("global", "sslPolicies"),
    "gcp:compute/securityPolicy:SecurityPolicy": _outputs("global", "securityPolicies"),
    "gcp:compute/firewall:Firewall": _outputs("global", "firewalls"),
    "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig": {
        "id": "projects/{project}/uptimeCheckConfigs/{name}",
        "name": "projects/{project}/uptimeCheckConfigs/{name}",
        "uptimeCheckId": "{name}",
    },
}
