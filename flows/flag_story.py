"""What stands around flags: who was told, what was explained, who waived them. Reads only."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows.board import visible_to
from flows.flag_words import WEEKLY, gone_words
from flows.obligations import chunks
from flows.people import Actor
from models.account import Account
from models.flag import Flag, FlagEvent
from models.notice import Mail, Notice
from models.text import Text

TOLD = ("reminder", "flag", "spot-check")
AROUND = timedelta(days=45)
"""Reminders of a limit are written within so long of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice of the limit ("reminder") or of the flag. `sent_at`: when its mail went, None: not yet."""

    kind: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a flag with the name of who it was; empty for the system."""

    event: FlagEvent
    name: str

    @property
    def gone(self) -> Text | None:
        """Why the flag holds no more, where the clock found that nothing was handed in."""
        if self.event.kind != "resolved" or not self.event.words:
            return None
        return gone_words(json.loads(self.event.words))


@dataclass(frozen=True, slots=True)
class Story:
    """One flag's history, the oldest first, and the notices to its person: sent ones first, by time."""

    events: tuple[Happened, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def sent(self) -> list[datetime]:
        """When mails went out to the person, the earliest first: a notice that waits has told nobody."""
        return [told.sent_at for told in self.told if told.sent_at is not None]

    @property
    def explanations(self) -> list[Happened]:
        """All that was explained, the oldest first: what is added takes nothing back."""
        return [h for h in self.events if h.event.kind == "explained"]

    @property
    def waiver(self) -> Happened | None:
        """Who waived it and why, while that holds."""
        turns = [h for h in self.events if h.event.kind in ("waived", "unwaived")]
        return turns[-1] if turns and turns[-1].event.kind == "waived" else None


def stories(session: Session, flags: Sequence[Flag]) -> dict[str, Story]:
    """By flag: its story; a few questions for all of them."""
    events, told = _events(session, [flag.id for flag in flags]), _told(session, flags)
    return {flag.id: Story(tuple(events[flag.id]), tuple(told[flag.id])) for flag in flags}


def _events(session: Session, ids: Sequence[str]) -> Mapping[str, list[Happened]]:
    found: dict[str, list[Happened]] = defaultdict(list)
    for some in chunks(ids):
        rows = session.exec(
            select(FlagEvent, Account.full_name)
            .join(Account, col(Account.id) == col(FlagEvent.account_id), isouter=True)
            .where(col(FlagEvent.flag_id).in_(some))
            .order_by(col(FlagEvent.at), col(FlagEvent.id))
        )
        for event, name in rows:
            found[event.flag_id].append(Happened(event, name or ""))
    return found


def _told(session: Session, flags: Iterable[Flag]) -> Mapping[str, list[Told]]:
    """Notices of the flag itself, and of the limit it is held to."""
    found: dict[str, list[Told]] = defaultdict(list)
    by_person: dict[str, list[Flag]] = defaultdict(list)
    for flag in flags:
        by_person[flag.account_id].append(flag)
    for some in chunks(sorted(by_person)):
        since = min((flag.due_at for who in some for flag in by_person[who]), default=None)
        if since is None:
            continue
        rows = session.execute(
            select_columns(Notice, col(Mail.sent_at))
            .join(Mail, col(Mail.id) == col(Notice.mail_id), isouter=True)
            .where(
                col(Notice.account_id).in_(some),
                col(Notice.kind).in_(TOLD),
                col(Notice.dropped).is_(False),
                col(Notice.created_at) >= since - AROUND,
            )
            .order_by(col(Mail.sent_at).is_(None), col(Mail.sent_at), col(Notice.created_at))
        )
        for notice, sent_at in rows:
            for flag in by_person[notice.account_id]:
                if _about(notice, flag):
                    found[flag.id].append(Told(notice.kind, sent_at))
    return found


def _about(notice: Notice, flag: Flag) -> bool:
    data = notice.data
    if notice.kind == "flag":
        return bool(data.get("flag") == flag.id)
    if notice.kind == "spot-check":
        return flag.key in data["flags"]
    return flag.rule in WEEKLY and (data.get("type"), data.get("week_id")) == (flag.type, flag.week_id)


def of_person(
    session: Session, actor: Actor, account_id: str, weeks: Collection[str]
) -> dict[tuple[str, str, str], tuple[Flag, Story]]:
    """By type, debtor and week: the latest flag of what this person owes that the reader may see."""
    f = Flag
    rows = session.exec(
        select(f)
        .where(
            visible_to(actor),
            col(f.account_id) == account_id,
            col(f.week_id).in_(weeks),
            col(f.rule).in_(WEEKLY),
        )
        .order_by(col(f.opened_at), col(f.id))
    ).all()
    told = stories(session, rows)
    return {(flag.type, flag.key.split(":")[2], flag.week_id or ""): (flag, told[flag.id]) for flag in rows}
