"""Fixes of the rules about machines and their network."""

from __future__ import annotations

from tests.fixes.fix import fix
from tests.fixes.other_programs import INTERNAL, MAPPED
from tests.fixes.programs import REGIONAL

_REGIONAL_MAP = 'gcp.compute.RegionUrlMap("paths", region="us-central1", default'
_CERTIFICATES = 'certificate_manager_certificates=["llm"]'
_MAP = 'certificate_map=certificates.id.apply(lambda id: f"//certificatemanager.googleapis.com/{id}"),'
_SHAPE = '        distribution_policy_target_shape="BALANCED",\n'
_STATEFUL = '        stateful_disks=[{"device_name": "cache", "delete_rule": "NEVER"}],\n'
_TYPE = '            "type": "PROACTIVE",\n'
_REDISTRIBUTION = '            "instance_redistribution_type": "NONE",\n'
_INTERFACES = "network_interfaces=[{"
_SCHEDULING = (
    'scheduling={"on_host_maintenance": "TERMINATE", "automatic_restart": True, "provisioning_model": "STANDARD"}'
)
_SPOT = '"on_host_maintenance": "TERMINATE", "automatic_restart": False, "provisioning_model": "SPOT"'
_KEY = """                "disk_encryption_key": {
                    "kms_key_self_link": f"projects/p-demo/locations/{region}/keyRings/llm/cryptoKeys/disks"
                },
"""
_SHIELDED = """        shielded_instance_config={
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": True,
        },
"""
_ACCOUNT = 'service_account={"email": account.email, "scopes": ["cloud-platform"]}'
_LOGS = '        log_config={"flow_sampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"},\n'
_SOURCES = 'source_ranges=["35.191.0.0/16", "130.211.0.0/22"]'

