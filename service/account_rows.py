"""Accounts as rows: what is typed about a person, and finding or adding one within a transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.account import Account, AccountRole, Group
from models.errors import Fault, Invalid, NotFound
from models.names import tidy_name
from models.text import Text
from service.changes import refusal
from tasks.rich_text import clean_line

OF_A_GROUP = frozenset({"teacher", "principal", "vice_principal"})
"""Roles of which a member of a professional group holds one."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,38}[a-z0-9])")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+|[^@\s<>,;]+@localhost")


@dataclass(frozen=True, slots=True)
class Person:
    """What the administrator types about an account."""

    sign_in_name: str
    full_name: str
    post: str = ""
    email: str = ""
    language: str = "vi"

    def tidy(self) -> Person:
        """Spaces and case mended; Invalid with every fault."""
        made = Person(
            tidy_name(self.sign_in_name),
            clean_line(self.full_name),
            clean_line(self.post),
            clean_line(self.email),
            "en" if self.language == "en" else "vi",
        )
        wrong = (
            (not _NAME.fullmatch(made.sign_in_name), Fault("sign_in_name", _BAD_NAME)),
            (not _is_full_name(made.full_name), Fault("full_name", _NO_FULL_NAME)),
            (len(made.post) > 120, Fault("post", _LONG_POST)),
            (bool(made.email) and not _EMAIL.fullmatch(made.email), Fault("email", _BAD_EMAIL)),
        )
        faults = tuple(fault for bad, fault in wrong if bad)
        if faults:
            raise Invalid(faults[0].sentence, faults)
        return made


def _is_full_name(text: str) -> bool:
    """It is drawn in signatures: words, and no day, number or formula a cell was mistaken for."""
    return 2 <= len(text) <= 120 and text[0].isalpha()


def add_account(session: Session, school_id: str, person: Person, hashed: str, now: datetime) -> Account:
    """The row of a new account; Invalid when its sign-in name is taken (at whatever school)."""
    account = Account(
        school_id=school_id,
        sign_in_name=person.sign_in_name,
        full_name=person.full_name,
        post=person.post,
        email=person.email,
        language=person.language,
        password_hash=hashed,
        created_at=now,
    )
    refuse_taken(session, person.sign_in_name)
    session.add(account)
    try:
        session.flush()
    except IntegrityError:
        raise refusal("sign_in_name", _TAKEN) from None
    return account


def refuse_taken(session: Session, sign_in_name: str) -> None:
    """Invalid when somebody has this sign-in name, at whatever school."""
    taken = session.exec(select(Account.id).where(col(Account.sign_in_name) == sign_in_name)).first()
    if taken is not None:
        raise refusal("sign_in_name", _TAKEN)


def account_of(session: Session, school_id: str, account_id: str) -> Account:
    """An account of this school; NotFound outside it."""
    account = session.get(Account, account_id)
    if account is None or account.school_id != school_id:
        raise NotFound
    return account


def group_of(session: Session, school_id: str, group_id: str) -> Group:
    """A group of this school; NotFound outside it."""
    group = session.get(Group, group_id)
    if group is None or group.school_id != school_id:
        raise NotFound
    return group


def refuse_outsider(session: Session, account: Account) -> None:
    """Invalid for an account of no teaching role: a group's members read its records (law 7)."""
    roles = session.exec(select(AccountRole.role).where(col(AccountRole.account_id) == account.id)).all()
    if not OF_A_GROUP.intersection(roles):
        raise refusal("members", _OUTSIDER.format(who=account.full_name))


_BAD_NAME = Text(
    "Tên đăng nhập gồm 3 đến 40 chữ thường không dấu, số, dấu chấm hoặc gạch, ví dụ gv.lan.",
    "The sign-in name has 3 to 40 small letters without marks, digits, dots or dashes, such as gv.lan.",
)
_NO_FULL_NAME = Text(
    "Ghi đủ họ và tên bằng chữ, bắt đầu bằng một chữ cái, nhiều nhất 120 ký tự.",
    "Give the full name in letters: it begins with one and has at most 120 characters.",
)
_LONG_POST = Text("Chức danh dài quá 120 ký tự.", "The post is longer than 120 characters.")
_BAD_EMAIL = Text("Địa chỉ thư điện tử chưa đúng, ví dụ lan@truong.vn.", "The e-mail address is not right.")
_TAKEN = Text("Tên đăng nhập này đã có người dùng. Chọn tên khác.", "This sign-in name is taken.")
_OUTSIDER = Text(
    "{who} không phải giáo viên hay Ban Giám hiệu nên không vào tổ chuyên môn được. "
    "Giao vai trò giáo viên trước, nếu đúng là người dạy học.",
    "{who} is neither a teacher nor of the school board and cannot belong to a group. "
    "Give the role of a teacher first, if the person teaches.",
)
