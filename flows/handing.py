"""Giving the open step of one record to another person: by who holds its post, or by the principal (law 7).

It is a delegation like any other (`flows/delegations.py`), of one post and one record. The record keeps an
event of it; step, revision and who has acted stay as they are. Nobody gets a record that they wrote or acted
on in this revision (law 6), and what was handed to somebody is not handed on (Decree 30).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from flows import delegations, plan
from flows.candidates import HANDED, today
from flows.commands import Here
from flows.decide import note_handed_over, read
from flows.delegation_rules import Asked
from flows.office import Office
from flows.people import Actor
from flows.permits import stale, wrong_step
from flows.posts import holders
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


def post_of(here: Here) -> str:
    """The post that names the open step; empty where it is nobody's to hand over."""
    audiences = plan.audiences(here.position, here.subject)
    return audiences[0] if audiences and audiences[0].startswith(HANDED) else ""


def owners(session: Session, here: Here, actor: Actor) -> list[Account]:
    """Whose step this person may give away: their own, or for the principal that of any holder."""
    post, bound = post_of(here), here.position.acted | {here.subject.owner_id}
    if not post or actor.school_id != here.subject.school_id:
        return []
    free = [account for account in holders(session, actor.school_id, post) if account.id not in bound]
    own = [account for account in free if account.id == actor.id]
    return own or (free if "principal" in actor.roles else [])


def hand_over(office: Office, actor: Actor, document_id: str, wish: Wish, now: datetime) -> str:
    """Give the open step to another; the delegation's id.

    Refusals, in this order: NotFound, Stale, WrongStep, NotYours, Invalid with a fault at each field.
    """
    with office.db.write() as session:
        here = read(session, document_id, actor.school_id)
        made = delegations.given(session, actor, _asked(session, here, actor, wish, now), now)
        data = {"delegation": made.id, "from": made.absent_id, "to": made.delegate_id}
        note_handed_over(session, here, actor, data, now)
        made_id = made.id
    office.poke()
    return made_id


def weigh(office: Office, actor: Actor, document_id: str, wish: Wish, now: datetime) -> None:
    """Refuse what `hand_over` would refuse, and write nothing: before a password is asked for."""
    with office.db.read() as session:
        here = read(session, document_id, actor.school_id)
        delegations.allowed(session, actor, _asked(session, here, actor, wish, now), now)


def _asked(session: Session, here: Here, actor: Actor, wish: Wish, now: datetime) -> Asked:
    if not here.document.version == here.last_seq == wish.version:
        raise stale(here)
    post = post_of(here)
    if not post:
        raise wrong_step(here)
    mine = owners(session, here, actor)
    if not mine:
        raise NotYours(NOT_YOURS)
    chosen = [account for account in mine if account.id == wish.absent_id] if wish.absent_id else mine
    if len(chosen) != 1:
        raise Invalid(_WHOSE, (Fault("absent", _WHOSE, missing=not wish.absent_id),))
    if wish.delegate_id in here.position.acted | {here.subject.owner_id}:
        raise Invalid(_BOUND, (Fault("delegate", _BOUND),))
    return Asked(
        absent_id=chosen[0].id,
        delegate_id=wish.delegate_id,
        first_day=today(now),
        last_day=wish.last_day or today(now) + LASTS,
        posts=(post,),
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
