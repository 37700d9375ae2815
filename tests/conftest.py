"""Shared ground: a clock, a time-stamp authority and pools for each test process, a fresh school for each.

What is costly to make is made once a process and copied (`tests/seeds.py`).

`cast` runs on SQLite; `each_cast` on SQLite and PostgreSQL both. Whatever the day, a run begins on a Tuesday
of the school's twelfth week: what is due by then is due in every run. Tests of real processes, which have
the machine's clock, are marked `real_clock`.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import time_machine
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url

from flows import archiving, certification
from flows.office import Office
from models.db import Database
from models.settings import VIETNAM, Settings
from models.tables import create_all
from service import memory
from tasks.blobs import BlobStore
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.signing_child import Setting
from tasks.timestamping import REPLY, TimeStampAuthority
from tests import cheap_tries, needs, seeds, stamp_server
from tests.cast import Cast, make_cast
from tests.ports import free_port
from tests.seeds import Seed, SeededCast

POSTGRES = os.environ.get("HOSOSO_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
MASTER_KEY = secrets.token_bytes(32)
TUESDAY = datetime(2026, 11, 24, 17, 22, tzinfo=VIETNAM)
BEGUN = datetime.now(UTC)
"""By the machine's clock."""
SHIFT = TUESDAY - BEGUN

# A busy machine makes no test fail, nor does chance: every run tries the same examples.
settings.register_profile(
    "suite", deadline=None, suppress_health_check=(HealthCheck.too_slow,), derandomize=True, database=None
)
settings.load_profile("suite")


LONG = ("year", "journeys", "browser")
"""Folders whose tests take long."""
LONGEST = (
    "test_the_year",
    "test_survival.py",
    "test_accessibility.py",
    "test_runs.py",
    "test_some_weeks_on_postgresql",
    "test_story.py",
    "test_minutes.py",
)
"""Tests, or files of tests, that take minutes; the longest first."""


def lot_of(item: pytest.Item) -> object:
    """What one process takes whole: what such tests begin with costs as much as one of them."""
    if "prefect_server" in getattr(item, "fixturenames", ()):
        return "test_runs.py"
    return item.path.name if item.path.name == "test_accessibility.py" else item


