"""What was found at a check: taken once, weighed, made a paper that is signed, decided on; who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select, update

from flows import spot_clock, spot_papers
from flows.documents.spot_check import SPOT_CHECK
from flows.drafts import create, may_draft, save
from flows.spot_checks import cancel, end
from flows.spot_marks import Marks
from flows.spot_records import Conflict, record
from flows.spot_visit import Visit
from models.document import Document, Revision
from models.errors import Invalid, NotFound, NotYours, WrongStep
from models.notice import Notice
from models.school import SchoolSetting
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from tests.cast import Cast
from tests.flows.test_spot_checks import GOOD, NONE, TODAY, WEEK, all_well, chosen, lessons, row, sending
from tests.timetables import timetable


@pytest.fixture
def school(each_cast: Cast) -> Cast:
    return lessons(each_cast)


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
        (replace(GOOD, visit=Visit("09:25", "09:15")), ["ended"]),
        (replace(GOOD, visit=Visit("23:00", "23:50")), ["started", "ended"]),
        (replace(GOOD, visit=Visit("09:15", "23:40")), ["ended"]),
        (replace(GOOD, visit=Visit("13:00", "13:10")), ["started"]),
    ],
)
def test_clear_mistakes_are_refused_at_their_field(school: Cast, marks: Marks, fields: list[str]) -> None:
    check_id = chosen(school)
    with pytest.raises(Invalid) as refused:
        record(school.office, school.actor("binh"), check_id, sending(school, marks))
    assert [fault.path for fault in refused.value.faults] == fields
    assert row(school, check_id).state == "planned"


def test_an_afternoons_check_does_not_begin_in_the_morning(school: Cast) -> None:
    timetable(school, "lan", "3A", (1, 1, "Toán"), session="afternoon")
    check_id, binh = chosen(school, session="afternoon", period=1), school.actor("binh")
    with pytest.raises(Invalid) as refused:
        record(school.office, binh, check_id, sending(school, replace(GOOD, visit=Visit("11:59", "14:10"))))
    assert [fault.path for fault in refused.value.faults] == ["started"]
    record(school.office, binh, check_id, sending(school, replace(GOOD, visit=Visit("12:00", "14:10"))))


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
    told = notices(school, "lan", "finding")
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


def test_nobody_writes_or_edits_the_paper_of_a_check(school: Cast) -> None:
    binh = school.actor("binh")
    assert not may_draft(SPOT_CHECK, binh)
    with pytest.raises(NotYours):
        create(school.office, binh, "spot-check", {"week": school.weeks[WEEK]})
    record(school.office, binh, (check_id := chosen(school)), sending(school))
    document_id = row(school, check_id).document_id
    assert document_id
    with pytest.raises(WrongStep):
        save(school.office, binh, document_id, 1, {})
    with pytest.raises(WrongStep):
        school.act("binh", document_id, "reopen")


def test_until_it_is_signed_a_check_is_opened_again_and_sent_anew(school: Cast) -> None:
    check_id, binh = chosen(school), school.actor("binh")
    record(school.office, binh, check_id, sending(school, NONE))
    first = row(school, check_id)
    assert first.document_id and first.proposed
    with pytest.raises(NotYours):
        school.act("minh", first.document_id, "withdraw")
    assert school.act("binh", first.document_id, "withdraw").status == "withdrawn"
    open_again = row(school, check_id)
    assert (open_again.state, open_again.record, open_again.document_id) == ("planned", None, None)
    kept = open_again.evidence["reopened"][0]
    assert (kept["record"], kept["document_id"]) == (first.record, first.document_id)
    with pytest.raises(Conflict, match="taken back to be mended"):
        record(school.office, binh, check_id, sending(school, NONE))  # the phone's old copy, late
    record(school.office, binh, check_id, sending(school, key="phone-0002"))
    second = row(school, check_id)
    assert (second.state, second.record_key) == ("sent", "phone-0002")
    assert second.document_id not in (None, first.document_id)
    assert second.evidence["reopened"] == [kept]
    assert len(notices(school, "lan", "spot-sent")) == 3, "sent, opened again, sent anew"
    school.act("binh", second.document_id, "sign")
    with pytest.raises(WrongStep):
        school.act("binh", second.document_id, "withdraw")


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
