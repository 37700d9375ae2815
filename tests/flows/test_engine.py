"""The archive step's effects, their ledger, what the flow shows of itself. No Prefect server needed."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlmodel import col, select, update

from flows import archiving, engine, ledger, runs
from flows.catalogue import TYPES
from flows.certification import trust_of
from flows.grammar import Parallel
from flows.ledger import Key, StepFailed
from flows.prefect_settings import DEPLOYMENT, POOL, entrypoint
from models.document import Document, Signature
from models.errors import NotFound, RecordsError, WrongStep
from models.run import Incident, LedgerEntry
from models.settings import VIETNAM
from tasks import verifying
from tasks.archiving import keep_until
from tests.cast import Cast
from tests.conftest import StampServer

ROOT = Path(__file__).parents[2]


def approved(cast: Cast, week: int = 14) -> tuple[str, int]:
    """An approved lesson plan, and the event that opened its archive step."""
    document = cast.sent("lan", week)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return document.id, cast.fresh(document.id).version


def archive(cast: Cast, document_id: str, seq: int) -> str:
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    stamped = archiving.archive_timestamp(cast.office, document_id, seq, validated)
    return archiving.archive(cast.office, document_id, seq, stamped)


def incidents(cast: Cast, document_id: str) -> list[Incident]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Incident).where(col(Incident.document_id) == document_id)).all())


def entries(cast: Cast, document_id: str) -> dict[str, LedgerEntry]:
    with cast.office.db.read() as session:
        rows = session.exec(select(LedgerEntry).where(col(LedgerEntry.document_id) == document_id)).all()
        return {row.step: row for row in rows}


# the archive


def test_an_archived_file_is_b_lta_and_its_retention_ends_with_a_year(cast: Cast) -> None:
    document_id, seq = approved(cast)
    final = archive(cast, document_id, seq)

    document = cast.fresh(document_id)
    assert (document.status, document.blob) == ("archived", final)
    assert document.keep_until is not None
    assert document.keep_until.astimezone(VIETNAM).isoformat().endswith("-01-01T00:00:00+07:00")
    with cast.office.db.read() as session:
        trust = trust_of(session)
    report = verifying.validate(cast.office.blobs.get(final), trust, cast.office.now())
    assert report.ok
    assert [s.level for s in report.signatures if not s.is_timestamp] == [verifying.Level.LTA] * 3


def test_doing_it_again_changes_nothing(cast: Cast) -> None:
    document_id, seq = approved(cast)
    first = archive(cast, document_id, seq)
    before = cast.fresh(document_id)
    assert archive(cast, document_id, seq) == first
    assert cast.fresh(document_id) == before
    assert {step: (e.state, e.attempts) for step, e in entries(cast, document_id).items()} == dict.fromkeys(
        ("validate", "timestamp", "archive"), ("done", 1)
    )


def test_retention_is_never_shorter_than_its_years() -> None:
    last_minute = datetime(2026, 12, 31, 23, 59, tzinfo=VIETNAM)
    assert keep_until(last_minute, 5) == datetime(2032, 1, 1, tzinfo=VIETNAM)
    assert keep_until(last_minute + timedelta(minutes=1), 5) == datetime(2033, 1, 1, tzinfo=VIETNAM)


def test_without_a_timestamp_the_document_stays_approved_and_says_when_it_is_tried_again(
    cast: Cast, stamps: StampServer
) -> None:
    document_id, seq = approved(cast)
    stamps.down = True
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    for attempt, pause in ((1, 5), (2, 15), (3, 60), (4, 300), (5, 300)):
        asked = cast.office.now()
        cast.office.now = lambda asked=asked: asked
        with pytest.raises(StepFailed, match="timestamp: unavailable"):
            archiving.archive_timestamp(cast.office, document_id, seq, validated)
        [incident] = incidents(cast, document_id)
        assert (incident.attempts, incident.resolved_at) == (attempt, None)
        assert incident.retry_at == asked + timedelta(seconds=pause)
        assert "dấu thời gian" in incident.sentence_vi
    assert cast.fresh(document_id).status == "approved"

    stamps.down = False
    archive(cast, document_id, seq)
    [incident] = incidents(cast, document_id)
    assert incident.resolved_at is not None
    assert incident.resolved_by == "system"
    assert cast.fresh(document_id).status == "archived"


def break_certificate(cast: Cast, document_id: str) -> None:
    with cast.office.db.write() as session:
        session.exec(
            update(Signature)
            .where(col(Signature.document_id) == document_id, col(Signature.field) == "group_review")
            .values(certificate="0" * 64)
        )


def drop_signature_row(cast: Cast, document_id: str) -> None:
    with cast.office.db.write() as session:
        row = session.exec(select(Signature).where(col(Signature.document_id) == document_id)).first()
        assert row is not None
        session.delete(row)


def expect_one_more(cast: Cast, document_id: str) -> None:
    """As if the last signature had been cut off the file."""
    with cast.office.db.write() as session:
        row = session.exec(select(Signature).where(col(Signature.document_id) == document_id)).first()
        assert row is not None
        session.add(Signature(**row.model_dump(exclude={"id", "field"}), field="seal"))


@pytest.mark.parametrize("spoil", [break_certificate, drop_signature_row, expect_one_more])
def test_a_signature_that_does_not_hold_is_an_incident_nobody_retries_in_silence(
    cast: Cast, spoil: Any
) -> None:
    document_id, seq = approved(cast)
    spoil(cast, document_id)
    with pytest.raises(StepFailed, match="validate: not-archivable"):
        archiving.validate_signatures(cast.office, document_id, seq)
    [incident] = incidents(cast, document_id)
    assert incident.retry_at is None
    assert "không tự thử lại" in incident.sentence_vi
    assert cast.fresh(document_id).status == "approved"
    assert runs.waiting_turns(cast.office.db, cast.office.now() + timedelta(days=9)) == []


def test_a_changed_file_on_the_disk_is_noticed(cast: Cast) -> None:
    document_id, seq = approved(cast)
    path = cast.office.blobs.path(cast.fresh(document_id).blob or "")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(StepFailed, match="validate: OSError"):
        archiving.validate_signatures(cast.office, document_id, seq)


# the ledger


def test_an_unexpected_error_leaves_a_code_and_no_words_of_its_own(cast: Cast) -> None:
    document_id, seq = approved(cast)
    key = Key(document_id, cast.school_id, seq, "test")

    def effect() -> str:
        raise KeyError("Nguyễn Thị Lan")

    with pytest.raises(StepFailed) as caught:
        ledger.perform(cast.office, key, effect)
    assert str(caught.value) == "test: KeyError"
    assert caught.value.__suppress_context__
    [incident] = incidents(cast, document_id)
    assert (
        "Nguyễn" not in incident.sentence_vi + incident.sentence_en + entries(cast, document_id)["test"].error
    )


def test_an_effect_runs_once_and_its_result_is_kept(cast: Cast) -> None:
    document_id, seq = approved(cast)
    key = Key(document_id, cast.school_id, seq, "test")
    made: list[str] = []

    def effect() -> str:
        made.append("once")
        return "result"

    assert [ledger.perform(cast.office, key, effect) for _ in range(3)] == ["result"] * 3
    assert made == ["once"]


# asking for a retry


def test_a_retry_is_a_row_the_worker_finds(cast: Cast, stamps: StampServer) -> None:
    document_id, seq = approved(cast)
    stamps.down = True
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    with pytest.raises(StepFailed):
        archiving.archive_timestamp(cast.office, document_id, seq, validated)
    [incident] = incidents(cast, document_id)
    now, poked = cast.office.now(), []
    assert runs.waiting_turns(cast.office.db, now) == []

    cast.office.poke = lambda: poked.append(True)
    runs.request_retry(cast.office, incident.id, cast.actor("admin"))
    assert [turn[0] for turn in runs.waiting_turns(cast.office.db, cast.office.now())] == [document_id]
    assert poked == [True]


def test_a_retry_is_refused_outside_the_school_and_once_resolved(cast: Cast, stamps: StampServer) -> None:
    document_id, seq = approved(cast)
    stamps.down = True
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    with pytest.raises(StepFailed):
        archiving.archive_timestamp(cast.office, document_id, seq, validated)
    [incident] = incidents(cast, document_id)

    def refused(actor: str) -> type[RecordsError]:
        with pytest.raises(RecordsError) as caught:
            runs.request_retry(cast.office, incident.id, cast.actor(actor))
        return type(caught.value)

    assert refused("principal_b") is NotFound
    stamps.down = False
    archive(cast, document_id, seq)
    assert refused("admin") is WrongStep


# what Prefect is shown


def test_the_name_of_a_parked_run_says_who_is_awaited() -> None:
    names = {
        declared.slug: [
            runs.parked_name(step.parts if isinstance(step, Parallel) else [step])
            for step in declared.steps[:-1]
        ]
        for declared in TYPES
    }
    assert names == {
        "lesson-plan": [
            "Awaiting author",
            "Awaiting author",
            "Awaiting group head",
            "Awaiting principal or vice principal",
        ],
        "lesson-plan-addendum": ["Awaiting author", "Awaiting author"],
        "teacher-teaching-plan": [
            "Awaiting author",
            "Awaiting author",
            "Awaiting group head",
            "Awaiting principal or vice principal",
        ],
        "team-teaching-plan": [
            "Awaiting author",
            "Awaiting author",
            "Awaiting vice principal",
            "Awaiting principal",
            "Awaiting clerk",
        ],
        "spot-check": ["Awaiting author", "Awaiting author", "Awaiting principal or vice principal"],
        "violation-minutes": [
            "Awaiting author",
            "Awaiting author and person concerned",
            "Awaiting witness",
            "Awaiting principal or vice principal",
        ],
        "appeal": ["Awaiting author", "Awaiting author", "Awaiting principal or vice principal"],
        "destruction-list": [
            "Awaiting author",
            "Awaiting author",
            "Awaiting vice principal",
            "Awaiting principal",
            "Awaiting clerk",
        ],
    }


def test_every_type_has_a_flow_and_an_entry_in_prefect_yaml() -> None:
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert [(d["name"], d["entrypoint"], d["work_pool"]["name"]) for d in declared] == [
        (DEPLOYMENT, entrypoint(t.slug), POOL) for t in TYPES
    ]
    for entry in declared:
        module, _, name = entry["entrypoint"].partition(":")
        assert module == "flows/engine.py"
        assert getattr(engine, name).name == name.replace("_", "-")


def test_prefects_server_imports_with_the_pinned_versions_and_the_patch_still_fits() -> None:
    """In a process of its own: a newer FastAPI breaks it on import."""
    code = "import flows.prefect_server as s; s.check_patch(); print('fits')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )
    assert (done.returncode, done.stdout.strip()) == (0, "fits"), done.stderr[-2000:]


def test_prefect_is_pinned_exactly() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert re.search(r'"prefect==3\.8\.8"', text)
    assert re.search(r'"fastapi>=0\.139,<0\.151"', text)


def test_a_draft_has_no_run(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    turn = runs.turn(cast.office.db, document.id)
    assert turn is not None
    assert turn.unborn
    cast.act("lan", document.id, "submit")
    submitted = runs.turn(cast.office.db, document.id)
    assert submitted is not None
    assert not submitted.unborn


def test_settling_loses_against_a_newer_decision(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    stale = document.version
    cast.act("hoa", document.id, "approve")
    assert not runs.note_settled(cast.office.db, document.id, stale)
    assert not cast.fresh(document.id).settled
    assert runs.note_settled(cast.office.db, document.id, stale + 1)
    with cast.office.db.read() as session:
        found = session.get_one(Document, document.id)
    assert (found.settled, found.dispatched) == (True, stale + 1)
