"""Writing before any decision: making a document, saving its draft. Autosaves wake nobody.

A save is a compare-and-set on `content_version`; it never touches the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from flows import citing, decide, spans
from flows.bodies import declared_for
from flows.catalogue import type_of
from flows.facts import due_of, facts_of
from flows.grammar import DocumentType, Draft
from flows.links import ABOUT, REPLACES, Links, links_of, parts_of
from flows.office import Office
from flows.people import Actor, GroupHead, Subject
from flows.posts import known_of
from models.account import Account
from models.document import Document, DocumentImage, DocumentLink
from models.errors import Fault, Invalid, NotFound, NotYours, Stale, WrongStep
from models.indexing import index
from models.text import Text

NO_LINKS = Links()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Whom a record the system makes is about, and the group that belongs to.

    `beside` writes what goes with its content, in the transaction that stores it.
    """

    concerned_id: str | None = None
    group_id: str | None = None
    beside: Callable[[Session, Document], None] | None = None


def create(
    office: Office,
    actor: Actor,
    slug: str,
    raw: Mapping[str, Any],
    *,
    source: Document | None = None,
    links: Links = NO_LINKS,
    recorded: Recorded | None = None,
    concerned_id: str = "",
) -> Document:
    """A new draft of this person's; `raw` holds at least the fields that make it unique.

    `source`: the record its content was copied from (`flows/copying.py`), which it then cites. `recorded`:
    the system makes it, of what was recorded elsewhere; without that such a type is refused.
    `concerned_id`: the account it is about, of this school and not its author.

    NotYours when the type is not this person's to draft; Invalid when a field that names it (its week) is
    missing or another document of the same name exists already. Who may begin one with `links` is asked in
    `flows/succession.py`.
    """
    declared = type_of(slug)
    now = office.now()
    with office.db.write() as session:
        earlier = session.get(Document, links.about or links.replaces or "")
        group_id = _group_for(declared, actor, earlier)
        if declared.recorded and recorded is None:
            raise NotYours(_MADE_ELSEWHERE)
        if declared.amends and not links.about:
            raise Invalid(_ABOUT_WHAT, (Fault("about", _ABOUT_WHAT),))
        known = known_of(session, actor, parts_of(session, links.about), now)
        values, faults = declared.form.read(raw, known)
        wanted = {declared.week_field, *declared.unique_by} - {""}
        wrong = tuple(
            f for f in faults if f.path in wanted or (f.path == declared.last_week_field and not f.missing)
        )
        if wrong:
            sentence = _NO_WEEK if wrong[0].path in wanted else wrong[0].sentence
            raise Invalid(sentence, wrong)
        document = Document(
            school_id=actor.school_id,
            type=slug,
            type_version=declared.version,
            owner_id=actor.id,
            concerned_id=recorded.concerned_id
            if recorded
            else _concerned(earlier, actor) or _about_whom(session, declared, actor, concerned_id),
            group_id=recorded.group_id if recorded else earlier.group_id if earlier else group_id,
            title=declared.name.vi,
            fields=values,
            created_at=now,
            updated_at=now,
        )
        _derive(session, declared, document, values, now, links)
        twin = _twin(session, document)
        if twin is not None:
            raise _exists(declared, twin)
        session.add(document)
        try:
            session.flush()
        except IntegrityError as error:  # another tab was quicker
            raise _exists(declared, None) from error
        index(session.connection(), document.id)
        _link(session, document, links)
        if source is not None:
            citing.cite(session, document, source, citing.texts_of(values), now)
            session.flush()
        about = {"concerned": document.concerned_id} if document.concerned_id else {}
        begun = citing.recorded(session, document.id) | _linked(links) | about
        decide.begin(session, document, actor, now, begun)
        if recorded and recorded.beside:
            session.flush()
            recorded.beside(session, document)
        return document


def about(actor: Actor, declared: DocumentType, document: Document, now: datetime) -> Document:
    """A draft about this document as it would begin; stored nowhere."""
    return Document(
        school_id=actor.school_id,
        type=declared.slug,
        owner_id=actor.id,
        concerned_id=_concerned(document, actor),
        group_id=document.group_id,
        title=declared.name.vi,
        created_at=now,
        updated_at=now,
    )


def _concerned(earlier: Document | None, actor: Actor) -> str | None:
    """A record about another one is about the same person; where that person writes it, about its author."""
    if earlier is None or earlier.concerned_id is None:
        return None
    return earlier.concerned_id if earlier.concerned_id != actor.id else earlier.owner_id


def _about_whom(session: Session, declared: DocumentType, actor: Actor, account_id: str) -> str | None:
    """Whom a document is about, as its row holds it; Invalid where that is nobody who could respond."""
    if not account_id and not declared.about_someone:
        return None
    account = session.get(Account, account_id)
    known = account is not None and account.school_id == actor.school_id and account.active
    if not known or account_id == actor.id:
        raise Invalid(_ABOUT_WHOM, (Fault("concerned", _ABOUT_WHOM, missing=not account_id),))
    return account_id


