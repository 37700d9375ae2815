"""Two scheduler processes whose clock the test sets, killed as the kernel kills.

Each runs the product's own `Clockwork`. At every step it fires the jobs that the product's own table of
triggers (`service.jobs.schedule`) has due since its last step, all at once as APScheduler's executor does, in
an order the test draws. Nothing here knows of schools.
"""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from models.db import Database
from models.settings import Settings
from service.jobs import Clockwork, schedule
from tests.forked import CONTEXT
from tests.seeds import remembering

NAMES = ("A", "B")
LEFT_OUT = {"audit"}
"""The story's records are rows without the events that made them: an audit would say so, and rightly."""


class _Watch:
    """What the process believes the time is."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def serve(pipe: Connection, values: dict[str, Any]) -> None:
    """The process: from each step its time, to each the faults of its jobs."""
    asyncio.run(_serve(pipe, values))


async def _serve(pipe: Connection, values: dict[str, Any]) -> None:
    watch, settings = _Watch(), Settings(**values)
    watch.now, order = await asyncio.to_thread(pipe.recv)
    works = Clockwork(remembering(Database(settings.database)), settings, watch)
    table = [job for job in schedule(works).get_jobs() if job.id not in LEFT_OUT]
    fired = dict.fromkeys((job.id for job in table), watch.now)
    faults = [await _fire(works.sign_of_life), await _fire(works.take_the_lead)]
    while True:
        await asyncio.to_thread(pipe.send, ([fault for fault in faults if fault], works.leading))
        watch.now, order = await asyncio.to_thread(pipe.recv)
        if order is None:
            faults = [await _fire(works.take_the_lead)]
            continue
        due = [
            job for job in table if job.trigger.get_next_fire_time(fired[job.id], fired[job.id]) <= watch.now
        ]
        random.Random(order).shuffle(due)
        fired |= {job.id: watch.now for job in due}
        faults = await asyncio.gather(*(_fire(job.func) for job in due))


async def _fire(job: Any) -> str:
    """Run a job as the executor does: coroutines in the loop, the others in threads. What went wrong."""
    try:
        if inspect.iscoroutinefunction(job):
            await job()
        else:
            await asyncio.to_thread(job)
    except Exception as fault:
        return f"{job.__name__}: {fault!r}"
    return ""


@dataclass
class Pair:
    """Both servers as the test has them."""

    settings: dict[str, Any]
    kills: int = 0
    faults: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    """Who led, whenever it was another than before."""
    _leader: str = ""
    _running: dict[str, tuple[ForkServerProcess, Connection]] = field(default_factory=dict)

    def keep_lead(self, now: datetime) -> None:
        """Who leads has renewed its lease all the time, as in life every ten seconds, and stays it."""
        if self._leader:
            self._pipe(self._leader).send((now, None))
            self._hear(self._leader)

    def step(
        self, now: datetime, orders: Sequence[int], kill: Sequence[str] = (), after: float = 0.0
    ) -> None:
        """Both do what is due at this instant, at once; some are killed so many seconds after it began."""
        for name, order in zip(NAMES, orders, strict=True):
            self._pipe(name).send((now, order))
        if kill:
            time.sleep(after)
            for name in kill:
                self._kill(name)
        for name in NAMES:
            if name not in kill:
                self._hear(name)

    def _hear(self, name: str) -> None:
        faults, leading = self._pipe(name).recv()
        self.faults += faults
        if leading and self.leads[-1:] != [name]:
            self.leads.append(name)
        if leading:
            self._leader = name
        elif self._leader == name:
            self._leader = ""

    def _pipe(self, name: str) -> Connection:
        if name not in self._running:
            ours, theirs = CONTEXT.Pipe()
            process = CONTEXT.Process(target=serve, args=(theirs, self.settings), daemon=True)
            process.start()
            theirs.close()
            self._running[name] = (process, ours)
        return self._running[name][1]

    def _kill(self, name: str) -> None:
        process, pipe = self._running.pop(name)
        if self._leader == name:
            self._leader = ""
        process.kill()
        process.join()
        pipe.close()
        process.close()
        self.kills += 1

    def end(self) -> None:
        """Nothing is left running."""
        for name in list(self._running):
            self._kill(name)
            self.kills -= 1


@contextmanager
def pair(settings: dict[str, Any]) -> Iterator[Pair]:
    """Two servers over one database; they start with their first step."""
    made = Pair(settings)
    try:
        yield made
    finally:
        made.end()
