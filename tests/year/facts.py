"""Flags that stand while a fact stands, and notices beside the deadlines, worked out from the story alone.

Passwords, idle accounts, certificates, files that nobody downloaded or printed, reviews past their time;
absences, new rules and the principals' weekly summary. Nothing of the product is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from tests.year.acts import (
    CLERK,
    EXPIRES,
    Away,
    NewPassword,
    NewRule,
    Person,
    SignIn,
    Story,
    Waives,
    then,
)
from tests.year.days import DAY, PLAN, WEEKS, midnight
from tests.year.oracle import FlagRow, first_look
from tests.year.papers import DOWNLOAD, PRINT, Papers
from tests.year.reviews import overdue_fact, turns
from tests.year.telling import DIGEST, STALE, Notice

PASSWORD_AGE, GIVEN, AHEAD = 180 * DAY, 7 * DAY, 30 * DAY
IDLE_DAYS = 14
NOTICED = 8 * DAY

Spans = list[tuple[datetime, datetime | None]]
"""From when to when a fact holds."""
Found = tuple[FlagRow, Notice | None]
"""A flag and what is told of it."""


def facts(story: Story, looks: Sequence[datetime], papers: Papers) -> Iterator[tuple[datetime, Found]]:
    """Every such flag with the look that finds it."""
    for row, spans in (*_accounts(story), *_records(story, papers)):
        seen = [(look, over) for since, over in spans if (look := _seen(looks, since, over)) is not None]
        if not seen:
            continue
        found, last = seen[0][0], seen[-1][1]
        row = row._replace(resolved=None if last is None else (last, last + NOTICED))
        if not row.kind or row.opened > found - STALE:
            notice = _notice(row, found)
            notice.true = _while(spans, story.person(row.account).until)
            yield found, (row, notice)
        else:
            yield found, (row, None)


def _seen(looks: Sequence[datetime], since: datetime, over: datetime | None) -> datetime | None:
    """The look that finds it, if it still stands then."""
    found = first_look(looks, since)
    return found if found is not None and (over is None or found < over) else None


def _notice(row: FlagRow, found: datetime) -> Notice:
    if row.rule == "overdue":
        author, fact = row.debtor.partition("/")[0], overdue_fact(row.debtor, row.week, row.account)
        return Notice(row.account, "flag", "overdue-flag", author, row.week, found, fact)
    fact = f"{row.rule}:{row.debtor}:{row.kind}:{row.week}"
    return Notice(row.account, "flag", row.rule, row.kind, row.week, found, fact)


def _while(spans: Spans, end: datetime | None) -> Callable[[datetime], bool]:
    return lambda now: (
        any(since <= now and (over is None or now < over) for since, over in spans)
        and (end is None or now < end)
    )


def _until(*ends: datetime | None) -> Callable[[datetime], bool]:
    return lambda now: all(end is None or now < end for end in ends)


def _row(
    rule: str, who: str, opened: datetime, over: datetime | None, *, due: datetime | None = None
) -> tuple[FlagRow, Spans]:
    return FlagRow(rule, "", who, 0, who, due or opened, opened, None), [(opened, over)]


# --- accounts -------------------------------------------------------------------------------------------


def _accounts(story: Story) -> Iterator[tuple[FlagRow, Spans]]:
    for person in story.people:
        yield from _passwords(story, person)
        yield from _idle(story, person)
    yield _row("certificate", CLERK, EXPIRES - AHEAD, None, due=EXPIRES)


def _passwords(story: Story, person: Person) -> Iterator[tuple[FlagRow, Spans]]:
    """One that was given is to be changed within a week, one of a person's own within 180 days."""
    changes = [act.at for act in story.acts if isinstance(act, NewPassword) and act.who == person.name]
    given = person.given
    for since, over in zip((person.since, *changes), (*changes, person.until), strict=True):
        opened = since + (GIVEN if given else PASSWORD_AGE)
        if over is None or opened < over:
            yield _row("password-default" if given else "password-old", person.name, opened, over)
        given = False


