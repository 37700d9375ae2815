"""The demo school's records in every state, made by the real flows as the people themselves would.

Drafts are saved, PINs typed, decisions written by `flows/decide.py`. It goes on where it stopped, leaves
alone what someone changed meanwhile, and never runs again once it has finished.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from flows import decide, drafts, succession
from flows.commands import Command
from flows.office import Office
from flows.posts import actor_of
from models.account import Account
from models.document import Document
from models.errors import RecordsError, Unavailable
from models.event import Event
from models.school import SchoolClass, SchoolSetting, SchoolWeek, TeachingAssignment
from models.settings import VIETNAM
from service.demo import CAST, PIN
from service.demo_lessons import week_of_lessons, week_of_periods
from tasks.keys import Secret

DONE = "demo_documents"
"""The setting that says the demo's records were all made."""

log = logging.getLogger("hososo.demo")


Steps = tuple[tuple[str, str, str], ...]
"""Who, action, words: in order."""


@dataclass(frozen=True, slots=True)
class Story:
    """One record and what has happened to it: (who, action, words) in order; `week` counts from the present.

    Everything is dated when it is made, so that what the pages say is what the signatures prove: plans of
    weeks to come are on time, the one of the present week is late. `weeks`: how many it covers.
    """

    owner: str
    slug: str
    week: int
    steps: Steps = ()
    weeks: int = 1


def _plan(
    owner: str,
    week: int,
    *steps: tuple[str, str] | tuple[str, str, str],
    slug: str = "lesson-plan",
    **more: Any,
) -> Story:
    sent = [(owner, "submit", ""), (owner, "sign", "")] if steps or more.pop("sent", False) else []
    done = [(s[0], s[1], s[2] if len(s) == 3 else "") for s in steps]
    return Story(owner, slug, week, (*sent, *done), **more)


def _teaching(owner: str, week: int, *steps: tuple[str, str], **more: Any) -> Story:
    return _plan(owner, week, *steps, slug="teacher-teaching-plan", **more)


_BY_HOA, _BY_LIEN, _BY_SON = ("tt.hoa", "approve"), ("tp.lien", "approve"), ("tt.son", "approve")
_BY_NGOC, _BY_MINH = ("pht.ngoc", "approve"), ("ht.minh", "approve")

_REASON = (
    "Bài Toán ngày thứ Ba chưa có hoạt động vận dụng; phần đồ dùng dạy học cần ghi rõ phiếu học tập số 2."
)

STORIES: tuple[Story, ...] = (
    _plan("gv.lan", 1, sent=True),
    _plan("gv.huong", 1, ("tt.son", "return", _REASON)),
    _plan("gv.anh", 1, _BY_SON),
    _plan("tt.hoa", 1, sent=True),
    _plan("tt.son", 1, sent=True),
    _plan("gv.mai", 1, _BY_HOA),
    _plan("gv.dung", 1, _BY_HOA, _BY_MINH),
    _plan("gv.hang", 1, sent=True),
    _plan("gv.tam", 1, _BY_HOA),
    _plan("gv.yen", 1, _BY_SON),
    _plan("gv.duc", 1, sent=True),
    _plan("gv.quyen", 1, _BY_SON, _BY_NGOC),
    _plan("gv.long", 1),
    _plan("gv.thuy", 1),
    _plan("gv.nhung", 1, _BY_SON),
    _plan("gv.thang", 1, sent=True),
    _plan("gv.lan", 2, _BY_HOA, _BY_MINH),
    _plan("gv.huong", 0, _BY_SON, _BY_NGOC),
    _plan("tt.hoa", 2, _BY_LIEN, _BY_MINH),
    _plan("gv.lan", 3, ("tt.hoa", "return", _REASON)),
    _plan("gv.lan", 4),
    _teaching("gv.lan", 3, _BY_HOA, _BY_MINH, weeks=2),
    _teaching("gv.lan", 2),
    _teaching("gv.mai", 2, _BY_HOA),
    _teaching("gv.anh", 2, sent=True),
    _teaching("gv.huong", 0, _BY_SON, _BY_NGOC, weeks=2),
    Story("gv.huong", "lesson-plan-addendum", 0, (("gv.huong", "submit", ""), ("gv.huong", "sign", ""))),
    Story("tt.hoa", "team-teaching-plan", 4, (("tt.hoa", "submit", ""), ("tt.hoa", "sign", "")), weeks=2),
    Story("tt.son", "team-teaching-plan", 5, (("tt.son", "submit", ""), ("tt.son", "sign", ""),
          ("pht.ngoc", "approve", ""), ("ht.minh", "approve", ""))),
    Story("tt.son", "team-teaching-plan", 4, (("tt.son", "submit", ""), ("tt.son", "sign", ""),
          ("pht.ngoc", "approve", "")), weeks=2),
)  # fmt: skip


