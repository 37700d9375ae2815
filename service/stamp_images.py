"""A signature or the seal as it will stand on a paper, drawn for a browser true to size.

A browser's millimetre: 96 of its pixels are an inch.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import Response

from flows.office import Office
from flows.stamps import over
from models.picture import SealPicture, SignaturePicture
from service import page_images
from tasks import pdf_pages, rendering

_SIGNATURE, _SEAL = (80, 42), (58, 42)
"""Millimetres: the largest place for a signature that a paper of ours has, and that of the seal over it
(`templates/documents/school.typ`)."""
_FINE = 2


def _extent(place: tuple[int, int]) -> tuple[int, int]:
    width, height = (round(side / 25.4 * 96) for side in place)
    return width, height


SIGNATURE_EXTENT, SEAL_EXTENT = _extent(_SIGNATURE), _extent(_SEAL)
"""Width and height in a browser's pixels."""


def signature(office: Office, row: SignaturePicture, name: str, post: str) -> Response:
    """A person's signature between post and name."""
    shown = {"kind": "person", "authority": [post] if post else [], "name": name}
    return _drawn(office, _SIGNATURE, row.picture, row.since, shown)


def seal(office: Office, row: SealPicture, school: str) -> Response:
    """The seal where it stands beside a signature without a picture."""
    width, height = (side / 25.4 * 72 for side in _SEAL)
    shown = {
        "kind": "seal",
        "authority": [school],
        "diameter": row.diameter,
        "over": over((0, 0, width, height), None),
    }
    return _drawn(office, _SEAL, row.picture, row.since or row.asked_at, shown)


def _drawn(
    office: Office, place: tuple[int, int], picture: str, at: datetime, shown: dict[str, Any]
) -> Response:
    width, height = (side / 25.4 * 72 for side in place)
    fixed = {"width": width, "height": height, "signed_at": at, "development": True}
    stamp = office.intake.submit(rendering.stamp, shown | fixed | {"picture": office.blobs.get(picture)})
    pixels = _extent(place)[0] * _FINE
    return page_images.answer(office.intake.submit(pdf_pages.page_image, stamp.pdf, 1, pixels))
