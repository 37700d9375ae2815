"""The paper of a sent check: drafted and submitted in its inspector's name, for that person to sign.

It is made of the stored record alone. Asked again it makes nothing anew: a check has one paper, and one that
a crash left half made is finished by the web's pulse.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select, update

from flows import drafts, spot_evidence, spot_finding, spot_said
from flows.commands import Command
from flows.decide import decide
from flows.documents.spot_check import SPOT_CHECK
from flows.office import Office
from flows.people import Actor
from flows.posts import actor_of
from flows.rules import rules_of
from flows.spot_evidence import Seen
from flows.spot_finding import ITEMS
from flows.spot_marks import Marks, codes_kept, marks_of
from models.account import Account, GroupMember
from models.document import Document
from models.errors import RecordsError
from models.school import SchoolClass
from models.settings import VIETNAM
from models.spot_check import SpotCheck, SpotDraw
from models.statements import ask
from models.text import Text

log = logging.getLogger("hososo.spot")
PATIENCE = timedelta(minutes=1)


def write(office: Office, actor: Actor, check_id: str) -> str | None:
    """The id of the check's paper, made and submitted where that is still to be done; None: not sent yet."""
    with office.db.read() as session:
        check = session.get_one(SpotCheck, check_id)
        if check.state != "sent" or check.document_id is not None:
            return check.document_id
        fields = fields_of(session, check)
        recorded = drafts.Recorded(check.teacher_id, _group_of(session, check))
    try:
        document_id = drafts.create(office, actor, SPOT_CHECK.slug, fields, recorded=recorded).id
    except drafts.Exists as there:  # a crash came before the check knew of it
        if there.document_id is None:
            raise
        document_id = there.document_id
    _submit(office, actor, document_id)
    with office.db.write() as session:
        session.exec(
            update(SpotCheck)
            .where(col(SpotCheck.id) == check_id, col(SpotCheck.document_id).is_(None))
            .values(document_id=document_id)
        )
    return document_id


def write_missing(office: Office, older: timedelta = PATIENCE) -> int:
    """Finish the papers a crash or a full disk left unmade; how many were. What is younger is under way."""
    with office.db.read() as session:
        rows = ask(session, _MISSING, until=office.now() - older)
        waiting = [(check_id, actor_of(session, who)) for check_id, who in rows]
    done = 0
    for check_id, actor in waiting:
        try:
            done += write(office, actor, check_id) is not None
        except RecordsError as refusal:
            log.warning("no paper for check %s: %s", check_id, refusal.code)
    return done


_MISSING = (
    select(SpotCheck.id, SpotCheck.inspector_id)
    .join(Account, col(Account.id) == col(SpotCheck.inspector_id))
    .where(col(SpotCheck.state) == "sent", col(SpotCheck.document_id).is_(None), col(Account.active))
    .where(col(SpotCheck.arrived_at) <= bindparam("until"))
)


def _submit(office: Office, actor: Actor, document_id: str) -> None:
    with office.db.read() as session:
        document = session.get_one(Document, document_id)
    if document.step == "draft":
        decide(office, Command(document_id, "submit", document.version, actor, office.now()))


def _group_of(session: Session, check: SpotCheck) -> str | None:
    """The group of the person it is about: its head is among those who see it."""
    return session.exec(
        select(func.min(GroupMember.group_id)).where(
            col(GroupMember.school_id) == check.school_id, col(GroupMember.account_id) == check.teacher_id
        )
    ).one()


# --- what it says ---------------------------------------------------------------------------------------


def fields_of(session: Session, check: SpotCheck) -> dict[str, Any]:
    """The paper's fields, from the stored record and the evidence kept with it; Vietnamese, as papers are."""
    assert check.record is not None
    marks = marks_of(check.record)
    found = spot_evidence.from_data(check.evidence["arrived"])
    both = bool(rules_of(session, check.school_id)["spot_check"]["both"])
    said = codes_kept(check.record)
    known = {item: found.papers[item].known(said[item]) for item in ITEMS}
    proposal = spot_finding.propose(marks.by_item, known, both=both)
    number = found.week.number if found.week else 0
    lacking = {judged.item: judged.why for judged in proposal.lacks}
    words = [spot_finding.judged_words(judged, number) for judged in proposal.items]
    fields: dict[str, Any] = {
        "week": found.week.id if found.week else "",
        "week_number": number,
        "check": check.id,
        "day": check.day.isoformat(),
        "session": check.session,
        "period": check.period,
        "class": check.class_id,
        "class_name": session.get_one(SchoolClass, check.class_id).name,
        "subject": check.subject,
        "lesson": found.lesson,
        "teacher": session.get_one(Account, check.teacher_id).full_name,
        "how": how(session, check).vi,
        "started": marks.visit.started,
        "ended": marks.visit.ended,
        "place": marks.visit.place,
        "reason": marks.reason,
        "words": _rich(marks.words.split("\n")),
        "said": " ".join(marks.words.split()),
        "read_back": "yes" if marks.visit.read_back else "no",
        "note": _rich(marks.note.split("\n")),
        "summary": _rich(
            [" ".join(w.vi for w in (*words, spot_finding.paper_words(proposal, asks=bool(check.proposed))))]
        ),
        "asks": "yes" if check.proposed else "no",
    }
    for item in ITEMS:
        fields[item] = marks.by_item[item]
        fields[f"{item}_records"] = _rich(_records(found, marks, said, item))
        fields[f"{item}_lacks"] = "yes" if item in lacking else "no"
        fields[f"{item}_why"] = lacking.get(item, "")
    return fields


def how(session: Session, check: SpotCheck) -> Text:
    """How the period came to be checked: drawn on which day, or chosen and why."""
    if check.draw_id is None:
        return _CHOSEN.format(reason=" ".join(check.reason.split()))
    made = session.get_one(SpotDraw, check.draw_id).made_at.astimezone(VIETNAM)
    return _DRAWN.format(at=f"{made:%d/%m/%Y}")


def _records(found: Seen, marks: Marks, said: dict[str, Any], item: str) -> list[str]:
    lines = [text.vi for text in spot_said.evidence(found, _written, advise=False)[item]]
    if marks.codes[item]:
        lines.append(_CODES[said[item]].format(code=marks.codes[item]).vi)
    return lines


def _written(at: datetime) -> Text:
    written = f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return Text(written, written)


def _rich(lines: Sequence[str]) -> str:
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line.strip())


_CHOSEN = Text("Chọn, lý do: {reason}", "Chosen: {reason}")
_DRAWN = Text(
    "Rút ngẫu nhiên từ thời khóa biểu (đợt rút công bố ngày {at})",
    "Drawn at random from the timetable (draw published on {at})",
)
_CODES = {
    "right": Text(
        "Mã {code} trên bản in: đúng bản đã duyệt.", "Code {code} on the print: the approved record."
    ),
    "other": Text(
        "Mã {code} trên bản in: không phải bản đã duyệt của tuần này.",
        "Code {code} on the print: not this week’s approved record.",
    ),
    "unknown": Text("Mã {code} trên bản in: hệ thống không có mã này.", "Code {code} on the print: unknown."),
}
