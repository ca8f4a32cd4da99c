"""Slips of operators in machines and their network."""

from tests.reference_stack.mutations.mutation import mutation

FLEET, ACCESS, NETWORK = "machines/fleet.py", "machines/access.py", "components/network.py"
_INTERFACES = 'network_interfaces=[{"subnetwork": args.subnet}],'
_STANDARD = '"provisioning_model": "STANDARD",'
_SERVING = "[*PROBE_RANGES, *proxies], self._args.serving_port"
_PORTS = 'allows=[{"protocol": "tcp", "ports": [str(port)]}],'
_TARGETS = "            target_service_accounts=[self._args.server_account],\n"
_METADATA = 'metadata={**METADATA, "user-data": args.user_data},'
_SHIELDED = """            shielded_instance_config={
                "enable_secure_boot": args.secure_boot,
                "enable_vtpm": True,
                "enable_integrity_monitoring": True,
            },
"""

MUTATIONS = {
    "machine: not shielded at all": mutation(
        (FLEET, _SHIELDED, ""),
        fires={"instance-shielded-vm"},
    ),
    "machine: a second disk without a key": mutation(
        (FLEET, "disks=[self._boot_disk()],", 'disks=[self._boot_disk(), {"disk_size_gb": 100, "boot": False}],'),
        fires={"instance-disk-encryption"},
    ),
    "machine: a token in the container's arguments": mutation(
        ("server.py", '"HF_HUB_OFFLINE": "1",', '"HF_TOKEN": "hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",'),
        fires={"instance-no-plaintext-secrets"},
    ),
    "machine: a private key in metadata": mutation(
        (
            FLEET,
            _METADATA,
            'metadata={**METADATA, "user-data": args.user_data, "tls-key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADAN"'
            ' "BgkqhkiG9w0BAQEFAASC\\n-----END PRIVATE KEY-----"},',
        ),
        fires={"instance-no-plaintext-secrets"},
    ),
    "machine: the default account by its name": mutation(
        (FLEET, '"email": args.service_account,', '"email": "123456789012-compute@developer.gserviceaccount.com",'),
        fires={"instance-service-account", "health-check-reachable"},
    ),
    "one region: no OS Login": mutation(
        (FLEET, _METADATA, _METADATA.replace("}", ', **({"enable-oslogin": "false"} if "east4" in name else {})}')),
        fires={"instance-metadata-access"},
    ),
    "machine: flex-start without an end": mutation(
        (FLEET, _STANDARD, '"provisioning_model": "FLEX_START",'),
        (FLEET, '"automatic_restart": True,', '"automatic_restart": False,'),
        fires={"gpu-instance-scheduling"},
    ),
    "machine: bound to no reservation": mutation(
        (FLEET, _STANDARD, '"provisioning_model": "RESERVATION_BOUND",'),
        fires={"gpu-instance-scheduling"},
    ),
    "machine: maintenance is left out": mutation(
        (FLEET, '                "on_host_maintenance": "TERMINATE" if args.gpu else "MIGRATE",\n', ""),
        fires={"gpu-instance-scheduling"},
    ),
    "a typo in the probes' ranges": mutation(
        (ACCESS, '"35.191.0.0/16"', '"35.119.0.0/16"'),
        fires={"health-check-reachable"},
    ),
    "the firewall rule is disabled": mutation(
        (ACCESS, f"{_TARGETS}            {_PORTS}", f"{_TARGETS}            disabled=True,\n            {_PORTS}"),
        fires={"health-check-reachable"},
    ),
    "the firewall rule is for another account": mutation(
        (ACCESS, _TARGETS, '            target_service_accounts=["other@my-llm-project.iam.gserviceaccount.com"],\n'),
        fires={"health-check-reachable"},
        deployed=True,
    ),
    "the firewall rule is for another tag": mutation(
        (ACCESS, _TARGETS, '            target_tags=["llm-sever"],\n'),
        fires={"health-check-reachable"},
        stack="internal",
    ),
    "allowed and denied with one priority": mutation(
        (NETWORK, "ALLOW, DENY = 1000, 65000", "ALLOW, DENY = 1000, 1000"),
        fires={"health-check-reachable"},
    ),
    "egress for ingress": mutation(
        (
            ACCESS,
            'direction="INGRESS",\n            priority=ALLOW,\n            source_ranges=ranges,',
            'direction="EGRESS",\n            priority=ALLOW,\n            destination_ranges=ranges,',
        ),
        fires={"health-check-reachable"},
    ),
    "SSH open to the internet": mutation(
        (ACCESS, '"35.235.240.0/20"', '"0.0.0.0/0"'),
        fires={"firewall-no-open-ingress"},
        stack="dev",
    ),
    "one region: no flow logs": mutation(
        (NETWORK, '"flow_sampling": 0.5,', '"flow_sampling": 0.0 if subnet.region == "us-east4" else 0.5,'),
        fires={"subnet-flow-logs"},
    ),
    "one region: no Private Google Access": mutation(
        (NETWORK, "private_ip_google_access=True,", 'private_ip_google_access=subnet.region != "us-east4",'),
        fires={"subnet-private-google-access"},
    ),
}
