"""Does the picture of a text field show its words and nothing else?

The words of a filled field are compared with its value; that proves something only if they can be seen and no
other strokes stand beside them. So a plain appearance draws text alone: visible, dark, of a readable size, in
fonts with outlines of their own, without lines, areas or pictures. What is not plain is not called wrong, it
is doubtful. Fonts whose outlines could be other letters than they are called are named (`letter_shapes`).
"""

from __future__ import annotations

from typing import Any

import pikepdf

from tasks import letter_shapes

_DARK = 0.55
"""Brightness (0 black, 1 white) up to which ink counts as readable."""
_SMALLEST = 4.0
"""Points."""
_NARROWEST = 40.0
"""Per cent of a letter's width."""
_MOST_OPERATORS = 5_000
_DEEPEST = 3
_FITS = 1.0
"""Points an appearance may differ from its field in size."""
_ENTRIES = {
    *("/Type", "/Subtype", "/FT", "/T", "/TU", "/V", "/F", "/Ff", "/Rect", "/P", "/AP", "/DA", "/DR"),
    *("/H", "/M", "/NM", "/Lock", "/SV", "/StructParent"),
}
"""Of a visible signature's field; others (actions, layers, states, borders) make it behave somehow."""
_PRINTED, _LOCKED = 4, 128 | 512
_VEILS = 1 | 2 | 32
"""Invisible, hidden, not on screen."""
_UNMOVED = [1, 0, 0, 1, 0, 0]
_OTHERWISE = {"/OC", "/OPI", "/Alternates", "/PS", "/Ref"}
_MARKS = {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "BI", "INLINE IMAGE"}
_SHOWS = {"Tj", "TJ", "'", '"'}
_COLOURS = {"g", "rg", "k", "sc", "scn"}


def plain(widget: Any) -> frozenset[str] | None:
    """None unless a field's normal appearance draws readable text and nothing else.

    Otherwise digests of the fonts it is drawn with that are neither ours nor every reader's own.
    """
    try:
        form = widget.AP.N
        if not isinstance(form, pikepdf.Stream) or "/Matrix" in form:
            return None
        left, bottom, right, top = (float(side) for side in widget.Rect)
        x1, y1, x2, y2 = (float(side) for side in form.BBox)
        fits = (
            abs(abs(right - left) - abs(x2 - x1)) <= _FITS and abs(abs(top - bottom) - abs(y2 - y1)) <= _FITS
        )
        reading = _Reading()
        return frozenset(reading.fonts) if fits and reading.of(form, pikepdf.Matrix(), 0) else None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return None


def ordinary(widget: Any) -> bool:
    """Whether a visible signature is shown alike by every reader: on screen and paper, in one state.

    Its picture has the size of its box and holds no layer, no second version for the printer, no program.
    """
    try:
        if not set(widget.keys()) <= _ENTRIES or int(widget.get("/Ff", 0)) not in (0, 1):
            return False
        flags = int(widget.get("/F", 0))
        picture = widget.AP.N
        if not flags & _PRINTED or flags & ~(_PRINTED | _LOCKED) or set(widget.AP.keys()) != {"/N"}:
            return False
        if not isinstance(picture, pikepdf.Stream) or list(picture.get("/Matrix", _UNMOVED)) != _UNMOVED:
            return False
        left, bottom, right, top = (float(side) for side in widget.Rect)
        x1, y1, x2, y2 = (float(side) for side in picture.BBox)
        fits = (
            abs(abs(right - left) - abs(x2 - x1)) <= _FITS and abs(abs(top - bottom) - abs(y2 - y1)) <= _FITS
        )
        return fits and _the_same_everywhere(picture, 0)
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return False


def veiled(widget: Any) -> bool:
    """Whether flags keep readers, some or all, from showing a picture that is there."""
    try:
        left, bottom, right, top = (float(side) for side in widget.Rect)
        return bool(int(widget.get("/F", 0)) & _VEILS and "/AP" in widget and left != right and bottom != top)
    except (pikepdf.PdfError, ValueError, TypeError):
        return True


