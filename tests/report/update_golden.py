"""The reports that a change of a format has to show: `python -m tests.report.update_golden` writes them anew."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from policypack.evaluate import Report
from policypack.judgement import Results
from policypack.report.formats import write_report
from tests.report.every_verdict import load_every_verdict

FOLDER = Path(__file__).parent / "golden"
FILES = {
    "terminal": "report.txt",
    "json": "report.json",
    "sarif": "report.sarif",
    "junit": "report.xml",
    "markdown": "report.md",
}
# Every verdict, an expired and an unused waiver, and a rule that judges nothing; few, so that a change can be read.
RULES = {
    "backend-authentication",
    "cloud-armor-rate-limit",
    "firewall-no-open-ingress",
    "frontend-https-only",
    "instance-disk-encryption",
    "llm-backend-max-utilization",
    "llm-backend-regions",
}


def golden_results(results: Results) -> Results:
    """The results of the rules that the files show."""
    return replace(results, report=Report(tuple(rule for rule in results.report.rules if rule.rule.name in RULES)))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = golden_results(load_every_verdict(Path(folder) / "repository"))
        FOLDER.mkdir(exist_ok=True)
        for file in FILES.values():
            write_report("check", FOLDER / file, results)


if __name__ == "__main__":
    main()
