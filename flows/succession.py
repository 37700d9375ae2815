"""What comes after approval: a record added to another, and a record that replaces another.

Both are new documents that begin as drafts of their own; the signed one is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows import amending, drafts, queries, spans
from flows.catalogue import amended_by, type_of
from flows.facts import facts_of
from flows.fields import Repeated
from flows.grammar import DocumentType
from flows.links import ABOUT, REPLACES, Links, linked_to, links_of
from flows.office import Office
from flows.people import Actor, GroupHead
from flows.plan import DONE
from flows.queries import LIGHT, visible, visible_to
from models.document import Document, Revision
from models.errors import Fault, Invalid, NotYours, WrongStep
from models.text import Text

BEGUN = ("draft", "returned", "in_progress")


def amend(office: Office, actor: Actor, document_id: str, raw: Mapping[str, Any] | None = None) -> Document:
    """A draft of the record that is added to an approved one: a note, minutes, an appeal.

    NotFound; NotYours and WrongStep as `flows/amending.py` says; `drafts.Exists` leads to one that is begun
    and not signed yet. Without `raw` it begins as its type says.
    """
    with office.db.read() as session:
        document = visible(session, actor, document_id)
        note = amended_by(type_of(document.type))
        if note is None:
            raise WrongStep(_NO_NOTES)
        refused = amending.refusal(session, actor, note, document, office.now())
        if refused is not None:
            raise refused
        _ensure_none_begun(session, document, ABOUT)
        fields = raw or _first(session, actor, note, document, office.now())
    return drafts.create(office, actor, note.slug, fields, links=Links(about=document_id))


def _first(
    session: Session, actor: Actor, note: DocumentType, document: Document, now: datetime
) -> dict[str, Any]:
    """What a record about another one begins with: what its type makes of that one, or empty fields."""
    if note.begins is None:
        return _blank(note)
    drafted = drafts.about(actor, note, document, now)
    return note.begins(facts_of(session, drafted, now, Links(about=document.id)))


def replace(office: Office, actor: Actor, document_id: str, raw: Mapping[str, Any] | None = None) -> Document:
    """A draft of what is to replace an approved record, with its content to begin from.

    The old one is replaced when this one is approved. Refusals as for `amend`.
    """
    with office.db.read() as session:
        document = visible(session, actor, document_id)
        if not may_replace(type_of(document.type), document, actor):
            raise NotYours(_NOT_THE_AUTHOR)
        _ensure_done(document)
        _ensure_none_begun(session, document, REPLACES)
        revision = session.get(Revision, (document.id, document.revision))
    fields = raw if raw is not None else revision.fields if revision else document.fields
    return drafts.create(office, actor, document.type, fields, links=Links(replaces=document_id))


def begin(office: Office, actor: Actor, slug: str, raw: Mapping[str, Any], links: Links) -> Document:
    """What a program asks for by type and link; Invalid when the two do not fit together."""
    other_id = links.about or links.replaces or ""
    with office.db.read() as session:
        other = type_of(visible(session, actor, other_id).type)
    wanted = amended_by(other) if links.about else other
    if (links.about and links.replaces) or wanted is None or wanted.slug != slug:
        kind = ABOUT if links.about else REPLACES
        raise Invalid(_NO_FIT, (Fault(kind, _NO_FIT),))
    return (amend if links.about else replace)(office, actor, other_id, raw)


def may_replace(declared: DocumentType, document: Document, actor: Actor) -> bool:
    """Its author, or for a group's record whoever heads the group now.

    A note is added to, not replaced, and what the system makes of what was recorded nobody draws up anew.
    """
    if declared.amends or declared.recorded or document.school_id != actor.school_id:
        return False
    if isinstance(declared.drafted_by, GroupHead):
        return document.group_id in actor.heads
    return document.owner_id == actor.id


def _blank(note: DocumentType) -> dict[str, Any]:
    """A note with one empty row."""
    return {part.name: [{}] if isinstance(part, Repeated) else "" for part in note.form.fields}


def _ensure_done(document: Document) -> None:
    if document.status == "replaced":
        raise WrongStep(_REPLACED)
    if document.status not in DONE:
        raise WrongStep(_NOT_APPROVED)


def _ensure_none_begun(session: Session, document: Document, kind: str) -> None:
    """One at a time: whoever has begun goes on with that one."""
    begun = next((d for d in linked_to(session, document.id, kind) if d.status in BEGUN), None)
    if begun is not None:
        sentence = _BEGUN.format(title=begun.title)
        raise drafts.Exists(sentence, (Fault(kind, sentence),), begun.id)


def to_replace(session: Session, actor: Actor, document: Document) -> Document | None:
    """The record this one is to replace; None when it replaces none, or none this account may see."""
    replaced = links_of(session, document.id).replaces
    return queries.seen(session, actor, replaced) if replaced else None


# --- what a page shows ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Related:
    """The documents around one, as far as this account may see them; what it may begin."""

    about: Document | None = None
    notes: tuple[Document, ...] = ()
    replaces: Document | None = None
    successor: Document | None = None
    may_amend: bool = False
    amend_until: datetime | None = None
    """The last moment a note may be begun, where it ends."""
    amend_closed: Text | None = None
    """Said to whoever might have begun one, once that is over."""
    may_replace: bool = False

    @property
    def all(self) -> tuple[Document, ...]:
        return tuple(d for d in (self.about, self.replaces, self.successor, *self.notes) if d is not None)


def related(session: Session, actor: Actor, document: Document, now: datetime) -> Related:
    """What a document is about or replaces, what was added to it, what replaces it."""
    links = links_of(session, document.id)
    notes = linked_to(session, document.id, ABOUT)
    successors = linked_to(session, document.id, REPLACES)
    around = [*notes, *successors]
    ids = [d.id for d in around] + [i for i in (links.about, links.replaces) if i]
    found = select(Document).where(col(Document.id).in_(ids), visible_to(actor)).options(LIGHT)
    seen = {d.id: d for d in session.exec(found)} if ids else {}
    declared = type_of(document.type)
    later = [seen[d.id] for d in successors if d.id in seen]
    open_to = document.status in DONE and not any(d.status in BEGUN for d in successors)
    return Related(
        about=seen.get(links.about or ""),
        notes=tuple(seen[d.id] for d in notes if d.id in seen),
        replaces=seen.get(links.replaces or ""),
        successor=later[-1] if later else None,
        **_amendable(session, actor, declared, document, now),
        may_replace=open_to and may_replace(declared, document, actor),
    )


def _amendable(
    session: Session, actor: Actor, declared: DocumentType, document: Document, now: datetime
) -> dict[str, Any]:
    note = amended_by(declared)
    if note is None or not amending.theirs(note, document, actor):
        return {}
    refused = amending.refusal(session, actor, note, document, now)
    until = spans.limit(session, note, document) if note.span and note.span.closes else None
    return {
        "may_amend": refused is None,
        "amend_until": until if refused is None else None,
        "amend_closed": refused.sentence if isinstance(refused, amending.Closed) else None,
    }


_NO_FIT = Text(
    "Loại hồ sơ không hợp với hồ sơ được nêu. Xem lại type và about hoặc replaces.",
    "The type does not go with the document named. Look at type and about, or replaces.",
)
_BEGUN = Text(
    "Đang có “{title}” chưa xong. Mở bản đó để làm tiếp.",
    "“{title}” is begun and not finished. Open it to go on.",
)


_NO_NOTES = Text(
    "Không lập thêm hồ sơ nào về loại hồ sơ này.",
    "No other record is drawn up about one of this type.",
)
_NOT_THE_AUTHOR = Text(
    "Chỉ người soạn hồ sơ này làm được việc đó. Nhắn người soạn nếu cần.",
    "Only the author of this record can do that. Ask the author where needed.",
)
_NOT_APPROVED = Text(
    "Hồ sơ chưa được ký duyệt nên còn sửa trực tiếp được: rút lại, hoặc chờ trả lại rồi sửa.",
    "The record is not approved yet, so it can still be changed itself: withdraw it, or wait for a return.",
)
_REPLACED = Text(
    "Hồ sơ này đã được thay bằng bản khác. Mở bản thay thế để làm việc đó.",
    "This record has been replaced by another. Open the other one to do that.",
)
