"""Attacks on a signed file, and time passing over an honest one: what full validation says."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

from tasks import certificates, signing, verifying
from tasks.certificates import Revoked, Trust
from tasks.signing import Signatory
from tasks.timestamping import CheckedTimeStamper, LocalTimeStamper, TimeStampAuthority
from tasks.verifying import Changes, Level, Report, SignatureReport
from tests.attacks.honest import archive, validation_data_added
from tests.attacks.letters import appended, form_field, sign_plainly, unsigned
from tests.signatures import (
    FOUNDED,
    NOW,
    SCHOOL,
    authority,
    lesson_plan,
    person,
    request,
    sign,
    timestamper,
    trust,
)

FIELDS = ("author", "group_review", "principal_approval")


@cache
def signed() -> bytes:
    """A lesson plan signed by all three, without stamps."""
    pdf = sign(lesson_plan().pdf, "author", person("lan"), certify=True)
    pdf = sign(pdf, "group_review", person("hoa"))
    return sign(pdf, "principal_approval", person("minh"))


@cache
def archived() -> bytes:
    return signing.archive_timestamp(signed(), trust(), timestamper(), NOW)


def validate(pdf: bytes, at: datetime = NOW, trusted: Trust | None = None) -> Report:
    return verifying.validate(pdf, trusted or trust(), at, FIELDS)


def of(report: Report, field: str) -> SignatureReport:
    return next(signature for signature in report.signatures if signature.field == field)


def test_an_untouched_file_holds() -> None:
    report = validate(archived())
    assert report.ok
    assert [(s.field, s.changes, s.level) for s in report.signatures] == [
        ("author", Changes.FORM, Level.LTA),
        ("group_review", Changes.FORM, Level.LTA),
        ("principal_approval", Changes.ARCHIVE, Level.LTA),
        ("archive", Changes.NONE, Level.LT),
    ]
    assert [s.problem for s in report.signatures] == [None] * 4


def test_each_signature_tells_which_bytes_it_saw() -> None:
    ends = [signature.revision_end for signature in validate(archived()).signatures]
    assert ends == sorted(ends)
    assert ends[-1] == len(archived())
    assert archived()[: ends[2]] == signed()


def test_a_file_without_signatures_is_not_called_good() -> None:
    assert not verifying.validate(lesson_plan().pdf, trust(), NOW).ok


@pytest.mark.parametrize(
    "pdf", [b"", b"%PDF-1.7", b"PK\x03\x04", bytes(1000)], ids=["empty", "head", "zip", "zero"]
)
def test_what_is_no_pdf_gets_a_sentence(pdf: bytes) -> None:
    report = validate(pdf)
    assert not report.ok
    assert report.problem is not None
    assert report.missing == FIELDS


# --- bytes changed -----------------------------------------------------------------------------------------


def test_one_changed_byte_of_the_pages_breaks_every_signature() -> None:
    place = signed().index(b"stream", 2000) + 60
    report = validate(flipped(signed(), place))
    assert [s.intact for s in report.signatures] == [False] * 3
    assert [s.problem for s in report.signatures] == [verifying._CHANGED] * 3


def test_one_changed_byte_of_a_later_revision_breaks_the_later_signatures_only() -> None:
    second = of(validate(signed()), "author").revision_end
    report = validate(flipped(signed(), signed().index(b"PPKLite", second)))
    assert [s.intact for s in report.signatures] == [True, False, False]
    assert not report.ok


def test_no_changed_byte_anywhere_goes_unseen() -> None:
    """Sixty places spread over the file; only the padding inside the signatures' own braces is free."""
    padding = [span.span() for span in re.finditer(rb"/Contents\s*<[0-9A-Fa-f]+>", signed())]
    places = [
        place
        for place in range(17, len(signed()), len(signed()) // 60)
        if not any(start <= place < end for start, end in padding)
    ]
    assert len(places) > 30
    unseen = [place for place in places if validate(flipped(signed(), place)).ok]
    assert unseen == []


def flipped(pdf: bytes, place: int) -> bytes:
    return pdf[:place] + bytes((pdf[place] ^ 0x01,)) + pdf[place + 1 :]


# --- signatures removed or exchanged -----------------------------------------------------------------------


def test_a_signature_cut_off_is_missed() -> None:
    """An older revision put back is a good file in itself: only who knows what to expect notices."""
    older = signed()[: of(validate(signed()), "group_review").revision_end]
    report = validate(older)
    assert [s.ok for s in report.signatures] == [True, True]
    assert report.missing == ("principal_approval",)
    assert not report.ok


def test_a_signature_taken_out_of_its_field_is_missed_and_breaks_the_later_ones() -> None:
    def take_out(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "group_review")
        del field[pdf_name("/V")]
        writer.update_container(field)

    report = validate(appended(signed(), take_out))
    assert report.missing == ("group_review",)
    assert of(report, "principal_approval").changes is Changes.FORBIDDEN
    assert not report.ok


def test_a_signature_moved_to_another_file_does_not_hold() -> None:
    """The contents of one file's signature, put in the place of another's."""
    other = sign(lesson_plan(3).pdf, "author", person("lan"), certify=True)
    mine = sign(lesson_plan().pdf, "author", person("lan"), certify=True)
    pattern = rb"/Contents\s*<([0-9A-Fa-f]+)>"
    stolen, own = re.search(pattern, other), re.search(pattern, mine)
    assert stolen and own
    size = len(own[1])
    forged = mine.replace(own[1], stolen[1][:size].ljust(size, b"0"))
    report = verifying.validate(forged, trust(), NOW)
    assert not report.ok


def test_a_signature_of_someone_from_another_authority_is_not_trusted() -> None:
    other = certificates.make_authority(FOUNDED, SCHOOL)
    elsewhere = certificates.trust(other, certificates.crl(other, (), FOUNDED, 1))
    report = validate(signed(), trusted=elsewhere)
    assert [s.trusted for s in report.signatures] == [False] * 3
    assert [s.intact for s in report.signatures] == [True] * 3
    assert report.signatures[0].problem == verifying._NOT_TRUSTED


# --- things appended ---------------------------------------------------------------------------------------


def add_page(writer: IncrementalPdfFileWriter) -> None:
    writer.insert_page(PageObject(contents=writer.add_object(blank()), media_box=(0, 0, 595, 842)))


def blank() -> StreamObject:
    return StreamObject(stream_data=b"q Q")


def add_note(writer: IncrementalPdfFileWriter) -> None:
    page = writer.find_page_for_modification(0)[0]
    note = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): ArrayObject(map(NumberObject, (100, 500, 400, 560))),
            pdf_name("/Contents"): pdf_string("Duyệt: 500 triệu"),
            pdf_name("/DA"): pdf_string("/Helv 20 Tf 1 0 0 rg"),
        }
    )
    writer.register_annotation(page, writer.add_object(note))


