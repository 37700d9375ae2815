"""The long archive: with the clock moved on for 25 years the real jobs keep every file proving.

Without them it stops: the time-stamp certificate of the first year lasts ten.
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import select

from models.key import AuthorityPart
from tasks import verifying
from tasks.verdicts import Standing
from tests import third_parties, verapdf
from tests.audited import sound
from tests.cast import Cast
from tests.conftest import StampServer
from tests.long_archive import (
    FIELDS,
    YEAR,
    YEARS_OF_RENEWAL,
    after,
    archived,
    file_of,
    follow,
    incidents,
    jobs,
    live,
    proof,
    renewals,
    report,
    run,
    then,
    verdict,
)


def test_files_prove_1_5_11_and_25_years_later(cast: Cast, stamps: StampServer) -> None:
    document_id = archived(cast)
    first, reached = file_of(cast, document_id), timedelta()
    for years in (1, 5, 11, 25):
        live(cast, stamps, reached, years * YEAR)
        reached = years * YEAR
        with after(cast, stamps, reached):
            said = report(cast, file_of(cast, document_id))
            assert said.ok, [(s.field, str(s.problem)) for s in said.signatures]
            assert [s.level for s in said.signatures if not s.is_timestamp] == [verifying.Level.LTA] * 3
            assert verdict(cast, document_id) is Standing.VALID
    pdf = file_of(cast, document_id)
    made = renewals(cast, document_id)
    assert [event.at.year for event in made] == YEARS_OF_RENEWAL
    assert pdf.startswith(first)
    stamps_made = ["archive", *(f"archive-{n}" for n in range(2, len(made) + 2))]
    assert [s.field for s in said.signatures] == [*FIELDS, *stamps_made]
    with cast.office.db.read() as session:
        assert sound(session, document_id)
        keys = {(row.part, row.generation): row.protected for row in session.exec(select(AuthorityPart))}
    assert keys[("root", 1)] == keys[("issuing", 1)] == keys[("tsa", 1)] == b""
    assert max(generation for _, generation in keys) == 6
    poppler = third_parties.pdfsig(pdf)
    assert {poppler[field] for field in FIELDS} == {"Signature is Valid."}
    assert verapdf.check(pdf) == []
    for one in third_parties.cut(pdf):
        assert third_parties.openssl_ts(one, then(cast, pdf)) == ""
        assert one.is_timestamp or third_parties.openssl_cms(one, then(cast, pdf)) == ""


def test_without_the_job_the_file_stops_proving(cast: Cast, stamps: StampServer) -> None:
    document_id = archived(cast)
    pdf = file_of(cast, document_id)
    for years, proves in ((9, True), (11, False)):
        with after(cast, stamps, years * YEAR):
            jobs(cast).tend()
            assert report(cast, pdf).ok is proves


def test_too_late_a_renewal_is_refused_and_said(cast: Cast, stamps: StampServer) -> None:
    """A timestamp over a file that proves no more would only hide that."""
    document_id = archived(cast)
    before = cast.fresh(document_id)
    with after(cast, stamps, 11 * YEAR):
        works = jobs(cast)
        works.tend()
        follow(cast, stamps)
        works.renew()
        [incident] = incidents(cast, document_id)
    assert cast.fresh(document_id) == before
    assert "chưa gia hạn được" in incident.sentence_vi.lower()
    assert renewals(cast, document_id) == []


def test_before_sha256_ends_files_are_renewed_with_sha512(cast: Cast, stamps: StampServer) -> None:
    document_id, settings = archived(cast), cast.office.settings
    run(cast)
    assert proof(cast, document_id).weakest == "certificate"
    settings.algorithm_ends = "sha256=2031-12-31"
    with after(cast, stamps, 3 * YEAR):
        run(cast)
        weak = proof(cast, document_id)
        assert (weak.weakest, f"{weak.until:%Y-%m-%d}") == ("sha256", "2032-01-01")
    with after(cast, stamps, 4 * YEAR + timedelta(days=120)):
        works = jobs(cast)
        works.tend()
        follow(cast, stamps)
        works.renew()
        strong = proof(cast, document_id)
        assert report(cast, file_of(cast, document_id)).ok
        assert verdict(cast, document_id) is Standing.VALID
    assert strong.weakest == "certificate"
    assert strong.until > weak.until + 5 * YEAR
    [event] = renewals(cast, document_id)
    assert event.data["digest"] == "sha512"
    newest = third_parties.cut(file_of(cast, document_id))[-1]
    assert newest.field == "archive-2"
