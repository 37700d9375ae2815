"""Two versions of a text by words, two versions of a file by the regions of their pages.

Texts are compared line by line, changed lines by words. Pages are compared by the text they print, each
lesson with itself, so that a line more on page 2 does not change page 3; where the text stands still, by
their pixels (pictures). Whatever is too long to compare finely is said to have changed as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from PIL import Image, ImageChops

from tasks.pdf_pages import opened

Kind = Literal["same", "del", "ins"]

PAIRS = 250_000
"""Word pairs (lines: tenfold) that are compared; the time grows with them, some 0.1 s at this many."""
LEAST_ALIKE = 0.5
"""Lines with fewer words in common are shown one after the other, not woven together."""
KEPT_AROUND = 60
"""Characters of unchanged text left beside a change."""
MOST_TOKENS = 30_000
MOVED = 4
"""Runs of text that must follow each other to count as moved, not as changed."""
MOST_PICTURED = 80
"""Pages that are compared by pixels."""
SCALE = 0.7
"""Pixels to a point when pages are compared: some 50 to the inch."""
CELL = 8
"""Pixels of the squares changed pixels are gathered in."""
MARGIN = 0.06
"""Share of a page at its head and foot that holds page numbers and codes, which differ in every revision."""

_WORD = re.compile(r"\w+[^\S\n]*|[^\w\s][^\S\n]*|\n|[^\S\n]+")
"""A word or a sign with the space behind it; a line's end is a word of its own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that stayed, went or came."""

    kind: Kind
    text: str


def words(one: str, other: str) -> tuple[tuple[Piece, ...], ...]:
    """What changed from one text to the other: the changed lines only, each in pieces."""
    before, after = one.splitlines(), other.splitlines()
    found: list[tuple[Piece, ...]] = []
    for tag, a, b, c, d in _opcodes(before, after, PAIRS * 10):
        if tag != "equal":
            found.append(_woven("\n".join(before[a:b]), "\n".join(after[c:d])))
    return tuple(found)


def many(texts: Sequence[tuple[str, str]]) -> list[tuple[tuple[Piece, ...], ...]]:
    """`words` of several pairs, for one trip to a child."""
    return [words(one, other) for one, other in texts]


def _opcodes(one: Sequence[str], other: Sequence[str], most: int) -> Iterable[tuple[str, int, int, int, int]]:
    """How one sequence becomes the other; as a whole where a comparison would take too long."""
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(other)) - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    a, b, c, d = head, len(one) - tail, head, len(other) - tail
    if head:
        yield "equal", 0, head, 0, head
    if a < b and c < d and (b - a) * (d - c) <= most:
        matcher = SequenceMatcher(None, one[a:b], other[c:d], autojunk=False)
        for tag, i, j, k, m in matcher.get_opcodes():
            yield tag, a + i, a + j, c + k, c + m
    elif a < b or c < d:
        yield "replace", a, b, c, d
    if tail:
        yield "equal", b, len(one), d, len(other)


def _woven(one: str, other: str) -> tuple[Piece, ...]:
    before, after = _WORD.findall(one), _WORD.findall(other)
    # The space behind a word is no part of it: “tính.” and “tính trong” begin with the same word.
    plain = [[word.strip(" \t") or word for word in side] for side in (before, after)]
    codes = list(_opcodes(plain[0], plain[1], PAIRS))
    alike = sum(b - a for tag, a, b, _, _ in codes if tag == "equal")
    spaces_only = all(tag == "equal" for tag, *_ in codes)
    if spaces_only or alike < LEAST_ALIKE * max(len(before), len(after)):
        return tuple(p for p in (Piece("del", one), Piece("ins", other)) if p.text)
    pieces: list[Piece] = []
    for n, (tag, a, b, c, d) in enumerate(codes):
        if tag == "equal":
            pieces.append(
                Piece("same", _shortened("".join(after[c:d]), first=n == 0, last=n == len(codes) - 1))
            )
            continue
        pieces += [Piece("del", "".join(before[a:b]))] if b > a else []
        pieces += [Piece("ins", "".join(after[c:d]))] if d > c else []
    return tuple(pieces)


def _shortened(text: str, *, first: bool, last: bool) -> str:
    """Unchanged text as far as it helps to find the place."""
    if len(text) <= 2 * KEPT_AROUND + 3:
        return text
    begin = "" if first else text[:KEPT_AROUND]
    end = "" if last else text[-KEPT_AROUND:]
    return f"{begin}…{end}"


# --- pages -----------------------------------------------------------------------------------------------

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in thousandths of the page's width and height."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Pages (from 1, the last excluded) that hold the same lesson in both files; empty where it is not."""

    before: tuple[int, int]
    after: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Regions:
    """The changed regions of each page of both files, and the earlier page each later one goes with."""

    before: dict[int, tuple[Box, ...]]
    after: dict[int, tuple[Box, ...]]
    pairs: dict[int, int]


@dataclass(frozen=True, slots=True)
class _Token:
    page: int
    text: str
    box: tuple[float, float, float, float]


