"""The timetable's sheet: a grid of weekday, session and period by class. Pure.

Weekday and session often stand in merged cells, so an empty one means the same as above. A cell holds a
subject and maybe its teacher in brackets: `Toán (gv.lan)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from flows.typed_days import day_typed
from models.text import Text
from service.import_names import class_of, fold, subject_of
from service.import_sheets import (
    FORMULA_ERRORS,
    GRID,
    NO_HEADING,
    TOO_LONG,
    Contents,
    PeriodCell,
    Problem,
    address,
    broken_cell,
    places_of,
)
from tasks.workbooks import Sheet

_WEEKDAYS = {
    fold(name): number
    for number, names in enumerate(
        (
            ("thứ hai", "hai", "2", "t2", "thứ 2", "mon"),
            ("thứ ba", "ba", "3", "t3", "thứ 3", "tue"),
            ("thứ tư", "tư", "4", "t4", "thứ 4", "wed"),
            ("thứ năm", "năm", "5", "t5", "thứ 5", "thu"),
            ("thứ sáu", "sáu", "6", "t6", "thứ 6", "fri"),
            ("thứ bảy", "bảy", "7", "t7", "thứ 7", "sat"),
            ("chủ nhật", "cn", "8", "sun"),
        )
    )
    for name in names
}
_SESSIONS = {"sang": "morning", "s": "morning", "morning": "morning"} | {
    "chieu": "afternoon",
    "c": "afternoon",
    "afternoon": "afternoon",
}
_TAUGHT_BY = re.compile(r"(?P<subject>[^(]+?)\s*\((?P<who>[^)]+)\)")


def read_timetable(sheet: Sheet, found: Contents) -> None:
    """A grid: weekday, session, period, then a class a column; its day of validity above the heading."""
    top = next((n for n, row in enumerate(sheet.rows[:20]) if len(places_of(row, GRID)) == len(GRID)), None)
    if top is None:
        if any(sheet.rows):
            names = ", ".join(column.name.vi for column in GRID)
            found.problems.append(Problem(sheet.name, "A1", NO_HEADING.format(columns=names)))
        return
    places = places_of(sheet.rows[top], GRID)
    classes = {
        n: class_of(name) for n, name in enumerate(sheet.rows[top]) if name and n not in places.values()
    }
    if not any(
        any(row[n : n + 1] != ("",) and n < len(row) for n in classes) for row in sheet.rows[top + 1 :]
    ):
        return  # the template as it came: nothing to enter
    found.valid_from = _valid_from(sheet, top, found)
    for column, name in classes.items():
        if name in found.class_cells:
            sentence = _TWICE.format(what=name, first=found.class_cells[name])
            found.problems.append(Problem(sheet.name, address(top, column), sentence))
        found.class_cells.setdefault(name, address(top, column))
    last: dict[str, str] = {"weekday": "", "session": ""}
    slots: dict[tuple[int, str, int], str] = {}
    for number, row in enumerate(sheet.rows[top + 1 :], start=top + 1):
        if any(row):
            _read_row(sheet.name, number, row, places, classes, last, slots, found)


def _valid_from(sheet: Sheet, top: int, found: Contents) -> date | None:
    for number, row in enumerate(sheet.rows[:top]):
        for column, text in enumerate(row):
            day = read_date(text)
            if day is not None:
                return day
            if text and "tu ngay" not in fold(text) and column > 0:
                found.problems.append(
                    Problem(sheet.name, address(number, column), _BAD_DAY.format(typed=text))
                )
                return None
    found.problems.append(Problem(sheet.name, "B1", _NO_DAY))
    return None


def read_date(text: str) -> date | None:
    """A day as Excel keeps it or as people type it (07/09/2026)."""
    return day_typed(text) or day_typed(text.strip()[:10])


def _read_row(
    sheet: str,
    number: int,
    row: Sequence[str],
    places: dict[str, int],
    classes: dict[int, str],
    last: dict[str, str],
    slots: dict[tuple[int, str, int], str],
    found: Contents,
) -> None:
    def at(key: str) -> str:
        typed = row[places[key]] if places[key] < len(row) else ""
        # Weekday and session stand in merged cells: only the first row of them has the words.
        if key in last:
            if key == "weekday" and typed and typed != last["weekday"]:
                last["session"] = ""
            last[key] = typed or last[key]
            return last[key]
        return typed

    weekday = _WEEKDAYS.get(fold(at("weekday")))
    session = _SESSIONS.get(fold(at("session")))
    period = re.sub(r"^tiet\s*", "", fold(at("period")))
    filled = [n for n in classes if n < len(row) and row[n]]
    if not filled:
        return
    wrong = (
        ("weekday", weekday is None, _NO_WEEKDAY),
        ("session", session is None, _NO_SESSION),
        ("period", not (period.isascii() and period.isdigit() and 1 <= int(period) <= 10), _NO_PERIOD),
    )
    faults = [Problem(sheet, address(number, places[key]), why) for key, bad, why in wrong if bad]
    if faults or weekday is None or session is None:
        found.problems.extend(faults)
        return
    slot = (weekday, session, int(period))
    if slot in slots:
        sentence = _TWICE.format(what=Text("Tiết này", "This period"), first=slots[slot])
        found.problems.append(Problem(sheet, address(number, places["period"]), sentence))
    slots.setdefault(slot, address(number, places["period"]))
    for column in filled:
        typed, cell = row[column], address(number, column)
        if typed in FORMULA_ERRORS:
            found.problems.append(Problem(sheet, cell, broken_cell(typed)))
            continue
        match = _TAUGHT_BY.fullmatch(typed)
        subject = subject_of(match["subject"] if match else typed)
        if len(subject) > 80:
            found.problems.append(Problem(sheet, cell, TOO_LONG))
            continue
        who = match["who"].strip() if match else ""
        found.periods.append(PeriodCell(cell, *slot, classes[column], subject, who))


_NO_DAY = Text(
    "Ghi ngày bắt đầu áp dụng thời khóa biểu ở dòng trên cùng, ví dụ 07/09/2026.",
    "Write the day the timetable begins in the top row, such as 07/09/2026.",
)
_BAD_DAY = Text(
    "“{typed}” không phải là ngày. Ghi theo mẫu 07/09/2026.", "“{typed}” is no day, such as 07/09/2026."
)
_NO_WEEKDAY = Text("Ghi thứ trong tuần, ví dụ “Thứ Hai”.", "Write a weekday, such as “Thứ Hai”.")
_NO_SESSION = Text("Ghi “Sáng” hoặc “Chiều”.", "Write “Sáng” (morning) or “Chiều” (afternoon).")
_NO_PERIOD = Text("Ghi số tiết từ 1 đến 10.", "Write the period, 1 to 10.")
_TWICE = Text("{what} đã có ở ô {first}. Bỏ một trong hai.", "{what} stands in {first} already. Remove one.")
