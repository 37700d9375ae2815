"""A later signer puts a field of their own on a page of a file that nobody certified.

On blank paper that is the usual practice of many programs (`honest_strangers`). Over words, beside a number,
hidden from some readers or by somebody nobody knows, it changes what those before have signed.
"""

from __future__ import annotations

import functools
from functools import partial

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, NumberObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from tasks import signing
from tasks.form_fields import PageStyle, show
from tests import signatures
from tests.attacks import raw
from tests.attacks.certified import cover, stranger
from tests.attacks.letters import (
    APPROVAL,
    AUTHOR,
    CONTENT,
    PAGE,
    appended,
    archived,
    certified,
    form_field,
    letter,
    number_of,
    page,
    sign_by_hand,
    sign_plainly,
    signed,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks, Make
from tests.signatures import NOW, Person, person, timestamper, trust

ATTACKS = Attacks("signed beside")
sample = ATTACKS.sample
DOUBT = (ALTERED, UNKNOWN)

Rect = tuple[int, int, int, int]
BLANK: Rect = (330, 300, 530, 390)
"""Blank on the first page of the letter, far from its words and fields."""


def beside(base: Make, rect: Rect = BLANK, who: Person | None = None, *, on_page: int = 0) -> bytes:
    """A visible signature in a field that is made with it."""
    spec = SigFieldSpec("Signature2", on_page=on_page, box=rect)
    stamp = PageStyle(page=cover(rect[2] - rect[0], rect[3] - rect[1]))
    return sign_plainly(base(), spec, who or person("minh"), stamp)


@functools.cache
def two_pages_free() -> bytes:
    return beside(signed)


for _name, _rect in {
    "over the text": (50, 600, 550, 800),
    "over the sum only": (60, 700, 330, 722),
    "behind the sum": (330, 700, 430, 722),
    "a figure before the sum": (28, 700, 58, 722),
    "right under a line": (60, 655, 260, 700),
    "over a field that is empty": (320, 150, 540, 200),
    "over the author's signature": (100, 120, 220, 170),
    "touching the author's signature": (260, 110, 320, 180),
    "huge": (20, 200, 575, 600),
    "a line of words, too low for a signature": (300, 300, 500, 313),
    "half off the page": (500, 760, 700, 845),
}.items():
    ATTACKS.add(_name, partial(beside, signed, _rect), signed, *DOUBT)

ATTACKS.add(
    "on blank paper, by a stranger",
    lambda: sign_plainly(
        signed(),
        SigFieldSpec("Signature2", on_page=0, box=BLANK),
        stranger(),
        PageStyle(page=cover(200, 90)),
        evidence=False,
    ),
    signed,
    *DOUBT,
    BROKEN,
)
for _base in (certified, archived):
    ATTACKS.add(
        f"on blank paper of a file that is {_base.__name__}", partial(beside, _base), _base, *DOUBT, BROKEN
    )


# --- fields that readers show differently -------------------------------------------------------------------


def prepared(entries: bytes, picture: bytes = b"", old: bytes = b"", new: bytes = b"") -> bytes:
    """A new field with entries of its own, then signed by a person of the school."""
    pdf = appended(
        signed(),
        lambda writer: append_signature_field(writer, SigFieldSpec("Signature2", on_page=0, box=BLANK)),
    )

    def drawn(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "Signature2")
        show(writer, field, cover(200, 90))
        writer.update_container(field)

    pdf = appended(pdf, drawn)
    number, extra = number_of(pdf, "Signature2"), raw.size_of(pdf)
    field = raw.value_of(pdf, number)
    field = raw.replaced(field, old, new) if old else field
    value = raw.with_entry(field, entries % ((extra,) * entries.count(b"%d")))
    pdf = raw.update(pdf, {number: value, **({extra: picture} if picture else {})})
    return sign_by_hand(pdf, "Signature2", person("minh"))


for _flag, _name in (
    (4 | 2, "hidden"),
    (4 | 8, "of one size at every zoom"),
    (4 | 16, "never turned"),
    (4 | 32, "on paper only"),
    (0, "on screen only"),
    (4 | 1, "invisible to some"),
):
    ATTACKS.add(
        f"a field {_name}",
        partial(prepared, b"", b"", b"/F 132", b"/F %d" % _flag),
        signed,
        *DOUBT,
    )
ATTACKS.add("a background of its own", partial(prepared, b"/MK << /BG [0] >>"), signed, *DOUBT)
ATTACKS.add("an action", partial(prepared, b"/A << /S /URI /URI (http://example.org) >>"), signed, *DOUBT)
ATTACKS.add(
    "actions of its own", partial(prepared, b"/AA << /E << /S /Hide /T (author) >> >>"), signed, *DOUBT
)
ATTACKS.add(
    "a layer of its own",
    partial(
        prepared, b"/OC %d 0 R", b"<< /Type /OCG /Name (x) /Usage << /Print << /PrintState /OFF >> >> >>"
    ),
    signed,
    *DOUBT,
)


def with_states(kept: str) -> bytes:
    """The picture has a second state, chosen by /AS or shown while the mouse is pressed."""

    def drawn(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("Signature2", on_page=0, box=BLANK))
        field = form_field(writer, "Signature2")
        show(writer, field, cover(200, 90))
        first = field["/AP"].raw_get("/N")
        show(writer, field, cover(200, 90))
        second = field["/AP"].raw_get("/N")
        states = DictionaryObject({pdf_name("/On"): first, pdf_name("/Off"): second})
        if kept == "/N":
            field[pdf_name("/AP")] = DictionaryObject({pdf_name("/N"): states})
            field[pdf_name("/AS")] = pdf_name("/On")
        else:
            field[pdf_name("/AP")] = DictionaryObject({pdf_name("/N"): first, pdf_name(kept): second})
        writer.update_container(field)

    return sign_by_hand(appended(signed(), drawn), "Signature2", person("minh"))


for _kept in ("/N", "/R", "/D"):
    ATTACKS.add(f"a second state, {_kept}", partial(with_states, _kept), signed, *DOUBT)


@sample("a picture larger than its box", signed, *DOUBT)
def larger() -> bytes:
    def drawn(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("Signature2", on_page=0, box=BLANK))
        field = form_field(writer, "Signature2")
        show(writer, field, cover(200, 90))
        box = ArrayObject(map(NumberObject, (-300, -300, 500, 500)))
        field["/AP"]["/N"][pdf_name("/BBox")] = box
        writer.update_container(field)

    return sign_by_hand(appended(signed(), drawn), "Signature2", person("minh"))


# --- what comes later ---------------------------------------------------------------------------------------


def moved(rect: Rect) -> bytes:
    """The field is moved after it was signed."""

    def move(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "Signature2")
        field[pdf_name("/Rect")] = ArrayObject(map(NumberObject, rect))
        writer.update_container(field)

    return appended(beside(signed), move)


def approves(pdf: bytes) -> bytes:
    return signatures.sign(pdf, "approval", person("hoa"), APPROVAL)


OVER = (50, 690, 250, 780)
ELSEWHERE = (330, 420, 530, 510)
for _name, _rect in (("over the text", OVER), ("to other blank paper", ELSEWHERE)):
    ATTACKS.add(f"then moved {_name}", partial(moved, _rect), two_pages_free, ALTERED, UNKNOWN)
    ATTACKS.add(
        f"then moved {_name}, then approved",
        lambda rect=_rect: approves(moved(rect)),
        two_pages_free,
        ALTERED,
        UNKNOWN,
    )
ATTACKS.add(
    "then moved over the text, then stamped",
    lambda: signing.archive_timestamp(moved(OVER), trust(), timestamper(), NOW),
    two_pages_free,
    *DOUBT,
)


@sample("its picture exchanged later", two_pages_free, ALTERED)
def redrawn() -> bytes:
    def drawn(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "Signature2")
        show(writer, field, raw.replaced(cover(200, 90), b"900 000", b"100 000"))
        writer.update_container(field)

    return appended(beside(signed), drawn)


@sample("a third signature over the second", two_pages_free, *DOUBT)
def over_the_second() -> bytes:
    spec = SigFieldSpec("Signature3", on_page=0, box=(340, 310, 520, 380))
    return sign_plainly(two_pages_free(), spec, person("hoa"), PageStyle(page=cover(180, 70)))


@sample("an empty field left behind", signed, ALTERED)
def never_signed() -> bytes:
    def drawn(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("Signature2", on_page=0, box=BLANK))
        field = form_field(writer, "Signature2")
        show(writer, field, cover(200, 90))
        writer.update_container(field)

    return appended(signed(), drawn)


@functools.cache
def hidden_words() -> bytes:
    """The author signs a page with white words in the place."""
    content = raw.stream(words(b"TO TRINH", b"So tien: 5 000") + b" 1 g " + words(b"khong", top=345))
    pdf = letter({CONTENT: content, PAGE: page(CONTENT)}, boxes=(AUTHOR, APPROVAL))
    return signatures.sign(pdf, "author", person("lan"), AUTHOR)


ATTACKS.add("over words in white", partial(beside, hidden_words, (40, 320, 240, 400)), hidden_words, *DOUBT)


@functools.cache
def turned_page() -> bytes:
    """A page whose words run upwards."""
    content = raw.stream(b"BT /F1 14 Tf 0 1 -1 0 300 200 Tm (So tien: 5 000 dong) Tj ET")
    pdf = letter({CONTENT: content}, boxes=(AUTHOR,))
    return signatures.sign(pdf, "author", person("lan"), AUTHOR)


ATTACKS.add(
    "above a number that runs upwards",
    partial(beside, turned_page, (270, 345, 320, 400)),
    turned_page,
    *DOUBT,
)
