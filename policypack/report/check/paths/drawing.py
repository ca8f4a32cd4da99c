"""Where the parts of a serving path stand in its picture: boxes and lines, in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policypack.report.check.paths.serving_path import Edge, Node, NodeKind, ServingPath
from policypack.wording import printable, shortened

# How many nodes one column, or one region, shows; a count stands for the others.
MOST_IN_COLUMN: Final = 6
_MOST_BEHIND: Final = 10
MOST_REGIONS: Final = 8

BOX_WIDTH: Final = 168
BOX_HEIGHT: Final = 70
_COLUMN_GAP: Final = 30
_ROW_GAP: Final = 14
_PADDING: Final = 9
_HEADING: Final = 20
_MARGIN: Final = 2
_LABEL_LENGTH: Final = 18
_DETAIL_LENGTH: Final = 24
_FRONT: Final[tuple[NodeKind, ...]] = ("front end", "target proxy", "URL map", "route")


@dataclass(frozen=True)
class Box:
    """A node, or a remark in the place of nodes, at its place.

    Attributes:
        x: the left edge.
        y: the upper edge.
        node: the node; `None` for a remark.
        label: the node's name as it fits, or the remark.
        detail: the node's detail as it fits.
    """

    x: float
    y: float
    node: Node | None
    label: str
    detail: str = ""

    @property
    def middle(self) -> float:
        return self.y + BOX_HEIGHT / 2


@dataclass(frozen=True)
class Frame:
    """A region around its backends."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Line:
    """A connection.

    Attributes:
        path: the data of an SVG path.
        is_request: requests take it; otherwise it says what a part is configured with.
        is_certain: it is certain.
    """

    path: str
    is_request: bool
    is_certain: bool


