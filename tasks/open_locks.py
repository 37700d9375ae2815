"""Files that are encrypted and open without asking: locked against printing or copying, with no password.

Such a lock hides nothing, since every reader opens it by itself, and programs sign such files. They are
judged as any other, where nothing can be read in two ways: one lock, the same for every revision. Files that
ask for a password, or are encrypted for certain persons, stay closed.
"""

from __future__ import annotations

from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler
from pyhanko.pdf_utils.generic import IndirectObject, PdfObject
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from tasks.checking import MALFORMED


def opened(reader: PdfFileReader) -> bool:
    """Open a file that asks for no password; True where nothing is encrypted, False where it stays closed."""
    if not reader.encrypted:
        return True
    if not isinstance(reader.security_handler, StandardSecurityHandler):
        return False
    try:
        return reader.decrypt(b"").status is not AuthStatus.FAILED
    except MALFORMED:
        return False


def is_one(reader: PdfFileReader) -> bool:
    """Whether every revision of the file has the same lock, or none: else readers see different files."""
    locks = {_lock(reader.get_historical_resolver(n)) for n in range(reader.xrefs.total_revisions)}
    if len(locks) != 1:
        return False
    lock = next(iter(locks))
    return not any(
        (reference.idnum, reference.generation) == lock[0]
        for revision in range(1, reader.xrefs.total_revisions)
        for reference in (
            *reader.xrefs.explicit_refs_in_revision(revision),
            *reader.get_historical_resolver(revision).refs_freed_in_revision(),
        )
    )


def _lock(view: HistoricalResolver) -> tuple[object, bytes]:
    """Which object says how a revision is encrypted, or the whole of it, and the key's part of the file's
    identifier (ISO 32000-2, 7.6.4.3)."""
    trailer = view.trailer_view
    raw: PdfObject | None = trailer.raw_get("/Encrypt") if "/Encrypt" in trailer else None
    if raw is None:
        return None, b""
    name: object = (raw.idnum, raw.generation) if isinstance(raw, IndirectObject) else repr(raw)
    return name, view.document_id[0] if "/ID" in trailer else b""
