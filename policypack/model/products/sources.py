"""The pages that the tables of this folder stand on, and the day on which each was read."""

from __future__ import annotations

from typing import Final

API: Final = "https://cloud.google.com/compute/docs/reference/rest/v1/backendServices"
BACKEND_SERVICES: Final = "https://cloud.google.com/load-balancing/docs/backend-service"
FEATURES: Final = "https://cloud.google.com/load-balancing/docs/features"
ARMOR: Final = "https://cloud.google.com/armor/docs/security-policy-overview"
CHECKS: Final = "https://cloud.google.com/load-balancing/docs/health-check-concepts"
CHECKS_API: Final = "https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks"
URL_MAPS: Final = "https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps"
CDN: Final = "https://cloud.google.com/cdn/docs/overview"
GLOBAL_SDK: Final = "https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/"
REGIONAL_SDK: Final = "https://www.pulumi.com/registry/packages/gcp/api-docs/compute/regionbackendservice/"
IAP: Final = "https://cloud.google.com/iap/docs/concepts-overview"
LOGGING: Final = "https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring"
SERVICE_POLICY: Final = "https://cloud.google.com/load-balancing/docs/service-lb-policy"
CUSTOM_METRICS: Final = "https://cloud.google.com/load-balancing/docs/https/applb-custom-metrics"
HEADERS: Final = "https://cloud.google.com/load-balancing/docs/https/custom-headers-global"
PSC: Final = "https://cloud.google.com/vpc/docs/private-service-connect-backends"
ZONAL_NEGS: Final = "https://cloud.google.com/load-balancing/docs/negs/zonal-neg-concepts"
HYBRID_NEGS: Final = "https://cloud.google.com/load-balancing/docs/negs/hybrid-neg-concepts"
SERVERLESS_NEGS: Final = "https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts"
INTERNET_NEGS: Final = "https://cloud.google.com/load-balancing/docs/negs/internet-neg-concepts"

# A page that is read again gets a line of its own.
READ_ON: Final = dict.fromkeys(
    (
        API, BACKEND_SERVICES, FEATURES, ARMOR, CHECKS, CHECKS_API, URL_MAPS, CDN, GLOBAL_SDK, REGIONAL_SDK, IAP,
        LOGGING, SERVICE_POLICY, CUSTOM_METRICS, HEADERS, PSC, ZONAL_NEGS, HYBRID_NEGS, SERVERLESS_NEGS, INTERNET_NEGS,
    ),
    "2026-11-29",
)  # fmt: skip
