"""The picture of a person's signature: set and taken away by its holder, nobody else.

The administrator cannot (law 7): what stands under a name on a paper is that person's own. What was replaced
stays on record, for it stands in papers that were signed while it held.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from flows.office import Office
from flows.stamps import picture_of
from models.account import Account
from models.errors import Fault, Invalid
from models.picture import SignaturePicture
from models.text import Text
from tasks import inking

_PNG_URL = "data:image/png;base64,"


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture as it arrived: a file, or what was drawn on the page."""

    data: bytes
    made: Literal["drawn", "uploaded"]


def drawn(address: str) -> Sent:
    """What the page's canvas sent, as a data address of a PNG; Invalid when it is none."""
    before, found, encoded = address.partition(_PNG_URL)
    try:
        data = base64.b64decode(encoded, validate=True) if found and not before else b""
    except binascii.Error:
        data = b""
    if not data:
        raise Invalid(_NOT_DRAWN, (Fault("drawn", _NOT_DRAWN, missing=not address),))
    return Sent(data, "drawn")


def keep(office: Office, account: Account, sent: Sent, now: datetime) -> SignaturePicture:
    """From now on this stands in the account's signatures. Refusals as of `inking.signature`."""
    ink = office.intake.submit(inking.signature, sent.data)
    picture = office.blobs.put(ink.png)
    with office.db.write() as session:
        held = _held(session, account.id)
        if held is not None and held.picture == picture:
            return held
        _end(session, held, now)
        row = SignaturePicture(
            school_id=account.school_id, account_id=account.id, picture=picture, made=sent.made, since=now
        )
        session.add(row)
    return row


def drop(office: Office, account: Account, now: datetime) -> None:
    """From now on the signature stands in words; papers already signed keep the picture."""
    with office.db.write() as session:
        _end(session, _held(session, account.id), now)


def _held(session: Session, account_id: str) -> SignaturePicture | None:
    # Two windows at once: both databases let the second wait here.
    session.exec(select(Account.id).where(col(Account.id) == account_id).with_for_update()).one()
    return picture_of(session, account_id)


def _end(session: Session, held: SignaturePicture | None, now: datetime) -> None:
    if held is not None:
        held.until = now
        session.add(held)
        session.flush()  # only one may be without an end


_NOT_DRAWN = Text(
    "Chưa có nét ký nào. Ký vào khung bằng ngón tay, bút hoặc chuột rồi bấm Dùng chữ ký này.",
    "Nothing was drawn. Sign in the frame with a finger, a pen or the mouse, then press Use this signature.",
)
