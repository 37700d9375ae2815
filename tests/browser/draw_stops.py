"""Stops of the tour at planned and drawn checks, and at draws before and after they are over."""

from __future__ import annotations

from datetime import timedelta

from flows import spot_checks, spot_planning, spot_records, spot_reveal
from flows.spot_checks import Choice
from flows.spot_marks import Marks, Sending
from flows.spot_planning import Wish
from service import words
from tests.browser.stops import Stop, stop
from tests.cast import Cast
from tests.timetables import timetable


def draw_stops(cast: Cast) -> list[Stop]:
    """Checks planned, drawn, sent and not made; draws before and after they are over."""
    binh, today = cast.actor("binh"), words.local(cast.office.now()).date()
    places = [(today, 7, "1A", "lan"), (today, 8, "2A", "mai")]
    later = today + timedelta(days=1)
    for when, period, name, who in places:
        timetable(cast, who, name, (when.weekday(), period, "Toán"))
    days = (later, later + timedelta(days=1))
    for day in days:
        for who, name, periods in (("son", "4A", (8, 9, 10)), ("huong", "5A", (9, 10))):
            timetable(cast, who, name, *((day.weekday(), period, "Toán") for period in periods))
    made = [
        spot_checks.choose(
            cast.office, binh, Choice(when, "morning", period, cast.classes[name], "Theo kế hoạch tháng 11")
        )
        for when, period, name, _ in places
    ]
    sending = Sending("phone-tour", Marks("absent", "present", words="Em quên bản in."), cast.office.now())
    spot_records.record(cast.office, binh, made[0], sending)
    draws = [
        spot_planning.plan(
            cast.office, binh, Wish(day, day, 1, periods=tuple(("morning", n) for n in (8, 9, 10)))
        )
        for day in days
    ]
    spot_reveal.reveal(cast.office.db, cast.office.settings, cast.office.now() + timedelta(days=2))
    return [
        stop("binh", "/spot"),
        stop("minh", "/spot"),
        stop("lan", "/spot"),
        stop("thu", "/spot"),
        stop("binh", "/spot/new"),
        stop("minh", "/spot/new?day=29/11/2026"),
        stop("binh", "/spot/new?day=sai", shows="[role=alert]"),
        stop("binh", "/spot/no-network"),
        stop("minh", "/spot/draws/new"),
        stop("binh", "/spot/draws/new", ("[name=wanted]", "39"), ".btn--go", shows="[role=alert]"),
        stop("lan", "/spot/draws"),
        stop("lan", f"/spot/draws/{draws[0]}?recompute=1", shows="[role=status]"),
        stop("lan", f"/spot/draws/{draws[1]}"),
        stop("minh", f"/spot/draws/{draws[1]}", "summary.link-tap"),
        stop("binh", f"/spot/{made[1]}"),
        stop("binh", f"/spot/{made[1]}/end"),
        stop("binh", f"/spot/{made[1]}/end", ("[name=words]", "x"), ".btn--go", shows="[role=alert]"),
        stop("lan", f"/spot/{made[0]}/sent"),
        stop("binh", "/batches/new?action=sign"),
        stop("binh", "/batches/new?action=sign", ".tray .btn--go", shows=".input--pin"),
    ]
