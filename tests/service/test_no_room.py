"""A full or read-only disk: people are told, nothing saved is lost, and when there is room all goes on.

The errors are the kernel's and the databases' own: a limit on file sizes (EFBIG), SQLite's page limit and
`query_only`, PostgreSQL's read-only transactions.
"""

from __future__ import annotations

import hashlib
import io
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import col, select

from flows import archiving, batches, conversions, uploads
from flows.batches import _Item, sweep_stopped
from flows.ledger import StepFailed
from models.batch import Batch, BatchItem
from models.db import Database
from models.document import Document
from models.errors import NO_ROOM, NoRoom
from models.run import LedgerEntry
from models.school import School
from models.settings import Settings
from models.tables import create_all
from models.upload import Upload
from service import doctor, health
from service.app import create_app
from tasks.blobs import BlobStore
from tasks.keys import Secret
from tasks.pools import IntakePool
from tests import corpus, long_archive
from tests.cast import PASSWORD, PIN, Cast
from tests.conftest import StampServer
from tests.every_state import hold
from tests.states import archive, records
from tests.waiting import until


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process can grow, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def parts_of_files(store: BlobStore) -> list[Path]:
    return list(store.folder.glob("*/.part-*"))


def test_people_are_told_and_go_on_when_there_is_room(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH", -1.0)
    document = cast.lesson_plan("lan", 14)
    cast.act("lan", document.id, "submit")
    waits = cast.sent("lan", 15)
    office = cast.office
    with TestClient(create_app(office.settings, office)) as client:
        token = client.post("/api/v1/token", data={"username": "lan", "password": PASSWORD}).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        address = f"/api/v1/documents/{document.id}/actions/sign"
        with no_room():
            refused = client.post(address, json={"version": 2, "pin": PIN}, headers=headers)
            problem = refused.json()
            assert (refused.status_code, problem["code"]) == (507, "no-room")
            assert (problem["detail"], problem["detail_en"]) == (NO_ROOM.vi, NO_ROOM.en)
            form = client.post("/sign-in", data={"name": "lan", "password": PASSWORD})
            assert form.status_code in (403, 507)
            # What is there can be read all the while.
            assert client.get(f"/api/v1/documents/{waits.id}", headers=headers).status_code == 200
            assert client.get(f"/api/v1/documents/{waits.id}/pdf", headers=headers).status_code == 200
            well = client.get("/healthz")
            assert (well.status_code, well.json()["disk"]) == (503, "full")
            [found] = list(doctor._folder(office.settings))
            assert found.mark == "✗"
            assert "cannot be written (full" in found.says.en
        assert client.get("/healthz").json()["disk"] == "ok"
        assert cast.fresh(document.id).version == 2
        signed = client.post(address, json={"version": 2, "pin": PIN}, headers=headers)
        assert signed.status_code == 200
    assert hold(office) == 2
    assert parts_of_files(office.blobs) == []


class _Full(IntakePool):
    """Its children find no room for what they make; the blobs neither."""

    def submit_within(self, seconds: float, function, *args, **kwargs):  # type: ignore[no-untyped-def]
        raise NoRoom


class _Phone:
    """A teacher at the API."""

    def __init__(self, client: TestClient, document_id: str) -> None:
        token = client.post("/api/v1/token", data={"username": "lan", "password": PASSWORD}).json()
        self.client, self.place = client, f"/api/v1/documents/{document_id}"
        self.headers = {"Authorization": f"Bearer {token['access_token']}"}

    def ask(self, method: str, path: str = "", **more: Any) -> Any:
        return self.client.request(method, f"{self.place}{path}", headers=self.headers, **more)


def test_an_upload_that_meets_a_full_disk_goes_on_from_where_it_was(cast: Cast) -> None:
    document, data, office = cast.lesson_plan("lan", 14), corpus.pdf(3), cast.office
    about = {"name": "a.pdf", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    with TestClient(create_app(office.settings, office)) as client:
        lan = _Phone(client, document.id)
        whole = {"files": {"file": ("a.pdf", data)}, "params": {"wait": 0}}
        with no_room():
            assert lan.ask("POST", "/uploads", json=about).status_code == 507
            assert lan.ask("PUT", "/body", **whole).status_code == 507
        assert not list(office.settings.uploads.glob("*")), "a file refused for want of room takes none"
        piece = f"/uploads/{lan.ask('POST', '/uploads', json=about).json()['id']}"
        assert lan.ask("PUT", piece, params={"offset": 0}, content=data[:500]).json()["received"] == 500
        with no_room():
            refused = lan.ask("PUT", piece, params={"offset": 500}, content=data[500:])
            assert (refused.status_code, refused.json()["code"]) == (507, "no-room")
            assert lan.ask("GET", "/body").json()["upload"]["received"] == 500
        last = lan.ask("PUT", piece, params={"offset": 500}, content=data[500:])
        assert (last.status_code, last.json()["body"]["state"]) == (202, "waiting")
        until(lambda: lan.ask("GET", "/body").json()["body"], "converted once there is room")
    assert cast.fresh(document.id).content_version == document.content_version + 1


def test_a_file_is_no_worse_for_a_disk_full_while_it_is_converted(cast: Cast) -> None:
    document, office = cast.lesson_plan("lan", 14), cast.office
    uploads.receive(office, cast.actor("lan"), document.id, "a.pdf", io.BytesIO(corpus.pdf(3)))
    for _ in range(conversions.ATTEMPTS + 2):
        conversions.convert_next(office, _Full(0))
        with office.db.write() as session:
            upload = session.exec(select(Upload)).one()
            assert (upload.state, upload.attempts) == ("waiting", 0)
            upload.claimed_until = None  # it waits some seconds before the next try
    with IntakePool(1, seconds=240, warm="tasks.converting", role="converter") as pool:
        conversions.convert_next(office, pool)
    with office.db.read() as session:
        assert session.exec(select(Upload.state, Upload.pages)).one() == ("ready", 3)


def test_a_draft_saved_into_a_full_disk_stays_as_it_was(cast: Cast) -> None:
    document, office = cast.lesson_plan("lan", 14), cast.office
    with TestClient(create_app(office.settings, office)) as client:
        lan = _Phone(client, document.id)
        lessons = [document.fields["lessons"][0] | {"title": "Bài 29: Luyện tập"}]
        change = {"content_version": document.content_version, "fields": {"lessons": lessons}}
        with no_room():
            refused = lan.ask("PATCH", json=change)
            assert (refused.status_code, refused.json()["detail"]) == (507, NO_ROOM.vi)
            assert lan.ask("GET").json()["fields"] == document.fields
        assert lan.ask("PATCH", json=change).status_code == 200
    assert cast.fresh(document.id).fields["lessons"][0]["title"] == "Bài 29: Luyện tập"


@pytest.mark.parametrize("step", ["validate_signatures", "archive_timestamp", "archive"])
def test_an_archive_that_meets_a_full_disk_is_made_once_there_is_room(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    document_id = records(cast, "waits for the archive")["waits for the archive"]
    does = getattr(archiving, step)

    def full(*arguments: Any) -> Any:
        with no_room():
            return does(*arguments)

    monkeypatch.setattr(archiving, step, full)
    with pytest.raises((NoRoom, StepFailed)):
        archive(cast, document_id)
    monkeypatch.undo()
    assert (cast.fresh(document_id).status, cast.fresh(document_id).settled) == ("approved", False)
    archive(cast, document_id)
    assert hold(cast.office) == 3
    with cast.office.db.read() as session:
        ledger = session.exec(select(LedgerEntry.step, LedgerEntry.state)).all()
    assert sorted(ledger) == [("archive", "done"), ("timestamp", "done"), ("validate", "done")]
    assert parts_of_files(cast.office.blobs) == []


def test_a_round_that_meets_a_full_disk_stops_and_nothing_is_signed_twice(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [cast.sent("lan", week).id for week in range(14, 19)]
    begun, office = _Item.begun, cast.office
    count, full = iter(range(100)), no_room()

    def fills(item: _Item, session: object) -> None:
        if next(count) == 2:
            full.__enter__()
        begun(item, session)  # type: ignore[arg-type]

    monkeypatch.setattr(_Item, "begun", fills)
    items = [(key, cast.fresh(key).version) for key in ids]
    batch_id = batches.start(office, cast.actor("hoa"), "approve", Secret(PIN), items, office.now())
    deadline = time.monotonic() + 60
    while batch_id in batches._RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    full.__exit__(None, None, None)
    monkeypatch.undo()

    assert sweep_stopped(office) == 1
    with office.db.read() as session:
        batch = session.get_one(Batch, batch_id)
        states = session.exec(
            select(BatchItem.document_id, BatchItem.state).where(col(BatchItem.batch_id) == batch_id)
        ).all()
    assert batch.state == "stopped"
    signed = {key for key, state in states if state == "signed"}
    left = [key for key, state in states if state == "queued"]
    assert len(signed) + len(left) == 5
    assert len(left) > 0
    for key in ids:
        assert (cast.fresh(key).step == "principal_approval") == (key in signed)
    for key in left:  # signing again, with the PIN again
        with office.db.write() as session:
            held = session.get_one(Document, key)
            held.signing_until = held.signing_by = None  # its lease runs out by itself in two minutes
        cast.act("hoa", key, "approve")
    assert hold(office) == 10
    assert parts_of_files(office.blobs) == []


def test_sqlite_says_that_its_disk_is_full_or_read_only(tmp_path: Path) -> None:
    for statement in ("PRAGMA max_page_count=1", "PRAGMA query_only=ON"):
        db = Database(Settings(data=tmp_path).database)
        create_all(db)
        event.listen(db.engine, "begin", lambda c, said=statement: c.exec_driver_sql(said))
        with pytest.raises(NoRoom), db.write() as session:
            session.add_all([School(created_at=doctor.utc_now()) for _ in range(200)])
        with db.read() as session:
            assert session.exec(select(School)).all() == []
        db.dispose()


def test_postgresql_says_that_it_is_read_only(postgres_url: str) -> None:
    db = Database(f"{postgres_url}?options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(NoRoom), db.write() as session:
        session.add(School(created_at=doctor.utc_now()))
    db.dispose()


def test_an_error_of_the_database_shows_no_value(tmp_path: Path) -> None:
    db = Database(Settings(data=tmp_path).database)
    create_all(db)
    with pytest.raises(Exception, match="UNIQUE") as error, db.write() as session:
        for _ in range(2):
            session.add(School(id="một-bí-mật", created_at=doctor.utc_now()))
            session.flush()
            session.expunge_all()
    assert "một-bí-mật" not in str(error.value)
    db.dispose()


def test_a_renewal_waits_for_room(cast: Cast, stamps: StampServer) -> None:
    document_id = long_archive.archived(cast)
    before = cast.fresh(document_id)
    with long_archive.due(cast, stamps):
        with no_room():
            assert long_archive.run(cast).stopped == NO_ROOM
        assert cast.fresh(document_id) == before
        assert parts_of_files(cast.office.blobs) == []
        assert long_archive.run(cast).renewed == 1
