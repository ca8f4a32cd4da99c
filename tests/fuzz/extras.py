"""Stacks with the kinds of resource and the properties that no program of the corpus uses."""

from __future__ import annotations

from typing import Any, Final

from tests.fuzz import kubernetes
from tests.stacks import Computed, Out, R, backend, mig, service

REGION, ZONE = "us-central1", "us-central1-a"
COMPUTE = "gcp:compute/"


def id_of(resource: R) -> Out:
    return Out(resource, "id")


def machines() -> list[R]:
    """Instances in an unmanaged group, their disks, what their metadata holds, and named ports and members apart."""
    network = R("Network", "net", {"autoCreateSubnetworks": False})
    subnet = R("Subnetwork", "subnet", {"region": REGION, "network": id_of(network), "ipCidrRange": "10.0.0.0/20"})
    key = R("gcp:kms/cryptoKey:CryptoKey", "key", {"name": "disks"})
    disk = R(f"{COMPUTE}disk:Disk", "disk", {"zone": ZONE, "diskEncryptionKey": {"kmsKeySelfLink": id_of(key)}})
    region_disk = R(f"{COMPUTE}regionDisk:RegionDisk", "region-disk", {"region": REGION})
    password = R("random:index/randomPassword:RandomPassword", "password", {"length": 20})
    pem = R("tls:index/privateKey:PrivateKey", "pem", {"algorithm": "RSA"})
    account = R("gcp:serviceaccount/account:Account", "account", {"accountId": "llm-server"})
    account_key = R("gcp:serviceaccount/key:Key", "account-key", {"serviceAccountId": Out(account, "name")})
    secret = R("gcp:secretmanager/secretVersion:SecretVersion", "token", {"secretData": "hf_aaaaaaaaaaaaaaaaaaaaaaaa"})
    api_key = R("gcp:projects/apiKey:ApiKey", "api-key", {"name": "llm"})
    hmac = R("gcp:storage/hmacKey:HmacKey", "hmac", {"serviceAccountEmail": Out(account, "email")})
    project = R(f"{COMPUTE}projectMetadata:ProjectMetadata", "project", {"metadata": {"enable-oslogin": "TRUE"}})
    item = R(f"{COMPUTE}projectMetadataItem:ProjectMetadataItem", "item", {"key": "serial-port-enable", "value": "0"})
    given = [Computed((one,), "x") for one in (password, pem, account_key, secret, api_key, hmac)]
    one = R(
        "Instance",
        "one",
        {
            "zone": ZONE,
            "machineType": "g2-standard-8",
            "networkInterfaces": [
                {
                    "subnetwork": id_of(subnet),
                    "network": id_of(network),
                    "accessConfigs": [{"natIp": "203.0.113.1"}],
                    "ipv6AccessConfigs": [{"networkTier": "PREMIUM"}],
                    "subnetworkProject": "p-demo",
                    "stackType": "IPV4_ONLY",
                }
            ],
            "bootDisk": {"initializeParams": {"image": "cos"}, "kmsKeySelfLink": id_of(key), "source": id_of(disk)},
            "attachedDisks": [{"source": id_of(disk)}, {"source": id_of(region_disk), "diskEncryptionKeyRaw": "x"}],
            "scratchDisks": [{"interface": "NVME"}],
            "metadata": {f"key-{number}": value for number, value in enumerate(given)}
            | {"ssh-keys": "me:ssh-rsa AAAA"},
            "metadataStartupScript": Computed((password,), "#!/bin/sh\nvllm serve --api-key x"),
            "serviceAccount": {"email": Out(account, "email"), "scopes": ["cloud-platform"]},
            "shieldedInstanceConfig": {"enableSecureBoot": True, "enableVtpm": True, "enableIntegrityMonitoring": True},
            "scheduling": {
                "preemptible": True,
                "automaticRestart": False,
                "provisioningModel": "SPOT",
                "instanceTerminationAction": "STOP",
                "maxRunDuration": {"seconds": 3600},
                "onHostMaintenance": "TERMINATE",
            },
            "guestAccelerators": [{"type": "nvidia-l4", "count": 1}],
            "reservationAffinity": {"type": "ANY_RESERVATION"},
            "tags": ["llm"],
            "params": {"resourceManagerTags": {"tagKeys/1": "tagValues/1"}},
            "canIpForward": True,
        },
    )
    two = R(
        "Instance",
        "two",
        {"zone": ZONE, "machineType": "e2-standard-2", "networkInterfaces": [{"subnetwork": "subnet"}]},
    )
    named = {"namedPorts": [{"name": "http", "port": 8000}]}
    group = R("InstanceGroup", "group", {"zone": ZONE, "instances": [Out(one, "selfLink")], "network": id_of(network)})
    other = R("InstanceGroup", "other", {"zone": "us-east1-b", **named})
    port = R("InstanceGroupNamedPort", "port", {"group": id_of(group), "name": "http", "port": 8000})
    member = R(
        f"{COMPUTE}instanceGroupMembership:InstanceGroupMembership",
        "member",
        {"instanceGroup": Out(other, "id"), "instance": Out(two, "selfLink"), "zone": "us-east1-b"},
    )
    check = R("HttpHealthCheck", "check", {"requestPath": "/health", "port": 8000})
    secure = R("HttpsHealthCheck", "secure", {"requestPath": "/health"})
    chat = service([backend(Out(group, "selfLink")), backend(id_of(other))], healthChecks=id_of(check))
    batch = service([backend(id_of(other))], "batch", healthChecks=id_of(secure))
    parts = [network, subnet, key, disk, region_disk, password, pem, account, account_key, secret, api_key, hmac]
    return [*parts, project, item, one, two, group, other, port, member, check, secure, chat, batch]


