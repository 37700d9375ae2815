"""The long archive: with the clock moved on for 25 years the real jobs keep every file proving.

Without them it stops: the time-stamp certificate of the first year lasts ten.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore
from sqlmodel import col, select, update

from flows import certification, duties, prints, renewing, views
from flows.renewing import Renewal, Renewed
from models.document import Document, Revision, Signature
from models.event import Event
from models.evidence import Duty
from models.key import AuthorityPart
from models.proof import ArchiveProof
from models.run import Incident
from service.jobs import Clockwork
from tasks import verifying
from tasks.certificates import Trust
from tasks.judging import judge
from tasks.verdicts import Anchors, Standing
from tests import third_parties, verapdf
from tests.cast import Cast
from tests.conftest import TUESDAY, StampServer
from tests.states import archive

YEAR = timedelta(days=365)
YEARS_OF_RENEWAL = [2036, 2041, 2046, 2051]
"""The first certificate lasts ten years; a later one is five years old at most when it stamps."""
FIELDS = ("author", "group_review", "principal_approval")


@contextmanager
def after(cast: Cast, stamps: StampServer, time: timedelta) -> Iterator[None]:
    """So long after the archive; the time-stamp authority is the newest generation there is."""
    with time_machine.travel(TUESDAY + time, tick=True):
        follow(cast, stamps)
        yield


@contextmanager
def due(cast: Cast, stamps: StampServer) -> Iterator[None]:
    """Nine years later, eleven months before the first time-stamp certificate ends."""
    with after(cast, stamps, 9 * YEAR + timedelta(days=30)):
        certification.tend(cast.office.db, cast.office.settings, cast.office.now())
        follow(cast, stamps)
        yield


def follow(cast: Cast, stamps: StampServer) -> None:
    with cast.office.db.read() as session:
        stamps.authority = certification.open_timestamping(session, cast.office.settings)


def jobs(cast: Cast) -> Clockwork:
    works = Clockwork(cast.office.db, cast.office.settings)
    works.leading = True
    return works


def live(cast: Cast, stamps: StampServer, since: timedelta, until: timedelta) -> None:
    """The daily jobs, looked at four times a year."""
    for quarter in range(round(since / YEAR * 4) + 1, round(until / YEAR * 4) + 1):
        with after(cast, stamps, quarter * YEAR / 4):
            works = jobs(cast)
            works.tend()
            follow(cast, stamps)
            works.renew()


def archived(cast: Cast, week: int = 14) -> str:
    document_id = cast.sent("lan", week).id
    cast.act("hoa", document_id, "approve")
    cast.act("minh", document_id, "approve")
    archive(cast, document_id)
    return document_id


def file_of(cast: Cast, document_id: str) -> bytes:
    return cast.office.blobs.get(cast.fresh(document_id).blob or "")


def report(cast: Cast, pdf: bytes) -> verifying.Report:
    """What full validation says at the clock's time."""
    with cast.office.db.read() as session:
        trust = certification.trust_of(session)
    return verifying.validate(pdf, trust, datetime.now(UTC), FIELDS)


def verdict(cast: Cast, document_id: str) -> Standing:
    """What the public page says at the clock's time."""
    with cast.office.db.read() as session:
        anchors = Anchors.embedded(certification.trust_of(session))
    return judge(file_of(cast, document_id), anchors, datetime.now(UTC)).standing


def then(cast: Cast, pdf: bytes) -> Trust:
    """Our authorities with the lists the file itself brings: openssl takes those of the time it looks at."""
    store = DocumentSecurityStore.read_dss(PdfFileReader(io.BytesIO(pdf)))
    with cast.office.db.read() as session:
        trust = certification.trust_of(session)
    return replace(trust, crls=tuple(ref.get_object().data for ref in store.crls))


def renewals(cast: Cast, document_id: str) -> list[Event]:
    with cast.office.db.read() as session:
        rows = select(Event).where(col(Event.document_id) == document_id, col(Event.action) == "renew")
        return list(session.exec(rows.order_by(col(Event.seq))))


def incidents(cast: Cast, document_id: str) -> list[Incident]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Incident).where(col(Incident.document_id) == document_id)))


def run(cast: Cast, most: int | None = None) -> Renewed:
    return Renewal(cast.office.db, cast.office.settings, cast.office.now).run(most)


def proof(cast: Cast, document_id: str) -> ArchiveProof:
    with cast.office.db.read() as session:
        return session.get_one(ArchiveProof, document_id)


# the years


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
        assert views.chain_holds(session, document_id)
        assert views.replayed(session, document_id, cast.school_id)
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


# a renewal


def test_a_renewal_changes_the_file_and_nothing_else(each_cast: Cast, stamps: StampServer) -> None:
    cast = each_cast
    document_id = archived(cast)
    before = cast.fresh(document_id)
    with due(cast, stamps):
        assert run(cast).renewed == 1
        assert run(cast).renewed == 0
    now = cast.fresh(document_id)
    changed = {name for name in Document.model_fields if getattr(now, name) != getattr(before, name)}
    assert changed - {"dispatched"} == {"version", "head_hash", "blob"}
    [event] = renewals(cast, document_id)
    assert (event.actor_id, event.input_blob, event.output_blob) == ("system", before.blob, now.blob)
    assert event.data["digest"] == "sha256"
    with cast.office.db.read() as session:
        assert session.get_one(Revision, (document_id, now.revision)).final == now.blob
        assert views.chain_holds(session, document_id)
        assert views.replayed(session, document_id, cast.school_id)
    kept = proof(cast, document_id)
    assert kept.blob == now.blob
    assert kept.until.isoformat(timespec="seconds") == event.data["proves_until"]


