"""Spot checks as rows: reading them, choosing one with a reason, saying that one did not take place.

Drawing stands in `flows/spot_planning.py`, what was found in the classroom in `flows/spot_records.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from flows import minutes_owed, spot_evidence, timetable
from flows.candidates import today
from flows.office import Office
from flows.people import Actor
from flows.spot_evidence import CodeSaid, Seen
from flows.spot_rights import INSPECTING, may_cancel, may_end, may_plan, may_record, oversees, visible_to
from flows.timetable import Period
from models.account import Account, AccountRole
from models.errors import Fault, Invalid, NotFound, NotYours, WrongStep
from models.school import SchoolClass
from models.spot_check import SpotCheck
from models.text import Text
from tasks.rich_text import tidy

STATES: dict[str, Text] = {
    "planned": Text("Đã lên lịch", "Planned"),
    "sent": Text("Đã gửi", "Sent"),
    "missed": Text("Không thực hiện", "Did not take place"),
    "cancelled": Text("Đã hủy", "Cancelled"),
}
MISSED: dict[str, Text] = {
    "away": Text("Giáo viên vắng", "The teacher is away"),
    "no-lesson": Text("Không còn tiết dạy này", "The period does not take place"),
    "busy": Text("Người kiểm tra bận việc khác", "The inspector was held up"),
    "not-made": Text("Hết ngày chưa kiểm tra", "The day passed without the check"),
    "other": Text("Lý do khác", "Another reason"),
}
"""Why a planned check did not take place."""
BY_HAND = ("away", "no-lesson", "busy", "other")
LEAST, MOST = 5, 500
"""Characters of a reason."""
LISTED = 50


@dataclass(frozen=True, slots=True)
class Check:
    """One check as a page or the API shows it; names beside the ids."""

    row: SpotCheck
    class_name: str
    teacher: str
    inspector: str
    awaited: bool = False
    """A violation was found, and its minutes were not taken note of yet."""

    @property
    def outcome(self) -> str:
        """What came of a sent check, a key of `flows.spot_totals.COUNTED`."""
        if self.awaited:
            return "awaited"
        return self.row.finding or ("open" if self.row.proposed else "clean")

    def may(self, actor: Actor, day: date) -> tuple[str, ...]:
        """What this person may do with it on this day: record, end (with a reason), cancel."""
        found = []
        if may_record(actor, self.row) and self.row.state in ("planned", "missed"):
            found.append("record")
        if may_end(actor, self.row, day):
            found.append("end")
        if may_cancel(actor, self.row, day):
            found.append("cancel")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which checks of those one may see; days included. `mine`: that I make; `settled`: none that wait."""

    state: str = ""
    first: date | None = None
    last: date | None = None
    mine: bool = False
    settled: bool = False


# --- reading --------------------------------------------------------------------------------------------


def one(session: Session, actor: Actor, check_id: str) -> Check:
    """A check this person may see; NotFound for every other."""
    found = session.exec(select(SpotCheck).where(col(SpotCheck.id) == check_id, visible_to(actor))).first()
    if found is None:
        raise NotFound
    return with_names(session, [found])[0]


def listed(
    session: Session,
    actor: Actor,
    asked: Asked,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = LISTED,
) -> list[Check]:
    """Checks this person may see, the one planned last first."""
    c = SpotCheck
    rows = select(c).where(visible_to(actor))
    if asked.state:
        rows = rows.where(col(c.state) == asked.state)
    if asked.settled:
        rows = rows.where(col(c.state) != "planned")
    if asked.first:
        rows = rows.where(col(c.day) >= asked.first)
    if asked.last:
        rows = rows.where(col(c.day) <= asked.last)
    if asked.mine:
        rows = rows.where(col(c.inspector_id) == actor.id)
    if after:
        at, key = after
        rows = rows.where((col(c.planned_at) < at) | ((col(c.planned_at) == at) & (col(c.id) < key)))
    ordered = rows.order_by(col(c.planned_at).desc(), col(c.id).desc()).limit(limit)
    return with_names(session, session.exec(ordered).all())


def count_of_day(session: Session, actor: Actor, day: date) -> int:
    """How many checks this person still has to make that day."""
    c = SpotCheck
    waiting = (
        select(func.count())
        .select_from(c)
        .where(
            col(c.school_id) == actor.school_id,
            col(c.inspector_id) == actor.id,
            col(c.day) == day,
            col(c.state) == "planned",
        )
    )
    return session.exec(waiting).one()


