"""Pictures and words of the places that changed: as it was when signed, as it is now, side by side.

Only drawn for files that are not as they were signed; a few places are enough to see it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from PIL import Image

from tasks.comparing import Box
from tasks.drawn_pages import SCALE, Drawing
from tasks.form_snapshots import Snapshot
from tasks.page_evidence import box_of
from tasks.page_findings import Spot
from tasks.verdicts import ChangedPlace, around

MOST_PLACES = 12
MOST_PAGES = 4
"""Pages that are shown whole."""
LONGEST = 300
"""Characters of the words of a place."""
_FINER = 1.5 * SCALE
"""Pixels to a point of a place cut out: it is looked at closely."""
_WHOLE: Box = (0, 0, 1000, 1000)


def pictures(
    pdf: bytes, ends: dict[int, int], final: Snapshot, spots: Sequence[Spot]
) -> tuple[ChangedPlace, ...]:
    """The places of these spots, the same place only once, by the latest signature that saw it otherwise."""
    with ExitStack() as stack:
        after = stack.enter_context(Drawing(pdf))
        before = {
            index: stack.enter_context(Drawing(pdf[: ends[index]]))
            for index in {spot.signature for spot in spots}
        }
        kept = list(_kept(spots, after, final))[:MOST_PLACES]
        whole: set[int] = set()
        found = []
        for spot, box in kept:
            show = len(whole) < MOST_PAGES and spot.page not in whole
            whole |= {spot.page} if show else set()
            found.append(_shown(spot, box, before[spot.signature], after, whole=show))
        for drawing in (after, *before.values()):
            for page in {spot.page for spot, _ in kept if spot.page < len(drawing)}:
                drawing.flattened(page)
        return tuple(
            replace(
                place,
                words_before=_words(before[spot.signature], spot.page, box),
                words_after="" if spot.gone else _words(after, spot.page, box),
            )
            for place, (spot, box) in zip(found, kept, strict=True)
        )


def _kept(spots: Iterable[Spot], after: Drawing, final: Snapshot) -> Iterator[tuple[Spot, Box]]:
    taken: list[tuple[int, bool, Box]] = []
    for spot in spots:
        box = _box(spot, after, final)
        same = (other for page, gone, other in taken if (page, gone) == (spot.page, spot.gone))
        if any(_mostly_within(box, other) for other in same):
            continue
        taken.append((spot.page, spot.gone, box))
        yield spot, box


def _box(spot: Spot, after: Drawing, final: Snapshot) -> Box:
    if spot.field is None:
        return spot.box or _WHOLE
    size = after.size(spot.page)
    return box_of(after.placed(final.widgets[spot.field], size), size)


def _mostly_within(box: Box, other: Box) -> bool:
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return across > 0 and down > 0 and 2 * across * down >= area


def _shown(spot: Spot, box: Box, before: Drawing, after: Drawing, *, whole: bool) -> ChangedPlace:
    old, new = _drawn(before, spot.page), None if spot.gone else _drawn(after, spot.page)
    return ChangedPlace(
        page=spot.page + 1 if new is not None else 0,
        was=spot.page + 1 if new is None else 0,
        added_by=spot.added_by,
        signature=spot.signature,
        box=box,
        before=None if old is None else _webp(_cut(old, box)),
        after=None if new is None else _webp(_cut(new, box)),
        before_page=_webp(before.image(spot.page)) if old is not None and whole else None,
        after_page=_webp(after.image(spot.page)) if new is not None and whole else None,
    )


def _drawn(drawing: Drawing, page: int) -> Image.Image | None:
    return drawing.image(page, wanted=_FINER) if page < len(drawing) else None


def _cut(image: Image.Image, box: Box) -> Image.Image:
    shown = around(box)
    left, top = shown[0] * image.width // 1000, shown[1] * image.height // 1000
    right, bottom = -(-shown[2] * image.width // 1000), -(-shown[3] * image.height // 1000)
    return image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def _webp(image: Image.Image) -> bytes:
    output = io.BytesIO()
    image.save(output, "WEBP", quality=80, method=2)
    return output.getvalue()


def _words(drawing: Drawing, page: int, box: Box) -> str:
    if page >= len(drawing) or box == _WHOLE:
        return ""
    said = drawing.words_in(page, box)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
