"""What has to hold for every stack, whichever source shows it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policypack.config.options import default_settings
from policypack.evaluate import Finding, evaluate
from policypack.model.graph.resource import Resource
from policypack.model.graph.stack import Stack
from policypack.rules import RULES
from policypack.sources.engine import Memory
from policypack.sources.program.config import StackConfig
from policypack.sources.program.resources import stack_of
from policypack.sources.state import load_state
from tests.fuzz.forms import to_records, to_requests, to_state
from tests.fuzz.generate import has_written_out_names, is_regular, named
from tests.fuzz.intent import Intent
from tests.recorded import joined_resources
from tests.stacks import PROJECT
from tests.test_properties import leaves, with_unknown

SETTINGS: Final = default_settings(RULES)
Check: TypeAlias = Callable[[Intent, random.Random], None]
Verdicts: TypeAlias = dict[tuple[str, str], str]


class BrokenError(AssertionError):
    """A stack for which something does not hold."""


# The sources


def engine_stack(intent: Intent) -> Stack:
    """The stack as the SDK's servicer and the pack's memory make it from the engine's requests."""
    memory, found = Memory(), list[Stack]()

    def remember(args: Any, _: Any) -> None:
        memory.remember("resources", args)

    def keep(args: Any, _: Any) -> None:
        found.append(memory.stack("stack", args))

    policies = [
        ResourceValidationPolicy("resources", "remembers", remember),
        StackValidationPolicy("stack", "keeps", keep),
    ]
    servicer = _PolicyAnalyzerServicer("pack", "0.0.1", policies, EnforcementLevel.ADVISORY)
    requests, whole = to_requests(intent)
    for request in requests:
        servicer.Analyze(ParseDict(request, analyzer_pb2.AnalyzeRequest()), None)
    servicer.AnalyzeStack(ParseDict(whole, analyzer_pb2.AnalyzeStackRequest()), None)
    (stack,) = found
    return stack


def read_stack(intent: Intent) -> Stack:
    """The stack of the engine's requests, read without the SDK."""
    return Stack(joined_resources(*to_requests(intent)))


def state_stack(intent: Intent) -> Stack:
    with TemporaryDirectory() as folder:
        file = Path(folder, "state.json")
        file.write_text(json.dumps(to_state(intent)))
        return load_state(file)


def program_stack(intent: Intent) -> Stack:
    return stack_of(
        to_records(intent), StackConfig({f"gcp:{key}": value for key, value in intent.provider.items()}, (), ())
    )


# Verdicts


def findings(stack: Stack) -> tuple[Finding, ...]:
    return tuple(finding for rule in evaluate(stack, RULES, SETTINGS).rules for finding in rule.findings)


def verdicts(stack: Stack) -> Verdicts:
    # What a rule says nothing about complies with it.
    return {
        (found.rule.name, found.urn): "passed" if found.status == "not applicable" else found.status
        for found in findings(stack)
    }


def _texts(stack: Stack) -> dict[tuple[str, str], Any]:
    return {(found.rule.name, found.urn): (found.status, found.problems, found.reasons) for found in findings(stack)}


def _expect_equal(one: dict[Any, Any], other: dict[Any, Any], what: str) -> None:
    differing = {key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)}
    if differing:
        raise BrokenError(f"{what}: {_shown(differing)}")


def _expect_refines(less: Verdicts, more: Verdicts, what: str) -> None:
    """A definite verdict with less known is the one with more known, where both judge the resource."""
    turned = {
        key: (status, more[key])
        for key, status in less.items()
        if key in more and status != "undecided" and status != more[key]
    }
    if turned:
        raise BrokenError(f"{what}: {_shown(turned)}")


def _shown(differing: dict[Any, Any]) -> str:
    return "; ".join(f"{rule} of {urn.split('::', 2)[2]}: {pair[0]} and {pair[1]}" for (rule, urn), pair in
                     sorted(differing.items()))  # fmt: skip


# What holds