def seed_documents(office: Office, ended: threading.Event | None = None) -> int:
    """Make every record that is not there yet, or bring it where its story ends; how many decisions it took.

    Unavailable when signing cannot work yet: call again. Does nothing once it has finished; `ended` stops
    it between two decisions.
    """
    ended = ended or threading.Event()
    with office.db.read() as session:
        people = {a.sign_in_name: a for a in session.exec(select(Account)).all() if a.sign_in_name in CAST}
        if len(people) < len(CAST):
            return 0
        school_id = people["admin"].school_id
        if session.get(SchoolSetting, (school_id, DONE)) is not None:
            return 0
        weeks = session.exec(
            select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id).order_by(col(SchoolWeek.monday))
        ).all()
    today = office.now().astimezone(VIETNAM).date()
    present = next((i for i, week in enumerate(weeks) if week.sunday >= today), len(weeks) - 1)
    present = min(present, len(weeks) - 6)  # before the holidays the last weeks are played again
    made = 0
    for story in STORIES:
        made += _tell(office, story, people, list(weeks), present, ended)
    if ended.is_set():
        return made
    with office.db.write() as session:
        session.add(SchoolSetting(school_id=school_id, key=DONE, value=True))
    return made


def _tell(
    office: Office,
    story: Story,
    people: Mapping[str, Account],
    weeks: list[SchoolWeek],
    present: int,
    ended: threading.Event,
) -> int:
    """One story to its end; one that someone else has taken over is left as it is."""
    made = 0
    if ended.is_set():
        return made
    try:
        document_id = _draft(office, story, people, weeks, present + story.week)
        made += act_through(office, document_id, story.steps, people, ended)
    except Unavailable:
        raise
    except RecordsError as refusal:
        log.info("a demo record was left as it is: %s", refusal)
    return made


def act_through(
    office: Office,
    document_id: str,
    steps: Steps,
    people: Mapping[str, Account],
    ended: threading.Event,
    witness: str = "",
) -> int:
    """Take these steps on a document, from where it stands; how many it took.

    It stops where someone did otherwise meanwhile. `witness`: the account a refusal names.
    """
    made = 0
    for number, (who, action, words) in enumerate(steps):
        if ended.is_set():
            return made
        with office.db.read() as session:
            version = session.get_one(Document, document_id).version
            happened = session.get(Event, (document_id, number + 2))
            actor = actor_of(session, people[who].id)
        if happened is not None:
            if (happened.actor_id, happened.action) != (actor.id, action):
                return made
            continue
        command = Command(
            document_id=document_id,
            action=action,
            version=version,
            actor=actor,
            arrived=office.now(),
            pin=Secret(PIN),
            note=words,
            witness=witness if action == "refuse" else "",
        )
        decide.decide(office, command)
        made += 1
    return made


def _draft(
    office: Office, story: Story, people: Mapping[str, Account], weeks: list[SchoolWeek], index: int
) -> str:
    """The record's draft: the one that is there, or a new one with its whole content."""
    owner, week = people[story.owner], weeks[index]
    with office.db.read() as session:
        there = session.exec(
            select(Document).where(
                col(Document.owner_id) == owner.id,
                col(Document.type) == story.slug,
                col(Document.week_id) == week.id,
            )
        ).first()
        actor = actor_of(session, owner.id)
        if there is None or (there.version == 1 and there.content_version == 1):
            fields = _fields(session, story, owner, weeks, index)
    if there is None and story.slug == "lesson-plan-addendum":
        with office.db.read() as session:
            plan = _plan_of(session, owner, week)
        there = succession.amend(office, actor, plan.id, fields)
    elif there is None:
        there = drafts.create(office, actor, story.slug, fields)
    elif there.version > 1 or there.content_version > 1:
        return there.id
    saved, _ = drafts.save(office, actor, there.id, there.content_version, fields)
    return saved.id


