"""The sums in docs/prices.md and docs/sizing.md follow from unit prices and the stacks' configurations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.reference_stack.stacks import MACHINE_STACKS, STACKS, raw_config

SECONDS = 730 * 3600
Bound = Literal["min", "max"]


@pytest.fixture(scope="module")
def rows(stack_dir: Path) -> list[list[str]]:
    """The cells of all tables."""
    text = (stack_dir / "docs" / "prices.md").read_text(encoding="utf-8")
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]


def dollars(text: str) -> float:
    (number,) = re.findall(r"\$([\d,.]+)", text)
    return float(number.replace(",", ""))


def unit_prices(rows: list[list[str]], unit: str) -> dict[str, float]:
    """What a unit costs a month, by region."""
    return {
        region: dollars(row[2])
        for row in rows
        if row[0].startswith(unit)
        for region in row[1].split(", ")
        if "$" in row[2]
    }


def machines(rows: list[list[str]], raw: Mapping[str, Any], bound: Bound) -> Iterator[tuple[int, float]]:
    machine = unit_prices(rows, raw["machine"]["type"])
    disk = unit_prices(rows, "pd-balanced")
    for region, entry in raw["regions"].items():
        yield entry[f"{bound}_replicas"], machine[region] + raw["machine"]["disk_gb"] * disk[region]


def instances(rows: list[list[str]], raw: Mapping[str, Any], bound: Bound) -> Iterator[tuple[int, float]]:
    second = {row[0]: dollars(row[1]) for row in rows if row[1].startswith("$0.000")}
    cpu, memory, gpu = (
        second[unit]
        for unit in ("1 CPU, instance-based", "1 GiB of memory, instance-based", "1 L4 with zonal redundancy")
    )
    instance = raw["instance"]
    each = SECONDS * (instance["cpu"] * cpu + instance["memory_gib"] * memory + gpu)
    for entry in raw["regions"].values():
        yield entry[f"{bound}_instances"], each


@pytest.mark.parametrize("file", ["docs/prices.md", "README.md"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_sums_of_a_stack(rows: list[list[str]], stack_dir: Path, stack: str, file: str) -> None:
    raw = raw_config(stack_dir, stack)
    units_of = machines if stack in MACHINE_STACKS else instances
    least, most = (list(units_of(rows, raw, bound)) for bound in ("min", "max"))
    sums = [f"${sum(number * price for number, price in units):,.0f}" for units in (least, most)]
    (line,) = (
        line
        for line in (stack_dir / file).read_text(encoding="utf-8").splitlines()
        if re.match(rf"\| `{stack}` \|.*\$", line)
    )
    assert re.findall(r"\$[\d,]+", line) == sums


def test_the_arithmetic_of_sizing(stack_dir: Path) -> None:
    raw = raw_config(stack_dir, "prod")
    rate, target = raw["traffic"]["requests_per_second"], raw["traffic"]["autoscaler_target"]
    ((least, most),) = {(entry["min_replicas"], entry["max_replicas"]) for entry in raw["regions"].values()}
    regions = len(raw["regions"])
    shown = (
        f"{rate}",
        f"{rate} x {target} = {rate * target:g}",
        f"{rate * target:g} x {least} = {rate * target * least:g}",
        f"{rate * target * least * regions:g}",
        f"{rate} x {least * (regions - 1)} = {rate * least * (regions - 1)}",
        f"{rate * least * (regions - 1)} >= {rate * target * least * regions:g}",
        f"{1 / target:.2f} times in 25 minutes",
        f"{rate} x {most * regions} = {rate * most * regions}",
        f"{rate} x {most * (regions - 1)} = {rate * most * (regions - 1)}",
        f"{0.9 * rate * most:g}",
    )
    table = (stack_dir / "docs" / "sizing.md").read_text(encoding="utf-8").partition("## What follows")[2]
    cells = [line.strip("| ").split(" | ")[-1] for line in table.splitlines() if line.startswith("| ")]
    assert tuple(cells[2 : 2 + len(shown)]) == shown
