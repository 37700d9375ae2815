"""When nobody acts in the story: while the servers are in the middle of their work. Pure.

Imports nothing of the product.
"""

from __future__ import annotations

from datetime import datetime, time

from tests.year.acts import ASLEEP, CHANGES
from tests.year.days import MINUTE

_AT_WORK = (
    (time(0, 5), time(0, 12)),
    (time(6, 59), time(7, 25)),
    (time(17, 0), time(17, 7)),
)


def quiet(when: datetime, step: int) -> datetime:
    """The nearest whole second at which a real clock cannot be of two minds.

    Whether a person is still told of what they mend within minutes depends on the second a job begins, in
    life as here; so nobody acts while the night look, the morning's reminders or a change are under way.
    """
    when = when.replace(microsecond=0)
    while _busy(when):
        when += step * MINUTE
    return when


def _busy(when: datetime) -> bool:
    clock = when.time()
    if any(first <= clock < last for first, last in _AT_WORK):
        return True
    if any(change.at - 2 * MINUTE <= when < change.at + 25 * MINUTE for change in CHANGES):
        return True
    return ASLEEP[0] - 5 * MINUTE <= when < ASLEEP[0] or ASLEEP[1] <= when < ASLEEP[1] + 25 * MINUTE
