"""The verdict on a file: what a head teacher reads, signature by signature, and the changed places.

The classes of published attacks stand in `test_attacks.py`, honest files of every kind in
`test_honest_files.py`; here is what a verdict consists of.
"""

from __future__ import annotations

import functools
import io
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pytest
from cryptography import x509
from PIL import Image
from pyhanko.pdf_utils.generic import DictionaryObject, NumberObject, StreamObject, pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tasks import certificates, signing, verifying
from tasks import verdict_words as words
from tasks.certificates import Revoked, Trust
from tasks.judging import judge
from tasks.pools import IntakePool
from tasks.verdicts import Anchor, Anchors, IssuerClass, PageFinding, Standing, Verdict
from tests.attacks import form_content
from tests.attacks.honest_strangers import reader_extended
from tests.attacks.letters import archived, certified, sign_plainly
from tests.signatures import FOUNDED, NOW, authority, lesson_plan, person, sign, team_plan, timestamper, trust
from tests.tasks.test_signature_table import TABLE, revisions

ANCHORS = Anchors.embedded(trust())
DAY = timedelta(days=1)


@functools.cache
def files(row: str = "group plan, principal") -> tuple[bytes, ...]:
    """A group plan: four signatures with stamps, number and date filled by the third, then the archive."""
    _, make, acts = TABLE[row]
    return tuple(revisions(make(), acts))


def appended(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output)
    change(writer)
    writer.write_in_place()
    return output.getvalue()


def paint(writer: IncrementalPdfFileWriter) -> None:
    """A black bar over the page's upper part, as an overlay behind everything."""
    page = writer.find_page_for_modification(0)[0].get_object()
    bar = writer.add_object(StreamObject(stream_data=b"q 0 g 100 300 200 40 re f Q"))
    contents = page.raw_get("/Contents")
    old = contents if isinstance(page["/Contents"], list) else [contents]
    page[pdf_name("/Contents")] = type(page["/MediaBox"])([*old, bar])
    writer.update_container(page)


# --- honest files ------------------------------------------------------------------------------------------


def test_each_state_of_a_group_plan_is_valid_and_says_what_was_filled() -> None:
    filled, still = PageFinding.FILLED, PageFinding.UNCHANGED
    for count, pdf in enumerate(files()[1:5], 1):
        verdict = judge(pdf, ANCHORS, NOW)
        assert verdict.standing is Standing.VALID, verdict.explanation.en
        assert [one.pages for one in verdict.signatures] == [filled] * (count - 1) + [still]


def test_an_archived_file_reads_as_a_head_teacher_needs_it() -> None:
    verdict = judge(files()[-1], ANCHORS, NOW)
    assert verdict.headline == words.VALID
    assert verdict.explanation.vi == (
        "Tệp này đúng như lúc bốn người ký. Mỗi người ký sau chỉ điền vào ô dành sẵn cho mình. "
        "Sau chữ ký cuối chỉ có thêm dấu thời gian lưu trữ, là việc được phép. "
        "Chứng thư thử nghiệm: kết quả này đúng về kỹ thuật, không có giá trị pháp lý."
    )
    assert verdict.development
    assert (verdict.pages, verdict.places, verdict.cautions) == (3, (), ())
    assert len(verdict.signers) == 4
    assert verdict.signatures[-1].report.is_timestamp
    for one in verdict.signatures:
        assert one.issuer_class is IssuerClass.DEVELOPMENT
        assert (one.revoked_then, one.revoked_now) == (False, False)
        assert one.valid_from is not None
        assert one.valid_to is not None


def test_archived_again_and_again_it_stays_valid() -> None:
    pdf = files()[-1]
    for years in (1, 5):
        later = NOW + timedelta(days=365 * years)
        pdf = signing.archive_timestamp(pdf, trust(), timestamper(later), later)
    verdict = judge(pdf, ANCHORS, NOW + timedelta(days=365 * 6))
    assert verdict.standing is Standing.VALID, verdict.explanation.en
    assert len(verdict.signatures) == 7


