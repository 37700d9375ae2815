"""Two versions of a form side by side: what differs, field by field, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from flows.fields import Field, Known, Offered, Repeated, Rich
from models.text import Text
from service import words
from tasks.rich_text import clean, plain


@dataclass(frozen=True, slots=True)
class Difference:
    """A question answered differently in two versions, both as plain text.

    `part` is the id of the lesson it stands in. `kind`: changed; added, removed (a whole row, in its short
    answers); drawn (the same words, but other marks or pictures).
    """

    label: Text
    one: str
    other: str
    part: str = ""
    kind: Literal["changed", "added", "removed", "drawn"] = "changed"


def differences(
    fields: Iterable[Field], one: Mapping[str, Any], other: Mapping[str, Any], known: Known, part: str = ""
) -> list[Difference]:
    """What differs between two versions of a form, rows matched by their ids."""
    found: list[Difference] = []
    for each in fields:
        if isinstance(each, Repeated):
            found += _row_differences(each, one.get(each.name), other.get(each.name), known, part)
            continue
        raw = one.get(each.name), other.get(each.name)
        before, after = (said(each, value, known) for value in raw)
        if before != after:
            found.append(Difference(each.label, before, after, part))
        elif isinstance(each, Rich) and raw[0] != raw[1]:
            found.append(Difference(each.label, before, after, part, "drawn"))
    return found


def _row_differences(part: Repeated, one: Any, other: Any, known: Known, within: str) -> list[Difference]:
    before, after = _by_id(one), _by_id(other)
    if not before.keys() & after.keys():  # rows sent without their ids: matched by their order
        before = {str(n): row for n, row in enumerate(before.values())}
        after = {str(n): row for n, row in enumerate(after.values())}
    found: list[Difference] = []
    for number, key in enumerate(dict.fromkeys([*after, *before]), 1):
        name = Text(f"{part.item.vi} {number}", f"{part.item.en} {number}")
        inside = within or key
        if key not in before:
            found.append(Difference(name, "", _brief(part, after[key], known), inside, "added"))
            continue
        if key not in after:
            found.append(Difference(name, _brief(part, before[key], known), "", inside, "removed"))
            continue
        found += [
            replace(d, label=Text(f"{name.vi} · {d.label.vi}", f"{name.en} · {d.label.en}"))
            for d in differences(part.fields, before[key], after[key], known, inside)
        ]
    return found


def _brief(part: Repeated, row: Mapping[str, Any], known: Known) -> str:
    """A row by its short answers."""
    short = (said(f, row.get(f.name), known) for f in part.fields if not isinstance(f, Repeated | Rich))
    return " · ".join(text for text in short if text)


def _by_id(rows: Any) -> dict[str, Mapping[str, Any]]:
    given = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {str(row.get("id") or n): row for n, row in enumerate(given)}


def said(part: Field, value: Any, known: Known) -> str:
    """A value as people read it, without markup."""
    text = "" if value is None else str(value)
    if isinstance(part, Offered):
        offered = part.options(known).get(text)
        return offered.vi if offered else text
    if isinstance(part, Rich):
        return plain(clean(text)).strip()
    return words.day(text).vi if part.kind == "day" and text else text
