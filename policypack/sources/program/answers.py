"""What functions of providers return, from a file: how it is read, and what is said of what it lacks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped, unused-ignore]

from policypack.model.values.values import python_name
from policypack.sources.error import WITH_CLI, SourceError
from policypack.sources.program.yaml_file import expect, read_yaml_list
from policypack.wording import closest, listed

ANSWERS_FILE: Final = "policy-answers.yaml"
# What stands in an entry that is printed where the user has to write.
FILL_IN: Final = "FILL-IN"
_KEYS: Final = ("function", "arguments", "result", "stacks")
_MOST_TOLD: Final = 8


@dataclass(frozen=True)
class Answer:
    """What one function returns.

    Attributes:
        number: its place in the file, from 1.
        function: the token of the function, such as `gcp:compute/getZones:getZones`.
        arguments: the arguments that a call has to have, all of them but those that are `None` or secret.
        result: what the function returns then.
        stacks: the stacks for which it counts; all without any.
    """

    number: int
    function: str
    arguments: Mapping[str, Any]
    result: Any
    stacks: tuple[str, ...] = ()

    def is_for(self, stack: str) -> bool:
        return not self.stacks or stack in self.stacks


@dataclass(frozen=True)
class Answers:
    """The answers of a file; `file` is where missing ones belong if there is none yet."""

    file: Path
    all: tuple[Answer, ...] = ()

    def for_stack(self, stack: str) -> list[dict[str, Any]]:
        """The answers for one stack as `runner_functions.py` takes them, those for few stacks before those for all."""
        found = sorted((one for one in self.all if one.is_for(stack)), key=lambda one: not one.stacks)
        return [
            {"number": one.number, "function": one.function, "arguments": one.arguments, "result": one.result}
            for one in found
        ]

    def notes(self, stack: str, used: Iterable[int], unknown: Mapping[str, str]) -> Iterator[str]:
        """What the reader of a report has to know of functions, sentences without full stop.

        Args:
            stack: the stack that ran.
            used: the numbers of the answers that were used.
            unknown: the functions without an answer that return an output, with a place in the program for each.
        """
        calls = [f"`{function}`{f' ({place})' if place else ''}" for function, place in unknown.items()]
        if calls:
            yield (
                f"the results of these functions are not known in this run: {listed(calls, _MOST_TOLD)}; an answer in "
                f"{self.file.name} makes it known"
            )
        unused = {one.number for one in self.all if one.is_for(stack)} - set(used)
        if unused:
            named = [f"{one.number} (`{one.function}`)" for one in self.all if one.number in unused]
            yield f"answers in {self.file.name} that the program does not use: {listed(named, _MOST_TOLD)}"


def read_answers(root: Path, file: Path | None) -> Answers:
    """Reads a file of answers; without one that in the folder of the project, if it is there.

    Raises:
        SourceError: it cannot be read or is not valid; it has all that is wrong.
    """
    if file is None:
        file = root / ANSWERS_FILE
        if not file.exists():
            return Answers(file)
    problems = list[str]()
    found = list[Answer]()
    entries = read_yaml_list(file)
    try:
        json.dumps(entries)
    except (TypeError, ValueError) as error:
        raise SourceError(
            f"{file} contains something other than text, numbers, lists and mappings: {error}."
        ) from error
    for number, entry in enumerate(entries, 1):
        try:
            found.append(_read_answer(number, entry, f"answer {number} in {file}"))
        except SourceError as error:
            problems.extend(error.problems)
    problems.extend(_twice(found, file))
    if problems:
        raise SourceError(*problems)
    return Answers(file, tuple(found))


def _read_answer(number: int, entry: object, where: str) -> Answer:
    content = expect(entry, dict, where, "a mapping")
    for key in content:
        if key not in _KEYS:
            raise SourceError(f"{where} has the unknown key `{key}`: {_did_you_mean(str(key), _KEYS)}")
    if not content.get("function"):
        raise SourceError(f"{where} has no `function`: name one, such as gcp:compute/getZones:getZones.")
    if "result" not in content:
        raise SourceError(f"{where} has no `result`: write there what the function returns.")
    function = expect(content["function"], str, f"`function` of {where}", "text")
    if _is_left(content):
        raise SourceError(f"{where}, for {function}, still has {FILL_IN}: write there what the function returns.")
    arguments = expect(content.get("arguments") or {}, dict, f"`arguments` of {where}", "a mapping")
    stacks = expect(content.get("stacks") or [], list, f"`stacks` of {where}", "a list")
    names = tuple(expect(name, str, f"`stacks` of {where}", "a list of names") for name in stacks)
    given = {str(key): value for key, value in arguments.items() if value is not None}
    return Answer(number, function, given, content["result"], names)


def _is_left(value: object) -> bool:
    if isinstance(value, dict):
        return any(_is_left(item) for item in (*value, *value.values()))
    return any(map(_is_left, value)) if isinstance(value, list) else value == FILL_IN


def _twice(answers: Sequence[Answer], file: Path) -> Iterator[str]:
    for number, one in enumerate(answers):
        for other in answers[:number]:
            is_both = set(one.stacks) & set(other.stacks) or (not one.stacks and not other.stacks)
            if is_both and (one.function, one.arguments) == (other.function, other.arguments):
                yield (
                    f"answers {other.number} and {one.number} in {file} are both for {one.function} with the same "
                    f"arguments: remove one."
                )


def explain_answers(error: Mapping[str, Any], answers: Answers) -> Iterator[str]:
    """What a program lacks, from the facts of `runner_functions.py`: a text for each kind of it."""
    for one in error["wrong"]:
        yield _explain_wrong(one, answers)
    missing = error["missing"]
    if missing:
        is_one = len(missing) == 1
        calls = "calls a function" if is_one else f"calls {len(missing)} functions"
        entries = "\n".join(map(_entry, missing))
        returned = "it returns" if is_one else "they return"
        yield (
            f"The program {calls} of providers, and a run without the CLI has no provider to answer. Write what "
            f"{returned} into {answers.file}, in place of {FILL_IN}:\n\n{entries}\n\n{WITH_CLI}"
        )


def _explain_wrong(wrong: Mapping[str, Any], answers: Answers) -> str:
    answer = next(one for one in answers.all if one.number == wrong["number"])
    what = f"answer {answer.number} in {answers.file}, for {answer.function},"
    field = wrong["field"]
    if wrong.get("is_missing"):
        place = f" at {wrong['place']}" if wrong["place"] else ""
        return (
            f"The program reads `{field}`{place}, which {what} does not have: add it, {wrong['wanted']}, or `null` if "
            "the provider leaves it out."
        )
    if "fields" in wrong:
        hint = _did_you_mean(field.rpartition(".")[2], wrong["fields"])
        return f"In {what} the result has the unknown field `{field}`: {hint}"
    of = f"`{field}` of the result" if field else "the result"
    return f"In {what} {of} has to be {wrong['wanted']}."


def _entry(missing: Mapping[str, Any]) -> str:
    """A missing answer as the file has it."""
    fields: Mapping[str, str] = missing["fields"]
    read = missing["read"] or list(fields)
    lines = [f"# {missing['place']}"] if missing["place"] else []
    lines += [f"- function: {missing['function']}"]
    if missing["arguments"]:
        arguments = {python_name(key): _whole(value) for key, value in sorted(missing["arguments"].items())}
        text = yaml.safe_dump({"arguments": arguments}, sort_keys=False, allow_unicode=True, width=1000)
        lines += [f"  {line}" for line in text.rstrip().splitlines()]
    if missing["has_secrets"]:
        lines.append("  # Secret arguments are left out, and not compared.")
    if not fields:
        return "\n".join([*lines, f"  result: {FILL_IN}  # a mapping with what the program reads"])
    lines.append("  result:")
    lines += [f"    {field}: {_to_fill_in(fields[field])}  # {fields[field]}" for field in read]
    return "\n".join(lines)


def _to_fill_in(kind: str) -> str:
    return f"[{FILL_IN}]" if kind.startswith("a list") else FILL_IN


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = closest(name, known)
    return f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{one}`' for one in known)}."
