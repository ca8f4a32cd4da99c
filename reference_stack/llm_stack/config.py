"""The stack's configuration: typed, and refused before any resource is made if it cannot work or not survive."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, cast

import pulumi
from pydantic import Field

from llm_stack.cloud_run import config as cloud_run_config
from llm_stack.cloud_run.config import CloudRun, cloud_run_checks, read_cloud_run
from llm_stack.machines import config as machines_config
from llm_stack.machines.config import Machines, machines_checks, read_machines
from llm_stack.machines.machine import Machine
from llm_stack.model import LlamaCppModel
from llm_stack.placeholders import placeholder_checks
from llm_stack.reading.explain import described
from llm_stack.reading.mistake import ConfigError, Mistake, Path
from llm_stack.reading.reader import Checks, Reader, in_order
from llm_stack.reading.section import Section
from llm_stack.reading.stack_file import read_places
from llm_stack.reading.text import ClientRange, Email, Host, Member
from llm_stack.reading.vocabulary import Variant, Vocabulary

PROJECT = "llm-reference"
EVERYBODY = ("*",)
LOCATIONS = {"europe": "europe", "me": "europe", "africa": "europe", "asia": "asia", "australia": "asia"}
MAX_BUCKET_NAME = 63
COMMON = ("frontend", "operations")

Kind = Literal["external", "internal"]


class Frontend(Section):
    """What the load balancers of both kinds have."""

    kind: Kind
    """The kind of load balancer."""
    domain: Host
    """The host name of the service."""

    @property
    def internal(self) -> bool:
        return self.kind == "internal"

    @property
    def apis(self) -> tuple[str, ...]:
        """What it needs of Google Cloud besides what every stack needs."""
        return ()

    @property
    def open_to_all(self) -> bool:
        return False


class InternalFrontend(Frontend):
    """An address in the network, for clients there."""

    kind: Literal["internal"]
    """The kind of load balancer."""

    @property
    def apis(self) -> tuple[str, ...]:
        """A private certificate is issued by the Certificate Authority Service."""
        return ("privateca",)


class ExternalFrontend(Frontend):
    """A public address."""

    kind: Literal["external"]
    """The kind of load balancer."""
    requests_per_minute: Annotated[int, Field(ge=1, le=1_000_000)]
    """How many requests one client address may send in a minute; `external` only."""
    client_ranges: Annotated[tuple[ClientRange, ...], Field(min_length=1, max_length=10)] = EVERYBODY
    """Who may call, as ranges of addresses; `external` only."""
    iap_members: tuple[Member, ...] = ()
    """Turns on Identity-Aware Proxy for these; `external` only, inside an organization."""

    @property
    def apis(self) -> tuple[str, ...]:
        return ("iap",) if self.iap_members else ()

    @property
    def open_to_all(self) -> bool:
        return self.client_ranges == EVERYBODY and not self.iap_members


class Operations(Section):
    alert_emails: Annotated[tuple[Email, ...], Field(min_length=1)]
    """Who is told."""
    latency_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Alert when one answer in twenty takes longer."""
    log_sample_rate: Annotated[float, Field(ge=0.01, le=1)] = 1
    """The share of requests that is logged."""
    home_region: str | None = None
    """The region on whose continent weights and images are, and which has the certificate authority; it is to
    stay. By default the first by name."""
    cmek: bool = True
    """Keys of your own for disks, weights, images and the secret."""
    project_number: Annotated[int | None, Field(ge=1)] = None
    """The number of the project, which the keys' grants have; without it an empty bucket is made that tells it."""
    protect: bool = True
    """Refuse to delete data."""