_ABOUT_WHOM = Text(
    "Chọn người được nêu trong hồ sơ: một người khác đang làm việc ở trường.",
    "Choose whom the record is about: another person who works at the school.",
)
_NO_WEEK = Text("Chọn tuần trước khi soạn.", "Choose the week before writing.")


def _linked(links: Links) -> dict[str, str]:
    """The links as the first event keeps them."""
    found = {ABOUT: links.about, REPLACES: links.replaces}
    return {kind: other for kind, other in found.items() if other}


def _link(session: Session, document: Document, links: Links) -> None:
    """Store the links, and the pictures the text of a successor already uses."""
    session.add_all(
        DocumentLink(document_id=document.id, kind=kind, other_id=other, school_id=document.school_id)
        for kind, other in _linked(links).items()
    )
    if links.replaces:
        pictures = session.exec(
            select(DocumentImage).where(col(DocumentImage.document_id) == links.replaces)
        ).all()
        session.add_all(
            DocumentImage(
                document_id=document.id,
                sha256=picture.sha256,
                school_id=document.school_id,
                media_type=picture.media_type,
            )
            for picture in pictures
        )


def save(
    office: Office,
    actor: Actor,
    document_id: str,
    content_version: int,
    raw: Mapping[str, Any],
    *,
    copied: Iterable[Document] = (),
    recorded: Recorded | None = None,
) -> tuple[Document, tuple[Fault, ...]]:
    """Keep what was typed; the faults say what a submit would refuse. `copied`: records lessons came from.

    `recorded`: the system writes it anew, of what was recorded elsewhere.

    Stale when the draft was saved elsewhere meanwhile; WrongStep once it is submitted.
    """
    now = office.now()
    with office.db.write() as session:
        document = session.get(Document, document_id)
        if document is None or document.school_id != actor.school_id or document.owner_id != actor.id:
            raise NotFound
        declared = declared_for(session, document)
        ensure_draft(declared, document, recorded=recorded is not None)
        links = links_of(session, document_id)
        known = known_of(session, actor, parts_of(session, links.about), now)
        values, faults = declared.form.read(raw, known)
        # Beside a file the form asks less; what it does not ask stays.
        values = declared.form.over(values, document.fields)
        if values == document.fields and content_version == document.content_version:
            return document, faults
        session.expunge(document)  # what is derived below is written by the compare-and-set alone
        _derive(session, declared, document, values, now, links)
        twin = _twin(session, document)
        if twin is not None:
            raise _exists(declared, twin)
        changed = session.exec(
            update(Document)
            .where(col(Document.id) == document_id, col(Document.content_version) == content_version)
            .values(
                fields=values,
                content_version=content_version + 1,
                title=document.title,
                week_id=document.week_id,
                last_week_id=document.last_week_id,
                unique_key=document.unique_key,
                due_at=document.due_at,
                updated_at=now,
            )
            .execution_options(synchronize_session=False)
        )
        if changed.rowcount != 1:
            raise Stale(
                Text(
                    "Bản nháp này đã được lưu ở một cửa sổ khác. Nội dung vừa gõ còn trên trang này: "
                    "so lại rồi lưu lần nữa.",
                    "This draft was saved in another window. What was typed is still on this page: "
                    "compare, then save again.",
                )
            )
        for source in copied:
            citing.cite(session, document, source, citing.texts_of(values), now)
        index(session.connection(), document_id)
        saved = session.get_one(Document, document_id)
        if recorded and recorded.beside:
            recorded.beside(session, saved)
        return saved, faults


def ensure_draft(declared: DocumentType, document: Document, *, recorded: bool = False) -> None:
    """WrongStep unless the document is being written: by a person, or `recorded` by the system."""
    if declared.recorded and not recorded:
        raise WrongStep(_MADE_ELSEWHERE)
    if document.step and isinstance(declared.step(document.step), Draft):
        return
    if document.status == "withdrawn":
        raise WrongStep(_WITHDRAWN)
    raise WrongStep(_APPROVED if document.approved_at else _SUBMITTED)


_SUBMITTED = Text(
    "Hồ sơ đã trình, không sửa trực tiếp được nữa. Muốn sửa thì chờ trả lại.",
    "The record is submitted and cannot be edited now; it can be again once it is returned.",
)
_APPROVED = Text(
    "Hồ sơ đã được ký duyệt, không sửa được nữa. Cần đổi thì mở hồ sơ và lập bản thay thế.",
    "The record is approved and can no longer be edited. To change it, open the record and replace it.",
)
_WITHDRAWN = Text(
    "Hồ sơ này đã rút lại nên không sửa được nữa. Nội dung đã lưu vẫn xem được ở trang hồ sơ.",
    "The record was withdrawn and can no longer be edited. What was saved still stands on its page.",
)


