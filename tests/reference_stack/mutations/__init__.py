"""Named changes of the reference stack's program, each with the rules that must speak, and no others."""

from __future__ import annotations

import importlib
import pkgutil

from tests.reference_stack.mutations.mutation import Mutation

MUTATIONS: dict[str, Mutation] = {}
for _module_info in pkgutil.iter_modules(__path__):
    _found = getattr(importlib.import_module(f"{__name__}.{_module_info.name}"), "MUTATIONS", {})
    assert not MUTATIONS.keys() & _found.keys()
    MUTATIONS |= _found