SHM = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes a run may keep in memory at worst: what tests leave is removed as they pass."""


def pytest_configure(config: pytest.Config) -> None:
    cheap_tries.begin()
    if SHM.is_dir() and not os.statvfs(SHM).f_flag & os.ST_NOEXEC and _is_roomy():
        # No test outlives the machine: none need wait until a disk has each commit of each of its processes.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(SHM))


def _is_roomy() -> bool:
    """May a run keep its files in memory, and have as much again for its processes?"""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return shutil.disk_usage(SHM).free > ROOM and int(value.split()[0]) * 1024 > 2 * ROOM
    return False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes more than there are cores: tests wait for clocks, other processes and disks."""
    return len(os.sched_getaffinity(0)) + 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every process begins with its part of the long tests, the longest first.

    `--dist worksteal` gives each process an equal piece of the list, and who is done takes from the end of
    another's: what stands together at the front would be done by one process, one after the other.
    """
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    lots: dict[object, list[pytest.Item]] = {}
    short: list[pytest.Item] = []
    for item in items:
        if item.path.parent.name in LONG or lot_of(item) is not item:
            lots.setdefault(lot_of(item), []).append(item)
        else:
            short.append(item)
    long = sorted(lots.values(), key=_turn)
    given: list[pytest.Item] = []
    rest = iter(short)
    for process in range(processes):
        piece = (len(items) - len(given)) // (processes - process)
        mine = [item for lot in _dealt(long, process, processes) for item in lot]
        given += mine
        given += islice(rest, max(0, piece - len(mine)))
    items[:] = [*given, *rest]


def _dealt(long: list[list[pytest.Item]], process: int, processes: int) -> list[list[pytest.Item]]:
    """The lots of one process: dealt in turn, and back again, so that who has the longest has a short one."""
    there, back = process, 2 * processes - 1 - process
    return [lot for turn, lot in enumerate(long) if turn % (2 * processes) in (there, back)]


def _turn(lot: list[pytest.Item]) -> int:
    """The longest first; a lot is as long as the longest in it."""
    names = {name for item in lot for name in (item.path.name, getattr(item, "originalname", ""))}
    return min((turn for turn, name in enumerate(LONGEST) if name in names), default=len(LONGEST))


def pytest_collection_finish(session: pytest.Session) -> None:
    """A test process stays, as a server does, and has more to look through for garbage than any of them."""
    memory.settle()


@contextmanager
def tuesday() -> Iterator[None]:
    """On the clock that goes on from `TUESDAY` through the whole run."""
    with time_machine.travel(datetime.now(UTC) + SHIFT, tick=True):
        yield


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> Iterator[None]:
    """The clock goes on from `TUESDAY` through the whole run."""
    if request.node.get_closest_marker("real_clock"):
        yield
        return
    with tuesday():
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
    intake = IntakePool(1, seconds=120)  # a busy machine
    signers = SignersPool(1, Setting(MASTER_KEY, stamps.url))
    yield intake, signers
    signers.close()
    intake.close()


def open_office(
    folder: Path,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    database_url: str = "",
    seed: Seed | None = None,
) -> Office:
    """An office over a copy of the seed, or without a school; sharing the pools of this test process."""
    settings = Settings(
        data=folder,
        port=free_port(),
        database_url=database_url,
        tsa_url=stamps.url,
    )
    secret = folder / "secrets" / "master.key"
    secret.parent.mkdir(parents=True)
    secret.write_bytes(MASTER_KEY)
    db = (seed or founded()).sow(settings.database)
    with db.read() as session:
        stamps.authority = certification.open_timestamping(session, settings)
    stamps.down = False
    hang_up()  # a connection may know the certificates of another test's authority
    return Office(settings, db, BlobStore(settings.blobs), *pools, name="test")


def hang_up() -> None:
    """Close what the archive keeps of connections to the time-stamp authority."""
    for kept in archiving._threads.__dict__.pop("timestampers", {}).values():
        kept.close()


@cache
def founded() -> Seed:
    """One certificate authority for all schools of this test process, as an installation has one.

    Made before either clock, ours and the machine's, may be asked; signers keep what they know of it.
    """
    first = min(TUESDAY, BEGUN)
    with TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        (Path(folder) / "secrets").mkdir()
        (Path(folder) / "secrets" / "master.key").write_bytes(MASTER_KEY)
        db = seeds.tables().sow(settings.database)
        certification.ensure_authority(db, settings, first - timedelta(days=1))
        return seeds.harvest(db)


@pytest.fixture(scope="session")
def seeded(
    tmp_path_factory: pytest.TempPathFactory, stamps: StampServer, pools: tuple[IntakePool, SignersPool]
) -> SeededCast:
    """The cast on its Tuesday; every test has a copy."""
    office = open_office(tmp_path_factory.mktemp("seed") / "data", stamps, pools)
    with tuesday():
        made = make_cast(office)
    return SeededCast(seeds.harvest(office.db), made)


@contextmanager
def playing(
    folder: Path,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    seeded: SeededCast | None,
    database_url: str = "",
) -> Iterator[Cast]:
    """A copy of the cast, or one made now, in a data folder and a database of its own."""
    office = open_office(folder, stamps, pools, database_url, seeded.seed if seeded else None)
    try:
        yield seeded.over(office) if seeded else make_cast(office)
    finally:
        office.db.dispose()


@pytest.fixture
def cast(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    seeded: SeededCast,
) -> Iterator[Cast]:
    real = request.node.get_closest_marker("real_clock")
    with playing(tmp_path / "data", stamps, pools, None if real else seeded) as cast:
        yield cast


@pytest.fixture(params=["sqlite", "postgresql"])
def each_cast(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    seeded: SeededCast,
) -> Iterator[Cast]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    real = request.node.get_closest_marker("real_clock")
    with playing(tmp_path / "data", stamps, pools, None if real else seeded, url) as cast:
        yield cast


@pytest.fixture(scope="session")
def postgres() -> Iterator[psycopg.Connection]:
    """The server on which the tests make databases."""
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=15)
    except psycopg.Error:
        needs.missing("PostgreSQL", "start one on 127.0.0.1:5432 or set HOSOSO_TEST_POSTGRES.")
        return
    with admin:
        yield admin


@contextmanager
def new_database(admin: psycopg.Connection) -> Iterator[str]:
    name = f"hososo_{secrets.token_hex(6)}"
    admin.execute(f"CREATE DATABASE {name}")
    admin.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")  # it need not outlive the machine
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def new_postgres_url(postgres: psycopg.Connection) -> Iterator[str]:
    """A PostgreSQL database of this test's own, without a table."""
    with new_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgres_url(postgres: psycopg.Connection) -> Iterator[str]:
    """The PostgreSQL database of this test process, with every table; ask for `postgres_url`."""
    with new_database(postgres) as url:
        db = Database(url)
        create_all(db)
        db.dispose()
        yield url


@pytest.fixture
def postgres_url(shared_postgres_url: str) -> str:
    """A PostgreSQL database with every table and no row."""
    seeds.clear(shared_postgres_url)
    return shared_postgres_url