def _idle(story: Story, person: Person) -> Iterator[tuple[FlagRow, Spans]]:
    """Not seen on fourteen days of teaching weeks; days on which another decides for them do not count."""
    seen = [act.at for act in story.acts if isinstance(act, SignIn) and person.name in act.who]
    if not seen:
        return
    for last, again in zip(seen, (*seen[1:], person.until), strict=True):
        opened = _after(last)
        if opened is not None and opened <= min(again or story.end, story.end):
            yield _row("idle", person.name, opened, again)


def _after(last: datetime) -> datetime | None:
    """The end of the fourteenth day of teaching weeks after that of an instant; None when the year ends."""
    day, left = last.date(), IDLE_DAYS
    while left:
        day += DAY
        mondays = then(midnight(day)).mondays
        left -= any(monday <= day <= monday + 6 * DAY for monday in mondays.values())
        if day > mondays[WEEKS] + 6 * DAY:
            return None
    return midnight(day + DAY)


# --- records on the whole way ---------------------------------------------------------------------------


def _records(story: Story, papers: Papers) -> Iterator[tuple[FlagRow, Spans]]:
    for paper in (one for of in papers.values() for one in of):
        sent = paper.sent
        if sent.real:
            for turn in turns(story, paper):
                if turn.due <= min(turn.over or story.end, story.end):
                    debtor = f"{sent.who}/{turn.step}"
                    row = FlagRow("overdue", PLAN, debtor, sent.first, turn.by, turn.due, turn.due, None)
                    yield row, [(turn.due, turn.over)]
        until = story.person(sent.who).until
        for rule, duty in (("not-downloaded", DOWNLOAD), ("not-printed", PRINT)):
            spans = [
                (since, min(over, until) if over and until else over or until)
                for since, over in paper.unmet(duty)
                if since <= story.end and (until is None or since < until)
            ]
            if spans:
                due = spans[0][0]
                yield FlagRow(rule, sent.kind, sent.who, sent.first, sent.who, due, due, None), spans


# --- notices of other kinds -----------------------------------------------------------------------------


def others(story: Story, looks: Sequence[datetime]) -> Iterator[tuple[datetime, Notice]]:
    """What is told of absences, new rules and, to principals, of the week; each with the look after it."""
    for act in story.acts:
        if isinstance(act, Away):
            for number, (when, who) in enumerate(_absence(act)):
                notice = Notice(
                    who, "delegation", "delegation", act.to, 0, when, f"{act.at}{number}", waits=False
                )
                yield _with_look(looks, notice)
        elif isinstance(act, Waives):
            yield _with_look(looks, Notice(act.who, "waiver", "waiver", "", 0, act.at, f"{act.at}"))
        elif isinstance(act, NewRule):
            yield _with_look(looks, Notice("hieu-truong", "rule", "rule", act.kind, 0, act.at, f"{act.at}"))
    monday = story.begin.date() - story.begin.weekday() * DAY
    while midnight(monday) < story.end:
        for who in ("hieu-truong", "pho"):
            if (when := _summary(monday)) is not None:
                notice = Notice(who, "weekly", "weekly", "", 0, when, f"{monday}")
                notice.true = _until(midnight(monday + 7 * DAY))
                yield _with_look(looks, notice)
        monday += 7 * DAY


def _with_look(looks: Sequence[datetime], notice: Notice) -> tuple[datetime, Notice]:
    found = first_look(looks, notice.due) or looks[-1]
    if notice.heading == "delegation":
        notice.due = found
    return found, notice


def _absence(act: Away) -> Iterator[tuple[datetime, str]]:
    """Who stands in and the principal learn of it; that it begins, who stands in; that it is over, both.

    What begins at once is told to the one who stands in by its beginning.
    """
    if act.who != "hieu-truong":
        yield act.at, "hieu-truong"
    if act.first > act.at.date():
        yield act.at, act.to
    yield max(act.at, midnight(act.first)), act.to
    yield midnight(act.last + DAY), act.who
    yield midnight(act.last + DAY), act.to


def _summary(monday: date) -> datetime | None:
    """On Monday morning or the week's first working day; none in a week of rest, none far from lessons."""
    known = then(midnight(monday + DAY))
    if not any(abs((one - monday).days) <= 7 for one in known.mondays.values()):
        return None
    days = (monday + n * DAY for n in range(7))
    first = next((day for day in days if known.at_school(day)), None)
    return midnight(first) + DIGEST if first else None
