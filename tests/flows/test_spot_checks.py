"""Spot checks on real rows: chosen, seen by whom, recorded once, weighed, made a paper that is signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select, update

from flows import prints, spot_checks, spot_clock, spot_papers
from flows.documents.spot_check import SPOT_CHECK
from flows.drafts import create, may_draft, save
from flows.duties import report_laptop
from flows.queries import seen as document_seen
from flows.spot_checks import Asked, Choice, cancel, choose, end
from flows.spot_marks import Marks, Sending
from flows.spot_records import Conflict, record
from models.document import Document, Revision
from models.errors import Invalid, NotFound, NotYours, WrongStep
from models.notice import Notice
from models.school import SchoolSetting
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from tests.cast import FIRST_MONDAY, Cast
from tests.timetables import timetable

WEEK = 12
TODAY = FIRST_MONDAY + timedelta(weeks=WEEK - 1, days=1)
"""The tests' Tuesday."""
GOOD = Marks("present", "present")
NONE = Marks("absent", "absent")


@pytest.fixture
def school(each_cast: Cast) -> Cast:
    """Lan teaches 3A, Hường 4A; Bình inspects and teaches 5A in the third period of Tuesday."""
    timetable(each_cast, "lan", "3A", (1, 2, "Toán"), (1, 3, "Tiếng Việt"), (2, 1, "Toán"))
    timetable(each_cast, "huong", "4A", (1, 2, "Khoa học"), (2, 1, "Toán"))
    timetable(each_cast, "binh", "5A", (1, 3, "Toán"))
    return each_cast


def chosen(cast: Cast, by: str = "binh", **changes: Any) -> str:
    """A check of Lan's second period today."""
    asked: dict[str, Any] = {
        "day": TODAY,
        "session": "morning",
        "period": 2,
        "class_id": cast.classes["3A"],
        "reason": "Theo kế hoạch tháng 11",
    }
    return choose(cast.office, cast.actor(by), Choice(**(asked | changes)))


def sending(cast: Cast, marks: Marks = GOOD, key: str = "phone-0001", **more: Any) -> Sending:
    return Sending(key, marks, cast.office.now(), **more)


def row(cast: Cast, check_id: str) -> SpotCheck:
    with cast.office.db.read() as session:
        return session.get_one(SpotCheck, check_id)


def all_well(cast: Cast, name: str = "lan") -> str:
    """Both plans of the week approved, the teaching plan printed; the print's code."""
    plan = cast.teacher_plan(name, WEEK)
    lessons = cast.lesson_plan(name, WEEK)
    for document in (plan, lessons):
        approve(cast, name, document.id)
    made = prints.make(cast.office, cast.actor(name), plan.id, "page")
    assert made.code
    return made.code


def approve(cast: Cast, name: str, document_id: str) -> None:
    head = "son" if name == "huong" else "hoa"
    for who, action in ((name, "submit"), (name, "sign"), (head, "approve"), ("minh", "approve")):
        cast.act(who, document_id, action)


# --- choosing -------------------------------------------------------------------------------------------


