"""A document type as a drawn process: lanes of who acts, tasks, decisions, flows, and their places. Pure.

The elements follow BPMN 2.0; `flows/export.py` writes them as BPMN XML, `flows/svg.py` as SVG: one picture.
Lengths are pixels, from the upper left corner. Every step has a column of its own and every return a channel
of its own above the tasks of the first lane, so nothing lies over anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from flows.grammar import DocumentType, Review, Step
from models.text import Text

Kind = Literal["start", "user", "service", "gateway", "end"]

TASK, TALL, GATE, EVENT, GAP = 112.0, 64.0, 40.0, 32.0, 28.0
LEFT, TOP, BAND, HEAD = 10.0, 10.0, 30.0, 30.0
"""The pool's corner; the width of the pool's name and of a lane's name, turned by 90 degrees."""
ROOM, CHANNEL = 24.0, 14.0
"""Free space above and below a lane's tasks; the height of a return's channel in the first lane."""
NOTE_WIDTH, NOTE_LINE = 520.0, 16.0

MACHINE = Text("Hệ thống", "System")
BEGIN = Text("Bắt đầu", "Begin")
ENDED = Text("Đã lưu trữ", "Archived")
YES = Text("duyệt", "approved")
NO = Text("trả lại", "returned")
ASK = Text("Duyệt?", "Approved?")


@dataclass(frozen=True, slots=True)
class Rect:
    """Where something stands."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def overlaps(self, other: Rect) -> bool:
        """Do they share more than an edge?"""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A task, a decision or an event. `says` is what it does, in a sentence or none."""

    id: str
    kind: Kind
    name: Text
    lane: int
    at: Rect
    says: Text | None = None
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """The way from one node to another, with the corners of its line."""

    id: str
    source: str
    target: str
    points: tuple[tuple[float, float], ...]
    name: Text | None = None

    @property
    def back(self) -> bool:
        """Does it lead back?"""
        return self.points[-1][0] < self.points[0][0]


@dataclass(frozen=True, slots=True)
class Lane:
    """Everything one post does."""

    id: str
    name: Text
    at: Rect


@dataclass(frozen=True, slots=True)
class Diagram:
    """One type's process, laid out."""

    slug: str
    name: Text
    pool: Rect
    lanes: tuple[Lane, ...]
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]
    notes: tuple[Text, ...]
    note: Rect

    @property
    def width(self) -> float:
        return self.pool.right + LEFT

    @property
    def height(self) -> float:
        return self.note.bottom + TOP

    def node(self, id_: str) -> Node:
        return next(n for n in self.nodes if n.id == id_)


def diagram(declared: DocumentType) -> Diagram:
    """Lay a declaration out from left to right."""
    names = [step.by.name if step.by else MACHINE for step in declared.steps]
    lanes = list(dict.fromkeys(names))
    returns = [s for s in declared.steps if isinstance(s, Review)]
    heights = [TALL + 2 * ROOM + (CHANNEL * len(returns) if n == 0 else 0) for n in range(len(lanes))]
    tops = [TOP + sum(heights[:n]) for n in range(len(lanes))]
    rows = [top + height - ROOM - TALL / 2 for top, height in zip(tops, heights, strict=True)]
    nodes = tuple(_nodes(declared, [lanes.index(name) for name in names], rows))
    width = nodes[-1].at.right + GAP - LEFT
    pool = Rect(LEFT, TOP, width, sum(heights))
    notes = tuple(_notes(declared))
    return Diagram(
        slug=declared.slug,
        name=declared.name,
        pool=pool,
        lanes=tuple(
            Lane(f"Lane_{n + 1}", name, Rect(LEFT + BAND, tops[n], width - BAND, heights[n]))
            for n, name in enumerate(lanes)
        ),
        nodes=nodes,
        flows=tuple(_flows(nodes, returns)),
        notes=notes,
        note=Rect(LEFT, pool.bottom + TOP, NOTE_WIDTH, NOTE_LINE * len(notes) + 12),
    )


