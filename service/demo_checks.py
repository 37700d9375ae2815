"""The demo school's spot checks of the day: a clean one, minutes agreed to, refused, appealed against.

Made by the real flows as the people themselves would, after the records; on a day with lessons only, so a
demo begun on a Sunday has them from its next start on. It goes on where it stopped and is made once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from flows import drafts, spot_checks, spot_records, succession, timetable
from flows.candidates import today
from flows.documents.appeal import APPEAL
from flows.documents.violation_minutes import VIOLATION_MINUTES
from flows.links import ABOUT, linked_to
from flows.office import Office
from flows.posts import actor_of
from flows.spot_marks import Marks, Sending
from flows.spot_visit import Visit
from models.account import Account
from models.errors import RecordsError, Unavailable
from models.school import SchoolSetting
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from service import demo_records
from service.demo import CAST
from service.demo_records import Steps, act_through, log

DONE = "demo_checks"
"""The setting that says the demo's checks were all made."""
INSPECTOR = "kt.binh"
REASON = "Theo kế hoạch kiểm tra nội bộ của tháng"
_VISIT = Visit("07:50", "08:05", "Tại lớp", read_back=True)
_ABSENT = Marks("absent", "absent", words="Em xin phép bổ sung trong ngày.", visit=_VISIT)


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
    CheckStory("gv.huong", Marks("present", "present", visit=_VISIT), _SENT),
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


def seed_checks(office: Office, ended: threading.Event | None = None) -> int:
    """Make what is not there yet; how many decisions it took. Unavailable when signing cannot work yet."""
    ended = ended or threading.Event()
    with office.db.read() as session:
        people = {a.sign_in_name: a for a in session.exec(select(Account)).all() if a.sign_in_name in CAST}
        school_id = people["admin"].school_id if len(people) == len(CAST) else ""
        if not school_id or session.get(SchoolSetting, (school_id, DONE)) is not None:
            return 0
        ready = session.get(SchoolSetting, (school_id, demo_records.DONE)) is not None
        lessons = timetable.of_days(session, school_id, today(office.now()), today(office.now()))
    if not ready or not lessons:
        return 0
    made = 0
    for story in STORIES:
        try:
            made += _tell(office, story, people, ended)
        except Unavailable:
            raise
        except RecordsError as refusal:
            log.info("a demo check was left as it is: %s", refusal)
        if ended.is_set():
            return made
    with office.db.write() as session:
        session.add(SchoolSetting(school_id=school_id, key=DONE, value=True))
    return made


def _tell(office: Office, story: CheckStory, people: Mapping[str, Account], ended: threading.Event) -> int:
    paper = _paper(office, story, people)
    if paper is None:
        return 0
    made = act_through(office, paper, story.paper, people, ended)
    if story.minutes:
        minutes = _about(office, paper, VIOLATION_MINUTES.slug, people[INSPECTOR])
        made += act_through(office, minutes, story.minutes, people, ended, witness=people[WITNESS].id)
    if story.appeal:
        appeal = _about(office, minutes, APPEAL.slug, people[story.teacher])
        made += act_through(office, appeal, story.appeal, people, ended)
    return made


def _paper(office: Office, story: CheckStory, people: Mapping[str, Account]) -> str | None:
    """The paper of the check: planned, recorded, made; None on a day without a lesson of this teacher."""
    inspector, teacher = people[INSPECTOR], people[story.teacher]
    with office.db.read() as session:
        check = _check(session, inspector, teacher)
        actor = actor_of(session, inspector.id)
        day = today(office.now())
        lessons = timetable.of_days(session, teacher.school_id, day, day)
    if check is None:
        lesson = next((p for p in lessons if p.teacher_id == teacher.id), None)
        if lesson is None:
            return None
        choice = spot_checks.Choice(day, lesson.session, lesson.number, lesson.class_id, REASON)
        check_id = spot_checks.choose(office, actor, choice)
    elif check.state == "sent":
        return check.document_id
    else:
        check_id = check.id
    sending = Sending(f"demo-{check_id}", story.marks, office.now())
    return spot_records.record(office, actor, check_id, sending).check.row.document_id


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
            _completed(office.now()) if slug == VIOLATION_MINUTES.slug else _APPEAL
        )
        there, _ = drafts.save(office, actor, there.id, there.content_version, fields)
    return there.id


def _completed(now: datetime) -> dict[str, str]:
    """What a prefilled draft of minutes still lacks: drawn up in the last half hour of its day."""
    at = now.astimezone(VIETNAM)
    past = at.hour * 60 + at.minute
    began, ended = max(past - 30, 0), max(past - 5, 1)
    return {
        "began": f"{began // 60:02d}:{began % 60:02d}",
        "ended": f"{ended // 60:02d}:{ended % 60:02d}",
        "place": "Phòng hội đồng",
        "remedy": "Bổ sung kế hoạch dạy học bản in và kế hoạch bài dạy, để tại lớp.",
    }


_APPEAL = {
    "asks": "<p>Đề nghị nhà trường xem lại kết luận của biên bản.</p>",
    "grounds": "<p>Bản in kế hoạch dạy học có trong tủ lớp từ đầu tuần; lúc đó tôi chưa kịp lấy ra.</p>",
}
