"""The picture of the school's seal: brought by the clerk, in force once a principal has confirmed it.

Law 7 in its spirit: whoever could put another seal on the school's papers by themselves would be believed. So
it waits, also a principal's own wish, for a principal who looks at it and types the password.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows.office import Office
from flows.people import Actor
from flows.stamps import seal_of
from models.account import Change
from models.errors import Stale
from models.picture import SealPicture
from models.school import School
from models.text import Text
from service import changes
from service.account_changes import Asked
from tasks import inking

LEAST, MOST = 200, 400
"""Tenths of a millimetre: round seals of offices and schools have 30 to 36 mm, the place on the page 40."""
_MILLIMETRES = re.compile(r"(\d{1,2})(?:[.,](\d))?\s*(?:mm)?")


def may(actor: Actor) -> bool:
    """The clerk, who keeps the seal, whoever stands in for the clerk, and the principal."""
    return not {"role:clerk", "role:principal"}.isdisjoint(actor.reached())


def diameter_of(typed: str) -> int:
    """Tenths of a millimetre of "36", "36,5" or "36.5 mm"; Invalid (field `diameter`) for anything else."""
    found = _MILLIMETRES.fullmatch(typed.strip())
    tenths = int(found[1]) * 10 + int(found[2] or 0) if found else 0
    if not LEAST <= tenths <= MOST:
        raise changes.refusal("diameter", _NO_DIAMETER)
    return tenths


def ask(office: Office, asker: Actor, data: bytes, diameter: int, now: datetime) -> Asked:
    """Another picture or size of the seal. Refusals as of `inking.seal`, and Invalid without a principal."""
    picture = office.blobs.put(office.intake.submit(inking.seal, data).png)
    with office.db.write() as session:
        row = SealPicture(
            school_id=asker.school_id, picture=picture, diameter=diameter, asked_by=asker.id, asked_at=now
        )
        session.add(row)
        session.flush()
        wish = {"seal": row.id, "diameter": diameter}
        return Asked(changes.record_for_school(session, asker, "seal-picture", wish, now))


def ask_off(office: Office, asker: Actor, now: datetime) -> Asked:
    """Back to a seal in words, under the same law."""
    with office.db.write() as session:
        if seal_of(session, asker.school_id) is None:
            raise changes.refusal("off", _IS_OFF)
        return Asked(changes.record_for_school(session, asker, "seal-picture-off", {}, now))


def apply(session: Session, change: Change, data: dict[str, Any], now: datetime) -> None:
    """Put it in force; Stale when what is asked for is there already."""
    session.exec(select(School).where(col(School.id) == change.school_id).with_for_update()).one()
    held = seal_of(session, change.school_id)
    if held is None and change.action == "seal-picture-off":
        raise Stale(_IS_OFF)
    if held is not None:
        held.until = now
        session.add(held)
        session.flush()  # only one may be without an end
    if change.action == "seal-picture":
        row = session.get_one(SealPicture, data["seal"])
        row.since = now
        session.add(row)


def history(session: Session, school_id: str) -> list[SealPicture]:
    """Every picture that was ever in force, the newest first."""
    return list(
        session.exec(
            select(SealPicture)
            .where(col(SealPicture.school_id) == school_id, col(SealPicture.since).is_not(None))
            .order_by(col(SealPicture.since).desc())
        ).all()
    )


_NO_DIAMETER = Text(
    "Ghi đường kính đo trên con dấu thật, từ 20 đến 40 mm, ví dụ 36 hoặc 32,5.",
    "Type the diameter measured on the real seal, from 20 to 40 mm, such as 36 or 32.5.",
)
_IS_OFF = Text("Con dấu đang hiện bằng chữ.", "The seal stands in words already.")
