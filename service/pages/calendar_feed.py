"""A person's calendar for their own program: the file at its secret address, and the buttons about it."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from flows import agenda
from flows.agenda import Entry
from flows.candidates import standing_in
from flows.posts import actor_of
from models.errors import NotFound
from models.settings import Settings
from models.text import Language
from service import calendar_feeds
from service.access import CheckedForm, PageViewer
from service.assets import is_kept
from service.deps import Arrival, OfficeDep
from service.limits import Limiter
from service.pages.sign_in import address_of
from tasks import ics

router = APIRouter()

ASKED = Limiter(600, timedelta(minutes=10))
"""A whole school's programs ask from behind one address; guessing one takes 256 bits."""
KEPT = timedelta(minutes=15)


@router.get("/calendar/{token}.ics")
def calendar(request: Request, token: str, office: OfficeDep, now: Arrival) -> Response:
    """The calendar of whoever the address was made for; 304 while it has not changed."""
    ASKED.count(address_of(request), now)
    with office.db.read() as session:
        feed, account = calendar_feeds.find(session, token)
        actor = standing_in(session, actor_of(session, account.id), now)
        entries = agenda.of_person(session, actor, feed.made_at, now)
    language: Language = "en" if account.language == "en" else "vi"
    lines = [_line(entry, office.settings, language) for entry in entries]
    body = ics.write("Hồ Sơ Số", lines, language)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "cache-control": f"private, max-age={int(KEPT.total_seconds())}",
        "etag": tag,
        "content-disposition": 'inline; filename="hososo.ics"',
    }
    if is_kept(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


@router.post("/account/calendar/{action}")
def change_calendar(
    action: str, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Make an address (or another in its place), or stop it."""
    del form  # checked by being asked for
    if action == "make":
        calendar_feeds.make(office, viewer.account, now)
    elif action == "stop":
        calendar_feeds.stop(office, viewer.account)
    else:
        raise NotFound
    return RedirectResponse(f"/account?done=calendar-{action}#calendar", 303)


def _line(entry: Entry, settings: Settings, language: Language) -> ics.Line:
    return ics.Line(
        uid=f"{entry.uid}@hososo",
        title=entry.title.to(language),
        changed_at=entry.changed_at,
        sequence=entry.sequence,
        ends_at=entry.ends_at,
        first=entry.first,
        last=entry.last,
        about=entry.about.to(language) if entry.about else "",
        link=settings.url + entry.path if entry.path else "",
        alarms=entry.alarms,
    )
