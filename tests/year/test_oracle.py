"""The oracle knows nothing of the product, and counts as the school plan's own examples do."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from tests.year.acts import BEGIN, CHANGES, Act, Sends, Story, known
from tests.year.after import Approved, Approves, Downloads, Prints
from tests.year.days import DAY, HANOI, HOUR, MINUTE, PLAN, TEACHER, TEAM, Known, Rule, Set, numbered
from tests.year.papers import DOWNLOAD, PRINT, papers_of
from tests.year.script import tell
from tests.year.table import expect
from tests.year.telling import Notice, Post

SECOND = timedelta(seconds=1)
HERE = Path(__file__).parent
NAMES = (
    "days",
    "after",
    "acts",
    "quiet",
    "lessons",
    "approvals",
    "script",
    "papers",
    "telling",
    "oracle",
    "reviews",
    "spot_checks",
    "summary",
    "facts",
    "table",
)
APART = {"holidays", *(f"tests.year.{name}" for name in NAMES)}
"""What may be imported beside Python's own modules."""


@pytest.mark.parametrize("name", NAMES)
def test_it_imports_nothing_of_the_product(name: str) -> None:
    tree = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported
    assert all(m in APART or m.split(".")[0] in sys.stdlib_module_names for m in imported)


def at(month: int, day: int, hour: int = 0, year: int = 2024) -> datetime:
    return datetime(year, month, day, hour, tzinfo=HANOI)


def test_the_plan_s_worked_example() -> None:
    """Week 11 of 2024-2025 begins on 18/11: plans are due before Wednesday 13/11."""
    year = Known(numbered(date(2024, 9, 9), set()))
    assert year.limit(PLAN, 11) == at(11, 13)
    assert year.limit(TEACHER, 11) == at(11, 9)
    assert year.limit(TEAM, 11) == at(11, 3)


def test_a_school_s_own_rule_never_takes_back_time() -> None:
    year = Known(numbered(date(2024, 9, 9), set()))
    year.rules.append(Set(at(11, 11, 10), PLAN, date(2024, 11, 18), Rule(9)))
    assert year.limit(PLAN, 11) == at(11, 13)  # the rest of the day and the next
    assert year.limit(PLAN, 12) == at(11, 17)  # Saturday 16/11 is the ninth day before
    assert year.limit(PLAN, 10) == at(11, 6)


def test_working_days_reach_over_the_tet_of_2028_and_its_leap_day() -> None:
    assert known(BEGIN).limit(PLAN, 21) == at(1, 26, year=2028)
    new = known(CHANGES[3].at)
    assert new.limit(PLAN, 21) == at(1, 18, year=2028)  # Tết takes the whole week before
    assert new.limit(PLAN, 25) == at(2, 22, year=2028)
    off = known(CHANGES[5].at)
    assert off.limit(PLAN, 26) == at(2, 26, year=2028)  # 2/3 is off, 29/02 counts


def test_a_day_off_entered_late_leaves_the_limit_that_came_the_day_after_tomorrow() -> None:
    entered = CHANGES[8].at
    assert known(CHANGES[7].at).limit(PLAN, 31) == at(4, 12, year=2028)
    assert known(entered).limit(PLAN, 31) == at(4, 12, year=2028)
    assert known(entered).kept[PLAN, 31] == at(4, 12, year=2028)


def test_what_a_story_of_two_acts_leaves() -> None:
    story = tell(7, teachers=10)
    lan = story.teachers[5].name
    due = known(BEGIN).limit(PLAN, 1)  # Wednesday 01/9
    assert due == at(9, 1, year=2027)
    acts = (Sends(due - SECOND, lan, PLAN, 1, 1), Sends(due + 16 * DAY + HOUR, lan, PLAN, 2, 2))
    hours = [story.begin + n * HOUR for n in range(24 * 35)]
    table = expect(Story(7, story.people, story.heads, acts, end=hours[-1]), hours)
    mine = {key for key in table.flags if key[1:3] == (PLAN, lan) and key[3] < 3}
    assert mine == {("missing", PLAN, lan, 2), ("late", PLAN, lan, 2)}

    def told(week: int) -> list[tuple[str, str, str]]:
        lines = [t for t in table.told if (t.kind, t.week) == (PLAN, week) and t.who in (lan, "hieu-truong")]
        return sorted((f"{t.day:%d/%m}", t.who, t.what) for t in lines if t.who == lan or t.names)

    # signed in the last second: told the day before and in the morning
    assert [line for line in told(1) if line[1] == lan] == [
        ("30/08", lan, "reminder"),
        ("31/08", lan, "reminder"),
    ]
    assert [line for line in told(2) if line[1] == lan] == [
        ("06/09", lan, "reminder"),
        ("07/09", lan, "reminder"),
        ("08/09", lan, "overdue"),
        ("09/09", lan, "overdue"),
        ("10/09", lan, "overdue"),
        ("17/09", lan, "late"),
    ]
    # the last day in time is 07/9: four days later is a Saturday, so the principal reads it on Monday
    assert [line for line in told(2) if line[1] == "hieu-truong"] == [("13/09", "hieu-truong", "escalation")]


