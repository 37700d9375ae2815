"""`hososo up`: one command that starts every process of an installation and keeps it running.

Children are our own commands in process groups of their own. One that dies is started again, slower each
time; Ctrl-C or SIGTERM ends all; a supervisor that is killed takes its children along, since each holds the
reading end of a pipe whose writing end died with it. No database and no web here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import httpx

from models.errors import RecordsError
from models.settings import Settings
from models.text import Text
from service.logs import line_of

PARENT_PIPE = "HOSOSO_PARENT_PIPE"
PAUSES = (0.5, 1, 2, 5, 15, 30)
"""Seconds before the first, second … restart of a child that keeps dying; the last repeats."""
STEADY = 60.0
"""A child that lived this long begins anew with the shortest pause."""
GRACE = 12.0
"""Seconds a child has to end by itself."""

Say = Callable[[str], None]


class PortBusy(RecordsError):
    """Another program has the port."""

    code = "port-busy"


class AlreadyUp(RecordsError):
    """This data folder is in use by another `hososo up`."""

    code = "already-up"


@dataclass(frozen=True, slots=True)
class Program:
    """A child: its name on the lines it prints, and its command."""

    name: str
    command: tuple[str, ...]


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    next_start: float = 0.0


class Supervisor:
    """Starts programs, watches them, ends them. `run` belongs to the main thread."""

    def __init__(
        self, say: Say, *, grace: float = GRACE, pauses: Sequence[float] = PAUSES, form: str = "text"
    ) -> None:
        self._say, self._grace, self._pauses, self._line = say, grace, pauses, line_of(form)
        self._children: list[_Child] = []
        self._stop = threading.Event()
        self._reading, self._writing = os.pipe()

    def add(self, program: Program) -> None:
        """Start a program; it is kept running from now on."""
        child = _Child(program)
        self._children.append(child)
        self._start(child)

    def stop(self) -> None:
        """Make `watch` return; safe in a signal handler."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def watch(self, until: float | None = None) -> None:
        """Restart what dies, until `stop` (or, for a start in stages, until that monotonic time)."""
        while not self._stop.is_set() and (until is None or time.monotonic() < until):
            for child in self._children:
                self._look_after(child, time.monotonic())
            self._stop.wait(0.1)

    def end(self) -> None:
        """End all children, the last started first: SIGTERM, and SIGKILL for the groups that stay."""
        running = [c.process for c in reversed(self._children) if c.process is not None]
        for process in running:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + self._grace
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        for process in running:
            _signal(process, signal.SIGKILL)
            process.wait()
        os.close(self._writing)
        os.close(self._reading)

    def _start(self, child: _Child) -> None:
        environment = os.environ | {PARENT_PIPE: str(self._reading), "PYTHONUNBUFFERED": "1"}
        child.process = subprocess.Popen(
            child.program.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self._reading,),
            start_new_session=True,
        )
        child.started = time.monotonic()
        assert child.process.stdout is not None
        threading.Thread(
            target=self._pass_on, args=(child.program.name, child.process.stdout), daemon=True
        ).start()

    def _pass_on(self, name: str, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                self._say(self._line(name, line.decode(errors="replace").rstrip()))

    def _look_after(self, child: _Child, now: float) -> None:
        process = child.process
        if process is not None:
            code = process.poll()
            if code is None:
                return
            _signal(process, signal.SIGKILL)  # what it started must not outlive it
            child.deaths = 0 if now - child.started > STEADY else child.deaths
            pause = self._pauses[min(child.deaths, len(self._pauses) - 1)]
            child.deaths += 1
            child.next_start, child.process = now + pause, None
            self._say(self._line(child.program.name, f"ended with {code}, starting again in {pause:g} s"))
        elif now >= child.next_start:
            self._start(child)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the whole group of a child, which leads it; also after the child itself is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def end_with_parent() -> None:
    """In a child: when the supervisor is gone, however it went, end this process and its group."""
    pipe = os.environ.pop(PARENT_PIPE, "")
    if not pipe.isdigit():
        return
    os.set_inheritable(int(pipe), False)

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(int(pipe), 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def programs(settings: Settings) -> tuple[tuple[Program, ...], tuple[Program, ...]]:
    """What this installation runs: what the first page needs, and what follows it."""
    own = (sys.executable, "-m", "service.cli")
    first = [Program("web", (*own, "web"))]
    if not settings.tsa_url:
        first.append(Program("tsa", (*own, "tsa")))
    later = []
    if not settings.prefect_api_url:
        later.append(Program("prefect", (*own, "prefect")))
    if not settings.smtp_host:
        later.append(Program("mailbox", (*own, "mailbox")))
    later += [Program("worker", (*own, "worker")), Program("scheduler", (*own, "scheduler"))]
    return tuple(first), tuple(later)


def ports(settings: Settings) -> dict[str, tuple[str, int]]:
    """Every address this installation listens on, with the setting that moves it."""
    found = {"HOSOSO_PORT": (settings.host, settings.port)}
    if not settings.prefect_api_url:
        found["HOSOSO_PREFECT_PORT"] = ("127.0.0.1", urlsplit(settings.prefect_url).port or 0)
    if not settings.tsa_url:
        found["HOSOSO_TSA_PORT"] = ("127.0.0.1", urlsplit(settings.timestamp_url).port or 0)
    if not settings.smtp_host:
        found["HOSOSO_SMTP_PORT"] = settings.mail_server
    return found


def family_of(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def refuse_busy_ports(settings: Settings) -> None:
    """Raise PortBusy for the first port that cannot be had, with the reason."""
    for setting, (host, port) in ports(settings).items():
        with socket.socket(family_of(host)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                why = {errno.EADDRINUSE: _BUSY, errno.EACCES: _NOT_ALLOWED}.get(error.errno or 0, NO_ADDRESS)
                told = {"host": host, "port": port, "setting": setting, "other": settings.port + 100}
                raise PortBusy(why.format(**told)) from error


def lock(settings: Settings) -> IO[str]:
    """Hold the data folder for this supervisor; AlreadyUp when another has it. Keep the file open."""
    settings.make_data_folder()
    file = Path(settings.data / "up.lock").open("a+")  # noqa: SIM115 - open as long as we run
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise AlreadyUp(_ALREADY.format(data=settings.data.resolve())) from None
    return file


def up(settings: Settings, prepare: tuple[str, ...], tell: Say) -> int:
    """Prepare the data, start everything, watch until told to end. The exit code."""

    def say(sentence: str) -> None:
        tell(line_of("json")("hososo", sentence) if settings.log == "json" else sentence)

    with lock(settings):
        refuse_busy_ports(settings)
        prepared = subprocess.run(prepare, check=False)
        if prepared.returncode:
            return prepared.returncode
        supervisor = Supervisor(tell, form=settings.log)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stop())
        first, later = programs(settings)
        try:
            for program in first:
                supervisor.add(program)
            # The page people wait for comes first; Prefect's slow start must not take its processor.
            if _answers(settings, supervisor):
                say(_READY.format(url=settings.url).vi)
                say(_READY.format(url=settings.url).en)
            for program in later if not supervisor.stopping else ():
                supervisor.add(program)
            supervisor.watch()
        finally:
            say(_ENDING.vi)
            supervisor.end()
    return 0


def _answers(settings: Settings, supervisor: Supervisor, patience: float = 60.0) -> bool:
    """Wait until the first page answers; True when it does."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{settings.port}/sign-in"  # noqa: S104 - compared
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not supervisor.stopping:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5, trust_env=False).status_code < 500:
                return True
        supervisor.watch(until=time.monotonic() + 0.1)
    return False


_BUSY = Text(
    "Cổng {port} ở {host} đang được chương trình khác dùng ({setting}). Dừng chương trình đó hoặc chọn "
    "cổng khác, ví dụ HOSOSO_PORT={other} (các cổng còn lại đi theo cổng này).",
    "Port {port} at {host} is used by another program ({setting}). Stop that program or choose another port, "
    "for example HOSOSO_PORT={other} (the other ports follow it).",
)
_NOT_ALLOWED = Text(
    "Tài khoản này không được mở cổng {port} ({setting}); cổng dưới 1024 là của hệ thống. Để trống "
    "HOSOSO_PORT và đặt proxy ở trước, hoặc chọn cổng từ 1024, ví dụ 8080.",
    "This account may not open port {port} ({setting}); those below 1024 are the system's. Leave HOSOSO_PORT "
    "empty and put a proxy in front, or choose one from 1024 on, such as 8080.",
)
NO_ADDRESS = Text(
    "{host} không phải địa chỉ của máy này ({setting}). Đặt HOSOSO_HOST là 127.0.0.1 (sau proxy) "
    "hoặc 0.0.0.0.",
    "{host} is no address of this machine ({setting}). Set HOSOSO_HOST to 127.0.0.1 (behind a proxy) "
    "or 0.0.0.0.",
)
_ALREADY = Text(
    "Hồ Sơ Số đang chạy với thư mục dữ liệu {data}. Dùng bản đang chạy, hoặc đặt HOSOSO_DATA sang nơi khác.",
    "Hồ Sơ Số is already running on the data folder {data}. Use that one, or set HOSOSO_DATA elsewhere.",
)
_READY = Text("Hồ Sơ Số đã sẵn sàng: {url} (Ctrl-C để dừng)", "Hồ Sơ Số is ready: {url} (Ctrl-C ends it)")
_ENDING = Text("Đang dừng mọi phần …", "Ending every part …")
