"""What the timetable already knows, written into a draft: date, class, subject and periods of each lesson.

Nothing typed is overwritten: a lesson that stands keeps every answer it has, only empty ones are filled in;
lessons the draft lacks are added; forms nothing was written in yet give their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from flows import drafts, timetable
from flows.bodies import refuse_beside_a_file
from flows.catalogue import type_of
from flows.copying import untouched
from flows.fields import Repeated
from flows.grammar import DocumentType
from flows.office import Office
from flows.people import Actor
from flows.timetable import Period
from models.document import Document
from models.errors import Fault, Invalid, NotFound, TooLarge
from models.school import SchoolWeek, TimetableEntry
from models.text import Text

NEEDED = {"day", "class", "subject"}
"""Kinds of answers a row must have for the timetable to know it."""


def fillable(declared: DocumentType) -> Repeated | None:
    """The rows of a type the timetable can fill; None when it has none."""
    for part in declared.form.fields:
        if isinstance(part, Repeated) and {f.kind for f in part.fields} >= NEEDED:
            return part
    return None


def stands_in_timetable(session: Session, actor: Actor) -> bool:
    """Does any timetable of the school name this person?"""
    mine = select(TimetableEntry.account_id).where(
        col(TimetableEntry.school_id) == actor.school_id, col(TimetableEntry.account_id) == actor.id
    )
    return session.exec(mine.limit(1)).first() is not None


def from_timetable(
    office: Office, actor: Actor, document_id: str, content_version: int
) -> tuple[Document, int]:
    """Fill a draft from its author's timetable; how many rows were added.

    Invalid when the draft has no week yet or the timetable nothing for this person in it; WrongStep
    while a file is the content; TooLarge beyond the form's limit; else the refusals of `drafts.save`.
    """
    with office.db.read() as session:
        document = session.get(Document, document_id)
        if document is None or document.school_id != actor.school_id or document.owner_id != actor.id:
            raise NotFound
        refuse_beside_a_file(session, document_id)
        declared = type_of(document.type)
        part = fillable(declared)
        if part is None:
            raise NotFound
        periods = [
            period
            for week in _weeks(session, declared, document)
            for period in timetable.of_teacher(session, actor.school_id, actor.id, week)
        ]
        stored = document.fields.get(part.name) or []
    if not periods:
        raise Invalid(_NOTHING, (Fault("", _NOTHING),))
    rows, added = fill(part, stored, periods)
    if len(rows) > part.most:
        raise TooLarge(
            Text(
                f"Thời khóa biểu thêm {added} mục thì bản nháp có {len(rows)} mục, nhiều nhất {part.most}.",
                f"With {added} more from the timetable the draft has {len(rows)} items, at most {part.most}.",
            )
        )
    values = dict(document.fields) | {part.name: rows}
    return drafts.save(office, actor, document_id, content_version, values)[0], added


_NOTHING = Text(
    "Thời khóa biểu không có tiết nào của tài khoản này trong tuần đã chọn. Xem lại tuần, hoặc nhờ quản trị "
    "nhập thời khóa biểu.",
    "The timetable has no period of this account in the chosen week. Look at the week again, or ask the "
    "administrator to enter the timetable.",
)


def _weeks(session: Session, declared: DocumentType, document: Document) -> Sequence[SchoolWeek]:
    """The teaching weeks the draft covers, in order."""
    first = session.get(SchoolWeek, document.week_id) if document.week_id else None
    if first is None:
        sentence = Text("Chọn tuần trước.", "Choose the week first.")
        raise Invalid(sentence, (Fault(declared.week_field, sentence, missing=True),))
    last = session.get(SchoolWeek, document.last_week_id) if document.last_week_id else None
    return session.exec(
        select(SchoolWeek)
        .where(
            col(SchoolWeek.school_id) == document.school_id,
            col(SchoolWeek.monday) >= first.monday,
            col(SchoolWeek.monday) <= (last or first).monday,
        )
        .order_by(col(SchoolWeek.monday))
    ).all()


@dataclass(slots=True)
class _Taught:
    """One lesson the timetable has: a period, or periods of the same subject one after another."""

    first: Period
    periods: int = 1


def fill(
    part: Repeated, stored: Sequence[Mapping[str, Any]], periods: Sequence[Period]
) -> tuple[list[dict[str, Any]], int]:
    """The rows with what the timetable has beside them, in the order of the week, and how many are new.

    A form whose rows are single periods gets each period; one that counts periods gets double ones joined.
    """
    names = {f.kind: f.name for f in part.fields}
    single = {"session", "period"} <= {f.name for f in part.fields}
    open_ = [_Taught(p) for p in periods] if single else _joined(periods)
    rows = [dict(row) for row in stored if not untouched(part, row)]
    order: dict[int, int] = {}
    for exactly in (True, False):  # rows with a date first, so that they keep theirs
        for row in rows:
            if id(row) in order or bool(row.get(names["day"])) != exactly:
                continue
            found = next((t for t in open_ if _is(part, names, row, t, single, exactly)), None)
            if found is None:
                continue
            open_.remove(found)
            order[id(row)] = periods.index(found.first)
            if not exactly:
                row |= {k: v for k, v in _answers(part, names, found).items() if row.get(k) in ("", None)}
    added = [_blank(part) | _answers(part, names, taught) for taught in open_]
    order |= {id(row): periods.index(t.first) for row, t in zip(added, open_, strict=True)}
    days = [p.day.isoformat() for p in periods]

    def place(row: Mapping[str, Any]) -> tuple[str, int]:
        return row.get(names["day"]) or days[-1] + "~", order.get(id(row), len(periods))

    return sorted([*rows, *added], key=place) if added else rows, len(added)


def _joined(periods: Sequence[Period]) -> list[_Taught]:
    """Periods one after another of the same class and subject are one lesson."""
    joined: list[_Taught] = []
    for period in periods:
        last = next((t for t in reversed(joined) if t.first.class_id == period.class_id), None)
        if last and (last.first.day, last.first.session, last.first.subject, last.first.number) == (
            period.day,
            period.session,
            period.subject,
            period.number - last.periods,
        ):
            last.periods += 1
        else:
            joined.append(_Taught(period))
    return joined


def _is(
    part: Repeated,
    names: Mapping[str, str],
    row: Mapping[str, Any],
    taught: _Taught,
    single: bool,
    exactly: bool,
) -> bool:
    """Is this row the lesson? With its date; or by class and subject alone while it has none."""
    wanted = _answers(part, names, taught)
    if single and exactly:  # what stands in the very period is that lesson, whatever its subject
        return all(row.get(k) == wanted[k] for k in (names["day"], "session", "period", names["class"]))
    if exactly and row.get(names["day"]) != wanted[names["day"]]:
        return False
    subject = str(row.get(names["subject"]) or "").casefold()
    return row.get(names["class"]) == taught.first.class_id and subject == taught.first.subject.casefold()


def _answers(part: Repeated, names: Mapping[str, str], taught: _Taught) -> dict[str, Any]:
    period = taught.first
    known = {
        names["day"]: period.day.isoformat(),
        names["class"]: period.class_id,
        names["subject"]: period.subject,
        "periods": taught.periods,
        "session": period.session,
        "period": period.number,
    }
    return {f.name: known[f.name] for f in part.fields if f.name in known}


def _blank(part: Repeated) -> dict[str, Any]:
    """A row as a new form starts it; its id is given when it is read."""
    return {
        f.name: [dict(start) for start in f.starts_with] if isinstance(f, Repeated) else ""
        for f in part.fields
    }
