"""Absence: who may hand decisions over, what a delegate may do, how they sign, how it begins and ends."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from flows import delegations, listing, queries, vacancies, views
from flows.candidates import today
from flows.commands import Command
from flows.decide import decide
from flows.delegation_rules import Asked
from flows.listing import Filter
from models.account import Account, AccountRole, Group
from models.delegation import Delegation, Substitution
from models.document import Document, Signature
from models.errors import Invalid, NotFound, NotYours, WrongStep
from models.event import Event
from models.key import SigningKey
from models.notice import Notice, notice
from models.run import Incident
from service import accounts
from tests.cast import Cast

NUMBER = "12/GUQ-THĐM"


def day(cast: Cast, ahead: int = 0) -> date:
    return today(cast.office.now()) + timedelta(days=ahead)


def asked(cast: Cast, absent: str, delegate: str, **more: Any) -> Asked:
    values: dict[str, Any] = {"first_day": day(cast), "last_day": day(cast, 6)}
    return Asked(cast.ids[absent], cast.ids[delegate], **(values | more))


def away(cast: Cast, absent: str, delegate: str, *, by: str = "", paper: bool = False, **more: Any) -> str:
    """`absent` is away for a week from today, `delegate` stands in; `paper`: with a written authorisation."""
    if paper:
        more |= {"number": NUMBER, "dated": day(cast)}
    wish = asked(cast, absent, delegate, **more)
    return delegations.give(cast.office, cast.actor(by or absent), wish, cast.office.now())


def later(cast: Cast, days: int) -> None:
    then = cast.office.now() + timedelta(days=days)
    cast.office.now = lambda: then


def waits(cast: Cast, name: str) -> set[str]:
    with cast.office.db.read() as session:
        return {w.document.id for w in queries.waiting(session, cast.actor(name))}


def listed(cast: Cast, name: str, **asked: Any) -> set[str]:
    with cast.office.db.read() as session:
        rows, _ = listing.documents(session, cast.actor(name), Filter(**asked))
    return {r.document.id for r in rows}


def told(cast: Cast, kind: str) -> Counter[str]:
    names = {account_id: name for name, account_id in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Notice.account_id).where(col(Notice.kind) == kind)).all()
    return Counter(names[r] for r in rows)


def signature(cast: Cast, document: Document, step: str) -> Signature:
    with cast.office.db.read() as session:
        return session.exec(
            select(Signature).where(col(Signature.document_id) == document.id, col(Signature.step) == step)
        ).one()


def incidents(cast: Cast, document: Document) -> list[Incident]:
    with cast.office.db.read() as session:
        found = select(Incident).where(
            col(Incident.document_id) == document.id, col(Incident.resolved_at).is_(None)
        )
        return list(session.exec(found).all())


def view(cast: Cast, name: str, document: Document) -> views.View:
    with cast.office.db.read() as session:
        return views.view(session, cast.actor(name), document.id, cast.office.now())


# who hands over, to whom


@pytest.mark.parametrize(
    ("absent", "delegate", "by", "refused"),
    [
        ("hoa", "lien", "hoa", None),
        ("hoa", "lien", "minh", None),
        ("hoa", "lien", "lien", NotYours),
        ("hoa", "lien", "ngoc", NotYours),
        ("hoa", "lien", "admin", NotYours),
        ("hoa", "lien", "principal_b", NotFound),
        ("hoa", "hoa", "hoa", Invalid),
        ("hoa", "admin", "hoa", Invalid),
        ("hoa", "teacher_b", "hoa", Invalid),
        ("lan", "mai", "lan", Invalid),
        ("minh", "ngoc", "minh", None),
        ("minh", "ngoc", "ngoc", NotYours),
    ],
)
def test_only_the_person_or_the_principal_delegates(
    cast: Cast, absent: str, delegate: str, by: str, refused: type[Exception] | None
) -> None:
    if refused is None:
        assert away(cast, absent, delegate, by=by)
        return
    with pytest.raises(refused):
        away(cast, absent, delegate, by=by, paper=True)
    with cast.office.db.read() as session:
        assert session.exec(select(Delegation)).all() == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"first_day": None}, "first_day"),
        ({"first_day": -1}, "first_day"),
        ({"last_day": None}, "last_day"),
        ({"first_day": 3, "last_day": 2}, "last_day"),
        ({"last_day": 400}, "last_day"),
        ({"posts": ("role:principal",)}, "posts"),
        ({"posts": ("",)}, "posts"),
        ({"types": ("letter",)}, "types"),
        ({"delegate_id": ""}, "delegate"),
        ({"delegate_id": "mai"}, "number"),
        ({"delegate_id": "mai", "number": NUMBER}, "dated"),
        ({"delegate_id": "mai", "number": "số", "dated": 0}, "number"),
        ({"delegate_id": "mai", "number": NUMBER, "dated": 2}, "dated"),
        ({"delegate_id": "mai", "number": "1" * 31, "dated": 0}, "number"),
        ({"delegate_id": "mai", "number": NUMBER, "dated": -400}, "dated"),
        ({"first_day": 400, "last_day": 401}, "first_day"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(cast: Cast, change: dict[str, Any], path: str) -> None:
    days = ("first_day", "last_day", "dated")
    values = {k: day(cast, v) if k in days and isinstance(v, int) else v for k, v in change.items()}
    delegate = values.pop("delegate_id", "lien")
    wish = asked(cast, "hoa", "lien", **values)
    if delegate != "lien":
        wish = Asked(
            wish.absent_id,
            cast.ids.get(delegate, ""),
            wish.first_day,
            wish.last_day,
            number=wish.number,
            dated=wish.dated,
        )
    with pytest.raises(Invalid) as refusal:
        delegations.give(cast.office, cast.actor("hoa"), wish, cast.office.now())
    assert path in [f.path for f in refusal.value.faults]


def test_a_post_is_not_handed_to_two_people_at_once_and_not_to_who_is_away(cast: Cast) -> None:
    away(cast, "hoa", "lien", types=("lesson-plan",))
    with pytest.raises(Invalid) as refusal:
        away(cast, "hoa", "mai", paper=True)
    assert "Vũ Thị Liên" in refusal.value.faults[0].sentence.vi
    away(cast, "hoa", "mai", paper=True, types=("teacher-teaching-plan",))
    with pytest.raises(Invalid):
        away(cast, "minh", "hoa", paper=True)
    away(cast, "hoa", "lien", first_day=day(cast, 7), last_day=day(cast, 9))


# what a delegate may do


def test_the_deputy_signs_for_the_absent_head_without_a_paper(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    with pytest.raises(NotYours):
        cast.act("lien", document.id, "approve")
    assert waits(cast, "lien") == set()
    given = away(cast, "hoa", "lien")
    assert waits(cast, "lien") == waits(cast, "hoa") == {document.id}
    assert cast.act("lien", document.id, "approve").step == "principal_approval"
    signed = signature(cast, document, "group_review")
    assert signed.authority == "KT. TỔ TRƯỞNG CHUYÊN MÔN / TỔ PHÓ CHUYÊN MÔN"
    with cast.office.db.read() as session:
        event = session.get_one(Event, (document.id, 4))
        made = session.get_one(Substitution, (document.id, 4))
    assert event.data["stood_for"] == cast.ids["hoa"]
    assert event.data["delegation"] == made.delegation_id == given
    seen = view(cast, "minh", document)
    assert seen.intact
    assert (seen.signatures[-1].name, seen.signatures[-1].absent) == ("Vũ Thị Liên", "Phạm Thị Hoa")
    assert seen.events[-1].absent == "Phạm Thị Hoa"


def test_who_signs_tuq_names_the_written_authorisation_on_the_paper(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    away(cast, "hoa", "mai", paper=True)
    cast.act("mai", document.id, "approve")
    assert signature(cast, document, "group_review").authority == "TUQ. TỔ TRƯỞNG CHUYÊN MÔN / GIÁO VIÊN"
    seen = view(cast, "minh", document)
    assert (seen.signatures[-1].number, seen.signatures[-1].dated) == (NUMBER, day(cast))
    assert seen.events[-1].event.data["authorisation"] == NUMBER


@pytest.mark.parametrize(
    ("delegate", "paper", "authority"),
    [
        ("ngoc", False, "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG"),
        ("son", True, "TUQ. HIỆU TRƯỞNG / TỔ TRƯỞNG"),
    ],
)
def test_the_principal_is_away(cast: Cast, delegate: str, paper: bool, authority: str) -> None:
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    away(cast, "minh", delegate, paper=paper)
    assert document.id in waits(cast, delegate)
    assert cast.act(delegate, document.id, "approve").status == "approved"
    assert signature(cast, document, "principal_approval").authority == authority


def test_a_delegate_sees_and_finds_what_the_post_sees_and_no_longer_afterwards(cast: Cast) -> None:
    mine, other = cast.sent("lan", 14), cast.sent("huong", 14)
    plan = cast.teacher_plan("lan", 16)
    cast.act("lan", plan.id, "submit")
    cast.act("lan", plan.id, "sign")
    given = away(cast, "hoa", "mai", paper=True, types=("lesson-plan",))
    assert waits(cast, "mai") == listed(cast, "mai") == listed(cast, "mai", q="toán") == {mine.id}
    assert other.id not in listed(cast, "mai")
    with pytest.raises(NotYours):
        cast.act("mai", plan.id, "approve")
    delegations.end(cast.office, cast.actor("mai"), given, cast.office.now())
    assert waits(cast, "mai") == listed(cast, "mai") == set()
    for record, told in ((mine, True), (plan, False), (other, False)):  # only what it would have let them do
        with pytest.raises(NotYours) as refused:
            cast.act("mai", record.id, "approve")
        ended = f"làm thay Phạm Thị Hoa đã được kết thúc ngày {day(cast):%d/%m/%Y}"
        assert (ended in refused.value.sentence.vi) is told


def test_it_ends_by_itself_with_its_last_day(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    away(cast, "hoa", "lien", last_day=day(cast, 2))
    later(cast, 2)
    assert waits(cast, "lien") == {document.id}
    stale = cast.actor("lien")
    later(cast, 1)
    assert waits(cast, "lien") == set()
    with pytest.raises(NotYours) as refused:
        cast.act("lien", document.id, "return", note="Sửa lại.")
    said = refused.value.sentence.vi
    assert f"Việc làm thay Phạm Thị Hoa đã hết sau ngày {day(cast, -1):%d/%m/%Y}" in said
    assert "Hiện nay: Chờ tổ trưởng. Cần làm thay tiếp" in said
    # A request that began in time and is settled after midnight is refused too.
    version = cast.fresh(document.id).version
    begun = Command(document.id, "return", version, stale, cast.office.now(), note="Sửa lại.")
    with pytest.raises(NotYours):
        decide(cast.office, begun)


def test_it_begins_by_itself_on_its_first_day(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    away(cast, "hoa", "lien", first_day=day(cast, 1))
    assert waits(cast, "lien") == set()
    assert told(cast, "delegation") == Counter({"lien": 1, "minh": 1})
    later(cast, 1)
    assert waits(cast, "lien") == {document.id}
    for _ in range(2):
        delegations.turn(cast.office.db, cast.office.settings, cast.office.now())
    assert told(cast, "delegation") == Counter({"lien": 2, "minh": 1})
    later(cast, 6)
    for _ in range(2):
        delegations.turn(cast.office.db, cast.office.settings, cast.office.now())
    assert told(cast, "delegation") == Counter({"lien": 3, "minh": 1, "hoa": 1})


def test_the_principal_is_not_told_to_tell_the_principal(cast: Cast) -> None:
    away(cast, "hoa", "lien", first_day=day(cast, 1))
    names = {account_id: name for name, account_id in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.kind) == "delegation")).all()
    said = {names[row.account_id]: (row.data["sentence"]["vi"], row.data["sentence"]["en"]) for row in rows}
    assert said.keys() == {"minh", "lien"}
    assert all("Chấm dứt" in vi or "chấm dứt" in vi for vi, _ in said.values())
    assert "báo Hiệu trưởng" in said["lien"][0]
    assert "tell the principal" in said["lien"][1]
    assert "báo Hiệu trưởng" not in said["minh"][0]
    assert "principal" not in said["minh"][1]


def test_the_absent_person_is_not_told_and_may_still_act(cast: Cast) -> None:
    away(cast, "hoa", "lien")
    document = cast.sent("lan", 14)
    assert told(cast, "waiting") == Counter({"lien": 1})
    seen = view(cast, "lan", document)
    assert [a.id for a in seen.waiting_for] == [cast.ids["lien"]]
    assert [(a.absent.id, a.free) for a in seen.away] == [(cast.ids["hoa"], True)]
    assert cast.act("hoa", document.id, "approve").step == "principal_approval"


# laws 6 and 7


@pytest.mark.parametrize("first", ["the absence", "the record"])
def test_the_record_of_who_stands_in_for_the_head_goes_to_the_deputy(cast: Cast, first: str) -> None:
    if first == "the record":
        own = cast.sent("mai", 14)
        given = away(cast, "hoa", "mai", paper=True)
    else:
        given = away(cast, "hoa", "mai", paper=True)
        own = cast.sent("mai", 14)
    with pytest.raises(NotYours):
        cast.act("mai", own.id, "approve")
    assert waits(cast, "mai") == set()
    assert waits(cast, "lien") == {own.id}
    assert [a.id for a in view(cast, "mai", own).waiting_for] == [cast.ids["lien"]]
    assert told(cast, "waiting")["lien"] == 1
    assert incidents(cast, own) == []
    # Another's record is the stand-in's alone.
    other = cast.sent("lan", 15)
    assert waits(cast, "mai") == {other.id}
    with pytest.raises(NotYours):
        cast.act("lien", other.id, "approve")
    delegations.end(cast.office, cast.actor("hoa"), given, cast.office.now())
    assert waits(cast, "lien") == set()
    assert [a.id for a in view(cast, "mai", own).waiting_for] == [cast.ids["hoa"]]
    with pytest.raises(NotYours):
        cast.act("lien", own.id, "approve")
    assert cast.act("hoa", own.id, "approve").step == "principal_approval"


def test_the_deputy_signs_kt_on_the_record_of_who_stands_in(cast: Cast) -> None:
    away(cast, "hoa", "mai", paper=True)
    own = cast.sent("mai", 14)
    cast.act("lien", own.id, "approve")
    assert signature(cast, own, "group_review").authority == "KT. TỔ TRƯỞNG CHUYÊN MÔN / TỔ PHÓ CHUYÊN MÔN"


def test_where_there_is_no_deputy_it_waits_for_the_absent_head(cast: Cast) -> None:
    own = cast.sent("huong", 14)
    away(cast, "son", "huong", paper=True)
    later = cast.sent("huong", 15)
    for document in (own, later):
        with pytest.raises(NotYours):
            cast.act("huong", document.id, "approve")
        assert [a.id for a in view(cast, "huong", document).waiting_for] == [cast.ids["son"]]
        assert incidents(cast, document) == []
        assert cast.act("son", document.id, "approve").step == "principal_approval"


def test_who_reviewed_does_not_approve_for_the_principal_and_the_step_becomes_an_incident(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["ngoc"]).active = False
    away(cast, "minh", "hoa", paper=True)
    cast.act("hoa", document.id, "approve")
    with pytest.raises(NotYours):
        cast.act("hoa", document.id, "approve")
    assert waits(cast, "hoa") == set()
    (incident,) = incidents(cast, document)
    assert "Đỗ Quang Minh" in incident.sentence_vi
    assert "Phạm Thị Hoa" in incident.sentence_vi
    later(cast, 7)
    delegations.turn(cast.office.db, cast.office.settings, cast.office.now())
    assert incidents(cast, document) == []
    assert told(cast, "waiting")["minh"] == 1


def test_whom_one_stood_in_for_does_not_act_again_on_the_same_revision(cast: Cast) -> None:
    with cast.office.db.write() as session:
        group = session.get_one(Group, cast.groups["1-2-3"])
        group.head_id = cast.ids["minh"]  # the principal heads a group as well
    document = cast.sent("lan", 14)
    away(cast, "minh", "lien", posts=(f"group_head:{cast.groups['1-2-3']}",))
    cast.act("lien", document.id, "approve")
    with pytest.raises(NotYours):
        cast.act("minh", document.id, "approve")
    assert waits(cast, "minh") == set()
    assert waits(cast, "ngoc") == {document.id}


def test_a_vice_principals_kt_is_not_handed_on(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    away(cast, "ngoc", "son", paper=True)
    assert waits(cast, "son") == set()
    with pytest.raises(NotYours):
        cast.act("son", document.id, "approve")
    headless = cast.sent("son", 15)
    assert waits(cast, "son") == set()
    assert [i.kind for i in incidents(cast, headless)] == ["nobody"]


def test_a_deputy_who_is_none_any_more_signs_nothing_without_a_paper(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    away(cast, "hoa", "lien")
    with cast.office.db.write() as session:
        session.get_one(Group, cast.groups["1-2-3"]).deputy_id = None
    assert waits(cast, "lien") == set()
    with pytest.raises(NotYours):
        cast.act("lien", document.id, "approve")


def test_it_ends_though_a_record_was_stuck_by_it(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["ngoc"]).active = False
    cast.act("hoa", document.id, "approve")
    given = away(cast, "minh", "hoa", paper=True)
    assert [i.kind for i in incidents(cast, document)] == ["nobody"]
    delegations.end(cast.office, cast.actor("hoa"), given, cast.office.now())
    assert incidents(cast, document) == []
    assert told(cast, "waiting") == Counter({"hoa": 1, "minh": 1})  # told when it was sent, not again


def test_one_that_cannot_be_turned_stops_no_other(cast: Cast) -> None:
    stuck = away(cast, "hoa", "lien", first_day=day(cast, 1))
    away(cast, "minh", "ngoc", first_day=day(cast, 2))
    later(cast, 2)
    with cast.office.db.write() as session:  # the notice it would write is there already
        key, now = f"delegation:{stuck}:begins", cast.office.now()
        session.add(notice(cast.school_id, cast.ids["lien"], "delegation", key, now))
    assert delegations.turn(cast.office.db, cast.office.settings, cast.office.now()) == 1
    with cast.office.db.read() as session:
        begun = session.exec(select(Delegation).where(col(Delegation.begun_at).is_not(None))).all()
    assert [row.delegate_id for row in begun] == [cast.ids["ngoc"]]


def test_an_administrator_signs_for_nobody_whenever_they_became_one(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    away(cast, "hoa", "mai", paper=True)
    with cast.office.db.write() as session:
        session.add(AccountRole(school_id=cast.school_id, account_id=cast.ids["mai"], role="admin"))
    assert waits(cast, "mai") == set()
    with pytest.raises(NotYours):
        cast.act("mai", document.id, "approve")


def test_a_delegate_who_is_switched_off_ends_it_and_those_concerned_are_told(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    given = away(cast, "hoa", "mai", paper=True)
    accounts.ask(cast.office, cast.actor("admin"), cast.ids["mai"], "deactivate", cast.office.now())
    with cast.office.db.read() as session:
        assert session.get_one(Delegation, given).ended_at is not None
    assert told(cast, "delegation")["hoa"] == 1
    assert [a.id for a in view(cast, "lan", document).waiting_for] == [cast.ids["hoa"]]


def test_nobody_waits_for_a_second_choice_who_is_away_too(cast: Cast) -> None:
    document = cast.sent("huong", 14)
    away(cast, "minh", "son", paper=True)
    away(cast, "ngoc", "hoa", paper=True)
    cast.act("son", document.id, "approve")
    assert view(cast, "huong", document).waiting_for == ()
    assert [i.kind for i in incidents(cast, document)] == ["nobody"]


def test_who_stands_in_for_others_is_not_away_on_the_same_days(cast: Cast) -> None:
    away(cast, "minh", "son", paper=True)
    with pytest.raises(Invalid) as refusal:
        away(cast, "son", "huong", paper=True, first_day=day(cast, 2), last_day=day(cast, 3))
    assert "Đỗ Quang Minh" in refusal.value.faults[0].sentence.vi


def test_a_delegate_still_sees_what_they_decided(cast: Cast) -> None:
    document, other = cast.sent("lan", 14), cast.sent("lien", 14)
    given = away(cast, "hoa", "mai", paper=True)
    cast.act("mai", document.id, "approve")
    delegations.end(cast.office, cast.actor("hoa"), given, cast.office.now())
    assert listed(cast, "mai") == listed(cast, "mai", q="toán") == {document.id}
    with pytest.raises(NotFound):
        view(cast, "mai", other)


def test_the_vice_principal_signs_for_the_principal_who_is_away(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    away(cast, "minh", "ngoc")
    cast.act("ngoc", document.id, "approve")
    assert view(cast, "lan", document).events[-1].absent == "Đỗ Quang Minh"


def test_a_post_that_is_lost_is_not_handed_on(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    away(cast, "hoa", "mai", paper=True)
    with cast.office.db.write() as session:
        session.get_one(Group, cast.groups["1-2-3"]).head_id = cast.ids["lien"]
        session.flush()
        vacancies.fill(session, cast.school_id, cast.office.now())
    assert waits(cast, "mai") == set()
    assert waits(cast, "lien") == {document.id}


def test_it_is_ended_by_those_it_concerns_alone_and_once(cast: Cast) -> None:
    given = away(cast, "hoa", "lien")
    for stranger in ("lan", "ngoc", "admin", "principal_b"):
        with pytest.raises(NotFound):
            delegations.end(cast.office, cast.actor(stranger), given, cast.office.now())
    delegations.end(cast.office, cast.actor("minh"), given, cast.office.now())
    with pytest.raises(WrongStep):
        delegations.end(cast.office, cast.actor("hoa"), given, cast.office.now())


def test_the_seal_is_handed_over_in_writing_and_its_key_ends_with_it(cast: Cast) -> None:
    with pytest.raises(Invalid):
        away(cast, "thu", "binh")
    given = away(cast, "thu", "binh", paper=True)
    actor = cast.actor("binh")
    assert "role:clerk" in actor.reached()
    with cast.office.db.write() as session:
        session.add(AccountRole(school_id=cast.school_id, account_id=cast.ids["binh"], role="teacher"))
        seals = col(SigningKey.account_id) == cast.ids["thu"], col(SigningKey.purpose) == "seal"
        seal = session.exec(select(SigningKey).where(*seals)).one()
        session.add(
            SigningKey(
                **seal.model_dump(exclude={"id", "account_id", "fingerprint"}),
                account_id=cast.ids["binh"],
                fingerprint="0" * 64,
            )
        )
    delegations.end(cast.office, cast.actor("thu"), given, cast.office.now())
    with cast.office.db.read() as session:
        keys = session.exec(select(SigningKey).where(col(SigningKey.account_id) == cast.ids["binh"])).all()
        assert {k.purpose: k.revoked_at is not None for k in keys} == {"person": False, "seal": True}
        held = session.exec(select(SigningKey).where(col(SigningKey.account_id) == cast.ids["thu"])).all()
        assert all(k.revoked_at is None for k in held)


def test_a_delegation_works_the_same_on_both_databases(each_cast: Cast) -> None:
    cast = each_cast
    document = cast.sent("lan", 14)
    away(cast, "hoa", "mai", paper=True)
    assert waits(cast, "mai") == listed(cast, "mai", q="toán") == {document.id}
    cast.act("mai", document.id, "return", note="Sửa lại.")
    assert view(cast, "hoa", document).events[-1].absent == "Phạm Thị Hoa"
