"""The rule `instance-no-plaintext-secrets`."""

from __future__ import annotations

from policypack.model.machines.machine import Machine
from policypack.model.machines.metadata import MetadataText
from policypack.model.values.values import UNKNOWN
from policypack.rule import Options, rule
from policypack.verdict import Checks, Fail, Undecided
from policypack.wording import quoted

_REQUIRED = "Metadata, startup scripts and cloud-init documents without secrets."
# Reading a secret takes the role: https://cloud.google.com/secret-manager/docs/access-control
_FIX = (
    "Store the metadata's secrets in Secret Manager, grant the VM's service account "
    "`roles/secretmanager.secretAccessor` on them, read them at boot, and rotate them now: anyone who could read the "
    "VM's metadata or the stack's history has them."
)


@rule(
    title="Instance metadata contains no plaintext secrets",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/metadata/overview",
)
def instance_no_plaintext_secrets(machine: Machine, options: Options) -> Checks:
    """Metadata, startup scripts and cloud-init documents contain no secrets.

    ## What it checks
    Every value of `metadata`, `metadata_startup_script` and `partner_metadata`, and of the metadata that a group adds
    with `all_instances_config`, contains none of these:

    - private keys;
    - tokens of known formats (Hugging Face, OpenAI, Anthropic, GitHub, GitLab, Google, AWS, Slack, NVIDIA and others);
    - values assigned to names such as `password`, `token`, `secret` or `api_key`, in shell, YAML, JSON, command lines
      and container declarations;
    - passwords in URLs, and authorization headers;
    - outputs of secret resources, such as `random.RandomPassword`.

    Base64 text is decoded, even if it is compressed. Variables, commands, templates, paths and names of secrets are
    allowed. Pulumi secrets count as well, because Pulumi encrypts them only in the state: in the metadata they are
    plaintext. No value is ever quoted in a message.

    ## Why it matters
    Metadata is readable for every process on the VM, and for anyone with `compute.instances.get` or
    `compute.instanceTemplates.get`, which includes Viewers. A secret stays in template versions and audit logs even
    after it is removed.

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
        service_account={"email": "llm@my-project.iam.gserviceaccount.com", "scopes": ["cloud-platform"]},
        metadata={"startup-script": "docker run -e VLLM_API_KEY=Tr0ub4dor-7bBq9 vllm/vllm-openai"},
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
         service_account={"email": "llm@my-project.iam.gserviceaccount.com", "scopes": ["cloud-platform"]},
    -    metadata={"startup-script": "docker run -e VLLM_API_KEY=Tr0ub4dor-7bBq9 vllm/vllm-openai"},
    +    metadata={
    +        "startup-script": "KEY=$(gcloud secrets versions access latest --secret=llm-key)\\n"
    +        "docker run -e VLLM_API_KEY=$KEY vllm/vllm-openai",
    +    },
     )
    ```

    ## Undecided
    When a value is computed and cannot be read, or when a value such as `my-llm-key` is assigned to the name of a
    credential and may be a secret or the name of one.
    """
    for text in machine.texts:
        yield _holds_no_secret(text)


def _holds_no_secret(text: MetadataText) -> Checks:
    held = [*text.certain_secrets, *(f"the secret output of `{source.name}`" for source in text.secrets_of)]
    if held:
        yield Fail(f"It has plaintext secrets in {text.label}: {', '.join(held)}.", _REQUIRED, _FIX)
    if text.may_hold:
        names = quoted(source.name for source in text.may_hold)
        why = (
            f"{text.label} is computed, also from {names}, and may contain the secret; read the secret at boot instead"
        )
        yield Undecided(why, text.property_name)
    elif text.secrets is UNKNOWN:
        yield Undecided(f"{text.label} is computed, so it cannot be checked; write the text out", text.property_name)
    elif text.secrets.possible and not held:
        yield Undecided(f"{text.label} contains {text.secrets.doubt}", text.property_name)
