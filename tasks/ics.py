"""A calendar as an iCalendar file (RFC 5545, 7986). Pure: the same entries give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SHOWN = timedelta(hours=1)
"""How long before a limit its event begins: it *ends* at the limit, so that it stands on the last day."""
AGAIN = timedelta(hours=1)
"""How often programs are asked to read it anew."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event in one language. Either `ends_at`, or whole days from `first` to `last`, both included."""

    uid: str
    title: str
    changed_at: datetime
    sequence: int
    ends_at: datetime | None
    first: date | None
    last: date | None
    about: str
    link: str
    alarms: tuple[datetime, ...]


def write(name: str, lines: Sequence[Line], language: str) -> bytes:
    """The file. It does not say when it was asked for: a program that has it need not load it again."""
    calendar = Calendar()
    calendar.add("prodid", f"-//Ho So So//hososo//{language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", ZONE.key)
    calendar.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    calendar.add_component(_zone())
    for line in lines:
        calendar.add_component(_event(line))
    return bytes(calendar.to_ical())


def _zone() -> Timezone:
    """Vietnam's time has been the same since 1975."""
    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1975, 6, 13))  # noqa: DTZ001 - a local time by definition
    standard.add("tzoffsetfrom", timedelta(hours=8))
    standard.add("tzoffsetto", timedelta(hours=7))
    standard.add("tzname", "+07")
    zone = Timezone()
    zone.add("tzid", ZONE.key)
    zone.add_component(standard)
    return zone


def _event(line: Line) -> Event:
    event = Event()
    event.add("uid", line.uid)
    event.add("summary", line.title)
    changed = line.changed_at.astimezone(UTC).replace(microsecond=0)
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", line.sequence)
    event.add("class", "PRIVATE")
    if line.ends_at is None:
        assert line.first is not None
        assert line.last is not None
        event.add("dtstart", line.first)
        event.add("dtend", line.last + timedelta(days=1))
    else:
        ends_at = line.ends_at.astimezone(ZONE)
        event.add("dtstart", ends_at - SHOWN)
        event.add("dtend", ends_at)
        for moment in line.alarms:
            event.add_component(_alarm(line.title, moment - (ends_at - SHOWN)))
    event.add("transp", "TRANSPARENT")  # nobody is busy because of a limit
    if line.about:
        event.add("description", line.about)
    if line.link:
        event.add("url", line.link)
    return event


def _alarm(title: str, before: timedelta) -> Alarm:
    """`before` the event begins: some programs know no other."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", before)
    return alarm
