"""Do the pages still look as they were signed? Each signed revision drawn beside the file as it is now.

Difference analysis reads objects and accepts some attacks that were published; this looks at the pages, as a
person does. Every page of `pdf[:end]` of each signature is drawn with PDFium, fields and annotations shown,
and compared with the final file pixel by pixel. What differs must lie within a field that stood there empty
and was filled since, and must not hide what the page showed before; whether that filling was lawful is judged
in `page_findings`, which knows the signatures. No signature is looked at here, no decision is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pypdfium2
from PIL import Image, ImageChops, ImageDraw

from tasks import free_places, page_order
from tasks.comparing import Box
from tasks.drawn_pages import Drawing
from tasks.form_snapshots import Key, Snapshot, Widget

MOST_DRAWS = 600
"""Pages drawn for one file, all revisions together: some ten seconds."""
MOST_HELD = 400 * 1024 * 1024
"""Bytes of all revisions open at once."""
LIGHTER = 48
"""How much lighter a point must have become for its ink to count as hidden, of 255."""
LARGEST = 0.5
"""Share of a page beyond which a field is no place to sign but a cover."""
CELL = 8
"""Pixels of the squares changed pixels are gathered in."""
GAP = 3
"""Rows of squares without a change that still belong to one place: the space between two lines."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one field's place on a page between a signature and the final file."""

    key: Key
    hides: bool
    """Ink of the page itself is no longer to be seen."""
    over_text: bool
    """The page prints words there: a field over words can change what they say."""
    new: bool
    """The field did not exist when the signature was made."""
    free: bool = False
    """Of a new field: of modest size, on blank paper with blank paper around, on no field or annotation."""


@dataclass(frozen=True, slots=True)
class PageChange:
    """A page (from 0) that differs between a signature's revision and the final file."""

    page: int
    elsewhere: tuple[Box, ...]
    """Outside all fields filled since."""
    fields: tuple[Change, ...]
    reframed: bool = False
    """Its size, rotation or boxes changed, or it is missing on one side."""
    gone: bool = False
    """No longer in the file; `page` counts as when it was signed."""


class TooMuchToDraw(Exception):
    """More pages and revisions than are drawn for one file."""


def changes(
    pdf: bytes, final: Snapshot, revisions: Mapping[int, tuple[int, Snapshot]]
) -> dict[int, tuple[PageChange, ...]]:
    """For each revision (by index: its end in bytes and its snapshot) the pages that differ from the file.

    Raises TooMuchToDraw, and PdfiumError for what PDFium does not open.
    """
    found: dict[int, list[PageChange]] = {index: [] for index in revisions}
    # A revision that is the whole file cannot differ from it.
    revisions = {index: one for index, one in revisions.items() if pdf[one[0] :].strip()}
    if not revisions:
        return dict.fromkeys(found, ())
    pages = len(final.frames)
    held = sum(end for end, _ in revisions.values())
    if (len(revisions) + 1) * pages > MOST_DRAWS or held > MOST_HELD:
        raise TooMuchToDraw
    with ExitStack() as stack:
        after = stack.enter_context(Drawing(pdf))
        before = {index: stack.enter_context(Drawing(pdf[:end])) for index, (end, _) in revisions.items()}
        if len(after) != pages:
            raise pypdfium2.PdfiumError("Readers disagree about the number of pages.")
        if any(len(before[index]) != len(then.frames) for index, (_, then) in revisions.items()):
            raise pypdfium2.PdfiumError("Readers disagree about the number of pages.")
        earlier = {index: page_order.earlier(drawing, after) for index, drawing in before.items()}
        for page in range(pages):
            now = None
            for index, (_, then) in revisions.items():
                was = earlier[index].get(page)
                if was is not None and was != page:
                    continue  # the same page at another place: which page is gone or new says it all
                if was is None or then.frames[page] != final.frames[page]:
                    found[index].append(PageChange(page, (), (), reframed=True))
                    continue
                now = now if now is not None else after.image(page)
                change = _compared(page, before[index], now, then, final)
                if change is not None:
                    found[index].append(change)
    for index, (_, then) in revisions.items():
        gone = sorted(set(range(len(then.frames))) - set(earlier[index].values()))
        found[index] += [PageChange(page, (), (), reframed=True, gone=True) for page in gone]
    return {index: tuple(one) for index, one in found.items()}


