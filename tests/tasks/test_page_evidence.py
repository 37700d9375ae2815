"""What is read and measured on drawn pages."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from tasks.drawn_pages import Drawing
from tasks.form_snapshots import snapshot
from tasks.page_evidence import boxes
from tests import corpus
from tests.tasks.test_verdicts import files


def test_a_field_says_what_it_shows_without_the_letters_beside_it() -> None:
    """“Số: 05/KHDH”: a box that cuts into the stroke behind the number does not read it."""
    pdf = files()[-1]
    widget = next(widget for widget in snapshot(pdf).widgets.values() if widget.name == "number")
    left, bottom, _, top = widget.rect
    with Drawing(pdf) as drawing:
        beside = [n / 4 for n in range(4 * 40)]
        slash = next(
            right for right in beside if "/" in drawing.words(0, (left, bottom, widget.rect[0] + right, top))
        )
        wide = (left, bottom, left + slash, top)
        drawing.flattened(0)
        assert "/" in drawing.words(0, wide)
        assert drawing.field_words(0, wide) == "05"
        assert drawing.field_words(0, widget.rect) == "05"


@pytest.mark.parametrize(
    "points",
    [(595.276, 841.89), (841.89, 595.276), (3.0, 300.0), (9000.0, 9000.0)],
    ids=["A4", "lying", "a line", "a wall"],
)
def test_a_pages_size_is_known_without_drawing_it(points: tuple[float, float]) -> None:
    with Drawing(corpus.pdf(1, points)) as drawing:
        assert drawing.size(0) == drawing.image(0).size


@pytest.mark.parametrize(
    ("rectangles", "expected"),
    [
        ([], 0),
        ([(100, 100, 101, 101)], 1),
        ([(100, 100, 300, 110), (100, 120, 300, 130)], 1),
        ([(100, 100, 300, 110), (100, 400, 300, 410)], 2),
    ],
    ids=["nothing", "one point", "two lines", "two places"],
)
def test_changed_points_are_gathered_into_places(
    rectangles: list[tuple[int, int, int, int]], expected: int
) -> None:
    image = Image.new("L", (800, 1000))
    for rectangle in rectangles:
        ImageDraw.Draw(image).rectangle(rectangle, 255)
    found = boxes(image)
    assert len(found) == expected
    for box, (left, top, right, bottom) in zip(found, rectangles, strict=False):
        assert box[0] <= left * 1000 / 800 <= right * 1000 / 800 <= box[2]
        assert box[1] <= top <= bottom or expected == 1
