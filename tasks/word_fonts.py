"""Text of a Word file in old Vietnamese fonts (TCVN3, VNI) becomes Unicode in Times New Roman.

No server has those fonts, so what they only showed as Vietnamese would be signed as nonsense. Which font a
run has follows Word's order: the run, its character style, its paragraph's style, the defaults of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.old_fonts import UNICODE_FONT, is_old, to_unicode

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SLOTS = ("hAnsi", "ascii", "cs", "eastAsia")
_DEEPEST = 20
"""Styles based on styles."""


class WordFonts:
    """The fonts the styles of a file name; `styles` is the root of that part, None where there is none."""

    def __init__(self, styles: Any | None) -> None:
        self._own: dict[str, str] = {}
        self._based: dict[str, str] = {}
        self._paragraphs = self._defaults = ""
        if styles is None:
            return
        for defaults in styles.iterfind(f"{W}docDefaults/{W}rPrDefault"):
            self._defaults = _named(defaults)
        for style in styles.iterfind(f"{W}style"):
            key = str(style.get(f"{W}styleId", ""))
            self._own[key] = _named(style)
            based = style.find(f"{W}basedOn")
            self._based[key] = "" if based is None else str(based.get(f"{W}val", ""))
            default = style.get(f"{W}default") in ("1", "true", "on")
            if default and style.get(f"{W}type") == "paragraph":
                self._paragraphs = key

    def modernise(self, root: Any) -> bool:
        """Rewrite the text of a part in place; True when there was any in an old font."""
        found = False
        for paragraph in root.iter(f"{W}p"):
            beneath = self._style(paragraph.find(f"{W}pPr/{W}pStyle")) or self._font(self._paragraphs)
            for run in _runs(paragraph):
                own = _named(run) or self._style(run.find(f"{W}rPr/{W}rStyle"))
                font = own or beneath or self._defaults
                if is_old(font):
                    found |= _rewrite(run, font)
        for level in root.iter(f"{W}lvl"):
            said = level.find(f"{W}lvlText")
            if said is not None and is_old(_named(level)):  # `Bµi %1`
                said.set(f"{W}val", to_unicode(str(said.get(f"{W}val", "")), _named(level)))
        for fonts in root.iter(f"{W}rFonts"):
            for slot in _SLOTS:
                if is_old(str(fonts.get(f"{W}{slot}", ""))):
                    fonts.set(f"{W}{slot}", UNICODE_FONT)
        return found

    def _style(self, element: Any | None) -> str:
        return "" if element is None else self._font(str(element.get(f"{W}val", "")))

    def _font(self, key: str) -> str:
        for _ in range(_DEEPEST):
            if self._own.get(key):
                return self._own[key]
            key = self._based.get(key, "")
        return ""


def _named(element: Any) -> str:
    """The font an element names for Latin letters; empty when it names none."""
    fonts = element.find(f"{W}rPr/{W}rFonts")
    if fonts is None:
        return ""
    return str(fonts.get(f"{W}hAnsi") or fonts.get(f"{W}ascii") or "")


def _runs(paragraph: Any) -> Iterator[Any]:
    """Its own runs, also within links and changes; not those of paragraphs in a box inside."""
    for run in paragraph.iter(f"{W}r"):
        if next(run.iterancestors(f"{W}p")) is paragraph:
            yield run


def _rewrite(run: Any, font: str) -> bool:
    """True when the run had words. `ư` has the soft hyphen's code in TCVN3; Word may keep it as a mark."""
    found = False
    for element in list(run):
        if element.tag == f"{W}softHyphen":
            element.tag, element.text = f"{W}t", "\u00ad"
        if element.tag in (f"{W}t", f"{W}delText") and element.text:
            element.text = to_unicode(element.text, font)
            found = found or bool(element.text.strip())
    return found