def test_a_verdict_travels_out_of_the_intake_pool() -> None:
    with IntakePool(1, warm="tasks.judging") as pool:
        verdict = pool.submit(judge, files()[-1], ANCHORS, NOW)
    assert verdict.standing is Standing.VALID
    assert pickle.loads(pickle.dumps(verdict)) == verdict


# --- certificates ------------------------------------------------------------------------------------------


def revoking(name: str, days: int, lost: float | None = None) -> Trust:
    serial = certificates.load(person(name).certificate).serial_number
    since = None if lost is None else NOW + lost * DAY
    entry = Revoked(serial, NOW + days * DAY, x509.ReasonFlags.key_compromise, since)
    newest = certificates.crl(authority(), [entry], NOW + 2 * DAY, 2)
    return replace(trust(), crls=(authority().root_crl, newest))


def test_revoked_afterwards_is_told_and_does_not_unmake_the_signature() -> None:
    verdict = judge(files()[-1], Anchors.embedded(revoking("hoa", 1)), NOW + 30 * DAY)
    assert verdict.standing is Standing.VALID
    assert [(one.revoked_then, one.revoked_now) for one in verdict.signers] == [
        (False, True),
        (False, False),
        (False, False),
        (False, False),
    ]


@pytest.mark.parametrize(("lost", "standing"), [(-0.5, Standing.UNKNOWN), (0.5, Standing.VALID)])
def test_signed_between_the_loss_of_a_key_and_its_report_is_a_doubt(lost: float, standing: Standing) -> None:
    """What was signed before the day of the loss is as good as ever, whoever was revoked later."""
    verdict = judge(files()[-1], Anchors.embedded(revoking("hoa", 1, lost)), NOW + 30 * DAY)
    assert verdict.standing is standing
    signer, *others = verdict.signers
    assert signer.standing is standing
    assert ("17/11/2026" in signer.sentence.vi) == (standing is Standing.UNKNOWN)
    assert {one.standing for one in others} == {Standing.VALID}
    assert signer.revoked_then is False


def test_revoked_before_breaks_it() -> None:
    verdict = judge(files()[-1], Anchors.embedded(revoking("hoa", -1)), NOW + 30 * DAY)
    assert verdict.standing is Standing.BROKEN
    assert verdict.signatures[0].sentence == words.WAS_REVOKED
    assert verdict.signatures[0].revoked_then is True


def test_an_unknown_issuer_is_a_doubt_and_no_fault() -> None:
    stranger = certificates.make_authority(FOUNDED, "Nơi khác")
    others = Anchors.embedded(certificates.trust(stranger, certificates.crl(stranger, (), FOUNDED, 1)))
    verdict = judge(files()[-1], others, NOW)
    assert verdict.standing is Standing.UNKNOWN
    assert verdict.headline == words.UNKNOWN_BY_ISSUER
    assert {one.issuer_class for one in verdict.signatures} == {IssuerClass.UNKNOWN}
    assert not verdict.development


def test_without_any_revocation_data_it_is_unknown_not_broken() -> None:
    bare = Anchors.embedded(replace(trust(), crls=()))
    signed = sign(lesson_plan().pdf, "author", person("lan"), certify=True)
    assert judge(signed, bare, NOW).standing is Standing.VALID
    verdict = judge(sign_plainly(lesson_plan().pdf, "author", person("lan"), evidence=False), bare, NOW)
    assert verdict.standing is Standing.UNKNOWN
    assert verdict.signatures[0].revoked_then is None


def test_the_class_of_the_issuer_is_that_of_its_folder() -> None:
    national = Anchors(
        tuple(Anchor(der, IssuerClass.OTHER) for der in trust().roots),
        tuple(Anchor(der, IssuerClass.SPECIALISED) for der in trust().intermediates),
        trust().crls,
    )
    verdict = judge(files()[1], national, NOW)
    assert verdict.signatures[0].issuer_class is IssuerClass.SPECIALISED
    assert not verdict.development
    assert words.NO_LEGAL_FORCE.vi not in verdict.explanation.vi


