"""A full or read-only disk: people are told, nothing saved is lost, and when there is room all goes on.

The errors are the kernel's and the databases' own: a limit on file sizes (EFBIG), SQLite's page limit and
`query_only`, PostgreSQL's read-only transactions.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import col, select

from flows import batches
from flows.batches import _Item, sweep_stopped
from models.batch import Batch, BatchItem
from models.db import Database
from models.document import Document
from models.errors import NO_ROOM, NoRoom
from models.school import School
from models.settings import Settings
from models.tables import create_all
from service import doctor, health
from service.app import create_app
from tasks.blobs import BlobStore
from tasks.keys import Secret
from tests.cast import PASSWORD, PIN, Cast
from tests.every_state import hold


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
    made = Database(postgres_url)
    create_all(made)
    made.dispose()
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
