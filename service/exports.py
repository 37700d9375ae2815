"""Tables for a spreadsheet: CSV and XLSX, with the filter written above; among them the list of documents.

Cells hold what people typed, and a spreadsheet would calculate some of it: nothing here is ever a formula.
Rows are read some hundreds at a time; a CSV is sent while it is written, a workbook lies in a temporary file.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from fastapi.responses import StreamingResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from sqlmodel import Session, col, select

from flows import listing, retention
from flows.catalogue import type_of
from flows.listing import Filter, Listed
from flows.office import Office
from flows.people import Actor
from flows.posts import issuer_of
from flows.queries import waived_in
from models.account import Account, Group
from models.document import Document
from models.errors import NotFound
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.text import Language, Text
from service import filters, story, words

Cell = str | int | datetime | None
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")
"""Beginnings some spreadsheet reads as a formula, a command or the end of the cell (OWASP, CSV injection)."""
CHUNK = 64 * 1024

COLUMNS: tuple[tuple[Text, int], ...] = (
    (Text("Hồ sơ", "Record"), 48),
    (Text("Loại", "Type"), 24),
    (Text("Tuần", "Week"), 8),
    (Text("Năm học", "School year"), 12),
    (Text("Người soạn", "Author"), 26),
    (Text("Tổ", "Group"), 14),
    (Text("Trạng thái", "Status"), 26),
    (Text("Hạn trình", "Due"), 18),
    (Text("Trình lúc", "Submitted"), 18),
    (Text("Đúng hạn", "On time"), 16),
    (Text("Ký duyệt lúc", "Approved"), 18),
    (Text("Lưu trữ lúc", "Archived"), 18),
    (Text("Giữ đến hết ngày", "Kept to the end of"), 18),
    (Text("Số", "Number"), 12),
    (Text("Bản", "Revision"), 8),
    (Text("SHA-256 của tệp", "SHA-256 of the file"), 20),
    (Text("Đường dẫn", "Address"), 30),
)


class Exported(Protocol):
    """Whatever is exported: the lines above it, its columns with their widths, its rows."""

    @property
    def office(self) -> Office: ...

    @property
    def language(self) -> Language: ...

    @property
    def stem(self) -> str:
        """How its file's name begins."""

    @property
    def sheet(self) -> Text:
        """What the sheet is called."""

    @property
    def lead(self) -> int:
        """So many columns stay in sight."""

    def head(self, session: Session) -> list[str]: ...

    def columns(self) -> Sequence[tuple[Text, int]]: ...

    def rows(self, session: Session) -> Iterator[list[Cell]]: ...


def head_of(
    session: Session, table: Exported, school_id: str, by: str, title: Text, narrowed: Sequence[Text]
) -> list[str]:
    """The lines above a table: what it is, of which school, when, by whom, narrowed to what."""
    now = table.office.now()
    try:
        school = issuer_of(session, school_id, words.local(now).date()).name
    except NotFound:
        school = "–"
    made = Text("Xuất lúc {at}, người xuất: {by}", "Exported {at} by {by}").format(at=words.when(now), by=by)
    shown = "; ".join(said.to(table.language) for said in narrowed)
    filtered = Text("Bộ lọc: {shown}", "Filter: {shown}").format(shown=shown)
    return [line.to(table.language) for line in (title.format(school=school), made, filtered)]


@dataclass(frozen=True, slots=True)
class Table:
    """What is exported, for whom, in which language."""

    office: Office
    actor: Actor
    by: str
    language: Language
    asked: Filter

    @property
    def stem(self) -> str:
        return "ho-so"

    @property
    def sheet(self) -> Text:
        return Text("Hồ sơ", "Records")

    @property
    def lead(self) -> int:
        return 1

    def head(self, session: Session) -> list[str]:
        title = Text("Danh sách hồ sơ, {school}", "Records of {school}")
        narrowed = filters.spoken(session, self.actor.school_id, self.asked)
        return head_of(session, self, self.actor.school_id, self.by, title, narrowed)

    def columns(self) -> Sequence[tuple[Text, int]]:
        return COLUMNS

    def rows(self, session: Session) -> Iterator[list[Cell]]:
        groups = dict(
            session.exec(
                select(Group.id, Group.name).where(col(Group.school_id) == self.actor.school_id)
            ).all()
        )
        weeks = dict(
            session.exec(
                select(SchoolWeek.id, SchoolWeek.number).where(
                    col(SchoolWeek.school_id) == self.actor.school_id
                )
            ).all()
        )
        waived = waived_in(session, self.actor.school_id)
        for found in listing.everything(session, self.actor, self.asked):
            timely = story.timeliness(found.document, waived=found.document.id in waived)
            yield self._row(found, groups, weeks, timely.words.to(self.language) if timely else None)

    def _row(
        self, found: Listed, groups: Mapping[str, str], weeks: Mapping[str, int], timely: str | None
    ) -> list[Cell]:
        d, declared = found.document, type_of(found.document.type)
        return [
            d.title,
            declared.name.to(self.language),
            _weeks(found, weeks),
            found.week.year if found.week else None,
            found.owner,
            groups.get(d.group_id or "", ""),
            story.state(declared, d).words.to(self.language),
            d.due_at,
            d.first_signed_at,
            timely,
            d.approved_at,
            d.archived_at,
            _kept(d, self.language),
            d.number,
            d.revision,
            d.blob,
            f"{self.office.settings.url}/documents/{d.id}",
        ]


