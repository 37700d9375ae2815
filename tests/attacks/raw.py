"""PDF files written byte by byte: what no honest library would write.

Objects are given as their number and the bytes between `obj` and `endobj`. Offsets are counted from the
file's first byte. Only files with classical tables, as `build` writes them and pyHanko goes on with, can be
read back by `trailer_of`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
Objects = Mapping[int, bytes]


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object's bytes."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def build(objects: Objects, root: int = 1, header: bytes = HEADER, extra: bytes = b"") -> bytes:
    """A whole file of one revision; `extra` goes into the trailer."""
    body, offsets = _body(objects, len(header))
    start = len(header) + len(body)
    size = max(objects) + 1
    table = xref_table({0: (0, 65535, b"f"), **{n: (at, 0, b"n") for n, at in offsets.items()}})
    trailer = b"trailer\n<< /Size %d /Root %d 0 R %s >>\n" % (size, root, extra)
    return header + body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % start


def update(
    pdf: bytes,
    objects: Objects,
    *,
    entries: bytes = b"",
    prev: int | None = None,
    root: bytes = b"",
    offsets: Mapping[int, int] | None = None,
    free: tuple[int, ...] = (),
) -> bytes:
    """An incremental update with a table of its own.

    `entries` go into its trailer, `prev` and `root` replace what the last one says, `offsets` are objects of
    the table that stand elsewhere in the file, `free` are objects taken out.
    """
    body, written = _body(objects, len(pdf))
    rows = {n: (at, 0, b"n") for n, at in {**written, **(offsets or {})}.items()}
    rows |= dict.fromkeys(free, (0, 1, b"f"))
    start = len(pdf) + len(body)
    trailer = b"trailer\n<< /Size %d /Root %s /Prev %d %s >>\n" % (
        max([size_of(pdf), *(n + 1 for n in rows)]),
        root or root_of(pdf),
        last_xref(pdf) if prev is None else prev,
        entries if b"/Info" in entries else entries + kept(pdf),
    )
    return pdf + body + xref_table(rows) + trailer + b"startxref\n%d\n%%%%EOF\n" % start


def update_with_stream(pdf: bytes, objects: Objects, packed: Objects | None = None) -> bytes:
    """An incremental update with a cross-reference stream; `packed` objects stand in an object stream."""
    packed = packed or {}
    size = max([size_of(pdf), *(n + 1 for n in (*objects, *packed))])
    holder, table = size, size + 1
    rows: dict[int, tuple[int, int, int]] = {}
    if packed:
        first = b" ".join(b"%d %d" % (n, at) for n, at in _places(packed).items()) + b" "
        data = first + b" ".join(packed.values())
        entries = b"/Type /ObjStm /N %d /First %d" % (len(packed), len(first))
        objects = {**objects, holder: stream(data, entries)}
        rows |= {n: (2, holder, place) for place, n in enumerate(packed)}
    body, written = _body(objects, len(pdf))
    rows |= {n: (1, at, 0) for n, at in written.items()}
    start = len(pdf) + len(body)
    rows[table] = (1, start, 0)
    index = b" ".join(b"%d 1" % n for n in sorted(rows))
    data = b"".join(bytes([k]) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for k, a, b in _sorted(rows))
    entries = b"/Type /XRef /Size %d /W [1 4 2] /Index [%s] /Root %s /Prev %d %s /Filter /FlateDecode" % (
        size + 2,
        index,
        root_of(pdf),
        last_xref(pdf),
        kept(pdf),
    )
    xref = b"%d 0 obj\n%s\nendobj\n" % (table, stream(zlib.compress(data), entries))
    return pdf + body + xref + b"startxref\n%d\n%%%%EOF\n" % start


def _sorted(rows: Mapping[int, tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [rows[n] for n in sorted(rows)]


def _places(packed: Objects) -> dict[int, int]:
    places, at = {}, 0
    for number, value in packed.items():
        places[number] = at
        at += len(value) + 1
    return places


def body(objects: Objects) -> bytes:
    """Objects alone, without any table."""
    return _body(objects, 0)[0]


def _body(objects: Objects, at: int) -> tuple[bytes, dict[int, int]]:
    written, offsets = bytearray(), {}
    for number, value in objects.items():
        offsets[number] = at + len(written)
        written += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    return bytes(written), offsets


def xref_table(rows: Mapping[int, tuple[int, int, bytes]]) -> bytes:
    """A table with one section per object: offset, generation, `n` or `f`."""
    lines = [b"%d 1\n%010d %05d %s \n" % (n, *rows[n]) for n in sorted(rows)]
    return b"xref\n" + (b"".join(lines) or b"0 0\n")


def last_xref(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def trailer_of(pdf: bytes) -> bytes:
    return pdf[pdf.rindex(b"trailer") : pdf.rindex(b"startxref")]


def root_of(pdf: bytes) -> bytes:
    """The catalogue's reference as the last trailer, or the last cross-reference stream, has it."""
    return re.findall(rb"/Root\s+(\d+\s+\d+\s+R)", pdf)[-1]


def kept(pdf: bytes) -> bytes:
    """What an update's trailer takes over, so that nothing else differs: the file's own description."""
    found = re.findall(rb"/Info\s+\d+\s+\d+\s+R", pdf)
    return b" " + found[-1] if found else b""


def size_of(pdf: bytes) -> int:
    return max(int(size) for size in re.findall(rb"/Size\s+(\d+)", pdf))


def value_of(pdf: bytes, number: int) -> bytes:
    """The bytes of an object as the last revision has it."""
    return re.findall(rb"(?:^|\n)%d 0 obj\s*(.*?)\s*endobj" % number, pdf, re.DOTALL)[-1]


def with_entry(value: bytes, entry: bytes) -> bytes:
    """A dictionary with one entry more, at its front."""
    return value.replace(b"<<", b"<< " + entry, 1)


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """`data` with the one `old` in it replaced; a sample that changes nothing is no sample."""
    if data.count(old) != 1:
        raise ValueError(f"{old!r} stands {data.count(old)} times in the file.")
    return data.replace(old, new)
