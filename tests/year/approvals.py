"""What follows most records' signature in the story: approval, download, print. Pure.

Imports nothing of the product.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from tests.year.acts import END, Act, Person, Sends, at
from tests.year.after import Approved, Approves, Downloads, Laptop, Prints, UsesLaptop
from tests.year.days import DAY, HOUR, PLAN, TEAM
from tests.year.quiet import quiet

WAITS_ON, KEPT, FORGETS = 0.02, 0.88, 0.15
"""Shares: never approved; taken and printed on the spot; of the others, of file and paper each, never."""
Key = tuple[str, str, int]


def approvals(
    rng: random.Random, sends: Iterable[Sends], taken_back: Collection[Key], people: Iterable[Person]
) -> Iterator[Act]:
    """In the afternoon of one of the next working days; what was once taken back waits to the end."""
    until = {person.name: person.until or END for person in people}
    batches: dict[datetime, list[Approved]] = defaultdict(list)
    for one in sends:
        key = one.who, one.kind, one.first
        if one.real or one.kind == TEAM or key in taken_back or rng.random() < WAITS_ON:
            continue
        approved = _afternoon(one.at + rng.choice((1, 1, 1, 2, 5)) * DAY)
        kept = rng.random() < KEPT
        if approved >= END:
            continue
        batches[approved].append(Approved(*key, kept))
        for done in () if kept else (Downloads, Prints):
            when = quiet(approved + HOUR + rng.random() * 8 * DAY, 1)
            if rng.random() >= FORGETS and when < until[one.who]:
                yield done(when, one.who, one.first, one.kind)
    for when, papers in batches.items():
        yield Approves(when, tuple(papers))


def _afternoon(day: datetime) -> datetime:
    while day.weekday() > 4:
        day += DAY
    return quiet(day.replace(hour=15, minute=10, second=0), 1)


SCRIPTED: dict[Key, tuple[Act, ...]] = {
    ("gv08", PLAN, 9): (
        Sends(at(2027, 10, 25, 9, 0), "gv08", PLAN, 9, 9),
        Approves(at(2027, 10, 29, 15, 10), (Approved("gv08", PLAN, 9, kept=False),)),
        Downloads(at(2027, 10, 30, 9, 0), "gv08", 9),
        UsesLaptop(at(2027, 11, 2, 9, 0), "gv08", 9),
        Laptop(at(2027, 11, 3, 14, 0), "gv08", broken=True),
        Prints(at(2027, 11, 5, 10, 0), "gv08", 9),
        Laptop(at(2027, 11, 6, 10, 0), "gv08", broken=False),
    )
}
"""A flag that opens, is resolved by the word for a laptop, reopens with its end, and is resolved by paper."""
