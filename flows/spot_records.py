"""What an inspector found at a spot check: taken once, weighed against the records, made a paper of.

The phone sends its own key with the marks: the same key again gets what is stored, another key is shown what
stands. Nothing that was seen in the classroom is lost for a bad network, and nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from flows import spot_checks, spot_evidence, spot_finding, spot_notices, spot_reveal
from flows.candidates import today
from flows.office import Office
from flows.people import Actor
from flows.rules import rules_of
from flows.spot_checks import Check
from flows.spot_evidence import Seen
from flows.spot_finding import ITEMS, LESSON_PLAN, MARKS, REASONS, TEACHING_PLAN, CodeSays, Proposal
from flows.spot_rights import may_record
from flows.spot_visit import Visit, visit_of
from models.errors import Fault, Invalid, NotYours, Stale
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from models.text import Text
from tasks.rich_text import tidy

LONGEST = 1000
"""Characters of the teacher's words, and of the inspector's note."""
KEY_LEAST, KEY_MOST = 8, 64


@dataclass(frozen=True, slots=True)
class Marks:
    """What the inspector marked, by item: `flows.spot_finding.MARKS`; `words`: what the teacher said.

    `reason`: why a print stands for the lesson plan's file. Codes are those of the prints that were shown.
    """

    teaching_plan: str
    lesson_plan: str
    reason: str = ""
    teaching_code: str = ""
    lesson_code: str = ""
    words: str = ""
    note: str = ""
    visit: Visit = field(default_factory=Visit)

    @property
    def by_item(self) -> dict[str, str]:
        return {TEACHING_PLAN: self.teaching_plan, LESSON_PLAN: self.lesson_plan}

    @property
    def codes(self) -> dict[str, str]:
        return {TEACHING_PLAN: self.teaching_code, LESSON_PLAN: self.lesson_code}


@dataclass(frozen=True, slots=True)
class Sending:
    """One record on its way: the phone's key, when it was written by the phone's clock, and when the phone
    last saw the records (None: never)."""

    key: str
    marks: Marks
    recorded_at: datetime
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What now stands; `repeated`: it stood already."""

    check: Check
    repeated: bool = False


class Conflict(Stale):
    """The check is settled otherwise: by another key, or taken back. `stands` says what is true now."""

    def __init__(self, sentence: Text, stands: Mapping[str, Any]) -> None:
        super().__init__(sentence)
        self.stands = stands


def record(office: Office, actor: Actor, check_id: str, sending: Sending) -> Recorded:
    """Take a record, once. NotFound, NotYours, Invalid (fields named), Conflict; nothing is then stored.

    A check noted as not made is taken all the same: who was there knows better than the clock.
    """
    now = office.now()
    with office.db.read() as session:
        check = spot_checks.one(session, actor, check_id)
        if not may_record(actor, check.row):
            raise NotYours(_INSPECTOR_ALONE)
        if check.row.record_key is not None and check.row.record_key == sending.key:
            return Recorded(check, repeated=True)
        if check.row.state not in ("planned", "missed"):
            raise conflict(check)
    marks = checked(sending, check.row, now)
    try:
        with office.db.write() as session:
            stored = _store(session, check.row, sending, marks, now)
            if stored:
                spot_notices.tell_sent(session, check.row, check.class_name, now)
    except IntegrityError as error:  # the key stands at another check
        raise _used() from error
    if stored and check.row.draw_id:
        spot_reveal.reveal(office.db, office.settings, now, actor.school_id)
    with office.db.read() as session:
        check = spot_checks.one(session, actor, check_id)
    if not stored and check.row.record_key != sending.key:
        raise conflict(check)
    return Recorded(check, repeated=not stored)


