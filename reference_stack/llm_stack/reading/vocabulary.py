"""The keys of all sections, and when each counts: what an unknown key may have been meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.section import Section


@dataclass(frozen=True)
class Variant:
    """One of the models of a section, and when it counts: `compute is machines`."""

    model: type[Section]
    when: str = ""

    @property
    def keys(self) -> Collection[str]:
        return self.model.model_fields.keys()


@dataclass(frozen=True)
class Vocabulary:
    """The variants of each section.

    Attributes:
        sections: by the name of the section; of `regions` the models of one region.
        forms: by the name of a section that only some forms have, when it counts.
    """

    sections: Mapping[str, tuple[Variant, ...]]
    forms: Mapping[str, str]

    def unknown(self, path: Path, known: Iterable[str], given: Collection[str]) -> Mistake:
        """What to say of a key that is none of the known ones, beside the others that are given."""
        *parents, last = path
        key, names = str(last), tuple(known)
        section, _, rest = key.partition(".")
        if not parents and rest and section in names:
            return Mistake(path, "is a path", f"Write {rest} below {section}, as `pulumi config set --path` does")
        word, _, rest = key.partition(":")
        if parents and rest and word in names:
            return Mistake(path, "has no space after its colon", f"Write {word}: {rest}")
        problem, close = "is not a key of this stack", closest(key, names)
        when = self._counts_when(parents, key)
        if when:
            return Mistake(path, f"counts only where {when}", f"Remove it, or write {close}" if close else "Remove it")
        if close:
            there = close in given
            return Mistake(path, problem, f"Remove it; {close} is there" if there else f"Write {close}")
        sections = (name for name, variants in self.sections.items() if any(key in one.keys for one in variants))
        home = next(sections, None)
        if home:
            return Mistake(path, f"is a key of {home}", "Move it there")
        meant = closest(key, (name for variant in self._variants(parents) for name in variant.keys))
        when = self._counts_when(parents, meant) if meant else ""
        if when:
            return Mistake(path, problem, f"Remove it; {meant} counts only where {when}")
        return Mistake(path, problem, f"Remove it; known keys are {', '.join(names)}")

    def _variants(self, parents: Iterable[str | int]) -> tuple[Variant, ...]:
        return next((self.sections.get(str(parent), ()) for parent in parents), ())

    def _counts_when(self, parents: list[str | int], key: str) -> str:
        if not parents:
            return self.forms.get(key, "")
        depth = 2 if parents[0] == "regions" else 1
        if len(parents) != depth:
            return ""
        return next((variant.when for variant in self._variants(parents) if key in variant.keys), "")


def closest(word: str, words: Iterable[str]) -> str | None:
    """The word that was meant, however it is written: `minReplicas`, `min-replicas` and `min_replica`."""
    plain = {plainly(candidate): candidate for candidate in words}
    found = difflib.get_close_matches(plainly(word), plain, 1, cutoff=0.75)
    return plain[found[0]] if found else None


def plainly(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()
