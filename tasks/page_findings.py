"""Was what changed on the pages allowed? The drawn evidence weighed with the signatures.

A field's place may look different from what an earlier signer saw only if the field stood there empty, was
filled since, and a later signature that itself holds made or covers the filling. What a text field shows must
be the words of its value. Judged from the newest signature back, for one that does not hold allows nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from models.text import Text
from tasks import verdict_words as words
from tasks.comparing import Box
from tasks.form_snapshots import Key, Snapshot
from tasks.page_evidence import Change, PageChange
from tasks.verdicts import PageFinding, SignatureVerdict, Standing
from tasks.verifying import Changes

_SPACES = re.compile(r"(?<!\d)\s+|\s+(?!\d)")


class _Weight(IntEnum):
    LAWFUL = 0
    DOUBTFUL = 1
    UNLAWFUL = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """The evidence: the final file; of each compared signature, by index, its revision and what changed."""

    final: Snapshot
    revisions: Mapping[int, Snapshot]
    changes: Mapping[int, Sequence[PageChange]]
    shown: Mapping[Key, str]
    """The words that filled text fields show in the final file."""


def weighed(found: Sequence[SignatureVerdict], seen: Seen) -> tuple[SignatureVerdict, ...]:
    """The same verdicts with what the pages say; those not compared are left as they are."""
    result = list(found)
    for index in sorted(seen.revisions, reverse=True):
        finding, weight, sentence = _finding(index, result, seen)
        one = replace(result[index], pages=finding)
        # What the pages say is more exact than that something was added.
        open_to = (
            one.standing in (Standing.VALID, Standing.UNKNOWN) or one.sentence is words.UNSIGNED_ADDITION
        )
        if weight is _Weight.UNLAWFUL and open_to:
            one = replace(one, standing=Standing.ALTERED, sentence=sentence)
        elif weight is _Weight.DOUBTFUL and one.standing is Standing.VALID:
            one = replace(one, standing=Standing.UNKNOWN, sentence=sentence)
        result[index] = one
    return tuple(result)


def _finding(index: int, found: Sequence[SignatureVerdict], seen: Seen) -> tuple[PageFinding, _Weight, Text]:
    then, final, changes = seen.revisions[index], seen.final, seen.changes[index]
    if any(change.reframed or change.elsewhere for change in changes):
        return PageFinding.CHANGED, _Weight.UNLAWFUL, words.PAGES_CHANGED
    if _refilled(then, final):
        return PageFinding.CHANGED, _Weight.UNLAWFUL, words.FIELD_REPLACED
    weights = [_weight(index, field, found, seen) for change in changes for field in change.fields]
    worst = max(weights, default=_Weight.LAWFUL)
    if worst is _Weight.UNLAWFUL:
        return PageFinding.CHANGED, worst, words.PAGES_CHANGED
    if then.described != final.described:
        return _of_pages(changes), _Weight.UNLAWFUL, words.DESCRIPTION_CHANGED
    if worst is _Weight.DOUBTFUL:
        return PageFinding.CHANGED, worst, words.PLACED_ANEW
    if _unshown(then, final, changes):
        return _of_pages(changes), _Weight.DOUBTFUL, words.UNSHOWN
    if then.catalogue != final.catalogue or _redrawn(then, final) or not then.kept_by(final):
        return _of_pages(changes), _Weight.DOUBTFUL, words.OTHERWISE_CHANGED
    if then.drawn_by != final.drawn_by and then.widgets:
        # Who fills a field may bring a font for it and signs that; behind the last signature nobody signs.
        last = index == max(seen.revisions)
        weight = _Weight.UNLAWFUL if last else _Weight.DOUBTFUL
        return _of_pages(changes), weight, words.DRAWN_ANEW
    return _of_pages(changes), worst, words.HOLDS


def _of_pages(changes: Sequence[PageChange]) -> PageFinding:
    return PageFinding.FILLED if changes else PageFinding.UNCHANGED


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of a page (from 0) that may not have changed since a signature; without a box, all of it."""

    signature: int
    page: int
    box: Box | None = None
    field: Key | None = None


