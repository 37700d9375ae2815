"""The fields a form is declared with: how each reads what was typed, what it refuses, its JSON Schema. Pure.

Reading never loses what was typed: a value that cannot be understood is kept as clean text beside its fault.
Only what is beyond every limit is refused whole (`TooLarge`); the caller then still holds what was sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from flows.typed_days import day_typed
from models.errors import Fault, Invalid, TooLarge
from models.text import Text
from tasks.fonts import undrawable
from tasks.mail_hours import WorkingDay
from tasks.rich_text import clean, clean_line, plain

Faults = list[Fault]


@dataclass(frozen=True, slots=True)
class Known:
    """What a school offers to choose from. Weeks and classes by id, in the order they are shown."""

    weeks: Mapping[str, Text] = field(default_factory=dict)
    week_days: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """First and last day of each week, ISO."""
    classes: Mapping[str, str] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
    parts: Mapping[str, Text] = field(default_factory=dict)
    """What may be named of the document this one is about: its lessons, by id."""
    author: str = ""
    now: datetime | None = None
    """When the form is read, where anything is asked about that."""
    works: WorkingDay | None = None
    """The school's working days, for what is about another document."""


UNPRINTABLE = Text(
    "“{label}” có ký tự không in được lên hồ sơ: {lost}. Bỏ đi hoặc viết cách khác.",
    "“{label}” has characters that cannot be printed on the record: {lost}. Leave them out or write them "
    "another way.",
)
_MOST_NAMED = 12
MISSING = Text("Chưa điền “{label}”.", "“{label}” is not filled in.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question of a form. `read` gives the value to keep and what is wrong with it."""

    name: str
    label: Text
    help: Text | None = None
    required: bool = True
    kind: ClassVar[str] = ""

    def read(self, raw: object, path: str, known: Known) -> tuple[Any, Faults]:
        """Take what was typed: the value to keep, and its faults."""
        if isinstance(raw, list | Mapping) and self.kind != "repeated":
            raise _wrong_kind(path, self.label)
        value, faults = self.take(raw, path, known)
        if not faults and self.required and self.empty(value):
            faults = [Fault(path, MISSING.format(label=self.label), missing=True)]
        lost = undrawable(self.printed(value))
        if lost:
            # Signed, the paper would say something else than what was typed.
            shown = " ".join(lost[:_MOST_NAMED]) + (" …" if len(lost) > _MOST_NAMED else "")
            faults = [*faults, Fault(path, UNPRINTABLE.format(label=self.label, lost=shown))]
        return value, faults

    def printed(self, value: object) -> str:  # noqa: ARG002 - what is chosen, not typed, is drawable
        """What was typed and will stand on the paper as it is."""
        return ""

    def take(self, raw: object, path: str, known: Known) -> tuple[Any, Faults]:
        raise NotImplementedError

    def empty(self, value: object) -> bool:
        return value in ("", None, [])

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value, with an example."""
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """The schema with title and description, as the API publishes it."""
        words: dict[str, Any] = {"title": self.label.vi, "x-title-en": self.label.en}
        if self.help:
            words |= {"description": self.help.vi, "x-description-en": self.help.en}
        return self.schema() | words


def _wrong_kind(path: str, label: Text) -> Invalid:
    """Text where rows belong, or the other way round: no form sends it, and keeping it would lose rows."""
    sentence = Text(
        "“{label}” được gửi sai kiểu dữ liệu nên chưa lưu gì.",
        "“{label}” was sent as the wrong kind of value; nothing was saved.",
    ).format(label=label)
    return Invalid(sentence, (Fault(path, sentence),))


def _text(raw: object) -> str:
    return raw if isinstance(raw, str) else "" if raw is None else str(raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Field):
    """One line of text; length in characters."""

    longest: int = 200
    example: str = ""
    kind: ClassVar[str] = "line"

    def take(self, raw: object, path: str, known: Known) -> tuple[str, Faults]:  # noqa: ARG002
        value = clean_line(_text(raw))
        if len(value) > self.longest:
            return value, [
                Fault(
                    path,
                    Text(
                        "“{label}” dài {n} ký tự, nhiều nhất {most}. Rút gọn lại.",
                        "“{label}” has {n} characters, at most {most}. Shorten it.",
                    ).format(label=self.label, n=len(value), most=self.longest),
                )
            ]
        return value, []

    def printed(self, value: object) -> str:
        return _text(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest, "examples": [self.example]}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectName(Line):
    """A subject's name, offered from the school's list, free to type."""

    kind: ClassVar[str] = "subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rich(Field):
    """Formatted text, cleaned HTML (paragraphs, lists, tables, marks, pictures)."""

    rows: int = 4
    example: str = ""
    kind: ClassVar[str] = "rich"

    def take(self, raw: object, path: str, known: Known) -> tuple[str, Faults]:  # noqa: ARG002
        return clean(_text(raw), at=self.label.vi), []

    def empty(self, value: object) -> bool:
        text = _text(value)
        return not plain(text).strip() and "<img" not in text

    def printed(self, value: object) -> str:
        return plain(_text(value))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "text/html", "examples": [self.example]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Field):
    """A whole number between two bounds, both allowed."""

    least: int = 1
    most: int = 100
    unit: Text | None = None
    example: int = 1
    kind: ClassVar[str] = "whole"

    def take(self, raw: object, path: str, known: Known) -> tuple[int | str | None, Faults]:  # noqa: ARG002
        text = clean_line(_text(raw))
        if not text:
            return None, []
        number = int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) < 8 else None
        if number is None or not self.least <= number <= self.most:
            sentence = Text(
                "“{label}” là số nguyên từ {least} đến {most}, không phải “{typed}”.",
                "“{label}” is a whole number from {least} to {most}, not “{typed}”.",
            )
            words = {"label": self.label, "least": self.least, "most": self.most, "typed": text[:40]}
            return text[:40], [Fault(path, sentence.format(**words))]
        return number, []

    def schema(self) -> dict[str, Any]:
        return {
            "type": ["integer", "null"],
            "minimum": self.least,
            "maximum": self.most,
            "examples": [self.example],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Field):
    """A date: ISO, or as typed (`day_typed`); one without a year is the nearest to now."""

    kind: ClassVar[str] = "day"

    def take(self, raw: object, path: str, known: Known) -> tuple[str, Faults]:
        text = clean_line(_text(raw))
        if not text:
            return "", []
        day = day_typed(text, known.now.date() if known.now else None)
        if day:
            return day.isoformat(), []
        sentence = Text(
            "“{typed}” không phải là ngày. Ghi theo mẫu 30/11/2026.",
            "“{typed}” is not a date. Write it as 30/11/2026.",
        )
        return text[:40], [Fault(path, sentence.format(typed=text[:40]))]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "examples": ["2026-11-30"]}


def day_words(iso: str) -> str:
    """A kept date as people write it: dd/mm/yyyy."""
    return "/".join(reversed(iso.split("-")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(Field):
    """One of what is offered; subclasses say from where."""

    def options(self, known: Known) -> Mapping[str, Text]:
        """Value → words, in the order shown."""
        raise NotImplementedError

    def take(self, raw: object, path: str, known: Known) -> tuple[str, Faults]:
        value = clean_line(_text(raw))[:80]
        if value and value not in self.options(known):
            sentence = Text(
                "“{label}” không có lựa chọn này ở trường. Chọn lại trong danh sách.",
                "“{label}”: the school has no such choice. Choose again from the list.",
            )
            return value, [Fault(path, sentence.format(label=self.label))]
        return value, []

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Offered):
    """One of a fixed list."""

    among: Mapping[str, Text]
    kind: ClassVar[str] = "choice"

    def options(self, known: Known) -> Mapping[str, Text]:  # noqa: ARG002 - the same at every school
        return self.among

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": ["", *self.among], "examples": [next(iter(self.among))]}


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachingWeek(Offered):
    """A numbered teaching week of the school, by id."""

    kind: ClassVar[str] = "week"

    def options(self, known: Known) -> Mapping[str, Text]:
        return known.weeks


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtClass(Offered):
    """A class of the school, by id."""

    kind: ClassVar[str] = "class"

    def options(self, known: Known) -> Mapping[str, Text]:
        return {key: Text(name, name) for key, name in known.classes.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOf(Offered):
    """A part of the document this one is about: a lesson of its plan, by id."""

    kind: ClassVar[str] = "part"

    def options(self, known: Known) -> Mapping[str, Text]:
        return known.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(Field):
    """Rows of the same fields, each with a stable id of its own; `starts_with` fills a new form."""

    fields: tuple[Field, ...]
    item: Text
    least: int = 1
    most: int = 60
    starts_with: tuple[Mapping[str, Any], ...] = ({},)
    as_table: bool = False
    kind: ClassVar[str] = "repeated"

    def take(self, raw: object, path: str, known: Known) -> tuple[list[dict[str, Any]], Faults]:
        if raw not in (None, "") and not isinstance(raw, list):
            raise _wrong_kind(path, self.label)
        rows = raw if isinstance(raw, list) else []
        faults: Faults = []
        if len(rows) > self.most:
            sentence = Text(
                "“{label}” có {n} mục, nhiều nhất {most}. Bớt đi hoặc chia thành nhiều hồ sơ.",
                "“{label}” has {n} items, at most {most}. Remove some or split the record.",
            )
            raise TooLarge(sentence.format(label=self.label, n=len(rows), most=self.most))
        kept: list[dict[str, Any]] = []
        seen: set[str] = set()
        for index, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise _wrong_kind(f"{path}.{index}", self.item)
            given = row
            key = clean_line(_text(given.get("id")))[:16]
            if not key.isalnum() or key in seen:
                key = secrets.token_hex(4)
            seen.add(key)
            value: dict[str, Any] = {"id": key}
            for part in self.fields:
                value[part.name], wrong = part.read(
                    given.get(part.name), f"{path}.{index}.{part.name}", known
                )
                faults += wrong
            kept.append(value)
        if len(kept) < self.least and not faults:
            sentence = Text("Cần ít nhất {n} {item}.", "{item}: at least {n} needed.")
            item = Text(self.item.vi.lower(), self.item.en)
            faults.append(Fault(path, sentence.format(n=self.least, item=item), missing=True))
        return kept, faults

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "minItems": self.least,
            "maxItems": self.most,
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}} | {f.name: f.described() for f in self.fields},
            },
        }


Rule = Callable[[Mapping[str, Any], Known], Faults]


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of a document type in their order, and rules across them."""

    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()

    def read(self, raw: Mapping[str, Any], known: Known) -> tuple[dict[str, Any], tuple[Fault, ...]]:
        """All values as they are to be kept, and everything wrong with them; unknown keys are dropped."""
        values: dict[str, Any] = {}
        faults: Faults = []
        for part in self.fields:
            values[part.name], wrong = part.read(raw.get(part.name), part.name, known)
            faults += wrong
        spoken = {fault.path for fault in faults}
        for rule in self.rules:
            faults += [f for f in rule(values, known) if f.path not in spoken]
        return values, tuple(faults)

    def over(self, values: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        """A shorter form's answers laid over what is stored: what it does not ask stays, also in rows."""
        merged = dict(stored) | dict(values)
        for part in self.fields:
            if isinstance(part, Repeated):
                rows = {row.get("id"): row for row in stored.get(part.name) or [] if isinstance(row, Mapping)}
                merged[part.name] = [dict(rows.get(row["id"], {})) | row for row in values[part.name]]
        return merged

    def schema(self) -> dict[str, Any]:
        """JSON Schema of `fields` in the API."""
        return {
            "type": "object",
            "properties": {f.name: f.described() for f in self.fields},
            "required": [f.name for f in self.fields if f.required],
        }