def test_long_after_the_last_time_stamp_ended_nothing_is_known() -> None:
    verdict = judge(files()[-1], ANCHORS, NOW + timedelta(days=365 * 12))
    assert verdict.standing is Standing.UNKNOWN


# --- changed files -----------------------------------------------------------------------------------------


def test_a_painted_page_is_shown_before_and_after() -> None:
    verdict = judge(appended(files()[4], paint), ANCHORS, NOW)
    assert verdict.standing is Standing.ALTERED
    assert verdict.headline == words.ALTERED
    assert verdict.explanation.vi.startswith("Trang 1 nhìn khác với trang mà bốn người đã ký.")
    assert {one.pages for one in verdict.signatures} == {PageFinding.CHANGED}
    place = verdict.places[0]
    assert (place.page, place.signature) == (1, 3)
    left, top, right, bottom = place.box
    # 100 to 300 pt across and 300 to 340 pt up a page of 842 × 595 pt
    assert abs(left - 119) < 12
    assert abs(right - 356) < 12
    assert abs(top - 428) < 20
    assert abs(bottom - 496) < 20
    for picture in (place.before, place.after, place.before_page, place.after_page):
        assert picture is not None
        assert Image.open(io.BytesIO(picture)).format == "WEBP"
    assert place.before != place.after
    assert len(verdict.places) == 1, "lawful stamps are no changed places"


def test_an_overlay_signed_by_a_colleague_is_the_first_signers_change() -> None:
    """The later signer signs the painted page: difference analysis aside, the pictures tell."""
    signed = files()[1]
    painted = appended(signed, paint)
    again = sign(painted, "vice_principal_review", person("ngoc"), team_plan().boxes["vice_principal_review"])
    verdict = judge(again, ANCHORS, NOW)
    assert verdict.standing is Standing.ALTERED
    assert verdict.signatures[0].pages is PageFinding.CHANGED
    assert verdict.signatures[1].standing is Standing.VALID


def test_bytes_behind_the_last_signature_are_no_part_of_it() -> None:
    verdict = judge(files()[-1] + b"\n900 0 obj\n<< /Type /Page >>\nendobj\n", ANCHORS, NOW)
    assert verdict.standing is Standing.ALTERED
    assert not verifying.validate(files()[-1] + b"\n900 0 obj\n<<>>\nendobj\n", trust(), NOW).ok


def test_one_changed_byte_alters_what_was_signed() -> None:
    place = files()[-1].index(b"stream", 2000) + 60
    pdf = files()[-1]
    verdict = judge(pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :], ANCHORS, NOW)
    assert verdict.standing is Standing.ALTERED
    assert {one.standing for one in verdict.signatures} == {Standing.ALTERED}
    assert verdict.signatures[0].sentence == words.CONTENT_CHANGED


def test_one_damaged_signature_does_not_hide_the_others() -> None:
    pdf = bytearray(files()[2])
    second = pdf.index(b"/Contents", len(files()[1]))
    start = pdf.index(b"<", second) + 1
    pdf[start : start + 8] = b"00000000"
    verdict = judge(bytes(pdf), ANCHORS, NOW)
    assert verdict.standing is Standing.ALTERED, "what a broken signature filled nobody allowed"
    first, broken = verdict.signatures
    assert first.report.intact
    assert first.report.signer == "Phạm Thị Hoa"
    assert (broken.standing, broken.report.field) == (Standing.BROKEN, "vice_principal_review")


def test_a_field_filled_by_nobody_is_named_and_not_called_changed() -> None:
    """Its certification lets it be filled; who filled it did not sign."""
    pdf = form_content.filled(certified(), "number", "05", "05")
    verdict = judge(pdf, ANCHORS, NOW)
    assert verdict.standing is Standing.UNKNOWN
    assert "“number”" in verdict.explanation.vi
    assert "không ai ký" in verdict.explanation.vi
    assert verdict.signatures[0].pages is PageFinding.FILLED_UNCONFIRMED
    assert [place.page for place in verdict.places] == [1]
    lies = form_content.filled(certified(), "number", "05", "50")
    assert judge(lies, ANCHORS, NOW).standing is Standing.ALTERED


