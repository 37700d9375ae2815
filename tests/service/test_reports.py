"""“Báo sự cố”: from a page to the administrators and back, by its day."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from PIL import Image
from sqlmodel import col, select, update

from flows import reports
from models.account import AccountRole
from models.notice import Notice
from models.report import ProblemReport
from models.settings import VIETNAM
from service.app import create_app
from tests.cast import Cast
from tests.service.test_pages_admin import Person

WORDS = "Bấm Ký và trình thì trang trắng."


@pytest.fixture
def app(cast: Cast) -> Iterator[FastAPI]:
    made = create_app(cast.office.settings, cast.office)
    with TestClient(made):
        yield made


def send(person: Person, what: str = WORDS, picture: bytes = b"", **more: str) -> Response:
    csrf = person.token(person.client.get("/reports/new"))
    files = {"picture": ("anh.png", picture)} if picture else None
    data = {"csrf": csrf, "what": what, **more}
    answer: Response = person.client.post("/reports", data=data, files=files)
    return answer


def told(cast: Cast) -> list[tuple[str, str]]:
    names = {account_id: name for name, account_id in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.kind) == "report")).all()
    return sorted((names[n.account_id], n.data["sentence"]["vi"]) for n in rows)


def shot() -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(output, "PNG")
    return output.getvalue()


@pytest.mark.parametrize(
    ("reported", "days", "due"),
    [
        ("2026-11-23 09:00", 3, "2026-11-27"),  # Monday: by the end of Thursday
        ("2026-11-26 23:59", 3, "2026-12-02"),  # Thursday: Tuesday, over the weekend
        ("2026-11-28 08:00", 1, "2026-12-01"),  # Saturday: by the end of Monday
    ],
)
def test_the_answer_is_due_by_the_end_of_a_working_day(reported: str, days: int, due: str) -> None:
    moment, limit = (datetime.fromisoformat(text).replace(tzinfo=VIETNAM) for text in (reported, due))
    assert reports.answer_due(moment, days) == limit


def test_a_report_goes_to_the_administrators_and_its_answer_back(cast: Cast, app: FastAPI) -> None:
    lan, admin = Person(app, "lan"), Person(app, "admin")
    assert 'href="/reports/new?at=/account"' in lan.get("/account")
    assert 'value="/documents"' in lan.get("/reports/new?at=/documents")
    where = send(lan, page="/documents", picture=shot()).headers["location"]
    assert [who for who, _ in told(cast)] == ["admin"]
    assert "Nguyễn Thị Lan báo sự cố, cần trả lời hết ngày" in told(cast)[0][1]
    assert "trang trắng" in admin.get("/reports")
    page = admin.get(where)
    assert "Gửi trả lời" in page
    assert "Gửi trả lời" not in lan.get(where)
    picture = lan.client.get(f"{where}/picture")
    assert picture.headers["content-type"] == "image/png"
    assert admin.post(f"{where}/answer", answer=" ").status_code == 422
    assert admin.post(f"{where}/answer", answer="Đã sửa, thử lại giúp.").status_code == 303
    assert "Đã sửa, thử lại giúp." in lan.get(where)
    assert ("lan", "Báo sự cố đã có trả lời") in told(cast)


def test_a_report_is_its_writers_and_the_administrators_alone(cast: Cast, app: FastAPI) -> None:
    lan, mai = Person(app, "lan"), Person(app, "mai")
    where = send(lan, picture=shot()).headers["location"]
    with cast.office.db.write() as session:
        session.add(
            AccountRole(school_id=cast.other_school_id, account_id=cast.ids["teacher_b"], role="admin")
        )
    for other in (mai, Person(app, "teacher_b")):
        assert other.client.get(where).status_code == 404
        assert other.client.get(f"{where}/picture").status_code == 404
        assert other.post(f"{where}/answer", answer="Không phải việc này").status_code == 404
    assert lan.post(f"{where}/answer", answer="Tự trả lời").status_code == 404
    assert "trang trắng" not in mai.get("/reports")
    assert lan.client.post("/reports", data={"what": WORDS}).status_code == 403


def test_what_was_typed_stays_when_something_is_wrong(cast: Cast, app: FastAPI) -> None:
    lan = Person(app, "lan")
    empty = send(lan, what="  ", page="/documents")
    assert (empty.status_code, 'value="/documents"' in empty.text) == (422, True)
    script = send(lan, what=WORDS, picture=b"<script>alert(1)</script>")
    assert script.status_code == 422
    assert "Không đọc được ảnh" in script.text
    assert WORDS in script.text
    with cast.office.db.read() as session:
        assert session.exec(select(ProblemReport)).all() == []


def test_an_overdue_answer_is_marked_and_told_once(cast: Cast, app: FastAPI) -> None:
    lan = Person(app, "lan")
    send(lan)
    now = datetime.now(UTC)
    with cast.office.db.write() as session:
        session.exec(update(ProblemReport).values(due_at=now - timedelta(hours=1)))
    assert reports.remind_overdue(cast.office.db, now) == 1
    assert reports.remind_overdue(cast.office.db, now) == 0
    page = Person(app, "admin").get("/reports")
    assert re.search(r"badge--bad.*Quá hạn trả lời", page)


def test_twenty_a_day_are_enough(cast: Cast, app: FastAPI) -> None:
    for _ in range(reports.MOST_A_DAY):
        reports.report(cast.office, cast.actor("lan"), "", WORDS, None, cast.office.now())
    refused = send(Person(app, "lan"))
    assert (refused.status_code, "Gọi trực tiếp" in refused.text) == (422, True)
