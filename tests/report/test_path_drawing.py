"""The layout of serving paths: nothing overlaps, everything is inside, and large paths stay small."""

from __future__ import annotations

from itertools import combinations

import pytest

from policypack.report.check.paths.all_paths import ServingPaths
from policypack.report.check.paths.drawing import BOX_HEIGHT, BOX_WIDTH, MOST_IN_COLUMN, MOST_REGIONS, Drawing, draw
from policypack.report.check.paths.serving_path import ServingPath
from tests.report.judged import judged
from tests.rules.fleets import managed, template
from tests.rules.fronts import global_rule, https, url_map
from tests.stacks import Computed, R, backend, build, check, mig, service


def path_of(*resources: R) -> ServingPath:
    stack = build(*resources)
    paths = ServingPaths(judged(stack, ()).report, stack)
    return paths.path_of(paths.services[0])


def fronted(*groups: R) -> list[R]:
    chat = service([backend(group) for group in groups])
    front = url_map(chat)
    proxy = https(front)
    return [*groups, chat, front, proxy, global_rule(proxy)]


def named(group: R, name: str) -> R:
    group.name = name
    return group


def labels(drawing: Drawing) -> list[str]:
    return [box.label for box in drawing.boxes]


MACHINES = template()
CASES = {
    "one region": fronted(mig()),
    "two regions": [MACHINES, *fronted(managed("us-central1", MACHINES), managed("europe-west4", MACHINES))],
    "no front end": [mig(), service([])],
    "computed": [mig(), check(), service(Computed((mig(),)))],
    "many groups": fronted(*(named(mig(), f"group-{number:02}") for number in range(20))),
    "many regions": fronted(*(named(mig(f"region-{number:02}"), f"group-{number:02}") for number in range(20))),
}


@pytest.mark.parametrize("case", CASES)
def test_nothing_overlaps_and_everything_is_inside(case: str) -> None:
    drawing = draw(path_of(*CASES[case]))
    for one, other in combinations(drawing.boxes, 2):
        assert abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT, (one, other)
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - BOX_WIDTH
        assert 0 <= box.y <= drawing.height - BOX_HEIGHT
    for frame in drawing.frames:
        assert frame.x >= 0
        assert frame.y >= 0
        assert frame.x + frame.width <= drawing.width
        assert frame.y + frame.height <= drawing.height
    assert all(abs(one.y - other.y) >= one.height for one, other in combinations(drawing.frames, 2))


def test_requests_run_from_left_to_right_and_straight_to_the_service() -> None:
    drawing = draw(path_of(*CASES["two regions"]))
    assert labels(drawing) == ["rule", "proxy", "paths", "chat", "mig-europe-west4", "mig-us-central1", "template"]
    columns = [box.x for box in drawing.boxes]
    assert columns == sorted(columns)
    assert len({box.middle for box in drawing.boxes[:4]}) == 1
    assert [frame.label for frame in drawing.frames] == ["europe-west4", "us-central1"]
    assert [line.is_request for line in drawing.lines] == [True, True, True, True, True, False, False]
    assert all(line.is_certain for line in drawing.lines)


def test_one_region_is_on_the_same_line_as_the_service() -> None:
    assert len({box.middle for box in draw(path_of(*CASES["one region"])).boxes}) == 1


def test_a_missing_front_end_is_said_and_what_is_not_known_is_dashed() -> None:
    group = mig()
    drawing = draw(path_of(group, service(Computed((group,)))))
    assert labels(drawing) == ["no front end in this stack", "chat", "mig-us-central1", "not known"]
    assert [line.is_certain for line in drawing.lines] == [False, False, False]


def test_a_count_stands_for_what_has_no_place() -> None:
    groups = labels(draw(path_of(*CASES["many groups"])))
    shown = [f"group-{number:02}" for number in range(MOST_IN_COLUMN - 1)]
    assert groups == ["rule", "proxy", "paths", "chat", *shown, "and 15 more"]
    regions = draw(path_of(*CASES["many regions"]))
    assert [frame.label for frame in regions.frames] == [f"region-{number:02}" for number in range(MOST_REGIONS - 1)]
    assert labels(regions)[-1] == "and 13 more regions"


def test_long_names_keep_both_ends() -> None:
    drawing = draw(path_of(service([], "llm-production-chat-europe")))
    assert labels(drawing)[1] == "llm-produ…t-europe"
