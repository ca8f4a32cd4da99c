"""The type tokens of Pulumi's Google Cloud provider that the model reads, and the groups of them that go together."""

from __future__ import annotations

from typing import Final

ADDRESS_GROUP: Final = "gcp:networksecurity/addressGroup:AddressGroup"
ADDRESS: Final = "gcp:compute/address:Address"
ALERT_POLICY: Final = "gcp:monitoring/alertPolicy:AlertPolicy"
API_KEY: Final = "gcp:projects/apiKey:ApiKey"
AUTHZ_POLICY: Final = "gcp:networksecurity/authzPolicy:AuthzPolicy"
AUTHZ_EXTENSION: Final = "gcp:networkservices/authzExtension:AuthzExtension"
AUTOSCALER: Final = "gcp:compute/autoscaler:Autoscaler"
BACKEND_BUCKET: Final = "gcp:compute/backendBucket:BackendBucket"
BACKEND_SERVICE: Final = "gcp:compute/backendService:BackendService"
CRYPTO_KEY: Final = "gcp:kms/cryptoKey:CryptoKey"
CRYPTO_KEY_IAM_BINDING: Final = "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding"
CRYPTO_KEY_IAM_MEMBER: Final = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
CERTIFICATE: Final = "gcp:certificatemanager/certificate:Certificate"
CERTIFICATE_MAP: Final = "gcp:certificatemanager/certificateMap:CertificateMap"
CERTIFICATE_MAP_ENTRY: Final = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"
DISK: Final = "gcp:compute/disk:Disk"
FIREWALL: Final = "gcp:compute/firewall:Firewall"
FIREWALL_POLICY: Final = "gcp:compute/firewallPolicy:FirewallPolicy"
FIREWALL_POLICY_ASSOCIATION: Final = "gcp:compute/firewallPolicyAssociation:FirewallPolicyAssociation"
FIREWALL_POLICY_RULE: Final = "gcp:compute/firewallPolicyRule:FirewallPolicyRule"
FIREWALL_POLICY_WITH_RULES: Final = "gcp:compute/firewallPolicyWithRules:FirewallPolicyWithRules"
FORWARDING_RULE: Final = "gcp:compute/forwardingRule:ForwardingRule"
GKE_CLUSTER: Final = "gcp:container/cluster:Cluster"
GKE_NODE_POOL: Final = "gcp:container/nodePool:NodePool"
GLOBAL_ADDRESS: Final = "gcp:compute/globalAddress:GlobalAddress"
GLOBAL_FORWARDING_RULE: Final = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
GLOBAL_NETWORK_ENDPOINT: Final = "gcp:compute/globalNetworkEndpoint:GlobalNetworkEndpoint"
GLOBAL_NETWORK_ENDPOINT_GROUP: Final = "gcp:compute/globalNetworkEndpointGroup:GlobalNetworkEndpointGroup"
HEALTH_CHECK: Final = "gcp:compute/healthCheck:HealthCheck"
HMAC_KEY: Final = "gcp:storage/hmacKey:HmacKey"
HTTPS_HEALTH_CHECK: Final = "gcp:compute/httpsHealthCheck:HttpsHealthCheck"
HTTP_HEALTH_CHECK: Final = "gcp:compute/httpHealthCheck:HttpHealthCheck"
INSTANCE: Final = "gcp:compute/instance:Instance"
INSTANCE_GROUP: Final = "gcp:compute/instanceGroup:InstanceGroup"
INSTANCE_GROUP_MANAGER: Final = "gcp:compute/instanceGroupManager:InstanceGroupManager"
INSTANCE_GROUP_MEMBERSHIP: Final = "gcp:compute/instanceGroupMembership:InstanceGroupMembership"
INSTANCE_GROUP_NAMED_PORT: Final = "gcp:compute/instanceGroupNamedPort:InstanceGroupNamedPort"
INSTANCE_TEMPLATE: Final = "gcp:compute/instanceTemplate:InstanceTemplate"
KEY_HANDLE: Final = "gcp:kms/keyHandle:KeyHandle"
KEY_RING: Final = "gcp:kms/keyRing:KeyRing"
LB_EDGE_EXTENSION: Final = "gcp:networkservices/lbEdgeExtension:LbEdgeExtension"
LB_ROUTE_EXTENSION: Final = "gcp:networkservices/lbRouteExtension:LbRouteExtension"
LB_TRAFFIC_EXTENSION: Final = "gcp:networkservices/lbTrafficExtension:LbTrafficExtension"
MANAGED_SSL_CERTIFICATE: Final = "gcp:compute/managedSslCertificate:ManagedSslCertificate"
LOG_METRIC: Final = "gcp:logging/metric:Metric"
NETWORK: Final = "gcp:compute/network:Network"
NETWORK_ENDPOINT: Final = "gcp:compute/networkEndpoint:NetworkEndpoint"
NETWORK_ENDPOINT_GROUP: Final = "gcp:compute/networkEndpointGroup:NetworkEndpointGroup"
NETWORK_ENDPOINT_LIST: Final = "gcp:compute/networkEndpointList:NetworkEndpointList"
NETWORK_FIREWALL_POLICY: Final = "gcp:compute/networkFirewallPolicy:NetworkFirewallPolicy"
NETWORK_FIREWALL_POLICY_ASSOCIATION: Final = (
    "gcp:compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation"
)
NETWORK_FIREWALL_POLICY_RULE: Final = "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule"
NETWORK_FIREWALL_POLICY_WITH_RULES: Final = "gcp:compute/networkFirewallPolicyWithRules:NetworkFirewallPolicyWithRules"
PER_INSTANCE_CONFIG: Final = "gcp:compute/perInstanceConfig:PerInstanceConfig"
PRIVATE_KEY: Final = "tls:index/privateKey:PrivateKey"
PROJECT_METADATA: Final = "gcp:compute/projectMetadata:ProjectMetadata"
PROJECT_METADATA_ITEM: Final = "gcp:compute/projectMetadataItem:ProjectMetadataItem"
RANDOM_PASSWORD: Final = "random:index/randomPassword:RandomPassword"
RECORD_SET: Final = "gcp:dns/recordSet:RecordSet"
REGIONAL_SECRET_VERSION: Final = "gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion"
REGION_AUTOSCALER: Final = "gcp:compute/regionAutoscaler:RegionAutoscaler"
REGION_BACKEND_SERVICE: Final = "gcp:compute/regionBackendService:RegionBackendService"
REGION_DISK: Final = "gcp:compute/regionDisk:RegionDisk"
REGION_HEALTH_CHECK: Final = "gcp:compute/regionHealthCheck:RegionHealthCheck"
REGION_INSTANCE_GROUP_MANAGER: Final = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
REGION_INSTANCE_TEMPLATE: Final = "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"
REGION_NETWORK_ENDPOINT: Final = "gcp:compute/regionNetworkEndpoint:RegionNetworkEndpoint"
REGION_NETWORK_ENDPOINT_GROUP: Final = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
REGION_NETWORK_FIREWALL_POLICY: Final = "gcp:compute/regionNetworkFirewallPolicy:RegionNetworkFirewallPolicy"
REGION_NETWORK_FIREWALL_POLICY_ASSOCIATION: Final = (
    "gcp:compute/regionNetworkFirewallPolicyAssociation:RegionNetworkFirewallPolicyAssociation"
)
REGION_NETWORK_FIREWALL_POLICY_RULE: Final = (
    "gcp:compute/regionNetworkFirewallPolicyRule:RegionNetworkFirewallPolicyRule"
)
REGION_NETWORK_FIREWALL_POLICY_WITH_RULES: Final = (
    "gcp:compute/regionNetworkFirewallPolicyWithRules:RegionNetworkFirewallPolicyWithRules"
)
REGION_PER_INSTANCE_CONFIG: Final = "gcp:compute/regionPerInstanceConfig:RegionPerInstanceConfig"
REGION_RESIZE_REQUEST: Final = "gcp:compute/regionResizeRequest:RegionResizeRequest"
REGION_SECURITY_POLICY: Final = "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy"
REGION_SECURITY_POLICY_RULE: Final = "gcp:compute/regionSecurityPolicyRule:RegionSecurityPolicyRule"
REGION_SSL_CERTIFICATE: Final = "gcp:compute/regionSslCertificate:RegionSslCertificate"
REGION_SSL_POLICY: Final = "gcp:compute/regionSslPolicy:RegionSslPolicy"
REGION_TARGET_HTTPS_PROXY: Final = "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy"
REGION_TARGET_HTTP_PROXY: Final = "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy"
REGION_TARGET_TCP_PROXY: Final = "gcp:compute/regionTargetTcpProxy:RegionTargetTcpProxy"
REGION_URL_MAP: Final = "gcp:compute/regionUrlMap:RegionUrlMap"
RESIZE_REQUEST: Final = "gcp:compute/resizeRequest:ResizeRequest"
RUN_DOMAIN_MAPPING: Final = "gcp:cloudrun/domainMapping:DomainMapping"
RUN_FUNCTION: Final = "gcp:cloudfunctionsv2/function:Function"
RUN_SERVICE: Final = "gcp:cloudrunv2/service:Service"
RUN_SERVICE_V1: Final = "gcp:cloudrun/service:Service"
SECRET_VERSION: Final = "gcp:secretmanager/secretVersion:SecretVersion"
SECURITY_POLICY: Final = "gcp:compute/securityPolicy:SecurityPolicy"
SECURITY_POLICY_RULE: Final = "gcp:compute/securityPolicyRule:SecurityPolicyRule"
SERVER_TLS_POLICY: Final = "gcp:networksecurity/serverTlsPolicy:ServerTlsPolicy"
SERVICE_ACCOUNT: Final = "gcp:serviceaccount/account:Account"
SERVICE_ACCOUNT_KEY: Final = "gcp:serviceaccount/key:Key"
SERVICE_ATTACHMENT: Final = "gcp:compute/serviceAttachment:ServiceAttachment"
SERVICE_LB_POLICY: Final = "gcp:networkservices/serviceLbPolicies:ServiceLbPolicies"
SLO: Final = "gcp:monitoring/slo:Slo"
SSL_CERTIFICATE: Final = "gcp:compute/sSLCertificate:SSLCertificate"
SSL_POLICY: Final = "gcp:compute/sSLPolicy:SSLPolicy"
STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
SUBNETWORK: Final = "gcp:compute/subnetwork:Subnetwork"
TARGET_GRPC_PROXY: Final = "gcp:compute/targetGrpcProxy:TargetGrpcProxy"
TARGET_HTTPS_PROXY: Final = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"
TARGET_HTTP_PROXY: Final = "gcp:compute/targetHttpProxy:TargetHttpProxy"
TARGET_SSL_PROXY: Final = "gcp:compute/targetSSLProxy:TargetSSLProxy"
TARGET_TCP_PROXY: Final = "gcp:compute/targetTCPProxy:TargetTCPProxy"
URL_MAP: Final = "gcp:compute/uRLMap:URLMap"