AnyFrontend = ExternalFrontend | InternalFrontend
FRONTENDS: dict[str, type[Frontend]] = {"external": ExternalFrontend, "internal": InternalFrontend}
FORMS: dict[str, type[Section]] = {"machines": Machines, "cloud-run": CloudRun}
"""What `compute` may be, and the sections that each form has of its own."""
SECTIONS = frozenset({"compute", *COMMON, *(name for form in FORMS.values() for name in form.model_fields)})
ON_MACHINES, ON_CLOUD_RUN = "compute is machines", "compute is cloud-run"
WHEN_LLAMA_CPP = "model.runtime is llama.cpp"
VOCABULARY = Vocabulary(
    sections={
        "regions": (
            Variant(machines_config.Region, ON_MACHINES),
            Variant(cloud_run_config.Region, ON_CLOUD_RUN),
        ),
        "machine": (Variant(Machine, ON_MACHINES),),
        "instance": (Variant(cloud_run_config.Instance, ON_CLOUD_RUN),),
        "model": (
            Variant(machines_config.MachineModel, ON_MACHINES),
            Variant(LlamaCppModel, WHEN_LLAMA_CPP),
            Variant(machines_config.MachineLlamaCppModel, f"{ON_MACHINES} and {WHEN_LLAMA_CPP}"),
        ),
        "traffic": (
            Variant(machines_config.Traffic, ON_MACHINES),
            Variant(cloud_run_config.Traffic, ON_CLOUD_RUN),
        ),
        "frontend": (Variant(ExternalFrontend, "frontend.kind is external"),),
        "operations": (Variant(Operations),),
    },
    forms={"machine": ON_MACHINES, "instance": ON_CLOUD_RUN},
)


@dataclass(frozen=True, slots=True)
class Config:
    project: str
    stack: str
    compute: Machines | CloudRun
    frontend: AnyFrontend
    operations: Operations

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(self.compute.regions)

    @property
    def home(self) -> str:
        """Where things are that cannot move. The default is the order of names, as the engine hands over no other."""
        return self.operations.home_region or min(self.regions)

    @property
    def location(self) -> str:
        """The multi-region that holds what is not kept in each region."""
        return LOCATIONS.get(self.home.split("-")[0], "us")

    @property
    def resource_id(self) -> str:
        """For what Google Cloud wants an id of ours for: unique per stack in a project."""
        return f"llm-{self.stack}"

    @property
    def buckets(self) -> dict[str, str]:
        """The names of the buckets with the weights, by location; the project's is a part, as such names are global."""
        name = f"{self.project}-{self.resource_id}-weights"
        if isinstance(self.compute, Machines):
            return {self.location: name}
        return {region: f"{name}-{region}" for region in self.regions}


def no_place(path: Path) -> str:
    return ""


def parse_config(
    raw: Mapping[str, Any],
    project: str,
    stack: str,
    *,
    place: Callable[[Path], str] = no_place,
    deployed: bool = False,
    others: Collection[str] = (),
) -> Config:
    """Everything the stack needs to know, from the top-level keys. Pure.

    Args:
        raw: the values of the keys, as JSON has them.
        project: the project of Google Cloud.
        stack: the name of the stack.
        place: says where a path stands in a file, as the start of a line.
        deployed: whether this is no preview, so that placeholders are refused as well.
        others: the keys of other projects and of packages, which may be meant for this one.

    Raises:
        ConfigError: it cannot be built; with all that is wrong with it.
    """
    # Keys are texts then, as they are in JSON.
    reader = Reader(json.loads(json.dumps(raw, default=str)), VOCABULARY)
    config = read_config(reader, project, stack)
    if config is not None:
        reader.check(checks(config))
    if config is not None and deployed:
        reader.check(placeholder_checks(config))
    misplaced = {(key.partition(":")[2],): key for key in others if key.partition(":")[2] in SECTIONS}
    mistakes = [mistake for mistake in reader.mistakes if mistake.path not in misplaced]
    for (name,), key in misplaced.items():
        mistakes.append(Mistake((key,), "is of another project", f"Write {PROJECT}:{name}"))
    if mistakes or config is None:
        raise ConfigError(in_order(mistakes, reader.raw), place)
    return config


def read_config(reader: Reader, project: str, stack: str) -> Config | None:
    """What is right of it; None if it does not say which form it has, and so what the rest means."""
    form = reader.raw.get("compute", "machines")
    if not isinstance(form, str) or form not in FORMS:
        fix = f"Write {' or '.join(FORMS)}"
        reader.mistakes.append(Mistake(("compute",), f"is {described(form)}, not one of {', '.join(FORMS)}", fix))
        form = None
    forms = FORMS.values() if form is None else (FORMS[form],)
    reader.keys(("compute", *dict.fromkeys(key for one in forms for key in one.model_fields), *COMMON))
    compute = read_compute(reader, form)
    frontend = reader.variant(Frontend, "frontend", "kind", FRONTENDS)
    operations = reader.section(Operations, "operations")
    if compute is None:
        return None
    return Config(project, stack, compute, cast("AnyFrontend", frontend), operations)


