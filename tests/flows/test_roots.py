"""The roots: what they commit to, how they are linked and stamped, and that nothing changes them."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, col, select

from flows import certification, duties, merkle, roots
from flows.kept_rows import ENTERED
from models.audit import AuditLeaf, AuditRoot, AuditStamp
from models.document import Document
from tasks import tokens
from tasks.stamp_servers import StampServers, servers_of
from tests.cast import Cast
from tests.conftest import StampServer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def leaves(session: Session, number: int) -> list[AuditLeaf]:
    mine = select(AuditLeaf).where(col(AuditLeaf.root_number) == number)
    return list(session.exec(mine.order_by(col(AuditLeaf.position))).all())


def stamped(cast: Cast) -> int:
    office = cast.office
    with office.db.read() as session:
        trust = certification.trust_of(session)

    with closing(StampServers(servers_of(office.settings.timestamp_url))) as source:
        return roots.stamp(office.db, source, trust, office.now)


def test_a_root_commits_to_what_changed_and_is_linked_to_the_one_before(each_cast: Cast) -> None:
    cast, now = each_cast, each_cast.office.now()
    db = cast.office.db
    first, second = cast.lesson_plan("lan", 14), cast.lesson_plan("lan", 15)
    entered = [ENTERED + name for name in ("account_role", "school_name", "signing_key", "staff_group")]
    one = roots.make(db, now)
    assert one is not None
    cast.act("lan", second.id, "submit")
    two, three = roots.make(db, now + DAY), roots.make(db, now + 2 * DAY)
    assert two is not None
    assert three is not None
    assert [(r.number, r.leaves, r.previous) for r in (one, two, three)] == [
        (1, 2 + len(entered), ""),
        (2, 1, one.hash),
        (3, 0, two.hash),
    ]
    with db.read() as session:
        assert [x.document_id for x in leaves(session, 1)[2:]] == entered
        heads = dict(session.exec(select(Document.id, Document.head_hash)).all())
        assert [(x.document_id, x.seq) for x in leaves(session, 1)[:2]] == [(first.id, 1), (second.id, 1)]
        changed, *rows = leaves(session, 2)
        assert (changed.document_id, changed.seq, changed.head) == (second.id, 2, heads[second.id])
        assert rows == [], "nothing else was written"
        for row in session.exec(select(AuditRoot)):
            lines = [merkle.leaf_line(x.document_id, x.seq, x.head) for x in leaves(session, row.number)]
            assert row.root == merkle.root_of(merkle.sha256(line) for line in lines)
            assert row.hash == roots.link_of(row).hash


def test_one_root_a_vietnamese_day(cast: Cast) -> None:
    now = cast.office.now()
    with cast.office.db.read() as session:
        assert roots.is_due(session, now)
    roots.make(cast.office.db, now)
    with cast.office.db.read() as session:
        assert not roots.is_due(session, now + timedelta(hours=6), HOUR), "nothing was decided"
        assert roots.is_due(session, now + timedelta(hours=8)), "17:22 and eight hours: the day after"
        assert roots.is_due(session, now - DAY), "the clock was set right"


def test_what_is_decided_or_written_waits_an_hour_for_a_root_at_most(cast: Cast) -> None:
    now = cast.office.now()

    def due(minutes: int, every: timedelta = HOUR) -> bool:
        with cast.office.db.read() as session:
            return roots.is_due(session, now + timedelta(minutes=minutes), every)

    roots.make(cast.office.db, now)
    duties.report_laptop(cast.office, cast.actor("lan"), broken=True, via="page")
    assert [due(59), due(60), due(60, timedelta(0))] == [False, True, False]
    roots.make(cast.office.db, now)
    assert not due(60)
    with time_machine.travel(now + timedelta(minutes=5), tick=True):
        cast.lesson_plan("lan", 14)
    assert [due(59), due(60)] == [False, True]


def test_a_root_waits_for_its_stamp_while_no_authority_answers(cast: Cast, stamps: StampServer) -> None:
    db, now = cast.office.db, cast.office.now()
    cast.lesson_plan("lan", 14)
    roots.make(db, now - DAY)
    stamps.down = True
    assert stamped(cast) == 0
    roots.make(db, now)
    with db.read() as session:
        assert roots.unstamped_since(session) == (now - DAY).replace(microsecond=0)
    stamps.down = False
    assert stamped(cast) == 2
    assert stamped(cast) == 0
    with db.read() as session:
        assert roots.unstamped_since(session) is None
        trust = certification.trust_of(session)
        rows = session.exec(
            select(AuditRoot, AuditStamp).join(
                AuditStamp, col(AuditStamp.root_number) == col(AuditRoot.number)
            )
        ).all()
    later = cast.office.now() + timedelta(minutes=1)
    for row, stamp in rows:
        line = roots.link_of(row).line
        assert tokens.proven(stamp.token, line, trust, later) == stamp.at
        assert tokens.proven(stamp.token, line + " ", trust, later) is None
        assert tokens.proven(stamp.token[:-9] + bytes(9), line, trust, later) is None
        assert tokens.proven(stamp.token, line, trust, stamp.at - DAY) is None, "a token of the future"
        assert "Hồ Sơ Số TSA" in stamp.tsa


@pytest.mark.parametrize("table", [AuditRoot, AuditLeaf, AuditStamp])
def test_the_database_refuses_to_change_or_drop_what_was_committed_to(
    each_cast: Cast, table: type[AuditRoot | AuditLeaf | AuditStamp]
) -> None:
    cast = each_cast
    cast.lesson_plan("lan", 14)
    roots.make(cast.office.db, cast.office.now())
    assert stamped(cast) == 1
    column = "number" if table is AuditRoot else "root_number"
    for statement in (update(table).values({column: 9}), delete(table)):
        with pytest.raises(DatabaseError), cast.office.db.write() as session:
            session.exec(statement)
