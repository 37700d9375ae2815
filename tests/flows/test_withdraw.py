"""Taking a record back: who may and until when, what is kept, who is told, what counts as missing again."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import col, select

from flows import queries, runs, views
from flows.clock import scan_document
from flows.numbers import reserve
from models.document import Document, OpenStep, Revision, SeriesNumber
from models.errors import NotFound, NotYours, WrongStep
from models.flag import Flag
from models.notice import Notice
from tests.audited import sound
from tests.cast import Cast


def told(cast: Cast, document_id: str, kind: str) -> set[str]:
    names = {v: k for k, v in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(
            select(Notice.account_id).where(col(Notice.document_id) == document_id, col(Notice.kind) == kind)
        ).all()
    return {names[row] for row in rows}


def test_the_author_takes_it_back_and_everything_signed_is_kept(each_cast: Cast) -> None:
    cast = each_cast
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    done = cast.act("lan", document.id, "withdraw", note="Soạn nhầm tuần.")
    assert (done.status, done.step) == ("withdrawn", "")
    with cast.office.db.read() as session:
        assert session.exec(select(OpenStep).where(col(OpenStep.document_id) == document.id)).all() == []
        view = views.view(session, cast.actor("hoa"), document.id, cast.office.now())
        revision = session.get_one(Revision, (document.id, 1))
        assert sound(session, document.id)
    assert [s.superseded for s in view.signatures] == [True, True]
    assert view.intact
    assert view.events[-1].remark is not None
    assert view.events[-1].remark.text == "Soạn nhầm tuần."
    assert cast.office.blobs.get(revision.final).startswith(b"%PDF")
    # who waited, and who had signed it already
    assert told(cast, document.id, "withdrawn") == {"hoa", "minh", "ngoc"}


def test_another_may_then_stand_for_the_same_week(each_cast: Cast) -> None:
    cast = each_cast
    first = cast.sent("lan", 14)
    cast.act("lan", first.id, "withdraw")
    second = cast.lesson_plan("lan", 14)
    assert second.id != first.id
    assert cast.act("lan", second.id, "submit").revision == 1


@pytest.mark.parametrize("who", ["hoa", "minh", "mai", "admin"])
def test_nobody_else_takes_it_back(cast: Cast, who: str) -> None:
    document = cast.sent("lan", 14)
    with pytest.raises(NotYours):
        cast.act(who, document.id, "withdraw")


def test_what_is_approved_is_not_taken_back(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    with pytest.raises(WrongStep):
        cast.act("lan", document.id, "withdraw")
    group_plan = cast.team_plan()
    for who, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
        cast.act(who, group_plan.id, action)
    with pytest.raises(WrongStep):
        cast.act("hoa", group_plan.id, "withdraw")


def test_nothing_is_done_with_it_afterwards(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    version = cast.fresh(document.id).version
    first = cast.act("lan", document.id, "withdraw", version=version)
    assert cast.act("lan", document.id, "withdraw", version=version).version == first.version
    for who, action in (("hoa", "approve"), ("lan", "submit"), ("lan", "withdraw")):
        with pytest.raises(WrongStep):
            cast.act(who, document.id, action)


def test_a_draft_that_was_dropped_stays_its_authors(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    cast.act("lan", document.id, "withdraw")
    with cast.office.db.read() as session:
        assert queries.visible(session, cast.actor("lan"), document.id).status == "withdrawn"
        for who in ("hoa", "minh"):
            with pytest.raises(NotFound):
                queries.visible(session, cast.actor(who), document.id)
    assert told(cast, document.id, "withdrawn") == set()
    turn = runs.turn(cast.office.db, document.id)
    assert turn is not None
    assert turn.unborn


def test_the_week_counts_as_missing_again(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    due = document.due_at
    assert due is not None
    later = due + timedelta(hours=1)

    def flags() -> Counter[tuple[str, bool]]:
        scan_document(cast.office.db, document.id, later)
        with cast.office.db.read() as session:
            mine = session.exec(select(Flag).where(col(Flag.account_id) == cast.ids["lan"])).all()
        return Counter((f.rule, f.resolved_at is None) for f in mine)

    assert flags() == Counter()
    cast.act("lan", document.id, "withdraw")
    assert flags() == Counter({("missing", True): 1})


def test_a_number_held_for_it_is_void_and_says_why(cast: Cast) -> None:
    document = cast.team_plan()
    for who, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve")):
        cast.act(who, document.id, action)
    reserve(cast.office, cast.fresh(document.id), "KH", cast.office.now())  # a signature that failed
    cast.act("hoa", document.id, "withdraw")
    with cast.office.db.read() as session:
        (number,) = session.exec(select(SeriesNumber)).all()
    assert number.state == "void"
    assert "rút" in number.reason


def test_it_is_not_counted_among_what_i_have_begun(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    cast.act("lan", document.id, "withdraw")
    with cast.office.db.read() as session:
        assert queries.waiting(session, cast.actor("hoa")) == []
        assert session.get_one(Document, document.id).unique_key is None
