"""The sentences of the libraries' documentation that verdicts stand on: one row a sentence.

The text of the API and of the provider is in the docstrings of their Python libraries, which a program can read again;
pages of the documentation have dates instead (docs/load-balancers.md).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Sentence(NamedTuple):
    """What a library says of a field.

    Attributes:
        library: the distribution that has the docstring.
        message: the class.
        field: the field of it.
        says: a part of its documentation, word for word; white space does not count.
        decides: what in the pack is read again if it changes: a file, and a name in it if the file has more.
    """

    library: str
    message: str
    field: str
    says: str
    decides: str


COMPUTE: Final = "google-cloud-compute"
RUN: Final = "google-cloud-run"
PROVIDER: Final = "pulumi-gcp"

ATTRIBUTES: Final = "policypack/model/products/attributes.py"
TARGETS: Final = "policypack/model/products/targets.py"
PRODUCT: Final = "policypack/model/products/product.py"
UPDATES: Final = "policypack/model/fleets/updates.py"
SETTINGS: Final = "policypack/model/machines/settings.py"

# fmt: off
SENTENCES: Final = tuple(Sentence(*row) for row in (
    # Attributes of backend services.
    (COMPUTE, "BackendService", "affinity_cookie_ttl_sec",
     "requires GENERATED_COOKIE or HTTP_COOKIE session affinity", f"{ATTRIBUTES}: GENERATED_COOKIE"),
    (COMPUTE, "BackendService", "connection_tracking_policy",
     "Connection tracking policy settings are only available for external passthrough Network Load Balancers and "
     "internal passthrough Network Load Balancers.", f"{ATTRIBUTES}: connection_tracking_policy"),
    (COMPUTE, "BackendService", "failover_policy",
     "For load balancers that have configurable failover: `Internal passthrough Network Load Balancers",
     f"{ATTRIBUTES}: failover_policy"),
    (COMPUTE, "BackendService", "ha_policy",
     "haPolicy can only be specified for External Passthrough Network Load Balancers and Internal Passthrough Network "
     "Load Balancers.", f"{ATTRIBUTES}: ha_policy"),
    (COMPUTE, "BackendService", "iap",
     "Not available for internal passthrough Network Load Balancers and external passthrough Network Load Balancers.",
     f"{ATTRIBUTES}: iap"),
    (COMPUTE, "BackendService", "enable_c_d_n",
     "If true, enables Cloud CDN for the backend service of a global external Application Load Balancer.",
     f"{ATTRIBUTES}: enable_cdn"),
    (COMPUTE, "BackendService", "max_stream_duration",
     "This field is only allowed when the loadBalancingScheme of the backend service is INTERNAL_SELF_MANAGED.",
     f"{ATTRIBUTES}: max_stream_duration"),
    (COMPUTE, "BackendService", "network",
     "This field can only be specified when the load balancing scheme is set toINTERNAL, or when the load balancing "
     "scheme is set toEXTERNAL and haPolicy fastIpMove is enabled.", f"{ATTRIBUTES}: network"),
    (COMPUTE, "BackendService", "service_lb_policy",
     "Can only be set if load balancing scheme is EXTERNAL_MANAGED, INTERNAL_MANAGED or INTERNAL_SELF_MANAGED for a "
     "global backend service, and EXTERNAL_MANAGED or INTERNAL_MANAGED for a regional backend service.",
     f"{ATTRIBUTES}: service_lb_policy"),
    (COMPUTE, "BackendService", "port_name",
     "This parameter has no meaning if the backends are NEGs. For internal passthrough Network Load Balancers and "
     "external passthrough Network Load Balancers, omit port_name.", f"{ATTRIBUTES}: port_name"),
    (COMPUTE, "BackendService", "timeout_sec",
     "The default is 30 seconds. The full range of timeout values allowed goes from 1 through 2,147,483,647 seconds.",
     "policypack/model/balancing/backend_service.py: DEFAULT_TIMEOUT_SECONDS"),
    (COMPUTE, "BackendService", "timeout_sec",
     "This value can be overridden in the PathMatcher configuration of the UrlMap",
     "policypack/rules/serving/llm_backend_timeout.py: on_routes"),
    (COMPUTE, "BackendService", "health_checks",
     "Backend services with internet or serverless NEG backends must not have a health check.",
     "policypack/rules/legality/health_check_attachable.py"),
    (COMPUTE, "BackendService", "health_checks",
     "at most one health check can be specified for each backend service",
     "policypack/rules/legality/health_check_attachable.py"),
    (COMPUTE, "BackendServiceLogConfig", "enable",
     "Denotes whether to enable logging for the load balancer traffic served by this backend service. The default "
     "value is false.", "policypack/rules/serving/llm_backend_logging.py"),
    (COMPUTE, "BackendServiceLogConfig", "sample_rate",
     "The default value is 1.0.", "policypack/rules/serving/llm_backend_logging.py"),
    (PROVIDER, "compute.BackendServiceArgs", "circuit_breakers",
     "This field is applicable only when the load_balancing_scheme is set to INTERNAL_SELF_MANAGED.",
     f"{ATTRIBUTES}: circuit_breakers"),
    (PROVIDER, "compute.BackendServiceBackendArgs", "preference",
     "This field cannot be set when loadBalancingScheme is set to 'EXTERNAL'.", f"{ATTRIBUTES}: preference"),
    (COMPUTE, "Backend", "failover",
     "This field can only be used for a regional external Passthrough Network Load Balancer or a regional internal "
     "Passthrough Network Load Balancer.", f"{ATTRIBUTES}: failover"),

    # Schemes.
    (PROVIDER, "compute.BackendServiceArgs", "load_balancing_scheme",
     "Default value is `EXTERNAL_MANAGED`.", f"{PRODUCT}: _DEFAULT_GLOBAL_SCHEME"),
    (PROVIDER, "compute.RegionBackendServiceArgs", "load_balancing_scheme",
     "Default value is `INTERNAL`.", f"{PRODUCT}: DEFAULT_REGIONAL_SCHEME_OF_SERVICES"),
    (COMPUTE, "ForwardingRule", "target",
     "For regional forwarding rules, this target must be in the same region as the forwarding rule. For global "
     "forwarding rules, this target must be a global load balancing resource.",
     "policypack/rules/legality/forwarding_rule_scheme.py"),
    (COMPUTE, "ForwardingRule", "allow_global_access",
     "If false, only allows access from the local region the load balancer is located at.",
     "policypack/rules/edge/frontend_regions.py"),
    (COMPUTE, "ForwardingRule", "subnetwork",
     "a subnetwork must be specified if the network is in custom subnet mode",
     "policypack/rules/legality/forwarding_rule_scheme.py"),

    # Session affinity and locality.
    (COMPUTE, "BackendService", "strong_session_affinity_cookie",
     "This field is applicable and required if the sessionAffinity is set toSTRONG_COOKIE_AFFINITY.",
     f"{ATTRIBUTES}: STRONG_COOKIE_AFFINITY"),
    (COMPUTE, "BackendService", "consistent_hash",
     "This field is only applicable whenlocalityLbPolicy is set to MAGLEV orRING_HASH.",
     f"{ATTRIBUTES}: HASHING_POLICIES"),
    (COMPUTE, "ConsistentHashLoadBalancerSettings", "http_cookie",
     "This field is applicable if the sessionAffinity is set to HTTP_COOKIE.",
     "policypack/rules/legality/backend_session_affinity.py"),
    (COMPUTE, "ConsistentHashLoadBalancerSettings", "http_header_name",
     "This field is applicable if the sessionAffinity is set toHEADER_FIELD.",
     "policypack/rules/legality/backend_session_affinity.py"),
    (COMPUTE, "BackendService", "locality_lb_policy",
     "then the default value for localityLbPolicy is ROUND_ROBIN. If session affinity is set to a value other than "
     "NONE, then the default value for localityLbPolicy isMAGLEV.", f"{ATTRIBUTES}: POLICIES_WITHOUT_AFFINITY"),
    (COMPUTE, "BackendService", "custom_metrics",
     "List of custom metrics that are used for theWEIGHTED_ROUND_ROBIN locality_lb_policy.",
     f"{ATTRIBUTES}: custom_metrics"),

    # Outlier detection.
    (COMPUTE, "BackendService", "outlier_detection",
     "A global backend service with the loadBalancingScheme set to INTERNAL_SELF_MANAGED or EXTERNAL_MANAGED.",
     f"{ATTRIBUTES}: outlier_detection"),
    (COMPUTE, "BackendService", "outlier_detection",
     "loadBalancingScheme set to INTERNAL_MANAGED or EXTERNAL_MANAGED. Not supported for Serverless NEGs.",
     f"{ATTRIBUTES}: outlier_detection"),
    (COMPUTE, "OutlierDetection", "enforcing_success_rate",
     "Not supported when the backend service uses Serverless NEG.",
     "policypack/model/balancing/service_settings.py"),
    (COMPUTE, "OutlierDetection", "success_rate_minimum_hosts",
     "Not supported when the backend service uses Serverless NEG.",
     "policypack/model/balancing/service_settings.py"),
    (COMPUTE, "OutlierDetection", "enforcing_consecutive_errors",
     "Defaults to 0.", "policypack/model/balancing/service_settings.py"),
    (COMPUTE, "OutlierDetection", "enforcing_consecutive_gateway_failure",
     "Defaults to 100.", "policypack/model/balancing/service_settings.py"),

    # Balancing modes and targets.
    (COMPUTE, "Backend", "balancing_mode",
     "Backend.maxUtilization is ignored when Backend.balancingMode is RATE.", f"{TARGETS}: _TARGETS_OF_MODES"),
    (COMPUTE, "Backend", "max_connections",
     "Not available if the backend'sbalancingMode is RATE.", f"{TARGETS}: _TARGETS_OF_MODES"),
    (COMPUTE, "Backend", "max_rate",
     "Not available if the backend's balancingMode isCONNECTION.", f"{TARGETS}: _TARGETS_OF_MODES"),
    (COMPUTE, "Backend", "max_in_flight_requests",
     "Not available if backend's balancingMode isRATE or CONNECTION.", f"{TARGETS}: _TARGETS_OF_MODES"),
    (COMPUTE, "Backend", "custom_metrics",
     "List of custom metrics that are used for CUSTOM_METRICS BalancingMode.", f"{TARGETS}: MODES"),
    (COMPUTE, "Backend", "capacity_scaler",
     "The valid ranges are 0.0 and [0.1,1.0].",
     "policypack/rules/legality/backend_capacity_scaler.py"),
    (COMPUTE, "Backend", "capacity_scaler",
     "You cannot configure a setting of 0 when there is only one backend attached to the backend service.",
     "policypack/rules/legality/backend_capacity_scaler.py"),
    (COMPUTE, "Backend", "capacity_scaler",
     "This includes backends such as global internet NEGs, regional serverless NEGs, and PSC NEGs.",
     f"{TARGETS}: _SETTINGS_OF_KINDS"),
    (PROVIDER, "compute.BackendServiceBackendArgs", "balancing_mode",
     "Default value is `UTILIZATION`.", "policypack/model/balancing/backend.py: Backend"),
    (PROVIDER, "compute.RegionBackendServiceBackendArgs", "balancing_mode",
     "Default value is `UTILIZATION`.", "policypack/model/balancing/backend.py: Backend"),

    # Routes and redirects.
    (COMPUTE, "HttpRouteAction", "url_rewrite",
     "urlRewrite is the only action supported in UrlMaps for classic Application Load Balancers.",
     f"{ATTRIBUTES}: ROUTE_ACTIONS"),
    (COMPUTE, "HttpRouteAction", "fault_injection_policy",
     "Fault injection is not supported with the classic Application Load Balancer",
     f"{ATTRIBUTES}: fault_injection_policy"),
    (COMPUTE, "HttpRedirectAction", "https_redirect",
     "If set to false, the URL scheme of the redirected request remains the same as that of the request.",
     "policypack/rules/edge/frontend_https_only.py"),
    (COMPUTE, "HttpRedirectAction", "redirect_response_code",
     "PERMANENT_REDIRECT, which corresponds to 308. In this case, the request method is retained.",
     "policypack/rules/edge/frontend_https_only.py"),
    (COMPUTE, "HttpRetryPolicy", "num_retries",
     "If not specified, defaults to 1.", "policypack/rules/serving/llm_backend_retry.py"),

    # Health checks.
    *((COMPUTE, message, "port_specification", "USE_NAMED_PORT: Not supported.", f"{ATTRIBUTES}: USE_NAMED_PORT")
      for message in ("HTTPHealthCheck", "HTTPSHealthCheck", "HTTP2HealthCheck", "TCPHealthCheck", "GRPCHealthCheck")),
    (COMPUTE, "HTTPHealthCheck", "port_specification",
     "Only supported by backend services for proxy load balancers.", f"{ATTRIBUTES}: USE_SERVING_PORT"),
    (COMPUTE, "HTTPHealthCheck", "port",
     "The default value is 80.", "policypack/model/network/ports.py"),
    (COMPUTE, "HTTPHealthCheck", "request_path",
     "The default value is/.",
     "policypack/rules/availability/llm_backend_health_check.py"),
    (COMPUTE, "HealthCheck", "check_interval_sec",
     "The default value is 5 seconds.", "policypack/rules/health/health_check_timing.py"),
    (COMPUTE, "HealthCheck", "unhealthy_threshold",
     "The default value is 2.", "policypack/rules/health/health_check_timing.py"),
    (COMPUTE, "HealthCheck", "timeout_sec",
     "It is invalid for timeoutSec to have greater value than checkIntervalSec.",
     "policypack/rules/health/health_check_timing.py"),
    (COMPUTE, "HealthCheckLogConfig", "enable",
     "This is false by default", "policypack/rules/health/health_check_logging.py"),

    # Managed instance groups.
    (COMPUTE, "InstanceGroupManagerUpdatePolicy", "max_surge",
     "The default value for maxSurge is a fixed value equal to the number of zones in which the managed instance group "
     "operates.", UPDATES),
    (COMPUTE, "InstanceGroupManagerUpdatePolicy", "max_surge",
     "This value can be either a fixed number or, if the group has 10 or more instances, a percentage.",
     UPDATES),
    (COMPUTE, "InstanceGroupManagerUpdatePolicy", "max_unavailable",
     "At least one of either maxSurge ormaxUnavailable must be greater than 0.", UPDATES),
    (COMPUTE, "InstanceGroupManagerAutoHealingPolicy", "initial_delay_sec",
     "The value of initial delay must be between 0 and 3600 seconds. The default value is 0.",
     "policypack/rules/fleets/instance_group_autohealing.py"),
    (COMPUTE, "AutoscalingPolicy", "max_num_replicas",
     "The maximum number of replicas must not be lower than minimal number of replicas.",
     "policypack/rules/fleets/instance_group_autoscaler.py"),
    (COMPUTE, "AutoscalingPolicyLoadBalancingUtilization", "utilization_target",
     "If not defined, the default is 0.8.", "policypack/model/fleets/autoscaler.py"),
    (COMPUTE, "AutoscalingPolicyCpuUtilization", "utilization_target",
     "If not specified, the default is0.6.", "policypack/model/fleets/autoscaler.py"),

    # VMs.
    (COMPUTE, "Scheduling", "on_host_maintenance",
     "For standard instances, the default behavior is MIGRATE. Forpreemptible instances, the default and only possible "
     "behavior is TERMINATE.", f"{SETTINGS}: Scheduling"),
    (COMPUTE, "Scheduling", "automatic_restart",
     "Preemptible instances cannot be automatically restarted.", f"{SETTINGS}: Scheduling"),
    (COMPUTE, "ShieldedInstanceConfig", "enable_secure_boot", "Disabled by default.",
     "policypack/rules/instances/instance_shielded_vm.py"),
    (COMPUTE, "ShieldedInstanceConfig", "enable_vtpm", "Enabled by default.",
     "policypack/rules/instances/instance_shielded_vm.py"),
    (COMPUTE, "ShieldedInstanceConfig", "enable_integrity_monitoring", "Enabled by default.",
     "policypack/rules/instances/instance_shielded_vm.py"),

    # Networks.
    (COMPUTE, "SubnetworkLogConfig", "enable",
     "Flow logging isn't supported if the subnet purpose field is set to REGIONAL_MANAGED_PROXY.",
     "policypack/rules/network/subnet_flow_logs.py"),
    (COMPUTE, "SubnetworkLogConfig", "flow_sampling",
     "Default is 0.5 unless otherwise specified by the org policy",
     "policypack/model/network/subnetwork.py"),
    (COMPUTE, "Firewall", "target_tags",
     "If no targetTags are specified, the firewall rule applies to all instances on the specified network.",
     "policypack/model/firewalls/firewall.py: Firewall"),
    (COMPUTE, "Firewall", "source_ranges",
     "the rule applies to traffic that has a source IP address within sourceRanges OR a source IP from a resource with "
     "a matching tag listed in thesourceTags field", "policypack/model/firewalls/sources.py"),
    (COMPUTE, "NetworkEndpointGroup", "default_port",
     "If the network endpoint type is either GCE_VM_IP,SERVERLESS or PRIVATE_SERVICE_CONNECT, this field must not be "
     "specified.", "policypack/model/balancing/group.py: Group"),

    # The edge.
    (COMPUTE, "SslPolicy", "min_tls_version",
     "When set to TLS_1_3, the profile field must be set to RESTRICTED.",
     "policypack/model/frontend/ssl_policy.py: SslPolicy"),
    (PROVIDER, "compute.SSLPolicyArgs", "min_tls_version",
     "Default value is `TLS_1_0`.", "policypack/model/frontend/ssl_policy.py: SslPolicy"),
    (PROVIDER, "compute.SSLPolicyArgs", "profile",
     "Default value is `COMPATIBLE`.", "policypack/model/frontend/ssl_policy.py: SslPolicy"),
    (COMPUTE, "TargetHttpsProxy", "certificate_map",
     "This field can only be set for Global external Application Load Balancer or Classic Application Load Balancer.",
     "policypack/model/products/fronts.py"),
    (PROVIDER, "compute.ForwardingRuleArgs", "ports",
     "You can specify a list of up to five ports by number", "policypack/rules/forwarding/ports.py"),
    (PROVIDER, "compute.ForwardingRuleArgs", "all_ports",
     "The L3_DEFAULT protocol requires `allPorts` be set to true.", "policypack/rules/forwarding/ports.py"),
    (PROVIDER, "compute.ForwardingRuleArgs", "port_range",
     "It's applicable only to the following products: external passthrough Network Load Balancers, internal and "
     "external proxy Network Load Balancers, internal and external Application Load Balancers, external protocol "
     "forwarding, and Classic VPN.", "policypack/model/products/fronts.py"),
    (PROVIDER, "compute.ForwardingRuleArgs", "all_ports",
     "The `ports`, `portRange`, and `allPorts` fields are mutually exclusive.", "policypack/rules/forwarding/ports.py"),
    (PROVIDER, "compute.ForwardingRuleArgs", "subnetwork",
     "a subnetwork must be specified if the network is in custom subnet mode or when creating external forwarding rule "
     "with IPv6", "policypack/rules/forwarding/place.py"),
    (PROVIDER, "compute.TargetHttpsProxyArgs", "certificate_manager_certificates",
     "sslCertificates and certificateManagerCertificates fields can not be defined together.",
     "policypack/rules/forwarding/certificates.py"),
    (PROVIDER, "compute.RegionTargetHttpsProxyArgs", "ssl_certificates",
     "At least one SSL certificate must be specified.", "policypack/model/frontend/proxy.py"),
    (COMPUTE, "TargetHttpsProxy", "certificate_map",
     "If set, sslCertificates will be ignored.", "policypack/model/frontend/certificates.py"),
    (COMPUTE, "SecurityPolicyRuleRateLimitOptions", "enforce_on_key",
     "ALL: A single rate limit threshold is applied to all the requests matching this rule. This is the default value "
     "if \"enforceOnKey\" is not configured.",
     "policypack/rules/edge/cloud_armor_rate_limit.py"),
    (COMPUTE, "SecurityPolicyRuleRateLimitOptions", "conform_action",
     "Valid option is \"allow\" only.", "policypack/rules/edge/cloud_armor_rate_limit.py"),

    # Cloud Run.
    (RUN, "RevisionTemplate", "max_instance_request_concurrency",
     "concurrency defaults to 80 when requested ``CPU >= 1`` and defaults to 1 when requested ``CPU < 1``",
     "policypack/model/run/capacity.py"),
    (RUN, "RevisionScaling", "max_instance_count",
     "When unspecified, the field is set to the server default value of 100.",
     "policypack/model/run/capacity.py"),
    (RUN, "Probe", "timeout_seconds",
     "Defaults to 1 second. Minimum value is 1. Maximum value is 3600. Must be smaller than period_seconds.",
     "policypack/model/run/probe.py"),
    (RUN, "Probe", "period_seconds",
     "Default to 10 seconds. Minimum value is 1. Maximum value for liveness probe is 3600. Maximum value for startup "
     "probe is 240.", "policypack/model/run/probe.py"),
    (RUN, "Probe", "failure_threshold",
     "Defaults to 3. Minimum value is 1.", "policypack/model/run/probe.py"),
    (RUN, "Container", "startup_probe",
     "All other probes are disabled if a startup probe is provided, until it succeeds.",
     "policypack/rules/run/run_service_probes.py"),
    (RUN, "HTTPGetAction", "path",
     "Defaults to '/'.", "policypack/model/run/probe.py"),
    (RUN, "ResourceRequirements", "limits",
     "The only supported 'nvidia.com/gpu' value is '1'.", "policypack/model/run/container.py"),
    (RUN, "Service", "default_uri_disabled",
     "Disables public resolution of the default URI of this service.",
     "policypack/rules/run/run_service_ingress.py"),
    (RUN, "Service", "invoker_iam_disabled",
     "Disables IAM permission check for run.routes.invoke for callers of this service.",
     "policypack/model/security/authentication.py"),
))
# fmt: on
