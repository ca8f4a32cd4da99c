"""What is asked of every report of a format, whatever it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import html5lib
from sarif_kit.validate import validation_errors  # type: ignore[import-untyped]

# Element -> the attributes that it has to have, those that it may have, and the elements inside it, in this order: the
# part of https://github.com/jenkinsci/xunit-plugin (junit-10.xsd) that Jenkins, GitLab and Azure Pipelines all read.
COUNTS: Final = {"tests", "failures", "errors", "skipped"}
GRAMMAR: Final[dict[str, tuple[set[str], set[str], list[str]]]] = {
    "testsuites": ({"name", *COUNTS}, set(), ["testsuite"]),
    "testsuite": ({"name", *COUNTS}, set(), ["properties", "testcase"]),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"name", "classname"}, {"file", "line"}, ["failure", "error", "skipped"]),
    "failure": ({"type", "message"}, set(), []),
    "error": ({"type", "message"}, set(), []),
    "skipped": ({"type", "message"}, set(), []),
}
# Attributes that make a browser load, or run, something.
LOADING = {
    "src",
    "srcset",
    "data",
    "poster",
    "background",
    "action",
    "formaction",
    "ping",
    "style",
    "codebase",
    "srcdoc",
}


def sarif_run(text: str) -> dict[str, Any]:
    """The one run of a report, after all that SARIF and GitHub ask of every report."""
    assert text.isascii()
    log: dict[str, Any] = json.loads(text)
    assert validation_errors(log) == []
    assert (log["version"], [*log], len(log["runs"])) == ("2.1.0", ["$schema", "version", "runs"], 1)
    run: dict[str, Any] = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", run["tool"]["driver"]["semanticVersion"])
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        _assert_rule(rule)
    for result in run["results"]:
        _assert_result(result, rules)
    fingerprints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints)
    return run


def _assert_rule(rule: dict[str, Any]) -> None:
    assert rule["name"] != rule["id"]
    assert 0 < len(rule["name"]) <= 255
    for key in ("shortDescription", "fullDescription"):
        assert 0 < len(rule[key]["text"]) <= 1024
    assert rule["help"]["text"]
    assert rule["help"]["markdown"]
    assert rule["helpUri"].startswith("https://")
    properties = rule["properties"]
    assert len(properties["tags"]) <= 10
    assert properties["precision"] in ("very-high", "high", "medium", "low")
    assert ("security" in properties["tags"]) == ("security-severity" in properties)
    wanted = {"error": "error", "warning": "warning", "note": "recommendation"}
    assert properties["problem.severity"] == wanted[rule["defaultConfiguration"]["level"]]


def _assert_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    rule = rules[result["ruleIndex"]]
    assert result["ruleId"] == rule["id"]
    assert result["level"] == rule["defaultConfiguration"]["level"]
    assert "kind" not in result
    assert result["message"]["text"]
    (location,) = result["locations"]
    artifact = location["physicalLocation"]["artifactLocation"]
    assert artifact["uriBaseId"] == "%SRCROOT%"
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", artifact["uri"])
    assert not artifact["uri"].startswith(("/", ".."))
    assert location["physicalLocation"]["region"]["startLine"] >= 1
    assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("urn:pulumi:")
    assert re.fullmatch(r"[0-9a-f]{16}:1", result["partialFingerprints"]["primaryLocationLineHash"])


def junit_root(text: str) -> ElementTree.Element:
    """The report, after all that is asked of every report."""
    assert text.isascii()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        _assert_legal(element)
    for group in root.iter():
        if group.tag in ("testsuites", "testsuite"):
            found = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
            assert {name: group.get(name) for name in found} == {
                name: str(len(list(group.iter(tag)))) for name, tag in found.items()
            }
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(cases)) == len(cases) > 0
    return root


def _assert_legal(element: ElementTree.Element) -> None:
    required, optional, children = GRAMMAR[element.tag]
    assert required <= set(element.attrib) <= required | optional, element.tag
    order = [children.index(child.tag) for child in element]
    assert order == sorted(order), element.tag
    if element.tag == "testcase":
        assert len(element) <= 1
        assert int(element.get("line", "1")) >= 1
    if element.tag in ("failure", "error", "skipped"):
        assert element.get("message", "").split() == (element.text or "").split() != []
    else:
        assert not (element.text or "").strip()


def parsed(text: str) -> Element:
    """The page's tree; a parser that takes nothing that is not well-formed made it."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert isinstance(tree, Element)
    return tree


def by_class(tree: Element, name: str) -> list[Element]:
    return [element for element in tree.iter() if name in (element.get("class") or "").split()]


def text_of(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def links_of(tree: Element) -> Iterator[str]:
    for element in tree.iter():
        for name in ("href", "{http://www.w3.org/1999/xlink}href"):
            if element.get(name) is not None:
                yield str(element.get(name))
