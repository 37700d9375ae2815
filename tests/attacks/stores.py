"""Attacks in the dress of validation data: what an update calls certificates, lists and answers.

A later program may write a file's document security store anew, so what is allowed there is wide. It must not
lead to a page, and what it leaves out must not be forgotten.
"""

from __future__ import annotations

import functools
import re
from datetime import timedelta

from tasks import judging
from tasks.verdicts import Anchors, Verdict
from tests.attacks import raw
from tests.attacks.evidence import revoking, without_lists
from tests.attacks.letters import (
    CONTENT,
    OTHER_SUM,
    PAGE,
    approved,
    archived,
    author_signs,
    letter,
    page,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks
from tests.signatures import NOW, authority, trust

ATTACKS = Attacks("validation data")
sample = ATTACKS.sample
FORGED = raw.stream(words(b"TO TRINH", OTHER_SUM))
NAME = b"0123456789ABCDEF0123456789ABCDEF01234567"


def store_of(pdf: bytes) -> int:
    return int(re.findall(rb"/DSS (\d+) 0 R", pdf)[-1])


def written_anew(
    pdf: bytes, *lists: bytes, more: bytes = b"", changes: dict[int, bytes] | None = None
) -> bytes:
    """The store replaced by one of these revocation lists alone, as programs on iText do it."""
    new = raw.size_of(pdf) + 50
    numbers = range(new + 1, new + 1 + len(lists))
    pieces = {number: raw.stream(der) for number, der in zip(numbers, lists, strict=True)}
    listed = b" ".join(b"%d 0 R" % number for number in numbers)
    root = re.sub(rb"/DSS \d+ 0 R", b"/DSS %d 0 R" % new, raw.value_of(pdf, 1))
    return raw.update(
        pdf, {1: root, new: b"<< /CRLs [%s] %s >>" % (listed, more), **pieces, **(changes or {})}
    )


DRESSED: dict[str, tuple[bytes, dict[int, bytes]]] = {
    "a page's text exchanged beside it": (b"", {CONTENT: FORGED}),
    "a page's text called a list": (b"/OCSPs [%d 0 R]" % CONTENT, {CONTENT: FORGED}),
    "a page's text called a signature's list": (
        b"/VRI << /%s << /CRL [%d 0 R] >> >>" % (NAME, CONTENT),
        {CONTENT: FORGED},
    ),
    "a page called an entry": (b"/VRI << /%s %d 0 R >>" % (NAME, PAGE), {PAGE: page(900), 900: FORGED}),
    "an entry that names no signature": (b"/VRI << /Pages << >> >>", {}),
    "a key that no store has": (b"/Pages 2 0 R", {}),
    "an entry with a key that none has": (b"/VRI << /%s << /P %d 0 R >> >>" % (NAME, PAGE), {}),
    "a list that is no stream": (b"/OCSPs [<< /Type /Page >>]", {}),
    "a note on a page beside it": (
        b"",
        {
            PAGE: page(CONTENT, b"/Annots [900 0 R]"),
            900: b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [60 700 300 740] /AP << /N 901 0 R >> >>",
            901: raw.stream(b"1 g 0 0 240 40 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 240 40]"),
        },
    ),
}
for _name, (_more, _changes) in DRESSED.items():
    ATTACKS.add(
        _name,
        lambda more=_more, changes=_changes: written_anew(  # type: ignore[misc]
            approved(), *trust().crls, more=more, changes=changes
        ),
        approved,
        ALTERED,
    )
ATTACKS.add(
    "a page's text exchanged beside it, in an archived file",
    lambda: written_anew(archived(), *trust().crls, changes={CONTENT: FORGED}),
    archived,
    ALTERED,
)


@functools.cache
def with_a_gap() -> bytes:
    """The page calls for a second stream that is not there; readers draw nothing for it."""
    return author_signs(letter({PAGE: page(CONTENT).replace(b"4 0 R", b"[4 0 R 990 0 R]")}), certify=True)


@sample("a page's missing text called a list", with_a_gap, ALTERED)
def gap_filled() -> bytes:
    more = b"/OCSPs [990 0 R]"
    return written_anew(with_a_gap(), *trust().crls, more=more, changes={990: FORGED})


@sample("one of its lists written over", approved, ALTERED)
def list_written_over() -> bytes:
    made = approved()
    found = re.findall(rb"/CRLs\s*(?:(\d+) 0 R|\[\s*(\d+) 0 R)", raw.value_of(made, store_of(made)))[0]
    number = int(found[1] or re.findall(rb"(\d+) 0 R", raw.value_of(made, int(found[0])))[0])
    return raw.update(made, {number: raw.stream(trust().crls[0])})


# --- what is left out ------------------------------------------------------------------------------------


def told_by_the_file_alone(pdf: bytes) -> Verdict:
    """A stranger a week later, with the root and no list of his own."""
    return judging.judge(pdf, Anchors.embedded(trust()), NOW + timedelta(days=7))


def revoked_lists() -> tuple[bytes, ...]:
    """Lists of today on which the author is revoked since the day before."""
    return revoking(timedelta(days=-1), "lan").crls


@sample("the list that says revoked left out again", None, BROKEN, UNKNOWN, by=without_lists)
def left_out() -> bytes:
    """Somebody checked and kept what was found; the next one wants it forgotten."""
    return written_anew(written_anew(approved(), *revoked_lists()), *trust().crls)


@sample(
    "only the list that says revoked left out, time-stamps later",
    None,
    BROKEN,
    UNKNOWN,
    by=told_by_the_file_alone,
)
def left_out_later() -> bytes:
    return written_anew(written_anew(archived(), *revoked_lists()), authority().root_crl)
