"""The print version of an approved file: its pages a little smaller, under each a strip that says what it is.

A new file is derived; the signed one is only read. Signatures are drawn as they look and no longer are
signatures: a print proves that a print was made. Runs in the intake pool: pages may come from outside.
"""

from __future__ import annotations

import io
from contextlib import closing
from typing import TypedDict

import pikepdf
import pypdfium2
import segno

from tasks.rendering import sheet

MARGIN = 28.0
"""Points left and right of the strip, and under it at least what most printers cannot reach (10 mm)."""
STRIP = 54.0
"""Height of the strip in points (19 mm): the code in it is read from paper by any phone."""
WIDEST = 540.0


class PrintNote(TypedDict):
    """What the strip says. `at` as it is written, `digest` the beginning of the SHA-256 in groups."""

    code: str
    address: str
    by: str
    at: str
    where: str
    digest: str


def print_version(pdf: bytes, note: PrintNote) -> bytes:
    """Each page of the file above its strip, on paper of the same size; no signature field is left."""
    foot = MARGIN / 2 + STRIP
    with pikepdf.open(io.BytesIO(_flattened(pdf))) as source, pikepdf.new() as printed:
        sizes = [_size(page) for page in source.pages]
        width = min(WIDEST, min(across for across, _ in sizes) - 2 * MARGIN)
        with pikepdf.open(io.BytesIO(_strips(note, len(sizes), width))) as strips:
            for page, strip, (across, high) in zip(source.pages, strips.pages, sizes, strict=True):
                paper = printed.add_blank_page(page_size=(across, high))
                paper.add_overlay(page, pikepdf.Rectangle(0, foot, across, high))
                left = (across - width) / 2
                paper.add_overlay(strip, pikepdf.Rectangle(left, MARGIN / 2, left + width, foot))
            printed.docinfo["/Title"] = f"Bản in {note['code']}"
            written = io.BytesIO()
            printed.save(written, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return written.getvalue()


def _flattened(pdf: bytes) -> bytes:
    """The file with its signatures and filled fields drawn into the pages."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        document.init_forms()
        for index in range(len(document)):
            page = document[index]
            pypdfium2.raw.FPDFPage_Flatten(page, pypdfium2.raw.FLAT_PRINT)
            page.close()
        written = io.BytesIO()
        document.save(written)
    return written.getvalue()


def _size(page: pikepdf.Page) -> tuple[float, float]:
    """Width and height in points as a reader sees the page."""
    left, bottom, right, top = (float(side) for side in page.cropbox.as_list())
    across, high = abs(right - left), abs(top - bottom)
    return (high, across) if int(page.obj.get("/Rotate", 0)) % 180 else (across, high)


def _strips(note: PrintNote, pages: int, width: float) -> bytes:
    """A file with one strip for each page."""
    picture = io.BytesIO()
    segno.make(note["address"], error="m", micro=False).save(picture, kind="svg", border=1, xmldecl=False)
    data = {
        **note,
        "title": f"Bản in {note['code']}",
        "qr": picture.getvalue().decode(),
        "pages": pages,
        "width": width,
        "height": STRIP,
    }
    return sheet("print_strip.typ", data)
