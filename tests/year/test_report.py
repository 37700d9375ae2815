"""The report of a year that left just what the oracle says."""

from __future__ import annotations

from functools import cache
from xml.etree import ElementTree

from tests.year import report
from tests.year.script import tell
from tests.year.simulate import LEAN, Outcome, plan, wrong
from tests.year.table import expect

SVG = "{http://www.w3.org/2000/svg}"


@cache
def outcome() -> Outcome:
    story = tell(3, teachers=15)
    steps = list(plan(story, LEAN, kills=20))
    expected = expect(story, [step.at for step in steps])
    made = Outcome(story, expected, flags=dict(expected.flags), told=dict(expected.told))
    made.kills = [step.at for step in steps for _ in step.kill]
    return made


def test_nothing_is_wrong_with_it_until_a_flag_or_a_line_more_or_less_is_there() -> None:
    made = outcome()
    assert wrong(made) == []
    key, flag = next(iter(made.flags.items()))
    del made.flags[key]
    assert len(wrong(made)) == 1
    made.flags[key] = flag._replace(account="hieu-truong")
    assert len(wrong(made)) == 1
    made.flags[key] = flag
    line = next(iter(made.told))
    made.told[line] += 1
    assert [fault.partition(":")[0] for fault in wrong(made)] == ["told too often"]
    made.told[line] -= 2
    assert [fault.partition(":")[0] for fault in wrong(made)] == ["not told"]
    made.told[line] += 1


def test_what_is_owed_is_in_time_or_late_or_never_there() -> None:
    rows = report.rows_of(outcome())
    assert [row.number for row in rows] == list(range(1, 36))
    assert all(row.in_time + row.late + row.missing == row.owed for row in rows)
    assert all(min(row[2:]) >= 0 for row in rows)
    assert sum(row.reminders for row in rows) > 100
    assert len(outcome().kills) >= 20
    assert outcome().expected.owed[11] == 12 * 2 + 5  # the three of grade 5 have no lessons


def test_table_and_picture_are_the_same_each_time_and_say_the_same() -> None:
    rows = report.rows_of(outcome())
    said = report.text(outcome(), rows)
    assert said == report.text(outcome(), rows)
    assert "{" not in said
    assert f"| **35** | | **{sum(row.owed for row in rows)}** |" in said
    drawn = ElementTree.fromstring(report.picture(rows))
    words = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {str(n) for n in range(1, 36)} <= set(words)
    assert {"In time", "Missing for a time", "To the end"} <= set(words)
