"""Fields of a Word file that would not show again what their author saw: they become what they last showed.

A field is an instruction with the result of its last update. Some fetch their text from other files; some
change by themselves (today's date, the name of the file, who saved it last): LibreOffice works those out anew
when it makes the pages, and something else would be signed than what stood there. Page numbers, tables of
contents and references stay fields. ECMA-376 Part 1, §17.16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FETCHING = re.compile(
    r"\s*\\?\s*(INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|LINK|DDEAUTO|DDE|DATABASE|MACROBUTTON|RD)\b",
    re.IGNORECASE,
)
_CHANGING = re.compile(
    r"\s*\\?\s*(DATE|TIME|CREATEDATE|SAVEDATE|PRINTDATE|EDITTIME|FILENAME|FILESIZE|TEMPLATE|REVNUM|AUTHOR"
    r"|LASTSAVEDBY|USERNAME|USERINITIALS|USERADDRESS|INFO|DOCPROPERTY)\b",
    re.IGNORECASE,
)
FETCHED, CHANGING = "fields", "changing-fields"
"""Codes of `tasks/recognising.py`: what was removed, what the author should look at."""


@dataclass(slots=True)
class _Field:
    """`parts`: what makes it a field, in order; its result stands between or within them."""

    parts: list[Any] = field(default_factory=list)
    instruction: str = ""

    def end(self) -> None:
        """Let the result stand by itself."""
        for part in self.parts:
            parent = part.getparent()
            if part.tag == f"{_W}fldSimple":
                place = parent.index(part)
                parent[place : place + 1] = [child for child in part if child.tag != f"{_W}fldData"]
            else:
                parent.remove(part)


def settle(root: Any) -> set[str]:
    """End the fields of a part that fetch or change by themselves; the codes of what was found."""
    found = set()
    for one in list(_fields(root)):
        for code, kind in ((FETCHED, _FETCHING), (CHANGING, _CHANGING)):
            if kind.match(one.instruction):
                one.end()
                found.add(code)
    return found


def _fields(root: Any) -> Iterator[_Field]:
    """Every field, an inner one before that around it; one without an end is a field too."""
    around: list[_Field] = []
    for element in root.iter(f"{_W}fldChar", f"{_W}instrText", f"{_W}fldSimple"):
        assert isinstance(element, etree._Element)
        if element.tag == f"{_W}fldSimple":
            yield _Field([element], str(element.get(f"{_W}instr", "")))
            continue
        kind = element.get(f"{_W}fldCharType")
        if kind == "begin" or not around:
            around.append(_Field())
        around[-1].parts.append(element)
        if element.tag == f"{_W}instrText":
            around[-1].instruction += element.text or ""
        elif kind == "end":
            yield around.pop()
    yield from around
