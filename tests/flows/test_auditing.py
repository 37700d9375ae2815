"""The audit: an honest school holds, and whatever is changed behind the system's back is found and named.

Every change is made by someone who owns the database: triggers and foreign keys are off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from flows import audit_roots, certification, destroying, retention, roots
from flows.auditing import Asked
from models.columns import UtcDateTime
from models.db import Database
from models.document import Document, Revision
from models.event import Event
from models.tables import create_all
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.stamp_servers import StampServers, servers_of
from tests import destructions, seeds
from tests.audited import Change, School, behind, both, column, gone, sql
from tests.cast import Cast
from tests.conftest import TUESDAY, StampServer, new_database, playing, tuesday
from tests.seeds import SeededCast
from tests.states import records


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def school(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    seeded: SeededCast,
) -> Iterator[School]:
    with ExitStack() as opened:
        url = ""
        if request.param == "postgresql":
            url = opened.enter_context(new_database(request.getfixturevalue("postgres")))
            db = Database(url)
            create_all(db)
            db.dispose()
        cast = opened.enter_context(playing(tmp_path_factory.mktemp("s") / "d", stamps, pools, seeded, url))
        office = cast.office
        with tuesday():
            made = records(cast, "waits for the seal")
            roots.make(office.db, office.now() - timedelta(days=1))
            made |= records(cast, "archived", "sent again")
            made["second plan"] = cast.team_plan(first=22, last=23).id
            for name, action in (
                ("hoa", "submit"),
                ("hoa", "sign"),
                ("ngoc", "approve"),
                ("minh", "approve"),
            ):
                cast.act(name, made["second plan"], action)
            roots.make(office.db, office.now())
            with office.db.read() as session:
                trust = certification.trust_of(session)
            with closing(StampServers(servers_of(office.settings.timestamp_url))) as source:
                assert roots.stamp(office.db, source, trust, office.now) == 2
        yield School(cast, made)


def rewritten(document: str, mend: Callable[[list[Event]], list[Event]]) -> Change:
    """The whole chain made anew after a change, with hashes that fit and a head that fits."""

    def change(session: Session, school: School) -> None:
        key = school.made[document]
        mine = select(Event).where(col(Event.document_id) == key).order_by(col(Event.seq))
        events = list(session.exec(mine).all())
        session.connection().execute(text("DELETE FROM event WHERE document_id = :key"), {"key": key})
        session.expunge_all()
        previous = ""
        for seq, old in enumerate(mend(events), 1):
            made = Event(**(old.model_dump() | {"seq": seq, "previous": previous}))
            made.hash = previous = made.digest()
            session.add(made)
        session.flush()
        session.connection().execute(
            text("UPDATE document SET head_hash = :head WHERE id = :key"), {"head": previous, "key": key}
        )

    return change


def later_return(events: list[Event]) -> list[Event]:
    """The reviewer is said to have been somebody else."""
    events[3].actor_id = events[4].actor_id
    return events


def shorter(session: Session, school: School) -> None:
    """The last event is gone, and the record is as it was before it: nothing in its own rows shows it."""
    key = school.made["archived"]
    fifth = session.get_one(Event, (key, 5))
    sql("DELETE FROM event WHERE document_id = :archived AND seq = 6")(session, school)
    session.connection().execute(
        text(
            "UPDATE document SET version = 5, head_hash = :head, status = 'approved', step = 'archive', "
            "blob = :blob, archived_at = NULL, keep_until = NULL, updated_at = :at WHERE id = :key"
        ).bindparams(bindparam("at", fifth.at, UtcDateTime)),
        {"head": fifth.hash, "blob": fifth.output_blob, "key": key},
    )
    session.connection().execute(
        text("UPDATE revision SET final = :blob WHERE document_id = :key"),
        {"blob": fifth.output_blob, "key": key},
    )


def next_root(cast: Cast, days: int = 1) -> None:
    """Another root, not stamped yet."""
    assert roots.make(cast.office.db, cast.office.now() + timedelta(days=days)) is not None


def exchanged(session: Session, school: School) -> None:
    for old, new in ((3, 90), (4, 3), (90, 4)):
        sql("UPDATE event SET seq = :new WHERE document_id = :archived AND seq = :old", old=old, new=new)(
            session, school
        )


def doubled(session: Session, school: School) -> None:
    sixth = session.get_one(Event, (school.made["archived"], 6))
    made = Event(**(sixth.model_dump() | {"seq": 7, "previous": sixth.hash}))
    made.hash = made.digest()
    session.add(made)
    session.flush()


def root_rewritten(session: Session, school: School) -> None:
    """A root over other leaves, with a hash that fits; its token is of the one before."""
    last = roots.newest(session)
    assert last is not None
    one = last.model_copy(update={"leaves": 0, "root": ""})
    sql("DELETE FROM audit_leaf WHERE root_number = 2")(session, school)
    sql(
        "UPDATE audit_root SET leaves = 0, root = '', hash = :hash WHERE number = 2",
        hash=roots.link_of(one).hash,
    )(session, school)


def event(seq: int, column: str, value: Any) -> Change:
    return sql(
        f"UPDATE event SET {column} = :value WHERE document_id = :archived AND seq = :seq",
        value=value,
        seq=seq,
    )


ARCHIVED, AGAIN, PLAN, NONE = "archived", "sent again", "waits for the seal", ""

CHANGES: dict[str, tuple[Change, str, str, int]] = {
    "who decided": (event(4, "actor_id", "somebody"), "event-changed", ARCHIVED, 4),
    "when": (event(3, "at", "2026-11-20 01:02:03"), "event-changed", ARCHIVED, 3),
    "what": (event(4, "action", "acknowledge"), "event-changed", ARCHIVED, 4),
    "its words": (event(2, "data", '{"pages": 9}'), "event-changed", ARCHIVED, 2),
    "the file it made": (event(5, "output_blob", "0" * 64), "event-changed", ARCHIVED, 5),
    "the file it saw": (event(5, "input_blob", None), "event-changed", ARCHIVED, 5),
    "its remark's hash": (event(4, "remark_hash", "0" * 64), "event-changed", ARCHIVED, 4),
    "its school": (event(1, "school_id", "another"), "event-changed", ARCHIVED, 1),
    "the last event gone": (
        sql("DELETE FROM event WHERE document_id = :archived AND seq = 6"),
        "event-missing",
        ARCHIVED,
        6,
    ),
    "the last event gone without a trace in its record": (shorter, "event-missing", ARCHIVED, 6),
    "one between gone": (
        sql("DELETE FROM event WHERE document_id = :archived AND seq = 4"),
        "event-missing",
        ARCHIVED,
        4,
    ),
    "the first gone": (
        sql("DELETE FROM event WHERE document_id = :archived AND seq = 1"),
        "event-missing",
        ARCHIVED,
        1,
    ),
    "all events gone": (sql("DELETE FROM event WHERE document_id = :archived"), "no-events", ARCHIVED, 0),
    "two exchanged": (exchanged, "event-changed", ARCHIVED, 3),
    "one too many": (doubled, "event-added", ARCHIVED, 7),
    "one left out and the chain made anew": (
        rewritten("sent again", lambda events: events[:3] + events[4:]),
        "event-missing",
        AGAIN,
        6,
    ),
    "one changed and the chain made anew": (
        rewritten("archived", later_return),
        "signature-changed",
        ARCHIVED,
        4,
    ),
    "one changed, its chain made anew, its signature too": (
        both(
            rewritten("archived", later_return),
            sql(
                "UPDATE signature SET account_id = (SELECT actor_id FROM event WHERE document_id = :archived "
                "AND seq = 4) WHERE document_id = :archived AND step = 'group_review'"
            ),
        ),
        "leaf",
        ARCHIVED,
        6,
    ),
    "the record gone": (sql("DELETE FROM document WHERE id = :archived"), "event-orphan", ARCHIVED, 1),
    "the record gone with everything": (gone, "document-missing", ARCHIVED, 6),
    "its head": (column("head_hash", "0" * 64), "head", ARCHIVED, 0),
    "its version": (column("version", 5), "event-added", ARCHIVED, 6),
    "the remark's words": (
        sql("UPDATE remark SET text = 'Tốt.' WHERE document_id = :again"),
        "remark-changed",
        AGAIN,
        4,
    ),
    "the remark's words, said to be erased": (
        sql("UPDATE remark SET text = 'Tốt.', erased = :true WHERE document_id = :again", true=True),
        "remark-changed",
        AGAIN,
        4,
    ),
    "the remark erased": (
        sql(
            "UPDATE remark SET text = '', parts = '{}', erased = :true WHERE document_id = :again", true=True
        ),
        "remark-erased",
        AGAIN,
        4,
    ),
    "the remark gone": (sql("DELETE FROM remark WHERE document_id = :again"), "remark-missing", AGAIN, 4),
    "a remark put in": (
        sql("UPDATE remark SET seq = 3 WHERE document_id = :again"),
        "remark-added",
        AGAIN,
        3,
    ),
    "a remark put in beside no event": (
        sql(
            "INSERT INTO remark (document_id, seq, text, parts, salt, erased) "
            "SELECT document_id, 90, text, parts, salt, erased FROM remark WHERE document_id = :again"
        ),
        "remark-added",
        AGAIN,
        90,
    ),
    "a record put in": (
        both(sql("DELETE FROM event WHERE document_id = :archived"), column("version", 0)),
        "no-events",
        ARCHIVED,
        0,
    ),
    "what was submitted": (
        sql("UPDATE revision SET fields = '{}' WHERE document_id = :archived"),
        "revision-changed",
        ARCHIVED,
        2,
    ),
    "the title of what was submitted": (
        both(
            sql("UPDATE revision SET title = 'Khác' WHERE document_id = :archived"), column("title", "Khác")
        ),
        "revision-changed",
        ARCHIVED,
        2,
    ),
    "the file of what was submitted": (
        sql("UPDATE revision SET pdf = final WHERE document_id = :archived"),
        "revision-changed",
        ARCHIVED,
        2,
    ),
    "the file of a revision": (
        sql("UPDATE revision SET final = pdf WHERE document_id = :again AND number = 1"),
        "revision-changed",
        AGAIN,
        2,
    ),
    "a revision gone": (
        sql("DELETE FROM revision WHERE document_id = :again AND number = 1"),
        "revision-missing",
        AGAIN,
        0,
    ),
    "a revision put in": (
        sql("UPDATE revision SET number = 9 WHERE document_id = :again AND number = 1"),
        "revision-missing",
        AGAIN,
        0,
    ),
    "who signed": (
        sql("UPDATE signature SET account_id = 'x' WHERE document_id = :archived AND step = 'group_review'"),
        "signature-changed",
        ARCHIVED,
        4,
    ),
    "in which form": (
        sql("UPDATE signature SET authority = 'KT.' WHERE document_id = :archived AND step = 'author'"),
        "signature-changed",
        ARCHIVED,
        3,
    ),
    "a signature gone": (
        sql("DELETE FROM signature WHERE document_id = :archived AND step = 'author'"),
        "signature-missing",
        ARCHIVED,
        3,
    ),
    "a signature put in": (
        sql("UPDATE signature SET revision = 7 WHERE document_id = :again AND revision = 1"),
        "signature-missing",
        AGAIN,
        3,
    ),
    "a number gone": (sql("DELETE FROM series_number WHERE number = 1"), "number-missing", NONE, 0),
    "a number on another record": (
        sql("UPDATE series_number SET document_id = :archived WHERE number = 1"),
        "number-changed",
        ARCHIVED,
        0,
    ),
    "a head under a root": (
        sql("UPDATE audit_leaf SET head = :head WHERE root_number = 1 AND position = 0", head="0" * 64),
        "leaf",
        PLAN,
        5,
    ),
    "a head under a root gone": (
        sql("DELETE FROM audit_leaf WHERE root_number = 2 AND position = 1"),
        "root-leaves",
        NONE,
        0,
    ),
    "all heads under a root gone": (
        sql("DELETE FROM audit_leaf WHERE root_number = 2"),
        "root-leaves",
        NONE,
        0,
    ),
    "a root": (
        sql("UPDATE audit_root SET root = :root WHERE number = 1", root="0" * 64),
        "root-changed",
        NONE,
        0,
    ),
    "the time of a root": (
        sql("UPDATE audit_root SET at = '2026-01-01 00:00:00' WHERE number = 2"),
        "root-changed",
        NONE,
        0,
    ),
    "a root gone": (sql("DELETE FROM audit_root WHERE number = 1"), "root-missing", NONE, 0),
    "the last root gone, its heads left": (
        sql("DELETE FROM audit_root WHERE number = 2"),
        "root-missing",
        NONE,
        0,
    ),
    "the time-stamp of a root gone, the next one's left": (
        sql("DELETE FROM audit_stamp WHERE root_number = 1"),
        "stamp-missing",
        NONE,
        0,
    ),
    "a root made anew": (root_rewritten, "stamp", NONE, 0),
    "the token of another root": (
        sql(
            "UPDATE audit_stamp SET token = (SELECT token FROM audit_stamp WHERE root_number = 1) "
            "WHERE root_number = 2"
        ),
        "stamp",
        NONE,
        0,
    ),
}
COLUMNS: dict[str, Any] = {
    "status": "replaced",
    "step": "group_review",
    "revision": 2,
    "owner_id": "somebody",
    "concerned_id": "somebody",
    "witness_id": "somebody",
    "approved_at": "2026-11-01 00:00:00",
    "archived_at": None,
    "first_signed_at": "2026-11-01 00:00:00",
    "number": "99",
    "blob": "0" * 64,
    "title": "Khác",
    "keep_until": "2026-01-01 00:00:00",
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_is_found_and_named(school: School, change: str) -> None:
    change_it, kind, of, seq = CHANGES[change]
    with behind(school) as session:
        change_it(session, school)
        session.commit()
        found = school.audit()
        first = found.first
        assert first is not None
        assert (first.kind, first.document_id, first.seq) == (kind, school.made[of] if of else "", seq)
        assert not found.holds
        said = first.sentence
        assert school.made[of] in said.vi if of else said.vi
        assert "{" not in said.vi + said.en


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_of_a_record_that_follows_from_its_events_is_held_against_them(
    school: School, name: str
) -> None:
    with behind(school) as session:
        column(name, COLUMNS[name])(session, school)
        session.commit()
        found = school.audit()
    assert [(f.kind, dict(f.told)) for f in found.findings.kept if f.kind == "column"] == [
        ("column", {"column": name})
    ]


def test_what_was_typed_is_held_against_the_submit(school: School) -> None:
    with behind(school) as session:
        row = session.get_one(Document, school.made["archived"])
        row.fields = row.fields | {"lessons": []}
        session.add(row)
        session.commit()
        assert [(f.kind, f.seq) for f in school.audit().findings.kept] == [("draft", 2)]


def test_another_type_is_found(school: School) -> None:
    for slug, kind in (("lesson-plan-addendum", "event-impossible"), ("no-such-type", "type")):
        with behind(school) as session:
            column("type", slug)(session, school)
            session.commit()
            assert kind in school.audit().findings.counts


def test_a_stamp_of_an_authority_that_is_not_trusted_is_not_called_changed(
    school: School, tmp_path: Path
) -> None:
    other = seeds.tables().sow(f"sqlite:///{tmp_path}/other.db")
    certification.ensure_authority(other, school.cast.office.settings, TUESDAY)
    with other.read() as session:
        trust = certification.trust_of(session)
    other.dispose()
    with school.cast.office.db.read() as session:
        found = list(audit_roots.faults(session, trust, school.cast.office.now()))
    assert [(f.kind, dict(f.told)["root"]) for f in found] == [("stamp-untrusted", 2), ("stamp-untrusted", 1)]


def test_without_its_authority_an_audit_says_so_and_looks_at_the_rest(school: School) -> None:
    with behind(school) as session:
        sql("DELETE FROM authority_part")(session, school)
        column("number", "999/KH-X")(session, school)
        session.commit()
        found = school.audit(Asked(files=False)).findings
    assert found.kept[0].kind == "authority-missing"
    assert set(found.counts) == {"authority-missing", "column", "number-unknown"}


def test_a_chain_of_roots_cut_short_is_noticed_by_who_kept_the_last_hash(school: School) -> None:
    with school.cast.office.db.read() as session:
        last = roots.newest(session)
    assert last is not None
    kept = Asked(files=False, signatures=False, root=last.hash)
    assert school.audit(kept).holds
    with behind(school) as session:
        for table in ("audit_stamp", "audit_leaf"):
            sql(f"DELETE FROM {table} WHERE root_number = 2")(session, school)
        sql("DELETE FROM audit_root WHERE number = 2")(session, school)
        session.commit()
        assert school.audit().holds, "nothing in the database itself shows it"
        assert [f.kind for f in school.audit(kept).findings.kept] == ["root-cut"]


def test_a_time_stamp_taken_away_or_made_again_is_found_because_the_next_root_commits_to_it(
    school: School,
) -> None:
    for change, kind in (
        ("DELETE FROM audit_stamp WHERE root_number = 2", "stamp-missing"),
        ("DELETE FROM audit_stamp", "stamp-missing"),
        (
            "UPDATE audit_stamp SET token = (SELECT token FROM audit_stamp WHERE root_number = 1) "
            "WHERE root_number = 2",
            "stamp-changed",
        ),
    ):
        with behind(school) as session:
            next_root(school.cast)
            assert school.audit().holds
            sql(change)(session, school)
            session.commit()
            first = school.audit().first
        assert first is not None
        assert first.kind == kind


def test_a_root_without_a_time_stamp_is_named_once_it_is_older_than_the_job_needs(school: School) -> None:
    with behind(school) as session:
        sql("DELETE FROM audit_stamp")(session, school)
        session.commit()
        made = school.audit()
        assert made.holds, "the time-stamps may still come"
        assert made.counts["unstamped"] == 2
        with school.cast.office.db.read() as reading:
            trust = certification.trust_of(reading)
            later = school.cast.office.now() + timedelta(days=1, hours=1)
            found = list(audit_roots.faults(reading, trust, later))
    assert [(f.kind, dict(f.told)) for f in found] == [("stamp-late", {"root": 1, "days": 2})]


def test_what_is_left_of_a_record_that_no_root_commits_to_is_found(school: School) -> None:
    with behind(school) as session:
        for statement in (
            *("UPDATE kept_row SET root_number = NULL", "DELETE FROM audit_leaf"),
            *("DELETE FROM audit_stamp", "DELETE FROM audit_root"),
        ):
            sql(statement)(session, school)
        session.commit()
        assert school.audit().counts["uncommitted"] == 4
        gone(session, school, "revision", "signature", "ledger_entry")
        session.commit()
        found = school.audit().findings.kept
    assert [(f.kind, f.document_id, dict(f.told)["tables"]) for f in found] == [
        ("rows-orphan", school.made["archived"], "ledger_entry, revision, signature")
    ]


def test_the_end_of_a_retention_follows_from_the_archive_and_the_terms_set_since(school: School) -> None:
    cast, key = school.cast, school.made["archived"]

    def kept() -> list[object]:
        return [dict(f.told).get("column") for f in school.audit().findings.kept if f.kind == "column"]

    def before(events: list[Event]) -> list[Event]:
        """As an older version wrote it."""
        events[5].data = {k: v for k, v in events[5].data.items() if k != "keep_until"}
        return events

    with behind(school) as session:
        with cast.office.db.write() as writing:
            later = cast.office.now() + timedelta(hours=1)
            retention.set_term(
                writing, cast.actor("minh"), "lesson-plan", 30, later.date(), later, earlier=True
            )
        until = cast.fresh(key).keep_until
        assert until is not None
        assert until.year > 2050
        assert kept() == []
        sql("DELETE FROM retention_rule")(session, school)
        session.commit()
        assert kept() == ["keep_until"]
    with behind(school) as session:
        rewritten("archived", before)(session, school)
        session.commit()
        assert kept() == []
        column("keep_until", "2026-01-01 00:00:00")(session, school)
        session.commit()
        assert kept() == ["keep_until"]


def test_a_file_that_is_gone_cut_off_or_changed_is_found(school: School) -> None:
    office, archived = school.cast.office, school.made["archived"]
    blob = school.cast.fresh(archived).blob
    assert blob is not None
    path = office.blobs.path(blob)
    whole = path.read_bytes()
    asked = Asked(signatures=False)
    for now, kind in ((None, "file-missing"), (whole[:-100], "file-changed"), (whole + b" ", "file-changed")):
        path.unlink()
        if now is not None:
            path.write_bytes(now)
        found = school.audit(asked)
        path.write_bytes(whole)
        assert [(f.kind, f.document_id) for f in found.findings.kept] == [(kind, archived)]
        assert found.counts["files"] > 8


def other_file(session: Session, school: School) -> None:
    """The archived file is said to be the one without a signature, with a chain that fits."""
    revision = session.get_one(Revision, (school.made["archived"], 1))

    def mend(events: list[Event]) -> list[Event]:
        events[5].output_blob = revision.pdf
        return events

    rewritten("archived", mend)(session, school)
    for statement in (
        "UPDATE document SET blob = :pdf WHERE id = :archived",
        "UPDATE revision SET final = :pdf WHERE document_id = :archived",
    ):
        sql(statement, pdf=revision.pdf)(session, school)


def test_the_signatures_of_archived_files_are_validated(school: School) -> None:
    assert school.audit(Asked()).counts["validated"] == 1
    with behind(school) as session:
        other_file(session, school)
        session.commit()
        found = school.audit(Asked())
    assert [f.kind for f in found.findings.kept] == ["leaf", "signatures"]


def test_an_honest_school_holds(school: School) -> None:
    found = school.audit(Asked())
    assert [f.sentence.en for f in found.findings.kept] == []
    assert found.counts == {
        "documents": 4,
        "events": 22,
        "roots": 2,
        "files": 17,
        "validated": 1,
        "uncommitted": 0,
        "unstamped": 0,
    }


def test_one_school_alone(school: School, tmp_path: Path) -> None:
    with behind(school) as session:
        column("status", "draft")(session, school)
        session.commit()
        other = Asked(school.cast.other_school_id, files=False, signatures=False)
        assert school.audit(other).holds
        own = Asked(school.cast.school_id, files=False, signatures=False)
        assert not school.audit(own).holds


def test_what_was_lawfully_destroyed_is_not_missing_and_nothing_else_passes_for_it(cast: Cast) -> None:
    first, second = destructions.due(cast, 12, 13)
    made = destructions.approved(cast, [first])
    assert destroying.carry_out(cast.office, cast.actor("thu"), made).destroyed == 1
    school = School(cast, {"archived": second, "sent again": first, "waits for the seal": made})
    found = school.audit(Asked())
    assert [f.sentence.en for f in found.findings.kept] == []
    assert found.counts["validated"] == 2, "the list itself and what it did not name"
    with behind(school) as session:
        column("status", "destroyed")(session, school)
        session.commit()
        assert {f.kind for f in school.audit(Asked()).findings.kept} == {"column", "not-destroyed"}
    with behind(school) as session:
        sql("UPDATE document SET archived_at = NULL WHERE id = :plan")(session, school)
        session.commit()
        assert [(f.kind, f.document_id) for f in school.audit().findings.kept] == [
            ("not-destroyed", first),
            ("column", made),
        ]
