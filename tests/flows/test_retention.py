"""How long records are kept, and what holds them back."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlmodel import col, select

from flows import holds, retention
from flows.catalogue import TYPES
from flows.holds import Asked, fits
from models.document import Document
from models.errors import Invalid, NotFound, NotYours, Stale
from models.notice import Notice
from models.retention import LegalHold
from models.settings import VIETNAM
from tests import destructions
from tests.cast import Cast

TODAY = date(2026, 11, 24)


def set_term(cast: Cast, years: int | None, day: date = TODAY, *, earlier: bool = False) -> None:
    with cast.office.db.write() as session:
        retention.set_term(
            session,
            cast.actor("admin"),
            "lesson-plan",
            years,
            day,
            cast.office.now(),
            basis="Danh mục hồ sơ 2027",
            earlier=earlier,
        )


def term_on(cast: Cast, day: date, school: str = "") -> int | None:
    with cast.office.db.read() as session:
        return retention.term(session, school or cast.school_id, "lesson-plan", day).years


def year(document: Document) -> int:
    assert document.keep_until is not None
    return document.keep_until.astimezone(VIETNAM).year


def test_every_type_has_a_term_and_lists_are_kept_for_ever(cast: Cast) -> None:
    with cast.office.db.read() as session:
        terms = {t.declared.slug: t.years for t in retention.terms(session, cast.school_id, TODAY)}
    assert terms == {
        "lesson-plan": 5,
        "lesson-plan-addendum": 5,
        "teacher-teaching-plan": 5,
        "team-teaching-plan": 10,
        "spot-check": 10,
        "violation-minutes": 10,
        "appeal": 10,
        "destruction-list": None,
    }
    with pytest.raises(NotFound), cast.office.db.write() as session:
        retention.set_term(session, cast.actor("admin"), "destruction-list", 5, TODAY, cast.office.now())


def test_a_school_sets_its_own_from_a_day_on_and_the_archive_goes_by_it(each_cast: Cast) -> None:
    cast = each_cast
    set_term(cast, 7, date(2027, 1, 1))
    set_term(cast, 9)
    assert [term_on(cast, date(2026, 11, 23)), term_on(cast, TODAY), term_on(cast, date(2027, 1, 1))] == [
        5,
        9,
        7,
    ]
    assert term_on(cast, date(2027, 1, 1), cast.other_school_id) == 5
    document = cast.fresh(destructions.plan(cast, 12))
    assert document.keep_until == datetime(2036, 1, 1, tzinfo=VIETNAM)
    set_term(cast, None)
    assert cast.fresh(destructions.plan(cast, 13)).keep_until is None
    with cast.office.db.read() as session:
        told = session.exec(select(Notice.account_id).where(col(Notice.kind) == "retention")).all()
    assert set(told) == {cast.ids["minh"]}


def test_what_is_archived_is_kept_longer_when_asked_and_never_shorter(each_cast: Cast) -> None:
    cast = each_cast
    document = cast.fresh(destructions.plan(cast, 12))
    assert year(document) == 2032
    set_term(cast, 3, earlier=True)
    assert year(cast.fresh(document.id)) == 2032
    set_term(cast, 8)
    assert year(cast.fresh(document.id)) == 2032
    set_term(cast, 8, earlier=True)
    assert year(cast.fresh(document.id)) == 2035
    set_term(cast, None, earlier=True)
    assert cast.fresh(document.id).keep_until is None


@pytest.mark.parametrize(("years", "day"), [(0, TODAY), (101, TODAY), (6, date(2026, 11, 23)), (5, TODAY)])
def test_a_term_that_is_none_is_refused(cast: Cast, years: int, day: date) -> None:
    with pytest.raises(Invalid):
        set_term(cast, years, day)
    assert term_on(cast, date(2030, 1, 1)) == 5


def a_document(**values: object) -> Document:
    approved = datetime(2026, 11, 20, 23, 30, tzinfo=VIETNAM)
    known = {
        "id": "d",
        "school_id": "s",
        "type": "appeal",
        "owner_id": "lan",
        "concerned_id": "binh",
        "approved_at": approved,
    }
    return Document(**(known | values))


@pytest.mark.parametrize(
    ("hold", "held"),
    [
        ({"document_id": "d"}, True),
        ({"document_id": "e"}, False),
        ({"account_id": "lan"}, True),
        ({"account_id": "binh"}, True),
        ({"account_id": "mai"}, False),
        ({"type": "appeal"}, True),
        ({"type": "appeal", "account_id": "mai"}, False),
        ({"first_day": date(2026, 11, 20)}, True),
        ({"first_day": date(2026, 11, 21)}, False),
        ({"last_day": date(2026, 11, 20)}, True),
        ({"last_day": date(2026, 11, 19)}, False),
        ({"type": "appeal", "first_day": date(2026, 1, 1), "last_day": date(2026, 12, 31)}, True),
        ({"school_id": "t", "type": "appeal"}, False),
    ],
)
def test_what_a_hold_binds(hold: dict[str, object], held: bool) -> None:
    row = LegalHold(**({"school_id": "s", "reason": "x", "by_id": "minh"} | hold))
    assert fits(row, a_document()) is held


def test_only_the_principal_places_and_lifts_holds_with_reasons(each_cast: Cast) -> None:
    cast, office = each_cast, each_cast.office
    for who in ("ngoc", "thu", "admin", "binh"):
        with pytest.raises(NotYours):
            holds.place(office, cast.actor(who), Asked(type="appeal", reason="Thanh tra"))
    for asked in (Asked(type="appeal"), Asked(reason="Thanh tra"), Asked(type="none", reason="Thanh tra")):
        with pytest.raises(Invalid):
            holds.place(office, cast.actor("minh"), asked)
    with pytest.raises(Invalid):  # nobody of another school
        holds.place(office, cast.actor("minh"), Asked(account_id=cast.ids["teacher_b"], reason="Thanh tra"))
    placed = holds.place(office, cast.actor("minh"), Asked(account_id=cast.ids["lan"], reason="Thanh tra"))
    with pytest.raises(NotFound):
        holds.lift(office, cast.actor("principal_b"), placed, "Xong")
    with pytest.raises(Invalid):
        holds.lift(office, cast.actor("minh"), placed, " ")
    with office.db.read() as session:
        assert [one.person for one in holds.active(session, cast.school_id)] == ["Nguyễn Thị Lan"]
        assert holds.active(session, cast.other_school_id) == []
    holds.lift(office, cast.actor("minh"), placed, "Đã kết luận")
    with pytest.raises(Stale):
        holds.lift(office, cast.actor("minh"), placed, "Đã kết luận")
    with office.db.read() as session:
        assert holds.active(session, cast.school_id) == []
        [one] = holds.every(session, cast.school_id)
        told = session.exec(select(Notice.account_id).where(col(Notice.kind) == "retention")).all()
    assert one.lift is not None
    assert set(told) == {cast.ids["thu"], cast.ids["ngoc"]}


def test_every_declared_term_is_one() -> None:
    assert all(t.archive.keep is None or 1 <= t.archive.keep <= retention.LONGEST for t in TYPES)
