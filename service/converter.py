"""The thread of a web process that converts uploaded files, one at a time, in a child of its own.

It asks the database what waits, so an upload whose process died is gone on with by any other. The child is
started with the first file: most processes of most days need none.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from flows import conversions, uploads
from flows.office import Office
from tasks.pools import IntakePool

LOOK_SECONDS = 1.0
SWEEP_EVERY = timedelta(hours=1)
log = logging.getLogger("hososo.converter")


def open_pool() -> IntakePool:
    """A child that may start LibreOffice, confined as every child that reads foreign bytes."""
    return IntakePool(1, warm="tasks.converting", role="converter")


class Converter(threading.Thread):
    """Looks for uploads that wait, and sweeps the old ones."""

    def __init__(self, office: Office) -> None:
        super().__init__(name="converter", daemon=True)
        self.office = office
        self._pool: IntakePool | None = None
        self._stop_now = threading.Event()
        self._swept = office.now() - SWEEP_EVERY

    def run(self) -> None:
        while not self._stop_now.is_set():
            try:
                found = self._look()
            except Exception:
                log.exception("converter")
                found = False
            if not found:
                self._stop_now.wait(LOOK_SECONDS)

    def _look(self) -> bool:
        now = self.office.now()
        if now - self._swept >= SWEEP_EVERY:
            self._swept = now
            uploads.sweep(self.office)
        if not conversions.waits(self.office):
            return False
        if self._pool is None:
            self._pool = open_pool()
        return conversions.convert_next(self.office, self._pool)

    def stop(self) -> None:
        """End the child; a file at work waits for the next process, its claim given back."""
        self._stop_now.set()
        if self._pool:
            self._pool.close()
        self.join(timeout=10)