def with_names(session: Session, rows: Sequence[SpotCheck]) -> list[Check]:
    """The rows in their order, each with its names."""
    people = {r.teacher_id for r in rows} | {r.inspector_id for r in rows}
    of = {r.class_id for r in rows}
    named = select(Account.id, Account.full_name).where(col(Account.id).in_(people))
    taught = select(SchoolClass.id, SchoolClass.name).where(col(SchoolClass.id).in_(of))
    names, classes = dict(session.exec(named).all()), dict(session.exec(taught).all())
    found = [r.id for r in rows if r.finding == "violation"]
    open_ = select(SpotCheck.id).where(col(SpotCheck.id).in_(found), minutes_owed.awaited())
    awaited = set(session.exec(open_)) if found else set()
    return [
        Check(r, classes[r.class_id], names[r.teacher_id], names[r.inspector_id], r.id in awaited)
        for r in rows
    ]


def evidence(session: Session, check: SpotCheck, now: datetime) -> Seen:
    """What the records say of it now; once it is sent, what they said when it arrived."""
    kept = check.evidence.get("arrived")
    return spot_evidence.from_data(kept) if kept else spot_evidence.seen(session, check, now)


def code(session: Session, actor: Actor, check_id: str, typed: str) -> CodeSaid:
    """What the code of a print leads to, for whoever makes the check."""
    check = one(session, actor, check_id).row
    if not may_record(actor, check):
        raise NotYours(_INSPECTOR_ALONE)
    return spot_evidence.code_said(session, check, typed)


def inspectors(session: Session, actor: Actor) -> list[Account]:
    """Whom this person may plan for: principals for everybody who inspects, an inspector for themselves."""
    rows = (
        select(Account)
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .where(
            col(Account.school_id) == actor.school_id,
            col(Account.active),
            col(AccountRole.school_id) == actor.school_id,
            col(AccountRole.role).in_(sorted(INSPECTING)),
        )
        .distinct()
        .order_by(col(Account.full_name), col(Account.id))
    )
    if not oversees(actor):
        rows = rows.where(col(Account.id) == actor.id)
    return list(session.exec(rows))


def usual_inspector(session: Session, actor: Actor) -> str:
    """Whom a form begins with: oneself, or for a principal the school's inspector where there is one."""
    if "inspector" in actor.roles:
        return actor.id
    role = AccountRole
    found = session.exec(
        select(Account.id)
        .join(role, col(role.account_id) == col(Account.id))
        .where(
            col(Account.school_id) == actor.school_id,
            col(Account.active),
            col(role.school_id) == actor.school_id,
            col(role.role) == "inspector",
        )
        .order_by(col(Account.full_name), col(Account.id))
        .limit(1)
    ).first()
    return found or actor.id


def inspector_for(session: Session, actor: Actor, account_id: str) -> Account:
    """The inspector a plan names; oneself where it names none. NotYours for who plans no checks."""
    if not may_plan(actor):
        raise NotYours(PLANNERS_ALONE)
    wanted = account_id or actor.id
    found = next((a for a in inspectors(session, actor) if a.id == wanted), None)
    if found is None:
        raise Invalid(_NO_INSPECTOR, (Fault("inspector", _NO_INSPECTOR),))
    return found


# --- writing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A check chosen with a reason, of a period by its place in the timetable."""

    day: date
    session: str
    period: int
    class_id: str
    reason: str
    inspector_id: str = ""
    follows_id: str | None = None


def choose(office: Office, actor: Actor, choice: Choice) -> str:
    """Plan a check of one period; its id. Invalid names what does not fit, nothing is then written."""
    now = office.now()
    reason = reason_of(choice.reason, "reason")
    if choice.day < today(now):
        raise Invalid(_PAST, (Fault("day", _PAST),))
    try:
        with office.db.write() as session:
            inspector = inspector_for(session, actor, choice.inspector_id)
            taught = _taught(session, actor.school_id, choice)
            if taught.teacher_id == inspector.id:
                raise Invalid(_ONESELF, (Fault("class", _ONESELF),))
            if choice.follows_id:
                one(session, actor, choice.follows_id)
            row = SpotCheck(
                school_id=actor.school_id,
                reason=reason,
                inspector_id=inspector.id,
                planned_by=actor.id,
                planned_at=now,
                follows_id=choice.follows_id,
                **place_of(taught),
            )
            session.add(row)
            session.flush()
            return row.id
    except IntegrityError as error:
        raise Invalid(_BUSY, (Fault("period", _BUSY),)) from error


def place_of(taught: Period) -> dict[str, Any]:
    """Columns of a check that say where and when."""
    return {
        "day": taught.day,
        "session": taught.session,
        "period": taught.number,
        "class_id": taught.class_id,
        "subject": taught.subject,
        "teacher_id": taught.teacher_id,
    }


