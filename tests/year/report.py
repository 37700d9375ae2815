"""The report of the simulated year: a table week by week and a picture, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.year.acts import CHANGES, Change, DayOff, MadeUp, NewRule, NewTimetable, PutOff, Sends
from tests.year.days import DAY
from tests.year.lessons import ENTERED
from tests.year.oracle import then
from tests.year.simulate import Outcome
from tests.year.spot_checks import RULE as SPOT_CHECK

COLUMN, HEIGHT, LEFT, TOP, FOOT = 22, 260, 60, 34, 114
_INK, _SOFT = "#1a2030", "#5c6577"


class WeekRow(NamedTuple):
    """What became of the records owed for a teaching week, what was told of them, what happened in it."""

    number: int
    monday: date
    owed: int
    in_time: int
    late: int
    missing: int
    reminders: int
    escalations: int
    told: int
    checks: int
    mailed: int
    kills: int


def rows_of(outcome: Outcome) -> list[WeekRow]:
    """By teaching week. Late: missing for a time; missing: to the end."""
    ended = Counter((f.week, f.resolved is None) for f in outcome.flags.values() if f.rule == "missing")
    checks = Counter(f.week for f in outcome.flags.values() if f.rule == SPOT_CHECK)
    told = Counter[tuple[str, int]]()
    for line, times in outcome.told.items():
        told[_GROUP.get(line.what, ""), line.week] += times
    mondays = then(outcome.story.end).mondays
    mailed = Counter(_monday(day) for _, day in {(line.who, line.day) for line in outcome.told})
    kills = Counter(_monday(when.date()) for when in outcome.kills)
    rows = []
    for n, monday in mondays.items():
        owed, late, missing = outcome.expected.owed[n], ended[n, False], ended[n, True]
        said = (told[what, n] for what in ("reminders", "escalations", "flags"))
        rows.append(
            WeekRow(
                n,
                monday,
                owed,
                owed - late - missing,
                late,
                missing,
                *said,
                checks[n],
                mailed[monday],
                kills[monday],
            )
        )
    return rows


_GROUP = {
    "reminder": "reminders",
    "overdue": "reminders",
    "escalation": "escalations",
    "missing": "flags",
    "late": "flags",
}


def _monday(day: date) -> date:
    return day - day.weekday() * DAY


HEAD = (
    "Week",
    "Monday",
    "Owed",
    "In time",
    "Missing for a time",
    "To the end",
    "Reminders",
    "To those above",
    "Told of flags",
    "Checks",
    "Mailed",
    "Kills",
)


def table(rows: Sequence[WeekRow]) -> str:
    """The weeks in Markdown, with their sum."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " ---: |" * len(HEAD)]
    lines += [f"| {r.number} | {r.monday:%d/%m/%Y} | " + " | ".join(map(str, r[2:])) + " |" for r in rows]
    total = [sum(column) for column in zip(*(row[2:] for row in rows), strict=True)]
    return "\n".join([*lines, "| **35** | | " + " | ".join(f"**{n}**" for n in total) + " |"])


def write(outcome: Outcome, folder: Path) -> None:
    """Both files, over those there are."""
    rows = rows_of(outcome)
    (folder / "simulated-year.md").write_text(text(outcome, rows), encoding="utf-8")
    (folder / "simulated-year.svg").write_bytes(picture(rows))


def text(outcome: Outcome, rows: Sequence[WeekRow]) -> str:
    """The whole report."""
    story, rules = outcome.story, Counter(flag.rule for flag in outcome.flags.values())
    told = Counter[str]()
    for line, times in outcome.told.items():
        told[line.what] += times
    sent = [act for act in story.acts if isinstance(act, Sends)]
    asleep, awake = story.asleep
    return _TEXT.format(
        seed=story.seed,
        teachers=len(story.teachers),
        sent=len(sent),
        real=sum(act.real for act in sent),
        steps=outcome.steps,
        kills=len(outcome.kills),
        asleep=f"{asleep:%d/%m/%Y %H:%M}",
        awake=f"{awake:%d/%m/%Y %H:%M}",
        changes="\n".join(f"| {c.at:%d/%m/%Y %H:%M} | {_said(c)} |" for c in _changes()),
        flags=", ".join(f"{n} *{rule}*" for rule, n in sorted(rules.items())),
        lines=", ".join(f"{n} *{what}*" for what, n in sorted(told.items())),
        mailed=len({(line.who, line.day) for line in outcome.told}),
        table=table(rows),
    )


def _changes() -> list[Change | NewTimetable]:
    return sorted((*CHANGES, ENTERED), key=lambda change: change.at)


def _said(change: Change | NewTimetable) -> str:
    match change:
        case NewTimetable():
            return f"Another timetable holds from {change.since:%A, %d/%m} on"
        case DayOff():
            whom = f"grade {change.grade}" if change.grade else "the whole school"
            return f"No lessons from {change.first:%d/%m} to {change.last:%d/%m}, {whom} ({change.reason})"
        case MadeUp():
            return f"The lessons of {change.day:%d/%m} are taught on Saturday {change.on:%d/%m}"
        case PutOff():
            return f"Week {change.week} and all later ones begin a week later"
        case NewRule():
            days = "working days" if change.rule.working else "days"
            return (
                f"For weeks from {change.since:%d/%m/%Y} on, `{change.kind}` is due "
                f"{change.rule.days} {days} before Monday"
            )


