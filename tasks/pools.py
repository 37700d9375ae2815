"""The intake pool: child processes that read what came from outside, and lay out pages.

A child has a time limit for each job and none of our environment (no settings, no passwords); it gives up
memory, network and files as far as the system lets it (`tasks/confinement.py`). A job that hangs or dies
costs one child, which is replaced; its caller gets a sentence. Nothing that holds a key runs here: that is
the signers' pool.

Children run `python -m tasks.pool_child` with a socket, not by `multiprocessing`: so their environment is
empty from the first instruction on, and the caller's main module is not imported again.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socketpair
from typing import Any, Literal, ParamSpec, TypeVar

from models.errors import RecordsError, TooLarge, Unavailable
from models.text import Text
from tasks.confinement import FILE_BYTES, Guard
from tasks.pool_child import BEGUN
from tasks.scratch import Scratch, sweep

P = ParamSpec("P")
T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
"""A child that is not ready by then will not be: importing everything takes about one second."""
BUSY_SECONDS = 60.0
"""How long a caller waits for a free child."""
_LOOK_SECONDS = 0.5
"""How often a job's time, and whether it is still wanted, is looked at."""
_TRIES = 3
"""Children tried for a job that none has begun: one that died idle, and a start that failed."""
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH")


class JobFailed(RuntimeError):
    """A fault of ours in a child: the type of the exception and where it was raised, no values."""


class OutOfTime(TooLarge):
    """The job took longer than it may; its child was killed."""


class Died(Unavailable):
    """The child ended in the middle of its job."""


