"""Mails: what a person is to be told is gathered into one mail, stored with a Message-ID, then sent.

What can wait goes with the person's digest: one mail at the school's hour on working days, and never two on
a day, which the database itself holds (`Mail.digest_day`). What cannot wait goes at once, but not in quiet
hours. `tasks/kinds.py` says which is which, `tasks/mail_hours.py` when that is.

Two acts, so that a crash between them loses nothing and doubles nothing: `fold` writes the mail and marks
its notices in one transaction; `tasks/posting.py` sends what is stored. A notice whose fact is no longer
true is dropped, so that who slept for a week is told what is so now, once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, literal, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.account import Account
from models.columns import UtcDateTime
from models.db import Database
from models.document import Document
from models.notice import Mail, Notice
from models.settings import VIETNAM, Settings
from models.statements import ask
from tasks.kinds import goes
from tasks.letters import language_of, letter
from tasks.mail_hours import Going, MailHours, WorkingDay, hours_of
from tasks.noticing import Lines, limits, line, still_true

GATHER = timedelta(seconds=5)
"""A person's notices wait until none came for so long, so that ten decisions make one mail ..."""

AT_MOST = timedelta(seconds=60)
"""... but no longer than this."""

AT_ONCE = 500
"""People looked at together, and mails made in one go at most."""

Audiences = Callable[[Session, str], Collection[str]]
"""Keys under which steps wait for an account; `flows` knows them, and hands this in."""

WorkingDays = Callable[[Session, str], WorkingDay]
"""A school's working days; handed in likewise."""


@dataclass(slots=True)
class Draft:
    """A mail being made: whom it is for, what it tells, which notices it settles."""

    account: Account
    lines: Lines = field(default_factory=Lines)
    told: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    is_digest: bool = False
    server_id: str | None = None
    """The mail server it must go by, where one of its notices says so."""


def nothing_due(db: Database, now: datetime) -> bool:
    """Is there neither a notice to fold nor a mail to send? So it is nearly always, and is asked all day."""
    with db.read() as session:
        return not ask(session, _ANY_DUE, now=now)


_ANY_DUE = union_all(
    select(literal(1)).where(
        exists().where(
            col(Notice.dropped).is_(False),
            col(Notice.mail_id).is_(None),
            col(Notice.due_at) <= bindparam("now", type_=UtcDateTime),
        )
    ),
    select(literal(1)).where(
        exists().where(
            col(Mail.state) == "waiting", col(Mail.next_try_at) <= bindparam("now", type_=UtcDateTime)
        )
    ),
)


def fold(
    db: Database, settings: Settings, now: datetime, audiences: Audiences, working_days: WorkingDays
) -> int:
    """Make a mail for every person who is to have one now, put off the rest; returns the mails stored.

    Safe to run in two processes: a notice goes to the transaction that marks it first.
    """
    after, stored, calendars = "", 0, _Calendars(working_days)
    while stored < AT_ONCE:
        with db.read() as session:
            people = _people(session, now, after)
            going = _going(session, people, now, calendars)
        if not people:
            break
        after = people[-1]
        _put_off(db, going, now)
        ready = _ready(going, now)
        with db.read() as session:
            drafts = [_draft(session, settings, who, notices, now, audiences) for who, notices in ready]
        stored += sum(_store(db, settings, draft, now) for draft in drafts if draft)
    return stored


def fold_now(db: Database, settings: Settings, school_id: str, now: datetime, audiences: Audiences) -> int:
    """Make the mails of one school that wait for a digest at once; returns the mails stored.

    For a demonstration: they count as no digest, so that the day's own still goes.
    """
    with db.read() as session:
        waiting = select(Notice).where(
            col(Notice.school_id) == school_id, col(Notice.dropped).is_(False), col(Notice.mail_id).is_(None)
        )
        by_person: dict[str, dict[str, bool]] = defaultdict(dict)
        for notice in session.exec(waiting.order_by(col(Notice.account_id))):
            by_person[notice.account_id][notice.id] = False
        drafts = [_draft(session, settings, who, ids, now, audiences) for who, ids in by_person.items()]
    return sum(_store(db, settings, draft, now) for draft in drafts if draft)


def look_again(session: Session, school_id: str) -> None:
    """What waits in a school is put off anew: its hours have changed."""
    session.exec(
        update(Notice)
        .where(
            col(Notice.school_id) == school_id,
            col(Notice.mail_id).is_(None),
            col(Notice.dropped).is_(False),
            col(Notice.due_at) > col(Notice.created_at),
        )
        .values(due_at=Notice.created_at)
    )


# --- who is to have one ---------------------------------------------------------------------------------


def _due(now: datetime) -> tuple[Any, ...]:
    return col(Notice.dropped).is_(False), col(Notice.mail_id).is_(None), col(Notice.due_at) <= now


def _people(session: Session, now: datetime, after: str) -> Sequence[str]:
    """Accounts with notices that are due, in order of their ids, so many after the last."""
    return session.exec(
        select(Notice.account_id)
        .where(*_due(now), col(Notice.account_id) > after)
        .distinct()
        .order_by(col(Notice.account_id))
        .limit(AT_ONCE)
    ).all()


