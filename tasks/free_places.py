"""Is a place on a signed page free, so that somebody may sign there without changing what it says?

Many programs let every signer put a field of their own on the page. That is harmless on blank paper, and a
forgery over words or beside a number. So a free place has blank paper around it too, wider in the direction
words run in; what stands close could be read together with it.
"""

from __future__ import annotations

from PIL import Image

from tasks.form_snapshots import Rect, Snapshot, Widget

LARGEST = 0.08
"""Share of the page; a signature of 7 × 3 cm takes 0.034 of A4."""
SMALLEST = (30.0, 15.0)
"""Points of the longer and the shorter side; what is smaller is a stroke or a figure, no signature."""
BESIDE = 24.0
"""Points of blank paper along the lines: wider than any space within a line."""
ABOVE = 12.0
"""Points of blank paper above and below."""
_LIGHT = 225
_EVEN = 8
"""Levels of grey, of 255: the paper of a scan is neither quite white nor quite even."""


def alone(widget: Widget, then: Snapshot, final: Snapshot) -> bool:
    """Whether the place is none too small and on the page, and no other field or annotation touches it.

    Those that are not shown count too.
    """
    key = (widget.name, widget.page, widget.rect)
    media, crop = final.frames[widget.page][:2]
    low, long = sorted((widget.rect[2] - widget.rect[0], widget.rect[3] - widget.rect[1]))
    inside = (
        low >= SMALLEST[1]
        and long >= SMALLEST[0]
        and all(_within(widget.rect, frame) for frame in (media, crop))
    )
    others = [one.rect for state in (then, final) for one in _others(state, key) if one.page == widget.page]
    others += [rect for state in (then, final) for page, rect in state.notes if page == widget.page]
    return inside and not any(_touch(widget.rect, other) for other in others)


def blank(page: Image.Image, place: tuple[int, int, int, int], scale: float, *, turned: bool = False) -> bool:
    """Whether the page, as it was drawn then, is blank there and around; `scale` is pixels to a point."""
    left, top, right, bottom = place
    width, height = right - left, bottom - top
    if width * height > LARGEST * page.width * page.height:
        return False
    across, up = round(BESIDE * scale), round((BESIDE if turned else ABOVE) * scale)
    around = page.convert("RGB").crop(
        (
            max(0, left - across),
            max(0, top - up),
            min(page.width, right + across),
            min(page.height, bottom + up),
        )
    )
    return all(low >= _LIGHT and high - low <= _EVEN for low, high in around.getextrema())  # type: ignore[misc]


def _others(state: Snapshot, key: tuple[str, int, Rect]) -> list[Widget]:
    return [widget for other, widget in state.widgets.items() if other != key]


def _within(rect: Rect, frame: tuple[float, ...]) -> bool:
    xs, ys = sorted(frame[::2]), sorted(frame[1::2])
    return xs[0] <= rect[0] and rect[2] <= xs[1] and ys[0] <= rect[1] and rect[3] <= ys[1]


def _touch(one: Rect, other: Rect) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across >= 0 and up >= 0
