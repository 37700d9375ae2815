"""Duties after approval: opened by a decision, met by evidence. The only writer of both tables.

`open_duties`, `carry` and `close` run inside a decision's transaction (`flows/decide.py`); the rest are
transactions of their own. Evidence is appended and never changed; `Duty.met_at` follows from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col, select

from flows import evidence
from flows.catalogue import type_of
from flows.evidence import BROKEN, DOWNLOAD, FLAGGED, LAPTOP, PRINTED, WORKS, Fact
from flows.flag_rows import resolve
from flows.grammar import DocumentType, Obligation
from flows.obligations import Calendar, calendar_of
from flows.office import Office
from flows.people import Actor
from flows.plan import Position
from flows.same_file import files_of
from models.document import Document
from models.errors import Invalid, NotYours, WrongStep
from models.evidence import Duty, Evidence
from models.flag import Flag
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.statements import store
from models.text import Text

Via = Literal["page", "api", "zip"]


# --- in a decision's transaction ------------------------------------------------------------------------


def follow(
    session: Session, document: Document, declared: DocumentType, position: Position, now: datetime
) -> None:
    """Open the duties once the last person has decided; end them when the document leaves that state."""
    if position.status == "approved" and position.automatic and declared.obligations:
        calendar = calendar_of(session, document.school_id)
        rows = session.exec(_OWED, params={"of_document": document.id})
        known = {duty.kind: duty for duty in rows}
        for obligation in declared.obligations:
            duty = _opened(document, obligation, known.get(obligation.kind), calendar, now)
            if obligation.kind not in known:
                store(session, duty)
    elif document.approved_at is not None and position.status not in ("approved", "archived"):
        session.exec(delete(Duty).where(col(Duty.document_id) == document.id))


_OWED = select(Duty).where(col(Duty.document_id) == bindparam("of_document"))


def carry(session: Session, document_id: str, blob: str) -> None:
    """The archive made this file of the approved one: what was done with either counts."""
    session.exec(update(Duty).where(col(Duty.document_id) == document_id).values(archived=blob))


def _opened(
    document: Document, obligation: Obligation, duty: Duty | None, calendar: Calendar, now: datetime
) -> Duty:
    due = due_of(calendar, obligation, document.week_id, now)
    if duty is None:
        duty = Duty(
            document_id=document.id,
            kind=obligation.kind,
            school_id=document.school_id,
            account_id=document.owner_id,
            revision=document.revision,
            blob=document.blob or "",
            opened_at=now,
            due_at=due,
        )
    duty.account_id, duty.group_id, duty.week_id = document.owner_id, document.group_id, document.week_id
    duty.revision, duty.blob, duty.archived = document.revision, document.blob or "", None
    duty.opened_at, duty.due_at, duty.met_at = now, due, None
    return duty


def due_of(calendar: Calendar, obligation: Obligation, week_id: str | None, opened_at: datetime) -> datetime:
    """When a duty opened at this instant is due: by the rule, but never sooner than its least time."""
    least = opened_at + obligation.least
    return max(least, calendar.limit(obligation.due, week_id, opened_at.astimezone(VIETNAM).date()) or least)


# --- what the system sees -------------------------------------------------------------------------------


def downloaded(office: Office, actor: Actor, document_id: str, blob: str, via: Via) -> bool:
    """Record that the owner was handed the approved file; False when nobody owes that.

    A file of an earlier revision, one still on its way, and a reader who is not the owner leave no trace.
    """
    with office.db.read() as session:
        if not _owes(session, actor, document_id, blob):
            return False
    with office.db.write() as session:
        duties = _owes(session, actor, document_id, blob)
        if not duties:
            return False
        _append(session, actor, duties[0], DOWNLOAD, blob, office.now(), via)
        _settle(session, duties)
    return True


def _owes(session: Session, actor: Actor, document_id: str, blob: str) -> Sequence[Duty]:
    """The duties of a document whose owner this is, if this is a form of its file."""
    duties = duties_of(session, document_id)
    return duties if any(d.account_id == actor.id and blob in files_of(session, d) for d in duties) else ()


# --- what a person says ---------------------------------------------------------------------------------


def attest(office: Office, actor: Actor, document_id: str, kind: str, via: Via) -> None:
    """The owner says that the approved file is printed ("printed") or taught from a laptop ("laptop").

    NotYours for anyone else; WrongStep when nothing of that kind is owed; Invalid for other words, and for a
    laptop that the same person has reported broken.
    """
    now = office.now()
    with office.db.write() as session:
        duties = duties_of(session, document_id)
        fitting = [d for d in duties if kind in evidence.MEETS[d.kind]]
        if kind not in (PRINTED, LAPTOP):
            raise Invalid(_NO_SUCH_WORD)
        if not fitting:
            raise WrongStep(_NOTHING_OWED)
        if fitting[0].account_id != actor.id:
            raise NotYours(_OWNER_ALONE)
        broken = broken_since(session, actor.school_id, actor.id)
        if kind == LAPTOP and broken is not None:
            raise Invalid(_BROKEN.format(day=f"{broken.astimezone(VIETNAM):%d/%m/%Y}"))
        if any(d.met_at is None for d in fitting):
            document = session.get_one(Document, document_id)
            _append(session, actor, fitting[0], kind, document.blob or "", now, via)
            _settle(session, duties)


def report_laptop(office: Office, actor: Actor, *, broken: bool, via: Via) -> None:
    """A person says that their laptop is broken, or works again; lessons still to come are looked at anew.

    Weeks that are over stay as they were.
    """
    now = office.now()
    with office.db.write() as session:
        if (broken_since(session, actor.school_id, actor.id) is not None) == broken:
            return
        session.add(
            Evidence(
                school_id=actor.school_id,
                account_id=actor.id,
                kind=BROKEN if broken else WORKS,
                via=via,
                at=now,
            )
        )
        session.flush()
        coming = session.exec(
            select(Duty)
            .join(Document, col(Document.id) == col(Duty.document_id))
            .join(SchoolWeek, col(SchoolWeek.id) == col(Document.last_week_id))
            .where(
                col(Duty.school_id) == actor.school_id,
                col(Duty.account_id) == actor.id,
                col(Duty.kind) == "print-unless-laptop",
                col(SchoolWeek.sunday) >= now.astimezone(VIETNAM).date(),
            )
        ).all()
        for duty in coming:
            _settle(session, [duty])


def broken_since(session: Session, school_id: str, account_id: str) -> datetime | None:
    """When this person reported their laptop broken; None while it works or nothing was said."""
    last = session.exec(
        select(Evidence)
        .where(
            col(Evidence.school_id) == school_id,
            col(Evidence.account_id) == account_id,
            col(Evidence.kind).in_(evidence.ABOUT_LAPTOP),
        )
        .order_by(col(Evidence.at).desc(), col(Evidence.id).desc())
        .limit(1)
    ).first()
    return last.at if last is not None and last.kind == BROKEN else None


# --- rows -----------------------------------------------------------------------------------------------


def duties_of(session: Session, document_id: str) -> Sequence[Duty]:
    """The duties of a document in the order of its declaration."""
    duties = session.exec(select(Duty).where(col(Duty.document_id) == document_id)).all()
    if not duties:
        return ()
    document_type = session.exec(select(Document.type).where(col(Document.id) == document_id)).one()
    order = [o.kind for o in type_of(document_type).obligations]
    return sorted(duties, key=lambda d: order.index(d.kind) if d.kind in order else len(order))


def _append(
    session: Session, actor: Actor, duty: Duty, kind: str, blob: str, now: datetime, via: Via
) -> None:
    session.add(
        Evidence(
            school_id=actor.school_id,
            account_id=actor.id,
            kind=kind,
            document_id=duty.document_id,
            revision=duty.revision,
            blob=blob,
            via=via,
            at=now,
        )
    )
    session.flush()


def _settle(session: Session, duties: Sequence[Duty]) -> None:
    """`met_at` as the evidence has it now."""
    for duty in duties:
        rows = session.exec(select(Evidence).where(col(Evidence.document_id) == duty.document_id)).all()
        facts = [Fact(e.kind, e.account_id, e.blob, e.at) for e in rows]
        broken = broken_since(session, duty.school_id, duty.account_id) is not None
        met = evidence.meeting(duty.kind, duty.account_id, files_of(session, duty), facts, broken=broken)
        duty.met_at = met.at if met else None
        session.add(duty)
        if met:
            of_duty = col(Flag.rule) == FLAGGED[duty.kind], col(Flag.document_id) == duty.document_id
            resolve(session, met.at, *of_duty)


_NO_SUCH_WORD = Text(
    "Chỉ xác nhận được: đã in, hoặc dùng máy tính xách tay.",
    "What can be said is: printed, or taught from a laptop.",
)
_NOTHING_OWED = Text(
    "Hồ sơ này không cần xác nhận việc đó. Tải lại trang để xem việc cần làm.",
    "Nothing of the kind is owed for this record. Reload the page to see what is.",
)
_OWNER_ALONE = Text("Chỉ người soạn xác nhận được việc này.", "Only the author can say this.")
_BROKEN = Text(
    "Máy tính xách tay đang báo hỏng từ {day}. Báo máy đã dùng lại được trước, hoặc in ra giấy.",
    "The laptop is reported broken since {day}. Say first that it works again, or print.",
)