def _the_same_everywhere(drawn: Any, depth: int) -> bool:
    if depth > _DEEPEST or not _OTHERWISE.isdisjoint(drawn.keys()):
        return False
    if drawn.get("/Subtype") == "/Image":
        return True
    resources = drawn.get("/Resources", pikepdf.Dictionary())
    kinds = {str(one.get("/Type", "")) for one in resources.get("/Properties", {}).values()}
    if drawn.get("/Subtype") != "/Form" or kinds & {"/OCG", "/OCMD"}:
        return False
    return all(_the_same_everywhere(one, depth + 1) for one in resources.get("/XObject", {}).values())


class _Reading:
    """One pass over a content stream: the state that decides whether shown text can be read."""

    def __init__(self) -> None:
        self._count = 0
        self.fonts: set[str] = set()

    def of(self, form: Any, at: pikepdf.Matrix, depth: int) -> bool:
        resources = form.get("/Resources", pikepdf.Dictionary())
        states: list[tuple[pikepdf.Matrix, float]] = []
        matrix, brightness, size, text = at, 0.0, 0.0, pikepdf.Matrix()
        letters: letter_shapes.Letters | None = None
        for instruction in pikepdf.parse_content_stream(form):
            operands: Any = instruction.operands
            self._count += 1
            name = str(instruction.operator)
            if self._count > _MOST_OPERATORS or name in _MARKS:
                return False
            if name == "q":
                states.append((matrix, brightness))
            elif name == "Q" and states:
                matrix, brightness = states.pop()
            elif name == "cm":
                matrix = pikepdf.Matrix(*(float(one) for one in operands)) @ matrix
            elif name in _COLOURS:
                brightness = _brightness(operands)
            elif name == "BT":
                text = pikepdf.Matrix()
            elif name == "Tm":
                text = pikepdf.Matrix(*(float(one) for one in operands))
            elif name == "Tf":
                size = float(operands[1])
                font = resources.Font[operands[0]]
                if not _usual(font):
                    return False
                letters = letter_shapes.Letters(font)
            elif name == "Tr":
                if int(operands[0]) != 0:
                    return False
            elif name == "Tz":
                if float(operands[0]) < _NARROWEST:
                    return False
            elif name == "gs":
                if not _opaque(resources.ExtGState[operands[0]]):
                    return False
            elif name in _SHOWS:
                full = text @ matrix
                height = abs(size) * (full.c**2 + full.d**2) ** 0.5
                width = abs(size) * (full.a**2 + full.b**2) ** 0.5
                if letters is None or brightness > _DARK or min(height, width) < _SMALLEST:
                    return False
                if not letters.known(_codes(operands)):
                    self.fonts.add(letter_shapes.digest(font))
            elif name == "Do":
                inner = resources.XObject[operands[0]]
                if inner.get("/Subtype") != "/Form" or depth >= _DEEPEST:
                    return False
                own = pikepdf.Matrix(*(float(one) for one in inner.get("/Matrix", (1, 0, 0, 1, 0, 0))))
                if not self.of(inner, own @ matrix, depth + 1):
                    return False
        return True


def _codes(operands: Any) -> bytes:
    """What is shown: of one string, or of the strings of an array with distances between them."""
    last = operands[len(operands) - 1]
    parts = list(last) if isinstance(last, pikepdf.Array) else [last]
    return b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))


def _usual(font: Any) -> bool:
    """Whether a font has outlines, and its figures and plain letters stand where everybody's do."""
    encoding = font.get("/Encoding")
    code = 0
    for one in encoding.get("/Differences", ()) if isinstance(encoding, pikepdf.Dictionary) else ():
        if isinstance(one, int):
            code = one
            continue
        if 32 <= code < 127:
            return False
        code += 1
    return bool(font.Subtype != "/Type3")


def _brightness(operands: Any) -> float:
    """Of grey, RGB and CMYK by their number of parts; a pattern counts as white."""
    try:
        parts = [float(one) for one in operands]
    except (TypeError, ValueError):
        return 1.0
    if len(parts) == 4:
        key = 1 - parts[3]
        parts = [(1 - part) * key for part in parts[:3]]
    if len(parts) == 3:
        return 0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2]
    return parts[0] if len(parts) == 1 else 1.0


def _opaque(state: Any) -> bool:
    usual = state.get("/BM", pikepdf.Name.Normal) == pikepdf.Name.Normal
    masked = state.get("/SMask", pikepdf.Name("/None")) != pikepdf.Name("/None")
    return usual and not masked and min(float(state.get("/ca", 1)), float(state.get("/CA", 1))) > _DARK
