"""States of stacks to measure with, as the JSON that `pulumi stack export` writes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from functools import cache
from typing import Final

from .backends import (
    REGIONS,
    alerts,
    autoscaler,
    firewall,
    health_check,
    llm_backend,
    lone_service,
    manager,
    network,
    service,
    subnetwork,
)
from .backends import template as machine_template
from .entries import Entry, frame
from .others import others

_EVERY_NTH_IS_BAD: Final = 5
_LLM_BACKENDS: Final = 2
# How often the others occur, in their order.
_WEIGHTS: Final = (4, 3, 3, 4, 2, 4, 2, 2)
# Stands for the part of a template's names that differs from copy to copy.
_MARK: Final = "MARK"


def services(number: int) -> bytes:
    """Backend services, as many instance templates and one health check; every fifth service is bad.

    What the services refer to beside the check is outside the stack, but for two alert policies on all of them, so
    that the good ones are silent and each stands for itself.
    """
    entries = [health_check("check"), *alerts("all", of_all=True)]
    for i in range(number):
        entries.append(lone_service(f"chat-{i}", "check", is_bad=i % _EVERY_NTH_IS_BAD == 0))
        entries.append(machine_template(f"template-{i}", REGIONS[i % 2]))
    return _state(entries)


def one_network(number: int) -> bytes:
    """Backend services with groups and templates of their own, and as many firewall rules, all in one network."""
    region = REGIONS[0]
    entries = [health_check("check"), network("net"), subnetwork("subnet", region, "net", 0)]
    for i in range(number):
        entries += [
            machine_template(f"template-{i}", region, "subnet", f"tag-{i}"),
            manager(f"mig-{i}", region, f"template-{i}", "check"),
            autoscaler(f"scaler-{i}", region, f"mig-{i}"),
            service(f"chat-{i}", "check", [(f"mig-{i}", region)]),
            firewall(f"fw-{i}", "net", f"tag-{i}"),
        ]
    return _state(entries)


def llm_backends(number: int) -> bytes:
    """Backend services in two regions, each with all its parts."""
    return _state(part for i in range(number) for part in llm_backend(f"llm{i}", i))


def realistic(seed: int, resources: int = 200) -> bytes:
    """A stack as teams have them: two LLM backends with all their parts, and resources that no rule reads.

    It is put together from texts made once, so that thousands of them take no time to make.
    """
    random_source = random.Random(seed)
    llm, rest = _texts()
    chosen = [text.replace(_MARK, f"llm{seed}x{i}") for i in range(_LLM_BACKENDS) for text in llm]
    missing = resources - len(chosen) - len(frame())
    kinds = random_source.choices(rest, weights=_WEIGHTS, k=missing)
    chosen += [text.replace(_MARK, f"r{seed}x{i}") for i, text in enumerate(kinds)]
    return _joined([*map(json.dumps, frame()), *chosen])


@cache
def _texts() -> tuple[list[str], list[str]]:
    return [json.dumps(part) for part in llm_backend(_MARK)], [json.dumps(part) for part in others(_MARK)]


def _state(entries: Iterable[Entry]) -> bytes:
    return _joined([json.dumps(entry) for entry in (*frame(), *entries)])


def _joined(entries: list[str]) -> bytes:
    manifest = '{"time": "2026-11-23T13:14:24Z", "version": "v3.259.0"}'
    return f'{{"version": 3, "deployment": {{"manifest": {manifest}, "resources": [{", ".join(entries)}]}}}}'.encode()
