"""The way of a document as lanes: who does which step, what is done, where it is now. Pure geometry.

A list of the same steps in words stands beside it on every page (phones show only that).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from textwrap import shorten, wrap

from models.text import Language
from service.story import Station

WIDTH = 1200
_LABEL, _LEFT, _RIGHT = 132, 176, 44
_LANE, _TOP, _BOX = 84, 26, 56
_CHARACTER = 7.2
"""Pixels of an average letter at 13 px: what decides where a label breaks."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A horizontal band with its name."""

    name: str
    y: float
    height: float
    lines: tuple[tuple[str, float], ...]
    """Its name, broken to fit, each line with its baseline."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step: its class, its lines of text with their baselines, where it stands."""

    at: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Everything the picture is made of."""

    height: float
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]
    """Class and path of each arrow."""
    returns: tuple[str, ...]
    here: str


def draw(way: Sequence[Station], language: Language) -> Drawn:
    """Lay the stations out from left to right, each in the lane of whoever takes it; the parts of a group
    stand one below the other."""
    names = list(dict.fromkeys(s.lane.to(language) for s in way))
    columns = list(dict.fromkeys(s.column for s in way))
    tops = [float(_TOP + i * _LANE) for i in range(len(names))]
    gap = (WIDTH - _LEFT - _RIGHT) / len(columns)
    width = min(gap - 26, 176.0)
    boxes = [
        _box(
            s, _LEFT + columns.index(s.column) * gap, tops[names.index(s.lane.to(language))], width, language
        )
        for s in way
    ]
    arrows = [
        ("flow-done" if at != "next" else "flow", _arrow(one, other))
        for before, after in pairwise(columns)
        for one, (at, other) in product(
            [box for s, box in zip(way, boxes, strict=True) if s.column == before],
            [(s.at, box) for s, box in zip(way, boxes, strict=True) if s.column == after],
        )
    ]
    stood = list(zip(way, boxes, strict=True))
    by_name = {s.column: box for s, box in reversed(stood)} | {s.step.name: box for s, box in stood}
    returns = [
        _return(by_name[s.step.name], by_name[s.step.returns_to]) for s in way if s.step.returns_to in by_name
    ]
    standing = [s.step.label.to(language) for s in way if s.at in ("here", "ret", "wd")]
    return Drawn(
        height=_TOP + len(names) * _LANE + 1,
        lanes=tuple(
            Lane(name, top, _LANE, _broken(name, top)) for name, top in zip(names, tops, strict=True)
        ),
        boxes=tuple(boxes),
        arrows=tuple(arrows),
        returns=tuple(returns),
        here=", ".join(standing),
    )


def _broken(name: str, top: float) -> tuple[tuple[str, float], ...]:
    """A lane's name in at most three lines, in the middle of its head."""
    lines = wrap(name, int((_LABEL - 24) / _CHARACTER))[:3]
    first = top + _LANE / 2 + 4 - (len(lines) - 1) * 8
    return tuple((line, first + n * 16) for n, line in enumerate(lines))


def _box(station: Station, x: float, top: float, width: float, language: Language) -> Box:
    room = int((width - 12) / _CHARACTER)
    condition = station.note.to(language) if station.at == "next" and station.note else ""
    note = station.when or (shorten(condition, room, placeholder=" …") if condition else "")
    label = wrap(station.step.label.to(language), room)[:2]
    count = len(label) + bool(note)
    y = top + (_LANE - _BOX) / 2
    first = y + _BOX / 2 - (count - 1) * 8 + 4.5
    lines = [(text, first + n * 16, "") for n, text in enumerate(label)]
    if note:
        lines.append((note, first + len(label) * 16, "t2"))
    return Box(station.at, x, y, width, _BOX, tuple(lines))


def _arrow(one: Box, other: Box) -> str:
    x1, y1 = one.x + one.width, one.y + one.height / 2
    x2, y2 = other.x, other.y + other.height / 2
    if y1 == y2:
        return f"M{x1:.1f} {y1:.1f}H{x2 - 1:.1f}"
    middle = (x1 + x2) / 2
    return f"M{x1:.1f} {y1:.1f}H{middle:.1f}V{y2:.1f}H{x2 - 1:.1f}"


def _return(one: Box, other: Box) -> str:
    """From the top of a review, above the lanes, down to where it returns to."""
    return f"M{one.x + one.width / 2:.1f} {one.y:.1f}V12H{other.x + other.width / 2:.1f}V{other.y - 1:.1f}"
