"""Configuration: what is read, and what is refused with which sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest

from policypack.config.error import ConfigurationError
from policypack.config.options import default_settings, read_options, read_settings, strict
from policypack.config.schema import json_schema
from policypack.rule import AnyRule, NotBlank, Options, Range, Services
from policypack.rules import RULES
from tests.stacks import BY_NAME, R, backend, build, mig, service, statuses

REGIONS = "llm-backend-regions"


def levels(document: Any) -> dict[str, str]:
    return {name: setting.level for name, setting in read_settings(RULES, document).items()}


@pytest.mark.parametrize(
    ("document", "level", "others"),
    [
        ({}, "mandatory", None),
        ({"all": "disabled", REGIONS: "mandatory"}, "mandatory", "disabled"),
        ({"all": "advisory"}, "advisory", "advisory"),
        ({"all": {"enforcementLevel": "advisory"}}, "advisory", "advisory"),
        ({REGIONS: "disabled"}, "disabled", None),
        ({REGIONS: {"enforcementLevel": "advisory", "min_regions": 3}}, "advisory", None),
        ({"all": "advisory", REGIONS: {"min_regions": 3}}, "advisory", "advisory"),
        ({REGIONS: "remediate"}, "mandatory", None),
    ],
)
def test_levels(document: Any, level: str, others: str | None) -> None:
    """`None`: the others keep their own."""
    expected = {rule.name: others or rule.level for rule in RULES} | {REGIONS: level}
    assert levels(document) == expected


def test_options_are_read() -> None:
    document = {REGIONS: {"min_regions": 3.0, "regional_peers": ["chat-*"], "services": {"names": ["chat*"]}}}
    options = read_settings(RULES, document)[REGIONS].options
    assert options == BY_NAME[REGIONS].options(
        services=Services(names=("chat*",)), min_regions=3, regional_peers=("chat-*",)
    )


def test_defaults_need_no_configuration() -> None:
    assert read_settings(RULES, {}) == default_settings(RULES)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "the policy configuration must be an object, not a list"),
        (
            {"llm-backend-region": "mandatory"},
            "unknown policy `llm-backend-region`; did you mean `llm-backend-regions`?",
        ),
        ({REGIONS: "mandatry"}, f"policy `{REGIONS}`: unknown level `mandatry`, use one of advisory, mandatory"),
        ({"all": "off"}, "policy `all`: unknown level `off`"),
        ({"all": {"min_regions": 1}}, "`all` accepts only a level, not `min_regions`"),
        ({REGIONS: 3}, f"policy `{REGIONS}`: expected a level or an object, got the number 3"),
        ({REGIONS: {"enforcementLevel": None}}, f"policy `{REGIONS}`: the level must be one of advisory, mandatory"),
        (
            {REGIONS: {"min_region": 3}},
            f"policy `{REGIONS}`: option `min_region` is unknown; did you mean `min_regions`?",
        ),
        (
            {REGIONS: {"min_regions": "3"}},
            f"policy `{REGIONS}`: option `min_regions` must be a whole number from 1 to 50, not the string `3`",
        ),
        ({REGIONS: {"min_regions": 0}}, "option `min_regions` must be a whole number from 1 to 50, not the number 0"),
        ({REGIONS: {"min_regions": True}}, "option `min_regions` must be a whole number from 1 to 50, not true"),
        ({REGIONS: {"min_regions": None}}, "option `min_regions` must be a whole number from 1 to 50, not null"),
        ({REGIONS: {"regional_peers": "chat-*"}}, "option `regional_peers` must be a list of strings, not the string"),
        ({REGIONS: {"regional_peers": [1]}}, "option `regional_peers`, item 1 must be a string, not the number 1"),
        ({REGIONS: {"undecided": "ignore"}}, "option `undecided` must be `advise` or `fail`, not the string `ignore`"),
        ({REGIONS: {"undecided": ["fail"]}}, "option `undecided` must be `advise` or `fail`, not a list"),
        ({REGIONS: {"services": ["chat"]}}, "option `services` must be an object, not a list"),
        ({REGIONS: {"services": {"name": ["chat"]}}}, "option `services`, `name` is unknown; did you mean `names`?"),
        (
            {REGIONS: {"services": {"stack_tags": {"tier": 1}}}},
            "option `services`, `stack_tags`, `tier` must be a string, not the number 1",
        ),
        ({"llm-backend-max-utilization": {"max": 80}}, "option `max` must be a number from 0 to 1, not the number 80"),
    ],
)
def test_what_is_refused(document: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(RULES, document)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@dataclass(frozen=True)
class Together(Options):
    """Options that depend on each other.

    Attributes:
        ports: some ports.
        first: the first of them.
    """

    ports: tuple[Annotated[int, Range(1, 65535)], ...] = ()
    first: Annotated[str, NotBlank()] = "x"

    def problem(self) -> str | None:
        return "option `first` needs `ports`: add some" if self.first != "x" and not self.ports else None


TOGETHER: AnyRule = replace(BY_NAME[REGIONS], options=Together)


def test_options_that_depend_on_each_other_are_read_together() -> None:
    assert read_options(TOGETHER, {"ports": [8000.0, 80], "first": "a"}) == Together(ports=(8000, 80), first="a")
    assert json_schema(Together)["ports"] == {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": 65535},
        "description": "some ports.",
        "default": [],
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"first": "a"}, f"policy `{REGIONS}`: option `first` needs `ports`: add some"),
        ({"first": " "}, "option `first` must be a string that is not empty, not the string ` `"),
        ({"ports": [80, 0]}, "option `ports`, item 2 must be a whole number from 1 to 65535, not the number 0"),
        ({"ports": 80}, "option `ports` must be a list of whole numbers, not the number 80"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_options(TOGETHER, options)
    assert sentence in str(caught.value)


def test_strict_counts_undecided_everywhere() -> None:
    document = {REGIONS: {"enforcementLevel": "advisory", "min_regions": 3}}
    settings = read_settings(RULES, document)
    found = strict(settings)
    assert {setting.options.undecided for setting in found.values()} == {"fail"}
    for name, setting in found.items():
        assert replace(setting, options=replace(setting.options, undecided="advise")) == settings[name]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_schema_describes_every_option_with_its_default(rule: Any) -> None:
    schema = json_schema(rule.options)
    assert {"services", "undecided", "waivers"} <= set(schema)
    for name, option in schema.items():
        assert option["description"], name
        assert "default" in option or option["type"] == "object"
    # What the engine hands back from the schema's defaults must not change a verdict.
    from_schema = {name: option["default"] for name, option in schema.items() if "default" in option}
    assert read_settings(RULES, {rule.name: from_schema}) == default_settings(RULES)


US = mig()


@pytest.mark.parametrize(
    ("services", "tags", "expected"),
    [
        ({}, None, {"chat": "failed", "embed": "failed"}),
        ({"names": ["ch*"]}, None, {"chat": "failed"}),
        ({"names": ["ch*", "embed"]}, None, {"chat": "failed", "embed": "failed"}),
        ({"names": []}, None, {}),
        ({"projects": ["llm"]}, None, {"chat": "failed", "embed": "failed"}),
        ({"projects": ["web-*"]}, None, {}),
        ({"stack_tags": {"tier": "prod*"}}, {"tier": "production"}, {"chat": "failed", "embed": "failed"}),
        ({"stack_tags": {"tier": "prod*"}}, {"tier": "dev"}, {}),
        ({"stack_tags": {"tier": "prod*"}}, {}, {}),
        ({"stack_tags": {"tier": "prod*"}}, None, {"chat": "undecided", "embed": "undecided"}),
    ],
)
def test_which_services_are_judged(services: Any, tags: Any, expected: dict[str, str]) -> None:
    stack = build(service([backend(US)]), service([backend(US)], "embed"), US, tags=tags)
    assert statuses(REGIONS, stack, services=services) == expected


def test_undecided_can_count_as_a_violation() -> None:
    stack = build(service(None, options={"ignore_changes": ("backends",)}), R("Network", "net"))
    assert statuses(REGIONS, stack) == {"chat": "undecided"}
    assert statuses(REGIONS, stack, undecided="fail") == {"chat": "failed"}
