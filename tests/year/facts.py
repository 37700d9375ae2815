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
    Decides,
    Downloads,
    NewPassword,
    NewRule,
    Person,
    Prints,
    Sends,
    SignIn,
    Story,
    Waives,
    then,
)
from tests.year.days import DAY, HOUR, PLAN, WEEKS, midnight
from tests.year.oracle import FlagRow, first_look
from tests.year.telling import DIGEST, Notice

PASSWORD_AGE, GIVEN, AHEAD = 180 * DAY, 7 * DAY, 30 * DAY
IDLE_DAYS = 14
FRIDAY, NOON, EVENING = 4, 12, 17
NOTICED = 8 * DAY

Found = tuple[FlagRow, Notice | None]
"""A flag and what is told of it."""


def facts(story: Story, looks: Sequence[datetime]) -> Iterator[tuple[datetime, Found]]:
    """Every such flag with the look that finds it."""
    for row in (*_accounts(story), *_records(story)):
        found = first_look(looks, row.opened)
        if found is None or (row.resolved is not None and row.resolved[0] <= found):
            continue
        over = row.resolved[0] if row.resolved else None
        notice = Notice(row.account, "flag", row.rule, row.kind, row.week, found, f"{row.rule}:{row.debtor}")
        notice.true = _until(over, story.person(row.account).until)
        yield found, (row, None if row.rule == "overdue" else notice)  # reviews are in no mail of the table


def _until(*ends: datetime | None) -> Callable[[datetime], bool]:
    return lambda now: all(end is None or now < end for end in ends)


def _row(
    rule: str, who: str, opened: datetime, over: datetime | None, *, due: datetime | None = None
) -> FlagRow:
    resolved = None if over is None else (over, over + NOTICED)
    return FlagRow(rule, "", who, 0, who, due or opened, opened, resolved)


# --- accounts -------------------------------------------------------------------------------------------


def _accounts(story: Story) -> Iterator[FlagRow]:
    for person in story.people:
        yield from _passwords(story, person)
        yield from _idle(story, person)
    yield _row("certificate", CLERK, EXPIRES - AHEAD, None, due=EXPIRES)


def _passwords(story: Story, person: Person) -> Iterator[FlagRow]:
    """One that was given is to be changed within a week, one of a person's own within 180 days."""
    changes = [act.at for act in story.acts if isinstance(act, NewPassword) and act.who == person.name]
    given = person.given
    for since, over in zip((person.since, *changes), (*changes, person.until), strict=True):
        opened = since + (GIVEN if given else PASSWORD_AGE)
        if over is None or opened < over:
            yield _row("password-default" if given else "password-old", person.name, opened, over)
        given = False


def _idle(story: Story, person: Person) -> Iterator[FlagRow]:
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


def _records(story: Story) -> Iterator[FlagRow]:
    for sent in story.acts:
        if isinstance(sent, Sends) and sent.real:
            steps = [
                a for a in story.acts if isinstance(a, Decides) and (a.who, a.week) == (sent.who, sent.first)
            ]
            yield from _reviews(story, sent, steps)
            if len(steps) > 1:
                yield from _duties(story, sent, steps[1].at)


def _reviews(story: Story, sent: Sends, steps: Sequence[Decides]) -> Iterator[FlagRow]:
    """The head has until noon, the principal until 17:00 of the Friday before, and a day at least."""
    opened = sent.at
    for step, name, hour in zip(steps, ("group_review", "principal_approval"), (NOON, EVENING), strict=False):
        friday = midnight(then(opened).mondays[sent.first] - 7 * DAY + FRIDAY * DAY)
        due = max(friday + hour * HOUR, opened + DAY)
        if due <= step.at:
            row = _row("overdue", step.by, due, step.at)
            yield row._replace(kind=PLAN, debtor=f"{sent.who}/{name}", week=sent.first)
        opened = step.at


def _duties(story: Story, sent: Sends, approved: datetime) -> Iterator[FlagRow]:
    """Downloaded and printed before the week begins, but never in less than a day."""
    for rule, kind in (("not-downloaded", Downloads), ("not-printed", Prints)):
        done = [a.at for a in story.acts if isinstance(a, kind) and (a.who, a.week) == (sent.who, sent.first)]
        due = max(approved + DAY, midnight(then(done[0] if done else story.end).mondays[sent.first]))
        over = done[0] if done else None
        if due <= story.end and (over is None or due < over):
            yield _row(rule, sent.who, due, over)._replace(kind=PLAN, week=sent.first)


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
