"""The sheets of an import: their columns, and their cells read into rows. Pure: no database, no files.

Headings are found by their words, in whatever order and with or without marks; what cannot be read is a
`Problem` at its cell. Whether the people and classes named exist is asked in `service/import_plan.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flows.people import ROLES
from flows.posts import SUBJECTS
from models.text import Text
from service.import_names import class_of, fold, subject_of
from tasks.workbooks import UNCOMPUTED, Sheet


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one cell: `cell` is its address, such as D7. `stops`: nothing is applied."""

    sheet: str
    cell: str
    sentence: Text
    stops: bool = True

    def place(self) -> tuple[int, int, str]:
        """Row, then column, as one walks down a sheet."""
        letters = self.cell.rstrip("0123456789")
        return int(self.cell[len(letters) :] or 0), len(letters), letters


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its heading; `also`: other words people write for it."""

    key: str
    name: Text
    required: bool = False
    also: tuple[str, ...] = ()
    width: int = 18


ACCOUNTS, GROUPS, TEACHING, TIMETABLE = "Tài khoản", "Tổ chuyên môn", "Phân công", "Thời khóa biểu"
GUIDE = "Hướng dẫn"
_WHO = Column("who", Text("Giáo viên", "Teacher"), True, ("tên đăng nhập", "họ và tên", "giáo viên dạy"), 26)
COLUMNS: dict[str, tuple[Column, ...]] = {
    ACCOUNTS: (
        Column("sign_in_name", Text("Tên đăng nhập", "Sign-in name"), True, ("tài khoản", "username")),
        Column("full_name", Text("Họ và tên", "Full name"), True, ("họ tên",), 26),
        Column("post", Text("Chức danh", "Post"), False, ("chức vụ",), 24),
        Column("email", Text("Thư điện tử", "E-mail"), False, ("email", "e-mail", "thư"), 28),
        Column("roles", Text("Vai trò", "Roles"), False, (), 28),
        Column("language", Text("Ngôn ngữ", "Language"), False, (), 14),
        Column("active", Text("Hoạt động", "Active"), False, ("đang hoạt động",), 14),
    ),
    GROUPS: (
        Column("group", Text("Tổ", "Group"), True, ("tổ chuyên môn", "tên tổ")),
        _WHO,
        Column("duty", Text("Nhiệm vụ", "Duty"), False, ("chức vụ",)),
    ),
    TEACHING: (
        Column("year", Text("Năm học", "School year"), True, (), 14),
        Column("class", Text("Lớp", "Class"), True, ("tên lớp",), 10),
        Column("subject", Text("Môn", "Subject"), True, ("môn học",), 26),
        _WHO,
        Column("homeroom", Text("Chủ nhiệm", "Homeroom"), False, ("gvcn",), 14),
    ),
}
GRID = (
    Column("weekday", Text("Thứ", "Weekday"), True, ("ngày",), 10),
    Column("session", Text("Buổi", "Session"), True, (), 10),
    Column("period", Text("Tiết", "Period"), True, (), 8),
)
"""The first columns of the timetable; each further heading names a class."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A person as typed; None and an empty set: the cell was left empty."""

    cells: dict[str, str]
    sign_in_name: str
    full_name: str
    post: str
    email: str
    language: str
    roles: frozenset[str]
    active: bool | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Who belongs to which group; `duty`: head, deputy, member or leaves."""

    cells: dict[str, str]
    group: str
    who: str
    duty: str


@dataclass(frozen=True, slots=True)
class TeachingRow:
    """Who teaches which subject to which class of which year."""

    cells: dict[str, str]
    year: str
    class_name: str
    subject: str
    who: str
    homeroom: bool


@dataclass(frozen=True, slots=True)
class PeriodCell:
    """One filled cell of the timetable; `who` is empty when the cell names no teacher."""

    cell: str
    weekday: int
    session: str
    period: int
    class_name: str
    subject: str
    who: str


@dataclass(slots=True)
class Contents:
    """Everything the sheets say, and what could not be read."""

    accounts: list[AccountRow]
    groups: list[GroupRow]
    teaching: list[TeachingRow]
    valid_from: date | None
    periods: list[PeriodCell]
    class_cells: dict[str, str]
    """Heading cell of each class in the timetable."""
    problems: list[Problem]

    @property
    def empty(self) -> bool:
        return not (self.accounts or self.groups or self.teaching or self.periods)


# --- one sheet with a heading and rows ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A row by column key; `cells` maps the key to its address. Not `whole`: only to be looked through."""

    values: dict[str, str]
    cells: dict[str, str]
    whole: bool