def endpoints() -> list[R]:
    """NEGs of all kinds, with endpoints, behind services of all schemes."""
    zonal = R("NetworkEndpointGroup", "zonal", {"zone": ZONE, "networkEndpointType": "GCE_VM_IP_PORT"})
    hybrid = R("NetworkEndpointGroup", "hybrid", {"zone": ZONE, "networkEndpointType": "NON_GCP_PRIVATE_IP_PORT"})
    run = R("RegionNetworkEndpointGroup", "run", {"region": REGION, "networkEndpointType": "SERVERLESS"})
    psc = R("RegionNetworkEndpointGroup", "psc", {"region": REGION, "networkEndpointType": "PRIVATE_SERVICE_CONNECT"})
    internet = R("GlobalNetworkEndpointGroup", "internet", {"networkEndpointType": "INTERNET_FQDN_PORT"})
    machine = R("Instance", "vm", {"zone": ZONE, "machineType": "g2-standard-8"})
    single = R(
        f"{COMPUTE}networkEndpoint:NetworkEndpoint",
        "single",
        {"networkEndpointGroup": Out(zonal, "name"), "instance": Out(machine, "name"), "zone": ZONE, "port": 8000},
    )
    many = R(
        f"{COMPUTE}networkEndpointList:NetworkEndpointList",
        "many",
        {
            "networkEndpointGroup": id_of(zonal),
            "zone": ZONE,
            "networkEndpoints": [{"instance": "vm", "ipAddress": "10.0.0.2", "port": 8000}],
        },
    )
    by_rate = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerEndpoint": 4}
    metrics = {"balancingMode": "CUSTOM_METRICS", "customMetrics": [{"name": "queue", "dryRun": True}]}
    chat = service(
        [backend(zonal, **by_rate), backend(hybrid, **metrics)],
        customMetrics=[{"name": "queue", "dryRun": False}],
        circuitBreakers={"maxRequests": 10},
        maxStreamDuration={"seconds": "60"},
        outlierDetection={"consecutiveErrors": 5, "interval": {"seconds": 1}, "baseEjectionTime": {"seconds": 30}},
    )
    serverless = service([backend(run, balancingMode=None, maxUtilization=None)], "serverless", portName=None)
    others = [
        service([backend(psc)], "psc-service", region=REGION, loadBalancingScheme="INTERNAL_MANAGED"),
        service([backend(internet)], "internet-service", iap={"enabled": True}, enableCdn=True),
    ]
    return [zonal, hybrid, run, psc, internet, machine, single, many, chat, serverless, *others]


def model_apis() -> list[R]:
    """Internet NEGs with their endpoints, and a route that asks for the endpoint's own host."""
    internet = R(
        "GlobalNetworkEndpointGroup", "internet", {"name": "internet", "networkEndpointType": "INTERNET_FQDN_PORT"}
    )
    origin = R(
        f"{COMPUTE}globalNetworkEndpoint:GlobalNetworkEndpoint",
        "origin",
        {"globalNetworkEndpointGroup": "internet", "fqdn": "api.example.com", "port": 443},
    )
    named = service([{"group": id_of(internet)}], "named", protocol="HTTPS")
    rewriting = R(
        "URLMap",
        "named",
        {
            "defaultRouteAction": {
                "urlRewrite": {"hostRewrite": "api.example.com"},
                "weightedBackendServices": [{"backendService": id_of(named), "weight": 1}],
            }
        },
    )
    web = R(
        "RegionNetworkEndpointGroup",
        "web",
        {"name": "web", "region": REGION, "networkEndpointType": "INTERNET_FQDN_PORT"},
    )
    regional_origin = R(
        f"{COMPUTE}regionNetworkEndpoint:RegionNetworkEndpoint",
        "regional-origin",
        {"regionNetworkEndpointGroup": "web", "region": REGION, "fqdn": "api.example.com", "port": 443},
    )
    regional = service([{"group": id_of(web)}], "web", region=REGION, protocol="HTTPS")
    return [internet, origin, named, rewriting, web, regional_origin, regional]


