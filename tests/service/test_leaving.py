"""Who leaves the school: what they alone owed is over at once, what happened stays."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from flows import clock
from models.flag import Flag, FlagEvent
from service import accounts
from tasks.keys import Secret
from tests.cast import PASSWORD, Cast


def test_who_leaves_is_missing_nothing_any_more_however_long_ago_it_was_due(each_cast: Cast) -> None:
    """lan leaves two months after the limit; no look goes back so far by itself, and mai stays."""
    cast = each_cast
    found = cast.office.now()
    signed = cast.sent("lan", 12)
    clock.scan(cast.office.db, found)

    def stand(name: str) -> set[tuple[str, str]]:
        with cast.office.db.read() as session:
            mine = select(Flag).where(col(Flag.account_id) == cast.ids[name], col(Flag.resolved_at).is_(None))
            return {(flag.rule, flag.type) for flag in session.exec(mine)}

    before = stand("mai")
    assert ("missing", "teacher-teaching-plan") in stand("lan") & before
    assert ("late", "lesson-plan") in stand("lan")
    left = found + timedelta(days=60)
    assert not accounts.ask(cast.office, cast.actor("admin"), cast.ids["lan"], "deactivate", left).waits
    assert stand("lan") == {("late", "lesson-plan")}
    assert stand("mai") == before
    with cast.office.db.read() as session:
        said = select(FlagEvent.kind, FlagEvent.at).join(Flag, col(Flag.id) == col(FlagEvent.flag_id))
        mine = said.where(col(Flag.account_id) == cast.ids["lan"], col(Flag.rule) == "missing")
        assert ("resolved", left) in session.exec(mine).all()
    assert cast.fresh(signed.id).first_signed_at is not None


def test_what_a_group_owes_stays_when_its_head_leaves(cast: Cast) -> None:
    found = cast.office.now()
    clock.scan(cast.office.db, found)

    def open_ones() -> set[str]:
        with cast.office.db.read() as session:
            rows = select(Flag).where(
                col(Flag.account_id) == cast.ids["hoa"], col(Flag.resolved_at).is_(None)
            )
            return {flag.type for flag in session.exec(rows) if flag.rule == "missing"}

    assert {"lesson-plan", "team-teaching-plan"} <= open_ones()
    admin, later = cast.actor("admin"), found + timedelta(days=60)
    asked = accounts.ask(cast.office, admin, cast.ids["hoa"], "deactivate", later)
    if asked.waits:
        accounts.confirm(
            cast.office, cast.actor("minh"), asked.change.id, Secret(PASSWORD), "127.0.0.1", later
        )
    assert open_ones() == {"team-teaching-plan"}