def paint_over(writer: IncrementalPdfFileWriter) -> None:
    writer.add_stream_to_page(0, writer.add_object(blank()))


def move_a_stamp(writer: IncrementalPdfFileWriter) -> None:
    field = form_field(writer, "author")
    field[pdf_name("/Rect")] = ArrayObject(map(NumberObject, (0, 0, 595, 842)))
    writer.update_container(field)


def redraw_a_stamp(writer: IncrementalPdfFileWriter) -> None:
    field = form_field(writer, "author")
    field[pdf_name("/AP")] = DictionaryObject({pdf_name("/N"): writer.add_object(blank())})
    writer.update_container(field)


def lift_the_lock(writer: IncrementalPdfFileWriter) -> None:
    del writer.root[pdf_name("/Perms")]
    writer.update_root()


@pytest.mark.parametrize(
    "change", [add_page, add_note, paint_over, move_a_stamp, redraw_a_stamp, lift_the_lock]
)
def test_what_is_appended_to_a_finished_file_is_seen(
    change: Callable[[IncrementalPdfFileWriter], None],
) -> None:
    report = validate(appended(archived(), change))
    assert [s.intact for s in report.signatures] == [True] * 4, "the signed bytes themselves are untouched"
    assert of(report, "principal_approval").changes is Changes.FORBIDDEN
    assert of(report, "principal_approval").problem == verifying._APPENDED
    assert not report.ok


# --- time passes -------------------------------------------------------------------------------------------


def end_of(name: str) -> datetime:
    return certificates.load(person(name).certificate).not_valid_after_utc


def test_a_file_outlives_the_certificates_of_its_signers() -> None:
    later = end_of("minh") + timedelta(days=30)
    assert validate(signed(), later).ok
    assert validate(archived(), later).ok


def test_when_the_stamping_certificate_ends_only_the_renewed_archive_holds() -> None:
    """Ten years on: the archive timestamp must have been renewed before."""
    nine, eleven = NOW + timedelta(days=365 * 8), NOW + timedelta(days=365 * 11)
    assert not validate(archived(), eleven).ok
    young = certificates.make_authority(nine, SCHOOL)
    young_trust = certificates.trust(young, certificates.crl(young, (), nine, 1))
    both = Trust(
        (*trust().roots, *young_trust.roots),
        (*trust().intermediates, *young_trust.intermediates),
        (*trust().crls, *young_trust.crls),
    )
    key = certificates.new_key()
    subject = certificates.Subject("TSA", SCHOOL, "tsa")
    certificate = certificates.issue(young, subject, certificates.Purpose.TIMESTAMP, key.public_key(), nine)
    stamping = signing_authority(key, certificate, young, nine)
    renewed = signing.archive_timestamp(archived(), both, stamping, nine)
    report = validate(renewed, eleven - timedelta(days=365), both)
    assert of(report, "archive-2").ok
    assert report.ok


