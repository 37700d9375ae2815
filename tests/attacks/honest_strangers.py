"""Honest files of other hands: odd but lawful forms, and files about which nobody here can know."""

from __future__ import annotations

import functools
import io
import re
from functools import partial

import pikepdf
from pyhanko.sign.fields import SigFieldSpec

from tasks import rendering
from tasks.form_fields import FilledText, PageStyle
from tasks.rendering import Box
from tests import signatures
from tests.attacks import form_content, raw, stores, whole_files
from tests.attacks.byte_ranges import FIELD_ENTRIES, by_hand, plain
from tests.attacks.certified import stranger
from tests.attacks.combined import with_no_place
from tests.attacks.forged_cms import sha_1
from tests.attacks.hidden_evidence import holder, with_answer
from tests.attacks.honest import FILES, archive, honest, validation_data_added
from tests.attacks.letters import (
    APPROVAL,
    CONTENT,
    NUMBER,
    PAGE,
    SIGNATURE,
    approval_signs,
    approved,
    author_signs,
    certified,
    close,
    objects,
    page,
    sign_plainly,
    signed,
    unsigned,
)
from tests.attacks.locked_files import locked_archive, locked_by_one
from tests.attacks.samples import Make
from tests.attacks.value_and_picture import approved_with
from tests.signatures import NAMES, authority, person, trust

__all__ = ["FILES", "UNKNOWN"]


@honest("field and widget apart")
def apart() -> bytes:
    """A field whose only child is where it stands on the page, as some producers write every field."""
    return close(
        raw.build(
            objects(
                {
                    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [20 0 R] /SigFlags 3 >> >>",
                    PAGE: page(CONTENT, b"/Annots [22 0 R]"),
                    20: b"<< /FT /Sig /T (author) /V 21 0 R /Kids [22 0 R] >>",
                    21: SIGNATURE,
                    22: b"<< /Type /Annot /Subtype /Widget /F 132 /Rect [60 100 260 190] "
                    b"/P 3 0 R /Parent 20 0 R >>",
                }
            )
        )
    )


@honest("fields under a parent, as form designers write them")
def nested() -> bytes:
    return close(
        raw.build(
            objects(
                {
                    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [23 0 R] /SigFlags 3 >> >>",
                    PAGE: page(CONTENT, b"/Annots [20 0 R]"),
                    20: FIELD_ENTRIES % b"/V 21 0 R /Parent 23 0 R",
                    21: SIGNATURE,
                    23: b"<< /T (form1) /Kids [20 0 R] >>",
                }
            )
        )
    )


@honest("a list of fields that stands by itself")
def listed_apart() -> bytes:
    """The children of a field as an array of its own."""
    return close(
        raw.build(
            objects(
                {
                    1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [23 0 R] /SigFlags 3 >> >>",
                    PAGE: page(CONTENT, b"/Annots [20 0 R]"),
                    20: FIELD_ENTRIES % b"/V 21 0 R /Parent 23 0 R",
                    21: SIGNATURE,
                    23: b"<< /T (form1) /Kids 24 0 R >>",
                    24: b"[20 0 R]",
                }
            )
        )
    )


@honest("validation data whose lists stand by themselves")
def evidence_apart() -> bytes:
    made = approved()
    store = int(re.findall(rb"/DSS (\d+) 0 R", made)[-1])
    value, new = raw.value_of(made, store), raw.size_of(made)
    certificates, lists = (re.findall(key + rb"\s*(\[.*?\])", value)[0] for key in (b"/Certs", b"/CRLs"))
    apart = b"<< /Certs %d 0 R /CRLs %d 0 R >>" % (new, new + 1)
    return raw.update(made, {store: apart, new: certificates, new + 1: lists})


@honest("no line end behind the end mark")
def no_line_end() -> bytes:
    return close(by_hand()[:-1])


@honest("a line end behind the signed file")
def line_end_behind() -> bytes:
    """As mail programs add it; white space is no content."""
    return plain() + b"\r\n"


@honest("a form filled in by hand after certifying, then approved")
def filled_in_by_hand() -> bytes:
    """The approver saw and signed what was filled in."""
    made = form_content.filled(certified(), "number", "05", "05")
    return archive(signatures.sign(made, "approval", person("minh"), APPROVAL))


