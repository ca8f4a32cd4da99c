"""The elements of JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from policypack.report.text import xml_text
from policypack.wording import printable

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
# The attribute that counts, and what it counts.
COUNTS: Final = {
    "tests": "testcase",
    "failures": "testcase/failure",
    "errors": "testcase/error",
    "skipped": "testcase/skipped",
}


def document(root: ElementTree.Element) -> str:
    """Counts what the suites of a `testsuites` count; as a text, in ASCII so that no encoding can break it."""
    for name in COUNTS:
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    return f"{DECLARATION}{as_text(root)}\n"


def as_text(root: ElementTree.Element) -> str:
    """An element in ASCII."""
    text: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return text.decode("ascii")


def outcome(tag: str, type_: str, lines: Sequence[str]) -> ElementTree.Element:
    """Why a test case did not pass: all in one line as `message`, and in lines as the text inside."""
    made = element(tag, type=type_, message=" ".join(lines))
    made.text = xml_text("\n".join(lines))
    return made


def with_counts(suite: ElementTree.Element) -> ElementTree.Element:
    """The suite, with how many test cases it has of each kind."""
    for name, path in COUNTS.items():
        suite.set(name, str(len(suite.findall(path))))
    return suite


def element(tag: str, /, **attributes: str) -> ElementTree.Element:
    """An element; its attributes may be any text."""
    return ElementTree.Element(tag, {name: printable(value) for name, value in attributes.items()})
