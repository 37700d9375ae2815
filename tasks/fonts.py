"""Which characters our own fonts can draw, and what stands in for the others.

A PDF/A file may hold no character without a glyph, and only the fonts in `templates/documents/fonts` are
ever used: so text is made drawable here before a layout sees it. What was typed stays stored as typed;
only the page shows the substitute, and the caller is told which characters were replaced.
"""

from __future__ import annotations

import struct
import unicodedata
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "templates" / "documents" / "fonts"

STAND_IN = "□"  # U+25A1, drawn by Liberation Serif

_WORD_SYMBOLS = str.maketrans(
    {
        # Word writes bullets and arrows as private-use characters of Symbol and Wingdings.
        "\uf0b7": "•",
        "\uf06c": "●",
        "\uf06e": "■",
        "\uf0a7": "▪",
        "\uf071": "❑",
        "\uf06f": "□",
        "\uf0a8": "◻",
        "\uf076": "❖",
        "\uf0d8": "➢",
        "\uf0fc": "✓",
        "\uf0fb": "✗",
        "\uf0fe": "☑",
        "\uf04a": "☺",
        "\uf0e0": "→",
        "\uf0e8": "➔",
        "\uf0f0": "⇨",
        "\uf0ae": "→",
        "\uf0ac": "←",
        "\uf0de": "⇒",
        "\uf0db": "⇔",
        "\uf0b4": "×",
        "\uf0b8": "÷",
        "\uf0b9": "≠",
        "\uf0a3": "≤",
        "\uf0b3": "≥",
        "\uf0bb": "≈",
        "\uf0b0": "°",
        "\uf0b1": "±",
        "\uf02d": "-",
    }
)


@cache
def drawable_characters() -> frozenset[int]:
    """Code points some shipped font has a glyph for."""
    return frozenset().union(*(glyphs(path.read_bytes()) for path in sorted(FOLDER.glob("*.ttf"))))


def drawable(text: str) -> tuple[str, frozenset[str]]:
    """The text as our fonts can draw it, and the characters that had to be replaced by `□`.

    Vietnamese letters are composed first (NFC); characters without a shape of their own (joiners,
    variation selectors) disappear silently.
    """
    text = _composed(text)
    if text.isascii() and text.isprintable():
        return text, frozenset()
    shapes = {character: _shape(character) for character in set(text)}
    lost = frozenset(character for character, shape in shapes.items() if shape is None)
    return "".join(STAND_IN if (shape := shapes[c]) is None else shape for c in text), lost


def undrawable(text: str) -> tuple[str, ...]:
    """The characters of a text that no paper of ours can show, each once, in the order they come."""
    return tuple(c for c in dict.fromkeys(_composed(text)) if _shape(c) is None)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(_WORD_SYMBOLS)


def _shape(character: str) -> str | None:
    """What is drawn for a character; None where no font of ours can."""
    category = unicodedata.category(character)
    if character == "\n":
        return character
    if character.isspace():
        return " " if character != "\xa0" else character
    if category in ("Cc", "Cf", "Cs") or 0xFE00 <= ord(character) <= 0xFE0F:
        return ""
    return character if ord(character) in drawable_characters() and category not in ("Co", "Cn") else None


def glyphs(font: bytes) -> dict[int, int]:
    """A TrueType file's glyphs by their Unicode code points (formats 4 and 12 of OpenType's `cmap`)."""
    tables: int = struct.unpack_from(">H", font, 4)[0]
    for index in range(tables):
        tag, _sum, start, _length = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        if tag == b"cmap":
            break
    else:
        raise ValueError("This font file has no character map.")
    covered: dict[int, int] = {}
    for index in range(struct.unpack_from(">H", font, start + 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * index)
        if (platform, encoding) not in ((0, 3), (0, 4), (3, 1), (3, 10)):
            continue
        at = start + offset
        form: int = struct.unpack_from(">H", font, at)[0]
        if form == 4:
            covered |= _segments(font, at)
        elif form == 12:
            for group in range(struct.unpack_from(">I", font, at + 12)[0]):
                first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * group)
                covered |= {code: glyph + code - first for code in range(first, last + 1)}
    return covered


def _segments(font: bytes, at: int) -> dict[int, int]:
    """Format 4: segments of code points, each with a delta or an array of glyphs; glyph 0 is none."""
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    covered: dict[int, int] = {}
    for segment in range(count):
        end: int = struct.unpack_from(">H", font, at + 14 + 2 * segment)[0]
        start: int = struct.unpack_from(">H", font, at + 16 + 2 * (count + segment))[0]
        delta: int = struct.unpack_from(">H", font, at + 16 + 2 * (2 * count + segment))[0]
        place = at + 16 + 2 * (3 * count + segment)
        offset: int = struct.unpack_from(">H", font, place)[0]
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = (
                code
                if offset == 0
                else struct.unpack_from(">H", font, place + offset + 2 * (code - start))[0]
            )
            if glyph and (glyph + delta) & 0xFFFF:
                covered[code] = (glyph + delta) & 0xFFFF
    return covered
