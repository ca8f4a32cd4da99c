"""The type tokens of Kubernetes that the pack reads are those of the installed pulumi-kubernetes.

Custom resources are no part of it: their groups are those of the charts and of GKE.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from policypack.model.gke.workloads import _TEMPLATES
from policypack.model.kubernetes.kinds import COMPONENT_TYPES, INGRESS, INGRESS_GROUPS, NAMESPACE, SERVICE, kind_of

FOLDERS = ("apps/v1", "batch/v1", "core/v1", "networking/v1", "extensions/v1beta1", "helm", "yaml", "kustomize")
RELEASE = "kubernetes:helm.sh/v3:Release"
# Custom resources too.
OTHER_WORKLOADS = {"Rollout", "LeaderWorkerSet"}


@cache
def tokens() -> frozenset[str]:
    """The tokens in the folders of the SDK that the pack knows kinds of; the SDK itself takes seconds to import."""
    spec = importlib.util.find_spec("pulumi_kubernetes")
    assert spec
    assert spec.origin
    files = (file for folder in FOLDERS for file in (Path(spec.origin).parent / folder).rglob("*.py"))
    return frozenset(
        token for file in files for token in re.findall(r"['\"](kubernetes:[^'\"]+:[A-Z]\w*)['\"]", file.read_text())
    )


@pytest.mark.parametrize("token", [*COMPONENT_TYPES, RELEASE])
def test_what_holds_objects_is_there(token: str) -> None:
    assert token in tokens()


@pytest.mark.parametrize(
    ("group", "kind"), [("", SERVICE), ("", NAMESPACE), *((group, INGRESS) for group in INGRESS_GROUPS)]
)
def test_kinds_that_the_sdk_has_are_told(group: str, kind: str) -> None:
    found = {found for token in tokens() if (found := kind_of(token)) and (found.group, found.kind) == (group, kind)}
    assert found


@pytest.mark.parametrize("kind", sorted(_TEMPLATES.keys() - OTHER_WORKLOADS))
def test_workloads_are_there(kind: str) -> None:
    assert {found.group for token in tokens() if (found := kind_of(token)) and found.kind == kind}
