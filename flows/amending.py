"""A record about another one: who may begin it, after what, and until when. Reads only.

An addendum, the minutes of a spot check and an appeal against these are such records; what differs stands in
their declarations. `flows/succession.py` begins them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from flows import spans
from flows.grammar import DocumentType
from flows.links import ABOUT, linked_to
from flows.people import Actor, Concerned
from flows.plan import DONE
from flows.reading import read
from models.document import Document
from models.errors import NotYours, RecordsError, WrongStep
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.text import Text


def theirs(note: DocumentType, document: Document, actor: Actor) -> bool:
    """Is it this person's to begin? The author's of the other record, or the one's whom that is about."""
    if document.school_id != actor.school_id:
        return False
    if isinstance(note.drafted_by, Concerned):
        return document.concerned_id == actor.id
    return document.owner_id == actor.id


def refusal(
    session: Session, actor: Actor, note: DocumentType, document: Document, now: datetime
) -> RecordsError | None:
    """Why this person does not begin it now; None when they may. One that is begun is no reason here."""
    if not theirs(note, document, actor):
        return NotYours(_NOT_THEIRS)
    if document.status in ("replaced", "destroyed"):
        return WrongStep(_REPLACED)
    if document.status not in DONE:
        return WrongStep(_NOT_DONE)
    week = session.get(SchoolWeek, document.week_id) if note.taught else None
    if week is not None and now.astimezone(VIETNAM).date() < week.monday:
        return Closed(_EARLY.format(what=note.short, week=week.number, day=f"{week.monday:%d/%m/%Y}"))
    if note.after is not None:
        here = read(session, document.id, document.school_id)
        if not note.after.holds(here.position.past):
            return WrongStep(_WENT_OTHERWISE.format(what=note.name, when=note.after.words))
    if note.once:
        there = [d for d in linked_to(session, document.id, ABOUT) if d.type == note.slug]
        if any(d.status in (*DONE, "replaced") for d in there):
            return WrongStep(_ONCE.format(what=note.name.within()))
    until = spans.limit(session, note, document)
    if note.span and note.span.closes and until is not None and now >= until:
        return closed(note, until)
    return None


class Closed(WrongStep):
    """Its days have not begun, or are over; said on the page in place of the button."""


def closed(note: DocumentType, until: datetime) -> Closed:
    """The refusal of who comes after the last day."""
    last = (until - timedelta(microseconds=1)).astimezone(VIETNAM)
    return Closed(_CLOSED.format(what=note.short.within(), day=f"{last:%d/%m/%Y}"))


_NOT_THEIRS = Text(
    "Chỉ người soạn hồ sơ này, hoặc người được nêu trong hồ sơ, làm được việc đó. Nhắn người đó nếu cần.",
    "Only the author of this record, or whom it is about, can do that. Ask that person where needed.",
)
_NOT_DONE = Text(
    "Hồ sơ chưa được ký duyệt nên còn sửa trực tiếp được: rút lại, hoặc chờ trả lại rồi sửa.",
    "The record is not approved yet, so it can still be changed itself: withdraw it, or wait for a return.",
)
_REPLACED = Text(
    "Hồ sơ này đã được thay bằng bản khác. Mở bản thay thế để làm việc đó.",
    "This record has been replaced by another. Open the other one to do that.",
)
_WENT_OTHERWISE = Text(
    "{what} chỉ lập khi: {when}. Hồ sơ này không thuộc trường hợp đó.",
    "{what}: only where {when}, which is not so for this record.",
)
_ONCE = Text(
    "Đã có {what} về hồ sơ này; mỗi hồ sơ chỉ lập một lần. Mở bản đó ở mục bên dưới.",
    "There is already: {what}. It is drawn up once for each record; open it below.",
)
_EARLY = Text(
    "{what} được ghi sau khi dạy: tuần {week} bắt đầu ngày {day}. Từ ngày đó mở lại hồ sơ này để ghi. Cần "
    "đổi nội dung trước khi dạy thì lập bản thay thế.",
    "{what}: it is written after teaching, and week {week} begins on {day}. Open this record again from then "
    "on. What must change before teaching goes into a record that replaces this one.",
)
_CLOSED = Text(
    "Hết hạn gửi {what}: hạn đến hết ngày {day}. Cần trao đổi thêm, gặp trực tiếp hiệu trưởng.",
    "The time for this ({what}) ended with {day}. To talk about it further, see the principal.",
)