def test_what_a_spot_check_would_miss_is_told_to_the_teacher_first_then_to_the_head() -> None:
    """gv08 teaches on Monday, Tuesday, Wednesday and Friday, and leads nobody; gv03 leads the group."""
    people = tell(7, teachers=10)
    acts = (  # for the week of Monday 13/9
        *(Sends(known(BEGIN).limit(kind, 2) - DAY, "gv08", kind, 2, 2) for kind in (TEACHER, PLAN)),
        Approves(at(9, 10, 15, 2027), tuple(Approved("gv08", kind, 2, False) for kind in (PLAN, TEACHER))),
        Downloads(at(9, 13, 12, 2027), "gv08", 2),
        Prints(at(9, 14, 12, 2027), "gv08", 2, TEACHER),
    )
    hours = [people.begin + n * HOUR for n in range(24 * 35)]
    table = expect(Story(7, people.people, people.heads, acts, end=hours[-1]), hours)
    week = [t for t in table.told if t.what.startswith("spot-check") and "13/09" <= t.kind[:5] <= "17/09"]
    both = "teacher-teaching-plan 2 not-printed; lesson-plan 2 not-kept"
    paper = "teacher-teaching-plan 2 not-printed"
    assert {(t.day.day, t.kind) for t in week if t.who == "gv08"} == {
        (10, f"13/09: {both}"),  # on Friday, the eve of Monday
        (13, f"13/09: {both}"),
        (13, f"14/09: {paper}"),
        (14, f"14/09: {paper}"),
    }
    heads = {(t.day.day, t.kind[:5]) for t in week if t.who == "gv03" and "gv08" in t.kind}
    assert heads == {(13, "13/09"), (14, "14/09")}
    stood = {key[2]: row for key, row in table.flags.items() if key[0] == "spot-check" and key[3] == 2}
    kept = stood["gv08/not-kept/2027-09-13"]
    assert (kept.opened, kept.resolved and kept.resolved[0]) == (at(9, 10, 16, 2027), at(9, 13, 12, 2027))
    assert "gv08/not-printed/2027-09-15" not in stood


def test_a_flag_of_a_check_may_come_and_go_as_soon_as_a_new_leader_looks() -> None:
    """At 16:30 on 6/10 two days off are entered: nobody needs Thursday's records, and Monday is spoken of."""
    people = tell(7, teachers=10)
    entered = CHANGES[0].at
    before, soon, due = entered - MINUTE, entered + 35 * SECOND, entered + 12 * MINUTE
    table = expect(Story(7, people.people, people.heads, (), end=due), [before, soon, due])
    found = {key[2]: row for key, row in table.flags.items() if key[:2] == ("spot-check", PLAN)}
    thursday, monday = (found[f"gv07/not-approved/2027-10-{day}"] for day in ("07", "11"))
    assert (thursday.opened, thursday.by) == (before, before + 3 * MINUTE)
    assert thursday.resolved == (soon, due + 3 * MINUTE)
    assert (monday.opened, monday.by, monday.resolved) == (soon, due + 3 * MINUTE, None)


def test_nothing_is_expected_of_what_comes_after_the_story() -> None:
    story = tell(5, teachers=15).until(at(10, 12, 7, 2027))
    assert all(person.until is None for person in story.people)
    leaver = next(person for person in tell(5, teachers=15).people if person.until)
    story = replace(story, acts=tuple(a for a in story.acts if not isinstance(a, Downloads)))
    hours = [story.begin + n * HOUR for n in range((story.end - story.begin) // HOUR + 1)]
    rows = [row for row in expect(story, hours).flags.values() if row.account == leaver.name]
    assert "not-downloaded" in {row.rule for row in rows}
    assert all(row.resolved is None or row.resolved[0] <= story.end for row in rows)


def test_a_word_for_a_laptop_holds_until_it_breaks() -> None:
    [paper] = [p for p in papers_of(tell(1))[PLAN, "gv08"] if p.sent.first == 9]
    assert paper.unmet(PRINT) == [
        (at(11, 1, 0, 2027), at(11, 2, 9, 2027)),
        (at(11, 3, 14, 2027), at(11, 5, 10, 2027)),
    ]
    assert paper.unmet(DOWNLOAD) == []


def test_a_digest_comes_once_a_day_and_not_on_a_day_off() -> None:
    post = Post()
    friday = at(9, 3, 8, year=2027)  # National Day, off work
    for when in (friday, friday + HOUR, friday + 3 * DAY):
        post.add(Notice("lan", "flag", "late", PLAN, 1, when, f"{when}"))
        post.send(when)
    assert {(line.what, line.day, n) for line, n in post.told.items()} == {("late", date(2027, 9, 6), 2)}
    post.send(friday + 4 * DAY)
    assert sum(post.told.values()) == 3


def test_every_kind_of_act_is_in_the_story_and_told_alike_for_one_seed() -> None:
    story = tell(1)
    assert story == tell(1) != tell(2)
    assert len(story.teachers) == 40
    assert {type(act) for act in story.acts} == set(get_args(Act))
    spans = {act.last - act.first for act in story.acts if isinstance(act, Sends)}
    assert spans >= {0, 1, 3, 4, 6, 8}
