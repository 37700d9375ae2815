"""The year's story, told from a seed: who sends what when, who is away, who comes and goes. Pure.

Imports nothing of the product.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

from tests.year.acts import (
    ASLEEP,
    BEGIN,
    CHANGES,
    CLERK,
    END,
    FOUNDED,
    GIVEN_TIME,
    GRADES,
    IDLE,
    MOMENTS,
    SIGNERS,
    STAFF,
    Act,
    Away,
    Begins,
    DayOff,
    Decides,
    Heads,
    Joins,
    Leaves,
    NewHead,
    NewPassword,
    Person,
    Sends,
    SignIn,
    Story,
    Waives,
    Withdraws,
    at,
    known,
    then,
)
from tests.year.after import Downloads, Prints
from tests.year.approvals import SCRIPTED, approvals
from tests.year.days import (
    DAY,
    HOUR,
    MINUTE,
    PLAN,
    TEACHER,
    TEAM,
    WEEKS,
)
from tests.year.lessons import ENTERED
from tests.year.quiet import quiet


def tell(seed: int, *, teachers: int = 40, real: int = 4) -> Story:
    """The story of a seed: so many teachers; of four of them one lesson plan in `real` goes the whole way."""
    rng = random.Random(seed)
    people = list(_people(teachers))
    heads = tuple(_heads(people))
    sends: list[Sends] = []
    for person in people:
        if person.role == "teacher":
            sends += _sends(rng, person.name, PLAN, person)
            sends += _sends(rng, person.name, TEACHER, person)
    for grade in range(1, GRADES + 1):
        first = next(h.head for h in heads if h.grade == grade)
        sends += [_by_head(one, heads, grade) for one in _sends(rng, first, TEAM, None)]
    absences = list(_absences(heads))
    sends = [_real(one, people, rng, real) for one in sends if (one.who, one.kind, one.first) not in SCRIPTED]
    acts: list[Act] = [*sends, *_withdrawals(rng, sends), *CHANGES, *absences]
    acts += [act for scripted in SCRIPTED.values() for act in scripted]
    for one in sends:
        acts += _whole_way(rng, one, people, heads, absences) if one.real else ()
    acts += [*_sign_ins(people), *_passwords(people), *_waivers(rng, people, sends), ENTERED]
    acts += approvals(
        rng, sends, {(a.who, a.kind, a.first) for a in acts if isinstance(a, Withdraws)}, people
    )
    acts += [Joins(p.since, p.name) for p in people if p.since != FOUNDED]
    acts += [Leaves(p.until, p.name) for p in people if p.until]
    acts += [NewHead(h.since, h.grade, h.head) for h in heads if h.since != FOUNDED]
    return Story(seed, tuple(people), heads, tuple(sorted(acts, key=lambda act: act.at))).until(END)


def _people(teachers: int) -> Iterator[Person]:
    yield Person("hieu-truong", "principal")
    yield Person("pho", "vice_principal")
    yield Person("quan-tri", "admin")
    yield Person(CLERK, "clerk")
    for number in range(teachers):
        name, grade = f"gv{number + 1:02}", number % GRADES + 1
        since = at(2027, 10, 18, 9, 0) if number == teachers - 2 else FOUNDED
        until = at(2028, 3, 24, 17, 30) if number == teachers - 1 else None
        yield Person(name, "teacher", grade, since, until)


def _heads(people: list[Person]) -> Iterator[Heads]:
    for grade in range(1, GRADES + 1):
        head, deputy = [p.name for p in people if p.grade == grade][:2]
        yield Heads(grade, head, deputy, FOUNDED)
        if grade == 2:
            yield Heads(grade, deputy, head, at(2028, 1, 14, 15, 0))


def _by_head(sent: Sends, heads: tuple[Heads, ...], grade: int) -> Sends:
    """Whoever leads the group then writes its plan."""
    head = [h.head for h in heads if h.grade == grade and h.since <= sent.at]
    return replace(sent, who=(head or [sent.who])[-1])


PUNCTUAL = (
    # weight, earliest and latest before the limit
    (60, 6 * DAY, 30 * HOUR),
    (17, 15 * HOUR, 2 * HOUR),  # after the reminder
    (6, 8 * MINUTE, timedelta(seconds=1)),  # the last minutes
)
LATE = (
    (4, timedelta(0), 4 * MINUTE),  # the first of them at the very instant
    (5, 2 * HOUR, 20 * HOUR),
    (4, 2 * DAY, 12 * DAY),
)
NEVER = 3
SPANS = {PLAN: (1,), TEACHER: (1, 1, 2, 4), TEAM: (5, 7, 9)}


def _sends(rng: random.Random, who: str, kind: str, person: Person | None) -> Iterator[Sends]:
    week = 1
    while week <= WEEKS:
        last = min(week + rng.choice(SPANS[kind]) - 1, WEEKS)
        when = _moment(rng, kind, week)
        if person is not None and person.until:
            when = _before_leaving(rng, kind, week, person.until, when)
        owes = person is None or (
            person.since < (when or END) and (not person.until or (when or END) < person.until)
        )
        free = person is not None and any(
            not known(change.at).teaches(person.grade, n) and (when is None or when > change.at)
            for change in CHANGES
            if isinstance(change, DayOff) and change.grade == person.grade
            for n in range(week, last + 1)
        )
        if when is not None and owes and not free:
            yield Sends(when, who, kind, week, last)
        # a plan never written is missed for one week, then the next begins; who leaves leaves nothing open
        skips = when is None or (free and person is not None and person.until is not None)
        week = week + 1 if skips else last + 1


def _before_leaving(
    rng: random.Random, kind: str, week: int, until: datetime, when: datetime | None
) -> datetime | None:
    """Who is about to leave writes nothing more in the last weeks; nothing older stays open."""
    if until - 20 * DAY < known(until).limit(kind, week):
        return None
    while when is None:
        when = _moment(rng, kind, week)
    return when


def _moment(rng: random.Random, kind: str, week: int) -> datetime | None:
    """When it is signed, held against one of the limits the week had; None: never."""
    limit = rng.choice(_limits(kind, week))
    early = rng.choices(range(7), [*(p[0] for p in PUNCTUAL), *(p[0] for p in LATE), NEVER])[0]
    if early == 6:
        return None
    if early < 3:
        _, most, least = PUNCTUAL[early]
        return quiet(limit - least - rng.random() * (most - least), -1)
    _, least, most = LATE[early - 3]
    passed = timedelta(0) if early == 3 and rng.random() < 0.3 else least + rng.random() * (most - least)
    return quiet(limit + passed, 1)


@cache
def _limits(kind: str, week: int) -> list[datetime]:
    """Those a week has at one time or another, in order."""
    return sorted({known(moment).limit(kind, week) for moment in MOMENTS})


def _real(sent: Sends, people: list[Person], rng: random.Random, real: int) -> Sends:
    """Who leads a group or comes or goes in mid-year has other reviewers; they are left out."""
    steady = [p.name for p in people[STAFF + 2 * GRADES :] if p.since == FOUNDED and not p.until][:SIGNERS]
    if sent.kind != PLAN or sent.who not in steady or rng.randrange(real):
        return sent
    return replace(sent, real=True)


def _whole_way(
    rng: random.Random, sent: Sends, people: list[Person], heads: tuple[Heads, ...], absences: list[Away]
) -> Iterator[Act]:
    """Drafted up to some days before; reviewed by the head, approved by the principal, or who stands in."""
    grade = next(p.grade for p in people if p.name == sent.who)
    begun = max(quiet(sent.at - rng.random() * 9 * DAY, -1), BEGIN)
    if then(begun).mondays != then(sent.at).mondays:  # a lesson on a day that is no longer in its week
        begun = sent.at
    lesson = next(d for n in range(7) if known(END).works(d := then(begun).mondays[sent.first] + n * DAY))
    yield Begins(min(begun, sent.at), sent.who, sent.first, lesson)
    reviewed = _office_hour(rng, sent.at)
    head = [h.head for h in heads if h.grade == grade and h.since <= reviewed][-1]
    yield Decides(reviewed, _present(head, reviewed, absences), sent.who, sent.first)
    approved = _office_hour(rng, reviewed)
    yield Decides(approved, _present("hieu-truong", approved, absences), sent.who, sent.first)
    for done in (Downloads, Prints):
        if days := rng.choice((0, 1, 1, 1, 9)):
            yield done(_office_hour(rng, approved + (days - 1) * DAY), sent.who, sent.first)


def _office_hour(rng: random.Random, after: datetime) -> datetime:
    """Between 8:00 and 16:00 of one of the next days."""
    day = after + rng.choice((1, 1, 1, 2, 5)) * DAY
    return quiet(day.replace(hour=rng.randrange(8, 16), minute=rng.randrange(60), second=0), 1)


def _present(who: str, when: datetime, absences: list[Away]) -> str:
    return next((a.to for a in absences if a.who == who and a.first <= when.date() <= a.last), who)


def _withdrawals(rng: random.Random, sends: list[Sends]) -> Iterator[Act]:
    """Some take back what they sent; every other sends again."""
    able = [one for one in sends if not one.real and one.kind != TEAM and one.at > BEGIN + DAY]
    for number, one in enumerate(rng.sample(able, 10)):
        when = one.at + rng.choice((3 * HOUR, 30 * HOUR, 4 * DAY))
        when = quiet(when.replace(hour=15, minute=rng.randrange(60)), 1)
        if when <= one.at or ASLEEP[0] <= when < ASLEEP[1]:
            continue
        yield Withdraws(when, one.who, one.kind, one.first)
        if number % 2:
            yield Sends(quiet(when + 26 * HOUR, 1), one.who, one.kind, one.first, one.last)


def _waivers(rng: random.Random, people: list[Person], sends: list[Sends]) -> Iterator[Waives]:
    """Of lesson plans that are never written some are waived, a day or more after the limit."""
    sent = {(one.who, one.first) for one in sends if one.kind == PLAN}
    sent |= {(who, week) for who, _, week in SCRIPTED}
    steady = [p for p in people if p.role == "teacher" and p.since == FOUNDED and not p.until]
    never = [
        (person, week)
        for person in steady
        for week in range(1, WEEKS + 1)
        if (person.name, week) not in sent and known(END).teaches(person.grade, week)
    ]
    for person, week in rng.sample(never, min(6, len(never))):
        limits = _limits(PLAN, week)
        when = quiet(limits[-1] + rng.choice((1, 2, 4)) * DAY + 10 * HOUR, 1)
        if when < END and not ASLEEP[0] <= when < ASLEEP[1]:
            yield Waives(when, person.name, PLAN, week)


def _sign_ins(people: list[Person]) -> Iterator[SignIn]:
    when = BEGIN.replace(hour=9, minute=40)
    while when < END:
        present = [p.name for p in people if p.since < when and (p.until is None or when < p.until)]
        gone = {name for name, (first, last) in IDLE.items() if first <= when.date() <= last}
        yield SignIn(when, tuple(name for name in present if name not in gone))
        when += 3 * DAY


def _passwords(people: list[Person]) -> Iterator[NewPassword]:
    teachers = [p for p in people if p.role == "teacher" and p.since == FOUNDED and not p.until]
    for number, person in enumerate(teachers[:6]):
        yield NewPassword(at(2027 + number % 2, (12, 2)[number % 2], 15, 10, number), person.name)
    for person in people:
        if person.since != FOUNDED:
            yield NewPassword(person.since + GIVEN_TIME, person.name)


def _absences(heads: tuple[Heads, ...]) -> Iterator[Away]:
    of = {h.grade: h for h in heads if h.since == FOUNDED}
    yield Away(at(2027, 9, 27, 9, 0), of[1].head, of[1].deputy, date(2027, 10, 4), date(2027, 10, 8))
    yield Away(at(2027, 11, 22, 7, 45), of[3].head, of[3].deputy, date(2027, 11, 22), date(2027, 11, 24))
    yield Away(at(2028, 2, 18, 11, 0), of[5].head, of[5].deputy, date(2028, 2, 28), date(2028, 3, 1))
    yield Away(at(2028, 3, 20, 9, 0), "hieu-truong", "pho", date(2028, 3, 22), date(2028, 3, 24))
