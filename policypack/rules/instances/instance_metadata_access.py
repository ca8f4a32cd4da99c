"""The rule `instance-metadata-access`."""

from __future__ import annotations

from dataclasses import dataclass

from policypack.model.machines.machine import Machine
from policypack.model.machines.metadata import Switch
from policypack.rule import Options, cis, rule
from policypack.verdict import Checks, Fail, Fix, Undecided, setting


@dataclass(frozen=True)
class MetadataAccessOptions(Options):
    """Options of `instance-metadata-access`.

    Attributes:
        os_login_inherited: whether something outside the stack turns OS Login on for VMs that do not set it, such as
            the metadata of the project or the organization policy `compute.requireOsLogin`. By default nothing does, as
            in Compute Engine (https://cloud.google.com/compute/docs/oslogin/set-up-oslogin).
    """

    os_login_inherited: bool = False


@rule(
    title="OS Login is on; project-wide SSH keys and the serial port are off",
    severity="medium",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys",
    frameworks=(cis("4.3"), cis("4.4"), cis("4.5")),
)
def instance_metadata_access(machine: Machine, options: MetadataAccessOptions) -> Checks:
    """Access to serving VMs goes through IAM only.

    ## What it checks
    In `metadata`, `enable-oslogin` and `block-project-ssh-keys` are on, and `serial-port-enable` is not.

    - Metadata that a group adds with `all_instances_config` takes precedence over the VM's own.
    - For OS Login and the serial port, project metadata applies if neither sets the key. The rule reads it from
      `ProjectMetadata` and `ProjectMetadataItem` in the stack, and treats metadata that was set outside the stack as
      absent.
    - Values are read as Google Cloud reads them. The guest agent accepts `TRUE`, `true`, `True`, `t` and `1`. The
      serial port opens with `true`, `yes`, `y` and `1` in any case. Keys are case-sensitive.

    ## Why it matters
    Without OS Login, an SSH key in metadata grants access that IAM does not control and nobody revokes; project-wide
    keys open every VM in the project. The serial console accepts logins from any address, regardless of the firewall.

    ## Applies to
    Global and regional instance templates, and single instances, that serve an LLM backend service of any scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.RegionInstanceTemplate(
        "chat",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
        network_interfaces=[{"subnetwork": "llm"}],
        metadata={"enable-oslogin": "TRUE", "serial-port-enable": "1"},
    )
    group = gcp.compute.RegionInstanceGroupManager(
        "llm",
        region="us-central1",
        base_instance_name="llm",
        versions=[{"instance_template": template.self_link}],
    )
    gcp.compute.BackendService("llm", backends=[{"group": group.instance_group}])
    ```

    ## Passes
    ```diff
         network_interfaces=[{"subnetwork": "llm"}],
    -    metadata={"enable-oslogin": "TRUE", "serial-port-enable": "1"},
    +    metadata={"enable-oslogin": "TRUE", "block-project-ssh-keys": "TRUE", "serial-port-enable": "FALSE"},
     )
    ```

    ## Undecided
    The verdict is undecided when:

    - `metadata` or one of the three values is computed;
    - `enable-oslogin` or `block-project-ssh-keys` is `yes`, `y` or in mixed case: the documentation allows these
      values, but the guest agent ignores them.
    """
    for metadata in machine.metadata:
        if not (options.os_login_inherited and metadata.os_login is Switch.LEFT_OUT):
            yield _is_on("enable-oslogin", metadata.os_login, metadata.group)
        yield _is_on("block-project-ssh-keys", metadata.blocks_project_keys, metadata.group)
        yield _serial_port_is_closed(metadata.serial_port, metadata.group)


def _place(group: str) -> str:
    return f"`metadata` (with ``all_instances_config`` of `{group}`)" if group else "`metadata`"


def _fix(key: str, value: str, group: str) -> Fix:
    """Sets a value where it counts: what a group adds takes precedence."""
    fix = setting({"metadata": {key: value}})
    return Fix(f"{fix.text.removesuffix('.')} in that ``all_instances_config``.") if group else fix


def _is_on(key: str, switch: Switch, group: str) -> Checks:
    where = _place(group)
    if switch is Switch.NOT_KNOWN:
        yield Undecided(f"`{key}` in {where} is not known", "metadata")
    elif switch is Switch.DISPUTED:
        yield Undecided(f"`{key}` in {where} has a documented form that the guest agent does not read", "metadata")
    elif switch is not Switch.ON:
        yield Fail(
            f"`{key}` in {where} is {switch.value}.",
            f"`{key}` is `TRUE`.",
            _fix(key, "TRUE", group),
        )


def _serial_port_is_closed(switch: Switch, group: str) -> Checks:
    where = _place(group)
    if switch is Switch.ON:
        yield Fail(
            f"`serial-port-enable` in {where} is on.",
            "`serial-port-enable` is `FALSE` or omitted.",
            _fix("serial-port-enable", "FALSE", group),
        )
    elif switch in (Switch.NOT_KNOWN, Switch.DISPUTED):
        yield Undecided(f"`serial-port-enable` in {where} is not known, or not a boolean", "metadata")
