"""The stacks that a change is tried on, as the requests that the engine would send for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from policypack.model.graph.stack import Stack
from policypack.sources.program import load_program, run
from tests.fixes.rows import FIXES
from tests.fuzz import corpus
from tests.fuzz.forms import to_requests
from tests.fuzz.generate import generate
from tests.fuzz.intent import Intent
from tests.good_programs.good import PROGRAMS
from tests.projects import ENVIRONMENT, make_project
from tests.reference_stack.mutations import MUTATIONS
from tests.reference_stack.stacks import PACKAGE, copy_stack
from tests.replay import RECORDINGS, recorded
from tests.sources.deployed import DEPLOYED
from tests.stacks import R
from tests.warm_interpreter import warm_interpreter


class Case(NamedTuple):
    """A stack by its name: the requests for each resource, and the one for all."""

    name: str
    resources: list[dict[str, Any]]
    stack: dict[str, Any] | None


def cases(generated: int, *, programs: bool) -> Iterator[Case]:
    """Recordings, the corpus of the fuzzer, so many generated stacks, and the programs of the tests, which are run."""
    for file in sorted(RECORDINGS.glob("*.jsonl")):
        yield Case(f"recording {file.stem}", *recorded(file.stem))
    for name, resources in corpus.load().items():
        yield from _both(name, resources)
    for number in range(generated):
        yield Case(f"generated {number}", *to_requests(generate(f"ecosystem:{number}")))
    if programs:
        with warm_interpreter(ENVIRONMENT / "bin/python") as execute:
            for name, stack in _run_programs(execute):
                yield from _both(name, corpus.decode(corpus.encode(stack)))


def _both(name: str, resources: list[R]) -> Iterator[Case]:
    for deployed, when in ((False, "first preview"), (True, "deployed")):
        yield Case(f"{name}, {when}", *to_requests(Intent(tuple(resources), deployed)))


def _run_programs(execute: Any) -> Iterator[tuple[str, Stack]]:
    run.execute = execute
    for name, mutation in MUTATIONS.items():
        with _folder() as folder:
            project = copy_stack(corpus.REFERENCE_STACK, folder / "reference_stack")
            for file, text, replacement in mutation.edits:
                source = project / PACKAGE / file
                source.write_text(source.read_text().replace(text, replacement))
            yield f"reference {mutation.stack} with {name}", _loaded(project, mutation.stack)
    texts = {f"program {name}": good.program for name, good in PROGRAMS.items()}
    for name, fix in FIXES.items():
        texts |= {f"before the fix of {name}": fix.broken, f"after the fix of {name}": fix.mended}
    for name, text in texts.items():
        with _folder() as folder:
            yield name, _loaded(make_project(folder, text))


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder)


def _loaded(project: Path, stack: str | None = None) -> Stack:
    return load_program(project, stack, computed=DEPLOYED, timeout=60).stack