def _lines(sheet: Sheet, columns: Sequence[Column], found: Contents) -> Iterator[_Line]:
    """The filled rows below the heading; missing headings and missing required cells become problems."""
    top = next((n for n, row in enumerate(sheet.rows[:20]) if _headed(row, columns)), None)
    if top is None:
        if any(sheet.rows):
            names = ", ".join(c.name.vi for c in columns if c.required)
            found.problems.append(Problem(sheet.name, "A1", NO_HEADING.format(columns=names)))
        return
    places = places_of(sheet.rows[top], columns)
    for column in columns:
        if column.required and column.key not in places:
            cell = address(top, len(sheet.rows[top]))
            found.problems.append(Problem(sheet.name, cell, _NO_COLUMN.format(column=column.name)))
            return
    found.problems.extend(_left_alone(sheet, top, places))
    for number, row in enumerate(sheet.rows[top + 1 :], start=top + 1):
        values = {key: row[place] if place < len(row) else "" for key, place in places.items()}
        if not any(values.values()):
            continue
        cells = {key: address(number, place) for key, place in places.items()}
        broken = [key for key, value in values.items() if value in FORMULA_ERRORS]
        missing = [c for c in columns if c.required and not values[c.key]]
        for key in broken:
            found.problems.append(Problem(sheet.name, cells[key], broken_cell(values[key])))
            values[key] = ""
        for column in missing:
            found.problems.append(Problem(sheet.name, cells[column.key], _EMPTY.format(column=column.name)))
        for column in columns:
            values.setdefault(column.key, "")
            cells.setdefault(column.key, address(number, 0))
        yield _Line(values, cells, not broken and not missing)


def _left_alone(sheet: Sheet, top: int, places: dict[str, int]) -> Iterator[Problem]:
    """Headings that mean no column of the template, or one that stands there already, over filled cells."""
    headings = sheet.rows[top]
    for column, heading in enumerate(headings):
        filled = any(row[column : column + 1] not in ((), ("",)) for row in sheet.rows[top + 1 :])
        if heading and filled and column not in places.values() and fold(heading) not in _NUMBERS:
            sentence = _COLUMN_LEFT.format(column=heading)
            yield Problem(sheet.name, address(top, column), sentence, stops=False)


_NUMBERS = frozenset({"stt", "tt", "so tt", "no.", "no", "#"})
"""Headings of a running number, which nobody misses."""


def _headed(row: Sequence[str], columns: Sequence[Column]) -> bool:
    return len(places_of(row, columns)) >= min(2, len(columns))


def places_of(row: Sequence[str], columns: Sequence[Column]) -> dict[str, int]:
    """Column key to index. A heading may carry a star or a note in brackets; English headings count too."""
    headings = [fold(re.sub(r"[(*].*", "", text)) for text in row]
    places = {}
    for column in columns:
        for name in (column.name.vi, column.name.en, *column.also):
            if fold(name) in headings:
                places[column.key] = headings.index(fold(name))
                break
    return places


