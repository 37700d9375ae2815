"""Incremental saving attacks: something is appended, and the signature still speaks of the old bytes.

Mladenov, Mainka, Meyer zu Selhausen, Grothe, Schwenk: "1 Trillion Dollar Refund", CCS 2019, section 4.3.
"""

from __future__ import annotations

import functools

from tests.attacks import raw
from tests.attacks.letters import (
    CONTENT,
    CONTENT_2,
    OTHER_SUM,
    PAGE,
    approval_signs,
    approved,
    archived,
    certified,
    last_signature,
    page,
    signed,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, UNREADABLE, Attacks, Make

ATTACKS = Attacks("incremental saving")
sample = ATTACKS.sample

FORGED = raw.stream(words(b"TO TRINH", OTHER_SUM, b"Kinh gui: Hieu truong"))
_BASES: dict[str, Make] = {
    "signed": signed,
    "certified": certified,
    "approved": approved,
    "archived": archived,
}


def with_table(base: Make) -> bytes:
    return raw.update(base(), {CONTENT: FORGED})


def with_stream(base: Make) -> bytes:
    return raw.update_with_stream(base(), {CONTENT: FORGED})


for _name, _base in _BASES.items():
    ATTACKS.add(f"text exchanged, {_name}", functools.partial(with_table, _base), _base, ALTERED)
ATTACKS.add("text exchanged, table as a stream", functools.partial(with_stream, signed), signed, ALTERED)


@sample("objects without a table", signed, ALTERED, BROKEN, UNREADABLE)
def without_table() -> bytes:
    """A lenient viewer finds the newest object by searching."""
    return signed() + raw.body({CONTENT: FORGED})


@sample("objects and a trailer without a table", signed, ALTERED, BROKEN, UNREADABLE)
def without_table_but_trailer() -> bytes:
    pdf = signed()
    return pdf + raw.body({CONTENT: FORGED}) + raw.trailer_of(pdf) + b"startxref\n0\n%%EOF\n"


@sample("objects behind the old startxref", signed, ALTERED, BROKEN, UNREADABLE)
def old_startxref() -> bytes:
    pdf = signed()
    return pdf + raw.body({CONTENT: FORGED}) + b"startxref\n%d\n%%%%EOF\n" % raw.last_xref(pdf)


@sample("a table that points nowhere, so that it is rebuilt", signed, ALTERED, BROKEN, UNREADABLE)
def broken_table() -> bytes:
    return signed() + raw.body({CONTENT: FORGED}) + b"startxref\n999999999\n%%EOF\n"


@sample("the signature's dictionary copied along", signed, ALTERED, BROKEN)
def with_signature() -> bytes:
    """A viewer that looks only whether the last update has a signature sees one."""
    number, dictionary = last_signature(signed())
    return raw.update(signed(), {CONTENT: FORGED, number: dictionary})


@sample("the signature's dictionary copied along, without a table", signed, ALTERED, BROKEN, UNREADABLE)
def with_signature_without_table() -> bytes:
    number, dictionary = last_signature(signed())
    return signed() + raw.body({CONTENT: FORGED, number: dictionary})


@sample("a signature that nobody refers to", signed, ALTERED, BROKEN)
def with_loose_signature() -> bytes:
    _, dictionary = last_signature(signed())
    return raw.update(signed(), {CONTENT: FORGED, raw.size_of(signed()): dictionary})


@sample("another page object", signed, ALTERED)
def page_exchanged() -> bytes:
    new = raw.size_of(signed())
    annotated = raw.value_of(signed(), PAGE).replace(b"/Contents 4 0 R", b"/Contents %d 0 R" % new)
    return raw.update(signed(), {PAGE: annotated, new: FORGED})


@sample("one content stream more", signed, ALTERED)
def content_added() -> bytes:
    new = raw.size_of(signed())
    annotated = raw.value_of(signed(), PAGE).replace(b"/Contents 4 0 R", b"/Contents [4 0 R %d 0 R]" % new)
    return raw.update(signed(), {PAGE: annotated, new: raw.stream(words(OTHER_SUM, top=500))})


@sample("the second page only", approved, ALTERED)
def second_page() -> bytes:
    return raw.update(approved(), {CONTENT_2: raw.stream(words(b"Trang 2: danh sach 95 hoc sinh."))})


@sample("a comma of one point's width", approved, ALTERED)
def a_comma() -> bytes:
    """5 000 000 becomes 5,000 000: the smallest change a person could still see."""
    content = raw.value_of(approved(), CONTENT).replace(b"5 000 000 dong", b"5,000 000 dong")
    return raw.update(approved(), {CONTENT: content})


@sample("pale grey words", approved, ALTERED)
def pale() -> bytes:
    content = words(b"TO TRINH", b"De nghi chi: 5 000 000 dong cho lop 3A.", b"Kinh gui: Hieu truong")
    return raw.update(approved(), {CONTENT: raw.stream(content + b" 0.93 g " + words(OTHER_SUM, top=500))})


@sample("a change and its undoing, then another change", signed, ALTERED)
def there_and_back() -> bytes:
    pdf = raw.update(signed(), {CONTENT: FORGED})
    pdf = raw.update(pdf, {CONTENT: raw.value_of(signed(), CONTENT)})
    return raw.update(pdf, {CONTENT_2: FORGED})


@sample("a change and its undoing", signed, ALTERED, UNKNOWN)
def only_there_and_back() -> bytes:
    """Nothing looks different, but nobody lawful appended it."""
    pdf = raw.update(signed(), {CONTENT: FORGED})
    return raw.update(pdf, {CONTENT: raw.value_of(signed(), CONTENT)})


@sample("a change between two lawful signatures", certified, ALTERED)
def between() -> bytes:
    """The second signer signs what somebody changed after the first."""
    return approval_signs(raw.update(certified(), {CONTENT: FORGED}))


@sample("a page object of the letter's own making", archived, ALTERED)
def new_pages() -> bytes:
    pdf = archived()
    first, new = raw.size_of(pdf), raw.size_of(pdf) + 1
    pages = b"<< /Type /Pages /Kids [%d 0 R 6 0 R] /Count 2 >>" % first
    return raw.update(pdf, {2: pages, first: page(new), new: FORGED})