INSTANCE_GROUP_MANAGER_TYPES: Final = (REGION_INSTANCE_GROUP_MANAGER, INSTANCE_GROUP_MANAGER)
INSTANCE_GROUP_TYPES: Final = (*INSTANCE_GROUP_MANAGER_TYPES, INSTANCE_GROUP)
GROUP_TYPES: Final = (
    *INSTANCE_GROUP_TYPES,
    NETWORK_ENDPOINT_GROUP,
    REGION_NETWORK_ENDPOINT_GROUP,
    GLOBAL_NETWORK_ENDPOINT_GROUP,
)
LEGACY_HEALTH_CHECK_TYPES: Final = (HTTP_HEALTH_CHECK, HTTPS_HEALTH_CHECK)
HEALTH_CHECK_TYPES: Final = (HEALTH_CHECK, REGION_HEALTH_CHECK, *LEGACY_HEALTH_CHECK_TYPES)
TEMPLATE_TYPES: Final = (REGION_INSTANCE_TEMPLATE, INSTANCE_TEMPLATE)
DISK_TYPES: Final = (DISK, REGION_DISK)
SERVICE_TYPES: Final = (BACKEND_SERVICE, REGION_BACKEND_SERVICE)
URL_MAP_TYPES: Final = (URL_MAP, REGION_URL_MAP)
HTTP_PROXY_TYPES: Final = (
    TARGET_HTTP_PROXY,
    REGION_TARGET_HTTP_PROXY,
)
HTTPS_PROXY_TYPES: Final = (
    TARGET_HTTPS_PROXY,
    REGION_TARGET_HTTPS_PROXY,
)
# Proxies without a URL map: they point at the backend service themselves. A gRPC proxy has one.
SSL_PROXY_TYPES: Final = (TARGET_SSL_PROXY,)
TCP_PROXY_TYPES: Final = (
    TARGET_TCP_PROXY,
    REGION_TARGET_TCP_PROXY,
)
GRPC_PROXY_TYPES: Final = (TARGET_GRPC_PROXY,)
PROXY_TYPES: Final = (
    *HTTP_PROXY_TYPES,
    *HTTPS_PROXY_TYPES,
    *SSL_PROXY_TYPES,
    *TCP_PROXY_TYPES,
    *GRPC_PROXY_TYPES,
)
FORWARDING_RULE_TYPES: Final = (
    GLOBAL_FORWARDING_RULE,
    FORWARDING_RULE,
)
# What asks a backend service about requests, and sends none to it.
EXTENSION_TYPES: Final = (AUTHZ_EXTENSION, LB_EDGE_EXTENSION, LB_ROUTE_EXTENSION, LB_TRAFFIC_EXTENSION)
SSL_POLICY_TYPES: Final = (SSL_POLICY, REGION_SSL_POLICY)
SECURITY_POLICY_TYPES: Final = (
    SECURITY_POLICY,
    REGION_SECURITY_POLICY,
)
SECURITY_RULE_TYPES: Final = (
    SECURITY_POLICY_RULE,
    REGION_SECURITY_POLICY_RULE,
)
AUTOSCALER_TYPES: Final = (REGION_AUTOSCALER, AUTOSCALER)
MACHINE_TYPES: Final = (*TEMPLATE_TYPES, INSTANCE)
# Three doors to the same product: a function of the second generation is a Cloud Run service.
RUN_TYPES: Final = (RUN_SERVICE, RUN_SERVICE_V1, RUN_FUNCTION)
ENDPOINT_TYPES: Final = (
    NETWORK_ENDPOINT,
    NETWORK_ENDPOINT_LIST,
    INSTANCE_GROUP_MEMBERSHIP,
)
SUBNETWORK_TYPES: Final = (SUBNETWORK,)
NETWORK_TYPES: Final = (NETWORK,)
FIREWALL_TYPES: Final = (FIREWALL,)
FIREWALL_POLICY_ASSOCIATION_TYPES: Final = (
    NETWORK_FIREWALL_POLICY_ASSOCIATION,
    REGION_NETWORK_FIREWALL_POLICY_ASSOCIATION,
)
FIREWALL_POLICY_TYPES: Final = (
    NETWORK_FIREWALL_POLICY,
    REGION_NETWORK_FIREWALL_POLICY,
    NETWORK_FIREWALL_POLICY_WITH_RULES,
    REGION_NETWORK_FIREWALL_POLICY_WITH_RULES,
)
FIREWALL_POLICY_RULE_TYPES: Final = (
    NETWORK_FIREWALL_POLICY_RULE,
    REGION_NETWORK_FIREWALL_POLICY_RULE,
)
WITH_RULES_TYPES: Final = (NETWORK_FIREWALL_POLICY_WITH_RULES, REGION_NETWORK_FIREWALL_POLICY_WITH_RULES)
# Those of organizations and folders, which apply before all others.
HIERARCHICAL_POLICY_TYPES: Final = (FIREWALL_POLICY, FIREWALL_POLICY_WITH_RULES)
HIERARCHICAL_RULE_TYPES: Final = (FIREWALL_POLICY_RULE, FIREWALL_POLICY_WITH_RULES)
HIERARCHICAL_ASSOCIATION_TYPES: Final = (FIREWALL_POLICY_ASSOCIATION,)
# Who has a role on a project, a folder or an organization: one member, or all that have it.
IAM_MEMBER_TYPES: Final = (
    "gcp:projects/iAMMember:IAMMember",
    "gcp:folder/iAMMember:IAMMember",
    "gcp:organizations/iAMMember:IAMMember",
)
IAM_BINDING_TYPES: Final = (
    "gcp:projects/iAMBinding:IAMBinding",
    "gcp:folder/iAMBinding:IAMBinding",
    "gcp:organizations/iAMBinding:IAMBinding",
)
# Grants on one resource: a member, all members of a role, or all roles. The grants of both API versions go together.
CLOUD_RUN_GRANT_TYPES: Final = (
    "gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding",
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
    "gcp:cloudrunv2/serviceIamPolicy:ServiceIamPolicy",
)
CLOUD_RUN_V1_GRANT_TYPES: Final = (
    "gcp:cloudrun/iamBinding:IamBinding",
    "gcp:cloudrun/iamMember:IamMember",
    "gcp:cloudrun/iamPolicy:IamPolicy",
)
IAP_GRANT_TYPES: Final = (
    "gcp:iap/webBackendServiceIamBinding:WebBackendServiceIamBinding",
    "gcp:iap/webBackendServiceIamMember:WebBackendServiceIamMember",
    "gcp:iap/webBackendServiceIamPolicy:WebBackendServiceIamPolicy",
)
IAP_CLOUD_RUN_GRANT_TYPES: Final = (
    "gcp:iap/webCloudRunServiceIamBinding:WebCloudRunServiceIamBinding",
    "gcp:iap/webCloudRunServiceIamMember:WebCloudRunServiceIamMember",
    "gcp:iap/webCloudRunServiceIamPolicy:WebCloudRunServiceIamPolicy",
)
IAP_REGION_GRANT_TYPES: Final = (
    "gcp:iap/webRegionBackendServiceIamBinding:WebRegionBackendServiceIamBinding",
    "gcp:iap/webRegionBackendServiceIamMember:WebRegionBackendServiceIamMember",
    "gcp:iap/webRegionBackendServiceIamPolicy:WebRegionBackendServiceIamPolicy",
)
# Packages of types, and beginnings of types that go together.
GKE: Final = "gcp:container/"
KMS_KEYS: Final = ("gcp:kms/cryptoKey", "gcp:kms/keyHandle")
