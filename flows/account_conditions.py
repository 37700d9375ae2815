"""Facts about accounts that somebody should look at: passwords, idle accounts, certificates. Reads only.

Advice, never forced (the plan, II.1: administrators watch for passwords that were never changed or kept for
too long). How long is too long is a rule of the school; one question serves all schools with the same rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, or_

from flows.candidates import today
from flows.flag_words import pair, stamp
from flows.flags import Found
from flows.rules import days_of
from models.account import Account
from models.delegation import Delegation
from models.key import SigningKey
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.text import Text

_SET_AT = func.coalesce(col(Account.password_changed_at), col(Account.created_at))
_USED_AT = func.coalesce(col(Account.last_seen_at), col(Account.created_at))
_DAY = timedelta(days=1)


def _flag(
    rule: str, subject: str, account: str, due_at: datetime, said: Text, *, opened_at: datetime, **data: Any
) -> Found:
    return Found(
        key=f"{rule}:{subject}:{account}",
        rule=rule,
        type="",
        account_id=account,
        group_id=None,
        week_id=None,
        document_id=None,
        due_at=due_at,
        opened_at=opened_at,
        resolved_at=None,
        data={"due_at": stamp(due_at), "rule": pair(said), **data},
    )


# --- passwords ------------------------------------------------------------------------------------------


def never_changed(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """Passwords that were given out and are still in use after the days of the rule."""
    return _passwords(session, schools, now, "password-default", "given_password", _GIVEN, given=True)


def old(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """Passwords of a person's own choice that are older than the rule."""
    return _passwords(session, schools, now, "password-old", "password_age", _OLD, given=False)


def _passwords(
    session: Session,
    schools: Sequence[str],
    now: datetime,
    rule: str,
    setting: str,
    said: Text,
    *,
    given: bool,
) -> Iterator[tuple[str, Found]]:
    for days, some in _by_days(session, schools, setting):
        age = timedelta(days=days)
        rows = select_columns(col(Account.school_id), col(Account.id), _SET_AT).where(
            col(Account.school_id).in_(some),
            col(Account.active),
            col(Account.must_change).is_(given),
            now - age >= _SET_AT,
        )
        words = said.format(days=days)
        for school, account, since in session.execute(rows):
            due = since + age
            flag = _flag(
                rule,
                f"{since:%Y%m%d%H%M%S}",
                account,
                due,
                words,
                opened_at=due,
                since=stamp(since),
                days=days,
            )
            yield school, flag


_GIVEN = Text(
    "mật khẩu được cấp phải đổi trong {days} ngày",
    "a password that was given out is changed within {days} days",
)
_OLD = Text("nên đổi mật khẩu sau {days} ngày", "a password should be changed after {days} days")


# --- accounts nobody uses -------------------------------------------------------------------------------