def _nodes(declared: DocumentType, lanes: Sequence[int], rows: Sequence[float]) -> Iterator[Node]:
    """Each step's task, a review's decision after it, and the two ends."""
    x = LEFT + BAND + HEAD + GAP

    def place(lane: int, width: float, height: float) -> Rect:
        nonlocal x
        at = Rect(x, rows[lane] - height / 2, width, height)
        x = at.right + GAP
        return at

    yield Node("Start", "start", BEGIN, lanes[0], place(lanes[0], EVENT, EVENT))
    for step, lane in zip(declared.steps, lanes, strict=True):
        kind: Kind = "user" if step.by else "service"
        at = place(lane, TASK, TALL)
        yield Node(f"Task_{step.name}", kind, step.label, lane, at, _says(step), step.signs)
        if isinstance(step, Review):
            yield Node(f"Gateway_{step.name}", "gateway", ASK, lane, place(lane, GATE, GATE))
    yield Node("End", "end", ENDED, lanes[-1], place(lanes[-1], EVENT, EVENT))


def _says(step: Step) -> Text:
    """Who takes the step and with what kind of act."""
    if step.by is None:
        return Text(
            "Hệ thống kiểm tra mọi chữ ký, đóng dấu thời gian và lưu trữ.",
            "The system validates every signature, time-stamps and archives.",
        )
    name = step.by.name
    if step.signs:
        return Text(f"{name.vi} ký số.", f"Digital signature of the {name.en.lower()}.")
    return Text(f"{name.vi} thực hiện.", f"Done by the {name.en.lower()}.")


def _notes(declared: DocumentType) -> Iterator[Text]:
    """What no flow shows: how a document ends otherwise. (Limits are each school's own, so not drawn.)"""
    if declared.reviewed:
        yield Text(
            "Người soạn có thể rút lại cho đến khi được ký duyệt.",
            "The author may withdraw it until it is approved.",
        )
    else:
        yield Text("Người soạn có thể bỏ cho đến khi ký.", "The author may drop it until it is signed.")


def _flows(nodes: Sequence[Node], returns: Sequence[Review]) -> Iterator[Flow]:
    for one, other in pairwise(nodes):
        name = YES if one.kind == "gateway" else None
        yield Flow(f"Flow_{one.id}_{other.id}", one.id, other.id, _onward(one.at, other.at), name)
    by_id = {node.id: node for node in nodes}
    # Several returns to one task come down beside each other; the last to leave takes the highest channel.
    for number, step in enumerate(returns):
        gate, target = by_id[f"Gateway_{step.name}"], by_id[f"Task_{step.returns_to}"]
        channel = TOP + CHANNEL * (len(returns) - number)
        entry = target.at.middle[0] - (number - (len(returns) - 1) / 2) * 12
        points = (
            (gate.at.middle[0], gate.at.y),
            (gate.at.middle[0], channel),
            (entry, channel),
            (entry, target.at.y),
        )
        yield Flow(f"Return_{step.name}", gate.id, target.id, points, NO)


def _onward(one: Rect, other: Rect) -> tuple[tuple[float, float], ...]:
    """Straight on, or over to another lane in the gap before the next column."""
    begin, end = (one.right, one.middle[1]), (other.x, other.middle[1])
    if begin[1] == end[1]:
        return begin, end
    bend = other.x - GAP / 2
    return begin, (bend, begin[1]), (bend, end[1]), end


def below(at: Rect) -> Rect:
    """Room for a name under an event or a decision."""
    return Rect(at.middle[0] - 30, at.bottom + 3, 60, 14)


def beside(flow: Flow) -> Rect:
    """Room for a flow's name: over its beginning, or beside the line that goes back."""
    x, y = flow.points[0]
    return Rect(x + 4, y - 20, 42, 14) if flow.back else Rect(x + 1, y - 16, 34, 14)
