"""A school's long past in bulk: archived lesson plans with all that hangs on one, and copies of what waits.

The rows are as decisions would leave them; nothing is signed, and what is measured over them reads no file.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from sqlmodel import SQLModel, col, select

from models.account import Account, AccountRole, Group, GroupMember
from models.columns import new_id
from models.db import Database
from models.document import Document, OpenStep, Revision, Signature
from models.event import Event
from models.evidence import Duty, Evidence
from models.flag import Flag
from models.school import SchoolWeek
from tests.bench.crowd import Rows, teacher, write
from tests.cast import Cast

SPOKEN = """
học sinh giáo viên bài toán giải bước tính thực hiện yêu cầu cần đạt nhận biết được các số trong
phạm vi và phép cộng trừ nhân chia hình vuông tam giác chu vi diện tích đọc viết kể chuyện câu từ
ngữ đoạn văn mẫu tranh ảnh quan sát thảo luận nhóm đôi lớp trình bày kết quả nhận xét đánh giá khen
trò chơi khởi động luyện tập vận dụng củng cố dặn dò chuẩn bị đồ dùng bảng phụ phiếu máy chiếu sách
vở bút thước quê hương đất nước gia đình trường bạn bè thiên nhiên cây cối con vật mùa xuân hạ thu
đông âm nhạc mĩ thuật đạo đức thể chất
"""
SYLLABLES = SPOKEN.split()
FREQUENCIES = [1 / (place + 1) for place in range(len(SYLLABLES))]
"""Syllables come as words do: the n-th most frequent one in n (Zipf)."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who wrote the documents of a school, each with their group; past and present weeks, oldest first."""

    cast: Cast
    authors: tuple[tuple[str, str], ...]
    past: tuple[str, ...]
    present: tuple[str, ...]


def staff(cast: Cast, teachers: int, years: int) -> Staff:
    """Give the cast's school so many teachers in groups of twelve, and so many earlier school years."""
    made: list[tuple[type[SQLModel], dict[str, Any]]] = []
    authors = [(cast.ids[name], cast.groups["1-2-3"]) for name in ("lan", "mai", "hoa", "lien")]
    group, at = cast.groups["1-2-3"], cast.office.now()
    for number in range(len(authors), teachers):
        row = teacher(cast.school_id, f"gv{number}", number, at)
        account = row["id"]
        made.append((Account, row))
        made.append((AccountRole, {"school_id": cast.school_id, "account_id": account, "role": "teacher"}))
        if number % 12 == 0:
            group = new_id()
            named = {"id": group, "school_id": cast.school_id, "name": f"Tổ {number}", "head_id": account}
            made.append((Group, named))
        made.append((GroupMember, {"school_id": cast.school_id, "group_id": group, "account_id": account}))
        authors.append((account, group))
    with cast.office.db.read() as session:
        ours = select(SchoolWeek).where(col(SchoolWeek.school_id) == cast.school_id)
        weeks = session.exec(ours.order_by(col(SchoolWeek.monday))).all()
    today, past = cast.office.now().date(), list[str]()
    for back in range(years, 0, -1):
        for week in weeks:
            shift = timedelta(weeks=52 * back)
            row = week.model_dump() | {"id": new_id(), "year": f"{2026 - back}-{2027 - back}"}
            made.append((SchoolWeek, row | {"monday": week.monday - shift, "sunday": week.sunday - shift}))
            past.append(row["id"])
    write(cast.office.db, iter(made))
    return Staff(cast, tuple(authors), tuple(past), tuple(w.id for w in weeks if w.sunday < today))


