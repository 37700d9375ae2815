"""Waking the worker after a commit: a datagram on a Unix socket, or NOTIFY on PostgreSQL.

A poke carries nothing and may be lost: the worker's poll finds the decision a few seconds later. Sending
never waits and never raises, since a decision stands whether or not anyone heard of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from models.db import Database
from models.settings import Settings

CHANNEL = "hososo_worker"
_LONGEST = 100
"""A Unix socket's address holds 108 bytes on Linux and 104 elsewhere."""

_FULL = (BlockingIOError, InterruptedError)


def socket_folder(settings: Settings) -> Path:
    """Where this installation's workers listen: a short path of its own when the data folder's is long."""
    folder = settings.poke_path.resolve().parent / "pokes"
    if len(os.fsencode(folder)) + len("/4194304") <= _LONGEST:
        return folder
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"hososo-{os.getuid()}-{short}"


def poker(settings: Settings, db: Database) -> Callable[[], None]:
    """What `Office.poke` is: tell every worker that something was decided."""
    return (lambda: _poke_sockets(settings)) if db.is_sqlite else (lambda: _notify(db))


def _poke_sockets(settings: Settings) -> None:
    with contextlib.suppress(OSError):
        paths = list(socket_folder(settings).iterdir())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for path in paths:
                _poke_one(sender, path)


def _poke_one(sender: socket.socket, path: Path) -> None:
    try:
        sender.sendto(b".", str(path))
    except _FULL:
        return  # it has been poked and has not looked yet
    except ConnectionRefusedError:
        # Its worker was killed and could not take the name away.
        with contextlib.suppress(OSError):
            path.unlink()
    except OSError:
        return


def _notify(db: Database) -> None:
    with contextlib.suppress(SQLAlchemyError), db.engine.begin() as connection:
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


class Bell:
    """A worker's ear: calls `ring` from a thread of its own whenever it is poked, until `close`."""

    def __init__(self, settings: Settings, db: Database, ring: Callable[[], None]) -> None:
        self._ring, self._closed = ring, threading.Event()
        self._path: Path | None = None
        if db.is_sqlite:
            folder = socket_folder(settings)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path = folder / str(os.getpid())
            self._path.unlink(missing_ok=True)
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.settimeout(1)
            self._socket.bind(str(self._path))
            target = self._hear_socket
        else:
            self._address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            target = self._hear_notify
        self._thread = threading.Thread(target=target, name="bell", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; the socket's name goes."""
        self._closed.set()
        self._thread.join(3)
        if self._path is not None:
            self._socket.close()
            self._path.unlink(missing_ok=True)

    def _hear_socket(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                self._socket.recv(16)
                self._ring()

    def _hear_notify(self) -> None:
        while not self._closed.is_set():
            with (
                contextlib.suppress(psycopg.Error),
                psycopg.connect(self._address, autocommit=True) as connection,
            ):
                connection.execute(f"LISTEN {CHANNEL}")
                self._ring()  # what was decided while nobody listened
                while not self._closed.is_set():
                    for _ in connection.notifies(timeout=1, stop_after=1):
                        self._ring()
            self._closed.wait(2)
