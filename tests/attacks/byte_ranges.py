"""Tricks with the byte range: a true signature over less than the file, or over bytes counted twice.

Here the attacker often is the signer, who wants a paper that can be changed later: whatever the range leaves
out beside the signature's own contents, nobody signed. Also one signature that two fields refer to.
"""

from __future__ import annotations

import functools
import re
from functools import partial

from tests.attacks import raw
from tests.attacks.letters import (
    CONTENT,
    HOLE,
    OTHER_SUM,
    PAGE,
    SIGNATURE,
    SUM,
    approved,
    byte_range_of,
    certified,
    close,
    contents_of,
    last_signature,
    number_of,
    objects,
    page,
    sign_by_hand,
    signed,
    unsigned,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, UNREADABLE, Attacks
from tests.signatures import person

ATTACKS = Attacks("byte range")
sample = ATTACKS.sample

FIELD, VALUE = 20, 21
FIELD_ENTRIES = (
    b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (author) /F 132 /Rect [60 100 260 190] /P 3 0 R %s >>"
)


def by_hand(signature: bytes = SIGNATURE, changes: dict[int, bytes] | None = None) -> bytes:
    """The letter with a signature still to be closed, all in one revision."""
    return raw.build(
        objects(
            {
                1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> >>" % FIELD,
                PAGE: page(CONTENT, b"/Annots [%d 0 R]" % FIELD),
                FIELD: FIELD_ENTRIES % (b"/V %d 0 R" % VALUE),
                VALUE: signature,
                **(changes or {}),
            }
        )
    )


@functools.cache
def plain() -> bytes:
    """Signed in one revision, as some producers do: an honest file."""
    return close(by_hand())


TRICKS = (BROKEN, ALTERED, UNREADABLE)


def hole_for_text(grown: bool) -> bytes:
    """The range ends before the page's text and goes on behind the signature: the text is free."""
    pdf = by_hand()
    text = pdf.index(b"stream\n", pdf.index(b"%d 0 obj" % CONTENT))

    def ranges(start: int, end: int, size: int) -> tuple[int, ...]:
        return (0, text, end, size - end) if grown else (0, start, end, size - end - 40)

    return close(pdf, ranges=ranges)


@sample("the page's text left out, then exchanged", None, *TRICKS)
def text_exchanged() -> bytes:
    forged = OTHER_SUM.replace(b"900 000 000", b"9 000 000")
    return raw.replaced(hole_for_text(True), SUM, forged.ljust(len(SUM))[: len(SUM)])


ATTACKS.add("the page's text left out", partial(hole_for_text, True), None, *TRICKS)
ATTACKS.add("the end of the file left out", partial(hole_for_text, False), None, *TRICKS)


def ranged(name: str) -> bytes:
    """A true signature over an unusual range."""
    pdf = by_hand()
    return close(
        pdf,
        ranges={
            "the head of the file left out": lambda s, e, n: (9, s - 9, e, n - e),
            "one byte before the contents left out": lambda s, e, n: (0, s - 1, e, n - e),
            "one byte behind the contents left out": lambda s, e, n: (0, s, e + 1, n - e - 1),
            "braces of the contents signed": lambda s, e, n: (0, s + 1, e - 1, n - e + 1),
            "three pieces": lambda s, e, n: (0, 20, 20, s - 20, e, n - e),
            "three pieces with a hole": lambda s, e, n: (0, 400, 500, s - 500, e, n - e),
            "pieces overlapping": lambda s, e, n: (0, s, s - 100, 100, e, n - e),
            "two equal pieces": lambda s, _e, _n: (0, s, 0, s),
            "pieces in turned order": lambda s, e, n: (e, n - e, 0, s),
            "only the beginning": lambda s, e, _n: (0, s, e, 0),
            "only the end": lambda _s, e, n: (0, 0, e, n - e),
            "nothing": lambda *_: (0, 0, 0, 0),
            "a piece of nothing": lambda s, e, n: (0, s, e, n - e, n, 0),
        }[name],
    )


for _name in (
    "the head of the file left out",
    "one byte before the contents left out",
    "one byte behind the contents left out",
    "three pieces",
    "three pieces with a hole",
    "pieces overlapping",
    "two equal pieces",
    "pieces in turned order",
    "only the beginning",
    "only the end",
    "nothing",
    "a piece of nothing",
):
    ATTACKS.add(_name, partial(ranged, _name), None, *TRICKS)
ATTACKS.add(
    "braces of the contents signed", partial(ranged, "braces of the contents signed"), None, *TRICKS, UNKNOWN
)


@sample("a decoy in the hole, the contents elsewhere", None, *TRICKS)
def decoy() -> bytes:
    """What the range leaves out is another hexadecimal string than the contents."""
    pdf = by_hand(SIGNATURE.replace(b"/Contents " + HOLE, b"/Decoy " + HOLE))
    start = pdf.index(HOLE)
    made = close(pdf)
    end = start + len(HOLE)
    digits = made[start:end]
    body = raw.value_of(made, VALUE)
    return raw.update(made, {VALUE: raw.with_entry(body, b"/Contents " + digits)})


@sample("a second key in the hole", None, *TRICKS)
def second_key() -> bytes:
    """Left out of the range: the contents and an entry behind it that can be changed at will."""
    extra = b" /Reason (Dong y        )"
    pdf = by_hand(SIGNATURE[:-3] + extra + b" >>")
    return close(pdf, ranges=lambda s, e, n: (0, s, e + len(extra), n - e - len(extra)))


@sample("a comment in the hole", None, *TRICKS)
def comment() -> bytes:
    extra = b"\n%% 900 000 000\n"
    pdf = by_hand(SIGNATURE[:-3] + extra + b">>")
    return close(pdf, ranges=lambda s, e, n: (0, s, e + len(extra), n - e - len(extra)))


@sample("a comment within the contents", signed, *TRICKS, UNKNOWN)
def comment_within() -> bytes:
    """In the padding, which is not signed; a hexadecimal string has no comments."""
    _, end = contents_of(signed())
    return signed()[: end - 40] + b"%900 000 000\n" + signed()[end - 27 :]


@sample("rubbish in the padding", signed, *TRICKS, UNKNOWN)
def rubbish_in_the_padding() -> bytes:
    _, end = contents_of(signed())
    return signed()[: end - 41] + b"DEADBEEF" * 5 + signed()[end - 1 :]


@sample("an object in the padding of the contents, as digits", signed, *TRICKS, UNKNOWN)
def page_in_the_padding() -> bytes:
    _, end = contents_of(signed())
    hidden = b"900 000 000 dong".hex().encode()
    return signed()[: end - 1 - len(hidden)] + hidden + signed()[end - 1 :]


@sample("a range that another part of the file overrides", plain, *TRICKS)
def range_overridden() -> bytes:
    """The appended dictionary leaves out the text; the digest was made over all."""
    number, dictionary = last_signature(plain())
    found = byte_range_of(dictionary)
    first, second, third, fourth = found[1].split()
    numbers = b"/ByteRange [%s %s %s %s]" % (first, b"300", third, fourth)
    assert second
    forged = dictionary[: found.start()] + numbers + dictionary[found.end() :]
    return raw.update(plain(), {number: forged})


# --- one signature, two fields -----------------------------------------------------------------------------


@sample("one signature, two fields: the empty field refers to it", signed, BROKEN, ALTERED)
def two_fields() -> bytes:
    pdf = signed()
    number, _ = last_signature(pdf)
    field = number_of(pdf, "approval")
    return raw.update(pdf, {field: raw.with_entry(raw.value_of(pdf, field), b"/V %d 0 R" % number)})


@sample("one signature, two fields: a copy of the dictionary", signed, BROKEN, ALTERED)
def copied() -> bytes:
    pdf = signed()
    _, dictionary = last_signature(pdf)
    field, new = number_of(pdf, "approval"), raw.size_of(pdf)
    value = raw.with_entry(raw.value_of(pdf, field), b"/V %d 0 R" % new)
    return raw.update(pdf, {field: value, new: dictionary})


@sample("one signature, two fields: the dictionary within the field", signed, BROKEN, ALTERED)
def copied_directly() -> bytes:
    pdf = signed()
    _, dictionary = last_signature(pdf)
    field = number_of(pdf, "approval")
    return raw.update(pdf, {field: raw.with_entry(raw.value_of(pdf, field), b"/V " + dictionary)})


def both_at_once() -> bytes:
    """Both fields refer to one signature within the revision it signs: no update, no changed byte."""
    pdf = unsigned()
    author, approval, new = number_of(pdf, "author"), number_of(pdf, "approval"), raw.size_of(pdf)
    value = b"/V %d 0 R" % new
    return close(
        raw.update(
            pdf,
            {
                author: raw.with_entry(raw.value_of(pdf, author), value),
                approval: raw.with_entry(raw.value_of(pdf, approval), value),
                new: SIGNATURE,
            },
        )
    )


ATTACKS.add("one signature, two fields: both at once", both_at_once, None, BROKEN, ALTERED, UNKNOWN)


@sample("one signature, two fields: by a lawful second signer's revision", None, BROKEN, ALTERED, UNKNOWN)
def third_field() -> bytes:
    """The approver signs, and in the same revision a third field takes the author's signature."""
    pdf = certified()
    number, _ = last_signature(pdf)
    field, new = raw.size_of(pdf) + 1, b"/V %d 0 R" % number
    form = raw.value_of(pdf, 9).replace(b"/Fields [", b"/Fields [ %d 0 R" % field)
    widget = (
        b"<< /FT /Sig /T (deputy) /Type /Annot /Subtype /Widget /F 132 /Rect [0 0 0 0] /P 3 0 R %s >>" % new
    )
    return sign_by_hand(pdf, "approval", person("minh"), {field: widget, 9: form})


@sample("the second signature replaced by the first", approved, BROKEN, ALTERED)
def replaced_by_the_first() -> bytes:
    pdf = approved()
    first = re.search(rb"/T \(author\).*?/V (\d+) 0 R", pdf, re.DOTALL)
    assert first
    field = number_of(pdf, "approval")
    value = re.sub(rb"/V \d+ 0 R", b"/V %s 0 R" % first[1], raw.value_of(pdf, field))
    return raw.update(pdf, {field: value})


@sample("a signature of another file", signed, BROKEN, ALTERED)
def from_another_file() -> bytes:
    """The true signature of another paper of the same author."""
    other = close(by_hand(changes={CONTENT: raw.stream(words(OTHER_SUM))}))
    start, end = contents_of(other)
    mine, until = contents_of(signed())
    digits = other[start + 1 : end - 1].rstrip(b"0")
    return signed()[: mine + 1] + digits.ljust(until - mine - 2, b"0") + signed()[until - 1 :]