def test_a_chosen_check_has_its_place_its_reason_and_its_teacher(school: Cast) -> None:
    made = row(school, chosen(school))
    assert (made.state, made.reason, made.draw_id) == ("planned", "Theo kế hoạch tháng 11", None)
    assert (made.teacher_id, made.inspector_id) == (school.ids["lan"], school.ids["binh"])
    assert (made.day, made.session, made.period, made.subject) == (TODAY, "morning", 2, "Toán")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"day": TODAY - timedelta(days=1)}, "day"),
        ({"period": 5}, "period"),
        ({"day": TODAY + timedelta(days=4)}, "period"),
        ({"class_id": "không có"}, "period"),
        ({"inspector_id": "không có"}, "inspector"),
    ],
)
def test_what_cannot_be_checked_is_refused_at_its_field(school: Cast, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        chosen(school, **changes)
    assert [fault.path for fault in refused.value.faults] == [field]


def test_nobody_checks_themselves(school: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        chosen(school, period=3, class_id=school.classes["5A"])
    assert "tự kiểm tra" in refused.value.sentence.vi
    with pytest.raises(DatabaseError), school.office.db.write() as session:
        session.exec(update(SpotCheck).values(teacher_id=school.ids["binh"]))
        session.add(
            SpotCheck(
                school_id=school.school_id,
                reason="thử",
                day=TODAY,
                session="morning",
                period=3,
                class_id=school.classes["5A"],
                subject="Toán",
                teacher_id=school.ids["binh"],
                inspector_id=school.ids["binh"],
                planned_by=school.ids["binh"],
                planned_at=school.office.now(),
            )
        )


def test_an_inspector_is_in_one_classroom_at_a_time(school: Cast) -> None:
    chosen(school)
    with pytest.raises(Invalid) as refused:
        chosen(school, class_id=school.classes["4A"])
    assert [fault.path for fault in refused.value.faults] == ["period"]


def test_principals_plan_for_inspectors_and_inspectors_for_themselves(school: Cast) -> None:
    made = row(school, chosen(school, "minh", inspector_id=school.ids["binh"]))
    assert (made.inspector_id, made.planned_by) == (school.ids["binh"], school.ids["minh"])
    with pytest.raises(Invalid):
        chosen(school, "binh", period=3, inspector_id=school.ids["minh"])
    for who in ("lan", "hoa", "thu", "admin"):
        with pytest.raises(NotYours):
            chosen(school, who, period=3)


# --- who sees it ----------------------------------------------------------------------------------------


def may_see(cast: Cast, check_id: str, *names: str) -> list[str]:
    found = []
    for name in names:
        with cast.office.db.read() as session:
            try:
                spot_checks.one(session, cast.actor(name), check_id)
            except NotFound:
                continue
            found.append(name)
    return found


EVERYBODY = (
    "minh",
    "ngoc",
    "hoa",
    "lien",
    "lan",
    "mai",
    "son",
    "huong",
    "thu",
    "binh",
    "admin",
    "principal_b",
)


def test_before_its_time_only_inspector_and_principals_know_of_a_check(school: Cast) -> None:
    assert may_see(school, chosen(school), *EVERYBODY) == ["minh", "ngoc", "binh"]


def test_once_sent_the_person_concerned_and_their_heads_read_it(school: Cast) -> None:
    check_id = chosen(school)
    record(school.office, school.actor("binh"), check_id, sending(school))
    assert may_see(school, check_id, *EVERYBODY) == ["minh", "ngoc", "hoa", "lien", "lan", "binh"]
    document_id = row(school, check_id).document_id
    assert document_id
    with school.office.db.read() as session:
        readers = [n for n in EVERYBODY if document_seen(session, school.actor(n), document_id)]
    assert readers == ["minh", "ngoc", "hoa", "lien", "lan", "binh"]


def test_a_principal_who_is_checked_does_not_know_beforehand(school: Cast) -> None:
    timetable(school, "ngoc", "2A", (1, 4, "Đạo đức"))
    check_id = chosen(
        school, "minh", period=4, class_id=school.classes["2A"], inspector_id=school.ids["binh"]
    )
    assert may_see(school, check_id, "minh", "ngoc", "binh") == ["minh", "binh"]
    with school.office.db.read() as session:
        assert spot_checks.listed(session, school.actor("ngoc"), Asked()) == []


# --- evidence -------------------------------------------------------------------------------------------


def papers(cast: Cast, check_id: str, at: datetime | None = None) -> dict[str, Any]:
    with cast.office.db.read() as session:
        check = session.get_one(SpotCheck, check_id)
        return dict(spot_checks.evidence(session, check, at or cast.office.now()).papers)


def test_the_records_say_what_is_approved_downloaded_and_printed(school: Cast) -> None:
    check_id = chosen(school)
    before = papers(school, check_id)
    assert [before[item].state for item in before] == ["none", "none"]
    assert all(before[item].owed for item in before)
    code = all_well(school)
    plan = papers(school, check_id)["teaching_plan"]
    assert plan.state == "approved"
    assert [made for made, _ in plan.prints] == [code]
    assert plan.approved_at is not None
    lesson = papers(school, check_id)["lesson_plan"]
    assert (lesson.state, lesson.downloaded_at, lesson.prints) == ("approved", None, ())
    assert (
        papers(school, check_id, plan.approved_at - timedelta(seconds=1))["teaching_plan"].state == "waiting"
    )


def test_the_lesson_of_the_period_is_named_by_the_plan(school: Cast) -> None:
    check_id = chosen(school)
    fields = {
        "rows": [
            {
                "date": TODAY.isoformat(),
                "session": "morning",
                "period": period,
                "class": school.classes["3A"],
                "subject": "Toán",
                "lesson": f"Bài {period}",
                "equipment": "",
                "adjustment": "",
            }
            for period in (1, 2)
        ]
    }
    approve(school, "lan", school.teacher_plan("lan", WEEK, **fields).id)
    with school.office.db.read() as session:
        found = spot_checks.evidence(session, session.get_one(SpotCheck, check_id), school.office.now())
    assert found.lesson == "Bài 2"


def test_a_plan_over_several_weeks_counts_for_each(school: Cast) -> None:
    check_id = chosen(school)
    approve(school, "lan", school.teacher_plan("lan", WEEK - 1, WEEK + 1).id)
    assert papers(school, check_id)["teaching_plan"].state == "approved"
    other = chosen(school, period=3)
    assert papers(school, other)["teaching_plan"].state == "approved"


@pytest.mark.parametrize(
    ("whose", "week", "says"), [("lan", WEEK, "right"), ("huong", WEEK, "other"), ("lan", WEEK + 1, "other")]
)
def test_a_code_is_of_this_teachers_plan_of_this_week_or_not(
    school: Cast, whose: str, week: int, says: str
) -> None:
    check_id = chosen(school)
    plan = school.teacher_plan(whose, week)
    approve(school, whose, plan.id)
    code = prints.make(school.office, school.actor(whose), plan.id, "page").code
    assert code
    with school.office.db.read() as session:
        for typed in (code, prints.spoken(code).lower(), f" {code} "):
            assert spot_checks.code(session, school.actor("binh"), check_id, typed).says == says
        assert spot_checks.code(session, school.actor("binh"), check_id, "ABCD-EFGH-JKMN").says == "unknown"
        with pytest.raises(NotYours):
            spot_checks.code(session, school.actor("minh"), check_id, code)


def test_a_laptop_reported_broken_is_told(school: Cast) -> None:
    check_id = chosen(school)
    report_laptop(school.office, school.actor("lan"), broken=True, via="page")
    with school.office.db.read() as session:
        check = session.get_one(SpotCheck, check_id)
        now = school.office.now()
        assert spot_checks.evidence(session, check, now).laptop_broken_since is not None
        assert spot_checks.evidence(session, check, now - timedelta(hours=1)).laptop_broken_since is None


# --- recording ------------------------------------------------------------------------------------------


def test_a_record_is_taken_once_however_often_it_is_sent(school: Cast) -> None:
    check_id, binh = chosen(school), school.actor("binh")
    first = record(school.office, binh, check_id, sending(school, seen_at=school.office.now()))
    again = record(school.office, binh, check_id, sending(school, NONE))
    assert (first.repeated, again.repeated) == (False, True)
    made = row(school, check_id)
    assert (made.state, made.record_key) == ("sent", "phone-0001")
    assert made.record is not None
    assert made.record["teaching_plan"]["mark"] == "present"
    assert set(made.evidence) == {"arrived", "seen"}
    with school.office.db.read() as session:
        documents = session.exec(select(Document).where(col(Document.type) == "spot-check")).all()
    assert [d.id for d in documents] == [made.document_id]


def test_another_record_of_the_same_check_is_shown_what_stands(school: Cast) -> None:
    check_id, binh = chosen(school), school.actor("binh")
    record(school.office, binh, check_id, sending(school))
    with pytest.raises(Conflict) as refused:
        record(school.office, binh, check_id, sending(school, NONE, key="phone-0002"))
    assert refused.value.stands["record"]["lesson_plan"]["mark"] == "present"
    assert row(school, check_id).record_key == "phone-0001"


def test_a_key_belongs_to_one_check(school: Cast) -> None:
    binh = school.actor("binh")
    record(school.office, binh, chosen(school), sending(school))
    other = chosen(school, period=3)
    with pytest.raises(Invalid) as refused:
        record(school.office, binh, other, sending(school))
    assert [fault.path for fault in refused.value.faults] == ["key"]
    assert row(school, other).state == "planned"


@pytest.mark.parametrize(
    ("marks", "fields"),
    [
        (Marks("", ""), ["teaching_plan", "lesson_plan"]),
        (Marks("printed", "unclear"), ["teaching_plan", "lesson_plan"]),
        (Marks("present", "printed"), ["lesson_plan_reason"]),
        (Marks("present", "printed", reason="mưa"), ["lesson_plan_reason"]),
        (replace(GOOD, words="x" * 1001, note="y" * 1001), ["words", "note"]),
        (replace(GOOD, words="Máy hỏng 漢"), ["words"]),
    ],
)
def test_clear_mistakes_are_refused_at_their_field(school: Cast, marks: Marks, fields: list[str]) -> None:
    check_id = chosen(school)
    with pytest.raises(Invalid) as refused:
        record(school.office, school.actor("binh"), check_id, sending(school, marks))
    assert [fault.path for fault in refused.value.faults] == fields
    assert row(school, check_id).state == "planned"


def test_a_check_is_not_recorded_before_its_day_nor_by_anybody_else(school: Cast) -> None:
    tomorrow = chosen(school, day=TODAY + timedelta(days=1), period=1)
    with pytest.raises(Invalid) as refused:
        record(school.office, school.actor("binh"), tomorrow, sending(school))
    assert [fault.path for fault in refused.value.faults] == ["day"]
    check_id = chosen(school)
    with pytest.raises(NotYours):
        record(school.office, school.actor("minh"), check_id, sending(school))
    with pytest.raises(NotFound):
        record(school.office, school.actor("lan"), check_id, sending(school))


def test_what_was_recorded_without_a_network_counts_after_the_day_was_over(school: Cast) -> None:
    check_id = chosen(school)
    night = datetime(TODAY.year, TODAY.month, TODAY.day, 0, 5, tzinfo=VIETNAM) + timedelta(days=1)
    spot_clock.look(school.office.db, school.office.settings, night)
    assert (row(school, check_id).state, row(school, check_id).ended_kind) == ("missed", "not-made")
    record(school.office, school.actor("binh"), check_id, sending(school))
    assert row(school, check_id).state == "sent"


def test_a_check_taken_back_takes_no_record(school: Cast) -> None:
    check_id, binh = chosen(school), school.actor("binh")
    cancel(school.office, binh, check_id, "Chọn nhầm lớp")
    with pytest.raises(Conflict) as refused:
        record(school.office, binh, check_id, sending(school))
    assert refused.value.stands == {"state": "cancelled", "words": "Chọn nhầm lớp"}


def test_why_a_check_was_not_made_is_said_once(school: Cast) -> None:
    check_id, binh = chosen(school), school.actor("binh")
    with pytest.raises(Invalid):
        end(school.office, binh, check_id, "other", "")
    with pytest.raises(Invalid):
        end(school.office, binh, check_id, "mưa", "")
    end(school.office, binh, check_id, "busy", "")
    with pytest.raises(WrongStep):
        end(school.office, binh, check_id, "away", "")
    assert (row(school, check_id).state, row(school, check_id).ended_kind) == ("missed", "busy")


# --- what follows ---------------------------------------------------------------------------------------


def test_a_clean_check_leaves_a_signed_paper(school: Cast) -> None:
    code = all_well(school)
    check_id = chosen(school)
    record(
        school.office,
        school.actor("binh"),
        check_id,
        sending(school, replace(GOOD, teaching_code=code, words="Em để trên bàn ạ.\nMời thầy xem.")),
    )
    made = row(school, check_id)
    assert (made.proposed, made.finding) == (False, None)
    assert made.document_id
    document = school.fresh(made.document_id)
    assert (document.step, document.status, document.owner_id) == (
        "author",
        "in_progress",
        school.ids["binh"],
    )
    assert document.concerned_id == school.ids["lan"]
    assert document.title == "Phiếu kiểm tra đột xuất lớp 3A, tiết 2 sáng 24/11/2026"
    decided = school.act("binh", document.id, "sign")
    assert (decided.step, decided.status) == ("archive", "approved")
    with school.office.db.read() as session:
        fields = session.get_one(Revision, (document.id, 1)).fields
    assert fields["said"] == "Em để trên bàn ạ. Mời thầy xem."
    assert "đúng bản đã duyệt" in fields["teaching_plan_records"]
    assert fields["how"] == "Chọn, lý do: Theo kế hoạch tháng 11"


@pytest.mark.parametrize("outcome", ["violation", "none"])
def test_what_lacks_is_looked_at_by_a_principal_who_decides(school: Cast, outcome: str) -> None:
    check_id = chosen(school)
    record(school.office, school.actor("binh"), check_id, sending(school, NONE))
    made = row(school, check_id)
    assert made.proposed
    assert made.document_id
    waiting = school.act("binh", made.document_id, "sign")
    assert waiting.step == "finding"
    for who in ("binh", "lan", "hoa"):
        with pytest.raises((NotYours, NotFound)):
            school.act(who, made.document_id, outcome, note="Đã xem xét các bản ghi.")
    decided = school.act("ngoc", made.document_id, outcome, note="Đã xem xét các bản ghi.")
    assert decided.step == "archive"
    assert row(school, check_id).finding == outcome
    told = notices(school, "lan", "informed")
    assert len(told) == 1
    assert ("vi phạm" in told[0].data["sentence"]["vi"]) == (outcome == "none")


def test_one_lack_is_enough_unless_the_school_says_both(school: Cast) -> None:
    all_well(school)
    one = Marks("absent", "present")
    record(school.office, school.actor("binh"), (check_id := chosen(school)), sending(school, one))
    assert row(school, check_id).proposed
    with school.office.db.write() as session:
        session.add(SchoolSetting(school_id=school.school_id, key="spot_check", value={"both": 1}))
    other = chosen(school, period=3)
    record(school.office, school.actor("binh"), other, sending(school, one, key="phone-0003"))
    assert not row(school, other).proposed


def test_nobody_writes_edits_or_withdraws_the_paper_of_a_check(school: Cast) -> None:
    binh = school.actor("binh")
    assert not may_draft(SPOT_CHECK, binh)
    with pytest.raises(NotYours):
        create(school.office, binh, "spot-check", {"week": school.weeks[WEEK]})
    record(school.office, binh, (check_id := chosen(school)), sending(school))
    document_id = row(school, check_id).document_id
    assert document_id
    with pytest.raises(WrongStep):
        save(school.office, binh, document_id, 1, {})
    for action in ("withdraw", "reopen"):
        with pytest.raises(WrongStep):
            school.act("binh", document_id, action)


def test_a_paper_that_a_crash_left_unmade_is_made_later(school: Cast) -> None:
    record(school.office, school.actor("binh"), (check_id := chosen(school)), sending(school))
    made = row(school, check_id)
    with school.office.db.write() as session:
        session.exec(update(SpotCheck).values(document_id=None))
    assert spot_papers.write_missing(school.office) == 0
    assert spot_papers.write_missing(school.office, timedelta()) == 1
    assert row(school, check_id).document_id == made.document_id
    assert spot_papers.write_missing(school.office, timedelta()) == 0


def notices(cast: Cast, name: str, kind: str) -> list[Notice]:
    with cast.office.db.read() as session:
        return list(
            session.exec(
                select(Notice).where(col(Notice.account_id) == cast.ids[name], col(Notice.kind) == kind)
            )
        )


def test_the_inspector_is_told_of_the_day_and_the_person_concerned_afterwards(school: Cast) -> None:
    check_id = chosen(school)
    chosen(school, day=TODAY + timedelta(days=1), period=1)
    for _ in range(2):
        spot_clock.look(school.office.db, school.office.settings, school.office.now())
    told = notices(school, "binh", "spot-planned")
    assert [n.data["path"] for n in told] == [f"/spot/{check_id}"]
    assert "Lan" not in str(told[0].data)
    assert notices(school, "lan", "spot-sent") == []
    record(school.office, school.actor("binh"), check_id, sending(school))
    (sent,) = notices(school, "lan", "spot-sent")
    assert sent.data["path"] == f"/spot/{check_id}/sent"
    assert "Chưa có kết luận" in sent.data["sentence"]["vi"]


def test_the_database_refuses_that_a_check_is_given_to_another(school: Cast) -> None:
    chosen(school)
    for changed in (
        {"teacher_id": school.ids["mai"]},
        {"class_id": school.classes["4A"]},
        {"day": date(2026, 12, 1)},
    ):
        with pytest.raises(DatabaseError, match=r"another|exchanged"), school.office.db.write() as session:
            session.exec(update(SpotCheck).values(**changed))
