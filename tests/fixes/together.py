"""Rows whose programs are one: each changes its own places in the same program, and is about its own message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.fixes.fix import Fix

MOST = 8
# What these break hides what others break. What is missing here is judged by itself in the end.
ALONE = {
    "Cloud Armor lets all through",
    "GPUs scaled by CPU",
    "a Gateway of one cluster",
    "a Gateway without a route",
    "a NEG that names nothing",
    "a VM in two groups",
    "a busy machine is recreated",
    "a certificate of another host",
    "a gRPC check over the internet",
    "a key in a variable",
    "a pool with a short timeout",
    "a pool without Cloud Armor",
    "a pool without a check",
    "a pool without a limit",
    "a pool without a log",
    "a pool without draining",
    "a stateful group that moves VMs",
    "a stateful group whose updates give new names",
    "a stateful group with an autoscaler",
    "all is drained",
    "an annotation without a limit",
    "an update takes too many",
    "draining ends before answers do",
    "every path",
    "no Cloud Armor",
    "no SSL policy",
    "no backends",
    "no health check",
    "no load balancer to follow",
    "no minimum instance",
    "no port name",
    "nobody is asked for a key by the servers",
    "nobody is told of errors",
    "nodes in one zone",
    "one rate limit for all",
    "serverless: a share of no capacity",
    "the manager for the group",
    "the regions are uneven",
    "the regions need each other",
}


def joined(fixes: Mapping[str, Fix]) -> Iterator[tuple[Fix, ...]]:
    """All rows, those together that do not touch each other."""
    groups: list[list[Fix]] = []
    for name, fix in fixes.items():
        if name in ALONE:
            yield (fix,)
        elif group := next((one for one in groups if _has_room(one, fix)), None):
            group.append(fix)
        else:
            groups.append([fix])
    yield from map(tuple, groups)


def _has_room(group: list[Fix], fix: Fix) -> bool:
    return len(group) < MOST and all(_are_apart(fix, other) for other in group)


def _are_apart(one: Fix, other: Fix) -> bool:
    return (
        one.program == other.program
        and (one.rule, one.part) != (other.rule, other.part)
        and not one.options
        and not other.options
        and all(
            end <= others_start or others_end <= start
            for start, end in _places(one)
            for others_start, others_end in _places(other)
        )
    )


def _places(fix: Fix) -> list[tuple[int, int]]:
    starts = [fix.program.index(text) for text, _, _ in fix.edits]
    return [(start, start + len(text)) for start, (text, _, _) in zip(starts, fix.edits, strict=True)]


def broken(fixes: tuple[Fix, ...]) -> str:
    """The program that gets the messages of all rows."""
    return _changed(fixes, 1) if len(fixes) > 1 else fixes[0].broken


def mended(fixes: tuple[Fix, ...]) -> str:
    """The program after what all fixes say is done."""
    return _changed(fixes, 2) if len(fixes) > 1 else fixes[0].mended


def _changed(fixes: tuple[Fix, ...], column: int) -> str:
    program = fixes[0].program
    edits = [(place, edit[column]) for fix in fixes for place, edit in zip(_places(fix), fix.edits, strict=True)]
    for (start, end), text in sorted(edits, reverse=True):
        program = program[:start] + text + program[end:]
    return program
