"""Prints made from the system: recorded with a code, drawn when asked for, checked by anyone with the code.

What is recorded is that a print was made, never that paper came out of a printer (law 9). The signed file is
only read: the print is derived from it each time it is asked for, never stored.
"""

from __future__ import annotations

import secrets
from typing import Literal

from sqlmodel import Session, col, select

from flows.catalogue import type_of
from flows.duties import Via
from flows.evidence import PRINT
from flows.office import Office
from flows.people import Actor
from flows.posts import issuer_of
from flows.same_file import forms_of
from models.account import Account
from models.document import Document
from models.errors import NotFound, WrongStep
from models.evidence import Evidence
from models.settings import VIETNAM
from models.text import Text
from tasks import printing

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of a print's code: no letter that looks like a digit, so that it can be read aloud and typed."""
CODE_LENGTH = 12
"""59 bits: not to be guessed, above all not at the pace the public page allows."""

Standing = Literal["in-force", "replaced", "withdrawn", "destroyed"]


def make(office: Office, actor: Actor, document_id: str, via: Via) -> Evidence:
    """Record a print of the approved file, by whoever may see the record. WrongStep before the approval."""
    with office.db.write() as session:
        document = session.get_one(Document, document_id)
        if not ready(document):
            raise WrongStep(_NOT_APPROVED)
        row = Evidence(
            school_id=document.school_id,
            account_id=actor.id,
            kind=PRINT,
            document_id=document.id,
            revision=document.revision,
            blob=document.blob,
            code="".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)),
            via=via,
            at=office.now(),
        )
        session.add(row)
    return row


def draw(office: Office, document: Document, code: str) -> bytes:
    """The print with that code as a PDF. NotFound when there is none; WrongStep once its file is replaced."""
    with office.db.read() as session:
        row = session.exec(
            select(Evidence).where(col(Evidence.code) == tidy(code), col(Evidence.document_id) == document.id)
        ).first()
        if row is None or row.code is None or row.blob is None:
            raise NotFound
        if standing(session, document, row.blob) != "in-force":
            raise WrongStep(_REPLACED)
        by = session.get_one(Account, row.account_id).full_name
        made_at = row.at.astimezone(VIETNAM)
        school = issuer_of(session, document.school_id, made_at.date()).name
    note = printing.PrintNote(
        code=spoken(row.code),
        address=f"{office.settings.url}/p/{row.code}",
        by=by,
        at=f"{made_at:%d/%m/%Y %H:%M}",
        where=f"Hồ Sơ Số của {school}",
        digest=" ".join(row.blob[i : i + 4] for i in range(0, 16, 4)),
    )
    return office.intake.submit(printing.print_version, office.blobs.get(row.blob), note)


def standing(session: Session, document: Document, blob: str) -> Standing:
    """Is a file of this document the one in force? Its archived form is the same file, timestamped."""
    if document.status in ("withdrawn", "destroyed"):
        return "withdrawn" if document.status == "withdrawn" else "destroyed"
    if not ready(document):
        return "replaced"
    return "in-force" if blob in forms_of(session, document.id, document.blob) else "replaced"


def tidy(code: str) -> str:
    """A code as it was typed: spaces, dashes and small letters do not matter."""
    return "".join(c for c in code.upper() if c.isalnum())[: CODE_LENGTH + 1]


def spoken(code: str) -> str:
    """A code in groups of four, as it stands on paper."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def ready(document: Document) -> bool:
    """Has the last person decided, so that the file is final?"""
    if document.status == "archived":
        return True
    return document.status == "approved" and type_of(document.type).step(document.step).automatic


_NOT_APPROVED = Text(
    "Chỉ in được bản đã ký duyệt xong. Chờ ký duyệt rồi in.",
    "Only the approved record can be printed. Wait for the approval, then print.",
)
_REPLACED = Text(
    "Bản in này thuộc một tệp đã được thay hoặc đã rút. Mở hồ sơ và tạo bản in mới.",
    "This print is of a file that was replaced or withdrawn. Open the record and make a new one.",
)
