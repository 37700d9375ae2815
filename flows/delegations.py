"""Absence: handing one's decisions to another for some days, by the person or the principal (law 7).

A delegation says whose posts, to whom, for which types and days. Whoever it names acts under laws 6 and 7
like everyone else (`flows/people.py`), signs KT. from the post or TUQ. with a written, numbered authorisation
(`flows/authority.py`), and is named on every record it touches. It ends with its last day by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select, update

from flows import keyring, vacancies
from flows.absences import made as counted
from flows.absences import scope_words
from flows.candidates import cover, standing_in, today
from flows.delegation_rules import Asked, checked
from flows.office import Office
from flows.people import Actor
from flows.plan import SYSTEM
from flows.posts import actor_of, holders
from models.account import Account
from models.db import Database
from models.delegation import Delegation
from models.document import Document
from models.errors import NotFound, NotYours, RecordsError, WrongStep
from models.kept import enter_again
from models.notice import notice
from models.settings import Settings
from models.text import Text

log = logging.getLogger("hososo.delegations")
_ENDS = ("archived", "withdrawn", "replaced", "destroyed")
"""Nothing of a record is left to hand over."""
SEAL = "role:clerk"
"""Whoever stands in for the clerk has a key of the seal for just as long."""


def give(office: Office, actor: Actor, asked: Asked, now: datetime) -> str:
    """Hand decisions over; the delegation's id. Whoever is concerned is told.

    NotYours unless it is the person themselves or the principal; NotFound outside the school; Invalid with a
    fault at each field that is wrong.
    """
    with office.db.write() as session:
        return given(session, actor, asked, now).id


def given(session: Session, actor: Actor, asked: Asked, now: datetime) -> Delegation:
    """The same in the caller's transaction."""
    # One after the other for one person, so that two windows do not hand the same days to two people.
    session.exec(select(Account.id).where(col(Account.id) == asked.absent_id).with_for_update()).first()
    made = allowed(session, actor, asked, now)
    session.add(made)
    session.flush()
    told = _concerned(session, made) - {actor.id}
    if made.first_day <= today(now):
        told -= {made.delegate_id}  # the beginning says it too
        _begin(session, made, now)
    _tell(session, made, "given", told, now)
    return made


def weigh(office: Office, actor: Actor, asked: Asked, now: datetime) -> None:
    """Refuse what `give` would refuse, and write nothing: before a password is asked for."""
    with office.db.read() as session:
        allowed(session, actor, asked, now)


def allowed(session: Session, actor: Actor, asked: Asked, now: datetime) -> Delegation:
    """The row that is asked for, not stored yet, or why it cannot be."""
    here = select(Account).where(
        col(Account.id) == asked.absent_id, col(Account.school_id) == actor.school_id
    )
    absent = session.exec(here).first()
    if absent is None or not absent.active:
        raise NotFound
    if actor.id != absent.id and "principal" not in actor.roles:
        raise NotYours(_NOT_YOURS)
    return checked(session, actor, absent, asked, now)


def end(office: Office, actor: Actor, delegation_id: str, now: datetime) -> None:
    """End it before its last day: the absent person, the principal, or the delegate who declines.

    NotFound for anyone else; WrongStep when it is over already.
    """
    with office.db.write() as session:
        found = session.get(Delegation, delegation_id)
        if found is None or found.school_id != actor.school_id:
            raise NotFound
        if actor.id not in (found.absent_id, found.delegate_id) and "principal" not in actor.roles:
            raise NotFound
        ended = session.exec(
            update(Delegation)
            .where(
                col(Delegation.id) == delegation_id,
                col(Delegation.ended_at).is_(None),
                col(Delegation.last_day) >= today(now),
            )
            .values(ended_at=now, ended_by=actor.id)
        )
        if ended.rowcount != 1:
            raise WrongStep(_OVER)
        enter_again(session, Delegation, col(Delegation.id) == delegation_id)
        session.refresh(found)
        _close(session, office.settings, found, _concerned(session, found) - {actor.id}, now)


def turn(db: Database, settings: Settings, now: datetime) -> int:
    """Begin what begins today and close what is over, each once; how many turned. For the clock."""
    day = today(now)
    with db.read() as session:
        due = col(Delegation.over_at).is_(None) & (
            (col(Delegation.last_day) < day)
            | (col(Delegation.begun_at).is_(None) & (col(Delegation.first_day) <= day))
            | col(Delegation.document_id).in_(select(Document.id).where(col(Document.status).in_(_ENDS)))
        )
        ids = session.exec(select(Delegation.id).where(due).order_by(col(Delegation.first_day))).all()
    turned = 0
    for delegation_id in ids:
        try:
            turned += _turn(db, settings, delegation_id, now)
        except (RecordsError, SQLAlchemyError):
            log.exception("delegation %s", delegation_id)  # the others begin and end all the same
    return turned


def _turn(db: Database, settings: Settings, delegation_id: str, now: datetime) -> bool:
    with db.write() as session:
        row = session.exec(
            select(Delegation).where(col(Delegation.id) == delegation_id).with_for_update()
        ).one()
        if row.over_at is not None:
            return False
        if row.last_day < today(now):
            _close(session, settings, row, {row.absent_id, row.delegate_id}, now)
        elif row.document_id and session.get_one(Document, row.document_id).status in _ENDS:
            row.ended_at, row.ended_by = now, SYSTEM
            _close(session, settings, row, (), now)  # what was decided on it was told
        elif row.begun_at is None:
            _begin(session, row, now)
        return True


