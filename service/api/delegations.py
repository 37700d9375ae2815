"""`/delegations`: decisions handed over during an absence, by the person or the principal."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, SecretStr
from sqlmodel import Session, col, or_, select

from flows import absences, delegations
from flows.absences import Seen
from flows.candidates import today
from flows.delegation_rules import Asked
from flows.handing import Wish
from models.account import Account
from models.delegation import Delegation
from service.access import ApiViewer
from service.api.answers import moment, words
from service.deps import Arrival, OfficeDep
from service.pages.sign_in import address_of
from service.sign_in import check
from tasks.keys import Secret

router = APIRouter(tags=["delegations"])


class NewDelegation(BaseModel):
    """`absent` (default: oneself) and `delegate` are ids or sign-in names; both days are included.

    `posts` are keys as the answers show them (default: all the absent person holds), `types` slugs (default:
    all). `number` and `dated` name the written authorisation, without which nobody signs TUQ.
    """

    model_config = ConfigDict(extra="forbid")
    delegate: str
    first_day: date
    last_day: date
    password: SecretStr
    absent: str = ""
    posts: list[str] = []
    types: list[str] = []
    number: str = ""
    dated: date | None = None


class Handing(BaseModel):
    """One record given to another; `delegate` and `absent` are ids or sign-in names.

    `absent` (for the principal, where several hold the post): whose step it is. `last_day`: 30 days on by
    default. `number` and `dated` as for a delegation.
    """

    model_config = ConfigDict(extra="forbid")
    version: int
    delegate: str
    password: SecretStr
    absent: str = ""
    last_day: date | None = None
    number: str = ""
    dated: date | None = None

    def wish(self, session: Session, school_id: str) -> Wish:
        """With ids for names."""
        return Wish(
            self.version,
            _id(session, school_id, self.delegate),
            _id(session, school_id, self.absent) if self.absent else "",
            self.last_day,
            self.number,
            self.dated,
        )


@router.get("/delegations")
def get(viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """Those I gave or hold; for the principal and administrators all of the school's. The newest first."""
    with office.db.read() as session:
        return {"items": [_item(s) for s in absences.listed(session, viewer.actor, now)], "next": None}


@router.post("/delegations", status_code=201)
def give(
    request: Request, new: NewDelegation, viewer: ApiViewer, office: OfficeDep, now: Arrival
) -> dict[str, Any]:
    """Hand over; needs one's own password."""
    with office.db.read() as session:
        absent = _id(session, viewer.actor.school_id, new.absent) if new.absent else viewer.account.id
        delegate = _id(session, viewer.actor.school_id, new.delegate)
    asked = Asked(
        absent_id=absent,
        delegate_id=delegate,
        first_day=new.first_day,
        last_day=new.last_day,
        posts=tuple(new.posts),
        types=tuple(new.types),
        number=new.number,
        dated=new.dated,
    )
    delegations.weigh(office, viewer.actor, asked, now)
    password = Secret(new.password.get_secret_value())
    check(office, viewer.account.sign_in_name, password, address_of(request), now, present=True)
    made = delegations.give(office, viewer.actor, asked, now)
    return _one(office, now, made)


@router.post("/delegations/{delegation_id}/end")
def end(delegation_id: str, viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """End it before its last day."""
    delegations.end(office, viewer.actor, delegation_id, now)
    return _one(office, now, delegation_id)


def _one(office: OfficeDep, now: Arrival, delegation_id: str) -> dict[str, Any]:
    with office.db.read() as session:
        row = session.get_one(Delegation, delegation_id)
        count = absences.made(session, [row.id]).get(row.id, 0)
        return _item(absences.seen(session, row, today(now), count))


def _id(session: Session, school_id: str, named: str) -> str:
    """The account of that id or sign-in name; an unknown one stays as it is and is refused with the rest."""
    found = select(Account.id).where(
        col(Account.school_id) == school_id,
        or_(col(Account.id) == named, col(Account.sign_in_name) == named),
    )
    return session.exec(found).first() or named


def _item(seen: Seen) -> dict[str, Any]:
    row = seen.row
    return {
        "id": row.id,
        "absent": {"id": row.absent_id, "name": seen.absent.full_name},
        "delegate": {"id": row.delegate_id, "name": seen.delegate.full_name},
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "posts": [{"key": key, "name": words(name)} for key, name in zip(row.posts, seen.posts, strict=True)],
        "types": row.types,
        "document_id": row.document_id,
        "number": row.number or None,
        "dated": row.dated.isoformat() if row.dated else None,
        "state": seen.state,
        "decisions": seen.made,
        "given_at": moment(row.given_at),
        "ended_at": moment(row.ended_at),
    }
