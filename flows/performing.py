"""What must be made before a decision can be written: a submit's frozen PDF, an approval's signature.

No transaction is open while something is rendered or signed. What is made and then not used (someone else
was quicker) is a file nobody names; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import bindparam, or_, update
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from flows import admitting, bodies, citing, keyring, measures, numbers, plan, stamps
from flows.authority import authority, basis
from flows.candidates import standing_in, today
from flows.commands import Command, Here, Made
from flows.contents import digest, frozen_digest
from flows.facts import facts_of
from flows.grammar import DocumentType, Facts, Step
from flows.links import known_for
from flows.numbers import written_date
from flows.office import Office
from flows.posts import actor_of, issuer_of
from flows.wording import filled, refuse, words_of
from models.account import Account
from models.document import Document, DocumentImage, Revision, Signature
from models.errors import BadPin, Fault, Invalid, Locked, NotFound, RecordsError
from models.key import SigningKey
from models.settings import VIETNAM
from models.statements import ask, change
from models.text import Text
from models.upload import Upload
from tasks import rendering
from tasks.assembling import assemble
from tasks.certificates import Trust
from tasks.keys import check_form
from tasks.rich_text import images
from tasks.signing import Signed, SignRequest, prepare


class OpenKey(Protocol):
    """One item of a signing round: a key that is open already, and the item's own row.

    `fingerprint` is of the certificate whose key is open. `begun` and `stood` write into the lease's and the
    decision's transaction, so an item costs two.
    """

    @property
    def fingerprint(self) -> str: ...
    def sign(self, request: SignRequest) -> Signed: ...
    def begun(self, session: Session) -> None: ...
    def stood(self, session: Session) -> None: ...


LEASE = timedelta(seconds=30)


def perform(office: Office, here: Here, step: Step, command: Command, key: OpenKey | None) -> Made:
    """Make what the action needs at this step. Refusals leave nothing behind."""
    if command.action == "submit":
        return freeze(office, here)
    if plan.decides(step, command.action):
        return sign(office, here, step, command, key)
    if command.action == plan.REFUSE:
        return refuse(office, here, step, command)
    return Made()


# --- submit ----------------------------------------------------------------------------------------------


def freeze(office: Office, here: Here) -> Made:
    """Check the form whole, lay it out, make the signature fields: the file that will be signed."""
    document, declared = here.document, here.declared
    with office.db.read() as session:
        bodies.refuse_while_converting(session, document.id)
        body = bodies.body_of(session, document.id)
        known = known_for(session, document, office.now())
        values, faults = declared.form.read(document.fields, known)
        if faults:
            raise Invalid(_incomplete(faults), faults)
        facts = facts_of(session, document, office.now())
        pictures = _pictures(session, document, values)
        based_on = citing.recorded(session, document.id)
    rendered = _rendered(office, declared, values, facts, pictures, body)
    if rendered.replaced:  # not of the form, which names its own: a file's, a person's, a class's name
        sentence = _UNPRINTABLE.format(lost=" ".join(rendered.replaced))
        raise Invalid(sentence, (Fault("file" if body else "", sentence),))
    pdf = rendered.pdf if body else prepare(rendered.pdf, rendered.boxes)
    blob = office.blobs.put(pdf)
    file = {"file": body.sha256} if body else {}
    asked = {name: values.get(name) for name in sorted(declared.asked)}
    frozen = {
        "fields": values,
        "title": document.title,
        "pdf": blob,
        "pages": rendered.pages,
        "parts": dict(rendered.parts),
        "boxes": {box.name: list(box.rect) for box in rendered.boxes},
        "body": bodies.frozen(body) if body else None,
    }
    covered = {"draft": digest(document.fields), "frozen": frozen_digest(document.type, frozen)}
    return Made(
        output_blob=blob,
        content_version=document.content_version,
        data={"content_version": document.content_version, "pages": rendered.pages}
        | covered
        | based_on
        | _citation(facts)
        | file
        | ({"values": asked} if asked else {}),
        frozen=frozen,
    )


def _citation(facts: Facts) -> dict[str, Any]:
    """What the paper cites, kept in the event too: another document's revision and its approved file."""
    if facts.about is None:
        return {}
    about = facts.about
    return {"about": about.document_id, "revision": about.revision, "sha256": about.approved_sha256}


