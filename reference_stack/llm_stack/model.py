"""The model of the configuration, and the images that serve it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from llm_stack.reading.mistake import Mistake, Path
from llm_stack.reading.section import Section
from llm_stack.reading.text import Text, matching, wrong

HOST = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]+"
IMAGE = (
    rf"(?P<host>{HOST})/"
    r"(?P<path>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::[\w.-]{1,128})?"
    r"@(?P<digest>sha256:[0-9a-f]{64})"
)

Runtime = Literal["vllm", "llama.cpp"]


@dataclass(frozen=True, slots=True)
class Image:
    host: str
    path: str
    digest: str


def read_image(value: str) -> Image:
    match = re.fullmatch(IMAGE, value, re.ASCII)
    if match:
        return Image(**match.groupdict())
    name, _, digest = value.partition("@")
    inspect = "`docker buildx imagetools inspect` prints it"
    if not digest:
        raise wrong(
            f"`{value}` has no digest, so that it may be another image tomorrow", f"Add @sha256:..., as {inspect}"
        )
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise wrong(f"`{digest}` is no digest", f"Give sha256: and 64 hexadecimal digits in lower case, as {inspect}")
    if not re.match(f"{HOST}/", name):
        fix = "Write it in front, without https:// and port; that of Docker Hub is docker.io/"
        raise wrong(f"`{value}` names no registry", fix)
    raise wrong(f"`{name}` is no name of an image", "Write it like ghcr.io/owner/name, in lower case")


def read_argument(value: str) -> str:
    if not value:
        raise wrong("is empty", "Remove it")
    if not value.isprintable():
        raise wrong(f"{value!r} has a line break or another character that cannot be printed", "Write it in one line")
    flag = re.match(r"(--?[A-Za-z][\w-]*)\s+(.*)", value)
    if flag and not flag[2]:
        raise wrong(f"`{value}` ends with a space", f"Write {flag[1]}")
    if flag:
        raise wrong(f"`{value}` has a flag and its value in one entry", f"Write two: {flag[1]} and '{flag[2]}'")
    return value


ImageText = Annotated[Image, Text(read_image, r"^[a-z0-9.-]+\.[a-z]+/[^@]+@sha256:[0-9a-f]{64}$")]
Argument = Annotated[str, Text(read_argument)]
Name = Annotated[
    str,
    matching(
        r"(?!-)[A-Za-z0-9._=:/,@+-]{1,200}",
        "made of up to 200 letters, digits and ._=:/,@+-, with no - first",
        "Leave out the rest",
    ),
]
Folder = Annotated[
    str,
    matching(
        r"(?=.{1,200}$)(?!\.\.?(?:/|$))[\w.-]+(?:/(?!\.\.?(?:/|$))[\w.-]+)*",
        "a folder of the bucket",
        "Write one like model/v1",
    ),
]
Gguf = Annotated[str, matching(r"[\w.-]+\.gguf", "the name of a .gguf file", "Write one like model.gguf")]


class Model(Section):
    """What every model has."""

    runtime: Runtime
    """The server."""
    name: Name
    """The name that clients ask for."""
    image: ImageText
    """The server's image, with its registry and its digest."""
    weights: Folder
    """The folder of the bucket that has the weights."""
    arguments: tuple[Argument, ...] = ()
    """More for the server's command line, one argument an entry, passed on as it is."""
    load_seconds: Annotated[int, Field(ge=10)]
    """From the start of the server to the first answer."""


class LlamaCppModel(Model):
    """What llama.cpp has besides: it serves one file, where vLLM serves the folder."""

    runtime: Literal["llama.cpp"]
    """The server."""
    file: Gguf
    """The .gguf file of that folder; `llama.cpp` only."""


class VllmModel(Model):
    runtime: Literal["vllm"]
    """The server."""


ServedModel = VllmModel | LlamaCppModel


def check_gpu(model: Model, *, has_gpu: bool) -> Iterator[Mistake]:
    if model.runtime == "vllm" and not has_gpu:
        yield Mistake(("model", "runtime"), "vllm needs a GPU, and there is none", "Set one, or use llama.cpp")


def check_load_seconds(model: Model, most: int, why: str) -> Iterator[Mistake]:
    """`why` says what a server that loads longer exceeds."""
    if model.load_seconds > most:
        fix = f"Get it to {most} s: smaller or quantized weights, a faster disk"
        yield Mistake(("model", "load_seconds"), f"{model.load_seconds} s exceed {why}", fix)


def check_arguments(model: Model, taken: Iterable[str], instead: str = "") -> Iterator[Mistake]:
    """Flags that the stack sets itself, and what to set instead of them."""
    flags = set(taken)
    for place, argument in enumerate(model.arguments):
        flag = argument.partition("=")[0]
        # vLLM takes both forms of a long flag.
        if flag.replace("_", "-") in flags:
            path: Path = ("model", "arguments", place)
            yield Mistake(path, f"`{flag}` is what the stack sets", f"Remove it{instead}")
