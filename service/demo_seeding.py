"""Making the records of the demo behind the first page: `demo_records.py`, then `demo_checks.py`."""

from __future__ import annotations

import threading

from flows.office import Office
from models.errors import Unavailable
from service.demo_checks import seed_checks
from service.demo_records import log, seed_documents


class Seeder(threading.Thread):
    """Makes the records behind the first page, in a thread of the web process."""

    def __init__(self, office: Office) -> None:
        super().__init__(name="demo", daemon=True)
        self.office = office
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            try:
                seed_documents(self.office, self.ended)
                seed_checks(self.office, self.ended)
            except Unavailable:
                self.ended.wait(2)  # the time-stamp authority is still starting
            except Exception:
                if not self.ended.is_set():
                    log.exception("the demo's records")
                return
            else:
                return

    def stop(self) -> None:
        """End after the decision under way; the next start goes on from there."""
        self.ended.set()
        self.join(timeout=10)
