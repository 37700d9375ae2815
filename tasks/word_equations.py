"""Equations of a Word file as plain text, for where no LibreOffice draws them: ¾ becomes `3/4`.

Fractions are written with a slash, powers and indices raised and lowered, roots with their sign; what else
there is keeps its letters in their order. Runs in the converter's children.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from tasks.word_fonts import W

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_WORDS = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml")
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_GRAPHIC, _PICTURE = f"{_A}graphicData", f"{_A}blip"


def as_text(document: bytes) -> tuple[bytes, bool, bool]:
    """The file with its equations as text; were there any; are there drawings without a picture?"""
    equations = drawings = False
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(document)) as package,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        for entry in package.infolist():
            content = package.read(entry)
            if _WORDS.fullmatch(entry.filename):  # the body is not called document.xml by every Word
                root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
                found = list(root.iter(f"{_M}oMath"))
                for equation in found:
                    _replace(equation)
                equations = equations or bool(found)
                drawings = drawings or any(_is_lost(drawing) for drawing in root.iter(f"{W}drawing"))
                content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
            made.writestr(entry.filename, content)
    return output.getvalue(), equations, drawings


def _is_lost(drawing: Any) -> bool:
    """A chart, a diagram or shapes in a group; a lone line or frame is no loss worth a word."""
    kinds = (str(data.get("uri", "")).rpartition("/")[2] for data in drawing.iter(_GRAPHIC))
    found = any(kind in ("chart", "diagram", "wordprocessingGroup", "wordprocessingCanvas") for kind in kinds)
    return found and not any(True for _ in drawing.iter(_PICTURE, f"{W}txbxContent"))


def _replace(equation: Any) -> None:
    place = equation.getparent()
    if place.tag == f"{_M}oMathPara":  # on a line of its own, which may hold several
        place.addprevious(equation)
    for text, mark in _said(equation, ""):
        run = etree.Element(f"{W}r")
        if mark:
            look = etree.SubElement(etree.SubElement(run, f"{W}rPr"), f"{W}vertAlign")
            look.set(f"{W}val", mark)
        words = etree.SubElement(run, f"{W}t")
        words.text = text
        equation.addprevious(run)
    equation.getparent().remove(equation)


def _said(element: Any, mark: str) -> Iterator[tuple[str, str]]:
    """The text of an element in its order, each with the mark it has."""
    name = etree.QName(element).localname if isinstance(element.tag, str) else ""
    if name == "t":
        yield element.text or "", mark
    elif name == "f":
        yield from _grouped(element.find(f"{_M}num"), mark)
        yield "/", mark
        yield from _grouped(element.find(f"{_M}den"), mark)
    elif name == "rad":
        yield "√", mark
        yield from _grouped(element.find(f"{_M}e"), mark)
    elif name in ("sup", "sub"):
        for child in element:
            yield from _said(child, "superscript" if name == "sup" else "subscript")
    elif name == "d":
        yield "(", mark
        for child in element:
            yield from _said(child, mark)
        yield ")", mark
    else:
        for child in element:
            yield from _said(child, mark)


def _grouped(part: Any | None, mark: str) -> Iterator[tuple[str, str]]:
    """In brackets when it is more than a number or a word."""
    found = [] if part is None else list(_said(part, mark))
    text = "".join(words for words, _ in found)
    if text.isalnum():
        yield from found
    else:
        yield "(", mark
        yield from found
        yield ")", mark
