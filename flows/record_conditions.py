"""Facts about records that want attention: not downloaded, not printed, reviewed late. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows import evidence
from flows.candidates import cover, in_force, today
from flows.catalogue import TYPES, type_of
from flows.deadlines import WEEKDAYS, length_words
from flows.flag_words import pair, stamp
from flows.flags import Found
from flows.grammar import StepDue, UntilWeekday, Within
from flows.obligations import chunks
from flows.outstanding import DONE
from flows.people import Cover
from flows.posts import actor_of
from flows.queries import NO_ACTS
from models.account import Account, AccountRole, Group
from models.delegation import Delegation, Substitution
from models.document import Document, OpenStep
from models.errors import NotFound
from models.event import Event
from models.evidence import Duty
from models.statements import ask
from models.text import Text


def not_downloaded(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """Approved files that their owners have not downloaded in time."""
    return _unmet(session, "not-downloaded", schools, now)


def not_printed(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """Approved files of which no print, and no laptop instead, was reported in time."""
    return _unmet(session, "not-printed", schools, now)


def _unmet(session: Session, rule: str, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    d = Duty
    kinds = [kind for kind, flagged in evidence.FLAGGED.items() if flagged == rule]
    unmet = (
        select_columns(
            col(d.school_id),
            col(d.document_id),
            col(d.revision),
            col(d.account_id),
            col(d.group_id),
            col(d.week_id),
            col(d.due_at),
            col(d.kind),
            col(Document.type),
        )
        .join(Document, col(Document.id) == col(d.document_id))
        .join(Account, col(Account.id) == col(d.account_id))
        .where(
            col(d.school_id).in_(schools),
            col(d.met_at).is_(None),
            col(d.due_at) <= now,
            col(d.kind).in_(kinds),
            col(Document.status).in_(DONE),
            col(Account.active),
        )
    )
    for school, document, revision, account, group, week, due_at, kind, slug in ask(session, unmet):
        yield (
            school,
            Found(
                key=f"{rule}:{document}:{revision}:{account}",
                rule=rule,
                type=slug,
                account_id=account,
                group_id=group,
                week_id=week,
                document_id=document,
                due_at=due_at,
                opened_at=due_at,
                resolved_at=None,
                data={"due_at": stamp(due_at), "rule": pair(_duty_rule(kind))},
            ),
        )


def _duty_rule(kind: str) -> Text:
    what = evidence.NAMES[kind]
    return Text(f"sau khi ký duyệt: {what.within().vi}", f"after the approval: {what.within().en}")


# --- reviews --------------------------------------------------------------------------------------------


class Late(NamedTuple):
    """An open step past its limit, with what of its document decides who may take it."""

    school_id: str
    document_id: str
    step: str
    audience: str
    type: str
    opened_seq: int
    due_at: datetime
    owner_id: str
    group_id: str | None
    week_id: str | None
    concerned_id: str | None


def overdue(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """Reviews past their limit, by whom the step waits for now: who stands in for the absent included."""
    late: dict[tuple[str, str], list[Late]] = defaultdict(list)
    for step in _late(session, schools, now):
        late[step.document_id, step.step].append(step)
    if not late:
        return
    holders = _holders(session, {(s.school_id, s.audience) for steps in late.values() for s in steps})
    away = _Absences(session, sorted({school for school, _ in holders}), now)
    acted = _acted(session, [document for document, _ in late])
    for (document, _), steps in late.items():
        for account in _answerable(steps, holders, away, acted[document] | {steps[0].owner_id}):
            yield steps[0].school_id, _overdue(steps[0], account)


def _overdue(late: Late, account: str) -> Found:
    step = type_of(late.type).step(late.step)
    return Found(
        key=f"overdue:{late.document_id}:{late.step}:{late.opened_seq}:{account}",
        rule="overdue",
        type=late.type,
        account_id=account,
        group_id=late.group_id,
        week_id=late.week_id,
        document_id=late.document_id,
        due_at=late.due_at,
        opened_at=late.due_at,
        resolved_at=None,
        data={"due_at": stamp(late.due_at), "rule": pair(_review_rule(step.due)), "step": pair(step.label)},
    )


def _review_rule(due: StepDue | None) -> Text:
    """The reviewer's own time, as it is declared with the type."""
    match due:
        case Within(time=time):
            length = length_words(time)
            return Text(
                f"trong {length.vi} kể từ khi đến bước này", f"within {length.en} of reaching this step"
            )
        case UntilWeekday(weekday=weekday, hour=hour, least=least):
            day, length = WEEKDAYS[weekday], length_words(least)
            return Text(
                f"trước {hour}:00 {day.vi} của tuần liền trước tuần dạy, nhưng luôn có ít nhất {length.vi}",
                f"before {hour}:00 on {day.en} of the week before, but never in less than {length.en}",
            )
    return Text("", "")