@honest("the number in a font every reader has")
def in_a_common_font() -> bytes:
    return archive(approved_with(b"BT /F1 9 Tf 2 6 Td (05) Tj ET"))


@honest("the number in a font of a stranger's that was in the file when its author signed")
def in_the_pages_own_font() -> bytes:
    """Not one of ours, and the author signed the pages that are set in it."""
    drawn = rendering.text_field(NUMBER, "05")
    with pikepdf.open(io.BytesIO(drawn)) as page:
        (font,) = page.pages[0].Resources.Font.values()
        font.BaseFont = pikepdf.Name("/AAAAAA+Stranger")
        font.DescendantFonts[0].FontDescriptor.FontFile2.write(_hinted_otherwise(font))
        made = io.BytesIO()
        page.save(made, static_id=True)
    with pikepdf.open(io.BytesIO(unsigned())) as paper, pikepdf.open(made) as page:
        (font,) = page.pages[0].Resources.Font.values()
        paper.pages[1].Resources.Font["/F2"] = paper.copy_foreign(page.make_indirect(font))
        start = io.BytesIO()
        paper.save(start, static_id=True)
    texts = (FilledText("number", "05", made.getvalue()),)
    signed = author_signs(start.getvalue(), certify=True)
    return archive(signatures.sign(signed, "approval", person("minh"), APPROVAL, texts=texts))


def _hinted_otherwise(font: pikepdf.Dictionary) -> bytes:
    """The same letters with other hints: no font of ours any more."""
    data = bytearray(font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes())
    at = data.index(b"cvt ")
    data[int.from_bytes(data[at + 8 : at + 12], "big")] ^= 1
    return bytes(data)


@honest("signer's reason, place and program")
def with_words() -> bytes:
    words_of_it = (
        b"<< /Reason (Phe duyet) /Location (Ha Noi) /Name (Lan) /Prop_Build << /App << /Name /X >> >>"
    )
    return close(by_hand(SIGNATURE.replace(b"<<", words_of_it, 1)))


@honest("new objects of generation 1, as Okular and pdfsig write them")
def of_another_generation() -> bytes:
    """The table of the update says 1 where nothing of that number was before."""
    pdf = raw.build(objects())
    field, signature = b"20 1 obj\n%s\nendobj\n", b"21 1 obj\n%s\nendobj\n"
    field %= FIELD_ENTRIES % b"/V 21 1 R"
    places = {20: len(pdf), 21: len(pdf) + len(field)}
    form = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [20 1 R] /SigFlags 3 >> >>",
        PAGE: page(CONTENT, b"/Annots [20 1 R]"),
    }
    body = pdf + field + signature % SIGNATURE
    made = raw.update(body, form, offsets=places, prev=raw.last_xref(pdf))
    for place in places.values():
        made = raw.replaced(made, b"%010d 00000 n " % place, b"%010d 00001 n " % place)
    return close(made)


@honest("a certificate for digital signatures, non-repudiation not named")
def digital_signature_alone() -> bytes:
    return close(by_hand(), holder(NAMES["minh"], nonrepudiation=False))


honest("an answer of the authority that the certificate is good")(with_answer)


@honest("validation data as iText appends it")
def by_itext() -> bytes:
    """It says its name in a comment behind the trailer, and in the description of a file that had none."""
    pdf = plain()
    store = b"<< /VRI << >> /Certs [901 0 R] >>"
    said = b"<< /ModDate (D:20261118080000Z) /Producer (iText 5.5.13.3; modified using iText 5.5.13.3) >>"
    objects_ = {
        900: store,
        901: raw.stream(authority().issuing),
        902: said,
        1: raw.with_entry(raw.value_of(pdf, 1), b"/DSS 900 0 R "),
    }
    made = raw.update(pdf, objects_, entries=b"/Info 902 0 R")
    before, behind = made.rsplit(b"startxref", 1)
    return before + b"%iText-5.5.13.3\nstartxref" + behind


@honest("an old signature looked at again, as iText does: its data written anew, then archived")
def looked_at_again() -> bytes:
    """The entry of a signature and the lists it named are gone, today's stand in their place."""
    with_entry = validation_data_added(approved(), entry=True)
    return archive(stores.written_anew(with_entry, *trust().crls))


