"""The year is played: acts at their times, two servers step by step, kills, mails into the catcher."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from flows.office import Office
from models.document import Document
from models.flag import Flag, FlagEvent
from models.notice import Mail
from models.settings import VIETNAM
from tests.mail_server import mail_server
from tests.year.acts import CHANGES, MOMENTS, Act, Begins, Decides, Sends, SignIn, Story, then
from tests.year.after import Approves, Downloads, Laptop, Prints, UsesLaptop
from tests.year.days import DAY, MINUTE, PLAN, midnight
from tests.year.mails import Arrived, Catcher
from tests.year.oracle import FlagRow
from tests.year.servers import NAMES, pair
from tests.year.spot_checks import RULE as SPOT_CHECK
from tests.year.spot_checks import TO_HEAD
from tests.year.stage import Stage
from tests.year.table import Expected, expect
from tests.year.telling import QUIET, WAKING, Told

SECOND = timedelta(seconds=1)
AFTER = 10 * SECOND
"""Every step is followed by another: what the first found, the second mails."""
LEASE_OVER = (45 * SECOND, 55 * SECOND, 2 * MINUTE + 5 * SECOND)
"""After a kill: the lease has run out, what was found is mailed, a mail that was under way tries again."""
Hours = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Pace:
    """When the servers take their steps: on days without a limit, and on days that begin with one (`before`:
    those that end with one, too); on which weekdays also in the evening; whether also after each act of a
    record on the whole way, and just before a change of calendar or rules, as in life they look every half
    minute: who looks seldom would first see by the new calendar what was signed by the old one."""

    quiet: Hours
    full: Hours
    before: bool
    evenings: frozenset[int]
    after_all: bool
    before_changes: bool


MORNING = (6, 59)
"""The first step finds what the night has left, the second is the first after seven."""
EVENING = (17, 0)
"""Lessons are over, and tomorrow's are spoken of."""
WHOLE = Pace((MORNING,), ((0, 5), MORNING), True, frozenset(range(7)), after_all=True, before_changes=False)
LEAN = Pace((MORNING,), ((0, 5), MORNING), False, frozenset({2}), after_all=False, before_changes=True)
"""The suite's: all that happens in the year, seen less often."""
WAY = Begins | Decides | Downloads | Prints
UNSEEN = Sends | SignIn | Approves | UsesLaptop | Laptop
"""The servers take no step because of them."""
KILLS = 24
STALLED = 0.2
"""Share of the steps before which the leader has slept."""
LONGEST_STEP = 0.25
"""Seconds within which a kill comes."""


@dataclass
class Outcome:
    """What the year left, and what was to be left."""

    story: Story
    expected: Expected
    flags: dict[tuple[str, str, str, int], FlagRow] = field(default_factory=dict)
    mails: list[Arrived] = field(default_factory=list)
    told: dict[Told, int] = field(default_factory=dict)
    again: int = 0
    unsent: int = 0
    history: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    kills: list[datetime] = field(default_factory=list)
    leads: int = 0
    steps: int = 0
    seconds: float = 0.0


def steps_of(story: Story, pace: Pace) -> list[datetime]:
    """The instants at which the servers do their jobs, outside the week they sleep."""
    found: set[datetime] = set()
    day = midnight(story.begin.date())
    limits = _limit_days(story)
    while day <= story.end:
        full = day in limits or (pace.before and day + DAY in limits)
        evening = (EVENING,) if day.weekday() in pace.evenings else ()
        for hour, minute in (*(pace.full if full else pace.quiet), *evening):
            second = 55 if (hour, minute) == MORNING else 5
            found.add(day + timedelta(hours=hour, minutes=minute, seconds=second))
        if day.weekday() == 6:
            found.add(day + timedelta(hours=2, minutes=15, seconds=5))
        day += DAY
    real = {(act.who, act.first) for act in story.acts if isinstance(act, Sends) and act.real}
    for act in story.acts:
        if _is_followed(act, pace, real):
            found.add(act.at + 35 * SECOND)
        if act in CHANGES:
            found.add(act.at + 12 * MINUTE)
            found |= {act.at - MINUTE} if pace.before_changes else set()
    found.add(story.asleep[1] + 5 * SECOND)
    found.add(story.asleep[1] + 12 * MINUTE)
    asleep, awake = story.asleep
    return sorted(when for when in found if story.begin <= when <= story.end and not asleep <= when < awake)