def _rendered(
    office: Office,
    declared: DocumentType,
    values: Mapping[str, Any],
    facts: Facts,
    pictures: set[str],
    body: Upload | None,
) -> rendering.Rendered:
    """Laid out by the type's own layout, or cover and signing sheet around an uploaded file's pages.

    The latter has its signature fields already: only a child reads foreign pages.
    """
    data = _data(declared, values, facts)
    if body is not None and body.pdf:
        around = {**data, "file": bodies.printed(body)}
        return office.intake.submit(assemble, around, office.blobs.get(body.pdf))
    made = {name: office.blobs.get(name) for name in pictures}
    return office.intake.submit(rendering.render, declared.layout, data, made)


def preview(office: Office, here: Here) -> rendering.Rendered:
    """The pages of a draft as they are now, faults or not; kept nowhere."""
    document, declared = here.document, here.declared
    with office.db.read() as session:
        known = known_for(session, document, office.now())
        values, faults = declared.form.read(document.fields, known)
        wrong = tuple(f for f in faults if not f.missing)
        if document.week_id is None or wrong:
            raise Invalid(_incomplete(wrong or faults), wrong or faults)
        facts = facts_of(session, document, office.now())
        pictures = _pictures(session, document, values)
        body = bodies.body_of(session, document.id)
    return _rendered(office, declared, values, facts, pictures, body)


