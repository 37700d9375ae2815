"""Legal holds: what the principal stops from being destroyed, whatever its term; placed and lifted in rows
that stay.

A hold binds from the moment it is placed: what stands on a list, approved or not, is kept all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from flows import staying_words
from flows.catalogue import TYPES, type_of
from flows.office import Office
from flows.people import Actor
from flows.posts import holders
from flows.queries import seen
from models.account import Account
from models.document import Document
from models.errors import Fault, Invalid, NotFound, NotYours, Stale
from models.notice import notice
from models.retention import HoldLift, LegalHold
from models.settings import VIETNAM
from models.text import Text

LONGEST_REASON, LONGEST_REFERENCE = 500, 100
READERS = frozenset({"principal", "vice_principal", "clerk", "inspector"})
"""Who sees holds; their reasons may be about a person."""


@dataclass(frozen=True, slots=True)
class Held:
    """A hold with the names a page shows, and its end where it was lifted."""

    row: LegalHold
    by: str
    title: str = ""
    person: str = ""
    lift: HoldLift | None = None
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be held, and why; empty parts narrow nothing."""

    document_id: str = ""
    account_id: str = ""
    type: str = ""
    first_day: date | None = None
    last_day: date | None = None
    reason: str = ""
    reference: str = ""


def fits(hold: LegalHold, document: Document) -> bool:
    """Is this record among what is held?"""
    if hold.school_id != document.school_id or hold.document_id not in (None, document.id):
        return False
    people = (document.owner_id, document.concerned_id, document.witness_id)
    if hold.account_id is not None and hold.account_id not in people:
        return False
    if hold.type not in (None, document.type):
        return False
    if hold.first_day is None and hold.last_day is None:
        return True
    moment = document.approved_at or document.archived_at
    if moment is None:
        return False
    day = moment.astimezone(VIETNAM).date()
    return (hold.first_day or day) <= day <= (hold.last_day or day)


def every(session: Session, school_id: str) -> list[Held]:
    """All holds of a school, the newest first; those lifted with their end."""
    rows = session.exec(
        select(LegalHold, HoldLift)
        .join(HoldLift, col(HoldLift.hold_id) == col(LegalHold.id), isouter=True)
        .where(col(LegalHold.school_id) == school_id)
        .order_by(col(LegalHold.at).desc(), col(LegalHold.id).desc())
    ).all()
    ids = {key for row, lift in rows for key in (row.by_id, row.account_id, lift and lift.by_id) if key}
    names = _names(session, ids)
    titles = dict(
        session.exec(
            select(Document.id, Document.title).where(
                col(Document.id).in_([row.document_id for row, _ in rows if row.document_id])
            )
        ).all()
    )
    return [
        Held(
            row,
            names.get(row.by_id, ""),
            titles.get(row.document_id or "", ""),
            names.get(row.account_id or "", ""),
            lift,
            names.get(lift.by_id, "") if lift else "",
        )
        for row, lift in rows
    ]


def active(session: Session, school_id: str) -> list[Held]:
    """The holds that bind now."""
    return [one for one in every(session, school_id) if one.lift is None]


def over(session: Session, document: Document) -> list[Held]:
    """The holds that bind this record now."""
    return [one for one in active(session, document.school_id) if fits(one.row, document)]


def _names(session: Session, ids: set[str]) -> Mapping[str, str]:
    return dict(session.exec(select(Account.id, Account.full_name).where(col(Account.id).in_(ids))).all())


def place(office: Office, actor: Actor, asked: Asked) -> str:
    """Place a hold; its id. NotYours for anyone but the principal; Invalid names what is wrong."""
    _refuse_others(actor)
    now = office.now()
    with office.db.write() as session:
        _check(session, actor, asked)
        row = LegalHold(
            school_id=actor.school_id,
            document_id=asked.document_id or None,
            account_id=asked.account_id or None,
            type=asked.type or None,
            first_day=asked.first_day,
            last_day=asked.last_day,
            reason=asked.reason.strip(),
            reference=asked.reference.strip(),
            by_id=actor.id,
            at=now,
        )
        session.add(row)
        session.flush()
        _tell(session, row, "hold", PLACED.format(reference=named(row)), now)
        return row.id


def lift(office: Office, actor: Actor, hold_id: str, reason: str) -> None:
    """End a hold, with the reason. NotFound outside the school, Stale when it is lifted already."""
    _refuse_others(actor)
    now, why = office.now(), reason.strip()
    with office.db.write() as session:
        row = session.get(LegalHold, hold_id)
        if row is None or row.school_id != actor.school_id:
            raise NotFound
        if session.get(HoldLift, hold_id) is not None:
            raise Stale(_LIFTED_ALREADY)
        if faults := _reason_faults(why, "lift_reason"):
            raise Invalid(_WRONG, tuple(faults))
        session.add(HoldLift(hold_id=hold_id, school_id=actor.school_id, reason=why, by_id=actor.id, at=now))
        _tell(session, row, "lift", _LIFTED.format(reference=named(row)), now)


def _refuse_others(actor: Actor) -> None:
    if "principal" not in actor.roles:
        raise NotYours(_PRINCIPAL_ALONE)


