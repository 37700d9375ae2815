"""Late and missing with their history, waivers and explanations: who may, what stays, what counts."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete, select, update

from flows import board, matrix, waiving
from flows.board import Wanted
from flows.clock import scan
from flows.flag_story import stories
from flows.flag_words import ADVICE, NAMES
from flows.posts import actor_of
from flows.span import Asked
from models.account import AccountRole, Group, GroupMember
from models.db import Database
from models.document import Document
from models.errors import Invalid, NotFound, NotYours, WrongStep
from models.flag import Flag, FlagEvent
from models.notice import Notice
from models.school import SchoolSetting
from service.standing import MARKS, STATES, said
from tests.clockwork import DAY, HOUR, SmallSchool, at, small_school

LIMIT = at(11, 13)
"""Lesson plans of week 11."""
REASON = "Đi công tác theo quyết định của trường"


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    yield made
    made.db.dispose()


def office(school: SmallSchool, now: datetime) -> Any:
    """What the acts need of an office: the database and the time."""
    return SimpleNamespace(db=school.db, now=lambda: now)


def actor(school: SmallSchool, name: str) -> Any:
    with school.db.read() as session:
        return actor_of(session, school.accounts[name])


def flag(school: SmallSchool, who: str, rule: str, slug: str = "lesson-plan", week: int = 11) -> Flag:
    with school.db.read() as session:
        return session.exec(
            select(Flag).where(
                col(Flag.account_id) == school.accounts[who],
                col(Flag.rule) == rule,
                col(Flag.type) == slug,
                col(Flag.week_id) == school.weeks[week],
            )
        ).one()


def events(school: SmallSchool, flag_id: str) -> list[tuple[str, datetime, str]]:
    with school.db.read() as session:
        found = stories(session, [session.get_one(Flag, flag_id)])[flag_id]
    return [(h.event.kind, h.event.at, h.name) for h in found.events]


def kinds(school: SmallSchool, rule: str) -> list[str]:
    """What happened to lan's flag."""
    return [kind for kind, _, _ in events(school, flag(school, "lan", rule).id)]


def do(school: SmallSchool, act: Any, who: str, of: Flag, words: str = REASON, now: datetime = LIMIT) -> None:
    act(office(school, now), actor(school, who), of.id, words)


# --- history --------------------------------------------------------------------------------------------


def test_the_clock_keeps_what_opened_resolved_and_reopened(school: SmallSchool) -> None:
    scan(school.db, LIMIT + HOUR)
    document = school.document("lan", 11, LIMIT + 2 * HOUR)
    scan(school.db, LIMIT + 3 * HOUR)
    school.change(Document, document, status="withdrawn")
    scan(school.db, LIMIT + 4 * HOUR)
    assert events(school, flag(school, "lan", "missing").id) == [
        ("opened", LIMIT, ""),
        ("resolved", LIMIT + 2 * HOUR, ""),
        ("reopened", LIMIT + 4 * HOUR, ""),
    ]
    assert kinds(school, "late") == ["opened", "resolved"]


