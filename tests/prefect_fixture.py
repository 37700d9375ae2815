"""A real Prefect server for a test session, real worker processes, and an operator's hand on Prefect's API.

Import what is needed: `from tests.prefect_fixture import prefect_server  # noqa: F401`. The server takes ten
seconds to start, so one serves all tests of a process; each test has a worker and a database of its own.
"""

from __future__ import annotations

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from flows.leases import alive
from flows.office import Office
from models.settings import Settings
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
T = TypeVar("T")
PATIENCE = 180.0
"""Seconds; a machine busy with other tests starts a worker in ten or twenty. It only ends a hung test."""


def wait_for(what: Callable[[], T], sentence: str, patience: float = PATIENCE) -> T:
    """The first true answer; the test fails with the sentence when none comes."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{sentence} (waited {patience:g} s)")


class PrefectServer:
    """Our embedded server in a folder of its own, as a process that may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.settings = Settings(data=folder, prefect_port=self.port)
        self.url, self.auth = self.settings.prefect_url, self.settings.prefect_auth
        user, _, password = self.auth.partition(":")
        self.api = httpx.Client(base_url=self.url, auth=(user, password), timeout=60, trust_env=False)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = os.environ | {"HOSOSO_DATA": str(self.folder), "HOSOSO_PREFECT_PORT": str(self.port)}
        self.process = _run("prefect", environment, self.folder / "prefect.log")
        wait_for(self.answers, "Prefect did not start", 180)

    def answers(self) -> bool:
        try:
            return self.api.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def age(self, names: list[str], days: int) -> None:
        """While it stands still: as if these runs had last been touched so long ago."""
        then = datetime.now(UTC) - timedelta(days=days)
        with closing(sqlite3.connect(self.folder / "prefect" / "prefect.db")) as connection, connection:
            for name in names:
                changed = connection.execute(
                    "UPDATE flow_run SET end_time = ?, created = ?, updated = ? WHERE name = ?",
                    (*(f"{then:%Y-%m-%d %H:%M:%S.%f}",) * 3, name),
                )
                assert changed.rowcount == 1

    def environment(self) -> dict[str, str]:
        """What a worker needs to find this server."""
        return {"HOSOSO_PREFECT_API_URL": self.url, "PREFECT_API_AUTH_STRING": self.auth}

    def run_of(self, document_id: str) -> dict[str, Any] | None:
        """The document's run, as Prefect tells it."""
        found = self.api.post(
            "/flow_runs/filter", json={"flow_runs": {"name": {"any_": [document_id]}}, "limit": 10}
        )
        rows: list[dict[str, Any]] = found.raise_for_status().json()
        assert len(rows) < 2, "a document has one run"
        return rows[0] if rows else None

    def state_of(self, document_id: str) -> str:
        """The name of the state its run is in; empty without a run."""
        run = self.run_of(document_id)
        return str(run["state"]["name"]) if run else ""

    def set_state(self, run_id: str, type: str, *, force: bool = False) -> None:
        self.api.post(
            f"/flow_runs/{run_id}/set_state", json={"state": {"type": type}, "force": force}
        ).raise_for_status()

    def task_names(self, run_id: str) -> list[str]:
        """Names of the task runs recorded for a run, in the order they began."""
        rows = self.api.post(
            "/task_runs/filter",
            json={"flow_runs": {"id": {"any_": [run_id]}}, "sort": "EXPECTED_START_TIME_ASC"},
        ).raise_for_status()
        return [str(row["name"]).rpartition("-")[0] for row in rows.json()]  # Prefect adds a suffix


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    server.start()
    yield server
    server.kill()
    server.api.close()


class Worker:
    """A `hososo worker` process over a test's office."""

    def __init__(self, office: Office, server: PrefectServer) -> None:
        self.office = office
        self.log = office.settings.data / f"worker-{secrets.token_hex(3)}.log"
        settings = office.settings
        environment = (
            os.environ
            | server.environment()
            | {
                "HOSOSO_DATA": str(settings.data),
                "HOSOSO_TSA_URL": settings.timestamp_url,
                "HOSOSO_DATABASE_URL": settings.database_url,
            }
        )
        self.process = _run("worker", environment, self.log)

    def wait_alive(self) -> None:
        wait_for(self.is_alive, f"the worker did not start: {self.log}")

    def is_alive(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the worker ended: {self.log.read_text()[-3000:]}")
        with self.office.db.read() as session:
            return any(
                f":{self.process.pid}:" in row.name for row in alive(session, "worker", datetime.now(UTC))
            )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(120)


@contextmanager
def working(office: Office, server: PrefectServer) -> Iterator[Worker]:
    """A worker that is alive, ended with the block."""
    worker = Worker(office, server)
    try:
        worker.wait_alive()
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.kill()


def _run(command: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "service.cli", command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


__all__ = ["PrefectServer", "Worker", "prefect_server", "wait_for", "working"]
