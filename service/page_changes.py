"""The regions two revisions' pages differ in: compared in the intake pool, kept for a while in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from flows.office import Office
from models.document import Revision
from tasks import comparing
from tasks.comparing import Regions, Segment

KEPT = 64
"""Comparisons in memory; one is some kilobytes."""

_FOUND: OrderedDict[tuple[str, str], Regions] = OrderedDict()
_LOCK = threading.Lock()


def changed(office: Office, before: Revision, after: Revision) -> Regions:
    """The changed regions of both revisions' frozen pages, which no signature has touched.

    Invalid, TooLarge or Unavailable when the files cannot be compared.
    """
    key = (before.pdf, after.pdf)
    with _LOCK:
        if key in _FOUND:
            _FOUND.move_to_end(key)
            return _FOUND[key]
    found = office.intake.submit(
        comparing.regions,
        office.blobs.get(before.pdf),
        office.blobs.get(after.pdf),
        segments(before, after),
    )
    with _LOCK:
        _FOUND[key] = found
        while len(_FOUND) > KEPT:
            _FOUND.popitem(last=False)
    return found


def segments(before: Revision, after: Revision) -> list[Segment]:
    """The pages of each lesson in both revisions; what stands before the first is a segment too."""
    then, now = _pages_of(before), _pages_of(after)
    return [Segment(then.get(key, (1, 1)), now.get(key, (1, 1))) for key in dict.fromkeys([*now, *then])]


def _pages_of(revision: Revision) -> dict[str, tuple[int, int]]:
    """The pages of each lesson, the last excluded; "" is what stands before the first."""
    begins = sorted((page, key) for key, page in revision.parts.items())
    ends = [page for page, _ in begins[1:]] + [revision.pages + 1]
    found = {"": (1, begins[0][0] if begins else revision.pages + 1)}
    for (page, key), end in zip(begins, ends, strict=True):
        # A lesson that begins on the page another ends on is compared with it, too.
        found[key] = (page, max(end, page + 1))
    return found
