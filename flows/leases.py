"""Leases: one holder of a job among several processes, and the sign of life each process leaves.

A lease is a row taken by compare-and-set that runs out by itself, so that a killed holder blocks nobody for
longer than its time. No Prefect, no threads; the clock is an argument.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.db import Database
from models.run import Heartbeat, Lease
from models.statements import change, store

ALIVE = timedelta(seconds=20)
"""A process that left no sign of life for this long counts as dead (they leave one every 5 seconds)."""

_FORGET = timedelta(days=1)


def holder_name(kind: str) -> str:
    """A name no other process has, also after a restart with the same process id."""
    return f"{kind}:{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"


def acquire(db: Database, name: str, holder: str, now: datetime, time: timedelta) -> bool:
    """Take a free or expired lease. False while anyone holds it, this holder included."""
    try:
        with db.write() as session:
            taken = session.exec(
                update(Lease)
                .where(col(Lease.name) == name, col(Lease.until) <= now)
                .values(holder=holder, until=now + time)
            )
            if taken.rowcount == 1:
                return True
            if session.get(Lease, name) is not None:
                return False
            session.add(Lease(name=name, holder=holder, until=now + time))
    except IntegrityError:  # PostgreSQL: another process inserted it between our two looks
        return False
    return True


def renew(db: Database, holder: str, now: datetime, time: timedelta) -> frozenset[str]:
    """Prolong every lease of this holder; the names it still has."""
    with db.write() as session:
        session.exec(
            update(Lease).where(col(Lease.holder) == holder, col(Lease.until) > now).values(until=now + time)
        )
        held = select(Lease.name).where(col(Lease.holder) == holder, col(Lease.until) > now)
        return frozenset(session.exec(held).all())


def lead(db: Database, name: str, holder: str, now: datetime, time: timedelta) -> bool:
    """Be or become the leader of a job: prolong our own lease, else take a free one."""
    with db.write() as session:
        if change(session, _LEADS_ON, of_name=name, of_holder=holder, now=now, then=now + time) == 1:
            return True
    return acquire(db, name, holder, now, time)


_LEADS_ON = (
    update(Lease)
    .where(
        col(Lease.name) == bindparam("of_name"),
        col(Lease.holder) == bindparam("of_holder"),
        col(Lease.until) > bindparam("now"),
    )
    .values(until=bindparam("then"))
)


def release(db: Database, name: str, holder: str) -> None:
    """Give a lease back; nothing happens when it has passed to someone else."""
    with db.write() as session:
        session.exec(delete(Lease).where(col(Lease.name) == name, col(Lease.holder) == holder))


def beat(db: Database, name: str, kind: str, now: datetime, detail: str = "") -> None:
    """Leave this process's sign of life; rows of processes gone for a day are swept."""
    with db.write() as session:
        if not change(session, _BEATS, of_name=name, now=now, said=detail[:200]):
            session.exec(delete(Heartbeat).where(col(Heartbeat.at) < now - _FORGET))
            store(session, Heartbeat(name=name, kind=kind, at=now, detail=detail[:200]))


_BEATS = (
    update(Heartbeat)
    .where(col(Heartbeat.name) == bindparam("of_name"))
    .values(at=bindparam("now"), detail=bindparam("said"))
)


def stop_beating(db: Database, name: str) -> None:
    """Take the sign of life away when a process ends in good order."""
    with db.write() as session:
        session.exec(delete(Heartbeat).where(col(Heartbeat.name) == name))


def alive(session: Session, kind: str, now: datetime) -> list[Heartbeat]:
    """The processes of a kind that are alive, newest sign first."""
    rows = select(Heartbeat).where(col(Heartbeat.kind) == kind, col(Heartbeat.at) > now - ALIVE)
    return list(session.exec(rows.order_by(col(Heartbeat.at).desc())).all())
