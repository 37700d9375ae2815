"""Who holds which post now: accounts, roles and groups, read into the values of `flows/people.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import bindparam, exists, or_
from sqlmodel import Session, col, select

from flows import judging
from flows.day_rows import working_days
from flows.fields import Known
from flows.people import Actor, Subject
from models.account import Account, AccountRole, Group, GroupMember
from models.document import Document, OpenStep
from models.errors import NotFound
from models.school import SchoolClass, SchoolName, SchoolWeek, TeachingAssignment
from models.statements import ask
from models.text import Text


def actor_of(session: Session, account_id: str) -> Actor:
    """An active account as an actor; NotFound when there is none."""
    account = session.get(Account, account_id)
    if account is None or not account.active:
        raise NotFound
    who = {"of_account": account_id, "of_school": account.school_id}
    roles = [role for (role,) in ask(session, _ROLES, of_account=account_id)]
    groups = [group for (group,) in ask(session, _GROUPS, **who)]
    led = ask(session, _LEADS, **who)
    return Actor(
        id=account.id,
        school_id=account.school_id,
        roles=frozenset(roles),
        heads=frozenset(g.id for g in led if g.head_id == account_id),
        deputises=frozenset(g.id for g in led if g.deputy_id == account_id),
        groups=frozenset(groups),
    )


_ROLES = select(AccountRole.role).where(col(AccountRole.account_id) == bindparam("of_account"))
_GROUPS = select(GroupMember.group_id).where(
    col(GroupMember.school_id) == bindparam("of_school"),
    col(GroupMember.account_id) == bindparam("of_account"),
)
_LEADS = select(Group.id, Group.head_id, Group.deputy_id).where(
    col(Group.school_id) == bindparam("of_school"),
    or_(
        col(Group.head_id) == bindparam("of_account"),
        col(Group.deputy_id) == bindparam("of_account"),
    ),
)


def subject_of(session: Session, document: Document) -> Subject:
    """What of a document decides who may act.

    That the head is bound stands in the rows of the open step (`flows/opening.py`), for its waiting is a row.
    """
    head, deputy, bound = _led_by(session, document) if document.group_id else (None, None, False)
    return Subject(
        school_id=document.school_id,
        owner_id=document.owner_id,
        group_id=document.group_id,
        head_id=head,
        deputy_id=deputy,
        type=document.type,
        document_id=document.id,
        head_bound=bound,
        concerned_id=document.concerned_id,
        unjudged=judging.unjudged(session, document),
    )


def _led_by(session: Session, document: Document) -> tuple[str | None, str | None, bool]:
    """Head and deputy of its group, and whether it waits for the deputy beside the head."""
    deputy = f"group_deputy:{document.group_id}"
    found = ask(session, _LED, of_document=document.id, of_group=document.group_id, deputy=deputy)
    head, second, deputy_too = found[0]
    return head, second, bool(deputy_too)


_LED = select(
    Group.head_id,
    Group.deputy_id,
    exists().where(
        col(OpenStep.document_id) == bindparam("of_document"),
        col(OpenStep.audience) == bindparam("deputy"),
        col(OpenStep.place) > 0,
    ),
).where(col(Group.id) == bindparam("of_group"))


def holders(session: Session, school_id: str, audience: str) -> list[Account]:
    """The active accounts that hold an audience key now, see `models.document.OpenStep`."""
    kind, _, key = audience.partition(":")
    accounts = select(Account).where(col(Account.school_id) == school_id, col(Account.active))
    if kind == "account":
        accounts = accounts.where(col(Account.id) == key)
    elif kind == "role":
        accounts = accounts.join(AccountRole, col(AccountRole.account_id) == col(Account.id)).where(
            # with the school, so that the roles of all others need not be read
            col(AccountRole.school_id) == school_id,
            col(AccountRole.role) == key,
        )
    else:
        post = Group.head_id if kind == "group_head" else Group.deputy_id
        accounts = accounts.join(Group, col(post) == col(Account.id)).where(col(Group.id) == key)
    return list(session.exec(accounts.order_by(col(Account.id))).all())


def issuer_of(session: Session, school_id: str, day: date) -> SchoolName:
    """How the school was called on a day; NotFound when it has no name yet."""
    names = session.exec(_NAMES, params={"of_school": school_id}).all()
    for name in names:
        if name.valid_from <= day:
            return name
    if names:
        return names[-1]
    raise NotFound(Text("Trường chưa có tên trong hệ thống.", "The school has no name in the system yet."))


_NAMES = (
    select(SchoolName)
    .where(col(SchoolName.school_id) == bindparam("of_school"))
    .order_by(col(SchoolName.valid_from).desc())
)


def named_week(weeks: Iterable[SchoolWeek], week_id: str) -> SchoolWeek:
    """The week with that id; NotFound when it is not among them."""
    for week in weeks:
        if week.id == week_id:
            return week
    raise NotFound


def week_label(week: SchoolWeek) -> Text:
    """A week as people say it: `Tuần 13 (30/11 – 06/12)`."""
    span = f"({week.monday:%d/%m} – {week.sunday:%d/%m/%Y})"
    return Text(f"Tuần {week.number} {span}", f"Week {week.number} {span}")


def known_of(
    session: Session, actor: Actor, parts: Mapping[str, str] | None = None, now: datetime | None = None
) -> Known:
    """What this person may choose from in a form; the classes they teach come first.

    `parts`: what of another document may be named, see `flows/links.py`. `now`: for what is written now.
    """
    weeks = session.exec(
        select(SchoolWeek)
        .where(col(SchoolWeek.school_id) == actor.school_id)
        .order_by(col(SchoolWeek.monday))
    ).all()
    classes = session.exec(
        select(SchoolClass)
        .where(col(SchoolClass.school_id) == actor.school_id)
        .order_by(col(SchoolClass.year).desc(), col(SchoolClass.grade), col(SchoolClass.name))
    ).all()
    newest = classes[0].year if classes else ""
    own = session.exec(
        select(TeachingAssignment.class_id, TeachingAssignment.subject)
        .where(col(TeachingAssignment.account_id) == actor.id)
        .order_by(col(TeachingAssignment.homeroom).desc())
    ).all()
    mine = {class_id for class_id, _ in own}
    taught = list(dict.fromkeys(subject for _, subject in own))
    return Known(
        weeks={w.id: week_label(w) for w in weeks},
        week_days={w.id: (w.monday.isoformat(), w.sunday.isoformat()) for w in weeks},
        # An earlier year's class has the same name as this year's: it comes last and says its year.
        classes={
            c.id: c.name if c.year == newest else f"{c.name} ({c.year})"
            for c in sorted(classes, key=lambda c: (c.year != newest, c.id not in mine))
        },
        subjects=tuple(dict.fromkeys([*taught, *SUBJECTS])),
        # What that document leaves empty names nothing.
        parts={key: Text(words, words) for key, words in (parts or {}).items() if words},
        author=session.get_one(Account, actor.id).full_name,
        now=now,
        works=working_days(session, actor.school_id) if parts else None,
    )


SUBJECTS = (
    "Tiếng Việt",
    "Toán",
    "Tiếng Anh",
    "Đạo đức",
    "Tự nhiên và Xã hội",
    "Khoa học",
    "Lịch sử và Địa lí",
    "Tin học",
    "Công nghệ",
    "Giáo dục thể chất",
    "Âm nhạc",
    "Mĩ thuật",
    "Hoạt động trải nghiệm",
)
"""Subjects of the 2018 primary programme (Circular 32/2018), offered where a subject is typed."""