def _late(session: Session, schools: Sequence[str], now: datetime) -> list[Late]:
    """Steps of reviewers that have a limit of their own; the author's lateness is another flag."""
    timed = {(t.slug, s.name) for t in TYPES for s in t.leaves if s.due is not None}
    o = OpenStep
    rows = session.execute(
        select_columns(
            *(col(getattr(o, name)) for name in Late._fields[:7]),
            col(Document.owner_id),
            col(Document.group_id),
            col(Document.week_id),
            col(Document.concerned_id),
        )
        .join(Document, col(Document.id) == col(o.document_id))
        .where(
            col(o.school_id).in_(schools),
            col(o.due_at) <= now,
            col(o.step).in_({step for _, step in timed}),
        )
        .order_by(col(o.document_id), col(o.place))
    )
    return [late for late in map(Late._make, rows) if (late.type, late.step) in timed]


Posts = Mapping[tuple[str, str], Sequence[str]]
"""Active accounts by school and audience (`models.document.OpenStep`)."""


def _holders(session: Session, asked: Set[tuple[str, str]]) -> Posts:
    """Who holds these posts now, in a question of each kind for all schools."""
    found: dict[tuple[str, str], list[str]] = {key: [] for key in sorted(asked)}
    schools = {school for school, _ in asked}
    roles = {audience.partition(":")[2] for _, audience in asked if audience.startswith("role:")}
    rows = (
        select(AccountRole.school_id, AccountRole.role, AccountRole.account_id)
        .join(Account, col(Account.id) == col(AccountRole.account_id))
        .where(col(AccountRole.school_id).in_(schools), col(AccountRole.role).in_(roles), col(Account.active))
    )
    for school, role, account in session.exec(rows) if roles else ():
        if (school, f"role:{role}") in found:
            found[school, f"role:{role}"].append(account)
    own = {audience.partition(":")[2] for _, audience in asked if audience.startswith("account:")}
    named = select(Account.school_id, Account.id).where(col(Account.id).in_(own), col(Account.active))
    for school, account in session.exec(named) if own else ():
        if (school, f"account:{account}") in found:
            found[school, f"account:{account}"].append(account)
    groups = (
        select(Group.school_id, Group.id, Account.id, Group.head_id)
        .join(Account, col(Account.id).in_((col(Group.head_id), col(Group.deputy_id))))
        .where(col(Group.school_id).in_(schools), col(Account.active))
    )
    if any(audience.startswith("group_") for _, audience in asked):
        for school, group, account, head in session.exec(groups):
            key = school, f"{'group_head' if account == head else 'group_deputy'}:{group}"
            if key in found:
                found[key].append(account)
    return found


class _Absences:
    """Who is away today and who stands in, asked of the database once for the schools, then by step."""

    def __init__(self, session: Session, schools: Sequence[str], now: datetime) -> None:
        self._session = session
        self._rows: dict[str, list[Delegation]] = defaultdict(list)
        rows = select(Delegation).where(col(Delegation.school_id).in_(schools), in_force(today(now)))
        for row in session.exec(rows.order_by(col(Delegation.given_at), col(Delegation.id))):
            self._rows[row.school_id].append(row)
        self._covers: dict[str, Cover | None] = {}

    def of(self, school: str, audience: str, type: str) -> dict[str, str]:
        """By the absent person: who takes a step of this type that waits for this post."""
        return {
            row.absent_id: row.delegate_id
            for row in self._rows[school]
            if audience in row.posts
            and (given := self._cover(row)) is not None
            and audience in given.posts
            and type in given.types
        }

    def _cover(self, row: Delegation) -> Cover | None:
        if row.id not in self._covers:
            try:
                self._covers[row.id] = cover(self._session, row, actor_of(self._session, row.delegate_id))
            except NotFound:
                self._covers[row.id] = None
        return self._covers[row.id]


def _answerable(steps: Sequence[Late], holders: Posts, away: _Absences, taken: Set[str]) -> list[str]:
    """For whom the step waits by the first of its posts that somebody free of law 6 holds."""
    for step in steps:
        held = holders[step.school_id, step.audience]
        instead = away.of(step.school_id, step.audience, step.type)
        found = [instead.get(account, account) for account in held if account not in taken]
        bound = taken | ({step.concerned_id} - {step.audience.partition(":")[2]})
        if free := sorted({account for account in found if account not in bound}):
            return free
    return []


def _acted(session: Session, documents: Sequence[str]) -> Mapping[str, Set[str]]:
    """By document: who signed or decided in its present revision, or was stood in for (law 6)."""
    found: dict[str, set[str]] = defaultdict(set)
    for some in chunks(documents):
        for table, who in ((Event, col(Event.actor_id)), (Substitution, col(Substitution.absent_id))):
            rows = (
                select_columns(col(Document.id), who)
                .join(table, col(table.document_id) == col(Document.id))
                .where(
                    col(Document.id).in_(some),
                    col(table.revision) == col(Document.revision),
                    col(table.action).not_in(NO_ACTS),
                )
            )
            for document, account in session.execute(rows):
                found[document].add(account)
    return found
