"""Renewals of archive timestamps: what one changes, when it is due, what is said when none can be made."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from flows import certification, duties, known_files, prints, renewing
from flows.renewing import Renewal
from models.document import Document, Revision, Signature
from models.evidence import Duty
from tasks.proving import Proof
from tests.audited import sound
from tests.cast import Cast
from tests.conftest import TUESDAY, StampServer
from tests.long_archive import (
    YEAR,
    after,
    archived,
    due,
    follow,
    incidents,
    proof,
    renewals,
    run,
)


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
        assert sound(session, document_id)
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
            assert known_files.of_print(session, printed.code or "").standing == "in-force"
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


def test_an_authority_that_gains_nothing_is_not_asked_for_more_and_told_in_time(
    cast: Cast, stamps: StampServer
) -> None:
    """Its certificate ends no later than the one before: here because no new generation was made."""
    document_id = archived(cast)
    before = cast.fresh(document_id)
    for time, told in ((9 * YEAR + timedelta(days=30), 0), (10 * YEAR - timedelta(days=60), 1)):
        with after(cast, stamps, time):
            assert (run(cast).renewed, run(cast).renewed) == (0, 0)
            assert len(incidents(cast, document_id)) == told
    assert "HOSOSO_TSA_URL" in incidents(cast, document_id)[0].sentence_en
    assert cast.fresh(document_id) == before


def test_where_certificates_are_short_a_file_waits_for_half_their_life(
    cast: Cast, stamps: StampServer
) -> None:
    cast.office.settings.renew_months = 48
    document_id = archived(cast)
    run(cast)
    kept = proof(cast, document_id)
    assert kept.renew_at == kept.until - 48 * renewing.MONTH
    short = Renewal(cast.office.db, cast.office.settings, cast.office.now)._row(
        document_id, cast.school_id, kept.blob, Proof(TUESDAY, TUESDAY + YEAR, "certificate")
    )
    assert short.renew_at == TUESDAY + YEAR / 2


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
