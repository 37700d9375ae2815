"""The form of a signed file: empty fields made before the first signature, and what fills them later.

A field made after the author certified would break that signature, so every signature field and the
text fields for number and date exist from the start, invisible while empty. Appearances are one-page
PDFs drawn by Typst, taken over unchanged: no font is chosen here, which keeps the file PDF/A.
Called by `tasks/signing.py`; knows nothing of keys or certificates.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Protocol

from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NumberObject,
    TextStringObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, SigFieldSpec, append_signature_field
from pyhanko.stamp import BaseStampStyle

_PRINT_LOCKED = 4 | 128
"""Widget flags: printed, and not moved or deleted in a viewer (ISO 32000-1, table 165)."""
_READ_ONLY = 1
"""Field flag: a viewer offers no typing; we fill it, in the competent signer's revision."""
_TOLERANCE = 1.0
_LOCK = pdf_name("/Lock")


class Box(Protocol):
    """A place the layout keeps free for something not known yet."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str:
        """`signature` or `text`."""

    @property
    def page(self) -> int:
        """Counted from 0."""

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in points from the page's lower left corner."""


@dataclass(frozen=True, slots=True)
class FilledText:
    """A text field to be filled: its value, and a one-page PDF of the box's size that shows it."""

    field: str
    value: str
    appearance: bytes = attribute(repr=False)


def prepare(pdf: bytes, boxes: Iterable[Box], titles: Mapping[str, str] | None = None) -> bytes:
    """Add an empty field for every box.

    `titles` are the words a screen reader says for a field; without one it says the field's name.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for box in sorted(boxes, key=lambda box: box.kind):  # signatures first: they make the form
        title = (titles or {}).get(box.name, box.name)
        if box.kind == "signature":
            append_signature_field(writer, _signature_field(box, title))
        elif box.kind == "text":
            _add_text_field(writer, box, title)
        else:
            raise ValueError(f"A box is for a signature or a text, not {box.kind!r}.")
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _signature_field(box: Box, title: str) -> SigFieldSpec:
    return SigFieldSpec(
        box.name,
        on_page=box.page,
        box=box.rect,  # type: ignore[arg-type]  # pyHanko asks for ints and writes floats just as well
        readable_field_name=title,
    )


def _add_text_field(writer: BasePdfFileWriter, box: Box, title: str) -> None:
    left, bottom, right, top = box.rect
    page = writer.find_page_for_modification(box.page)[0]
    empty = RawContent(b"", box=BoxConstraints(width=right - left, height=top - bottom))
    widget = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Widget"),
            pdf_name("/FT"): pdf_name("/Tx"),
            pdf_name("/T"): pdf_string(box.name),
            pdf_name("/TU"): TextStringObject(title),
            pdf_name("/Ff"): NumberObject(_READ_ONLY),
            pdf_name("/F"): NumberObject(_PRINT_LOCKED),
            # Required of a text field; no viewer draws with it, for the field is read-only and drawn.
            pdf_name("/DA"): pdf_string("0 g"),
            pdf_name("/Rect"): ArrayObject(map(FloatObject, box.rect)),
            pdf_name("/P"): page,
            pdf_name("/AP"): DictionaryObject({pdf_name("/N"): writer.add_object(empty.as_form_xobject())}),
        }
    )
    reference = writer.add_object(widget)
    writer.register_annotation(page, reference)
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(reference)
    writer.update_container(fields)


def fill(writer: IncrementalPdfFileWriter, texts: Iterable[FilledText]) -> None:
    """Write values and their pictures into prepared text fields; ValueError when a field is not there."""
    references = writer.root["/AcroForm"]["/Fields"] if "/AcroForm" in writer.root else ()
    fields = {reference.get_object().get("/T"): reference for reference in references}
    for text in texts:
        if text.field not in fields:
            raise ValueError(f"The file has no text field {text.field!r}.")
        widget = fields[text.field].get_object()
        widget[pdf_name("/V")] = TextStringObject(text.value)
        show(writer, widget, text.appearance)
        writer.mark_update(fields[text.field])


def show(writer: BasePdfFileWriter, widget: DictionaryObject, page: bytes) -> None:
    """Make a one-page PDF the widget's picture, as it is; ValueError when it was drawn for another size."""
    left, bottom, right, top = (float(side) for side in widget["/Rect"])
    picture = writer.import_page_as_xobject(_read(page))
    x1, y1, x2, y2 = (float(side) for side in picture.get_object()["/BBox"])
    if abs((x2 - x1) - (right - left)) > _TOLERANCE or abs((y2 - y1) - (top - bottom)) > _TOLERANCE:
        raise ValueError(
            f"A stamp of {x2 - x1:.0f} × {y2 - y1:.0f} pt does not fit its box "
            f"of {right - left:.0f} × {top - bottom:.0f} pt."
        )
    widget[pdf_name("/AP")] = DictionaryObject({pdf_name("/N"): picture})


@functools.lru_cache(maxsize=4)
def _read(page: bytes) -> PdfFileReader:
    """A picture's page; its objects are copied from it. In a signing round many files show the same one."""
    return PdfFileReader(io.BytesIO(page))


@contextmanager
def locking(signature_field: DictionaryObject, names: Iterable[str]) -> Iterator[None]:
    """While pyHanko writes the signature's dictionary, close these fields with it (FieldMDP, include).

    pyHanko takes the lock from the field, but the field stood there when the author certified and may
    not change: the lock is shown to pyHanko, ends up in the signature, and is not written to the field.
    """
    closed = list(names)
    if not closed:
        yield
        return
    signature_field[_LOCK] = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=closed).as_sig_field_lock()
    try:
        yield
    finally:
        del signature_field[_LOCK]


@dataclass(frozen=True)
class PageStyle(BaseStampStyle):
    """pyHanko's way to be told a signature's appearance: here, the page itself."""

    page: bytes = b""

    def create_stamp(self, writer: BasePdfFileWriter, box: BoxConstraints, text_params: Any) -> Any:
        del box, text_params  # the page brings its size and its words
        return _PageStamp(writer, self.page) if self.page else None


@dataclass(frozen=True)
class _PageStamp:
    writer: BasePdfFileWriter
    page: bytes

    def apply_appearance(self, annotation: DictionaryObject) -> None:
        show(self.writer, annotation, self.page)
