"""What stands on the page where somebody signs: words, the picture of the hand, the school's seal.

The seal is as large as the real one and covers the left third of the competent person's picture (Decree
30/2020, Phụ lục I, II.8). Which picture stood in which signature is kept in the signature's event.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows.commands import Here
from flows.grammar import Seal, Step
from flows.office import Office
from flows.plan import field_of
from models.account import Account
from models.document import Revision
from models.event import Event
from models.picture import SealPicture, SignaturePicture
from tasks import rendering

_MM = 72 / 25.4
_HAND = 50 * _MM
"""Points: how wide a picture of a hand stands at most; where the seal goes when there is none."""
_BESIDE = 18 * _MM
"""How far a seal's place reaches out to the left of the signature's (`templates/documents/school.typ`)."""

Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """The picture a signature will show, by its hash. Of a seal its diameter in tenths of a millimetre, and
    where on the page the picture it goes over stands (`over`, as `Box.rect`), if there is one."""

    picture: str = ""
    diameter: int = 0
    over: Rect | None = None


def picture_of(session: Session, account_id: str) -> SignaturePicture | None:
    """How this person's signature looks now; None: in words."""
    return session.exec(
        select(SignaturePicture).where(
            col(SignaturePicture.account_id) == account_id, col(SignaturePicture.until).is_(None)
        )
    ).one_or_none()


def seal_of(session: Session, school_id: str) -> SealPicture | None:
    """How the school's seal looks now; None: in words."""
    return session.exec(
        select(SealPicture).where(
            col(SealPicture.school_id) == school_id,
            col(SealPicture.since).is_not(None),
            col(SealPicture.until).is_(None),
        )
    ).one_or_none()


def look_of(session: Session, here: Here, step: Step, account: Account, revision: Revision) -> Look:
    """What the signature at this step will show. A seal larger than its place (of a record submitted before
    there were pictures) is written, never made smaller."""
    if not isinstance(step, Seal):
        held = picture_of(session, account.id)
        return Look(held.picture) if held else Look()
    seal = seal_of(session, here.document.school_id)
    left, bottom, right, top = revision.boxes[field_of(step)]
    if seal is None or seal.diameter / 10 * _MM > min(right - left, top - bottom):
        return Look()
    return Look(seal.picture, seal.diameter, _under(session, here, (left, bottom, right, top), revision))


def _under(session: Session, here: Here, box: Rect, revision: Revision) -> Rect | None:
    """Where the picture of the latest signature under the seal's place stands on the page."""
    for name in reversed(here.position.signed):
        if not _meet(revision.boxes[field_of(here.declared.step(name))], box):
            continue
        told = session.exec(
            select(Event.data)
            .where(
                col(Event.document_id) == here.document.id,
                col(Event.revision) == here.position.revision,
                col(Event.step) == name,
            )
            .order_by(col(Event.seq).desc())
        ).first()
        at = (told or {}).get("picture", {}).get("at")
        if at is None:
            return None
        left, bottom, right, top = (side / 100 for side in at)
        return left, bottom, right, top
    return None


def _meet(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def draw(
    office: Office,
    step: Step,
    box: Sequence[float],
    account: Account,
    lines: tuple[str, ...],
    paper: str,
    look: Look,
    now: datetime,
) -> tuple[bytes, dict[str, Any]]:
    """The signature's page (authority form and its basis, picture or words, name, time; never page text),
    and what the event says of its picture."""
    left, bottom, right, top = box
    seal = isinstance(step, Seal)
    asked: dict[str, Any] = {
        "kind": "seal" if seal else "person",
        "width": round(right - left, 2),
        "height": round(top - bottom, 2),
        "authority": list(lines),
        "basis": paper,
        "name": account.full_name,
        "signed_at": now.replace(microsecond=0),
        "development": True,
        "diameter": look.diameter,
        "over": over(box, look.over) if seal else None,
    }
    made = _once(
        (repr(asked), look.picture),
        lambda: office.intake.submit(
            rendering.stamp, asked | {"picture": office.blobs.get(look.picture) if look.picture else None}
        ),
    )
    if not look.picture:
        return made.pdf, {}
    told: dict[str, Any] = {"sha256": look.picture}
    if seal:
        told["diameter"] = look.diameter
    elif made.hand:
        # Hundredths of a point: whole numbers look the same in every database and every hash.
        told["at"] = [
            round(100 * (side + by)) for side, by in zip(made.hand, (left, bottom) * 2, strict=True)
        ]
    return made.pdf, {"picture": told}


_MOST = 16
_drawn: OrderedDict[object, Future[rendering.Stamped]] = OrderedDict()
_drawing = threading.Lock()


def _once(shown: object, draw: Callable[[], rendering.Stamped]) -> rendering.Stamped:
    """What shows the same is drawn once: within a second a round's signatures look alike.

    Whoever waited for another's drawing that failed draws it again.
    """
    with _drawing:
        found = _drawn.get(shown)
        own = _drawn.setdefault(shown, Future())
        while len(_drawn) > _MOST:
            _drawn.popitem(last=False)
    if found is not None:
        try:
            return found.result()
        except Exception:  # the other one's refusal is theirs
            return draw()
    try:
        made = draw()
    except BaseException as fault:
        with _drawing:
            if _drawn.get(shown) is own:
                del _drawn[shown]
        own.set_exception(fault)
        raise
    own.set_result(made)
    return made


def over(box: Sequence[float], hand: Rect | None) -> dict[str, float]:
    """Where in its box the seal stands: over the left third of the hand's picture; without one, where the
    widest would stand in the middle of the signature's place."""
    left, bottom, right, top = box
    if hand is None:
        width = 2 * (right - left - _BESIDE)
        return {"right": _BESIDE + width / 2 - _HAND / 2 + _HAND / 3, "middle": (top - bottom) / 2}
    return {"right": hand[0] + (hand[2] - hand[0]) / 3 - left, "middle": top - (hand[1] + hand[3]) / 2}
