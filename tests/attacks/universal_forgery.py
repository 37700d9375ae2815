"""Universal forgery: the signature is made unverifiable in the hope that it is then called good.

"1 Trillion Dollar Refund", CCS 2019, section 4.2: contents or byte range missing, empty, null or absurd. Each
is done twice: the newest object replaced by an update, and the bytes of the file replaced in place.
"""

from __future__ import annotations

import re
from functools import partial

from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.attacks import raw
from tests.attacks.incremental_saving import FORGED
from tests.attacks.letters import (
    CONTENT,
    appended,
    approved,
    contents_of,
    form_field,
    last_signature,
    number_of,
    signed,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, UNREADABLE, UNSIGNED, Attacks, Make

ATTACKS = Attacks("universal forgery")

CONTENTS = {
    "contents missing": b"",
    "contents null": b"/Contents null",
    "contents 0x00": b"/Contents <00>",
    "contents empty": b"/Contents <>",
    "contents empty words": b"/Contents ()",
    "contents zeros": b"/Contents <" + b"00" * 5000 + b">",
    "contents rubbish": b"/Contents <" + b"3082DEADBEEF" * 900 + b">",
    "contents a number": b"/Contents 0",
    "contents an object that is not there": b"/Contents 9999 0 R",
    "contents of a name": b"/Contents /Good",
}
RANGES = {
    "byte range missing": b"",
    "byte range null": b"/ByteRange null",
    "byte range empty": b"/ByteRange []",
    "byte range of one number": b"/ByteRange [0]",
    "byte range of two numbers": b"/ByteRange [0 1000]",
    "byte range of three numbers": b"/ByteRange [0 1000 2000]",
    "byte range of five numbers": b"/ByteRange [0 1000 2000 100 5]",
    "byte range of zeros": b"/ByteRange [0 0 0 0]",
    "byte range negative": b"/ByteRange [0 -1000 -2000 100]",
    "byte range begins below zero": b"/ByteRange [-10 1000 2000 100]",
    "byte range huge": b"/ByteRange [0 1000 99999999999999999999 99999999999999999999]",
    "byte range beyond the end": b"/ByteRange [0 1000 2000 99999999]",
    "byte range of fractions": b"/ByteRange [0.0 1000.5 2000.1 100.0]",
    "byte range of words": b"/ByteRange [(a) (b) (c) (d)]",
    "byte range of names": b"/ByteRange [/a /b /c /d]",
    "byte range of nulls": b"/ByteRange [null null null null]",
    "byte range overlapping": b"/ByteRange [0 3000 1000 3000]",
    "byte range backwards": b"/ByteRange [3000 1000 0 1000]",
    "byte range of nothing but the end": b"/ByteRange [0 0 1000 0]",
    "byte range a number": b"/ByteRange 7",
    "byte range a dictionary": b"/ByteRange << /A 0 >>",
    "byte range nested": b"/ByteRange [[0 1000 2000 100]]",
    "byte range of the object it stands in": b"/ByteRange 1 0 R",
}
DAMAGED = (BROKEN, ALTERED, UNREADABLE, UNKNOWN)
"""Where the bytes themselves were changed, a reader may not even know that there was a signature."""
KINDS = {
    "sub-filter missing": b"",
    "sub-filter null": b"/SubFilter null",
    "sub-filter unheard of": b"/SubFilter /Foo.bar",
    "sub-filter of 1999": b"/SubFilter /adbe.x509.rsa_sha1",
    "sub-filter over SHA-1": b"/SubFilter /adbe.pkcs7.sha1",
    "sub-filter of time-stamps": b"/SubFilter /ETSI.RFC3161",
}
TYPES = {
    "type of a document timestamp": b"/Type /DocTimeStamp",
    "type of something else": b"/Type /Foo",
}
_ENTRY = {
    "/Contents": rb"/Contents\s*<[0-9A-Fa-f]*>",
    "/ByteRange": rb"/ByteRange\s*\[[^\]]*\]",
    "/SubFilter": rb"/SubFilter\s*/[\w.]+",
    "/Type": rb"/Type\s*/Sig",
}


def exchanged(dictionary: bytes, key: str, value: bytes) -> bytes:
    made, times = re.subn(_ENTRY[key], value.replace(b"\\", b"\\\\"), dictionary)
    if times != 1:
        raise ValueError(f"{key} stands {times} times in the signature.")
    return made


def by_update(base: Make, key: str, value: bytes) -> bytes:
    """The signature's object replaced, and the text of the page with it."""
    number, dictionary = last_signature(base())
    return raw.update(base(), {number: exchanged(dictionary, key, value), CONTENT: FORGED})


def only_the_signature(base: Make, key: str, value: bytes) -> bytes:
    number, dictionary = last_signature(base())
    return raw.update(base(), {number: exchanged(dictionary, key, value)})


def in_place(base: Make, key: str, value: bytes) -> bytes:
    """Nothing appended: the file is as long as before, and its text another."""
    pdf = base()
    _, dictionary = last_signature(pdf)
    made = exchanged(dictionary, key, value)
    pdf = pdf.replace(dictionary, made[:-2].ljust(len(dictionary) - 2) + b">>")
    return pdf.replace(b"5 000 000", b"9 000 000")


for _key, _variants in (
    ("/Contents", CONTENTS),
    ("/ByteRange", RANGES),
    ("/SubFilter", KINDS),
    ("/Type", TYPES),
):
    for _name, _value in _variants.items():
        ATTACKS.add(f"{_name}, by update", partial(by_update, signed, _key, _value), signed, ALTERED, BROKEN)
        ATTACKS.add(f"{_name}, in place", partial(in_place, signed, _key, _value), signed, *DAMAGED)
for _key, _name in (("/Contents", "contents missing"), ("/ByteRange", "byte range missing")):
    ATTACKS.add(
        f"{_name}, of two signatures only the second",
        partial(only_the_signature, approved, _key, b""),
        approved,
        ALTERED,
        BROKEN,
    )


def without_value(value: bytes | None) -> bytes:
    """The field's signature taken away; nothing else shows that there was one."""
    pdf = signed()
    number = number_of(pdf, "author")
    field = re.sub(rb"/V \d+ 0 R", value or b"", raw.value_of(pdf, number))
    return raw.update(pdf, {number: field, CONTENT: FORGED})


GONE = (UNSIGNED, ALTERED, BROKEN, UNKNOWN)
ATTACKS.add("value of the field missing", partial(without_value, None), signed, *GONE)
ATTACKS.add("value of the field null", partial(without_value, b"/V null"), signed, *GONE)
ATTACKS.add("value of the field not there", partial(without_value, b"/V 9999 0 R"), signed, *GONE)
ATTACKS.add("value of the field words", partial(without_value, b"/V (Nguyen Lan)"), signed, *GONE)
ATTACKS.add("value of the field empty", partial(without_value, b"/V << >>"), signed, *GONE)


@ATTACKS.sample("field taken off the form", signed, *GONE)
def field_off_the_form() -> bytes:
    def take_off(writer: IncrementalPdfFileWriter) -> None:
        fields = writer.root["/AcroForm"]["/Fields"]
        del fields[0]
        writer.update_container(fields)

    return raw.update(appended(signed(), take_off), {CONTENT: FORGED})


@ATTACKS.sample("form taken away", signed, *GONE)
def form_away() -> bytes:
    return raw.update(signed(), {1: b"<< /Type /Catalog /Pages 2 0 R >>", CONTENT: FORGED})


@ATTACKS.sample("signature hung up as a maker's usage rights", signed, *GONE)
def as_usage_rights() -> bytes:
    number, _ = last_signature(signed())
    rights = b"<< /Type /Catalog /Pages 2 0 R /Perms << /UR3 %d 0 R >> >>" % number
    return raw.update(signed(), {1: rights, CONTENT: FORGED})


@ATTACKS.sample("field of another type", signed, *GONE)
def field_of_text() -> bytes:
    pdf = signed()
    number = number_of(pdf, "author")
    field = raw.value_of(pdf, number).replace(b"/FT /Sig", b"/FT /Tx")
    return raw.update(pdf, {number: field, CONTENT: FORGED})


@ATTACKS.sample("contents of one byte less", signed, BROKEN, ALTERED, UNREADABLE)
def one_byte_less() -> bytes:
    _, end = contents_of(signed())
    return signed()[: end - 3] + signed()[end - 1 :]


@ATTACKS.sample("contents exchanged for the other signature's", approved, BROKEN, ALTERED)
def contents_exchanged() -> bytes:
    pdf = approved()
    (first, first_end), (second, second_end) = contents_of(pdf, 0), contents_of(pdf, 1)
    stolen = pdf[first + 1 : first_end - 1].rstrip(b"0")
    return pdf[: second + 1] + stolen.ljust(second_end - second - 2, b"0") + pdf[second_end - 1 :]


@ATTACKS.sample("empty field given a dictionary without contents", signed, BROKEN, ALTERED)
def empty_field_filled() -> bytes:
    """The head teacher's field looks signed in a viewer's list."""

    def fill(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "approval")
        field[pdf_name("/V")] = DictionaryObject({pdf_name("/Type"): pdf_name("/Sig")})
        writer.update_container(field)

    return appended(signed(), fill)
