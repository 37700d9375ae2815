"""Signature wrapping: the signed bytes are kept, but moved to where no viewer reads them.

"1 Trillion Dollar Refund", CCS 2019, section 4.4: the second signed part goes to the end of the file and
the hole of the signature grows to hold what the attacker likes.
"""

from __future__ import annotations

from tests.attacks import raw
from tests.attacks.incremental_saving import FORGED
from tests.attacks.letters import CONTENT, byte_range_of, contents_of, last_signature, signed
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, UNREADABLE, Attacks

ATTACKS = Attacks("signature wrapping")
sample = ATTACKS.sample


def parts(pdf: bytes) -> tuple[bytes, bytes, bytes]:
    """What is signed before the hole, the hole, what is signed behind it."""
    start, end = contents_of(pdf)
    return pdf[:start], pdf[start:end], pdf[end:]


def moved(pdf: bytes, between: bytes, *, at_xref: bytes = b"") -> bytes:
    """The second part behind `between`; `at_xref` is put where its `startxref` still points to."""
    first, hole, second = parts(pdf)
    target = raw.last_xref(pdf)
    grown = first + hole + between
    if at_xref:
        grown = grown.ljust(target, b" ")
        if len(grown) > target:
            raise ValueError("What is put between reaches over the place of the old table.")
        grown += at_xref
    return grown + second


def rewritten(pdf: bytes, second_at: int, length: int) -> bytes:
    """The byte range in the signature's dictionary pointing to the moved part; the digest knows better."""
    found = byte_range_of(pdf)
    first = found[1].split()
    numbers = b"/ByteRange [%s %s %d %d]" % (first[0], first[1], second_at, length)
    return pdf[: found.start()] + numbers.ljust(found.end() - found.start()) + pdf[found.end() :]


@sample("second part moved, byte range rewritten", signed, BROKEN, ALTERED, UNREADABLE)
def second_part_moved() -> bytes:
    _, _, second = parts(signed())
    pdf = moved(signed(), b"\n" + raw.body({CONTENT: FORGED}))
    return rewritten(pdf, len(pdf) - len(second), len(second))


@sample("second part moved, a second byte range in the hole", signed, BROKEN, ALTERED, UNREADABLE)
def second_range_in_the_hole() -> bytes:
    """The later of two equal keys counts for many readers, and it stands where nothing is signed."""
    first, _, second = parts(signed())
    junk = b"\n/ByteRange [0 %d %d %d]\n"
    filler = b"%% %s\n" % (b"x" * 40)
    size = len(moved(signed(), junk % (len(first), 10**6, len(second)) + filler)) - len(second)
    numbers = (junk % (len(first), size, len(second))).ljust(len(junk % (len(first), 10**6, len(second))))
    return moved(signed(), numbers + filler)


@sample("objects and a table in the hole", signed, BROKEN, ALTERED, UNREADABLE, UNKNOWN)
def table_in_the_hole() -> bytes:
    """The signed `startxref` points to an offset at which the attacker's table stands now."""
    pdf = signed()
    first, hole, _ = parts(pdf)
    number, dictionary = last_signature(pdf)
    between = b"\n>>\nendobj\n" + raw.body({CONTENT: FORGED})
    place = len(first) + len(hole) + len(between) - len(raw.body({CONTENT: FORGED}))
    rows = {CONTENT: (place, 0, b"n"), number: (pdf.rindex(b"%d 0 obj" % number), 0, b"n")}
    trailer = b"trailer\n<< /Size %d /Root %s /Prev %d >>\n" % (
        raw.size_of(pdf),
        raw.root_of(pdf),
        raw.last_xref(pdf[: pdf.rindex(b"startxref")]),
    )
    table = raw.xref_table(rows) + trailer + b"startxref\n%d\n%%%%EOF\n" % raw.last_xref(pdf)
    assert dictionary
    return moved(pdf, between, at_xref=table)


@sample("a new signature dictionary over the old bytes", signed, BROKEN, ALTERED)
def dictionary_over_the_old_bytes() -> bytes:
    """Appended with the same number, the same contents and a range over a copy of the second part."""
    pdf = signed()
    first, _, second = parts(pdf)
    number, dictionary = last_signature(pdf)
    end = len(pdf) + len(second)
    numbers = b"/ByteRange [0 %d %d %d]" % (len(first), len(pdf), len(second))
    found = byte_range_of(dictionary)
    forged = dictionary[: found.start()] + numbers + dictionary[found.end() :]
    assert end
    return raw.update(pdf + second, {CONTENT: FORGED, number: forged}, prev=raw.last_xref(pdf))


@sample("padding cut off the contents, objects in its place", signed, BROKEN, ALTERED, UNREADABLE)
def padding_cut() -> bytes:
    """Same length of the hole, so every offset and the byte range stay true: nothing signed is changed."""
    pdf = signed()
    start, end = contents_of(pdf)
    digits = pdf[start + 1 : end - 1].rstrip(b"0")
    digits += b"0" * (len(digits) % 2)
    room = end - start - 2 - len(digits)
    inside = b"> /Foo " + (b"<" + b"41" * 100).ljust(room - 8, b"0") + b" "
    made = pdf[: start + 1] + digits + inside
    return made + b" " * (end - 1 - len(made)) + pdf[end - 1 :]


@sample("an object in the padding, called up by an update", signed, BROKEN, ALTERED, UNREADABLE)
def object_in_the_padding() -> bytes:
    pdf = signed()
    start, end = contents_of(pdf)
    digits = pdf[start + 1 : end - 1].rstrip(b"0")
    digits += b"0" * (len(digits) % 2)
    hidden = b"> /Foo (\n" + raw.body({CONTENT: FORGED}) + b") /Bar <"
    place = start + 1 + len(digits) + hidden.index(b"%d 0 obj" % CONTENT)
    made = pdf[: start + 1] + digits + hidden
    made = made.ljust(end - 1, b"0") + pdf[end - 1 :]
    return raw.update(made, {}, offsets={CONTENT: place})
