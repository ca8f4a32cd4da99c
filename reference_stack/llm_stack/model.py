"""The model of the configuration, and the images that serve it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from llm_stack.section import ConfigError, Section

IMAGE = re.compile(
    r"(?P<host>[a-z0-9.-]+\.[a-z]+)/(?P<path>[a-z0-9._/-]+)(?::[\w.-]+)?@(?P<digest>sha256:[0-9a-f]{64})"
)
ARGUMENT = re.compile(r"[A-Za-z0-9._=:/,@+-]+")
FOLDER = re.compile(r"[\w.-]+(/[\w.-]+)*")
FILE = re.compile(r"[\w.-]+\.gguf")

Runtime = Literal["vllm", "llama.cpp"]


@dataclass(frozen=True, slots=True)
class Image:
    host: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Model:
    runtime: Runtime
    name: str
    image: Image
    weights: str
    file: str | None
    """llama.cpp serves one file; vLLM serves the folder."""
    arguments: tuple[str, ...]
    load_seconds: int


def parse_model(section: Section, *, has_gpu: bool, most_seconds: int, too_slow: str) -> Model:
    """What both forms need to know of the model; the form reads what is its own, and ends the section.

    `too_slow` says why a server that loads longer than `most_seconds` cannot work.
    """
    runtimes: tuple[Runtime, ...] = ("vllm", "llama.cpp")
    runtime = section.choice("runtime", runtimes)
    model = Model(
        runtime=runtime,
        name=section.pattern("name", ARGUMENT, "a name without spaces"),
        image=parse_image(section, "image"),
        weights=section.pattern("weights", FOLDER, "a folder of the bucket, like model/v1"),
        file=section.pattern("file", FILE, "a .gguf file of that folder") if runtime == "llama.cpp" else None,
        arguments=section.texts("arguments", ()),
        load_seconds=section.integer("load_seconds", 10, 24 * 3600),
    )
    if model.load_seconds > most_seconds:
        fix = f"Get it to {most_seconds} s: smaller or quantized weights, a faster disk"
        raise ConfigError(section.path("load_seconds"), f"{model.load_seconds} s exceed {too_slow}", fix)
    if model.runtime == "vllm" and not has_gpu:
        raise ConfigError(section.path("runtime"), "vllm needs a GPU, and there is none", "Set one, or use llama.cpp")
    for argument in model.arguments:
        if not ARGUMENT.fullmatch(argument):
            raise ConfigError(
                section.path("arguments"), f"`{argument}` has a space or a quote", "Give one word an entry"
            )
    return model


def parse_image(section: Section, key: str) -> Image:
    value = section.text(key)
    match = IMAGE.fullmatch(value)
    if not match:
        fix = "Give registry/name@sha256:<64 hex digits>, as `docker buildx imagetools inspect` prints it"
        raise ConfigError(section.path(key), f"`{value}` has no registry or no digest", fix)
    return Image(**match.groupdict())
