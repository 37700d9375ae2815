"""A school year as a picture: a row for each month, its days in their weeks. Pure.

Legible without colour: each kind of day has its own hatching or frame and a letter, each numbered week its
number above its Monday. The page beside it says the same in words. No script, no style, no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple
from xml.etree import ElementTree

from flows.calendar import week_of
from flows.school_days import DAY, SchoolDays
from models.text import Language, Text

CELL, ROW, LEFT, TOP, KEY = 28, 44, 74, 30, 62
COLUMNS = 37
"""Six weeks from Monday, less the days that no month reaches."""
_INK, _SOFT, _LINE = "#1a2030", "#5c6577", "#7f8897"

DAY_LETTERS = tuple(Text(vi, en) for vi, en in zip("234567C", "MTWTFSS", strict=True))


class Kind(NamedTuple):
    """How a kind of day is drawn: fill (a colour or a hatching), letter, and its name in the key."""

    fill: str
    letter: Text
    name: Text


KINDS: dict[str, Kind] = {
    "taught": Kind("#ffffff", Text(" ", " "), Text("Ngày học", "School day")),
    "weekend": Kind("#e6e9ee", Text(" ", " "), Text("Cuối tuần", "Weekend")),
    "break": Kind(
        "url(#break)", Text(" ", " "), Text("Nghỉ (tuần không số)", "Break (week without a number)")
    ),
    "outside": Kind("url(#outside)", Text(" ", " "), Text("Ngoài năm học", "Outside the year")),
    "holiday": Kind("#1a2030", Text("L", "H"), Text("Ngày lễ", "Public holiday")),
    "off": Kind("url(#off)", Text("N", "O"), Text("Trường cho nghỉ", "Day off")),
    "some": Kind("url(#some)", Text("n", "o"), Text("Một số lớp nghỉ", "Some classes off")),
    "makeup": Kind("#ffffff", Text("B", "M"), Text("Dạy bù, dạy chuyển", "Made up or moved to")),
}
TODAY = Text("Hôm nay", "Today")


def kind_of(days: SchoolDays, day: date) -> str:
    """Which of the KINDS a day of a school year is."""
    about = days.changes_on(day)
    if any(change.fills(day) for change in about) and about[-1].fills(day):
        return "makeup"
    if days.is_holiday(day):
        return "holiday"
    if week_of(days.weeks, day) is None and day.weekday() < 5:
        return "break" if days.in_break(day) else "outside"
    if any(change.for_all for change in about):
        return "off"
    if about:
        return "some"
    return "taught" if day.weekday() < 5 else "weekend"


def picture(days: SchoolDays, year: str, today: date, language: Language = "vi") -> bytes:
    """The months of a school year, from that of its first week to that of its last."""
    weeks = [week for week in days.weeks if week.year == year]
    months = list(_months(weeks[0].monday, weeks[-1].sunday))
    width, height = LEFT + COLUMNS * CELL + 6, TOP + len(months) * ROW + KEY
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "font-family": "Segoe UI, Roboto, Noto Sans, Liberation Sans, sans-serif",
            "font-size": "11",
            "fill": _INK,
        },
    )
    title = Text("Năm học {year}", "School year {year}").format(year=year)
    ElementTree.SubElement(root, "title").text = title.to(language)
    _hatchings(root)
    _rect(root, 0, 0, width, height, "#ffffff", stroke="none")
    for column in range(COLUMNS):
        _text(root, LEFT + column * CELL + CELL / 2, 14, DAY_LETTERS[column % 7].to(language), fill=_SOFT)
    for row, first in enumerate(months):
        _month(root, days, first, TOP + row * ROW, today, language)
    _key(root, TOP + len(months) * ROW + 14, language)
    drawn: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return drawn + b"\n"


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)


def _month(
    root: ElementTree.Element, days: SchoolDays, first: date, y: float, today: date, language: Language
) -> None:
    name = Text("Tháng {n}", "{month}").format(n=first.month, month=f"{first:%m/%Y}")
    _text(root, 4, y + 30, name.to(language), anchor="start", weight="600")
    if first.month == 1 or first.month >= 8:
        _text(root, 4, y + 42, str(first.year), anchor="start", fill=_SOFT, size="10")
    day = first
    while day.month == first.month:
        x = LEFT + (first.weekday() + day.day - 1) * CELL
        week = week_of(days.weeks, day)
        if week is not None and (day == week.monday or day.day == 1):
            letter = Text(f"T{week.number}", f"W{week.number}").to(language)
            _text(root, x + 1, y + 12, letter, anchor="start", weight="600", size="10")
            room = min(7 - day.weekday(), ((day.replace(day=28) + 4 * DAY).replace(day=1) - day).days)
            _path(root, f"M{x + 1} {y + 15}h{room * CELL - 3}", _INK)
        _day(root, days, day, x, y + 17, day == today, language)
        day += DAY


def _day(
    root: ElementTree.Element,
    days: SchoolDays,
    day: date,
    x: float,
    y: float,
    today: bool,
    language: Language,
) -> None:
    name = kind_of(days, day)
    kind = KINDS[name]
    dark = name == "holiday"
    _rect(root, x, y, CELL, 24, kind.fill, stroke=_LINE)
    if name == "makeup":
        _rect(root, x + 2, y + 2, CELL - 4, 20, "none", stroke=_INK, width="2.5")
    if today:
        _ring(root, x + 9, y + 12)
    elif kind.fill.startswith("url"):
        _rect(root, x + 2, y + 5, 14, 14, "#ffffff", stroke="none")
    ink = "#ffffff" if dark and not today else _SOFT if name == "weekend" else _INK
    _text(root, x + 9, y + 16, str(day.day), fill=ink)
    if kind.letter.vi.strip():
        if kind.fill.startswith("url"):
            _rect(root, x + 17, y + 5, 9, 14, "#ffffff", stroke="none")
        _text(
            root,
            x + 22,
            y + 16,
            kind.letter.to(language),
            fill="#ffffff" if dark else _INK,
            weight="700",
            size="10",
        )


def _key(root: ElementTree.Element, y: float, language: Language) -> None:
    """What the marks mean."""
    x, line = float(LEFT), y
    for name, kind in KINDS.items():
        words = kind.name.to(language)
        room = 34 + 6.4 * len(words) + 14
        if x + room > LEFT + COLUMNS * CELL:
            x, line = float(LEFT), line + 24
        _rect(root, x, line, CELL, 18, kind.fill, stroke=_LINE)
        if name == "makeup":
            _rect(root, x + 2, line + 2, CELL - 4, 14, "none", stroke=_INK, width="2.5")
        if kind.letter.vi.strip():
            if kind.fill.startswith("url"):
                _rect(root, x + 8, line + 3, 9, 12, "#ffffff", stroke="none")
            ink = "#ffffff" if name == "holiday" else _INK
            _text(root, x + CELL / 2, line + 13, kind.letter.to(language), fill=ink, weight="700", size="10")
        _text(root, x + CELL + 6, line + 13, words, anchor="start")
        x += room
    if x + 90 > LEFT + COLUMNS * CELL:
        x, line = float(LEFT), line + 24
    _ring(root, x + 9, line + 9)
    _text(root, x + 24, line + 13, TODAY.to(language), anchor="start")


def _ring(root: ElementTree.Element, x: float, y: float) -> None:
    ElementTree.SubElement(
        root, "circle",
        {"cx": f"{x:g}", "cy": f"{y:g}", "r": "8.5", "fill": "#ffffff", "stroke": _INK, "stroke-width": "2"},
    )  # fmt: skip


def _hatchings(root: ElementTree.Element) -> None:
    defs = ElementTree.SubElement(root, "defs")
    ways = {"break": "M0 8L8 0", "off": "M0 8L8 0M0 0L8 8", "some": "M0 2h8", "outside": "M3 3h1"}
    for name, way in ways.items():
        box = {"id": name, "width": "8", "height": "8", "patternUnits": "userSpaceOnUse"}
        pattern = ElementTree.SubElement(defs, "pattern", box)
        _rect(pattern, 0, 0, 8, 8, "#ffffff", stroke="none")
        _path(pattern, way, _SOFT)


def _rect(
    root: ElementTree.Element, x: float, y: float, width_: float, height: float, fill: str, *, stroke: str,
    width: str = "1",
) -> None:  # fmt: skip
    ElementTree.SubElement(
        root, "rect",
        {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width_:g}", "height": f"{height:g}", "fill": fill,
         "stroke": stroke, "stroke-width": width},
    )  # fmt: skip


def _path(root: ElementTree.Element, d: str, colour: str) -> None:
    ElementTree.SubElement(root, "path", {"d": d, "fill": "none", "stroke": colour, "stroke-width": "1.5"})


def _text(
    root: ElementTree.Element, x: float, y: float, words: str, *, anchor: str = "middle", fill: str = _INK,
    weight: str = "400", size: str = "11",
) -> None:  # fmt: skip
    ElementTree.SubElement(
        root, "text",
        {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "fill": fill, "font-weight": weight,
         "font-size": size},
    ).text = words  # fmt: skip
