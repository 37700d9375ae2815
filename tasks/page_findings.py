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
from tasks.form_snapshots import Key, Rect, Snapshot
from tasks.page_evidence import Change, PageChange
from tasks.plain_names import plain
from tasks.verdicts import PageFinding, SignatureVerdict, Standing
from tasks.verifying import Changes

_SPACES = re.compile(r"(?<!\d)\s+|\s+(?!\d)")

_LONG = 60
"""Letters beyond which a field's text may not have room in it."""


class _Weight(IntEnum):
    LAWFUL = 0
    DOUBTFUL = 1
    UNLAWFUL = 2


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a change weighs, and how it is said."""

    weight: _Weight = _Weight.LAWFUL
    sentence: Text = words.HOLDS
    finding: PageFinding = PageFinding.FILLED


_FINE = _Reading()
_CHANGED = _Reading(_Weight.UNLAWFUL, words.PAGES_CHANGED, PageFinding.CHANGED)
_ANEW = _Reading(_Weight.DOUBTFUL, words.PLACED_ANEW, PageFinding.CHANGED)
_ADDED = _Reading(_Weight.LAWFUL, words.SIGNED_BESIDE, PageFinding.ADDED)
_UNTRUSTED = _Reading(_Weight.DOUBTFUL, words.FILLED_UNCONFIRMED, PageFinding.FILLED_UNCONFIRMED)
_UNREADABLE = _Reading(_Weight.DOUBTFUL, words.NOT_PLAINLY_DRAWN, PageFinding.FILLED_UNCONFIRMED)
_GRAVER = (
    *(PageFinding.UNCHANGED, PageFinding.FILLED, PageFinding.ADDED),
    *(PageFinding.FILLED_UNCONFIRMED, PageFinding.CHANGED),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The evidence: the final file; of each compared signature, by index, its revision and what changed."""

    final: Snapshot
    revisions: Mapping[int, Snapshot]
    changes: Mapping[int, Sequence[PageChange]]
    shown: Mapping[Key, str]
    """The words that filled text fields show in the final file."""

    @property
    def last(self) -> int:
        """The last signature of a person."""
        return max(self.people, default=-1)

    people: frozenset[int] = frozenset()
    """Those of the compared signatures that are no document timestamps."""


def weighed(found: Sequence[SignatureVerdict], seen: Seen) -> tuple[SignatureVerdict, ...]:
    """The same verdicts with what the pages say; those not compared are left as they are."""
    result = list(found)
    filling = bool(filled_by_nobody(found, seen))
    for index in sorted(seen.revisions, reverse=True):
        finding, weight, sentence = _finding(index, result, seen)
        one = replace(result[index], pages=finding)
        if result[index].report.is_timestamp and weight is not _Weight.LAWFUL:
            sentence = words.CHANGED_AFTER_TIMESTAMP
        # What the pages say is more exact than that something was added.
        added = one.sentence is words.UNSIGNED_ADDITION
        if weight is _Weight.UNLAWFUL and (one.standing in (Standing.VALID, Standing.UNKNOWN) or added):
            one = replace(one, standing=Standing.ALTERED, sentence=sentence)
        elif weight is _Weight.DOUBTFUL and (one.standing is Standing.VALID or (added and filling)):
            one = replace(one, standing=Standing.UNKNOWN, sentence=sentence)
        elif finding is PageFinding.ADDED and one.standing is Standing.VALID:
            one = replace(one, sentence=sentence)
        result[index] = one
    return tuple(result)