def _group_for(declared: DocumentType, actor: Actor, earlier: Document | None = None) -> str | None:
    """The group a new document of this person belongs to; NotYours when the type is not theirs to draft."""
    if isinstance(declared.drafted_by, GroupHead):
        if actor.heads:
            return min(actor.heads)
    elif declared.drafted_by.allows(
        actor,
        Subject(
            school_id=actor.school_id, owner_id="", concerned_id=earlier.concerned_id if earlier else None
        ),
    ):
        return min(actor.groups, default=None)
    raise NotYours(
        Text(
            "Loại hồ sơ này do {who} soạn.",
            "This type of record is drafted by the {who}.",
        ).format(who=Text(declared.drafted_by.name.vi.lower(), declared.drafted_by.name.en.lower()))
    )


def may_draft(declared: DocumentType, actor: Actor) -> bool:
    """Is this type this person's to draft, by itself? One that amends another begins at the other."""
    if declared.amends or declared.recorded:
        return False
    try:
        _group_for(declared, actor)
    except NotYours:
        return False
    return True


def _derive(
    session: Session,
    declared: DocumentType,
    document: Document,
    values: Mapping[str, Any],
    now: datetime,
    links: Links,
) -> None:
    """Title, weeks, due time and uniqueness follow from the fields, or from the document it is about."""
    facts = facts_of(session, document, now, links)
    held = document.week_id, document.last_week_id, document.due_at
    about = session.get(Document, links.about) if links.about else None
    if about is not None:
        document.week_id, document.last_week_id = about.week_id, about.last_week_id
    else:
        week = values.get(declared.week_field) or None
        document.week_id = week if week in facts.weeks else None
        last = values.get(declared.last_week_field) if declared.last_week_field else week
        document.last_week_id = last if last in facts.weeks else document.week_id
    if document.week_id or about is not None or not declared.week_field:
        document.title = declared.title(values, facts)[:300]
    document.due_at = due_of(session, declared, document.school_id, values)
    if about is not None and declared.span is not None:
        document.due_at = spans.limit(session, declared, about)
    if document.first_signed_at is not None and (document.week_id, document.last_week_id) == held[:2]:
        document.due_at = held[2]  # what was signed keeps the limit it was held to (law 8)
    document.unique_key = unique_key(declared, document.owner_id, values)
    replaced = session.get(Document, links.replaces) if links.replaces else None
    if replaced is None:
        return
    if document.unique_key == unique_key(declared, replaced.owner_id, replaced.fields):
        # It stands for the same week: beside the one it replaces, and once for each.
        document.unique_key = f"replaces:{replaced.id}"
    if (document.week_id, document.last_week_id) == (replaced.week_id, replaced.last_week_id):
        document.due_at = None  # the limit was for the first; a correction is not late (law 8)


def unique_key(declared: DocumentType, owner_id: str, values: Mapping[str, Any]) -> str | None:
    if not declared.unique_by:
        return None
    parts = (owner_id if f == "owner" else str(values.get(f)) for f in declared.unique_by)
    return ":".join((declared.slug, *parts))


_MADE_ELSEWHERE = Text(
    "Hồ sơ loại này do hệ thống lập từ những gì đã ghi; không soạn, không sửa bằng tay.",
    "The system makes such a record of what was recorded; nobody drafts or edits it by hand.",
)
_ABOUT_WHAT = Text(
    "Bản điều chỉnh này ghi cho một hồ sơ đã ký duyệt: mở hồ sơ đó rồi bắt đầu từ đấy.",
    "This note is about an approved record: open that record and begin there.",
)


def _twin(session: Session, document: Document) -> Document | None:
    if document.unique_key is None:
        return None
    return session.exec(
        select(Document).where(
            col(Document.school_id) == document.school_id,
            col(Document.unique_key) == document.unique_key,
            col(Document.id) != document.id,
        )
    ).first()


def _exists(declared: DocumentType, twin: Document | None) -> Invalid:
    title = twin.title if twin else declared.name.vi
    sentence = Text(
        "Đã có “{title}”: mỗi tuần chỉ lập một. Mở hồ sơ đó để soạn tiếp.",
        "“{title}” exists already: one for each week. Open it to go on.",
    ).format(title=title)
    return Exists(sentence, (Fault(declared.week_field, sentence),), twin.id if twin else None)


class Exists(Invalid):
    """There is one already; `document_id` leads to it."""

    def __init__(self, sentence: Text, faults: tuple[Fault, ...], document_id: str | None) -> None:
        super().__init__(sentence, faults)
        self.document_id = document_id