def regions(before: bytes, after: bytes, segments: Sequence[Segment]) -> Regions:
    """Compare two files segment by segment; Invalid when one is no PDF we can read."""
    met: dict[int, Counter[int]] = {}
    gone: list[_Token] = []
    come: list[_Token] = []
    with opened(before) as one, opened(after) as other:
        for segment in segments:
            then = list(_tokens(one, segment.before))
            now = list(_tokens(other, segment.after))
            old, new = _unlike(then, now, 1, met)
            gone += old
            come += new
        # What only changed its place among the lessons (the last page after a lesson less) is the same still.
        gone, come = _unlike(gone, come, MOVED, met)
        pairs = _paired(segments, met)
        old_boxes, new_boxes = _boxes(gone), _boxes(come)
        still = [(b, a) for a, b in pairs.items() if a not in new_boxes and b not in old_boxes and b > 0]
        for b, a in still[:MOST_PICTURED]:
            found = _pixels(one[b - 1], other[a - 1]) if b <= len(one) and a <= len(other) else ()
            if found:
                old_boxes[b], new_boxes[a] = list(found), list(found)
    return Regions(_merged(old_boxes), _merged(new_boxes), pairs)


def _unlike(
    then: list[_Token], now: list[_Token], least: int, met: dict[int, Counter[int]]
) -> tuple[list[_Token], list[_Token]]:
    """The tokens without a like one on the other side, in runs of `least`; the pages of those that met."""
    gone: list[_Token] = []
    come: list[_Token] = []
    for tag, a, b, c, d in _opcodes([t.text for t in then], [t.text for t in now], PAIRS * 10):
        if tag == "equal" and b - a >= least:
            for one, other in zip(then[a:b], now[c:d], strict=True):
                met.setdefault(other.page, Counter())[one.page] += 1
        else:
            gone += then[a:b]
            come += now[c:d]
    return gone, come


def _paired(segments: Sequence[Segment], met: dict[int, Counter[int]]) -> dict[int, int]:
    """The earlier page most of a later one stood on; by its place in the lesson where nothing did."""
    pairs = {}
    for segment in segments:
        last = segment.before[1] - 1
        for page in range(*segment.after):
            by_place = max(1, min(segment.before[0] + page - segment.after[0], last))
            pairs[page] = met[page].most_common(1)[0][0] if page in met else by_place
    return pairs


def _boxes(tokens: Iterable[_Token]) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = {}
    for token in tokens:
        found.setdefault(token.page, []).append(_box(token))
    return found


def _tokens(document: Any, pages: tuple[int, int]) -> Iterator[_Token]:
    """The runs of text of some pages in their order, without what stands in the margins."""
    count = 0
    for number in range(pages[0], min(pages[1], len(document) + 1)):
        sheet = document[number - 1]
        width, height = sheet.get_size()
        text = sheet.get_textpage()
        for n in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(n)
            middle = 1 - (top + bottom) / 2 / height
            if not MARGIN < middle < 1 - MARGIN:
                continue
            count += 1
            if count > MOST_TOKENS:
                return
            said = " ".join(text.get_text_bounded(left, bottom, right, top).split())
            yield _Token(number, said, (left / width, 1 - top / height, right / width, 1 - bottom / height))


def _box(token: _Token) -> Box:
    left, top, right, bottom = (round(1000 * min(1.0, max(0.0, edge))) for edge in token.box)
    return left, top, right, bottom


def _pixels(one: Any, other: Any) -> tuple[Box, ...]:
    """Where two pages of the same text are drawn differently."""
    first, second = (
        page.render(scale=SCALE, may_draw_forms=False).to_pil().convert("L") for page in (one, other)
    )
    if first.size != second.size:
        return ()
    changed = ImageChops.difference(first, second).point(lambda value: 255 if value > 48 else 0)
    size = (max(1, changed.width // CELL), max(1, changed.height // CELL))
    cells = changed.resize(size, Image.Resampling.BOX)
    found = []
    head, foot = int(size[1] * MARGIN), int(size[1] * (1 - MARGIN))
    for y in range(head, foot):
        hit = [x for x in range(size[0]) if cells.getpixel((x, y)) > 40]  # type: ignore[operator]  # grey: a number
        if hit:
            found.append(
                (
                    1000 * min(hit) // size[0],
                    1000 * y // size[1],
                    1000 * (max(hit) + 1) // size[0],
                    1000 * (y + 1) // size[1],
                )
            )
    return tuple(found)


def _merged(found: dict[int, list[Box]]) -> dict[int, tuple[Box, ...]]:
    """Boxes that touch or nearly do, as one."""
    result = {}
    for page, boxes in found.items():
        merged: list[Box] = []
        for box in sorted(boxes, key=lambda b: (b[1], b[0])):
            if merged and box[1] <= merged[-1][3] + 8:
                last = merged[-1]
                merged[-1] = (min(last[0], box[0]), last[1], max(last[2], box[2]), max(last[3], box[3]))
            else:
                merged.append(box)
        result[page] = tuple(merged)
    return result