def order_does_not_matter(intent: Intent, source: random.Random) -> None:
    stack = engine_stack(intent)
    shuffled = list(stack.resources)
    source.shuffle(shuffled)
    _expect_equal(_texts(stack), _texts(Stack(shuffled, spelling=stack.spelling)), "another order says something else")


def less_knowledge_never_turns_a_verdict_around(intent: Intent, source: random.Random) -> None:
    stack = read_stack(intent)
    less = Stack(_blurred(resource, source) for resource in stack.resources)
    if is_regular(intent) and not has_written_out_names(intent):
        _expect_refines(verdicts(less), verdicts(stack), "with less known, with more known")
    else:
        verdicts(less)


def _blurred(resource: Resource, source: random.Random) -> Resource:
    """Some of what is known of a resource made unknown, in inputs and outputs alike; what is only read is known."""
    for _ in range(0 if resource.is_read else source.choice((0, 0, 1, 2))):
        paths = [*leaves(resource.inputs or {}), *leaves(resource.outputs or {})]
        if paths:
            path = source.choice(paths)
            changed: dict[str, Any] = {
                side: with_unknown(getattr(resource, side), path) if getattr(resource, side) is not None else None
                for side in ("inputs", "outputs")
            }
            resource = replace(resource, **changed)
    return resource


def a_preview_never_turns_the_deployed_verdict_around(intent: Intent, source: random.Random) -> None:
    first, deployed = (read_stack(replace(intent, deployed=known)) for known in (False, True))
    less, more = verdicts(first), verdicts(deployed)
    if is_regular(intent):
        _expect_refines(less, more, "on a first preview, deployed")


def an_update_stops_only_what_fails(intent: Intent, source: random.Random) -> None:
    stack = read_stack(replace(intent, deployed=True))
    shown = [replace(one, outputs=None, edges={}) for one in stack.resources if one.inputs and source.random() < 0.8]
    early, whole = verdicts(Stack(shown, is_complete=False)), verdicts(stack)
    failing = {key: ("failed", whole.get(key)) for key, status in early.items() if status == "failed"}
    wrong = {key: pair for key, pair in failing.items() if pair[1] not in ("failed", None)}
    # What is only read shows up with the whole stack.
    if wrong and is_regular(intent) and not _has_reads(intent):
        raise BrokenError(f"before creation, deployed: {_shown(wrong)}")


def the_sources_agree(intent: Intent, source: random.Random) -> None:
    """The SDK shows what is in the requests; and where nothing is only read, state and program know the same."""
    other = source.choice(("requests", "requests" if _has_reads(intent) else "state" if intent.deployed else "program"))
    # A program does not know the names that the engine makes up, nor the project of the credentials.
    if other == "program":
        intent = replace(intent, resources=named(intent.resources), provider={"project": PROJECT, **intent.provider})
    engine = verdicts(engine_stack(intent))
    if other == "requests":
        _expect_equal(engine, verdicts(_as_engine(read_stack(intent))), "engine, its requests")
    elif other == "state":
        _expect_equal(engine, verdicts(state_stack(intent)), "engine, state")
    else:
        _expect_equal(engine, verdicts(program_stack(intent)), "engine, program")


def _as_engine(stack: Stack) -> Stack:
    """The engine does not say which resources are only read."""
    return Stack(replace(resource, is_read=False) for resource in stack.resources)


def _has_reads(intent: Intent) -> bool:
    return any(resource.options.get("is_read") for resource in intent.resources)


CHECKS: Final[tuple[Check, ...]] = (
    order_does_not_matter,
    less_knowledge_never_turns_a_verdict_around,
    a_preview_never_turns_the_deployed_verdict_around,
    an_update_stops_only_what_fails,
    the_sources_agree,
)


def broken_by(check: Check, intent: Intent, seed: str) -> str | None:
    """What does not hold for a stack, or the error that a rule raised; `None` if all is well."""
    try:
        check(intent, random.Random(seed))
    except BrokenError as broken:
        return str(broken)
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    return None