def address(row: int, column: int) -> str:
    """A cell as Excel names it; both count from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def read_accounts(sheet: Sheet, found: Contents) -> None:
    for line in _lines(sheet, COLUMNS[ACCOUNTS], found):
        roles = _roles(sheet.name, line, found)
        active = _yes_or_no(sheet.name, line, "active", found)
        language = {"": "", "tieng viet": "vi", "vi": "vi", "tieng anh": "en", "english": "en", "en": "en"}
        spoken = language.get(fold(line.values["language"]))
        if spoken is None:
            found.problems.append(Problem(sheet.name, line.cells["language"], _NO_LANGUAGE))
        found.accounts.append(
            AccountRow(
                line.cells,
                line.values["sign_in_name"].strip().lower(),
                line.values["full_name"],
                line.values["post"],
                line.values["email"],
                spoken or "",
                roles,
                active,
            )
        )


_ROLE_NAMES = {fold(name): key for key, words in ROLES.items() for name in (key, words.vi, words.en)} | {
    "hieu pho": "vice_principal",
    "quan tri": "admin",
}


def _roles(sheet: str, line: _Line, found: Contents) -> frozenset[str]:
    named = [part.strip() for part in re.split(r"[,;/\n]", line.values["roles"]) if part.strip()]
    for name in named:
        if fold(name) not in _ROLE_NAMES:
            offered = ", ".join(words.vi for words in ROLES.values())
            sentence = _DUTY_AS_ROLE if fold(name) in _DUTIES else _NO_ROLE
            sentence = sentence.format(typed=name, roles=offered)
            found.problems.append(Problem(sheet, line.cells["roles"], sentence))
    return frozenset(_ROLE_NAMES[fold(name)] for name in named if fold(name) in _ROLE_NAMES)


_YES = frozenset({"co", "x", "v", "true", "1", "yes", "dang hoat dong"})
_NO = frozenset({"khong", "false", "0", "no", "nghi", "ngung", "-"})


def _yes_or_no(sheet: str, line: _Line, key: str, found: Contents) -> bool | None:
    typed = fold(line.values[key])
    if not typed:
        return None
    if typed not in _YES | _NO:
        found.problems.append(Problem(sheet, line.cells[key], _NO_ANSWER.format(typed=line.values[key])))
    return typed in _YES


_DUTIES = {
    "": "member",
    "thanh vien": "member",
    "to vien": "member",
    "member": "member",
    "giao vien": "member",
    "to truong": "head",
    "head": "head",
    "to pho": "deputy",
    "deputy": "deputy",
    "roi to": "leaves",
    "leaves": "leaves",
}


def read_groups(sheet: Sheet, found: Contents) -> None:
    for line in _lines(sheet, COLUMNS[GROUPS], found):
        duty = _DUTIES.get(fold(line.values["duty"]))
        if duty is None:
            found.problems.append(Problem(sheet.name, line.cells["duty"], _NO_DUTY))
        if len(line.values["group"]) > 80:
            found.problems.append(Problem(sheet.name, line.cells["group"], TOO_LONG))
        if line.whole:
            row = GroupRow(line.cells, line.values["group"], line.values["who"], duty or "member")
            found.groups.append(row)


def read_teaching(sheet: Sheet, found: Contents) -> None:
    for line in _lines(sheet, COLUMNS[TEACHING], found):
        year = re.sub(r"\s*[-–/]\s*", "-", line.values["year"])
        subject = subject_of(line.values["subject"])
        if len(subject) > 80:
            found.problems.append(Problem(sheet.name, line.cells["subject"], TOO_LONG))
        elif subject and subject not in SUBJECTS:
            sentence = _ODD_SUBJECT.format(typed=subject)
            found.problems.append(Problem(sheet.name, line.cells["subject"], sentence, stops=False))
        homeroom = _yes_or_no(sheet.name, line, "homeroom", found)
        if line.whole:
            who = line.values["who"]
            row = TeachingRow(line.cells, year, class_of(line.values["class"]), subject, who, bool(homeroom))
            found.teaching.append(row)


FORMULA_ERRORS = frozenset({UNCOMPUTED, "#REF!", "#VALUE!", "#NAME?", "#N/A", "#DIV/0!", "#NUM!", "#NULL!"})


def broken_cell(value: str) -> Text:
    """Of one of `FORMULA_ERRORS`: what is wrong, and what to do."""
    return _UNCOMPUTED if value == UNCOMPUTED else _ERROR_CELL.format(error=value)


UNKNOWN_SHEET = Text(
    "Trang tính này không thuộc tệp mẫu nên được bỏ qua.", "This sheet is not of the template: left alone."
)
NOTHING = Text(
    "Tệp chưa có dòng nào để nhập. Điền vào tệp mẫu rồi tải lên.",
    "The file holds no row to import. Fill in the template and upload it.",
)
NO_HEADING = Text(
    "Không thấy dòng tiêu đề. Cần một dòng có các cột: {columns}.",
    "There is no heading. One row must name the columns: {columns}.",
)
_NO_COLUMN = Text("Thiếu cột “{column}”.", "The column “{column}” is missing.")
_COLUMN_LEFT = Text(
    "Cột “{column}” không thuộc tệp mẫu, hoặc đã có ở một cột khác, nên được bỏ qua.",
    "The column “{column}” is not of the template, or stands there already: left alone.",
)
_EMPTY = Text("Ô “{column}” đang trống. Điền vào ô này.", "“{column}” is empty. Fill in this cell.")
_UNCOMPUTED = Text(
    "Ô này là một công thức chưa có kết quả. Mở tệp bằng Excel, lưu lại rồi tải lên, hoặc gõ giá trị vào ô.",
    "This cell is a formula without a result. Open the file in Excel, save it and upload it again, or type "
    "the value.",
)
_ERROR_CELL = Text(
    "Ô này là một công thức bị lỗi ({error}). Gõ lại giá trị.",
    "This cell is a formula that failed ({error}). Type the value.",
)
_NO_LANGUAGE = Text("Ghi “Tiếng Việt” hoặc “English”.", "Write “Tiếng Việt” or “English”.")
_NO_ROLE = Text(
    "Không có vai trò “{typed}”. Các vai trò: {roles}; cách nhau bằng dấu phẩy.",
    "There is no role “{typed}”. The roles: {roles}; separated by commas.",
)
_DUTY_AS_ROLE = Text(
    "“{typed}” không phải là vai trò của tài khoản: ghi Giáo viên ở đây, ghi “{typed}” ở trang Tổ chuyên "
    "môn, cột Nhiệm vụ.",
    "“{typed}” is no role of an account: write Giáo viên here, and “{typed}” on the sheet Tổ chuyên môn, in "
    "the column Nhiệm vụ.",
)
_NO_ANSWER = Text(
    "“{typed}” chưa rõ. Ghi “Có” hoặc “Không”.", "“{typed}” is not clear. Write “Có” or “Không”."
)
_NO_DUTY = Text(
    "Ghi “Tổ trưởng”, “Tổ phó”, “Thành viên” hoặc “Rời tổ”.",
    "Write “Tổ trưởng” (head), “Tổ phó” (deputy), “Thành viên” (member) or “Rời tổ” (leaves).",
)
TOO_LONG = Text("Ô này dài quá 80 ký tự. Rút ngắn lại.", "More than 80 characters. Make it shorter.")
_ODD_SUBJECT = Text(
    "“{typed}” không có trong danh mục môn học tiểu học; được giữ như đã ghi.",
    "“{typed}” is no subject of the primary programme; kept as written.",
)
