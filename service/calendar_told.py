"""An entry of the calendar in words: what, for whom, which days, why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from flows.deadlines import WEEKDAYS
from models.school import CalendarChange, SchoolClass
from models.text import Text
from service import words


@dataclass(frozen=True, slots=True)
class Told:
    """An entry in words."""

    id: str
    what: Text
    scope: Text
    days: Text
    reason: Text
    taken_back: bool


def told(session: Session, row: CalendarChange) -> Told:
    """The entry in words, while its session is open."""
    classes = session.exec(select(SchoolClass).where(col(SchoolClass.id).in_(row.classes))).all()
    return Told(
        row.id,
        what_of(row),
        names_of_scope(row, classes),
        words.day(row.first_day)
        if row.first_day == row.last_day
        else words.same(f"{row.first_day:%d/%m/%Y} – {row.last_day:%d/%m/%Y}"),
        Text(row.reason, row.reason_en or row.reason),
        row.void_from is not None,
    )


def what_of(row: CalendarChange) -> Text:
    """What happens on its days."""
    if row.taught_on is not None:
        sentence = Text("Tiết của ngày này dạy vào {day}", "This day's lessons are taught on {day}")
        name = WEEKDAYS[row.taught_on.weekday()]
        day = f"{row.taught_on:%d/%m/%Y}"
        return sentence.format(day=Text(f"{name.vi} {day}", f"{name.en} {day}"))
    return Text("Nghỉ lễ", "Public holiday") if row.kind == "holiday" else Text("Nghỉ học", "No school")


def names_of_scope(row: CalendarChange, classes: Iterable[SchoolClass]) -> Text:
    """For whom a row is, in words."""
    if not row.grades and not row.classes:
        return Text("Cả trường", "The whole school")
    names = sorted(c.name for c in classes if c.id in row.classes)
    vi = [*(f"khối {n}" for n in row.grades), *(f"lớp {name}" for name in names)]
    en = [*(f"grade {n}" for n in row.grades), *(f"class {name}" for name in names)]
    return Text(_sentence(vi), _sentence(en))


def _sentence(parts: list[str]) -> str:
    """Only the first letter: `capitalize` would make class 3A one of 3a."""
    joined = ", ".join(parts) or "–"
    return joined[:1].upper() + joined[1:]
