"""What a change of a deadline or of the calendar does to what is open: shown first, then done.

Open is what nobody has signed yet, and what is not met yet after an approval. What was signed keeps the limit
it was held to, and what was flagged late stays late. Flags follow by the clock's own look (`flows/clock.py`),
so that the difference shown is the difference made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import Session, col, select

from flows import clock, duties, obligations
from flows.catalogue import TYPES, type_of
from flows.deadlines import Own, dated
from flows.due_rules import Deadline, as_data
from flows.flag_rows import Changes
from flows.flags import DueWeek, owing
from flows.grammar import DocumentType
from flows.obligations import Calendar, Owed, calendar_of
from flows.people import Actor
from flows.posts import holders
from models.account import Account
from models.deadline import DeadlineRule
from models.document import Document, OpenStep
from models.evidence import Duty
from models.flag import Flag
from models.notice import Notice
from models.text import Text


class Declared(NamedTuple):
    """A deadline a school may change: its name, what holds without a rule of the school's own."""

    setting: str
    name: Text
    default: Deadline
    after_approval: bool


def declared_rules(types: Iterable[DocumentType] = TYPES) -> dict[str, Declared]:
    """Every deadline of the types, by its setting."""
    found: dict[str, Declared] = {}
    for declared in types:
        if rule := declared.deadline:
            found.setdefault(rule.setting, Declared(rule.setting, declared.name, rule, after_approval=False))
    for duty in (o for declared in types for o in declared.obligations):
        found.setdefault(
            duty.due.setting, Declared(duty.due.setting, _AFTER_APPROVAL, duty.due, after_approval=True)
        )
    return found


class WeekMoved(NamedTuple):
    """The limit of a type and week, before and after."""

    name: Text
    week: int
    before: datetime
    after: datetime


class RecordMoved(NamedTuple):
    """An open record (or what is still to be done with an approved one) whose limit moves."""

    document_id: str
    title: str
    owner: str
    before: datetime
    after: datetime


class Concerned(NamedTuple):
    """A person who still owes: for so many weeks the limit comes earlier, for so many later."""

    name: str
    earlier: int
    later: int


class Flagged(NamedTuple):
    """A flag that opens or resolves at once."""

    name: str
    type: Text
    week: int


@dataclass(slots=True)
class Difference:
    """All that a change moves; empty when it moves nothing."""

    weeks: list[WeekMoved] = field(default_factory=list)
    records: list[RecordMoved] = field(default_factory=list)
    people: list[Concerned] = field(default_factory=list)
    opens: list[Flagged] = field(default_factory=list)
    resolves: list[Flagged] = field(default_factory=list)

    def digest(self) -> str:
        """What was shown, so that nothing else is done."""
        return hashlib.sha256(json.dumps(asdict(self), default=str).encode()).hexdigest()


def with_rule(calendar: Calendar, setting: str, rule: Deadline, valid_from: date, now: datetime) -> Calendar:
    """The calendar as it would be with one more rule, set now."""
    own = dict(calendar.own)
    own[setting] = [*own.get(setting, ()), Own(valid_from, now, rule)]
    return replace(calendar, own=own)


def until(calendar: Calendar, declared: Declared, valid_from: date) -> tuple[date, Deadline] | None:
    """Where a rule from that day on would end: the day an existing rule begins, and what holds from there."""
    own = dated(calendar.own.get(declared.setting, ()))
    later = [one.valid_from for one in own if one.valid_from > valid_from]
    return (min(later), calendar.rule(declared.default, min(later))) if later else None


def difference(session: Session, before: Calendar, after: Calendar, now: datetime) -> Difference:
    """What changes when the school goes from one calendar (or set of rules) to the other at this moment."""
    found = Difference()
    people: dict[str, list[int]] = {}
    for owed in obligations.owed_types():
        old = {due.week.id: due for due in before.due_weeks(owed.deadline)}
        moved = [
            (old[due.week.id], due)
            for due in after.due_weeks(owed.deadline)
            if due.week.id in old and old[due.week.id].due_at != due.due_at
        ]
        if moved:
            found.weeks += [
                WeekMoved(owed.declared.name, n.week.number, o.due_at, n.due_at) for o, n in moved
            ]
            _count_people(session, after, owed, moved, now, people)
            _count_flags(session, after, owed, [new for _, new in moved], now, found)
    found.records = [
        RecordMoved(document.id, document.title, _name(session, document.owner_id), document.due_at, due)
        for document, due in _drafts(session, after)
        if document.due_at is not None
    ]
    found.records += [
        RecordMoved(document.id, document.title, _name(session, duty.account_id), duty.due_at, due)
        for duty, document, due in _duties(session, after)
    ]
    found.people = [Concerned(_name(session, account), *counts) for account, counts in people.items()]
    return found


def _count_people(
    session: Session,
    after: Calendar,
    owed: Owed,
    moved: Sequence[tuple[DueWeek, DueWeek]],
    now: datetime,
    people: dict[str, list[int]],
) -> None:
    asked = {after.school_id: (after, [new for _, new in moved])}
    owers = obligations.debtors(session, owed, [after.school_id])[after.school_id]
    ledger = obligations.ledgers(session, owed, asked)[after.school_id]
    for old, new in moved:
        if max(old.due_at, new.due_at) <= now:
            continue
        for debtor in owing(owers, new, ledger):
            people.setdefault(debtor.account_id, [0, 0])[new.due_at > old.due_at] += 1


