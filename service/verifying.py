"""Checking a file someone brings: in a child of its own pool, within time and memory, with a verdict always.

The pool is not the one that lays out pages: a file made to cost time holds up other checks, and nothing else.
It is opened at the first check. A file that is too much for its child is unreadable, which is a verdict; only
where there is no room to begin is the asker sent away, in words.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, cast

from fastapi import Depends, Request

from models.errors import TooLarge, Unavailable
from models.settings import Settings
from models.text import Text
from service.limits import FairTurns, Limiter
from tasks.asked_now import wanted, with_answers
from tasks.check_results import CheckResult
from tasks.judging import judge
from tasks.pools import Died, IntakePool, JobFailed, OutOfTime
from tasks.responders import ask_all
from tasks.summing_up import unreadable
from tasks.verdicts import Anchors, Verdict

MEMORY = 2 * 1024**3
"""Address space of a child; a page of 200 to the inch has some 10 MB."""
WAITING = 4
"""Files that wait for each child; more are sent away at once, for each holds a thread of the web."""
PATIENCE = 25.0
"""Seconds a file waits for its child: with the check itself it stays below what proxies bear."""
EACH = 2
"""Of these from one address."""
MOST, WINDOW = 30, timedelta(minutes=10)
"""Checks of one address: a school's office is behind one, and none takes more work than its share."""

log = logging.getLogger("hososo.web")


class Verifier:
    """The verdicts of a process, and who asks how often. For any thread; `close` ends the children."""

    def __init__(self, settings: Settings) -> None:
        self._size, self._seconds = settings.verifiers, float(settings.verify_seconds)
        self._reach = settings.ocsp
        self.asked = Limiter(MOST, WINDOW)
        self._turns = FairTurns(self._size, EACH, self._size * (1 + WAITING), PATIENCE, _BUSY)
        self._lock = threading.Lock()
        self._pool: IntakePool | None = None
        self._closed = False

    def check(self, name: str, pdf: bytes, anchors: Anchors, now: datetime, address: str) -> CheckResult:
        """The verdict on a file. Throttled or Unavailable when it is not begun; never for its content."""
        with self._turns.turn(address) as waited_for:
            begun = time.monotonic()
            verdict = self.judge(pdf, anchors, now, waited_for)
        verdict = self.ask(verdict, now)  # no other file waits for an authority's answer
        seconds = time.monotonic() - begun
        return CheckResult(name, len(pdf), hashlib.sha256(pdf).hexdigest(), now, seconds, verdict)

    def judge(
        self, pdf: bytes, anchors: Anchors, now: datetime, waited_for: Callable[[], bool] = lambda: False
    ) -> Verdict:
        """The same without its turn: for a command, which asks for one file after the other.

        While `waited_for` says that others wait, a file has only half of the time.
        """
        short, was_waited_for = self._seconds / 2, False

        def stopped(gone: float) -> bool:
            nonlocal was_waited_for
            was_waited_for = gone >= short and waited_for()
            return was_waited_for

        try:
            return self._opened().submit_unless(stopped, judge, pdf, anchors, now)
        except OutOfTime:
            if was_waited_for:
                return unreadable(_OTHERS_WAIT.format(seconds=round(short)))
            return unreadable(_TOO_LONG.format(seconds=round(self._seconds)))
        except TooLarge as refusal:
            return unreadable(refusal.sentence)
        except Died:
            if self._closed:
                raise
            return unreadable(_DIED)
        except JobFailed:
            log.exception("a verdict failed")
            return unreadable(_DIED)

    def ask(self, verdict: Verdict, now: datetime) -> Verdict:
        """The verdict with what other authorities say of their certificates now; a few seconds at most."""
        return with_answers(verdict, ask_all(wanted(verdict), self._reach, now))

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._pool is not None:
                self._pool.close()

    def _opened(self) -> IntakePool:
        with self._lock:
            if self._closed:
                raise Unavailable(_BUSY)
            if self._pool is None:
                self._pool = IntakePool(
                    self._size, seconds=self._seconds, memory=MEMORY, warm="tasks.judging"
                )
                weakref.finalize(self, self._pool.close)
            return self._pool


def verifier_of(request: Request) -> Verifier:
    return cast("Verifier", request.app.state.verifier)


VerifierDep = Annotated[Verifier, Depends(verifier_of)]

_TOO_LONG = Text(
    "Kiểm tra tệp này quá {seconds} giây nên đã dừng; không kết luận được gì về chữ ký. Lấy lại bản gốc từ "
    "nơi phát hành rồi kiểm tra lần nữa.",
    "Checking this file took more than {seconds} seconds and was stopped, so nothing can be said of its "
    "signatures. Fetch the original from where it was issued and check again.",
)
_OTHERS_WAIT = Text(
    "Nhiều người đang chờ nên tệp này chỉ được kiểm tra {seconds} giây, chưa đủ; không kết luận được gì về "
    "chữ ký. Thử lại khi ít người dùng hơn.",
    "Others are waiting, so this file had only {seconds} seconds, which was not enough; nothing can be said "
    "of its signatures. Try again when fewer people wait.",
)
_DIED = Text(
    "Tệp này làm phần kiểm tra dừng giữa chừng; không kết luận được gì về chữ ký. Lấy lại bản gốc từ nơi "
    "phát hành rồi kiểm tra lần nữa.",
    "This file made the examination stop halfway, so nothing can be said of its signatures. Fetch the "
    "original from where it was issued and check again.",
)
_BUSY = Text(
    "Đang có nhiều tệp chờ kiểm tra nên tệp này chưa được nhận. Thử lại sau ít phút.",
    "Many files are waiting to be checked, so this one was not taken. Try again in a few minutes.",
)
