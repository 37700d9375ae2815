"""An appeal against minutes: whose, until when, what becomes of the finding. Real signatures and files."""

from __future__ import annotations

from datetime import datetime

import pytest
import time_machine
from sqlmodel import col, select

from flows import appeals, queries, succession
from flows.amending import Closed
from models.account import Account
from models.document import Revision
from models.errors import Invalid, NotYours, WrongStep
from models.event import Event
from models.notice import Notice
from models.school import SchoolSetting
from models.settings import VIETNAM
from tests import found
from tests.cast import Cast
from tests.found import filled, is_valid, words


@pytest.fixture
def school(cast: Cast) -> Cast:
    found.lessons(cast)
    return cast


@pytest.fixture
def everywhere(each_cast: Cast) -> Cast:
    """On SQLite and on PostgreSQL."""
    found.lessons(each_cast)
    return each_cast


def test_only_whom_the_minutes_are_about_appeals_and_once(school: Cast) -> None:
    office = school.office
    made = found.sent(school, found.violation(school))
    school.act("lan", made, "agree")
    with pytest.raises(WrongStep):
        succession.amend(office, school.actor("lan"), made)
    school.act("minh", made, "acknowledge")
    for who in ("binh", "hoa", "minh"):
        with pytest.raises(NotYours):
            succession.amend(office, school.actor(who), made)
    appeal = found.appealed(school, made)
    assert school.fresh(appeal).concerned_id == school.ids["binh"]
    school.act("ngoc", appeal, "reject", note="Đã xem xét.")
    with pytest.raises(WrongStep):
        succession.amend(office, school.actor("lan"), made)


def test_an_inspector_who_has_left_stops_no_appeal(school: Cast) -> None:
    made = found.noted(school)
    with school.office.db.write() as session:
        session.get_one(Account, school.ids["binh"]).active = False
    appeal = found.appealed(school, made)
    school.act("ngoc", appeal, "grant", note="Có bản in.")
    with school.office.db.read() as session:
        assert found.check_of(session, str(succession.links_of(session, made).about)).finding == "annulled"


def test_the_days_for_an_appeal_are_working_days_of_the_school_and_a_setting(school: Cast) -> None:
    made = found.noted(school)
    lan, office = school.actor("lan"), school.office

    def until() -> datetime | None:
        with office.db.read() as session:
            return succession.related(session, lan, school.fresh(made), office.now()).amend_until

    assert until() == datetime(2026, 12, 2, tzinfo=VIETNAM)  # Tuesday, five working days, to the day's end
    with office.db.write() as session:
        session.add(SchoolSetting(school_id=school.school_id, key="appeal", value={"working_days": 4}))
    assert until() == datetime(2026, 12, 1, tzinfo=VIETNAM)
    with time_machine.travel(datetime(2026, 11, 30, 23, 59, tzinfo=VIETNAM), tick=True):
        begun = succession.amend(office, lan, made)
    assert begun.due_at == datetime(2026, 12, 1, tzinfo=VIETNAM)
    school.act("lan", begun.id, "withdraw")
    with time_machine.travel(datetime(2026, 12, 1, 0, 0, 1, tzinfo=VIETNAM), tick=True):
        with office.db.read() as session:
            around = succession.related(session, lan, school.fresh(made), office.now())
        assert not around.may_amend and around.amend_closed is not None
        assert "hết ngày 30/11/2026" in around.amend_closed.vi
        with pytest.raises(Closed):
            succession.amend(office, lan, made)


