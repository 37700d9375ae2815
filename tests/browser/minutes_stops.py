"""Stops of the accessibility tour at minutes and appeals, in every state somebody meets them in."""

from __future__ import annotations

from sqlmodel import col, select

from models.document import DocumentLink
from tests import found
from tests.browser.stops import Stop, stop
from tests.cast import Cast


def minutes_stops(cast: Cast) -> list[Stop]:
    """A finding without minutes, a draft, minutes to be answered, refused, noted; an appeal, and after it."""
    found.lessons(cast)
    owed = found.violation(cast)
    draft = found.minutes(cast, found.violation(cast))
    waiting = found.sent(cast, found.violation(cast))
    refused = found.sent(cast, found.violation(cast))
    cast.act("lan", refused, "refuse", note="Không đồng ý diễn biến.", witness=cast.ids["mai"])
    noted, pending, annulled = (found.noted(cast) for _ in range(3))
    appeal, granted = found.appealed(cast, pending), found.appealed(cast, annulled)
    cast.act("ngoc", granted, "grant", note="Có bản in trong tủ lớp.")
    with cast.office.db.read() as session:
        paper = session.exec(
            select(DocumentLink.other_id).where(col(DocumentLink.document_id) == annulled)
        ).one()
        receipt = found.check_of(session, paper).id
    return [
        stop("binh", "/", shows="#h-minutes"),
        stop("binh", f"/documents/{owed}"),
        stop("binh", f"/documents/{draft}/edit"),
        stop(
            "binh", f"/documents/{draft}/edit", ("[name=ended]", "25"), "button[value=submit]", shows=".err"
        ),
        stop("lan", f"/documents/{waiting}"),
        *(stop("lan", f"/documents/{waiting}/{act}") for act in ("agree", "state", "refuse")),
        stop("mai", f"/documents/{refused}/acknowledge"),
        stop("lan", f"/documents/{noted}"),
        stop("minh", f"/documents/{appeal}"),
        *(stop("ngoc", f"/documents/{appeal}/outcome/{act}") for act in ("grant", "reject")),
        stop("hoa", f"/documents/{pending}", shows="#appealed"),
        stop("lan", f"/documents/{annulled}", shows="#appealed"),
        stop("lan", f"/spot/{receipt}/sent", shows="#finding"),
        stop("lan", f"/documents/{granted}"),
    ]
