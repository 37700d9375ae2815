"""What a decision on a check, minutes, an appeal or a list changes beyond its own record, in its transaction.

A finding is written on the check. Minutes that were taken note of plan the follow-up check; an appeal that
was granted annuls the finding and calls that check off. Only `flows/decide.py` calls this.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from flows import spans, spot_checks, timetable
from flows.documents.appeal import APPEAL, GRANT, REJECT
from flows.documents.destruction_list import DESTRUCTION_LIST
from flows.documents.spot_check import SPOT_CHECK, VIOLATION
from flows.documents.violation_minutes import VIOLATION_MINUTES
from flows.links import links_of
from flows.plan import WITHDRAW, Position
from flows.timetable import Period
from models.destruction import ListedRecord
from models.document import Document, Revision
from models.event import Event
from models.notice import notice
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.spot_check import REOPENED, SpotCheck
from models.text import Text

LOOKED_FOR = timedelta(days=14)
"""So long after the day named a lesson of the teacher is looked for."""


def follow(session: Session, document: Document, before: str, position: Position, event: Event) -> None:
    """Do what follows from this decision; `before` is the status the record had."""
    if document.type == VIOLATION_MINUTES.slug and position.status == "approved" and before != "approved":
        _plan_follow_up(session, document, event)
        _tell_of_appeals(session, document, event)
    elif document.type == APPEAL.slug and event.action == GRANT:
        _annul(session, document, event)
    elif document.type == APPEAL.slug and event.action == REJECT:
        _uphold(session, document, event)
    elif document.type == DESTRUCTION_LIST.slug and event.action == WITHDRAW:
        _release(session, document, event)
    elif document.type == SPOT_CHECK.slug and event.action == WITHDRAW:
        _reopen(session, document, event)
    elif document.type == SPOT_CHECK.slug and event.step == "finding":
        _find(session, document, event)


def _release(session: Session, document: Document, event: Event) -> None:
    """A list of what is to be destroyed was taken back: what stood on it is free for another."""
    session.exec(
        update(ListedRecord)
        .where(col(ListedRecord.list_id) == document.id, col(ListedRecord.state) == "listed")
        .values(state="released", at=event.at)
    )


def check_of(session: Session, minutes_id: str) -> SpotCheck | None:
    """The check that minutes were drawn up on."""
    about = links_of(session, minutes_id).about
    if about is None:
        return None
    return session.exec(select(SpotCheck).where(col(SpotCheck.document_id) == about)).first()


# --- the finding -------------------------------------------------------------------------------------


def _find(session: Session, document: Document, event: Event) -> None:
    """The decision stands on the check; its inspector is told, and so is the person concerned."""
    check = session.exec(select(SpotCheck).where(col(SpotCheck.document_id) == document.id)).first()
    if check is None:
        return
    session.exec(update(SpotCheck).where(col(SpotCheck.id) == check.id).values(finding=event.action))
    found = event.action == VIOLATION
    _tell(session, document, check.inspector_id, event, FOUND if found else _NOTHING_FOUND)
    sentence = _FOUND_OF_YOU if found else _NOTHING_FOUND
    _tell(session, document, check.teacher_id, event, sentence)


# --- a check that is opened again ----------------------------------------------------------------------


def _reopen(session: Session, document: Document, event: Event) -> None:
    """The check waits for a new record; the old one stays with it, and in the paper that was taken back."""
    check = session.exec(select(SpotCheck).where(col(SpotCheck.document_id) == document.id)).first()
    if check is None:
        return
    old = {
        "key": check.record_key,
        "record": check.record,
        "arrived": check.evidence.get("arrived"),
        "arrived_at": check.arrived_at.isoformat() if check.arrived_at else None,
        "document_id": document.id,
        "at": event.at.isoformat(),
    }
    session.exec(
        update(SpotCheck)
        .where(col(SpotCheck.id) == check.id)
        .values(
            state="planned",
            record_key=None,
            record=None,
            recorded_at=None,
            arrived_at=None,
            proposed=None,
            document_id=None,
            evidence={REOPENED: [*check.evidence.get(REOPENED, ()), old]},
        )
    )
    _tell(session, document, check.teacher_id, event, _REOPENED, kind="spot-sent")


# --- the follow-up check --------------------------------------------------------------------------------


def _plan_follow_up(session: Session, minutes: Document, event: Event) -> None:
    """A check of the same teacher on the day named, or on the first day with a lesson after it."""
    check = check_of(session, minutes.id)
    revision = session.get(Revision, (minutes.id, minutes.revision))
    if check is None or revision is None:
        return
    named = date.fromisoformat(revision.fields["remedy_by"])
    first = max(named, event.at.astimezone(VIETNAM).date() + timedelta(days=1))
    lesson = _lesson(session, check, first)
    planned = _planned(session, minutes, check, lesson, event) if lesson else None
    if lesson is None or planned is None:
        said = _NO_LESSON.format(day=f"{named:%d/%m/%Y}")
        _tell(session, minutes, check.inspector_id, event, said, kind="informed")
        return
    part = timetable.SESSIONS[lesson.session]
    sentence = _PLANNED.format(
        day=f"{lesson.day:%d/%m/%Y}",
        session=Text(part.vi.lower(), part.en.lower()),
        period=lesson.number,
        name=lesson.class_name,
    )
    _tell(session, minutes, check.inspector_id, event, sentence, f"/spot/{planned}", "informed")


def _tell_of_appeals(session: Session, minutes: Document, event: Event) -> None:
    """Whom the minutes are about learns that they stand, and until when they may be appealed against."""
    until = spans.limit(session, APPEAL, minutes)
    if minutes.concerned_id is None or until is None:
        return
    last = (until - timedelta(microseconds=1)).astimezone(VIETNAM)
    _tell(session, minutes, minutes.concerned_id, event, _NOTED.format(day=f"{last:%d/%m/%Y}"))


def _planned(
    session: Session, minutes: Document, check: SpotCheck, lesson: Period, event: Event
) -> str | None:
    """The follow-up check's id; None where the inspector was given another check there at the same time."""
    row = SpotCheck(
        school_id=minutes.school_id,
        reason=_REASON.format(number=minutes.number or "–").vi,
        inspector_id=check.inspector_id,
        planned_by=event.actor_id,
        planned_at=event.at,
        follows_id=check.id,
        **spot_checks.place_of(lesson),
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return None
    return row.id


def _lesson(session: Session, check: SpotCheck, first: date) -> Period | None:
    """The teacher's first lesson from that day on at which the inspector has neither a check nor a lesson.

    On the first day that has one: with the class and subject that were checked, where there is such a one.
    """
    last = first + LOOKED_FOR
    weeks = session.exec(
        select(SchoolWeek)
        .where(
            col(SchoolWeek.school_id) == check.school_id,
            col(SchoolWeek.monday) <= last,
            col(SchoolWeek.sunday) >= first,
        )
        .order_by(col(SchoolWeek.monday))
    ).all()

    def taught(who: str) -> list[Period]:
        return [p for w in weeks for p in timetable.of_teacher(session, check.school_id, who, w)]

    checks = session.exec(
        select(SpotCheck).where(
            col(SpotCheck.school_id) == check.school_id,
            col(SpotCheck.inspector_id) == check.inspector_id,
            col(SpotCheck.state) == "planned",
            col(SpotCheck.day) >= first,
        )
    )
    busy = {(row.day, row.session, row.period) for row in checks}
    busy |= {(p.day, p.session, p.number) for p in taught(check.inspector_id)}
    free = [
        p
        for p in taught(check.teacher_id)
        if first <= p.day <= last and (p.day, p.session, p.number) not in busy
    ]
    on_day = [p for p in free if p.day == free[0].day]
    same = [p for p in on_day if (p.class_id, p.subject) == (check.class_id, check.subject)]
    return next(iter(same or on_day), None)


# --- a granted appeal -----------------------------------------------------------------------------------


def _annul(session: Session, appeal: Document, event: Event) -> None:
    """The finding no longer stands: on the check, in the totals, and no follow-up is made for it."""
    minutes_id = links_of(session, appeal.id).about
    check = check_of(session, minutes_id) if minutes_id else None
    if check is None:
        return
    session.exec(update(SpotCheck).where(col(SpotCheck.id) == check.id).values(finding="annulled"))
    session.exec(
        update(SpotCheck)
        .where(
            col(SpotCheck.school_id) == check.school_id,
            col(SpotCheck.follows_id) == check.id,
            col(SpotCheck.state) == "planned",
        )
        .values(
            state="cancelled",
            ended_kind="other",
            ended_words=_CALLED_OFF.vi,
            ended_by=event.actor_id,
            ended_at=event.at,
        )
    )
    _tell(session, appeal, check.inspector_id, event, _ANNULLED)


def _uphold(session: Session, appeal: Document, event: Event) -> None:
    """The finding stands; its inspector is told."""
    minutes_id = links_of(session, appeal.id).about
    check = check_of(session, minutes_id) if minutes_id else None
    if check is not None:
        _tell(session, appeal, check.inspector_id, event, _UPHELD)


def _tell(
    session: Session,
    document: Document,
    who: str,
    event: Event,
    sentence: Text,
    path: str = "",
    kind: str = "finding",
) -> None:
    session.add(
        notice(
            document.school_id,
            who,
            kind,
            f"aftermath:{document.id}:{event.seq}",
            event.at,
            sentence,
            path=path or f"/documents/{document.id}",
            document_id=document.id,
        )
    )


FOUND = Text(
    "Đã có kết luận: có vi phạm. Mở phiếu để lập biên bản trong 24 giờ; gặp ngày nghỉ thì đến hết ngày làm "
    "việc kế tiếp.",
    "There is a finding: a violation. Open the check to draw up the minutes within 24 hours; where that is a "
    "day off, by the end of the next working day.",
)
_FOUND_OF_YOU = Text(
    "Phiếu kiểm tra đã có kết luận kèm lý do. Mở phiếu để đọc; biên bản sẽ được gửi để thầy cô cho ý kiến.",
    "The check has a finding with its reasons. Open it to read them; the minutes will come to be answered.",
)
_REOPENED = Text(
    "Người kiểm tra mở lại phiếu để sửa trước khi ký. Bản đã gửi vẫn được giữ và xem được.",
    "The inspector opened the check again to mend it before signing. What was sent is kept and can be read.",
)
_NOTHING_FOUND = Text(
    "Đã có kết luận: không có vi phạm. Lý do có trong phiếu.",
    "There is a finding: no violation. The reasons stand in the check.",
)
_NOTED = Text(
    "Biên bản đã được ghi nhận. Nếu không đồng ý, có thể gửi kiến nghị đến hết ngày {day}.",
    "The minutes were taken note of. Who does not agree may appeal until the end of {day}.",
)
_REASON = Text("Kiểm tra lại việc khắc phục theo biên bản số {number}", "Follow-up of minutes no. {number}")
_PLANNED = Text(
    "Biên bản đã được ghi nhận. Kiểm tra lại ngày {day}, buổi {session}, tiết {period}, lớp {name}.",
    "The minutes were taken note of. Follow-up on {day}, {session}, period {period}, class {name}.",
)
_NO_LESSON = Text(
    "Biên bản đã được ghi nhận. Từ ngày {day}, thời khóa biểu chưa có tiết nào của giáo viên để kiểm tra "
    "lại: chọn một tiết ở trang Kiểm tra.",
    "The minutes were taken note of. From {day} on the timetable has no lesson of the teacher for a "
    "follow-up: choose one on the page of checks.",
)
_CALLED_OFF = Text(
    "Kết luận đã được hủy theo kiến nghị nên không kiểm tra lại.",
    "The finding was annulled on appeal, so there is no follow-up.",
)
_ANNULLED = Text(
    "Kiến nghị được chấp nhận: kết luận của lần kiểm tra này không còn hiệu lực, không kiểm tra lại.",
    "The appeal was granted: the finding of this check no longer stands, and there is no follow-up.",
)
_UPHELD = Text(
    "Đã giải quyết kiến nghị: kết luận của lần kiểm tra giữ nguyên. Lý do có trong đơn.",
    "The appeal was decided: the finding of this check stands. The reasons are in the appeal.",
)
