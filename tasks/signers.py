"""The signers pool: where personal signatures are made, apart from the process that serves pages.

A request carries the PIN through a pipe to a signer (`tasks/signing_child.py`); the PIN is kept nowhere
else and never logged. A signer that dies or stays silent is `Unavailable`, never a wait without end, and
another takes its place. Blocking and thread-safe; nothing here touches the database.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from models.errors import Unavailable
from models.text import Text
from tasks.keys import Secret
from tasks.signing import Signed, SignRequest
from tasks.signing_child import (
    Failed,
    Key,
    OpenBatch,
    Refused,
    Reply,
    Setting,
    SignOne,
)

ANSWER_SECONDS = 40.0
"""Longest wait for one signature: argon2, two time-stamps and a slow disk take a few seconds at worst."""
BATCH_SECONDS = 600
"""How long a batch may keep a key open."""
WAIT_SECONDS = 30.0
"""Longest wait for a free signer."""
_TEMPLATE = "from tasks.signing_child import main; main()"
"""Not `-m`: the messages' classes would then be `__main__`'s in the signer and unknown to us."""
_ROOT = Path(__file__).resolve().parents[1]

Sign = Callable[[SignRequest], Signed]


class SignersPool:
    """`size` signers for single signatures; each batch gets its own on top."""

    def __init__(self, size: int, setting: Setting) -> None:
        self._setting = setting
        self._lock = threading.Lock()
        self._template: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._closed = False
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(self._start())

    def sign(self, request: SignRequest, protected_key: bytes, pin: Secret) -> Signed:
        """One signature. BadPin, BadCertificate, WrongStep, Unavailable: nothing was signed."""
        try:
            line = self._idle.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise Unavailable(_BUSY) from None
        try:
            reply = _ask(line, SignOne(request, Key(protected_key, pin, request.owner)))
        except Unavailable:
            line.close()
            line = self._start()
            raise
        finally:
            self._idle.put(line)
        return _signed(reply)

    @contextlib.contextmanager
    def batch(
        self,
        protected_key: bytes,
        pin: Secret,
        owner: str,
        signers: int = 2,
        seconds: int = BATCH_SECONDS,
    ) -> Iterator[Sign]:
        """Open one person's key in signers of its own and give a `sign(request)` for as many threads.

        BadPin on entering. The signers, and with them the open key, end with the block or after
        `seconds`; from then on `sign` is Unavailable and says that the PIN is needed again. A signer that
        dies fails its item only; the others go on.
        """
        # Counted from before the signers hear of it, so that we know its end no later than they do.
        ends_at = time.monotonic() + seconds
        lines = [self._start() for _ in range(signers)]
        try:
            for line in lines:
                _tell(line, OpenBatch(Key(protected_key, pin, owner), seconds))
            for line in lines:
                _refuse(_hear(line))
            yield _Batch(lines, ends_at).sign
        finally:
            for line in lines:
                line.close()

    def close(self) -> None:
        """End all signers; requests under way finish in the signer but are not heard."""
        with self._lock:
            self._closed = True
            control, template = self._control, self._template
            self._control = self._template = None
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                break
        if control:
            control.close()
        if template:
            template.wait(timeout=10)

    def __enter__(self) -> SignersPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> Connection:
        """A new signer; a template that died is started again first."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._hand_over(theirs)
            line = Connection(ours.detach())
        _tell(line, self._setting)
        return line

    def _hand_over(self, theirs: socket.socket) -> None:
        for attempt in (1, 2):
            control = self._template_line()
            try:
                socket.send_fds(control, [b"s"], [theirs.fileno()])
            except OSError:
                self._forget_template(control)
                if attempt == 2:
                    raise Unavailable(_DIED) from None
            else:
                return

    def _template_line(self) -> socket.socket:
        with self._lock:
            if self._closed:
                raise Unavailable(_DIED)
            if self._control is None:
                ours, theirs = socket.socketpair()
                with theirs:
                    self._template = subprocess.Popen(
                        [sys.executable, "-c", _TEMPLATE, str(theirs.fileno())],
                        pass_fds=(theirs.fileno(),),
                        stdin=subprocess.DEVNULL,
                        env=os.environ | {"PYTHONPATH": str(_ROOT)},
                    )
                self._control = ours
            return self._control

    def _forget_template(self, control: socket.socket) -> None:
        """After it died; another thread may have started the next one already."""
        with self._lock:
            control.close()
            if self._control is control:
                if self._template:
                    self._template.wait(timeout=10)
                self._control = self._template = None


class _Batch:
    """One person's open signers. `None` among the idle ones tells every waiting thread that none is left."""

    def __init__(self, lines: list[Connection], ends_at: float) -> None:
        self._ends_at = ends_at
        self._lock = threading.Lock()
        self._living = len(lines)
        self._idle: queue.Queue[Connection | None] = queue.Queue()
        for line in lines:
            self._idle.put(line)

    def sign(self, request: SignRequest) -> Signed:
        line = self._idle.get()
        if line is None or time.monotonic() > self._ends_at:
            self._idle.put(line)
            raise Unavailable(_BATCH_OVER)
        try:
            reply = _ask(line, SignOne(request))
        except Unavailable:
            with self._lock:
                self._living -= 1
                if not self._living:
                    self._idle.put(None)
            raise
        self._idle.put(line)
        return _signed(reply)


def _tell(line: Connection, message: object) -> None:
    try:
        line.send(message)
    except OSError:
        raise Unavailable(_DIED) from None


def _hear(line: Connection) -> Reply:
    try:
        if not line.poll(ANSWER_SECONDS):
            raise Unavailable(_DIED)
        reply: Reply = line.recv()
    except (EOFError, OSError):
        raise Unavailable(_DIED) from None
    return reply


def _ask(line: Connection, message: object) -> Reply:
    _tell(line, message)
    return _hear(line)


def _refuse(reply: Reply) -> None:
    match reply:
        case Refused(error, sentence):
            raise error(sentence)
        case Failed(place):
            raise RuntimeError(f"A signer failed: {place}")


def _signed(reply: Reply) -> Signed:
    _refuse(reply)
    if not isinstance(reply, Signed):
        raise TypeError("A signer answered something else than a signature.")
    return reply


_BUSY = Text(
    "Nhiều người đang ký cùng lúc nên chưa ký được. Hồ sơ không thay đổi; ký lại sau ít giây.",
    "Many people are signing at this moment. The record is unchanged; sign again in a few seconds.",
)
_DIED = Text(
    "Tiến trình ký bị ngắt giữa chừng nên chưa ký được. Hồ sơ không thay đổi; ký lại một lần nữa.",
    "The signing process stopped midway; nothing was signed. The record is unchanged; please sign again.",
)
_BATCH_OVER = Text(
    "Phiên ký hàng loạt đã kết thúc (quá 10 phút hoặc bị ngắt). Nhập lại mã PIN để ký các hồ sơ còn lại.",
    "This signing session has ended (10 minutes or interrupted). Enter the PIN again to sign the rest.",
)
