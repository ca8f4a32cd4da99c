"""What the API refuses of fleets and front ends, and the provider's preview takes."""

from tests.reference_stack.mutations.mutation import mutation

FLEET, EXTERNAL, INTERNAL = "machines/fleet.py", "frontend/load_balancer.py", "frontend/internal_load_balancer.py"
PRIVATE = "frontend/private_certificate.py"
_ATTACHED = '[{"type": gpu.type, "count": gpu.count}] if gpu else None'
_MOST = '"max_replicas": args.max_replicas,'
_CERTIFICATES = "certificate_manager_certificates=[self._args.certificate],"
_MAP = 'certificate_map=pulumi.Output.concat("//certificatemanager.googleapis.com/", certificates.id),'

MUTATIONS = {
    "the redirect is on the port of HTTPS": mutation(
        (EXTERNAL, 'address, "80", proxy.id', 'address, "443", proxy.id'),
        fires={"forwarding-rule-scheme"},
    ),
    "a maximum below the minimum": mutation(
        (FLEET, _MOST, '"max_replicas": 1,'),
        fires={"instance-group-autoscaler"},
    ),
    "more GPUs than the machine has": mutation(
        (FLEET, _ATTACHED, _ATTACHED.replace("gpu.count", "8")),
        fires={"gpu-instance-scheduling"},
    ),
    "GPUs of another machine": mutation(
        (FLEET, _ATTACHED, _ATTACHED.replace("gpu.type", '"nvidia-tesla-t4"')),
        fires={"gpu-instance-scheduling"},
    ),
    "internal: a certificate of one region": mutation(
        (
            INTERNAL,
            _CERTIFICATES,
            _CERTIFICATES.replace("self._args.certificate", '"projects/p/locations/us-central1/certificates/llm"'),
        ),
        fires={"frontend-domain"},
        stack="internal",
    ),
    "internal: a certificate made in one region": mutation(
        (PRIVATE, 'scope="ALL_REGIONS",', 'location="us-central1",'),
        fires={"frontend-domain"},
        stack="internal",
    ),
    "a regional certificate in place of the map": mutation(
        (EXTERNAL, _MAP, 'ssl_certificates=["projects/p/regions/us-central1/sslCertificates/llm"],'),
        fires={"frontend-domain"},
    ),
}
