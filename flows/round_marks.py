"""A signing round before it is signed: the records a reviewer put aside to sign together.

A mark is a row of the reviewer's own, no step: nobody waits for it and nothing is decided by it. It stands
for the revision and the step that was seen; a later revision, a return or someone else's decision drops it
out of the round by itself, and the round says so until the person has taken note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, and_, col, func, select

from flows import plan, queries
from flows.catalogue import type_of
from flows.office import Office
from flows.people import Actor
from flows.queries import LIGHT, Waiting
from flows.reading import read
from models.account import Account
from models.document import Document, OpenStep
from models.errors import Fault, Invalid, NotYours, Stale, WrongStep
from models.review import RoundMark
from models.text import Text

ROUND = frozenset({"approve", "seal"})
"""What is signed in a round; an outcome, a statement or a refusal needs words of its own."""
MOST = 500
"""Records one round takes, as `flows/batches.py` signs them."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record that fell out of the round, and why. `again`: it waits for this person anew."""

    document: Document
    owner: str
    sentence: Text
    again: bool


@dataclass(frozen=True, slots=True)
class Round:
    """A person's marks as they stand now."""

    items: tuple[Waiting, ...]
    dropped: tuple[Dropped, ...]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(i.document.id for i in self.items)


def put_in(office: Office, actor: Actor, document_id: str, revision: int) -> None:
    """Put a record into this person's round, once; repeating it changes nothing.

    NotFound, WrongStep (nothing to be signed now), NotYours, Stale (another revision than was seen), Invalid
    when the round is full.
    """
    with office.db.write() as session:
        queries.visible(session, actor, document_id)
        here = read(session, document_id, actor.school_id)
        signed = [s for s in here.position.open if not ROUND.isdisjoint(s.signing)]
        if not signed:
            raise WrongStep(_NOTHING_TO_SIGN)
        mine = [s for s in signed if plan.standing(here.position, s, actor, here.subject)]
        if not mine:
            raise NotYours(_NOT_YOURS.format(waiting=signed[0].waiting))
        step = mine[0]
        if revision != here.document.revision:
            raise Stale(_OTHER_REVISION.format(n=here.document.revision))
        mark = session.get(RoundMark, (actor.id, document_id))
        if mark is None:
            held = session.exec(select(func.count()).where(col(RoundMark.account_id) == actor.id)).one()
            if held >= MOST:
                raise Invalid(_FULL, (Fault("items", _FULL),))
            mark = RoundMark(
                account_id=actor.id,
                document_id=document_id,
                school_id=actor.school_id,
                revision=revision,
                step=step.name,
                marked_at=office.now(),
            )
        mark.revision, mark.step = revision, step.name
        session.add(mark)


def take_out(office: Office, actor: Actor, documents: Iterable[str]) -> None:
    """Take records out of this person's round; what is not in it stays out."""
    with office.db.write() as session:
        session.exec(
            delete(RoundMark).where(
                col(RoundMark.account_id) == actor.id, col(RoundMark.document_id).in_(list(documents))
            )
        )


def count(session: Session, actor: Actor) -> int:
    """How many records are in this person's round now."""
    standing = (
        select(func.count(func.distinct(col(RoundMark.document_id))))
        .select_from(RoundMark)
        .join(Document, col(Document.id) == col(RoundMark.document_id))
        .join(OpenStep, col(OpenStep.document_id) == col(Document.id))
        .where(_STANDS, col(RoundMark.account_id) == actor.id, queries.waiting_for(actor, own=False))
    )
    return session.exec(standing).one()


_STANDS = and_(
    col(RoundMark.document_id) == col(Document.id),
    col(RoundMark.revision) == col(Document.revision),
    col(RoundMark.step) == col(OpenStep.step),
)


def round_of(session: Session, actor: Actor) -> Round:
    """The round as it stands: what may be signed in the order of the inbox, and what fell out of it."""
    marks = {
        m.document_id: m
        for m in session.exec(select(RoundMark).where(col(RoundMark.account_id) == actor.id)).all()
    }
    if not marks:
        return Round((), ())
    waiting = {w.document.id: w for w in queries.waiting(session, actor, ids=frozenset(marks), limit=MOST)}
    standing = tuple(
        w
        for key, w in waiting.items()
        if (marks[key].revision, marks[key].step) == (w.document.revision, w.step)
    )
    gone = marks.keys() - {w.document.id for w in standing}
    rows = session.exec(
        select(Document, Account.full_name)
        .join(Account, col(Account.id) == col(Document.owner_id))
        .where(col(Document.id).in_(gone), queries.visible_to(actor))
        .order_by(col(Document.title))
        .options(LIGHT)
    ).all()
    return Round(
        standing,
        tuple(
            Dropped(document, owner, _why(document, marks[document.id]), document.id in waiting)
            for document, owner in rows
        ),
    )


def _why(document: Document, mark: RoundMark) -> Text:
    if document.revision > mark.revision:
        return Text(
            f"Bản {document.revision} đã thay bản {mark.revision} từng xem: xem lại trước khi ký.",
            f"Revision {document.revision} replaced revision {mark.revision}, which was seen: look again.",
        )
    if document.status == "returned":
        return Text("Đã được trả lại cho người soạn.", "It was returned to its author.")
    if document.step != type_of(document.type).station_of(mark.step):
        return Text("Đã có người khác quyết định bước này.", "Someone else took this step.")
    return Text("Không còn chờ tài khoản này ký.", "It no longer waits for this account.")


_NOTHING_TO_SIGN = Text(
    "Hồ sơ này hiện không chờ ai ký, nên không đưa vào lượt ký được. Tải lại trang để xem bản mới nhất.",
    "Nobody is to sign this record now, so it cannot go into a signing round. Reload to see the latest.",
)
_NOT_YOURS = Text(
    "Hồ sơ này không chờ tài khoản đang dùng ký: {waiting}.",
    "This record does not wait for this account's signature: {waiting}.",
)
_OTHER_REVISION = Text(
    "Hồ sơ vừa có bản {n}, chưa đưa vào lượt ký. Xem bản mới rồi đưa vào lại.",
    "The record has a new revision {n}; it was not put into the round. Look at it, then add it again.",
)
_FULL = Text(
    f"Lượt ký đã có {MOST} hồ sơ. Ký lượt này trước rồi đưa thêm.",
    f"The round holds {MOST} records. Sign it first, then add more.",
)
