"""An upload that is whole becomes the draft's body, or rows of its form; converted once, by whom it may be.

A web process claims the oldest that waits (`convert_next`); when it dies, its claim runs out and another goes
on, and a file during which that happened too often is refused. What becomes the body raises the draft's
`content_version`, as any other save.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import Session, col, delete, select

from flows.bodies import saved
from flows.catalogue import type_of
from flows.grammar import UploadedBody
from flows.leases import alive
from flows.office import Office
from flows.people import Actor
from flows.posts import actor_of, known_of
from flows.uploads import own_draft
from models.document import Document, DocumentImage
from models.errors import Invalid, NoRoom, RecordsError, TooLarge, Unavailable
from models.statements import ask
from models.text import Text
from models.upload import Upload
from tasks import libreoffice, recognising
from tasks.converting import Converted, convert
from tasks.pools import IntakePool, JobFailed, OutOfTime
from tasks.recognising import Kind

ATTEMPTS = 3
"""A file during whose conversion the process died so often is refused."""
GRACE = 2.0
"""Seconds beyond its time in which a child may still say itself that the time is over."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An upload this process is to convert, and what its type can do with text."""

    upload: Upload
    body: UploadedBody


def convert_next(office: Office, pool: IntakePool) -> bool:
    """Convert one waiting upload, if there is one; what came of it stands in its row."""
    claimed = _claim(office)
    if claimed is None:
        return False
    upload, seconds = claimed.upload, office.settings.convert_seconds
    program = libreoffice.find(office.settings.libreoffice)
    try:
        made = pool.submit_within(
            seconds + GRACE,
            convert,
            office.blobs.get(upload.sha256),
            cast("Kind", upload.kind),
            program,
            float(seconds),
            text=claimed.body.take_over is not None,
        )
        _settle(office, claimed, made)
    except OutOfTime:
        _refuse(office, upload, TooLarge(libreoffice.too_slow(seconds)))
    except NoRoom:
        _put_back(office, upload, counted=False)
    except Unavailable:
        _put_back(office, upload)
    except RecordsError as refusal:
        _refuse(office, upload, refusal)
    except (JobFailed, OSError):
        _refuse(office, upload, Invalid(recognising.DAMAGED))
    finally:
        if program:
            libreoffice.sweep_sockets()
    return True


def waits(office: Office) -> bool:
    """Is there an upload to be converted that nobody holds?"""
    with office.db.read() as session:
        return bool(ask(session, _ANY)) and _oldest(session, office) is not None


_ANY = select(Upload.id).where(col(Upload.state).in_(("waiting", "converting"))).limit(1)
"""Asked every few seconds, nearly always in vain: whose it is, is asked after."""


def _open(session: Session, office: Office) -> tuple[ColumnElement[bool], ...]:
    """Whole, and held by nobody: never claimed, for a time that is over, or by a process that died."""
    now = office.now()
    living = [*(beat.name for beat in alive(session, "web", now)), office.name]
    free = or_(
        col(Upload.claimed_until).is_(None),
        col(Upload.claimed_until) < now,
        and_(col(Upload.state) == "converting", col(Upload.claimed_by).not_in(living)),
    )
    return col(Upload.state).in_(("waiting", "converting")), free


def _oldest(session: Session, office: Office) -> str | None:
    return session.exec(
        select(Upload.id).where(*_open(session, office)).order_by(col(Upload.updated_at))
    ).first()


def _claim(office: Office) -> Claimed | None:
    now = office.now()
    with office.db.read() as session:
        oldest = _oldest(session, office)
    if oldest is None:
        return None
    with office.db.write() as session:
        taken = session.exec(
            update(Upload)
            .where(col(Upload.id) == oldest, *_open(session, office))
            .values(
                state="converting",
                attempts=col(Upload.attempts) + 1,
                claimed_by=office.name,
                claimed_until=now + timedelta(seconds=office.settings.convert_seconds + 60),
                updated_at=now,
            )
        )
        upload = session.get(Upload, oldest, populate_existing=True)
        if taken.rowcount != 1 or upload is None:
            return None
        document = session.get_one(Document, upload.document_id)
        body = type_of(document.type).body
    if upload.attempts > ATTEMPTS:
        _refuse(office, upload, Invalid(_GIVEN_UP))
        return _claim(office)
    assert body is not None
    return Claimed(upload, body)


