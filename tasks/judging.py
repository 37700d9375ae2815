"""The judgement of the public verification: what is this file worth, signature by signature, and why?

Built on full validation (`tasks/verifying.py`), to which it adds what cryptography and difference analysis do
not see: where the signatures lie in the bytes (`signature_places`), whether other readers see the same file
(`form_snapshots`), and whether its pages still look as they were signed (`page_evidence`, `page_findings`).
Runs in a child of the intake pool, which bounds its time and memory; a bad file never raises.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pikepdf
import pypdfium2
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.reader import PdfFileReader

from models.text import Text
from tasks import (
    certificate_standing,
    drawn_pages,
    form_snapshots,
    loose_ends,
    open_locks,
    page_evidence,
    page_findings,
    place_pictures,
    signature_places,
    summing_up,
    unsigned_updates,
)
from tasks import live_content as live
from tasks import verdict_words as words
from tasks.checking import MALFORMED
from tasks.drawn_pages import Drawing
from tasks.form_snapshots import Key, Snapshot
from tasks.page_evidence import PageChange, TooMuchToDraw
from tasks.plain_names import plain
from tasks.signature_places import Place, Places
from tasks.validation_data import ValidationData
from tasks.verdicts import Anchors, ChangedPlace, PageFinding, SignatureVerdict, Standing, Verdict
from tasks.verifying import examine, unusable

MOST_BYTES = 64 * 1024 * 1024
MOST_SIGNATURES = 60
MOST_REVISIONS = 300
MOST_ENDS = 3
_HEAD = 2048
_LENGTH = re.compile(rb"/L\s+(\d{1,12})\b")
_ODD = (*MALFORMED, pikepdf.PdfError, pypdfium2.PdfiumError)


def warm() -> None:
    """What a child of the pool does before its first file: everything is imported by now."""


def judge(pdf: bytes, anchors: Anchors, now: datetime) -> Verdict:
    """The verdict on a file, whatever it is."""
    try:
        verdict = _judged(pdf, anchors, now)
    except _ODD:
        verdict = summing_up.unreadable(words.DAMAGED_FILE)
    if verdict.explanation is words.DAMAGED_FILE:
        return _of_the_signed_part(pdf, anchors, now) or verdict
    return verdict


def _judged(pdf: bytes, anchors: Anchors, now: datetime) -> Verdict:
    if b"%PDF-" not in pdf[:1024]:
        return summing_up.unreadable(words.NO_PDF)
    if len(pdf) > MOST_BYTES:
        return summing_up.unreadable(words.TOO_LARGE)
    try:
        reader = _read(pdf)
        if not open_locks.opened(reader):
            return summing_up.unreadable(words.ENCRYPTED)
        places = signature_places.places(pdf, reader)
    except _ODD:
        return summing_up.unreadable(words.DAMAGED_FILE)
    if (
        places.too_many
        or len(places.found) > MOST_SIGNATURES
        or reader.xrefs.total_revisions > MOST_REVISIONS
    ):
        return summing_up.unreadable(words.TOO_LARGE)
    found = asyncio.run(_signatures(reader, places.found, anchors, now))
    return _with_pages(pdf, found, places, reader)


def _of_the_signed_part(pdf: bytes, anchors: Anchors, now: datetime) -> Verdict | None:
    """Of a file that cannot be read: what was signed of it may be whole, with rubbish behind."""
    for end in signature_places.claimed_ends(pdf)[:MOST_ENDS]:
        try:
            whole = _judged(pdf[:end], anchors, now)
        except _ODD:
            continue
        if whole.standing not in (Standing.UNREADABLE, Standing.UNSIGNED):
            found = _altered(whole.signatures, -1, words.LOOSE_END)
            return replace(summing_up.summed_up(found), pages=whole.pages, modified=whole.modified)
    return None


def _read(pdf: bytes) -> PdfFileReader:
    """Strictly, but for files with two kinds of tables, which strict reading refuses to validate, and for
    new objects of a higher generation, as Okular and other programs on Poppler number them."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
    except PdfStrictReadError:
        lenient = PdfFileReader(io.BytesIO(pdf), strict=False)
        if not _numbered_by_poppler(lenient):
            raise
        return lenient
    return PdfFileReader(io.BytesIO(pdf), strict=False) if reader.xrefs.hybrid_xrefs_present else reader