def _check(session: Session, actor: Actor, asked: Asked) -> None:
    faults = _reason_faults(asked.reason.strip(), "reason")
    if len(asked.reference.strip()) > LONGEST_REFERENCE:
        faults.append(Fault("reference", _TOO_LONG.format(most=LONGEST_REFERENCE)))
    if not any((asked.document_id, asked.account_id, asked.type, asked.first_day, asked.last_day)):
        faults.append(Fault("account", _NOTHING, missing=True))
    if asked.document_id and seen(session, actor, asked.document_id) is None:
        faults.append(Fault("document", _NO_RECORD))
    if asked.account_id:
        account = session.get(Account, asked.account_id)
        if account is None or account.school_id != actor.school_id:
            faults.append(Fault("account", _NO_PERSON))
    if asked.type and asked.type not in {declared.slug for declared in TYPES}:
        faults.append(Fault("type", _NO_TYPE))
    if asked.first_day and asked.last_day and asked.last_day < asked.first_day:
        faults.append(Fault("last_day", _DAYS))
    if faults:
        raise Invalid(_WRONG, tuple(faults))


def _reason_faults(reason: str, path: str) -> list[Fault]:
    if not reason:
        return [Fault(path, _NO_REASON, missing=True)]
    return [Fault(path, _TOO_LONG.format(most=LONGEST_REASON))] if len(reason) > LONGEST_REASON else []


def _tell(session: Session, row: LegalHold, what: str, sentence: Text, now: datetime) -> None:
    """Those who would list and destroy, and who decides on lists."""
    people = {
        person.id
        for role in ("clerk", "principal", "vice_principal")
        for person in holders(session, row.school_id, f"role:{role}")
    }
    for account_id in sorted(people - {row.by_id}):
        key = f"{what}:{row.id}"
        session.add(
            notice(
                row.school_id,
                account_id,
                "retention",
                key,
                now,
                sentence,
                subject=SUBJECT,
                path="/retention/holds",
            )
        )


def named(row: LegalHold) -> Text:
    """`theo 15/QĐ-TTr`, or the day it was placed."""
    if row.reference:
        return staying_words.UNDER.format(number=row.reference)
    return staying_words.SINCE.format(day=f"{row.at.astimezone(VIETNAM):%d/%m/%Y}")


def scope(hold: Held) -> Text:
    """What is held, in words: `kế hoạch bài dạy; của Nguyễn Thị Lan; ký duyệt từ 01/01/2026`."""
    row, vi, en = hold.row, [], []
    if row.document_id:
        vi.append(f"hồ sơ “{hold.title}”")
        en.append(f"the record “{hold.title}”")
    if row.type:
        name = type_of(row.type).name.within()
        vi.append(name.vi)
        en.append(name.en)
    if row.account_id:
        vi.append(f"của hoặc về {hold.person}")
        en.append(f"by or about {hold.person}")
    if row.first_day:
        vi.append(f"ký duyệt từ {row.first_day:%d/%m/%Y}")
        en.append(f"approved from {row.first_day:%d/%m/%Y}")
    if row.last_day:
        vi.append(f"ký duyệt đến {row.last_day:%d/%m/%Y}")
        en.append(f"approved until {row.last_day:%d/%m/%Y}")
    return Text("; ".join(vi), "; ".join(en))


_PRINCIPAL_ALONE = Text(
    "Chỉ hiệu trưởng đặt và bỏ tạm dừng hủy. Báo hiệu trưởng nếu cần giữ hồ sơ lại.",
    "Only the principal places and lifts holds. Tell the principal what has to be kept.",
)
_WRONG = Text("Chưa lưu được. Sửa chỗ được đánh dấu.", "Nothing was saved. Mend what is marked.")
_NOTHING = Text(
    "Chọn ít nhất một trong các mục: hồ sơ, người, loại hồ sơ, khoảng ngày.",
    "Choose at least one: a record, a person, a type or days.",
)
_NO_RECORD = Text(
    "Không có hồ sơ này. Mở hồ sơ rồi bấm Tạm dừng hủy ở đó.",
    "There is no such record. Open it and place the hold there.",
)
_NO_PERSON = Text("Chọn một người trong danh sách.", "Choose a person from the list.")
_NO_TYPE = Text("Chọn một loại trong danh sách.", "Choose a type from the list.")
_DAYS = Text("Ngày cuối phải từ ngày đầu trở đi.", "The last day must not come before the first.")
_NO_REASON = Text("Ghi lý do.", "Give the reason.")
_TOO_LONG = Text("Dài nhất {most} ký tự. Rút gọn lại.", "At most {most} characters. Shorten it.")
_LIFTED_ALREADY = Text(
    "Việc tạm dừng hủy này đã được bỏ từ trước. Tải lại trang.",
    "This hold is lifted already. Reload the page.",
)
SUBJECT = Text("Tạm dừng hủy hồ sơ", "Legal hold")
PLACED = Text(
    "Hiệu trưởng tạm dừng hủy hồ sơ {reference}. Xem hồ sơ nào không được hủy.",
    "The principal put records on hold {reference}. See which are not to be destroyed.",
)
_LIFTED = Text("Hiệu trưởng bỏ tạm dừng hủy hồ sơ {reference}.", "The principal lifted the hold {reference}.")
