"""What Prefect's client of events says before its server has answered once is no news.

At the start of `hososo up` the worker is there before the server. Prefect then reports that it could not send
the one event that a worker has started: it is kept nowhere (the persister is off), the next event connects
anew, and `hososo.worker` says itself that Prefect does not answer yet. Later the same words matter: a proxy
that lets no websocket through loses the task runs of Prefect's pages.
"""

from __future__ import annotations

import logging

_CLIENT, _SERVICES = "prefect.events.clients", "prefect._internal.concurrency"


class FirstAnswer(logging.Filter):
    """Holds those entries back until `came` is called."""

    def __init__(self) -> None:
        super().__init__()
        self._waits = True
        for name in (_CLIENT, _SERVICES):
            logging.getLogger(name).addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != _CLIENT and "EventsWorker" not in record.getMessage()

    def came(self) -> None:
        """The server has answered: from now on everything is heard."""
        if self._waits:
            self._waits = False
            for name in (_CLIENT, _SERVICES):
                logging.getLogger(name).removeFilter(self)