def _store(session: Session, check: SpotCheck, sending: Sending, marks: Marks, now: datetime) -> bool:
    """Write the record if the check still waits for one; whether it did."""
    found = spot_evidence.seen(session, check, now)
    said = codes_said(session, check, marks)
    weighed = weigh(session, check, marks, found, said)
    seen_at = min(sending.seen_at, now) if sending.seen_at else None
    evidence = {"arrived": spot_evidence.as_data(found)}
    if seen_at:
        evidence["seen"] = spot_evidence.as_data(spot_evidence.seen(session, check, seen_at))
    changed = session.exec(
        update(SpotCheck)
        .where(
            col(SpotCheck.id) == check.id,
            col(SpotCheck.state).in_(("planned", "missed")),
            col(SpotCheck.record_key).is_(None),
        )
        .values(
            state="sent",
            record_key=sending.key,
            record=as_data(marks, said),
            evidence=evidence,
            proposed=weighed.asks,
            recorded_at=sending.recorded_at,
            arrived_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    return changed.rowcount == 1


def weigh(
    session: Session, check: SpotCheck, marks: Marks, found: Seen, said: Mapping[str, CodeSays]
) -> Proposal:
    """What marks and records amount to under the school's rule."""
    both = bool(rules_of(session, check.school_id)["spot_check"]["both"])
    known = {item: found.papers[item].known(said[item]) for item in ITEMS}
    return spot_finding.propose(marks.by_item, known, both=both)


def codes_said(session: Session, check: SpotCheck, marks: Marks) -> dict[str, CodeSays]:
    """What the typed codes led to; a code of the other item's plan is one of another record."""
    found: dict[str, CodeSays] = {}
    for item, code in marks.codes.items():
        led = spot_evidence.code_said(session, check, code) if code else None
        found[item] = "" if led is None else "other" if led.item not in ("", item) else led.says
    return found


def checked(sending: Sending, check: SpotCheck, now: datetime) -> Marks:
    """The marks, tidied; Invalid names each that is a clear mistake."""
    marks, faults = sending.marks, []
    if not KEY_LEAST <= len(sending.key) <= KEY_MOST or not sending.key.isascii():
        faults.append(Fault("key", _KEY))
    if today(now) < check.day:
        faults.append(Fault("day", _TOO_EARLY.format(day=f"{check.day:%d/%m/%Y}")))
    for item, mark in marks.by_item.items():
        if mark not in MARKS[item]:
            faults.append(Fault(item, _MARK, missing=not mark))
    reason = marks.reason if marks.lesson_plan == "printed" else ""
    if marks.lesson_plan == "printed" and reason not in REASONS:
        faults.append(Fault("lesson_plan_reason", _REASON, missing=not reason))
    words, note = (tidy(text).strip() for text in (marks.words, marks.note))
    for name, text in (("words", words), ("note", note)):
        if len(text) > LONGEST:
            faults.append(Fault(name, _LONG))
    visit = replace(marks.visit, place=tidy(marks.visit.place).strip())
    faults += visit.faults()
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return Marks(
        marks.teaching_plan,
        marks.lesson_plan,
        reason,
        _code(marks.teaching_code),
        _code(marks.lesson_code),
        words,
        note,
        visit,
    )


def _code(typed: str) -> str:
    """As it is kept: what cannot be a code is kept shortened, it leads to nothing all the same."""
    return tidy(typed).strip()[:20]


def as_data(marks: Marks, said: Mapping[str, CodeSays]) -> dict[str, Any]:
    """A record as the row keeps it and the API answers it."""
    items: dict[str, dict[str, str]] = {
        item: {"mark": mark, "code": marks.codes[item], "code_says": said[item]}
        for item, mark in marks.by_item.items()
    }
    items[LESSON_PLAN]["reason"] = marks.reason
    return {**items, "words": marks.words, "note": marks.note, "visit": marks.visit.as_data()}


def marks_of(data: Mapping[str, Any]) -> Marks:
    """A stored record's marks."""
    plan, lesson = data[TEACHING_PLAN], data[LESSON_PLAN]
    return Marks(
        plan["mark"],
        lesson["mark"],
        lesson["reason"],
        plan["code"],
        lesson["code"],
        data["words"],
        data["note"],
        visit_of(data["visit"]),
    )


def conflict(check: Check) -> Conflict:
    """What stands instead, for whoever holds another record of the same check."""
    row = check.row
    if row.state == "cancelled":
        stands: dict[str, Any] = {"state": row.state, "words": row.ended_words}
        return Conflict(_TAKEN_BACK, stands)
    at = row.arrived_at.astimezone(VIETNAM) if row.arrived_at else None
    stands = {
        "state": row.state,
        "record": row.record,
        "recorded_at": row.recorded_at.isoformat() if row.recorded_at else None,
        "arrived_at": row.arrived_at.isoformat() if row.arrived_at else None,
    }
    return Conflict(_STANDS.format(at=f"{at:%H:%M %d/%m/%Y}" if at else ""), stands)


def _used() -> Invalid:
    return Invalid(_KEY, (Fault("key", _KEY),))


def by_key(session: Session, actor: Actor, key: str) -> SpotCheck | None:
    """The check a key of this person's phone was stored with."""
    rows = select(SpotCheck).where(
        col(SpotCheck.school_id) == actor.school_id,
        col(SpotCheck.inspector_id) == actor.id,
        col(SpotCheck.record_key) == key,
    )
    return session.exec(rows).first()


_INSPECTOR_ALONE = Text(
    "Phiếu này do người kiểm tra được giao ghi.", "This check is recorded by the inspector who makes it."
)
_WRONG = Text(
    "Chưa gửi: còn chỗ cần chọn hoặc sửa. Những gì đã ghi vẫn còn.",
    "Not sent: something must be chosen or mended. What was written is kept.",
)
_KEY = Text(
    "Mã gửi của điện thoại không hợp lệ hoặc đã dùng cho phiếu khác. Tải lại trang rồi gửi lại.",
    "The phone's own key is not one, or belongs to another check. Reload the page and send again.",
)
_TOO_EARLY = Text(
    "Phiếu này của ngày {day}, chưa đến ngày kiểm tra.", "This check is for {day}; that day has not come."
)
_MARK = Text("Chọn một trong các mục ghi nhận.", "Choose one of the marks.")
_REASON = Text("Chọn lý do dùng bản in thay.", "Choose why a print stands for the file.")
_LONG = Text(f"Dài quá {LONGEST} ký tự. Rút gọn lại.", f"Longer than {LONGEST} characters. Shorten it.")
_STANDS = Text(
    "Phiếu này đã được gửi lúc {at} với nội dung khác. Xem bản đã gửi; bản trên máy này chưa được nhận.",
    "This check was sent at {at} with other content. Look at what was sent; this copy was not taken.",
)
_TAKEN_BACK = Text(
    "Phiếu này đã bị hủy, nên không nhận được. Hỏi người lên lịch; nội dung vẫn còn trên máy này.",
    "This check was taken back, so it cannot be taken. Ask who planned it; the content stays on this phone.",
)
