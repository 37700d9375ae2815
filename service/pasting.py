"""A block of cells from Excel or Word, laid over the rows of a form. Pure: nothing is stored here.

From the cell it was pasted in, columns go right and rows go down, as in a spreadsheet; the page adds rows the
form lacks, up to its limit. A cell joined over several rows counts for each of them; a row of headings copied
along is left out. A lesson table of Word (teacher's and pupils' columns) becomes phases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flows.fields import Field, Form, Known, Offered, Repeated
from flows.typed_days import nearest_year
from models.indexing import fold
from models.text import Text
from tasks.rich_text import TableCell, clean, clean_line, table

Block = list[list[TableCell]]
PHASE = ["line", "whole", "rich", "rich"]
"""Kinds of a phase's answers: its name and minutes, what teacher and pupils do."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What the page writes: answers by their dotted names, the rows the list then has, and a sentence."""

    list: str
    rows: int
    answers: tuple[tuple[str, str], ...]
    sentence: Text


def cells(html: str, text: str) -> Block | None:
    """The block on the clipboard; None when it is no block of at least two cells."""
    found = table(html) if html else None
    if found is None and ("\t" in text or "\n" in text.strip("\r\n")):
        found = [[TableCell(value, clean(value)) for value in row] for row in _tabbed(text)]
    if found is None or sum(len(row) for row in found) < 2:
        return None
    while found and not any(cell.text for cell in found[-1]):
        found.pop()
    return found or None


def _tabbed(text: str) -> Iterator[list[str]]:
    """Rows of tab-separated cells as spreadsheets copy them: a cell of several lines stands in quotes."""
    text = text.replace("\r\n", "\n").rstrip("\n")
    row: list[str] = []
    at = 0
    while at <= len(text):
        if text.startswith('"', at) and (quoted := _QUOTED.match(text, at)):
            row.append(quoted[1].replace('""', '"'))
            at = quoted.end()
        else:
            end = min((i for i in (text.find("\t", at), text.find("\n", at)) if i >= 0), default=len(text))
            row.append(text[at:end])
            at = end
        if at >= len(text) or text[at] == "\n":
            yield row
            row = []
        at += 1


_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=[\t\n]|\Z)')


def fill(form: Form, at: str, count: int, block: Block, known: Known, week: str = "") -> Filled | None:
    """Lay a block over the list that holds the control named `at`; `count`: the rows the list has now.

    None when `at` is no control of a list, or the block is text of its own: a table inside rich text.
    """
    *way, name = at.split(".")
    part = _list_of(form.fields, way)
    if part is None or not way[-1].isdigit():
        return None
    start = int(way[-1])
    names = [f.name for f in part.fields]
    if name not in names:
        return None
    path = ".".join(way[:-1])
    rich = {f.name for f in part.fields if f.kind == "rich"}
    phases = as_phases(block) if [f.kind for f in part.fields] == PHASE else None
    if phases is not None:
        rows: list[dict[str, TableCell]] = [_of_phase(names, row) for row in phases]
    elif name in rich:
        return None
    else:
        first = names.index(name)
        headed = _is_heading(part.fields[first:], block)
        rows = [dict(zip(names[first:], row, strict=False)) for row in _spread(block)[headed:]]
    kept = rows[: part.most - start]
    fields = {f.name: f for f in part.fields}
    said = [
        (f"{path}.{number}.{key}", _value(fields[key], cell, known, week))
        for number, row in enumerate(kept, start)
        for key, cell in row.items()
    ]
    after = max(count, start + len(kept))
    unknown = sum(value is None for _, value in said)
    answers = tuple((key, value) for key, value in said if value is not None)
    return Filled(path, after, answers, _said(part, len(kept), len(rows), after - count, unknown))


def _of_phase(names: Sequence[str], row: Sequence[TableCell]) -> dict[str, TableCell]:
    """The answers of a phase; without a name in the table, name and minutes stay as they are in the form."""
    first = 0 if row[0].text else 2
    return dict(zip(names[first:], row[first:], strict=False))


def _spread(block: Block) -> Block:
    """What stands in a cell joined downwards (a day over its periods) stands in each row it covers."""
    rows = [list(row) for row in block]
    for y, row in enumerate(block):
        for x, cell in enumerate(row):
            for below in rows[y + 1 : y + cell.height]:
                below[x] = cell
    return rows