def read_compute(reader: Reader, form: str | None) -> Machines | CloudRun | None:
    if form == "machines":
        return read_machines(reader)
    return read_cloud_run(reader) if form else None


def checks(config: Config) -> Checks:
    """What must hold between values of the whole configuration."""
    frontend = config.frontend
    if isinstance(config.compute, Machines):
        yield from machines_checks(config.compute, lambda: frontend.internal)
    else:
        yield from cloud_run_checks(config.compute)
        yield check_fits_cloud_run(frontend)
    yield check_client_ranges(frontend)
    yield check_name("gcp:project", config.project, r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
    yield check_name("stack name", config.stack, r"[a-z][a-z0-9-]{0,18}[a-z0-9]")
    yield check_home(config)
    yield check_buckets(config)


def check_client_ranges(frontend: AnyFrontend) -> Iterator[Mistake]:
    if isinstance(frontend, ExternalFrontend) and len(frontend.client_ranges) > 1 and "*" in frontend.client_ranges:
        yield Mistake(
            ("frontend", "client_ranges"),
            "`*` lets everybody in, whatever else is there",
            "Write `*` alone, or remove it",
        )


def check_name(key: str, value: str, pattern: str) -> Iterator[Mistake]:
    if not value:
        yield Mistake((key,), "is missing", f"Set it, with `pulumi config set {key} ID`")
    elif not re.fullmatch(pattern, value):
        yield Mistake((key,), f"`{value}` cannot be part of a resource id", f"Choose one that matches {pattern}")


def check_home(config: Config) -> Iterator[Mistake]:
    home = config.operations.home_region
    if home is not None and home not in config.regions:
        problem = f"`{home}` is none of regions"
        yield Mistake(("operations", "home_region"), problem, f"Give one of {', '.join(config.regions)}")


def check_buckets(config: Config) -> Iterator[Mistake]:
    longest = max(config.buckets.values(), key=len, default="") if config.regions else ""
    if len(longest) > MAX_BUCKET_NAME:
        problem = f"makes a bucket's name longer than {MAX_BUCKET_NAME}: {longest}"
        yield Mistake(("stack name",), problem, f"Take {len(longest) - MAX_BUCKET_NAME} letters off it")


def check_fits_cloud_run(frontend: AnyFrontend) -> Iterator[Mistake]:
    if isinstance(frontend, ExternalFrontend) and frontend.iap_members:
        problem = "with Identity-Aware Proxy the load balancer cannot tell that a region of Cloud Run is dead"
        yield Mistake(("frontend", "iap_members"), problem, "Remove it; callers have the API key")
    if frontend.internal:
        fix = "Set it to external, or compute to machines"
        yield Mistake(("frontend", "kind"), "Cloud Run has the external load balancer only", fix)


def load_config() -> Config:
    """The configuration of the running stack."""
    settings, stack = pulumi.Config(PROJECT), pulumi.get_stack()
    given = given_keys()
    own = [key.removeprefix(f"{PROJECT}:") for key in given if key.startswith(f"{PROJECT}:")]
    raw = {key: value_of(settings.get(key)) for key in own}
    others = [key for key in given if not key.startswith(f"{PROJECT}:")]
    places = read_places(FilePath(pulumi.get_root_directory() or "."), PROJECT, stack)
    project = pulumi.Config("gcp").get("project") or ""
    return parse_config(raw, project, stack, place=places, deployed=not pulumi.runtime.is_dry_run(), others=others)


def value_of(text: str | None) -> Any:
    """Pulumi hands over mappings and lists as JSON, and other values as texts."""
    try:
        value = json.loads(text or "null")
    except (ValueError, RecursionError):
        return text
    return value if value is None or isinstance(value, dict | list) else text


def given_keys() -> list[str]:
    """Pulumi reads single keys only; the engine hands over all of them in this variable, with their projects."""
    return list(json.loads(os.environ.get("PULUMI_CONFIG", "{}")))
