"""Rules of reminders and hours of mails as they are filled in: controls, how they are read, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, NamedTuple

from flows.deadlines import WorkingDays, step_due
from flows.grammar import UntilWeekday
from flows.moments import Moment, moments
from flows.obligations import Calendar
from flows.remind import LEAST, MOST, NO_NUMBER, RULES_MOST, Remind, clash, problem
from flows.reminder_rules import Reminded, is_decided
from models.errors import Fault, Invalid
from models.settings import VIETNAM
from models.text import Text
from tasks import mail_hours
from tasks.mail_hours import NO_SUMMARY, MailHours

WHEN = {
    "": Text("(không có)", "(none)"),
    "before": Text("trước ngày hạn", "before the day of the limit"),
    "at": Text("đúng ngày hạn", "on the day of the limit"),
    "after": Text("sau ngày hạn", "after the day of the limit"),
}
PARTS = ("when", "days", "to", "hour", "every", "times")
BLANK = {"when": "", "days": "1", "to": "owes", "hour": "7", "every": "0", "times": "1"}
SPARE = 2
"""So many empty rows are offered for more rules."""


def typed_of(rules: Sequence[Remind]) -> list[dict[str, str]]:
    """The rows of the form as they stand for some rules, with empty ones after them."""
    rows = [{part: str(getattr(rule, part)) for part in PARTS} for rule in rules]
    return with_spare(rows)


def with_spare(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The rows that say something, and some to say more in."""
    said = [row for row in rows if row["when"]]
    return [*said, *(dict(BLANK) for _ in range(min(SPARE, RULES_MOST - len(said))))]


