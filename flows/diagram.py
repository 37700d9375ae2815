"""A document type as a drawn process: lanes of who acts, tasks, gateways, flows, and their places. Pure.

The elements (`flows/process_graph.py`) follow BPMN 2.0; `flows/export.py` writes them as BPMN XML,
`flows/svg.py` as SVG: one picture. Lengths are pixels, from the upper left corner. Every return has a channel
of its own above the tasks of the first lane, and what is skipped is passed by above its lane's tasks, so
nothing lies over anything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.grammar import Acknowledge, Decision, DocumentType, Respond
from flows.process_graph import Graph, Kind, Link, Spot, Way
from models.text import Text

TASK, TALL, GATE, EVENT, GAP = 112.0, 64.0, 40.0, 32.0, 28.0
ASKED = 16.0
"""More room after a gateway, for the name of the flow."""
LEFT, TOP, BAND, HEAD = 10.0, 10.0, 30.0, 30.0
"""The pool's corner; the width of the pool's name and of a lane's name, turned by 90 degrees."""
ROOM, CHANNEL = 24.0, 14.0
"""Free space above and below a lane's tasks; the height of a return's channel in the first lane."""
NOTE_WIDTH, NOTE_LINE, NOTE_LETTER = 520.0, 16.0, 6.1

GATEWAYS = ("gateway", "parallel", "complex")


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
    name: Text | None
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
    way: Way = "on"
    name: Text | None = None

    @property
    def back(self) -> bool:
        """Does it lead back?"""
        return self.way == "back"


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
        return max(self.pool.right, self.note.right) + LEFT

    @property
    def height(self) -> float:
        return self.note.bottom + TOP

    def node(self, id_: str) -> Node:
        return next(n for n in self.nodes if n.id == id_)


def diagram(declared: DocumentType) -> Diagram:
    """Lay a declaration out from left to right."""
    graph = Graph(declared)
    names = list(dict.fromkeys(spot.lane for spot in graph.spots))
    slots = _slots(graph.spots)
    returns = [link for link in graph.links if link.way == "back"]
    room = CHANNEL * len(returns)
    deep = [1 + max(slots[s.id] for s in graph.spots if s.lane == name) for name in names]
    heights = [n * (TALL + ROOM) + ROOM + (room if lane == 0 else 0) for lane, n in enumerate(deep)]
    tops = [TOP + sum(heights[:n]) for n in range(len(names))]
    lefts = _columns(graph.spots)
    nodes = []
    for spot in graph.spots:
        lane = names.index(spot.lane)
        first = tops[lane] + heights[lane] - deep[lane] * (TALL + ROOM) + TALL / 2
        width, height = _size(spot.kind)
        at = Rect(lefts[spot.column], first + slots[spot.id] * (TALL + ROOM) - height / 2, width, height)
        nodes.append(Node(spot.id, spot.kind, spot.name, lane, at, spot.says, spot.signs))
    width = nodes[-1].at.right + GAP - LEFT
    pool = Rect(LEFT, TOP, width, sum(heights))
    notes = tuple(_notes(declared))
    return Diagram(
        slug=declared.slug,
        name=declared.name,
        pool=pool,
        lanes=tuple(
            Lane(f"Lane_{n + 1}", name, Rect(LEFT + BAND, tops[n], width - BAND, heights[n]))
            for n, name in enumerate(names)
        ),
        nodes=tuple(nodes),
        flows=tuple(_flows(nodes, graph.links)),
        notes=notes,
        note=Rect(LEFT, pool.bottom + TOP, _wide(notes), NOTE_LINE * len(notes) + 12),
    )


def _size(kind: Kind) -> tuple[float, float]:
    if kind in GATEWAYS:
        return GATE, GATE
    return (EVENT, EVENT) if kind in ("start", "end") else (TASK, TALL)


def _slots(spots: Sequence[Spot]) -> dict[str, int]:
    """The parts of a group that stand in the same lane, one below the other; all else in the first row."""
    taken: dict[tuple[int, Text], int] = {}
    found = {}
    for spot in spots:
        key = (spot.column, spot.lane)
        found[spot.id] = taken[key] = taken.get(key, -1) + 1
    return found