FIXES = {
    "machine: a disk without a key": fix(
        "instance-disk-encryption",
        "_has_own_key",
        (_KEY, "", _KEY),
        chosen="f projects p demo locations llm keyRings cryptoKeys disks",
    ),
    "machine: a router": fix(
        "instance-ip-forwarding",
        "instance_ip_forwarding",
        ('        tags=["llm"],\n', '        tags=["llm"],\n        can_ip_forward=True,\n', '        tags=["llm"],\n'),
        chosen="True",
    ),
    "machine: no OS Login": fix(
        "instance-metadata-access",
        "_is_on",
        ('"enable-oslogin": "TRUE"', '"enable-oslogin": "FALSE"', '"enable-oslogin": "TRUE"'),
    ),
    "machine: project SSH keys": fix(
        "instance-metadata-access",
        "_is_on",
        ('"block-project-ssh-keys": "TRUE",\n', "", '"block-project-ssh-keys": "TRUE",\n'),
    ),
    "machine: an open serial port": fix(
        "instance-metadata-access",
        "_serial_port_is_closed",
        ('"serial-port-enable": "FALSE"', '"serial-port-enable": "TRUE"', '"serial-port-enable": "FALSE"'),
    ),
    "machine: an external address": fix(
        "instance-no-external-ip",
        "_is_internal",
        (_INTERFACES, f'{_INTERFACES}"access_configs": [{{}}], ', _INTERFACES),
    ),
    "machine: an external IPv6 address": fix(
        "instance-no-external-ip",
        "_is_internal",
        (_INTERFACES, f'{_INTERFACES}"ipv6_access_configs": [{{"network_tier": "PREMIUM"}}], ', _INTERFACES),
        chosen="network_tier PREMIUM",
    ),
    "machine: a secret in metadata": fix(
        "instance-no-plaintext-secrets",
        "_holds_no_secret",
        ("--api-key $(", "--api-key Zk3vT9qLw2Rx #(", "--api-key $("),
        chosen="Zk3vT9qLw2Rx",
    ),
    "machine: the default account": fix(
        "instance-service-account",
        "_is_not_a_default_account",
        (_ACCOUNT, 'service_account={"scopes": ["cloud-platform"]}', _ACCOUNT),
    ),
    "machine: not shielded": fix("instance-shielded-vm", "instance_shielded_vm", (_SHIELDED, "", _SHIELDED)),
    "machine: no secure boot": fix(
        "instance-shielded-vm",
        "_is_on",
        ('"enable_secure_boot": True', '"enable_secure_boot": False', '"enable_secure_boot": True'),
    ),
    "machine: a GPU that migrates": fix(
        "gpu-instance-scheduling",
        "_may_migrate",
        (_SCHEDULING, _SCHEDULING.replace("TERMINATE", "MIGRATE"), _SCHEDULING),
    ),
    "machine: a GPU that migrates by default": fix(
        "gpu-instance-scheduling",
        "_may_migrate",
        (_SCHEDULING, 'scheduling={"automatic_restart": True}', _SCHEDULING),
        chosen="provisioning_model STANDARD",
    ),
    "machine: Spot": fix(
        "gpu-instance-scheduling",
        "_has",
        (_SCHEDULING, f"scheduling={{{_SPOT}}}", f'scheduling={{{_SPOT}, "preemptible": True}}'),
    ),
    "machine: open to the internet": fix(
        "firewall-no-open-ingress",
        "_is_not_open",
        (_SOURCES, 'source_ranges=["0.0.0.0/0"]', _SOURCES),
    ),
    "machine: SSH open to the internet": fix(
        "firewall-no-open-ingress",
        "_is_not_open",
        (
            'source_ranges=["35.235.240.0/20"]',
            'source_ranges=["0.0.0.0/0"]',
            'source_ranges=["35.235.240.0/20"]',
        ),
    ),
    "no flow logs": fix("subnet-flow-logs", "subnet_flow_logs", (_LOGS, "", _LOGS)),
    "no way to Google's APIs": fix(
        "subnet-private-google-access",
        "subnet_private_google_access",
        ("        private_ip_google_access=True,\n", "", "        private_ip_google_access=True,\n"),
    ),
    "a stateful group with an autoscaler": fix(
        "instance-group-autoscaler",
        "_has_a_fixed_size",
        (_SHAPE, f"{_SHAPE}{_STATEFUL}", _SHAPE),
        chosen="stateful_disks device_name cache delete_rule NEVER",
    ),
    "a stateful group whose updates give new names": fix(
        "instance-group-update-policy",
        "_keeps_names",
        (_SHAPE, *2 * (f"{_SHAPE}{_STATEFUL}",)),
        (_TYPE, _TYPE, _TYPE.replace("PROACTIVE", "OPPORTUNISTIC")),
    ),
    "a stateful group that moves VMs": fix(
        "instance-group-update-policy",
        "_keeps_places",
        (_SHAPE, *2 * (f"{_SHAPE}{_STATEFUL}",)),
        (_TYPE, *2 * (_TYPE.replace("PROACTIVE", "OPPORTUNISTIC"),)),
        (_REDISTRIBUTION, "", _REDISTRIBUTION),
    ),
    "a shape that VMs are not redistributed for": fix(
        "instance-group-update-policy", "_suits_its_shape", (_REDISTRIBUTION, "", _REDISTRIBUTION)
    ),
    "a regional proxy with a global map": fix(
        "forwarding-rule-scheme",
        "has_its_map_there",
        (_REGIONAL_MAP, 'gcp.compute.URLMap("paths", default', _REGIONAL_MAP),
        program=REGIONAL,
    ),
    "a certificate map of an internal load balancer": fix(
        "forwarding-rule-scheme",
        "takes_a_map",
        (_CERTIFICATES, 'certificate_map="llm"', _CERTIFICATES),
        program=INTERNAL,
    ),
    "certificates without a map": fix(
        "forwarding-rule-scheme",
        "takes_certificates",
        (_MAP, "certificate_manager_certificates=[certificate.id],", _MAP),
        program=MAPPED,
        chosen="apply lambda f certificates certificatemanager googleapis com",
    ),
}