def _numbered_by_poppler(reader: PdfFileReader) -> bool:
    """Whether all that is odd about the tables is that new numbers begin with generation 1: no number is
    used twice, so no reader can mean another object by it."""
    generations: dict[int, int] = {}
    streams: set[int] = set()
    size = 0
    tables = [reader.xrefs.get_xref_data(number) for number in range(reader.xrefs.total_revisions)]
    freed = {number for table in tables for number in table.freed} - {0}
    for revision in range(len(tables)):
        head = reader.xrefs.get_xref_container_info(revision)
        listed = {one.idnum: one.generation for one in reader.xrefs.explicit_refs_in_revision(revision)}
        twice = any(generations.get(number, own) != own for number, own in listed.items())
        if twice or head.size < size or not listed.keys().isdisjoint(freed | streams):
            return False
        generations |= listed
        streams |= {head.stream_ref.idnum} if head.stream_ref else set()
        size = head.size
    return True


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


@dataclass(frozen=True, slots=True)
class _Pages:
    """What the drawn pages gave, or why they gave nothing."""

    found: tuple[SignatureVerdict, ...]
    places: tuple[ChangedPlace, ...] = ()


def _with_pages(
    pdf: bytes, found: tuple[SignatureVerdict, ...], places: Places, reader: PdfFileReader
) -> Verdict:
    doubts: list[Text] = []
    if not pdf.startswith(b"%PDF-"):
        doubts.append(words.BYTES_BEFORE)
    if found and (_claims_to_be_linear(pdf) or not open_locks.is_one(reader)):
        doubts.append(words.READERS_DISAGREE)
    if places.strays and not found:
        return summing_up.taken_off()
    if places.strays:
        doubts.append(words.STRAY)
    end = max((place.end for place in places.found), default=len(pdf))
    if not loose_ends.accounted(pdf, reader, end):
        found = _altered(found, -1, words.LOOSE_END)
    for index in unsigned_updates.unlawful(reader, places.found):
        found = _altered(found, index, words.UNSIGNED_ADDITION)
    if unsigned_updates.idle(reader, places.found):
        doubts.append(words.IDLE_UPDATE)
    try:
        final = form_snapshots.snapshot(pdf)
        moving = live.live_content(pdf)
        seen = drawn_pages.pages_seen(pdf)
    except _ODD:
        return summing_up.summed_up(_uncompared(found), [*doubts, words.READERS_DISAGREE])
    if not _agreed(final, reader, places) or seen != len(final.frames):
        doubts.append(words.READERS_DISAGREE)
    doubts += [doubt for doubt in moving.doubts if doubt not in doubts]
    doubts += _said_otherwise(pdf, final)
    pages = _compared(pdf, found, final)
    verdict = summing_up.summed_up(pages.found, doubts, pages.places)
    return replace(
        verdict,
        pages=len(final.frames),
        places=pages.places,
        cautions=(
            *(
                words.ADDED_BY.format(page=place.page, who=place.added_by)
                for place in pages.places
                if place.added_by
            ),
            *moving.cautions,
        ),
        modified=moving.modified,
    )


def _claims_to_be_linear(pdf: bytes) -> bool:
    """Whether the file's head says that it is linearized as it lies here: readers that believe it, browsers
    among them, then take the tables at its head and not those at its end. Whoever signs a linearized file
    appends to it, so no honest one is as long as its head says.
    """
    head = pdf[:_HEAD]
    return b"/Linearized" in head and any(int(found) == len(pdf) for found in _LENGTH.findall(head))


def _agreed(final: Snapshot, reader: PdfFileReader, places: Places) -> bool:
    """Whether qpdf sees the catalogue and the signatures pyHanko sees."""
    root = reader.root_ref
    names = {place.field for place in places.found}
    return final.root == (root.idnum, root.generation) and {name for name, _ in final.signed} == names


