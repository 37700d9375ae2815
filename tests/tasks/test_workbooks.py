"""Workbooks: values only, within limits; what is no workbook gets a sentence."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from models.errors import Invalid, RecordsError, TooLarge
from tasks import workbooks
from tasks.workbooks import UNCOMPUTED, Page, Sheet, read, write


def saved(book: openpyxl.Workbook) -> bytes:
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def test_what_is_written_is_read_back_as_text() -> None:
    page = Page("Lớp", ["Tên", "Số"], [["=1+1", 5], ["  a \n b ", date(2026, 9, 7)], ["", ""]])
    assert read(write((page,))) == (Sheet("Lớp", (("Tên", "Số"), ("=1+1", "5"), ("a b", "2026-09-07"))),)


def test_a_formula_counts_as_the_value_it_last_had_and_nothing_is_computed() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["B1"], sheet["A3"] = '=HYPERLINK("http://x/","bấm")', 2.5, True
    sheet["A4"], sheet["B4"] = '=LOWER("LAN")', '=IF(A1="","","x")'
    data = saved(book)
    assert read(data)[0].rows == ((UNCOMPUTED, "2.5"), (), ("TRUE",), (UNCOMPUTED, UNCOMPUTED))
    computed = rewritten(
        data,
        ('<c r="A4"><f>LOWER("LAN")</f><v></v></c>', '<c r="A4" t="str"><f>LOWER("LAN")</f><v>lan</v></c>'),
        ('<c r="B4"><f>', '<c r="B4" t="str"><f>'),
    )
    assert read(computed)[0].rows == ((UNCOMPUTED, "2.5"), (), ("TRUE",), ("lan",)), "no text is a value, too"


def rewritten(data: bytes, *changes: tuple[str, str]) -> bytes:
    """As Excel leaves a sheet after it has computed its formulas."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(output, "w") as kept:
        for name in packed.namelist():
            part = packed.read(name).decode()
            for before, after in changes if name.endswith("sheet1.xml") else ():
                assert before in part
                part = part.replace(before, after)
            kept.writestr(name, part)
    return output.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * (4 * workbooks.UNPACKED_LIMIT))
    assert len(output.getvalue()) < workbooks.BYTE_LIMIT
    with pytest.raises(TooLarge) as refused:
        read(output.getvalue())
    assert "mở ra thì quá lớn: bên trong có 400 MB, nhiều nhất 100 MB" in refused.value.sentence.vi
    assert "small" in refused.value.sentence.en


@pytest.mark.parametrize("rows", [workbooks.ROW_LIMIT + 3, 1_000_000])
def test_ten_thousand_rows_are_the_most(rows: int) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].cell(rows, 1).value = "cuối"
    if rows < 20_000:
        with pytest.raises(TooLarge, match="10,000"):
            read(saved(book))
    else:
        assert read(saved(book))[0].rows == ()  # a slip of the hand far below: not looked for


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 broken",
        b"\xd0\xcf\x11\xe0 old",
        b"Ten,Lop\nLan,3A\n",
    ],
)
def test_what_is_no_workbook_says_so(data: bytes) -> None:
    with pytest.raises(Invalid, match="xlsx"):
        read(data)


def test_a_damaged_or_hostile_workbook_is_a_refusal_and_never_a_failure() -> None:
    good = write((Page("A", ["x"], [["y"]] * 50),))
    with zipfile.ZipFile(io.BytesIO(good)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 5000 + b'">]>'
    for name, body in (
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"),
        ("xl/workbook.xml", b"<a/>"),
        ("xl/workbook.xml", laughs + parts["xl/workbook.xml"]),
        ("[Content_Types].xml", b""),
        ("xl/styles.xml", b"\x00\x01"),
    ):
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w") as packed:
            for part, content in (parts | {name: body}).items():
                packed.writestr(part, content)
        try:
            read(output.getvalue())
        except RecordsError as refusal:
            assert refusal.sentence.vi
    with pytest.raises(RecordsError):
        read(good[: len(good) // 2])
