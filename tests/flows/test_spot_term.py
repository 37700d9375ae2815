"""A term of drawn checks: 18 weeks, 40 teachers, the real planner on a real database, the clock moved on.

Every school day the next day's checks are drawn, published, made or missed, and revealed when the day is
over. Seeds are fixed (SHA-256 of the number of the draw), so the figures are the same in every run;
everything else is as in a school: a timetable that changes in mid-term, a day off, an absence, an inspector
who teaches.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from flows import spot_checks, spot_clock, spot_planning
from flows.office import Office, close_office, open_office
from flows.people import Actor
from flows.posts import actor_of
from flows.spot_draw import pool_of, recompute
from flows.spot_planning import Wish
from models.account import Account, AccountRole
from models.columns import new_id
from models.delegation import Delegation
from models.school import CalendarChange, School, SchoolClass, SchoolWeek, Timetable, TimetableEntry
from models.settings import VIETNAM, Settings
from models.spot_check import SpotCheck, SpotDraw
from tests.seeds import tables

START = date(2026, 9, 7)
YEAR = "2026-2027"
WEEKS, TEACHERS, CLASSES = 18, 40, 20
PERIODS = (("morning", 1), ("morning", 2), ("morning", 3), ("morning", 4), ("afternoon", 1), ("afternoon", 2))
A_DAY = 2
"""Checks drawn for each day."""
TIMETABLE_CHANGES = START + timedelta(weeks=9)
DAY_OFF = START + timedelta(weeks=5, days=2)
"""A storm: entered in the morning of the day itself, after the draw."""
AWAY = (START + timedelta(weeks=12), START + timedelta(weeks=12, days=4))
"""The teacher 7 is away, said in the morning of the first day."""

OF_TEACHERS = 72.05
"""99.9 % of chi-square with 39 degrees of freedom lies below."""
OF_CLASSES = 43.82
"""The same with 19."""


@dataclass
class Term:
    """The school, and what its term left behind."""

    office: Office
    school_id: str
    teachers: list[str] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)
    inspector: str = ""
    now: datetime = datetime(2026, 9, 4, 15, tzinfo=VIETNAM)

    def actor(self) -> Actor:
        with self.office.db.read() as session:
            return actor_of(session, self.inspector)

    def at(self, day: date, hour: int, minute: int = 0) -> None:
        self.now = datetime.combine(day, time(hour, minute), VIETNAM)


def teacher_of(weekday: int, number: int, class_number: int, shift: int = 0) -> int:
    """Who teaches a class in a period (0 to 5): two teachers share each class, turn and turn about."""
    return (class_number * 2 + (weekday + number + shift) % 2) % TEACHERS


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Term]:
    folder: Path = tmp_path_factory.mktemp("term")
    settings = Settings(data=folder)
    tables().sow(settings.database).dispose()
    office = open_office(settings, "test")
    made = Term(office, new_id())
    office.now = lambda: made.now
    with office.db.write() as session:
        _found(session, made)
    _play(made)
    yield made
    close_office(office)


def _found(session: Session, term: Term) -> None:
    session.add(School(id=term.school_id, created_at=term.now))
    session.flush()
    for number in range(TEACHERS + 1):
        account = Account(
            school_id=term.school_id,
            sign_in_name=f"gv{number}",
            full_name=f"Giáo viên {number}",
            password_hash="",
            created_at=term.now - timedelta(days=90),
        )
        session.add(account)
        session.flush()
        role = "inspector" if number == TEACHERS else "teacher"
        session.add(AccountRole(school_id=term.school_id, account_id=account.id, role=role))
        term.teachers.append(account.id)
    term.inspector = term.teachers.pop()
    for number in range(CLASSES):
        row = SchoolClass(
            school_id=term.school_id,
            year=YEAR,
            name=f"{number % 5 + 1}{chr(65 + number // 5)}",
            grade=number % 5 + 1,
        )
        session.add(row)
        term.classes[row.name] = row.id
    for number in range(1, WEEKS + 1):
        monday = START + timedelta(weeks=number - 1)
        session.add(
            SchoolWeek(
                school_id=term.school_id,
                year=YEAR,
                term=1,
                number=number,
                monday=monday,
                sunday=monday + timedelta(days=6),
            )
        )
    session.flush()
    _timetable(session, term, START, 0)


def _timetable(session: Session, term: Term, since: date, shift: int) -> None:
    """Every class in every period; on Mondays the inspector teaches the first class in the second period."""
    session.add(Timetable(school_id=term.school_id, valid_from=since, created_at=term.now))
    session.flush()
    for weekday in range(5):
        for number, (part, period) in enumerate(PERIODS):
            for class_number, class_id in enumerate(term.classes.values()):
                own = (weekday, number, class_number) == (0, 1, 0)
                who = (
                    term.inspector if own else term.teachers[teacher_of(weekday, number, class_number, shift)]
                )
                session.add(
                    TimetableEntry(
                        school_id=term.school_id,
                        valid_from=since,
                        class_id=class_id,
                        weekday=weekday,
                        session=part,
                        period=period,
                        subject="Toán",
                        account_id=who,
                    )
                )


def _seeds() -> Callable[[], bytes]:
    numbers = iter(range(10_000))
    return lambda: hashlib.sha256(f"term {next(numbers)}".encode()).digest()


def _play(term: Term) -> None:
    """Day by day: draw the day before, let things happen, make the checks, let the clock look."""
    days = [START + timedelta(weeks=w, days=d) for w in range(WEEKS) for d in range(5)]
    new_seed, actor = _seeds(), term.actor()
    for day in days:
        term.at(day - timedelta(days=3 if day.weekday() == 0 else 1), 15)
        spot_planning.plan(term.office, actor, Wish(day, day, A_DAY), new_seed)
        term.at(day, 6)
        _happens(term, day)
        spot_clock.look(term.office.db, term.office.settings, term.now)
        with term.office.db.read() as session:
            waiting = session.exec(
                select(SpotCheck.id)
                .where(col(SpotCheck.day) == day, col(SpotCheck.state) == "planned")
                .order_by(col(SpotCheck.place))
            ).all()
        for check_id in waiting[:-1]:  # what a check finds is told elsewhere: here it is only settled
            term.at(day, 9)
            spot_checks.end(term.office, actor, check_id, "busy", "Họp hội đồng")
        term.at(day + timedelta(days=1), 0, 5)
        spot_clock.look(term.office.db, term.office.settings, term.now)


def _happens(term: Term, day: date) -> None:
    with term.office.db.write() as session:
        if day == DAY_OFF:
            session.add(
                CalendarChange(
                    school_id=term.school_id,
                    seq=1,
                    kind="off",
                    first_day=day,
                    last_day=day,
                    reason="Nghỉ bão số 3",
                    entered_by=term.inspector,
                    entered_at=term.now,
                )
            )
        if day == TIMETABLE_CHANGES:
            _timetable(session, term, day, 1)
        if day == AWAY[0]:
            session.add(
                Delegation(
                    school_id=term.school_id,
                    absent_id=term.teachers[7],
                    delegate_id=term.teachers[8],
                    first_day=AWAY[0],
                    last_day=AWAY[1],
                    posts=["role:clerk"],
                    types=[],
                    given_by=term.inspector,
                    given_at=term.now,
                )
            )


def read(term: Term) -> tuple[list[SpotDraw], list[SpotCheck]]:
    with term.office.db.read() as session:
        draws = session.exec(select(SpotDraw).order_by(col(SpotDraw.made_at))).all()
        checks = session.exec(select(SpotCheck).order_by(col(SpotCheck.day), col(SpotCheck.place))).all()
    return list(draws), list(checks)


def test_every_day_has_its_draw_published_before_and_revealed_after(term: Term) -> None:
    draws, checks = read(term)
    assert len(draws) == WEEKS * 5
    assert len(checks) == WEEKS * 5 * A_DAY
    for draw in draws:
        begins = datetime.combine(draw.first_day, time(0), VIETNAM)
        assert draw.made_at < begins
        assert draw.revealed_at is not None
        assert draw.revealed_at > begins
    assert all(check.state == "missed" for check in checks)


def test_every_published_draw_is_recomputed_from_what_is_public(term: Term) -> None:
    draws, checks = read(term)
    names = {class_id: name for name, class_id in term.classes.items()}
    for draw in draws:
        found = recompute(draw.pool, draw.pool_sha256, draw.commitment, bytes.fromhex(draw.seed or ""))
        assert found.fits
        stored = [
            f"{c.day.isoformat()}/{c.session}/{c.period}/{names[c.class_id]}"
            for c in checks
            if c.draw_id == draw.id
        ]
        assert list(found.draws) == stored


def test_nobody_is_singled_out_and_nobody_spared(term: Term) -> None:
    """How often each teacher and class was drawn, against their share of the slots in the published pools.

    Shares are worked out by enumeration, not by the code under test. The bounds are for independent counts;
    those of a draw without replacement scatter less.
    """
    draws, checks = read(term)
    due_classes: Counter[str] = Counter()
    due_teachers: Counter[int] = Counter()
    for draw in draws:
        for slot, share in shares(pool_of(draw.pool).slots).items():
            day, part, period, name = slot.split("/")
            due_classes[name] += share
            on = date.fromisoformat(day)
            # Drawn the day before: the timetable of mid-term was entered in the morning it began.
            shift = 1 if on > TIMETABLE_CHANGES else 0
            number = PERIODS.index((part, int(period)))
            who = teacher_of(on.weekday(), number, list(term.classes).index(name), shift)
            due_teachers[who] += share
    names = {class_id: name for name, class_id in term.classes.items()}
    of_classes = Counter(names[c.class_id] for c in checks)
    of_teachers = Counter(term.teachers.index(c.teacher_id) for c in checks)
    assert set(due_teachers) == set(range(TEACHERS))
    assert scatter(of_classes, due_classes) < OF_CLASSES
    assert scatter(of_teachers, due_teachers) < OF_TEACHERS


def shares(slots: Sequence[str]) -> dict[str, float]:
    """Each slot's chance to be among the drawn: summed over the orders in which periods may come."""
    sizes = Counter(slot.rsplit("/", 1)[0] for slot in slots)
    of_period = dict.fromkeys(sizes, 0.0)
    for order in permutations(sizes, A_DAY):
        chance, left = 1.0, len(slots)
        for period in order:
            chance *= sizes[period] / left
            left -= sizes[period]
        for period in order:
            of_period[period] += chance
    return {slot: of_period[slot.rsplit("/", 1)[0]] / sizes[slot.rsplit("/", 1)[0]] for slot in slots}


