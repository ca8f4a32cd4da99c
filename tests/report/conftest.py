"""Fixtures for the tests of the formats."""

from __future__ import annotations

import pytest

from policypack.judgement import Results
from policypack.sources.program import run
from tests.report.every_verdict import load_every_verdict


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, _forks: object) -> Results:
    """One stack with every kind of verdict."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "execute", _forks)
        return load_every_verdict(tmp_path_factory.mktemp("repository"))