def _columns(spots: Sequence[Spot]) -> Mapping[int, float]:
    """The left edge of every column."""
    x, found = LEFT + BAND + HEAD + GAP, {}
    for spot in sorted(spots, key=lambda spot: spot.column):
        if spot.column not in found:
            found[spot.column] = x
            x += _size(spot.kind)[0] + GAP + (ASKED if spot.kind == "gateway" else 0)
    return found


def _wide(notes: Sequence[Text]) -> float:
    """Room for the longest line in either language."""
    return max([NOTE_WIDTH, *(NOTE_LETTER * max(len(note.vi), len(note.en)) + 16 for note in notes)])


def _notes(declared: DocumentType) -> Iterator[Text]:
    """What no flow shows: the ways a step may be taken, how a document ends otherwise. (Limits are each
    school's own, so not drawn.)"""
    for step in declared.leaves:
        if isinstance(step, Respond):
            yield Text(f"{step.label.vi}: {_ANSWERS.vi}", f"{step.label.en}: {_ANSWERS.en}")
        elif isinstance(step, Decision):
            named = [choice.label for choice in step.choices]
            yield Text(
                f"{step.label.vi}: {' / '.join(n.vi for n in named)}.",
                f"{step.label.en}: {' / '.join(n.en for n in named)}.",
            )
        elif isinstance(step, Acknowledge) and step.refusal_of and step.returns_to:
            yield Text(
                f"{step.label.vi}: trả lại thì chỉ bỏ việc không ký, chữ ký khác vẫn giữ.",
                f"{step.label.en}: a return undoes the refusal alone, other signatures stay.",
            )
    if declared.recorded:
        yield Text(
            "Hệ thống lập hồ sơ này; người lập mở lại được cho đến khi ký.",
            "Made by the system; its author may open it again until it is signed.",
        )
    elif declared.about_someone:
        yield Text(
            "Người soạn có thể rút lại cho đến khi người được nêu trả lời.",
            "The author may withdraw it until the person concerned has answered.",
        )
    elif declared.reviewed:
        yield Text(
            "Người soạn có thể rút lại cho đến khi được ký duyệt.",
            "The author may withdraw it until it is approved.",
        )
    else:
        yield Text("Người soạn có thể bỏ cho đến khi ký.", "The author may drop it until it is signed.")


_ANSWERS = Text(
    "ký đồng ý / ký kèm ý kiến / không ký, có người chứng kiến.",
    "signs in agreement / signs with a statement / refuses, before a witness.",
)


def _flows(nodes: Sequence[Node], links: Sequence[Link]) -> Iterator[Flow]:
    by_id = {node.id: node for node in nodes}
    returns = [link for link in links if link.way == "back"]
    for link in links:
        one, other = by_id[link.source], by_id[link.target]
        if link.way == "skip":
            points = _over(one.at, other.at)
        elif link.way == "back":
            points = _back(one.at, other, returns.index(link), len(returns))
        else:
            points = _onward(one.at, other.at)
        yield Flow(link.id, link.source, link.target, points, link.way, link.name)


def _back(one: Rect, other: Node, number: int, count: int) -> tuple[tuple[float, float], ...]:
    """Up to a channel of its own and down again; the last to leave takes the highest channel.

    Several returns to one task come down beside each other.
    """
    channel = TOP + CHANNEL * (count - number)
    aside = 0.0 if other.kind in GATEWAYS else (number - (count - 1) / 2) * 12
    entry = other.at.middle[0] - aside
    return (
        (one.middle[0], one.y),
        (one.middle[0], channel),
        (entry, channel),
        (entry, other.at.y),
    )


def _over(one: Rect, other: Rect) -> tuple[tuple[float, float], ...]:
    """Past the tasks of its own lane, above them, and into what comes after."""
    (x, middle), bend = one.middle, other.x - GAP / 2
    above = middle - TALL / 2 - ROOM / 2
    return (x, one.y), (x, above), (bend, above), (bend, other.middle[1]), (other.x, other.middle[1])


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
    return Rect(x + 1, y - 16, 34, 14) if flow.way == "on" else Rect(x + 4, y - 20, 42, 14)
