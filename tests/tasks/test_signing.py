"""Making a signature: what is written, what is refused before anything is written, and the check after it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from models.errors import Unavailable, WrongStep
from models.text import Text
from tasks import certificates, signing, verifying
from tasks.certificate_use import BadCertificate
from tasks.certificates import Purpose, Revoked, Subject
from tasks.checking import BadSignature
from tasks.signing import Signatory, SignRequest
from tasks.timestamping import CheckedTimeStamper
from tasks.verifying import Changes, Level
from tests.signatures import (
    FOUNDED,
    NOW,
    SCHOOL,
    authority,
    lesson_plan,
    person,
    request,
    sign,
    team_plan,
    timestamper,
    trust,
)


class Unasked(CheckedTimeStamper):
    """Fails the test when anyone asks it: a refusal must come before that."""

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        pytest.fail("The time-stamp authority was asked although the signature is refused.")


class Down(CheckedTimeStamper):
    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        raise Unavailable(Text("Không trả lời.", "No answer."))


def reader(pdf: bytes) -> PdfFileReader:
    return PdfFileReader(io.BytesIO(pdf))


def by_author(**details: object) -> bytes:
    paper = lesson_plan()
    return sign(paper.pdf, "author", person("lan"), paper.boxes["author"], certify=True, **details)


def test_a_signature_is_one_revision_appended_to_the_file_and_b_lt() -> None:
    paper = lesson_plan()
    pdf = by_author()
    assert pdf.startswith(paper.pdf)
    assert reader(pdf).total_revisions == reader(paper.pdf).total_revisions + 1
    (signature,) = verifying.validate(pdf, trust(), NOW).signatures
    assert signature.ok
    assert signature.level is Level.LT
    assert signature.changes is Changes.NONE
    assert signature.signer == "Nguyễn Thị Lan"
    assert signature.organization == SCHOOL
    assert signature.claimed_at == signature.timestamped_at == NOW
    assert signature.certificate_fingerprint == certificates.fingerprint(person("lan").certificate)


def test_the_author_certifies_and_allows_form_filling_only() -> None:
    (embedded,) = reader(by_author()).embedded_signatures
    assert embedded.docmdp_level is MDPPerm.FILL_FORMS


def test_the_claimed_time_is_written_as_vietnam_reads_the_clock() -> None:
    (embedded,) = reader(by_author()).embedded_signatures
    assert embedded.sig_object["/M"] == "D:20261118075803+07'00'"
    assert embedded.sig_object["/Reason"] == "Phê duyệt"
    assert embedded.sig_object["/Location"] == "Nam An Phụ"


def test_number_and_date_stand_in_the_form_as_text_too() -> None:
    paper = team_plan()
    texts = paper.texts({"number": "05", "date": "ngày 18 tháng 11 năm 2026"})
    pdf = sign(paper.pdf, "principal_approval", person("minh"), texts=texts)
    form = {f.get_object()["/T"]: f.get_object() for f in reader(pdf).root["/AcroForm"]["/Fields"]}
    assert (form["number"]["/V"], form["date"]["/V"]) == ("05", "ngày 18 tháng 11 năm 2026")
    (embedded,) = reader(pdf).embedded_signatures
    assert embedded.fieldmdp is not None
    assert embedded.fieldmdp.fields == ["number", "date"]


def test_a_school_may_bring_rsa_keys() -> None:
    key = rsa.generate_private_key(65537, 2048)
    subject = Subject("Nguyễn Thị Lan", SCHOOL, "lan")
    certificate = certificates.issue(authority(), subject, Purpose.PERSONAL, key.public_key(), FOUNDED)
    asked = request(lesson_plan().pdf, "author", person("lan"), certificate=certificate, certify=True)
    signed = signing.sign(asked, key, timestamper())
    assert verifying.validate(signed.pdf, trust(), NOW).ok


def test_what_is_returned_names_time_and_certificate() -> None:
    asked = request(lesson_plan().pdf, "author", person("lan"))
    signed = signing.sign(asked, person("lan").key, timestamper())
    assert signed.signed_at == NOW
    assert signed.certificate_fingerprint == certificates.fingerprint(person("lan").certificate)
    assert "PDF" not in repr(signed) + repr(asked)


def expired() -> SignRequest:
    end = certificates.load(person("lan").certificate).not_valid_after_utc
    return request(lesson_plan().pdf, "author", person("lan"), now=end + timedelta(seconds=1))


def revoked() -> SignRequest:
    entry = Revoked(certificates.load(person("lan").certificate).serial_number, NOW - timedelta(days=1))
    trusted = certificates.trust(authority(), certificates.crl(authority(), [entry], NOW, 2))
    return request(lesson_plan().pdf, "author", person("lan"), trust=trusted)


def of_someone_else() -> SignRequest:
    return request(lesson_plan().pdf, "author", person("lan"), owner="hoa")


def of_another_authority() -> SignRequest:
    other = certificates.make_authority(FOUNDED, SCHOOL)
    trusted = certificates.trust(other, certificates.crl(other, (), FOUNDED, 1))
    return request(lesson_plan().pdf, "author", person("lan"), trust=trusted)


@pytest.mark.parametrize("make", [expired, revoked, of_someone_else, of_another_authority])
def test_a_certificate_that_may_not_sign_is_refused_before_anything_happens(
    make: Callable[[], SignRequest],
) -> None:
    asked = make()
    with pytest.raises(BadCertificate):
        Signatory(asked.certificate, person("lan").key, asked.trust, Unasked()).sign(asked)


def test_a_key_that_does_not_fit_the_certificate_is_refused() -> None:
    with pytest.raises(BadCertificate, match="does not belong to this certificate"):
        Signatory(person("lan").certificate, person("hoa").key, trust(), Unasked())


def test_a_kept_signatory_sees_a_revocation_at_once() -> None:
    lan = person("lan")
    signatory = Signatory(lan.certificate, lan.key, trust(), timestamper())
    signatory.sign(request(lesson_plan().pdf, "author", lan))
    with pytest.raises(BadCertificate, match="revoked"):
        signatory.sign(revoked())


def test_a_kept_signatory_signs_file_after_file() -> None:
    lan = person("lan")
    signatory = Signatory(lan.certificate, lan.key, trust(), timestamper())
    for paper in (lesson_plan(1), lesson_plan(2), team_plan()):
        pdf = signatory.sign(request(paper.pdf, "author", lan, paper.boxes["author"], certify=True)).pdf
        assert verifying.validate(pdf, trust(), NOW, ("author",)).ok


def test_without_a_timestamp_there_is_no_signature() -> None:
    asked = request(lesson_plan().pdf, "author", person("lan"))
    with pytest.raises(Unavailable):
        signing.sign(asked, person("lan").key, Down())


@pytest.mark.parametrize("field", ["author", "unknown"])
def test_a_place_that_is_signed_or_not_there_cannot_be_signed(field: str) -> None:
    with pytest.raises(WrongStep, match="signed already or is not part"):
        sign(by_author(), field, person("hoa"))


def test_nobody_certifies_after_the_author() -> None:
    with pytest.raises(WrongStep):
        sign(by_author(), "group_review", person("hoa"), certify=True)


def test_a_stamp_drawn_for_another_box_is_a_fault_of_ours() -> None:
    paper = team_plan()
    asked = request(paper.pdf, "author", person("lan"), paper.boxes["vice_principal_review"])
    with pytest.raises(ValueError, match="does not fit its box"):
        signing.sign(asked, person("lan").key, timestamper())


def test_a_text_field_that_was_not_prepared_is_a_fault_of_ours() -> None:
    texts = team_plan().texts({"number": "05"})
    with pytest.raises(ValueError, match="no text field 'number'"):
        sign(lesson_plan().pdf, "author", person("lan"), texts=texts)


def test_fields_are_made_once_for_every_box() -> None:
    paper = team_plan()
    form = {f.get_object()["/T"]: f.get_object() for f in reader(paper.pdf).root["/AcroForm"]["/Fields"]}
    assert set(form) == set(paper.boxes)
    for name, box in paper.boxes.items():
        assert form[name]["/FT"] == ("/Sig" if box.kind == "signature" else "/Tx")
        assert [float(side) for side in form[name]["/Rect"]] == pytest.approx(box.rect, abs=0.01)


def test_the_archive_timestamp_can_be_renewed() -> None:
    once = signing.archive_timestamp(by_author(), trust(), timestamper(), NOW)
    later = NOW + timedelta(days=365)
    twice = signing.archive_timestamp(once, trust(), timestamper(later), later)
    report = verifying.validate(twice, trust(), later)
    assert report.ok
    assert [s.field for s in report.signatures] == ["author", "archive", "archive-2"]


def test_an_archive_timestamp_needs_an_authority() -> None:
    with pytest.raises(Unavailable):
        signing.archive_timestamp(by_author(), trust(), Down(), NOW)


# --- the check between signing and commit ------------------------------------------------------------------


def check(pdf: bytes, field: str = "author", who: str = "lan") -> None:
    signing.check(pdf, field, certificates.fingerprint(person(who).certificate), trust())


def test_a_good_signature_passes_the_check() -> None:
    check(by_author())


def test_the_check_wants_exactly_this_signer() -> None:
    with pytest.raises(BadSignature):
        check(by_author(), who="hoa")


def test_the_check_wants_exactly_this_field() -> None:
    with pytest.raises(BadSignature):
        check(by_author(), field="group_review")


@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.99])
def test_one_changed_byte_fails_the_check(part: float) -> None:
    broken = bytearray(by_author())
    broken[int(len(broken) * part)] ^= 0x01
    with pytest.raises(BadSignature):
        check(bytes(broken))


def test_anything_appended_fails_the_check() -> None:
    output = io.BytesIO(by_author())
    writer = IncrementalPdfFileWriter(output)
    writer.update_root()
    writer.write_in_place()
    with pytest.raises(BadSignature):
        check(output.getvalue())


def test_a_timestamp_of_an_unknown_authority_fails_the_check() -> None:
    """pyHanko refuses already while it gathers what proves the timestamp; the check would too."""
    pdf = by_author()
    other = certificates.make_authority(FOUNDED, SCHOOL)
    trusted = certificates.trust(other, certificates.crl(other, (), FOUNDED, 1))
    with pytest.raises(BadSignature):
        signing.check(pdf, "author", certificates.fingerprint(person("lan").certificate), trusted)
