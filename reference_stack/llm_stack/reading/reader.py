"""Reads the sections of a configuration, and collects what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from llm_stack.reading.explain import explain
from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.section import Section, WrongValueError, read_section
from llm_stack.reading.vocabulary import Vocabulary

S = TypeVar("S", bound=Section)
Checks = Iterator[Iterable[Mistake]]
"""What compares values: each part ends, without more to say, at a value that is wrong itself."""


@dataclass
class Reader:
    """Reads a configuration to its end: what is wrong is a mistake, and left out of what is returned."""

    raw: Mapping[str, Any]
    vocabulary: Vocabulary
    mistakes: list[Mistake] = field(default_factory=list)

    def keys(self, known: Iterable[str]) -> None:
        """Refuses what is none of the known top-level keys."""
        names = tuple(known)
        for key in self.raw:
            if key not in names:
                self.mistakes.append(self.vocabulary.unknown((key,), names, self.raw))

    def mapping(self, name: str) -> Mapping[str, Any] | None:
        """A section that is a mapping of names to sections; None if it is none."""
        found = self.raw.get(name)
        if isinstance(found, Mapping):
            return found
        problem = "is missing" if found is None else "is no mapping"
        self.mistakes.append(Mistake((name,), problem, "Write a mapping of names to what each is"))
        return None

    def section(self, model: type[S], *path: str) -> S:
        """A section as its model has it."""
        found: Any = self.raw
        for part in path:
            found = found.get(part)
        if found is None:
            self.mistakes.append(Mistake(path, "is missing", f"Set its keys: {', '.join(required(model))}"))
            return read_section(model, {})[0]
        section, errors = read_section(model, found)
        self.mistakes += explain(model, path, found, errors, self.vocabulary)
        return section

    def variant(self, base: type[S], name: str, key: str, variants: Mapping[str, type[S]]) -> S:
        """A section as the variant has it that a key of it names; if it names none, what all of them have."""
        found = self.raw.get(name)
        chosen = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(chosen, str) and chosen in variants:
            return self.section(variants[chosen], name)
        if not isinstance(found, Mapping):
            return self.section(base, name)
        others = {other for variant in variants.values() for other in variant.model_fields} - {*base.model_fields}
        shared = {other: value for other, value in found.items() if other not in others}
        section, errors = read_section(base, shared)
        self.mistakes += explain(base, (name,), shared, errors, self.vocabulary)
        return section

    def check(self, checks: Checks) -> None:
        for part in checks:
            try:
                for mistake in part:
                    if not self._is_misspelled(mistake.path):
                        self.mistakes.append(mistake)
            except WrongValueError:
                continue

    def _is_misspelled(self, path: Path) -> bool:
        """Whether a key is only missing since it is misspelled, which is said already."""
        written = f"Write {path[-1]}"
        return any(said.path[:-1] == path[:-1] and said.fix == written for said in self.mistakes)


def in_order(mistakes: Iterable[Mistake], raw: object) -> list[Mistake]:
    """Mistakes as their keys come in the configuration; what is missing comes last in its section."""

    def order(mistake: Mistake) -> list[int]:
        found, places = raw, []
        for part in mistake.path:
            keys = list(found) if isinstance(found, Mapping) else []
            places.append(part if isinstance(part, int) else keys.index(part) if part in keys else len(keys))
            found = found.get(part) if isinstance(found, Mapping) else None
        return places

    return sorted(mistakes, key=order)


def required(model: type[Section]) -> Iterator[str]:
    return (name for name, field in model.model_fields.items() if field.is_required())
