"""Names read and written in one go are what pyHanko reads and writes letter by letter."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import NameObject
from pyhanko.pdf_utils.misc import PdfError

from tasks import pdf_names
from tests.tasks.test_hex_strings import outcome


def written(write: object, name: str) -> object:
    stream = BytesIO()
    try:
        write(NameObject(name), stream)  # type: ignore[operator]
    except PdfError as error:
        return type(error)
    return stream.getvalue()


@given(st.binary(max_size=20).map(lambda inner: b"/" + inner + b" 1"))
@example(b"/Type")
@example(b"/")
@example(b"/ ")
@example(b"/Type/Sig")
@example(b"/A#42 ")
@example(b"Type ")
@example(b"/" + b"a" * 126 + b" 1")
@example(b"/" + b"a" * 127 + b" 1")
@example(b"/" + b"a" * 400 + b" 1")
def test_both_ways_read_the_same(data: bytes) -> None:
    assert outcome(pdf_names.read, data) == outcome(pdf_names.read_of_pyhanko, data)


def test_every_byte_too() -> None:
    for byte in range(256):
        for data in (b"/A" + bytes((byte,)) + b"b ", b"/" + bytes((byte,)), b"/A#4" + bytes((byte,))):
            assert outcome(pdf_names.read, data) == outcome(pdf_names.read_of_pyhanko, data), byte


@given(st.text(max_size=20).map(lambda inner: f"/{inner}"))
@example("Type")
@example("/Tổ trưởng")
@example("/" + "a" * 400)
def test_both_ways_write_the_same(name: str) -> None:
    assert written(pdf_names.write, name) == written(pdf_names.write_of_pyhanko, name)


def test_pyhanko_goes_through_it() -> None:
    """When this fails, pyHanko handles names in another way: look at tasks/pdf_names.py again."""
    container: Any = None
    assert generic.NameObject.read_from_stream is pdf_names.read
    assert generic.NameObject.write_to_stream is pdf_names.write
    found: Any = generic.read_object(BytesIO(b"/Sig "), container)
    assert found == "/Sig"
