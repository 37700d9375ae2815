"""What the records know about a spot check: the week's plans, approvals, downloads and prints. Reads only.

Everything is read as of a moment, so that what the phone showed in the corridor can be told again later. What
a print's code leads to is answered here, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from flows import day_rows, duties, evidence, obligations, prints
from flows.calendar import TeachingWeek, week_of
from flows.deadlines import is_late
from flows.documents.lesson_plan import LESSON_PLAN as LESSONS
from flows.documents.teacher_teaching_plan import TEACHER_TEACHING_PLAN as PLAN
from flows.probable import DONE
from flows.same_file import files_of
from flows.spot_finding import ITEMS, LESSON_PLAN, TEACHING_PLAN, CodeSays, Known, State
from models.document import Document
from models.evidence import Evidence
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from models.text import Text

SLUGS = {TEACHING_PLAN: PLAN.slug, LESSON_PLAN: LESSONS.slug}
"""Which type of record each item of a check asks for."""
_RANKS: tuple[State, ...] = ("approved", "waiting", "returned", "draft", "none")
_PRINTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Paper:
    """One item as the records have it at a moment. Moments are None where it did not happen, or not yet.

    `prints`: the latest prints made from the system, as (code, when). `said_printed`, `said_laptop`: the
    owner's own word. `lesson`: what is taught in this period, as far as the record names it.
    """

    item: str
    state: State
    owed: bool
    in_time: bool = False
    document_id: str | None = None
    title: str = ""
    approved_at: datetime | None = None
    downloaded_at: datetime | None = None
    prints: tuple[tuple[str, datetime], ...] = ()
    said_printed: datetime | None = None
    said_laptop: datetime | None = None
    lesson: str = ""

    def known(self, code: CodeSays = "") -> Known:
        """As far as a proposal needs it."""
        printed = bool(self.prints) or self.said_printed is not None
        return Known(self.state, self.owed, self.in_time, printed, code)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the records said at a moment; `week` is None outside the teaching weeks."""

    at: datetime
    week: TeachingWeek | None
    papers: Mapping[str, Paper]
    laptop_broken_since: datetime | None = None

    @property
    def lesson(self) -> str:
        """What is taught in the period, by whichever record names it."""
        return self.papers[LESSON_PLAN].lesson or self.papers[TEACHING_PLAN].lesson


def seen(session: Session, check: SpotCheck, at: datetime) -> Seen:
    """The records of the teacher's week, as of a moment."""
    week = week_of(day_rows.school_days(session, check.school_id).weeks, check.day)
    broken = duties.broken_since(session, check.school_id, check.teacher_id)
    papers = {item: _paper(session, check, item, week, at) for item in ITEMS}
    return Seen(at, week, papers, broken if broken and broken <= at else None)


def _paper(session: Session, check: SpotCheck, item: str, week: TeachingWeek | None, at: datetime) -> Paper:
    owed = _owes(session, check, item, week)
    found = sorted(
        ((_state(d, at), d) for d in _covering(session, check, SLUGS[item], week)),
        key=lambda one: (_RANKS.index(one[0]), one[1].id),
    )
    if not found or found[0][0] == "none":
        return Paper(item, "none", owed)
    state, document = found[0]
    facts = _facts(session, document, at)
    own = [f for f in facts if f.account_id == document.owner_id]
    printed = [(f.code, f.at) for f in facts if f.kind == evidence.PRINT and f.code]
    return Paper(
        item,
        state,
        owed,
        in_time=document.first_signed_at is not None
        and not (document.due_at and is_late(document.first_signed_at, document.due_at)),
        document_id=document.id,
        title=document.title,
        approved_at=document.approved_at if state == "approved" else None,
        downloaded_at=_first(own, evidence.DOWNLOAD),
        prints=tuple(printed[-_PRINTS_SHOWN:]),
        said_printed=_first(own, evidence.PRINTED),
        said_laptop=_first(own, evidence.LAPTOP),
        lesson=_lesson(check, document.fields),
    )


def _covering(session: Session, check: SpotCheck, slug: str, week: TeachingWeek | None) -> Sequence[Document]:
    """The teacher's records of a type that cover the week."""
    if week is None:
        return ()
    weeks = day_rows.school_days(session, check.school_id).weeks
    reach = {w.id: w.monday for w in weeks}
    rows = session.exec(
        select(Document).where(
            col(Document.school_id) == check.school_id,
            col(Document.owner_id) == check.teacher_id,
            col(Document.type) == slug,
            col(Document.status).not_in(("withdrawn", "replaced")),
            or_(col(Document.week_id) == week.id, obligations.SEVERAL_WEEKS),
        )
    ).all()
    return [
        d
        for d in rows
        if d.week_id in reach
        and reach[d.week_id] <= week.monday <= reach.get(d.last_week_id or "", reach[d.week_id])
    ]


def _state(document: Document, at: datetime) -> State:
    if document.created_at > at:
        return "none"
    if document.status in DONE and document.approved_at is not None and document.approved_at <= at:
        return "approved"
    if document.status in DONE or document.status == "in_progress":
        signed = document.first_signed_at is not None and document.first_signed_at <= at
        return "waiting" if signed else "draft"
    return "returned" if document.status == "returned" else "draft"


def _owes(session: Session, check: SpotCheck, item: str, week: TeachingWeek | None) -> bool:
    """By the deadlines: a member of a group from before the limit, as in `flows/probable_rows.py`."""
    if week is None:
        return False
    owed = next(o for o in obligations.owed_types() if o.slug == SLUGS[item])
    limit = obligations.calendar_of(session, check.school_id).limit(owed.deadline, week.id)
    people = obligations.debtors(session, owed, [check.school_id], check.teacher_id)[check.school_id]
    return limit is not None and any(p.account_id == check.teacher_id and p.since < limit for p in people)