honest("locked against printing, no password, RC4")(partial(locked_by_one, 3))
honest("locked against printing, no password, archived")(lambda: locked_archive(locked_by_one()))
honest("a document timestamp with an empty picture, as iText makes it")(lambda: with_no_place(signed()))


honest("a file with all that real files bring along, approved and archived")(
    lambda: archive(approval_signs(whole_files.whole_certified()))
)


RIGHTS = (
    b"<< /Reference [<< /Type /SigRef /TransformMethod /UR3 /TransformParams << /Type /TransformParams "
    b"/V /2.2 /Form [/Add /Export] /Document [/FullSave] >> /Data 1 0 R >>]"
)


@functools.cache
def reader_extended() -> bytes:
    """A form whose maker's signature unlocks functions of a reader; nobody signed it."""
    made = raw.build(
        objects(
            {
                1: b"<< /Type /Catalog /Pages 2 0 R /Perms << /UR3 21 0 R >> >>",
                21: SIGNATURE.replace(b"<<", RIGHTS, 1),
            }
        )
    )
    return close(made, stranger())


honest("a form with a maker's usage rights, then signed and archived")(
    lambda: archive(sign_plainly(reader_extended(), SigFieldSpec("Signature1"), person("lan")))
)
for _written in ("D:20261118005803Z'", "D:20261118005803Z00'00'", "D:20261118005803", "18/11/2026 07:58"):
    honest(f"a claimed time written as {_written}")(
        lambda written=_written: close(  # type: ignore[misc]
            by_hand(SIGNATURE.replace(b"D:20261118075803+07'00'", written.encode()))
        )
    )


@functools.cache
def other_kind() -> bytes:
    """`adbe.x509.rsa_sha1` was usual until 2006."""
    return close(by_hand(SIGNATURE.replace(b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1")))


# --- signed beside, on blank paper -------------------------------------------------------------------------


def drawn_on_the_fly(
    pdf: bytes,
    name: str,
    who: str,
    rect: tuple[int, int, int, int] = (330, 300, 530, 390),
    *,
    on_page: int = 0,
) -> bytes:
    """Each signer puts a visible field of their own on an empty place, as many programs do."""
    spec = SigFieldSpec(name, on_page=on_page, box=rect)
    stamp = signatures.stamp(Box("x", "signature", on_page, rect), person(who), ())
    return sign_plainly(pdf, spec, person(who), PageStyle(page=stamp))


def by_one() -> bytes:
    return drawn_on_the_fly(raw.build(objects()), "Signature1", "lan", (60, 300, 260, 390))


def by_two() -> bytes:
    return drawn_on_the_fly(signed(), "Signature2", "minh")


def by_three() -> bytes:
    """On the second page the third."""
    return drawn_on_the_fly(by_two(), "Signature3", "hoa", (60, 300, 260, 390), on_page=1)


BESIDE: dict[str, tuple[Make, dict[int, str]]] = {
    "two": (by_two, {1: "Đỗ Quang Minh"}),
    "two, then the archive": (lambda: archive(by_two()), {1: "Đỗ Quang Minh"}),
    "three, on two pages": (by_three, {1: "Đỗ Quang Minh", 2: "Phạm Thị Hoa"}),
    "two, then the place that was prepared": (
        lambda: signatures.sign(by_two(), "approval", person("hoa"), APPROVAL),
        {1: "Đỗ Quang Minh"},
    ),
    "nobody prepared a field": (
        lambda: drawn_on_the_fly(by_one(), "Signature2", "minh"),
        {1: "Đỗ Quang Minh"},
    ),
}
"""Files nobody certified, signed by one after the other: by page, who signed there on blank paper."""


# --- honest, but nobody here can know ----------------------------------------------------------------------


UNKNOWN: dict[str, Make] = {
    "an issuer nobody told us of": lambda: sign_plainly(unsigned(), "author", stranger(), evidence=False),
    "SHA-1, as files of ten years ago": sha_1,
    "a signature of the school's, then one of an unknown issuer": lambda: sign_plainly(
        certified(), "approval", stranger(), evidence=False
    ),
    "a signature of a kind from before PAdES": other_kind,
}
"""Files that deserve neither trust nor suspicion."""