def _is_followed(act: Act, pace: Pace, real: Collection[tuple[str, int]]) -> bool:
    """Do the servers take a step after it?"""
    if isinstance(act, WAY):
        return pace.after_all and (act.who, act.week) in real and getattr(act, "kind", PLAN) == PLAN
    return not isinstance(act, UNSEEN)


def _limit_days(story: Story) -> set[datetime]:
    return {then(m).limit(kind, week) for m in MOMENTS for kind in _KINDS for week in then(m).mondays}


_KINDS = ("lesson-plan", "teacher-teaching-plan", "team-teaching-plan")


@dataclass(frozen=True)
class Step:
    """An instant of both servers: in which order each takes its jobs, who is killed, how soon."""

    at: datetime
    orders: tuple[int, int]
    kill: tuple[str, ...] = ()
    after: float = 0.0
    stalled: bool = False
    """Has nobody renewed the lease? Then both servers ask for it, and both may believe that they lead."""


def plan(story: Story, pace: Pace, kills: int) -> Iterator[Step]:
    """The steps with their kills, drawn from the seed: at the busier hours, one server or both."""
    rng = random.Random(story.seed)
    firsts = steps_of(story, pace)
    able = [one for one in firsts[5:-20] if one.hour in (0, 6, 12, 17)]
    killed = set(rng.sample(able, kills))
    for at in firsts:
        night = at.hour == 0  # no mail goes
        fatal = (
            timedelta(0) if night else AFTER if at.hour == MORNING[0] else rng.choice((timedelta(0), AFTER))
        )
        follow = (*(() if night else (AFTER,)), *(LEASE_OVER if at in killed else ()))
        stalled = rng.random() < STALLED
        for later in (timedelta(0), *follow):
            orders = rng.randrange(1 << 30), rng.randrange(1 << 30)
            if at in killed and later == fatal:
                who = rng.choice(((NAMES[0],), (NAMES[1],), NAMES))
                yield Step(at + later, orders, who, rng.random() * LONGEST_STEP, stalled)
            else:
                yield Step(at + later, orders, stalled=stalled)


def simulate(office: Office, story: Story, pace: Pace, kills: int = KILLS) -> Outcome:
    """Play the story over an office whose database is empty but for the authority."""
    began = time.monotonic()
    stage = Stage(office, story)
    steps = list(plan(story, pace, kills))
    outcome = Outcome(story, expect(story, [step.at for step in steps]))
    catcher = Catcher()
    acts = list(story.acts)
    with mail_server(catcher) as server:
        settings = {
            "data": office.settings.data,
            "database_url": office.settings.database,
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
        }
        with pair(settings) as servers:
            for step in steps:
                while acts and acts[0].at <= step.at:
                    stage.play(acts.pop(0))
                stage.keep()
                catcher.now = step.at
                if not step.stalled:
                    servers.keep_lead(step.at)
                servers.step(step.at, step.orders, step.kill, step.after)
                outcome.kills += [step.at] * len(step.kill)
    outcome.steps, outcome.faults, outcome.leads = len(steps), servers.faults, len(servers.leads)
    outcome.mails, outcome.told, outcome.again = catcher.once(), dict(catcher.told()), catcher.again()
    outcome.flags, outcome.unsent, outcome.history = _flags(stage), _unsent(stage), _history(stage)
    outcome.seconds = time.monotonic() - began
    return outcome


def _flags(stage: Stage) -> dict[tuple[str, str, str, int], FlagRow]:
    names = {account: name for name, account in stage.ids.items()}
    groups = {group: f"group {grade}" for grade, group in stage.groups.items()}
    weeks = {week: number for number, week in stage.weeks.items()}
    with stage.office.db.read() as session:
        rows = session.exec(select(Flag).where(col(Flag.school_id) == stage.school_id)).all()
        owners = dict(session.exec(select(Document.id, Document.owner_id)).all())
    found = {}
    for row in rows:
        parts = row.key.split(":")
        debtor = groups.get(parts[2]) or names.get(parts[2]) or names[row.account_id]
        if row.rule == "overdue":
            debtor = f"{names[owners[parts[1]]]}/{parts[2]}"
        elif row.rule == SPOT_CHECK:
            debtor = f"{debtor}/{parts[2]}/{parts[4]}"
        resolved = None if row.resolved_at is None else row.resolved_at.astimezone(VIETNAM)
        flag = FlagRow(
            row.rule,
            row.type,
            debtor,
            weeks[row.week_id] if row.week_id else 0,
            names[row.account_id],
            row.due_at.astimezone(VIETNAM),
            row.opened_at.astimezone(VIETNAM),
            None if resolved is None else (resolved, resolved),
        )
        assert flag.key not in found, flag
        found[flag.key] = flag
    return found


