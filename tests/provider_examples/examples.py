"""The examples in the documentation of pulumi-gcp: programs that the provider's makers deploy in their own tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.projects import ENVIRONMENT

_HEADING_OR_PROGRAM: Final = re.compile(r"^### ([^\n]*)$|```python\n(.*?)```", re.MULTILINE | re.DOTALL)
_JUDGED: Final = re.compile(
    r"(Backend|cloudrun(v2)?\.)Service\(|ForwardingRule\(|GroupManager\(|EndpointGroup\(|URLMap\("
)
# There is no provider to answer in a run without the CLI, and nothing in these examples depends on the answer.
_QUESTION: Final = re.compile(r"gcp\.(compute|organizations)\.get_\w+\(")
_ANSWER: Final = """import types

def answer(**_):
    path = "projects/p-demo/global/networks/default"
    named = {"id": path, "self_link": path, "name": "default"}
    return types.SimpleNamespace(**named, project_id="p-demo", number="1", policy_data="{}")

"""


class Example(NamedTuple):
    """A program by the resource that it is for and its title there."""

    resource: str
    title: str
    program: str

    @property
    def name(self) -> str:
        return f"{self.resource}: {self.title}"


def examples(*resources: str) -> Iterator[Example]:
    """The examples with something to judge, each once.

    Args:
        resources: globs on what they are for, such as `compute/backend_service`.
    """
    (package,) = ENVIRONMENT.glob("lib/python*/site-packages/pulumi_gcp")
    seen = set[str]()
    for path in sorted(file for glob in resources for file in package.glob(f"{glob}.py")):
        for title, program in _programs_in(path):
            if program not in seen and _JUDGED.search(program):
                seen.add(program)
                with_answers = _ANSWER + _QUESTION.sub("answer(", program)
                yield Example(f"{path.parent.name}/{path.stem}", title, with_answers)


def _programs_in(path: Path) -> Iterator[tuple[str, str]]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    docstrings = (ast.get_docstring(node) for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef))
    for docstring in filter(None, docstrings):
        title = ""
        for found in _HEADING_OR_PROGRAM.finditer(docstring):
            if found[1]:
                title = found[1].strip()
            elif found[2]:
                yield title, found[2]