def _compared(
    page: int, drawing: Drawing, now: Image.Image, then: Snapshot, final: Snapshot
) -> PageChange | None:
    before = drawing.image(page)
    if before.size != now.size:
        return PageChange(page, (), (), reframed=True)
    changed = _difference(before, now)
    if changed.getbbox() is None:
        return None
    filled = list(_filled(page, then, final))
    places = {widget: drawing.placed(widget, now.size) for widget in filled}
    touched = [widget for widget in filled if _any(changed.crop(places[widget]))]
    own = drawing.image(page, fields=False) if touched else None
    fields = tuple(
        _field_change(drawing, widget, places[widget], _Pictures(own, before, now), then, final)
        for widget in touched
        if own is not None
    )
    pen = ImageDraw.Draw(changed)
    for place in filter(_area, places.values()):
        pen.rectangle((place[0], place[1], place[2] - 1, place[3] - 1), 0)
    return PageChange(page, boxes(changed), fields)


def _any(image: Image.Image) -> bool:
    return image.width > 0 and image.height > 0 and image.getbbox() is not None


def _area(place: tuple[int, int, int, int]) -> int:
    return (place[2] - place[0]) * (place[3] - place[1])


def _difference(one: Image.Image, other: Image.Image) -> Image.Image:
    """White wherever any colour differs at all."""
    bands = ImageChops.difference(one, other).split()
    return ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2]).point(
        lambda value: 255 if value else 0
    )


def _filled(page: int, then: Snapshot, final: Snapshot) -> Iterator[Widget]:
    """The fields of a page that are filled now and were not, or were not there."""
    for key, widget in final.widgets.items():
        earlier = then.widgets.get(key)
        if widget.page == page and widget.filled and not (earlier is not None and earlier.filled):
            yield widget


@dataclass(frozen=True, slots=True)
class _Pictures:
    """One page, drawn."""

    own: Image.Image
    """When signed, without fields and annotations."""
    before: Image.Image
    now: Image.Image


def _field_change(
    drawing: Drawing,
    widget: Widget,
    place: tuple[int, int, int, int],
    drawn: _Pictures,
    then: Snapshot,
    final: Snapshot,
) -> Change:
    now = drawn.now
    old, new = (image.convert("L").crop(place) for image in (drawn.own, now))
    hidden = ImageChops.subtract(new, old).point(lambda value: 255 if value > LIGHTER else 0)
    large = _area(place) > LARGEST * now.width * now.height
    key = (widget.name, widget.page, widget.rect)
    left, bottom, right, top = widget.rect
    return Change(
        key,
        hides=large or hidden.getbbox() is not None,
        over_text=bool(drawing.words(widget.page, (left + 1, bottom + 1, right - 1, top - 1))),
        new=key not in then.widgets,
        free=key not in then.widgets
        and free_places.alone(widget, then, final)
        and free_places.blank(
            drawn.before, place, now.width / drawing.width(widget.page), turned=drawing.turned(widget.page)
        ),
    )


def box_of(place: Sequence[int], size: tuple[int, int]) -> Box:
    """Pixels of a drawn page in thousandths of it."""
    left, top, right, bottom = (side * 1000 for side in place)
    return (
        left // size[0],
        top // size[1],
        min(1000, -(-right // size[0])),
        min(1000, -(-bottom // size[1])),
    )


def boxes(changed: Image.Image) -> tuple[Box, ...]:
    """The changed pixels as boxes in thousandths of the page, those that nearly touch as one."""
    if changed.getbbox() is None:
        return ()
    size = (-(-changed.width // CELL), -(-changed.height // CELL))
    cells = Image.new("L", (size[0] * CELL, size[1] * CELL))
    cells.paste(changed)
    cells = cells.reduce(CELL).point(lambda value: 255 if value else 0)
    rows: list[tuple[int, int, int, int]] = []
    for y in range(size[1]):
        row = cells.crop((0, y, size[0], y + 1)).getbbox()
        if row is None:
            continue
        if rows and y - rows[-1][3] <= GAP:
            last = rows[-1]
            rows[-1] = (min(last[0], row[0]), last[1], max(last[2], row[2]), y + 1)
        else:
            rows.append((row[0], y, row[2], y + 1))
    return tuple(box_of([side * CELL for side in row], changed.size) for row in rows)
