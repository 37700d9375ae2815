"""Form fields whose content is replaced: the one class pyHanko's difference analysis lets through.

Viewers let anybody fill in fields of a signed file, so a picture in a field is a window in the page. Also
fields that get a second window, other names, other parents, states that are switched.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import partial

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tasks import rendering
from tasks.form_fields import FilledText, fill
from tests import signatures
from tests.attacks import raw
from tests.attacks.certified import PICTURE
from tests.attacks.letters import (
    APPROVAL,
    AUTHOR,
    NUMBER,
    PAGE,
    appended,
    approval_signs,
    approved,
    archived,
    author_signs,
    certified,
    form_field,
    letter,
    number_of,
    page,
    signed,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks, Make
from tests.signatures import person

ATTACKS = Attacks("form content")
sample = ATTACKS.sample


def filled(pdf: bytes, field: str, value: str, shown: str) -> bytes:
    """A text field filled by nobody: no signature closes it."""
    drawn = rendering.text_field(NUMBER, shown)
    return appended(pdf, lambda writer: fill(writer, (FilledText(field, value, drawn),)))


for _base in (signed, certified):
    ATTACKS.add(
        f"an empty field filled by nobody, {_base.__name__}",
        lambda base=_base: filled(base(), "number", "99", "99"),  # type: ignore[misc]
        _base,
        ALTERED,
        UNKNOWN,
    )
for _base in (approved, archived):
    for _name, _value, _shown in (
        ("value and picture", "50", "50"),
        ("picture", "05", "50"),
        ("value", "50", "05"),
    ):
        ATTACKS.add(
            f"{_name} of the closed number exchanged, {_base.__name__}",
            lambda base=_base, value=_value, shown=_shown: filled(base(), "number", value, shown),  # type: ignore[misc]
            _base,
            ALTERED,
        )


@sample("a number that says other than it shows", None, ALTERED, UNKNOWN)
def value_and_picture_differ() -> bytes:
    """By the lawful signer, in the lawful field: the value is 05, the page shows 50."""
    return approval_signs(certified(), "05", "50")


@sample("an empty value under a picture", None, ALTERED, UNKNOWN)
def picture_without_value() -> bytes:
    return approval_signs(certified(), "", "50")


@sample("the number changed by a later lawful signer", approved, ALTERED)
def changed_by_the_seal() -> bytes:
    from tests.attacks.certified import sign_plainly

    return sign_plainly(filled(approved(), "number", "50", "50"), spare_field(), person("hanh"))


def spare_field() -> object:
    from pyhanko.sign.fields import SigFieldSpec

    return SigFieldSpec("spare")


Change = Callable[[IncrementalPdfFileWriter], None]


def on_field(
    base: Make, name: str, change: Callable[[IncrementalPdfFileWriter, DictionaryObject], None]
) -> bytes:
    def changed(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, name)
        change(writer, field)
        writer.update_container(field)

    return appended(base(), changed)


def setting(key: str, value: object) -> Callable[[IncrementalPdfFileWriter, DictionaryObject], None]:
    return lambda _, field: field.__setitem__(pdf_name(key), value)


RECT = ArrayObject(map(NumberObject, (50, 690, 550, 740)))
for _base in (approved, archived):
    for _name, _key, _value in (
        ("moved over the text", "/Rect", RECT),
        ("hidden", "/F", NumberObject(2)),
        ("not printed", "/F", NumberObject(128)),
        ("renamed", "/T", TextStringObject("other")),
    ):
        for _field in ("number", "approval"):
            ATTACKS.add(
                f"the filled {_field} {_name}, {_base.__name__}",
                partial(on_field, _base, _field, setting(_key, _value)),
                _base,
                ALTERED,
                *((BROKEN,) if _name == "renamed" else ()),
            )


def drawing(writer: IncrementalPdfFileWriter, field: DictionaryObject) -> None:
    """Another picture in place of the field's."""
    from pyhanko.pdf_utils.generic import StreamObject

    picture = StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): ArrayObject(map(NumberObject, (0, 0, 200, 90))),
        },
        stream_data=b"0 g 20 20 160 50 re f",
    )
    field[pdf_name("/AP")] = DictionaryObject({pdf_name("/N"): writer.add_object(picture)})


for _base in (signed, certified, approved, archived):
    ATTACKS.add(
        f"the author's stamp redrawn, {_base.__name__}",
        partial(on_field, _base, "author", drawing),
        _base,
        ALTERED,
    )
ATTACKS.add(
    "an empty signature field drawn as if it were signed",
    partial(on_field, certified, "approval", drawing),
    certified,
    ALTERED,
)


@sample("the stamp's picture stream replaced", approved, ALTERED)
def stamp_stream_replaced() -> bytes:
    pdf = approved()
    field = raw.value_of(pdf, number_of(pdf, "author"))
    picture = int(field[field.index(b"/AP") :].split(b"/N ")[1].split()[0])
    drawn = b"/Type /XObject /Subtype /Form /BBox [0 0 200 90]"
    return raw.update(pdf, {picture: raw.stream(b"0 g 20 20 160 50 re f", drawn)})


@sample("the stamp redrawn together with a lawful signature", certified, ALTERED)
def redrawn_then_signed() -> bytes:
    return approval_signs(on_field(certified, "author", drawing))


@sample("an earlier stamp redrawn, then stamped by the archive", approved, ALTERED)
def redrawn_then_archived() -> bytes:
    from tasks import signing
    from tests.signatures import NOW, timestamper, trust

    return signing.archive_timestamp(on_field(approved, "author", drawing), trust(), timestamper(), NOW)


