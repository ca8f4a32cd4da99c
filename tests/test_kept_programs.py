"""What is kept of programs is what they register."""

import pytest

from tests import kept, kept_programs
from tests.kept_programs import Made

pytestmark = pytest.mark.usefixtures("_warm")
# A fingerprint does not tell another SDK, or another runner.
SAMPLE = kept_programs.programs()[::8]


def test_what_is_kept_is_of_these_programs() -> None:
    now = {made.fingerprint for made in kept_programs.programs()}
    assert now == kept.patches_in(kept_programs.KEPT_FILE).keys(), f"bring it up to date: {kept.COMMAND}"


@pytest.mark.parametrize("made", SAMPLE, ids=lambda made: made.fingerprint)
def test_what_is_kept_is_what_the_program_registers(made: Made) -> None:
    assert kept_programs.kept_run(made) == kept_programs.run_text(made.program, deployed=made.deployed)
