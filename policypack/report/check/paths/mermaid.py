"""The serving paths of services as a diagram in Mermaid's language, which GitHub and GitLab draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policypack.report.check.paths.serving_path import Node, ServingPath
from policypack.report.check.verdicts import Verdicts
from policypack.wording import counted, printable, shortened

# How many characters a label shows of a name.
_LABEL_LENGTH: Final = 60
_CLASSES: Final = (
    "classDef failed stroke:#c62828,stroke-width:3px",
    "classDef undecided stroke:#b26a00,stroke-width:2px,stroke-dasharray:6 3",
    "classDef waived stroke:#1565c0,stroke-width:2px,stroke-dasharray:2 3",
    "classDef outside stroke-dasharray:3 3",
)


def flowchart(paths: Sequence[ServingPath]) -> str:
    """One flowchart of several paths: what they share is there once, each region is a box around its backends.

    Names are written so that they cannot be anything but names: all characters with a meaning, and all that are not
    ASCII letters and digits, by their numbers.
    """
    nodes = {node.key: node for path in paths for node in path.nodes}
    names = {key: f"n{number}" for number, key in enumerate(nodes)}
    edges = dict.fromkeys(edge for path in paths for edge in path.edges)
    lines = ["flowchart LR", *_boxes(nodes.values(), names)]
    lines += [f"{names[edge.source]} {'-->' if edge.is_certain else '-.->'} {names[edge.target]}" for edge in edges]
    lines += _CLASSES
    lines += [f"class {names[node.key]} {kind}" for node in nodes.values() if (kind := _class(node))]
    return "\n".join(f"  {line}" if number else line for number, line in enumerate(lines))


def _boxes(nodes: Iterable[Node], names: dict[str, str]) -> Iterator[str]:
    by_region: dict[str, list[Node]] = {}
    for node in nodes:
        by_region.setdefault(node.region, []).append(node)
    yield from (_box(node, names) for node in by_region.pop("", []))
    for number, (region, inside) in enumerate(sorted(by_region.items())):
        yield f'subgraph r{number}["{_text(region)}"]'
        yield from (f"  {_box(node, names)}" for node in inside)
        yield "end"


def _box(node: Node, names: dict[str, str]) -> str:
    verdict = _verdict(node.verdicts) if node.urn else ""
    lines = [f"{node.kind} {shortened(node.label, _LABEL_LENGTH)}", *([verdict] if verdict else [])]
    return f'{names[node.key]}["{"<br/>".join(_text(line) for line in lines)}"]'


def _verdict(verdicts: Verdicts) -> str:
    counts = [counted(verdicts.failed, "violation")] if verdicts.failed else []
    counts += [f"{verdicts.undecided} undecided"] if verdicts.undecided else []
    counts += [f"{verdicts.known} known"] if verdicts.known else []
    counts += [f"{verdicts.waived} waived"] if verdicts.waived else []
    return ", ".join(counts)


def _class(node: Node) -> str:
    if not node.urn:
        return "outside"
    worst = node.verdicts.worst if node.verdicts.need_a_look else None
    return "waived" if worst == "known" else worst or ""


def _text(text: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or c in " -,." else f"#{ord(c)};" for c in printable(text))
