"""Fixtures for the tests of the formats."""

from __future__ import annotations

import pytest

from policypack.judgement import Results
from tests.report.every_verdict import load_every_verdict


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """One stack with every kind of verdict."""
    return load_every_verdict(tmp_path_factory.mktemp("repository"))
