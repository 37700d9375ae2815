"""A small school with keys, and its real papers, for the tests of signing: no database, no processes.

Everything happens at `NOW`; the time-stamp authority's clock says the same.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from flows.wording import NUMBER_AND_DATE
from tasks import certificates, rendering
from tasks.certificates import Authority, Purpose, Subject, Trust
from tasks.rich_text import tree
from tasks.signing import FilledText, Signatory, SignRequest, prepare
from tasks.timestamping import LocalTimeStamper, TimeStampAuthority
from tests.processes import PROCESSES, places

NOW = datetime(2026, 11, 18, 0, 58, 3, tzinfo=UTC)
FOUNDED = NOW - timedelta(days=400)
SCHOOL = "Trường Tiểu học Thăng Long"

NAMES = {
    "lan": "Nguyễn Thị Lan",
    "hoa": "Phạm Thị Hoa",
    "ngoc": "Lê Thị Ngọc",
    "hanh": "Trần Thị Hạnh",
    "minh": "Đỗ Quang Minh",
    "thu": SCHOOL,
}


@dataclass(frozen=True, slots=True)
class Person:
    """An account id with its key and certificate; `thu` holds the school's seal."""

    id: str
    key: ec.EllipticCurvePrivateKey
    certificate: bytes


@functools.cache
def authority() -> Authority:
    return certificates.make_authority(FOUNDED, SCHOOL)


@functools.cache
def trust() -> Trust:
    return certificates.trust(authority(), certificates.crl(authority(), (), FOUNDED, 1))


@functools.cache
def person(name: str, issued: datetime = FOUNDED) -> Person:
    key = certificates.new_key()
    subject = Subject(NAMES[name], SCHOOL, name)
    purpose = Purpose.SEAL if name == "thu" else Purpose.PERSONAL
    return Person(name, key, certificates.issue(authority(), subject, purpose, key.public_key(), issued))


@functools.cache
def _stamping_key() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    key = certificates.new_key()
    subject = Subject("Hồ Sơ Số TSA", SCHOOL, "tsa")
    return key, certificates.issue(authority(), subject, Purpose.TIMESTAMP, key.public_key(), FOUNDED)


def stamping(at: datetime = NOW) -> TimeStampAuthority:
    """The school's time-stamp authority, whose clock stands at `at`."""
    key, certificate = _stamping_key()
    return TimeStampAuthority(key, certificate, (authority().issuing,), clock=lambda: at)


def timestamper(at: datetime = NOW) -> LocalTimeStamper:
    return LocalTimeStamper(stamping(at))


def request(
    pdf: bytes,
    field: str,
    who: Person,
    box: rendering.Box | None = None,
    lines: tuple[str, ...] = (),
    texts: tuple[FilledText, ...] = (),
    look: Mapping[str, Any] | None = None,
    **changes: Any,
) -> SignRequest:
    """A request as the service makes it, with the stamp that goes into `box`."""
    picture = stamp(box, who, lines, look) if box else None
    known: dict[str, Any] = {
        "pdf": pdf,
        "field": field,
        "certificate": who.certificate,
        "owner": who.id,
        "trust": trust(),
        "now": NOW,
        "reason": "Phê duyệt",
        "location": "Nam An Phụ",
        "stamp": picture,
        "texts": texts,
    }
    return SignRequest(**(known | changes))


def sign(pdf: bytes, field: str, who: Person, box: rendering.Box | None = None, **details: Any) -> bytes:
    """One signature with everything it needs, timestamped when it claims to be made."""
    asked = request(pdf, field, who, box, **details)
    signatory = Signatory(who.certificate, who.key, asked.trust, timestamper(asked.now))
    return signatory.sign(asked).pdf


def stamp(
    box: rendering.Box, who: Person, lines: tuple[str, ...], look: Mapping[str, Any] | None = None
) -> bytes:
    """What the signature shows; `look`: its picture, and of the seal's where it stands."""
    return stamped(box, who, lines, look).pdf


