"""Who is told what a spot check would probably miss: the teacher first, then the group head. Sends nothing.

On the eve of a day with lessons the teacher alone is told. Where it is still so in the morning, the teacher
is told again and the head in one line with the names. Keys hold the day, so that nobody is told twice. The
word of the eve holds until the day begins: one that waited out the quiet hours gives way to the morning's.
Words name the day and never say tomorrow, for a mail may go later than it was written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows import obligations, probable, probable_rows
from flows.flag_rows import notice
from flows.probable_rows import Probable
from flows.reminders import write_new
from models.account import Account, Group
from models.db import Database
from models.names import by_given_name
from models.settings import VIETNAM
from models.text import Text


def tell(db: Database, now: datetime, school_id: str | None = None) -> int:
    """Write the notices that are due by now; asked again it writes nothing more. Returns how many."""
    return write_new(db, now, school_id, _notices)


def _notices(session: Session, schools: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    found = probable_rows.find(session, schools, now)
    yield from _to_teachers(found, now)
    yield from _to_heads(session, found, now)


def _to_teachers(found: Sequence[Probable], now: datetime) -> Iterator[dict[str, Any]]:
    for one in found:
        begins = datetime.combine(one.window.day, time(0), VIETNAM)
        if begins <= now < one.window.morning:
            continue
        eve = now < begins
        several = len(one.lacks) > 1
        yield _row(
            one.school_id,
            one.debtor.account_id,
            "eve" if eve else "morning",
            one.window.day,
            now,
            subject=lessons_on(one.window.day),
            sentence=probable.sentence(one.window.day, one.week.number, one.lacks),
            path="/" if several else probable.path(one.lacks[0], one.week.id),
            flags=one.keys,
            over=(begins if eve else one.window.over).isoformat(),
        )


def _to_heads(session: Session, found: Sequence[Probable], now: datetime) -> Iterator[dict[str, Any]]:
    by_group: dict[tuple[str, date], list[Probable]] = defaultdict(list)
    for one in found:
        if now >= one.window.morning and one.debtor.group_id:
            by_group[one.debtor.group_id, one.window.day].append(one)
    if not by_group:
        return
    names = _names(session, [one.debtor.account_id for one in found])
    heads = _heads(session, by_group, {one.school_id for one in found})
    for (group, day), lacking in by_group.items():
        head = heads.get((group, day))
        others = [one for one in lacking if one.debtor.account_id != head]
        if head is None or not others:
            continue
        who = sorted((names[one.debtor.account_id] for one in others), key=by_given_name)
        yield _row(
            others[0].school_id,
            head,
            f"group:{group}",
            day,
            now,
            subject=lessons_on(day),
            sentence=_GROUP.format(day=probable.day_words(day), names=probable.names_words(who)),
            path=f"/flags/list?rule={probable.RULE}",
            flags=[key for one in others for key in one.keys],
            over=others[0].window.over.isoformat(),
        )


def _heads(
    session: Session, groups: dict[tuple[str, date], list[Probable]], schools: set[str]
) -> dict[tuple[str, date], str]:
    """Whom to tell of a group on a day: its head, or the deputy while the head is away."""
    known = {g.id: g for g in session.exec(select(Group).where(col(Group.id).in_({g for g, _ in groups})))}
    found = {}
    for day in {day for _, day in groups}:
        away = probable_rows.away(session, sorted(schools), day)
        for group in (g for g, on in groups if on == day):
            leaders = (known[group].head_id, known[group].deputy_id)
            present = next((who for who in leaders if who and who not in away), None)
            if present:
                found[group, day] = present
    return found


def _names(session: Session, accounts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in obligations.chunks(accounts):
        rows = select_columns(col(Account.id), col(Account.full_name)).where(col(Account.id).in_(some))
        found.update((account, name) for account, name in session.execute(rows))
    return found


def _row(
    school: str,
    account: str,
    what: str,
    day: date,
    now: datetime,
    *,
    subject: Text,
    sentence: Text,
    **data: Any,
) -> dict[str, Any]:
    words = {n: {"vi": t.vi, "en": t.en} for n, t in (("subject", subject), ("sentence", sentence))}
    return notice(
        school,
        account,
        probable.RULE,
        f"{probable.RULE}:{day.isoformat()}:{what}",
        now,
        data={"day": day.isoformat(), **words, **data},
    )


def lessons_on(day: date) -> Text:
    """`Giờ dạy thứ Tư 25/11`."""
    return Text("Giờ dạy {day}", "Lessons on {day}").format(day=probable.day_words(day))


_GROUP = Text("Có thể thiếu khi kiểm tra {day}: {names}.", "A check on {day} may miss something of: {names}.")