def test_history_is_never_changed_nor_taken_away(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    for change in (update(FlagEvent).values(words="!"), delete(FlagEvent)):
        with pytest.raises(DBAPIError, match="append-only"), school.db.write() as session:
            session.exec(change)


def test_two_servers_at_once_write_each_event_once(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    document = school.document("lan", 11, LIMIT + HOUR)
    school.change(Document, document, updated_at=LIMIT + HOUR)
    others = [Database(school.db.engine.url.render_as_string(hide_password=False)) for _ in range(3)]
    ready = Barrier(len(others))

    def go(db: Database) -> None:
        ready.wait()
        scan(db, LIMIT + 2 * HOUR)

    threads = [Thread(target=go, args=(db,)) for db in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for db in others:
        db.dispose()
    assert [kind for kind, _, _ in events(school, flag(school, "lan", "missing").id)] == [
        "opened",
        "resolved",
    ]
    assert [kind for kind, _, _ in events(school, flag(school, "lan", "late").id)] == ["opened"]


# --- who may --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "of", "refused"),
    [
        ("minh", "lan", None),
        ("ngoc", "lan", None),
        ("minh", "hoa", None),
        ("lan", "lan", NotYours),  # never one's own
        ("hoa", "lan", NotYours),  # a head, where the school does not let heads
        ("hoa", "hoa", NotYours),
        ("huong", "lan", NotFound),  # a colleague does not even see it
        ("son", "lan", NotFound),
        ("admin", "lan", NotFound),
    ],
)
def test_only_principal_and_vice_principal_waive(
    school: SmallSchool, who: str, of: str, refused: type[Exception] | None
) -> None:
    scan(school.db, LIMIT)
    here = flag(school, of, "missing")
    if refused:
        with pytest.raises(refused):
            do(school, waiving.waive, who, here)
        assert flag(school, of, "missing").waived_at is None
        return
    do(school, waiving.waive, who, here)
    assert flag(school, of, "missing").waived_at == LIMIT


def test_heads_waive_in_their_own_group_where_the_school_lets_them(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    with school.db.write() as session:
        session.add(SchoolSetting(school_id=school.id, key="head_waives", value={"allowed": 1}))
    do(school, waiving.waive, "hoa", flag(school, "lan", "missing"))
    assert flag(school, "lan", "missing").waived_at is not None
    with pytest.raises(NotYours):
        do(school, waiving.waive, "hoa", flag(school, "hoa", "missing"))
    with pytest.raises(NotFound):
        do(school, waiving.waive, "hoa", flag(school, "anh", "missing"))


def test_a_principal_who_teaches_waives_nothing_of_their_own(school: SmallSchool) -> None:
    with school.db.write() as session:
        session.add(AccountRole(school_id=school.id, account_id=school.accounts["minh"], role="teacher"))
        session.add(
            GroupMember(
                school_id=school.id, group_id=school.groups["Tổ 4-5"], account_id=school.accounts["minh"]
            )
        )
    scan(school.db, LIMIT)
    here = flag(school, "minh", "missing")
    with pytest.raises(NotYours):
        do(school, waiving.waive, "minh", here)
    do(school, waiving.waive, "ngoc", here)


def test_another_school_sees_nothing_of_it(school: SmallSchool) -> None:
    other = SmallSchool(school.db, mark="2")
    scan(school.db, LIMIT)
    here = flag(school, "lan", "missing")
    for act in (waiving.waive, waiving.unwaive, waiving.explain):
        with pytest.raises(NotFound):
            do(other, act, "minh", here)


@pytest.mark.parametrize("words", ["", "  vì  ", "x" * 501])
def test_a_reason_has_5_to_500_characters(school: SmallSchool, words: str) -> None:
    scan(school.db, LIMIT)
    for who, act in (("minh", waiving.waive), ("minh", waiving.unwaive), ("lan", waiving.explain)):
        with pytest.raises(Invalid):
            do(school, act, who, flag(school, "lan", "missing"), words)


# --- what a waiver does ---------------------------------------------------------------------------------


def test_a_waiver_is_recorded_told_and_can_be_taken_back(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    here = flag(school, "lan", "missing")
    do(school, waiving.waive, "minh", here)
    do(school, waiving.waive, "minh", here)  # a second click
    with pytest.raises(WrongStep):
        do(school, waiving.waive, "ngoc", here)
    do(school, waiving.unwaive, "ngoc", here, "Nhầm người, xin ghi lại", LIMIT + HOUR)
    with pytest.raises(WrongStep):
        do(school, waiving.unwaive, "minh", here)
    assert flag(school, "lan", "missing").waived_at is None
    assert events(school, here.id) == [
        ("opened", LIMIT, ""),
        ("waived", LIMIT, "Đỗ Quang Minh"),
        ("unwaived", LIMIT + HOUR, "Lê Bích Ngọc"),
    ]
    with school.db.read() as session:
        either = col(Notice.kind).in_(["waiver", "unwaived"])
        told = session.exec(select(Notice).where(either).order_by(col(Notice.created_at))).all()
    assert [n.kind for n in told] == ["waiver", "unwaived"]
    assert {n.data["subject"]["vi"] for n in told} == {"Chưa nộp: Kế hoạch bài dạy (giáo án), tuần 11"}
    assert [(n.account_id, n.data["sentence"]["vi"]) for n in told] == [
        (school.accounts["lan"], f"Đã miễn ghi, người quyết định: Đỗ Quang Minh. Lý do: {REASON}"),
        (
            school.accounts["lan"],
            "Không còn miễn ghi, người quyết định: Lê Bích Ngọc. Lý do: Nhầm người, xin ghi lại",
        ),
    ]


def test_a_waived_warning_of_a_check_says_of_which_day_and_week() -> None:
    data = {"day": "2026-11-25", "week": 12, "item": "lesson-plan", "state": "not-kept"}
    warning = Flag(
        school_id="",
        key="",
        rule="spot-check",
        account_id="",
        document_id="x",
        data=data,
        due_at=LIMIT,
        opened_at=LIMIT,
    )
    said = waiving.subject_of(warning, 12)
    assert said is not None
    assert said.vi.startswith("Có thể thiếu khi kiểm tra thứ Tư 25/11: ")
    assert "tuần 12" in said.vi


def test_what_was_waived_while_missing_stays_waived_when_it_comes_late(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    do(school, waiving.waive, "minh", flag(school, "lan", "missing"), now=LIMIT + HOUR)
    school.document("lan", 11, LIMIT + 8 * HOUR)
    school.document("huong", 11, LIMIT + 8 * HOUR)
    before = len(school.notices("flag"))
    scan(school.db, LIMIT + 9 * HOUR)
    late = flag(school, "lan", "late")
    assert late.waived_at == LIMIT + 8 * HOUR
    assert events(school, late.id)[-1] == ("waived", LIMIT + 8 * HOUR, "Đỗ Quang Minh")
    assert flag(school, "huong", "late").waived_at is None
    assert len(school.notices("flag")) == before + 1  # huong alone is told that it was late


def test_waived_flags_are_shown_and_not_counted(school: SmallSchool) -> None:
    school.document("huong", 11, LIMIT + 8 * HOUR, step="group_review")
    scan(school.db, LIMIT + 9 * HOUR)
    minh, week = actor(school, "minh"), school.weeks[11]
    asked = Asked(type="lesson-plan", first=week, last=week)

    def state() -> dict[str, str]:
        names = {account: name for name, account in school.accounts.items()}
        with school.db.read() as session:
            found = matrix.read(session, minh, asked, LIMIT + DAY)
            assert found is not None
            return {names[line.account_id]: line.cells[0].state for line in found.lines}

    def counted() -> int:
        with school.db.read() as session:
            return board.counts(session, minh)[school.weeks[11]]

    before, were = state(), counted()
    assert (before["lan"], before["huong"]) == ("missing", "late")
    for who, rule in (("lan", "missing"), ("huong", "late")):
        do(school, waiving.waive, "minh", flag(school, who, rule))
    assert state() == before | {"lan": "waived", "huong": "waived"}
    assert counted() == were - 2
    with school.db.read() as session:
        shown = board.flags(session, minh, Wanted(state="waived"))
        still = board.flags(session, minh, Wanted(state="open"))
        missing = matrix.read(session, minh, replace(asked, state="missing"), LIMIT + DAY)
        waived = matrix.read(session, minh, replace(asked, state="waived"), LIMIT + DAY)
    assert {s.flag.rule for s in shown} == {"missing", "late"}
    assert not {s.flag.id for s in shown} & {s.flag.id for s in still}
    assert missing is not None
    assert "Nguyễn Thị Lan" not in {line.name for line in missing.lines}
    assert waived is not None
    words = sorted(said(line.cells[0]).whole.vi for line in waived.lines)
    assert words == ["Miễn ghi muộn, chưa nộp", "Miễn ghi muộn, muộn 8 giờ, ở tổ"]


def test_the_mark_of_a_waiver_has_a_shape_of_its_own() -> None:
    assert [state for state in STATES if MARKS[state] == MARKS["waived"]] == ["waived"]


def test_what_is_resolved_is_neither_waived_nor_explained(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    school.document("lan", 11, LIMIT + HOUR)
    scan(school.db, LIMIT + 2 * HOUR)
    for who, act in (("minh", waiving.waive), ("lan", waiving.explain)):
        with pytest.raises(WrongStep):
            do(school, act, who, flag(school, "lan", "missing"))


def test_explanations_are_kept_one_after_the_other(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    here = flag(school, "lan", "missing")
    for words in ("Con ốm phải vào viện", "Con ốm phải vào viện", "Đã ra viện, nộp chiều nay"):
        do(school, waiving.explain, "lan", here, words)
    with pytest.raises(NotYours):
        do(school, waiving.explain, "hoa", here)
    assert [kind for kind, _, _ in events(school, here.id)] == ["opened", "explained", "explained"]


# --- who sees what --------------------------------------------------------------------------------------

PLACED = {
    "lan": ("Tổ 1-2-3", "lan"),
    "anh": ("Tổ 4-5", "anh"),
}


@pytest.mark.parametrize("rule", sorted(NAMES))
def test_every_kind_is_seen_by_its_person_and_whom_it_concerns_alone(school: SmallSchool, rule: str) -> None:
    advice = rule in ADVICE
    with school.db.write() as session:
        session.get_one(Group, school.groups["Tổ 1-2-3"]).deputy_id = school.accounts["huong"]
        for who, (group, _) in PLACED.items():
            session.add(
                Flag(
                    school_id=school.id,
                    key=f"{rule}:x:{school.accounts[who]}",
                    rule=rule,
                    type="" if advice else "lesson-plan",
                    account_id=school.accounts[who],
                    group_id=None if advice else school.groups[group],
                    due_at=LIMIT,
                    opened_at=LIMIT,
                )
            )
    seen = {
        "lan": {"lan"},
        "anh": {"anh"},
        "hoa": set() if advice else {"lan"},
        "huong": set() if advice else {"lan"},
        "son": set() if advice else {"anh"},
        "minh": {"lan", "anh"},
        "ngoc": set() if advice else {"lan", "anh"},
        "admin": {"lan", "anh"} if advice else set(),
    }
    names = {account: name for name, account in school.accounts.items()}
    found = {}
    for who in seen:
        with school.db.read() as session:
            rows = board.flags(session, actor_of(session, school.accounts[who]), Wanted())
        found[who] = {names[row.flag.account_id] for row in rows}
    assert found == seen
