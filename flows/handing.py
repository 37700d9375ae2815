"""Giving an open step of one record to another person: by who holds its post, or by the principal (law 7).

It is a delegation like any other (`flows/delegations.py`), of one post and one record. The record keeps an
event of it; step, revision and who has acted stay as they are. Nobody gets a record that they wrote or acted
on in this revision (law 6), and what was handed to somebody is not handed on (Decree 30).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session

from flows import delegations, plan
from flows.candidates import HANDED, today
from flows.commands import Here
from flows.decide import note_handed_over
from flows.delegation_rules import Asked
from flows.grammar import Step
from flows.office import Office
from flows.people import Actor
from flows.permits import stale, wrong_step
from flows.posts import holders
from flows.reading import read
from models.account import Account
from models.errors import Fault, Invalid, NotYours
from models.text import Text

LASTS = timedelta(days=30)
"""So long it is another's where no day is given."""


@dataclass(frozen=True, slots=True)
class Wish:
    """To whom a record is given, as asked for. `absent_id` empty: one's own post, or its only holder."""

    version: int
    delegate_id: str
    absent_id: str = ""
    last_day: date | None = None
    number: str = ""
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class Giving:
    """An open step that somebody may give away: under which post it waits, and whose it can be."""

    step: Step
    post: str
    owners: tuple[Account, ...]


def to_give(session: Session, here: Here, actor: Actor) -> Giving | None:
    """What this person may give away of a record: their own step, or for the principal that of any holder."""
    if actor.school_id != here.subject.school_id:
        return None
    found = [giving for step in here.position.open if (giving := _held(session, here, step))]
    for giving in found:
        own = tuple(account for account in giving.owners if account.id == actor.id)
        if own:
            return replace(giving, owners=own)
    any_holder = (giving for giving in found if giving.owners)
    return next(any_holder, None) if "principal" in actor.roles else None


def _held(session: Session, here: Here, step: Step) -> Giving | None:
    """An open step with the holders of its post who may still take it; None: nobody hands it over."""
    post, *_ = plan.audiences(here.position, step, here.subject) or ("",)
    if not post.startswith(HANDED):
        return None
    bound = plan.situated(here.position, here.subject).bound
    free = (a for a in holders(session, here.subject.school_id, post) if a.id not in bound)
    return Giving(step, post, tuple(free))


def hand_over(office: Office, actor: Actor, document_id: str, wish: Wish, now: datetime) -> str:
    """Give the open step to another; the delegation's id.

    Refusals, in this order: NotFound, Stale, WrongStep, NotYours, Invalid with a fault at each field.
    """
    with office.db.write() as session:
        here = read(session, document_id, actor.school_id)
        giving, asked = _asked(session, here, actor, wish, now)
        made = delegations.given(session, actor, asked, now)
        data = {"delegation": made.id, "from": made.absent_id, "to": made.delegate_id}
        note_handed_over(session, here, giving.step, actor, data, now)
        made_id = made.id
    office.poke()
    return made_id


def weigh(office: Office, actor: Actor, document_id: str, wish: Wish, now: datetime) -> None:
    """Refuse what `hand_over` would refuse, and write nothing: before a password is asked for."""
    with office.db.read() as session:
        here = read(session, document_id, actor.school_id)
        delegations.allowed(session, actor, _asked(session, here, actor, wish, now)[1], now)


def _asked(session: Session, here: Here, actor: Actor, wish: Wish, now: datetime) -> tuple[Giving, Asked]:
    if not here.document.version == here.last_seq == wish.version:
        raise stale(here)
    if not any(_held(session, here, step) for step in here.position.open):
        raise wrong_step(here)
    giving = to_give(session, here, actor)
    if giving is None:
        raise NotYours(NOT_YOURS)
    chosen = [a for a in giving.owners if a.id == wish.absent_id] if wish.absent_id else [*giving.owners]
    if len(chosen) != 1:
        raise Invalid(_WHOSE, (Fault("absent", _WHOSE, missing=not wish.absent_id),))
    if wish.delegate_id in plan.situated(here.position, here.subject).bound:
        raise Invalid(_BOUND, (Fault("delegate", _BOUND),))
    return giving, Asked(
        absent_id=chosen[0].id,
        delegate_id=wish.delegate_id,
        first_day=today(now),
        last_day=wish.last_day or today(now) + LASTS,
        posts=(giving.post,),
        types=(here.document.type,),
        number=wish.number,
        dated=wish.dated,
        document_id=here.document.id,
    )


NOT_YOURS = Text(
    "Chỉ người đang giữ việc này hoặc Hiệu trưởng giao được cho người khác.",
    "Only the person whose step this is or the principal gives it to another.",
)
_WHOSE = Text(
    "Chọn giao phần việc của ai: chức danh này có nhiều người giữ.",
    "Choose whose step is given away: several people hold this post.",
)
_BOUND = Text(
    "Người này đã soạn hoặc đã ký hồ sơ này nên không xử lý thay được. Chọn người khác.",
    "This person wrote or signed this record and cannot decide on it. Choose someone else.",
)
