"""Every table there is: a change of any column of it by hand is found, or it stands here and why not.

What a record's own rows say is gone over in `test_audit_columns.py`. A new table is to be put into one of the
groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
from sqlalchemy import delete, insert, select
from sqlmodel import Session

from flows import certification, roots
from models.account import Change
from models.kept import KEPT
from models.spot_check import SpotDraw
from models.tables import METADATA
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.stamp_servers import StampServers, servers_of
from tests.audited import School, behind
from tests.cast import Cast
from tests.conftest import StampServer, playing, tuesday
from tests.flows.test_audit_columns import BESIDE, changed_one_by_one
from tests.flows.test_kept_rows import a_day
from tests.seeds import SeededCast
from tests.states import records

HELD: Mapping[str, Mapping[str, str]] = {
    **{name: {} for name in KEPT},
    "delegation": {"begun_at": "when its beginning was told", "over_at": "when its end was told"},
    "signing_key": {
        "protected": "the key under its PIN: another one signs nothing that holds",
        "failures": "wrong PINs so far",
        "locked_until": "a pause after wrong PINs",
        "used_at": "signatures stand in events",
    },
    "spot_draw": {"protected_seed": "the seed that comes out of it is held against the commitment"},
    "kept_row": {},
    "audit_root": {},
    "audit_leaf": {},
    "audit_stamp": {"tsa": "for people; the token names it"},
    "series_number": {"reason": "words beside a number that is void"},
}
DERIVED = "follows from records, rules and calendar, and is made anew by the clock or the next save"
WORK = "work in hand of a process, a person or a page: nobody's decision"
PERSON = "a person's access: what somebody did with it stands in events with their certificates"
OUTSIDE = {
    "account": PERSON + "; given roles and posts are held (account_role, staff_group, change)",
    "audit_run": "what audits found; the hashes of roots in it are asked for",
    "archive_proof": DERIVED,
    "authority_part": "the files' signatures are validated against it, and no longer hold where it changed",
    "batch": WORK,
    "batch_item": WORK,
    "blob": "each file is held against its own hash",
    "calendar_feed": PERSON,
    "document_image": WORK,
    "document_source": "what a page says a record was begun from",
    "document_text": DERIVED,
    "duty": DERIVED,
    "flag": DERIVED,
    "group_member": "who belongs to a group; whose group a record is of stands in its events",
    "heartbeat": WORK,
    "import": WORK,
    "imported_row": WORK,
    "incident": WORK,
    "kept_limit": "limits that do not follow from it are found; so are those of what was signed",
    "lease": WORK,
    "ledger_entry": WORK,
    "listed_record": "the list that was signed says the same; what was destroyed is held (destruction)",
    "mail": "what was sent",
    "mail_server": WORK,
    "notice": DERIVED,
    "part_mark": WORK,
    "pass": PERSON,
    "problem_report": WORK,
    "published_list": "signed by the authority",
    "recovery_code": PERSON,
    "reset_link": PERSON,
    "round_mark": WORK,
    "saved_filter": WORK,
    "school": "an id",
    "school_class": WORK,
    "school_week": "limits that do not follow from it are found; so are those of what was signed",
    "seal_picture": "drawn into the files that were sealed",
    "second_factor": PERSON,
    "signature_picture": "drawn into the files that were signed",
    "spot_check": "its record is in the paper that was signed",
    "teaching_assignment": WORK,
    "throttle": WORK,
    "timetable": WORK,
    "timetable_entry": WORK,
    "upload": WORK,
    "year_frame": WORK,
}
ELSEWHERE = {"document", *BESIDE}
LATER = {"destruction", "destroyed_file", "retention_rule"}
"""Held as all that is entered, and not in every school."""


def test_every_table_is_in_one_group_and_only_one() -> None:
    groups = [set(HELD), set(OUTSIDE), ELSEWHERE]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert set.union(*groups) == {table.name for table in METADATA.sorted_tables}


def others(cast: Cast) -> None:
    """Rows that no day of these tests brings by itself."""
    now, minh = cast.office.now(), cast.ids["minh"]
    with cast.office.db.write() as session:
        session.add(
            SpotDraw(
                school_id=cast.school_id,
                inspector_id=minh,
                made_by=minh,
                made_at=now,
                first_day=now.date(),
                last_day=now.date(),
                wanted=1,
                asked={},
                pool="x",
                pool_sha256="0" * 64,
                commitment="0" * 64,
                protected_seed=b"x",
            )
        )
        session.add(Change(school_id=cast.school_id, action="edit", asked_by=minh, asked_at=now))


@pytest.fixture(scope="module")
def school(
    tmp_path_factory: pytest.TempPathFactory,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    seeded: SeededCast,
) -> Iterator[School]:
    with playing(tmp_path_factory.mktemp("s") / "d", stamps, pools, seeded) as cast:
        office = cast.office
        with tuesday():
            made = records(cast, "waits for the seal", "archived")
            a_day(cast)
            others(cast)
            with office.db.read() as session:
                trust = certification.trust_of(session)
            with closing(StampServers(servers_of(office.settings.timestamp_url))) as source:
                for _ in range(2):
                    roots.make(office.db, office.now())
                    assert roots.stamp(office.db, source, trust, office.now) == 1
            roots.make(office.db, office.now())  # which commits to the time-stamp of the second
        yield School(cast, made)


def test_the_school_holds_as_it_is(school: School) -> None:
    assert [f.sentence.en for f in school.audit().findings.kept] == []


@pytest.mark.parametrize("name", sorted(HELD.keys() - LATER))
def test_every_column_is_held_against_something_and_so_is_the_row(school: School, name: str) -> None:
    table = METADATA.tables[name]
    with behind(school) as session:
        row = dict(session.execute(select(table).limit(1)).one()._mapping)
        one = {key.name: row[key.name] for key in table.primary_key}
        assert changed_one_by_one(school, session, table, **one) == HELD[name].keys()
        there(session, school, name, row)


def there(session: Session, school: School, name: str, row: Mapping[str, object]) -> None:
    """A row that is gone is found."""
    table = METADATA.tables[name]
    session.execute(delete(table).where(*(table.c[key.name] == row[key.name] for key in table.primary_key)))
    session.commit()
    assert not school.audit().holds
    session.execute(insert(table).values(row))
    session.commit()
    assert school.audit().holds