def scatter(counts: Counter, due: Counter) -> float:
    """Chi-square of counts against what is due."""
    assert sum(due.values()) == pytest.approx(sum(counts.values()))
    return sum((counts[key] - share) ** 2 / share for key, share in due.items())


def test_a_hand_that_picks_would_be_seen(term: Term) -> None:
    """The same figures for a draw that takes the first slots of the list: the bound tells it apart."""
    draws, _ = read(term)
    picked, due = Counter(), Counter()
    for draw in draws:
        pool = pool_of(draw.pool)
        firsts = {slot.rsplit("/", 1)[0]: slot for slot in sorted(pool.slots, reverse=True)}
        picked.update(slot.rsplit("/", 1)[1] for slot in sorted(firsts.values())[:A_DAY])
        for slot, share in shares(pool.slots).items():
            due[slot.rsplit("/", 1)[1]] += share
    assert scatter(picked, due) > 10 * OF_CLASSES


def test_the_inspectors_lesson_and_its_time_were_in_no_pool(term: Term) -> None:
    draws, checks = read(term)
    mondays = [draw for draw in draws if draw.first_day.weekday() == 0]
    assert len(mondays) == WEEKS
    for draw in mondays:
        assert not any("/morning/2/" in slot for slot in json.loads(draw.pool)["slots"])
        assert any("/morning/1/" in slot for slot in json.loads(draw.pool)["slots"])
    assert all(check.teacher_id != term.inspector for check in checks)