# --- a second window ---------------------------------------------------------------------------------------


def with_kid(base: Make, name: str, inherits: bool) -> bytes:
    """The field gets a widget more, which lies over the text of the page."""
    pdf = base()
    field, kid, picture = number_of(pdf, name), raw.size_of(pdf), raw.size_of(pdf) + 1
    before = raw.value_of(pdf, field)
    widget = (
        b"<< /Type /Annot /Subtype /Widget /F 4 /Rect [50 695 550 735] /P 3 0 R /AP << /N %d 0 R >> %s >>"
        % (
            picture,
            b"/Parent %d 0 R" % field if inherits else b"/FT /Tx /T (%s)" % name.encode(),
        )
    )
    changes = {
        kid: widget,
        picture: PICTURE,
        PAGE: raw.value_of(pdf, PAGE).replace(b"/Annots [", b"/Annots [%d 0 R " % kid),
    }
    if inherits:
        changes[field] = raw.with_entry(before, b"/Kids [%d 0 R]" % kid)
    return raw.update(pdf, changes)


for _base in (signed, certified, archived):
    for _inherits in (True, False):
        ATTACKS.add(
            f"a second window of the number{' as its child' if _inherits else ''}, {_base.__name__}",
            partial(with_kid, _base, "number", _inherits),
            _base,
            ALTERED,
        )
ATTACKS.add(
    "a second window of a signature", partial(with_kid, signed, "author", True), signed, ALTERED, BROKEN
)


@sample("the number put under a parent of another name", certified, ALTERED)
def under_a_parent() -> bytes:
    pdf = certified()
    child, parent = number_of(pdf, "number"), raw.size_of(pdf)
    form = raw.value_of(pdf, 9).replace(b"%d 0 R" % child, b"%d 0 R" % parent)
    return raw.update(
        pdf,
        {
            9: form,
            child: raw.with_entry(raw.value_of(pdf, child), b"/Parent %d 0 R" % parent),
            parent: b"<< /T (sum) /FT /Tx /V (900) /Kids [%d 0 R] >>" % child,
        },
    )


# --- states, viewers that draw for themselves --------------------------------------------------------------

BOX, ON, OFF = 20, 21, 22


@functools.cache
def ticked() -> bytes:
    """A tick box beside a sentence, ticked before the author signs."""
    picture = b"/Type /XObject /Subtype /Form /BBox [0 0 20 20]"
    prepared = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] >> >>" % BOX,
        PAGE: page(4, b"/Annots [%d 0 R]" % BOX),
        BOX: b"<< /Type /Annot /Subtype /Widget /FT /Btn /T (agreed) /F 4 /V /Yes /AS /Yes "
        b"/Rect [60 600 80 620] /P 3 0 R /AP << /N << /Yes %d 0 R /Off %d 0 R >> >> >>" % (ON, OFF),
        ON: raw.stream(b"2 w 2 2 m 18 18 l S 2 18 m 18 2 l S", picture),
        OFF: raw.stream(b"1 w 1 1 18 18 re S", picture),
    }
    return author_signs(letter(prepared, (AUTHOR, APPROVAL)))


def switched(old: bytes, new: bytes) -> bytes:
    return raw.update(ticked(), {BOX: raw.value_of(ticked(), BOX).replace(old, new)})


ATTACKS.add("a tick taken away", partial(switched, b"/V /Yes /AS /Yes", b"/V /Off /AS /Off"), ticked, ALTERED)
ATTACKS.add("a tick's picture switched", partial(switched, b"/AS /Yes", b"/AS /Off"), ticked, ALTERED)
ATTACKS.add("a tick's state without a picture", partial(switched, b"/AS /Yes", b"/AS /No"), ticked, ALTERED)
ATTACKS.add(
    "a tick's pictures exchanged",
    partial(switched, b"/Yes %d 0 R /Off %d 0 R" % (ON, OFF), b"/Yes %d 0 R /Off %d 0 R" % (OFF, ON)),
    ticked,
    ALTERED,
)


def on_form(base: Make, key: str, value: object) -> bytes:
    def changed(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        form[pdf_name(key)] = value
        writer.update_container(form)

    return appended(base(), changed)


ATTACKS.add(
    "viewers told to draw the fields anew",
    partial(on_form, approved, "/NeedAppearances", BooleanObject(True)),
    approved,
    ALTERED,
    UNKNOWN,
)
ATTACKS.add(
    "another form of Adobe's added",
    partial(on_form, approved, "/XFA", TextStringObject("<xdp/>")),
    approved,
    ALTERED,
    UNKNOWN,
)
ATTACKS.add(
    "words for the fields by default",
    partial(on_form, approved, "/DA", TextStringObject("/F1 40 Tf 1 0 0 rg")),
    approved,
    ALTERED,
    UNKNOWN,
)
ATTACKS.add(
    "fields calculated in another order",
    partial(on_form, approved, "/CO", ArrayObject([NameObject("/x")])),
    approved,
    ALTERED,
    UNKNOWN,
)


@sample("all fields drawn over by the lawful number", None, ALTERED, UNKNOWN)
def picture_over_the_number() -> bytes:
    """The lawful signer's number field shows its value and, white on white, nothing else of the page; a
    second line claims another sum."""
    drawn = raw.build(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 20] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>",
            4: raw.stream(b"BT /F1 9 Tf 1 11 Td (05) Tj 0 -9 Td (900 trieu dong) Tj ET"),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        }
    )
    texts = (FilledText("number", "05", drawn),)
    return signatures.sign(certified(), "approval", person("minh"), APPROVAL, texts=texts)
