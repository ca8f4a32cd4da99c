"""Resources of Google Cloud that Kubernetes objects name: by what they are called in the cloud."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from policypack.model.graph.reference import parse_reference, short_name
from policypack.model.graph.resource import Resource
from policypack.model.kubernetes.objects import KubernetesObject, yields_no_other_name
from policypack.model.values.logic import equals
from policypack.model.values.values import UNKNOWN, Unknown

# What the provider of Google Cloud adds to the logical name of a resource without a name.
_SUFFIX: Final = re.compile(r"-[0-9a-f]{7}")


def is_called(resource: Resource, name: str | Unknown) -> bool | Unknown:
    """Whether a resource of Google Cloud has this name in the cloud."""
    if isinstance(name, Unknown):
        return UNKNOWN
    own = resource.asked.string("name")
    own = resource.result.string("name") if own is None else own
    if own is not None:
        return equals(own, name)
    # A name that will be made up is none that a program can write down, but of one that was deployed before.
    prefix, suffix = name[: len(resource.name)], name[len(resource.name) :]
    return UNKNOWN if prefix == resource.name and _SUFFIX.fullmatch(suffix) else False


def named_in_spec(
    holder: KubernetesObject, name: str | Unknown, types: Sequence[str]
) -> tuple[tuple[Resource, ...], bool]:
    """The resources of these types that a name or a URL in the `spec` of an object may be of, and whether that is all.

    None at all, and all, for one outside the stack.
    """
    candidates = holder.stack.of_types(types)
    if isinstance(name, str):
        reference = parse_reference(name) if "/" in name else None
        if reference and (found := holder.stack.by_reference(reference)):
            return ((found,), True)
        answers = [(one, is_called(one, short_name(name))) for one in candidates]
        certain = tuple(one for one, is_it in answers if is_it is True)
        return certain, bool(certain) or not any(isinstance(is_it, Unknown) for _, is_it in answers)
    sources = [holder.stack.by_urn(urn) for urn in holder.resource.edges.get("spec", ())]
    fitting = tuple(one for one in sources if one in candidates and one is not None)
    return fitting, len(fitting) == 1 and yields_no_other_name(sources)
