# The first six rules of the pack, as far as a Terraform plan with known values goes.
package main

import rego.v1

resources := [change | some change in input.resource_changes; change.change.after != null]

services := [{"name": r.name, "at": r.change.after} | some r in resources; r.type == "google_compute_backend_service"]

checks := {path: r.change.after |
	some r in resources
	r.type == "google_compute_health_check"
	path := sprintf("projects/p-demo/global/healthChecks/%s", [r.name])
}

region_of(group) := regex.find_all_string_submatch_n(`/regions/([^/]+)/`, group, 1)[0][1] if contains(group, "/regions/")

region_of(group) := regex.find_all_string_submatch_n(`/zones/([^/]+)-[a-z]/`, group, 1)[0][1] if contains(group, "/zones/")

request_path(check) := check.http_health_check[0].request_path

request_path(check) := check.https_health_check[0].request_path

request_path(check) := check.http2_health_check[0].request_path

# llm-backend-health-check
deny contains sprintf("llm-backend-health-check %s: its health check asks for another path than /health", [s.name]) if {
	some s in services
	not is_checked(s)
}

is_checked(s) if {
	some path in s.at.health_checks
	request_path(checks[path]) == "/health"
}

# llm-backend-named-port
deny contains sprintf("llm-backend-named-port %s: it has instance groups and no named port", [s.name]) if {
	some s in services
	some backend in s.at.backend
	contains(backend.group, "/instanceGroups/")
	object.get(s.at, "port_name", "") == ""
}

# llm-backend-regions
deny contains sprintf("llm-backend-regions %s: its backends are in fewer than 2 regions", [s.name]) if {
	some s in services
	count({region_of(backend.group) | some backend in s.at.backend}) < 2
}

# llm-backend-max-utilization
deny contains sprintf("llm-backend-max-utilization %s: a backend has no bounded target", [s.name]) if {
	some s in services
	some backend in s.at.backend
	not is_bounded(backend)
}

is_bounded(backend) if {
	backend.balancing_mode == "UTILIZATION"
	backend.max_utilization > 0
	backend.max_utilization <= 0.8
}

is_bounded(backend) if {
	backend.balancing_mode == "RATE"
	some field in ["max_rate", "max_rate_per_instance", "max_rate_per_endpoint"]
	backend[field] > 0
}

is_bounded(backend) if {
	backend.balancing_mode == "CONNECTION"
	some field in ["max_connections", "max_connections_per_instance", "max_connections_per_endpoint"]
	backend[field] > 0
}

# load-balancer-product
products := {
	"EXTERNAL_MANAGED": {"HTTP", "HTTPS", "HTTP2", "H2C", "TCP", "SSL"},
	"EXTERNAL": {"HTTP", "HTTPS", "HTTP2", "TCP", "SSL"},
	"INTERNAL_MANAGED": {"HTTP", "HTTPS", "HTTP2", "H2C", "TCP"},
	"INTERNAL_SELF_MANAGED": {"HTTP", "HTTPS", "HTTP2", "GRPC", "TCP"},
}

deny contains sprintf("load-balancer-product %s: there is no such load balancer", [s.name]) if {
	some s in services
	not s.at.protocol in products[s.at.load_balancing_scheme]
}

# load-balancer-balancing-mode
deny contains sprintf("load-balancer-balancing-mode %s: a target is of another balancing mode", [s.name]) if {
	some s in services
	some backend in s.at.backend
	backend.balancing_mode == "RATE"
	some field in ["max_connections", "max_connections_per_instance", "max_connections_per_endpoint"]
	object.get(backend, field, 0) > 0
}

deny contains sprintf("load-balancer-balancing-mode %s: max_utilization is out of range", [s.name]) if {
	some s in services
	some backend in s.at.backend
	not in_range(object.get(backend, "max_utilization", 0.5))
}

in_range(value) if {
	value >= 0
	value <= 1
}
