"""What stands behind the last signature: nothing but complete updates, every byte of them accounted for.

Readers differ in what they do with bytes that no table lists: some rebuild the file from them. So behind the
end of the last signature there may be objects that the tables of that part list, the tables and their
trailers, and white space; what these updates may hold is the matter of `unsigned_updates`.
"""

from __future__ import annotations

import re

from pyhanko.pdf_utils.reader import PdfFileReader

_BETWEEN = re.compile(
    rb"(?:\s+|%%EOF|startxref\s+\d+|trailer\s*<<.*?>>(?:\s*%iText[ -~]{0,80}[\r\n])?(?=\s*startxref)"
    rb"|xref(?:\s+\d+\s+\d+(?:\s+\d{10} \d{5} [nf])*)+)*",
    re.DOTALL,
)
"""iText, of which most signing programs are made, says its name in a comment behind the trailer."""


def accounted(pdf: bytes, reader: PdfFileReader, end: int) -> bool:
    """Whether all bytes from `end` on belong to updates that the file's own tables list."""
    tail = pdf[end:]
    if not tail.strip():
        return True
    offsets = sorted(offset for offset in listed(reader) if offset >= end)
    position, rest = end, []
    for offset in offsets:
        if offset < position:
            return False
        rest.append(pdf[position:offset])
        closed = pdf.find(b"endobj", offset)
        if closed < 0:
            return False
        position = closed + len(b"endobj")
    rest.append(pdf[position:])
    return bool(offsets) and tail.rstrip().endswith(b"%%EOF") and all(map(_BETWEEN.fullmatch, rest))


def listed(reader: PdfFileReader) -> set[int]:
    """Where objects begin, by all the tables of the file."""
    found: set[int] = set()
    for revision in range(reader.xrefs.total_revisions):
        table = reader.xrefs.get_xref_data(revision)
        found.update(offset for _, offset in table.standard_xrefs.values())
        if table.hybrid is not None:
            found.update(offset for _, offset in table.hybrid.xref_data.standard_xrefs.values())
    return found
