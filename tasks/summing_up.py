"""From the verdicts on single signatures to the one a head teacher reads: standing, headline, explanation.

The worst counts. A file is valid only when every signature of a person is valid, every document timestamp
too, and no doubt was raised about the file itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.text import Text
from tasks import verdict_words as words
from tasks.verdicts import ChangedPlace, IssuerClass, PageFinding, SignatureVerdict, Standing, Verdict

_WORST_FIRST = (Standing.ALTERED, Standing.BROKEN, Standing.UNKNOWN)
_HEADLINES = {
    Standing.VALID: words.VALID,
    Standing.ALTERED: words.ALTERED,
    Standing.BROKEN: words.BROKEN,
    Standing.UNKNOWN: words.UNKNOWN,
}


def unreadable(reason: Text) -> Verdict:
    """The verdict on what cannot be read at all."""
    return Verdict(Standing.UNREADABLE, words.UNREADABLE, reason)


def taken_off() -> Verdict:
    """The verdict on a file whose only signatures belong to no field any more."""
    return Verdict(Standing.ALTERED, words.ALTERED, joined(words.TAKEN_OFF, words.FETCH_AGAIN))


def summed_up(
    found: tuple[SignatureVerdict, ...], doubts: Sequence[Text] = (), places: Sequence[ChangedPlace] = ()
) -> Verdict:
    """The verdict on a file; `doubts` are reasons, beyond its signatures, why it cannot be called valid."""
    if not found:
        if doubts:
            return Verdict(Standing.UNKNOWN, words.UNKNOWN, joined(*doubts[:1], words.ASK_ISSUER))
        return Verdict(Standing.UNSIGNED, words.UNSIGNED, words.NOBODY_SIGNED)
    standings = {one.standing for one in found}
    standing = next((worst for worst in _WORST_FIRST if worst in standings), Standing.VALID)
    if standing is Standing.VALID and doubts:
        standing = Standing.UNKNOWN
    signers = [one for one in found if not one.report.is_timestamp]
    if standing is Standing.VALID and not signers:
        standing, doubts = Standing.UNKNOWN, (words.ONLY_TIMESTAMPS,)
    headline = _HEADLINES[standing]
    first = next((one for one in found if one.standing is standing), None)
    reason = first.sentence if first else None
    if standing is Standing.UNKNOWN and reason is words.UNKNOWN_ISSUER:
        headline = words.UNKNOWN_BY_ISSUER
    if standing is Standing.VALID:
        if any(one.pages is PageFinding.ADDED for one in signers):
            headline = words.VALID_WITH_MORE
        explanation = _as_signed(found, signers)
    else:
        advice = words.ASK_ISSUER if standing is Standing.UNKNOWN else words.FETCH_AGAIN
        said = _whose(first, found) if first else doubts[0]
        if standing is Standing.ALTERED:
            said = _where([place for place in places if not place.added_by], found) or said
        explanation = joined(said, advice)
    development = any(one.issuer_class is IssuerClass.DEVELOPMENT for one in found)
    if development:
        explanation = joined(explanation, words.NO_LEGAL_FORCE)
    return Verdict(standing, headline, explanation, found, development=development)


def _whose(one: SignatureVerdict, found: Sequence[SignatureVerdict]) -> Text:
    """The reason of one signature, said of the file: with its name where there are several."""
    name = one.report.signer or one.report.organization
    if len(found) == 1 or not name:
        return one.sentence
    of = words.IN_TIMESTAMP_OF if one.report.is_timestamp else words.IN_SIGNATURE_OF
    return of.format(name=name, why=one.sentence.within())


def _as_signed(found: Sequence[SignatureVerdict], signers: Sequence[SignatureVerdict]) -> Text:
    people = len({one.report.certificate_fingerprint for one in signers})
    sentences = [words.SAME_AS_SIGNED.format(people=counted(people))]
    if any(one.pages is PageFinding.FILLED for one in signers):
        sentences.append(words.FILLED_SINCE)
    if any(one.pages is PageFinding.ADDED for one in signers):
        sentences = [words.HELD_BY.format(people=counted(people)), words.ADDED_SINCE]
    if found[-1].report.is_timestamp:
        sentences.append(words.ARCHIVED_SINCE)
    return joined(*sentences)


def _where(places: Sequence[ChangedPlace], found: Sequence[SignatureVerdict]) -> Text | None:
    """Which pages are gone, and which look different."""
    sentences = []
    for sentence, numbers in (
        (words.PAGES_GONE, {place.was for place in places if not place.page}),
        (words.LOOKS_OTHERWISE, {place.page for place in places if place.page}),
    ):
        if not numbers:
            continue
        chosen = words.LOOK_OTHERWISE if sentence is words.LOOKS_OTHERWISE and len(numbers) > 1 else sentence
        listed = ", ".join(map(str, sorted(numbers)))
        sentences.append(chosen.format(pages=listed, people=_signed_by(found, places)))
    return joined(*sentences) if sentences else None


def _signed_by(found: Sequence[SignatureVerdict], places: Sequence[ChangedPlace]) -> Text:
    """How many had signed the pages that look different: everybody up to the last who saw them otherwise."""
    last = max(place.signature for place in places)
    seen = {one.report.certificate_fingerprint for one in found[: last + 1] if not one.report.is_timestamp}
    return counted(max(1, len(seen)))


def counted(people: int) -> Text:
    """“một người”, “ba người”, “12 người”."""
    if people == 1:
        return words.ONE_PERSON
    known = people - 2 < len(words.NUMBERS)
    return words.MANY_PEOPLE.format(count=words.NUMBERS[people - 2] if known else people)


def joined(*sentences: Text) -> Text:
    """Sentences one after the other."""
    return Text(" ".join(one.vi for one in sentences), " ".join(one.en for one in sentences))
