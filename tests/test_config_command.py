"""`python -m policypack config`: what it accepts, refuses, prints and writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from policypack.config.error import ConfigurationError
from policypack.config.kinds import options_of
from policypack.config.options import default_settings, read_settings
from policypack.config.schema import document_schema, starting_document
from policypack.rules import RULES
from tests.command import ROOT, Ended, command, process

REGIONS = "llm-backend-regions"
UTILIZATION = "llm-backend-max-utilization"
WAIVER = {"resource": "chat", "reason": "r", "owner": "o", "expires": "2027-03-31"}


def run(*arguments: str | Path, cwd: Path = ROOT) -> Ended:
    return command("config", *arguments, cwd=cwd)


def assert_refused(result: Ended, *sentences: str) -> None:
    """Status 2 and one line that says what is wrong."""
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert [sentence for sentence in sentences if sentence not in result.stderr] == [], result.stderr


# Documents that the file may and may not hold, and whether the schema can tell.

RIGHT: list[Any] = [
    {},
    {"all": "advisory"},
    {"all": {"enforcementLevel": "disabled"}},
    {REGIONS: "remediate"},
    {REGIONS: {}},
    {REGIONS: {"min_regions": 3.0, "regional_peers": ["chat-*"], "undecided": "fail"}},
    {REGIONS: {"services": {"names": [], "stack_tags": {"tier": "prod"}}}},
    {REGIONS: {"waivers": []}},
    {REGIONS: {"waivers": [WAIVER, WAIVER]}},
    {UTILIZATION: {"min": 0.5, "max": 0.5}},
    starting_document(RULES),
]
WRONG: list[tuple[Any, str]] = [
    ([], "the policy configuration must be an object, not a list"),
    (None, "the policy configuration must be an object, not null"),
    ({"llm-backend-region": "mandatory"}, f"unknown policy `llm-backend-region`; did you mean `{REGIONS}`?"),
    ({"$schema": "x"}, "unknown policy `$schema`"),
    ({"line\nbreak": {}}, "unknown policy `line\\nbreak`"),
    ({REGIONS: None}, f"policy `{REGIONS}`: expected a level or an object, got null"),
    ({REGIONS: True}, "expected a level or an object, got true"),
    ({REGIONS: "mandatry"}, f"policy `{REGIONS}`: unknown level `mandatry`, use one of advisory, mandatory"),
    ({REGIONS: {"enforcementLevel": 1}}, "the level must be one of advisory, mandatory, remediate, disabled, not the"),
    ({REGIONS: {"enforcementlevel": "advisory"}}, "option `enforcementlevel` is unknown"),
    ({"all": None}, "policy `all`: expected a level or an object, got null"),
    ({"all": {"min_regions": 1}}, "`all` accepts only a level, not `min_regions`"),
    ({REGIONS: {"min_region": 3}}, "option `min_region` is unknown; did you mean `min_regions`?"),
    ({REGIONS: {"min_regions": 2.5}}, "option `min_regions` must be a whole number from 1 to 50, not the number 2.5"),
    ({REGIONS: {"min_regions": 10**400}}, "option `min_regions` must be a whole number from 1 to 50, not the number 1"),
    ({REGIONS: {"regional_peers": [["x"]]}}, "option `regional_peers`, item 1 must be a string, not a list"),
    ({REGIONS: {"services": {"name": ["x"]}}}, "option `services`, `name` is unknown; did you mean `names`?"),
    ({REGIONS: {"services": {"stack_tags": {"a": 1}}}}, "`stack_tags`, `a` must be a string, not the number 1"),
    ({REGIONS: {"waivers": WAIVER}}, "option `waivers` must be a list of objects, not an object"),
    ({REGIONS: {"waivers": [{**WAIVER, "why": "x"}]}}, "option `waivers`, item 1, `why` is unknown"),
    (
        {REGIONS: {"waivers": [WAIVER, {k: v for k, v in WAIVER.items() if k != "resource"}]}},
        "option `waivers`, item 2, `resource` is missing",
    ),
    (
        {REGIONS: {"waivers": [{**WAIVER, "owner": " "}]}},
        "option `waivers`, item 1, `owner` must be a string that is not empty, not",
    ),
    ({REGIONS: {"waivers": [{**WAIVER, "expires": "soon"}]}}, "`expires` must be a day of the calendar"),
]
# What no schema says: it knows no calendar, and compares no two values.
BEYOND_THE_SCHEMA: list[tuple[Any, str]] = [
    ({REGIONS: {"waivers": [{**WAIVER, "expires": "2027-02-29"}]}}, "`expires` must be a day of the calendar"),
    ({UTILIZATION: {"min": 0.9, "max": 0.7}}, "option `min` (0.9) is above option `max` (0.7): lower `min` or raise"),
    ({UTILIZATION: {"min": 0.9}}, f"policy `{UTILIZATION}`: option `min` (0.9) is above option `max` (0.8)"),
    ({UTILIZATION: {"max": 0}}, "option `max` is 0, which lets no target pass: raise it, or disable the rule"),
]


@pytest.mark.parametrize("document", RIGHT)
def test_what_is_read(document: Any) -> None:
    read_settings(RULES, document)
    assert fits(document_schema(RULES), document)


@pytest.mark.parametrize(("document", "sentence"), WRONG + BEYOND_THE_SCHEMA)
def test_what_is_refused(document: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(RULES, document)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert fits(document_schema(RULES), document) == ((document, sentence) in BEYOND_THE_SCHEMA)


# The commands


@pytest.mark.parametrize("document", [{}, {"all": "disabled", REGIONS: {"enforcementLevel": "mandatory"}}])
def test_a_right_file(tmp_path: Path, document: Any) -> None:
    file = tmp_path / "policy-config.json"
    file.write_text(json.dumps(document))
    result = run("check", file)
    enabled = 1 if document else len(RULES)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{file}: all right, {enabled} of {len(RULES)} rules enabled\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (json.dumps(WRONG[2][0]), WRONG[2][1]),
        (json.dumps(BEYOND_THE_SCHEMA[1][0]), BEYOND_THE_SCHEMA[1][1]),
        ("", "is not valid JSON: Expecting value: line 1 column 1"),
        ("all: mandatory", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON: it is nested too deeply"),
        (f'{{"{UTILIZATION}": {"1" * 5000}}}', "is not valid JSON: Exceeds the limit (4300 digits)"),
        ('{"all": "advisory", "all": "mandatory"}', "`all` appears twice"),
        (f'{{"{UTILIZATION}": {{"max": 0.8, "max": 0.9}}}}', "`max` appears twice"),
        (f'{{"{UTILIZATION}": {{"max": NaN}}}}', "is not valid JSON: NaN is not a number"),
        (f'{{"{UTILIZATION}": {{"max": 1e999}}}}', "option `max` must be a number from 0 to 1, not the number inf"),
    ],
)
def test_a_wrong_file(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "policy-config.json"
    file.write_text(content)
    assert_refused(run("check", file), str(file), sentence)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    none = tmp_path / "none.json"
    assert_refused(run("check", none), f"there is no policy configuration {none}: `config init {none}` writes one")
    assert_refused(run("check", tmp_path), "Is a directory")
    (tmp_path / "latin.json").write_bytes(b'{"all": "\xe9"}')
    assert_refused(run("check", tmp_path / "latin.json"), "is not written in UTF-8")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "windows.json").write_bytes(b"\xef\xbb\xbf{}\r\n")
    assert run("check", tmp_path / "windows.json").returncode == 0


def test_a_starting_file_says_what_goes_without_saying(tmp_path: Path) -> None:
    made, printed = run("init", "start.json", cwd=tmp_path), run("init")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == f"start.json: {len(RULES)} rules with their levels and defaults\n"
    text = (tmp_path / "start.json").read_text()
    assert printed.stdout == text
    document = json.loads(text)
    for rule in RULES:
        assert set(document[rule.name]) == {"enforcementLevel", *options_of(rule.options)}
    assert read_settings(RULES, document) == default_settings(RULES)
    assert run("check", "start.json", cwd=tmp_path).returncode == 0


def test_a_starting_file_never_replaces_another(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("mine")
    assert_refused(run("init", "mine.json", cwd=tmp_path), "mine.json already exists: name another file")
    assert (tmp_path / "mine.json").read_text() == "mine"
    assert_refused(run("init", "missing/start.json", cwd=tmp_path), "cannot write missing/start.json: No such file")


def test_the_schema_is_printed() -> None:
    result = process("config", "schema")
    assert (result.returncode, result.stderr) == (0, "")
    schema = json.loads(result.stdout)
    assert schema == document_schema(RULES)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == {"all", *(rule.name for rule in RULES)}
    for rule in RULES:
        _, entry = schema["properties"][rule.name]["anyOf"]
        assert set(entry["properties"]) == {"enforcementLevel", *options_of(rule.options)}
    assert_no_object_is_open(schema)


def assert_no_object_is_open(schema: Any) -> None:
    if isinstance(schema, dict):
        assert schema.get("type") != "object" or "additionalProperties" in schema
        assert set(schema) <= SUPPORTED or "type" not in schema
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        assert_no_object_is_open(inner)


# As much of JSON Schema as these schemas use.

SUPPORTED = {
    *("type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "minimum", "maximum"),
    *("pattern", "$ref", "$defs", "$schema", "title", "description", "default", "format"),
}


def has_type(type_: str, value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return isinstance(value, bool) and type_ == "boolean"
    if isinstance(value, int | float):
        return type_ == "number" or (type_ == "integer" and value % 1 == 0)
    return isinstance(value, {"string": str, "array": list, "object": dict}.get(type_, ()))


def fits(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None) -> bool:
    root = root or schema
    if "$ref" in schema:
        return fits(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root)
    if "anyOf" in schema:
        return any(fits(option, value, root) for option in schema["anyOf"])
    if not has_type(schema["type"], value) or value not in schema.get("enum", [value]):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, list):
        return all(fits(schema["items"], item, root) for item in value)
    if not isinstance(value, dict):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    properties, more = schema.get("properties", {}), schema["additionalProperties"]
    inner = {key: properties.get(key, more) for key in value}
    return set(schema.get("required", ())) <= set(value) and all(
        option is not False and fits(option, value[key], root) for key, option in inner.items()
    )


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    """Each with its place, whatever else is wrong: in levels, names, options, their contradictions and double keys."""
    file = tmp_path / "policy-config.json"
    file.write_text(
        f"""{{
          "all": {{"enforcementLevel": "mandatry", "services": {{}}, "undecided": "fail"}},
          "llm-backend-region": "mandatory",
          "services": {{}},
          "{REGIONS}": {{"enforcementLevel": "adv", "min_region": 3, "waivers": [{{"owner": "a", "owner": "b"}}]}},
          "{UTILIZATION}": {{"min": 0.9, "max": 0.1, "max": 0.2, "limits_for_gpu": 1}}
        }}"""
    )
    result = run("check", file)
    assert (result.returncode, result.stdout) == (2, "")
    lines = [line.removeprefix(f"error: {file}: ") for line in result.stderr.splitlines()]
    starts = [
        f"`{REGIONS}`, `waivers`, item 1, `owner` appears twice",
        f"`{UTILIZATION}`, `max` appears twice",
        "unknown policy `llm-backend-region`; did you mean",
        "`services` is an option of each rule, not a policy",
        "policy `all`: unknown level `mandatry`",
        "`all` accepts only a level, not `services`",
        "`all` accepts only a level, not `undecided`",
        f"policy `{UTILIZATION}`: option `limits_for_gpu` is unknown",
        f"policy `{UTILIZATION}`: option `min` (0.9) is above option `max` (0.2)",
        f"policy `{REGIONS}`: unknown level `adv`",
        f"policy `{REGIONS}`: option `min_region` is unknown",
        f"policy `{REGIONS}`: option `waivers`, item 1, `resource` is missing",
        f"policy `{REGIONS}`: option `waivers`, item 1, `reason` is missing",
        f"policy `{REGIONS}`: option `waivers`, item 1, `expires` is missing",
    ]
    assert [line for line in lines if not any(line.startswith(start) for start in starts)] == []
    assert [start for start in starts if not any(line.startswith(start) for line in lines)] == []


def test_an_option_that_is_wrong_is_in_no_contradiction(tmp_path: Path) -> None:
    """What `max` would be is not known, so nothing is said of it beside `min`."""
    file = tmp_path / "policy-config.json"
    file.write_text(json.dumps({UTILIZATION: {"min": 0.9, "max": "high"}}))
    assert_refused(run("check", file), "option `max` must be a number from 0 to 1, not the string `high`")
