"""The scheduler process: APScheduler fires, each job asks the database what is due.

A job that ran twice, late or in two processes does no harm: flags are compared with the facts, reminders
and mails carry keys. One process leads by a lease; the others stand by and take over when it ends. What
the jobs do stands in `flows/clock.py`, `flows/conditions.py`, `flows/reminders.py`, `flows/renewing.py`,
`tasks/mailing.py` and `tasks/posting.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlmodel import col, delete

from flows import (
    auditing,
    certification,
    day_rows,
    delegations,
    destroying,
    probable_notices,
    reminders,
    review_reminders,
    roots,
    spot_clock,
    weekly,
)
from flows.candidates import reached_at
from flows.clock import LAST_WEEK, LOOK_BACK, scan, scan_changed
from flows.conditions import look as look_at_conditions
from flows.leases import beat, holder_name, lead, release, stop_beating
from flows.office import utc_now
from flows.renewing import Renewal
from flows.reports import remind_overdue
from models.account import Pass, ResetLink, Throttle
from models.db import Database
from models.settings import VIETNAM, Settings
from service import importing, memory
from service.auditing import Ended, look
from tasks import mail_servers
from tasks.blobs import BlobStore
from tasks.check_results import CheckResults
from tasks.mailing import fold, nothing_due
from tasks.posting import post

LEASE = "scheduler"
LEASE_TIME = timedelta(seconds=30)
OVERLAP = timedelta(minutes=2)
"""A decision notes its time before it commits: the quick look begins so much before the last one."""

HALF_WRITTEN = timedelta(hours=6)
"""A file nobody wrote to for so long belongs to a process that is no more; the largest takes minutes."""
THROTTLES_KEPT = timedelta(days=1)
AUDITED = timedelta(days=6, hours=12)
"""An audit is due once the last one is so old: the night it is looked for comes once a day."""
T = TypeVar("T")
log = logging.getLogger("hososo.scheduler")


class Clockwork:
    """The jobs of one process. Only the leader's do anything beyond the sign of life."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        now: Callable[[], datetime] = utc_now,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self.db, self.settings, self.now, self.tls_context = db, settings, now, tls_context
        self.name = holder_name("scheduler")
        self.leading = False
        self.looked = self.told = now()

    def sign_of_life(self) -> None:
        """For `/healthz`, `hososo doctor` and the runs page."""
        beat(self.db, self.name, "scheduler", self.now(), "leads" if self.leading else "stands by")

    def take_the_lead(self) -> None:
        """Become or stay the leader; who becomes it looks at everything the clock may have missed."""
        was, now = self.leading, self.now()
        self.leading = lead(self.db, LEASE, self.name, now, LEASE_TIME)
        if self.leading != was:
            log.info("leads" if self.leading else "stands by")
            self.sign_of_life()
        if self.leading and not was:
            self.look_far_back()
            self.tend()
            self.root()
            self.turn()
            self.look_at_facts()
            self.look_at_checks()
            self.publish_lists()
            self.remind()

    def look_far_back(self) -> None:
        """Every limit of the last weeks."""
        if self.leading:
            now = self.now()
            log.info("flags changed=%d", scan(self.db, now, back=LOOK_BACK))
            self.looked = now

    def look(self) -> None:
        """The limits that passed since the day before."""
        if self.leading:
            log.info("flags changed=%d", scan(self.db, self.now(), back=LAST_WEEK))

    def look_at_changes(self) -> None:
        """The weeks whose documents changed since the last look."""
        if self.leading:
            now = self.now()
            scan_changed(self.db, self.looked - OVERLAP, now)
            self.looked = now

    def look_at_facts(self) -> None:
        """What holds while a fact holds: not downloaded, review overdue, password old, a check to come."""
        if self.leading and (changed := look_at_conditions(self.db, self.now())):
            log.info("flags changed=%d", changed)

    def remind(self) -> None:
        """What is to be told by now, what a check may miss, reports without an answer."""
        if self.leading:
            self._tell()
            remind_overdue(self.db, self.now())

    def _tell(self) -> None:
        """What the rules of reminders ask to be told by now, and the weekly summary."""
        now = self.now()
        told = reminders.remind(self.db, now) + review_reminders.remind(self.db, now)
        told += probable_notices.tell(self.db, now)
        summaries = weekly.summarise(self.db, now)
        if told or summaries:
            log.info("reminders=%d summaries=%d", told, summaries)
        self.told = now

    def look_at_checks(self) -> None:
        """Spot checks that cannot be made any more, those of today, draws that are over."""
        if self.leading and (changed := spot_clock.look(self.db, self.settings, self.now())):
            log.info("spot checks changed=%d", changed)

    def turn(self) -> None:
        """Absences that begin today or are over."""
        if self.leading and (turned := delegations.turn(self.db, self.settings, self.now())):
            log.info("delegations=%d", turned)

    async def mail(self) -> None:
        """Fold what is due and send what is stored."""
        if not self.leading:
            return
        now = self.now()
        if _hour(now) > _hour(self.told):
            # All hours are whole: what is to be told from this one on stands before its digest is made.
            await asyncio.to_thread(self._tell)
        if await asyncio.to_thread(nothing_due, self.db, now):
            return
        await asyncio.to_thread(fold, self.db, self.settings, now, reached_at(now), day_rows.working_days)
        posted = await post(self.db, self.settings, self.now(), self.tls_context)
        if posted.sent or posted.failed or posted.postponed:
            log.info("mails sent=%d postponed=%d failed=%d", posted.sent, posted.postponed, posted.failed)

    def publish_lists(self) -> None:
        """The revocation lists given out, anew when they are a day old."""
        if self.leading and (made := certification.publish_lists(self.db, self.settings, self.now())):
            log.info("revocation lists=%d", made)

    def clean(self) -> None:
        """What ran out: passes, links, mail passwords, sign-in counts, workbooks, results, half a file."""
        if not self.leading:
            return
        now = self.now()
        with self.db.write() as session:
            session.exec(delete(Pass).where(col(Pass.expires_at) <= now))
            importing.forget_old(session, now)
            mail_servers.forget_old(session, now)
            session.exec(delete(ResetLink).where(col(ResetLink.expires_at) <= now))
            session.exec(delete(Throttle).where(col(Throttle.since) <= now - THROTTLES_KEPT))
        if swept := BlobStore(self.settings.blobs).sweep(HALF_WRITTEN.total_seconds()):
            log.info("half-written files removed=%d", swept)
        CheckResults(self.settings.verified).sweep(now)
        if left := destroying.sweep(self.db, BlobStore(self.settings.blobs)):
            log.info("files of destroyed records removed=%d", left)

    def tend(self) -> None:
        """The embedded authority: the next generation and new revocation lists in good time."""
        if self.leading and (changed := certification.tend(self.db, self.settings, self.now())):
            log.info("authority changed=%d", changed)

    def fetch_lists(self) -> None:
        """Revocation lists of time-stamp authorities elsewhere, while half of their life is left."""
        if not self.leading:
            return
        fetched, failed = certification.fetch_lists(self.db, self.settings, self.now())
        if fetched or failed:
            log.info("revocation lists fetched=%d failed=%s", fetched, ",".join(failed) or "none")

    def renew(self) -> None:
        """Archive timestamps before they cease to prove; in a thread of its own, after everybody else."""
        if not self.leading:
            return
        done = _behind(lambda: Renewal(self.db, self.settings, self.now, lambda: self.leading).run())
        if done.looked_at or done.renewed or done.failed:
            log.info("archive looked_at=%d renewed=%d failed=%d", done.looked_at, done.renewed, done.failed)

    def root(self) -> None:
        """The day's root over all event chains, and the time-stamps that roots still lack."""
        if self.leading:
            roots.tend(self.db, self.settings, self.now)

    def audit(self) -> None:
        """Everything held against the roots, once a week; after everybody else."""
        if not self.leading:
            return
        with self.db.read() as session:
            last = auditing.last(session)
        if last is not None and self.now() < last.finished_at + AUDITED:
            return
        try:
            made = _behind(lambda: look(self.settings, self.now, lambda: self.leading))
        except Ended:
            return
        log.info("audit documents=%d findings=%d", made.counts["documents"], made.findings.total)

    def leave(self) -> None:
        """Let the next one lead at once."""
        release(self.db, LEASE, self.name)
        stop_beating(self.db, self.name)