def _count_flags(
    session: Session, after: Calendar, owed: Owed, weeks: list[DueWeek], now: datetime, found: Difference
) -> None:
    changes = Changes()
    clock.compare(session, owed, {after.school_id: (after, weeks)}, now, changes)
    numbers = {due.week.id: due.week.number for due in weeks}
    opened = [(r["account_id"], r["week_id"]) for r in changes.insert if r["resolved_at"] is None]
    for flag_id, values in changes.change:
        if "resolved_at" not in values:
            continue
        flag = session.get_one(Flag, flag_id)
        assert flag.week_id is not None
        if values["resolved_at"] is None:
            opened.append((flag.account_id, flag.week_id))
        else:
            name = _name(session, flag.account_id)
            found.resolves.append(Flagged(name, owed.declared.name, numbers[flag.week_id]))
    found.opens += [Flagged(_name(session, a), owed.declared.name, numbers[w]) for a, w in sorted(opened)]


def _name(session: Session, account_id: str) -> str:
    return session.get_one(Account, account_id).full_name


# --- done -----------------------------------------------------------------------------------------------


def set_rule(
    session: Session, actor: Actor, declared: Declared, rule: Deadline, valid_from: date, now: datetime
) -> DeadlineRule:
    """Keep a school's rule, move what is open, and tell the principals. The clock is to look afterwards."""
    row = DeadlineRule(
        school_id=actor.school_id,
        key=declared.setting,
        valid_from=valid_from,
        value=as_data(rule),
        set_by=actor.id,
        set_at=now,
    )
    before = calendar_of(session, actor.school_id)
    session.add(row)
    session.flush()
    after = calendar_of(session, actor.school_id)
    recompute(session, after)
    sentence = _TOLD.format(who=_name(session, actor.id), day=f"{row.valid_from:%d/%m/%Y}", rule=rule.rule)
    tell(session, actor, declared, sentence, f"rule:{row.id}", now, soonest(declared, before, after, now))
    return row


def soonest(declared: Declared, before: Calendar, after: Calendar, now: datetime) -> datetime | None:
    """The first limit to come of those that moved, the old or the new; None when none did."""
    pairs = zip(before.limits(declared.default), after.limits(declared.default), strict=True)
    return min((at for pair in pairs if pair[0] != pair[1] for at in pair if at > now), default=None)


def recompute(session: Session, calendar: Calendar) -> int:
    """Give every open record the limit it has by the present rules and calendar; how many moved.

    Again at once it moves nothing. For every change of rules and of weeks.
    """
    moved = 0
    for document, due in _drafts(session, calendar):
        held = document.due_at
        # Who signs at this very moment keeps the limit the signature's event names.
        open_yet = col(Document.id) == document.id, col(Document.first_signed_at).is_(None)
        if not session.exec(update(Document).where(*open_yet).values(due_at=due)).rowcount:
            continue
        session.exec(
            update(OpenStep)
            .where(col(OpenStep.document_id) == document.id, col(OpenStep.due_at) == held)
            .values(due_at=due)
        )
        moved += 1
    for duty, _, due in _duties(session, calendar):
        duty.due_at = due
        session.add(duty)
        moved += 1
    return moved


def _drafts(session: Session, calendar: Calendar) -> Iterator[tuple[Document, datetime]]:
    """The records not signed yet that the calendar gives another limit. One without a limit keeps none."""
    rows = session.exec(
        select(Document)
        .where(
            col(Document.school_id) == calendar.school_id,
            col(Document.first_signed_at).is_(None),
            col(Document.due_at).is_not(None),
            col(Document.status) != "withdrawn",
        )
        .order_by(col(Document.id))
    ).all()
    for document in rows:
        rule = type_of(document.type).deadline
        due = calendar.limit(rule, document.week_id) if rule else None
        if due is not None and due != document.due_at:
            yield document, due


def _duties(session: Session, calendar: Calendar) -> Iterator[tuple[Duty, Document, datetime]]:
    """What is still to be done with approved records and gets another limit."""
    rows = session.exec(
        select(Duty, Document)
        .join(Document, col(Document.id) == col(Duty.document_id))
        .where(col(Duty.school_id) == calendar.school_id, col(Duty.met_at).is_(None))
        .order_by(col(Duty.document_id), col(Duty.kind))
    ).all()
    for duty, document in rows:
        declared = next((o for o in type_of(document.type).obligations if o.kind == duty.kind), None)
        due = duties.due_of(calendar, declared, duty.week_id, duty.opened_at) if declared else duty.due_at
        if due != duty.due_at:
            yield duty, document, due


def tell(
    session: Session,
    actor: Actor,
    declared: Declared,
    sentence: Text,
    key: str,
    now: datetime,
    by: datetime | None,
) -> None:
    """Tell the principals, but not whoever did it; `by`: when a limit comes that it moves, if one does."""
    timed = {"due_at": by.isoformat()} if by is not None else {}
    for principal in holders(session, actor.school_id, "role:principal"):
        if principal.id == actor.id:
            continue
        session.add(
            Notice(
                school_id=actor.school_id,
                account_id=principal.id,
                kind="rule",
                key=key,
                data={
                    "subject": {"vi": declared.name.vi, "en": declared.name.en},
                    "sentence": {"vi": sentence.vi, "en": sentence.en},
                    "path": "/deadlines",
                }
                | timed,
                created_at=now,
                due_at=now,
            )
        )


_AFTER_APPROVAL = Text("Tải về, in sau khi duyệt", "Downloading and printing after the approval")
_TOLD = Text(
    "{who} đổi thời hạn, áp dụng cho các tuần dạy từ ngày {day}: {rule}. Nếu chưa thống nhất, trao đổi lại "
    "với quản trị.",
    "{who} changed the deadline for teaching weeks from {day} on: {rule}. If this was not agreed, talk to "
    "the administrator.",
)