def test_an_issuer_nobody_knows_does_not_make_the_pages_changed() -> None:
    verdict = judge(files()[-1], Anchors(), NOW)
    assert verdict.headline == words.UNKNOWN_BY_ISSUER
    filled, still = PageFinding.FILLED_UNCONFIRMED, PageFinding.UNCHANGED
    assert [one.pages for one in verdict.signers] == [filled, filled, filled, still]
    assert verdict.places == ()
    for one in verdict.signatures:
        assert one.report.timestamped_at is None
        assert one.report.stamped_by_unknown is not None


def test_the_page_that_was_taken_out_is_named_and_no_other() -> None:
    def take_out(writer: IncrementalPdfFileWriter) -> None:
        pages = writer.root["/Pages"]
        del pages["/Kids"][0]
        pages[pdf_name("/Count")] = NumberObject(len(pages["/Kids"]))
        writer.update_container(pages["/Kids"])
        writer.update_container(pages)

    verdict = judge(appended(archived(), take_out), ANCHORS, NOW)
    assert verdict.standing is Standing.ALTERED
    assert verdict.explanation.en.startswith("Page 1 of what two people signed is no longer in the file.")
    assert [(place.page, place.was) for place in verdict.places] == [(0, 1)]
    assert verdict.places[0].before is not None
    assert verdict.places[0].after is None


def test_a_time_stamp_behind_which_the_title_was_changed_says_so() -> None:
    def rename(writer: IncrementalPdfFileWriter) -> None:
        writer.set_info(DictionaryObject({pdf_name("/Title"): pdf_string("Khác")}))

    verdict = judge(appended(archived(), rename), ANCHORS, NOW)
    assert verdict.signatures[-1].report.is_timestamp
    assert verdict.signatures[-1].standing is Standing.ALTERED
    assert verdict.signatures[-1].sentence == words.CHANGED_AFTER_TIMESTAMP


# --- other files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: lesson_plan().pdf, reader_extended], ids=["plan", "usage rights"])
def test_a_file_nobody_signed(make: Callable[[], bytes]) -> None:
    verdict = judge(make(), ANCHORS, NOW)
    assert (verdict.standing, verdict.headline) == (Standing.UNSIGNED, words.UNSIGNED)


def encrypted() -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(lesson_plan().pdf)) as document:
        document.save(output, encryption=pikepdf.Encryption(user="a", owner="b"))
    return output.getvalue()


@pytest.mark.parametrize(
    ("pdf", "reason"),
    [
        (b"", words.NO_PDF),
        (b"PK\x03\x04", words.NO_PDF),
        (b"%PDF-1.7", words.DAMAGED_FILE),
        (b"%PDF-1.7" + bytes(5000), words.DAMAGED_FILE),
    ],
    ids=["empty", "zip", "head", "zeros"],
)
def test_what_cannot_be_read_gets_a_sentence(pdf: bytes, reason: object) -> None:
    verdict = judge(pdf, ANCHORS, NOW)
    assert (verdict.standing, verdict.explanation) == (Standing.UNREADABLE, reason)


def test_a_password_is_named() -> None:
    assert judge(encrypted(), ANCHORS, NOW).explanation == words.ENCRYPTED


def test_a_file_cut_off_anywhere_gets_a_verdict_and_is_never_valid_unless_it_ends_with_a_signature() -> None:
    whole = files()[2]
    ends = {len(pdf) for pdf in files()[:3]}
    for end in range(0, len(whole), 7919):
        verdict = judge(whole[:end], ANCHORS, NOW)
        assert isinstance(verdict, Verdict)
        assert verdict.standing is not Standing.VALID or end in ends
