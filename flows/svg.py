"""A document type's process as an SVG picture: lanes of who acts, tasks, decisions and returns. Pure.

Where everything stands is said in `flows/diagram.py`; the file carries no script, no style and no address.
"""

from __future__ import annotations

from textwrap import wrap
from xml.etree import ElementTree

from flows.diagram import (
    BAND,
    GAP,
    GATE,
    GATEWAYS,
    HEAD,
    NOTE_LINE,
    Flow,
    Node,
    Rect,
    beside,
    diagram,
)
from flows.grammar import DocumentType
from models.text import Language, Text

SIGNED = Text("(ký số)", "(signs)")

_INK, _LINE, _SIGN, _BACK = "#1a2030", "#5c6577", "#1d4497", "#a61f19"
_MARKS = {
    "gateway": "m-6-6l12 12m0-12l-12 12",
    "parallel": "m-9 0h18m-9-9v18",
    "complex": "m-9 0h18m-9-9v18m-6-15l12 12m0-12l-12 12",
}
_LETTER = 6.1
"""Width of an average letter at 11.5 px: where a name breaks."""


def svg(declared: DocumentType, language: Language = "vi") -> bytes:
    """The picture of a type, for people and for `<img>`."""
    drawn = diagram(declared)
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_n(drawn.width)} {_n(drawn.height)}",
            "width": _n(drawn.width),
            "height": _n(drawn.height),
            "role": "img",
            "font-family": "Segoe UI, Roboto, Noto Sans, Liberation Sans, sans-serif",
            "font-size": "11.5",
            "fill": _INK,
        },
    )
    ElementTree.SubElement(root, "title").text = drawn.name.to(language)
    ElementTree.SubElement(root, "desc").text = ". ".join(
        f"{drawn.lanes[n.lane].name.to(language)}: {n.name.to(language)}"
        for n in drawn.nodes
        if n.name and n.kind in ("user", "service")
    )
    defs = ElementTree.SubElement(root, "defs")
    for name, colour in (("head", _LINE), ("back", _BACK)):
        marker = ElementTree.SubElement(
            defs, "marker",
            {"id": name, "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "8",
             "markerHeight": "8", "markerUnits": "userSpaceOnUse", "orient": "auto"},
        )  # fmt: skip
        ElementTree.SubElement(marker, "path", d="M0 0l8 4-8 4z", fill=colour)
    _rect(root, Rect(0, 0, drawn.width, drawn.height), fill="#ffffff", stroke="none")
    _rect(root, drawn.pool)
    _turned(root, Rect(drawn.pool.x, drawn.pool.y, BAND, drawn.pool.height), drawn.name.to(language), True)
    for lane in drawn.lanes:
        _rect(root, lane.at)
        _turned(root, Rect(lane.at.x, lane.at.y, HEAD, lane.at.height), lane.name.to(language), False)
    for flow in drawn.flows:
        _line(root, flow, language)
    for node in drawn.nodes:
        _node(root, node, language)
    for number, note in enumerate(drawn.notes):
        y = drawn.note.y + 6 + NOTE_LINE * (number + 0.75)
        _text(root, drawn.note.x + 8, y, note.to(language), anchor="start")
    _path(root, f"M{_n(drawn.note.x + 6)} {_n(drawn.note.y)}h-6V{_n(drawn.note.bottom)}h6", _LINE)
    picture: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return picture + b"\n"


def _node(root: ElementTree.Element, node: Node, language: Language) -> None:
    (x, y), at, name = node.at.middle, node.at, node.name.to(language) if node.name else ""
    if node.kind in ("start", "end"):
        width = "3" if node.kind == "end" else "1.5"
        ElementTree.SubElement(
            root, "circle",
            {"cx": _n(x), "cy": _n(y), "r": _n(at.width / 2), "fill": "#ffffff", "stroke": _INK,
             "stroke-width": width},
        )  # fmt: skip
        _text(root, x, at.bottom + 13, name)
        return
    if node.kind in GATEWAYS:
        half = at.width / 2
        _path(
            root,
            f"M{_n(x)} {_n(at.y)}l{_n(half)} {_n(half)}-{_n(half)} {_n(half)}-{_n(half)}-{_n(half)}z",
            _INK,
        )
        _path(root, f"M{_n(x)} {_n(y)}{_MARKS[node.kind]}", _INK, "2")
        for number, line in enumerate(wrap(name, int((GATE + GAP * 2) / _LETTER))[:2]):
            _text(root, x, at.bottom + 13 + 12 * number, line)
        return
    _rect(root, at, rx="6", stroke=_SIGN if node.signs else _INK, **{"stroke-width": "1.5"})
    lines = wrap(name, int((at.width - 10) / _LETTER))[:3]
    if node.signs:
        lines.append(SIGNED.to(language))
    first = y - (len(lines) - 1) * 7.5 + 4
    for number, line in enumerate(lines):
        signed = node.signs and number == len(lines) - 1
        _text(root, x, first + 15 * number, line, fill=_SIGN if signed else _INK)


def _line(root: ElementTree.Element, flow: Flow, language: Language) -> None:
    way = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in flow.points)
    colour = _BACK if flow.back else _LINE
    path = _path(root, way, colour)
    path.set("marker-end", f"url(#{'back' if flow.back else 'head'})")
    if flow.back:
        path.set("stroke-dasharray", "4 3")
    if flow.name:
        room = beside(flow)
        _text(root, room.x, room.bottom - 3, flow.name.to(language), anchor="start", fill=colour)


def _rect(root: ElementTree.Element, at: Rect, **more: str) -> None:
    known = {"x": _n(at.x), "y": _n(at.y), "width": _n(at.width), "height": _n(at.height)}
    ElementTree.SubElement(root, "rect", known | {"fill": "#ffffff", "stroke": _LINE} | more)


def _path(root: ElementTree.Element, d: str, colour: str, width: str = "1.5") -> ElementTree.Element:
    return ElementTree.SubElement(
        root, "path", {"d": d, "fill": "none", "stroke": colour, "stroke-width": width}
    )


def _text(
    root: ElementTree.Element, x: float, y: float, words: str, *, anchor: str = "middle", fill: str = _INK
) -> None:
    ElementTree.SubElement(
        root, "text", {"x": _n(x), "y": _n(y), "text-anchor": anchor, "fill": fill}
    ).text = words


def _turned(root: ElementTree.Element, at: Rect, words: str, strong: bool) -> None:
    """A name written upwards in the head of a pool or a lane, in as many lines as fit."""
    lines = wrap(words, int((at.height - 8) / _LETTER))[:2]
    x, y = at.middle
    for number, line in enumerate(lines):
        across = x + (number - (len(lines) - 1) / 2) * 13 + 4
        element = ElementTree.SubElement(
            root, "text",
            {"transform": f"translate({_n(across)} {_n(y)}) rotate(-90)", "text-anchor": "middle"},
        )  # fmt: skip
        element.text = line
        if strong:
            element.set("font-weight", "600")


def _n(length: float) -> str:
    return f"{length:g}"
