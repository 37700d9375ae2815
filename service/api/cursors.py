"""Cursors of paged lists: where the last page ended, opaque to the client."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from models.errors import Fault, Invalid
from models.text import Text


def write(at: datetime, key: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()} {key}".encode()).decode().rstrip("=")


def read(cursor: str) -> tuple[datetime, str] | None:
    """The place a cursor names; Invalid when it is none of ours."""
    if not cursor:
        return None
    sentence = Text("Trang danh sách không còn. Mở lại từ trang đầu.", "No such page. Start again.")
    refusal = Invalid(sentence, (Fault("cursor", sentence),))
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, key = text.partition(" ")
        place = datetime.fromisoformat(at)
    except (ValueError, binascii.Error) as error:
        raise refusal from error
    if place.tzinfo is None or not key:
        raise refusal
    return place, key
