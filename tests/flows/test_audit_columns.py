"""Every column of what carries a record's standing: a change by hand is found, or is named here and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select, update
from sqlmodel import Session

from flows import delegations, rule_changes, succession
from flows.candidates import today
from flows.delegation_rules import Asked as Absence
from flows.documents.lesson_plan import LESSON_PLAN
from flows.drafts import save
from flows.due_rules import DaysBefore
from flows.rule_changes import declared_rules
from models.tables import METADATA
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tests.audited import School, behind, gone
from tests.conftest import StampServer, playing, tuesday
from tests.seeds import SeededCast
from tests.states import records

WORKING = {
    "dispatched": "how far the worker has seen it: it looks again",
    "settled": "whether the sweep looks at it: the clock of the archive's job finds what waits too long",
    "run_id": "which run of the worker has it",
    "signing_until": "a lease of seconds",
    "signing_by": "a lease of seconds",
}
UNDECIDED = {
    "title": "follows from the draft",
    "fields": "a draft: nothing is decided, and a save is no event",
    "content_version": "counts saves of a draft",
    "updated_at": "of the newest save",
}
LEFT: Mapping[str, Mapping[str, str]] = {
    "archived": WORKING,
    "waits for the head": WORKING,
    "returned": WORKING | {name: UNDECIDED[name] for name in ("content_version", "updated_at")},
    "draft": WORKING | UNDECIDED,
    "successor": WORKING | UNDECIDED,
}
BESIDE: Mapping[str, Mapping[str, str]] = {
    "revision": {},
    "signature": {"id": "drawn at random, named nowhere"},
    "event": {},
    "remark": {},
    "open_step": {
        "audience": "whom it waits for by the posts of today; who may decide is asked of the process itself",
        "opened_at": "for reminders",
        "due_at": "for reminders",
    },
    "document_link": {},
    "substitution": {},
}


@pytest.fixture(scope="module")
def school(
    tmp_path_factory: pytest.TempPathFactory,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    seeded: SeededCast,
) -> Iterator[School]:
    """No root commits to anything: what is found is found in the rows themselves."""
    with playing(tmp_path_factory.mktemp("s") / "d", stamps, pools, seeded) as cast:
        with tuesday():
            made = records(cast, "draft", "waits for the head", "returned", "archived")
            made["successor"] = succession.replace(cast.office, cast.actor("lan"), made["archived"]).id
            now = cast.office.now()
            days = {"first_day": today(now), "last_day": today(now) + timedelta(days=6)}
            away = Absence(cast.ids["hoa"], cast.ids["lien"], **days)
            delegations.give(cast.office, cast.actor("hoa"), away, now)
            made["stood for"] = cast.sent("mai", 14).id
            cast.act("lien", made["stood for"], "approve")
        yield School(cast, made)


def otherwise(value: Any, kind: Any) -> Any:
    """Something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 40
    if isinstance(value, datetime):
        return value + timedelta(days=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, dict):
        return value | {"x": 1}
    if isinstance(value, list):
        return [*value, "x"]
    if isinstance(value, bytes):
        return value + b"x"
    if isinstance(value, str):
        return ("0" if value[:1] != "0" else "1") + value[1:]
    assert value is None
    others = {"DATE": date(2026, 1, 1), "INTEGER": 7, "JSON": {"x": 1}}
    others["DATETIME"] = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    return others.get(kind, "0" * 36)


def changed_one_by_one(school: School, session: Session, table: Table, **row: Any) -> set[str]:
    """The columns of one row whose change an audit does not find."""
    unseen = set()
    here = [table.c[name] == value for name, value in row.items()]
    before = dict(session.execute(select(table).where(*here).limit(1)).one()._mapping)
    one = {key.name: before[key.name] for key in table.primary_key}
    for column in table.c:
        now = otherwise(before[column.name], _kind(column))
        session.execute(update(table).where(*_is(table, one)).values({column.name: now}))
        session.commit()
        if school.audit().holds:
            unseen.add(column.name)
        moved = one | ({column.name: now} if column.name in one else {})
        session.execute(update(table).where(*_is(table, moved)).values({column.name: before[column.name]}))
        session.commit()
    return unseen


