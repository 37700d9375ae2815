"""From a check in the classroom to minutes and an appeal: short ways for tests, by the real flows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from flows import drafts, succession
from flows.spot_checks import Choice, choose
from flows.spot_marks import Marks, Sending
from flows.spot_records import record
from models.document import Document
from models.spot_check import SpotCheck
from tests.cast import FIRST_MONDAY, Cast
from tests.timetables import timetable

TUESDAY = FIRST_MONDAY + timedelta(weeks=11, days=1)
"""The tests' own day."""
REMEDY = TUESDAY + timedelta(days=7)


def lessons(cast: Cast) -> None:
    """Lan teaches 3A on Mondays and Tuesdays, Hường 4A on Tuesdays."""
    timetable(cast, "lan", "3A", (0, 1, "Toán"), (1, 2, "Toán"), (1, 3, "Tiếng Việt"))
    timetable(cast, "huong", "4A", (1, 2, "Khoa học"))


def checked(cast: Cast, *, marks: Marks | None = None, period: int = 2, by: str = "binh") -> str:
    """The paper of a check of Lan today, recorded and signed by its inspector: nothing was there."""
    chosen = choose(
        cast.office,
        cast.actor(by),
        Choice(TUESDAY, "morning", period, cast.classes["3A"], "Theo kế hoạch tháng 11"),
    )
    found = marks or Marks("absent", "absent", words="Tôi để quên ở nhà & sẽ mang sau.")
    record(cast.office, cast.actor(by), chosen, Sending(f"phone-{chosen[-8:]}", found, cast.office.now()))
    with cast.office.db.read() as session:
        paper = session.get_one(SpotCheck, chosen).document_id
    assert paper is not None
    cast.act(by, paper, "sign")
    return paper


def violation(cast: Cast) -> str:
    """The same, and the principal found a violation."""
    paper = checked(cast)
    cast.act("minh", paper, "violation", note="Thiếu cả hai.")
    return paper


def minutes(cast: Cast, paper: str, **changes: Any) -> str:
    """A complete draft of minutes on a check."""
    draft = succession.amend(cast.office, cast.actor("binh"), paper)
    fields = draft.fields | {
        "began": "09:40",
        "ended": "10:05",
        "place": "Phòng hội đồng",
        "remedy": "In kế hoạch dạy học và để tại lớp.",
        "remedy_by": REMEDY.isoformat(),
    }
    saved, faults = drafts.save(
        cast.office, cast.actor("binh"), draft.id, draft.content_version, fields | changes
    )
    assert faults == (), faults
    return saved.id


def sent(cast: Cast, paper: str) -> str:
    """Minutes submitted and signed by the inspector: the teacher's turn."""
    made = minutes(cast, paper)
    cast.act("binh", made, "submit")
    cast.act("binh", made, "sign")
    return made


def noted(cast: Cast) -> str:
    """Minutes the teacher agreed to and the principal took note of."""
    made = sent(cast, violation(cast))
    cast.act("lan", made, "agree")
    cast.act("minh", made, "acknowledge")
    return made


def appealed(cast: Cast, about: str) -> str:
    """An appeal against minutes, written by Lan, submitted and signed."""
    draft = succession.amend(cast.office, cast.actor("lan"), about)
    fields = {"asks": "<p>Đề nghị xem lại kết luận.</p>", "grounds": "<p>Bản in có trong tủ lớp.</p>"}
    drafts.save(cast.office, cast.actor("lan"), draft.id, draft.content_version, fields)
    cast.act("lan", draft.id, "submit")
    cast.act("lan", draft.id, "sign")
    return draft.id


def check_of(session: Session, paper: str) -> SpotCheck:
    return session.exec(select(SpotCheck).where(col(SpotCheck.document_id) == paper)).one()


def follow_up(session: Session, paper: str) -> SpotCheck | None:
    """The check that looks at what this one's minutes asked to be mended."""
    check = check_of(session, paper)
    return session.exec(select(SpotCheck).where(col(SpotCheck.follows_id) == check.id)).first()


def day_of(document: Document) -> date | None:
    return document.due_at.date() if document.due_at else None