def rows_of(typed: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of a posted form, as they were typed."""
    return [
        {part: typed.get(f"r{n}_{part}", BLANK[part]).strip()[:20] for part in PARTS}
        for n in range(RULES_MOST + SPARE)
        if f"r{n}_when" in typed
    ]


def read(rows: Sequence[Mapping[str, str]], matter: Reminded) -> tuple[Remind, ...]:
    """The rules as filled in; Invalid names each control that is wrong, by row and part."""
    faults: list[Fault] = []
    rules: list[Remind] = []
    places: list[int] = []
    for place, row in enumerate(rows):
        if not row["when"]:
            continue
        rule = _rule(row, matter, place, faults)
        if rule is not None:
            rules.append(rule)
            places.append(place)
    if not faults and (twice := clash(rules)) is not None:
        place, sentence = twice
        faults.append(Fault(f"r{places[min(place, len(places) - 1)]}_when", sentence))
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return tuple(rules)


def _rule(row: Mapping[str, str], matter: Reminded, place: int, faults: list[Fault]) -> Remind | None:
    wrong = [
        Fault(f"r{place}_{part}", NO_NUMBER.format(least=LEAST[part], most=most))
        for part, most in MOST.items()
        if (number := whole(row[part])) is None or not LEAST[part] <= number <= most
    ]
    if row["when"] not in WHEN:
        wrong.append(Fault(f"r{place}_when", _NO_WHEN))
    if row["to"] not in matter.recipients:
        wrong.append(Fault(f"r{place}_to", _NO_ONE))
    if wrong:
        faults += wrong
        return None
    value: dict[str, Any] = dict(row) | {part: int(row[part]) for part in MOST}
    if value["when"] == "at":
        value["days"] = 0
    rule = Remind(**value)
    if (lacks := problem(rule)) is not None:
        faults.append(Fault(f"r{place}_{lacks[0]}", lacks[1]))
        return None
    return rule


def whole(text: str) -> int | None:
    """A whole number as it is typed; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


# --- when they would go ---------------------------------------------------------------------------------


class Coming(NamedTuple):
    """A reminder still to come: when, of which week or step, and the limit it belongs to."""

    moment: Moment
    about: Text
    due_at: datetime


def coming(
    matter: Reminded,
    rules: Sequence[Remind],
    calendar: Calendar,
    is_working_day: WorkingDays,
    now: datetime,
    most: int,
) -> list[Coming]:
    """The next moments at which these rules would fire."""
    found = [
        Coming(moment, about, due_at)
        for about, due_at in _limits(matter, calendar, now)
        for moment in moments(rules, due_at, is_working_day)
        if moment.at > now
    ]
    return sorted(found, key=lambda one: (one.moment.at, one.due_at, one.moment.to))[:most]


def _limits(matter: Reminded, calendar: Calendar, now: datetime) -> list[tuple[Text, datetime]]:
    """The limits of all weeks; of reviews those they would have if it were their turn from now on."""
    deadline = matter.declared.deadline
    if not matter.review:
        assert deadline is not None
        return [(_WEEK.format(n=due.week.number), due.due_at) for due in calendar.due_weeks(deadline)]
    found = []
    ahead = [week for week in calendar.weeks if week.monday > now.astimezone(VIETNAM).date()]
    for step in (s for s in matter.declared.leaves if is_decided(s)):
        weeks = ahead if isinstance(step.due, UntilWeekday) else []
        turns: list[tuple[Text, date | None]] = [(_WEEK.format(n=week.number), week.monday) for week in weeks]
        for said, monday in turns or [(_FROM_NOW, None)]:
            due_at = step_due(step.due, monday, now)
            if due_at is not None:
                found.append((_TURN.format(step=step.label, when=said), due_at))
    return found


# --- hours of mails -------------------------------------------------------------------------------------


def hours_typed(hours: MailHours) -> dict[str, str]:
    """The controls of the form as they stand."""
    values = {f.name: getattr(hours, f.name) for f in fields(hours)}
    return {name: ("yes" if v else "") if isinstance(v, bool) else str(v) for name, v in values.items()}


def read_hours(typed: Mapping[str, str]) -> MailHours:
    """The hours as filled in; Invalid names the control that is wrong."""
    numbers = {part: whole(typed.get(part, "")) for part in ("hour", "quiet_from", "quiet_to", "weekly")}
    faults = tuple(Fault(part, _NO_HOUR) for part, number in numbers.items() if number is None)
    if typed.get("digest", "") not in ("", "yes"):
        faults += (Fault("digest", _NO_CHOICE),)
    if faults:
        raise Invalid(_WRONG_HOURS, faults)
    hours = MailHours(
        digest=typed.get("digest") == "yes", **{n: v for n, v in numbers.items() if v is not None}
    )
    if (wrong := mail_hours.problem(hours)) is not None:
        raise Invalid(_WRONG_HOURS, (Fault(*wrong),))
    return hours


def hours_words(hours: MailHours) -> list[Text]:
    """The setting in sentences."""
    said = [
        _DIGEST.format(hour=f"{hours.hour:02}:00") if hours.digest else _NO_DIGEST,
        _QUIET.format(first=f"{hours.quiet_from:02}:00", last=f"{hours.quiet_to:02}:00")
        if hours.quiet_from != hours.quiet_to
        else _NEVER_QUIET,
    ]
    if hours.weekly != NO_SUMMARY:
        said.append(_WEEKLY.format(day=FULL_DAYS[hours.weekly], hour=f"{hours.hour:02}:00"))
    return said


FULL_DAYS = (
    Text("thứ Hai", "Monday"),
    Text("thứ Ba", "Tuesday"),
    Text("thứ Tư", "Wednesday"),
    Text("thứ Năm", "Thursday"),
    Text("thứ Sáu", "Friday"),
    Text("thứ Bảy", "Saturday"),
    Text("Chủ nhật", "Sunday"),
)
_WEEK = Text("tuần {n}", "week {n}")
_TURN = Text("{step}, {when}", "{step}, {when}")
_FROM_NOW = Text("nếu đến lượt hôm nay", "if it is opened today")
_WRONG = Text(
    "Chưa lưu được quy tắc nhắc. Sửa chỗ được đánh dấu.", "The reminders are not kept. Mend what is marked."
)
_NO_WHEN = Text("Chọn một cách trong danh sách.", "Choose one from the list.")
_NO_ONE = Text("Chọn người nhận trong danh sách.", "Choose a recipient from the list.")
_WRONG_HOURS = Text(
    "Chưa lưu được giờ gửi thư. Sửa chỗ được đánh dấu.", "The hours are not kept. Mend what is marked."
)
_NO_CHOICE = Text("Chọn một mục trong danh sách.", "Choose one of the list.")
_NO_HOUR = Text("Chọn một giờ trong danh sách.", "Choose an hour from the list.")
_DIGEST = Text(
    "Việc không gấp được gom vào một thư mỗi người mỗi ngày làm việc, gửi lúc {hour}. Hồ sơ bị trả lại, "
    "sự cố, ủy quyền, và việc đến hạn trước thư tổng hợp kế tiếp thì gửi ngay.",
    "What can wait is gathered into one mail a person and working day, sent at {hour}. Returned records, "
    "incidents, delegations and what is due before the next digest go at once.",
)
_NO_DIGEST = Text("Mỗi việc một thư, gửi ngay khi có.", "Every mail goes at once.")
_QUIET = Text(
    "Từ {first} đến {last} không gửi thư nào, trừ thư về bảo mật tài khoản và thư người dùng vừa yêu cầu.",
    "From {first} to {last} no mail goes out but those about the security of an account and those just asked "
    "for.",
)
_NEVER_QUIET = Text("Không có giờ yên tĩnh.", "There are no quiet hours.")
_WEEKLY = Text(
    "Ban Giám hiệu nhận bản tổng hợp tuần vào {day} lúc {hour}; trúng ngày nghỉ thì vào ngày làm "
    "việc kế tiếp.",
    "Principals get the week in figures on {day} at {hour}, or on the next working day.",
)
TOLD = Text(
    "{who} đổi quy tắc nhắc việc. Nếu chưa thống nhất, trao đổi lại với người đổi.",
    "{who} changed the rules of reminders. If this was not agreed, talk to them.",
)
"""What the principals are told of other rules."""
