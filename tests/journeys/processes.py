"""Our processes as a person at the machine has them: started, killed and ended one by one, by id.

`Installation` is a data folder with ports of its own and the parts that run over it. Nothing of a school
stands here; what is killed is one process, as the kernel kills it, and its children must see to themselves.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from flows.leases import alive
from flows.office import Office, close_office, open_office
from models.migrate import upgrade
from models.settings import Settings
from tests.ports import free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]
PARTS = ("tsa", "mailbox", "web", "prefect", "worker", "scheduler")
"""In the order in which they are best started."""
START = 240.0
"""Seconds a part may take to start on a machine that does many other things; it only ends a hung test."""


@dataclass(slots=True)
class Installation:
    """One data folder, its ports, its running parts. Close it."""

    data: Path
    more: dict[str, str] = field(default_factory=dict)
    """Further settings of all its parts."""
    database_url: str = ""
    """Empty: SQLite in the data folder."""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    settings: Settings = field(init=False)
    office: Office = field(init=False)
    """The test's own look at the same database; it has no pools and pokes nobody."""

    def __post_init__(self) -> None:
        ports = {f"{name}_port": free_port() for name in ("prefect", "tsa", "smtp")}
        self.settings = Settings(
            data=self.data,
            database_url=self.database_url,
            port=free_port(),
            demo=False,
            **ports,  # type: ignore[arg-type]
        )
        upgrade(self.settings)
        self.office = open_office(self.settings, "test")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def environment(self) -> dict[str, str]:
        """Only what this installation is told: no setting of the surroundings reaches its parts."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOSOSO_", "PREFECT_"))}
        own = {
            "HOSOSO_DATA": str(self.data),
            "HOSOSO_PORT": str(self.settings.port),
            "HOSOSO_PREFECT_PORT": str(self.settings.prefect_port),
            "HOSOSO_TSA_PORT": str(self.settings.tsa_port),
            "HOSOSO_SMTP_PORT": str(self.settings.smtp_port),
            "HOSOSO_DEMO": "false",
            **({"HOSOSO_DATABASE_URL": self.database_url} if self.database_url else {}),
        }
        return kept | own | self.more

    # starting and ending

    def start(self, *names: str) -> None:
        """Start parts; they come up in their own time."""
        for name in names:
            assert name not in self.running, f"{name} runs already"
            self.running[name] = self.launch(name, name)

    def launch(self, command: str, log: str, **settings: str) -> subprocess.Popen[bytes]:
        """Any command of `hososo`, in a process group of its own; what it says goes to `<log>.log`."""
        with self.log(log).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "service.cli", command],
                cwd=ROOT,
                env=self.environment() | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_and_wait(self, *names: str) -> None:
        """Start parts together and wait until each answers."""
        self.start(*names)
        for name in names:
            self.wait(name)

    def wait(self, name: str) -> None:
        """Until a part answers; AssertionError with its last words when it ends instead."""
        until(lambda: self.answers(name), f"{name} does not start: {self.words(name)}", START)

    def kill(self, name: str) -> set[int]:
        """kill -9 of that one process; the children it leaves behind, which must end by themselves."""
        process = self.running.pop(name)
        orphans = tree(process.pid) - {process.pid}
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return orphans

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """A part that is there and does nothing meanwhile."""
        pid = self.running[name].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def stop(self, *names: str) -> None:
        """SIGTERM, and wait: a part ends in good order."""
        for name in names:
            self.running[name].terminate()
        for name in names:
            self.running.pop(name).wait(120)

    def close(self) -> None:
        """End everything that still runs."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()
        close_office(self.office)

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # looking

    def log(self, name: str) -> Path:
        return self.data / f"{name}.log"

    def words(self, name: str) -> str:
        """The end of what a part said."""
        return self.log(name).read_text(errors="replace")[-3000:] if self.log(name).exists() else ""

    def answers(self, name: str) -> bool:
        """Does a part do its work now?"""
        process = self.running[name]
        if process.poll() is not None:
            raise AssertionError(f"{name} ended with {process.returncode}: {self.words(name)}")
        return _LOOKS[name](self, process.pid)

    def health(self) -> dict[str, str]:
        """What /healthz says."""
        found: dict[str, str] = httpx.get(f"{self.url}/healthz", timeout=60, trust_env=False).json()
        return found

    def prefect(self, path: str, body: dict[str, Any]) -> Any:
        """A question to Prefect's API, as the operator asks."""
        user, _, password = self.settings.prefect_auth.partition(":")
        url = f"{self.settings.prefect_url}{path}"
        answer = httpx.post(url, json=body, auth=(user, password), timeout=60, trust_env=False)
        return answer.raise_for_status().json()

    def runs_of(self, document_id: str) -> list[dict[str, Any]]:
        """The runs Prefect has under a document's name."""
        asked = {"flow_runs": {"name": {"any_": [document_id]}}, "limit": 10}
        found: list[dict[str, Any]] = self.prefect("/flow_runs/filter", asked)
        return found


def _web(here: Installation, _pid: int) -> bool:
    return _status(f"{here.url}/api/v1/me") == 401


def _prefect(here: Installation, _pid: int) -> bool:
    return _status(f"{here.settings.prefect_url}/health") == 200


def _worker(here: Installation, pid: int) -> bool:
    with here.office.db.read() as session:
        return any(f":{pid}:" in row.name for row in alive(session, "worker", datetime.now(UTC)))


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code
    except httpx.HTTPError:
        return 0


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


_LOOKS: dict[str, Callable[[Installation, int], bool]] = {
    "web": _web,
    "prefect": _prefect,
    "worker": _worker,
    "tsa": lambda here, _: _listens(here.settings.tsa_port),
    "mailbox": lambda here, _: _listens(here.settings.smtp_port),
    "scheduler": lambda here, pid: _beats(here, "scheduler", pid),
}


def _beats(here: Installation, kind: str, pid: int) -> bool:
    with here.office.db.read() as session:
        return any(f":{pid}:" in row.name for row in alive(session, kind, datetime.now(UTC)))


# the kernel's view


def tree(pid: int) -> set[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = set[int](), [pid]
    while todo:
        one = todo.pop()
        found.add(one)
        todo += children.get(one, [])
    return found


def stat(pid: int) -> list[str]:
    """`/proc/<pid>/stat` from the state on (proc(5), field 3); empty when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def command(pid: int) -> list[str]:
    """The words a process was started with; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def lives(pid: int) -> bool:
    """Is there such a process, and not only its entry in the table?"""
    fields = stat(pid)
    return bool(fields) and fields[0] not in "ZX"


def cpu(pid: int) -> float:
    """Seconds of processor time of a process and its children, ended ones that were waited for included."""
    ticks = 0
    for one in tree(pid):
        ticks += sum(int(value) for value in stat(one)[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")
