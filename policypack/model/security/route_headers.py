"""What the URL maps in front of a service add to its requests."""

from __future__ import annotations

from collections.abc import Iterator

from policypack.model.balancing.backend_service import BackendService
from policypack.model.frontend.url_map import url_maps_of
from policypack.model.run.plain_text import PlainText, texts_of_header_action
from policypack.model.values.logic import any_of, known_in
from policypack.model.values.values import Unknown


def texts_of_routes(service: BackendService) -> Iterator[tuple[PlainText, bool | Unknown]]:
    """The headers that routes add, each once with whether that is to requests of a service; not those of others'."""
    found = dict[PlainText, list[bool | Unknown]]()
    for url_map in url_maps_of(service.stack, service.resource):
        for route in known_in(url_map.routes):
            for where, action in route.headers:
                prop = "headerAction" if where == "every route" else "pathMatchers"
                for text in texts_of_header_action(action, url_map, prop, f"{where} in `{url_map.name}`"):
                    found.setdefault(text, []).append(route.sends_to(service.resource))
    for text, answers in found.items():
        yield text, any_of(answers)