def _data(declared: DocumentType, values: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """What the layout is fed with; every layout knows where to name what a record is based on."""
    return declared.lay_out(values, facts) | {"based_on": list(facts.based_on)}


def _incomplete(faults: tuple[Fault, ...]) -> Text:
    return Text(
        f"Còn {len(faults)} chỗ cần điền hoặc sửa trước khi trình. Nội dung đã lưu.",
        f"{len(faults)} places must be filled in or mended before submitting. The draft is kept.",
    )


_UNPRINTABLE = Text(
    "Chưa trình: tên tệp hoặc tên người, lớp, trường trên hồ sơ có ký tự không in được: {lost}. Đổi tên tệp "
    "rồi tải lên lại, hoặc nhờ quản trị sửa tên.",
    "Not submitted: the name of the file, of a person, a class or the school has characters that cannot be "
    "printed: {lost}. Rename the file and upload it again, or ask the administrator to mend the name.",
)


def _pictures(session: Session, document: Document, values: Mapping[str, Any]) -> set[str]:
    """Pictures the text uses, of those uploaded for this very document: a hash alone opens nothing."""
    own = set(
        session.exec(select(DocumentImage.sha256).where(col(DocumentImage.document_id) == document.id)).all()
    )
    return {name for text in _texts(values.values()) for name in images(text)} & own


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            if "image:" in value:
                yield value
        elif isinstance(value, Mapping):
            yield from _texts(value.values())
        elif isinstance(value, list):
            yield from _texts(value)


# --- signatures ------------------------------------------------------------------------------------------


def sign(office: Office, here: Here, step: Step, command: Command, key: OpenKey | None) -> Made:
    """Make one signature under a short lease on the document; the caller releases it.

    Who may not sign with the certificate they have is refused before the lease: nothing is written.
    """
    opened = key.fingerprint if key else None
    held, trust = admitting.admitted(office, command.actor.id, admitting.purpose_of(step), opened)
    leased = lease(office, here, step, command, key)
    try:
        return replace(_sign(office, here, step, command, key, held, trust), leased=leased)
    except BaseException:
        with office.db.write() as session:
            release(session, here.document.id, command.actor.id)
        raise


def lease(office: Office, here: Here, step: Step, command: Command, key: OpenKey | None) -> bool:
    """Take the document for signing; Locked while someone else is signing it.

    False, and nothing is taken, while somebody signs at another part of the same group: whoever is later
    signs again on the other's file.
    """
    now = office.now()
    with office.db.write() as session:
        taken = change(
            session,
            _LEASED,
            of_document=here.document.id,
            at_version=here.document.version,
            now=now,
            until=now + LEASE,
            who=command.actor.id,
        )
        mine = taken == 1
        if mine or _beside(session, here, step, now):
            if key:
                key.begun(session)
            return mine
        present = session.get_one(Document, here.document.id)
        person = session.get(Account, present.signing_by) if present.signing_by else None
    raise Locked(
        Text(
            "{who} đang ký hồ sơ này. Đợi vài giây rồi tải lại trang.",
            "{who} is signing this record. Wait some seconds, then reload the page.",
        ).format(who=person.full_name if person else Text("Người khác", "Someone else"))
    )


_LEASED = (
    update(Document)
    .where(
        col(Document.id) == bindparam("of_document"),
        col(Document.version) == bindparam("at_version"),
        or_(
            col(Document.signing_until).is_(None),
            col(Document.signing_until) < bindparam("now"),
            col(Document.signing_by) == bindparam("who"),
        ),
    )
    .values(signing_until=bindparam("until"), signing_by=bindparam("who"))
)


def _beside(session: Session, here: Here, step: Step, now: datetime) -> bool:
    """Does whoever holds the lease sign at another part of the same group, or did just now?"""
    if not here.position.grouped:
        return False
    present = session.get_one(Document, here.document.id)
    if present.signing_by is None or present.version != here.document.version:
        return True
    try:
        holder = standing_in(session, actor_of(session, present.signing_by), now)
    except NotFound:  # they left while it was theirs: nothing comes of it
        return True
    return plan.standing(here.position, step, holder, here.subject) is None


def release(session: Session, document_id: str, actor_id: str) -> None:
    """Give the lease back when no decision came of it; a decision ends the lease itself."""
    session.exec(
        update(Document)
        .where(col(Document.id) == document_id, col(Document.signing_by) == actor_id)
        .values(signing_until=None, signing_by=None)
    )


# SQLModel gives a column the type of its value.
_WITHOUT_TEXT = defer(Revision.fields, raiseload=True)  # type: ignore[arg-type]


def _sign(
    office: Office,
    here: Here,
    step: Step,
    command: Command,
    open_key: OpenKey | None,
    key: SigningKey,
    trust: Trust,
) -> Made:
    now = office.now()
    with office.db.read() as session:
        account = session.get_one(Account, command.actor.id)
        frozen = (here.document.id, here.position.revision)
        revision = session.get_one(Revision, frozen, options=[_WITHOUT_TEXT])
        input_blob = _input(session, here, revision)
        issuer = issuer_of(session, here.document.school_id, now.astimezone(VIETNAM).date())
        told = words_of(session, here, step, command)
        look = stamps.look_of(session, here, step, account, revision)
    standing = plan.standing(here.position, step, command.actor, here.subject)
    assert standing is not None
    lines = authority(here.declared, step, command.actor, here.subject, issuer.name, standing, account.post)
    paper = basis(standing.cover)
    number = numbers.reserve(office, here.document, step.numbers, now) if step.numbers else None
    dated = {"number": number, "date": written_date(today(now))} if number else {}
    field = plan.field_of(step)
    written = paper.vi if paper else ""
    stamp, shown = stamps.draw(office, step, revision.boxes[field], account, lines, written, look, now)
    request = SignRequest(
        pdf=office.blobs.get(input_blob),
        field=field,
        certificate=key.certificate,
        owner=account.id,
        trust=trust,
        now=now,
        reason=step.label.vi,
        location=issuer.place,
        stamp=stamp,
        texts=filled(office, revision, dated | told),
        certify=not here.position.signed,  # whoever signs first; no field changes but as was foreseen
    )
    with measures.SIGNING.time():
        signed = open_key.sign(request) if open_key else _with_pin(office, key, request, command, now)
    return Made(
        input_blob=input_blob,
        output_blob=office.blobs.put(signed.pdf),
        signature={
            "authority": " / ".join(lines),
            "certificate": signed.certificate_fingerprint,
            "signed_at": signed.signed_at,
        },
        data={
            "certificate": signed.certificate_fingerprint,
            "authority": " / ".join(lines),
            "signed_at": signed.signed_at.astimezone(UTC).isoformat(),
        }
        | shown
        | ({"number": number} if number else {})
        | ({"arrived": command.arrived.isoformat()} if not here.document.first_signed_at else {}),
        number=number,
    )


def _input(session: Session, here: Here, revision: Revision) -> str:
    """The file this step signs: the last signature's of this revision, else the frozen one."""
    if not here.position.signed:
        return revision.pdf
    asked = {
        "of_document": here.document.id,
        "of_revision": here.position.revision,
        "of_step": here.position.signed[-1],
    }
    [(last,)] = ask(session, _SIGNED, **asked)
    return str(last)


_SIGNED = select(Signature.output_blob).where(
    col(Signature.document_id) == bindparam("of_document"),
    col(Signature.revision) == bindparam("of_revision"),
    col(Signature.step) == bindparam("of_step"),
)


def _with_pin(
    office: Office, key: SigningKey, request: SignRequest, command: Command, now: datetime
) -> Signed:
    if command.pin is None or not command.pin.reveal():
        sentence = Text("Nhập mã PIN chữ ký (6 số).", "Type the signature PIN (6 digits).")
        raise Invalid(sentence, (Fault("pin", sentence, missing=True),))
    check_form(command.pin)
    try:
        signed = office.signers.sign(request, key.protected, command.pin)
    except BadPin:
        refusal: RecordsError = keyring.pin_failed(office.db, key.id, now)
        raise refusal from None
    keyring.pin_worked(office.db, key.id, now)  # always: guesses made at the same time may have begun a pause
    return signed
