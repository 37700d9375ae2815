"""What may be handed over: the refusals of a delegation, field by field."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from flows.authority import manner
from flows.candidates import posts_of, today
from flows.catalogue import TYPES
from flows.people import Actor
from flows.posts import actor_of
from models.account import Account
from models.delegation import Delegation
from models.errors import Fault, Invalid
from models.text import Text

LONGEST = timedelta(days=366)
LONGEST_NUMBER = 30
"""More would not fit the picture of a signature."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A delegation as it is asked for; no `types` are all of them, no `posts` all the absent person has."""

    absent_id: str
    delegate_id: str
    first_day: date | None
    last_day: date | None
    posts: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    number: str = ""
    dated: date | None = None
    document_id: str = ""
    """This record alone, whose holder need not be away."""


def checked(session: Session, actor: Actor, absent: Account, asked: Asked, now: datetime) -> Delegation:
    """The row that is asked for, not stored yet; Invalid with every fault at once."""
    away = actor_of(session, absent.id)
    held = posts_of(away)
    posts = tuple(p for p in held if p in asked.posts) if asked.posts else held
    types = tuple(t.slug for t in TYPES if t.slug in asked.types)
    faults = _days(asked, today(now))
    if not asked.document_id:
        faults += _stands_in(session, absent.id, asked)
    if not posts or len(posts) < len(set(asked.posts)):
        faults.append(Fault("posts", _NO_POST))
    if len(types) < len(set(asked.types)):
        faults.append(Fault("types", _NO_TYPE))
    person = session.get(Account, asked.delegate_id) if asked.delegate_id else None
    if person is None or person.school_id != actor.school_id or not person.active:
        faults.append(Fault("delegate", _NO_DELEGATE, missing=not asked.delegate_id))
    else:
        faults += _delegate(session, away, person, asked)
        delegate = actor_of(session, person.id)
        if any(manner(p, delegate) == "TUQ" for p in posts) or asked.number.strip() or asked.dated:
            faults += _authorisation(asked)
    if not faults:
        faults += _overlap(session, asked, posts, types)
    if faults:
        raise Invalid(_WRONG.format(n=len(faults)), tuple(faults))
    assert asked.first_day is not None
    assert asked.last_day is not None
    return Delegation(
        school_id=actor.school_id,
        absent_id=absent.id,
        delegate_id=asked.delegate_id,
        posts=list(posts),
        types=list(types),
        first_day=asked.first_day,
        last_day=asked.last_day,
        number=" ".join(asked.number.split()),
        dated=asked.dated,
        document_id=asked.document_id or None,
        given_by=actor.id,
        given_at=now,
    )


def _days(asked: Asked, day: date) -> list[Fault]:
    first, last = asked.first_day, asked.last_day
    if first is None:
        return [Fault("first_day", _NO_DAY, missing=True)]
    if first < day:
        return [Fault("first_day", _PAST.format(day=f"{day:%d/%m/%Y}"))]
    if first - day > LONGEST:
        return [Fault("first_day", _FAR)]
    if last is None:
        return [Fault("last_day", _NO_DAY, missing=True)]
    if last < first:
        return [Fault("last_day", _ORDER)]
    return [Fault("last_day", _LONG)] if last - first > LONGEST else []


def _stands_in(session: Session, account_id: str, asked: Asked) -> list[Fault]:
    """Who is away stands in for nobody on these days."""
    for row in _shared(session, col(Delegation.delegate_id) == account_id, asked):
        who = session.get_one(Account, row.absent_id).full_name
        return [Fault("first_day", _STANDS_IN.format(who=who, day=f"{row.last_day:%d/%m}"))]
    return []


def _delegate(session: Session, away: Actor, person: Account, asked: Asked) -> list[Fault]:
    """Who cannot stand in: the person themselves, an administrator, who is away on these days too."""
    if person.id == away.id:
        return [Fault("delegate", _SELF)]
    if "admin" in actor_of(session, person.id).roles:
        return [Fault("delegate", _ADMIN)]
    gone = [row for row in _of_person(session, person.id, asked) if row.document_id is None]
    return [Fault("delegate", _AWAY_TOO.format(day=f"{gone[0].last_day:%d/%m}"))] if gone else []


def _of_person(session: Session, account_id: str, asked: Asked) -> list[Delegation]:
    """A person's own absences that share a day with what is asked for."""
    return _shared(session, col(Delegation.absent_id) == account_id, asked)


def _shared(session: Session, whose: ColumnElement[bool], asked: Asked) -> list[Delegation]:
    """Delegations that share a day with what is asked for."""
    if asked.first_day is None or asked.last_day is None:
        return []
    d = Delegation
    rows = session.exec(
        select(d).where(
            whose,
            col(d.ended_at).is_(None),
            col(d.first_day) <= asked.last_day,
            col(d.last_day) >= asked.first_day,
        )
    )
    return list(rows.all())


