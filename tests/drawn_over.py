"""A signed file with other words drawn over its first page afterwards: the plainest way to change one."""

from __future__ import annotations

import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter


def with_a_line_drawn_over(pdf: bytes) -> bytes:
    """The file with an object appended that draws other words over its first page."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    drawn = b"q 1 1 1 rg 60 560 480 26 re f 0 0 0 rg BT /Other 14 Tf 70 568 Td (Nghi day bu) Tj ET Q"
    font = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}
    named = generic.DictionaryObject({_name(key): _name(value) for key, value in font.items()})
    fonts = generic.DictionaryObject({_name("Other"): writer.add_object(named)})
    writer.add_stream_to_page(
        0,
        writer.add_object(generic.StreamObject(stream_data=drawn)),
        resources=generic.DictionaryObject({_name("Font"): fonts}),
    )
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def _name(word: str) -> generic.NameObject:
    return generic.pdf_name(f"/{word}")