def _is_heading(fields: Sequence[Field], block: Block) -> bool:
    """Does the block begin with the names of its columns? Two or more of ours are there, and no number."""
    if len(block) < 2 or any(re.search(r"\d", cell.text) for cell in block[0]):
        return False
    pairs = zip((fold(f.label.vi)[:1] for f in fields), (fold(c.text)[:1] for c in block[0]), strict=False)
    return sum(name == cell for name, cell in pairs) > 1


def _list_of(fields: Sequence[Field], way: Sequence[str]) -> Repeated | None:
    part = next((f for f in fields if way and f.name == way[0]), None)
    if not isinstance(part, Repeated):
        return None
    return part if len(way) == 2 else _list_of(part.fields, way[2:])


def _said(part: Repeated, pasted: int, given: int, added: int, unknown: int) -> Text:
    item = part.item.vi.lower()
    vi, en = [f"Đã dán {pasted} {item}"], [f"Pasted {pasted} {'row' if pasted == 1 else 'rows'}"]
    if added > 0:
        vi.append(f"thêm {added} {item}")
        en.append(f"{added} of them new")
    if given > pasted:
        vi.append(f"{given - pasted} {item} không dán vì quá {part.most}")
        en.append(f"{given - pasted} left out, beyond {part.most}")
    if unknown:
        vi.append(f"{unknown} ô không có trong danh sách lựa chọn, giữ như cũ")
        en.append(f"{unknown} {'cell is' if unknown == 1 else 'cells are'} not offered, left as before")
    return Text(", ".join(vi) + ".", ", ".join(en) + ".")


def left_out(pictures: int) -> Text:
    """Pictures on the clipboard lie on the other device or page: only the text came along."""
    was, them = ("picture was", "it") if pictures == 1 else ("pictures were", "them")
    return Text(
        f"Chữ đã dán; {pictures} ảnh thì chưa, vì ảnh không đi cùng chữ khi dán. Bấm “Chèn ảnh” để thêm.",
        f"The text was pasted, {pictures} {was} not: pictures do not come along with text. "
        f"Add {them} with “Insert a picture”.",
    )


# --- what a cell says ------------------------------------------------------------------------------------


def _value(part: Field, cell: TableCell, known: Known, week: str) -> str | None:
    """The answer a cell gives; None when it names nothing that is offered."""
    text = clean_line(cell.text)
    if part.kind == "rich":
        return cell.html
    if isinstance(part, Offered) and text:
        return _offered(part, text, known, week)
    if part.kind == "whole":
        number = re.search(r"\d+", text)
        return number[0] if number else text
    if part.kind == "day" and text:
        return _day(text, known, week)
    return text


def _offered(part: Offered, text: str, known: Known, week: str) -> str | None:
    options = part.options(known)
    said = text.casefold()
    for value, words in options.items():
        if said in (words.vi.casefold(), words.en.casefold(), value.casefold()):
            return value
    number = re.search(r"\d+", text)
    if part.kind == "week" and number:
        keys = list(options)
        pattern = re.compile(rf"\D*{int(number[0])}\b")
        alike = [key for key in keys if pattern.match(options[key].vi)]
        near = keys.index(week) if week in keys else 0
        return min(alike, key=lambda key: abs(keys.index(key) - near), default=None)
    if part.kind == "class":
        bare = re.sub(r"^(lớp|class)\s+", "", said)
        return next((value for value, words in options.items() if words.vi.casefold() == bare), None)
    named = [(value, words.vi.casefold()) for value, words in options.items()]
    within = (value for value, name in named if said in name)  # `S` for Sáng
    around = (value for value, name in named if name in said)  # `Buổi sáng`
    return next(within, None) or next(around, None)


def _day(text: str, known: Known, week: str) -> str:
    """A date as typed; `thứ Hai 30/11`, `ngày 30 tháng 11` and `Thứ 2` alone go by the draft's week."""
    if found := _ISO.search(text):
        year, month, day = found.groups()
    elif found := _DATE.search(text):
        day, month, year = found.groups()
    elif (found := _WEEKDAY.fullmatch(text)) and week in known.week_days:
        number = next(n for n, names in enumerate(_WEEKDAYS) if found[1].casefold() in names)
        taught = date.fromisoformat(known.week_days[week][0]) + timedelta(days=number)
        return f"{taught:%d/%m/%Y}"
    else:
        return text
    if year is None:
        if week not in known.week_days:
            return text
        year = str(nearest_year(int(month), date.fromisoformat(known.week_days[week][0])))
    return f"{int(day):02}/{int(month):02}/{year}"


