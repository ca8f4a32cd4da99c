"""The examples of the provider that the pack calls refused; `make provider-examples` judges all of them."""

from __future__ import annotations

import pytest

from tests.provider_examples.__main__ import REFUSED, refused
from tests.provider_examples.examples import examples

ACCEPTED = (
    "compute/backend_service: Backend Service Basic",
    "compute/global_forwarding_rule: Global Forwarding Rule Internal",
)


@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize("name", [*REFUSED, *ACCEPTED])
def test_what_is_refused(name: str) -> None:
    resource = name.partition(":")[0]
    found = {example.name: example for example in examples(resource)}
    assert refused(found[name]) == REFUSED.get(name, set())
