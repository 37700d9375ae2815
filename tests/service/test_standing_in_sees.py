"""Who stands in for a head or a principal sees what those see, of the types handed over, while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from flows import delegations
from flows.candidates import standing_in, today
from flows.clock import scan
from flows.delegations import Asked
from flows.people import Actor, Cover
from flows.posts import actor_of
from models.document import Document
from models.evidence import Duty
from service.app import create_app
from tests.cast import Cast, signed_in
from tests.service.test_pages_flags import enter, shown

GROUP = {"Phạm Thị Hoa", "Nguyễn Thị Lan", "Vũ Thị Liên", "Trần Thị Mai"}
SCHOOL = GROUP | {"Hoàng Văn Sơn", "Đặng Thị Hường"}
WEEK = 12


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False) as client:
        yield client


@pytest.fixture(autouse=True)
def owed(cast: Cast) -> None:
    """The plans of week 12 are missing; lan and son each have an approved record of it to download."""
    now = cast.office.now()
    for name, group in (("lan", "1-2-3"), ("son", "4-5")):
        document = Document(
            school_id=cast.school_id,
            type="teacher-teaching-plan",
            owner_id=cast.ids[name],
            group_id=cast.groups[group],
            week_id=cast.weeks[WEEK],
            title=f"Kế hoạch của {name}",
            status="approved",
            first_signed_at=now - timedelta(days=30),
            approved_at=now,
            created_at=now,
            updated_at=now,
        )
        with cast.office.db.write() as session:
            session.add(document)
            session.flush()
            session.add(
                Duty(
                    document_id=document.id,
                    kind="download",
                    school_id=cast.school_id,
                    account_id=cast.ids[name],
                    group_id=cast.groups[group],
                    week_id=cast.weeks[WEEK],
                    revision=1,
                    blob="0" * 64,
                    opened_at=now,
                    due_at=now + timedelta(days=1),
                )
            )
    scan(cast.office.db, now)


def hand_over(cast: Cast, absent: str, to: str, types: tuple[str, ...] = ()) -> str:
    now = cast.office.now()
    day = today(now)
    asked = Asked(
        cast.ids[absent], cast.ids[to], day, day + timedelta(days=3), types=types, number="12/GUQ", dated=day
    )
    return delegations.give(cast.office, cast.actor(absent), asked, now)


class Seen:
    """What one person sees in week 12, place by place: names of colleagues."""

    def __init__(self, client: TestClient, cast: Cast, who: str) -> None:
        self.client, self.cast, self.who = client, cast, who
        self.week = cast.weeks[WEEK]

    def _get(self, path: str, **params: str) -> list[dict]:
        headers = {"Authorization": f"Bearer {signed_in(self.cast.office, self.who, 'token')}"}
        answer = self.client.get(f"/api/v1{path}", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    @property
    def board(self) -> set[str]:
        found = self._get("/board", type="lesson-plan", week=self.week)
        return {item["owner"]["name"] for item in found}

    @property
    def flags(self) -> set[str]:
        found = self._get("/flags", type="lesson-plan", week=self.week)
        return {item["owner"]["name"] for item in found}

    @property
    def duties(self) -> set[str]:
        return {item["owner"]["name"] for item in self._get("/obligations", week=self.week)}

    @property
    def page(self) -> str:
        enter(self.client, self.cast, self.who)
        return shown(self.client, f"/obligations?week={self.week}")


@pytest.mark.parametrize(
    ("absent", "types", "sees", "duties"),
    [
        ("hoa", (), GROUP, {"Nguyễn Thị Lan"}),
        ("hoa", ("lesson-plan",), GROUP, set()),
        ("hoa", ("teacher-teaching-plan",), set(), {"Nguyễn Thị Lan"}),
        ("minh", (), SCHOOL, {"Nguyễn Thị Lan", "Hoàng Văn Sơn"}),
        ("minh", ("lesson-plan",), SCHOOL, set()),
        ("minh", ("teacher-teaching-plan",), set(), {"Nguyễn Thị Lan", "Hoàng Văn Sơn"}),
        ("ngoc", (), SCHOOL, {"Nguyễn Thị Lan", "Hoàng Văn Sơn"}),
    ],
)
def test_board_flags_and_duties_while_it_runs_and_no_longer(
    client: TestClient, cast: Cast, absent: str, types: tuple[str, ...], sees: set[str], duties: set[str]
) -> None:
    own = {"Đặng Thị Hường"}
    seen = Seen(client, cast, "huong")
    assert (seen.board, seen.flags, seen.duties) == (own, own, set())
    given = hand_over(cast, absent, "huong", types)
    assert (seen.board, seen.flags, seen.duties) == (sees | own, sees | own, duties)
    page = seen.page
    assert {name for name in SCHOOL - own if name in page} == duties
    delegations.end(cast.office, cast.actor(absent), given, cast.office.now())
    assert (seen.board, seen.flags, seen.duties) == (own, own, set())
    assert "Nguyễn Thị Lan" not in seen.page


@pytest.mark.parametrize("absent", ["minh", "hoa"])
def test_it_ends_by_itself_with_its_last_day(cast: Cast, absent: str) -> None:
    hand_over(cast, absent, "huong")
    for days, sees in ((-1, False), (0, True), (3, True), (4, False)):
        with cast.office.db.read() as session:
            moment = cast.office.now() + timedelta(days=days)
            actor = standing_in(session, actor_of(session, cast.ids["huong"]), moment)
        assert actor.answers_for_others == sees, days
        assert actor.oversees() == (sees and absent == "minh")


def test_the_account_alone_and_waivers_are_not_handed_over(client: TestClient, cast: Cast) -> None:
    """What is about a person's account is the principal's own to see; a waiver is the principal's own act."""
    hand_over(cast, "minh", "huong")
    actor = cast.actor("huong")
    assert actor.oversees() and actor.oversees("lesson-plan") and not actor.roles & {"principal"}
    (flag, *_) = Seen(client, cast, "huong")._get("/flags", type="lesson-plan", rule="missing")
    csrf = enter(client, cast, "huong")
    data = {"csrf": csrf, "words": "Không có lý do nào"}
    assert client.post(f"/flags/{flag['id']}/waive", data=data).status_code == 403


def test_one_record_handed_over_opens_no_list() -> None:
    alone = Cover("d", "minh", frozenset({"role:principal"}), frozenset({"lesson-plan"}), document_id="x")
    actor = Actor("huong", "school", covers=(alone,))
    assert not actor.oversees() and not actor.answers_for_others
    assert Actor("huong", "school", covers=(replace(alone, document_id=""),)).oversees("lesson-plan")
    assert not Actor("huong", "school", covers=(replace(alone, document_id=""),)).oversees("other")
