"""A record sent late whose lateness was waived: every list, page, export and answer says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select, update

from flows.clock import scan_document
from models.document import Document
from models.flag import Flag
from service.app import create_app
from tests.cast import Cast, signed_in
from tests.service.test_pages_flags import enter, shown

LENGTH = "8 giờ"


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False) as client:
        yield client


@pytest.fixture
def sent(cast: Cast) -> Document:
    """lan's plan of week 12, signed eight hours after its limit and flagged."""
    document = cast.sent("lan", 12)
    assert document.first_signed_at is not None
    with cast.office.db.write() as session:
        due = document.first_signed_at - timedelta(hours=8)
        session.exec(update(Document).where(col(Document.id) == document.id).values(due_at=due))
    scan_document(cast.office.db, document.id, cast.office.now())
    return document


def waive(client: TestClient, cast: Cast, document: Document, act: str = "waive") -> None:
    with cast.office.db.read() as session:
        late = select(Flag.id).where(col(Flag.rule) == "late", col(Flag.document_id) == document.id)
        flag = session.exec(late).one()
    csrf = enter(client, cast, "ngoc")
    data = {"csrf": csrf, "words": "Đi tập huấn theo quyết định"}
    assert client.post(f"/flags/{flag}/{act}", data=data).status_code == 303


def seen(client: TestClient, cast: Cast, document: Document) -> dict[str, str]:
    """What each place says, by its name."""
    enter(client, cast, "lan")
    found = {"desk": shown(client, "/"), "page": shown(client, f"/documents/{document.id}")}
    table = list(csv.reader(io.StringIO(client.get("/documents.csv").content.decode("utf-8-sig"))))
    found["export"] = next(",".join(row) for row in table if document.title in row)
    enter(client, cast, "hoa")
    return found | {"inbox": shown(client, "/inbox")}


def test_late_is_late_until_it_is_waived_and_again_when_that_is_taken_back(
    client: TestClient, cast: Cast, sent: Document
) -> None:
    for act, is_waived in (("", False), ("waive", True), ("unwaive", False)):
        if act:
            waive(client, cast, sent, act)
        for place, said in seen(client, cast, sent).items():
            assert (f"iễn ghi muộn {LENGTH}" in said) == is_waived, (place, act)
            assert (f">Muộn {LENGTH}" in said or f",Muộn {LENGTH}" in said) != (is_waived or place == "desk")
        headers = {"Authorization": f"Bearer {signed_in(cast.office, 'hoa', 'token')}"}
        answer = client.get(f"/api/v1/documents/{sent.id}", headers=headers).json()
        (task,) = client.get("/api/v1/tasks?late=true", headers=headers).json()["items"]
        assert (answer["late"], answer["late_waived"]) == (True, is_waived)
        assert (task["late"], task["late_waived"]) == (True, is_waived)


def test_the_queue_marks_a_waived_record_as_waived(client: TestClient, cast: Cast, sent: Document) -> None:
    enter(client, cast, "hoa")
    before = shown(client, "/inbox")
    assert "Trình muộn</span></a>" in before
    waive(client, cast, sent)
    enter(client, cast, "hoa")
    after = shown(client, "/inbox")
    assert "Trình muộn</span></a>" not in after
    assert "Miễn ghi muộn</span></a>" in after