def test_prints_and_duties_of_the_earlier_file_still_count(cast: Cast, stamps: StampServer) -> None:
    document_id, actor = archived(cast), cast.actor("lan")
    office, old = cast.office, cast.fresh(document_id).blob or ""
    printed = prints.make(office, actor, document_id, "page")
    assert duties.downloaded(office, actor, document_id, old, "page")
    with due(cast, stamps):
        assert run(cast).renewed == 1
        new = cast.fresh(document_id).blob or ""
        assert new != old
        with office.db.read() as session:
            assert prints.check(session, printed.code or "").standing == "in-force"
        assert prints.draw(office, cast.fresh(document_id), printed.code or "").startswith(b"%PDF")
        # The evidence is weighed anew whenever something happens, here when the renewed file is handed out.
        assert duties.downloaded(office, actor, document_id, new, "page")
        with office.db.read() as session:
            [met] = session.exec(
                select(Duty.met_at).where(col(Duty.document_id) == document_id, col(Duty.kind) == "download")
            ).all()
        assert met is not None
        assert met < TUESDAY + YEAR


def test_it_is_done_in_good_time_and_not_before(cast: Cast, stamps: StampServer) -> None:
    document_id = archived(cast)
    with after(cast, stamps, timedelta(days=1)):
        assert (run(cast).looked_at, run(cast).looked_at) == (1, 0)
    until = proof(cast, document_id).until
    assert timedelta(days=3640) < until - TUESDAY < timedelta(days=3650)
    for left, renewed in ((timedelta(days=361), 0), (timedelta(days=359), 1)):
        with after(cast, stamps, until - left - TUESDAY):
            certification.tend(cast.office.db, cast.office.settings, cast.office.now())
            follow(cast, stamps)
            assert run(cast).renewed == renewed


def test_a_run_is_bounded_and_the_next_goes_on(cast: Cast, stamps: StampServer) -> None:
    made = [archived(cast, week) for week in (14, 15, 16)]
    with due(cast, stamps):
        assert [run(cast, most=2).renewed, run(cast, most=2).renewed] == [2, 1]
        calls = iter([True] * 2 + [False] * 9)
        assert run(cast).renewed == 0
        Renewal(cast.office.db, cast.office.settings, cast.office.now, lambda: next(calls)).run()
    assert [len(renewals(cast, one)) for one in made] == [1, 1, 1]


# what goes wrong


def test_while_no_time_stamp_is_to_be_had_the_run_stops_and_time_running_out_is_said(
    cast: Cast, stamps: StampServer
) -> None:
    document_id = archived(cast)
    with after(cast, stamps, 9 * YEAR + timedelta(days=30)):
        stamps.down = True
        done = run(cast)
        assert done.stopped is not None
        assert (done.renewed, done.failed, incidents(cast, document_id)) == (0, 0, [])
        with cast.office.db.read() as session:
            assert renewing.behind(session, cast.office.now()) is None
    with after(cast, stamps, 10 * YEAR - timedelta(days=60)), cast.office.db.read() as session:
        late = renewing.behind(session, cast.office.now(), cast.school_id)
        assert late is not None
        assert late.files == 1
        assert renewing.behind(session, cast.office.now(), cast.other_school_id) is None
    stamps.down = False
    with after(cast, stamps, 10 * YEAR - timedelta(days=59)):
        certification.tend(cast.office.db, cast.office.settings, cast.office.now())
        follow(cast, stamps)
        assert run(cast).renewed == 1
        with cast.office.db.read() as session:
            assert renewing.behind(session, cast.office.now()) is None


@pytest.mark.parametrize("how", ["missing", "changed"])
def test_a_damaged_file_is_told_and_the_others_go_on(how: str, cast: Cast, stamps: StampServer) -> None:
    broken, whole = archived(cast, 14), archived(cast, 15)
    path = cast.office.blobs.path(cast.fresh(broken).blob or "")
    kept = path.read_bytes()
    run(cast)
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(kept[:-1])
    with due(cast, stamps):
        assert (run(cast).failed, run(cast).failed) == (1, 0)
        [incident] = incidents(cast, broken)
        assert "backup" in incident.sentence_en
        path.write_bytes(kept)
    with after(cast, stamps, 9 * YEAR + timedelta(days=31)):
        assert run(cast).renewed == 1
    [incident] = incidents(cast, broken)
    assert incident.resolved_at is not None
    assert [len(renewals(cast, one)) for one in (broken, whole)] == [1, 1]


def test_a_file_without_a_row_that_cannot_be_read_is_told(cast: Cast) -> None:
    document_id = archived(cast)
    cast.office.blobs.path(cast.fresh(document_id).blob or "").unlink()
    assert run(cast).failed == 1
    assert len(incidents(cast, document_id)) == 1


def test_a_signature_row_that_was_changed_stops_the_renewal(cast: Cast, stamps: StampServer) -> None:
    """The file is validated as before its archive: against the certificates the record names."""
    document_id = archived(cast)
    with cast.office.db.write() as session:
        session.exec(
            update(Signature).where(col(Signature.document_id) == document_id).values(certificate="0" * 64)
        )
    with due(cast, stamps):
        assert run(cast).failed == 1
    assert renewals(cast, document_id) == []


def test_killed_between_file_and_row_it_is_done_again(
    cast: Cast, stamps: StampServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = archived(cast)
    before = cast.fresh(document_id)
    with due(cast, stamps):
        with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):

            def die(*args: object, **kwargs: object) -> bool:
                raise KeyboardInterrupt

            killed.setattr("flows.decide.renew", die)
            run(cast)
        assert cast.fresh(document_id) == before
        assert run(cast).renewed == 1


# algorithms


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
