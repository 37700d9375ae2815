"""The judgement of the public verification: what is this file worth, signature by signature, and why?

Built on full validation (`tasks/verifying.py`), to which it adds what cryptography and difference analysis do
not see: where the signatures lie in the bytes (`signature_places`), whether other readers see the same file
(`revisions`), and whether its pages still look as they were signed (`page_evidence`). Runs in a child of the
intake pool, which bounds its time and memory; a bad file never raises.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import datetime

from pyhanko.pdf_utils.reader import PdfFileReader

from tasks import certificate_standing, signature_places
from tasks import verdict_words as words
from tasks.checking import MALFORMED
from tasks.signature_places import Place
from tasks.summing_up import summed_up, unreadable
from tasks.validation_data import ValidationData
from tasks.verdicts import Anchors, SignatureVerdict, Standing, Verdict
from tasks.verifying import examine, unusable

MOST_BYTES = 64 * 1024 * 1024
MOST_SIGNATURES = 60
MOST_REVISIONS = 300


def judge(pdf: bytes, anchors: Anchors, now: datetime) -> Verdict:
    """The verdict on a file, whatever it is."""
    if b"%PDF-" not in pdf[:1024]:
        return unreadable(words.NO_PDF)
    if len(pdf) > MOST_BYTES:
        return unreadable(words.TOO_LARGE)
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        if reader.encrypted:
            return unreadable(words.ENCRYPTED)
        places = signature_places.places(pdf, reader)
    except MALFORMED:
        return unreadable(words.DAMAGED_FILE)
    found = asyncio.run(_signatures(reader, places.found, anchors, now))
    doubts = [words.STRAY] if places.strays else []
    return summed_up(found, doubts)


async def _signatures(
    reader: PdfFileReader, places: tuple[Place, ...], anchors: Anchors, now: datetime
) -> tuple[SignatureVerdict, ...]:
    sound = [place for place in places if place.fault is None and place.embedded is not None]
    data = ValidationData.of(reader, anchors.trust)
    examined = await examine([place.embedded for place in sound if place.embedded], data, now)
    by_place = {
        id(place): await certificate_standing.judged(one, anchors, now)
        for place, one in zip(sound, examined, strict=True)
    }
    return tuple(by_place.get(id(place)) or _of_fault(place) for place in places)


def _of_fault(place: Place) -> SignatureVerdict:
    return SignatureVerdict(
        replace(unusable(place.field), revision_end=place.end),
        Standing.BROKEN,
        place.fault or words.DAMAGED,
    )
