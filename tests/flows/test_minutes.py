"""From a finding to minutes, the teacher's answer, the principal's note, the follow-up check and the appeal.

Real flows, signatures and files; what is seen by whom stands in `tests/service/test_minutes_pages.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from sqlmodel import col, delete, select

from flows import drafts, plan, spot_checks, spot_clock, spot_totals, succession, views
from flows.documents.violation_minutes import conclusion
from flows.spot_marks import Marks
from models.document import Document, SeriesNumber, Signature
from models.errors import Invalid, NotYours, WrongStep
from models.event import Event
from models.notice import Notice
from models.school import CalendarChange, TimetableEntry
from models.settings import VIETNAM
from tasks.kinds import heading, short
from tests import found
from tests.cast import Cast
from tests.found import REMEDY, TUESDAY, filled, is_valid, words


@pytest.fixture
def school(cast: Cast) -> Cast:
    found.lessons(cast)
    return cast


# --- beginning ------------------------------------------------------------------------------------------


def test_minutes_begin_with_what_the_check_says_and_judge_nobody(school: Cast) -> None:
    paper = found.violation(school)
    draft = succession.amend(school.office, school.actor("binh"), paper)
    assert draft.concerned_id == school.ids["lan"]
    assert draft.group_id == school.groups["1-2-3"]
    assert draft.title == "Biên bản kiểm tra đột xuất lớp 3A, tiết 2 sáng 24/11/2026"
    assert [one["name"] for one in draft.fields["present"]] == ["Ngô Văn Bình", "Nguyễn Thị Lan"]
    course = draft.fields["course"]
    assert "xem hồ sơ dạy học của tiết 2 buổi sáng, lớp 3A, môn Toán, giáo viên Nguyễn Thị Lan." in course
    assert "Kế hoạch dạy học tuần 12, bản in: không có." in course
    assert "“Tôi để quên ở nhà &amp; sẽ mang sau.”" in course
    assert draft.fields["conclusion"] == (
        "<p>Tại thời điểm kiểm tra, kế hoạch dạy học tuần 12 chưa được ký duyệt, không có bản in; kế hoạch "
        "bài dạy của tiết này chưa được ký duyệt, không có bản mềm và bản in.</p>"
    )
    for judging in ("vi phạm", "lỗi", "thiếu trách nhiệm", "cố ý"):
        assert judging not in course + draft.fields["conclusion"]


@pytest.mark.parametrize(
    "marks",
    [
        Marks("absent", "absent"),
        Marks("absent", "present", words="Tôi để quên."),
        Marks("present", "absent"),
        Marks("unclear", "printed", reason="broken"),
    ],
)
def test_minutes_begin_whatever_the_check_left_empty(school: Cast, marks: Marks) -> None:
    paper = found.checked(school, marks=marks)
    school.act("minh", paper, "violation", note="Xem phiếu.")
    draft = succession.amend(school.office, school.actor("binh"), paper)
    said = "Tôi để quên." if marks.words else "Giáo viên không có ý kiến khi được kiểm tra."
    assert said in draft.fields["course"]


TEACHING, LESSON = "kế hoạch dạy học tuần 12", "kế hoạch bài dạy của tiết này"


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        (Marks("present", "present"), f"{TEACHING} chưa được ký duyệt; {LESSON} chưa được ký duyệt"),
        (
            Marks("unclear", "printed", reason="broken"),
            f"{TEACHING} chưa được ký duyệt, chưa rõ có bản in; "
            f"{LESSON} chưa được ký duyệt (dùng bản in thay)",
        ),
    ],
)
def test_the_conclusion_says_what_is_wrong_with_what_was_there(school: Cast, marks: Marks, says: str) -> None:
    paper = found.checked(school, marks=marks)
    school.act("minh", paper, "violation", note="Chưa ký duyệt.")
    draft = succession.amend(school.office, school.actor("binh"), paper)
    assert draft.fields["conclusion"] == f"<p>Tại thời điểm kiểm tra, {says}.</p>"


@pytest.mark.parametrize(
    ("mark", "why", "says"),
    [
        ("absent", "not-seen", "kế hoạch dạy học tuần 12: không có bản in"),
        ("present", "other-print", "mã trên bản in không phải của bản đã được ký duyệt"),
        ("unclear", "not-printed", "chưa rõ có bản in, hệ thống chưa ghi nhận lần in nào"),
        ("absent", "unknown", "kế hoạch dạy học tuần 12: không có bản in"),
        ("present", "unknown", "kế hoạch dạy học tuần 12: chưa đáp ứng quy định"),
        ("present", "", "hồ sơ dạy học chưa đáp ứng quy định, theo nội dung phiếu"),
    ],
)
def test_an_approved_plan_is_told_by_what_its_print_lacked(mark: str, why: str, says: str) -> None:
    said = conclusion(
        {
            "teaching_plan_name": "Kế hoạch dạy học tuần 12, bản in",
            "teaching_plan_mark": mark,
            "teaching_plan_why": why,
            "lesson_plan_name": "Kế hoạch bài dạy của tiết này, bản mềm trong máy",
            "lesson_plan_mark": "present",
            "lesson_plan_why": "",
        }
    )
    assert says in said
    assert "ký duyệt" not in said or why == "other-print"


def test_minutes_are_due_a_day_after_the_finding_and_late_is_accepted(school: Cast) -> None:
    paper = found.violation(school)
    with school.office.db.read() as session:
        at = session.exec(
            select(Event.at).where(col(Event.document_id) == paper, col(Event.action) == "violation")
        ).one()
    made = found.minutes(school, paper)
    assert school.fresh(made).due_at == at + timedelta(hours=24)
    with time_machine.travel(at + timedelta(hours=30), tick=True):
        school.act("binh", made, "submit")
        school.act("binh", made, "sign")
    late = school.fresh(made)
    assert late.first_signed_at and late.due_at and late.first_signed_at > late.due_at
    assert late.status == "in_progress"


def test_hours_that_end_on_a_day_off_last_to_the_end_of_the_next_working_day(school: Cast) -> None:
    paper = found.checked(school)
    with time_machine.travel(datetime(2026, 11, 27, 15, 0, tzinfo=VIETNAM), tick=True):  # a Friday
        school.act("minh", paper, "violation", note="Thiếu cả hai.")
        draft = succession.amend(school.office, school.actor("binh"), paper)
    assert draft.due_at == datetime(2026, 12, 1, tzinfo=VIETNAM)  # Monday, to its end


def test_a_finding_is_told_by_a_heading_that_speaks_of_no_appeal() -> None:
    assert "kiến nghị" not in heading("finding").vi + short("finding").vi
    assert "ppeal" not in heading("finding").en + short("finding").en


def test_only_a_finding_leads_to_minutes_and_only_its_inspector_draws_them_up(school: Cast) -> None:
    office = school.office
    paper = found.checked(school)
    with pytest.raises(WrongStep):  # nobody has decided
        succession.amend(office, school.actor("binh"), paper)
    school.act("minh", paper, "none", note="Có bản in trong tủ.")
    with pytest.raises(WrongStep) as refused:
        succession.amend(office, school.actor("binh"), paper)
    assert "có vi phạm" in refused.value.sentence.vi
    again = found.checked(school, period=3)
    school.act("ngoc", again, "violation", note="Thiếu.")
    for who in ("minh", "lan", "hoa"):
        with pytest.raises(NotYours):
            succession.amend(office, school.actor(who), again)
    first = succession.amend(office, school.actor("binh"), again)
    with pytest.raises(drafts.Exists) as there:
        succession.amend(office, school.actor("binh"), again)
    assert there.value.document_id == first.id


def test_minutes_are_drawn_up_once_for_each_check(school: Cast) -> None:
    paper = found.violation(school)
    made = found.sent(school, paper)
    school.act("lan", made, "agree")
    school.act("minh", made, "acknowledge")
    with pytest.raises(WrongStep) as refused:
        succession.amend(school.office, school.actor("binh"), paper)
    assert "chỉ lập một lần" in refused.value.sentence.vi


def _present(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "post": ""} for name in names]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"ended": "09:30"}, "ended"),
        ({"began": "25:10"}, "began"),
        ({"began": "9 giờ"}, ""),
        ({"began": "9h40"}, ""),
        ({"remedy_by": TUESDAY.isoformat()}, "remedy_by"),
        ({"remedy_by": "2026-12-06"}, "remedy_by"),  # a Sunday
        ({"remedy_by": "2027-01-25"}, "remedy_by"),  # in more than 60 days
        ({"remedy_by": "2026-12-07"}, ""),
        ({"remedy": ""}, "remedy"),
        ({"day": "2026-11-23"}, "day"),  # the day before the check
        ({"day": "2026-11-25"}, "day"),  # tomorrow
        ({"ended": "17:20"}, ""),
        ({"ended": "23:59"}, "ended"),
        ({"began": "23:00", "ended": ""}, "ended began"),
        (
            {"present": [{"name": "Ngô Văn Bình", "post": ""}, {"name": "Phạm Thị Hoa", "post": ""}]},
            "present",
        ),
        ({"present": [{"name": "nguyễn thị  lan", "post": ""}, {"name": "Ngô Văn Bình", "post": ""}]}, ""),
        ({"present": [{"name": "Lê Thanh Bình", "post": ""}]}, "present"),
    ],
)
def test_what_minutes_cannot_say_is_refused_at_its_field(school: Cast, changes: dict, path: str) -> None:
    made = school.fresh(found.minutes(school, found.violation(school)))
    _, faults = drafts.save(
        school.office, school.actor("binh"), made.id, made.content_version, made.fields | changes
    )
    assert [f.path for f in faults] == path.split()


# --- the teacher's answer --------------------------------------------------------------------------------


def test_agreed_and_noted_with_number_date_and_hash(school: Cast) -> None:
    paper = found.violation(school)
    made = found.sent(school, paper)
    assert school.fresh(made).status == "in_progress"
    school.act("lan", made, "agree")
    done = school.act("minh", made, "acknowledge")
    assert (done.status, done.step) == ("approved", "archive")
    is_valid(school, made, "author", "response", "note")
    assert filled(school, made, "number") == "01"
    assert filled(school, made, "date") == "ngày 24 tháng 11 năm 2026"
    assert (filled(school, made, "statement"), filled(school, made, "refusal")) == ("", "")
    cited = school.fresh(paper).blob
    assert cited is not None and cited in words(school, made).replace(" ", "")
    with school.office.db.read() as session:
        number = session.exec(select(SeriesNumber).where(col(SeriesNumber.document_id) == made)).one()
    assert (number.series, number.number, number.state) == ("BB", 1, "used")


def test_the_teacher_may_answer_before_the_inspector_signs(school: Cast) -> None:
    made = found.minutes(school, found.violation(school))
    school.act("binh", made, "submit")
    statement = "Tôi đã in kế hoạch từ thứ Hai.\nBản in để trong tủ lớp. " + "Chi tiết thêm. " * 30
    school.act("lan", made, "state", note=statement)
    school.act("binh", made, "sign")
    school.act("ngoc", made, "acknowledge")
    is_valid(school, made, "response", "author", "note")
    assert filled(school, made, "statement").startswith("Tôi đã in kế hoạch từ thứ Hai.\nBản in")
    with school.office.db.read() as session:
        noted = session.exec(
            select(Signature.authority).where(
                col(Signature.document_id) == made, col(Signature.step) == "note"
            )
        ).one()
    assert noted == "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG"


def test_a_statement_longer_than_its_frame_is_refused_and_nothing_is_signed(school: Cast) -> None:
    made = found.sent(school, found.violation(school))
    before = school.fresh(made).version
    with pytest.raises(Invalid) as refused:
        school.act("lan", made, "state", note=("Tôi trình bày như sau. " * 80)[:1501])
    assert "1.501 ký tự" in refused.value.sentence.vi and "1.500 ký tự" in refused.value.sentence.vi
    with pytest.raises(Invalid) as refused:
        school.act("lan", made, "state", note="x\n" * 60 + "x")
    assert "bớt xuống dòng" in refused.value.sentence.vi and "kèm theo" not in refused.value.sentence.vi
    with pytest.raises(Invalid) as refused:
        school.act("lan", made, "refuse", note="Tôi không ký. " * 40, witness=school.ids["mai"])
    assert "500 ký tự" in refused.value.sentence.vi
    assert school.fresh(made).version == before
    is_valid(school, made, "author")


def test_the_longest_statement_named_is_printed(school: Cast) -> None:
    made = found.sent(school, found.violation(school))
    school.act("lan", made, "state", note=("Tôi đã in kế hoạch dạy học và để ở lớp. " * 40)[:1500].strip())
    is_valid(school, made, "author", "response")


@pytest.mark.parametrize("recorder", ["lan", "binh"])
def test_a_refusal_is_recorded_with_reason_and_signed_for_by_its_witness(school: Cast, recorder: str) -> None:
    made = found.sent(school, found.violation(school))
    later = school.office.now() + timedelta(hours=25)  # the inspector only after the teacher's own day
    with pytest.raises(Invalid):
        school.act(recorder, made, "refuse", note="Không đồng ý.", witness=school.ids["binh"], arrived=later)
    said, witness = "Không đồng ý với phần diễn biến.", school.ids["mai"]
    school.act(recorder, made, "refuse", note=said, witness=witness, arrived=later)
    for other in ("minh", "hoa", "lan"):  # the principal not before the witness has signed
        with pytest.raises(NotYours):
            school.act(other, made, "acknowledge")
    school.act("mai", made, "acknowledge")
    school.act("minh", made, "acknowledge")
    is_valid(school, made, "author", "witness", "note")
    assert "Nguyễn Thị Lan không ký. Lý do: Không đồng ý với phần diễn biến." in filled(
        school, made, "refusal"
    )
    assert school.fresh(made).status == "approved"


def test_returned_minutes_come_back_as_a_new_revision_that_is_answered_anew(school: Cast) -> None:
    made = found.sent(school, found.violation(school))
    school.act("lan", made, "agree")
    school.act("minh", made, "return", note="Ghi rõ giờ.")
    back = school.fresh(made)
    assert (back.status, back.step) == ("returned", "draft")
    school.act("binh", made, "submit")
    school.act("binh", made, "sign")
    school.act("lan", made, "state", note="Giờ ghi đúng.")
    school.act("minh", made, "acknowledge")
    assert school.fresh(made).revision == 2
    is_valid(school, made, "author", "response", "note")


# --- the follow-up --------------------------------------------------------------------------------------


def test_the_note_plans_a_follow_up_on_the_day_named(school: Cast) -> None:
    paper = found.violation(school)
    made = found.sent(school, paper)
    school.act("lan", made, "agree")
    with school.office.db.read() as session:
        assert found.follow_up(session, paper) is None
    school.act("minh", made, "acknowledge")
    with school.office.db.read() as session:
        again, first = found.follow_up(session, paper), found.check_of(session, paper)
        told = session.exec(
            select(Notice).where(col(Notice.key).startswith("aftermath"), col(Notice.document_id) == made)
        ).all()
    (to_lan,) = [n.data["sentence"]["vi"] for n in told if n.account_id == school.ids["lan"]]
    assert "có thể gửi kiến nghị đến hết ngày 01/12/2026" in to_lan
    assert again is not None
    assert (again.day, again.period, again.class_id) == (REMEDY, 2, school.classes["3A"])
    assert (again.teacher_id, again.inspector_id, again.state) == (
        first.teacher_id,
        first.inspector_id,
        "planned",
    )
    assert "biên bản số 01" in again.reason
    assert [n.data["path"] for n in told if n.account_id == school.ids["binh"]] == [f"/spot/{again.id}"]


def test_a_day_without_a_lesson_gives_way_to_the_next_and_none_at_all_is_said(school: Cast) -> None:
    paper = found.violation(school)
    wednesday = TUESDAY + timedelta(days=8)
    made = found.minutes(school, paper, remedy_by=wednesday.isoformat())
    for who, action in (("binh", "submit"), ("binh", "sign"), ("lan", "agree"), ("minh", "acknowledge")):
        school.act(who, made, action)
    with school.office.db.read() as session:
        again = found.follow_up(session, paper)
    assert again is not None and again.day == TUESDAY + timedelta(days=13)  # the Monday after

    far = found.checked(school, period=3)
    school.act("minh", far, "violation", note="Thiếu.")
    made = found.minutes(school, far)
    with school.office.db.write() as session:  # a new timetable, and Lan is not in it
        session.exec(delete(TimetableEntry).where(col(TimetableEntry.account_id) == school.ids["lan"]))
    for who, action in (("binh", "submit"), ("binh", "sign"), ("lan", "agree"), ("minh", "acknowledge")):
        school.act(who, made, action)
    with school.office.db.read() as session:
        assert found.follow_up(session, far) is None
        (said,) = session.exec(
            select(Notice).where(
                col(Notice.document_id) == made,
                col(Notice.kind) == "informed",
                col(Notice.account_id) == school.ids["binh"],
            )
        )
    assert "chưa có tiết nào" in said.data["sentence"]["vi"]


def test_the_follow_up_is_proposed_for_the_fifth_working_day(school: Cast) -> None:
    with school.office.db.write() as session:
        for seq, day in enumerate((TUESDAY + timedelta(days=2), REMEDY), start=1):
            session.add(
                CalendarChange(
                    school_id=school.school_id,
                    seq=seq,
                    kind="off",
                    first_day=day,
                    last_day=day,
                    reason="Mưa bão",
                    entered_by=school.ids["minh"],
                    entered_at=school.office.now(),
                )
            )
    draft = succession.amend(school.office, school.actor("binh"), found.violation(school))
    assert draft.fields["remedy_by"] == (TUESDAY + timedelta(days=9)).isoformat()


def test_everything_is_kept_ten_years(school: Cast) -> None:
    from flows.catalogue import type_of

    for slug in ("violation-minutes", "appeal"):
        assert type_of(slug).archive.keep == 10
    assert isinstance(school.fresh(found.noted(school)), Document)


# --- a finding and its minutes ------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["agree", "refuse"])
def test_minutes_are_not_withdrawn_once_the_teacher_has_answered(school: Cast, answer: str) -> None:
    made = found.sent(school, found.violation(school))

    def offered() -> tuple[str, ...]:
        with school.office.db.read() as session:
            return views.view(session, school.actor("binh"), made, school.office.now()).actions

    assert plan.WITHDRAW in offered()
    more = {"note": "Không ký.", "witness": school.ids["mai"]} if answer == "refuse" else {}
    school.act("lan", made, answer, **more)
    with pytest.raises(WrongStep):
        school.act("binh", made, plan.WITHDRAW)
    if answer == "refuse":
        school.act("mai", made, "acknowledge")
    school.act("minh", made, "return", note="Ghi rõ giờ kết thúc.")
    assert "submit" in offered() and plan.WITHDRAW not in offered()


def test_a_finding_waits_for_its_minutes_before_it_counts_as_a_violation(school: Cast) -> None:
    paper = found.violation(school)

    def stands() -> tuple[int, int, str]:
        with school.office.db.read() as session:
            counts = spot_totals.totals(session, school.school_id)[0].counts
            check = spot_checks.one(session, school.actor("binh"), found.check_of(session, paper).id)
            assert counts["sent"] == 1
            return counts["awaited"], counts["violation"], check.outcome

    assert stands() == (1, 0, "awaited")
    made = found.sent(school, paper)
    school.act("lan", made, "agree")
    assert stands() == (1, 0, "awaited")
    school.act("minh", made, "acknowledge")
    assert stands() == (0, 1, "violation")


def test_the_principal_is_told_once_of_minutes_that_are_late(school: Cast) -> None:
    paper = found.violation(school)
    office = school.office

    def told(hours: int) -> set[tuple[str, str]]:
        names = {key: name for name, key in school.ids.items()}
        spot_clock.look(office.db, office.settings, office.now() + timedelta(hours=hours), school.school_id)
        with office.db.read() as session:
            rows = session.exec(select(Notice).where(col(Notice.key).startswith("minutes-late:"))).all()
        return {(names[row.account_id], row.data["path"]) for row in rows}

    assert told(20) == set()
    assert told(30) == {("minh", f"/documents/{paper}")}
    assert told(31) == {("minh", f"/documents/{paper}")}


def test_of_minutes_taken_note_of_nobody_is_told(school: Cast) -> None:
    found.noted(school)
    office = school.office
    spot_clock.look(office.db, office.settings, office.now() + timedelta(hours=90), school.school_id)
    with office.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.key).startswith("minutes-late:"))).all()
    assert not rows


def test_a_check_is_not_replaced_by_another_draft(school: Cast) -> None:
    paper = found.checked(school)
    with school.office.db.read() as session:
        document = session.get_one(Document, paper)
        assert document.status == "approved"
        shown = succession.related(session, school.actor("binh"), document, school.office.now())
    assert not shown.may_replace
    with pytest.raises(NotYours):
        succession.replace(school.office, school.actor("binh"), paper)
