"""What of a draw is public, and to whom: classes and periods, never a person's name or result. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from flows import spot_draw
from flows.people import Actor
from flows.spot_draw import Recomputed
from flows.spot_rights import may_plan, oversees
from models.account import Account
from models.school import SchoolClass
from models.spot_check import SpotCheck, SpotDraw


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn slot, and whether it was made, missed (and why), or still waits."""

    slot: str
    state: str
    ended_kind: str
    check_id: str
    """Of its page; empty for who may not open it."""


@dataclass(frozen=True, slots=True)
class Published:
    """A draw as a person sees it; `drawn` is None while that person may not know."""

    row: SpotDraw
    inspector: str
    made_by: str
    drawn: tuple[Drawn, ...] | None


def published(session: Session, actor: Actor, row: SpotDraw) -> Published:
    """What this person sees of a draw of their school."""
    names = dict(
        session.exec(
            select(Account.id, Account.full_name).where(col(Account.id).in_((row.inspector_id, row.made_by)))
        ).all()
    )
    checks = session.exec(
        select(SpotCheck, SchoolClass.name)
        .join(SchoolClass, col(SchoolClass.id) == col(SpotCheck.class_id))
        .where(col(SpotCheck.draw_id) == row.id)
        .order_by(col(SpotCheck.place))
    ).all()
    opens = oversees(actor) or row.inspector_id == actor.id or (may_plan(actor) and row.made_by == actor.id)
    # Whoever is among the drawn is as everybody else until it is over, principal or not.
    ahead = opens and all(check.teacher_id != actor.id for check, _ in checks)
    known = row.revealed_at is not None or ahead
    drawn = tuple(
        Drawn(
            spot_draw.Slot(check.day, check.session, check.period, name).key,
            check.state,
            check.ended_kind,
            check.id if ahead else "",
        )
        for check, name in checks
    )
    return Published(row, names[row.inspector_id], names[row.made_by], drawn if known else None)


def file_of(row: SpotDraw) -> dict[str, Any]:
    """The file with which anyone recomputes the draw; without the seed until it is over."""
    return {
        "pool": row.pool,
        "pool_sha256": row.pool_sha256,
        "commitment": row.commitment,
        "seed": row.seed,
    }


def recomputed(row: SpotDraw) -> Recomputed | None:
    """The draw recomputed from what is public; None until the seed is."""
    if row.seed is None:
        return None
    return spot_draw.recompute(row.pool, row.pool_sha256, row.commitment, bytes.fromhex(row.seed))
