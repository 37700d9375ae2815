"""Rows beside the events: is each as it was entered when it was written (`models/kept.py`), and none without?

What people explained and waived, what was downloaded and printed, holds and terms, who stood in for whom,
rules and calendar, how checks were drawn, who was given which post. A root has one leaf for each table that
has new entries, so opening a page makes no leaf, and an audit reads each row once. No clock has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, String, bindparam, type_coerce, update
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from flows.audit_findings import Finding, finding
from models.audit import AuditLeaf
from models.kept import GONE, KEPT, Kept, KeptRow

ENTERED = "kept:"
"""In the place of a document's id, before a table's name: the leaf of its new entries; `seq` counts them."""
UNREADABLE = (ValueError, TypeError, LookupError)
"""What comes of columns that hold no JSON, no instant, no number."""
BEFORE = "rows:"
"""The leaves of databases from before there were entries, told by the time in the rows' ids: part of their
root, and no longer held against anything."""
Key = tuple[str, str, int]
"""Table, key, version."""


def new(session: Session) -> list[tuple[Key, str]]:
    """The entries no root commits to yet, with their hashes, in the order a leaf has them."""
    k = KeptRow
    rows = session.execute(
        select_columns(col(k.table_name), col(k.row_key), col(k.version), col(k.hash)).where(
            col(k.root_number).is_(None)
        )
    )
    return sorted(((table, key, version), digest) for table, key, version, digest in rows)


def leaves(entries: Sequence[tuple[Key, str]]) -> list[tuple[str, int, str]]:
    """The leaf of each table for the next root: its name, how many entries, their hash."""
    made = []
    for table, mine in groupby(entries, key=lambda one: one[0][0]):
        digest, count = sha256(), 0
        for (_, key, version), row in mine:
            digest.update(_line(key, version, row))
            count += 1
        made.append((ENTERED + table, count, digest.hexdigest()))
    return made


def _line(key: str, version: int, row: str) -> bytes:
    return f"{key}:{version}:{row}\n".encode()


def commit(session: Session, entries: Sequence[tuple[Key, str]], root: int) -> None:
    """Note which root commits to these entries."""
    k = KeptRow
    if entries:
        session.connection().execute(
            update(k)
            .where(
                col(k.table_name) == bindparam("of"),
                col(k.row_key) == bindparam("key"),
                col(k.version) == bindparam("number"),
            )
            .values(root_number=root),
            [{"of": table, "key": key, "number": version} for (table, key, version), _ in entries],
        )


def faults(session: Session) -> Iterator[Finding]:
    """Rows that are not what was entered, are gone, or were never entered; entries no root would know."""
    committed = _leaves(session)
    for table, kept in KEPT.items():
        try:
            yield from _of(session, kept, committed)
        except UNREADABLE:
            yield finding("kept-unreadable", table=table)
            committed = {key: said for key, said in committed.items() if key[1] != table}
    for number, table in sorted(committed):
        yield finding("kept-list", table=table, root=number)


def _of(session: Session, kept: Kept, committed: dict[tuple[int, str], tuple[int, str]]) -> Iterator[Finding]:
    table = kept.table.name
    for number, entries in groupby(_entries(session, kept), key=lambda one: one.root_number):
        digest, count = sha256(), 0
        for one in entries:
            digest.update(_line(one.row_key, one.version, one.hash))
            count += 1
            yield from _row(kept, one)
        if number is not None and committed.pop((number, table), None) != (count, digest.hexdigest()):
            yield finding("kept-list", table=table, root=number)
    yield from _never_entered(session, kept)


def _leaves(session: Session) -> dict[tuple[int, str], tuple[int, str]]:
    """By root and table: how many entries, their hash."""
    leaf = AuditLeaf
    rows = session.execute(
        select_columns(col(leaf.root_number), col(leaf.document_id), col(leaf.seq), col(leaf.head)).where(
            col(leaf.document_id).startswith(ENTERED)
        )
    )
    return {(root, name.removeprefix(ENTERED)): (count, digest) for root, name, count, digest in rows}


def _entries(session: Session, kept: Kept) -> Iterator[Row[Any]]:
    """All entries of a table by root, in a leaf's order, with the row as it stands."""
    k, newer = KeptRow, aliased(KeptRow)
    later = (
        select_columns(col(newer.version))
        .where(
            col(newer.table_name) == col(k.table_name),
            col(newer.row_key) == col(k.row_key),
            col(newer.version) > col(k.version),
        )
        .exists()
    )
    in_order: ColumnElement[str] = type_coerce(col(k.row_key), String)
    if session.get_bind().dialect.name == "postgresql":
        in_order = in_order.collate("C")  # as Python sorts, in whatever language the database is
    columns = [c.label(f"stands_{c.name}") for c in kept.table.c]
    of = [col(k.root_number), col(k.row_key), col(k.version), col(k.hash), later.label("superseded")]
    asked = (
        select_columns(*of, *columns)
        .join(kept.table, kept.key == col(k.row_key), isouter=True)
        .where(col(k.table_name) == kept.table.name)
        .order_by(col(k.root_number), in_order, col(k.version))
    )
    yield from session.execute(asked, execution_options={"yield_per": 1_000})


def _row(kept: Kept, entry: Row[Any]) -> Iterator[Finding]:
    if entry.superseded:
        return
    values: Mapping[str, Any] = {c.name: getattr(entry, f"stands_{c.name}") for c in kept.table.c}
    there = all(values[c.name] is not None for c in kept.table.primary_key)
    told = {"table": kept.table.name, "key": entry.row_key}
    if entry.hash == GONE:
        if there:
            yield finding("kept-added", **told)
    elif not there:
        yield finding("kept-missing", **told)
    elif kept.digest(values) != entry.hash:
        yield finding("kept-changed", **told)


def _never_entered(session: Session, kept: Kept) -> Iterator[Finding]:
    known = (
        select_columns(col(KeptRow.version))
        .where(col(KeptRow.table_name) == kept.table.name, col(KeptRow.row_key) == kept.key)
        .exists()
    )
    for key in session.execute(select_columns(kept.key).where(~known).order_by(kept.key)).scalars():
        yield finding("kept-added", table=kept.table.name, key=key)
