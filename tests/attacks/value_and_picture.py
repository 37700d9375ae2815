"""A lawful signer fills a lawful field, and what is seen in it is not its value.

The value is what programs read and search; the picture is what a person reads. A field where both differ can
be shown to two people as two things.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from functools import partial

import pikepdf
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tasks import rendering
from tasks.form_fields import FilledText
from tests import signatures
from tests.attacks import raw
from tests.attacks.letters import APPROVAL, NUMBER, appended, certified, form_field
from tests.attacks.samples import ALTERED, UNKNOWN, Attacks
from tests.signatures import person

ATTACKS = Attacks("value and picture")
sample = ATTACKS.sample
DOUBT = (ALTERED, UNKNOWN)


def approved_with(
    content: bytes, value: str = "05", fonts: bytes = b"/F1 5 0 R", more: dict[int, bytes] | None = None
) -> bytes:
    """The lawful signer fills the lawful field with a picture of the attacker's."""
    drawn = raw.build(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 20] /Contents 4 0 R "
            b"/Resources << /Font << %s >> >> >>" % fonts,
            4: raw.stream(content),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            **(more or {}),
        }
    )
    texts = (FilledText("number", value, drawn),)
    return signatures.sign(certified(), "approval", person("minh"), APPROVAL, texts=texts)


_STROKES = b" 2 w 10 3 m 10 16 l S 20 3 m 30 3 l 30 16 l 20 16 l h S "
WORDS = {
    "the value invisible, other figures drawn as lines": (
        b"BT 3 Tr /F1 9 Tf 2 6 Td (05) Tj ET" + _STROKES,
        b"/F1 5 0 R",
        {},
    ),
    "the value in white, other figures drawn as lines": (
        b"1 g BT /F1 9 Tf 2 6 Td (05) Tj ET 0 g" + _STROKES,
        b"/F1 5 0 R",
        {},
    ),
    "the value in a font that draws other figures": (
        b"BT /F1 9 Tf 2 6 Td (05) Tj ET",
        b"/F1 6 0 R",
        {
            6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
            b"/Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding "
            b"/Differences [48 /five 53 /zero] >> /ToUnicode 7 0 R >>",
            7: raw.stream(
                b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def "
                b"/CMapType 2 def 1 begincodespacerange <00> <FF> endcodespacerange 2 beginbfchar "
                b"<30> <0030> <35> <0035> endbfchar endcmap "
                b"CMapName currentdict /CMap defineresource pop end end"
            ),
        },
    ),
    "the value outside the picture, other figures within": (
        b"BT /F1 9 Tf -200 6 Td (05) Tj ET BT /F1 9 Tf 2 6 Td (50) Tj ET",
        b"/F1 5 0 R",
        {},
    ),
    "the value, and a second line of it": (
        b"BT /F1 9 Tf 2 11 Td (05) Tj 0 -9 Td (05) Tj ET",
        b"/F1 5 0 R",
        {},
    ),
    "the value beside a bar that strikes it out": (
        b"BT /F1 9 Tf 2 6 Td (05) Tj ET 3 w 0 9 m 100 9 l S",
        b"/F1 5 0 R",
        {},
    ),
    "the value under a black picture": (
        b"BT /F1 9 Tf 2 6 Td (05) Tj ET 0 g 0 0 100 20 re f",
        b"/F1 5 0 R",
        {},
    ),
    "the value too small to be seen": (b"BT /F1 0.2 Tf 2 6 Td (05) Tj ET" + _STROKES, b"/F1 5 0 R", {}),
    "figures in another order": (b"BT /F1 9 Tf 10 6 Td (0) Tj -8 0 Td (5) Tj ET", b"/F1 5 0 R", {}),
}
for _name, (_content, _fonts, _more) in WORDS.items():
    ATTACKS.add(f"{_name}", partial(approved_with, _content, fonts=_fonts, more=_more), None, *DOUBT)


# --- letters that are not what they are called -----------------------------------------------------------


def approved_in(change: Callable[[pikepdf.Dictionary], None], value: str, drawn: str) -> bytes:
    """Approved with a picture our own layout drew, whose font was changed."""
    with pikepdf.open(io.BytesIO(rendering.text_field(NUMBER, drawn))) as page:
        (font,) = page.pages[0].Resources.Font.values()
        change(font)
        made = io.BytesIO()
        page.save(made, static_id=True)
    texts = (FilledText("number", value, made.getvalue()),)
    return signatures.sign(certified(), "approval", person("minh"), APPROVAL, texts=texts)


