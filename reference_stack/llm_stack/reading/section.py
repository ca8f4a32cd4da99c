"""What every section of the configuration is: a frozen model, of which the rest can be read if a part is wrong."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails


class WrongValueError(Exception):
    """A check read a value that is wrong itself. That has a mistake of its own, so the check has nothing to say."""


class Section(BaseModel):
    """A mapping of the configuration. The text below a key is its description, in the editor and in the README."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise WrongValueError(name)
            return super().__getattr__(name)

    def gives(self, key: str) -> bool:
        """Whether the configuration sets a key, which may have a default."""
        return key in self.model_fields_set


S = TypeVar("S", bound=Section)


def read_section(model: type[S], raw: object) -> tuple[S, list[ErrorDetails]]:
    """The section, and what Pydantic finds wrong in it: those values are missing, and end the check that reads them."""
    try:
        # As JSON, which the configuration is when Pulumi hands it over: there a list is a tuple and a text a range.
        return model.model_validate_json(json.dumps(raw)), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    # What Pydantic does not read as JSON at all has no values.
    given = raw if isinstance(raw, Mapping) and errors[0]["type"] != "json_invalid" else {}
    wrong = {str(error["loc"][0]) for error in errors if error["loc"]} if given else {*model.model_fields}
    return partial(model, given, wrong), errors


def partial(model: type[S], given: Mapping[str, Any], wrong: Collection[str]) -> S:
    right = {name: field for name, field in model.model_fields.items() if name not in wrong and name in given}
    values: dict[str, Any] = {name: valid(field, given[name]) for name, field in right.items()}
    for name, field in model.model_fields.items():
        inner = section_in(field)
        if name in wrong and inner is not None and isinstance(given.get(name), Mapping):
            values[name], _ = read_section(inner, given[name])
    section = model.model_construct(_fields_set=set(given), **values)
    # It fills in defaults, also for what is there and wrong.
    for name in wrong:
        if name not in values:
            section.__dict__.pop(name, None)
    return section


def valid(field: FieldInfo, value: object) -> Any:
    return TypeAdapter(field.rebuild_annotation()).validate_json(json.dumps(value), strict=True)


def section_in(field: FieldInfo) -> type[Section] | None:
    """The section that a key holds, if it holds one."""
    return next(iter(sections_in(field.annotation)), None)


def sections_in(annotation: Any) -> list[type[Section]]:
    """The sections that a value can be, also of a union and of a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [section for part in get_args(annotation) for section in sections_in(part)]
