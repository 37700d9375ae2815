"""Between an HTML form and the nested fields of a document: dotted names in, questions to draw out.

No database and no request here: values in, values out. What a field means is said in `flows/fields.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flows.fields import Field, Form, Known, Offered, Repeated, Rich
from models.errors import Fault
from models.text import Text
from service import words

DEEPEST = 6
"""Levels of a dotted name; a form of ours has three."""

Values = dict[str, Any]
NUMBER = "__"
"""Stands for a row's number in the rows a script adds."""


def unflatten(items: Iterable[tuple[str, Any]]) -> Values:
    """Dotted names as nested values: `lessons.0.title` → `{"lessons": [{"title": …}]}`.

    Numbered names become a list in the order of their numbers, gaps closed. A name that contradicts an
    earlier one (`a` beside `a.b`) and a name deeper than any form of ours are left out; files too.
    """
    root: Values = {}
    for name, value in items:
        parts = name.split(".")
        if not isinstance(value, str) or len(parts) > DEEPEST or not all(parts):
            continue
        level = root
        for part in parts[:-1]:
            below = level.setdefault(part, {})
            if not isinstance(below, dict):
                break
            level = below
        else:
            if not isinstance(level.get(parts[-1]), dict):
                level[parts[-1]] = value
    return {name: _listed(value) for name, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() and len(key) < 7 for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(below) for key, below in value.items()}


def overlay(form: Form, stored: Mapping[str, Any], changes: Iterable[tuple[str, str]]) -> Values | None:
    """The stored values with single answers laid over them, by their dotted names.

    None when a name leads to no answer of what is stored: rows were added or taken away meanwhile.
    """
    laid = deepcopy(dict(stored))
    for name, value in changes:
        *way, last = name.split(".")
        level: Any = laid
        fields: Sequence[Field] = form.fields
        for part, number in zip(way[::2], way[1::2], strict=False):
            declared = next((f for f in fields if f.name == part), None)
            rows = level.get(part)
            inside = isinstance(rows, list) and number.isascii() and number.isdigit() and len(number) < 7
            if not isinstance(declared, Repeated) or not inside or int(number) >= len(rows):
                return None
            level, fields = rows[int(number)], declared.fields
        known = last == "id" if way else False
        if len(way) % 2 or not (known or any(f.name == last and f.kind != "repeated" for f in fields)):
            return None
        level[last] = value
    return laid


def ids_of(values: Mapping[str, Any]) -> list[Any]:
    """The ids of all rows, in their order and nesting."""
    rows = (row for value in values.values() if isinstance(value, list) for row in value)
    return [(row.get("id"), ids_of(row)) for row in rows if isinstance(row, dict)]


# --- new forms and rows ---------------------------------------------------------------------------------


def blank(fields: Iterable[Field]) -> Values:
    """What a new form, or a new row, starts with."""
    return {part.name: _blank_rows(part) if isinstance(part, Repeated) else "" for part in fields}


def _blank_rows(part: Repeated) -> list[Values]:
    return [blank_row(part) | dict(start) for start in part.starts_with]


def blank_row(part: Repeated) -> Values:
    """A row with an id of its own."""
    return {"id": secrets.token_hex(4), **blank(part.fields)}


def change_rows(form: Form, values: Values, do: str) -> str | None:
    """Carry out `add:lessons.2.phases`, `remove:lessons.2`, `up:…`, `down:…` or `copy:…`, in place.

    Returns the path to go on at (the new or moved row, or the list that lost one); None when nothing is done.
    """
    verb, _, path = do.partition(":")
    parts = path.split(".")
    index = int(parts.pop()) if verb != "add" and parts[-1].isascii() and parts[-1].isdigit() else None
    found = _list_at(form.fields, values, parts)
    if found is None:
        return None
    declared, rows = found
    if verb == "add" and len(rows) < declared.most:
        row = blank_row(declared)
        if rows and isinstance(rows[-1], dict):
            row |= {f.name: rows[-1].get(f.name, "") for f in declared.fields if _carries(declared, f)}
        rows.append(row)
        return f"{'.'.join(parts)}.{len(rows) - 1}"
    if index is None or index >= len(rows):
        return None
    if verb == "remove":
        del rows[index]
        return ".".join(parts)
    to = index + {"up": -1, "down": 1}.get(verb, 0)
    if verb in ("up", "down") and 0 <= to < len(rows):
        rows[index], rows[to] = rows[to], rows[index]
        return f"{'.'.join(parts)}.{to}"
    if verb == "copy" and len(rows) < declared.most and isinstance(rows[index], dict):
        rows.insert(index + 1, _own(rows[index]))
        return f"{'.'.join(parts)}.{index + 1}"
    return None


