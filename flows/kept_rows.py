"""Rows beside the events that are written once and never changed: the daily root commits to these, too.

What people explained and waived, what was downloaded and printed, holds and terms, who stood in for whom, the
rules and the calendar that limits follow from, how checks were drawn. One leaf a day for each table, over the
rows that came since the leaf before: so opening a page makes no leaf, and an audit reads each row once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

from sqlalchemy import Table, select
from sqlmodel import Session, col

from flows.audit_findings import Finding, finding
from models.audit import AuditLeaf
from models.event import canonical
from models.settings import VIETNAM
from models.tables import METADATA

ROWS = "rows:"
"""In the place of a document's id: the leaf of a table's new rows; its `seq` is a moment, in seconds."""
_SETTLED = 3_600
"""Seconds: whoever wrote a row this long ago has committed it, so nothing comes in behind."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table, the columns of it that never change, and the one that tells when a row was written.

    An `id` tells it in its first 48 bits (`models.columns.new_id`), whatever moment the row is about.
    """

    table: str
    columns: tuple[str, ...] = ()
    when: str = "id"

    @property
    def rows(self) -> Table:
        return METADATA.tables[self.table]

    @property
    def names(self) -> tuple[str, ...]:
        return self.columns or tuple(column.name for column in self.rows.c)

    def limit(self, moment: int) -> Any:
        """What the column is compared with."""
        if self.when == "id":
            ms = f"{max(moment, 0) * 1_000:012x}"
            return f"{ms[:8]}-{ms[8:]}"
        return datetime.fromtimestamp(max(moment, 0), UTC)


_DAYS = ("id", "school_id", "absent_id", "delegate_id", "posts", "types", "first_day", "last_day")
_CHANGE = ("id", "school_id", "seq", "kind", "first_day", "last_day", "taught_on", "grades", "classes")
_DRAW = ("id", "school_id", "inspector_id", "made_by", "made_at", "first_day", "last_day", "wanted", "asked")
KEPT = {
    one.table: one
    for one in (
        _Kept("flag_event"),
        _Kept("evidence"),
        _Kept("legal_hold"),
        _Kept("hold_lift", when="at"),
        _Kept("retention_rule", when="at"),
        _Kept("delegation", (*_DAYS, "number", "dated", "given_by", "given_at", "document_id")),
        _Kept("deadline_rule", ("id", "school_id", "key", "valid_from", "value", "set_by", "set_at")),
        _Kept("calendar_change", (*_CHANGE, "reason", "reason_en", "entered_by", "entered_at")),
        _Kept("spot_draw", (*_DRAW, "pool", "pool_sha256", "commitment")),
    )
}
"""How they end (a delegation, a hold that is lifted has a row) and what a draw reveals comes later."""


def new_leaves(session: Session) -> list[tuple[str, int, str]]:
    """The leaf of each table for the next root: its name, until when, the hash of its new rows."""
    until = int(time.time()) - _SETTLED
    made = []
    for name, kept in KEPT.items():
        before = _moments(session, ROWS + name)
        last = before[-1][1] if before else 0
        (digest,) = _digests(session, kept, [last, max(until, last)])
        made.append((ROWS + name, max(until, last), digest))
    return made


def _moments(session: Session, name: str) -> list[tuple[int, int, str]]:
    """The roots that commit to a table's rows: number, until when, hash; oldest first."""
    rows = session.execute(
        select(col(AuditLeaf.root_number), col(AuditLeaf.seq), col(AuditLeaf.head))
        .where(col(AuditLeaf.document_id) == name)
        .order_by(col(AuditLeaf.root_number))
    )
    return [(number, until, head) for number, until, head in rows]


def _digests(session: Session, kept: _Kept, moments: Sequence[int]) -> list[str]:
    """The hash of the rows between each two moments, all in one pass."""
    names, when = kept.names, kept.rows.c[kept.when]
    asked = (
        select(when, *(kept.rows.c[name] for name in names))
        .where(when >= kept.limit(moments[0]), when < kept.limit(moments[-1]))
        .order_by(when, *kept.rows.primary_key)
    )
    rows = iter(session.execute(asked, execution_options={"yield_per": 1_000}))
    found, row = [], next(rows, None)
    for _, end in pairwise(moments):
        limit, digest = kept.limit(end), sha256()
        while row is not None and row[0] < limit:
            digest.update(_line(dict(zip(names, row[1:], strict=True))).encode())
            row = next(rows, None)
        found.append(digest.hexdigest())
    return found


def _line(values: Mapping[str, Any]) -> str:
    return canonical({name: _plain(value) for name, value in values.items()}) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value


def faults(session: Session) -> Iterator[Finding]:
    """Days whose rows are not those a root committed to: one was changed, taken away or put in."""
    for name, kept in KEPT.items():
        leaves = _moments(session, ROWS + name)
        moments = [0, *(until for _, until, _ in leaves)]
        for (number, until, head), since, digest in zip(
            leaves, moments, _digests(session, kept, moments) if leaves else (), strict=False
        ):
            if digest != head:
                first, last = _moment(since), _moment(until)
                yield finding("rows", table=name, root=number, first=first, last=last)


def _moment(seconds: int) -> str:
    """For people; the first leaf begins before everything."""
    return f"{datetime.fromtimestamp(seconds, VIETNAM):%d/%m/%Y %H:%M}" if seconds else "…"
