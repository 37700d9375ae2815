"""A reviewer's own notes on lessons: looked at, needs work, a comment as it is typed. Nothing here decides.

Comments are drafts until they are sent with a return; then they stand in the remark beside the event, and
here only what was looked at stays. A note on a lesson that changed since no longer counts as looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session, col, func, select

from flows import plan, queries
from flows.commands import LONGEST_NOTE
from flows.office import Office
from flows.parts import fingerprint, rows_of
from flows.people import Actor
from flows.reading import read
from flows.views import View
from models.document import Revision
from models.errors import Fault, Invalid, NotYours, Stale
from models.review import PartMark
from models.text import Text
from tasks.rich_text import tidy

WHOLE = ""
"""The part a note on the whole record stands under."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a reviewer holds of one lesson. `changed`: it was looked at, and is another now."""

    seen: bool = False
    mend: bool = False
    comment: str = ""
    changed: bool = False


def notes_of(session: Session, actor: Actor, view: View) -> dict[str, Note]:
    """This person's notes on the newest revision, by lesson id; `WHOLE` for the record as a whole."""
    if not view.revisions:
        return {}
    now = rows_of(view.here.declared.form, view.revisions[-1].fields)
    found = session.exec(
        select(PartMark).where(
            col(PartMark.account_id) == actor.id, col(PartMark.document_id) == view.document.id
        )
    ).all()
    return {
        m.part: Note(
            seen=m.seen and fingerprint(now.get(m.part)) == m.content,
            mend=m.mend,
            comment=m.comment,
            changed=m.seen and fingerprint(now.get(m.part)) != m.content,
        )
        for m in found
    }


def keep(
    office: Office,
    actor: Actor,
    document_id: str,
    revision: int,
    notes: Mapping[str, Note],
    *,
    comments_only: bool = False,
) -> None:
    """Keep what was typed about some lessons; the others stay as they are.

    A comment means that the lesson needs work. `comments_only` leaves what was looked at alone. NotFound;
    NotYours for whoever is not to decide on the record now; Stale on another revision than was read; Invalid.
    """
    with office.db.write() as session:
        queries.visible(session, actor, document_id)
        here = read(session, document_id, actor.school_id)
        if "return" not in plan.actions(here.position, actor, here.subject):
            raise NotYours(_NOT_YOURS)
        if revision != here.document.revision:
            raise Stale(_OTHER_REVISION.format(n=here.document.revision))
        frozen = session.get_one(Revision, (document_id, revision))
        rows = rows_of(here.declared.form, frozen.fields)
        for part, note in notes.items():
            if part != WHOLE and part not in rows:
                continue
            if len(note.comment) > LONGEST_NOTE:
                raise Invalid(_TOO_LONG, (Fault(f"comment.{part}", _TOO_LONG),))
            mark = session.get(PartMark, (actor.id, document_id, part))
            told = replace(note, comment=tidy(note.comment).strip())
            if comments_only:
                seen = mark.seen if mark else False
                told = replace(told, seen=seen, mend=bool(told.comment))
            if mark is None:
                mark = PartMark(
                    account_id=actor.id,
                    document_id=document_id,
                    part=part,
                    school_id=actor.school_id,
                    revision=revision,
                    updated_at=office.now(),
                )
            if not comments_only:
                mark.content = fingerprint(rows.get(part)) if told.seen else ""
            mark.seen, mark.comment = told.seen, told.comment
            mark.mend = bool(part != WHOLE and (told.mend or told.comment))
            mark.revision, mark.updated_at = revision, office.now()
            if mark.seen or mark.mend or mark.comment:
                session.add(mark)
            elif mark in session:
                session.delete(mark)


def wanting(session: Session, actor: Actor, documents: list[str]) -> dict[str, int]:
    """How many lessons of each record this person has marked as needing work, not sent yet."""
    rows = session.exec(
        select(PartMark.document_id, func.count())
        .where(
            col(PartMark.account_id) == actor.id,
            col(PartMark.document_id).in_(documents),
            col(PartMark.mend).is_(True),
        )
        .group_by(col(PartMark.document_id))
    ).all()
    return dict(rows)


_NOT_YOURS = Text(
    "Hồ sơ này hiện không chờ tài khoản đang dùng duyệt, nên không ghi chú được.",
    "This record does not wait for this account's review now, so no notes are kept.",
)
_OTHER_REVISION = Text(
    "Hồ sơ vừa có bản {n}: ghi chú này chưa lưu. Chép lại rồi tải lại trang.",
    "The record has a new revision {n}: this note was not kept. Copy it, then reload the page.",
)
_TOO_LONG = Text(
    f"Nhận xét dài quá {LONGEST_NOTE} ký tự. Rút gọn lại.",
    f"The comment is longer than {LONGEST_NOTE} characters. Shorten it.",
)
