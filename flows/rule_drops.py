"""A rule of a deadline that has not begun to hold is dropped: limits are again as if nobody had set it.

The row stays, with who dropped it. Time that was given is not taken back by surprise: what would leave a
limit still to come less than the notice of every new rule is refused, and a new rule is the way.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlmodel import Session

from flows.deadlines import least_notice
from flows.obligations import Calendar, calendar_of
from flows.people import Actor
from flows.rule_changes import Declared, Difference, recompute, soonest, tell
from flows.rules import own_of
from models.account import Account
from models.deadline import DeadlineRule
from models.errors import Invalid, NotFound, WrongStep
from models.text import Text


def droppable(row: DeadlineRule, today: date) -> bool:
    """Has it not begun to hold?"""
    return row.dropped_at is None and row.valid_from > today


def rule_to_drop(session: Session, actor: Actor, setting: str, rule_id: str, today: date) -> DeadlineRule:
    """The rule, to be changed; NotFound outside the school, WrongStep once it holds or is dropped."""
    row = session.get(DeadlineRule, rule_id, with_for_update=True)
    if row is None or (row.school_id, row.key) != (actor.school_id, setting):
        raise NotFound
    if not droppable(row, today):
        raise WrongStep(_HOLDS)
    return row


def without(calendar: Calendar, row: DeadlineRule) -> Calendar:
    """The calendar as it would be had the rule not been set."""
    own = dict(calendar.own)
    own[row.key] = [one for one in own.get(row.key, ()) if one != own_of(row)]
    return replace(calendar, own=own)


def refuse_short_notice(found: Difference, now: datetime) -> None:
    """Invalid when a limit that is still to come would come sooner than a new rule could bring it."""
    moved = [(one.before, one.after) for one in found.weeks]
    moved += [(one.before, one.after) for one in found.records]
    if any(after < min(before, least_notice(now)) and before > now for before, after in moved):
        raise Invalid(_SHORT)


def drop(session: Session, actor: Actor, declared: Declared, row: DeadlineRule, now: datetime) -> None:
    """Drop it, move what is open, tell the principals. The clock is to look afterwards."""
    before = calendar_of(session, actor.school_id)
    row.dropped_by, row.dropped_at = actor.id, now
    session.add(row)
    session.flush()
    after = calendar_of(session, actor.school_id)
    recompute(session, after)
    who = session.get_one(Account, actor.id).full_name
    sentence = _TOLD.format(who=who, day=f"{row.valid_from:%d/%m/%Y}", rule=own_of(row).rule.rule)
    by = soonest(declared, before, after, now)
    tell(session, actor, declared, sentence, f"rule:{row.id}:dropped", now, by)


_HOLDS = Text(
    "Quy tắc này đã bắt đầu áp dụng hoặc đã được bỏ nên giữ nguyên. Cần khác thì đặt quy tắc mới.",
    "This rule has begun to hold or is dropped already, so it stays. Set a new rule instead.",
)
_SHORT = Text(
    "Bỏ quy tắc này thì có hạn đang còn đến sớm hơn hết ngày mai. Đặt quy tắc mới thay vào: quy tắc mới luôn "
    "chừa ít nhất đến hết ngày mai.",
    "Without this rule a limit still to come would come before the end of tomorrow. Set a new rule instead: "
    "it always leaves time until then.",
)
_TOLD = Text(
    "{who} bỏ quy tắc thời hạn chưa áp dụng (cho các tuần dạy từ ngày {day}: {rule}). Nếu chưa thống nhất, "
    "trao đổi lại với quản trị.",
    "{who} dropped a deadline that did not hold yet (for teaching weeks from {day} on: {rule}). If this was "
    "not agreed, talk to the administrator.",
)
