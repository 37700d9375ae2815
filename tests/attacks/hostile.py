"""Files that want to hold, fill or crash whoever reads them. Each gets a verdict or a refusal in time."""

from __future__ import annotations

import functools
import io
import zlib
from collections.abc import Callable
from functools import partial

import pikepdf

from tests.attacks import raw
from tests.attacks.byte_ranges import by_hand
from tests.attacks.letters import (
    CONTENT,
    PAGE,
    PAGES,
    SIGNATURE,
    archived,
    close,
    contents_of,
    objects,
    page,
    signed,
    unsigned,
)
from tests.attacks.samples import Make

FORGED: dict[str, Make] = {}
"""Nobody signed these as they are."""
SIGNED: dict[str, Make] = {}
"""Somebody signed these as they are: what is said of them is open, that it is said in time is not."""


def into(files: dict[str, Make], name: str) -> Callable[[Make], Make]:
    def added(make: Make) -> Make:
        if name in FORGED or name in SIGNED:
            raise ValueError(f"There is a file {name!r} already.")
        files[name] = make
        return make

    return added


hostile, odd = partial(into, FORGED), partial(into, SIGNED)


def built(changes: dict[int, bytes]) -> bytes:
    """Signed by hand, so that nothing of ours has to read the file first."""
    return close(by_hand(changes=changes))


def with_update(make: Make) -> bytes:
    pdf = make()
    return raw.update(pdf, {raw.size_of(pdf): b"null"})


# --- not a PDF at all --------------------------------------------------------------------------------------

FORGED |= {
    "nothing": lambda: b"",
    "one byte": lambda: b"%",
    "head alone": lambda: b"%PDF-1.7\n",
    "zeros": lambda: bytes(100_000),
    "a ZIP": lambda: b"PK\x03\x04" + bytes(1000),
    "a picture": lambda: b"\xff\xd8\xff\xe0" + bytes(1000),
    "head and zeros": lambda: b"%PDF-1.7\n" + bytes(100_000),
    "head and end": lambda: b"%PDF-1.7\nstartxref\n0\n%%EOF\n",
    "many ends": lambda: b"%PDF-1.7\n" + b"startxref\n9\n%%EOF\n" * 5000,
    "many signatures' words": lambda: signed() + b"/ByteRange [0 1 2 3] /Contents <00> /Type /Sig\n" * 5000,
}

# --- loops and depths --------------------------------------------------------------------------------------


@hostile("a table that is its own predecessor")
def own_predecessor() -> bytes:
    pdf = raw.build(objects())
    return raw.update(pdf, {CONTENT: b"null"}, prev=len(pdf) + len(raw.body({CONTENT: b"null"})))


@hostile("two tables that are each other's predecessor")
def each_other() -> bytes:
    pdf = raw.build(objects())
    first = raw.update(pdf, {CONTENT: b"null"}, prev=10**6)
    second = raw.update(first, {CONTENT: b"null"}, prev=raw.last_xref(first))
    return second.replace(b"/Prev 1000000", b"/Prev %-7d" % raw.last_xref(second))