def renamed(**names: str) -> Callable[[pikepdf.Dictionary], None]:
    """The table calls a letter by another name, or, without one, has no name for it."""

    def change(font: pikepdf.Dictionary) -> None:
        table = font.ToUnicode.read_bytes()
        for old, new in names.items():
            old_code, line = b"<%04X>" % ord(old[-1]), rb"<[0-9A-F]{4}> "
            assert old_code in table
            if new:
                table = table.replace(old_code, b"<!%04X>" % ord(new[-1]))
            else:
                table = re.sub(line + old_code + rb"\s", b"", table)
                count = int(re.findall(rb"(\d+) beginbfchar", table)[0])
                table = table.replace(b"%d beginbfchar" % count, b"%d beginbfchar" % (count - 1))
        font.ToUnicode.write(table.replace(b"<!", b"<"))

    return change


def outlines_exchanged(font: pikepdf.Dictionary) -> None:
    """The first and the second letter are drawn as each other; what they are called stays."""
    file = font.DescendantFonts[0].FontDescriptor.FontFile2
    data = bytearray(file.read_bytes())
    tables = {
        bytes(data[at : at + 4]): struct.unpack_from(">II", data, at + 8)
        for at in range(12, 12 + 16 * struct.unpack_from(">H", data, 4)[0], 16)
    }
    start, _ = tables[b"loca"]
    glyphs, _ = tables[b"glyf"]
    long = struct.unpack_from(">h", data, tables[b"head"][0] + 50)[0]
    kind, factor = (">4I", 1) if long else (">4H", 2)
    first, second, third, end = (factor * n for n in struct.unpack_from(kind, data, start))
    one, two = data[glyphs + second : glyphs + third], data[glyphs + third : glyphs + end]
    data[glyphs + second : glyphs + end] = two + one
    struct.pack_into(kind, data, start, *(n // factor for n in (first, second, second + len(two), end)))
    file.write(bytes(data))


_LIES = b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def "
STANDARD = (
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 7 0 R >>"
)
LYING = {
    7: raw.stream(
        _LIES + b"/CMapType 2 def 1 begincodespacerange <00> <FF> endcodespacerange 2 beginbfchar "
        b"<30> <0035> <35> <0030> endbfchar endcmap CMapName currentdict /CMap defineresource pop end end"
    )
}
LETTERS = {
    "an embedded font that calls figures by other names": partial(
        approved_in, renamed(_0="5", _5="0"), "05", "50"
    ),
    "an embedded font that has other figures under their names": partial(
        approved_in, outlines_exchanged, "05", "05"
    ),
    "a letter more, which the font calls nothing": partial(approved_in, renamed(_7=""), "05", "057"),
    "“not” in letters that are called spaces": partial(
        approved_in, renamed(C=" ", h=" ", _u=" ", _a=" "), "ĐẠT", "Chua ĐẠT"
    ),
    "a common font that calls figures by other names": partial(
        approved_with,
        b"BT /F1 9 Tf 2 6 Td (50) Tj ET",
        fonts=b"/F1 6 0 R",
        more=LYING | {6: STANDARD},
    ),
    "a font of pictures under a common name for letters": partial(
        approved_with,
        b"BT /F1 9 Tf 2 6 Td (05) Tj ET",
        fonts=b"/F1 6 0 R",
        more={6: b"<< /Type /Font /Subtype /TrueType /BaseFont /Wingdings /Encoding /WinAnsiEncoding >>"},
    ),
}
for _letters, _make in LETTERS.items():
    ATTACKS.add(_letters, _make, certified, *DOUBT)


@sample("other words by other spaces", None, *DOUBT)
def spaces() -> bytes:
    """1/12 and 11/2 are the same but for the spaces."""
    return approved_with(b"BT /F1 9 Tf 2 6 Td (11 2) Tj ET", value="1 12")


def valued(value: str) -> bytes:
    """The number has a value that no page shows; a viewer that draws the field anew shows it."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "number")
        field[pdf_name("/V")] = TextStringObject(value)
        writer.update_container(field)

    return appended(certified(), change)


@sample("a value without a picture, then approved", certified, *DOUBT)
def valued_then_approved() -> bytes:
    return signatures.sign(valued("50"), "approval", person("minh"), APPROVAL)