def _finding(index: int, found: Sequence[SignatureVerdict], seen: Seen) -> tuple[PageFinding, _Weight, Text]:
    then, final, changes = seen.revisions[index], seen.final, seen.changes[index]
    if any(change.reframed or change.elsewhere for change in changes):
        return PageFinding.CHANGED, _Weight.UNLAWFUL, words.PAGES_CHANGED
    if _refilled(then, final):
        return PageFinding.CHANGED, _Weight.UNLAWFUL, words.FIELD_REPLACED
    readings = [_weight(index, field, found, seen) for change in changes for field in change.fields]
    worst = max(readings, key=lambda one: (one.weight, _GRAVER.index(one.finding)), default=_FINE)
    if worst.weight is _Weight.UNLAWFUL:
        return PageFinding.CHANGED, worst.weight, worst.sentence
    pages = worst.finding if changes else PageFinding.UNCHANGED
    if then.described != final.described:
        return pages, _Weight.UNLAWFUL, words.DESCRIPTION_CHANGED
    if worst.weight is _Weight.DOUBTFUL and worst.finding is PageFinding.CHANGED:
        return pages, worst.weight, worst.sentence
    if any(
        widget.veiled and widget.filled and key not in then.widgets for key, widget in final.widgets.items()
    ):
        return PageFinding.CHANGED, _Weight.DOUBTFUL, words.PLACED_ANEW
    if _unshown(then, final, changes):
        return pages, _Weight.DOUBTFUL, words.UNSHOWN
    if then.catalogue != final.catalogue or _redrawn(then, final) or not then.kept_by(final):
        return pages, _Weight.DOUBTFUL, words.OTHERWISE_CHANGED
    if then.drawn_by != final.drawn_by and then.widgets:
        # Who fills a field may bring a font for it and signs that; behind the last signature nobody signs.
        weight = _Weight.UNLAWFUL if index >= seen.last else _Weight.DOUBTFUL
        return pages, weight, words.DRAWN_ANEW
    return pages, worst.weight, worst.sentence


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of a page (from 0) that may not have changed since a signature; without a box, all of it."""

    signature: int
    page: int
    box: Box | None = None
    field: Key | None = None
    gone: bool = False
    """The page is no longer in the file and counts as when it was signed."""
    added_by: str = ""
    """Who signed there, on paper that was blank."""


def spots(found: Sequence[SignatureVerdict], seen: Seen) -> tuple[Spot, ...]:
    """Where the pages changed and may not have; whole pages first, then what lies outside all fields."""
    result: list[Spot] = []
    for index in sorted(seen.revisions, reverse=True):
        for change in seen.changes[index]:
            if change.reframed:
                result.append(Spot(index, change.page, gone=change.gone))
            result += [Spot(index, change.page, box) for box in change.elsewhere]
            for field in change.fields:
                reading = _weight(index, field, found, seen)
                if reading.finding is PageFinding.ADDED:
                    by = _signer_of(field.key, index, found)
                    result.append(Spot(index, change.page, field=field.key, added_by=by))
                elif reading.finding is PageFinding.CHANGED or field.key in filled_by_nobody(found, seen):
                    result.append(Spot(index, change.page, field=field.key))
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


def _weight(index: int, change: Change, found: Sequence[SignatureVerdict], seen: Seen) -> _Reading:
    page = change.key[1] + 1
    over = words.PLACED_OVER.format(page=page)
    if change.hides:
        return replace(_CHANGED, sentence=over) if change.new else _CHANGED
    widget = seen.final.widgets[change.key]
    if widget.kind == "/Sig":
        later = [one for one in found[index + 1 :] if one.report.field == widget.name]
        reading = _by_signature(later)
        if change.new and reading is _FINE and _beside(index, change, later[0], seen):
            by = later[0].report.signer or later[0].report.organization
            return replace(_ADDED, sentence=words.SIGNED_BESIDE.format(page=page, who=by))
    else:
        reading = _of_text(index, change.key, found, seen)
    if reading.weight is _Weight.UNLAWFUL:
        return reading
    if change.over_text and change.key in filled_by_nobody(found, seen):
        return replace(_CHANGED, sentence=words.UNSIGNED_ADDITION)
    if change.over_text:
        inside = words.FIELD_OVER_WORDS.format(field=plain(widget.name), page=page)
        return replace(_ANEW, sentence=over if change.new else inside)
    if change.new:
        near = widget.kind == "/Sig" and not seen.revisions[index].bound and not change.free
        return replace(_ANEW, sentence=words.PLACED_NEAR.format(page=page)) if near else _ANEW
    return reading


def _beside(index: int, change: Change, by: SignatureVerdict, seen: Seen) -> bool:
    """Whether a new signature stands on free paper, and nothing that was signed forbids it.

    Only a signature that is good in every way, in a field that any reader shows alike.
    """
    return (
        by.standing is Standing.VALID
        and not by.report.is_timestamp
        and change.free
        and not change.over_text
        and seen.final.widgets[change.key].ordinary
        and not seen.revisions[index].bound
    )


def _signer_of(key: Key, index: int, found: Sequence[SignatureVerdict]) -> str:
    report = next(one.report for one in found[index + 1 :] if one.report.field == key[0])
    return report.signer or report.organization


def filled_by_nobody(found: Sequence[SignatureVerdict], seen: Seen) -> tuple[Key, ...]:
    """Text fields that were filled behind the last signature of a person, as its certification allows.

    They stood there empty, and show their value as readable words; whether these are true nobody says. Where
    anything else was filled or added with them there are none: that is no lawful filling.
    """
    if seen.last not in seen.revisions:
        return ()
    then, report = seen.revisions[seen.last], found[seen.last].report
    if not then.bound or not report.docmdp_ok or report.changes is not Changes.FORM:
        return ()
    now = seen.final.widgets
    filled = [
        key for key in now if now[key].filled and not (key in then.widgets and then.widgets[key].filled)
    ]
    lawful = now.keys() == then.widgets.keys() and all(
        now[key].kind == "/Tx"
        and now[key].plain
        and now[key].fonts <= then.fonts
        and same_words(seen.shown.get(key, ""), now[key].value or "")
        for key in filled
    )
    return tuple(filled) if lawful else ()


def _of_text(index: int, key: Key, found: Sequence[SignatureVerdict], seen: Seen) -> _Reading:
    """Of a field for words: a person who signed later must have seen it as it is now."""
    widget = seen.final.widgets[key]
    if widget.kind == "/Tx" and not same_words(seen.shown.get(key, ""), widget.value or ""):
        return _CHANGED
    nobody = filled_by_nobody(found, seen)
    if key in nobody:
        names = ", ".join(sorted({f"“{plain(name)}”" for name, _, _ in nobody}))
        return replace(_UNTRUSTED, sentence=words.FILLED_BY_NOBODY.format(fields=names))
    reading = _by_signature(
        found[later]
        for later in sorted(seen.revisions)
        if later > index
        and not found[later].report.is_timestamp
        and key in seen.revisions[later].widgets
        and seen.revisions[later].widgets[key].value == widget.value
    )
    # A font that came with the filling may draw other letters than it names.
    readable = widget.plain and widget.fonts <= seen.revisions[index].fonts
    return reading if readable or reading is _CHANGED else _UNREADABLE


def _by_signature(later: Iterable[SignatureVerdict]) -> _Reading:
    """What the first later signature that counts allows.

    One that was good, but after which the file was changed, allowed its own filling all the same: what is
    wrong is what came after it, and that is found by itself.
    """
    first = next(iter(later), None)
    if first is None or first.standing is Standing.BROKEN or not first.report.intact:
        return _CHANGED
    good = first.standing is Standing.VALID or (first.standing is Standing.ALTERED and first.report.trusted)
    return _FINE if good else _UNTRUSTED


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same but for the breaking of lines."""
    return _plain(one) == _plain(other)


