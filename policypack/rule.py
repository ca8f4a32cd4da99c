"""What a rule is: a function over one view, its metadata in the decorator, its prose in the docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Final, Generic, Literal, TypeAlias, TypeVar

from policypack.config.terms import Level, Severity, Stage
from policypack.model.gke.backends import GkeBackend, GkeSubject
from policypack.model.graph.tokens import SERVICE_TYPES
from policypack.model.graph.view import View
from policypack.model.values.logic import all_of
from policypack.model.values.values import Unknown
from policypack.verdict import Checks, Condition, NotApplicable, Undecided, Verdict, provided, settled, under

NAME: Final = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
SECTIONS: Final = ("What it checks", "Why it matters", "Applies to", "Fails", "Passes", "Undecided")
# Where a rule judges backends that GKE makes, an object that passes may follow the others that do.
ON_GKE: Final = "On GKE"


@dataclass(frozen=True)
class Range:
    """The bounds of a numeric option, both inclusive."""

    minimum: float
    maximum: float


@dataclass(frozen=True)
class NotBlank:
    """Marks a text option that has to say something: neither empty nor spaces only."""


@dataclass(frozen=True)
class Services:
    """Which backend services are LLM backends.

    Attributes:
        names: globs on logical names.
        projects: globs on the name of the Pulumi project.
        stack_tags: globs on the values of stack tags; each tag has to be there and match.
    """

    names: tuple[str, ...] = ("*",)
    projects: tuple[str, ...] = ("*",)
    stack_tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Waiver:
    """An exception to a rule, which somebody answers for and which ends.

    Attributes:
        resource: the logical name of the resource that is excepted, or a glob on it.
        reason: why the rule is waived.
        owner: who answers for it.
        expires: the last day on which the waiver holds, as `YYYY-MM-DD`.
    """

    resource: Annotated[str, NotBlank()]
    reason: Annotated[str, NotBlank()]
    owner: Annotated[str, NotBlank()]
    expires: date

    def covers(self, name: str) -> bool:
        """Whether the resource with this logical name is excepted."""
        return name == self.resource or fnmatchcase(name, self.resource)

    def has_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return today > self.expires


@dataclass(frozen=True)
class ForServices:
    """Options that are others for some backend services.

    Attributes:
        names: globs on their logical names.
        options: those of the rule's own options that are others for them.
    """

    names: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Options:
    """The options that every rule has.

    Attributes:
        services: which backend services are LLM backends.
        undecided: whether an undecided verdict is shown as advice or counts as a violation.
        waivers: exceptions for a limited time.
        for_services: the rule's own options where they are others for some services; the first entry that names a
            service counts.
    """

    services: Services = Services()
    undecided: Literal["advise", "fail"] = "advise"
    waivers: tuple[Waiver, ...] = ()
    for_services: tuple[ForServices, ...] = ()

    def variants(self) -> Iterator[Options]:
        """The options of the services that each entry of `for_services` names."""
        return (replace(self, **entry.options, for_services=()) for entry in self.for_services)

    def of_service(self, name: str) -> Options:
        """The options of the service with this logical name."""
        for entry, variant in zip(self.for_services, self.variants(), strict=True):
            if any(fnmatchcase(name, glob) for glob in entry.names):
                return variant
        return self

    def problem(self) -> str | None:
        """Why these values make no sense together, and what to do: a clause. `None` if they do.

        Subclasses with options that depend on each other override it.
        """
        return None


@dataclass(frozen=True)
class Framework:
    """Where a compliance framework asks for the same."""

    name: str
    version: str
    reference: str


def cis(reference: str) -> Framework:
    """A recommendation of the CIS Google Cloud Platform Foundation Benchmark; version 3.0.0 numbers it alike."""
    return Framework("CIS Google Cloud Platform Foundation Benchmark", "4.0.0", reference)


_MAY_BE_NO_LLM: Final = "it is not known whether {} serves a model; if it does, name it in `services`"
_MAY_BE_ANOTHER: Final = "whether a load balancer of Google Cloud sends requests to {} is not known"

V = TypeVar("V", bound=View)
O = TypeVar("O", bound=Options)  # noqa: E741


@dataclass(frozen=True)
class Rule(Generic[V, O]):
    """A rule with its metadata.

    Attributes:
        name: the policy name, frozen once released.
        title: the state that it asks for.
        severity: how bad it is.
        level: the enforcement level if the configuration does not set one.
        stage: `resource` if the inputs of a backend service decide, `stack` for all else: only the whole stack tells
            which services a resource serves.
        url: the documentation that it stands on.
        subject: the view that it judges.
        options: the class of its options.
        frameworks: compliance frameworks that ask for the same.
        applies: what has to hold for it to apply to a subject.
        sections: the prose of the docstring by its headings, `SECTIONS` and perhaps `ON_GKE`.
        check: yields what is wrong or undecided about one subject, or parts of itself that do; nothing means it passes.
        gke: what it says of a backend that GKE makes, which no resource of Google Cloud shows; `None` if nothing.
        aliases: names that it once had, by which configuration and commands still know it.
        deprecated: what to use instead and since when, a clause; empty if it is to stay.
        remediates: with the level `remediate` it sets what its fix says, where that is safe.
    """

    name: str
    title: str
    severity: Severity
    level: Level
    stage: Stage
    url: str
    subject: type[V]
    options: type[O]
    frameworks: tuple[Framework, ...]
    applies: tuple[Condition[V], ...]
    sections: Mapping[str, str]
    check: Callable[[V, O], Checks]
    gke: Callable[[GkeBackend, O], Checks] | None = None
    aliases: tuple[str, ...] = ()
    deprecated: str = ""
    remediates: bool = False

    def verdicts(self, subject: V, options: O) -> Iterator[Verdict]:
        """What it says about one subject; nothing means that it passes."""
        if isinstance(subject, GkeSubject):
            return iter(settled(self._of_gke(backend, options) for backend in subject.backends))
        return under(self.applies, subject, lambda: self.check(subject, options))

    def _of_gke(self, backend: GkeBackend, options: O) -> Checks:
        is_chosen = any(glob != "*" and fnmatchcase(backend.shown_on.name, glob) for glob in options.services.names)
        is_llm = is_chosen or backend.is_llm
        if is_llm is False:
            yield NotApplicable(
                f"{backend.label} has neither accelerators nor a known model server; if it serves a model, name it in "
                f"`services`"
            )
        elif not backend.stack.is_complete:
            yield Undecided(f"what shapes {backend.label} may be created later in this update")
        elif self.gke:
            doubt = _MAY_BE_NO_LLM if isinstance(is_llm, Unknown) else _MAY_BE_ANOTHER
            condition = all_of([is_llm, backend.is_googles, backend.is_routed])
            yield provided(condition, Undecided(doubt.format(backend.label)), self.gke(backend, options))

    @cached_property
    def summary(self) -> str:
        """What it asks for in a sentence or two: how its docstring begins."""
        return (inspect.getdoc(self.check) or "").partition("\n## ")[0].strip()

    @property
    def area(self) -> str:
        """The package in policypack/rules that it is in."""
        return self.check.__module__.split(".")[-2]


AnyRule: TypeAlias = Rule[Any, Any]


def by_any_name(rules: Iterable[AnyRule]) -> dict[str, AnyRule]:
    """Rules by their names and by those that they once had.

    Raises:
        ValueError: a name stands for two rules.
    """
    found: dict[str, AnyRule] = {}
    for one in rules:
        for name in (one.name, *one.aliases):
            if name in found:
                raise ValueError(
                    f"`{name}` names the rules {found[name].name} and {one.name}: a name is never used again"
                )
            found[name] = one
    return found


def rule(
    *,
    title: str,
    severity: Severity,
    level: Level,
    stage: Stage,
    url: str,
    frameworks: tuple[Framework, ...] = (),
    applies: tuple[Condition[Any], ...] = (),
    gke: Callable[[GkeBackend, Any], Checks] | None = None,
    aliases: tuple[str, ...] = (),
    deprecated: str = "",
    remediates: bool = False,
) -> Callable[[Callable[[V, O], Checks]], Rule[V, O]]:
    """Makes a rule of a function `(view, options) -> Checks`.

    Its name is the function's, in kebab case; view and options are its parameters' types.

    Raises:
        ValueError: the metadata or the docstring is incomplete.
    """

    def decorate(check: Callable[[V, O], Checks]) -> Rule[V, O]:
        name = check.__name__.replace("_", "-")
        subject, options = _parameter_types(check)
        if not url.startswith("https://") or not title or title.endswith("."):
            raise ValueError(f"rule {name}: needs a title without full stop and a documentation url")
        if stage == "resource" and not set(subject.TYPES) <= set(SERVICE_TYPES):
            raise ValueError(
                f'rule {name}: only the stack tells which services a {subject.__name__} serves: needs stage="stack"'
            )
        if gke and stage == "resource":
            raise ValueError(f"rule {name}: backends on GKE are judged with the whole stack")
        if not all(re.fullmatch(NAME, alias) for alias in aliases) or deprecated.endswith("."):
            raise ValueError(f"rule {name}: aliases are in kebab case, and `deprecated` is a clause without full stop")
        sections = _sections(name, inspect.getdoc(check) or "")
        return Rule(
            name, title, severity, level, stage, url, subject, options, frameworks, applies, sections, check, gke,
            aliases, deprecated, remediates,
        )  # fmt: skip

    return decorate


def _parameter_types(check: Callable[..., Any]) -> tuple[type[Any], type[Any]]:
    subject, options, *_ = inspect.get_annotations(check, eval_str=True).values()
    return subject, options


def _sections(name: str, docstring: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", docstring, flags=re.MULTILINE)
    sections = {heading: inspect.cleandoc(text) for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
    if tuple(heading for heading in sections if heading != ON_GKE) != SECTIONS or not all(sections.values()):
        raise ValueError(f"rule {name}: the docstring needs the sections {', '.join(SECTIONS)}, in this order")
    return sections
