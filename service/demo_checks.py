"""The demo school's spot checks of the day: a clean one, minutes agreed to, refused, appealed against.

Made by the real flows as the people themselves would, after the records; on a day with lessons only, so a
demo begun on a Sunday has them from its next start on. It goes on where it stopped and is made once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from sqlmodel import Session, col, select

from flows import day_rows, drafts, spot_checks, spot_papers, spot_records, succession, timetable
from flows.candidates import today
from flows.documents.appeal import APPEAL
from flows.documents.violation_minutes import VIOLATION_MINUTES
from flows.links import ABOUT, linked_to
from flows.office import Office
from flows.posts import actor_of
from flows.spot_marks import Marks, Sending
from flows.spot_visit import Visit
from flows.timetable import Period
from models.account import Account
from models.document import Document
from models.errors import RecordsError, Unavailable
from models.school import SchoolSetting
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from service import demo_records
from service.demo import CAST
from service.demo_records import Steps, act_through

DONE = "demo_checks"
"""The setting that says the demo's checks were all made."""
INSPECTOR = "kt.binh"
REASON = "Theo kế hoạch kiểm tra nội bộ của tháng"
REMEDY_DAYS = 5
"""Working days until what was lacking is there."""
_ABSENT = Marks("absent", "absent", words="Em xin phép bổ sung trong ngày.")


@dataclass(frozen=True, slots=True)
class CheckStory:
    """One check of a teacher today and what came of it: who did what on paper, minutes, appeal."""

    teacher: str
    marks: Marks
    paper: Steps
    minutes: Steps = ()
    appeal: Steps = ()


_SENT: Steps = ((INSPECTOR, "submit", ""), (INSPECTOR, "sign", ""))
_FOUND: Steps = (
    *_SENT,
    ("ht.minh", "violation", "Tại thời điểm kiểm tra chưa có cả hai loại hồ sơ."),
)

STORIES: tuple[CheckStory, ...] = (
    CheckStory("gv.huong", Marks("present", "present"), _SENT),
    CheckStory("gv.nga", _ABSENT, _FOUND, (*_SENT, ("gv.nga", "agree", ""), ("ht.minh", "acknowledge", ""))),
    CheckStory(
        "gv.long",
        _ABSENT,
        _FOUND,
        (
            *_SENT,
            ("gv.long", "refuse", "Không đồng ý với giờ ghi trong biên bản."),
            ("gv.mai", "acknowledge", ""),
            ("ht.minh", "acknowledge", ""),
        ),
    ),
    CheckStory(
        "gv.tam",
        _ABSENT,
        _FOUND,
        (
            *_SENT,
            ("gv.tam", "state", "Bản in kế hoạch dạy học ở trong tủ lớp, lúc kiểm tra tôi chưa kịp lấy."),
            ("pht.ngoc", "acknowledge", ""),
        ),
        (("gv.tam", "submit", ""), ("gv.tam", "sign", "")),
    ),
)
WITNESS = "gv.mai"
_NOON = 12
_QUARTER, _DRAWN_UP = timedelta(minutes=15), timedelta(minutes=10)
_USUAL = {"morning": ("07:50", "08:05"), "afternoon": ("14:05", "14:20")}
"""From when to when a visit lasts, by the session of its lesson."""


def seed_checks(office: Office, ended: threading.Event | None = None) -> int:
    """Make what is not there yet; how many decisions it took. Unavailable when signing cannot work yet.

    A step that is refused is a fault of ours: an ExceptionGroup names each once every story was tried, and
    the next start tries again.
    """
    ended = ended or threading.Event()
    with office.db.read() as session:
        people = {a.sign_in_name: a for a in session.exec(select(Account)).all() if a.sign_in_name in CAST}
        school_id = people["admin"].school_id if len(people) == len(CAST) else ""
        if not school_id or session.get(SchoolSetting, (school_id, DONE)) is not None:
            return 0
        ready = session.get(SchoolSetting, (school_id, demo_records.DONE)) is not None
        lessons = timetable.of_days(session, school_id, today(office.now()), today(office.now()))
    found = visits(lessons, people, office.now())
    if not ready or not found:
        return 0
    made, refused = 0, []
    for story in STORIES:
        try:
            made += _tell(office, story, found[story.teacher], people, ended)
        except Unavailable:
            raise
        except RecordsError as refusal:
            refused.append(refusal)
        if ended.is_set():
            return made
    if refused:
        raise ExceptionGroup("steps of the demo's checks were refused", refused)
    with office.db.write() as session:
        session.add(SchoolSetting(school_id=school_id, key=DONE, value=True))
    return made


