"""Limits to come that a change of the calendar would bring too soon: they leave notice, or stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from html import unescape

import lxml.html
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from flows import clock, rule_changes
from flows.day_rows import working_days
from flows.due_rules import BeforeWeekday, DaysBefore, as_data
from flows.obligations import calendar_of
from flows.school_days import DAY
from models.deadline import DeadlineRule
from models.evidence import Duty
from models.flag import Flag
from models.notice import Mail, Notice
from models.settings import VIETNAM
from service import calendar_changes
from service.app import create_app
from service.calendar_changes import Entered
from service.calendar_difference import Difference, apply_if_shown
from tasks.mailing import GATHER, fold
from tests.cast import Cast
from tests.service.test_pages_admin import Person
from tests.service.test_school_year import NEXT_MONDAY, TODAY, flags_of

FRIDAY = NEXT_MONDAY - 3 * DAY
WEDNESDAY = TODAY + DAY
THEN = datetime.combine(WEDNESDAY, time(9), VIETNAM)
NOTICE = datetime.combine(WEDNESDAY + 2 * DAY, time(0), VIETNAM)


def due_a_working_day_before(cast: Cast, then: datetime, key: str = "lesson_plan_due") -> None:
    """Plans of Monday (or what follows on their approval) are due by the end of Friday; now it is `then`."""
    with cast.office.db.write() as session:
        session.add(
            DeadlineRule(
                school_id=cast.school_id,
                key=key,
                valid_from=NEXT_MONDAY,
                value=as_data(DaysBefore(1, setting=key, working=True)),
                set_by=cast.ids["admin"],
                set_at=THEN - 20 * DAY,
            )
        )
    cast.office.now = lambda: then


def look(cast: Cast, do: Callable[[Session], None]) -> Difference:
    found = apply_if_shown(cast.office.db, cast.school_id, cast.office.now(), do, "")
    assert found is not None
    return found


def storm(cast: Cast, first: date, last: date) -> Callable[[Session], None]:
    def do(session: Session) -> None:
        made = Entered(first, last, "Nghỉ tránh bão")
        calendar_changes.enter(session, cast.school_id, cast.ids["admin"], cast.office.now(), made)
        rule_changes.recompute(session, calendar_of(session, cast.school_id))

    return do


@pytest.mark.parametrize("since", [WEDNESDAY, WEDNESDAY + DAY], ids=["would be over", "would come tonight"])
def test_a_limit_that_days_off_would_bring_too_soon_leaves_the_notice_of_a_new_rule(
    each_cast: Cast, since: date
) -> None:
    """On Wednesday at nine a storm until Friday: nobody is missing before Thursday is over."""
    cast, then = each_cast, THEN
    due_a_working_day_before(cast, then)
    open_, was = cast.lesson_plan("mai", 13), datetime.combine(FRIDAY + DAY, time(0), VIETNAM)
    assert cast.fresh(open_.id).due_at == was
    do = storm(cast, since, FRIDAY)
    found = look(cast, do)
    assert [(x.number, x.before, x.after, x.kept) for x in found.limits] == [(13, was, NOTICE, True)]
    assert not [f for f in found.flags if f.number == 13]
    assert cast.fresh(open_.id).due_at == was  # nothing is kept yet
    then += timedelta(minutes=5)
    assert apply_if_shown(cast.office.db, cast.school_id, then, do, found.mark) is None
    assert cast.fresh(open_.id).due_at == NOTICE
    for moment, missing in ((then, False), (NOTICE - timedelta(seconds=1), False), (NOTICE, True)):
        clock.rescan(cast.office.db, moment, cast.school_id)
        assert flags_of(cast).get(("mai", "13"), False) == missing


def test_a_limit_that_came_sooner_than_the_notice_stays_as_it_was(each_cast: Cast) -> None:
    """On Friday morning a storm: plans due by the end of Friday would have been due on Thursday."""
    cast, then = each_cast, datetime.combine(FRIDAY, time(9), VIETNAM)
    due_a_working_day_before(cast, then)
    signed, open_ = cast.sent("lan", 13), cast.lesson_plan("mai", 13)
    midnight = datetime.combine(FRIDAY + DAY, time(0), VIETNAM)
    do = storm(cast, FRIDAY, FRIDAY)
    found = look(cast, do)
    assert found.limits == ()
    assert not [f for f in found.flags if f.number == 13]
    assert apply_if_shown(cast.office.db, cast.school_id, then, do, found.mark) is None
    assert cast.fresh(open_.id).due_at == midnight
    clock.rescan(cast.office.db, midnight, cast.school_id)
    flags = flags_of(cast)
    assert flags["mai", "13"]
    assert ("lan", "13") not in flags
    assert cast.fresh(signed.id).due_at == midnight
    with cast.office.db.read() as session:
        late = session.exec(select(Flag).where(col(Flag.rule) == "late", col(Flag.week_id) == cast.weeks[13]))
        assert late.all() == []


def test_what_is_to_be_done_after_an_approval_gets_the_same_notice(each_cast: Cast) -> None:
    cast, then = each_cast, THEN
    due_a_working_day_before(cast, cast.office.now(), "obligation_due")
    document = cast.sent("lan", 13)
    for name in ("hoa", "minh"):
        cast.act(name, document.id, "approve")
    cast.office.now = lambda: then

    def due() -> set[datetime]:
        with cast.office.db.read() as session:
            rows = session.exec(select(Duty).where(col(Duty.document_id) == document.id))
            return {duty.due_at for duty in rows}

    was = datetime.combine(FRIDAY + DAY, time(0), VIETNAM)
    assert due() == {was}
    do = storm(cast, WEDNESDAY, FRIDAY)
    found = look(cast, do)
    assert [(x.type.en, x.before, x.after) for x in found.limits] == [
        ("Downloading and printing after the approval", was, NOTICE)
    ]
    assert apply_if_shown(cast.office.db, cast.school_id, then, do, found.mark) is None
    assert due() == {NOTICE}


def test_the_page_says_that_the_limit_leaves_notice(cast: Cast) -> None:
    due_a_working_day_before(cast, cast.office.now())
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app):
        days = {"first": f"{TODAY:%d/%m/%Y}", "last": f"{FRIDAY:%d/%m/%Y}", "reason": "Nghỉ tránh bão"}
        page = unescape(Person(app, "admin").post("/admin/weeks/off", "/admin/weeks", **days).text)
    # The address that shows the change takes the form alone: a switch of the language leads above it.
    assert 'name="next" value="/admin/weeks"' in page
    assert "Hạn nào theo lịch mới đã qua hoặc quá gấp thì kéo đến hết ngày mai" in page
    assert f"00:00, {TODAY + 2 * DAY:%d/%m/%Y}" in page or f"{TODAY + 2 * DAY:%d/%m}" in page


def apply(cast: Cast, first: date, last: date) -> None:
    """The storm, entered by the page: looked at, then done."""
    app = create_app(cast.office.settings, cast.office)
    days = {"first": f"{first:%d/%m/%Y}", "last": f"{last:%d/%m/%Y}", "reason": "Nghỉ tránh bão"}
    with TestClient(app):
        admin = Person(app, "admin")
        html = admin.post("/admin/weeks/off", "/admin/weeks", **days).text
        (shown,) = lxml.html.fromstring(html).xpath("//input[@name='shown']/@value")
        assert admin.post("/admin/weeks/off", "/admin/weeks", **days, shown=shown).status_code == 303


def told(cast: Cast) -> dict[str, Notice]:
    names = {account: name for name, account in cast.ids.items()}
    with cast.office.db.read() as session:
        return {
            names[n.account_id]: n for n in session.exec(select(Notice).where(col(Notice.kind) == "limit"))
        }


def mailed(cast: Cast, now: datetime) -> set[str]:
    """Who has a mail by now that tells of a moved limit."""
    fold(cast.office.db, cast.office.settings, now, lambda *_: (), working_days)
    names = {account: name for name, account in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Mail).where(col(Mail.text).contains("Hạn nộp thay đổi")))
        return {names[mail.account_id] for mail in rows}


def test_who_has_still_to_hand_in_and_the_principal_learn_that_a_day_off_moved_the_limit(cast: Cast) -> None:
    """Lan has signed. No school until Monday: the next digest is then, the new limit before."""
    due_a_working_day_before(cast, cast.office.now())
    cast.sent("lan", 13)
    apply(cast, WEDNESDAY, FRIDAY)
    found = told(cast)
    assert {"minh", "mai", "hoa", "son"} <= found.keys()
    assert not {"lan", "admin", "principal_b", "teacher_b"} & found.keys()
    said = found["mai"].data["sentence"]["vi"]
    assert "tuần 13: hết thứ Sáu 27/11 đổi thành hết thứ Tư 25/11" in said
    assert "Nghỉ tránh bão" in said
    assert datetime.fromisoformat(found["mai"].data["due_at"]) == NOTICE - DAY
    assert {"minh", "mai"} <= mailed(cast, found["mai"].created_at + GATHER)


def test_a_moved_limit_that_the_next_digest_can_tell_of_waits_for_it(cast: Cast) -> None:
    """Friday alone is off: Wednesday's digest comes before the new limit, Friday's midnight."""
    due_a_working_day_before(cast, cast.office.now())
    apply(cast, FRIDAY, FRIDAY)
    assert datetime.fromisoformat(told(cast)["mai"].data["due_at"]) == NOTICE
    assert mailed(cast, told(cast)["mai"].created_at + GATHER) == set()
    digest = datetime.combine(WEDNESDAY, time(7), VIETNAM)
    assert {"minh", "mai"} <= mailed(cast, digest + GATHER)


def test_a_calendar_that_moves_no_limit_tells_nobody(cast: Cast) -> None:
    apply(cast, FRIDAY, FRIDAY)
    assert told(cast) == {}


def test_the_principal_learns_of_a_new_rule_before_the_limit_it_moves(cast: Cast) -> None:
    """Set after Tuesday's digest: the old limit of week 13 is this very midnight, the next digest later."""
    with cast.office.db.write() as session:
        declared = rule_changes.declared_rules()["lesson_plan_due"]
        now, rule = cast.office.now(), BeforeWeekday(4, weeks_before=1)
        rule_changes.set_rule(session, cast.actor("admin"), declared, rule, NEXT_MONDAY, now)
        notice = session.exec(select(Notice).where(col(Notice.kind) == "rule")).one()
        midnight = datetime.combine(WEDNESDAY, time(0), VIETNAM)
        assert datetime.fromisoformat(notice.data["due_at"]) == midnight
    fold(cast.office.db, cast.office.settings, now + GATHER, lambda *_: (), working_days)
    with cast.office.db.read() as session:
        (mail,) = session.exec(select(Mail).where(col(Mail.account_id) == cast.ids["minh"])).all()
    assert "Quy định về thời hạn" in mail.text
