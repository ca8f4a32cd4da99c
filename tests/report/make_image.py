"""The picture of the page in the README: `make report-image` takes it anew.

It shows the reference stack after some of the mistakes that its tests make, one of them waived. The fonts are those of
the machine, so the file differs from one to the next.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from policypack.config.options import read_settings
from policypack.evaluate import evaluate
from policypack.judgement import Results
from policypack.report.check.html_page import render
from policypack.rules import RULES
from policypack.sources.target import load_target
from tests.reference_stack.mutations import MUTATIONS
from tests.reference_stack.stacks import PACKAGE, copy_stack
from tests.report.chromium import started_chromium

ROOT = Path(__file__).parent.parent.parent
IMAGE = ROOT / "docs/images/report.png"
SIZE = (1280, 1140)
TODAY = date(2026, 6, 30)
MISTAKES = ("each region needs the others", "the check asks for /", "machine: no secure boot", "no SSL policy")
WAIVER = {"resource": "*", "reason": "the driver is not signed yet", "owner": "serving", "expires": "2026-07-15"}


def broken_results(folder: Path, stack: str = "prod") -> Results:
    """What is said of a copy of the reference stack with the mistakes."""
    project = copy_stack(ROOT / "reference_stack", folder / "reference_stack")
    for mistake in MISTAKES:
        for name, text, replacement in MUTATIONS[mistake].edits:
            file = project / PACKAGE / name
            file.write_text(file.read_text().replace(text, replacement))
    loaded = load_target(str(project), stack)
    settings = read_settings(RULES, {"instance-shielded-vm": {"waivers": [WAIVER]}})
    report = evaluate(loaded.stack, RULES, settings, TODAY)
    return Results(loaded.title, loaded.stack, report, TODAY, loaded.is_preview, loaded.file, loaded.notes)


def main() -> None:
    with tempfile.TemporaryDirectory() as name, started_chromium() as browser:
        file = Path(name, "report.html")
        file.write_text(render(broken_results(Path(name))), encoding="utf-8")
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
        page.goto(file.as_uri())
        IMAGE.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=IMAGE)


if __name__ == "__main__":
    main()
