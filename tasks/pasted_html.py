"""What a word processor puts on the clipboard, told in tags before `rich_text` cleans it.

Google Docs and Word on the web write bold or raised letters as styles, Word names fonts in a style sheet,
and pictures lie on the other device. Here styles become tags, text of old Vietnamese fonts becomes Unicode,
hidden text goes, and the pictures that cannot be taken are counted. Pure; `clean` still has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

import nh3

from tasks.old_fonts import is_old, to_unicode
from tasks.rich_text import CHARACTER_LIMIT, TAG_LIMIT, TAGS, WITH_CONTENT

_WELL_FORMED = nh3.Cleaner(
    tags=TAGS | {"font"},
    clean_content_tags=WITH_CONTENT,
    attributes={"*": {"style", "class", "colspan", "rowspan"}, "font": {"face"}, "img": {"src", "alt"}},
    url_schemes={"http", "https", "image"},
    link_rel=None,
)
_VOID = {"br", "hr", "img"}
_INLINE = {"span", "font"}
_OFF = {
    "b": ("font-weight", {"normal", "400"}),
    "strong": ("font-weight", {"normal", "400"}),
    "i": ("font-style", {"normal"}),
    "em": ("font-style", {"normal"}),
    "u": ("text-decoration", {"none"}),
}
"""Google Docs wraps everything in a `<b>` that is not bold."""
_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]*)\}")
_CLASS = re.compile(r"\.([\w-]+)\s*$")
_OURS = re.compile(r"(?:image:|(?:https?://[^/]+)?/documents/([\w-]+)/images/)([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class Pasted:
    """HTML for `rich_text.clean`, and how many pictures of the clipboard it lacks."""

    html: str
    pictures: int = 0


def read(html: str, document_id: str = "") -> Pasted:
    """Tell styles in tags; pictures of the draft `document_id` itself stay pictures.

    What is longer than a field takes is handed on as it is, for `clean` to refuse.
    """
    if len(html) > CHARACTER_LIMIT or html.count("<") > TAG_LIMIT:
        return Pasted(html)
    reader = _Reader(_fonts(html), document_id)
    reader.feed(_WELL_FORMED.clean(html))
    reader.close()
    return Pasted("".join(reader.written), reader.pictures)


def _fonts(html: str) -> dict[str, str]:
    """Fonts of the style sheet, by class."""
    found = {}
    for sheet in re.split(r"<style\b", html, flags=re.IGNORECASE)[1:]:
        for selectors, body in _RULE.findall(sheet.partition("</")[0]):
            font = _first(_style(body).get("font-family", ""))
            for selector in selectors.split(",") if font else ():
                named = _CLASS.search(selector)
                if named:
                    found[named[1]] = font
    return found


def _style(written: str) -> dict[str, str]:
    pairs = (one.partition(":") for one in written.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _first(families: str) -> str:
    return families.partition(",")[0].strip().strip("\"'")


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    font: str
    hidden: bool
    closing: str


@dataclass
class _Reader(HTMLParser):
    """Walks well-formed HTML and writes it anew."""

    fonts: Mapping[str, str]
    document_id: str
    written: list[str] = field(default_factory=list)
    pictures: int = 0
    open: list[_Open] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        style = _style(given.get("style", ""))
        above = self.open[-1] if self.open else _Open("", "", hidden=False, closing="")
        hidden = above.hidden or style.get("display") == "none" or style.get("mso-hide") == "all"
        if tag in _VOID:
            if not hidden:
                self.written.append(self._picture(given) if tag == "img" else f"<{tag}>")
            return
        listed = (self.fonts.get(name, "") for name in given.get("class", "").split())
        font = _first(style.get("font-family", "")) or given.get("face", "") or next(filter(None, listed), "")
        opening, closing = _tags(tag, given, style)
        if not hidden:
            self.written.append(opening)
        self.open.append(_Open(tag, font or above.font, hidden, "" if hidden else closing))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1].tag == tag:
            self.written.append(self.open.pop().closing)

    def handle_data(self, data: str) -> None:
        here = self.open[-1] if self.open else None
        if here is None or not here.hidden:
            text = to_unicode(data, here.font) if here and is_old(here.font) else data
            self.written.append(escape(text, quote=False))

    def _picture(self, given: Mapping[str, str]) -> str:
        ours = _OURS.match(given.get("src", ""))
        if ours is None or (ours[1] or self.document_id) != self.document_id:
            self.pictures += 1
            return ""
        return f'<img src="image:{ours[2]}" alt="{escape(given.get("alt", ""))}">'


def _tags(tag: str, given: Mapping[str, str], style: Mapping[str, str]) -> tuple[str, str]:
    """What is written for an opening tag and for its end."""
    name, values = _OFF.get(tag, ("", set()))
    if name and style.get(name) in values:
        tag = "span"
    marks = _marks(style) if tag in _INLINE else []
    spans = "".join(f' {key}="{escape(given[key])}"' for key in ("colspan", "rowspan") if key in given)
    if "mso-list" in given.get("style", "").lower():
        spans += f' style="{escape(given["style"])}"'
    tag = "span" if tag == "font" else tag
    opening = f"<{tag}{spans}>" + "".join(f"<{mark}>" for mark in marks)
    return opening, "".join(f"</{mark}>" for mark in reversed(marks)) + f"</{tag}>"


def _marks(style: Mapping[str, str]) -> list[str]:
    weight, line = style.get("font-weight", ""), style.get("text-decoration", "")
    line += style.get("text-decoration-line", "")
    found = {
        "strong": weight in ("bold", "bolder") or (weight.isdigit() and int(weight) >= 600),
        "em": style.get("font-style") == "italic",
        "u": "underline" in line,
        "s": "line-through" in line,
        "sub": style.get("vertical-align") == "sub",
        "sup": style.get("vertical-align") == "super",
    }
    return [mark for mark, on in found.items() if on]
