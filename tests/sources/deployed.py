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
