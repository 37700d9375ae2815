"""The migrations make the very database the tables describe, on both databases, as often as they run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select

from flows.due_rules import BeforeWeekday, DaysBefore
from flows.rules import DEFAULTS, deadlines_of, rules_of
from models.account import Account
from models.audit import ROOTS_STAY
from models.db import Database
from models.destruction import DESTRUCTIONS_STAY
from models.event import APPEND_ONLY
from models.evidence import EVIDENCE_STAYS
from models.flag import FLAG_EVENTS_STAY, FlagEvent
from models.kept import ENTRIES_STAY
from models.migrate import config, head, is_current, knows, rebuilding, shape, upgrade
from models.retention import RETENTION_STAYS
from models.search import WORD_INDEX, is_described
from models.settings import Settings
from models.spot_check import SPOT_CHECKS_STAY
from models.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = request.getfixturevalue("new_postgres_url") if request.param == "postgresql" else ""
    return Settings(data=tmp_path, database_url=url)


def test_the_files_are_named_in_the_order_they_run() -> None:
    """What a process that starts reads, without Alembic, is what Alembic would say."""
    scripts = ScriptDirectory.from_config(config())
    chain = [script.revision for script in scripts.walk_revisions()]
    assert chain == sorted(chain, reverse=True)
    assert all(knows(revision) for revision in chain)
    assert head() == scripts.get_current_head() == chain[0]
    assert not knows("9999")


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={"compare_type": True, "include_name": lambda name, kind, _: is_described(name, kind)},
    )
    return list(compare_metadata(context, METADATA))


def test_the_migrated_database_is_the_described_one(settings: Settings) -> None:
    upgrade(settings)
    upgrade(settings)
    db = Database(settings.database)
    try:
        assert is_current(db)
        with db.engine.connect() as connection:
            assert differences(connection) == []
            kind = connection.dialect.name
            found = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
                if kind == "sqlite"
                else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            ).scalars()
            stay = (*APPEND_ONLY[kind], *EVIDENCE_STAYS[kind], *FLAG_EVENTS_STAY[kind], *WORD_INDEX[kind])
            stay += (*SPOT_CHECKS_STAY[kind], *DESTRUCTIONS_STAY[kind], *RETENTION_STAYS[kind])
            stay += (*ROOTS_STAY[kind], *ENTRIES_STAY[kind])
            ours = ("event_", "evidence_", "flag_event_never_", "spot_draw_", "spot_check_", "document_text_")
            ours += tuple(
                f"{table}_never_"
                for table in (
                    *("destruction", "destroyed_file", "retention_rule", "legal_hold", "hold_lift"),
                    *("audit_root", "audit_leaf", "audit_stamp", "kept_row"),
                )
            )
            assert set(found) == {n for n in " ".join(stay).split() if n.startswith(ours)}
    finally:
        db.dispose()


def test_a_fresh_database_is_not_current(settings: Settings) -> None:
    db = Database(settings.database)
    try:
        assert not is_current(db)
        with pytest.raises(DatabaseError), db.read() as session:
            session.connection().exec_driver_sql("SELECT 1 FROM document")
    finally:
        db.dispose()


def test_deadlines_kept_as_settings_become_rules_that_held_from_the_beginning(settings: Settings) -> None:
    kept = {
        "lesson_plan_due": (
            {"weekday": 4, "weeks_before": 2},
            BeforeWeekday(4, 2, setting="lesson_plan_due"),
        ),
        "team_plan_lead": ({"days": 15}, DaysBefore(15, setting="team_plan_lead")),
    }
    with rebuilding(settings) as connection:
        shape(connection, "0018")
        connection.execute(text("INSERT INTO school VALUES ('s', '2026-01-01 00:00:00')"))
        values = {key: value for key, (value, _) in kept.items()} | {"idle_lock": {"minutes": 5}}
        for key, value in values.items():
            connection.execute(
                text("INSERT INTO school_setting (school_id, key, value) VALUES ('s', :key, :value)"),
                {"key": key, "value": json.dumps(value)},
            )
        shape(connection)
    db = Database(settings.database)
    try:
        with db.read() as session:
            assert rules_of(session, "s") == DEFAULTS | {"idle_lock": {"minutes": 5}}
            found = deadlines_of(session, ["s"])["s"]
        assert {key: [one.rule for one in own] for key, own in found.items()} == {
            key: [rule] for key, (_, rule) in kept.items()
        }
    finally:
        db.dispose()


def test_flags_that_stand_get_their_history_and_nobody_is_idle_by_the_upgrade(settings: Settings) -> None:
    opened, resolved = "2026-10-07 00:00:00", "2026-10-08 01:00:00"
    with rebuilding(settings) as connection:
        shape(connection, "0021")
        for said in (
            "INSERT INTO school VALUES ('s', '2024-01-01 00:00:00')",
            "INSERT INTO account (id, school_id, sign_in_name, full_name, post, email, language,"
            " password_hash, must_change, active, keys_off, created_at)"
            " VALUES ('a', 's', 'lan', 'Lan', '', '', 'vi', '', false, true, false, '2024-01-01 00:00:00')",
            "INSERT INTO school_week (id, school_id, year, term, number, monday, sunday)"
            " VALUES ('w', 's', '2026-2027', 1, 5, '2026-10-05', '2026-10-11')",
            "INSERT INTO flag (id, school_id, key, rule, type, account_id, week_id, due_at, data, opened_at,"
            f" resolved_at) VALUES ('f', 's', 'missing:x', 'missing', 'lesson-plan', 'a', 'w', '{opened}',"
            f" '{{}}', '{opened}', '{resolved}'), ('g', 's', 'late:x', 'late', 'lesson-plan', 'a', 'w',"
            f" '{opened}', '{{}}', '{resolved}', NULL)",
        ):
            connection.execute(text(said))
        shape(connection)
    db = Database(settings.database)
    try:
        with db.read() as session:
            rows = session.exec(select(FlagEvent).order_by(col(FlagEvent.flag_id), col(FlagEvent.at))).all()
            assert [(e.flag_id, e.kind, e.account_id) for e in rows] == [
                ("f", "opened", None),
                ("f", "resolved", None),
                ("g", "opened", None),
            ]
            assert session.get_one(Account, "a").last_seen_at is not None
    finally:
        db.dispose()