def contradict(shown: str, value: str) -> bool:
    """Whether what a field shows can be read and is not its value; a long one may be cut off at the edge."""
    seen, said = ("".join(unicodedata.normalize("NFKC", one).split()) for one in (shown, value))
    if not seen or not seen.isprintable() or seen == said:
        return False
    return len(said) < _LONG or seen not in said


def _plain(text: str) -> str:
    """Without spaces, but for those between two figures: “1 12” is not “11 2”."""
    return " ".join(_SPACES.sub("", unicodedata.normalize("NFC", text).strip()).split())


def _stamped_only(index: int, found: Sequence[SignatureVerdict], seen: Seen) -> bool:
    """Whether all that fields show since is document timestamps without any place on a page.

    iText gives them an empty picture, which difference analysis takes for the filling of a form.
    """
    if index not in seen.revisions:
        return False
    then, final = seen.revisions[index], seen.final
    new = final.widgets.keys() - then.widgets.keys()
    stamps = {one.report.field for one in found[index + 1 :] if one.report.is_timestamp}
    return (
        not seen.changes[index]
        and then.drawn_by == final.drawn_by
        and then.catalogue == final.catalogue
        and final.fields - then.fields == len(new)
        and all(final.widgets.get(key) == widget for key, widget in then.widgets.items())
        and all(key[0] in stamps and final.widgets[key].kind == "/Sig" and _nowhere(key[2]) for key in new)
    )


def _nowhere(rect: Rect) -> bool:
    return rect[0] == rect[2] and rect[1] == rect[3]


def signed_to_the_end(
    found: Sequence[SignatureVerdict], seen: Seen | None = None
) -> tuple[SignatureVerdict, ...]:
    """Behind the last signature of a person only validation data and document timestamps may stand.

    With the pages seen, a text field its certification lets be filled is a doubt, not a fault.
    """
    result = list(found)
    people = [index for index, one in enumerate(found) if not one.report.is_timestamp]
    if people:
        last = found[people[-1]]
        doubted = last.standing in (Standing.VALID, Standing.UNKNOWN) and last.report.intact
        if seen is not None and last.report.changes is Changes.FORM:
            if filled_by_nobody(found, seen):
                return tuple(result)
            if _stamped_only(people[-1], found, seen):
                report = replace(last.report, changes=Changes.ARCHIVE)
                result[people[-1]] = replace(last, report=report)
                return tuple(result)
        if doubted and last.report.changes not in (Changes.NONE, Changes.ARCHIVE):
            result[people[-1]] = replace(last, standing=Standing.ALTERED, sentence=words.UNSIGNED_ADDITION)
    return tuple(result)
