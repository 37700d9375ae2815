"""Writes what a document is found by (`models/search.py`), in the transaction that changed the document.

A word is folded: no tone or other mark, no capitals, đ as d; so a search with or without them finds the same.
Before the words stand marks of what the document belongs to (school, author, group, type, weeks, classes):
a search that names one of these, or a reader who may see little, narrows the index itself.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, and_, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col

from models.account import Account
from models.document import Document
from models.school import SchoolClass, SchoolWeek
from models.search import DocumentText
from models.upload import Upload

Kind = Literal["school", "owner", "person", "group", "type", "week", "class"]

MARKED = "zz"
"""How every mark begins, and no word of Vietnamese or English."""
LONGEST_TEXT = 200_000
"""Characters kept of one document: a tsvector holds at most a megabyte."""
LONGEST_WORD = 40
_AT_ONCE = 200
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<[^<>]*>")
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def fold(text: str) -> list[str]:
    """The words of a text as they are indexed and searched: `ĐẶNG Thị Hường` → dang, thi, huong."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [word[:LONGEST_WORD] for word in _WORD.findall(plain)]


def mark(kind: Kind, key: str) -> str:
    """The word that stands for something a document belongs to; letters alone, like no word of a language."""
    digest = hashlib.blake2b(key.encode(), digest_size=10).hexdigest()
    return f"{MARKED}{kind[0]}{digest.translate(_LETTERS)}"


def index(connection: Connection, *document_ids: str) -> None:
    """Write the rows of these documents as they stand in this transaction."""
    d = Document
    found = connection.execute(
        select(
            col(d.id), col(d.school_id), col(d.owner_id), col(d.group_id), col(d.type), col(d.week_id),
            col(d.last_week_id), col(d.title), col(d.number), col(d.fields), col(Account.full_name),
            col(Upload.words), col(d.concerned_id), col(d.witness_id),
        )
        .join(Account, col(Account.id) == col(d.owner_id))
        .outerjoin(Upload, and_(col(Upload.document_id) == col(d.id), col(Upload.state) == "ready"))
        .where(col(d.id).in_(document_ids))
        .order_by(col(d.id))
    ).all()  # fmt: skip
    schools: dict[str, tuple[Mapping[str, str], Sequence[Any]]] = {}
    rows = []
    for row in found:
        if row.school_id not in schools:
            schools[row.school_id] = _school(connection, row.school_id)
        classes, weeks = schools[row.school_id]
        rows.append({"document_id": row.id, "school_id": row.school_id, "text": _text(row, classes, weeks)})
    if rows:
        _put(connection, rows)


def index_owner(connection: Connection, account_id: str) -> None:
    """Write the rows of everything a person wrote: their name has changed."""
    ids = connection.execute(select(col(Document.id)).where(col(Document.owner_id) == account_id))
    for some in _parts([row[0] for row in ids]):
        index(connection, *some)


def fill(connection: Connection) -> int:
    """Write the rows that are missing (a database of an earlier version, a restored backup); how many."""
    missing = connection.execute(
        select(col(Document.id))
        .where(~exists().where(col(DocumentText.document_id) == col(Document.id)))
        .order_by(col(Document.id))
    )
    ids = [row[0] for row in missing]
    for some in _parts(ids):
        index(connection, *some)
    return len(ids)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


def _school(connection: Connection, school_id: str) -> tuple[Mapping[str, str], Sequence[Any]]:
    """The school's classes by id, and its weeks."""
    classes = connection.execute(
        select(col(SchoolClass.id), col(SchoolClass.name)).where(col(SchoolClass.school_id) == school_id)
    )
    weeks = connection.execute(
        select(col(SchoolWeek.id), col(SchoolWeek.monday)).where(col(SchoolWeek.school_id) == school_id)
    )
    return {row.id: row.name for row in classes}, weeks.all()


def _text(row: Any, classes: Mapping[str, str], weeks: Sequence[Any]) -> str:
    typed = list(_strings(row.fields))
    taught = dict.fromkeys(value for value in typed if value in classes)
    marks = [
        mark("school", row.school_id),
        mark("owner", row.owner_id),
        mark("type", row.type),
        *([mark("group", row.group_id)] if row.group_id else []),
        *(mark("person", named) for named in (row.concerned_id, row.witness_id) if named),
        *(mark("week", week) for week in _covered(row.week_id, row.last_week_id, weeks)),
        *(mark("class", key) for key in taught),
    ]
    words = [row.title, row.number or "", row.full_name, *(classes[key] for key in taught)]
    words += [_plain(value) for value in typed if not _IDENTIFIER.fullmatch(value)]
    words.append(row.words or "")
    whole = " ".join((*marks, *fold("\n".join(words))))
    if len(whole) <= LONGEST_TEXT:
        return whole
    return whole[:LONGEST_TEXT].rpartition(" ")[0]


def _covered(first: str | None, last: str | None, weeks: Sequence[Any]) -> list[str]:
    """Every week from the first to the last covered."""
    mondays = {week.id: week.monday for week in weeks}
    if first not in mondays:
        return []
    end = mondays.get(last, mondays[first])
    return [week.id for week in weeks if mondays[first] <= week.monday <= end]


def _strings(value: Any) -> Iterator[str]:
    """Every text that was typed or chosen, in order; row ids are neither."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "id":
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _plain(value: str) -> str:
    """Without the tags of formatted text."""
    return html.unescape(_TAG.sub(" ", value)) if "<" in value or "&" in value else value


def _put(connection: Connection, rows: list[dict[str, Any]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    made = dialect.insert(SQLModel.metadata.tables["document_text"])
    connection.execute(
        made.on_conflict_do_update(index_elements=["document_id"], set_={"text": made.excluded.text}), rows
    )
