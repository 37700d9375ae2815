"""Hexadecimal strings read in one go are what pyHanko reads digit by digit."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError

from tasks import hex_strings


def outcome(read: object, data: bytes) -> tuple[object, int | None]:
    """What was read and where the stream then stood; the kind of error when it was none."""
    stream = BytesIO(b"?" + data)
    stream.seek(1)
    try:
        value = read(stream)  # type: ignore[operator]
    except PdfError as error:
        return type(error), None
    return (type(value), getattr(value, "original_bytes", value)), stream.tell()


@given(st.binary(max_size=40).map(lambda inner: b"<" + inner + b"> /Next"))
@example(b"<>")
@example(b"<abc>")
@example(b"<41 42\n43>")
@example(b"<41%comment\n42>")
@example(b"<FEFF1EBF> 3")
@example(b"<4g>")
@example(b"<41")
@example(b"<" + b"ab" * 9000 + b"> /ByteRange")
@example(b"<" + b"a" * 8191 + b"> tail")
def test_both_ways_read_the_same(data: bytes) -> None:
    assert outcome(hex_strings.read, data) == outcome(hex_strings.of_pyhanko, data)


@given(st.text("0123456789abcdefABCDEF", max_size=60).map(lambda digits: f"<{digits}>]".encode()))
def test_digits_alone_too(data: bytes) -> None:
    assert outcome(hex_strings.read, data) == outcome(hex_strings.of_pyhanko, data)


def test_pyhanko_reads_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, pyHanko reads its strings by another name: look at tasks/hex_strings.py again."""
    seen: list[int] = []

    def of_pyhanko(stream: BytesIO) -> generic.PdfObject:
        seen.append(stream.tell())
        return generic.TextStringObject("pyHanko")

    monkeypatch.setattr(hex_strings, "of_pyhanko", of_pyhanko)
    container: Any = None
    assert generic.read_object(BytesIO(b"<41>"), container) == "A"
    assert not seen
    assert generic.read_object(BytesIO(b"<4 1>"), container) == "pyHanko"
    assert seen == [0]