def stamped(
    box: rendering.Box, who: Person, lines: tuple[str, ...], look: Mapping[str, Any] | None = None
) -> rendering.Stamped:
    return rendering.stamp(
        {
            "kind": "seal" if who.id == "thu" else "person",
            "width": box.width,
            "height": box.height,
            "authority": list(lines) or [SCHOOL.upper()],
            "name": NAMES[who.id],
            "signed_at": NOW,
            "development": True,
            **(look or {}),
        }
    )


@dataclass(frozen=True, slots=True)
class Paper:
    """A laid out file with its empty fields, ready for the first signature."""

    pdf: bytes
    boxes: Mapping[str, rendering.Box]

    def texts(self, values: Mapping[str, str]) -> tuple[FilledText, ...]:
        return tuple(FilledText(name, value, self._drawn(name, value)) for name, value in values.items())

    def _drawn(self, name: str, value: str) -> bytes:
        line = name in NUMBER_AND_DATE
        return (rendering.text_field if line else rendering.text_area)(self.boxes[name], value)


@functools.cache
def lesson_plan(lessons: int = 2) -> Paper:
    return paper("lesson_plan", _lesson_plan(lessons))


@functools.cache
def team_plan() -> Paper:
    return paper("team_teaching_plan", _TEAM_PLAN)


@functools.cache
def teacher_plan() -> Paper:
    return paper("teacher_teaching_plan", _TEACHER_PLAN)


@functools.cache
def addendum() -> Paper:
    return paper("lesson_plan_addendum", _ADDENDUM)


@functools.cache
def paper_of(name: str) -> Paper:
    """The paper of a process that no type has yet (`tests/processes.py`)."""
    return paper("lesson_plan", _lesson_plan(1) | {"boxes": places(PROCESSES[name])})


def paper(layout: str, data: Mapping[str, Any]) -> Paper:
    rendered = rendering.render(layout, data)
    return Paper(prepare(rendered.pdf, rendered.boxes), {box.name: box for box in rendered.boxes})


_ISSUER = {
    "parent": "UBND xã Nam An Phụ",
    "name": SCHOOL,
    "place": "Nam An Phụ",
    "abbreviation": "THTL",
}
_WEEK_13 = {"number": 13, "monday": "2026-11-30", "sunday": "2026-12-06"}
_WEEK_14 = {"number": 14, "monday": "2026-12-07", "sunday": "2026-12-13"}


def _lesson_plan(lessons: int) -> dict[str, Any]:
    phase = {
        "name": "Mở đầu",
        "minutes": 5,
        "teacher": tree("<p>- Tổ chức trò chơi “Ai nhanh hơn”.</p>"),
        "pupils": tree("<p>- Cả lớp tham gia.</p>"),
    }
    return {
        "title": "Kế hoạch bài dạy tuần 13, lớp 3A",
        "issuer": _ISSUER,
        "week": _WEEK_13,
        "author": {"name": NAMES["lan"]},
        "group": {"name": "Tổ chuyên môn 1-2-3"},
        "date": "2026-11-18",
        "code": "KHBD-3A-13-1",
        "lessons": [
            {
                "id": f"l{number}",
                "subject": "Toán",
                "class_name": "3A",
                "title": f"Bài {28 + number}. Bài toán giải bằng hai bước tính",
                "periods": 1,
                "date": "2026-12-01",
                "requirements": tree("<p>- Giải được bài toán có lời văn bằng hai bước tính.</p>"),
                "equipment": tree("<p>- Bảng phụ, phiếu học tập.</p>"),
                "phases": [phase, phase | {"name": "Vận dụng"}],
            }
            for number in range(lessons)
        ],
        "boxes": [
            {"field": "author", "caption": "Người lập kế hoạch"},
            {"field": "group_review", "caption": "Tổ chuyên môn duyệt"},
            {"field": "principal_approval", "caption": "Ban Giám hiệu duyệt"},
        ],
    }


