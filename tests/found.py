"""From a check in the classroom to minutes and an appeal: short ways for tests, by the real flows."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from sqlmodel import Session, col, select

from flows import drafts, succession
from flows.certification import trust_of
from flows.spot_checks import Choice, choose
from flows.spot_marks import Marks, Sending
from flows.spot_records import record
from models.spot_check import SpotCheck
from tasks import pdf_pages, verifying
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


def words(cast: Cast, document_id: str) -> str:
    """The pages of the present file as they are read, filled fields included."""
    blob = cast.fresh(document_id).blob
    assert blob is not None
    return " ".join(" ".join(pdf_pages.page_texts(cast.office.blobs.get(blob))).split())


def filled(cast: Cast, document_id: str, name: str) -> str:
    """What stands in a text field of the present file."""
    blob = cast.fresh(document_id).blob
    assert blob is not None
    form = PdfFileReader(io.BytesIO(cast.office.blobs.get(blob))).root["/AcroForm"]["/Fields"]
    values = {f.get_object()["/T"]: f.get_object().get("/V", "") for f in form}
    return str(values[name])


def is_valid(cast: Cast, document_id: str, *fields: str) -> None:
    """Every signature of the present file holds, in this order."""
    blob = cast.fresh(document_id).blob
    assert blob is not None
    with cast.office.db.read() as session:
        trust = trust_of(session)
    report = verifying.validate(cast.office.blobs.get(blob), trust, cast.office.now(), fields)
    assert report.ok, report
    assert [s.field for s in report.signatures if not s.is_timestamp] == list(fields)
