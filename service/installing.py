"""What the command line does to an installation's data: migrate, found a school, the first accounts.

Accounts themselves are made in `service/on_server.py`, the demo school in `service/demo.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import select

from flows.certification import ensure_authority
from flows.office import Office, close_office, open_office
from flows.people import ROLES
from models.columns import new_id
from models.errors import NotFound
from models.migrate import refuse_not_installed, upgrade
from models.school import School, SchoolName
from models.settings import VIETNAM, Settings
from models.text import Text
from service import demo, on_server
from service.account_rows import Person
from tasks.master_keys import refuse_lost


@dataclass(frozen=True, slots=True)
class NewSchool:
    """What `hososo admin create-school` was told."""

    name: str
    parent: str
    place: str
    abbreviation: str
    admin_name: str
    admin_login: str
    principal_name: str
    principal_login: str


@contextmanager
def _office(settings: Settings) -> Iterator[Office]:
    office = open_office(settings, "admin")
    try:
        yield office
    finally:
        close_office(office)


@contextmanager
def _operating(settings: Settings, login: str) -> Iterator[Office]:
    """The office, for an act on one account; NotFound in the words of the command line.

    NotInstalled, and no folder and no key is made, where there is no installation.
    """
    refuse_not_installed(settings)
    with _office(settings) as office:
        try:
            yield office
        except NotFound:
            raise NotFound(_NO_ACCOUNT.format(login=login)) from None


def install(settings: Settings, say: Callable[[str], None]) -> None:
    """Bring the data to the present shape; make the authority once, and in demo mode the demo school.

    LostMasterKey, and no key is made, where the database holds keys the folder's master key does not open.
    """
    settings.make_data_folder()
    upgrade(settings)
    refuse_lost(settings)
    with _office(settings) as office:
        ensure_authority(office.db, settings, office.now())
        with office.db.read() as session:
            empty = session.exec(select(School.id)).first() is None
        if settings.demo and empty:
            demo.seed(office)
            say("Đã dựng trường mẫu. · The demo school is ready.")
        elif empty:
            say(f"{_NO_SCHOOL.vi}\n{_NO_SCHOOL.en}")


def found_school(settings: Settings, given: NewSchool) -> list[Text]:
    """A real school with its first two people; their passwords, each to be used once, stand in the answer."""
    install(settings, lambda _: None)
    with _office(settings) as office:
        now = office.now()
        name = SchoolName(
            school_id=new_id(),
            valid_from=now.astimezone(VIETNAM).date() - timedelta(days=365),
            parent=given.parent,
            name=given.name,
            place=given.place,
            abbreviation=given.abbreviation,
        )
        made = on_server.found_school(
            office,
            name,
            Person(given.admin_login, given.admin_name),
            Person(given.principal_login, given.principal_name),
            now,
        )
    logins = (given.admin_login, given.principal_login)
    return [
        _ONCE.format(login=login, password=secret.reveal())
        for login, secret in zip(logins, made, strict=True)
    ]


def unlock_account(settings: Settings, login: str) -> Text:
    """End the pause after too many wrong passwords. NotFound when there is no such account."""
    with _operating(settings, login) as office:
        on_server.unlock_on_server(office, login, office.now())
    return _UNLOCKED.format(login=login)


def reset_password(settings: Settings, login: str) -> Text:
    """A new password to be used once, for someone who cannot be helped otherwise; recorded, and both told."""
    with _operating(settings, login) as office:
        asked = on_server.reset_on_server(office, login, office.now())
    return _ONCE.format(login=login, password=asked.password.reveal() if asked.password else "")


def remove_second_factor(settings: Settings, login: str) -> Text:
    """Let somebody sign in with the password alone again; recorded, and both told."""
    with _operating(settings, login) as office:
        on_server.remove_factor_on_server(office, login, office.now())
    return _NO_FACTOR.format(login=login)


def prefect_login(settings: Settings) -> str:
    """What the embedded Prefect's own pages ask for; NotInstalled where there is none it could belong to."""
    refuse_not_installed(settings)
    return settings.prefect_auth


def grant(settings: Settings, login: str, role: str) -> Text:
    """A role given on the server, where nobody is left to confirm it; recorded, and told."""
    if role not in ROLES:
        raise NotFound(_NO_ROLE.format(role=role, roles=", ".join(ROLES)))
    with _operating(settings, login) as office:
        on_server.grant_on_server(office, login, role, office.now())
    return _GRANTED.format(login=login, role=ROLES[role])


_GRANTED = Text("{login} nay là: {role}.", "{login} is now: {role}.")
_ONCE = Text(
    "Tài khoản {login}, mật khẩu dùng một lần: {password}",
    "Account {login}, password to be used once: {password}",
)
_NO_ACCOUNT = Text(
    "Không có tài khoản {login}. Kiểm tra tên đăng nhập và HOSOSO_DATA.",
    "There is no account {login}. Check the sign-in name and HOSOSO_DATA.",
)
_NO_ROLE = Text(
    "Không có vai trò {role}. Các vai trò: {roles}.", "There is no role {role}. The roles are {roles}."
)
_NO_FACTOR = Text(
    "Đã gỡ xác thực hai lớp của {login}: đăng nhập bằng mật khẩu, rồi bật lại ở trang Tài khoản.",
    "The second factor of {login} is taken away: sign in with the password, then turn it on again.",
)
_NO_SCHOOL = Text(
    "Chưa có trường nào, nên chưa ai đăng nhập được. Ở cửa sổ lệnh khác, chạy: hososo admin create-school",
    "There is no school yet, so nobody can sign in. In another window run: hososo admin create-school",
)
_UNLOCKED = Text(
    "Đã mở khóa {login}; đăng nhập lại được ngay.", "{login} is unlocked and can sign in again at once."
)
