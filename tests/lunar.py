"""The Vietnamese lunar calendar by plain computation (mean new moons with the large corrections, the sun's
longitude, 7 hours east of Greenwich): another source than the library's tables.

After Jean Meeus, "Astronomical Algorithms", and the rules of the calendar: a month begins on the day of the
new moon; month 11 holds the winter solstice; of 13 months between two of them the first without a principal
term is the leap month.
"""

from __future__ import annotations

from datetime import date
from math import floor, pi, sin

VIETNAM_HOURS = 7
_EPOCH = 2451545
_JULIAN_OF_ORDINAL_0 = 1721425
"""Julian day number of a date, less its ordinal."""


def new_moon(k: int) -> float:
    """Julian date (UTC) of the k-th new moon after that of January 1900."""
    t = k / 1236.85
    r = pi / 180
    mean = 2415020.75933 + 29.53058868 * k + 0.0001178 * t**2 - 0.000000155 * t**3
    mean += 0.00033 * sin((166.56 + 132.87 * t - 0.009173 * t**2) * r)
    sun = (359.2242 + 29.10535608 * k - 0.0000333 * t**2 - 0.00000347 * t**3) * r
    moon = (306.0253 + 385.81691806 * k + 0.0107306 * t**2 + 0.00001236 * t**3) * r
    latitude = (21.2964 + 390.67050646 * k - 0.0016528 * t**2 - 0.00000239 * t**3) * r
    late = (0.1734 - 0.000393 * t) * sin(sun) + 0.0021 * sin(2 * sun)
    late += -0.4068 * sin(moon) + 0.0161 * sin(2 * moon) - 0.0004 * sin(3 * moon)
    late += 0.0104 * sin(2 * latitude) - 0.0051 * sin(sun + moon) - 0.0074 * sin(sun - moon)
    late += 0.0004 * sin(2 * latitude + sun) - 0.0004 * sin(2 * latitude - sun)
    late += -0.0006 * sin(2 * latitude + moon) + 0.0010 * sin(2 * latitude - moon)
    late += 0.0005 * sin(2 * moon + sun)
    dynamical = -0.000278 + 0.000265 * t + 0.000262 * t**2
    return mean + late - dynamical


def new_moon_day(k: int) -> int:
    """The day (Julian day number) of that new moon in Vietnam."""
    return floor(new_moon(k) + 0.5 + VIETNAM_HOURS / 24)


def solar_sector(day: int) -> int:
    """In which twelfth of the sun's way (0 from the spring equinox) a day in Vietnam begins."""
    t = (day - 0.5 - VIETNAM_HOURS / 24 - _EPOCH) / 36525
    r = pi / 180
    anomaly = (357.52910 + 35999.05030 * t - 0.0001559 * t**2 - 0.00000048 * t**3) * r
    longitude = 280.46645 + 36000.76983 * t + 0.0003032 * t**2
    longitude += (1.914600 - 0.004817 * t - 0.000014 * t**2) * sin(anomaly)
    longitude += (0.019993 - 0.000101 * t) * sin(2 * anomaly) + 0.000290 * sin(3 * anomaly)
    return int(longitude % 360 // 30)


def _month_11(year: int) -> int:
    """Which new moon begins month 11 of the lunar year that begins in this year."""
    k = floor((_julian(date(year, 12, 31)) - 2415021) / 29.530588853)
    while new_moon_day(k) > _julian(date(year, 12, 31)):
        k -= 1
    return k - 1 if solar_sector(new_moon_day(k)) >= 9 else k


def to_solar(year: int, month: int, day: int) -> date:
    """The day of a lunar date; the month that is not the leap one."""
    start, end = _month_11(year - 1), _month_11(year)
    leap = None
    if end - start == 13:
        sectors = [solar_sector(new_moon_day(k)) for k in range(start, end + 1)]
        leap = next(n for n in range(1, 14) if sectors[n] == sectors[n + 1])
    assert month < 11, "only the months of the new year are asked for"
    after = month + 1
    if leap is not None and after >= leap:
        after += 1
    return date.fromordinal(new_moon_day(start + after) - _JULIAN_OF_ORDINAL_0 + day - 1)


def _julian(day: date) -> int:
    return day.toordinal() + _JULIAN_OF_ORDINAL_0