_TEXT = """# A simulated school year

Written by `make year`; the same for the same seed ({seed}). Tests in `tests/year/` play the year
2027-2028, with its Tết break and its 29 February, through the product: {teachers} teachers in five groups
sign {sent} records ({real} of them by the whole way: drafted, signed with a PIN, reviewed, approved),
some late, some never, some taken back; most are approved, and most authors download and print them in time;
people are away, come and go; rules, calendar and timetable change in mid-year. Two scheduler processes run
the product's own jobs by its own table of triggers at {steps} instants of the test's clock, both at once, on
one database; {kills} times one is killed with SIGKILL while it works, and both sleep from {asleep} to
{awake}. Mails go by SMTP into a catcher and are read line by line.

At the end every flag and every line of every mail is held against a table computed from the story alone
by other arithmetic (`tests/year/table.py` and what it stands on, which import nothing of the product): each
is there once, and no other; the figures of the principals' weekly summaries are those of the table, too.

- Flags: {flags}.
- Lines of mails: {lines}.
- A person had mail on {mailed} days: one digest a day at most, on working days from seven; what cannot wait
  in between, but nothing at night.

![Records owed by week: in time, missing for a time, to the end](simulated-year.svg)

## What changed in mid-year

| Entered | What |
| --- | --- |
{changes}

## Week by week

{table}

*In time*: covered by a record signed before the limit. *Missing for a time*: signed after it, or no longer
missing because limit or lessons moved. *To those above*: lines to heads and principals, each with several
names. *Told of flags*: what was not told by a reminder already. *Checks*: flags of what a spot check would
probably miss, one for a teacher, day and kind of record. *Mailed*: persons
and days with a mail, and *kills*, by the calendar week; the rest of a row by the week the records are for.
"""


# --- the picture ----------------------------------------------------------------------------------------

Sub = ElementTree.SubElement
PARTS = (
    ("in_time", "#ffffff", "In time"),
    ("late", "url(#late)", "Missing for a time"),
    ("missing", _INK, "To the end"),
)


def picture(rows: Sequence[WeekRow]) -> bytes:
    """A column for each week: the share of what is owed; legible without colour."""
    width, height = LEFT + COLUMN * len(rows) + 12, TOP + HEIGHT + FOOT
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "font-family": "Segoe UI, Roboto, Noto Sans, Liberation Sans, sans-serif",
            "font-size": "11",
            "fill": _INK,
        },
    )
    Sub(root, "title").text = "Records owed by teaching week: in time, missing for a time, to the end"
    _hatching(root)
    _box(root, 0, 0, width, height, "#ffffff", "none")
    most = max(row.owed for row in rows)
    for share in range(0, most + 1, 20):
        y = TOP + HEIGHT - HEIGHT * share / most
        Sub(root, "path", {"d": f"M{LEFT - 4} {y:.1f}H{width - 12}", "stroke": "#dbe0e8"})
        _words(root, LEFT - 8, y + 4, str(share), "end")
    for place, row in enumerate(rows):
        _column(root, row, LEFT + place * COLUMN, most)
    _words(root, LEFT - 8, TOP - 14, "Records", "end")
    _words(root, LEFT - 8, TOP + HEIGHT + 16, "Week", "end")
    _words(root, LEFT - 8, TOP + HEIGHT + 34, "Checks", "end")
    _words(root, LEFT - 8, TOP + HEIGHT + 52, "Kills", "end")
    for place, (_, fill, name) in enumerate(PARTS):
        x = LEFT + place * 150
        _box(root, x, TOP + HEIGHT + 74, 14, 14, fill)
        _words(root, x + 20, TOP + HEIGHT + 85, name, "start")
    drawn: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return drawn + b"\n"


def _column(root: ElementTree.Element, row: WeekRow, x: float, most: int) -> None:
    y = float(TOP + HEIGHT)
    for name, fill, _ in PARTS:
        tall = HEIGHT * getattr(row, name) / most
        y -= tall
        if tall:
            _box(root, x + 2, round(y, 1), COLUMN - 4, round(tall, 1), fill)
    _words(root, x + COLUMN / 2, TOP + HEIGHT + 16, str(row.number), "middle")
    for number, below in ((row.checks, 34), (row.kills, 52)):
        if number:
            _words(root, x + COLUMN / 2, TOP + HEIGHT + below, str(number), "middle")


def _hatching(root: ElementTree.Element) -> None:
    pattern = Sub(
        Sub(root, "defs"),
        "pattern",
        {"id": "late", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse"},
    )
    _box(pattern, 0, 0, 6, 6, "#ffffff", "none")
    Sub(pattern, "path", {"d": "M0 6L6 0", "stroke": _INK})


def _box(
    root: ElementTree.Element, x: float, y: float, width: float, height: float, fill: str, stroke: str = _SOFT
) -> None:
    sides = {"x": x, "y": y, "width": width, "height": height}
    Sub(
        root, "rect", {name: f"{value:g}" for name, value in sides.items()} | {"fill": fill, "stroke": stroke}
    )


def _words(root: ElementTree.Element, x: float, y: float, said: str, anchor: str) -> None:
    Sub(root, "text", {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor}).text = said
