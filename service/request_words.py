"""What is wrong with a request's fields, in both languages: sentences for what its model refused. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models.errors import Fault
from models.text import Text


def faults(errors: Iterable[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """The first fault of each field."""
    found: dict[str, Fault] = {}
    for error in errors:
        said = fault(error)
        found.setdefault(said.path, said)
    return tuple(found.values())


def fault(error: Mapping[str, Any]) -> Fault:
    """One error of a request's model, at the field it is about; nothing that was sent is repeated."""
    place, *where = error["loc"] or ("",)
    if place == "query":
        where = where[:1]  # which of several readings of a value failed is nothing to the reader
    kind = str(error["type"])
    said = _SAID.get(kind) or next((text for start, text in _ALIKE if kind.startswith(start)), None)
    sentence = said.format(**_named(error.get("ctx", {}))) if said else Text(_OTHERWISE, str(error["msg"]))
    return Fault(".".join(str(part) for part in where), sentence, missing=kind == "missing")


def _named(context: Mapping[str, Any]) -> dict[str, object]:
    """What a limit is, as people write it: 60, not 60.0; `'a' or 'b'` in both languages."""
    shown = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in context.items()}
    if isinstance(choices := shown.get("expected"), str):
        shown["expected"] = Text(choices.replace(" or ", " hoặc "), choices)
    return shown


_SAID: dict[str, Text] = {
    "missing": Text("Thiếu trường này.", "This field is required."),
    "extra_forbidden": Text("Không có trường này: xem lại tên.", "There is no such field: look at its name."),
    "literal_error": Text("Chỉ nhận một trong các giá trị: {expected}.", "It must be one of: {expected}."),
    "enum": Text("Chỉ nhận một trong các giá trị: {expected}.", "It must be one of: {expected}."),
    "greater_than": Text("Phải lớn hơn {gt}.", "It must be greater than {gt}."),
    "greater_than_equal": Text("Nhỏ nhất là {ge}.", "It must be at least {ge}."),
    "less_than": Text("Phải nhỏ hơn {lt}.", "It must be less than {lt}."),
    "less_than_equal": Text("Lớn nhất là {le}.", "It must be at most {le}."),
    "string_too_long": Text("Nhiều nhất {max_length} ký tự.", "At most {max_length} characters."),
    "string_too_short": Text("Ít nhất {min_length} ký tự.", "At least {min_length} characters."),
    "string_pattern_mismatch": Text("Chuỗi ký tự không đúng mẫu.", "The text is not of the expected form."),
    "too_long": Text("Nhiều nhất {max_length} mục.", "At most {max_length} items."),
    "too_short": Text("Ít nhất {min_length} mục.", "At least {min_length} items."),
    "json_invalid": Text("Nội dung gửi lên không phải JSON hợp lệ.", "What was sent is not valid JSON."),
}
_ALIKE: tuple[tuple[str, Text], ...] = (
    (
        "datetime_",
        Text("Cần thời điểm dạng 2026-11-24T17:00:00+07:00.", "It must be 2026-11-24T17:00:00+07:00."),
    ),
    ("date_", Text("Cần ngày có thật, dạng 2026-11-24.", "It must be a day there is, as 2026-11-24.")),
    ("int_", Text("Cần một số nguyên.", "It must be a whole number.")),
    ("float_", Text("Cần một số.", "It must be a number.")),
    ("bool_", Text("Chỉ nhận true hoặc false.", "It must be true or false.")),
    ("string_", Text("Cần một chuỗi ký tự.", "It must be text.")),
    ("list_", Text("Cần một danh sách.", "It must be a list.")),
    ("dict_", Text("Cần một đối tượng JSON.", "It must be a JSON object.")),
    ("model_", Text("Cần một đối tượng JSON.", "It must be a JSON object.")),
)
"""By how the name of the error begins: the ways to be no number, no day, no list."""
_OTHERWISE = "Giá trị không đúng mẫu. Xem mô tả của trường này trong /api/v1/openapi.json."
