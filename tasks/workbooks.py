"""Workbooks (XLSX): a foreign one is read into plain text cells; one of our own is written.

Reading runs in the intake pool: a workbook is a zip of XML from outside. Only values survive: a formula
counts as the value it last had (`UNCOMPUTED` where it never had one), macros and links are never looked at.
What the cells mean is not known here.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

import openpyxl
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet.datavalidation import DataValidation

from models.errors import Invalid, RecordsError, TooLarge
from models.text import Text

BYTE_LIMIT = 5 * 1024 * 1024
ROW_LIMIT = 10_000
COLUMN_LIMIT = 100
SHEET_LIMIT = 20
UNPACKED_LIMIT = 100 * 1024 * 1024
"""Bytes the parts of a workbook may have together; a full one of 10,000 rows has about ten million."""
PART_LIMIT = 2000
"""Files inside the zip a workbook is."""
CELL_LIMIT = 1000
"""Characters of a cell that are looked at."""
UNCOMPUTED = "#UNCOMPUTED!"
"""Stands for a formula that nobody computed: programs that write workbooks often leave that to Excel."""
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
"""How XLS files begin, and XLSX files with a password."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: `rows[0]` is row 1, `rows[0][0]` cell A1; rows end at their last value, text is trimmed.

    Days are ISO text (2026-09-07), whole numbers have no point, yes and no are "TRUE" and "FALSE".
    """

    name: str
    rows: tuple[tuple[str, ...], ...]


def read(data: bytes) -> tuple[Sheet, ...]:
    """The visible and hidden sheets of a workbook, as text.

    TooLarge beyond the limits above; Invalid when it is no XLSX file, has a password, or is broken.
    """
    if len(data) > BYTE_LIMIT:
        raise _too_large(f"{BYTE_LIMIT // 2**20} MB")
    if data.startswith(_OLD_FORMAT):
        raise Invalid(_OLD)
    _refuse_bomb(data)
    try:
        return _sheets(data)
    except (RecordsError, MemoryError):
        raise
    except Exception as error:  # whatever a parser of ours or of others meets in a file made to hurt it
        raise Invalid(_BROKEN) from error


def _sheets(data: bytes) -> tuple[Sheet, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes on styles and extensions that values do not need
        book = _opened(data, values=True)
        if len(book.sheetnames) > SHEET_LIMIT:
            raise _too_large(Text(f"{SHEET_LIMIT} trang", f"{SHEET_LIMIT} sheets"))
        formulas = _opened(data, values=False) if _has_formulas(data) else None
        found = []
        for sheet in book.worksheets:
            if isinstance(sheet, ReadOnlyWorksheet):
                sheet.reset_dimensions()  # what the file says of its own size is not believed
                uncomputed = _uncomputed(sheet, formulas) if formulas else frozenset()
                found.append(Sheet(sheet.title, _rows(sheet, uncomputed)))
        return tuple(found)


def _opened(data: bytes, *, values: bool) -> Workbook:
    """The workbook with the values its formulas last had, or with the formulas."""
    return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False)


def _has_formulas(data: bytes) -> bool:
    """Is there one in any part? Most workbooks have none and need not be read twice."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        sheets = (name for name in packed.namelist() if name.startswith("xl/worksheets/"))
        return any(_FORMULA.search(packed.read(name)) for name in sheets)


def _uncomputed(sheet: ReadOnlyWorksheet, formulas: Workbook) -> frozenset[tuple[int, int]]:
    """Row and column, from 1, of each formula without a value; one that came to no text has a value."""
    twin = formulas[sheet.title]
    if not isinstance(twin, ReadOnlyWorksheet):
        return frozenset()
    twin.reset_dimensions()
    cells = [one.iter_rows(max_row=3 * ROW_LIMIT, max_col=COLUMN_LIMIT) for one in (twin, sheet)]  # type: ignore[misc]
    return frozenset(
        (row, column)
        for row, pairs in enumerate(zip(*cells, strict=False), start=1)
        for column, (said, value) in enumerate(zip(*pairs, strict=False), start=1)
        if said.data_type == "f" and value.value is None and value.data_type != "str"
    )


