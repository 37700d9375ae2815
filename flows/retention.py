"""How long records are kept, and which of those whose time is over may be proposed for destruction. Reads,
and the one writer of a school's terms.

Nothing here destroys: what is due waits for a list that people sign (`flows/destruction_lists.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from flows import holds, staying_words
from flows.catalogue import TYPES, type_of
from flows.documents.destruction_list import DESTRUCTION_LIST
from flows.grammar import DocumentType
from flows.kin import families
from flows.people import Actor
from flows.posts import holders
from flows.queries import LIGHT
from models.account import Account
from models.destruction import ListedRecord
from models.document import Document, Revision
from models.errors import Fault, Invalid, NotFound
from models.notice import notice
from models.retention import RetentionRule
from models.settings import VIETNAM
from models.text import Text
from tasks.archiving import keep_until

ENDED = ("archived", "replaced")
LONGEST = 100
"""Years."""
LONGEST_BASIS = 200


@dataclass(frozen=True, slots=True)
class Term:
    """How long records of a type are kept: `years`, None for ever; `rule` is the school's own, if it is."""

    declared: DocumentType
    years: int | None
    rule: RetentionRule | None = None


def rules_of(session: Session, school_id: str, type: str = "") -> Sequence[RetentionRule]:
    """The terms a school set for itself, in the order it set them."""
    query = select(RetentionRule).where(col(RetentionRule.school_id) == school_id)
    if type:
        query = query.where(col(RetentionRule.type) == type)
    return session.exec(query.order_by(col(RetentionRule.type), col(RetentionRule.number))).all()


def term(session: Session, school_id: str, type: str, day: date) -> Term:
    """The term of what is archived on that day: of the rules that hold then the one that begins last."""
    return term_of(type_of(type), rules_of(session, school_id, type), day)


def term_of(declared: DocumentType, rules: Sequence[RetentionRule], day: date) -> Term:
    """The same, of the school's rules for that type."""
    holding = [rule for rule in rules if rule.from_day <= day]
    if not holding:
        return Term(declared, declared.archive.keep)
    rule = max(holding, key=lambda one: (one.from_day, one.number))
    return Term(declared, rule.years, rule)


def terms(session: Session, school_id: str, day: date) -> list[Term]:
    """The terms of every type, for what is archived on that day."""
    return [term(session, school_id, declared.slug, day) for declared in TYPES]


def end_of(session: Session, school_id: str, type: str, archived: datetime) -> datetime | None:
    """Until when a record archived now is kept, exclusive; None: permanently."""
    found = term(session, school_id, type, archived.astimezone(VIETNAM).date())
    return keep_until(archived, found.years)


def settable(declared: DocumentType) -> bool:
    """May a school set the term of this type? Lists of what was destroyed are kept for ever."""
    return declared.slug != DESTRUCTION_LIST.slug


def longer(
    session: Session, school_id: str, type: str, years: int | None
) -> list[tuple[str, datetime | None]]:
    """Records archived before that this term would keep longer, each with its new end; it shortens none."""
    d = Document
    rows = session.exec(
        select(d.id, d.archived_at, d.keep_until).where(
            col(d.school_id) == school_id,
            col(d.type) == type,
            col(d.status).in_(ENDED),
            col(d.keep_until).is_not(None),
        )
    ).all()
    found = []
    for key, archived, until in rows:
        then = keep_until(archived, years) if archived else until
        if until is not None and (then is None or then > until):
            found.append((key, then))
    return found


def set_term(
    session: Session,
    actor: Actor,
    type: str,
    years: int | None,
    from_day: date,
    now: datetime,
    *,
    basis: str = "",
    earlier: bool = False,
) -> RetentionRule:
    """Keep a school's term; with `earlier` what was archived before is kept as long too, never shorter.

    The refusals of `check_term`. The principals are told. Who may set it is the caller's question.
    """
    check_term(session, actor.school_id, type, years, from_day, now, basis=basis, earlier=earlier)
    own = rules_of(session, actor.school_id, type)
    rule = RetentionRule(
        school_id=actor.school_id,
        type=type,
        number=len(own) + 1,
        from_day=from_day,
        years=years,
        basis=basis,
        earlier=earlier,
        by_id=actor.id,
        at=now,
    )
    session.add(rule)
    for key, until in longer(session, actor.school_id, type, years) if earlier else ():
        session.exec(update(Document).where(col(Document.id) == key).values(keep_until=until))
    sentence = _TOLD.format(
        who=session.get_one(Account, actor.id).full_name,
        type=type_of(type).name,
        day=f"{from_day:%d/%m/%Y}",
        term=term_words(years),
    )
    for person in holders(session, actor.school_id, "role:principal"):
        key = f"term:{type}:{rule.number}"
        session.add(
            notice(
                actor.school_id,
                person.id,
                "retention",
                key,
                now,
                sentence,
                subject=_SUBJECT,
                path="/retention/terms",
            )
        )
    return rule


