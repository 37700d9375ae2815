"""Who is told that a change of the calendar moved a limit: principals, and whoever has still to hand in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from flows import obligations
from flows.deadlines import last_day_words
from flows.flag_words import of_week
from flows.flags import owing
from flows.people import Actor
from flows.posts import holders
from models.notice import notice
from models.text import Text
from service.calendar_difference import Difference, Limit

SHOWN = 3
"""So many limits stand in one notice; the board has them all."""
SUBJECT = Text("Hạn nộp thay đổi do lịch của trường", "Limits moved by the school's calendar")


def tell(session: Session, actor: Actor, found: Difference, why: Text, now: datetime) -> None:
    """Tell of the limits that moved, in the transaction that moves them; not whoever did it.

    A principal learns of all, others of what they still owe. It can wait for the digest unless a limit comes
    first (`tasks/noticing.py`).
    """
    if not found.limits:
        return
    told: dict[str, list[Limit]] = {p.id: [*found.limits] for p in holders(session, actor.school_id, _HEAD)}
    for account_id, limits in _owed(session, actor.school_id, found.limits).items():
        told.setdefault(account_id, limits)
    for account_id, limits in told.items():
        if account_id == actor.id:
            continue
        made = notice(
            actor.school_id,
            account_id,
            "limit",
            f"limit:{now.isoformat()}",
            now,
            said(limits, why),
            subject=SUBJECT,
            path="/flags",
            due_at=soonest(limits, now).isoformat(),
        )
        session.add(made)


def said(limits: Sequence[Limit], why: Text) -> Text:
    """Which limits moved, from when to when, and why."""
    parts = [
        _MOVED.format(
            what=of_week(one.type, one.number), was=last_day_words(one.before), due=last_day_words(one.after)
        )
        for one in sorted(limits, key=lambda limit: limit.after)[:SHOWN]
    ]
    if more := len(limits) - len(parts):
        parts.append(Text(f"và {more} hạn khác", f"and {more} more"))
    moved = Text("; ".join(p.vi for p in parts), "; ".join(p.en for p in parts))
    return Text("{moved}. Lý do: {why}.", "{moved}. Why: {why}.").format(moved=moved, why=why)


def soonest(limits: Sequence[Limit], now: datetime) -> datetime:
    """The first of these limits to come, the old or the new: by then it is to be known."""
    return min(at for one in limits for at in (one.before, one.after) if at > now)


def _owed(session: Session, school_id: str, limits: Sequence[Limit]) -> dict[str, list[Limit]]:
    """By person: the moved limits of what they have not handed in yet."""
    found: dict[str, list[Limit]] = defaultdict(list)
    calendar = obligations.calendar_of(session, school_id)
    for owed in obligations.owed_types():
        moved = {one.week_id: one for one in limits if one.slug == owed.slug}
        weeks = [due for due in calendar.due_weeks(owed.deadline) if due.week.id in moved]
        if not weeks:
            continue
        owers = obligations.debtors(session, owed, [school_id]).get(school_id, [])
        ledger = obligations.ledgers(session, owed, {school_id: (calendar, weeks)})[school_id]
        for due in weeks:
            for debtor in owing(owers, due, ledger):
                found[debtor.account_id].append(moved[due.week.id])
    return found


_HEAD = "role:principal"
_MOVED = Text("{what}: {was} đổi thành {due}", "{what}: {was} became {due}")
