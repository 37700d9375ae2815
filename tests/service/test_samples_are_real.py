"""What a preview says is what the real notice says: made here the real way, with the same facts."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import col, select

from flows import probable_notices, reminders, waiving, weekly
from flows.clock import scan
from flows.deadlines import last_day_words, limit_words
from models.account import Account
from models.document import Document
from models.flag import Flag
from models.notice import Notice
from models.settings import Settings
from service.mail_samples import AUTHOR, FIGURES, LEADER, LIMIT, NOTICES
from tasks.noticing import line
from tests.clockwork import DAY, HOUR, SmallSchool, at, small_school
from tests.flows.checked import EVE, LESSONS, PLAN, approved, timetable
from tests.flows.test_flag_history import do

OWN = at(11, 13)
"""The limit of week 11 in the small school."""


@pytest.fixture
def school(tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    school = small_school(tmp_path)
    yield school
    school.db.dispose()


def of_kind(school: SmallSchool, kind: str, **only: Any) -> Notice:
    """A notice of that kind, of the lesson plan of week 11."""
    with school.db.read() as session:
        found = session.exec(select(Notice).where(col(Notice.kind) == kind)).all()
    return next(n for n in found if all(n.data.get(key) == value for key, value in only.items()))


def as_said(words: str, language: str) -> str:
    """The sample's words with the real limit instead of the sample's."""
    for of in (last_day_words, limit_words):
        words = words.replace(of(LIMIT).to(language), of(OWN).to(language))  # type: ignore[arg-type]
    return words


@pytest.mark.parametrize(
    ("kind", "now"),
    [("reminder", at(11, 12, 7)), ("overdue", OWN + DAY + 7 * HOUR), ("escalation", OWN + DAY + 7 * HOUR)],
)
def test_reminders_before_and_after_and_to_those_above(school: SmallSchool, kind: str, now: datetime) -> None:
    moment = now
    while moment < now + 4 * DAY:
        reminders.remind(school.db, moment)
        moment += HOUR
    real = of_kind(school, kind, type="lesson-plan", week_id=school.weeks[11]).data["sentence"]
    sample = NOTICES[kind].sentence
    assert sample is not None
    assert real == {n: as_said(sample.to(n), n) for n in ("vi", "en")}  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["waiver", "unwaived"])
def test_a_waiver_given_and_taken_back(school: SmallSchool, kind: str) -> None:
    scan(school.db, OWN)
    with school.db.write() as session:
        session.get_one(Account, school.accounts["minh"]).full_name = LEADER
        flag = session.exec(select(Flag).where(col(Flag.week_id) == school.weeks[11])).first()
        assert flag is not None
    sample = NOTICES[kind].sentence
    assert sample is not None
    reason = sample.vi.partition("Lý do: ")[2]
    do(school, waiving.waive, "minh", flag, reason)
    if kind == "unwaived":
        do(school, waiving.unwaive, "minh", flag, reason)
    real = of_kind(school, kind)
    assert real.data["sentence"]["vi"] == sample.vi
    assert real.data["subject"]["vi"] == NOTICES[kind].subject.vi.replace("13", "11")


def test_the_week_in_figures_has_the_same_lines(school: SmallSchool) -> None:
    with school.db.read() as session:
        week = weekly.weeks_shown(weekly.day_rows.school_days(session, school.id).weeks, OWN.date())
        real = weekly.figures(session, school.id, week, OWN)
    names = [{"vi": name.vi, "en": name.en} for name in weekly.OUTSTANDING]
    assert [one["name"] for one in FIGURES["outstanding"]] == names
    assert real["outstanding"] == []  # nothing is, and what is nothing has no line
    assert [one["name"] for one in FIGURES["types"]] == [one["name"] for one in real["types"]]
    assert FIGURES.keys() == real.keys()
    sample, written = (one["types"][0]["weeks"][0] for one in (FIGURES, real))
    assert sample.keys() == written.keys()
    assert sample["rows"][0].keys() == written["rows"][0].keys()


def test_a_spot_check(school: SmallSchool) -> None:
    timetable(school, ("lan", 2))
    approved(school, "lan", LESSONS)
    approved(school, "lan", PLAN, "print", week=5, last=35)
    probable_notices.tell(school.db, EVE)
    real, sample = of_kind(school, "spot-check").data, NOTICES["spot-check"]
    assert sample.sentence is not None
    for name, text in (("subject", sample.subject), ("sentence", sample.sentence)):
        for language in ("vi", "en"):
            said = text.to(language)  # type: ignore[arg-type]
            said = said.replace("25/11", "20/11").replace("tuần 12", "tuần 11").replace("week 12", "week 11")
            assert real[name][language] == said


def test_what_waits(school: SmallSchool, tmp_path: pathlib.Path) -> None:
    document, due = school.document("lan", 11, at(11, 11), step="group_review"), LIMIT + 2 * DAY + 12 * HOUR
    school.waits(document, f"group_head:{school.groups['Tổ 1-2-3']}", due)
    school.notice("hoa", "waiting", at(11, 11), document)
    with school.db.write() as session:
        session.get_one(Account, school.accounts["lan"]).full_name = AUTHOR
    notice = of_kind(school, "waiting")
    with school.db.read() as session:
        there = session.get_one(Document, document)
        said = line(session, Settings(data=tmp_path), notice, there, "vi").sentence
    assert NOTICES["waiting"].sentence is not None
    assert said == NOTICES["waiting"].sentence.vi
