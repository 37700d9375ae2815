"""A database as an older release made it is upgraded at the start, on both databases, and the school goes on.

`tests/releases/<migration>` holds documents in every state as that release wrote them; `remake.py` there
makes them. A database of a later release is refused.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows import certification
from flows.office import Office
from models.db import Database
from models.migrate import NewerData, head, is_current, rebuilding, revision_of, shape
from models.portable import Shape, any_order, load
from models.settings import Settings
from service.installing import install
from tasks.blobs import BlobStore
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.signing_child import Setting
from tests.cast import Cast
from tests.conftest import StampServer
from tests.every_state import hold
from tests.models.test_migrate import differences
from tests.ports import free_port
from tests.states import STATES, archive

ROOT = Path(__file__).parents[2]
RELEASES = ROOT / "tests" / "releases"


@dataclass(frozen=True, slots=True)
class Release:
    """What an older release left behind."""

    revision: str
    tables: tuple[tuple[Shape, list[str]], ...]
    states: dict[str, str]
    ids: dict[str, str]
    school: str
    master: bytes
    files: dict[str, bytes]


def unpacked(revision: str) -> Release:
    members: dict[str, bytes] = {}
    for path in (RELEASES / revision).glob("*.tar.xz"):
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                assert file is not None
                members[member.name] = file.read()
    rows: dict[str, Any] = json.loads(members.pop("rows.json"))
    tables = tuple(
        (Shape(t["name"], tuple((c, k) for c, k in t["columns"])), t["lines"]) for t in rows["tables"]
    )
    master = members.pop("master.key")
    return Release(revision, tables, rows["states"], rows["ids"], rows["school"], master, members)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, stamps: StampServer) -> Settings:
    url = request.getfixturevalue("new_postgres_url") if request.param == "postgresql" else ""
    return Settings(data=tmp_path / "data", database_url=url, tsa_url=stamps.url, port=free_port())


def put(release: Release, settings: Settings) -> None:
    """The data folder and database as the release left them."""
    secret = settings.data / "secrets" / "master.key"
    secret.parent.mkdir(parents=True)
    secret.write_bytes(release.master)
    store = BlobStore(settings.blobs)
    for name, data in release.files.items():
        assert store.put(data) == name
    with rebuilding(settings) as connection:
        shape(connection, release.revision)
        with any_order(connection):
            for table, rows in release.tables:
                load(connection, table, rows)


@contextmanager
def opened(release: Release, settings: Settings, stamps: StampServer) -> Iterator[Cast]:
    """The people of the release over its upgraded database."""
    db = Database(settings.database)
    with db.read() as session:
        stamps.authority = certification.open_timestamping(session, settings)
    intake, signers = IntakePool(1, seconds=120), SignersPool(1, Setting(release.master, stamps.url))
    try:
        office = Office(settings, db, BlobStore(settings.blobs), intake, signers, name="upgraded")
        yield Cast(office, release.school, "", release.ids)
    finally:
        signers.close()
        intake.close()
        db.dispose()


@pytest.mark.parametrize("revision", sorted(p.parent.name for p in RELEASES.glob("*/rows.tar.xz")))
def test_the_database_of_an_older_release_is_upgraded_and_goes_on(
    revision: str, settings: Settings, stamps: StampServer
) -> None:
    release = unpacked(revision)
    put(release, settings)
    install(settings, lambda _: None)
    with opened(release, settings, stamps) as cast:
        assert is_current(cast.office.db)
        with cast.office.db.engine.connect() as connection:
            assert differences(connection) == []
        before = hold(cast.office)
        made = release.states
        assert set(made) == set(STATES)
        for state, who, action in (
            ("draft", "lan", "submit"),
            ("draft", "lan", "sign"),
            ("returned", "lan", "submit"),
            ("returned", "lan", "sign"),
            ("sent again", "hoa", "approve"),
            ("waits for the head", "hoa", "return"),
            ("waits for the principal", "minh", "approve"),
            ("waits for the seal", "thu", "seal"),
        ):
            more = {"note": "Ghi rõ hơn."} if action == "return" else {}
            cast.act(who, made[state], action, **more)
        for state in ("waits for the principal", "waits for the archive", "waits for the seal"):
            archive(cast, made[state])
            assert cast.fresh(made[state]).status == "archived"
        assert hold(cast.office) == before + 5


def test_a_newer_database_is_refused_and_left_alone(settings: Settings) -> None:
    install(settings, lambda _: None)
    db = Database(settings.database)
    with db.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerData):
        install(settings, lambda _: None)
    with db.read() as session:
        assert revision_of(session.connection()) == "9999"
    db.dispose()
    if settings.database_url:
        return  # the words are the same: they are read once
    asked = os.environ | {"HOSOSO_DATA": str(settings.data), "HOSOSO_PORT": str(settings.port)}
    for command in ("up", "web"):  # all at once, and a part alone
        ended = subprocess.run(
            [sys.executable, "-m", "service.cli", command],
            cwd=ROOT,
            env=asked,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert ended.returncode == 1
        said = (ended.stdout + ended.stderr).splitlines()
        assert len(said) == 2
        assert f"newer version of Hồ Sơ Số (9999; this program knows {head()})" in said[1]