def _kept(document: Document, language: Language) -> Cell:
    """The last day it is to be kept, or that it is for ever; nothing before the archive."""
    if document.keep_until is not None:
        return f"{retention.last_day(document.keep_until):%d/%m/%Y}"
    return retention.term_words(None).to(language) if document.archived_at else None


def _weeks(found: Listed, numbers: Mapping[str, int]) -> Cell:
    """The number of its week, or of its first and last: `12–13`."""
    if found.week is None:
        return None
    first, last = found.week.number, numbers.get(found.document.last_week_id or "", found.week.number)
    return first if first == last else f"{first}–{last}"


def answer(
    kind: Literal["csv", "xlsx"],
    office: Office,
    account: Account,
    actor: Actor,
    asked: Filter,
    language: Language,
) -> StreamingResponse:
    """The list as a file to be saved."""
    return send(kind, Table(office, actor, account.full_name, language, asked))


def send(kind: Literal["csv", "xlsx"], table: Exported) -> StreamingResponse:
    """A table as a file to be saved."""
    stamp = table.office.now().astimezone(VIETNAM).strftime("%Y%m%d-%H%M")
    types = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    return StreamingResponse(
        _csv(table) if kind == "csv" else _xlsx(table),
        media_type=types[kind],
        headers={
            "content-disposition": f'attachment; filename="{table.stem}-{stamp}.{kind}"',
            "cache-control": "no-store",
        },
    )


def harmless(text: str) -> str:
    """A cell no spreadsheet calculates: an apostrophe before a dangerous beginning, no control letters."""
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{clean}" if is_dangerous(clean) else clean


def is_dangerous(text: str) -> bool:
    """Does it begin, white space aside, like a formula?"""
    return text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS)


def _csv(table: Exported) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, without which Excel reads Vietnamese as something else."""
    written = io.StringIO()
    write = csv.writer(written)
    yield b"\xef\xbb\xbf"
    with table.office.db.read() as session:
        for line in table.head(session):
            write.writerow([harmless(line)])
        write.writerow([])
        write.writerow([harmless(title) for title in _titles(table)])
        for row in table.rows(session):
            write.writerow([_plain(cell) for cell in row])
            if written.tell() > CHUNK:
                yield _taken(written)
    yield _taken(written)


def _titles(table: Exported) -> list[str]:
    return [name.to(table.language) for name, _ in table.columns()]


def _taken(written: io.StringIO) -> bytes:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text.encode()


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, datetime):
        return f"{words.local(cell):%d/%m/%Y %H:%M}"
    return harmless(cell) if isinstance(cell, str) else "" if cell is None else cell


def _xlsx(table: Exported) -> Iterator[bytes]:
    """One sheet; dates are dates, numbers numbers, every text a text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.sheet.to(table.language))
    with table.office.db.read() as session, tempfile.TemporaryFile() as file:
        head = table.head(session)
        for number, (_, width) in enumerate(table.columns(), 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.freeze_panes = f"{get_column_letter(table.lead + 1)}{len(head) + 3}"
        for line in head:
            sheet.append([_text(sheet, line)])
        sheet.append([])
        sheet.append([_text(sheet, title, bold=True) for title in _titles(table)])
        for row in table.rows(session):
            sheet.append(_cells(sheet, row))
        book.save(file)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _cells(sheet: Any, row: Sequence[Cell]) -> list[Any]:
    cells: list[Any] = []
    for value in row:
        if isinstance(value, datetime):
            cell = WriteOnlyCell(sheet, words.local(value).replace(tzinfo=None, microsecond=0))
            cell.number_format = "dd/mm/yyyy hh:mm"
            cells.append(cell)
        else:
            cells.append(_text(sheet, value) if isinstance(value, str) else value)
    return cells


def _text(sheet: Any, value: str, *, bold: bool = False) -> Any:
    """A text, whatever it begins with; marked as such also for whoever edits or saves it as CSV."""
    clean = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell = WriteOnlyCell(sheet, clean)
    cell.data_type = "s"
    if is_dangerous(clean):
        cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell
