"""Are the letters a font draws those it says it draws? Of our own fonts that is known, outline by outline.

A font in a file brings two things of its own making: the outlines, and a table of what they are called. A
reader of words goes by the table, a person by the outlines. So what is drawn with a font counts as read only
where its glyphs are, byte for byte, those of our fonts for that very character; or where the file brings no
outlines and every reader draws with its own. Any other font is named, and whoever judges asks whether it was
there when an earlier signer signed.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

import pikepdf

from tasks import fonts
from tasks.pdf_objects import Told

_STANDARD = re.compile(
    r"/(Helvetica|Times|Courier|Arial|TimesNewRoman|CourierNew)(PS)?(MT)?([-,](Roman|Bold|Italic|Oblique)*)?(MT)?"
)
"""Fonts every reader has, or has something alike for."""
_ENCODINGS = ("/WinAnsiEncoding", "/MacRomanEncoding", "/StandardEncoding")
_LONGEST = 4 * 1024 * 1024
_MOST_FONTS, _DEEPEST = 500, 4
_TABLES = {
    *(b"GDEF", b"GPOS", b"GSUB", b"OS/2", b"cmap", b"cvt ", b"fpgm", b"gasp", b"glyf", b"head", b"hhea"),
    *(
        b"hmtx",
        b"kern",
        b"loca",
        b"maxp",
        b"name",
        b"post",
        b"prep",
        b"FFTM",
        b"DSIG",
        b"LTSH",
        b"VDMX",
        b"hdmx",
    ),
    *(b"PCLT", b"BASE", b"MATH", b"meta"),
}
"""Without those that bring other outlines (CFF), pictures of letters, or variations."""
_HINTS = (b"cvt ", b"fpgm", b"prep")
"""Programs that move outlines when they are drawn."""


def digest(font: Any) -> str:
    """What tells a font from every other, in the form of a hash; empty for one too large to be told."""
    told = Told()
    said = told.of(font, 0)
    return sha256(said.encode()).hexdigest() if told.whole else ""


def fonts_of(document: pikepdf.Pdf) -> frozenset[str]:
    """The fonts a file's pages, fields and form are drawn with."""
    found: set[str] = set()
    for font in _fonts(document):
        found.add(digest(font))
        if len(found) > _MOST_FONTS:
            break
    return frozenset(found - {""})


def _fonts(document: pikepdf.Pdf) -> Iterator[Any]:
    form: Any = document.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        yield from _in(form.get("/DR"), 0)
    for page in document.pages:
        yield from _in(page.obj.get("/Resources"), 0)
        annotations: Any = page.obj.get("/Annots")
        for one in annotations if isinstance(annotations, pikepdf.Array) else ():
            looks: Any = one.get("/AP") if isinstance(one, pikepdf.Dictionary) else None
            drawn: Any = looks.get("/N") if isinstance(looks, pikepdf.Dictionary) else None
            if isinstance(drawn, pikepdf.Stream):
                yield from _in(drawn.get("/Resources"), 0)


def _in(resources: Any, depth: int) -> Iterator[Any]:
    if not isinstance(resources, pikepdf.Dictionary) or depth > _DEEPEST:
        return
    named: Any = resources.get("/Font")
    if isinstance(named, pikepdf.Dictionary):
        yield from (font for font in named.values() if isinstance(font, pikepdf.Dictionary))
    forms: Any = resources.get("/XObject")
    if isinstance(forms, pikepdf.Dictionary):
        for one in forms.values():
            if isinstance(one, pikepdf.Stream):
                yield from _in(one.get("/Resources"), depth + 1)


class Letters:
    """What is known of a font's letters."""

    def __init__(self, font: Any) -> None:
        self._font = font

    def known(self, codes: bytes) -> bool:
        """Are these codes drawn as what they are called?"""
        try:
            return self._every_readers or self._ours(codes)
        except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, struct.error):
            return False

    @cached_property
    def _every_readers(self) -> bool:
        """No outlines and no table of the file's own: a common font under a common encoding."""
        font = self._font
        described: Any = font.get("/FontDescriptor", {})
        own = {"/ToUnicode", "/DescendantFonts"} & set(font.keys())
        own |= {"/FontFile", "/FontFile2", "/FontFile3"} & set(described.keys())
        encoding: Any = font.get("/Encoding", "/StandardEncoding")
        if isinstance(encoding, pikepdf.Dictionary):
            encoding = encoding.get("/BaseEncoding", "/StandardEncoding")
        named = _STANDARD.fullmatch(str(font.get("/BaseFont", ""))) is not None
        return named and not own and str(encoding) in _ENCODINGS

    def _ours(self, codes: bytes) -> bool:
        """Two bytes a glyph, as the layout engine writes them."""
        if len(codes) % 2:
            return False
        glyphs = {int.from_bytes(codes[at : at + 2], "big") for at in range(0, len(codes), 2)}
        face, called = self._face, self._called
        return all(
            any(face.like(glyph, one, drawn) for one in our_faces() for drawn in one.drawing(called[glyph]))
            for glyph in glyphs
        )

    @cached_property
    def _face(self) -> Face:
        (inner,) = self._font.DescendantFonts
        usual = (
            str(self._font.Encoding) == "/Identity-H"
            and str(inner.Subtype) == "/CIDFontType2"
            and str(inner.get("/CIDToGIDMap", "")) == "/Identity"
        )
        if not usual:
            raise ValueError("not as the layout engine writes fonts")
        return Face(inner.FontDescriptor.FontFile2.read_bytes()[:_LONGEST])

    @cached_property
    def _called(self) -> Mapping[int, str]:
        return _table(self._font.ToUnicode.read_bytes()[:_LONGEST].decode("latin-1"))


_COMMENT = re.compile(r"%[^\r\n]*")
_BLOCK = re.compile(r"beginbf(char|range)(.*?)endbf\1", re.DOTALL)
_CODE = r"\s*<([0-9A-Fa-f]{4})>"
_NAME = r"\s*<((?:[0-9A-Fa-f]{4})+)>"
_CHAR = re.compile(_CODE + _NAME)
_RANGE = re.compile(_CODE + _CODE + _NAME)


def _table(cmap: str) -> dict[int, str]:
    """What each glyph is called; ValueError for a table that readers could read in more than one way."""
    cmap = _COMMENT.sub(" ", cmap)
    blocks = _BLOCK.findall(cmap)
    if "usecmap" in cmap or "cidchar" in cmap or "cidrange" in cmap or len(blocks) != cmap.count("beginbf"):
        raise ValueError("not a plain table")
    called: dict[int, str] = {}
    for kind, block in blocks:
        entry = _CHAR if kind == "char" else _RANGE
        if entry.sub("", block).strip():
            raise ValueError("not a plain table")
        for first, *more in entry.findall(block):
            start, name = int(first, 16), bytes.fromhex(more[-1]).decode("utf-16-be")
            last = int(more[0], 16) if kind == "range" else start
            for code in range(start, last + 1):
                said = name[:-1] + chr(ord(name[-1]) + code - start)
                if called.setdefault(code, said) != said:
                    raise ValueError("called by two names")
    return called


# --- TrueType ---------------------------------------------------------------------------------------------


class Face:
    """The outlines of a TrueType file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tables: dict[bytes, tuple[int, int]] = {}
        for index in range(struct.unpack_from(">H", data, 4)[0]):
            tag, _, start, length = struct.unpack_from(">4sIII", data, 12 + 16 * index)
            if tag in self._tables:
                raise ValueError("two tables of one name")
            self._tables[tag] = start, length
        if not self._tables.keys() <= _TABLES:
            raise ValueError("it may be drawn otherwise")
        head = self._tables[b"head"][0]
        self.size: int = struct.unpack_from(">H", data, head + 18)[0]
        self._long = struct.unpack_from(">h", data, head + 50)[0] == 1

    @cached_property
    def _glyphs(self) -> Mapping[str, tuple[int, ...]]:
        """By the characters they are for; a joined letter (ﬁ) is for the letters it joins, too."""
        found: dict[str, set[int]] = {}
        for code, glyph in fonts.glyphs(self._data).items():
            for said in {chr(code), unicodedata.normalize("NFKC", chr(code))}:
                found.setdefault(said, set()).add(glyph)
        return {said: tuple(sorted(glyphs)) for said, glyphs in found.items()}

    def drawing(self, said: str) -> tuple[int, ...]:
        """The glyphs for a character."""
        return self._glyphs.get(said, ())

    def hints(self) -> tuple[bytes, ...]:
        return tuple(self._table(tag) for tag in _HINTS)

    def like(self, glyph: int, other: Face, theirs: int) -> bool:
        """Is this glyph drawn as that one of another file?"""
        same_hints = self.hints() == other.hints()
        return self.size == other.size and same_hints and self._drawn(glyph, 0) == other._drawn(theirs, 0)

    def _table(self, tag: bytes) -> bytes:
        start, length = self._tables.get(tag, (0, 0))
        return self._data[start : start + length]

    def _drawn(self, glyph: int, depth: int) -> tuple[Any, ...]:
        """A glyph's bytes; of one put together of others theirs, whatever their numbers are in this file."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        data = self._outline(glyph)
        if not data or struct.unpack_from(">h", data)[0] >= 0:
            return (data,)
        parts: list[Any] = [data[:10]]
        at, more = 10, True
        while more:
            flags, component = struct.unpack_from(">HH", data, at)
            more = bool(flags & 0x20)
            length = (4 if flags & 1 else 2) + (
                2 if flags & 8 else 4 if flags & 0x40 else 8 if flags & 0x80 else 0
            )
            parts += [flags, data[at + 4 : at + 4 + length], self._drawn(component, depth + 1)]
            at += 4 + length
        return (*parts, data[at:].rstrip(b"\0"))

    def _outline(self, glyph: int) -> bytes:
        start, length = self._tables[b"loca"]
        if self._long:
            first, last = struct.unpack_from(">II", self._data, start + 4 * glyph)
        else:
            first, last = (2 * one for one in struct.unpack_from(">HH", self._data, start + 2 * glyph))
        if (glyph + 2) * (4 if self._long else 2) > length or last < first:
            raise ValueError("no such glyph")
        at = self._tables[b"glyf"][0]
        return self._data[at + first : at + last].rstrip(b"\0")


@cache
def our_faces() -> tuple[Face, ...]:
    """Of every font we lay out with."""
    files = sorted(fonts.FOLDER.glob("*.ttf"), reverse=True)  # what papers are set in comes first
    return tuple(Face(path.read_bytes()) for path in files)