def _refuse(office: Office, upload: Upload, refusal: RecordsError) -> None:
    with office.db.write() as session:
        session.exec(
            update(Upload)
            .where(col(Upload.id) == upload.id, col(Upload.attempts) == upload.attempts)
            .values(
                state="refused",
                too_large=isinstance(refusal, TooLarge),
                sentence_vi=refusal.sentence.vi,
                sentence_en=refusal.sentence.en,
                claimed_until=None,
                updated_at=office.now(),
            )
        )


def _put_back(office: Office, upload: Upload, *, counted: bool = True) -> None:
    """No child could do it; the next look tries again. A full disk is not `counted`."""
    with office.db.write() as session:
        session.exec(
            update(Upload)
            .where(col(Upload.id) == upload.id, col(Upload.attempts) == upload.attempts)
            .values(
                state="waiting",
                attempts=upload.attempts if counted else upload.attempts - 1,
                claimed_until=office.now() + timedelta(seconds=5),
            )
        )


def _settle(office: Office, claimed: Claimed, made: Converted) -> None:
    """Attach what was made: as the body, or as rows of the form."""
    pdf = office.blobs.put(made.pdf) if made.pdf is not None else None
    if made.taken:
        for content in made.taken.images.values():
            office.blobs.put(content)
    now, upload = office.now(), claimed.upload
    try:
        with office.db.write() as session:
            present = session.get(Upload, upload.id)
            if present is None or present.attempts != upload.attempts:
                return  # the author gave it up, or another process took it over
            actor = actor_of(session, upload.account_id)
            document = own_draft(session, actor, upload.document_id)
            present.removed, present.warnings = list(made.removed), list(made.warnings)
            present.claimed_until, present.updated_at = None, now
            # Whatever it becomes, it takes the place of the file before: else that one would be signed.
            session.exec(
                delete(Upload).where(col(Upload.document_id) == document.id, col(Upload.state) == "ready")
            )
            if pdf:
                present.state, present.pdf, present.pages = "ready", pdf, made.pages
                present.words = made.words
                saved(session, document, now)
            else:
                present.state = "taken"
                present.lessons = _take_over(session, claimed.body, actor, document, made, now)
    except RecordsError as refusal:
        _refuse(office, upload, refusal)


def _take_over(
    session: Session, body: UploadedBody, actor: Actor, document: Document, made: Converted, now: datetime
) -> int:
    """Put the text's rows after those that were written; the number of new rows."""
    assert body.take_over is not None and made.taken is not None
    known, declared = known_of(session, actor), type_of(document.type)
    found = body.take_over(made.taken.blocks, known)
    written = [row for row in document.fields.get(body.into) or [] if _is_written(row)]
    values, _ = declared.form.read(dict(document.fields) | {body.into: [*written, *found]}, known)
    held = set(
        session.exec(select(DocumentImage.sha256).where(col(DocumentImage.document_id) == document.id)).all()
    )
    for sha256, content in made.taken.images.items():
        if sha256 not in held:
            kind = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
            session.add(
                DocumentImage(
                    document_id=document.id, sha256=sha256, school_id=document.school_id, media_type=kind
                )
            )
    saved(session, document, now, fields=values)
    return len(found)


def _is_written(row: Mapping[str, Any]) -> bool:
    """Does this row hold more than what a new form starts with?"""
    for name, value in row.items():
        if isinstance(value, list):
            if any(value_ for part in value for key, value_ in part.items() if key not in ("id", "name")):
                return True
        elif value and name != "id":
            return True
    return False


_GIVEN_UP = Text(
    "Chuyển đổi tệp này đã hỏng nhiều lần nên dừng lại. Mở tệp bằng Word, chọn Lưu thành → PDF, rồi tải "
    "tệp PDF lên.",
    "Converting this file failed several times and was given up. Open it in Word, save it as PDF, and "
    "upload that.",
)
