"""The regions of the configuration: what both forms ask of them, and the ranges of their subnets."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Network
from typing import TypeVar

from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.reader import Reader
from llm_stack.reading.section import Section, WrongValueError

R = TypeVar("R", bound=Section)
REGION = r"[a-z]+-[a-z]+\d+"
KEPT_ADDRESSES = 4
"""What Google Cloud keeps of each subnet: https://cloud.google.com/vpc/docs/subnets#unusable-ip-addresses-in-every-subnet."""


def read_regions(reader: Reader, model: type[R]) -> dict[str, R]:
    names = reader.mapping("regions")
    if names is not None and len(names) < 2:
        problem = f"has {'one region, which' if names else 'no region, and any'} may be lost"
        reader.mistakes.append(Mistake(("regions",), problem, "Give at least two"))
    return {name: reader.section(model, "regions", name) for name in names or {}}


def check_names(regions: Mapping[str, Section]) -> Iterator[Mistake]:
    for name in regions:
        if not is_region(name):
            yield Mistake(("regions", name), "is not the name of a region", "Name it like us-central1")


def is_region(name: str) -> bool:
    return bool(re.fullmatch(REGION, name, re.ASCII))


def check_order(path: Path, what: str, least: int, most: int) -> Iterator[Mistake]:
    if most < least:
        problem = f"{most} is below min_{what} {least}"
        yield Mistake((*path, f"max_{what}"), problem, f"Raise max_{what} or lower min_{what}")


def check_room(path: Path, cidr: IPv4Network, needed: int, why: str) -> Iterator[Mistake]:
    if cidr.num_addresses - KEPT_ADDRESSES < needed:
        largest = 32 - (needed + KEPT_ADDRESSES - 1).bit_length()
        yield Mistake((*path, "cidr"), f"{cidr} has no room for {needed} {why}", f"Give a /{largest} or larger")


def check_ranges(ranges: Iterable[tuple[Path, IPv4Network]]) -> Iterator[Mistake]:
    """Ranges by their keys, none of which may overlap."""
    for (first_path, first), (second_path, second) in itertools.combinations(ranges, 2):
        if first.overlaps(second):
            problem = f"{second} overlaps {first} of {'.'.join(map(str, first_path))}"
            yield Mistake(second_path, problem, "Give each subnet its own range")


def ranges_of(regions: Mapping[str, Section], *keys: str) -> Iterator[tuple[Path, IPv4Network]]:
    """The ranges of all regions that are right, and what has them."""
    for name, region in regions.items():
        for key in keys:
            with suppress(WrongValueError):
                network = getattr(region, key)
                if network is not None:
                    yield ("regions", name, key), network