def _taught(session: Session, school_id: str, choice: Choice) -> Period:
    for found in timetable.of_days(session, school_id, choice.day, choice.day):
        if (found.session, found.number, found.class_id) == (choice.session, choice.period, choice.class_id):
            return found
    raise Invalid(_NO_LESSON, (Fault("period", _NO_LESSON),))


def end(office: Office, actor: Actor, check_id: str, kind: str, words: str) -> None:
    """Say that a planned check does not take place, and why. It stays among the others, as not made.

    One that was drawn: on its day at the earliest, and in words.
    """
    if kind not in BY_HAND:
        raise Invalid(_WHY, (Fault("kind", _WHY),))
    _finish(office, actor, check_id, "missed", kind, words)


def cancel(office: Office, actor: Actor, check_id: str, words: str) -> None:
    """Take a chosen check back, with a reason; NotYours for one that was drawn."""
    _finish(office, actor, check_id, "cancelled", "other", words)


def _finish(office: Office, actor: Actor, check_id: str, state: str, kind: str, words: str) -> None:
    now = office.now()
    day = today(now)
    with office.db.write() as session:
        check = one(session, actor, check_id).row
        if check.state != "planned":
            raise WrongStep(_ENDED.format(state=STATES[check.state]))
        if state == "cancelled" and not may_cancel(actor, check, day):
            raise NotYours(_DRAWN_STAYS if check.draw_id else _INSPECTOR_ALONE)
        if check.draw_id and check.day > day:
            raise WrongStep(_DRAWN_WAITS.format(day=f"{check.day:%d/%m/%Y}"))
        if not may_end(actor, check, day):
            raise NotYours(_INSPECTOR_ALONE)
        said = reason_of(words, "words") if kind == "other" or check.draw_id or words.strip() else ""
        session.exec(
            update(SpotCheck)
            .where(col(SpotCheck.id) == check.id, col(SpotCheck.state) == "planned")
            .values(state=state, ended_kind=kind, ended_words=said, ended_by=actor.id, ended_at=now)
        )


def reason_of(words: str, path: str) -> str:
    """A reason, tidied; Invalid when it is too short or too long."""
    found = tidy(words).strip()
    if not LEAST <= len(found) <= MOST:
        raise Invalid(_REASON, (Fault(path, _REASON, missing=not found),))
    return found


PLANNERS_ALONE = Text(
    "Chỉ cán bộ kiểm tra, hiệu trưởng và phó hiệu trưởng lên lịch kiểm tra.",
    "Checks are planned by inspectors, the principal and vice principals.",
)
_NO_INSPECTOR = Text(
    "Chọn người kiểm tra trong danh sách; chỉ hiệu trưởng, phó hiệu trưởng lên lịch cho người khác.",
    "Choose an inspector of the list; only principals plan for others.",
)
_INSPECTOR_ALONE = Text(
    "Việc này của người kiểm tra được giao phiếu.", "This is for the inspector who makes the check."
)
_PAST = Text("Ngày này đã qua. Chọn hôm nay hoặc ngày sau.", "This day is over. Choose today or a later day.")
_ONESELF = Text(
    "Không ai tự kiểm tra tiết của mình. Chọn người kiểm tra khác hoặc tiết khác.",
    "Nobody checks their own lesson. Choose another inspector or another period.",
)
_BUSY = Text(
    "Người kiểm tra đã có một phiếu trong tiết này. Chọn tiết khác.",
    "The inspector has a check in this period already. Choose another.",
)
_NO_LESSON = Text(
    "Theo thời khóa biểu, lớp này không có tiết vào lúc đó. Chọn lại ngày, buổi, tiết và lớp.",
    "By the timetable this class has no lesson then. Choose day, session, period and class again.",
)
_WHY = Text("Chọn lý do không thực hiện.", "Choose why it does not take place.")
_ENDED = Text(
    "Phiếu này không còn chờ kiểm tra ({state}). Tải lại trang để xem.",
    "This check is not waiting any more ({state}). Reload the page.",
)
_DRAWN_STAYS = Text(
    "Phiếu rút ngẫu nhiên không hủy được, để không ai được chọn hay bỏ qua bằng tay. "
    "Nếu không kiểm tra được thì ghi lý do không thực hiện.",
    "What was drawn is not cancelled, so that nobody is picked or spared by hand. "
    "If it cannot be made, say why it does not take place.",
)
_DRAWN_WAITS = Text(
    "Phiếu rút ngẫu nhiên của ngày {day}: chỉ ghi không thực hiện được từ ngày đó. "
    "Đến ngày mà vướng thì ghi lý do.",
    "This check was drawn for {day}; it can be noted as not made from that day on. "
    "If something is in the way then, say what.",
)
_REASON = Text(f"Ghi lý do, từ {LEAST} đến {MOST} ký tự.", f"Give a reason of {LEAST} to {MOST} characters.")
