"""Beginning from earlier work: a new draft from a whole record, or single lessons into a draft.

Writes drafts only, through `flows/drafts.py`; who may copy what stands in `flows/sources.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from flows import drafts, moving, sources, timetable
from flows.bodies import refuse_beside_a_file
from flows.catalogue import type_of
from flows.fields import Repeated
from flows.grammar import DocumentType
from flows.office import Office
from flows.people import Actor
from models.document import Document
from models.errors import Fault, Invalid, NotFound, TooLarge
from models.school import SchoolClass, SchoolWeek, TeachingAssignment
from models.text import Text
from tasks.rich_text import clean_line

SCANNED = 150
"""Records a search for lessons looks through, the newest weeks first: about four years of one's own."""
FOUND = 60
"""Lessons shown at a time."""


def start(office: Office, actor: Actor, slug: str, source_id: str, given: Mapping[str, Any]) -> Document:
    """A new draft of this person's with another record's answers, moved to the week in `given`.

    What `given` holds wins over what is copied. NotFound for a source that is not offered to this person;
    else the refusals of `drafts.create`.
    """
    declared = type_of(slug)
    with office.db.read() as session:
        source, fields = sources.content_of(session, actor, declared, source_id)
        assert source.week is not None
        target = session.get(SchoolWeek, str(given.get(declared.week_field) or ""))
        if target is None or target.school_id != actor.school_id:
            raise Invalid(_NO_WEEK, (Fault(declared.week_field, _NO_WEEK, missing=True),))
        carried = moving.moved(declared.form, fields, move_of(session, actor, source.week, target))
    raw = carried | {name: value for name, value in given.items() if value not in ("", None)}
    return drafts.create(office, actor, slug, raw, source=source.document)


_NO_WEEK = Text("Chọn tuần trước khi soạn.", "Choose the week before writing.")


def move_of(session: Session, actor: Actor, start: SchoolWeek, target: SchoolWeek) -> moving.Move:
    """What moving work from one week to another has to know, for this person."""
    weeks = session.exec(
        select(SchoolWeek)
        .where(col(SchoolWeek.school_id) == actor.school_id)
        .order_by(col(SchoolWeek.monday))
    ).all()
    classes = session.exec(select(SchoolClass).where(col(SchoolClass.school_id) == actor.school_id)).all()
    taught = session.exec(
        select(TeachingAssignment.class_id, TeachingAssignment.subject).where(
            col(TeachingAssignment.school_id) == actor.school_id,
            col(TeachingAssignment.account_id) == actor.id,
        )
    ).all()
    periods = timetable.of_teacher(session, actor.school_id, actor.id, target)
    return moving.Move(
        start=_week(start),
        target=_week(target),
        weeks=tuple(_week(w) for w in weeks),
        classes={c.id: moving.Class(c.id, c.name, c.grade, c.year) for c in classes},
        taught=frozenset((class_id, subject) for class_id, subject in taught),
        timetable=tuple(moving.Slot(p.day, p.class_id, p.subject, p.session, p.number) for p in periods),
    )


def _week(week: SchoolWeek) -> moving.Week:
    return moving.Week(week.id, week.year, week.monday, week.sunday)


# --- single lessons --------------------------------------------------------------------------------------


def parts_of(declared: DocumentType) -> Repeated | None:
    """The rows of a type that are things of their own, with a head and a body.

    None for a table; and for notes, which are about one record's lessons and no other's.
    """
    if declared.amends:
        return None
    return next((f for f in declared.form.fields if isinstance(f, Repeated) and not f.as_table), None)


@dataclass(frozen=True, slots=True)
class Part:
    """A lesson that may be taken over."""

    source: sources.Source
    key: str
    subject: str
    class_name: str
    title: str


