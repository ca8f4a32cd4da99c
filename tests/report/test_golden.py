"""The formats show what their golden files do, and nothing of the machine."""

from __future__ import annotations

import tempfile

import pytest

from policypack.judgement import Results
from policypack.report.formats import render
from tests.report.update_golden import FILES, FOLDER, golden_results


@pytest.mark.parametrize("name", FILES)
def test_a_format_shows_what_its_golden_file_does(name: str, results: Results) -> None:
    wanted = (FOLDER / FILES[name]).read_text(encoding="utf-8")
    assert "".join(render("check", name, golden_results(results))) == wanted, "run `make messages`"


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_the_machine_is_shown(name: str, results: Results) -> None:
    text = "".join(render("check", name, results))
    assert tempfile.gettempdir() not in text
    assert str(results.file) not in text
    assert "gcp:accessToken" not in text
    assert "dummy" not in text


def test_the_golden_files_show_every_verdict(results: Results) -> None:
    report = golden_results(results).report
    found = {finding.status for rule in report.rules for finding in rule.findings}
    assert found == {"passed", "failed", "undecided", "waived", "not applicable"}
    assert {use.state for use in report.waivers} == {"in force", "expired", "unused"}
    assert [rule.rule.name for rule in report.rules if not rule.findings] == ["firewall-no-open-ingress"]
    assert {finding.level for finding in report.with_status("failed")} == {"mandatory", "advisory"}
