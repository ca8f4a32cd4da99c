"""Texts with a form: each reads one value, and says what is wrong with it and what it would take."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MISTAKE = "mistake"
"""The type of the errors that say themselves what to do."""
SUBNET_RANGES = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24"),
        *("192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
    )
)
"""What a subnet takes without public addresses: https://cloud.google.com/vpc/docs/subnets#valid-ranges."""


def wrong(problem: str, fix: str) -> PydanticCustomError:
    # The texts are values and no template: they may have braces.
    return PydanticCustomError(MISTAKE, "{problem}. {fix}.", {"problem": problem, "fix": fix})


@dataclass(frozen=True)
class Text:
    """A text that `read` takes: it returns the value, or raises what `wrong` makes."""

    read: Callable[[str], Any]
    pattern: str = ""
    """For the editor, as ECMAScript has it."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.read, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", **({"pattern": self.pattern} if self.pattern else {})}


def matching(pattern: str, wanted: str, fix: str) -> Text:
    """A text of a pattern, which must mean the same to Python and to ECMAScript."""

    def read(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise wrong(f"`{value}` is not {wanted}", fix)
        return value

    return Text(read, f"^(?:{pattern})$")


def subnet_range(longest: int) -> Text:
    """A range of a subnet, of at least a size."""

    def read(value: str) -> ipaddress.IPv4Network:
        network = ipv4_network(value)
        if not any(network.subnet_of(valid) for valid in SUBNET_RANGES):
            raise wrong(f"{value} is no private range", "Give one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
        if network.prefixlen > longest:
            raise wrong(f"{value} is too small", f"Give a /{longest} or larger")
        return network

    return Text(read, r"^\d+(\.\d+){3}/\d+$")


def ipv4_network(value: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        raise wrong(f"`{value}` is no IPv4 range", "Give an address and a prefix length, like 10.10.0.0/24") from None
    if "/" not in value:
        raise wrong(f"`{value}` is an address without the length of a prefix", f"Give a range, like {value}/24")
    if ipaddress.IPv4Interface(value).ip != network.network_address:
        raise wrong(f"{value} has bits set behind its prefix", f"Write {network}, or another range")
    if value != str(network):
        raise wrong(f"{value} has another form than the length of a prefix", f"Write {network}")
    return network


def client_range(value: str) -> str:
    """What a rule of Cloud Armor matches: https://cloud.google.com/armor/docs/rules-language-reference."""
    if value == "*":
        return value
    fix = "Give ranges like 203.0.113.0/24 or 2001:db8::/32, or `*` for everybody"
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise wrong(f"`{value}` is no range of addresses", fix) from None
    if not re.fullmatch(CLIENT_RANGE, value, re.ASCII):
        raise wrong(f"`{value}` is no range of addresses", fix if "%" in value else f"Write {network}")
    if network.prefixlen == 0:
        raise wrong(f"{value} lets everybody in", "Write `*` alone, which says so")
    if ipaddress.ip_interface(value).ip != network.network_address:
        raise wrong(f"{value} has bits set behind its prefix", f"Write {network}, or one address without a prefix")
    return value


LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"[^@\s:<>,;]+@(?:{LABEL}\.)+{LABEL}"
MEMBER = rf"(?:user|group|serviceAccount):{ADDRESS}|domain:(?:{LABEL}\.)+{LABEL}|principal(?:Set)?://\S+"
CLIENT_RANGE = r"\*|[0-9a-fA-F.:]+(?:/[0-9]+)?"


def member(value: str) -> str:
    """Whom Identity-Aware Proxy lets in: https://cloud.google.com/iam/docs/principal-identifiers."""
    if value in ("allUsers", "allAuthenticatedUsers", "principalSet://goog/public:all"):
        raise wrong(f"`{value}` lets anybody in", "Name users, groups or a domain, or remove iap_members")
    if re.fullmatch(MEMBER, value):
        return value
    form = "user:ann@example.com, group:llm@example.com, serviceAccount:..., domain:example.com or principalSet://..."
    if re.fullmatch(r"[^@:\s]+@[^@\s]+\.[^@\s]+", value):
        raise wrong(f"`{value}` does not say what it is", f"Write user:{value}, or group: or serviceAccount: before it")
    raise wrong(f"`{value}` is no member of a policy", f"Write {form}")


Host = Annotated[
    str,
    matching(
        r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
        "a host name in lower case",
        "Write one like llm.example.com",
    ),
]
Email = Annotated[str, matching(ADDRESS, "a mail address", "Write one like oncall@example.com")]
ClientRange = Annotated[str, Text(client_range, f"^(?:{CLIENT_RANGE})$")]
Member = Annotated[str, Text(member, f"^(?:{MEMBER})$")]
