"""Pages of a PDF as pictures and as text, by PDFium. Runs in the intake pool: it has no time limit itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2

from models.errors import Invalid, NotFound
from models.text import Text


def page_image(pdf: bytes, page: int, width: int) -> bytes:
    """A page (counted from 1) as a WebP image `width` pixels wide, with its signatures and filled fields.

    Raises NotFound when there is no such page, Invalid when this is no PDF we can read.
    """
    with opened(pdf) as document:
        document.init_forms()
        if not 1 <= page <= len(document):
            raise NotFound
        sheet = document[page - 1]
        bitmap = sheet.render(scale=width / max(1.0, sheet.get_width()), may_draw_forms=True)
        output = io.BytesIO()
        bitmap.to_pil().convert("RGB").save(output, "WEBP", quality=80, method=2)
        return output.getvalue()


def page_count(pdf: bytes) -> int:
    """Number of pages; Invalid when this is no PDF we can read."""
    with opened(pdf) as document:
        return len(document)


def page_texts(pdf: bytes) -> tuple[str, ...]:
    """The text of each page as printed, without form fields; Invalid when this is no PDF we can read."""
    with opened(pdf) as document:
        return tuple(page.get_textpage().get_text_range() for page in document)


@contextmanager
def opened(pdf: bytes) -> Iterator[Any]:
    """A PDF open for reading; Invalid when it is none we can read."""
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise Invalid(
            Text(
                "Không đọc được tệp PDF này: tệp hỏng hoặc có mật khẩu. Hãy xuất lại tệp rồi thử lại.",
                "This PDF cannot be read: it is damaged or has a password. Export it again and retry.",
            )
        ) from error
    try:
        yield document
    finally:
        document.close()