def idle(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """Accounts without a sign-in for the days of the rule.

    Counted in teaching weeks alone, so that nobody is idle because of a holiday; days on which somebody else
    decides for the person do not count either.
    """
    for days, some in _by_days(session, schools, "idle_account"):
        weeks = _weeks(session, some, today(now))
        limits: dict[datetime, list[str]] = defaultdict(list)
        for school in some:
            limit = _limit(weeks.get(school, ()), days, now)
            if limit is not None:
                limits[limit].append(school)
        for limit, alike in limits.items():
            yield from _idle_since(session, alike, limit, now, days, weeks)


Week = tuple[date, date]
"""Monday and Sunday of a teaching week."""


def _idle_since(
    session: Session,
    schools: Sequence[str],
    limit: datetime,
    now: datetime,
    days: int,
    weeks: Mapping[str, Sequence[Week]],
) -> Iterator[tuple[str, Found]]:
    used_once = col(Account.last_seen_at).is_not(None)
    rows = select_columns(col(Account.school_id), col(Account.id), _USED_AT, used_once).where(
        col(Account.school_id).in_(schools), col(Account.active), limit > _USED_AT
    )
    found = session.execute(rows).all()
    back = _back(session, schools, limit, now) if found else {}
    said = _IDLE.format(days=days)
    for school, account, since, used in found:
        start = max(since, back.get(account, since))
        if start >= limit:
            continue
        due = _after(weeks.get(school, ()), start, days)
        data = {"since": stamp(since), "used": used, "days": days}
        yield school, _flag("idle", f"{start:%Y%m%d%H%M%S}", account, due, said, opened_at=due, **data)


def _back(session: Session, schools: Sequence[str], limit: datetime, now: datetime) -> dict[str, datetime]:
    """Since when people who were away after the limit are back; whoever is away today is not back yet."""
    d = Delegation
    first = limit.astimezone(VIETNAM).date()
    rows = select_columns(col(d.absent_id), col(d.last_day), col(d.ended_at)).where(
        col(d.school_id).in_(schools),
        col(d.last_day) >= first,
        col(d.first_day) <= today(now),
        or_(col(d.ended_at).is_(None), col(d.ended_at) >= limit),
    )
    found: dict[str, datetime] = {}
    for account, last_day, ended_at in session.execute(rows):
        over = datetime.combine(last_day + _DAY, time(0), VIETNAM)
        over = min(over, ended_at) if ended_at else over
        found[account] = max(over, found.get(account, over))
    return found


def _weeks(session: Session, schools: Sequence[str], day: date) -> Mapping[str, Sequence[Week]]:
    """By school: its teaching weeks that began before a day, in order."""
    w = SchoolWeek
    rows = select_columns(col(w.school_id), col(w.monday), col(w.sunday)).where(
        col(w.school_id).in_(schools), col(w.monday) < day
    )
    found: dict[str, list[Week]] = defaultdict(list)
    for school, monday, sunday in session.execute(rows.order_by(col(w.monday))):
        found[school].append((monday, sunday))
    return found


def _limit(weeks: Sequence[Week], days: int, now: datetime) -> datetime | None:
    """Who was used last before this instant is idle now; None while the weeks have not had so many days.

    The days that count are over; where a school has entered no weeks, every day counts.
    """
    here = today(now)
    if not weeks:
        return datetime.combine(here - timedelta(days=days), time(0), VIETNAM)
    left = days
    for monday, sunday in reversed(weeks):
        last = min(sunday, here - _DAY)
        there = (last - monday).days + 1
        if there >= left:
            return datetime.combine(last - timedelta(days=left - 1), time(0), VIETNAM)
        left -= there
    return None


def _after(weeks: Sequence[Week], start: datetime, days: int) -> datetime:
    """The end of the last of so many days of teaching weeks after the day of an instant."""
    day, left = start.astimezone(VIETNAM).date(), days
    for monday, sunday in weeks:
        first = max(monday, day + _DAY)
        there = (sunday - first).days + 1
        if there >= left:
            return datetime.combine(first + timedelta(days=left), time(0), VIETNAM)
        left -= max(there, 0)
    return datetime.combine(day + timedelta(days=days + 1), time(0), VIETNAM)


_IDLE = Text(
    "báo khi {days} ngày liền trong tuần học không đăng nhập, trừ ngày nghỉ có người thay",
    "said after {days} days of teaching weeks without a sign-in, days with a stand-in left out",
)


# --- certificates ---------------------------------------------------------------------------------------


def certificate(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """Certificates in use that expire within the days of the rule, or have expired."""
    k = SigningKey
    for days, some in _by_days(session, schools, "certificate_ahead"):
        ahead = timedelta(days=days)
        rows = (
            select_columns(col(k.school_id), col(k.id), col(k.account_id), col(k.purpose), col(k.expires_at))
            .join(Account, col(Account.id) == col(k.account_id))
            .where(
                col(k.revoked_at).is_(None),
                col(k.expires_at) <= now + ahead,
                col(k.school_id).in_(some),
                col(Account.active),
            )
        )
        said = _CERTIFICATE.format(days=days)
        for school, key, account, purpose, until in session.execute(rows):
            opened = until - ahead
            yield school, _flag("certificate", key, account, until, said, opened_at=opened, purpose=purpose)


_CERTIFICATE = Text(
    "báo trước khi chứng thư hết hạn {days} ngày", "said {days} days before a certificate expires"
)


def _by_days(session: Session, schools: Sequence[str], setting: str) -> Iterator[tuple[int, list[str]]]:
    """Schools by their days of a rule; those that switched it off (0) are left out."""
    found: dict[int, list[str]] = defaultdict(list)
    for school, days in days_of(session, schools, setting).items():
        found[days].append(school)
    yield from ((days, some) for days, some in found.items() if days)
