"""`/spot-checks`: checks in classrooms, planned and made; what was found is sent once, however often it is
tried."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlmodel import Session

from flows import spot_checks, spot_evidence, spot_records
from flows.candidates import today
from flows.people import Actor
from flows.spot_checks import MISSED, STATES, Asked, Check, Choice
from flows.spot_finding import asks_words
from flows.spot_marks import Marks, Sending
from flows.spot_visit import Visit
from flows.timetable import SESSIONS
from service.access import ApiViewer
from service.api import answers, cursors
from service.api.asked import refuse_unknown
from service.deps import Arrival, OfficeDep

router = APIRouter(tags=["spot checks"])

LISTED = 50


class NewCheck(BaseModel):
    """A check chosen with a reason (5 to 500 characters): a period of the timetable by its place.

    `class` and `inspector` are ids; `inspector` (for principals) is oneself by default. `follows`: the check
    whose remedy this one looks at.
    """

    model_config = ConfigDict(extra="forbid")
    day: date
    session: Literal["morning", "afternoon"]
    period: int = Field(ge=1, le=10)
    class_id: str = Field(alias="class")
    reason: str
    inspector: str = ""
    follows: str | None = None


class TeachingPlanMark(BaseModel):
    """Item 1: the week's teaching plan on paper; `code`: of the print that was shown."""

    model_config = ConfigDict(extra="forbid")
    mark: str = Field(examples=["present"], description="present, absent or unclear")
    code: str = Field(default="", max_length=40)


class LessonPlanMark(BaseModel):
    """Item 2: the period's lesson plan on the computer; a print in its place needs its `reason`."""

    model_config = ConfigDict(extra="forbid")
    mark: str = Field(examples=["printed"], description="present, absent or printed")
    reason: str = Field(default="", description="broken or no_laptop, where a print stands for the file")
    code: str = Field(default="", max_length=40)


class NewRecord(BaseModel):
    """What was found. `key`: the phone's own, a UUID made once a record; `recorded_at`: the phone's clock;
    `seen_at`: `evidence.at` of the answer the phone worked from. `words`: what the teacher said; `note`: the
    inspector's own. `started`, `ended`: HH:MM of the day; `read_back`: the teacher has read the words."""

    model_config = ConfigDict(extra="forbid")
    key: str = Field(max_length=64)
    recorded_at: AwareDatetime
    seen_at: AwareDatetime | None = None
    teaching_plan: TeachingPlanMark
    lesson_plan: LessonPlanMark
    words: str = ""
    note: str = ""
    started: str = Field(default="", max_length=5, examples=["09:15"])
    ended: str = Field(default="", max_length=5, examples=["09:25"])
    place: str = ""
    read_back: bool = False

    def sending(self) -> Sending:
        """As the flows know it."""
        plan, lesson = self.teaching_plan, self.lesson_plan
        visit = Visit(self.started, self.ended, self.place, self.read_back)
        marks = Marks(
            plan.mark, lesson.mark, lesson.reason, plan.code, lesson.code, self.words, self.note, visit
        )
        return Sending(self.key, marks, self.recorded_at, self.seen_at)


