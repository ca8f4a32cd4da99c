"""What to say of the errors that Pydantic finds, in words of the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.section import Section, section_in
from llm_stack.reading.text import MISTAKE
from llm_stack.reading.vocabulary import Vocabulary, closest

# The type of an error -> what was wanted instead, and how to give it.
KINDS = {
    "string_type": ("a text", "Give a text, in quotes if it is a number"),
    "int_type": ("a whole number", "Give a whole number"),
    "int_from_float": ("a whole number", "Give a whole number"),
    "float_type": ("a number", "Give a number"),
    "bool_type": ("true or false", "Write true or false"),
    "tuple_type": ("a list", "Write a list, like [one, two]"),
    "dict_type": ("a mapping", "Write a mapping of keys to values"),
    "model_type": ("a mapping", "Write a mapping of keys to values"),
}

NUMBERS = ("int_type", "int_from_float", "float_type")


def explain(
    model: type[Section], path: Path, raw: object, errors: Iterable[ErrorDetails], vocabulary: Vocabulary
) -> Iterator[Mistake]:
    """A mistake for each error of a section at a path."""
    found = list(errors)
    unknown = {error["loc"]: error for error in found if error["type"] == "extra_forbidden"}
    meant: set[Path] = set()
    for loc in unknown:
        known = tuple(model_at(model, loc[:-1]).model_fields)
        close = closest(str(loc[-1]), known)
        meant |= {(*loc[:-1], close)} if close else set()
        yield vocabulary.unknown((*path, *loc), known, value_at(raw, loc[:-1]))
    # Pydantic does not count items that are wrong.
    lists = {error["loc"][:-1] for error in found if error["loc"] and isinstance(error["loc"][-1], int)}
    for error in found:
        loc, kind = error["loc"], error["type"]
        is_said = (kind == "missing" and loc in meant) or (kind == "too_short" and loc in lists)
        if loc not in unknown and not is_said:
            problem, fix = say(error, field_at(model, loc))
            yield Mistake((*path, *loc), problem, fix)


def say(error: ErrorDetails, field: FieldInfo | None) -> tuple[str, str]:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == MISTAKE:
        return context["problem"], context["fix"]
    if kind == "missing":
        return "is missing", f"Set it: {description(field)}"
    if value is None and kind in KINDS:
        return "has no value", f"Set it: {description(field)}"
    if kind in KINDS:
        wanted, fix = KINDS[kind]
        unquoted = ", without quotes" if isinstance(value, str) and is_plain(value) else ""
        return f"is {described(value)}, not {wanted}", f"{(kind in NUMBERS and limits(field)) or fix}{unquoted}"
    if kind == "literal_error":
        choices = choices_of(field.annotation) if field else []
        close = closest(str(value), choices)
        return f"is {described(value)}, not one of {', '.join(choices)}", f"Write {close or 'one of these'}"
    if kind == "json_invalid":
        return "is nested too deeply, or has characters that are none", "Write what README.md has"
    if kind in ("greater_than_equal", "less_than_equal", "finite_number"):
        return f"{value} is out of range", limits(field)
    if kind in ("too_short", "too_long"):
        return f"has {len(value)} entries", limits(field)
    return str(error["msg"]), "Correct it"


def is_plain(text: str) -> bool:
    """Whether it would be a number or a boolean without quotes."""
    return bool(re.fullmatch(r"-?\d+(\.\d+)?|true|false", text))


def choices_of(annotation: object) -> list[str]:
    """The values of a Literal, which may be one of a union."""
    parts = get_args(annotation)
    return [choice for part in parts for choice in ([part] if isinstance(part, str) else choices_of(part))]


def limits(field: FieldInfo | None) -> str:
    """What a number, or the length of a list, may be; nothing if it has no limits."""
    if field is None:
        return ""
    low, high = range_of(field)
    if low is not None and high is not None:
        return f"Give {low} to {high}"
    if low is not None:
        return f"Give {low} or more"
    least = next((rule.min_length for rule in field.metadata if isinstance(rule, MinLen)), None)
    most = next((rule.max_length for rule in field.metadata if isinstance(rule, MaxLen)), None)
    if least is None:
        return ""
    return f"Give {least} to {most}" if most is not None else f"Give at least {least}"


def range_of(field: FieldInfo) -> tuple[Any, Any]:
    """The least and the most that a number may be; None where there is no limit."""
    low = next((rule.ge for rule in field.metadata if isinstance(rule, Ge)), None)
    return low, next((rule.le for rule in field.metadata if isinstance(rule, Le)), None)


def described(value: object) -> str:
    """A value as people call it; what is in lists and mappings may be long."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"`{value}`"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return "empty"


def description(field: FieldInfo | None) -> str:
    text = (field.description or "" if field else "").strip().rstrip(".")
    # It is the end of a sentence here.
    return text[:1].lower() + text[1:] if text else "README.md lists every key"


def model_at(model: type[Section], loc: Path) -> type[Section]:
    for part in loc:
        field = model.model_fields.get(str(part))
        model = (section_in(field) if field else None) or model
    return model


def field_at(model: type[Section], loc: Path) -> FieldInfo | None:
    keys = [str(part) for part in loc if not isinstance(part, int)]
    return model_at(model, tuple(keys[:-1])).model_fields.get(keys[-1]) if keys else None


def value_at(raw: object, loc: Path) -> Any:
    for part in loc:
        raw = raw.get(part) if isinstance(raw, Mapping) else None
    return raw