def _kind(column: Any) -> str:
    return "JSON" if column.type.__class__.__name__ == "JSON" else str(column.type).upper()


def _is(table: Table, values: Mapping[str, Any]) -> list[Any]:
    return [table.c[name] == value for name, value in values.items()]


def test_the_school_holds_as_it_is(school: School) -> None:
    assert [f.sentence.en for f in school.audit().findings.kept] == []


@pytest.mark.parametrize("state", LEFT)
def test_every_column_of_a_record_is_held_against_something(school: School, state: str) -> None:
    with behind(school) as session:
        unseen = changed_one_by_one(school, session, METADATA.tables["document"], id=school.made[state])
        assert unseen == LEFT[state].keys()
        assert school.audit().holds


@pytest.mark.parametrize("name", BESIDE)
def test_every_column_of_the_rows_beside_is_held_against_something(school: School, name: str) -> None:
    of = {"remark": "returned", "document_link": "successor", "substitution": "stood for"}
    state = of.get(name, "waits for the head")
    table = METADATA.tables[name]
    with behind(school) as session:
        last = {"seq": 3} if name == "event" else {}
        unseen = changed_one_by_one(school, session, table, document_id=school.made[state], **last)
        assert unseen == BESIDE[name].keys()
        assert school.audit().holds


def test_a_rule_that_moves_a_limit_lawfully_is_followed(school: School) -> None:
    """What nobody signed goes with the rule, what was signed stays; both hold, and both are found if not."""
    cast = school.cast
    with behind(school) as session:
        before = cast.fresh(school.made["archived"]).due_at
        with cast.office.db.write() as writing:
            assert LESSON_PLAN.deadline is not None
            setting = LESSON_PLAN.deadline.setting
            now = cast.office.now()
            rule_changes.set_rule(
                writing, cast.actor("admin"), declared_rules()[setting], DaysBefore(9), date(2026, 1, 5), now
            )
        assert cast.fresh(school.made["archived"]).due_at == before
        assert school.audit().holds
        table, keys = METADATA.tables["document"], {school.made[name] for name in ("draft", "returned")}
        session.execute(update(table).where(table.c.id.in_(keys)).values(due_at=before))
        session.commit()
        found = {(f.kind, f.document_id, *dict(f.told).values()) for f in school.audit().findings.kept}
        assert found == {("column", key, "due_at") for key in keys}


def test_a_returned_record_keeps_the_limit_it_was_signed_under(school: School) -> None:
    cast = school.cast
    key = school.made["returned"]
    with behind(school):
        held = cast.fresh(key)
        with cast.office.db.write() as session:
            assert LESSON_PLAN.deadline is not None
            declared = declared_rules()[LESSON_PLAN.deadline.setting]
            rule_changes.set_rule(
                session, cast.actor("admin"), declared, DaysBefore(9), date(2026, 1, 5), cast.office.now()
            )
        fields = held.fields | {"lessons": held.fields["lessons"][:]}
        fields["lessons"][0]["title"] = "Bài 30"
        saved, _ = save(cast.office, cast.actor("lan"), key, held.content_version, fields)
        assert saved.content_version > held.content_version
        assert saved.due_at == held.due_at
        assert school.audit().holds


def test_a_record_wiped_before_its_first_night_is_named_by_those_that_came_after(school: School) -> None:
    with behind(school) as session:
        key = school.made["waits for the head"]
        gone(session, school, of=key)
        session.commit()
        found = [(f.kind, f.document_id) for f in school.audit().findings.kept]
        assert found == [("event-gone", key)] * len(found)
        assert found
        said = school.audit().first
        assert said is not None
        assert "{" not in said.sentence.vi + said.sentence.en
