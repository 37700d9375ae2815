"""The signature table once more with pictures: of every hand, and of the seal over the principal's.

What stands in `test_signature_table.py` holds all the same; the seal is true to size and where Decree
30/2020 wants it; and a stranger's verdict, with pages compared, sees no alarm in a seal over a signature.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import pytest
from PIL import ImageChops

from flows import stamps
from flows.documents import team_teaching_plan
from service import demo_pictures
from tasks import inking, judging
from tasks.assembling import assemble
from tasks.verdicts import Anchors, Standing
from tests import corpus, signatures
from tests.signatures import NOW, Paper, person, team_plan, trust
from tests.tasks.test_signature_table import (
    SEAL,
    TABLE,
    Act,
    changed_outside,
    it_holds_everywhere,
    pages,
    revisions,
)

MM = 72 / 25.4
PICTURED = (
    "lesson plan, vice principal for",
    "teaching plan, principal",
    "group plan, principal",
    "group plan, vice principal for",
    "destruction list",
)


@functools.cache
def picture(who: str) -> bytes:
    if who == SEAL.who:
        return inking.seal(demo_pictures.seal("TRƯỜNG TIỂU HỌC THĂNG LONG", "DẤU MẪU")).png
    return inking.signature(demo_pictures.hand(who)).png


def look(act: Act, paper: Paper, before: Act | None) -> dict[str, Any]:
    """What a signature shows in pictures; a seal stands over the picture of the act before it."""
    if act.field != SEAL.field:
        return {"picture": picture(act.who)}
    assert before is not None
    over = stamps.over(paper.boxes[SEAL.field].rect, hand(before, paper))
    return {"picture": picture(act.who), "diameter": DIAMETER, "over": over}


DIAMETER = 360
"""Tenths of a millimetre."""


def hand(act: Act, paper: Paper) -> tuple[float, ...]:
    """Where on the page the picture of an act's hand stands."""
    box = paper.boxes[act.field]
    made = signatures.stamped(box, person(act.who), act.lines, {"picture": picture(act.who)})
    assert made.hand is not None
    return tuple(side + by for side, by in zip(made.hand, (box.rect[0], box.rect[1]) * 2, strict=True))


@pytest.mark.parametrize("row", PICTURED)
def test_the_same_with_pictures_of_hands_and_of_the_seal(row: str) -> None:
    _, make, acts = TABLE[row]
    files = it_holds_everywhere(make(), acts, look)
    it_is_believed(files[-1], acts)


def test_an_uploaded_body_is_signed_with_pictures_and_sealed() -> None:
    """No PDF/A, for its pages are not ours; a stranger's verdict is the same."""
    made = assemble(UPLOADED, corpus.pdf(3))
    paper = Paper(made.pdf, {box.name: box for box in made.boxes})
    acts = TABLE["group plan, principal"][2]
    files = revisions(paper, acts, look)
    it_is_believed(files[-1], acts)
    for (before, after), act in zip(itertools.pairwise(files), [*acts, None], strict=True):
        drawn = [] if act is None else [act.field, *(name for name, _ in act.texts)]
        assert changed_outside(before, after, paper, drawn) == []


UPLOADED = {
    "title": "Kế hoạch dạy học Toán khối 3, tuần 13–14",
    "issuer": {
        "parent": "UBND xã Nam An Phụ",
        "name": "Trường Tiểu học Thăng Long",
        "place": "Nam An Phụ",
        "abbreviation": "THTL",
    },
    "heading": "KẾ HOẠCH DẠY HỌC CỦA TỔ CHUYÊN MÔN",
    "about": "Môn Toán, khối 3, năm học 2026 - 2027",
    "facts": [["Tổ chuyên môn", "Tổ chuyên môn 1-2-3"]],
    "author": {"name": "Phạm Thị Hoa"},
    "numbered": True,
    "date": "2026-11-12",
    "code": "KHDH-1",
    "parts": [],
    "parts_head": [],
    "boxes": team_teaching_plan.BOXES,
    "file": {"name": "KHDH Toán 3.pdf", "sha256": "0123456789abcdef" * 4, "pages": 3, "note": ""},
}


@pytest.mark.parametrize("row", ["group plan, principal", "group plan, delegate for"])
def test_the_seal_is_as_large_as_the_real_one_and_covers_the_left_third(row: str) -> None:
    """Decree 30/2020, Phụ lục I, II.8; what it covers shows through."""
    paper, acts = team_plan(), TABLE[row][2]
    *_, signed, sealed, _ = revisions(paper, acts, look)
    box, fine = paper.boxes[SEAL.field], 300 / 72
    before, after = (list(pages(pdf, fine))[box.page] for pdf in (signed, sealed))
    red = ImageChops.subtract(before, after).getchannel("B").point(lambda value: 255 if value > 60 else 0)
    left, top, right, bottom = (
        int(side * fine)
        for side in (
            box.rect[0],
            after.height / fine - box.rect[3],
            box.rect[2],
            after.height / fine - box.rect[1],
        )
    )
    note = int(3 * 7.5 * fine)  # the seal's words stand in three small lines at the foot of its box
    rim = red.crop((left, top, right, bottom - note)).getbbox()
    whole = red.crop((left + (right - left) // 2, top, right, bottom)).getbbox()
    assert rim is not None
    assert whole is not None
    across = (rim[2] - rim[0]) / fine / MM
    assert across == pytest.approx(DIAMETER / 10, abs=0.3)
    assert (whole[3] - whole[1]) / fine / MM == pytest.approx(DIAMETER / 10, abs=0.3)
    under = hand(acts[-2], paper)
    third = under[0] + (under[2] - under[0]) / 3
    assert (left + rim[2]) / fine == pytest.approx(third, abs=1)
    middle = after.height / fine - (under[1] + under[3]) / 2
    assert (top + (whole[1] + whole[3]) / 2) / fine == pytest.approx(middle, abs=1)
    dark = before.convert("L").point(lambda value: 255 if value < 140 else 0)
    faded = ImageChops.multiply(dark, after.convert("L").point(lambda value: 255 if value > 170 else 0))
    assert faded.getbbox() is None


def it_is_believed(pdf: bytes, acts: tuple[Act, ...]) -> None:
    """The judgement a stranger gets, pages compared: the seal over a filled signature is no alarm."""
    verdict = judging.judge(pdf, Anchors.embedded(trust()), NOW)
    assert verdict.standing is Standing.VALID, verdict.explanation.vi
    assert [one.report.field for one in verdict.signatures] == [*(act.field for act in acts), "archive"]
    assert verdict.places == ()