def runs() -> list[R]:
    """Cloud Run services of all forms, with all that is read of them, behind NEGs in two regions."""
    place, eu = {"region": REGION}, {"region": "europe-west4"}
    http = {"httpGet": {"path": "/health", "port": 8000}, "periodSeconds": 10, "failureThreshold": 60}
    probe = {**http, "initialDelaySeconds": 10, "timeoutSeconds": 5}
    container = {
        "image": "vllm",
        "commands": ["vllm"],
        "args": ["serve"],
        "ports": {"containerPort": 8000},
        "envs": [{"name": "MODEL", "value": "gemma"}],
        "startupProbe": probe,
        "livenessProbe": probe,
        "readinessProbe": http,
        "resources": {"limits": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}, "cpuIdle": False},
    }
    keys = [{"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "llm-key", "key": "1"}}}]
    other = {"image": "x", "startupProbe": {"tcpSocket": {"port": 8000}}, "readinessProbe": {"grpc": {"port": 8000}}}
    llm = R(
        "gcp:cloudrunv2/service:Service",
        "llm",
        {
            "name": "llm",
            "location": REGION,
            "ingress": "INGRESS_TRAFFIC_ALL",
            "defaultUriDisabled": True,
            "iapEnabled": False,
            "scaling": {"minInstanceCount": 1, "maxInstanceCount": 4, "scalingMode": "AUTOMATIC"},
            "traffics": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
            "template": {
                "timeout": "900s",
                "maxInstanceRequestConcurrency": 16,
                "healthCheckDisabled": False,
                "sessionAffinity": False,
                "gpuZonalRedundancyDisabled": False,
                "nodeSelector": {"accelerator": "nvidia-l4"},
                "scaling": {"minInstanceCount": 1, "maxInstanceCount": 4, "concurrencyUtilization": 0.5},
                "containers": [container],
            },
        },
    )
    everywhere = R(
        "gcp:cloudrunv2/service:Service",
        "everywhere",
        {
            "name": "everywhere",
            "location": "global",
            "multiRegionSettings": {"regions": [REGION, "europe-west4"]},
            "scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 2},
            "template": {"containers": [other]},
        },
    )
    first = R(
        "gcp:cloudrun/service:Service",
        "first",
        {
            "name": "first",
            "location": "europe-west4",
            "metadata": {"annotations": {"run.googleapis.com/ingress": "all"}},
            "traffics": [{"latestRevision": True, "percent": 100}],
            "template": {
                "metadata": {"annotations": {"autoscaling.knative.dev/minScale": "1"}},
                "spec": {"timeoutSeconds": 300, "containerConcurrency": 80, "containers": [{**other, "envs": keys}]},
            },
        },
    )
    function = R(
        "gcp:cloudfunctionsv2/function:Function",
        "function",
        {
            "name": "function",
            "location": REGION,
            "serviceConfig": {
                "minInstanceCount": 1,
                "maxInstanceCount": 3,
                "timeoutSeconds": 600,
                "maxInstanceRequestConcurrency": 8,
                "ingressSettings": "ALLOW_INTERNAL_AND_GCLB",
                "environmentVariables": {"MODEL": "gemma"},
            },
        },
    )
    mapping = R(
        "gcp:cloudrun/domainMapping:DomainMapping", "domain", {"location": REGION, "spec": {"routeName": "llm"}}
    )
    kind = "RegionNetworkEndpointGroup"
    negs = [
        R(kind, "llm-neg", {**place, "cloudRun": {"service": Computed((llm,), "llm")}}),
        R(kind, "first-neg", {**eu, "cloudRun": {"service": "first", "tag": "canary"}}),
        R(kind, "us-neg", {**place, "cloudRun": {"service": "everywhere"}}),
        R(kind, "eu-neg", {**eu, "cloudRun": {"service": "everywhere", "urlMask": "example.com/<service>"}}),
        R(kind, "function-neg", {**place, "cloudFunction": {"function": Computed((function,), "function")}}),
        R(kind, "app-neg", {**place, "appEngine": {"service": "llm"}}),
        R(kind, "gateway-neg", {**place, "serverlessDeployment": {"platform": "apigateway.googleapis.com"}}),
    ]
    whole = [
        R(kind, "whole-us-neg", {**place, "cloudRun": {"service": Computed((llm,), "llm")}}),
        R(kind, "whole-eu-neg", {**eu, "cloudRun": {"service": Computed((everywhere,), "everywhere")}}),
    ]
    psc = [
        R(
            kind,
            f"psc-{region}",
            {
                "region": region,
                "networkEndpointType": "PRIVATE_SERVICE_CONNECT",
                "pscTargetService": f"projects/p/regions/{region}/serviceAttachments/llm",
            },
        )
        for region in (REGION, "europe-west4")
    ]
    rates = {
        "enforcingSuccessRate": 100,
        "successRateMinimumHosts": 3,
        "successRateRequestVolume": 100,
        "successRateStdevFactor": 1900,
    }
    headers = ["Host: llm.example.com"]
    services = [
        service([{"group": id_of(one)} for one in negs[:2]], "chat", portName=None, customRequestHeaders=headers),
        service([{"group": id_of(one)} for one in negs[2:4]], "both", portName=None, outlierDetection=rates),
        service([{"group": id_of(one)} for one in negs[4:]], "others", portName=None),
        service([{"group": id_of(one)} for one in psc], "published", portName=None),
        # Nothing but Cloud Run, so that its capacity counts.
        service([{"group": id_of(one)} for one in whole], "whole", portName=None),
    ]
    return [llm, everywhere, first, function, mapping, *negs, *whole, *psc, *services]


_REWRITE: Final = {"pathPrefixRewrite": "/v1", "pathTemplateRewrite": "/x", "hostRewrite": "h"}
_ADDED: Final = {"requestHeadersToAdds": [{"headerName": "x-model", "headerValue": "gemma", "replace": True}]}
_REDIRECT: Final = {"httpsRedirect": True, "stripQuery": False, "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT"}


def fronts() -> list[R]:
    """Each kind of proxy and forwarding rule, with routes, TLS and Cloud Armor policies of all forms."""
    network = R("Network", "net")
    nics = [{"network": id_of(network)}]
    template = R("InstanceTemplate", "machine", {"machineType": "e2-standard-8", "networkInterfaces": nics})
    healing = {"initialDelaySec": 600, "healthCheck": "projects/p/global/healthChecks/heal"}
    group = mig(REGION, autoHealingPolicies=healing, versions=[{"instanceTemplate": id_of(template)}])
    tcp = R("RegionHealthCheck", "tcp", {"region": REGION, "tcpHealthCheck": {"port": 8000}})
    armor = R(
        "SecurityPolicy",
        "armor",
        {
            "rules": [
                {
                    "action": "throttle",
                    "priority": 1,
                    "preview": False,
                    "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
                    "rateLimitOptions": {
                        "conformAction": "allow",
                        "exceedAction": "deny(429)",
                        "enforceOnKey": "IP",
                        "enforceOnKeyConfigs": [{"enforceOnKeyType": "IP"}],
                        "rateLimitThreshold": {"count": 100, "intervalSec": 60},
                    },
                }
            ],
            "adaptiveProtectionConfig": {"layer7DdosDefenseConfig": {"enable": True}},
        },
    )
    rule = R(
        f"{COMPUTE}securityPolicyRule:SecurityPolicyRule",
        "rule",
        {
            "securityPolicy": Out(armor, "name"),
            "priority": 2147483647,
            "action": "deny(403)",
            "match": {"expr": {"expression": "true"}},
        },
    )
    regional_armor = R("RegionSecurityPolicy", "regional-armor", {"region": REGION, "name": "guard"})
    regional_rule = R(
        f"{COMPUTE}regionSecurityPolicyRule:RegionSecurityPolicyRule",
        "regional-rule",
        {"region": REGION, "securityPolicy": "guard", "priority": 2, "action": "allow"},
    )
    chat = service([backend(group)], securityPolicy=id_of(armor), edgeSecurityPolicy="edge")
    place: dict[str, Any] = {"region": REGION, "loadBalancingScheme": "INTERNAL_MANAGED"}
    inner = service([backend(group)], "inner", securityPolicy=id_of(regional_armor), healthChecks=id_of(tcp), **place)
    stream = service([backend(group)], "stream", protocol="TCP", sessionAffinity="CLIENT_IP")
    outer: dict[str, Any] = {"region": REGION, "loadBalancingScheme": "EXTERNAL", "protocol": "TCP"}
    passing = service([backend(group)], "passing", healthChecks=id_of(tcp), **outer)
    unsaid = R("BackendService", "unsaid", {"backends": [backend(group)]})
    bucket = R(f"{COMPUTE}backendBucket:BackendBucket", "bucket", {"bucketName": "b"})
    matchers = _matchers(chat, stream, bucket)
    hosts = [{"hosts": ["llm.example.com"], "pathMatcher": "rules"}]
    paths = R("URLMap", "paths", {"defaultService": id_of(chat), "hostRules": hosts, "pathMatchers": matchers})
    plain = R("URLMap", "plain", {"defaultUrlRedirect": _REDIRECT})
    rewrite = {"paths": ["/v1"], "service": id_of(chat), "routeAction": {"urlRewrite": _REWRITE}}
    rewriting = [{"name": "only", "defaultUrlRedirect": _REDIRECT, "pathRules": [rewrite]}]
    rewritten = R("URLMap", "rewritten", {"defaultUrlRedirect": _REDIRECT, "pathMatchers": rewriting})
    regional = R(
        "RegionUrlMap",
        "regional",
        {"region": REGION, "defaultService": id_of(inner), "pathMatchers": _matchers(inner, inner, bucket)},
    )
    tls = R("gcp:compute/sSLPolicy:SSLPolicy", "tls", _custom_tls())
    regional_tls = R("RegionSslPolicy", "regional-tls", {"region": REGION, **_custom_tls()})
    mutual = R(
        "gcp:networksecurity/serverTlsPolicy:ServerTlsPolicy",
        "mutual",
        {"name": "mutual", "mtlsPolicy": {"clientValidationMode": "REJECT_INVALID"}},
    )
    secure = {"serverTlsPolicy": id_of(mutual), "sslCertificates": ["c"]}
    proxies = [
        R("TargetHttpsProxy", "https", {"urlMap": id_of(paths), "sslPolicy": id_of(tls), **secure}),
        R("TargetHttpProxy", "http", {"urlMap": id_of(plain)}),
        R("RegionTargetHttpsProxy", "r-https", {"region": REGION, "urlMap": id_of(regional), **secure}),
        R("RegionTargetHttpProxy", "r-http", {"region": REGION, "urlMap": id_of(regional)}),
        R(
            "TargetSSLProxy",
            "ssl",
            {"backendService": id_of(stream), "sslPolicy": id_of(tls), "sslCertificates": ["c"]},
        ),
        R("TargetTCPProxy", "tcp", {"backendService": id_of(stream)}),
        R("RegionTargetTcpProxy", "r-tcp", {"region": REGION, "backendService": id_of(inner)}),
        R("TargetGrpcProxy", "grpc", {"urlMap": id_of(paths)}),
        R("TargetHttpProxy", "rewrites", {"urlMap": id_of(rewritten)}),
    ]
    proxies[2].inputs["sslPolicy"] = id_of(regional_tls)
    own = R(f"{COMPUTE}sSLCertificate:SSLCertificate", "own", {"certificate": "PEM"})
    made = R(f"{COMPUTE}managedSslCertificate:ManagedSslCertificate", "made", {"managed": {"domains": ["a.example"]}})
    there = R(f"{COMPUTE}regionSslCertificate:RegionSslCertificate", "there", {"region": REGION, "certificate": "PEM"})
    at = R("gcp:certificatemanager/certificate:Certificate", "at", {"location": "global", "scope": "ALL_REGIONS"})
    proxies[0].inputs |= {
        "sslCertificates": [id_of(own), id_of(made)],
        "certificateManagerCertificates": [id_of(at)],
    }
    proxies[2].inputs["sslCertificates"] = [id_of(there)]
    certificates = [own, made, there, at]
    rules = []
    for number, proxy in enumerate(proxies):
        regional_place = {"region": REGION} if "region" in proxy.inputs else {}
        kind = "ForwardingRule" if regional_place else "GlobalForwardingRule"
        scheme = "INTERNAL_MANAGED" if regional_place else "EXTERNAL_MANAGED"
        inputs = {"target": id_of(proxy), "portRange": "443", "loadBalancingScheme": scheme, **regional_place}
        rules.append(R(kind, f"front-{number}", {**inputs, "ipVersion": "IPV4", "ipProtocol": "TCP"}))
    direct = {"region": REGION, "backendService": id_of(passing), "loadBalancingScheme": "EXTERNAL", "allPorts": True}
    rules.append(R("ForwardingRule", "direct", {**direct, "network": id_of(network)}))
    policies = [armor, rule, regional_armor, regional_rule, tls, regional_tls, mutual, *certificates]
    services = [chat, inner, stream, passing, unsaid, bucket]
    return [network, template, group, tcp, *policies, *services, paths, plain, rewritten, regional, *proxies, *rules]


def _matchers(one: R, other: R, bucket: R) -> list[dict[str, Any]]:
    """Path matchers with all that they can say, to two services and a bucket."""
    action: dict[str, Any] = {
        "weightedBackendServices": [
            {"backendService": id_of(one), "weight": 90, "headerAction": _ADDED},
            {"backendService": id_of(other)},
        ],
        "urlRewrite": _REWRITE,
        "retryPolicy": {"retryConditions": ["5xx"], "numRetries": 2, "perTryTimeout": {"seconds": "5"}},
        "faultInjectionPolicy": {"abort": {"httpStatus": 503, "percentage": 100}},
        "timeout": {"seconds": "30", "nanos": 0},
        "maxStreamDuration": {"seconds": "600"},
        "requestMirrorPolicy": {"backendService": id_of(one)},
    }
    condition: dict[str, Any] = {
        "prefixMatch": "/v1",
        "fullPathMatch": "/v1/models",
        "regexMatch": "/v.*",
        "pathTemplateMatch": "/v1/{x=**}",
        "ignoreCase": True,
        "headerMatches": [{"headerName": "x-model", "exactMatch": "a"}],
        "queryParameterMatches": [{"name": "a", "exactMatch": "b"}],
        "metadataFilters": [{"filterMatchCriteria": "MATCH_ALL"}],
    }
    conditions = [{key: value} for key, value in condition.items()]
    conditions += [{"prefixMatch": "/", key: condition[key]} for key in ("headerMatches", "metadataFilters")]
    return [
        {
            "name": "rules",
            "defaultService": id_of(one),
            "headerAction": _ADDED,
            "routeRules": [{"priority": 1, "matchRules": conditions, "routeAction": action, "headerAction": _ADDED}],
        },
        {"name": "metrics", "defaultUrlRedirect": _REDIRECT},
        {
            "name": "paths",
            "defaultRouteAction": action,
            "pathRules": [{"paths": ["/v1/*"], "service": id_of(bucket)}, {"paths": ["/x"], "routeAction": action}],
        },
    ]


def _custom_tls() -> dict[str, Any]:
    return {
        "profile": "CUSTOM",
        "minTlsVersion": "TLS_1_2",
        "customFeatures": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    }


def networks() -> list[R]:
    """Network firewall policies with rules inside and apart, firewalls of all forms, and machines behind them."""
    network = R("Network", "net", {"networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"})
    flows = {"aggregationInterval": "INTERVAL_5_SEC", "flowSampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"}
    place = {"region": REGION, "network": id_of(network), "ipCidrRange": "10.0.0.0/20"}
    subnet = R("Subnetwork", "subnet", {**place, "logConfig": flows, "privateIpGoogleAccess": True})
    proxy_only = R("Subnetwork", "proxies", {**place, "purpose": "REGIONAL_MANAGED_PROXY", "stackType": "IPV4_IPV6"})
    account = R("gcp:serviceaccount/account:Account", "account", {"accountId": "llm-server"})
    match: dict[str, Any] = {
        "srcIpRanges": ["130.211.0.0/22", "35.191.0.0/16"],
        "layer4Configs": [{"ipProtocol": "tcp", "ports": ["8000"]}],
    }
    narrow: dict[str, Any] = {
        "destIpRanges": ["10.0.0.0/8"],
        "srcSecureTags": [{"name": "tagValues/1"}],
        "srcNetworkScope": "VPC_NETWORKS",
        "srcNetworks": ["x"],
        "srcFqdns": ["example.com"],
        "srcRegionCodes": ["US"],
        "srcThreatIntelligences": ["iplist-tor-exit-nodes"],
        "srcAddressGroups": ["a"],
        "destFqdns": ["example.com"],
        "destNetworkScope": "INTERNET",
    }
    base: dict[str, Any] = {"direction": "INGRESS", "disabled": False, "enableLogging": True}
    rules = [
        {**base, "action": "allow", "priority": 1, "match": match, "targetServiceAccounts": [Out(account, "email")]},
        {**base, "action": "deny", "priority": 2, "match": match, "targetSecureTags": [{"name": "tagValues/1"}]},
    ]
    rules += [
        {**base, "action": "allow", "priority": 3 + number, "match": {**match, key: value}}
        for number, (key, value) in enumerate(narrow.items())
    ]
    offices = R("gcp:networksecurity/addressGroup:AddressGroup", "offices", {"items": ["10.9.0.0/16"], "type": "IPV4"})
    rules.append({**base, "action": "allow", "priority": 99, "match": {**match, "srcAddressGroups": [id_of(offices)]}})
    kinds: list[tuple[str, str, str, dict[str, Any]]] = [
        ("networkFirewallPolicy", "NetworkFirewallPolicy", "apart", {}),
        ("regionNetworkFirewallPolicy", "RegionNetworkFirewallPolicy", "regional-apart", {"region": REGION}),
    ]
    found = []
    for module, name, label, where in kinds:
        inside = R(f"{COMPUTE}{module}WithRules:{name}WithRules", f"{label}-inside", {**where, "rules": rules})
        policy = R(f"{COMPUTE}{module}:{name}", label, {**where, "name": label})
        found += [inside, policy]
        for number, rule in enumerate(rules):
            inputs = {**where, **rule, "firewallPolicy": Out(policy, "name")}
            found.append(R(f"{COMPUTE}{module}Rule:{name}Rule", f"{label}-{number}", inputs))
        for of in (inside, policy):
            attached = {**where, "firewallPolicy": Out(of, "name"), "attachmentTarget": id_of(network)}
            kind = f"{COMPUTE}{module}Association:{name}Association"
            found.append(R(kind, f"attach-{of.name}", attached))
    open_rule = {"network": id_of(network), "allows": [{"protocol": "tcp", "ports": ["8000", "22"]}]}
    firewalls = [
        R("Firewall", "open", {**open_rule, "sourceRanges": ["0.0.0.0/0"], "priority": 900}),
        R("Firewall", "tagged", {**open_rule, "sourceTags": ["a"], "targetTags": ["llm"]}),
        R("Firewall", "accounts", {**open_rule, "targetServiceAccounts": [Out(account, "email")]}),
        R("Firewall", "deny", {"network": id_of(network), "denies": [{"protocol": "all"}], "direction": "INGRESS"}),
        R("Firewall", "off", {**open_rule, "disabled": True, "destinationRanges": ["10.0.0.0/8"]}),
    ]
    whose = {"role": "roles/logging.logWriter", "members": [Out(account, "member")]}
    binding = R("gcp:projects/iAMBinding:IAMBinding", "writers", whose)
    ring = R("gcp:kms/keyRing:KeyRing", "ring", {"location": REGION})
    key = R("gcp:kms/cryptoKey:CryptoKey", "disks", {"keyRing": id_of(ring)})
    agent = R("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "agent", {"cryptoKeyId": id_of(key)})
    by_agent = {"diskEncryptionKey": {"kmsKeySelfLink": Computed((agent,))}}
    template = R(
        "InstanceTemplate",
        "template",
        {
            "machineType": "g2-standard-8",
            "networkInterfaces": [{"subnetwork": id_of(subnet)}],
            "serviceAccount": {"email": Out(account, "email")},
            "tags": ["llm"],
            "resourceManagerTags": {"tagKeys/1": "tagValues/1"},
            "disks": [
                {"boot": True, "autoDelete": True, "diskEncryptionKey": {"kmsKeySelfLink": "k"}, "source": "d"},
                by_agent,
            ],
        },
    )
    lifecycle = {"defaultActionOnFailure": "REPAIR", "onFailedHealthCheck": "DEFAULT_ACTION"}
    grpc = R("HealthCheck", "grpc", {"grpcHealthCheck": {"portSpecification": "USE_SERVING_PORT"}})
    versions = [{"instanceTemplate": id_of(template), "targetSize": {"fixed": 1}}]
    group = R(
        "InstanceGroupManager",
        "group",
        {
            "zone": ZONE,
            "versions": versions,
            "instanceLifecyclePolicy": lifecycle,
            "autoHealingPolicies": {"healthCheck": id_of(grpc), "initialDelaySec": 600},
            "namedPorts": [{"name": "http", "port": 8000}],
            "allInstancesConfig": {"metadata": {"enable-oslogin": "TRUE"}, "labels": {"a": "b"}},
            "updatePolicy": {"type": "PROACTIVE", "minimalAction": "REPLACE", "maxSurgeFixed": 1},
            "targetSize": 2,
        },
    )
    scaler = R("Autoscaler", "scaler", {"zone": ZONE, "target": id_of(group), "autoscalingPolicy": _scaling()})
    chat = service([backend(group)], healthChecks=id_of(grpc))
    keys = [binding, ring, key, agent]
    return [
        network,
        subnet,
        proxy_only,
        account,
        offices,
        *keys,
        *found,
        *firewalls,
        template,
        group,
        scaler,
        grpc,
        chat,
    ]


def _scaling() -> dict[str, Any]:
    return {
        "minReplicas": 1,
        "maxReplicas": 4,
        "mode": "ON",
        "cooldownPeriod": 60,
        "cpuUtilization": {"target": 0.6, "predictiveMethod": "NONE"},
        "metrics": [{"name": "custom.googleapis.com/queue", "target": 4, "type": "GAUGE"}],
        "scalingSchedules": [{"name": "day", "minRequiredReplicas": 2, "schedule": "0 8 * * *", "durationSec": 3600}],
        "scaleInControl": {"timeWindowSec": 600, "maxScaledInReplicas": {"fixed": 1}},
    }


def accelerators() -> list[R]:
    """Machines with GPUs of every provisioning model."""
    schedules: list[dict[str, Any]] = [
        {"provisioningModel": "SPOT", "preemptible": True, "automaticRestart": False},
        {"provisioningModel": "FLEX_START", "instanceTerminationAction": "DELETE", "maxRunDuration": {"seconds": 9}},
        {"provisioningModel": "RESERVATION_BOUND", "onHostMaintenance": "TERMINATE"},
        {"provisioningModel": "STANDARD", "onHostMaintenance": "TERMINATE", "automaticRestart": True},
    ]
    affinity = {"reservationAffinity": {"type": "SPECIFIC_RESERVATION", "specificReservation": {"key": "k"}}}
    place = {"region": REGION, "machineType": "g2-standard-8"}
    templates = [
        R("RegionInstanceTemplate", f"gpu-{number}", {**place, **affinity, "scheduling": schedule})
        for number, schedule in enumerate(schedules)
    ]
    groups = [
        R(
            "RegionInstanceGroupManager",
            f"mig-{of.name}",
            {"region": REGION, "versions": [{"instanceTemplate": id_of(of)}]},
        )
        for of in templates
    ]
    more = R(
        f"{COMPUTE}regionResizeRequest:RegionResizeRequest",
        "more",
        {"region": REGION, "instanceGroupManager": Out(groups[1], "name"), "resizeBy": 1},
    )
    return [*templates, *groups, more, service([backend(group) for group in groups])]


def alerts() -> list[R]:
    """Alert policies of every kind of condition, and SLOs of every kind of indicator."""
    metric = 'metric.type="loadbalancing.googleapis.com/https/request_count" resource.type="https_lb_rule"'
    aggregations = [{"perSeriesAligner": "ALIGN_RATE", "crossSeriesReducer": "REDUCE_SUM"}]
    filters = {"filter": metric, "aggregations": aggregations}
    conditions = [
        {"conditionThreshold": {**filters, "denominatorFilter": metric, "denominatorAggregations": aggregations}},
        {"conditionAbsent": filters},
        {"conditionMonitoringQueryLanguage": {"query": "fetch https_lb_rule"}},
        {"conditionPrometheusQueryLanguage": {"query": "rate(http_requests_total[5m])"}},
        {"conditionMatchedLog": {"filter": "severity>=ERROR"}},
        {"conditionSql": {"query": "select 1"}},
        {"conditionThreshold": {"filter": 'metric.type="logging.googleapis.com/user/slow"'}},
    ]
    slow = {"name": "slow", "filter": 'resource.type="http_load_balancer"', "valueExtractor": "EXTRACT(latency)"}
    group = mig(REGION)
    chat = service([backend(group)])
    service_ = R("gcp:monitoring/customService:CustomService", "llm", {"serviceId": Computed((chat,), "llm")})
    ratio = {"goodServiceFilter": metric, "totalServiceFilter": metric, "badServiceFilter": metric}
    cut = {"distributionFilter": metric, "range": {"max": 1}}
    indicators: list[dict[str, Any]] = [
        {"basicSli": {"availability": {"enabled": True}}},
        {"basicSli": {"latency": {"threshold": "1s"}}},
        {"requestBasedSli": {"goodTotalRatio": ratio}},
        {"requestBasedSli": {"distributionCut": cut}},
        {"windowsBasedSli": {"goodTotalRatioThreshold": {"performance": {"goodTotalRatio": ratio}}}},
    ]
    slos = [
        R("gcp:monitoring/slo:Slo", f"slo-{n}", {"service": Computed((chat, service_), "llm"), **indicator})
        for n, indicator in enumerate(indicators)
    ]
    burns = [
        {"conditionThreshold": {"filter": Computed((slo,), f'select_slo_burn_rate("{slo.name}", "1h")')}}
        for slo in slos
    ]
    common = {"combiner": "OR", "notificationChannels": ["projects/p-demo/notificationChannels/1"]}
    policies = [
        R("gcp:monitoring/alertPolicy:AlertPolicy", "alerts", {**common, "conditions": conditions}),
        R("gcp:monitoring/alertPolicy:AlertPolicy", "burns", {**common, "conditions": burns, "enabled": True}),
    ]
    return [service_, *slos, *policies, R("gcp:logging/metric:Metric", "slow", slow), group, chat]


def undecided_so_far() -> list[R]:
    """What is looked at only where nothing before it decides."""
    group = mig(REGION)
    config = R(
        f"{COMPUTE}regionPerInstanceConfig:RegionPerInstanceConfig",
        "kept",
        {
            "region": REGION,
            "regionInstanceGroupManager": Out(group, "name"),
            "preservedState": {"metadata": {"model": "gemma"}},
        },
    )
    chat = service([backend(group)])
    rule = {"paths": ["/*"], "service": id_of(chat), "routeAction": {"urlRewrite": {"pathTemplateRewrite": "/x"}}}
    matcher = {"name": "only", "defaultService": id_of(chat), "pathRules": [rule]}
    hosts = [{"hosts": ["*"], "pathMatcher": "only"}]
    url_map = R("URLMap", "paths", {"defaultService": id_of(chat), "hostRules": hosts, "pathMatchers": [matcher]})
    mutual = R(
        "gcp:networksecurity/serverTlsPolicy:ServerTlsPolicy",
        "mutual",
        {"name": "mutual", "mtlsPolicy": {"clientValidationMode": "REJECT_INVALID"}},
    )
    proxy = R("TargetHttpsProxy", "only", {"urlMap": id_of(url_map), "serverTlsPolicy": id_of(mutual)})
    cut = {"distributionFilter": 'metric.type="loadbalancing.googleapis.com/https/total_latencies"'}
    slo = R("gcp:monitoring/slo:Slo", "slow", {"requestBasedSli": {"distributionCut": cut}})
    burn = {"conditionThreshold": {"filter": Computed((slo,), 'select_slo_burn_rate("slow", "1h")')}}
    burns = R("gcp:monitoring/alertPolicy:AlertPolicy", "burns", {"conditions": [burn]})
    front = R("GlobalForwardingRule", "front", {"target": id_of(proxy), "loadBalancingScheme": "EXTERNAL_MANAGED"})
    return [group, config, chat, url_map, mutual, proxy, front, slo, burns]


def access() -> list[R]:
    """Cloud Run and Identity-Aware Proxy with grants, extensions, and machines from an image of one's own."""
    inputs = {"location": REGION, "iapEnabled": True, "invokerIamDisabled": False}
    run = R("gcp:cloudrunv2/service:Service", "run", inputs)
    neg = R(
        "RegionNetworkEndpointGroup",
        "run",
        {"region": REGION, "networkEndpointType": "SERVERLESS", "cloudRun": {"service": Out(run, "name")}},
    )
    chat = service([{"group": id_of(neg)}], iap={"enabled": True})
    local = service([{"group": id_of(neg)}], "local", region=REGION)
    condition = {"title": "some", "expression": "true"}
    kinds = (
        ("gcp:iap/webBackendServiceIam{}:WebBackendServiceIam{}", chat, "webBackendService"),
        ("gcp:iap/webRegionBackendServiceIam{}:WebRegionBackendServiceIam{}", local, "webRegionBackendService"),
        ("gcp:cloudrunv2/serviceIam{}:ServiceIam{}", run, "name"),
        ("gcp:cloudrun/iam{}:Iam{}", run, "service"),
        ("gcp:iap/webCloudRunServiceIam{}:WebCloudRunServiceIam{}", run, "cloudRunServiceName"),
    )
    policy = '{"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}'
    forms: tuple[tuple[str, dict[str, Any]], ...] = (
        ("Member", {"member": "allUsers"}),
        ("Binding", {"members": ["allUsers"]}),
        ("Policy", {"policyData": policy}),
    )
    conditions: dict[str, dict[str, Any]] = {"Policy": {}}
    grants = [
        R(
            kind.format(form, form),
            f"{form}-{key}",
            {
                key: Out(of, "name"),
                "role": "roles/run.invoker",
                "location": REGION,
                **caller,
                **conditions.get(form, {"condition": condition}),
            },
        )
        for kind, of, key in kinds
        for form, caller in forms
    ]
    callout = service(name="callout", protocol="HTTP2")
    chains = [{"name": "guard", "extensions": [{"name": "armor", "service": id_of(callout)}]}]
    extensions = [
        R(f"gcp:networkservices/{kind[0].lower()}{kind[1:]}:{kind}", kind, {"extensionChains": chains})
        for kind in ("LbTrafficExtension", "LbRouteExtension", "LbEdgeExtension")
    ]
    machine = R("Instance", "golden", {"zone": ZONE, "bootDisk": {"initializeParams": {"image": "vllm-golden"}}})
    members = [Out(machine, "selfLink")]
    group = R(f"{COMPUTE}instanceGroup:InstanceGroup", "golden", {"zone": ZONE, "instances": members})
    golden = service([backend(group)], "golden")
    return [run, neg, chat, local, *grants, callout, *extensions, machine, group, golden]


def names() -> list[R]:
    """An internal front end with DNS records that have its address written out."""
    chat = service(loadBalancingScheme="INTERNAL_MANAGED")
    paths = R("URLMap", "paths", {"defaultService": id_of(chat)})
    proxy = R("TargetHttpProxy", "proxy", {"urlMap": id_of(paths)})
    given = {"loadBalancingScheme": "INTERNAL_MANAGED", "portRange": "80", "target": id_of(proxy)}
    entry = R("GlobalForwardingRule", "entry", {**given, "subnetwork": f"regions/{REGION}/subnetworks/llm"})
    checked = {"healthCheckedTargets": {"internalLoadBalancers": [{"ipAddress": "10.0.0.5"}]}}
    policies: tuple[dict[str, Any], ...] = (
        {"rrdatas": ["10.0.0.5"]},
        {"routingPolicy": {"geos": [{"location": REGION, **checked}, {"location": "europe-west4", "rrdatas": ["x"]}]}},
        {"routingPolicy": {"wrrs": [{"weight": 1, **checked}]}},
    )
    records = [
        R("gcp:dns/recordSet:RecordSet", f"record-{number}", {"type": "A", "ttl": 30, "managedZone": "llm", **policy})
        for number, policy in enumerate(policies)
    ]
    return [chat, paths, proxy, entry, *records]


def joined() -> list[R]:
    """Regional front ends of zonal NEGs, in two regions, which DNS records with routing policies join."""
    network = R("Network", "net")
    made = [network]
    for region in (REGION, "europe-west4"):
        place = {"region": region, "network": id_of(network)}
        subnet = R("Subnetwork", f"proxies-{region}", {**place, "purpose": "REGIONAL_MANAGED_PROXY", "role": "ACTIVE"})
        neg_place = {"zone": f"{region}-a", "network": id_of(network), "defaultPort": 8000}
        neg = R("NetworkEndpointGroup", f"neg-{region}", neg_place)
        inputs = {"networkEndpointGroup": id_of(neg), "zone": f"{region}-a", "ipAddress": "10.0.0.9"}
        endpoint = R(f"{COMPUTE}networkEndpoint:NetworkEndpoint", f"endpoint-{region}", inputs)
        listed = {"networkEndpointGroup": id_of(neg), "zone": f"{region}-a", "networkEndpoints": [{"port": 8000}]}
        endpoints = R(f"{COMPUTE}networkEndpointList:NetworkEndpointList", f"endpoints-{region}", listed)
        path = {"httpHealthCheck": {"portSpecification": "USE_SERVING_PORT", "requestPath": "/health"}}
        check = R("RegionHealthCheck", f"check-{region}", {"region": region, **path})
        managed = {"region": region, "loadBalancingScheme": "INTERNAL_MANAGED", "protocol": "HTTP"}
        entry = {"balancingMode": "RATE", "maxRatePerEndpoint": 4, "capacityScaler": 1, "maxUtilization": None}
        served = {"backends": [{"group": id_of(neg), **entry}], "healthChecks": id_of(check)}
        chat = R("RegionBackendService", f"chat-{region}", {**managed, **served})
        paths = R("RegionUrlMap", f"paths-{region}", {"region": region, "defaultService": id_of(chat)})
        proxy = R("RegionTargetHttpProxy", f"proxy-{region}", {"region": region, "urlMap": id_of(paths)})
        address = R(f"{COMPUTE}address:Address", f"address-{region}", {"region": region, "address": "10.0.0.5"})
        given = {**place, "loadBalancingScheme": "INTERNAL_MANAGED", "portRange": "80", "target": id_of(proxy)}
        rule = R("ForwardingRule", f"rule-{region}", {**given, "ipAddress": Out(address, "address")})
        made += [subnet, neg, endpoint, endpoints, check, chat, paths, proxy, address, rule]
    targets = [{"ipAddress": "10.0.0.5", "region": REGION, "loadBalancerType": "regionalL7ilb"}]
    balancers = {"internalLoadBalancers": targets}
    geos = [{"location": REGION, "healthCheckedTargets": balancers}]
    policies: tuple[dict[str, Any], ...] = (
        {"geos": geos, "enableGeoFencing": False},
        {"primaryBackup": {"primary": balancers, "backupGeos": geos, "trickleRatio": 0.1}},
        {"healthCheck": "check", "geos": [{"healthCheckedTargets": {"externalEndpoints": ["10.0.0.5"]}}]},
    )
    records = [
        R(
            "gcp:dns/recordSet:RecordSet",
            f"record-{number}",
            {"type": "A", "managedZone": "llm", "routingPolicy": policy},
        )
        for number, policy in enumerate(policies)
    ]
    return [*made, *records]


def affinities() -> list[R]:
    """Services whose session affinity hashes a header, or a cookie."""
    group = mig()
    by_header: dict[str, Any] = {"sessionAffinity": "HEADER_FIELD", "consistentHash": {"httpHeaderName": "x-user"}}
    by_cookie: dict[str, Any] = {"sessionAffinity": "HTTP_COOKIE", "consistentHash": {"httpCookie": {"name": "llm"}}}
    return [group, service([backend(group)], "header", **by_header), service([backend(group)], "cookie", **by_cookie)]


def packets() -> list[R]:
    """Passthrough services with what they alone have: a failover policy, and weights from health checks."""
    group, standby = mig(), R("RegionInstanceGroupManager", "standby", {"region": "us-central1"})
    check = R("RegionHealthCheck", "weights", {"region": "us-central1", "httpHealthCheck": {"port": 8000}})
    by_connection = {"balancingMode": "CONNECTION", "maxUtilization": None}
    given: dict[str, Any] = {"region": "us-central1", "protocol": "TCP", "portName": None}
    given["healthChecks"] = Out(check, "id")
    internal = service(
        [backend(group, **by_connection), backend(standby, failover=True, **by_connection)],
        "internal",
        loadBalancingScheme="INTERNAL",
        failoverPolicy={"disableConnectionDrainOnFailover": True, "failoverRatio": 0.5},
        **given,
    )
    external = service(
        [backend(group, **by_connection)],
        "external",
        loadBalancingScheme="EXTERNAL",
        localityLbPolicy="WEIGHTED_MAGLEV",
        **given,
    )
    return [group, standby, check, internal, external]


def extras() -> dict[str, list[R]]:
    """All these stacks by name, new ones at each call."""
    kinds = (
        *(
            machines,
            endpoints,
            model_apis,
            runs,
            fronts,
            networks,
            accelerators,
            alerts,
            access,
            names,
            joined,
            affinities,
            packets,
        ),
        undecided_so_far,
    )
    on_gke = (kubernetes.public, kubernetes.fleet, kubernetes.behind_ingress, kubernetes.attached, kubernetes.others)
    return {made.__name__: made() for made in kinds} | {f"kubernetes {made.__name__}": made() for made in on_gke}