def review(session: Session, settings: Settings, school_id: str, by: str, now: datetime) -> None:
    """End what has nothing left after accounts or posts have changed: its delegate is switched off or became
    an administrator, or the absent person holds none of the posts any more."""
    rows = session.exec(
        select(Delegation).where(
            col(Delegation.school_id) == school_id,
            col(Delegation.over_at).is_(None),
            col(Delegation.ended_at).is_(None),
        )
    ).all()
    for row in rows:
        with suppress(NotFound):
            if cover(session, row, actor_of(session, row.delegate_id)) is not None:
                continue
        row.ended_at, row.ended_by = now, by
        _close(session, settings, row, _concerned(session, row), now)


def _begin(session: Session, row: Delegation, now: datetime) -> None:
    row.begun_at = now
    session.add(row)
    session.flush()
    _tell(session, row, "begins", {row.delegate_id}, now)
    vacancies.fill(session, row.school_id, now)
    vacancies.look(session, row, now)
    vacancies.give_back(session, row, now)  # one record's delegate goes before the deputy


def _close(
    session: Session, settings: Settings, row: Delegation, told: Collection[str], now: datetime
) -> None:
    row.over_at = now
    session.add(row)
    session.flush()
    if SEAL in row.posts:
        with suppress(NotFound):  # their account is switched off, its keys are revoked
            delegate = actor_of(session, row.delegate_id)
            if SEAL not in standing_in(session, delegate, now).reached():
                keyring.revoke_keys(session, settings, row.delegate_id, now, "seal")
    _tell(session, row, "ended", told, now)
    vacancies.fill(session, row.school_id, now)
    vacancies.give_back(session, row, now)


# --- what is told ----------------------------------------------------------------------------------------


def _concerned(session: Session, row: Delegation) -> set[str]:
    """Both persons, and the principals: they answer for who decides in the school."""
    principals = {a.id for a in holders(session, row.school_id, "role:principal")}
    return {row.absent_id, row.delegate_id} | principals


def _tell(session: Session, row: Delegation, what: str, people: Collection[str], now: datetime) -> None:
    absent, delegate = (session.get_one(Account, key) for key in (row.absent_id, row.delegate_id))
    principals = {a.id for a in holders(session, row.school_id, "role:principal")}
    about = TITLE.format(delegate=delegate.full_name, absent=absent.full_name)
    facts: dict[str, Any] = {
        "days": f"{row.first_day:%d/%m/%Y} – {row.last_day:%d/%m/%Y}",
        "scope": scope_words(session, row),
        "done": counted(session, [row.id]).get(row.id, 0),
    }
    for account_id in sorted(people):
        account = session.get_one(Account, account_id)
        if not account.active:
            continue
        said = _SAID[what] if what != "given" else GIVEN[account_id in principals, bool(row.document_id)]
        session.add(
            notice(
                row.school_id,
                account_id,
                "delegation",
                f"delegation:{row.id}:{what}",
                now,
                said.format(**facts),
                subject=about,
                path=f"/documents/{row.document_id}"
                if row.document_id and what != "ended"
                else "/inbox"
                if what == "begins"
                else "/absence",
            )
        )


TITLE = Text("{delegate} thay {absent}", "{delegate} stands in for {absent}")
GIVEN = {
    (False, False): Text(
        "Ủy quyền duyệt, ký hồ sơ trong thời gian vắng mặt: {scope}; {days}. Có gì không đúng thì chấm dứt ở "
        "trang Vắng mặt hoặc báo Hiệu trưởng.",
        "Decisions are handed over during an absence: {scope}; {days}. If anything is wrong, end it on the "
        "page Absence or tell the principal.",
    ),
    (True, False): Text(
        "Ủy quyền duyệt, ký hồ sơ trong thời gian vắng mặt: {scope}; {days}. Có gì không đúng thì chấm dứt ở "
        "trang Vắng mặt.",
        "Decisions are handed over during an absence: {scope}; {days}. If anything is wrong, end it on the "
        "page Absence.",
    ),
    (False, True): Text(
        "Giao xử lý một hồ sơ: {scope}; {days}. Có gì không đúng thì chấm dứt ở trang Vắng mặt hoặc báo Hiệu "
        "trưởng.",
        "One record is handed over: {scope}; {days}. If anything is wrong, end it on the page Absence or "
        "tell the principal.",
    ),
    (True, True): Text(
        "Giao xử lý một hồ sơ: {scope}; {days}. Có gì không đúng thì chấm dứt ở trang Vắng mặt.",
        "One record is handed over: {scope}; {days}. If anything is wrong, end it on the page Absence.",
    ),
}
"""By: to the principal, who has nobody else to tell? is it one record?"""
_SAID = {
    "begins": Text(
        "Việc thay bắt đầu: {scope}; {days}. Hồ sơ đang chờ có ở trang Chờ tôi.",
        "It begins: {scope}; {days}. What waits stands on the page Waiting for me.",
    ),
    "ended": Text(
        "Đã kết thúc: {scope}; {days}. Số lần xử lý thay: {done}.",
        "It has ended: {scope}; {days}. Decisions made: {done}.",
    ),
}
_NOT_YOURS = Text(
    "Chỉ người vắng mặt hoặc Hiệu trưởng được ủy quyền. Báo Hiệu trưởng nếu cần người thay gấp.",
    "Only the person who is away or the principal delegates. Tell the principal if it is urgent.",
)
_OVER = Text("Ủy quyền này đã kết thúc.", "This delegation has ended already.")