def _unsent(stage: Stage) -> int:
    with stage.office.db.read() as session:
        return len(session.exec(select(Mail).where(col(Mail.state) != "sent")).all())


def wrong(outcome: Outcome) -> list[str]:
    """Everything that is there and should not be, or the other way round; empty when the year went well."""
    found = [*outcome.faults, *_flag_faults(outcome)]
    told = Counter(outcome.told)
    found += [f"told too often: {line}, {n}" for line, n in (told - outcome.expected.told).items()]
    found += [f"not told: {line}, {n}" for line, n in (outcome.expected.told - told).items()]
    found += [*_untimely(outcome), *outcome.history]
    if outcome.unsent:
        found.append(f"{outcome.unsent} mails were not sent")
    if outcome.again > len(outcome.kills):
        found.append(f"{outcome.again} mails came again though only {len(outcome.kills)} servers were killed")
    return found


AT_ONCE = {"delegation", "reminder", "waiting", "approved", "review-reminder", SPOT_CHECK, TO_HEAD}
"""What need not wait for a digest, or not always."""


def _untimely(outcome: Outcome) -> Iterator[str]:
    """Mails at night, digests on a day off, two of them on a day."""
    digests = Counter[tuple[str, date]]()
    for mail in outcome.mails:
        day = mail.at.date()
        if not WAKING <= mail.at.hour < QUIET:
            yield f"a mail at night: {mail}"
        if {line.what for line in mail.lines} <= AT_ONCE:
            continue
        digests[mail.to, day] += 1
        if not then(mail.at).at_school(day):
            yield f"a digest on a day off: {mail}"
    yield from (f"{n} digests for {to} on {day}" for (to, day), n in digests.items() if n > 1)


def _history(stage: Stage) -> list[str]:
    """Flags whose history does not lead to how they stand, step by step."""
    with stage.office.db.read() as session:
        flags = session.exec(select(Flag).where(col(Flag.school_id) == stage.school_id)).all()
        events = session.exec(select(FlagEvent).order_by(col(FlagEvent.at), col(FlagEvent.id))).all()
    by_flag: dict[str, list[str]] = {flag.id: [] for flag in flags}
    for event in events:
        if event.kind != "waived":
            by_flag[event.flag_id].append(event.kind)
    return [
        f"history of {flag.key}: {said}"
        for flag in flags
        if not _leads_to(said := by_flag[flag.id], open_=flag.resolved_at is None)
    ]


def _leads_to(said: list[str], *, open_: bool) -> bool:
    """Opened once, then closed and reopened in turns."""
    turns = ["opened", *(("resolved", "reopened")[n % 2] for n in range(len(said) - 1))]
    return sorted(said) == sorted(turns) and open_ == bool(len(said) % 2)


def _flag_faults(outcome: Outcome) -> Iterator[str]:
    for key in sorted(outcome.expected.flags.keys() | outcome.flags.keys()):
        wanted, there = outcome.expected.flags.get(key), outcome.flags.get(key)
        if wanted is None or there is None or not _same(wanted, there):
            yield f"{key}:\n  expected {wanted}\n  found    {there}"


def _same(wanted: FlagRow, there: FlagRow) -> bool:
    if not wanted.opened <= there.opened <= (wanted.by or wanted.opened):
        return False
    exact = wanted._replace(opened=there.opened, resolved=there.resolved, by=there.by)
    if exact != there:
        return False
    if wanted.resolved is None or there.resolved is None:
        return wanted.resolved is there.resolved
    first, last = wanted.resolved
    return first <= there.resolved[0] <= last
