"""The sentences that verdicts stand on: what they name is there, and a changed one is found."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from policypack.model.products.attributes import (
    ATTRIBUTES,
    HEALTH_CHECKS,
    LOCALITY_POLICIES,
    ROUTE_ACTIONS,
    SESSION_AFFINITIES,
)
from policypack.model.products.kinds import KINDS
from policypack.model.products.sources import READ_ON
from policypack.model.products.targets import CAPACITY, MODES, MODES_SOURCE, OF_KINDS_SOURCE, TARGETS_SOURCE
from tests.facts.__main__ import changed
from tests.facts.sentences import COMPUTE, PROVIDER, RUN, SENTENCES, Sentence

ROOT = Path(__file__).parents[2]
PROTO = '''
class Backend(proto.Message):
    r"""Message containing information of one individual backend.

    Attributes:
        capacity_scaler (float):
            A multiplier. The valid ranges are
            0.0 and [0.1,1.0].

            This field is a member of `oneof`_ ``_capacity_scaler``.
        failover (bool):
            This field designates whether this is a failover backend.
    """


class BackendService(proto.Message):
    r"""Represents a Backend Service resource.

    Attributes:
        backends (MutableSequence[google.cloud.compute_v1.types.Backend]):
            The list of backends.
    """
'''
PROVIDED = '''
class {name}:
    def __init__(__self__, *,
                 min_tls_version: pulumi.Input[Optional[_builtins.str]] = None):
        """
        The set of arguments for constructing a SSLPolicy resource.

        :param pulumi.Input[_builtins.str] description: Some text.
        :param pulumi.Input[_builtins.str] min_tls_version: The minimum version.
               Default value is `TLS_1_0`.
        :param pulumi.Input[_builtins.str] name: Name of the resource.
        """
'''
MADE = {
    "google/cloud/compute_v1/types/compute.py": PROTO,
    "google/cloud/run_v2/types/a.py": "",
    "google/cloud/run_v2/types/backend.py": PROTO,
    "pulumi_gcp/compute/ssl_policy.py": PROVIDED.format(name="SSLPolicyArgs"),
    "pulumi_gcp/compute/_inputs.py": PROVIDED.format(name="BackendServiceBackendArgs"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Libraries that have a handful of the classes."""
    folder = tmp_path_factory.mktemp("site")
    for name, text in MADE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("field", "says", "is_there"),
    [
        pytest.param(
            (COMPUTE, "Backend", "capacity_scaler"), "ranges are 0.0 and [0.1,1.0].", True, id="over two lines"
        ),
        pytest.param((COMPUTE, "Backend", "capacity_scaler"), "failover backend", False, id="of the next field"),
        pytest.param((COMPUTE, "Backend", "capacity_scaler"), "ranges are 0.0 and [0.2,1.0].", False, id="other words"),
        pytest.param((COMPUTE, "Backend", "backends"), "The list", False, id="of a class that begins alike"),
        pytest.param((COMPUTE, "BackendService", "backends"), "The list of backends.", True, id="in the last class"),
        pytest.param((COMPUTE, "Frontend", "backends"), "The list", False, id="no such class"),
        pytest.param((RUN, "Backend", "failover"), "designates", True, id="in one of several files"),
        pytest.param((PROVIDER, "compute.SSLPolicyArgs", "min_tls_version"), "is `TLS_1_0`.", True, id="of a resource"),
        pytest.param(
            (PROVIDER, "compute.SSLPolicyArgs", "min_tls_version"), "Name of", False, id="of the next argument"
        ),
        pytest.param((PROVIDER, "compute.SSLPolicyArgs", "profile"), "Default", False, id="no such argument"),
        pytest.param((PROVIDER, "compute.BackendServiceBackendArgs", "name"), "Name of", True, id="of a nested type"),
    ],
)
def test_a_sentence_is_found_in_its_field_alone(
    site: Path, field: tuple[str, str, str], says: str, is_there: bool
) -> None:
    found = changed([Sentence(*field, says, "the-table")], site)
    assert [text.partition("\n")[0] for text in found] == (
        [] if is_there else ["{}, {}.{}: read the-table again.".format(*field)]
    )


def test_a_change_shows_both_texts(site: Path) -> None:
    (found,) = changed([Sentence(COMPUTE, "Backend", "failover", "This field is gone.", "a-table: a-row")], site)
    assert found.splitlines() == [
        "google-cloud-compute, Backend.failover: read a-table: a-row again.",
        "  It said: This field is gone.",
        "  It says: This field designates whether this is a failover backend.",
    ]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda one: f"{one.message}.{one.field}")
def test_what_a_sentence_decides_is_in_the_pack(sentence: Sentence) -> None:
    path, _, name = sentence.decides.partition(": ")
    assert re.search(rf"\b{name}\b", (ROOT / path).read_text())


def test_every_source_of_the_tables_has_the_day_on_which_it_was_read() -> None:
    tables = (ATTRIBUTES, HEALTH_CHECKS, LOCALITY_POLICIES, ROUTE_ACTIONS, SESSION_AFFINITIES, KINDS, MODES, CAPACITY)
    sources = [row.source for table in tables for row in table.values()]
    pages = {source.partition("#")[0] for source in (*sources, TARGETS_SOURCE, MODES_SOURCE, OF_KINDS_SOURCE)}
    assert pages == set(READ_ON)
    assert [date.fromisoformat(day).isoformat() for day in READ_ON.values()] == list(READ_ON.values())