def test_a_granted_appeal_annuls_the_finding_and_calls_the_follow_up_off(everywhere: Cast) -> None:
    school = everywhere
    made = found.noted(school)
    with school.office.db.read() as session:
        paper = str(succession.links_of(session, made).about)
        before = found.check_of(session, paper)
    assert before.finding == "violation"
    appeal = found.appealed(school, made)
    school.act("ngoc", appeal, "grant", note="Có bản in trong tủ lớp, đã xem.")
    is_valid(school, appeal, "author", "decision")
    assert filled(school, appeal, "reasons") == "Chấp nhận kiến nghị.\nCó bản in trong tủ lớp, đã xem."
    with school.office.db.read() as session:
        check, again = found.check_of(session, paper), found.follow_up(session, paper)
        stands = [appeals.against(session, school.fresh(one)) for one in (paper, made)]
        told = session.exec(select(Notice.account_id).where(col(Notice.document_id) == appeal)).all()
    assert check.finding == "annulled"
    assert again is not None and again.state == "cancelled" and "kiến nghị" in again.ended_words
    assert [(one.state, one.document_id) for one in stands if one] == [("granted", appeal)] * 2
    assert {school.ids["binh"], school.ids["lan"]} <= set(told)
    assert school.fresh(made).blob is not None  # the minutes stay as they were signed
    is_valid(school, made, "author", "response", "note")


def test_a_rejected_appeal_lets_the_finding_stand(school: Cast) -> None:
    made = found.noted(school)
    appeal = found.appealed(school, made)
    with school.office.db.read() as session:
        paper = str(succession.links_of(session, made).about)
        pending = appeals.against(session, school.fresh(made))
    assert pending is not None and pending.state == "pending"
    with pytest.raises(NotYours):
        school.act("binh", appeal, "grant", note="Không phải việc của tôi.")
    with pytest.raises(NotYours) as judged:  # the principal found the violation and took note of the minutes
        school.act("minh", appeal, "reject", note="Diễn biến đúng.")
    assert "đã kết luận" in judged.value.sentence.vi
    with school.office.db.read() as session:
        waits = {who: queries.waiting(session, school.actor(who)) for who in ("minh", "ngoc")}
    assert [len(waits["minh"]), len(waits["ngoc"])] == [0, 1]
    with pytest.raises(Invalid):
        school.act("ngoc", appeal, "reject", note=" ")
    with pytest.raises(Invalid) as long:
        school.act("ngoc", appeal, "reject", note="Diễn biến đúng. " * 70)
    assert "1.000 ký tự" in long.value.sentence.vi
    school.act("ngoc", appeal, "reject", note="Diễn biến đúng.")
    with school.office.db.read() as session:
        check, again = found.check_of(session, paper), found.follow_up(session, paper)
        stands = appeals.against(session, school.fresh(made))
    assert (check.finding, again.state if again else "") == ("violation", "planned")
    assert stands is not None and stands.state == "rejected"
    assert filled(school, appeal, "reasons").startswith("Giữ nguyên biên bản.")


def test_what_is_cited_is_the_hash_of_what_was_signed(school: Cast) -> None:
    made = found.noted(school)
    signed = school.fresh(made).blob
    appeal = found.appealed(school, made)
    assert signed is not None and signed in words(school, appeal).replace(" ", "")
    with school.office.db.read() as session:
        submit = session.exec(
            select(Event).where(col(Event.document_id) == appeal, col(Event.action) == "submit")
        ).one()
        revision = session.get_one(Revision, (appeal, 1))
    assert submit.data["sha256"] == signed
    assert set(revision.boxes) == {"author", "decision", "reasons"}


def test_where_everybody_has_judged_an_appeal_is_still_decided(school: Cast) -> None:
    made = found.sent(school, found.violation(school))
    school.act("lan", made, "agree")
    school.act("ngoc", made, "acknowledge")
    appeal = found.appealed(school, made)
    with school.office.db.read() as session:
        assert [len(queries.waiting(session, school.actor(who))) for who in ("minh", "ngoc")] == [1, 1]
    assert school.act("minh", appeal, "reject", note="Diễn biến đúng.").status == "approved"


def test_nobody_who_decided_on_the_check_witnesses_a_refusal(school: Cast) -> None:
    made = found.sent(school, found.violation(school))
    with pytest.raises(Invalid):
        school.act("lan", made, "refuse", note="Không ký.", witness=school.ids["minh"])
    assert school.act("lan", made, "refuse", note="Không ký.", witness=school.ids["ngoc"]).step == "witness"
