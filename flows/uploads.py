"""Taking a file in: piece by piece, going on after a broken line or a reload, or in one request.

Partial files belong to an account and a document, are few and small in sum, and are swept when old. When a
file is whole it waits, as a row, to be converted (`flows/conversions.py`). Nothing here touches a step.
"""

from __future__ import annotations

import os
import unicodedata
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import update
from sqlmodel import Session, col, delete, func, select

from flows import drafts
from flows.bodies import body_of, saved
from flows.catalogue import type_of
from flows.office import Office
from flows.people import Actor
from models.document import Document
from models.errors import Invalid, NotFound, RecordsError, Stale, TooLarge, Unavailable, WrongStep
from models.text import Text
from models.upload import Upload
from tasks import recognising
from tasks.partial_files import PartialFiles

CHUNK = 1024 * 1024
"""Bytes the browser sends at once; more in one piece is refused."""
MOST_CHUNK = 4 * CHUNK
MOST_PARTIAL = 5
"""Unfinished uploads of one account, each of another document."""
MOST_BYTES = 3 * 1024**3
"""Bytes all unfinished uploads of an installation may announce together."""
KEPT = timedelta(hours=24)
"""An unfinished upload nobody goes on with, and the word about a refused one."""


def begin(office: Office, actor: Actor, document_id: str, name: str, size: int, sha256: str) -> Upload:
    """An upload to send pieces of: the unfinished one of this very file, or a new one.

    NotFound for another's document, WrongStep once it is submitted, Invalid or TooLarge for a file that
    cannot be taken, Unavailable when there is no room. Another unfinished file of the document is dropped.
    """
    recognising.refuse_size(size)
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Invalid(_NO_SHA256)
    files, now = PartialFiles(office.settings.uploads), office.now()
    with office.db.write() as session:
        document = own_draft(session, actor, document_id)
        upload = session.exec(
            select(Upload).where(
                col(Upload.document_id) == document_id,
                col(Upload.account_id) == actor.id,
                col(Upload.state) == "receiving",
                col(Upload.sha256) == sha256,
                col(Upload.size) == size,
            )
        ).first()
        if upload is not None:
            upload.updated_at, upload.name = now, _plain_name(name)
            upload.received = files.length(upload.id, upload.received)
            return upload
        dropped = _drop_others(session, document_id)
        _refuse_too_many(session, actor, size)
        if not files.has_room(size):
            raise _full()
        upload = _new(document, actor, name, size, sha256, now)
        session.add(upload)
    for old in dropped:
        files.drop(old)
    return upload


def append(
    office: Office, actor: Actor, document_id: str, upload_id: str, offset: int, piece: bytes
) -> Upload:
    """Put the next piece. `Misplaced` when it does not begin where the last ended; then send from there.
    Invalid when it goes beyond the size that was announced.

    The piece that makes the file whole has it checked and put among those to be converted.
    """
    if len(piece) > MOST_CHUNK:
        raise TooLarge(LARGE_PIECE)
    with office.db.read() as session:
        upload = mine(session, actor, document_id, upload_id)
    if upload.state != "receiving":
        return upload
    files = PartialFiles(office.settings.uploads)
    there = files.length(upload_id, upload.received)
    if there < upload.received:
        _fall_back(office, upload, there)
    if offset != there:
        raise Misplaced(there)
    if offset + len(piece) > upload.size:
        raise Invalid(_CHANGED)
    files.write(upload_id, offset, piece)
    received, now = offset + len(piece), office.now()
    with office.db.write() as session:
        changed = session.exec(
            update(Upload)
            .where(
                col(Upload.id) == upload_id, col(Upload.received) == offset, col(Upload.state) == "receiving"
            )
            .values(received=received, updated_at=now)
        )
        upload = mine(session, actor, document_id, upload_id)
        if changed.rowcount != 1 and upload.state == "receiving":
            raise Misplaced(upload.received)
    return _whole(office, upload) if received == upload.size and changed.rowcount == 1 else upload


