"""The one line with which a team tests its own stack."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest

from policypack.baseline import baseline_document
from policypack.config.error import ConfigurationError
from policypack.judgement import judge
from policypack.sources.error import SourceError
from policypack.testing import assert_compliant
from tests.projects import make_project
from tests.test_cli import ONE_REGION_STATE

ROOT = Path(__file__).parent.parent
STATE = ROOT / "tests/recordings/exported_state.json"
ONE_REGION = """
import pulumi_gcp as gcp

gcp.compute.BackendService(
    "chat",
    load_balancing_scheme="EXTERNAL_MANAGED",
    protocol="HTTP",
    backends=[{"group": "projects/p/regions/us-central1/instanceGroups/a", "max_utilization": 0.8}],
)
"""


@pytest.mark.usefixtures("_warm")
def test_the_example_in_the_readme_runs(tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(from policypack\.testing .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "test_readme.py").write_text(example)
    assert "1 passed" in run_pytest(tmp_path / "test_readme.py")[1]


@pytest.mark.usefixtures("_warm")
def test_a_failing_test_shows_the_finding_and_its_fix(tmp_path: Path) -> None:
    project = make_project(tmp_path / "infra", ONE_REGION)
    test = tmp_path / "test_one_region.py"
    test.write_text(
        "from policypack.testing import assert_compliant\n\n"
        f"def test_stack():\n    assert_compliant({str(project)!r}, stack='cases')\n"
    )
    status, output = run_pytest(test)
    assert status == 1
    assert "AssertionError: infra, stack cases: 2 resources, as a first preview: not compliant" in output
    assert "Observed: All backends are in one region (`us-central1`)." in output
    assert "Fix: Add a backend in another region to `backends`" in output
    assert "policypack/testing.py" not in output


def run_pytest(file: Path) -> tuple[int, str]:
    """The exit status and the output of a run of its own."""
    output = io.StringIO()
    # Its end looks for garbage, among all that there is of this run.
    gc.freeze()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(output):
        status = pytest.main(["-p", "no:cacheprovider", "--capture=no", "--rootdir", str(file.parent), str(file)])
    return int(status), output.getvalue()


@pytest.mark.usefixtures("_warm")
def test_what_it_fails_for(tmp_path: Path) -> None:
    project = make_project(tmp_path, ONE_REGION)
    config = tmp_path / "policy-config.json"
    config.write_text('{"all": "disabled", "llm-backend-regions": "advisory", "llm-backend-zones": "mandatory"}')
    results = assert_compliant(project, policy_config=config)
    assert {f.rule.name for f in results.report.with_status("failed")} == {"llm-backend-regions"}
    with pytest.raises(AssertionError, match="llm-backend-regions  advisory"):
        assert_compliant(project, policy_config=config, fail_on=["advisory"])
    waiver = '{"resource": "chat", "reason": "one region", "owner": "ml", "expires": "2026-06-30"}'
    config.write_text(
        f'{{"all": "disabled", "llm-backend-regions": {{"enforcementLevel": "mandatory", "waivers": [{waiver}]}}}}'
    )
    assert_compliant(project, policy_config=config, today=date(2026, 6, 30))
    with pytest.raises(AssertionError, match="Waiver: expired after 2026-06-30, owner ml"):
        assert_compliant(project, policy_config=config, today=date(2026, 7, 1))


def test_a_test_that_judges_nothing_fails_when_asked_to(tmp_path: Path) -> None:
    config = tmp_path / "policy-config.json"
    selected = {"enforcementLevel": "mandatory", "services": {"names": ["zz*"]}}
    config.write_text(json.dumps({"all": "disabled", "llm-backend-regions": selected}))
    assert_compliant(STATE, policy_config=config)
    for asked in ({"strict": True}, {"profile": "strict"}, {"fail_on": ["undecided"]}):
        with pytest.raises(AssertionError, match=r"not compliant\nNothing was judged: there is no backend service"):
            assert_compliant(STATE, policy_config=config, **asked)
    with pytest.raises(ConfigurationError, match=r"the services glob `zz\*` selects nothing"):
        assert_compliant(STATE, services=["zz*"])


@pytest.mark.usefixtures("_warm")
def test_what_is_undecided_fails_when_asked_to(tmp_path: Path) -> None:
    computed = "backends=gcp.compute.Network('net').id.apply(lambda _: [])"
    project = make_project(tmp_path, re.sub(r"backends=\[.*\]", computed, ONE_REGION))
    config = tmp_path / "policy-config.json"
    config.write_text('{"all": "disabled", "llm-backend-regions": "mandatory"}')
    assert_compliant(project, policy_config=config)
    with pytest.raises(AssertionError, match="Undecided: backends are certain in no region"):
        assert_compliant(project, policy_config=config, fail_on=["undecided"])
    with pytest.raises(AssertionError, match="This cannot be determined"):
        assert_compliant(project, policy_config=config, strict=True)


def test_it_selects_as_check_does(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": [ONE_REGION_STATE]}}))
    with pytest.raises(AssertionError, match="llm-backend-regions"):
        assert_compliant(file, rules=["llm-backend-regions"])
    assert_compliant(file, rules=["llm-backend-regions", "llm-backend-retry"], skip=["llm-backend-regions"])
    assert_compliant(file, rules=["llm-backend-regions", "llm-backend-retry"], skip=["*-regions"], severity="low")
    with pytest.raises(ConfigurationError, match="did you mean `llm-backend-regions`"):
        assert_compliant(file, rules=["llm-backend-region"])
    baseline = tmp_path / "baseline.json"
    results = judge(str(file))
    baseline.write_text(json.dumps(baseline_document(results.known)))
    assert_compliant(file, baseline=baseline, fail_on=["advisory", "undecided"])


def test_what_cannot_be_judged_is_no_violation(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file or folder .*missing"):
        assert_compliant(tmp_path / "missing")
    with pytest.raises(ConfigurationError, match="there is no policy configuration"):
        assert_compliant(STATE, policy_config=tmp_path / "missing.json")


def test_what_it_does_not_know_to_fail_for_is_refused() -> None:
    with pytest.raises(ValueError, match="fail_on takes 'advisory', 'undecided', 'nothing-judged', not undecidedx"):
        assert_compliant(STATE, fail_on=["undecidedx"])  # type: ignore[list-item]