def _plan_of(session: Session, owner: Account, week: SchoolWeek) -> Document:
    """The lesson plan a note is about."""
    return session.exec(
        select(Document).where(
            col(Document.owner_id) == owner.id,
            col(Document.type) == "lesson-plan",
            col(Document.week_id) == week.id,
        )
    ).one()


def _note_fields(plan: Document) -> dict[str, Any]:
    """What was noted after the first lesson of a plan."""
    text = (
        "<p>- Hoạt động luyện tập cần thêm khoảng 5 phút; một số em còn lúng túng khi làm bài 3.</p>"
        "<p>- Lần sau chia nhóm bốn thay cho nhóm đôi.</p>"
    )
    return {"notes": [{"lesson": plan.fields["lessons"][0]["id"], "text": text}]}


def _fields(
    session: Session, story: Story, owner: Account, weeks: list[SchoolWeek], index: int
) -> dict[str, Any]:
    if story.slug == "team-teaching-plan":
        return _team_fields(story, weeks, index)
    if story.slug == "lesson-plan-addendum":
        return _note_fields(_plan_of(session, owner, weeks[index]))
    rows = session.exec(
        select(TeachingAssignment.subject, SchoolClass.grade, SchoolClass.id)
        .join(SchoolClass, col(SchoolClass.id) == col(TeachingAssignment.class_id))
        .where(col(TeachingAssignment.account_id) == owner.id)
        .order_by(col(SchoolClass.name), col(TeachingAssignment.subject).desc())
    ).all()
    taught = [(subject, grade, class_id) for subject, grade, class_id in rows]
    if story.slug == "teacher-teaching-plan":
        covered = weeks[index : index + story.weeks]
        periods = [row for week in covered for row in week_of_periods(taught, week.monday)]
        return {
            "first_week": covered[0].id,
            "last_week": covered[-1].id if story.weeks > 1 else "",
            "rows": periods if story.steps else periods[:5],
        }
    lessons = week_of_lessons(taught, weeks[index].monday, 6 if CAST[story.owner].homeroom else 4)
    if not story.steps:
        lessons = lessons[:2]  # a draft someone is still writing
        lessons[1]["phases"] = lessons[1]["phases"][:2]
    return {"week": weeks[index].id, "lessons": lessons}


def _team_fields(story: Story, weeks: list[SchoolWeek], index: int) -> dict[str, Any]:
    grade, subject = ("3", "Toán") if story.owner == "tt.hoa" else ("4", "Toán")
    covered = weeks[index : index + story.weeks]
    themes = (
        ("Phép nhân, phép chia", "Bài 31. Gam"),
        ("Phép nhân, phép chia", "Bài 32. Mi-li-lít"),
        ("Đo lường", "Bài 33. Nhiệt độ. Đơn vị đo nhiệt độ"),
        ("Đo lường", "Bài 34. Thực hành và trải nghiệm với các đơn vị đo"),
    )
    return {
        "subject": subject,
        "grade": grade,
        "first_week": weeks[index].id,
        "last_week": covered[-1].id,
        "basis": "<p>Căn cứ Chương trình giáo dục phổ thông (Thông tư số 32/2018/TT-BGDĐT);</p>"
        "<p>Căn cứ Công văn số 2345/BGDĐT-GDTH ngày 07/6/2021;</p>"
        "<p>Căn cứ kế hoạch giáo dục của nhà trường.</p>",
        "conditions": f"<p>Khối {grade} có 3 lớp; mỗi lớp có máy chiếu và đủ bộ đồ dùng học toán.</p>",
        "rows": [
            {
                "week": covered[n * len(covered) // len(themes)].id,
                "theme": theme,
                "lesson": lesson,
                "periods": 2 + n % 2,
                "adjustment": "Tích hợp giáo dục STEM" if n == 3 else "",
            }
            for n, (theme, lesson) in enumerate(themes)
        ],
        "organisation": "<p>Giáo viên trong khối bám sát kế hoạch, báo tổ trưởng khi cần điều chỉnh.</p>"
        "<p>Tổ trưởng dự giờ mỗi giáo viên ít nhất một tiết trong thời gian thực hiện.</p>",
    }