class _Calendars:
    """Hours and working days of schools, each read once."""

    def __init__(self, working_days: WorkingDays) -> None:
        self._working_days = working_days
        self._known: dict[str, tuple[MailHours, WorkingDay]] = {}

    def of(self, session: Session, school_id: str) -> tuple[MailHours, WorkingDay]:
        if school_id not in self._known:
            self._known[school_id] = hours_of(session, school_id), self._working_days(session, school_id)
        return self._known[school_id]


Goings = Mapping[str, list[tuple[Notice, Going]]]
"""By person: the notices that are due, each with when it really goes."""


def _going(session: Session, people: Sequence[str], now: datetime, calendars: _Calendars) -> Goings:
    notices = session.exec(
        select(Notice).where(*_due(now), col(Notice.account_id).in_(people)).order_by(col(Notice.due_at))
    ).all()
    by = limits(session, notices)
    today = now.astimezone(VIETNAM).date()
    had = set(
        session.exec(
            select(Mail.account_id).where(col(Mail.account_id).in_(people), col(Mail.digest_day) == today)
        )
    )
    found: dict[str, list[tuple[Notice, Going]]] = defaultdict(list)
    for notice in notices:
        hours, is_working_day = calendars.of(session, notice.school_id)
        going = hours.going(
            goes(notice.kind),
            notice.due_at,
            now,
            is_working_day,
            had_digest=notice.account_id in had,
            limit=by.get(notice.id),
        )
        found[notice.account_id].append((notice, going))
    return found


def _put_off(db: Database, going: Goings, now: datetime) -> None:
    """Note when those go that do not go now, so that they are not looked at until then."""
    later: dict[datetime, list[str]] = defaultdict(list)
    for notices in going.values():
        for notice, one in notices:
            if one.at > now:
                later[one.at].append(notice.id)
    if not later:
        return
    with db.write() as session:
        for at, ids in later.items():
            for start in range(0, len(ids), AT_ONCE):
                some = col(Notice.id).in_(ids[start : start + AT_ONCE])
                session.exec(update(Notice).where(some, col(Notice.mail_id).is_(None)).values(due_at=at))


def _ready(going: Goings, now: datetime) -> list[tuple[str, dict[str, bool]]]:
    """Whose newest notice is `GATHER` old, or whose oldest waited `AT_MOST`: their notices, each with
    whether it goes with the digest."""
    found = []
    for who, notices in going.items():
        mine = {n.id: (n.due_at, one.digest) for n, one in notices if one.at <= now}
        since = [due_at for due_at, _ in mine.values()]
        if mine and (max(since) <= now - GATHER or min(since) <= now - AT_MOST):
            found.append((who, {notice: digest for notice, (_, digest) in mine.items()}))
    return found


# --- the mail -------------------------------------------------------------------------------------------


def _draft(
    session: Session,
    settings: Settings,
    account_id: str,
    ids: Mapping[str, bool],
    now: datetime,
    audiences: Audiences,
) -> Draft | None:
    account = session.get(Account, account_id)
    if account is None:
        return None
    draft = Draft(account)
    reachable = account.active and "@" in account.email
    keys = frozenset(audiences(session, account_id)) if reachable else frozenset()
    notices = session.exec(select(Notice).where(col(Notice.id).in_(ids)).order_by(col(Notice.due_at))).all()
    for notice in notices:
        document = session.get(Document, notice.document_id) if notice.document_id else None
        if reachable and still_true(session, notice, document, keys, now):
            draft.told.append(notice.id)
            draft.is_digest |= ids[notice.id]
            draft.server_id = draft.server_id or notice.data.get("server_id")
            draft.lines.add(notice, document, line(session, settings, notice, document, language_of(account)))
        else:
            draft.dropped.append(notice.id)
    return draft


def _store(db: Database, settings: Settings, draft: Draft, now: datetime) -> int:
    """The mail and the marks on its notices, or nothing when another process was first."""
    mail = _mail(settings, draft, now) if draft.lines else None
    try:
        with db.write() as session:
            if mail is not None:
                session.add(mail)
                session.flush()
            _mark(session, draft.told, mail_id=mail.id if mail else None)
            _mark(session, draft.dropped, dropped=True)
    except _Taken:
        return 0
    except IntegrityError:
        if not draft.is_digest:
            raise
        return 0  # another process made the digest of the day
    return 1 if mail else 0


class _Taken(Exception):
    """Another process folded one of these notices."""


def _mark(session: Session, notices: list[str], **values: Any) -> None:
    if not notices:
        return
    marked = session.exec(
        update(Notice)
        .where(col(Notice.id).in_(notices), col(Notice.mail_id).is_(None), col(Notice.dropped).is_(False))
        .values(**values)
    )
    if marked.rowcount != len(notices):
        raise _Taken


def _mail(settings: Settings, draft: Draft, now: datetime) -> Mail:
    template, values = draft.lines.filled(language_of(draft.account))
    mail = letter(settings, draft.account, template, now, **values)
    mail.server_id = draft.server_id
    if draft.is_digest:
        mail.digest_day = now.astimezone(VIETNAM).date()
    return mail
