"""A child of the intake pool: confines itself, warms up, and answers jobs until its parent is gone.

Started by `tasks/pools.py` as `python -m tasks.pool_child <socket> <memory> <module to warm> <role>`. Knows
nothing of what the jobs do; in the role "converter" they start another program, at a low priority.
"""

from __future__ import annotations

import errno
import importlib
import mimetypes
import os
import pickle
import signal
import sys
import tempfile
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from models import room
from models.errors import NoRoom, RecordsError
from tasks.confinement import confine

ROOT = Path(__file__).resolve().parents[1]
BEGUN = b"begun"
"""Said before a job is read: until then another child may be given it."""


def serve(descriptor: int, memory: int, warm: str, role: str) -> None:
    """Answer jobs one by one until the parent is gone."""
    converter = role == "converter"
    if converter:
        os.nice(10)  # pages and signatures go first
    guard = confine(memory, _readable(), Path(tempfile.gettempdir()), sockets=converter)
    mimetypes.knownfiles.clear()  # libraries ask for the system table on import; not readable here
    if warm:
        importlib.import_module(warm).warm()
    with Connection(descriptor) as pipe:
        pipe.send_bytes(pickle.dumps(guard))
        while True:
            try:
                job = pipe.recv_bytes()
            except EOFError:
                return
            pipe.send_bytes(BEGUN)
            pipe.send_bytes(_answer(job))


def _answer(job: bytes) -> bytes:
    try:
        seconds, function, args, kwargs = pickle.loads(job)  # noqa: S301 - the parent wrote it
        # Should the parent die, its watch dies too: the alarm's default action ends this process.
        signal.setitimer(signal.ITIMER_REAL, seconds + 5)
        try:
            return pickle.dumps(("result", function(*args, **kwargs)))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except RecordsError as refusal:
        return pickle.dumps(("refused", _taken_apart(refusal)))
    except MemoryError:
        return pickle.dumps(("memory", None))
    except Exception as error:
        # No fault of the file that is read; EFBIG is: the limit on what a child may write is our own.
        if room.lacks(error) and getattr(error, "errno", 0) != errno.EFBIG:
            return pickle.dumps(("refused", _taken_apart(NoRoom())))
        return pickle.dumps(("failed", _where(error)))


def _where(error: BaseException) -> str:
    """The exception's type and the functions it passed; its words may quote the document, so they stay."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    way = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-6:])
    return f"{type(error).__qualname__} at {way or 'the call'}"


def _readable() -> list[Path]:
    """The program, its interpreter and libraries, and the layouts: not the folder data may lie in."""
    homes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    libraries = {Path(entry) for entry in sys.path if entry and Path(entry).resolve() != ROOT}
    rooms = {ROOT / room for room in ("flows", "models", "service", "tasks", "templates", "tests")}
    system = map(Path, ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom"))
    office = (
        *map(Path, ("/etc/libreoffice", "/var/lib/libreoffice", "/var/spool/libreoffice")),
        *Path("/opt").glob("libreoffice*"),
    )
    return sorted({*homes, *libraries, *rooms, *system, *office} - {Path("/"), ROOT})


def _taken_apart(refusal: RecordsError) -> tuple[type[RecordsError], tuple[Any, ...], dict[str, Any]]:
    """Pickle would call the class with the exception's own arguments, which are not its constructor's."""
    return type(refusal), refusal.args, dict(vars(refusal))


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