def receive(office: Office, actor: Actor, document_id: str, name: str, file: BinaryIO) -> Upload:
    """Take a file that came in one request; its state is `waiting` or `refused`. Refusals as of `begin`."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    recognising.refuse_size(size)
    files, now = PartialFiles(office.settings.uploads), office.now()
    if not files.has_room(size):
        raise _full()
    with office.db.write() as session:
        document = own_draft(session, actor, document_id)
        dropped = _drop_others(session, document_id)
        upload = _new(document, actor, name, size, "0" * 64, now)
    for old in dropped:
        files.drop(old)
    try:
        upload.received, upload.sha256 = files.fill(upload.id, file)
        with office.db.write() as session:
            session.add(upload)
    except BaseException:
        files.drop(upload.id)  # no row names it, and the disk may be full because of it
        raise
    return _whole(office, upload)


def _fall_back(office: Office, upload: Upload, there: int) -> None:
    """The end of a partial file is gone: with a power cut, or moved by a process that died right after."""
    with office.db.write() as session:
        session.exec(
            update(Upload)
            .where(
                col(Upload.id) == upload.id,
                col(Upload.received) == upload.received,
                col(Upload.state) == "receiving",
            )
            .values(received=there)
        )


def _whole(office: Office, upload: Upload) -> Upload:
    """The last piece is there: is it the file that was announced, and of a kind we take?

    NotFound when it was given up meanwhile. Two requests may get here with one upload: the first settles it.
    """
    files = PartialFiles(office.settings.uploads)
    values: dict[str, Any] = {"state": "waiting", "received": upload.size, "updated_at": office.now()}
    try:
        if files.digest(upload.id, upload.size) != upload.sha256:
            raise Invalid(_CHANGED)
        values["kind"] = recognising.recognise(files.head(upload.id, recognising.HEAD), upload.name)
        office.blobs.adopt(files.path(upload.id), upload.sha256)
    except RecordsError as refusal:
        files.drop(upload.id)
        values |= {
            "state": "refused",
            "too_large": isinstance(refusal, TooLarge),
            "sentence_vi": refusal.sentence.vi,
            "sentence_en": refusal.sentence.en,
        }
    except FileNotFoundError:
        values = {"updated_at": office.now()}
    with office.db.write() as session:
        session.exec(
            update(Upload)
            .where(col(Upload.id) == upload.id, col(Upload.state) == "receiving")
            .values(**values)
        )
        settled = session.get(Upload, upload.id, populate_existing=True)
    if settled is None:
        raise NotFound
    return settled


def remove(office: Office, actor: Actor, document_id: str) -> None:
    """Take the file away from the draft, whatever became of it; the form is asked whole again."""
    files = PartialFiles(office.settings.uploads)
    with office.db.write() as session:
        document = own_draft(session, actor, document_id)
        had = body_of(session, document_id) is not None
        dropped = session.exec(select(Upload.id).where(col(Upload.document_id) == document_id)).all()
        session.exec(delete(Upload).where(col(Upload.document_id) == document_id))
        if had:
            saved(session, document, office.now())
    for upload_id in dropped:
        files.drop(upload_id)


def stop(office: Office, actor: Actor, document_id: str, upload_id: str) -> None:
    """Give up an upload that is not the body, or put the word about it away."""
    with office.db.write() as session:
        upload = mine(session, actor, document_id, upload_id)
        if upload.state != "ready":
            session.delete(upload)
    PartialFiles(office.settings.uploads).drop(upload_id)


def own(session: Session, actor: Actor, document_id: str) -> Document:
    """A document of the actor's own; NotFound for anyone else's."""
    document = session.get(Document, document_id)
    if document is None or document.school_id != actor.school_id or document.owner_id != actor.id:
        raise NotFound
    return document


def own_draft(session: Session, actor: Actor, document_id: str) -> Document:
    """The actor's document while it is written and may have a file as its body."""
    document = own(session, actor, document_id)
    declared = type_of(document.type)
    drafts.ensure_draft(declared, document)
    if declared.body is None:
        raise WrongStep(
            Text(
                "Loại hồ sơ này soạn trên biểu mẫu, không nhận tệp tải lên.",
                "This type of record is written in its form; it takes no uploaded file.",
            )
        )
    return document


