"""Which rules have something to judge in which stack."""

# No model server is on the internet, and none on GKE.
NOWHERE = {"backend-controller-backends", "internet-neg-host", "internet-neg-tls", "load-balancer-in-sight"}
# Behind the load balancers over machines there is no Cloud Run.
OF_CLOUD_RUN = {
    "llm-backend-failover-signal",
    "run-service-capacity",
    "run-service-exists",
    "run-service-ingress",
    "run-service-probes",
}
# Cloud Run has no machines, groups and firewall to judge, and a load balancer takes no health check, target, port and
# draining time for it.
OF_MACHINES = {
    "firewall-no-open-ingress",
    "gpu-instance-scheduling",
    "health-check-attachable",
    "health-check-logging",
    "health-check-matches-serving",
    "health-check-reachable",
    "health-check-timing",
    "instance-disk-encryption",
    "instance-group-autohealing",
    "instance-group-autoscaler",
    "instance-group-scope",
    "instance-group-update-policy",
    "instance-ip-forwarding",
    "instance-metadata-access",
    "instance-no-external-ip",
    "instance-no-plaintext-secrets",
    "instance-service-account",
    "instance-shielded-vm",
    "llm-backend-draining",
    "llm-backend-health-check",
    "llm-backend-max-utilization",
    "llm-backend-named-port",
    "llm-backend-outlier-detection",
    "llm-backend-zones",
    "subnet-flow-logs",
    "subnet-private-google-access",
}
# Rules that have nothing to judge in a stack, and why that is right.
NOT_APPLICABLE: dict[str, set[str]] = {
    # It has no GPUs.
    "dev": {"gpu-instance-scheduling", "frontend-regions"} | NOWHERE | OF_CLOUD_RUN,
    # Its front end has one address for all regions.
    "prod": {"frontend-regions"} | NOWHERE | OF_CLOUD_RUN,
    # Nobody on the internet reaches it, and a cross-region internal load balancer has no outlier detection and no CDN.
    "internal": {
        "backend-cloud-armor",
        "backend-no-cdn",
        "cloud-armor-rate-limit",
        "llm-backend-outlier-detection",
    }
    | NOWHERE
    | OF_CLOUD_RUN,
    # Its front end is that of `prod`.
    "run": {"frontend-regions"} | NOWHERE | OF_MACHINES,
}
