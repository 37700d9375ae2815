"""A record's lessons, looked at singly, and what became of one between two versions. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from flows.fields import Form, Repeated

Fate = Literal["unchanged", "changed", "removed"]


def declared_rows(form: Form) -> Repeated | None:
    """The rows of a type that are things of their own: a table's rows are not commented on singly."""
    return next((f for f in form.fields if isinstance(f, Repeated) and not f.as_table), None)


def rows_of(form: Form, fields: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The lessons of a version by their ids, in their order; empty for a type without such rows."""
    part = declared_rows(form)
    found = fields.get(part.name) if part else None
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return {str(row["id"]): row for row in rows if row.get("id")}


def name_of(form: Form, row: Mapping[str, Any], number: int) -> str:
    """What a lesson is called: its first two lines, `Toán · Bài 28 (tiết 2)`."""
    part = declared_rows(form)
    assert part is not None
    lines = [str(row.get(f.name) or "") for f in part.fields if f.kind in ("subject", "line")]
    return " · ".join(line for line in lines[:2] if line) or f"{part.item.vi} {number}"


def fingerprint(row: Mapping[str, Any] | None) -> str:
    """SHA-256 of a lesson's content; empty for none."""
    if row is None:
        return ""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def fate(form: Form, before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> Fate:
    """What became of a lesson of `before` in `after`."""
    then, now = rows_of(form, before).get(key), rows_of(form, after).get(key)
    if now is None:
        return "removed"
    return "unchanged" if fingerprint(then) == fingerprint(now) else "changed"
