"""Generated machines, and what holds for each: no tree of properties raises, and no value is quoted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policypack.model.graph.resource import Resource
from tests.rules.machines import KINDS, machine, on_path
from tests.stacks import Computed, Out, R, build
from tests.test_properties import SETTINGS, marked, reported, trees, verdicts

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
RULES = (
    "gpu-instance-scheduling",
    "instance-disk-encryption",
    "instance-ip-forwarding",
    "instance-metadata-access",
    "instance-no-external-ip",
    "instance-no-plaintext-secrets",
    "instance-service-account",
    "instance-shielded-vm",
)
KEY = R("gcp:kms/cryptoKey:CryptoKey", "key")
ACCOUNT = R("gcp:serviceaccount/account:Account", "account")
PASSWORD = R("random:index/randomPassword:RandomPassword", "password", {}, {"outputs": {"result": "gR7-xx_pq0"}})
EMAIL = "llm@p-demo.iam.gserviceaccount.com"
CLOUD_KEY = "projects/p-demo/locations/global/keyRings/llm/cryptoKeys/disks"

Strategy = st.SearchStrategy[Any]


def some(**fields: Strategy) -> Strategy:
    """An object with any of these properties."""
    return st.fixed_dictionaries({}, optional=fields)


FLAG = st.booleans()
CONFIGS = st.lists(some(natIp=st.just("203.0.113.1")), max_size=1)
KEYS = st.sampled_from([CLOUD_KEY, "", Computed((KEY,), CLOUD_KEY)])
DISK = some(
    type=st.sampled_from(["PERSISTENT", "SCRATCH"]),
    diskType=st.sampled_from(["pd-ssd", "local-ssd"]),
    diskEncryptionKey=some(kmsKeySelfLink=KEYS),
    source=st.sampled_from(["projects/p/zones/z/disks/d", "d"]),
)
SWITCH = st.sampled_from(["TRUE", "FALSE", "yes", "maybe", ""])
TEXT = st.sampled_from(["echo hello", "password: hunter2", "api_key: my-llm-key", Computed((PASSWORD,), "gR7-xx_pq0")])
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "enable-oslogin": SWITCH,
        "block-project-ssh-keys": SWITCH,
        "serial-port-enable": SWITCH,
        "user-data": TEXT,
    },
)
MODELS = st.sampled_from(["STANDARD", "SPOT", "FLEX_START", "RESERVATION_BOUND", "X"])
INPUTS = some(
    machineType=st.sampled_from(["g2-standard-8", "n1-standard-8", "c3-standard-192-metal"]),
    guestAccelerators=st.lists(some(type=st.just("t4"), count=st.integers(0, 1)), max_size=1),
    canIpForward=FLAG,
    networkInterfaces=st.lists(some(accessConfigs=CONFIGS, ipv6AccessConfigs=CONFIGS), max_size=2),
    shieldedInstanceConfig=some(enableSecureBoot=FLAG, enableVtpm=FLAG, enableIntegrityMonitoring=FLAG),
    serviceAccount=some(
        email=st.sampled_from([EMAIL, "default", Computed((ACCOUNT,), EMAIL)]),
        scopes=st.sampled_from([[], ["cloud-platform"]]),
    ),
    disks=st.lists(DISK, max_size=2),
    bootDisk=some(kmsKeySelfLink=KEYS, diskEncryptionKeyRaw=st.just("c2VjcmV0")),
    attachedDisks=st.lists(some(kmsKeySelfLink=KEYS, source=st.just("d")), max_size=1),
    metadata=METADATA,
    metadataStartupScript=TEXT,
    scheduling=some(
        onHostMaintenance=st.sampled_from(["TERMINATE", "MIGRATE"]),
        provisioningModel=MODELS,
        preemptible=FLAG,
        automaticRestart=FLAG,
        instanceTerminationAction=st.sampled_from(["STOP", "DELETE"]),
        maxRunDuration=some(seconds=st.sampled_from([0, 3600])),
    ),
    reservationAffinity=some(type=st.sampled_from(["ANY_RESERVATION", "SPECIFIC_RESERVATION"])),
)
ITEM = R("gcp:compute/projectMetadataItem:ProjectMetadataItem", "item", {"key": "enable-oslogin", "value": "TRUE"})


@st.composite
def machine_stacks(draw: Callable[[Strategy], Any]) -> list[R]:
    subject = machine(draw(INPUTS), draw(st.sampled_from(KINDS)))
    added = draw(some(allInstancesConfig=some(metadata=METADATA))) if subject.type != "Instance" else {}
    others = [KEY, ACCOUNT, PASSWORD, *draw(st.sampled_from([[], [ITEM]]))]
    return [*on_path(subject, **added), *others]


PROPERTIES = sorted(
    {
        "machineType",
        "guestAccelerators",
        "canIpForward",
        "networkInterfaces",
        "shieldedInstanceConfig",
        "serviceAccount",
        "disks",
        "bootDisk",
        "attachedDisks",
        "metadata",
        "metadataStartupScript",
        "partnerMetadata",
        "scheduling",
        "reservationAffinity",
    }
)


@settings(parent=SETTINGS, max_examples=120)
@given(inputs=st.dictionaries(st.sampled_from(PROPERTIES), trees()), kind=st.sampled_from(KINDS))
def test_no_tree_of_properties_raises(inputs: dict[str, Any], kind: str) -> None:
    verdicts(list(build(*on_path(machine(inputs, kind))).resources))


@settings(parent=SETTINGS, max_examples=100)
@given(parts=machine_stacks())
def test_no_value_is_quoted(parts: list[R]) -> None:
    subject, *others = build(*parts, deployed=True).resources

    def mark(resource: Resource) -> Resource:
        if not resource.urn.endswith("::chat"):
            return resource
        return Resource(resource.urn, resource.type, resource.name, marked(resource.inputs), resource.outputs)

    assert "s3cr3t-mark" not in reported([mark(resource) for resource in (subject, *others)])


def test_the_machines_are_judged() -> None:
    resources = list(build(*on_path(machine({"x": Out(KEY, "id")})), KEY).resources)
    assert {name for name, urn in verdicts(resources) if urn.endswith("::chat")} >= set(RULES)