def _authorisation(asked: Asked) -> list[Fault]:
    number = asked.number.strip()
    if not number:
        return [Fault("number", _NO_NUMBER, missing=True)]
    if len(number) > LONGEST_NUMBER or not number.isprintable() or not any(c.isdigit() for c in number):
        return [Fault("number", _BAD_NUMBER)]
    if asked.dated is None:
        return [Fault("dated", _NO_DATE, missing=True)]
    if asked.first_day and asked.dated > asked.first_day:
        return [Fault("dated", _DATED_LATER)]
    if asked.first_day and asked.first_day - asked.dated > LONGEST:
        return [Fault("dated", _DATED_LONG_AGO)]
    return []


def _overlap(session: Session, asked: Asked, posts: Collection[str], types: Collection[str]) -> list[Fault]:
    """Nobody's post is handed to two people at once."""
    every = {t.slug for t in TYPES}
    for row in _of_person(session, asked.absent_id, asked):
        if row.document_id != (asked.document_id or None):
            continue  # a single record goes before the whole post
        same_types = set(row.types or every) & set(types or every)
        if same_types and set(row.posts) & set(posts):
            who = session.get_one(Account, row.delegate_id).full_name
            sentence = _TWICE.format(who=who, first=f"{row.first_day:%d/%m}", last=f"{row.last_day:%d/%m}")
            return [Fault("first_day", sentence)]
    return []


_WRONG = Text("Còn {n} chỗ cần sửa. Chưa có gì được ghi.", "To be mended: {n}. Nothing was recorded.")
_NO_POST = Text(
    "Chọn ít nhất một chức danh mà người vắng mặt đang giữ.", "Choose at least one post the person holds."
)
_NO_TYPE = Text("Có loại hồ sơ không tồn tại. Chọn lại.", "One of these types does not exist. Choose again.")
_NO_DELEGATE = Text(
    "Chọn người thay trong danh sách của trường.", "Choose who stands in from the school's list."
)
_SELF = Text("Người thay phải là người khác.", "Someone else must stand in.")
_ADMIN = Text(
    "Quản trị hệ thống không duyệt, ký hồ sơ thay ai. Chọn người khác.",
    "An administrator neither decides nor signs for anybody. Choose someone else.",
)
_AWAY_TOO = Text(
    "Người này cũng vắng mặt (đến hết {day}). Chọn người khác hoặc ngày khác.",
    "This person is away too (until {day}). Choose someone else or other days.",
)
_NO_DAY = Text("Ghi ngày, ví dụ 24/11/2026.", "Give the day, such as 24/11/2026.")
_PAST = Text(
    "Không ủy quyền lùi ngày. Chọn từ hôm nay ({day}) trở đi.",
    "A delegation does not begin in the past. Choose today ({day}) or later.",
)
_ORDER = Text("Ngày cuối phải từ ngày đầu trở đi.", "The last day is on or after the first.")
_LONG = Text("Ủy quyền dài nhất là một năm.", "A delegation lasts a year at most.")
_NO_NUMBER = Text(
    "Ghi số giấy ủy quyền: cần văn bản khi người thay không phải cấp phó (ký TUQ.) hoặc giữ con dấu.",
    "Give the written authorisation's number: who is not the deputy (TUQ.) or holds the seal needs one.",
)
_BAD_NUMBER = Text(
    f"Số giấy ủy quyền có chữ số và không quá {LONGEST_NUMBER} ký tự, ví dụ 12/GUQ-THĐM.",
    f"The number has a digit and at most {LONGEST_NUMBER} characters, such as 12/GUQ-THĐM.",
)
_STANDS_IN = Text(
    "Người vắng mặt đang thay {who} đến hết {day}. Chấm dứt việc thay đó trước.",
    "The person who is away stands in for {who} until {day}. End that first.",
)
_FAR = Text("Ngày đầu trong vòng một năm tới.", "The first day lies within the coming year.")
_DATED_LONG_AGO = Text(
    "Giấy ủy quyền có thời hạn: ngày ghi trên giấy phải trong vòng một năm trước ngày đầu.",
    "A written authorisation has its time: it is dated within the year before the first day.",
)
_NO_DATE = Text("Ghi ngày của giấy ủy quyền.", "Give the date of the written authorisation.")
_DATED_LATER = Text(
    "Giấy ủy quyền phải có trước khi việc thay bắt đầu.",
    "The written authorisation must exist before it begins.",
)
_TWICE = Text(
    "Chức danh này đã ủy quyền cho {who} từ {first} đến {last}. Chấm dứt việc đó trước hoặc chọn ngày khác.",
    "This post is handed to {who} from {first} to {last} already. End that first, or choose other days.",
)