def spots(found: Sequence[SignatureVerdict], seen: Seen) -> tuple[Spot, ...]:
    """Where the pages changed and may not have; whole pages first, then what lies outside all fields."""
    result: list[Spot] = []
    for index in sorted(seen.revisions, reverse=True):
        if found[index].pages is not PageFinding.CHANGED:
            continue
        for change in seen.changes[index]:
            if change.reframed:
                result.append(Spot(index, change.page))
            result += [Spot(index, change.page, box) for box in change.elsewhere]
            result += [
                Spot(index, change.page, field=field.key)
                for field in change.fields
                if _weight(index, field, found, seen) is not _Weight.LAWFUL
            ]
    return tuple(sorted(result, key=lambda spot: (spot.box is not None, spot.field is not None)))


def _refilled(then: Snapshot, final: Snapshot) -> bool:
    """Whether a field that was filled when this signature was made says something else now, or is gone."""
    return any(
        widget.filled and (key not in final.widgets or final.widgets[key].value != widget.value)
        for key, widget in then.widgets.items()
    )


def _unshown(then: Snapshot, final: Snapshot, changes: Sequence[PageChange]) -> bool:
    """Whether a field was given a value since that its place on the page does not show."""
    shown = {field.key for change in changes for field in change.fields}
    return any(
        widget.filled
        and widget.kind != "/Sig"
        and key not in shown
        and not (key in then.widgets and then.widgets[key].filled)
        for key, widget in final.widgets.items()
    )


def _redrawn(then: Snapshot, final: Snapshot) -> bool:
    """Whether a field that was not filled since is drawn or behaves otherwise, seen or unseen, or is gone."""
    return any(
        key not in final.widgets
        or (final.widgets[key].look != widget.look and final.widgets[key].filled == widget.filled)
        for key, widget in then.widgets.items()
    )


def _weight(index: int, change: Change, found: Sequence[SignatureVerdict], seen: Seen) -> _Weight:
    if change.hides:
        return _Weight.UNLAWFUL
    widget = seen.final.widgets[change.key]
    if widget.kind == "/Sig":
        weight = _by_signature(one for one in found[index + 1 :] if one.report.field == widget.name)
    else:
        weight = _of_text(index, change.key, found, seen)
    doubtful = change.new or change.over_text
    return max(weight, _Weight.DOUBTFUL if doubtful else _Weight.LAWFUL)


def _of_text(index: int, key: Key, found: Sequence[SignatureVerdict], seen: Seen) -> _Weight:
    """Of a field for words: a person who signed later must have seen it as it is now."""
    widget = seen.final.widgets[key]
    if widget.kind == "/Tx" and not same_words(seen.shown.get(key, ""), widget.value or ""):
        return _Weight.UNLAWFUL
    weight = _by_signature(
        found[later]
        for later in sorted(seen.revisions)
        if later > index
        and not found[later].report.is_timestamp
        and key in seen.revisions[later].widgets
        and seen.revisions[later].widgets[key].value == widget.value
    )
    return weight if widget.plain else max(weight, _Weight.DOUBTFUL)


def _by_signature(later: Iterable[SignatureVerdict]) -> _Weight:
    """What the first later signature that counts allows.

    One that was good, but after which the file was changed, allowed its own filling all the same: what is
    wrong is what came after it, and that is found by itself.
    """
    first = next(iter(later), None)
    if first is None or first.standing is Standing.BROKEN or not first.report.intact:
        return _Weight.UNLAWFUL
    good = first.standing is Standing.VALID or (first.standing is Standing.ALTERED and first.report.trusted)
    return _Weight.LAWFUL if good else _Weight.DOUBTFUL


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same but for the breaking of lines."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    """Without spaces, but for those between two figures: “1 12” is not “11 2”."""
    return " ".join(_SPACES.sub("", unicodedata.normalize("NFC", text).strip()).split())


def signed_to_the_end(found: Sequence[SignatureVerdict]) -> tuple[SignatureVerdict, ...]:
    """Behind the last signature of a person only validation data and document timestamps may stand."""
    result = list(found)
    people = [index for index, one in enumerate(found) if not one.report.is_timestamp]
    if people:
        last = found[people[-1]]
        doubted = last.standing in (Standing.VALID, Standing.UNKNOWN) and last.report.intact
        if doubted and last.report.changes not in (Changes.NONE, Changes.ARCHIVE):
            result[people[-1]] = replace(last, standing=Standing.ALTERED, sentence=words.UNSIGNED_ADDITION)
    return tuple(result)
