"""The classes of results: their fields, what fits them, what is made up for them. By the same rules as `runner.py`."""

from __future__ import annotations

import re
import typing
from typing import Any

from pulumi import _types

# Stands for what an answer is missing for. A run that made one up is never judged.
MADE_UP = "4dabf1-made-up"
_PULUMI_NAME = "_pulumi_name"
_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", dict: "a mapping"}


class Fitting:
    """An answer by the names on the wire.

    Attributes:
        sent: the answer as it is sent.
        wrong: what does not fit the class of the result: `field`, what is `wanted`, and the `fields` that there are if
            it is none of them.
        absent: the fields that the answer does not have, each with its class.
        classes: the classes of the result and of what is in it.
    """

    def __init__(self, answer: Any, kind: Any) -> None:
        self.wrong: list[dict[str, Any]] = []
        self.absent: list[tuple[type, str]] = []
        self.classes: list[type] = []
        self.sent = self._sent(answer, kind, ())

    def _sent(self, value: Any, kind: Any, path: tuple[str, ...]) -> Any:
        kind = _types.unwrap_optional_type(kind) if kind else None
        if not (kind and isinstance(kind, type) and _types.is_output_type(kind)):
            return self._plain(value, kind, path)
        if not isinstance(value, dict):
            return self._refuse(path, "a mapping", kind)
        fields, sent = fields_of(kind), {}
        by_name = {bare(name): name for name in fields}
        for key, item in value.items():
            name = by_name.get(bare(str(key)))
            if name is None:
                self._refuse((*path, str(key)), "", None, fields=list(fields))
            else:
                sent[fields[name][0]] = self._sent(item, fields[name][1], (*path, name))
        self.classes.append(kind)
        self.absent += [(kind, name) for name, (sent_name, _) in fields.items() if sent_name not in sent]
        return sent

    def _plain(self, value: Any, kind: Any, path: tuple[str, ...]) -> Any:
        origin, inner = _origin(kind), typing.get_args(kind)
        if value is None or kind is None or kind is typing.Any:
            return value
        if origin is list:
            if not isinstance(value, list):
                return self._refuse(path, in_words(kind), kind)
            of = inner[0] if inner else None
            return [self._sent(item, of, (*path, str(number))) for number, item in enumerate(value, 1)]
        # To Python true is a number.
        wanted = {int: (int, float), float: (int, float)}.get(origin, origin)
        if origin in _NAMES and (not isinstance(value, wanted) or isinstance(value, bool) is not (origin is bool)):
            return self._refuse(path, in_words(kind), kind)
        if origin is dict and len(inner) == 2:
            return {key: self._sent(item, inner[1], (*path, str(key))) for key, item in value.items()}
        return value

    def _refuse(self, path: tuple[str, ...], wanted: str, kind: Any, **facts: Any) -> Any:
        self.wrong.append({"field": ".".join(path), "wanted": wanted, **facts})
        return made_up(kind)


class Mapped(dict):  # type: ignore[type-arg, unused-ignore]
    """A mapping of an answer. What the program takes from it and it does not have is told to `lacking`, and made up.

    `given` is the mapping as it stands in the answer, with what is null; `path` are the fields that lead to it.
    """

    def __init__(self, values: dict[str, Any], given: Any, lacking: Any, path: tuple[str, ...] = ()) -> None:
        super().__init__({key: mapped(value, given.get(key), lacking, (*path, key)) for key, value in values.items()})
        self._given = given
        self._lacking = lacking
        self._path = path

    def __missing__(self, key: Any) -> Any:
        if key in self._given:
            return None
        self._lacking(".".join((*self._path, str(key))))
        return MADE_UP


class StackOutputs(Mapped):
    """The outputs of another stack: the answer has to tell also of those that the program can do without."""

    def get(self, key: Any, default: Any = None) -> Any:
        value = self[key]
        return default if value is None else value


def mapped(value: Any, given: Any, lacking: Any, path: tuple[str, ...] = ()) -> Any:
    """A value of an answer, with each mapping in it as `Mapped`."""
    if isinstance(value, dict) and isinstance(given, dict):
        return Mapped(value, given, lacking, path)
    if isinstance(value, list) and isinstance(given, list):
        pairs = enumerate(zip(value, given), 1)  # noqa: B905 - `strict` is newer than Python 3.9
        return [mapped(item, of, lacking, (*path, str(number))) for number, (item, of) in pairs]
    return value


def bare(name: str) -> str:
    """A name in Python's spelling and on the wire: `self_link` and `selfLink`."""
    return name.replace("_", "").lower()


def fields_of(kind: Any) -> dict[str, tuple[str, Any]]:
    """The fields of a class of results: their names on the wire and their types, by their names in Python."""
    if not (isinstance(kind, type) and _types.is_output_type(kind)):
        return {}
    types = _types.output_type_types(kind)
    names = {
        name: getattr(value.fget, _PULUMI_NAME)
        for name, value in vars(kind).items()
        if isinstance(value, property) and hasattr(value.fget, _PULUMI_NAME)
    }
    return {name: (sent, types.get(sent)) for name, sent in names.items()}


def _origin(kind: Any) -> Any:
    origin = typing.get_origin(kind) or kind
    if isinstance(origin, type) and origin not in (str, bytes) and not _types.is_output_type(origin):
        names = {base.__name__ for base in origin.__mro__}
        return (
            list if "Sequence" in names or origin is list else dict if "Mapping" in names or origin is dict else origin
        )
    return origin


def made_up(kind: Any) -> Any:
    """Something of a type, so that the program goes on and shows what else it asks for."""
    kind = _types.unwrap_optional_type(kind) if kind else None
    if fields_of(kind):
        return made_up_fields(kind)
    origin, inner = _origin(kind), typing.get_args(kind)
    if origin is list:
        return [made_up(inner[0] if inner else None)]
    return {dict: {}, bool: True, int: 1, float: 1}.get(origin, MADE_UP)


def made_up_fields(kind: Any) -> dict[str, Any]:
    """Something for each field of a class of results, by the names on the wire."""
    return {sent: made_up(of) for sent, of in fields_of(kind).values()}


def in_words(kind: Any) -> str:
    """What a type holds, for people."""
    kind = _types.unwrap_optional_type(kind) if kind else None
    origin, inner = _origin(kind), typing.get_args(kind)
    if origin is list:
        items = re.sub("^a (whole number|number|mapping|list|value)", r"\1s", in_words(inner[0])) if inner else "values"
        return f"a list of {items}"
    if fields := fields_of(kind):
        return f"a mapping with {', '.join(fields)}"
    return _NAMES.get(origin, "a value")
