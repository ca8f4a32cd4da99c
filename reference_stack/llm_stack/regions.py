"""The regions of the configuration: what both forms ask of them, and the ranges of their subnets."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from llm_stack.section import ConfigError, Section

R = TypeVar("R")
REGION = re.compile(r"[a-z]+-[a-z]+\d+")


def parse_regions(raw: Any, parse: Callable[[str, Section], R]) -> tuple[R, ...]:
    """Each region of the section, as the form parses it; fewer than two are refused."""
    entries = Section("regions", raw).raw
    regions = tuple(parse(name, region_section(name, entries[name])) for name in entries)
    if len(regions) < 2:
        raise ConfigError("regions", f"{len(regions)} given, and any one may be lost", "Give at least two")
    return regions


def region_section(name: str, raw: Any) -> Section:
    section = Section(f"regions.{name}", raw)
    if not REGION.fullmatch(name):
        raise ConfigError(section.key, "is not the name of a region", "Name it like us-central1")
    return section


def parse_range(section: Section, key: str, longest: int) -> str:
    value = section.text(key)
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ConfigError(section.path(key), str(error), "Give an IPv4 range like 10.10.0.0/24") from None
    if not network.is_private or network.prefixlen > longest:
        raise ConfigError(section.path(key), f"{value} is public or too small", f"Give a private /{longest} or larger")
    return value


def check_order(section: Section, what: str, least: int, most: int) -> None:
    if most < least:
        problem = f"{most} is below min_{what} {least}"
        raise ConfigError(section.path(f"max_{what}"), problem, f"Raise max_{what} or lower min_{what}")


def check_room(section: Section, cidr: str, needed: int, why: str) -> None:
    """Google Cloud keeps four addresses of each subnet."""
    if ipaddress.ip_network(cidr).num_addresses - 4 < needed:
        raise ConfigError(section.path("cidr"), f"{cidr} has no room for {needed} {why}", "Give a larger range")


def check_ranges(ranges: Sequence[tuple[str, str]]) -> None:
    """Ranges by their keys, none of which may overlap."""
    for (first_key, first), (second_key, second) in itertools.combinations(ranges, 2):
        if ipaddress.ip_network(first).overlaps(ipaddress.ip_network(second)):
            raise ConfigError(second_key, f"{second} overlaps {first} of {first_key}", "Give each subnet its own range")
