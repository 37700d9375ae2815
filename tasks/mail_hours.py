"""When a school's mails go: the hour of the digest, quiet hours, the day of the weekly summary.

Pure but for `hours_of`, which reads a school's setting. All hours are whole and Vietnam's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from models.school import SchoolSetting
from models.settings import VIETNAM
from models.text import Text
from tasks.kinds import Goes

SETTING = "mail_hours"
NO_SUMMARY = 7
"""Instead of a weekday: no weekly summary is wanted."""

_DAY = timedelta(days=1)
_FARTHEST = 120
"""A calendar without a working day in so many says nothing about mails."""

WorkingDay = Callable[[date], bool]
"""Is it a day on which the school's people work?"""


class Going(NamedTuple):
    """When a notice goes, and whether as part of the digest of that day."""

    at: datetime
    digest: bool


@dataclass(frozen=True, slots=True)
class MailHours:
    """`digest`: gather what can wait into one mail a person and working day, sent at `hour`.

    Quiet from `quiet_from` to `quiet_to`, across midnight where the first is the later; equal: never quiet.
    `weekly`: the weekday of the principals' summary (Monday is 0).
    """

    digest: bool = True
    hour: int = 7
    quiet_from: int = 20
    quiet_to: int = 6
    weekly: int = 0

    def is_quiet(self, moment: datetime) -> bool:
        """Does nothing that is not urgent go out now?"""
        return self._quiet_hour(moment.astimezone(VIETNAM).hour)

    def _quiet_hour(self, hour: int) -> bool:
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= hour < self.quiet_to
        return hour >= self.quiet_from or hour < self.quiet_to

    def awake(self, moment: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours it lies in."""
        if not self.is_quiet(moment):
            return moment
        local = moment.astimezone(VIETNAM)
        end = datetime.combine(local.date(), time(self.quiet_to), VIETNAM)
        return end if end > local else end + _DAY

    def quiet_since(self, moment: datetime) -> datetime:
        """When the quiet hours began in which a moment lies, or the last ones before it."""
        local = moment.astimezone(VIETNAM)
        begin = datetime.combine(local.date(), time(self.quiet_from), VIETNAM)
        return begin if begin <= local else begin - _DAY

    def digest_on(self, day: date) -> datetime:
        """The moment of a day's digest."""
        return datetime.combine(day, time(self.hour), VIETNAM)

    def next_digest(self, since: datetime, is_working_day: WorkingDay) -> datetime:
        """The first moment of a digest at that instant or after it; on working days only."""
        day = since.astimezone(VIETNAM).date()
        day += _DAY * (self.digest_on(day) < since)
        for number in range(_FARTHEST):
            if is_working_day(day + number * _DAY):
                return self.digest_on(day + number * _DAY)
        return self.digest_on(day)

    def going(
        self,
        goes: Goes,
        due_at: datetime,
        now: datetime,
        is_working_day: WorkingDay,
        *,
        had_digest: bool = False,
        limit: datetime | None = None,
    ) -> Going:
        """When a notice goes that was to be told from `due_at` on; now, when that is not after `now`.

        `had_digest`: the person had one today. `limit`: by when the person must have acted. A digest that was
        missed goes as soon as the school works again, outside quiet hours: never two on a day.
        """
        if goes == "any hour":
            return Going(now, digest=False)
        if not self.digest or goes == "at once":
            return Going(self.awake(now), digest=False)
        at = self.next_digest(due_at, is_working_day)
        if at <= now:
            today = now.astimezone(VIETNAM).date()
            begun = is_working_day(today) and self.digest_on(today) <= now
            if begun and not had_digest and not self.is_quiet(now):
                return Going(now, digest=True)
            at = self.next_digest(
                max(now, self.digest_on(today) + _DAY) if begun and had_digest else now, is_working_day
            )
        if limit is not None and now < limit <= at:
            return Going(self.awake(now), digest=False)
        return Going(at, digest=True)


STANDARD = MailHours()


def problem(hours: MailHours) -> tuple[str, Text] | None:
    """What makes no setting of these values: the part at fault and a sentence that says what to do."""
    for part in ("hour", "quiet_from", "quiet_to"):
        if not 0 <= getattr(hours, part) <= 23:
            return part, _NO_HOUR
    if not 0 <= hours.weekly <= NO_SUMMARY:
        return "weekly", _NO_DAY
    if hours.is_quiet(hours.digest_on(date(2026, 1, 5))):
        return "hour", _IN_QUIET
    return None


def as_data(hours: MailHours) -> dict[str, Any]:
    """The setting as JSON."""
    return asdict(hours)


def from_data(value: Any) -> MailHours:
    """The setting a school keeps; ValueError for what `as_data` would not have written."""
    wrong = ValueError(f"The setting {SETTING} holds {value!r}, which is none.")
    if not isinstance(value, Mapping) or set(value) != {f.name for f in fields(MailHours)}:
        raise wrong
    if any(type(part) is not (bool if name == "digest" else int) for name, part in value.items()):
        raise wrong
    hours = MailHours(**value)
    if problem(hours) is not None:
        raise wrong
    return hours


def hours_of(session: Session, school_id: str) -> MailHours:
    """A school's own hours, or the standard."""
    own = session.get(SchoolSetting, (school_id, SETTING))
    return STANDARD if own is None else from_data(own.value)


_NO_HOUR = Text("Chọn một giờ từ 0 đến 23.", "Choose an hour from 0 to 23.")
_NO_DAY = Text("Chọn một ngày trong tuần, hoặc không gửi.", "Choose a weekday, or none.")
_IN_QUIET = Text(
    "Giờ gửi thư tổng hợp nằm trong giờ yên tĩnh nên thư không gửi được. Chọn giờ khác, hoặc rút ngắn giờ "
    "yên tĩnh.",
    "The digest’s hour lies in the quiet hours, so it could not go. Choose another, or shorten them.",
)