def visits(lessons: Sequence[Period], people: Mapping[str, Account], now: datetime) -> dict[str, Period]:
    """Which lesson of the day each story's teacher is visited in: another period each, the inspector is one
    person. Empty where the day has no such lessons.

    Before noon a morning's, so that nobody is said to have been where they cannot have been yet.
    """
    parts = ("morning",) if now.astimezone(VIETNAM).hour < _NOON else ("morning", "afternoon")
    teachers = [story.teacher for story in STORIES]
    taught = [
        [p for p in lessons if p.teacher_id == people[name].id and p.session in parts] for name in teachers
    ]
    for chosen in product(*taught):
        if len({(p.session, p.number) for p in chosen}) == len(chosen):
            return dict(zip(teachers, chosen, strict=True))
    return {}


def _tell(
    office: Office,
    story: CheckStory,
    lesson: Period,
    people: Mapping[str, Account],
    ended: threading.Event,
) -> int:
    paper = _paper(office, story, lesson, people)
    made = act_through(office, paper, story.paper, people, ended)
    if story.minutes and not ended.is_set():
        minutes = _about(office, paper, VIOLATION_MINUTES.slug, people[INSPECTOR])
        made += act_through(office, minutes, story.minutes, people, ended, witness=people[WITNESS].id)
    if story.appeal and not ended.is_set():
        appeal = _about(office, minutes, APPEAL.slug, people[story.teacher])
        made += act_through(office, appeal, story.appeal, people, ended)
    return made


def _paper(office: Office, story: CheckStory, lesson: Period, people: Mapping[str, Account]) -> str:
    """The paper of the check: planned, recorded, made."""
    inspector, teacher = people[INSPECTOR], people[story.teacher]
    with office.db.read() as session:
        check = _check(session, inspector, teacher)
        actor = actor_of(session, inspector.id)
    if check is None:
        choice = spot_checks.Choice(lesson.day, lesson.session, lesson.number, lesson.class_id, REASON)
        check_id = spot_checks.choose(office, actor, choice)
    else:
        check_id = check.id
    if check is None or check.state != "sent":
        marks = replace(story.marks, visit=visit(lesson.session, office.now()))
        spot_records.record(office, actor, check_id, Sending(f"demo-{check_id}", marks, office.now()))
    paper = spot_papers.write(office, actor, check_id)
    assert paper is not None, check_id
    return paper


def visit(part: str, now: datetime) -> Visit:
    """A quarter of an hour of the lesson's session that is over by now."""
    began, ended = _USUAL[part]
    if ended > _clock(now, timedelta(0)):
        began, ended = _clock(now, 2 * _QUARTER), _clock(now, _QUARTER)
    return Visit(began, ended, "Tại lớp", read_back=True)


def _clock(now: datetime, ago: timedelta) -> str:
    """The time of day so long ago, or midnight."""
    here = now.astimezone(VIETNAM)
    return f"{max(here - ago, here.replace(hour=0, minute=0)):%H:%M}"


def _check(session: Session, inspector: Account, teacher: Account) -> SpotCheck | None:
    return session.exec(
        select(SpotCheck).where(
            col(SpotCheck.school_id) == teacher.school_id,
            col(SpotCheck.inspector_id) == inspector.id,
            col(SpotCheck.teacher_id) == teacher.id,
            col(SpotCheck.reason) == REASON,
        )
    ).first()


def _about(office: Office, about: str, slug: str, author: Account) -> str:
    """The minutes or the appeal about a record: what is there, or a complete draft."""
    with office.db.read() as session:
        there = next((d for d in linked_to(session, about, ABOUT) if d.type == slug), None)
        actor = actor_of(session, author.id)
    if there is None:
        there = succession.amend(office, actor, about)
    if there.version == 1 and there.content_version == 1:
        fields = dict(there.fields) | (
            _completed(office, there) if slug == VIOLATION_MINUTES.slug else _APPEAL
        )
        there, _ = drafts.save(office, actor, there.id, there.content_version, fields)
    return there.id


def _completed(office: Office, draft: Document) -> dict[str, Any]:
    """What a prefilled draft of minutes still lacks: drawn up now, mended within a week of work."""
    now = office.now()
    with office.db.read() as session:
        days = day_rows.school_days(session, draft.school_id)
    return {
        "day": today(now).isoformat(),
        "began": _clock(now, _DRAWN_UP),
        "ended": _clock(now, timedelta(0)),
        "place": "Phòng hội đồng",
        "remedy": "Bổ sung kế hoạch dạy học bản in và kế hoạch bài dạy, để tại lớp.",
        "remedy_by": days.working_days_after(today(now), REMEDY_DAYS).isoformat(),
    }


_APPEAL = {
    "asks": "<p>Đề nghị nhà trường xem lại kết luận của biên bản.</p>",
    "grounds": "<p>Bản in kế hoạch dạy học có trong tủ lớp từ đầu tuần; lúc đó tôi chưa kịp lấy ra.</p>",
}