def _own(row: Values) -> Values:
    """A row's copy with ids of its own."""
    return {
        name: [_own(below) for below in value if isinstance(below, dict)]
        if isinstance(value, list)
        else value
        for name, value in row.items()
    } | {"id": secrets.token_hex(4)}


def _carries(declared: Repeated, part: Field) -> bool:
    """The next row is mostly of the same class and subject; in a table of periods of the same session too."""
    return part.kind in ("class", "subject", "week") or (declared.as_table and part.kind in ("day", "choice"))


def _list_at(
    fields: Sequence[Field], values: Values, parts: Sequence[str]
) -> tuple[Repeated, list[Any]] | None:
    declared = next((f for f in fields if f.name == parts[0]), None) if parts else None
    if not isinstance(declared, Repeated):
        return None
    rows = values.get(declared.name)
    if not isinstance(rows, list):
        rows = values[declared.name] = []
    if len(parts) == 1:
        return declared, rows
    if not parts[1].isdigit() or int(parts[1]) >= len(rows) or not isinstance(rows[int(parts[1])], dict):
        return None
    return _list_at(declared.fields, rows[int(parts[1])], parts[2:])


# --- drawing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as the page draws it."""

    field: Field
    path: str
    value: str
    options: tuple[tuple[str, Text], ...] = ()
    rows: tuple[ShownRow, ...] = ()
    faults: tuple[Text, ...] = ()
    blank: ShownRow | None = None
    """The row a script adds; its path holds `__` where the number goes."""

    @property
    def kind(self) -> str:
        return self.field.kind

    @property
    def id(self) -> str:
        """The id of its control."""
        return address(self.path)

    @property
    def words(self) -> str:
        """The answer as it names a row: what was typed, or what the chosen value is called."""
        return next((name.vi for value, name in self.options if value == self.value), self.value)

    @property
    def unit(self) -> Text | None:
        """What a number counts."""
        return getattr(self.field, "unit", None)

    @property
    def item(self) -> Text:
        """What one of its rows is called."""
        return getattr(self.field, "item", self.field.label)

    @property
    def an_item(self) -> Text:
        """One more of its rows, as a button says it: `bài dạy` / `a lesson`."""
        return words.one(self.item)

    @property
    def counted(self) -> Text:
        """How many rows there are: `2 bài dạy` / `2 lessons`."""
        return words.counted(len(self.rows), self.item)

    @property
    def tabled(self) -> bool:
        """Are its rows a table that wants the whole width?"""
        return bool(getattr(self.field, "as_table", False))

    @property
    def marked(self) -> bool:
        """Does the answer want a section of its own?"""
        return self.kind in ("rich", "repeated")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of a repeated question. `wrong` counts its faults, `missing` what is not filled in yet."""

    path: str
    key: str
    number: int
    fields: tuple[Shown, ...]
    wrong: int = 0
    missing: int = 0
    open: bool = False

    @property
    def id(self) -> str:
        return address(self.path)

    @property
    def heads(self) -> tuple[str, str]:
        """What names the row in its closed state: its first two lines of text."""
        named = next((f.words for f in self.fields if f.kind == "part" and f.value), "")
        if named:  # "Toán, 30/11/2026: Bài 28": where it belongs, then its name
            of, _, name = named.partition(": ")
            return of, name
        lines = [f.value for f in self.fields if f.kind in ("subject", "line")] + ["", ""]
        return lines[0], lines[1]

    @property
    def about(self) -> str:
        """Class and day, as far as they are chosen: `3A · 30/11`."""
        known = [dict(f.options).get(f.value) for f in self.fields if f.kind == "class"]
        days = [f.value[:5] for f in self.fields if f.kind == "day" and f.value]
        return " · ".join([words.vi for words in known if words] + days)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a form is drawn from: the faults to show, what to offer, the row to open."""

    known: Known
    faults: Mapping[str, list[Text]] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    open: str = ""