def check_term(
    session: Session,
    school_id: str,
    type: str,
    years: int | None,
    from_day: date,
    now: datetime,
    *,
    basis: str = "",
    earlier: bool = False,
) -> None:
    """Invalid for a day that is past, a term out of bounds, or one that holds already; NotFound for a type
    whose term is not the school's to set."""
    if not settable(type_of(type)):
        raise NotFound
    today = now.astimezone(VIETNAM).date()
    faults = []
    if from_day < today:
        faults.append(Fault("from_day", _PAST.format(day=f"{today:%d/%m/%Y}")))
    if years is not None and not 1 <= years <= LONGEST:
        faults.append(Fault("years", _BOUNDS))
    if len(basis) > LONGEST_BASIS:
        faults.append(Fault("basis", _TOO_LONG.format(most=LONGEST_BASIS)))
    if not faults and term(session, school_id, type, from_day).years == years and not earlier:
        faults.append(Fault("years", _HOLDS.format(day=f"{from_day:%d/%m/%Y}")))
    if faults:
        raise Invalid(_WRONG, tuple(faults))


def term_words(years: int | None) -> Text:
    """`5 năm`, or for ever."""
    if years is None:
        return Text("vĩnh viễn", "permanently")
    return Text(f"{years} năm", f"{years} year{'' if years == 1 else 's'}")


@dataclass(frozen=True, slots=True)
class Batch:
    """So many records of a type whose retention ended at the same moment."""

    declared: DocumentType
    until: datetime
    count: int

    @property
    def key(self) -> str:
        """As it stands in an address: `lesson-plan:2031`, the last year they were kept."""
        return f"{self.declared.slug}:{self.until.astimezone(VIETNAM).year - 1}"


@dataclass(frozen=True, slots=True)
class Due:
    """A record whose time is over; `stays`: why it must stay all the same, None where it may go."""

    document: Document
    owner: str
    pages: int
    stays: Text | None

    @property
    def last_day(self) -> date:
        """The last day it had to be kept."""
        assert self.document.keep_until is not None
        return last_day(self.document.keep_until)


def last_day(until: datetime) -> date:
    """The last whole day before the end of a retention, which is exclusive."""
    return date.fromordinal(until.astimezone(VIETNAM).date().toordinal() - 1)


def _over(school_id: str, now: datetime) -> tuple[object, ...]:
    d = Document
    return (
        col(d.school_id) == school_id,
        col(d.keep_until) <= now,
        col(d.status).in_(ENDED),
        col(d.step) == "",
    )


def batches(session: Session, school_id: str, now: datetime) -> list[Batch]:
    """What is due, counted by type and year; by the order of the types, the oldest first."""
    rows = session.exec(
        select(Document.type, Document.keep_until, func.count())
        .where(*_over(school_id, now))  # type: ignore[arg-type]  # conditions, as SQLModel types them not
        .group_by(col(Document.type), col(Document.keep_until))
        .order_by(col(Document.keep_until))
    ).all()
    order = [declared.slug for declared in TYPES]
    found = [Batch(type_of(type), until, count) for type, until, count in rows if until is not None]
    return sorted(found, key=lambda one: (order.index(one.declared.slug), one.until))


def proposed(session: Session, school_id: str, keys: Iterable[str], now: datetime, most: int) -> list[Due]:
    """The records of these batches, and what belongs to them; at most about so many, the oldest first."""
    wanted = set(keys)
    ids: list[str] = []
    for batch in batches(session, school_id, now):
        if batch.key in wanted and len(ids) < most:
            of = (col(Document.type) == batch.declared.slug, col(Document.keep_until) == batch.until)
            ids += session.exec(
                select(Document.id)
                .where(*_over(school_id, now), *of)  # type: ignore[arg-type]  # as above
                .order_by(col(Document.archived_at), col(Document.id))
                .limit(most - len(ids))
            ).all()
    together = dict.fromkeys(key for family in families(session, ids) for key in family)
    return due(session, school_id, together, now)


