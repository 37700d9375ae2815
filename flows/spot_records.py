"""What an inspector found at a spot check: taken once, weighed against the records, made a paper of.

The phone sends its own key with the marks: the same key again gets what is stored, another key is shown what
stands. Nothing that was seen in the classroom is lost for a bad network, and nothing is counted twice.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from flows import spot_checks, spot_evidence, spot_finding, spot_notices, spot_papers
from flows.office import Office
from flows.people import Actor
from flows.rules import rules_of
from flows.spot_checks import Check
from flows.spot_evidence import Seen
from flows.spot_finding import ITEMS, CodeSays, Proposal
from flows.spot_marks import BAD_KEY, Marks, Sending, as_data, checked
from flows.spot_rights import may_record
from models.errors import Fault, Invalid, NotYours, RecordsError, Stale
from models.settings import VIETNAM
from models.spot_check import REOPENED, SpotCheck
from models.text import Text

log = logging.getLogger("hososo.spot")


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
        if any(old["key"] == sending.key for old in check.row.evidence.get(REOPENED, ())):
            raise Conflict(_REOPENED, {"state": check.row.state})
    marks = checked(sending, check.row, now)
    try:
        with office.db.write() as session:
            stored = _store(session, check.row, sending, marks, now)
            if stored:
                spot_notices.tell_sent(session, check.row, check.class_name, now)
    except IntegrityError as error:  # the key stands at another check
        raise _used() from error
    if stored:
        _write_paper(office, actor, check_id)
    with office.db.read() as session:
        check = spot_checks.one(session, actor, check_id)
    if not stored and check.row.record_key != sending.key:
        raise conflict(check)
    return Recorded(check, repeated=not stored)


def _write_paper(office: Office, actor: Actor, check_id: str) -> None:
    """Make the check's paper at once; what hinders it now does not lose the record, and is tried again."""
    try:
        spot_papers.write(office, actor, check_id)
    except RecordsError as refusal:
        log.warning("no paper yet for check %s: %s", check_id, refusal.code)


def _store(session: Session, check: SpotCheck, sending: Sending, marks: Marks, now: datetime) -> bool:
    """Write the record if the check still waits for one; whether it did."""
    found = spot_evidence.seen(session, check, now)
    said = codes_said(session, check, marks)
    weighed = weigh(session, check, marks, found, said)
    seen_at = min(sending.seen_at, now) if sending.seen_at else None
    earlier = {REOPENED: check.evidence[REOPENED]} if REOPENED in check.evidence else {}
    evidence = {**earlier, "arrived": spot_evidence.as_data(found)}
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
    return Invalid(BAD_KEY, (Fault("key", BAD_KEY),))


_INSPECTOR_ALONE = Text(
    "Phiếu này do người kiểm tra được giao ghi.", "This check is recorded by the inspector who makes it."
)
_STANDS = Text(
    "Phiếu này đã được gửi lúc {at} với nội dung khác. Xem bản đã gửi; bản trên máy này chưa được nhận.",
    "This check was sent at {at} with other content. Look at what was sent; this copy was not taken.",
)
_REOPENED = Text(
    "Bản này đã được mở lại để sửa nên không nhận lại. Mở trang của phiếu, ghi lại rồi gửi.",
    "This record was taken back to be mended, so it is not taken again. Open the check, record it and send.",
)
_TAKEN_BACK = Text(
    "Phiếu này đã bị hủy, nên không nhận được. Hỏi người lên lịch; nội dung vẫn còn trên máy này.",
    "This check was taken back, so it cannot be taken. Ask who planned it; the content stays on this phone.",
)