def lessons(
    session: Session, actor: Actor, declared: DocumentType, q: str = "", subject: str = "", but: str = ""
) -> list[Part]:
    """Lessons to take over, the newest week first; `q` finds words of subject, class and title, with or
    without marks. `but`: the draft that is being written."""
    part = parts_of(declared)
    if part is None:
        return []
    words = folded(q).split()
    classes = select(SchoolClass.id, SchoolClass.name).where(col(SchoolClass.school_id) == actor.school_id)
    names = dict(session.exec(classes).all())
    offered = [s for s in sources.sources(session, actor, declared, SCANNED) if s.document.id != but]
    offered.sort(key=lambda s: s.week.monday.toordinal() if s.week else 0, reverse=True)
    found: list[Part] = []
    for source in offered:
        _, fields = sources.content_of(session, actor, declared, source.document.id)
        for row in fields.get(part.name) or ():
            lesson = _part(part, source, row, names)
            text = folded(f"{lesson.subject} {lesson.class_name} {lesson.title}")
            if lesson.title and all(w in text for w in words) and subject in ("", lesson.subject):
                found.append(lesson)
        if len(found) >= FOUND:
            break
    return found[:FOUND]


def _part(part: Repeated, source: sources.Source, row: Mapping[str, Any], names: Mapping[str, str]) -> Part:
    said = {f.kind: str(row.get(f.name) or "") for f in reversed(part.fields)}
    return Part(
        source,
        str(row.get("id", "")),
        said.get("subject", ""),
        names.get(said.get("class", ""), ""),
        said.get("line", ""),
    )


_UNMARKED = str.maketrans(
    "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ",
    "aaaaaaaaaaaaaaaaaeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyyd",
)


def folded(text: str) -> str:
    """Text as a search compares it: small letters without marks."""
    return clean_line(text).lower().translate(_UNMARKED)


def add_lessons(
    office: Office, actor: Actor, document_id: str, content_version: int, picks: Sequence[tuple[str, str]]
) -> tuple[Document, int]:
    """Put lessons (source id, lesson id) at the end of a draft, moved to its week; how many were added.

    A lesson nothing was written in yet gives its place. NotFound for what is not offered to this person;
    WrongStep while a file is the content; TooLarge beyond the form's limit; else the refusals of
    `drafts.save`.
    """
    with office.db.read() as session:
        document = session.get(Document, document_id)
        if document is None or document.school_id != actor.school_id or document.owner_id != actor.id:
            raise NotFound
        refuse_beside_a_file(session, document_id)
        declared = type_of(document.type)
        part = parts_of(declared)
        target = session.get(SchoolWeek, document.week_id) if document.week_id else None
        if part is None or target is None:
            raise Invalid(_NO_WEEK, (Fault(declared.week_field, _NO_WEEK, missing=True),))
        rows = [row for row in document.fields.get(part.name) or () if not untouched(part, row)]
        cited: list[tuple[Document, dict[str, Any]]] = []
        for source_id, key in dict.fromkeys(picks):
            source, fields = sources.content_of(session, actor, declared, source_id)
            old = next((r for r in fields.get(part.name) or () if str(r.get("id")) == key), None)
            if old is None or source.week is None:
                raise NotFound
            move = move_of(session, actor, source.week, target)
            cited.append((source.document, moving.moved_row(part, old, move)))
    if not cited:
        sentence = Text("Chọn ít nhất một bài.", "Choose at least one lesson.")
        raise Invalid(sentence, (Fault("pick", sentence, missing=True),))
    if len(rows) + len(cited) > part.most:
        sentence = Text(
            f"Kế hoạch có {len(rows)} bài, thêm {len(cited)} bài thì quá {part.most}. Chọn bớt lại.",
            f"The plan has {len(rows)} lessons; {len(cited)} more would pass {part.most}. Choose fewer.",
        )
        raise TooLarge(sentence)
    added = [row for _, row in cited]
    moving.settle(part, added, move, rows)
    values = dict(document.fields) | {part.name: [*rows, *added]}
    saved, _ = drafts.save(
        office, actor, document_id, content_version, values, copied=[source for source, _ in cited]
    )
    return saved, len(added)


def untouched(part: Repeated, row: Mapping[str, Any]) -> bool:
    """Is this row as a new form starts it: nothing but what the form itself put there?"""
    for f in part.fields:
        value = row.get(f.name)
        if isinstance(f, Repeated):
            starts = [dict(s) for s in f.starts_with]
            for n, below in enumerate(value or ()):
                start = starts[n] if n < len(starts) else {}
                if any(below.get(g.name) not in ("", None, start.get(g.name)) for g in f.fields):
                    return False
        elif f.kind not in ("class", "subject", "week") and value not in ("", None):
            return False
    return True
