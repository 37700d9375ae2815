"""Documents, schools and runs in bulk: rows as decisions would leave them, written without any decision.

Nothing here is signed; what is measured over them reads rows and never a file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice, product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlmodel import SQLModel

from flows.calendar import school_year
from models.account import Account, AccountRole, Group, GroupMember
from models.columns import new_id
from models.db import Database
from models.document import Document
from models.school import School, SchoolName, SchoolWeek
from models.tables import METADATA

AT_ONCE = 20_000
PLANS = (("lesson-plan", 1, 9), ("teacher-teaching-plan", 5, 20))
"""What each teacher plans for a week, and how many days before it: too late, in time."""
Rows = Iterator[tuple[type[SQLModel], dict[str, Any]]]


def write(db: Database, rows: Rows) -> None:
    """Insert rows of any tables; they come parents first, and within a portion tables stand in that order."""
    order = {name: n for n, name in enumerate(t.name for t in METADATA.sorted_tables)}
    while portion := list(islice(rows, AT_ONCE)):
        by_table: dict[type[SQLModel], list[dict[str, Any]]] = {}
        for table, values in portion:
            by_table.setdefault(table, []).append(values)
        with db.write() as session:
            for table in sorted(by_table, key=lambda t: order[str(t.__tablename__)]):
                session.execute(insert(table), by_table[table])


def parked_runs(database: Path, ids: Sequence[tuple[str, str]]) -> None:
    """Copies of a parked run in Prefect's database, one for each (document, run); its server stands still."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        parked = "SELECT * FROM flow_run WHERE state_type = 'PAUSED' LIMIT 1"
        run = dict(connection.execute(parked).fetchone())
        state = dict(
            connection.execute("SELECT * FROM flow_run_state WHERE id = ?", (run["state_id"],)).fetchone()
        )
        like = run["id"]
        with connection:
            for document_id, run_id in ids:
                state_id = _as(like, uuid4())
                row = run | {
                    "id": _as(like, UUID(run_id)),
                    "name": document_id,
                    "idempotency_key": document_id,
                    "parameters": json.dumps({"document_id": document_id}),
                    "state_id": state_id,
                }
                _insert(connection, "flow_run", row)
                _insert(connection, "flow_run_state", state | {"id": state_id, "flow_run_id": row["id"]})


def _as(like: object, value: UUID) -> object:
    """An identifier in the form this version of Prefect stores them."""
    if isinstance(like, bytes):
        return value.bytes
    return str(value) if "-" in str(like) else value.hex


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))


def schools(count: int, teachers: int, start: date, now: datetime, weeks_planned: int) -> Rows:
    """Schools of so many teachers in groups of ten, who planned the last weeks, one in a hundred too late."""
    for number in range(count):
        school = new_id()
        yield School, {"id": school, "created_at": now - timedelta(days=400)}
        name = {"parent": "UBND", "name": f"Trường {number}", "place": "Đồng Mai", "abbreviation": "TH"}
        yield SchoolName, name | {"school_id": school, "valid_from": date(2020, 1, 1)}
        weeks = []
        for week in school_year(start):
            row = {f: getattr(week, f) for f in week.__slots__ if f != "id"}
            weeks.append(row | {"id": new_id(), "school_id": school})
            yield SchoolWeek, weeks[-1]
        past = [week for week in weeks if week["monday"] <= now.date()]
        yield from _staff(school, number, teachers, now, past[-weeks_planned:])


def teacher(school: str, name: str, place: int, now: datetime) -> dict[str, Any]:
    """The row of a teacher of a crowd."""
    return {
        "id": new_id(),
        "school_id": school,
        "sign_in_name": name,
        "full_name": f"Nguyễn Thị {place}",
        "email": "",
        "password_hash": "",
        "created_at": now - timedelta(days=400),
    }


def _staff(school: str, number: int, teachers: int, now: datetime, weeks: Sequence[dict[str, Any]]) -> Rows:
    group = ""
    for place in range(teachers):
        row = teacher(school, f"gv{number}.{place}", place, now)
        account = row["id"]
        yield Account, row
        yield AccountRole, {"school_id": school, "account_id": account, "role": "teacher"}
        if place % 10 == 0:
            group = new_id()
            yield Group, {"id": group, "school_id": school, "name": f"Tổ {place // 10}", "head_id": account}
        yield GroupMember, {"school_id": school, "group_id": group, "account_id": account}
        for week, (slug, lateness, ahead) in product(weeks, PLANS):
            late = (number * 7 + place + week["number"]) % 100 == 0
            monday = datetime.combine(week["monday"], datetime.min.time(), now.tzinfo)
            signed = monday - timedelta(days=lateness if late else ahead)
            yield (
                Document,
                {
                    "id": new_id(),
                    "school_id": school,
                    "type": slug,
                    "owner_id": account,
                    "group_id": group,
                    "week_id": week["id"],
                    "last_week_id": week["id"] if slug != "lesson-plan" else None,
                    "title": f"Kế hoạch tuần {week['number']}",
                    "fields": {},
                    "status": "archived",
                    "step": "",
                    "first_signed_at": signed,
                    "settled": True,
                    "created_at": signed,
                    "updated_at": signed,
                },
            )