def address(path: str) -> str:
    """The id of a field's control or of a row, from its path."""
    return "f-" + path.replace(".", "-")


def draw(
    form: Form,
    values: Mapping[str, Any],
    known: Known,
    faults: Iterable[Fault] = (),
    *,
    show_missing: bool = False,
    opened: str = "",
) -> tuple[Shown, ...]:
    """The questions with what was typed; what is only missing is no fault before the submit."""
    spoken: dict[str, list[Text]] = {}
    missing = set()
    for fault in faults:
        if fault.missing:
            missing.add(fault.path)
        if show_missing or not fault.missing:
            spoken.setdefault(fault.path, []).append(fault.sentence)
    drawing = Drawing(known, spoken, frozenset(missing), opened)
    return tuple(_shown(part, part.name, values.get(part.name), drawing) for part in form.fields)


def _shown(part: Field, path: str, value: Any, drawing: Drawing) -> Shown:
    wrong = tuple(drawing.faults.get(path, ()))
    if isinstance(part, Repeated):
        # More rows than the form allows came from no page of ours; the refusal says how many there were.
        rows = value[: part.most] if isinstance(value, list) else []
        return Shown(
            part,
            path,
            "",
            rows=tuple(_row(part, f"{path}.{n}", n, row, len(rows), drawing) for n, row in enumerate(rows)),
            faults=wrong,
            blank=_row(part, f"{path}.{NUMBER}", 0, blank_row(part), 0, drawing)
            if "." not in path or NUMBER in path
            else None,
        )
    options: tuple[tuple[str, Text], ...] = ()
    if isinstance(part, Offered):
        options = tuple(part.options(drawing.known).items())
        if value and value not in dict(options):
            # What was chosen is not taken away; its fault says that it must be chosen anew.
            options = (
                (str(value), Text(f"{value} (không có ở trường)", f"{value} (not at this school)")),
                *options,
            )
    return Shown(part, path, typed(part, value), options=options, faults=wrong)


def _row(part: Repeated, path: str, number: int, row: Any, count: int, drawing: Drawing) -> ShownRow:
    given = row if isinstance(row, dict) else {}
    under = f"{path}."
    wrong = sum(len(s) for p, s in drawing.faults.items() if p.startswith(under))
    return ShownRow(
        path=path,
        key=str(given.get("id") or ""),
        number=number + 1,
        fields=tuple(_shown(f, under + f.name, given.get(f.name), drawing) for f in part.fields),
        wrong=wrong,
        missing=sum(p.startswith(under) for p in drawing.missing),
        open=wrong > 0 or count == 1 or drawing.open == path or drawing.open.startswith(under),
    )


def typed(part: Field, value: Any) -> str:
    """A stored value as it stands in its control."""
    text = "" if value is None else str(value)
    if isinstance(part, Rich):
        return editable(text)
    if part.kind == "day" and text:
        return words.day(text).vi
    return text


def editable(html: str) -> str:
    """Rich text for a textarea: plain lines where nothing is lost by it, else the HTML as it is stored."""
    lines = [unescape(line) for line in html.removeprefix("<p>").removesuffix("</p>").split("</p><p>")]
    # What would be read as a tag, or has one of its own beside the paragraphs, stays HTML.
    return html if any("<" in line or line != line.strip() for line in lines) else "\n".join(lines)