def signing_authority(
    key: EllipticCurvePrivateKey,
    certificate: bytes,
    of_whom: certificates.Authority,
    at: datetime,
) -> CheckedTimeStamper:
    return LocalTimeStamper(TimeStampAuthority(key, certificate, (of_whom.issuing,), clock=lambda: at))


def test_a_backdated_signature_is_judged_by_its_timestamp() -> None:
    """The signer's clock says the certificate was good; the timestamp says it had expired."""
    claimed, real = end_of("lan") - timedelta(days=1), end_of("lan") + timedelta(days=1)
    asked = request(lesson_plan().pdf, "author", person("lan"), now=claimed)
    pdf = Signatory(person("lan").certificate, person("lan").key, trust(), timestamper(real)).sign(asked).pdf
    (signature,) = verifying.validate(pdf, trust(), real).signatures
    assert signature.claimed_at == claimed
    assert signature.timestamped_at == real
    assert signature.intact
    assert not signature.trusted
    assert not signature.ok


def test_a_timestamp_of_an_unknown_authority_proves_nothing() -> None:
    """Else anyone could say a revoked or expired certificate had signed in time."""
    other = certificates.make_authority(FOUNDED, SCHOOL)
    both = Trust(
        (*trust().roots, other.root),
        (*trust().intermediates, other.issuing),
        (*trust().crls, other.root_crl, certificates.crl(other, (), FOUNDED, 1)),
    )
    key = certificates.new_key()
    subject = certificates.Subject("TSA", SCHOOL, "tsa")
    certificate = certificates.issue(
        other, subject, certificates.Purpose.TIMESTAMP, key.public_key(), FOUNDED
    )
    asked = request(lesson_plan().pdf, "author", person("lan"), trust=both)
    stamper = signing_authority(key, certificate, other, NOW)
    pdf = signing.sign(asked, person("lan").key, stamper).pdf
    assert verifying.validate(pdf, both, NOW).ok
    (signature,) = verifying.validate(pdf, trust(), NOW).signatures
    assert signature.intact
    assert signature.timestamped_at is None
    assert not signature.trusted
    assert not signature.ok


def test_a_certificate_revoked_before_the_signature_is_found_out() -> None:
    report = validate(signed(), trusted=revoking("hoa", NOW - timedelta(days=1)))
    assert of(report, "group_review").revoked
    assert of(report, "group_review").problem == verifying._WAS_REVOKED
    assert of(report, "author").ok
    assert not report.ok


def test_a_certificate_revoked_afterwards_does_not_unmake_the_signature() -> None:
    report = validate(signed(), NOW + timedelta(days=30), revoking("hoa", NOW + timedelta(days=1)))
    assert not of(report, "group_review").revoked
    assert report.ok


def revoking(name: str, at: datetime) -> Trust:
    entry = Revoked(certificates.load(person(name).certificate).serial_number, at)
    later = NOW + timedelta(days=2)
    newest = certificates.crl(authority(), [entry], later, 2)
    return replace(trust(), crls=(authority().root_crl, newest))


def test_without_revocation_lists_nothing_is_trusted_that_brings_none() -> None:
    """Unknown is not good: the file's own lists are enough, a file without any is not."""
    bare = replace(trust(), crls=())
    assert validate(signed(), trusted=bare).ok
    without = sign_plainly(unsigned(), "author", person("lan"), evidence=False)
    assert not any(s.trusted for s in validate(without, trusted=bare).signatures)
    assert [s.level for s in validate(without).signatures] == [Level.T]


def test_a_list_taken_out_of_the_file_still_counts() -> None:
    """Else whoever finds that a certificate was revoked could be made to forget it."""
    taken = validate(appended(signed(), strip_evidence), trusted=replace(trust(), crls=()))
    assert all(s.trusted for s in taken.signatures)
    assert not taken.ok


def test_data_that_no_archive_timestamp_covers_does_not_last() -> None:
    """Evidence added behind the timestamp is long-term data, and not archived (ETSI EN 319 142-1, 6.3)."""
    bare = sign_plainly(unsigned(), "author", person("lan"), evidence=False)
    behind = validation_data_added(stamped_without_data(bare))
    assert [s.level for s in validate(behind).signatures] == [Level.LT, Level.LT]
    assert validate(archive(validation_data_added(bare))).signatures[0].level is Level.LTA


def stamped_without_data(pdf: bytes) -> bytes:
    """With a document timestamp alone."""
    output = io.BytesIO(pdf)
    with time_machine.travel(NOW, tick=True):
        PdfTimeStamper(timestamper()).timestamp_pdf(
            IncrementalPdfFileWriter(output), "sha256", validation_context=None, in_place=True
        )
    return output.getvalue()


def strip_evidence(writer: IncrementalPdfFileWriter) -> None:
    del writer.root[pdf_name("/DSS")]
    writer.update_root()
