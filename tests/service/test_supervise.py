"""`hososo up` and its children: restarted, ended, never left behind. Real processes throughout."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from models.settings import Settings
from service.serving import NotLoopback, refuse_open_demo
from service.supervise import AlreadyUp, PortBusy, Program, Supervisor, lock, ports, refuse_busy_ports
from tests.ports import free_port
from tests.prefect_fixture import wait_for

ROOT = Path(__file__).parents[2]


class Supervised:
    """A supervisor watching in a thread, and what it said."""

    def __init__(self, grace: float = 10.0) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(self.said.append, grace=grace, pauses=(0.1,))
        self._thread = threading.Thread(target=self.supervisor.watch)

    def start(self, *codes: str) -> None:
        for number, code in enumerate(codes):
            self.supervisor.add(Program(f"child{number}", (sys.executable, "-c", code)))
        self._thread.start()

    def says(self, words: str) -> Callable[[], list[str]]:
        return lambda: [line for line in self.said if words in line]

    def end(self) -> None:
        self.supervisor.stop()
        self._thread.join()
        self.supervisor.end()


@pytest.fixture
def supervised() -> Iterator[Supervised]:
    made = Supervised()
    yield made
    if made._thread.is_alive():
        made.end()


def gone(pid: int) -> bool:
    """No process, or one that only waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


SAY_PID = "import os, sys, time; print('pid', os.getpid(), flush=True); "


def pids(supervised: Supervised) -> list[int]:
    return [int(line.rpartition("pid ")[2]) for line in supervised.said if "pid " in line]


def test_a_child_that_dies_is_started_again_and_its_lines_are_named(supervised: Supervised) -> None:
    supervised.start(SAY_PID + "time.sleep(100)")
    [first] = wait_for(lambda: pids(supervised), "it did not start")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(pids(supervised)) == 2, "it was not started again")
    assert supervised.said[0].startswith("child0    | pid ")
    assert supervised.says("ended with -9")()


def test_ending_ends_all_also_one_that_will_not_and_what_it_started() -> None:
    stubborn = (
        SAY_PID + "import signal, subprocess; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "subprocess.Popen([sys.executable, '-c', \"import os, signal, time; "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('pid', os.getpid(), flush=True); "
        'time.sleep(100)"]); '
        "time.sleep(100)"
    )
    supervised = Supervised(grace=1.0)
    supervised.start(SAY_PID + "time.sleep(100)", stubborn)
    wait_for(lambda: len(pids(supervised)) == 3, "not all started")
    supervised.end()
    wait_for(lambda: all(gone(pid) for pid in pids(supervised)), "something goes on")


def test_children_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    child = (
        "import os, pathlib, time; from service.supervise import end_with_parent; end_with_parent(); "
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(100)"
    )
    parent = (
        "import sys; from service.supervise import Program, Supervisor; s = Supervisor(print); "
        f"s.add(Program('child', (sys.executable, '-c', {child!r}))); s.watch()"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for(
        lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), "the child did not start"
    )
    pid = int((tmp_path / "pid").read_text())
    assert not gone(pid)
    process.kill()
    process.wait()
    wait_for(lambda: gone(pid), "the child lives on")


def test_a_busy_port_is_named_with_the_setting_that_moves_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortBusy) as caught:
            refuse_busy_ports(Settings(data=tmp_path, port=port))
        assert f"Cổng {port}" in caught.value.sentence.vi
        assert "HOSOSO_PORT=" in caught.value.sentence.vi
        with pytest.raises(PortBusy) as caught:
            refuse_busy_ports(Settings(data=tmp_path, port=free_port(), prefect_port=port))
        assert f"Port {port}" in caught.value.sentence.en
        assert "HOSOSO_PREFECT_PORT" in caught.value.sentence.en


def test_an_address_of_another_machine_is_not_called_a_busy_port(tmp_path: Path) -> None:
    for host in ("không-có", "192.0.2.1"):
        with pytest.raises(PortBusy) as caught:
            refuse_busy_ports(Settings(data=tmp_path, host=host, port=free_port()))
        assert f"{host} is no address of this machine" in caught.value.sentence.en


def test_only_the_ports_of_embedded_parts_are_asked_for(tmp_path: Path) -> None:
    assert set(ports(Settings(data=tmp_path))) == {
        "HOSOSO_PORT",
        "HOSOSO_PREFECT_PORT",
        "HOSOSO_TSA_PORT",
        "HOSOSO_SMTP_PORT",
    }
    elsewhere = Settings(
        data=tmp_path, prefect_api_url="http://p/api", tsa_url="http://t/", smtp_host="mail.example.test"
    )
    assert set(ports(elsewhere)) == {"HOSOSO_PORT"}


def test_a_data_folder_has_one_supervisor(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with lock(settings), pytest.raises(AlreadyUp):
        lock(settings)
    lock(settings).close()


@pytest.mark.parametrize(
    ("host", "demo", "opens"),
    [
        ("127.0.0.1", True, True),
        ("localhost", True, True),
        ("::1", True, True),
        ("0.0.0.0", True, False),
        ("192.168.1.5", True, False),
        ("0.0.0.0", False, True),
    ],
)
def test_the_demo_opens_on_this_machine_only(tmp_path: Path, host: str, demo: bool, opens: bool) -> None:
    settings = Settings(data=tmp_path, host=host, demo=demo)
    if opens:
        refuse_open_demo(settings)
    else:
        with pytest.raises(NotLoopback):
            refuse_open_demo(settings)


def children(pid: int) -> dict[str, int]:
    """The supervisor's children by their command."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            words = (path.parent / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid and b"service.cli" in words:
            found[words[words.index(b"service.cli") + 1].decode()] = int(path.parent.name)
    return found


@pytest.mark.timeout(900)  # four starts of everything, on whatever machine
def test_an_installation_comes_up_heals_and_ends(tmp_path: Path) -> None:
    """Every part answers, a killed worker and Prefect come back, SIGTERM ends all; and a second start."""
    port = free_port(4)  # its followers are the embedded parts'
    data = tmp_path / "data"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOSOSO_", "PREFECT_"))}
    environment |= {"HOSOSO_DATA": str(data), "HOSOSO_PORT": str(port)}
    log = tmp_path / "up.log"

    def healthy() -> bool:
        try:
            return (
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=20, trust_env=False).status_code == 200
            )
        except httpx.HTTPError:
            return False

    def once(*hurt: str) -> list[int]:
        """Up, these parts hurt and healed, ended; every child there was."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "up"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_for(healthy, f"it did not come up, see {log}", 180)
            before = children(process.pid)
            assert set(before) == {"web", "tsa", "prefect", "mailbox", "worker", "scheduler"}
            for name in hurt:
                os.kill(before[name], signal.SIGKILL)
            if hurt:
                wait_for(lambda: not healthy(), "the loss was not noticed")
                wait_for(healthy, f"it did not heal, see {log}", 180)
            after = children(process.pid)
            assert {name for name in before if before[name] != after[name]} == set(hurt)
        finally:
            process.terminate()
            process.wait(120)
        assert process.returncode == 0
        return [*before.values(), *after.values()]

    for pid in (*once("worker", "prefect"), *once()):
        wait_for(lambda pid=pid: gone(pid), "a part was left behind")
    text = log.read_text()
    assert text.count("Hồ Sơ Số đã sẵn sàng") == 2
    secret = (data / "secrets" / "prefect.key").read_bytes().hex()
    assert secret not in text
