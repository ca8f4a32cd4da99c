"""Mutations that the rules about machines catch."""

from tests.reference_stack.mutations.mutation import mutation

FLEET = "machines/fleet.py"
INTERFACES = 'network_interfaces=[{"subnetwork": args.subnet}],'
SCHEDULING = '"TERMINATE" if args.gpu else "MIGRATE"'

MUTATIONS = {
    "machine: an external address": mutation(
        (FLEET, INTERFACES, 'network_interfaces=[{"subnetwork": args.subnet, "access_configs": [{}]}],'),
        fires={"instance-no-external-ip"},
    ),
    "machine: an external IPv6 address on a second interface": mutation(
        (
            FLEET,
            INTERFACES,
            'network_interfaces=[{"subnetwork": args.subnet}, {"network": "other", "ipv6_access_configs": '
            '[{"network_tier": "PREMIUM"}]}],',
        ),
        fires={"instance-no-external-ip"},
        stack="internal",
    ),
    "machine: no secure boot": mutation(
        (FLEET, '"enable_secure_boot": args.secure_boot,', ""),
        fires={"instance-shielded-vm"},
    ),
    "machine: no vTPM": mutation(
        (FLEET, '"enable_vtpm": True,', '"enable_vtpm": False,'),
        fires={"instance-shielded-vm"},
        stack="dev",
    ),
    "machine: the default service account": mutation(
        (FLEET, '"email": args.service_account,', ""),
        # The firewall rules name the account that they are for.
        fires={"instance-service-account", "health-check-reachable"},
    ),
    "machine: an account that may change the project": mutation(
        ("components/identity.py", "role=role,", 'role="roles/editor",'),
        fires={"instance-service-account"},
    ),
    "machine: no account": mutation(
        (FLEET, "            service_account={\n", "            service_account=None and {\n"),
        fires={"instance-service-account", "health-check-reachable"},
    ),
    "machine: no OS Login": mutation(
        (FLEET, '    "enable-oslogin": "TRUE",\n', ""),
        fires={"instance-metadata-access"},
    ),
    "machine: project SSH keys": mutation(
        (FLEET, '"block-project-ssh-keys": "TRUE",', '"block-project-ssh-keys": "FALSE",'),
        fires={"instance-metadata-access"},
    ),
    "machine: an open serial port": mutation(
        (FLEET, '"serial-port-enable": "FALSE",', '"serial-port-enable": "1",'),
        fires={"instance-metadata-access"},
    ),
    "machine: the API key in cloud-init": mutation(
        ("machines/server.cloud-init.yaml", '      SECRET="{{ secret }}"\n', '      VLLM_API_KEY="Zk3vT9qLw2Rx"\n'),
        fires={"instance-no-plaintext-secrets"},
    ),
    "machine: a password in metadata": mutation(
        (FLEET, '"google-logging-enabled": "true",', '"admin-password": "Tr0ub4dor",'),
        fires={"instance-no-plaintext-secrets"},
        stack="dev",
    ),
    "machine: a disk without a key": mutation(
        (FLEET, "if self._args.disk_key is not None:", "if False:"),
        fires={"instance-disk-encryption"},
    ),
    "machine: a router": mutation(
        (FLEET, "can_ip_forward=False,", "can_ip_forward=True,"),
        fires={"instance-ip-forwarding"},
    ),
    "machine: a GPU that should move": mutation(
        (FLEET, SCHEDULING, '"MIGRATE"'),
        fires={"gpu-instance-scheduling"},
    ),
    "machine: deleted when no time is over": mutation(
        (
            FLEET,
            '"provisioning_model": "STANDARD",',
            '"provisioning_model": "STANDARD", "instance_termination_action": "DELETE",',
        ),
        fires={"gpu-instance-scheduling"},
        stack="dev",
    ),
    "machine: a type that is to be had from reservations, and takes none": mutation(
        (FLEET, "machine_type=args.machine_type,", 'machine_type="a3-highgpu-1g",'),
        (FLEET, 'reservation_affinity={"type": "ANY_RESERVATION"}', 'reservation_affinity={"type": "NO_RESERVATION"}'),
        fires={"gpu-instance-scheduling"},
    ),
    "machine: Spot that restarts": mutation(
        (FLEET, '"provisioning_model": "STANDARD",', '"provisioning_model": "SPOT", "preemptible": True,'),
        fires={"gpu-instance-scheduling"},
    ),
}
