"""A document type as a process of BPMN 2.0: tasks, gateways, events and the flows between them. Pure.

What stands where in a picture is said in `flows/diagram.py`. Every node has a column of its own; only the
parts of a group share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flows.grammar import DocumentType, Parallel, Review, Step
from models.text import Text

Kind = Literal["start", "user", "service", "gateway", "parallel", "complex", "end"]
"""`gateway` is exclusive; `complex` goes on when enough of its ways have arrived."""
Way = Literal["on", "skip", "back"]

MACHINE = Text("Hệ thống", "System")
BEGIN = Text("Bắt đầu", "Begin")
ENDED = Text("Đã lưu trữ", "Archived")
APPROVED = Text("duyệt", "approved")
RETURNED = Text("trả lại", "returned")
ASK = Text("Duyệt?", "Approved?")
GOES_ON = Text("Đi tiếp?", "Goes on?")
YES = Text("có", "yes")
NO = Text("không", "no")


@dataclass(frozen=True, slots=True)
class Spot:
    """A node: in the lane of whoever it is named after; `says` is what it does, in a sentence or none."""

    id: str
    kind: Kind
    name: Text | None
    lane: Text
    column: int
    says: Text | None = None
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A flow. `skip` leads over a step that is not taken, `back` to an earlier one."""

    id: str
    source: str
    target: str
    way: Way = "on"
    name: Text | None = None


class Graph:
    """The nodes and flows of one type, put together from its first step to its last."""

    def __init__(self, declared: DocumentType) -> None:
        self.spots: list[Spot] = []
        self.links: list[Link] = []
        self._returns: list[Link] = []
        self._entries: dict[str, str] = {}
        self._ahead: list[tuple[str, Text | None, Way]] = []
        self._back = {step.returns_to for step in declared.leaves if step.returns_to}
        self._column = 0
        self._put(Spot("Start", "start", BEGIN, _lane(declared.leaves[0]), 0))
        for station in declared.steps:
            self._station(station)
        self._put(Spot("End", "end", ENDED, _lane(declared.leaves[-1]), self._column))
        self.links += self._returns

    def _put(self, spot: Spot) -> None:
        """A node in a column of its own, reached from whatever leads on."""
        self.spots.append(spot)
        for source, name, way in self._ahead:
            kind = "Skip" if way == "skip" else "Flow"
            self.links.append(Link(f"{kind}_{source}_{spot.id}", source, spot.id, way, name))
        self._ahead = [(spot.id, None, "on")]
        self._column += 1

    def _station(self, station: Step) -> None:
        lane, name = _lane(station.leaves[0]), station.name
        skipped: list[tuple[str, Text | None, Way]] = []
        if station.when:
            question = Text(f"{station.when.words.vi}?", f"{station.when.words.en}?")
            self._put(Spot(f"When_{name}", "gateway", question, lane, self._column))
            skipped = [(f"When_{name}", NO, "skip")]
            self._ahead = [(f"When_{name}", YES, "on")]
        if isinstance(station, Parallel):
            self._group(station, lane)
        else:
            self._entries[name] = f"Task_{name}"
            self._put(_task(station, self._column))
        back = list(dict.fromkeys(step.returns_to for step in station.leaves if step.returns_to))
        if back:
            plain = all(isinstance(step, Review) for step in station.leaves)
            gate = f"Gateway_{name}"
            self._put(Spot(gate, "gateway", ASK if plain else GOES_ON, lane, self._column))
            self._ahead = [(gate, APPROVED if plain else YES, "on")]
            for number, target in enumerate(back):
                id_ = f"Return_{name}" if not number else f"Return_{name}_{number}"
                self._returns.append(Link(id_, gate, self._entries[target], "back", RETURNED))
        self._ahead += skipped

    def _group(self, group: Parallel, lane: Text) -> None:
        """A fork, the parts one below the other, a join; a merge before it where several ways lead there."""
        fork, join = f"Fork_{group.name}", f"Join_{group.name}"
        self._entries[group.name] = fork
        if len(self._ahead) > 1 or group.name in self._back:
            self._entries[group.name] = f"Merge_{group.name}"
            self._put(Spot(f"Merge_{group.name}", "gateway", None, lane, self._column))
        self._put(Spot(fork, "parallel", None, lane, self._column))
        tasks = [_task(part, self._column) for part in group.parts]
        self.spots += tasks
        self.links += [Link(f"Flow_{fork}_{task.id}", fork, task.id) for task in tasks]
        self._column += 1
        self._ahead = [(task.id, None, "on") for task in tasks]
        count = len(group.parts)
        whole = group.enough == count
        enough = None if whole else Text(f"đủ {group.enough}/{count}", f"{group.enough} of {count}")
        self._put(Spot(join, "parallel" if whole else "complex", enough, lane, self._column))


def _lane(step: Step) -> Text:
    return step.by.name if step.by else MACHINE


def _task(step: Step, column: int) -> Spot:
    kind: Kind = "service" if step.automatic else "user"
    return Spot(f"Task_{step.name}", kind, step.label, _lane(step), column, _says(step), step.signs)


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
