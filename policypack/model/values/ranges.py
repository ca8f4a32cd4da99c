"""Ranges of IP addresses: what a firewall rule's sources certainly and possibly are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final, TypeAlias

from policypack.model.values.secret import Hidden, is_secret, plain
from policypack.model.values.values import Unknown

Range: TypeAlias = IPv4Network | IPv6Network

EVERYWHERE: Final[tuple[Range, ...]] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
# Addresses that no host on the internet has; VPC networks take subnets from all of them.
# https://cloud.google.com/vpc/docs/subnets#valid-ranges
_PRIVATE: Final[tuple[Range, ...]] = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "240.0.0.0/4",
        "fc00::/7",
        "fe80::/10",
    )
)


@dataclass(frozen=True)
class Ranges:
    """Some addresses, of which not all may be known.

    Attributes:
        certain: ranges that certainly belong to them.
        possible: ranges outside which none of them is.
    """

    certain: tuple[Range, ...]
    possible: tuple[Range, ...]

    @property
    def is_known(self) -> bool:
        return self.certain == self.possible


NOWHERE: Final = Ranges((), ())
NOT_KNOWN: Final = Ranges((), EVERYWHERE)


def parse_ranges(texts: list[str | Unknown] | Unknown) -> Ranges:
    """Reads ranges in CIDR notation; one that is not known, or is no range, may be any."""
    if isinstance(texts, Unknown):
        return NOT_KNOWN
    parsed = [_parse(text) for text in texts]
    certain = tuple(range_ for range_ in parsed if range_ is not None)
    return Ranges(certain, certain if len(certain) == len(parsed) else EVERYWHERE)


def _parse(text: str | Unknown) -> Range | None:
    if isinstance(text, Unknown):
        return None
    try:
        found = ip_network(plain(text).strip(), strict=False)
    except ValueError:
        return None
    if not is_secret(text):
        return found
    return _SecretIPv4(found) if isinstance(found, IPv4Network) else _SecretIPv6(found)


class _SecretIPv4(Hidden, IPv4Network):
    """A secret range."""


class _SecretIPv6(Hidden, IPv6Network):
    """A secret range."""


def within(ranges: Iterable[Range], others: Iterable[Range]) -> tuple[Range, ...]:
    """What `ranges` and `others` have in common."""
    limits = tuple(others)
    return tuple(common for range_ in ranges for other in limits if (common := _common(range_, other)) is not None)


def without(ranges: Iterable[Range], others: Iterable[Range]) -> tuple[Range, ...]:
    """What is left of `ranges` without `others`."""
    left = tuple(ranges)
    for other in others:
        left = tuple(part for range_ in left for part in _difference(range_, other))
    return left


def widest_public(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The widest range of each IP version that `ranges` cover together, those of private addresses left out."""
    public = [range_ for range_ in ranges if not any(_is_part(range_, private) for private in _PRIVATE)]
    four = collapse_addresses(range_ for range_ in public if isinstance(range_, IPv4Network))
    six = collapse_addresses(range_ for range_ in public if isinstance(range_, IPv6Network))
    merged: tuple[tuple[Range, ...], ...] = (tuple(four), tuple(six))
    return tuple(min(found, key=lambda range_: range_.prefixlen) for found in merged if found)


def _common(one: Range, other: Range) -> Range | None:
    if _is_part(one, other):
        return one
    return other if _is_part(other, one) else None


def _difference(range_: Range, removed: Range) -> Iterator[Range]:
    if _is_part(range_, removed):
        return
    if not _is_part(removed, range_):
        yield range_
    else:
        # By its numbers: the text of a secret one is hidden.
        numbers = (int(removed.network_address), removed.prefixlen)
        if isinstance(range_, IPv4Network):
            yield from range_.address_exclude(IPv4Network(numbers))
        else:
            yield from range_.address_exclude(IPv6Network(numbers))


def _is_part(one: Range, other: Range) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.subnet_of(other)
    return isinstance(other, IPv6Network) and one.subnet_of(other)
