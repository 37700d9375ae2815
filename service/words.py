"""Dates, durations, sizes and counts as people say them, in both languages. Pure: no web, no database.

Times are shown in Vietnam's time (+07:00), dates dd/mm/yyyy; inside a school year the year may go (24/11).
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta

from flows.deadlines import WEEKDAYS
from flows.queries import COUNTED
from models.names import by_given_name as by_given_name  # pages sort by it and read words here
from models.settings import VIETNAM
from models.text import Text

SHORT_WEEKDAYS = (
    Text("T2", "Mon"),
    Text("T3", "Tue"),
    Text("T4", "Wed"),
    Text("T5", "Thu"),
    Text("T6", "Fri"),
    Text("T7", "Sat"),
    Text("CN", "Sun"),
)


def local(moment: datetime) -> datetime:
    """The same instant on Vietnam's clock."""
    return moment.astimezone(VIETNAM)


def same(words: str) -> Text:
    """Words that are the same in both languages: numbers, dates."""
    return Text(words, words)


def when(moment: datetime) -> Text:
    """`25/11/2026 14:02`."""
    return same(f"{local(moment):%d/%m/%Y %H:%M}")


def when_exactly(moment: datetime) -> Text:
    """`25/11/2026 14:02:46 +07:00`."""
    return same(f"{local(moment):%d/%m/%Y %H:%M:%S} +07:00")


def brief(moment: datetime) -> Text:
    """`25/11 14:02`, inside the school year."""
    return same(f"{local(moment):%d/%m %H:%M}")


def day(value: date | datetime | str) -> Text:
    """`25/11/2026`; a date may come as ISO text, and text that is no date stays as it is."""
    if isinstance(value, str):
        try:
            return day(date.fromisoformat(value))
        except ValueError:
            return same(value or "–")
    if isinstance(value, datetime):
        value = local(value).date()
    return same(f"{value:%d/%m/%Y}")


def weekday_of(value: date) -> Text:
    """`thứ Ba 24/11`."""
    name = WEEKDAYS[value.weekday()]
    return Text(f"{name.vi} {value:%d/%m}", f"{name.en} {value:%d/%m}")


def clock(moment: datetime) -> Text:
    """`Thứ Ba 24/11/2026, 16:20`, the server's clock in the frame."""
    here = local(moment)
    name = WEEKDAYS[here.weekday()]
    tail = f" {here:%d/%m/%Y, %H:%M}"
    return Text(name.vi[0].upper() + name.vi[1:] + tail, name.en + tail)


def limit(moment: datetime) -> Text:
    """A limit as people say it: midnight is the end of the day before (`hết thứ Ba 24/11`)."""
    here = local(moment)
    if (here.hour, here.minute) == (0, 0):
        last = weekday_of(here.date() - timedelta(days=1))
        return Text(f"hết {last.vi}", f"end of {last.en}")
    on = weekday_of(here.date())
    return Text(f"{here:%H:%M} {on.vi}", f"{here:%H:%M} {on.en}")


def span(length: timedelta) -> Text:
    """A length in its two largest units: `1 ngày 3 giờ`, `7 giờ 40 phút`, `5 phút`."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days >= 3:
        return Text(f"{days} ngày", f"{days} days")
    if days:
        tail = f" {hours}" if hours else ""
        return Text(
            f"{days} ngày{tail + ' giờ' if tail else ''}",
            f"{days} day{'s' if days > 1 else ''}{tail + ' h' if tail else ''}",
        )
    if hours:
        tail = f" {rest}" if rest else ""
        return Text(
            f"{hours} giờ{tail + ' phút' if tail else ''}", f"{hours} h{tail + ' min' if tail else ''}"
        )
    if rest:
        return Text(f"{rest} phút", f"{rest} min")
    return Text("chưa đến một phút", "less than a minute")


def left(due: datetime, now: datetime) -> Text:
    """How long until a limit, or how long past it."""
    length = span(due - now)
    if due > now:
        return Text(f"còn {length.vi}", f"{length.en} left")
    return Text(f"quá {length.vi}", f"{length.en} over")


def ago(moment: datetime, now: datetime) -> Text:
    """When something was, as one says it today: `10:05 hôm nay`, `hôm qua`, `3 ngày trước`."""
    days = (local(now).date() - local(moment).date()).days
    if days == 0:
        return Text(f"{local(moment):%H:%M} hôm nay", f"today {local(moment):%H:%M}")
    if days == 1:
        return Text(f"{local(moment):%H:%M} hôm qua", f"yesterday {local(moment):%H:%M}")
    return Text(f"{local(moment):%H:%M} {weekday_of(local(moment).date()).vi}", f"{brief(moment).en}")


def size(octets: int) -> Text:
    """A file's size: `4,1 MB`, `820 kB`."""
    if octets < 1000:
        return same(f"{octets} B")
    if octets < 1_000_000:
        return same(f"{octets / 1000:.0f} kB")
    amount = f"{octets / 1_000_000:.1f}"
    return Text(f"{amount.replace('.', ',')} MB", f"{amount} MB")


def number(value: int) -> Text:
    """`1.934` / `1,934`."""
    grouped = f"{value:,}"
    return Text(grouped.replace(",", "."), grouped)


def decimal(value: float) -> Text:
    """One digit behind the point: `1,9` / `1.9`."""
    return Text(f"{value:.1f}".replace(".", ","), f"{value:.1f}")


def up_to_limit(value: int) -> Text:
    """A number that is counted to a limit only: `2.000+` / `2,000+` at it."""
    more = "+" if value >= COUNTED else ""
    return Text(f"{number(value).vi}{more}", f"{number(value).en}{more}")


def one(item: Text) -> Text:
    """A thing inside a sentence, with its English article: `bài dạy` / `a lesson`."""
    name = item.en.lower()
    return Text(item.vi.lower(), f"{'an' if name[:1] in 'aeiou' else 'a'} {name}")


def counted(count: int, item: Text) -> Text:
    """So many of a thing: `1 bài dạy` / `1 lesson`, `2 hoạt động` / `2 activities`."""
    name = item.en.lower()
    if count != 1:
        name = f"{name[:-1]}ies" if name[-1:] == "y" and name[-2:-1] not in "aeiou" else f"{name}s"
    return Text(f"{count} {item.vi.lower()}", f"{count} {name}")


def grouped_hash(digest: str, groups: int = 2) -> str:
    """The start of a hash in groups of four, as it is read aloud: `9f3a 21c8`."""
    return " ".join(digest[i : i + 4] for i in range(0, 4 * groups, 4))


def folded(text: str) -> str:
    """For looking things up: small letters without their marks, `Đặng Thu Hằng` → `dang thu hang`."""
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in parts if not unicodedata.combining(c))
