"""A file as a document's body, seen from the document: is there one, what does it change, what is frozen.

How a file becomes one stands in `flows/uploads.py` (taking in) and `flows/conversions.py` (converting).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import exists, update
from sqlmodel import Session, col, select

from flows.catalogue import type_of
from flows.grammar import DocumentType
from models.document import Document, Revision
from models.errors import Invalid, NotFound, WrongStep
from models.indexing import index
from models.text import Text
from models.upload import Upload
from tasks.recognising import REMOVED, Kind


def body_of(session: Session, document_id: str) -> Upload | None:
    """The uploaded body of a document's draft, if it has one."""
    return session.exec(
        select(Upload).where(col(Upload.document_id) == document_id, col(Upload.state) == "ready")
    ).first()


def under_way(session: Session, document_id: str) -> Upload | None:
    """The newest upload that is not the body: on its way, refused, or taken over as text."""
    return session.exec(
        select(Upload)
        .where(col(Upload.document_id) == document_id, col(Upload.state) != "ready")
        .order_by(col(Upload.created_at).desc(), col(Upload.id).desc())
    ).first()


def declared_for(session: Session, document: Document) -> DocumentType:
    """The document's type as it applies to it: with a file as its body, the shorter form and its cover."""
    declared = type_of(document.type)
    return applied(
        declared, with_file=declared.body is not None and body_of(session, document.id) is not None
    )


def applied(declared: DocumentType, *, with_file: bool) -> DocumentType:
    """A type as it applies to a document whose body is a file, or is none."""
    return declared.with_uploaded_body() if with_file and declared.body else declared


HAS_ONE = exists().where(col(Upload.document_id) == col(Document.id), col(Upload.state) == "ready")
"""Of a document in a query: is its body a file?"""


def frozen(body: Upload) -> dict[str, Any]:
    """What a revision keeps of its body."""
    return {
        "name": body.name,
        "sha256": body.sha256,
        "size": body.size,
        "kind": body.kind,
        "pdf": body.pdf,
        "pages": body.pages,
        "removed": list(body.removed),
        "warnings": list(body.warnings),
    }


def printed(body: Upload) -> dict[str, Any]:
    """What the cover says of the file (`tasks/layout_data.UploadedFile`)."""
    gone = ", ".join(REMOVED[code].vi for code in body.removed if code in REMOVED)
    made = "Chuyển từ tệp Word sang trang in bằng LibreOffice." if body.kind == "docx" else ""
    note = f"{made} Đã bỏ khi nhận: {gone}." if gone else made
    return {"name": body.name, "sha256": body.sha256, "pages": body.pages, "note": note.strip()}


@dataclass(frozen=True, slots=True)
class Original:
    """A file as its author uploaded it, by its hash among the blobs."""

    name: str
    sha256: str
    kind: Kind


def original(session: Session, document_id: str, revision: int = 0) -> Original:
    """The original of the draft's body, or of a revision's; NotFound when there is none."""
    if revision:
        row = session.get(Revision, (document_id, revision))
        if row is None or not row.body:
            raise NotFound
        return Original(row.body["name"], row.body["sha256"], row.body["kind"])
    body = body_of(session, document_id)
    if body is None:
        raise NotFound
    return Original(body.name, body.sha256, cast("Kind", body.kind))


def content_version(session: Session, document_id: str) -> int:
    """How often the draft was saved: to be named by who saves it next."""
    return session.exec(select(Document.content_version).where(col(Document.id) == document_id)).one()


def refuse_while_converting(session: Session, document_id: str) -> None:
    """Invalid while a file is being converted: what would be submitted is about to change."""
    upload = under_way(session, document_id)
    if upload and upload.state in ("waiting", "converting"):
        raise Invalid(
            Text(
                "Tệp “{name}” đang được chuyển đổi. Đợi xong, xem lại rồi trình.",
                "“{name}” is being converted. Wait until it is done, look at it, then submit.",
            ).format(name=upload.name)
        )


def refuse_beside_a_file(session: Session, document_id: str) -> None:
    """WrongStep while the content is a file: what is filled into the form then would be printed nowhere."""
    body = body_of(session, document_id)
    if body is not None:
        raise WrongStep(
            Text(
                "Nội dung hồ sơ này là tệp “{name}” nên không lấy thêm vào biểu mẫu được. Muốn soạn trên "
                "biểu mẫu thì bỏ tệp trước.",
                "The content of this record is the file “{name}”, so nothing can be added to its form. To "
                "write in the form, remove the file first.",
            ).format(name=body.name)
        )


def saved(session: Session, document: Document, now: datetime, **values: Any) -> None:
    """Count a save, so that a form opened before it knows of it; the search finds what is there now."""
    session.exec(
        update(Document)
        .where(col(Document.id) == document.id)
        .values(content_version=col(Document.content_version) + 1, updated_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    session.flush()
    index(session.connection(), document.id)
