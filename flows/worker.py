"""The worker: the only process that speaks to Prefect. Registered as worker type `hososo`.

Two ways lead to a document's turn. Ours: a decision leaves the document unsettled in our tables; the worker
is poked (or polls), takes the document's lease and brings its run to what was decided. Prefect's: an operator
resumes or retries a run, the work pool hands it out, and the flow finds the same position as before.

Of `BaseWorker` only public names are overridden, so that flows run in this process's event loop. What the
tables say stands in `flows/runs.py`, the calls to Prefect in `flows/driving.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import uvloop
from prefect.client.schemas.objects import FlowRun
from prefect.context import AsyncClientContext
from prefect.exceptions import ObjectNotFound
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from flows import batches, certification, engine, leases, runs
from flows.driving import Driver
from flows.first_answer import FirstAnswer
from flows.office import Office, close_office, open_office
from flows.prefect_settings import POOL, WORKER_TYPE
from flows.wake import Bell
from models.errors import RecordsError
from models.settings import Settings

logger = logging.getLogger("hososo.worker")

SLOTS = 8
POLL = 3.0
"""Seconds between two looks at the outbox when nobody pokes."""
QUIET = timedelta(seconds=2)
"""A parked run is renamed this long after the last decision: a submit and its signature rename it once."""
HELD_BACK = 0.5
"""Seconds between two looks whether a signing round is over."""
LEASE = timedelta(seconds=15)
BEAT = 5.0
REPAIR = 60.0
LONGEST_PAUSE = 30.0
GRACE = 8.0
NICE = 5
"""Follow-up work yields to the people who sign."""


class Done(BaseWorkerResult):
    """A run that was activated here."""


class HososoWorker(BaseWorker[BaseJobConfiguration, BaseVariables, Done]):
    """Runs documents' flows in its own event loop, at most `SLOTS` at a time."""

    type = WORKER_TYPE
    job_configuration = BaseJobConfiguration
    _description = "Runs the documents of Hồ Sơ Số in this process."

    async def setup(self) -> None:
        """Open our database, start listening; Prefect may be down, then it is tried again and again."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(SLOTS * 2 + 4, "effect"))
        self.office: Office = engine.OFFICE.get() or open_office(Settings(), "worker")
        engine.OFFICE.set(self.office)
        self.holder = self.office.name
        self.active: dict[str, asyncio.Task[None]] = {}
        self.refused: dict[str, tuple[int, float]] = {}
        self.slots = asyncio.Semaphore(SLOTS)
        self.rung = asyncio.Event()
        self.syncing = asyncio.Lock()
        self.first_answer = FirstAnswer()
        self.pause, self.down_until, self.leading = 0.0, 0.0, False
        await super().setup()
        # Entered before any task is made, so that all share one HTTP client.
        self.shared = AsyncClientContext.get_or_create()
        await self.shared.__aenter__()
        self.driver = Driver(self.office, self.client)
        self.bell = self._listen(loop)
        jobs = ((self._outbox, 0.0), (self._sign_of_life, BEAT), (self._repair, REPAIR))
        self.loops = [asyncio.create_task(self._forever(job, every)) for job, every in jobs]

    def _listen(self, loop: asyncio.AbstractEventLoop) -> Bell | None:
        def ring() -> None:
            loop.call_soon_threadsafe(self.rung.set)

        try:
            return Bell(self.office.settings, self.office.db, ring)
        except OSError as error:
            logger.warning("cannot be poked, polling only: %s", error.strerror)
            return None

    async def teardown(self, *exc_info: Any) -> None:
        """Let what runs finish for a few seconds, give the leases back, stop."""
        for job in self.loops:
            job.cancel()
        if self.active:
            await asyncio.wait(self.active.values(), timeout=GRACE)
        for task in list(self.active.values()):
            task.cancel()
        await asyncio.gather(*self.loops, *self.active.values(), return_exceptions=True)
        if self.bell is not None:
            await asyncio.to_thread(self.bell.close)
        await asyncio.to_thread(leases.stop_beating, self.office.db, self.holder)
        await asyncio.to_thread(leases.release, self.office.db, "repair", self.holder)
        await self.shared.__aexit__(None, None, None)
        await super().teardown(*exc_info)

    async def _forever(self, job: Callable[[], Awaitable[None]], every: float) -> None:
        while True:
            try:
                await job()
            except httpx.HTTPError as error:
                self._prefect_failed(error)
            except RecordsError as refusal:
                logger.warning("a round of the worker was refused code=%s", refusal.code)
                await asyncio.sleep(1)
            except Exception:
                logger.exception("a round of the worker failed")
                await asyncio.sleep(1)
            await asyncio.sleep(every)

    async def _outbox(self) -> None:
        """Wait for a poke or the poll, then begin every document's turn that has come."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.rung.wait(), POLL)
        self.rung.clear()
        await self.sweep()

    async def sweep(self) -> None:
        """Begin the turns that wait: the machine's at once, new names of parked runs when it is quiet.

        While someone signs a round, nothing begins: the round has both cores, its end pokes us.
        """
        if self._down() or not await self._known():
            return
        now = datetime.now(UTC)
        if await asyncio.to_thread(self._round_runs, now):
            await asyncio.sleep(HELD_BACK)
            self.rung.set()
            return
        for document_id, decided_at, works in await asyncio.to_thread(
            runs.waiting_turns, self.office.db, now
        ):
            if works or decided_at + QUIET <= now:
                self._begin(document_id, partial(self.driver.advance, document_id))

    def _round_runs(self, now: datetime) -> bool:
        with self.office.db.read() as session:
            return batches.runs(session, now)

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Runs an operator resumed or retried; called by Prefect's own polling loop."""
        if self._down():
            return []
        try:
            name = self.work_pool.name
        except RuntimeError:
            return []  # not yet synchronised
        try:
            found = await self.client.get_scheduled_flow_runs_for_work_pool(
                name, scheduled_before=datetime.now(UTC)
            )
        except httpx.HTTPError as error:
            self._prefect_failed(error)
            return []
        for answer in found:
            run = answer.flow_run
            self._begin(str(run.parameters.get("document_id", "")), partial(self._operated, run))
        return [answer.flow_run for answer in found]

    async def _operated(self, run: FlowRun) -> None:
        if await self.driver.claim(run):
            await self.driver.activate(run)

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration | None = None,  # noqa: ARG002 - Prefect's signature
        task_status: Any = None,
    ) -> Done:
        """Run one flow run here."""
        if task_status is not None:
            task_status.started(os.getpid())
        await self.driver.activate(flow_run)
        return Done(status_code=0, identifier=str(flow_run.id))

    async def _known(self) -> bool:
        """Has the server our pool? Without it every turn fails. Prefect looks again after half a minute only,
        so the first start of all, where the worker is there before the server, asks for itself."""
        if self._work_pool is None:
            await self.sync_with_backend()
        return self._work_pool is not None

    async def sync_with_backend(self) -> None:
        """Prefect's heartbeat of this worker; a server that is down is no reason to end."""
        try:
            async with self.syncing:  # two at once would both make the pool
                await super().sync_with_backend()
            self.first_answer.came()
        except httpx.HTTPError as error:
            self._prefect_failed(error)

    def _begin(self, document_id: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        _, not_before = self.refused.get(document_id, (0, 0.0))
        now = asyncio.get_running_loop().time()
        if document_id and document_id not in self.active and now >= not_before:
            self.active[document_id] = asyncio.create_task(self._guarded(document_id, work))

    async def _guarded(self, document_id: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do it under the document's lease, so that no other worker does it meanwhile."""
        db, name = self.office.db, f"document:{document_id}"
        try:
            async with self.slots:
                if self._down() or not await asyncio.to_thread(
                    leases.acquire, db, name, self.holder, datetime.now(UTC), LEASE
                ):
                    return
                try:
                    await work()
                    self.pause = 0.0
                    self.refused.pop(document_id, None)
                finally:
                    await asyncio.to_thread(leases.release, db, name, self.holder)
        except httpx.HTTPStatusError as error:
            if error.response.status_code >= 500:
                self._prefect_failed(error)
            else:
                self._turn_failed(document_id, error)
        except httpx.HTTPError as error:
            self._prefect_failed(error)
        except ObjectNotFound as error:
            self._turn_failed(document_id, error)  # deleted meanwhile: the next try makes it anew
        except RecordsError as error:
            self._turn_failed(document_id, error)
        except Exception as error:
            logger.exception("turn failed document=%s", document_id)
            self._turn_failed(document_id, error)
        finally:
            self.active.pop(document_id, None)

    def _turn_failed(self, document_id: str, error: Exception) -> None:
        """Come back to this document later, each time after longer; the others go on."""
        times, _ = self.refused.get(document_id, (0, 0.0))
        pause = min(2.0**times, LONGEST_PAUSE * 10)
        self.refused[document_id] = (times + 1, asyncio.get_running_loop().time() + pause)
        logger.warning(
            "turn failed document=%s error=%s pause=%.0fs", document_id, type(error).__name__, pause
        )

    def _down(self) -> bool:
        return asyncio.get_running_loop().time() < self.down_until

    def _prefect_failed(self, error: httpx.HTTPError) -> None:
        """Pause, longer each time: people go on deciding, the outbox waits."""
        if self._down():
            return
        self.pause = min(max(1.0, self.pause * 2), LONGEST_PAUSE)
        self.down_until = asyncio.get_running_loop().time() + self.pause
        logger.warning("prefect does not answer error=%s pause=%.0fs", type(error).__name__, self.pause)

    async def _sign_of_life(self) -> None:
        """Prolong our leases and say that we live."""
        now, db = datetime.now(UTC), self.office.db
        if self.active or self.leading:
            await asyncio.to_thread(leases.renew, db, self.holder, now, LEASE)
        detail = f"prefect={'down' if self.pause else 'ok'} active={len(self.active)}"
        await asyncio.to_thread(leases.beat, db, self.holder, "worker", now, detail)

    async def _repair(self) -> None:
        """One worker at a time compares Prefect's runs with our tables and has the differences looked at."""
        db, holder = self.office.db, self.holder
        while not await asyncio.to_thread(leases.lead, db, "repair", holder, datetime.now(UTC), LEASE):
            self.leading = False
            await asyncio.sleep(LEASE.total_seconds())
        self.leading = True
        if not self._down():
            await asyncio.to_thread(runs.unsettle, db, await self.driver.strays())
            self.rung.set()


def serve(settings: Settings) -> None:
    """Run a worker in this process until SIGTERM or Ctrl-C.

    The environment must be `flows.prefect_settings.worker_environment` before this module is imported.
    """
    os.nice(NICE)
    office = open_office(settings, "worker")
    certification.ensure_authority(office.db, settings, office.now())
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        uvloop.run(_serve(office))
    close_office(office)


async def _serve(office: Office) -> None:
    engine.OFFICE.set(office)
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    # One name a machine: Prefect keeps a row for every name it ever heard.
    worker = HososoWorker(work_pool_name=POOL, name=f"hososo-{socket.gethostname()}")
    await worker.start(printer=logger.info)
