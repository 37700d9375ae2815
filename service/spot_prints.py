"""What the QR of a print says to an inspector on their round: whose approved plan it is, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from flows import prints, spot_checks, spot_evidence
from flows.candidates import today
from flows.office import Office
from flows.spot_checks import Asked
from flows.spot_evidence import CodeSaid
from models.text import Text
from service import spot_words
from service.access import Viewer


@dataclass(frozen=True, slots=True)
class Led:
    """One check of today, what the print is to it, and where the check goes on with this code."""

    title: Text
    teacher: str
    said: CodeSaid
    address: str


def spot_prints(office: Office, viewer: Viewer | None, code: str) -> list[Led]:
    """The checks this person still has to make today: those the print belongs to first, else all of them.

    Nobody else is told whose print it is: to them the list is empty.
    """
    if viewer is None:
        return []
    day = today(office.now())
    with office.db.read() as session:
        mine = spot_checks.listed(session, viewer.actor, Asked("planned", day, day, mine=True))
        found = [
            Led(
                spot_words.title(check),
                check.teacher,
                spot_evidence.code_said(session, check.row, code),
                f"/spot/{check.row.id}?code={prints.spoken(prints.tidy(code))}",
            )
            for check in mine
        ]
    return [led for led in found if led.said.says == "right"] or found