def mine(session: Session, actor: Actor, document_id: str, upload_id: str) -> Upload:
    """An upload of this account; NotFound for anyone else's."""
    upload = session.get(Upload, upload_id)
    if upload is None or (upload.account_id, upload.document_id) != (actor.id, document_id):
        raise NotFound
    return upload


def _new(document: Document, actor: Actor, name: str, size: int, sha256: str, now: datetime) -> Upload:
    return Upload(
        school_id=document.school_id,
        document_id=document.id,
        account_id=actor.id,
        name=_plain_name(name),
        size=size,
        sha256=sha256,
        created_at=now,
        updated_at=now,
    )


def _plain_name(name: str) -> str:
    """The file's name without folders (old browsers send them) and signs that cannot be printed.

    Composed, as all text of ours: a Mac names files with the marks apart from their letters.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable()).strip()[-180:] or "tep"


def _drop_others(session: Session, document_id: str) -> list[str]:
    """A document has one upload under way; the newest is what its author means."""
    other = (col(Upload.document_id) == document_id, col(Upload.state) != "ready")
    found = list(session.exec(select(Upload.id).where(*other)).all())
    session.exec(delete(Upload).where(*other))
    return found


def _refuse_too_many(session: Session, actor: Actor, size: int) -> None:
    held = session.exec(
        select(func.count()).where(col(Upload.account_id) == actor.id, col(Upload.state) == "receiving")
    ).one()
    if held >= MOST_PARTIAL:
        raise TooLarge(
            Text(
                f"Đang có {held} tệp tải lên dở. Tải nốt hoặc bỏ bớt rồi tải tệp này.",
                f"{held} uploads are unfinished. Finish or drop some, then upload this one.",
            )
        )
    total = session.exec(select(func.sum(col(Upload.size))).where(col(Upload.state) == "receiving")).one()
    if (total or 0) + size > MOST_BYTES:
        raise _full()


class Misplaced(Stale):
    """A piece that does not begin where the last ended; `received` says where to go on."""

    def __init__(self, received: int) -> None:
        super().__init__(
            Text(
                "Phần này của tệp không nối tiếp phần đã có. Tải tiếp từ chỗ dừng.",
                "This piece does not follow what is there. Go on from where it stopped.",
            )
        )
        self.received = received


def _full() -> Unavailable:
    return Unavailable(
        Text(
            "Máy chủ tạm hết chỗ cho tệp tải lên. Chưa có gì thay đổi; thử lại sau ít giờ hoặc báo quản trị.",
            "The server has no room for uploads now. Nothing was changed; retry in some hours or tell the "
            "administrator.",
        )
    )


LARGE_PIECE = Text(
    f"Mỗi phần của tệp nhiều nhất {MOST_CHUNK // 2**20} MB. Chia tệp thành phần nhỏ hơn rồi gửi tiếp.",
    f"A piece of a file has at most {MOST_CHUNK // 2**20} MB. Cut the file into smaller pieces and go on.",
)
_NO_SHA256 = Text(
    "Thiếu mã SHA-256 của tệp (64 chữ số thập lục phân). Tính mã của cả tệp rồi gửi lại.",
    "The file's SHA-256 (64 hexadecimal digits) is missing. Count it over the whole file and send again.",
)
_CHANGED = Text(
    "Tệp đã đổi trong lúc tải lên. Đóng tệp đang mở trên máy rồi tải lại từ đầu.",
    "The file changed while it was uploaded. Close it on the device and upload it again.",
)


def sweep(office: Office) -> int:
    """Forget unfinished and refused uploads nobody came back to; the number of rows."""
    files, limit = PartialFiles(office.settings.uploads), office.now() - KEPT
    old = (col(Upload.state).in_(("receiving", "refused", "taken")), col(Upload.updated_at) < limit)
    with office.db.write() as session:
        gone = list(session.exec(select(Upload.id).where(*old)).all())
        if gone:
            session.exec(delete(Upload).where(col(Upload.id).in_(gone)))
    for upload_id in {*gone, *files.older_than(KEPT.total_seconds() * 2)}:
        files.drop(upload_id)
    return len(gone)