_PERIOD = {
    "session": "Sáng",
    "class_name": "3A",
    "subject": "Toán",
    "lesson": "Bài 28. Bài toán giải bằng hai bước tính",
    "equipment": "Bảng phụ, phiếu học tập",
    "adjustment": "",
}
_TEACHER_PLAN: dict[str, Any] = {
    "title": "Kế hoạch dạy học tuần 13–14, Nguyễn Thị Lan",
    "issuer": _ISSUER,
    "author": {"name": NAMES["lan"]},
    "group": {"name": "Tổ chuyên môn 1-2-3"},
    "year": "2026 - 2027",
    "first": _WEEK_13,
    "last": _WEEK_14,
    "date": "2026-11-18",
    "code": "KHDH-LAN-13-1",
    "weeks": [
        week
        | {
            "rows": [
                _PERIOD | {"date": week["monday"], "period": number, "subject": subject}
                for number, subject in enumerate(("Toán", "Tiếng Việt", "Đạo đức"), 1)
            ]
        }
        for week in (_WEEK_13, _WEEK_14)
    ],
    "undated": [],
    "boxes": [
        {"field": "author", "caption": "Người lập kế hoạch"},
        {"field": "group_review", "caption": "Tổ chuyên môn duyệt"},
        {"field": "principal_approval", "caption": "Ban Giám hiệu duyệt"},
    ],
}

_ADDENDUM: dict[str, Any] = {
    "title": "Điều chỉnh sau bài dạy: kế hoạch bài dạy tuần 13, lớp 3A",
    "issuer": _ISSUER,
    "author": {"name": NAMES["lan"]},
    "group": {"name": "Tổ chuyên môn 1-2-3"},
    "date": "2026-12-02",
    "code": "DC-3A-13-1",
    "plan": {
        "title": "Kế hoạch bài dạy tuần 13, lớp 3A",
        "code": "KHBD-3A-13-1",
        "revision": 1,
        "approved_on": "2026-11-20",
        "approved_sha256": "0123456789abcdef" * 4,
        "archived_sha256": "",
    },
    "notes": [{"lesson": "Toán, 01/12/2026: Bài 28", "text": tree("<p>- Thêm 5 phút luyện tập.</p>")}],
    "boxes": [{"field": "author", "caption": "Người lập kế hoạch"}],
}

_TEAM_PLAN: dict[str, Any] = {
    "title": "Kế hoạch dạy học Toán khối 3, tuần 13–14",
    "issuer": _ISSUER,
    "group": {"name": "Tổ chuyên môn 1-2-3"},
    "year": "2026 - 2027",
    "subject": "Toán",
    "grade": 3,
    "weeks": {"first": _WEEK_13, "last": _WEEK_14},
    "date": "2026-11-12",
    "code": "KHDH-1",
    "basis": tree("<p>Căn cứ Chương trình giáo dục phổ thông 2018;</p>"),
    "conditions": tree("<p>Khối 3 có 3 lớp, 96 học sinh.</p>"),
    "rows": [
        {
            "week": 13 + number // 4,
            "month": 12,
            "theme": "Phép nhân, phép chia trong phạm vi 1 000",
            "lesson": f"Bài {28 + number}. Bài toán giải bằng hai bước tính",
            "periods": 1,
            "adjustment": "",
            "note": "",
        }
        for number in range(8)
    ],
    "organisation": tree("<p>Tổ trưởng kiểm tra hằng tuần.</p>"),
    "boxes": [
        {"field": "author", "caption": "", "at": "left"},
        {"field": "vice_principal_review", "caption": "", "at": "small"},
        {"field": "principal_approval", "caption": "", "at": "right"},
        {"field": "seal", "caption": "", "at": "seal"},
    ],
}
