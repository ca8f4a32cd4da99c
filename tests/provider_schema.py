"""What the classes of pulumi-gcp declare, as JSON: run it in the interpreter of the reference stack.

Usage: `python provider_schema.py TOKEN...` prints, for each type token, `null` if there is no such resource, else its
`inputs` and `outputs`: for each property those nested in it, `null` where there are none and `"any"` for a map.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

Tree = dict[str, Any]


def main(tokens: list[str]) -> None:
    importlib.import_module("pulumi_gcp")
    print(json.dumps({"tokens": sorted(_classes()), "types": {token: _declared(token) for token in tokens}}))


@cache
def _classes() -> dict[str, tuple[str, str]]:
    """The module and the class of each type token."""
    modules = [module for registered in rpc._RESOURCE_MODULES.values() for module in registered]
    return {
        token: (module.mod_info["fqn"], name)  # type: ignore[attr-defined]
        for module in modules
        for token, name in module.mod_info["classes"].items()  # type: ignore[attr-defined]
    } | {"pulumi:providers:gcp": ("pulumi_gcp", "Provider")}


def _declared(token: str) -> dict[str, Tree] | None:
    if token not in _classes():
        return None
    module, name = _classes()[token]
    resource = getattr(importlib.import_module(module), name)
    own_module = importlib.import_module(resource.__module__)
    # Named otherwise where a nested object has the usual name.
    arguments = getattr(own_module, f"{name}InitArgs", None) or getattr(own_module, f"{name}Args")
    outputs = {key: _nested(type_) for key, type_ in _types.resource_types(resource).items()}
    inputs = {key: _nested(type_) for key, type_ in _types.input_type_types(arguments).items()}
    return {"inputs": inputs, "outputs": {"id": None, **outputs}}


def _nested(type_: Any) -> Tree | str | None:
    origin = get_origin(type_)
    if origin is Union or origin is pulumi.Output or isinstance(type_, list):
        found = [_nested(one) for one in get_args(type_)]
        trees = [one for one in found if isinstance(one, dict)]
        return trees[0] if trees else next((one for one in found if one), None)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "any"
    if get_args(type_):
        return next((one for one in map(_nested, get_args(type_)) if one), None)
    if not isinstance(type_, type):
        return None
    if _types.is_input_type(type_):
        return {key: _nested(inner) for key, inner in _types.input_type_types(type_).items()}
    if _types.is_output_type(type_):
        return {key: _nested(inner) for key, inner in _types.output_type_types(type_).items()}
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
