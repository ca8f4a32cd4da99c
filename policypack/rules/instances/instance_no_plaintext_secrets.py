"""The rule `instance-no-plaintext-secrets`."""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.machines.machine import Machine
from policypack.model.machines.metadata import MetadataText
from policypack.model.values.values import Unknown
from policypack.rule import Options, rule
from policypack.verdict import Fail, Undecided, Verdict
from policypack.wording import quoted

_REQUIRED = "Metadata, start-up scripts and cloud-init documents without secrets."
_FIX = (
    "Store it in Secret Manager, let the machine's service account read it at boot, and replace it now: whoever could "
    "read the machine's metadata or the stack's history has it."
)


@rule(
    title="Metadata holds no secrets in clear",
    severity="critical",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/compute/docs/metadata/overview",
)
def instance_no_plaintext_secrets(machine: Machine, options: Options) -> Iterator[Verdict]:
    """Metadata, start-up scripts and cloud-init documents hold no secrets.

    ## What it checks
    Every value of `metadata`, `metadata_startup_script`, `partner_metadata` and of the metadata that a group adds with
    `all_instances_config`: private keys; tokens of known form (Hugging Face, OpenAI, Anthropic, GitHub, GitLab, Google,
    AWS, Slack, NVIDIA and others); values assigned to names such as `password`, `token`, `secret` or `api_key`, in
    shell, YAML, JSON, command lines and container declarations; passwords in URLs; authorization headers; outputs of
    secret resources such as `random.RandomPassword`. Text in base64, also compressed, is read. Variables, commands,
    templates, paths and names of secrets are no secrets. A value that Pulumi keeps as a secret is one in the state
    only: in metadata it is in clear. No value is ever quoted.

    ## Why it matters
    Everybody with `compute.instances.get` or `compute.instanceTemplates.get`, Viewers included, and every process on
    the machine reads metadata. It stays in template versions and audit logs after it was removed.

    ## Applies to
    Instance templates, regional and global, and single instances, on the serving path of an LLM backend service of any
    scheme.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    template = gcp.compute.RegionInstanceTemplate(
        "chat",
        region="us-central1",
        machine_type="g2-standard-8",
        disks=[{"source_image": "cos-cloud/cos-125-lts", "boot": True}],
        network_interfaces=[{"subnetwork": "llm"}],
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
         network_interfaces=[{"subnetwork": "llm"}],
    -    metadata={"startup-script": "docker run -e VLLM_API_KEY=Tr0ub4dor-7bBq9 vllm/vllm-openai"},
    +    metadata={
    +        "startup-script": "KEY=$(gcloud secrets versions access latest --secret=llm-key)\\n"
    +        "docker run -e VLLM_API_KEY=$KEY vllm/vllm-openai",
    +    },
     )
    ```

    ## Undecided
    When a value is computed and so can't be read, or a value such as `my-llm-key`, assigned to the name of a
    credential, may be a secret or the name of one.
    """
    for text in machine.texts:
        yield from _judge(text)


def _judge(text: MetadataText) -> Iterator[Verdict]:
    found, label = text.secrets, text.label
    kinds = [] if isinstance(found, Unknown) else list(found.certain)
    kinds += [f"the secret output of `{source.name}`" for source in text.secrets_of]
    if kinds:
        yield Fail(f"{label[0].upper()}{label[1:]} holds in clear: {', '.join(kinds)}.", _REQUIRED, _FIX)
    if text.may_hold:
        names = quoted(source.name for source in text.may_hold)
        yield Undecided(f"{label} comes from {names}, which has a secret output, and is not known as a whole")
    elif isinstance(found, Unknown):
        yield Undecided(f"{label} is not known, and so what it holds")
    elif found.possible and not kinds:
        yield Undecided(f"{label} holds {', '.join(found.possible)}, or the name of one")
