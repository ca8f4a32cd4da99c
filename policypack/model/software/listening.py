"""The port that a container's model server listens on, as far as its image and its command line tell for certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from policypack.model.values.secret import like
from policypack.model.values.values import UNKNOWN, Unknown

# vLLM listens on 8000 where `--port` does not say another one: https://docs.vllm.ai/en/latest/cli/serve/
_VLLM_IMAGE: Final = "vllm/vllm-openai"
_VLLM_COMMAND: Final = re.compile(r"(\S*/)?(vllm serve|python3? -m vllm\.entrypoints\.(openai\.)?api_server)( |$)")
_VLLM_PORT: Final = 8000
# What makes it listen elsewhere or on more ports, or says so in a file.
_ELSEWHERE: Final = ("--config", "--uds", "--data-parallel", "-dp", "--headless", "--grpc")
_PORT: Final = "--port"


def listening_port(image: str, command: Sequence[str], arguments: Sequence[str]) -> int | Unknown:
    """The only port that a container listens on; not known for another server than vLLM, or behind a shell.

    Args:
        image: its image.
        command: what replaces the entry point of the image; empty if nothing does.
        arguments: the arguments of either.
    """
    words = [*command, *arguments]
    is_vllm = _VLLM_COMMAND.match(" ".join(words)) if command else _VLLM_IMAGE in image
    if not is_vllm or any(word.startswith(_ELSEWHERE) for word in words):
        return UNKNOWN
    given = [after for word, after in pairwise([*words, ""]) if word == _PORT]
    given += [word.partition("=")[2] for word in words if word.startswith(f"{_PORT}=")]
    if not given:
        return _VLLM_PORT
    # A variable of the environment may be in its place.
    return like(given[0], int(given[0])) if len(given) == 1 and given[0].isdecimal() else UNKNOWN
