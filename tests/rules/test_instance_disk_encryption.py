"""`instance-disk-encryption` on failing, passing, unknown and not applicable machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.machines import machine, on_path, with_path
from tests.stacks import Computed, Expected, R, check_verdict, finding

RULE = "instance-disk-encryption"
KEY = "projects/p-demo/locations/us-central1/keyRings/llm/cryptoKeys/disks"
CRYPTO_KEY = R("gcp:kms/cryptoKey:CryptoKey", "key", {"keyRing": "llm"})
OTHER_STACK = R("StackReference", "platform")
BUCKET = R("gcp:storage/bucket:Bucket", "bucket")
BOOT = {"boot": True, "sourceImage": "cos"}
URL = "projects/p-demo/zones/us-central1-a/disks/"


def disk(name: str, **inputs: Any) -> R:
    outputs = {"id": f"{URL}{name}", "selfLink": f"https://www.googleapis.com/compute/v1/{URL}{name}"}
    return R("gcp:compute/disk:Disk", name, inputs, {"outputs": outputs})


WEIGHTS, PLAIN = disk("weights", diskEncryptionKey={"kmsKeySelfLink": KEY}), disk("plain")
OTHERS = (CRYPTO_KEY, OTHER_STACK, BUCKET, WEIGHTS, PLAIN)


def with_key(key: Any, **inputs: Any) -> dict[str, Any]:
    return {**BOOT, **inputs, "diskEncryptionKey": {"kmsKeySelfLink": key}}


@pytest.mark.parametrize("kind", ["RegionInstanceTemplate", "InstanceTemplate"])
@pytest.mark.parametrize(
    ("disks", "expected"),
    [
        ([BOOT], "failed"),
        ([with_key(KEY)], "passed"),
        ([with_key("")], "failed"),
        ([with_key(None)], "failed"),
        ([{**BOOT, "diskEncryptionKey": {}}], "failed"),
        ([with_key(Computed((CRYPTO_KEY,), KEY))], "passed"),
        ([with_key(Computed((OTHER_STACK,), KEY))], ("undecided", "passed")),
        ([with_key(Computed((OTHER_STACK,), None))], "undecided"),
        ([with_key(Computed((CRYPTO_KEY,), KEY)), BOOT], "failed"),
        ([with_key(KEY), BOOT], "failed"),
        ([with_key(KEY), {"type": "SCRATCH", "diskType": "local-ssd"}], "passed"),
        ([with_key(KEY), {"diskType": "local-ssd"}], "passed"),
        ([with_key(KEY), {"type": "SCRATCH"}], "passed"),
        ([with_key(KEY), {"type": Computed()}], "undecided"),
        ([{"type": "SCRATCH"}], "not applicable"),
        ([with_key(KEY), {"source": f"{URL}weights"}], "passed"),
        ([with_key(KEY), {"source": f"{URL}plain"}], "failed"),
        ([with_key(KEY), {"source": f"{URL}elsewhere"}], "undecided"),
        ([with_key(KEY), {"source": "weights"}], "undecided"),
        ([with_key(KEY), {"source": Computed((WEIGHTS,), f"{URL}weights")}], "passed"),
        ([with_key(KEY), {"source": Computed((PLAIN,), f"{URL}plain")}], "failed"),
        ([with_key(KEY, source=f"{URL}plain")], "passed"),
        ([Computed()], "undecided"),
        (Computed((CRYPTO_KEY,), [BOOT]), ("undecided", "failed")),
        (Computed(), "undecided"),
        ([], "not applicable"),
        (None, "not applicable"),
    ],
)
def test_templates(disks: Any, expected: Expected, kind: str) -> None:
    check_verdict(RULE, with_path({"disks": disks}, *OTHERS, kind=kind), expected)


IMAGE = {"initializeParams": {"image": "cos"}}
SAFE_BOOT = {**IMAGE, "kmsKeySelfLink": KEY}


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"bootDisk": IMAGE}, "failed"),
        ({"bootDisk": SAFE_BOOT}, "passed"),
        ({"bootDisk": {**IMAGE, "kmsKeySelfLink": Computed((CRYPTO_KEY,), KEY)}}, "passed"),
        ({"bootDisk": {**IMAGE, "diskEncryptionKeyRaw": "c2VjcmV0"}}, "passed"),
        ({"bootDisk": {**IMAGE, "diskEncryptionKeyRsa": "c2VjcmV0"}}, "passed"),
        ({"bootDisk": {"source": f"{URL}weights"}}, "passed"),
        ({"bootDisk": {"source": f"{URL}plain"}}, "failed"),
        ({"bootDisk": {"source": f"{URL}elsewhere"}}, "undecided"),
        ({"bootDisk": Computed()}, "undecided"),
        ({"bootDisk": SAFE_BOOT, "attachedDisks": [{"source": f"{URL}weights"}]}, "passed"),
        ({"bootDisk": SAFE_BOOT, "attachedDisks": [{"source": f"{URL}plain"}]}, "failed"),
        ({"bootDisk": SAFE_BOOT, "attachedDisks": [{"source": f"{URL}x", "kmsKeySelfLink": KEY}]}, "passed"),
        ({"bootDisk": SAFE_BOOT, "attachedDisks": Computed()}, "undecided"),
        ({"bootDisk": SAFE_BOOT, "scratchDisks": [{"interface": "NVME"}]}, "passed"),
        ({}, "not applicable"),
    ],
)
def test_instances(inputs: dict[str, Any], status: str) -> None:
    check_verdict(RULE, with_path(inputs, *OTHERS, kind="Instance"), status)


def test_the_message_names_each_disk() -> None:
    found = finding(RULE, *on_path(machine({"disks": [BOOT, with_key(KEY), BOOT]})))
    assert [problem.observed for problem in found.problems] == [
        "`disks[0]` has no customer-managed key. `disks[2]` has no customer-managed key."
    ]