class IntakePool:
    """`size` children; `submit` blocks its caller and may be called from any thread.

    `seconds` is a job's time, `memory` the address space of a child in bytes, `warm` a module whose
    `warm()` each child calls before its first job (empty: none). A "converter" may start LibreOffice, which
    shares its limits and ends with it.
    """

    def __init__(
        self,
        size: int = 2,
        *,
        seconds: float = 30.0,
        memory: int = 3 * 1024**3,
        warm: str = "tasks.rendering",
        role: Literal["reader", "converter"] = "reader",
    ) -> None:
        self._seconds = seconds
        self._arguments = (str(memory), warm, role)
        self._idle: queue.LifoQueue[_Child] = queue.LifoQueue()
        self._children: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        sweep()
        for _ in range(size):
            self._idle.put(self._started())

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a top-level function in a child and hand back its result or its RecordsError.

        Raises TooLarge when the job takes too long or needs too much memory, Unavailable when no child is
        free, starts, or survives the job; JobFailed for any other exception.
        """
        return self._run(self._seconds, _unhindered, function, args, kwargs)

    def submit_within(self, seconds: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same with a time limit of its own."""
        return self._run(seconds, _unhindered, function, args, kwargs)

    def submit_unless(
        self, stopped: Callable[[float], bool], function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same, ended early when `stopped` says so: it is asked twice a second, with the seconds gone."""
        return self._run(self._seconds, stopped, function, args, kwargs)

    def guards(self) -> tuple[Guard, ...]:
        """What each child that is ready gave up, for the doctor's page."""
        with self._lock:
            return tuple(child.guard for child in self._children if child.guard is not None)

    def close(self) -> None:
        """End the children: those at work are killed, their callers get Unavailable."""
        with self._lock:
            self._closed = True
            children, self._children = self._children, set()
        for child in children:
            child.kill()  # its pipe may be in use in another thread, which finds it ended

    def __enter__(self) -> IntakePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _started(self) -> _Child:
        with self._lock:
            if self._closed:
                raise _closed()
            child = _Child(self._arguments)
            self._children.add(child)
            return child

    def _replaced(self, child: _Child) -> _Child:
        child.end()
        with self._lock:
            self._children.discard(child)
        return self._started()

    def _run(
        self,
        seconds: float,
        stopped: Callable[[float], bool],
        function: Callable[..., T],
        args: Any,
        kwargs: Any,
    ) -> T:
        job = pickle.dumps((seconds, function, args, kwargs))
        try:
            child = self._idle.get(timeout=BUSY_SECONDS)
        except queue.Empty:
            raise _busy() from None
        try:
            for _ in range(_TRIES):
                try:
                    kind, value = child.run(job, seconds, stopped)
                except Exception:
                    child = self._replaced(child)
                    raise
                if kind in ("unbegun", "memory"):
                    child = self._replaced(child)
                if kind != "unbegun":
                    break
        finally:
            self._idle.put(child)
        if kind == "unbegun":
            raise Unavailable(_STOPPED)
        if kind == "refused":
            raise _rebuilt(*value)
        if kind == "memory":
            raise _too_much_memory()
        if kind == "failed":
            raise JobFailed(value)
        return value  # type: ignore[no-any-return]  # what the function returned, by way of a pipe


class _Child:
    """The parent's end of one child process."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self._folder = Scratch()  # all it may write to
        ours, theirs = socketpair()
        with ours, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tasks.pool_child", str(theirs.fileno()), *arguments],
                pass_fds=(theirs.fileno(),),
                env=_environment() | {"TMPDIR": str(self._folder.path)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a decoder's complaint may quote the document
                start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
            )
            self._pipe = Connection(ours.detach())
        self.guard: Guard | None = None

    def run(self, job: bytes, seconds: float, stopped: Callable[[float], bool]) -> tuple[str, Any]:
        """What came of the job, and its value; "unbegun" when the child was dead before it began.

        After an exception the child is of no more use.
        """
        # A machine's sweeper of old temporary files may have taken the folder of a child that was long idle.
        if not self._folder.path.is_dir() or not self._begins(job):
            return "unbegun", None
        late, ended, begun = threading.Event(), threading.Event(), time.monotonic()

        def watch() -> None:
            while not ended.wait(min(_LOOK_SECONDS, max(0.0, begun + seconds - time.monotonic()))):
                gone = time.monotonic() - begun
                if gone >= seconds or stopped(gone):
                    late.set()
                    self._kill()
                    return

        threading.Thread(target=watch, daemon=True).start()
        try:
            answer = self._pipe.recv_bytes(FILE_BYTES)
        except (EOFError, OSError) as error:
            raise (_too_long(seconds) if late.is_set() else Died(_STOPPED)) from error
        finally:
            ended.set()
        try:
            kind, value = plain(answer)
        except Exception as error:  # a child that was taken over may answer anything
            raise JobFailed(f"A child's answer could not be read: {type(error).__qualname__}") from error
        return kind, value

    def _begins(self, job: bytes) -> bool:
        """Wait until the child is warm, hand it the job, and hear that it has it."""
        watch = threading.Timer(START_SECONDS, self._kill)
        watch.daemon = True
        watch.start()
        try:
            if self.guard is None:
                self.guard = plain(self._pipe.recv_bytes())
            self._pipe.send_bytes(job)
            return self._pipe.recv_bytes(len(BEGUN)) == BEGUN
        except (EOFError, OSError, pickle.UnpicklingError):
            return False
        finally:
            watch.cancel()

    def _kill(self) -> None:
        """End the child and what it started: it leads a process group of its own."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        self._kill()
        self._process.wait()
        self._folder.drop()

    def end(self) -> None:
        self.kill()
        self._pipe.close()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    # One thread an allocator arena and one arena more: dozens of cores would fill the address space.
    return kept | {"PYTHONPATH": path, "MALLOC_ARENA_MAX": "2", "RAYON_NUM_THREADS": "1", "PYTHONUTF8": "1"}


def _unhindered(_: float) -> bool:
    return False


# What crosses the pipe


class _Unpickler(pickle.Unpickler):
    """Reads a child's answer. The child read foreign bytes, so its answer may name no function of ours:
    only plain values, our own dataclasses, enumerations and refusals, and dates."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.partition(".")[0] in ("tasks", "models", "flows"):
            found = super().find_class(module, name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, (Enum, RecordsError))):
                return found
        raise pickle.UnpicklingError(f"A child's answer may not hold {module}.{name}.")


_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "bytearray"),
    ("builtins", "complex"),
    ("datetime", "datetime"),
    ("datetime", "date"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("decimal", "Decimal"),
}


def plain(answer: bytes) -> Any:
    """What was pickled, when it is made of such values alone; UnpicklingError otherwise."""
    return _Unpickler(io.BytesIO(answer)).load()


def _rebuilt(refusal: type[RecordsError], args: tuple[Any, ...], state: Mapping[str, Any]) -> RecordsError:
    made = refusal.__new__(refusal, *args)
    made.args = args
    vars(made).update(state)
    return made


# Sentences


def _too_long(seconds: float) -> TooLarge:
    return OutOfTime(
        Text(
            f"Xử lý quá {seconds:.0f} giây nên đã dừng. Hãy bớt ảnh, bảng hoặc chia nội dung, rồi thử lại.",
            f"It took more than {seconds:.0f} seconds and was stopped. Use fewer pictures or tables, "
            "or divide the text, and retry.",
        )
    )


def _too_much_memory() -> TooLarge:
    return TooLarge(
        Text(
            "Nội dung này cần quá nhiều bộ nhớ. Hãy giảm cỡ ảnh hoặc chia nội dung, rồi thử lại.",
            "This needs too much memory. Use smaller pictures or divide the text, and retry.",
        )
    )


_STOPPED = Text(
    "Phần đọc tệp và dựng trang đã dừng giữa chừng; chưa có gì thay đổi. Hãy thử lại; nếu vẫn vậy, "
    "giảm cỡ ảnh hoặc báo người quản trị.",
    "The part that reads files and lays out pages stopped; nothing was changed. Retry; if it stops "
    "again, use smaller pictures or tell the administrator.",
)


def _busy() -> Unavailable:
    return Unavailable(
        Text(
            "Máy đang dựng nhiều trang khác; chưa có gì thay đổi. Hãy thử lại sau ít phút.",
            "Many other pages are being laid out; nothing was changed. Retry in a few minutes.",
        )
    )


def _closed() -> Unavailable:
    return Unavailable(
        Text(
            "Máy chủ đang tắt; chưa có gì thay đổi. Hãy thử lại sau ít phút.",
            "The server is stopping; nothing was changed. Retry in a few minutes.",
        )
    )