class Ending(BaseModel):
    """Why a planned check does not take place: away, no-lesson, busy or other (with `words`)."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    words: str = ""


class Words(BaseModel):
    """A reason, 5 to 500 characters."""

    model_config = ConfigDict(extra="forbid")
    words: str


@router.get("/spot-checks")
def get(
    viewer: ApiViewer,
    office: OfficeDep,
    state: Annotated[str, Query(description=f"One of: {', '.join(STATES)}.")] = "",
    first: Annotated[date | None, Query(description="From this day on.")] = None,
    last: Annotated[date | None, Query(description="Until this day.")] = None,
    mine: Annotated[bool, Query(description="Only those I make.")] = False,
    cursor: str = "",
) -> dict[str, Any]:
    """Checks I may see, the one planned last first, 50 at a time; items have no `evidence`."""
    with office.db.read() as session:
        refuse_unknown(session, viewer.actor.school_id, {"state": state}, {"state": STATES})
        asked = Asked(state, first, last, mine)
        rows = spot_checks.listed(session, viewer.actor, asked, after=cursors.read(cursor), limit=LISTED + 1)
    day = today(office.now())
    end = rows[LISTED - 1].row if len(rows) > LISTED else None
    return {
        "items": [_item(check, viewer.actor, day) for check in rows[:LISTED]],
        "next": cursors.write(end.planned_at, end.id) if end else None,
    }


@router.post("/spot-checks", status_code=201)
def choose(new: NewCheck, viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """Plan a check that is chosen, not drawn; for inspectors (their own) and principals."""
    choice = Choice(new.day, new.session, new.period, new.class_id, new.reason, new.inspector, new.follows)
    return _one(viewer, office, now, spot_checks.choose(office, viewer.actor, choice))


@router.get("/spot-checks/{check_id}")
def one(check_id: str, viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """One check whole. `evidence`: what the records say, now or, once it is sent, as they said then."""
    return _one(viewer, office, now, check_id)


@router.get("/spot-checks/{check_id}/code")
def code(check_id: str, code: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Is the print with this code the teacher's approved plan of the week? `says`: right, other, unknown."""
    with office.db.read() as session:
        said = spot_checks.code(session, viewer.actor, check_id, code)
    return {"says": said.says, "item": said.item or None, "sentence": answers.words(said.sentence)}


@router.put("/spot-checks/{check_id}/record")
def record(
    check_id: str, new: NewRecord, viewer: ApiViewer, office: OfficeDep, now: Arrival
) -> dict[str, Any]:
    """Send what was found. The same `key` again answers what is stored; another one is 409 `stale`, and the
    problem's `stands` says what is."""
    spot_records.record(office, viewer.actor, check_id, new.sending())
    return _one(viewer, office, now, check_id)


@router.post("/spot-checks/{check_id}/end")
def end(check_id: str, ending: Ending, viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """Say that a planned check does not take place; it stays among the others."""
    spot_checks.end(office, viewer.actor, check_id, ending.kind, ending.words)
    return _one(viewer, office, now, check_id)


@router.post("/spot-checks/{check_id}/cancel")
def cancel(check_id: str, said: Words, viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """Take a chosen check back; a drawn one stays drawn."""
    spot_checks.cancel(office, viewer.actor, check_id, said.words)
    return _one(viewer, office, now, check_id)


def _one(viewer: ApiViewer, office: OfficeDep, now: datetime, check_id: str) -> dict[str, Any]:
    with office.db.read() as session:
        check = spot_checks.one(session, viewer.actor, check_id)
        return _item(check, viewer.actor, today(now)) | {"evidence": _evidence(session, check, now)}


def _evidence(session: Session, check: Check, now: datetime) -> dict[str, Any]:
    return spot_evidence.as_data(spot_checks.evidence(session, check.row, now))


def _item(check: Check, actor: Actor, day: date) -> dict[str, Any]:
    row = check.row
    return {
        "id": row.id,
        "state": row.state,
        "state_name": answers.words(STATES[row.state]),
        "day": row.day.isoformat(),
        "session": row.session,
        "session_name": answers.words(SESSIONS[row.session]),
        "period": row.period,
        "class": {"id": row.class_id, "name": check.class_name},
        "subject": row.subject,
        "teacher": {"id": row.teacher_id, "name": check.teacher},
        "inspector": {"id": row.inspector_id, "name": check.inspector},
        "drawn": row.draw_id is not None,
        "draw_id": row.draw_id,
        "reason": row.reason or None,
        "follows": row.follows_id,
        "planned_at": answers.moment(row.planned_at),
        "ended": {
            "kind": row.ended_kind,
            "name": answers.words(MISSED[row.ended_kind]),
            "words": row.ended_words or None,
            "at": answers.moment(row.ended_at),
        }
        if row.ended_kind
        else None,
        "record": row.record,
        "recorded_at": answers.moment(row.recorded_at),
        "arrived_at": answers.moment(row.arrived_at),
        "proposal": {"asks": row.proposed, "sentence": answers.words(asks_words(asks=row.proposed))}
        if row.proposed is not None
        else None,
        "finding": check.outcome if row.finding else None,
        "document_id": row.document_id,
        "actions": list(check.may(actor, day)),
    }