def _behind(work: Callable[[], T]) -> T:
    """Do something long in a thread of its own, after everybody else; what it raises is the caller's."""

    def begin() -> T:
        with contextlib.suppress(OSError):  # where threads have no priority of their own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        return work()

    with ThreadPoolExecutor(1, thread_name_prefix="behind") as own:
        return own.submit(begin).result()


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def schedule(works: Clockwork) -> AsyncIOScheduler:
    """The table of jobs. A missed moment is made up for once, whatever the delay."""
    scheduler = AsyncIOScheduler(
        timezone=VIETNAM,
        executors={"default": AsyncIOExecutor()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    daily = CronTrigger(hour=0, minute=5, timezone=VIETNAM)
    nightly = CronTrigger(hour=1, minute=10, timezone=VIETNAM)
    weekly = CronTrigger(day_of_week="sun", hour=2, minute=15, timezone=VIETNAM)
    for job, trigger in (
        (works.sign_of_life, IntervalTrigger(seconds=5)),
        (works.take_the_lead, IntervalTrigger(seconds=10)),
        (works.mail, IntervalTrigger(seconds=3)),
        (works.look_at_changes, IntervalTrigger(seconds=30)),
        (works.look_at_facts, IntervalTrigger(minutes=5)),
        (works.look_at_checks, IntervalTrigger(minutes=5)),
        (works.remind, IntervalTrigger(minutes=10)),
        (works.turn, IntervalTrigger(minutes=10)),
        (works.look, daily),
        (works.tend, daily),
        (works.fetch_lists, IntervalTrigger(hours=6, start_date=works.now() + timedelta(minutes=1))),
        (works.renew, nightly),
        (works.look_far_back, weekly),
        (works.publish_lists, IntervalTrigger(hours=1)),
        (works.root, IntervalTrigger(minutes=20)),
        (works.audit, CronTrigger(hour=3, minute=30, timezone=VIETNAM)),
        (works.clean, IntervalTrigger(hours=1)),
    ):
        scheduler.add_job(job, trigger, id=job.__name__)
    return scheduler


def serve(settings: Settings) -> None:
    """Run the clock in this process until SIGTERM or Ctrl-C."""
    works = Clockwork(Database(settings.database), settings)
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(_serve(works))
    works.leave()
    works.db.dispose()


async def _serve(works: Clockwork) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    memory.settle()
    await asyncio.to_thread(works.sign_of_life)
    await asyncio.to_thread(works.take_the_lead)
    scheduler = schedule(works)
    scheduler.start()
    try:
        await asyncio.Event().wait()
    finally:
        works.leading = False  # a long job ends with the file it has in hand
        scheduler.shutdown(wait=False)
