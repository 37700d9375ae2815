"""What people say and decide about a flag: the explanation of its person, the waiver of the principal.

A flag is waived only by a named person with a reason, never by the one it is about; the facts stay as they
are, and so does the history. Each act is one transaction: the flag, its event, the notice that tells of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from flows import board, probable
from flows.catalogue import type_of
from flows.flag_rows import add_events, event
from flows.flag_story import stories
from flows.flag_words import NAMES, WEEKLY, of_week, sentence
from flows.office import Office
from flows.people import Actor
from flows.rules import rules_of
from models.account import Account
from models.errors import Fault, Invalid, NotYours, WrongStep
from models.flag import Flag
from models.notice import notice
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.text import Text
from tasks.rich_text import tidy

WAIVERS = frozenset({"principal", "vice_principal"})
LEAST, MOST = 5, 500
"""Characters of a reason or an explanation."""


# --- who may --------------------------------------------------------------------------------------------


def may_explain(actor: Actor, flag: Flag) -> bool:
    """One's own, as long as it stands."""
    return flag.account_id == actor.id and flag.resolved_at is None


def may_waive(session: Session, actor: Actor, flag: Flag) -> bool:
    """Is this person one who waives such flags? Principal and vice principal do; never one's own.

    Where the school lets them, heads waive what is late or missing in their group.
    """
    if flag.account_id == actor.id:
        return False
    if actor.roles & WAIVERS:
        return True
    return (
        flag.rule in WEEKLY
        and flag.group_id in actor.heads
        and bool(rules_of(session, actor.school_id)["head_waives"]["allowed"])
    )


# --- acts -----------------------------------------------------------------------------------------------


def explain(office: Office, actor: Actor, flag_id: str, words: str) -> None:
    """Add an explanation to one's own open flag; head and principal read it there."""
    words, now = _checked(words), office.now()
    with office.db.write() as session:
        flag = board.one(session, actor, flag_id).flag
        if flag.account_id != actor.id:
            raise NotYours(_OWN_ALONE)
        if flag.resolved_at is not None:
            raise WrongStep(_RESOLVED)
        said = stories(session, [flag])[flag.id].explanations
        if not said or said[-1].event.words != words:  # sent twice, it was said once
            add_events(session, [event(flag.school_id, flag.id, "explained", now, actor.id, words)])


def waive(office: Office, actor: Actor, flag_id: str, reason: str) -> None:
    """Leave a flag out of the counts, with a reason; its person is told.

    NotYours for who may not; WrongStep when the flag is resolved, or waived by somebody else or with another
    reason: what was decided first stands, and the refusal says what that is.
    """
    reason, now = _checked(reason), office.now()
    with office.db.write() as session:
        flag = _ours(session, actor, flag_id)
        still = col(Flag.resolved_at).is_(None), col(Flag.waived_at).is_(None)
        if _turned(session, flag, now, *still):
            _record(session, actor, flag, "waived", now, reason)
            return
        standing = stories(session, [flag])[flag.id].waiver
        if standing is None:
            raise WrongStep(_RESOLVED)
        if (standing.event.account_id, standing.event.words) != (actor.id, reason):  # no click once more
            at = f"{standing.event.at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
            raise WrongStep(_WAIVED.format(who=standing.name, at=at, reason=standing.event.words))


def unwaive(office: Office, actor: Actor, flag_id: str, reason: str) -> None:
    """Take a waiver back, with a reason; its person is told. WrongStep when there is none."""
    reason, now = _checked(reason), office.now()
    with office.db.write() as session:
        flag = _ours(session, actor, flag_id)
        if not _turned(session, flag, None, col(Flag.waived_at).is_not(None)):
            raise WrongStep(_NOT_WAIVED)
        _record(session, actor, flag, "unwaived", now, reason)


def _ours(session: Session, actor: Actor, flag_id: str) -> Flag:
    flag = board.one(session, actor, flag_id).flag
    if not may_waive(session, actor, flag):
        raise NotYours(_NOT_ONES_OWN if flag.account_id == actor.id else _PRINCIPALS_ALONE)
    return flag


def _turned(session: Session, flag: Flag, waived_at: datetime | None, *still: object) -> bool:
    change = update(Flag).where(col(Flag.id) == flag.id, *still).values(waived_at=waived_at)  # type: ignore[arg-type]  # conditions
    return session.exec(change).rowcount == 1


def _record(session: Session, actor: Actor, flag: Flag, kind: str, now: datetime, reason: str) -> None:
    made = event(flag.school_id, flag.id, kind, now, actor.id, reason)
    add_events(session, [made])
    name = session.get_one(Account, actor.id).full_name
    week = session.get(SchoolWeek, flag.week_id) if flag.week_id else None
    session.add(
        notice(
            flag.school_id,
            flag.account_id,
            NOTICES[kind],
            f"waiver:{made['id']}",
            now,
            TOLD[kind].format(who=name, reason=reason),
            subject=subject_of(flag, week.number if week else None),
            path=f"/flags/{flag.id}",
            document_id=flag.document_id,
        )
    )


def subject_of(flag: Flag, week: int | None) -> Text | None:
    """What a mail calls the flag; None: by the title of its record."""
    if flag.rule == probable.RULE:
        return sentence(flag.rule, flag.data)  # the day, and what would be missed
    if flag.document_id is not None:
        return None
    name = NAMES[flag.rule]
    if not flag.type or week is None:
        return name
    about = of_week(type_of(flag.type).name, week)
    return Text("{name}: {about}", "{name}: {about}").format(name=name, about=about)


def _checked(words: str) -> str:
    """The words as all text is kept, no spaces around them; Invalid when there are too few or too many."""
    words = tidy(words).strip()
    if not LEAST <= len(words) <= MOST:
        raise Invalid(_LENGTH, (Fault("words", _LENGTH),))
    return words


_LENGTH = Text(f"Ghi từ {LEAST} đến {MOST} ký tự.", f"Write {LEAST} to {MOST} characters.")
_OWN_ALONE = Text("Chỉ người được ghi mới giải trình.", "Only the person concerned explains it.")
_NOT_ONES_OWN = Text("Không ai tự miễn ghi cho mình.", "Nobody waives a flag of their own.")
_PRINCIPALS_ALONE = Text(
    "Chỉ hiệu trưởng hoặc phó hiệu trưởng miễn ghi được.", "Only the principal or a vice principal waives it."
)
_RESOLVED = Text(
    "Việc này đã xong nên không ghi thêm được; lời vừa nhập chưa được lưu.",
    "This is settled and nothing can be added; what you wrote is not kept.",
)
_WAIVED = Text(
    "Việc này đã được miễn ghi lúc {at}, người quyết định: {who}, lý do: “{reason}”. Lý do vừa nhập chưa "
    "được lưu; muốn đổi thì bỏ miễn ghi trước.",
    "{who} waived this at {at}: “{reason}”. The reason you wrote is not kept; to change it, take that waiver "
    "back first.",
)
_NOT_WAIVED = Text(
    "Việc này không còn được miễn ghi; lời vừa nhập chưa được lưu.",
    "This is not waived any more; what you wrote is not kept.",
)
NOTICES = {"waived": "waiver", "unwaived": "unwaived"}
"""The kind of notice that tells of each."""
TOLD = {
    "waived": Text("Đã miễn ghi, người quyết định: {who}. Lý do: {reason}", "Waived by {who}: {reason}"),
    "unwaived": Text(
        "Không còn miễn ghi, người quyết định: {who}. Lý do: {reason}",
        "The waiver was taken back by {who}: {reason}",
    ),
}
