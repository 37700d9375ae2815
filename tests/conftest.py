"""Shared ground: a clock, a time-stamp authority and pools for each test process, a fresh school for each.

`cast` runs on SQLite; `each_cast` on SQLite and PostgreSQL both. Whatever the day, a run begins on a Tuesday
of the school's twelfth week: what is due by then is due in every run. Tests of real processes, which have
the machine's clock, are marked `real_clock`.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
import time_machine
from sqlalchemy.engine import make_url
from sqlmodel import select

from flows import archiving, keyring
from flows.office import Office
from models.db import Database
from models.key import AuthorityPart
from models.settings import VIETNAM, Settings
from models.tables import create_all
from tasks.blobs import BlobStore
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.signing_child import Setting
from tasks.timestamping import REPLY, TimeStampAuthority
from tests import needs, stamp_server
from tests.cast import Cast, make_cast

POSTGRES = os.environ.get("HOSOSO_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
MASTER_KEY = secrets.token_bytes(32)
TUESDAY = datetime(2026, 11, 24, 17, 22, tzinfo=VIETNAM)
SHIFT = TUESDAY - datetime.now(UTC)


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> Iterator[None]:
    """The clock goes on from `TUESDAY` through the whole run."""
    if request.node.get_closest_marker("real_clock"):
        yield
        return
    with time_machine.travel(datetime.now(UTC) + SHIFT, tick=True):
        yield


@dataclass
class StampServer:
    """The time-stamp authority of the tests' signers; `authority` follows the school under test."""

    url: str = ""
    authority: TimeStampAuthority | None = None
    down: bool = False

    def answer(self, request: bytes, _headers: object) -> tuple[int, str, bytes]:
        if self.down or self.authority is None:
            return 503, "text/plain", b""
        return 200, REPLY, self.authority.respond(request)


@pytest.fixture(scope="session")
def stamps() -> Iterator[StampServer]:
    stamps = StampServer()
    with stamp_server.server(stamps.answer) as (stamps.url, _):
        yield stamps
        hang_up()


@pytest.fixture(scope="session")
def pools(stamps: StampServer) -> Iterator[tuple[IntakePool, SignersPool]]:
    intake = IntakePool(1)
    signers = SignersPool(1, Setting(MASTER_KEY, stamps.url))
    yield intake, signers
    signers.close()
    intake.close()


def open_office(
    folder: Path, stamps: StampServer, pools: tuple[IntakePool, SignersPool], database_url: str = ""
) -> Office:
    """An office over an empty database, sharing the pools of this test process."""
    settings = Settings(
        data=folder,
        port=free_port(),
        database_url=database_url,
        tsa_url=stamps.url,
    )
    secret = folder / "secrets" / "master.key"
    secret.parent.mkdir(parents=True)
    secret.write_bytes(MASTER_KEY)
    db = Database(settings.database)
    create_all(db)
    with db.write() as session:
        session.add_all([AuthorityPart(**part) for part in authority()])
    with db.read() as session:
        stamps.authority = keyring.open_timestamping(session, settings)
    stamps.down = False
    hang_up()  # a connection may know the certificates of another test's authority
    return Office(settings, db, BlobStore(settings.blobs), *pools, name="test")


def hang_up() -> None:
    """Close what the archive keeps of connections to the time-stamp authority."""
    for kept in archiving._threads.__dict__.pop("timestampers", {}).values():
        kept.close()


@cache
def authority() -> tuple[dict[str, Any], ...]:
    """One certificate authority for all schools of this test process, as an installation has one.

    Made before either clock, ours and the machine's; signers keep what they know of it.
    """
    with TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        (Path(folder) / "secrets").mkdir()
        (Path(folder) / "secrets" / "master.key").write_bytes(MASTER_KEY)
        db = Database(settings.database)
        create_all(db)
        keyring.ensure_authority(db, settings, TUESDAY - timedelta(days=1))
        with db.read() as session:
            parts = tuple(part.model_dump() for part in session.exec(select(AuthorityPart)).all())
        db.dispose()
    return parts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def cast(tmp_path: Path, stamps: StampServer, pools: tuple[IntakePool, SignersPool]) -> Iterator[Cast]:
    office = open_office(tmp_path / "data", stamps, pools)
    try:
        yield make_cast(office)
    finally:
        office.db.dispose()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.Error:
        needs.missing("PostgreSQL", "start one on 127.0.0.1:5432 or set HOSOSO_TEST_POSTGRES.")
        return
    name = f"hososo_{secrets.token_hex(6)}"
    admin.execute(f"CREATE DATABASE {name}")
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        admin.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def each_cast(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
) -> Iterator[Cast]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    office = open_office(tmp_path / "data", stamps, pools, url)
    try:
        yield make_cast(office)
    finally:
        office.db.dispose()
