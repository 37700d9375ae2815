"""The demo school's timetable: every class full, nobody in two rooms at once. Pure.

Teachers of one subject are placed first, each class's periods of a subject on different days; homeroom
teachers fill what is left of their own class. Counts follow the 2018 primary programme, but for English: one
teacher has nine classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flows.timetable import SESSIONS

DAYS = range(5)
MORNING, AFTERNOON = SESSIONS
HOMEROOM: Mapping[int, Mapping[str, int]] = {
    1: {"Tiếng Việt": 12, "Toán": 3, "Tự nhiên và Xã hội": 2, "Đạo đức": 1, "Hoạt động trải nghiệm": 3},
    2: {"Tiếng Việt": 10, "Toán": 5, "Tự nhiên và Xã hội": 2, "Đạo đức": 1, "Hoạt động trải nghiệm": 3},
    3: {"Tiếng Việt": 7, "Toán": 5, "Tự nhiên và Xã hội": 2, "Đạo đức": 1, "Hoạt động trải nghiệm": 3},
    4: {
        "Tiếng Việt": 7,
        "Toán": 5,
        "Khoa học": 2,
        "Lịch sử và Địa lí": 2,
        "Đạo đức": 1,
        "Hoạt động trải nghiệm": 3,
    },
}
"""Periods a week with the homeroom teacher; grade 5 has those of grade 4."""
SPECIAL = {"Giáo dục thể chất": 2, "Tiếng Anh": 2, "Tin học": 1, "Công nghệ": 1, "Âm nhạc": 1, "Mĩ thuật": 1}
"""Periods a week with the teacher of the subject."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One period of the school's week."""

    weekday: int
    session: str
    period: int


@dataclass(frozen=True, slots=True)
class Taught:
    """Who teaches what to which class (its name, `grade` its grade); `homeroom`: in their own class."""

    teacher: str
    class_name: str
    grade: int
    subject: str
    homeroom: bool


@dataclass(slots=True)
class _Demand:
    """One period that has to find its slot."""

    taught: Taught
    slots: Sequence[Slot]


Plan = dict[tuple[str, Slot], Taught]
"""What a class (by name) has in a slot."""


def timetable(assignments: Iterable[Taught]) -> Plan:
    """The whole school's week. Asserts that all periods found room: the demo's numbers are ours."""
    rows = list(assignments)
    plan: Plan = {}
    special = [row for row in rows if not row.homeroom]
    load = Counter(row.teacher for row in special for _ in range(SPECIAL[row.subject]))
    for teacher, _ in load.most_common():  # whoever has least choice first
        _place_teacher([row for row in special if row.teacher == teacher], plan)
    for name, grade in sorted({(row.class_name, row.grade) for row in rows if row.homeroom}):
        own = {row.subject: row for row in rows if row.homeroom and row.class_name == name}
        _fill_class(name, grade, own, plan)
    return plan


def slots_of(grade: int) -> list[Slot]:
    """When a class of this grade is taught: four periods each morning, three in some afternoons."""
    wanted = sum(HOMEROOM[min(grade, 4)].values()) + sum(
        count for subject, count in SPECIAL.items() if grade >= 3 or subject not in _FROM_THREE
    )
    slots = [Slot(day, MORNING, period) for day in DAYS for period in (1, 2, 3, 4)]
    afternoons = ((0, 2), (1, 3), (2, 4, 0), (0, 1, 3), (1, 2, 4))[grade - 1]
    slots += [Slot(day, AFTERNOON, period) for day in afternoons for period in (1, 2, 3)]
    return slots[:wanted]


_FROM_THREE = ("Tiếng Anh", "Tin học", "Công nghệ")
_ASSEMBLY, _CLASS_MEETING = Slot(0, MORNING, 1), Slot(4, MORNING, 4)
"""The flag ceremony and the class's own hour: with the homeroom teacher, in every class."""


def _place_teacher(rows: Sequence[Taught], plan: Plan) -> None:
    """A slot for each period of one teacher, by augmenting paths (a matching of periods and slots)."""
    demands = []
    for turn, row in enumerate(rows):
        halves = ((0, 1, 2), (3, 4)) if turn % 2 else ((0, 1), (2, 3, 4))
        free = [
            slot
            for slot in slots_of(row.grade)
            if slot not in (_ASSEMBLY, _CLASS_MEETING) and (row.class_name, slot) not in plan
        ]
        for number in range(SPECIAL[row.subject]):
            days = DAYS if SPECIAL[row.subject] == 1 else halves[number]
            demands.append(_Demand(row, [slot for slot in free if slot.weekday in days]))
    holds: dict[Slot, int] = {}
    for index in range(len(demands)):
        assert _augment(index, demands, holds, set()), rows
    for slot, index in holds.items():
        plan[demands[index].taught.class_name, slot] = demands[index].taught


def _augment(index: int, demands: Sequence[_Demand], holds: dict[Slot, int], tried: set[Slot]) -> bool:
    for slot in demands[index].slots:
        if slot in tried:
            continue
        tried.add(slot)
        if slot not in holds or _augment(holds[slot], demands, holds, tried):
            holds[slot] = index
            return True
    return False


def _fill_class(name: str, grade: int, own: Mapping[str, Taught], plan: Plan) -> None:
    """The homeroom teacher's periods in what is left: what is taught most, and not too often in a day."""
    left = dict(HOMEROOM[min(grade, 4)])
    for slot in (_ASSEMBLY, _CLASS_MEETING):
        plan[name, slot] = own["Hoạt động trải nghiệm"]
        left["Hoạt động trải nghiệm"] -= 1
    today: Counter[tuple[int, str]] = Counter()
    for slot in sorted(slots_of(grade), key=lambda s: (s.weekday, s.session == AFTERNOON, s.period)):
        if (name, slot) in plan:
            continue
        subject = max(
            (subject for subject in left if left[subject]),
            key=lambda subject: left[subject] - 4 * today[slot.weekday, subject],
        )
        plan[name, slot] = own[subject]
        left[subject] -= 1
        today[slot.weekday, subject] += 1
    assert not any(left.values()), (name, left)
