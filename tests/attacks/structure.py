"""Tricks with tables, trailers and what surrounds the file: readers disagree on what the file is."""

from __future__ import annotations

import functools
import re
import zlib
from functools import partial

from tests.attacks import raw
from tests.attacks.incremental_saving import FORGED
from tests.attacks.letters import (
    CONTENT,
    OTHER_SUM,
    PAGE,
    SIGNATURE,
    approved,
    archived,
    author_signs,
    certified,
    close,
    contents_of,
    letter,
    number_of,
    objects,
    page,
    signed,
    unsigned,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, UNREADABLE, UNSIGNED, Attacks, Make

ATTACKS = Attacks("structure")
sample = ATTACKS.sample
NEW = 900
ODD = (ALTERED, BROKEN, UNKNOWN, UNREADABLE)
BASES: tuple[Make, ...] = (signed, archived)

for _base in BASES:
    _name = _base.__name__
    ATTACKS.add(
        f"text overridden by an object stream, {_name}",
        lambda base=_base: raw.update_with_stream(base(), {NEW: FORGED}, {PAGE: page(NEW)}),  # type: ignore[misc]
        _base,
        ALTERED,
    )
    ATTACKS.add(
        f"catalogue overridden by an object stream, {_name}",
        lambda base=_base: raw.update_with_stream(  # type: ignore[misc]
            base(),
            {CONTENT: FORGED},
            {1: raw.value_of(base(), 1)},
        ),
        _base,
        ALTERED,
    )


# --- tables and trailers -----------------------------------------------------------------------------------


@sample("hybrid table: an override only newer readers see", signed, *ODD)
def hybrid() -> bytes:
    """The classical table knows nothing of the text; the stream it points to exchanges it."""
    pdf = signed()
    body = raw.body({CONTENT: FORGED})
    place, table = len(pdf), len(pdf) + len(body)
    row = bytes([1]) + place.to_bytes(4, "big") + (0).to_bytes(2, "big")
    entries = b"/Type /XRef /Size %d /W [1 4 2] /Index [%d 1] /Root %s" % (NEW, CONTENT, raw.root_of(pdf))
    xref = b"%d 0 obj\n%s\nendobj\n" % (NEW, raw.stream(row, entries))
    return raw.update(pdf + body + xref, {}, entries=b"/XRefStm %d" % table, prev=raw.last_xref(pdf))


@sample("chain that leaves out the author's revision", approved, *ODD, UNSIGNED)
def chain_shortened() -> bytes:
    """The newest table's `/Prev` passes over a revision: its objects are gone, the others stay."""
    pdf = approved()
    tables = [int(at) for at in re.findall(rb"startxref\s+(\d+)", pdf)]
    return raw.update(pdf, {CONTENT: FORGED}, prev=tables[0])


@sample("chain back to the first revision alone", approved, *ODD, UNSIGNED)
def rolled_back() -> bytes:
    pdf = approved()
    tables = [int(at) for at in re.findall(rb"startxref\s+(\d+)", pdf)]
    return pdf + b"startxref\n%d\n%%%%EOF\n" % tables[0]


@sample("chain back to the author's revision", approved, *ODD)
def rolled_back_to_the_author() -> bytes:
    """The approval is gone for readers that follow the tables, and still in the bytes."""
    pdf = approved()
    tables = [int(at) for at in re.findall(rb"startxref\s+(\d+)", pdf)]
    return pdf + b"startxref\n%d\n%%%%EOF\n" % tables[-2]


@sample("a table that frees the text", signed, ALTERED)
def text_freed() -> bytes:
    return raw.update(signed(), {}, free=(CONTENT,))


@sample("a table that frees the signature field", signed, *ODD, UNSIGNED)
def field_freed() -> bytes:
    return raw.update(signed(), {}, free=(number_of(signed(), "author"),))


@sample("two rows for one object in a table", signed, *ODD)
def two_rows() -> bytes:
    pdf = signed()
    old = pdf.index(b"%d 0 obj" % CONTENT)
    body = raw.body({CONTENT: FORGED})
    start = len(pdf) + len(body)
    rows = b"xref\n%d 1\n%010d 00000 n \n%d 1\n%010d 00000 n \n" % (CONTENT, old, CONTENT, len(pdf))
    trailer = b"trailer\n<< /Size %d /Root %s /Prev %d >>\n" % (
        raw.size_of(pdf),
        raw.root_of(pdf),
        raw.last_xref(pdf),
    )
    return pdf + body + rows + trailer + b"startxref\n%d\n%%%%EOF\n" % start


@sample("the text in another generation", signed, *ODD)
def other_generation() -> bytes:
    pdf = signed()
    body = b"%d 1 obj\n%s\nendobj\n" % (CONTENT, FORGED)
    page_1 = raw.value_of(pdf, PAGE).replace(b"/Contents 4 0 R", b"/Contents 4 1 R")
    made = raw.update(pdf + body, {PAGE: page_1}, offsets={CONTENT: len(pdf)}, prev=raw.last_xref(pdf))
    row = b"%010d 00000 n " % len(pdf)
    return made.replace(row, b"%010d 00001 n " % len(pdf))


@sample("trailer with a second catalogue", signed, *ODD, UNSIGNED)
def second_root() -> bytes:
    """Two keys `/Root` in one trailer: which counts?"""
    pdf = signed()
    root = b"<< /Type /Catalog /Pages %d 0 R >>" % (NEW + 1)
    pages = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (NEW + 2)
    more = {NEW: root, NEW + 1: pages, NEW + 2: page(NEW + 3), NEW + 3: FORGED}
    return raw.update(pdf, more, entries=b"/Root %d 0 R" % NEW)


@sample("size of the table too small", signed, *ODD)
def size_too_small() -> bytes:
    """Some readers do not see objects from `/Size` on."""
    made = raw.update(signed(), {CONTENT: FORGED})
    at = made.rindex(b"/Size ")
    return made[:at] + re.sub(rb"/Size \d+", b"/Size 3", made[at:], count=1)


@sample("startxref a little beside the table", signed, *ODD)
def beside() -> bytes:
    made = raw.update(signed(), {CONTENT: FORGED})
    at = made.rindex(b"startxref")
    return made[:at] + b"startxref\n%d\n%%%%EOF\n" % (raw.last_xref(made) - 7)


@sample("loop of tables", signed, *ODD)
def loop() -> bytes:
    made = raw.update(signed(), {CONTENT: FORGED})
    return raw.update(signed(), {CONTENT: FORGED}, prev=raw.last_xref(made))


@sample("the update encrypted", signed, *ODD)
def encrypted_update() -> bytes:
    """A trailer that calls for decryption with a key of the attacker's."""
    handler = b"<< /Filter /Standard /V 1 /R 2 /O (%s) /U (%s) /P -4 >>" % (b"o" * 32, b"u" * 32)
    return raw.update(signed(), {NEW: handler}, entries=b"/Encrypt %d 0 R /ID [(a) (b)]" % NEW)


# --- what surrounds the file -------------------------------------------------------------------------------


@functools.cache
def another() -> bytes:
    """A whole file of the attacker's."""
    return raw.build(objects({CONTENT: FORGED}))


SURROUNDED: dict[str, tuple[bytes, bytes]] = {
    "bytes in front": (b"\n" * 20, b""),
    "a mail's head in front": (b"Content-Type: application/pdf\r\n\r\n", b""),
    "a comment in front": (b"%PDF-1.7 xin chao\n", b""),
    "another file in front": (another(), b""),
    "bytes behind": (b"", b"\0" * 20),
    "words behind": (b"", b"\n% da duyet 900 000 000\n"),
    "a page of the web behind": (b"", b"<html><body>900 000 000</body></html>"),
    "another file behind": (b"", another()),
    "a ZIP archive behind": (b"", b"PK\x03\x04" + b"\0" * 60),
    "an end mark behind": (b"", b"%%EOF\n"),
    "a startxref behind": (b"", b"startxref\n0\n%%EOF\n"),
}
for _base in BASES:
    for _name, (_before, _behind) in SURROUNDED.items():
        ATTACKS.add(
            f"{_name}, {_base.__name__}",
            lambda base=_base, before=_before, behind=_behind: before + base() + behind,  # type: ignore[misc]
            _base,
            *ODD,
            UNSIGNED,
        )


def cut(pdf: bytes, by: int) -> bytes:
    return pdf[: len(pdf) - by]


for _by in (1, 2, 6, 7, 40, 300):
    ATTACKS.add(f"{_by} bytes cut off", lambda by=_by: cut(signed(), by), signed, *ODD, UNSIGNED)  # type: ignore[misc]


@sample("ends of lines rewritten", signed, *ODD)
def line_ends() -> bytes:
    """What a careless mail program does."""
    return signed().replace(b"\n", b"\r\n")


# --- places that nobody looks at ----------------------------------------------------------------------------


@sample("an object within the contents, called up by a table", signed, *ODD)
def within_the_contents() -> bytes:
    """The padding of the contents is the only place of the file that is not signed."""
    start, end = contents_of(signed())
    hidden = b"\n" + raw.body({CONTENT: FORGED})
    made = signed()[: end - 1 - len(hidden)] + hidden + signed()[end - 1 :]
    place = end - len(hidden)
    assert made[place:].startswith(b"%d 0 obj" % CONTENT)
    assert start < place
    return raw.update(made, {}, offsets={CONTENT: place})


@sample("the text put where the signed table points, within the contents", None, *ODD)
def text_into_the_padding() -> bytes:
    """Prepared so that the page's second stream lies in the padding: the one part of the signed revision
    that can be written later without breaking the digest."""
    pdf = unsigned()
    field, new = number_of(pdf, "author"), raw.size_of(pdf)
    value = raw.with_entry(raw.value_of(pdf, field), b"/V %d 0 R" % new)
    text = new + 1
    page_1 = raw.value_of(pdf, PAGE).replace(b"/Contents 4 0 R", b"/Contents [4 0 R %d 0 R]" % text)
    probe = raw.update(pdf, {PAGE: page_1, field: value, new: SIGNATURE}, offsets={text: 0})
    _, end = contents_of(probe)
    hidden = b"\n" + raw.body({text: raw.stream(words(OTHER_SUM, top=500))})
    made = close(
        raw.update(pdf, {PAGE: page_1, field: value, new: SIGNATURE}, offsets={text: end - len(hidden)})
    )
    return made[: end - 1 - len(hidden)] + hidden + made[end - 1 :]


@sample("text exchanged in place, at the same length", signed, ALTERED)
def in_place() -> bytes:
    return raw.replaced(signed(), b"5 000 000", b"9 000 000")


@sample("text exchanged within a compressed stream", None, ALTERED)
def in_compressed() -> bytes:
    """The same in a file whose text is compressed."""
    text, other = (zlib.compress(words(b"Chi %d" % n), 0) for n in (5_000_000, 9_000_000))
    pdf = author_signs(letter({CONTENT: raw.stream(text, b"/Filter /FlateDecode")}))
    return raw.replaced(pdf, text, other)


@sample("one digit of the signed time changed", signed, ALTERED)
def claimed_time() -> bytes:
    made = signed()
    place = made.index(b"/M (D") + 14
    return made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]


@sample("the reason changed", signed, ALTERED)
def reason() -> bytes:
    """The words of the signature's own dictionary."""
    made = signed()
    place = made.index(b"/Reason") + 14
    return made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]


def linked(base: Make, entry: bytes) -> bytes:
    """The update claims to be nothing but validation data."""
    pdf = base()
    root = re.sub(rb"/DSS \d+ 0 R", b"", raw.value_of(pdf, 1))
    return raw.update(
        pdf, {1: raw.with_entry(root, entry), NEW: b"<< /Type /DSS /Certs [4 0 R] >>", CONTENT: FORGED}
    )


ATTACKS.add(
    "page's text disguised as validation data", partial(linked, signed, b"/DSS %d 0 R " % NEW), signed, *ODD
)
ATTACKS.add(
    "page's text disguised as validation data, certified",
    partial(linked, certified, b"/DSS %d 0 R " % NEW),
    certified,
    *ODD,
)
