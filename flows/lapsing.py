"""A delegate who comes too late, or too early, learns which delegation that was and what to do.

The refusal itself is `flows/permits.py`'s; here it is put in words for a delegate.
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, col, select

from flows import plan
from flows.absences import state_of
from flows.candidates import cover, today
from flows.commands import Command, Here
from flows.grammar import Step
from flows.permits import permit, waiting_words
from models.db import Database
from models.delegation import Delegation
from models.errors import NotYours
from models.settings import VIETNAM
from models.text import Text


def permitted(db: Database, here: Here, command: Command) -> Step:
    """As `permit`; NotYours names a delegation that would have let them, had it not ended or been to come."""
    try:
        return permit(here, command)
    except NotYours as refusal:
        with db.read() as session:
            told = _told(session, here, command)
        if told is None:
            raise
        raise NotYours(told) from refusal


def _told(session: Session, here: Here, command: Command) -> Text | None:
    d = Delegation
    rows = session.exec(
        select(d).where(col(d.delegate_id) == command.actor.id).order_by(col(d.last_day).desc(), col(d.id))
    ).all()
    day = today(command.arrived)
    for row in rows:
        state, held = state_of(row, day), cover(session, row, command.actor)
        if state == "now" or held is None:
            continue
        then = replace(command.actor, covers=(held,))
        if command.action in plan.turns(here.position, then, here.subject):
            ended = row.ended_at.astimezone(VIETNAM).date() if row.ended_at else row.last_day
            return _WORDS[state].format(
                who=held.absent,
                day=f"{row.first_day if state == 'coming' else ended:%d/%m/%Y}",
                waiting=waiting_words(here.position) or "–",
            )
    return None


_WORDS = {
    "over": Text(
        "Việc làm thay {who} đã hết sau ngày {day}, nên bước này không còn thuộc tài khoản này. Hiện nay: "
        "{waiting}. Cần làm thay tiếp thì nhờ {who} hoặc hiệu trưởng giao lại ở trang Vắng mặt.",
        "Standing in for {who} ended with {day}, so this step is no longer for this account. Now: {waiting}. "
        "To go on, ask {who} or the principal to hand it over again on the page Absence.",
    ),
    "ended": Text(
        "Việc làm thay {who} đã được kết thúc ngày {day}, nên bước này không còn thuộc tài khoản này. Hiện "
        "nay: {waiting}. Cần làm thay tiếp thì nhờ {who} hoặc hiệu trưởng giao lại ở trang Vắng mặt.",
        "Standing in for {who} was ended on {day}, so this step is not for this account now. Now: {waiting}. "
        "To go on, ask {who} or the principal to hand it over again on the page Absence.",
    ),
    "coming": Text(
        "Việc làm thay {who} bắt đầu ngày {day}; từ ngày đó mới làm được bước này. Hiện nay: {waiting}.",
        "Standing in for {who} begins on {day}; this step can be done from then on. Now: {waiting}.",
    ),
}
