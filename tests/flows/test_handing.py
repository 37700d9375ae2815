"""One record given to another person: who may, what they then may do, what the record says of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlmodel import select

from flows import delegations, queries
from flows.handing import Wish, hand_over
from models.delegation import Delegation
from models.document import Document
from models.errors import Invalid, NotFound, NotYours, Stale, WrongStep
from tests.audited import sound
from tests.cast import Cast
from tests.flows.test_delegations import (
    NUMBER,
    away,
    day,
    later,
    listed,
    signature,
    told,
    view,
    waits,
)


def give(cast: Cast, by: str, document: Document, to: str, *, paper: bool = True, **more: Any) -> str:
    """`by` gives the open step to `to`; `paper`: with a written authorisation."""
    values: dict[str, Any] = {"version": cast.fresh(document.id).version, "delegate_id": cast.ids[to]}
    if paper:
        values |= {"number": NUMBER, "dated": day(cast)}
    return hand_over(cast.office, cast.actor(by), document.id, Wish(**(values | more)), cast.office.now())


def rows(cast: Cast) -> list[Delegation]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Delegation)).all())


def test_one_record_is_anothers_and_everything_else_stays(each_cast: Cast) -> None:
    cast = each_cast
    given, other = cast.sent("lan", 14), cast.sent("mai", 14)
    before = cast.fresh(given.id)
    give(cast, "hoa", given, "son")
    after = cast.fresh(given.id)
    assert (after.step, after.status, after.version) == (before.step, before.status, before.version + 1)
    assert waits(cast, "son") == {given.id}
    assert other.id not in listed(cast, "son")
    assert waits(cast, "hoa") == {given.id, other.id}  # who gave it may still act
    seen = view(cast, "lan", given)
    assert [a.id for a in seen.waiting_for] == [cast.ids["son"]]
    last = seen.events[-1]
    assert (last.event.action, last.name, last.to) == ("delegate", "Phạm Thị Hoa", "Hoàng Văn Sơn")
    assert seen.intact
    with cast.office.db.read() as session:
        assert sound(session, given.id)
    assert told(cast, "delegation") == Counter({"son": 1, "minh": 1})
    with cast.office.db.read() as session, pytest.raises(NotFound):
        queries.visible(session, cast.actor("son"), other.id)
    with pytest.raises(NotYours):
        cast.act("son", other.id, "approve")
    assert cast.act("son", given.id, "approve").step == "principal_approval"
    assert signature(cast, given, "group_review").authority.startswith("TUQ. TỔ TRƯỞNG CHUYÊN MÔN")


@pytest.mark.parametrize(
    ("by", "refused"),
    [
        ("hoa", None),
        ("minh", None),
        ("lien", NotYours),
        ("ngoc", NotYours),
        ("lan", NotYours),
        ("admin", NotYours),
        ("principal_b", NotFound),
    ],
)
def test_only_the_holder_or_the_principal_gives_it(
    cast: Cast, by: str, refused: type[Exception] | None
) -> None:
    document = cast.sent("lan", 14)
    if refused is None:
        give(cast, by, document, "son")
        (row,) = rows(cast)
        assert (row.absent_id, row.given_by, row.document_id) == (cast.ids["hoa"], cast.ids[by], document.id)
        return
    with pytest.raises(refused):
        give(cast, by, document, "son")
    assert rows(cast) == []
    assert cast.fresh(document.id).version == document.version


def test_nobody_gets_what_they_wrote_or_signed_and_a_paper_is_needed(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    for to, paper in (("lan", True), ("son", False), ("admin", True), ("hoa", True)):
        with pytest.raises(Invalid):
            give(cast, "hoa", document, to, paper=paper)
    give(cast, "hoa", document, "lien", paper=False)  # the deputy signs KT.
    cast.act("lien", document.id, "approve")
    for to in ("lien", "hoa"):  # both have acted: one herself, one was stood in for
        with pytest.raises(Invalid) as refusal:
            give(cast, "minh", document, to)
        assert refusal.value.faults[0].path == "delegate"
    with pytest.raises(NotYours):
        give(cast, "ngoc", document, "son")  # her KT. is not handed on
    give(cast, "minh", document, "son")
    cast.act("son", document.id, "approve")
    assert cast.fresh(document.id).approved_at


def test_what_was_given_is_not_given_on(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    give(cast, "hoa", document, "son")
    with pytest.raises(NotYours):
        give(cast, "son", document, "huong")
    with pytest.raises(Invalid):
        give(cast, "hoa", document, "huong")  # it is his already, until that is ended


def test_it_goes_before_a_delegation_of_the_whole_post(cast: Cast) -> None:
    """`mai` stands in for the head and wrote the record herself: the principal gives it to `son`."""
    own = cast.sent("mai", 14)
    away(cast, "hoa", "mai", paper=True)
    assert [a.id for a in view(cast, "mai", own).waiting_for] == [cast.ids["lien"]]
    give(cast, "minh", own, "son")
    assert [a.id for a in view(cast, "mai", own).waiting_for] == [cast.ids["son"]]


def test_an_old_page_and_a_draft_are_refused(cast: Cast) -> None:
    document, draft = cast.sent("lan", 14), cast.lesson_plan("lan", 15)
    with pytest.raises(Stale):
        give(cast, "hoa", document, "son", version=document.version - 1)
    with pytest.raises(WrongStep):
        give(cast, "minh", draft, "son")


def test_it_ends_with_the_record_and_with_its_last_day(cast: Cast) -> None:
    first, second = cast.sent("lan", 14), cast.sent("mai", 14)
    give(cast, "hoa", first, "son")
    give(cast, "hoa", second, "son", last_day=day(cast, 2))
    cast.act("lan", first.id, "withdraw")
    delegations.turn(cast.office.db, cast.office.settings, cast.office.now())
    assert {r.document_id: r.over_at is not None for r in rows(cast)} == {first.id: True, second.id: False}
    later(cast, 3)
    assert waits(cast, "son") == set()
    delegations.turn(cast.office.db, cast.office.settings, cast.office.now())
    assert all(r.over_at for r in rows(cast))
    assert [a.id for a in view(cast, "mai", second).waiting_for] == [cast.ids["hoa"]]