def archive(staff: Staff, weeks: Sequence[str], count: int, end: datetime, live: int = 0) -> Rows:
    """Archived lesson plans with all that hangs on one, spread over weeks and authors, the last one at `end`.

    One in a hundred (in the present year in four) was late and carries its flag; of the newest `live` a duty
    is not yet met. The words are a few common ones and many rare ones.
    """
    chance, cast, blob = Random(20), staff.cast, secrets.token_hex(32)
    for number in range(count):
        at = end - timedelta(minutes=20 * (count - number))
        key, (owner, group) = new_id(), staff.authors[number % len(staff.authors)]
        week, late = weeks[number * len(weeks) // count], number % (4 if weeks is staff.present else 100) == 0
        common = {"school_id": cast.school_id, "type": "lesson-plan", "group_id": group, "week_id": week}
        yield (
            Document,
            common
            | {
                "id": key,
                "owner_id": owner,
                "title": f"Kế hoạch bài dạy số {number}",
                "fields": _typed(cast, chance, week, number, weeks is staff.present),
                "version": 5,
                "status": "archived",
                "step": "",
                "revision": 1,
                "due_at": at if late else at + timedelta(days=2),
                "first_signed_at": at,
                "approved_at": at,
                "archived_at": at,
                "dispatched": 5,
                "settled": True,
                "run_id": str(uuid4()),
                "head_hash": secrets.token_hex(32),
                "blob": blob,
                "created_at": at,
                "updated_at": at,
            },
        )
        for seq, action in enumerate(("create", "submit", "sign", "approve", "approve"), 1):
            yield Event, _event(cast.school_id, key, seq, action, owner, at)
        about = {"document_id": key, "school_id": cast.school_id, "account_id": owner, "revision": 1}
        for kind in ("download", "print-unless-laptop"):
            duty = about | {"kind": kind, "group_id": group, "week_id": week, "blob": blob, "opened_at": at}
            met = at if number < count - live else None
            yield Duty, duty | {"due_at": at + timedelta(days=7), "met_at": met}
        for kind in ("download", "print"):
            yield Evidence, about | {"id": new_id(), "kind": kind, "blob": blob, "via": "page", "at": at}
        if late:
            yield Flag, common | _late(key, owner, week, at)


def _late(key: str, owner: str, week: str, at: datetime) -> dict[str, Any]:
    data = {"week": 1, "monday": "2026-09-07", "due_at": at.isoformat(), "signed_at": at.isoformat()}
    return {
        "id": new_id(),
        "key": f"late:lesson-plan:{owner}:{week}:{key}",
        "rule": "late",
        "account_id": owner,
        "document_id": key,
        "due_at": at,
        "data": data | {"rule": {"vi": "trước thứ Tư tuần trước", "en": "before that Wednesday"}},
        "opened_at": at,
    }


def _typed(cast: Cast, chance: Random, week: str, number: int, now: bool) -> dict[str, Any]:
    """A lesson of some eighty words: syllables by how often they come, and a few that are nearly its own."""
    syllables = chance.choices(SYLLABLES, FREQUENCIES, k=72)
    text = " ".join([*syllables, *(f"chủ đề {chance.randrange(20_000)}" for _ in range(2))])
    title = f"Bài {number % 90}. {' '.join(syllables[:5])}"
    of_class = list(cast.classes.values())[number % len(cast.classes)] if now else ""
    lesson = {
        "id": "l1",
        "subject": "Toán",
        "class": of_class,
        "title": title,
        "requirements": f"<p>{text}</p>",
    }
    return {"week": week, "lessons": [lesson]}


def copies(db: Database, model: str, count: int, owners: Sequence[str], runs: bool = False) -> Rows:
    """A document that waits, so many times over: its rows as the decisions left them under new ids."""
    with db.read() as session:
        found = [
            (table, [row.model_dump() for row in session.exec(select(table).where(key == model)).all()])
            for table, key in (
                (Document, col(Document.id)),
                (Event, col(Event.document_id)),
                (Revision, col(Revision.document_id)),
                (Signature, col(Signature.document_id)),
                (OpenStep, col(OpenStep.document_id)),
            )
        ]
    for number in range(count):
        key = new_id()
        for table, rows in found:
            for row in rows:
                own: dict[str, Any] = {"document_id": key}
                if table is Document:
                    own = {"id": key, "owner_id": owners[number % len(owners)], "unique_key": None}
                    own |= {
                        "title": f"Kế hoạch bài dạy chờ {number}",
                        "run_id": str(uuid4()) if runs else None,
                    }
                    own |= {"settled": True, "dispatched": row["version"]}
                if table is Signature:
                    own["id"] = new_id()
                if table is Event:
                    own |= {"previous": secrets.token_hex(32), "hash": secrets.token_hex(32)}
                yield table, row | own


def _event(school: str, key: str, seq: int, action: str, actor: str, at: datetime) -> dict[str, Any]:
    return {
        "document_id": key,
        "seq": seq,
        "school_id": school,
        "at": at,
        "actor_id": actor,
        "step": "draft" if seq < 3 else "author",
        "action": action,
        "revision": int(seq > 1),
        "data": {},
        "previous": secrets.token_hex(32),
        "hash": secrets.token_hex(32),
    }
