"""Pictures of pages as browsers get them: drawn in the intake pool, kept for a while in memory.

A page is always drawn from the very file that is, or will be, signed.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable

from fastapi import Response
from PIL import Image

from flows.office import Office
from tasks import pdf_pages

WIDTH = 1100
"""Pixels: sharp on a phone, and on a desk at the 800 px a page is shown."""
LARGE = 1700
"""Pixels of a page that is read closely: some 200 to the inch."""
MEDIA_TYPE = "image/webp"
FOREVER = "private, max-age=31536000, immutable"


class Shelf:
    """The newest bytes up to a limit, by key; safe between threads."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, int], make: Callable[[], bytes]) -> bytes:
        """What is kept under the key; made outside the lock when it is not."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._held += len(made)
            while self._held > self._most and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._held -= len(dropped)
        return made


_IMAGES = Shelf(48_000_000)
_DRAFTS = Shelf(32_000_000)


def picture(office: Office, blob: str, page: int, width: int = WIDTH) -> bytes:
    """A page of a stored file; NotFound when it has none of that number."""
    return _IMAGES.get(
        (blob if width == WIDTH else f"{blob}@{width}", page),
        lambda: office.intake.submit(pdf_pages.page_image, office.blobs.get(blob), page, width),
    )


def draft_file(document_id: str, content_version: int, make: Callable[[], bytes]) -> bytes:
    """The pages of a draft at one save, made again when they are no longer kept."""
    return _DRAFTS.get((document_id, content_version), make)


def draft_picture(office: Office, document_id: str, content_version: int, page: int, pdf: bytes) -> bytes:
    """A page of a draft."""
    return _IMAGES.get(
        (f"{document_id}/{content_version}", page),
        lambda: office.intake.submit(pdf_pages.page_image, pdf, page, WIDTH),
    )


def size_of(office: Office, blob: str) -> tuple[int, int]:
    """Width and height of the first page, so that its place on the page is kept before it loads."""
    return measured(picture(office, blob, 1))


def measured(image: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(image)) as opened:
        return opened.size


def answer(image: bytes) -> Response:
    """A picture that never changes under its address."""
    return Response(image, media_type=MEDIA_TYPE, headers={"cache-control": FOREVER})