@dataclass(frozen=True)
class Drawing:
    """The picture of one serving path."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    frames: tuple[Frame, ...]
    lines: tuple[Line, ...]


def draw(path: ServingPath) -> Drawing:
    """Lays out a path from left to right: front ends, proxies, URL maps, the service, regions, machines."""
    columns = [
        *_front_columns(path),
        _service_column(path),
        _region_column(path),
        _centered(path.behind_backends, _MOST_BEHIND),
    ]
    filled = [column for column in columns if column.boxes]
    axis = _MARGIN + max(column.axis for column in filled)
    height = axis + max(column.height - column.axis for column in filled) + _MARGIN
    boxes, frames, x = list[Box](), list[Frame](), float(_MARGIN)
    for column in filled:
        top = axis - column.axis
        boxes += [Box(x + box.x, top + box.y, box.node, box.label, box.detail) for box in column.boxes]
        frames += [Frame(x + frame.x, top + frame.y, frame.width, frame.height, frame.label) for frame in column.frames]
        x += column.width + _COLUMN_GAP
    width = x - _COLUMN_GAP + _MARGIN
    return Drawing(width, height, tuple(boxes), tuple(frames), tuple(_lines(path, boxes)))


@dataclass(frozen=True)
class _Column:
    """A column whose upper left corner is at 0, 0; all columns have their `axis` at the same height."""

    boxes: tuple[Box, ...]
    height: float
    axis: float
    frames: tuple[Frame, ...] = ()
    width: float = BOX_WIDTH


def _front_columns(path: ServingPath) -> list[_Column]:
    front, *others = (_centered(path.of_kind(kind)) for kind in _FRONT)
    if not front.boxes:
        front = _Column((Box(0, 0, None, "no front end in this stack"),), BOX_HEIGHT, BOX_HEIGHT / 2)
    return [front, *others]


def _centered(nodes: Sequence[Node], most: int = MOST_IN_COLUMN) -> _Column:
    boxes = _stacked(nodes, most=most)
    height = _bottom(boxes)
    return _Column(boxes, height, height / 2)


def _stacked(nodes: Sequence[Node], x: float = 0, y: float = 0, *, most: int = MOST_IN_COLUMN) -> tuple[Box, ...]:
    return tuple(
        Box(x, y + number * (BOX_HEIGHT + _ROW_GAP), *_texts(node)) for number, node in enumerate(_shown(nodes, most))
    )


def _bottom(boxes: Sequence[Box]) -> float:
    return boxes[-1].y + BOX_HEIGHT if boxes else 0


def _shown(nodes: Sequence[Node], most: int) -> list[Node | str]:
    if len(nodes) <= most:
        return list(nodes)
    return [*nodes[: most - 1], f"and {len(nodes) - most + 1} more"]


def _texts(node: Node | str) -> tuple[Node | None, str, str]:
    if isinstance(node, str):
        return None, node, ""
    # Why something is not known takes a sentence, which the picture has no place for.
    detail = node.detail if len(node.detail) <= _DETAIL_LENGTH or node.urn else ""
    return node, shortened(printable(node.label), _LABEL_LENGTH), shortened(printable(detail), _DETAIL_LENGTH)


def _service_column(path: ServingPath) -> _Column:
    """The service on the axis, so that requests go straight; policies above it, its health check below."""
    policies = [*path.of_kind("security policy"), *path.of_kind("policy")]
    above = _shown(policies, MOST_IN_COLUMN)
    boxes = _stacked([*policies, path.service, *path.balancing_checks])
    return _Column(boxes, _bottom(boxes), len(above) * (BOX_HEIGHT + _ROW_GAP) + BOX_HEIGHT / 2)


def _region_column(path: ServingPath) -> _Column:
    boxes, frames, y = list[Box](), list[Frame](), 0.0
    width = BOX_WIDTH + 2 * _PADDING
    regions = path.regions if len(path.regions) <= MOST_REGIONS else path.regions[: MOST_REGIONS - 1]
    for region in regions:
        inside = _stacked(path.in_region(region), _PADDING, y + _HEADING + _PADDING)
        boxes += inside
        frames.append(Frame(0, y, width, _bottom(inside) - y + _PADDING, shortened(printable(region), _LABEL_LENGTH)))
        y = _bottom(inside) + _PADDING + _ROW_GAP
    if len(regions) < len(path.regions):
        boxes.append(Box(_PADDING, y, None, f"and {len(path.regions) - len(regions)} more regions"))
        y += BOX_HEIGHT + _ROW_GAP
    height = max(y - _ROW_GAP, 0)
    # The axis goes through the middle of the backends, not of the frames with their headings.
    return _Column(tuple(boxes), height, (height + _HEADING) / 2 if boxes else 0, tuple(frames), width)


def _lines(path: ServingPath, boxes: Sequence[Box]) -> list[Line]:
    places = {box.node.key: box for box in boxes if box.node}
    lines = [_line(edge, places[edge.source], places[edge.target]) for edge in _drawn(path, places)]
    if not path.of_kind("front end"):
        first = next(node for kind in (*_FRONT, "backend service") for node in path.of_kind(kind))
        lines.insert(0, Line(_curve(boxes[0], places[first.key]), is_request=True, is_certain=False))
    return lines


def _drawn(path: ServingPath, places: dict[str, Box]) -> list[Edge]:
    return [edge for edge in path.edges if edge.source in places and edge.target in places]


def _line(edge: Edge, source: Box, target: Box) -> Line:
    is_request = target.node is not None and target.node.kind in (*_FRONT, "backend service", "backend")
    return Line(_curve(source, target), is_request, edge.is_certain)


def _curve(source: Box, target: Box) -> str:
    if source.x == target.x:
        x, upper, lower = source.x + BOX_WIDTH / 2, *sorted((source, target), key=lambda box: box.y)
        return f"M{x:g} {upper.y + BOX_HEIGHT:g}V{lower.y:g}"
    left, right = sorted((source, target), key=lambda box: box.x)
    start, end = left.x + BOX_WIDTH, right.x
    half = (start + end) / 2
    if left.middle == right.middle:
        return f"M{start:g} {left.middle:g}H{end:g}"
    return f"M{start:g} {left.middle:g}C{half:g} {left.middle:g} {half:g} {right.middle:g} {end:g} {right.middle:g}"