@odd("pages that are their own children")
def own_children() -> bytes:
    return built({PAGES: b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>"})


@odd("a page tree of twenty thousand levels")
def deep_tree() -> bytes:
    levels = {
        n: b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (n - 1, n + 1)
        for n in range(100, 20_000)
    }
    last = {20_000: page(CONTENT)}
    return built({PAGES: b"<< /Type /Pages /Kids [100 0 R] /Count 1 >>", **levels, **last})


@odd("one page claimed to be a million")
def million_pages() -> bytes:
    return built({PAGES: b"<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>"})


@odd("one page listed twenty thousand times")
def same_page() -> bytes:
    return built({PAGES: b"<< /Type /Pages /Kids [%s] /Count 20000 >>" % (b"3 0 R " * 20_000)})


@odd("arrays within arrays")
def deep_arrays() -> bytes:
    return built({900: b"[" * 50_000 + b"]" * 50_000, PAGE: page(CONTENT, b"/PieceInfo 900 0 R")})


@odd("dictionaries within dictionaries")
def deep_dictionaries() -> bytes:
    return built({PAGE: page(CONTENT, b"/A " + b"<< /A " * 3000 + b"0" + b" >>" * 3000)})


@odd("an object that refers to itself")
def self_reference() -> bytes:
    return built({CONTENT: b"%d 0 R" % CONTENT})


@odd("references in a ring")
def ring() -> bytes:
    ring = {n: b"%d 0 R" % (n + 1) for n in range(900, 999)} | {999: b"900 0 R"}
    return built({PAGE: page(900), **ring})


@odd("a form that draws itself")
def draws_itself() -> bytes:
    form = raw.stream(
        b"/X Do /X Do",
        b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X 900 0 R >> >>",
    )
    drawn = page(CONTENT).replace(b"/Font <<", b"/XObject << /X 900 0 R >> /Font <<")
    return built({900: form, PAGE: drawn, CONTENT: raw.stream(b"/X Do")})


@odd("forms that double thirty times")
def doubling() -> bytes:
    forms = {
        n: raw.stream(
            b"/X Do /X Do",
            b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X %d 0 R >> >>"
            % (n + 1),
        )
        for n in range(900, 930)
    }
    forms[930] = raw.stream(b"0 0 10 10 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    drawn = page(CONTENT).replace(b"/Font <<", b"/XObject << /X 900 0 R >> /Font <<")
    return built({**forms, PAGE: drawn, CONTENT: raw.stream(b"/X Do")})


@hostile("a field that is its own parent")
def own_parent() -> bytes:
    pdf = signed()
    form = b"<< /Fields [900 0 R] /SigFlags 3 >>"
    return raw.update(pdf, {9: form, 900: b"<< /T (a) /Parent 900 0 R /Kids [900 0 R] /FT /Sig >>"})


# --- quantities --------------------------------------------------------------------------------------------


@odd("thirty thousand objects")
def many_objects() -> bytes:
    return built({n: b"<< /A %d >>" % n for n in range(1000, 31_000)})


@hostile("ten thousand signature fields, all empty")
def many_fields() -> bytes:
    fields = {n: b"<< /FT /Sig /T (f%d) >>" % n for n in range(1000, 11_000)}
    form = b"<< /Fields [%s] /SigFlags 3 >>" % b" ".join(b"%d 0 R" % n for n in fields)
    return raw.update(signed(), {9: form, **fields})


@hostile("ten thousand fields of one signature")
def many_signed_fields() -> bytes:
    fields = {n: b"<< /FT /Sig /T (f%d) /V 48 0 R >>" % n for n in range(1000, 11_000)}
    form = b"<< /Fields [%s] /SigFlags 3 >>" % b" ".join(b"%d 0 R" % n for n in fields)
    return raw.update(signed(), {9: form, **fields})


@hostile("a thousand signatures that cannot be read")
def many_broken() -> bytes:
    fields = {n: b"<< /FT /Sig /T (f%d) /V %d 0 R >>" % (n, n + 5000) for n in range(1000, 2000)}
    values = {n + 5000: b"<< /Type /Sig /ByteRange [0 9 9 9] /Contents <3000> >>" for n in fields}
    form = b"<< /Fields [%s] /SigFlags 3 >>" % b" ".join(b"%d 0 R" % n for n in fields)
    return raw.update(signed(), {9: form, **fields, **values})


@hostile("five hundred revisions")
def many_revisions() -> bytes:
    pdf = signed()
    for n in range(500):
        pdf = raw.update(pdf, {900: b"%d" % n})
    return pdf


@odd("ten thousand annotations")
def many_annotations() -> bytes:
    notes = dict.fromkeys(range(1000, 11000), b"<< /Type /Annot /Subtype /Square /Rect [0 0 9 9] >>")
    listed = b" ".join(b"%d 0 R" % n for n in notes)
    return built({PAGE: page(CONTENT, b"/Annots [20 0 R %s]" % listed), **notes})


@odd("a page of a thousand metres")
def huge_page() -> bytes:
    return built({PAGE: page(CONTENT).replace(b"[0 0 595 842]", b"[0 0 2800000 2800000]")})


@odd("a page of no size")
def no_size() -> bytes:
    return built({PAGE: page(CONTENT).replace(b"[0 0 595 842]", b"[0 0 0 0]")})


@odd("a page of numbers beyond all numbers")
def endless_page() -> bytes:
    return built({PAGE: page(CONTENT).replace(b"[0 0 595 842]", b"[0 0 1e400 99999999999999999999]")})


@odd("a picture of a million by a million")
def huge_picture() -> bytes:
    picture = raw.stream(
        zlib.compress(bytes(1000)),
        b"/Type /XObject /Subtype /Image /Width 1000000 /Height 1000000 /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /FlateDecode",
    )
    drawn = page(CONTENT).replace(b"/Font <<", b"/XObject << /X 900 0 R >> /Font <<")
    return built({900: picture, PAGE: drawn, CONTENT: raw.stream(b"q 500 0 0 500 0 0 cm /X Do Q")})


@functools.cache
def bomb() -> bytes:
    """A quarter of a gigabyte of zeros in a kilobyte, compressed twice."""
    packer = zlib.compressobj(9)
    once = b"".join(packer.compress(bytes(1 << 20)) for _ in range(256)) + packer.flush()
    return zlib.compress(once, 9)


_TWICE = b"/Filter [/FlateDecode /FlateDecode]"


@odd("a bomb as the page's text")
def bomb_on_the_page() -> bytes:
    return built({CONTENT: raw.stream(bomb(), _TWICE)})


@hostile("a bomb as an object stream")
def bomb_as_object_stream() -> bytes:
    holder = raw.stream(bomb(), b"/Type /ObjStm /N 1 /First 4 " + _TWICE)
    return raw.update_with_stream(signed(), {900: holder})


@hostile("a bomb as a table")
def bomb_as_table() -> bytes:
    pdf = signed()
    entries = b"/Type /XRef /Size 999999999 /W [1 4 2] /Root 1 0 R /Prev %d %s" % (raw.last_xref(pdf), _TWICE)
    return pdf + b"900 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (raw.stream(bomb(), entries), len(pdf))


@hostile("a bomb as validation data")
def bomb_as_evidence() -> bytes:
    pdf = signed()
    root = raw.value_of(pdf, 1).replace(b"/DSS ", b"/Old ")
    store = b"<< /Type /DSS /Certs [901 0 R] /CRLs [901 0 R] >>"
    return raw.update(
        pdf,
        {1: raw.with_entry(root, b"/DSS 900 0 R "), 900: store, 901: raw.stream(bomb(), _TWICE)},
    )


@odd("a bomb as a field's picture")
def bomb_as_appearance() -> bytes:
    picture = raw.stream(bomb(), b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] " + _TWICE)
    note = b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [9 9 99 99] /AP << /N 901 0 R >> >>"
    return built({PAGE: page(CONTENT, b"/Annots [20 0 R 900 0 R]"), 900: note, 901: picture})


@hostile("a table that claims two thousand million rows")
def claimed_rows() -> bytes:
    pdf = signed()
    rows = b"xref\n0 2000000000\n0000000000 65535 f \n"
    return pdf + rows + b"trailer\n<< /Size 2000000000 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(pdf)


@odd("a text of two million strokes")
def endless_content() -> bytes:
    strokes = zlib.compress(b"0 0 m 595 842 l S\n" * 2_000_000, 9)
    return built({CONTENT: raw.stream(strokes, b"/Filter /FlateDecode")})


@odd("a pattern of a hundred millions of tiles")
def tiles() -> bytes:
    pattern = raw.stream(
        b"0 0 0.01 0.01 re f",
        b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 0.05 0.05] /XStep 0.05 "
        b"/YStep 0.05 /Resources << >>",
    )
    drawn = page(CONTENT).replace(b"/Font <<", b"/Pattern << /P 900 0 R >> /Font <<")
    return built({900: pattern, PAGE: drawn, CONTENT: raw.stream(b"/Pattern cs /P scn 0 0 595 842 re f")})


@hostile("contents of a million digits")
def long_contents() -> bytes:
    return raw.build(objects({900: SIGNATURE.replace(b"0" * 1000, b"0" * 100_000)}))


@hostile("contents that are ASN.1 of fifty thousand levels")
def deep_asn1() -> bytes:
    pdf = signed()
    start, end = contents_of(pdf)
    nested = b"3080" * ((end - start) // 4 - 8)
    return pdf[: start + 1] + nested.ljust(end - start - 2, b"0") + pdf[end - 1 :]


@hostile("contents that claim to be four gigabytes")
def long_asn1() -> bytes:
    pdf = signed()
    start, end = contents_of(pdf)
    return pdf[: start + 1] + b"3084FFFFFFFF" + pdf[start + 13 : end] + pdf[end:]


@hostile("ASN.1 lengths that end in 0x80")
def ending_in_80() -> bytes:
    """Which one library reads as `indefinite`, and searches for the end for minutes."""
    pdf = signed()
    start, end = contents_of(pdf)
    return (
        pdf[: start + 1]
        + (b"30820280" * 1000)[: end - start - 2].ljust(end - start - 2, b"0")
        + pdf[end - 1 :]
    )


@odd("a script of a megabyte")
def long_script() -> bytes:
    return built({900: b"<< /S /JavaScript /JS (%s) >>" % (b"while(1){};" * 100_000)})


# --- encrypted, cut off ------------------------------------------------------------------------------------


def encrypted(user: str, owner: str) -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(unsigned())) as document:
        document.save(output, encryption=pikepdf.Encryption(owner=owner, user=user, R=6))
    return output.getvalue()


FORGED |= {
    "encrypted, nobody may read": lambda: encrypted("u", "o"),
    "encrypted, everybody may read": lambda: encrypted("", "o"),
}
for _kilobyte in range(1, 103, 10):
    FORGED[f"cut off after {_kilobyte} kB"] = lambda at=_kilobyte: archived()[: at * 1024]  # type: ignore[misc]

# --- the same with something behind: their pages have to be compared

DRAWN = (
    "a form that draws itself",
    "forms that double thirty times",
    "ten thousand annotations",
    "a page of a thousand metres",
    "a picture of a million by a million",
    "a bomb as the page's text",
    "a bomb as a field's picture",
    "a text of two million strokes",
    "a pattern of a hundred millions of tiles",
)
for _name in DRAWN:
    SIGNED[f"{_name}, with an update behind"] = partial(with_update, SIGNED[_name])
