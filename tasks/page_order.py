"""Which page of a file was which when it was signed? Pages that were taken out or put in shift all others.

Only asked where the numbers of pages differ; then pages are known again by what they themselves print.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from hashlib import sha256
from typing import Protocol

from PIL import Image

_COARSE = 0.5
"""Pixels to a point: enough to know a page again."""


class Pages(Protocol):
    """A file that is drawn."""

    def __len__(self) -> int: ...

    def image(self, page: int, *, fields: bool = True, wanted: float = ...) -> Image.Image:
        """The page in colour; without `fields` only its own content."""


def earlier(before: Pages, after: Pages) -> dict[int, int]:
    """For the pages of the file as it is (from 0) their numbers then; pages that are new are left out."""
    if len(before) == len(after):
        return {page: page for page in range(len(after))}
    old, new = _digests(before), _digests(after)
    known: dict[int, int] = {}
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for kind, first, last, begin, end in blocks:
        # As many pages at the same numbers are the same pages, changed.
        if kind == "equal" or (kind == "replace" and (first, last) == (begin, end)):
            known.update(zip(range(begin, end), range(first, last), strict=True))
    return known


def _digests(pages: Pages) -> list[str]:
    drawn = (pages.image(page, fields=False, wanted=_COARSE) for page in range(len(pages)))
    return [f"{image.size} {sha256(image.tobytes()).hexdigest()}" for image in drawn]