def due(session: Session, school_id: str, ids: Iterable[str], now: datetime, list_id: str = "") -> list[Due]:
    """These records with what must be known of each, in this order; others than the school's are left out."""
    wanted = list(ids)
    stays = staying(session, school_id, wanted, now, list_id)
    found: dict[str, Due] = {}
    for some in _some(wanted):
        rows = session.exec(
            select(Document, Account.full_name, Revision.pages)
            .join(Account, col(Account.id) == col(Document.owner_id))
            .join(
                Revision,
                (col(Revision.document_id) == col(Document.id))
                & (col(Revision.number) == col(Document.revision)),
            )
            .where(col(Document.id).in_(some), col(Document.school_id) == school_id)
            .options(LIGHT)
        ).all()
        found |= {d.id: Due(d, owner, pages, stays.get(d.id)) for d, owner, pages in rows}
    return [found[key] for key in wanted if key in found]


def staying(
    session: Session, school_id: str, ids: Collection[str], now: datetime, list_id: str = ""
) -> dict[str, Text]:
    """Which of these must stay if only these were to go, and why; `list_id`: they stand on that list.

    What belongs together (`flows/kin.py`) goes together: as long as one must stay, all of them do.
    """
    chosen = set(ids)
    groups = families(session, list(ids))
    everyone = [key for family in groups for key in family]
    known: dict[str, Document] = {}
    listed: set[str] = set()
    for some in _some(everyone):
        rows = session.exec(
            select(Document)
            .where(col(Document.id).in_(some), col(Document.school_id) == school_id)
            .options(LIGHT)
        ).all()
        known |= {document.id: document for document in rows}
        listed.update(
            session.exec(
                select(ListedRecord.document_id).where(
                    col(ListedRecord.document_id).in_(some),
                    col(ListedRecord.state) == "listed",
                    col(ListedRecord.list_id) != list_id,
                )
            )
        )
    held = holds.active(session, school_id)
    found: dict[str, Text] = {}
    for family in groups:
        own = {key: why for key in family if (why := _stays(known.get(key), held, listed, now)) is not None}
        for key in family:
            if key not in known or known[key].status == "destroyed":
                continue
            other = next((k for k in family if k in own), None)
            alone = next((k for k in family if k not in chosen and known[k].status != "destroyed"), None)
            if key in own:
                found[key] = own[key]
            elif other is not None:
                found[key] = staying_words.WITH.format(title=known[other].title, why=own[other])
            elif alone is not None:
                found[key] = staying_words.TOGETHER.format(title=known[alone].title)
    return {key: why for key, why in found.items() if key in chosen}


def _stays(
    document: Document | None, held: Sequence[holds.Held], listed: Collection[str], now: datetime
) -> Text | None:
    """Why this record must stay, whatever belongs to it; a destroyed one is no hindrance."""
    if document is None or document.status == "destroyed":
        return None
    if document.status not in ENDED or document.step:
        return staying_words.UNDER_WAY
    if document.keep_until is None:
        return staying_words.PERMANENT
    if document.keep_until > now:
        return staying_words.KEPT.format(day=f"{last_day(document.keep_until):%d/%m/%Y}")
    hold = next((one for one in held if holds.fits(one.row, document)), None)
    if hold is not None:
        return staying_words.HELD.format(reference=holds.named(hold.row))
    return staying_words.LISTED if document.id in listed else None


def _some(ids: Collection[str]) -> Iterator[list[str]]:
    whole = list(ids)
    for start in range(0, len(whole), 500):
        yield whole[start : start + 500]


_WRONG = Text(
    "Chưa đặt được thời hạn lưu trữ. Sửa chỗ được đánh dấu.", "The term is not set. Mend what is marked."
)
_PAST = Text(
    "Thời hạn mới áp dụng sớm nhất từ hôm nay: ghi ngày {day} hoặc sau đó.",
    "A new term holds from today on at the earliest: give {day} or a later day.",
)
_BOUNDS = Text(
    f"Ghi số năm từ 1 đến {LONGEST}, hoặc chọn vĩnh viễn.",
    f"Give 1 to {LONGEST} years, or choose permanently.",
)
_TOO_LONG = Text("Dài nhất {most} ký tự. Rút gọn lại.", "At most {most} characters. Shorten it.")
_HOLDS = Text(
    "Từ ngày {day} thời hạn này đang áp dụng rồi. Ghi số năm khác, hoặc để nguyên.",
    "This very term holds from {day} on already. Give another, or leave it.",
)
_SUBJECT = Text("Thời hạn lưu trữ", "Terms of retention")
_TOLD = Text(
    "{who} đặt thời hạn lưu trữ của {type}: {term}, áp dụng cho hồ sơ lưu trữ từ ngày {day}.",
    "{who} set how long records of the type {type} are kept: {term}, for what is archived from {day} on.",
)
