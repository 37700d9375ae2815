"""A school large enough to measure: the cast of the tests, and twenty groups of a head and a teacher more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from flows import certification, keyring
from flows.calendar import TERM_WEEKS
from models.account import Account, AccountRole, Group, GroupMember
from tasks.keys import Secret
from tests.cast import PIN, Cast, password_hash
from tests.journeys.processes import Installation
from tests.journeys.school import found_school

PAIRS = 20


@dataclass(frozen=True, slots=True)
class Team:
    """Sign-in names of a group's head and its one teacher."""

    head: str
    teacher: str


class Weeks:
    """Teaching weeks nobody has planned: a teacher has one lesson plan a week, and every part needs some."""

    def __init__(self) -> None:
        self._left = iter(range(1, sum(TERM_WEEKS) + 1))

    def take(self, plans: int, teachers: int) -> list[int]:
        """So many weeks that each of the teachers can make their share of the plans."""
        return [next(self._left) for _ in range(-(-plans // teachers))]


def found_large_school(here: Installation) -> tuple[Cast, list[Team]]:
    """The cast and twenty teams, each person with a key."""
    cast = found_school(here)
    teams = [Team(f"head{n:02}", f"teacher{n:02}") for n in range(PAIRS)]
    now = datetime.now(UTC)
    with here.office.db.write() as session:
        for number, team in enumerate(teams):
            for name in (team.head, team.teacher):
                _account(session, cast, name, now)
            group = Group(school_id=cast.school_id, name=f"Tổ {number:02}", head_id=cast.ids[team.head])
            session.add(group)
            session.flush()
            cast.groups[group.name] = group.id
            for name in (team.head, team.teacher):
                session.add(
                    GroupMember(school_id=cast.school_id, group_id=group.id, account_id=cast.ids[name])
                )
    _keys(here, cast, [name for team in teams for name in (team.head, team.teacher)], now)
    return cast, teams


def _account(session: Session, cast: Cast, name: str, now: datetime) -> None:
    account = Account(
        school_id=cast.school_id,
        sign_in_name=name,
        full_name=f"Nguyễn Thị {name.title()}",
        post="Giáo viên",
        email=f"{name}@example.test",
        password_hash=password_hash(),
        must_change=False,
        password_changed_at=now,
        created_at=now,
    )
    session.add(account)
    session.flush()
    session.add(AccountRole(school_id=cast.school_id, account_id=account.id, role="teacher"))
    cast.ids[name] = account.id


def _keys(here: Installation, cast: Cast, names: list[str], now: datetime) -> None:
    with here.office.db.read() as session:
        authority = certification.open_authority(session, here.settings)
        accounts = [session.get_one(Account, cast.ids[name]) for name in names]
    with ThreadPoolExecutor(2) as threads:
        made = list(
            threads.map(
                lambda account: keyring.make_key(
                    authority,
                    here.settings,
                    account,
                    "Trường Tiểu học Đồng Mai",
                    "person",
                    Secret(PIN),
                    now,
                ),
                accounts,
            )
        )
    with here.office.db.write() as session:
        session.add_all(made)
