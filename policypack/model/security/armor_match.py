"""Which clients a rule of a security policy matches, by their addresses.

https://cloud.google.com/armor/docs/rules-language-reference
"""

from __future__ import annotations

import re
from typing import Final

from policypack.model.values.logic import when_known
from policypack.model.values.properties import Properties
from policypack.model.values.ranges import EVERYWHERE, NOT_KNOWN, NOWHERE, Ranges, parse_ranges, without
from policypack.model.values.values import Unknown

# A load balancer without an IPv6 address has no clients with one.
ALL_CLIENTS: Final = EVERYWHERE[:1]
_EVERYBODY: Final = "*"
_ALL: Final = Ranges(ALL_CLIENTS, ALL_CLIENTS)
_CONSTANTS: Final = {"true": _ALL, "!false": _ALL, "false": NOWHERE, "!true": NOWHERE}
_SAME: Final = re.compile(r"(\d+|'[^']*'|\"[^\"]*\")\s*==\s*(\d+|'[^']*'|\"[^\"]*\")")
_IN_RANGE: Final = re.compile(r"(!?)\s*inIpRange\(\s*origin\.ip\s*,\s*['\"]([^'\"]+)['\"]\s*\)")
# What few clients are or do: those of one network operator, and attacks.
_FEW: Final = re.compile(r"origin\.asn\s*==\s*\d+|evaluatePreconfigured(Waf|Expr)\([^()]*\)")
_OF_ONE_COUNTRY: Final = re.compile(r"origin\.region_code\s*==\s*['\"]\w+['\"]")


def matched_clients(match: Properties, *, allows: bool) -> Ranges:
    """The addresses of the clients that a rule's `match` is about.

    What it says of few clients, whatever their addresses, matches nowhere: it changes nothing for everybody else.

    Args:
        match: the condition, a list of ranges or an expression.
        allows: the rule lets them through: then a country has not few clients.
    """
    expression, config = match.object("expr"), match.object("config")
    if isinstance(expression, Unknown) or isinstance(config, Unknown):
        return NOT_KNOWN
    if expression is not None:
        text = expression.string("expression")
        return _of_expression(text, allows=allows) if isinstance(text, str) else NOT_KNOWN
    ranges = match.block("config").strings("srcIpRanges")
    if isinstance(ranges, Unknown) or not ranges:
        return NOT_KNOWN
    return parse_ranges([when_known(one, lambda text: "0.0.0.0/0" if text == _EVERYBODY else text) for one in ranges])


def _of_expression(text: str, *, allows: bool) -> Ranges:
    parts = [_of_term(term.strip(), allows=allows) for term in _bare(text).split("||")]
    certain = tuple(range_ for part in parts for range_ in part.certain)
    return Ranges(certain, tuple(range_ for part in parts for range_ in part.possible))


def _of_term(term: str, *, allows: bool) -> Ranges:
    term = _bare(term)
    if term in _CONSTANTS:
        return _CONSTANTS[term]
    if same := _SAME.fullmatch(term):
        return _ALL if same[1] == same[2] else NOWHERE
    if found := _IN_RANGE.fullmatch(term):
        ranges = parse_ranges([found[2]])
        if not found[1] or not ranges.is_known:
            return ranges if not found[1] else NOT_KNOWN
        others = without(ALL_CLIENTS, ranges.certain)
        return Ranges(others, others)
    is_of_few = _FEW.fullmatch(term) or (not allows and _OF_ONE_COUNTRY.fullmatch(term))
    return NOWHERE if is_of_few else NOT_KNOWN


def _bare(text: str) -> str:
    """An expression without parentheses around all of it."""
    text = text.strip()
    while text.startswith("(") and text.endswith(")") and _is_one_group(text):
        text = text[1:-1].strip()
    return text


def _is_one_group(text: str) -> bool:
    """Whether the first parenthesis is closed by the last one."""
    depth = 0
    for number, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return number == len(text) - 1
    return False
