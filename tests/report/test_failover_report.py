"""The report of `failover`: bars, words beside colors, narrow terminals, and text from hostile stacks."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from policypack.failover.analysis import failovers
from policypack.failover.result import Amounts, Demand, FailoverResults
from policypack.report.failover.json_document import render as render_json
from policypack.report.failover.markdown import render as as_markdown
from policypack.report.failover.terminal import print_report
from policypack.report.failover.terminal import render as as_text
from policypack.report.failover.text import summary
from policypack.report.formats import schema_of
from policypack.wording import printable
from tests.report.test_json_document import closed
from tests.rules.fleets import autoscaler, managed
from tests.stacks import backend, build, service

RATE: dict[str, Any] = {"balancingMode": "RATE", "maxUtilization": None, "maxRatePerInstance": 4}
TWO = ("us-central1", "us-east1")
HOSTILE = "us-east1\x1b[31m|`<b>\u2028\ud800"


def results(
    *warm: int,
    target: float = 0.5,
    most: int = 4,
    regions: tuple[str, ...] = TWO,
    peak: float | None = None,
    **inputs: Any,
) -> FailoverResults:
    groups = [managed(region) for region in regions]
    scalers = [
        autoscaler(group, minReplicas=least, maxReplicas=most, loadBalancingUtilization={"target": target})
        for group, least in zip(groups, warm, strict=True)
    ]
    parts = [service([backend(group, **RATE) for group in groups], **inputs), *groups, *scalers]
    return FailoverResults("llm, stack dev", failovers(build(*parts, deployed=True), Demand(Amounts(peak))))


def printed(of: FailoverResults, width: int = 80, encoding: str = "utf-8", *, color: bool = False) -> str:
    """What a terminal is sent."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", newline="\n")
    console = Console(file=file, width=width, force_terminal=True, no_color=not color, highlight=False, soft_wrap=True)
    print_report(console, of)
    file.flush()
    return raw.getvalue().decode(encoding)


STRICT = Draft202012Validator(closed(schema_of("failover")))


def as_json(of: FailoverResults) -> str:
    text = render_json(of)
    assert [error.message for error in STRICT.iter_errors(json.loads(text))] == []
    return text


def bars(text: str) -> list[str]:
    return [line for line in text.splitlines() if "  warm  " in line or "  scaled out  " in line]