def _facts(session: Session, document: Document, at: datetime) -> Sequence[Evidence]:
    """What happened to the approved file until then, the earliest first."""
    owed = duties.duties_of(session, document.id)
    files = {document.blob}.union(*(files_of(session, duty) for duty in owed))
    rows = select(Evidence).where(
        col(Evidence.document_id) == document.id,
        col(Evidence.blob).in_([f for f in files if f]),
        col(Evidence.at) <= at,
    )
    return session.exec(rows.order_by(col(Evidence.at), col(Evidence.id))).all()


def _first(facts: Sequence[Evidence], kind: str) -> datetime | None:
    return next((f.at for f in facts if f.kind == kind), None)


def _lesson(check: SpotCheck, fields: Mapping[str, Any]) -> str:
    """What the record says is taught in the period: exactly by its place, else the lessons of the subject."""
    day = check.day.isoformat()
    for row in fields.get("rows", ()):
        place = (row.get("date"), row.get("session"), row.get("period"), row.get("class"))
        if place == (day, check.session, check.period, check.class_id):
            return str(row.get("lesson") or "")
    titles = [
        str(lesson.get("title") or "")
        for lesson in fields.get("lessons", ())
        if (lesson.get("date"), lesson.get("class")) == (day, check.class_id)
        and lesson.get("subject") == check.subject
    ]
    return "; ".join(dict.fromkeys(filter(None, titles)))


# --- a print's code ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CodeSaid:
    """What a print's code led to: for which item, and in words."""

    says: CodeSays
    sentence: Text
    item: str = ""


def code_said(session: Session, check: SpotCheck, code: str) -> CodeSaid:
    """Is the print with this code the teacher's approved plan of the week? Another school's is unknown."""
    row = session.exec(
        select(Evidence).where(
            col(Evidence.code) == prints.tidy(code),
            col(Evidence.kind) == evidence.PRINT,
            col(Evidence.school_id) == check.school_id,
        )
    ).first()
    if row is None or row.document_id is None or row.blob is None:
        return CodeSaid("unknown", _UNKNOWN)
    document = session.get_one(Document, row.document_id)
    item = next((i for i, slug in SLUGS.items() if slug == document.type), "")
    week = week_of(day_rows.school_days(session, check.school_id).weeks, check.day)
    if not item or document.owner_id != check.teacher_id:
        return CodeSaid("other", _OTHER)
    if document.id not in {d.id for d in _covering(session, check, document.type, week)}:
        return CodeSaid("other", _OTHER_WEEK, item)
    if prints.standing(session, document, row.blob) != "in-force":
        return CodeSaid("other", _REPLACED, item)
    return CodeSaid("right", _RIGHT.format(title=document.title), item)


_UNKNOWN = Text(
    "Không có bản in nào mang mã này. Kiểm tra lại mã ghi ở chân trang giấy.",
    "No print has this code. Check the code at the foot of the page.",
)
_OTHER = Text(
    "Mã này là của hồ sơ khác, không phải kế hoạch của giáo viên này.",
    "This code belongs to another record, not to a plan of this teacher.",
)
_OTHER_WEEK = Text(
    "Mã này là của kế hoạch tuần khác, không phải tuần này.", "This code belongs to the plan of another week."
)
_REPLACED = Text(
    "Bản in này thuộc một tệp đã được thay hoặc đã rút.",
    "This print is of a file that was replaced or withdrawn.",
)
_RIGHT = Text("Đúng bản đã duyệt: {title}.", "The approved record: {title}.")


# --- as it is kept ----------------------------------------------------------------------------------------


def as_data(found: Seen) -> dict[str, Any]:
    """Evidence as a check keeps it and the API answers it; moments are ISO 8601 at +07:00."""
    return {
        "at": _iso(found.at),
        "week": {"id": found.week.id, "number": found.week.number} if found.week else None,
        "laptop_broken_since": _iso(found.laptop_broken_since),
        "lesson": found.lesson,
        **{item: _paper_data(paper) for item, paper in found.papers.items()},
    }


def _paper_data(paper: Paper) -> dict[str, Any]:
    return {
        "state": paper.state,
        "owed": paper.owed,
        "in_time": paper.in_time,
        "document_id": paper.document_id,
        "title": paper.title,
        "approved_at": _iso(paper.approved_at),
        "downloaded_at": _iso(paper.downloaded_at),
        "prints": [{"code": prints.spoken(code), "at": _iso(at)} for code, at in paper.prints],
        "said_printed": _iso(paper.said_printed),
        "said_laptop": _iso(paper.said_laptop),
        "lesson": paper.lesson,
    }


def from_data(data: Mapping[str, Any]) -> Seen:
    """Evidence as it was kept."""
    week = data["week"]
    return Seen(
        _moment(data["at"]),
        TeachingWeek(week["id"], "", 0, week["number"], date.min, date.min) if week else None,
        {item: _paper_of(item, data[item]) for item in ITEMS},
        _maybe(data["laptop_broken_since"]),
    )


def _paper_of(item: str, data: Mapping[str, Any]) -> Paper:
    return Paper(
        item,
        data["state"],
        data["owed"],
        data["in_time"],
        data["document_id"],
        data["title"],
        _maybe(data["approved_at"]),
        _maybe(data["downloaded_at"]),
        tuple((prints.tidy(made["code"]), _moment(made["at"])) for made in data["prints"]),
        _maybe(data["said_printed"]),
        _maybe(data["said_laptop"]),
        data["lesson"],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(VIETNAM).isoformat(timespec="seconds") if at else None