def test_what_became_impossible_was_missed_and_never_exchanged(term: Term) -> None:
    draws, checks = read(term)
    storm = [c for c in checks if c.day == DAY_OFF]
    assert [(c.ended_kind, c.ended_words) for c in storm] == [("no-lesson", "Nghỉ bão số 3")] * A_DAY
    changed = [c for c in checks if c.day == TIMETABLE_CHANGES]
    assert {c.ended_kind for c in changed} == {"no-lesson"}
    assert {c.ended_words for c in changed} == {"Thời khóa biểu đã thay đổi"}
    away = [c for c in checks if c.ended_kind == "away"]
    assert all(c.teacher_id == term.teachers[7] and c.day == AWAY[0] for c in away)
    while_away = [d for d in draws if AWAY[0] < d.first_day <= AWAY[1]]
    assert len(while_away) == 4
    for draw in while_away:  # known when it was drawn, so those lessons were not in the pool
        of_class = [slot for slot in pool_of(draw.pool).slots if slot.endswith("/4A")]
        taught = [PERIODS.index((s.split("/")[1], int(s.split("/")[2]))) for s in of_class]
        assert {teacher_of(draw.first_day.weekday(), n, 3, 1) for n in taught} == {6}
        assert len(of_class) == 3
    by_hand = [c for c in checks if c.ended_kind in ("busy", "not-made")]
    assert len(by_hand) == len(checks) - len(storm) - len(changed) - len(away)