def test_bars_in_a_terminal_that_shows_blocks() -> None:
    assert bars(printed(results(2, 2, target=0.75), width=63)) == [
        "    us-east1     warm        ████████│▒▒▒▒   150 % OVERLOADED",
        "                 scaled out  ██████  │       75 %",
        "    us-central1  warm        ████████│▒▒▒▒   150 % OVERLOADED",
        "                 scaled out  ██████  │       75 %",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_bars_in_a_terminal_that_shows_none(encoding: str) -> None:
    text = printed(results(2, 2, target=0.75), width=63, encoding=encoding)
    assert bars(text) == [
        "    us-east1     warm        ########|!!!!   150 % OVERLOADED",
        "                 scaled out  ######  |       75 %",
        "    us-central1  warm        ########|!!!!   150 % OVERLOADED",
        "                 scaled out  ######  |       75 %",
    ]


def test_bars_when_piped() -> None:
    text = as_text(results(2, 2, target=0.75))
    assert text.isascii()
    assert bars(text)[0] == f"    us-east1     warm        {27 * '#'}|{13 * '!'}   150 % OVERLOADED"


@pytest.mark.parametrize("width", [69, 80, 100, 200])
def test_bars_fit_into_the_terminal(width: int) -> None:
    lines = bars(printed(results(4, 1, target=1, most=20, regions=("northamerica-south1", "me-west1")), width=width))
    assert len(lines) == 4
    assert max(map(len, lines)) <= width
    assert all(len(line.split("│")[0]) == len(lines[0].split("│")[0]) for line in lines)


@pytest.mark.parametrize(
    ("warm", "peak", "first"),
    [
        # Twice the capacity is the longest bar, and an arrow says that there is more.
        ((2, 1), 40, f"{20 * '#'}|{20 * '!'}>  1000 % OVERLOADED"),
        ((2, 1), 8, f"{20 * '#'}|{20 * '!'}   200 % OVERLOADED"),
        ((2, 2), 8, f"{40 * '#'}|   100 %"),
        # Never less than one mark beyond the line, and never 100 % for what is more.
        ((2, 2), 8.001, f"{40 * '#'}|!  > 100 % OVERLOADED"),
        ((2, 2), 7.999, f"{40 * '#'}|   99.9 %"),
        ((2, 2), 2, f"{10 * '#'}{30 * ' '}|   25 %"),
        ((2, 0), 2, f"{40 * ' '}|   no capacity"),
    ],
)
def test_a_bar_is_as_long_as_the_load(warm: tuple[int, int], peak: float, first: str) -> None:
    assert bars(as_text(results(*warm, peak=peak)))[0] == f"    us-east1     warm        {first}"


def test_an_overload_is_red_and_says_so() -> None:
    text = printed(results(2, 2, target=0.75), color=True)
    assert all("\x1b[31m" in line for line in text.splitlines() if "OVERLOADED" in line and "▒" in line)
    assert "OVERLOADED" in text


def test_words_around_the_numbers() -> None:
    lines = as_text(results(2, 1, target=0.5, peak=5)).splitlines()
    assert lines[0] == "llm, stack dev"
    assert "chat  does not survive the loss of us-central1" in lines
    assert "  Capacity and load are in requests per second." in lines
    assert (
        "  The load is the given peak of 5 requests per second, spread over the regions in proportion to their warm "
        "capacity." in lines
    )
    assert "  Without us-central1: 2.33 to us-east1, 1 beyond capacity, to all" in lines
    assert "  Without us-east1: 1.67 to us-central1" in lines
    assert "  Keep 1 more VM warm, the minimum needed:" in lines
    assert "    set `min_replicas` of `autoscaler-mig-us-east1` from 1 to 2 (us-east1)" in lines
    assert "  The fewest VMs for 5 requests per second: 4 (2 in us-central1, 2 in us-east1)." in lines
    assert lines[-1] == "1 backend service: 1 fails."


def test_maxima_that_have_to_rise_are_no_machines() -> None:
    lines = as_text(results(4, 4, peak=18)).splitlines()
    start = lines.index("  Keep 2 more VMs warm, the minimum needed:")
    assert lines[start + 1 : start + 5] == [
        "    set `min_replicas` of `autoscaler-mig-us-central1` from 4 to 5 (us-central1)",
        "    set `max_replicas` of `autoscaler-mig-us-central1` from 4 to 5 (us-central1)",
        "    set `min_replicas` of `autoscaler-mig-us-east1` from 4 to 5 (us-east1)",
        "    set `max_replicas` of `autoscaler-mig-us-east1` from 4 to 5 (us-east1)",
    ]


def test_what_overflows_without_a_known_order() -> None:
    three = ("us-central1", "us-east1", "us-west1")
    lines = as_text(results(2, 2, 2, regions=three, serviceLbPolicy="p")).splitlines()
    assert "  Without us-central1: not known" in lines
    assert {line.rpartition("|")[2].strip() for line in bars("\n".join(lines))} == {"not known"}
    note = (
        "  Its `service_lb_policy` may set a different overflow order or none, so it is not known where the load goes."
    )
    assert note in lines


def test_a_region_without_load_overflows_nowhere() -> None:
    three = ("us-central1", "us-east1", "us-west1")
    assert "  Without us-west1: no overflow" in as_text(results(2, 2, 0, regions=three)).splitlines()


def test_nobody_is_left() -> None:
    lines = as_text(results(0, 0, peak=3)).splitlines()
    assert "  Without us-central1: 3 not served" in lines


def test_no_service() -> None:
    nothing = FailoverResults("llm", ())
    assert as_text(nothing) == "llm\n\nNothing was judged: there is no backend service.\n"
    assert json.loads(as_json(nothing))["services"] == []


def test_the_summary_counts_each_verdict() -> None:
    parts = [
        *results(2, 2).services,
        *results(2, 1).services,
        *results(2, regions=("us-east1",)).services,
        *results(2, 2, peak=3, protocol="HTTP").services,
    ]
    assert summary(FailoverResults("", tuple(parts))) == (
        "4 backend services: 2 survive, 1 fails, 1 in one region only."
    )


def test_names_from_hostile_stacks() -> None:
    of = results(4, 1, target=0.9, regions=("us-central1", HOSTILE))
    text, markdown, document = as_text(of), as_markdown(of), as_json(of)
    assert "us-east1\\x1b[31m|`<b>\\u2028\\ud800" in text
    assert "us\\-east1" not in markdown
    for report in (text, markdown, document):
        assert "\x1b" not in report
        report.encode("utf-8")
    rows = [line for line in markdown.splitlines() if line.startswith("|") and "us-east1" in line]
    assert rows
    assert all("\\|\\`\\<b\\>" in row for row in rows)
    assert json.loads(document)["services"][0]["regions"][1]["region"] == printable(HOSTILE)


def test_json_has_all_numbers() -> None:
    (found,) = json.loads(as_json(results(2, 1, peak=5)))["services"]
    assert (found["name"], found["verdict"], found["unit"], found["peakRps"]) == (
        "chat",
        "fails",
        "requests per second",
        5,
    )
    assert found["survivesAfterScaleOut"] is True
    assert found["enough"] == [{"region": "us-central1", "machines": 2}, {"region": "us-east1", "machines": 2}]
    assert found["remedies"] == {
        "machines": [
            {
                "resource": "autoscaler-mig-us-east1",
                "setting": "min_replicas",
                "before": 1,
                "after": 2,
                "region": "us-east1",
            }
        ],
        "targets": None,
        "highestFill": None,
        "needed": None,
    }
    assert [one["region"] for one in found["losses"]] == list(TWO)
    assert found["losses"][0]["warm"] == {
        "isSurvivable": False,
        "capacity": 4,
        "load": 5,
        "utilization": 1.25,
        "survivors": [{"region": "us-east1", "capacity": 4, "load": 5, "utilization": 1.25}],
        "flows": [{"source": "us-central1", "target": "us-east1", "load": 2.333333333}],
        "excess": 1,
        "unserved": 0,
    }


def test_markdown() -> None:
    assert as_markdown(results(2, 2, target=0.4)) == (
        "# Failover: llm, stack dev\n\n"
        "1 backend service: 1 survives.\n\n"
        "## chat: survives the loss of any one region\n\n"
        "Capacity and load are in requests per second.\n\n"
        "The load is inferred: what the autoscalers let the warm VMs carry, or the full capacity of groups without an "
        "autoscaler. Set the real load with --peak-rps.\n\n"
        "| Region | VMs | Capacity | Load |\n"
        "| --- | --- | --- | --- |\n"
        "| us-central1 | 2 to 4 | 8 to 16 | 3.2 |\n"
        "| us-east1 | 2 to 4 | 8 to 16 | 3.2 |\n\n"
        "| Lost | Load | Left, warm | Left, scaled out | Overflow, warm |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| us-central1 | 6.4 | 8: 80 % | 16: 40 % | 3.2 to us-east1 |\n"
        "| us-east1 | 6.4 | 8: 80 % | 16: 40 % | 3.2 to us-central1 |\n"
    )


def test_sentences_are_wrapped_between_words_in_a_terminal() -> None:
    lines = [line.rstrip() for line in printed(results(2, 1, target=0.9), width=60).splitlines()]
    start = next(number for number, line in enumerate(lines) if "The load is inferred" in line)
    assert lines[start : start + 3] == [
        "  The load is inferred: what the autoscalers let the warm",
        "  VMs carry, or the full capacity of groups without an",
        "  autoscaler. Set the real load with --peak-rps.",
    ]