def _said_otherwise(pdf: bytes, final: Snapshot) -> list[Text]:
    """A field whose picture shows other words than its value, which some programs show at a click."""
    filled = [one for one in final.widgets.values() if one.kind == "/Tx" and one.value is not None]
    if not filled:
        return []
    try:
        with Drawing(pdf) as drawing:
            for page in {one.page for one in filled}:
                drawing.flattened(page)
            other = [
                one
                for one in filled
                if page_findings.contradict(drawing.field_words(one.page, one.rect), one.value or "")
            ]
    except _ODD:
        return [words.NOT_COMPARED]
    return [words.OTHER_WORDS.format(field=plain(one.name), page=one.page + 1) for one in other[:1]]


def _compared(pdf: bytes, found: tuple[SignatureVerdict, ...], final: Snapshot) -> _Pages:
    """Compare the pages of every signature whose bytes hold with the file as it is."""
    intact = [index for index, one in enumerate(found) if one.report.intact and one.report.revision_end]
    people = [index for index in intact if not found[index].report.is_timestamp]
    if not people:
        return _Pages(page_findings.signed_to_the_end(found))
    try:
        seen = _seen(pdf, found, final, people)
        ended = page_findings.signed_to_the_end(found, seen)
        weighed = page_findings.weighed(ended, seen)
        if any(one.standing is Standing.ALTERED for one in weighed) and len(intact) > len(people):
            # Was it before or after the archive's time-stamps? Only then they are looked at by themselves.
            seen = _seen(pdf, found, final, intact)
            weighed = page_findings.weighed(ended, seen)
        else:
            weighed = _timestamps(weighed)
        spots = page_findings.spots(weighed, seen)
    except (TooMuchToDraw, *_ODD):
        return _Pages(_uncompared(page_findings.signed_to_the_end(found)))
    ends = {index: found[index].report.revision_end for index in intact}
    return _Pages(weighed, place_pictures.pictures(pdf, ends, final, spots) if spots else ())


def _seen(
    pdf: bytes, found: Sequence[SignatureVerdict], final: Snapshot, indices: Sequence[int]
) -> page_findings.Seen:
    """The pages of these signatures beside the file as it is."""
    ends = {index: found[index].report.revision_end for index in indices}
    snapshots = {index: form_snapshots.snapshot(pdf[:end]) for index, end in ends.items()}
    revisions = {index: (ends[index], snapshots[index]) for index in indices}
    changes = page_evidence.changes(pdf, final, revisions)
    people = frozenset(index for index in indices if not found[index].report.is_timestamp)
    return page_findings.Seen(final, snapshots, changes, _shown(pdf, final, changes), people)


def _shown(pdf: bytes, final: Snapshot, changes: dict[int, tuple[PageChange, ...]]) -> dict[Key, str]:
    """The words that text fields filled since some signature show in the file as it is."""
    keys = {field.key for one in changes.values() for change in one for field in change.fields}
    texts = [key for key in keys if final.widgets[key].kind == "/Tx"]
    if not texts:
        return {}
    with Drawing(pdf) as drawing:
        for page in {key[1] for key in texts}:
            drawing.flattened(page)
        return {key: drawing.field_words(key[1], key[2]) for key in texts}


def _uncompared(found: Sequence[SignatureVerdict]) -> tuple[SignatureVerdict, ...]:
    return tuple(
        replace(one, standing=Standing.UNKNOWN, sentence=words.NOT_COMPARED)
        if one.standing is Standing.VALID
        else one
        for one in found
    )


def _timestamps(found: Sequence[SignatureVerdict]) -> tuple[SignatureVerdict, ...]:
    """A document timestamp follows a signature: what was drawn for that one holds for it too."""
    result: list[SignatureVerdict] = []
    before = PageFinding.NOT_COMPARED
    for one in found:
        if one.report.is_timestamp:
            result.append(replace(one, pages=before))
        else:
            before = one.pages
            result.append(one)
    return tuple(result)


def _altered(found: tuple[SignatureVerdict, ...], index: int, sentence: Text) -> tuple[SignatureVerdict, ...]:
    """Unless something worse, or more exact, is known of that signature already."""
    if not found or found[index].standing not in (Standing.VALID, Standing.UNKNOWN):
        return found
    changed = replace(found[index], standing=Standing.ALTERED, sentence=sentence)
    return tuple(changed if one is found[index] else one for one in found)
