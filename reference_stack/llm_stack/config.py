"""The stack's configuration: typed, and refused before any resource is made if it cannot work or not survive."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from llm_stack.cloud_run import config as cloud_run_config
from llm_stack.cloud_run.config import CloudRun, parse_cloud_run
from llm_stack.machines import config as machines_config
from llm_stack.machines.config import Machines, parse_machines
from llm_stack.section import ConfigError, Section, refuse_unknown

PROJECT = "llm-reference"
HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
EVERYBODY = ("*",)
LOCATIONS = {"europe": "europe", "me": "europe", "africa": "europe", "asia": "asia", "australia": "asia"}
MAX_BUCKET_NAME = 63
COMMON_SECTIONS = ("frontend", "operations")
FORMS = {"machines": machines_config.SECTIONS, "cloud-run": cloud_run_config.SECTIONS}
"""What `compute` may be, and the sections that each form has of its own."""

Kind = Literal["external", "internal"]


@dataclass(frozen=True, slots=True)
class Frontend:
    kind: Kind
    domain: str
    client_ranges: tuple[str, ...]
    requests_per_minute: int
    iap_members: tuple[str, ...]

    @property
    def internal(self) -> bool:
        return self.kind == "internal"

    @property
    def apis(self) -> tuple[str, ...]:
        """A private certificate is issued by the Certificate Authority Service."""
        return ("privateca",) if self.internal else ("iap",) if self.iap_members else ()

    @property
    def open_to_all(self) -> bool:
        return not self.internal and self.client_ranges == EVERYBODY and not self.iap_members


@dataclass(frozen=True, slots=True)
class Operations:
    alert_emails: tuple[str, ...]
    latency_seconds: int
    log_sample_rate: float
    cmek: bool
    protect: bool


@dataclass(frozen=True, slots=True)
class Config:
    project: str
    stack: str
    compute: Machines | CloudRun
    frontend: Frontend
    operations: Operations

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(region.name for region in self.compute.regions)

    @property
    def location(self) -> str:
        """The multi-region that holds what is not kept in each region: the one the first region lies in."""
        return LOCATIONS.get(self.regions[0].split("-")[0], "us")

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


def parse_config(raw: Mapping[str, Any], project: str, stack: str) -> Config:
    """Everything the stack needs to know, from the top-level keys. Pure."""
    form = raw.get("compute", "machines")
    if not isinstance(form, str) or form not in FORMS:
        raise ConfigError("compute", f"`{form}` is none of {', '.join(FORMS)}", "Choose one of these")
    refuse_unknown("", raw, ("compute", *FORMS[form], *COMMON_SECTIONS))
    frontend = parse_frontend(Section("frontend", raw.get("frontend")))
    if form == "cloud-run":
        check_fits_cloud_run(frontend)
    config = Config(
        project=parse_name("gcp:project", project, r"[a-z][a-z0-9-]{4,28}[a-z0-9]"),
        stack=parse_name("stack name", stack, r"[a-z][a-z0-9-]{0,18}[a-z0-9]"),
        compute=parse_cloud_run(raw) if form == "cloud-run" else parse_machines(raw, internal=frontend.internal),
        frontend=frontend,
        operations=parse_operations(Section("operations", raw.get("operations"))),
    )
    check_buckets(config)
    return config


def parse_name(key: str, value: str, pattern: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ConfigError(key, f"`{value}` cannot be part of a resource id", f"Choose one that matches {pattern}")
    return value


def check_buckets(config: Config) -> None:
    longest = max(config.buckets.values(), key=len)
    if len(longest) > MAX_BUCKET_NAME:
        problem = f"makes a bucket's name longer than {MAX_BUCKET_NAME}: {longest}"
        raise ConfigError("stack name", problem, f"Take {len(longest) - MAX_BUCKET_NAME} letters off it")


def parse_frontend(section: Section) -> Frontend:
    kinds: tuple[Kind, ...] = ("external", "internal")
    kind = section.choice("kind", kinds)
    external = kind == "external"
    frontend = Frontend(
        kind=kind,
        domain=section.pattern("domain", HOST_NAME, "a host name in lower case, like llm.example.com"),
        client_ranges=section.texts("client_ranges", EVERYBODY) if external else (),
        requests_per_minute=section.integer("requests_per_minute", 1, 1_000_000) if external else 0,
        iap_members=section.texts("iap_members", ()) if external else (),
    )
    section.done()
    if external and not 1 <= len(frontend.client_ranges) <= 10:
        raise ConfigError(section.path("client_ranges"), "a Cloud Armor rule takes 1 to 10 ranges", "Merge ranges")
    return frontend


def check_fits_cloud_run(frontend: Frontend) -> None:
    if frontend.internal:
        fix = "Set it to external, or compute to machines"
        raise ConfigError("frontend.kind", "Cloud Run has the external load balancer only", fix)
    if frontend.iap_members:
        problem = "with Identity-Aware Proxy the load balancer cannot tell that a region of Cloud Run is dead"
        raise ConfigError("frontend.iap_members", problem, "Remove it; callers have the API key")


def parse_operations(section: Section) -> Operations:
    operations = Operations(
        alert_emails=section.texts("alert_emails"),
        latency_seconds=section.integer("latency_seconds", 1, 3600, 60),
        log_sample_rate=section.number("log_sample_rate", 0.01, 1, 1),
        cmek=section.flag("cmek", True),
        protect=section.flag("protect", True),
    )
    section.done()
    if not operations.alert_emails or not all("@" in email for email in operations.alert_emails):
        raise ConfigError(section.path("alert_emails"), "nobody would get the alerts", "Give one mail address or more")
    return operations


def load_config() -> Config:
    """The configuration of the running stack."""
    settings = pulumi.Config(PROJECT)
    sections = {section for form in FORMS.values() for section in form} | set(COMMON_SECTIONS)
    raw: dict[str, Any] = {key: settings.get_object(key) for key in sections if settings.get(key) is not None}
    raw |= {key: settings.get(key) for key in given_keys() if key not in raw}
    return parse_config(raw, pulumi.Config("gcp").get("project") or "", pulumi.get_stack())


def given_keys() -> list[str]:
    """Pulumi reads single keys only; the engine hands over all of them in this variable."""
    everything: dict[str, Any] = json.loads(os.environ.get("PULUMI_CONFIG", "{}"))
    return [key.removeprefix(f"{PROJECT}:") for key in everything if key.startswith(f"{PROJECT}:")]