_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DATE = re.compile(
    r"(?<!\d)(\d{1,2})\s*(?:[/.-]|tháng)\s*(\d{1,2})(?:\s*(?:[/.-]|năm)\s*(\d{4}))?", re.IGNORECASE
)
_WEEKDAYS = (
    ("2", "hai", "monday", "mon"),
    ("3", "ba", "tuesday", "tue"),
    ("4", "tư", "wednesday", "wed"),
    ("5", "năm", "thursday", "thu"),
    ("6", "sáu", "friday", "fri"),
    ("7", "bảy", "saturday", "sat"),
    ("cn", "chủ nhật", "sunday", "sun"),
)
_WEEKDAY = re.compile(
    rf"(?:thứ\s*|t)?({'|'.join(name for names in _WEEKDAYS for name in names)})\.?", re.IGNORECASE
)


# --- a lesson table of Word ------------------------------------------------------------------------------

_TEACHER = re.compile(r"giáo viên|\bgv\b|thầy|teacher", re.IGNORECASE)
_PUPILS = re.compile(r"học sinh|\bhs\b|pupil|student", re.IGNORECASE)
_MINUTES = re.compile(
    r"[(\[]?\s*(?:khoảng\s*)?(?:\d{1,3}\s*[-–]\s*)?(\d{1,3})\s*(?:phút|['’′]|min\w*)\s*[)\]]?", re.IGNORECASE
)
_NUMBERED = re.compile(r"^\s*(?:hoạt động\s*)?(?:\d+|[IVX]+|[a-hđ])\s*[.:)\-–]\s*", re.IGNORECASE)
_OPENS = re.compile(r"\s*(?:hoạt động\b|(?:\d+|[IVX]+)\s*[.:)\-–])", re.IGNORECASE)
_FIRST = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_BOLD = re.compile(r"<strong>.*?</strong>", re.DOTALL)


def as_phases(block: Block) -> list[list[TableCell]] | None:
    """The rows name, minutes, teacher, pupils of a Word lesson table; None when it is none.

    Such a table has a head (teacher, pupils), or lines across its whole width that name a phase. Without such
    lines a phase is named in a column of its own, or by the bold first line of what the teacher does.
    """
    columns = len(block[0]) if block else 0
    head = block[0]
    teacher = next((x for x, cell in enumerate(head) if _TEACHER.search(cell.text)), None)
    pupils = next((x for x, cell in enumerate(head) if x != teacher and _PUPILS.search(cell.text)), None)
    headed = teacher is not None and pupils is not None
    across = any(_across(row) for row in block)
    if columns < 2 or not (headed or across):
        return None
    body = block[1:] if headed else block
    if teacher is None or pupils is None:
        teacher, pupils = columns - 2, columns - 1
    rows: list[list[Any]] = []
    for row in body:
        if _across(row):
            rows.append([*_named(row[0].text), [], []])
            continue
        label = next((row[x].text for x in range(columns) if x not in (teacher, pupils) and row[x].text), "")
        does = row[teacher].html
        if not label and not across:
            label, does = _opening(row[teacher])
        if label or not rows:
            rows.append([*_named(label), [], []])
        rows[-1][2].append(does)
        rows[-1][3].append(row[pupils].html)
    return [
        [
            TableCell(name, ""),
            TableCell(minutes, ""),
            TableCell("", "".join(one)),
            TableCell("", "".join(other)),
        ]
        for name, minutes, one, other in rows
    ]


def _across(row: Sequence[TableCell]) -> bool:
    """One cell over all columns, with words in it."""
    return bool(row[0].text) and row[0].width == len(row)


def _opening(cell: TableCell) -> tuple[str, str]:
    """A cell's first line and the rest, where that line is bold and numbered or timed; else none, and all."""
    line = cell.text.strip().partition("\n")[0]
    first = _FIRST.match(cell.html)
    if first is None or not (_OPENS.match(line) or _MINUTES.search(line)):
        return "", cell.html
    plain = re.sub(r"<[^>]*>", "", _BOLD.sub("", first[1]))
    return ("", cell.html) if plain.strip(" .:\xa0") else (line, cell.html[first.end() :])


def _named(text: str) -> tuple[str, str]:
    """A phase's name and its minutes: `1. Khởi động (5 phút)` → `Khởi động`, `5`."""
    line = clean_line(text)
    minutes = _MINUTES.search(line)
    name = _NUMBERED.sub("", _MINUTES.sub(" ", line, count=1) if minutes else line)
    return clean_line(name).strip(" .:-–")[:80], minutes[1] if minutes else ""