def _refuse_bomb(data: bytes) -> None:
    """Before anything is unpacked: how large the zip says its parts are. The pool's limits hold besides."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Invalid(_NO_WORKBOOK) from error
    unpacked = sum(part.file_size for part in parts)
    if unpacked > UNPACKED_LIMIT:
        size = {"size": f"{unpacked / 2**20:.0f} MB", "most": f"{UNPACKED_LIMIT // 2**20} MB"}
        raise TooLarge(_LARGE_INSIDE.format(**size))
    if len(parts) > PART_LIMIT:
        raise TooLarge(_MANY_PARTS.format(count=len(parts), most=PART_LIMIT))
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise Invalid(_NO_WORKBOOK)


def _rows(sheet: ReadOnlyWorksheet, uncomputed: frozenset[tuple[int, int]]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    filled = 0
    cells = sheet.iter_rows(values_only=True, max_col=COLUMN_LIMIT)  # type: ignore[misc]  # the stub's self
    for number, values in enumerate(cells, start=1):
        row = [
            UNCOMPUTED if (number, column) in uncomputed else _text(value)
            for column, value in enumerate(values, start=1)
        ]
        while row and not row[-1]:
            row.pop()
        if row:
            if number > ROW_LIMIT + 2:  # a heading or two come before the rows
                raise _too_large(Text("10.000 dòng", "10,000 rows"))
            filled = number
        elif number > 3 * ROW_LIMIT:
            break  # blank rows to the end of the sheet, with borders
        rows.append(tuple(row))
    return tuple(rows[:filled])


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return " ".join(str(value)[:CELL_LIMIT].split())


# --- writing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet to write: its first row in bold, then rows; `widths` in characters; `choices` by column index.

    `above`: rows that stand over the heading (the timetable's date).
    """

    name: str
    heading: Sequence[str]
    rows: Iterable[Sequence[str | int | date]] = ()
    widths: Sequence[int] = ()
    choices: dict[int, Sequence[str]] = field(default_factory=dict)
    above: Sequence[Sequence[str | int | date]] = ()


def write(pages: Iterable[Page]) -> bytes:
    """An XLSX file. Text stays text: nothing that begins with =, +, - or @ becomes a formula."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for page in pages:
        sheet = book.create_sheet(page.name)
        lines = [*page.above, page.heading, *page.rows]
        for number, line in enumerate(lines, start=1):
            for column, value in enumerate(line, start=1):
                cell = sheet.cell(number, column)
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
                elif isinstance(value, date):
                    cell.number_format = "dd/mm/yyyy"
        top = len(page.above) + 1
        for column in range(1, len(page.heading) + 1):
            heading = sheet.cell(top, column)
            heading.font = Font(bold=True)
            heading.fill = PatternFill("solid", fgColor="E7EDF9")
            heading.alignment = Alignment(wrap_text=True, vertical="center")
        for column, width in enumerate(page.widths, start=1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        for column, choices in page.choices.items():
            offered = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            offered.showErrorMessage = False  # offered, not forced: what is wrong is said after the upload
            letter = get_column_letter(column + 1)
            offered.add(f"{letter}{top + 1}:{letter}{top + ROW_LIMIT}")
            sheet.add_data_validation(offered)
        sheet.freeze_panes = sheet.cell(top + 1, 1)
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def _too_large(most: str | Text) -> TooLarge:
    return TooLarge(_LARGE.format(most=most))


_LARGE = Text(
    "Tệp quá lớn: nhiều nhất {most}. Chia thành nhiều tệp rồi tải lên từng tệp.",
    "The file is too large: at most {most}. Divide it and upload the parts one by one.",
)
_LARGE_INSIDE = Text(
    "Tệp nhỏ nhưng mở ra thì quá lớn: bên trong có {size}, nhiều nhất {most}. Chép các dòng cần nhập sang "
    "tệp mẫu rồi tải lên tệp đó.",
    "The file is small, but what it holds is too large once unpacked: {size}, at most {most}. Copy the rows "
    "to be imported into the template, and upload that.",
)
_MANY_PARTS = Text(
    "Tệp có quá nhiều phần bên trong ({count}, nhiều nhất {most}). Chép các dòng cần nhập sang tệp mẫu rồi "
    "tải lên tệp đó.",
    "The file has too many parts inside ({count}, at most {most}). Copy the rows to be imported into the "
    "template, and upload that.",
)
_OLD = Text(
    "Tệp này ở định dạng cũ (.xls) hoặc có mật khẩu. Mở bằng Excel, bỏ mật khẩu, chọn Lưu thành → Excel "
    "Workbook (.xlsx), rồi tải lên lại.",
    "This file is in the old format (.xls) or has a password. Open it in Excel, take the password off, save "
    "it as an Excel workbook (.xlsx), and upload that.",
)
_NO_WORKBOOK = Text(
    "Tệp này không phải bảng tính Excel (.xlsx). Tải tệp mẫu, điền vào đó rồi tải lên.",
    "This is no Excel workbook (.xlsx). Download the template, fill it in and upload that.",
)
_BROKEN = Text(
    "Không đọc được bảng tính này: tệp có thể bị hỏng. Mở bằng Excel, lưu lại thành .xlsx rồi tải lên lại.",
    "This workbook cannot be read: it may be damaged. Open it in Excel, save it as .xlsx and upload again.",
)
