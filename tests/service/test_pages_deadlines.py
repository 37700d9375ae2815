"""The rules of deadlines by page: everyone reads them, an administrator changes them after a look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from flows.clock import scan
from flows.flag_words import NAMES
from flows.rules import deadlines_of
from models.deadline import DeadlineRule
from models.document import Document
from models.flag import Flag
from models.notice import Notice
from tests.cast import Cast
from tests.service.reading import Page, People

PLAN = "/admin/deadlines/lesson_plan_due"
FRIDAY = {"weekday": "4", "weeks_before": "1", "valid_from": "30/11/2026"}
"""Before Friday of the week before, from week 13 on."""


def set_rules(cast: Cast) -> list[DeadlineRule]:
    with cast.office.db.read() as session:
        return list(session.exec(select(DeadlineRule)).all())


def preview(reader: People, **changes: str) -> Page:
    return reader("admin").get(f"{PLAN}?kind=weekday").send("/lesson_plan_due", **(FRIDAY | changes))


def test_everyone_reads_each_rule_with_its_next_five_dates(cast: Cast, reader: People) -> None:
    page = reader("lan").get("/deadlines")
    assert "Hết thứ Ba của tuần liền trước tuần dạy (trước 00:00 thứ Tư)." in page.words
    assert "Chậm nhất 16 ngày trước thứ Hai của tuần dạy đầu tiên." in page.words
    assert "Chậm nhất 10 ngày trước thứ Hai của tuần dạy đầu tiên." in page.words
    assert "Tuần 13, từ 30/11/2026" in page.words
    assert "hết thứ Ba 24/11" in page.words
    assert "trước 00:00 thứ Tư 25/11" in page.words
    assert [len(table.xpath(".//tbody/tr")) for table in page.all("table")] == [5, 5, 5, 5]
    assert not page.all("a[href=/admin/deadlines]")
    english = reader("lan").get("/deadlines?lang=en")
    assert (
        "The end of Tuesday of the week before the teaching week (before 00:00 on Wednesday)."
        in english.words
    )


@pytest.mark.parametrize("name", ["lan", "hoa", "minh", "thu"])
def test_only_an_administrator_changes_a_rule(cast: Cast, reader: People, name: str) -> None:
    person = reader(name)
    assert person.get(PLAN).status == 404
    csrf = person.get("/").all("input[name=csrf]")[0].get("value")
    sent = person.post(PLAN, [("csrf", csrf), ("kind", "weekday"), *FRIDAY.items()])
    assert sent.status == 404
    assert set_rules(cast) == []


def test_a_change_is_shown_and_done_only_after_the_look(cast: Cast, reader: People) -> None:
    document = cast.lesson_plan("lan", 13)
    shown = preview(reader)
    assert shown.status == 200
    assert "chưa có gì thay đổi" in shown.words
    assert "Hết thứ Năm của tuần liền trước tuần dạy (trước 00:00 thứ Sáu)." in shown.words
    assert "Nguyễn Thị Lan" in shown.words
    assert "hết thứ Năm 26/11" in shown.words.replace("Hết", "hết")
    assert "23 tuần muộn hơn" in shown.words
    assert set_rules(cast) == []

    done = shown.send("/lesson_plan_due")
    assert done.path == "/deadlines"
    assert "Đã áp dụng quy tắc mới: Kế hoạch bài dạy" in done.words
    assert "hết thứ Năm 26/11" in done.words
    (rule,) = set_rules(cast)
    assert (rule.set_by, str(rule.valid_from)) == (cast.ids["admin"], "2026-11-30")
    with cast.office.db.read() as session:
        moved = session.get_one(Document, document.id).due_at
        told = session.exec(select(Notice).where(col(Notice.kind) == "rule")).all()
        assert list(deadlines_of(session, [cast.other_school_id])) == []
    assert f"{moved:%d/%m %H:%M}" == "26/11 17:00"  # the database's UTC
    assert [n.account_id for n in told] == [cast.ids["minh"]]
    history = reader("admin").get(PLAN)
    assert "Trịnh Quốc Anh" in history.words
    assert history.all("select[name=weekday] option[value='4']")[0].get("selected") is not None


def test_flags_that_the_change_takes_back_are_listed_and_go(cast: Cast, reader: People) -> None:
    scan(cast.office.db, cast.office.now())
    week_12 = dict(FRIDAY, weeks_before="0", valid_from="23/11/2026")
    shown = preview(reader, **week_12)
    assert "Ghi nhận “Chưa nộp” được gỡ" in shown.words
    assert "Kế hoạch bài dạy (giáo án), tuần 12" in shown.words
    shown.send("/lesson_plan_due")
    with cast.office.db.read() as session:
        plans = session.exec(
            select(Flag).where(col(Flag.type) == "lesson-plan", col(Flag.week_id) == cast.weeks[12])
        ).all()
    assert plans
    assert all(flag.resolved_at is not None for flag in plans)
    assert {flag.rule for flag in plans} <= set(NAMES)


def test_what_changed_since_the_look_is_shown_again(cast: Cast, reader: People) -> None:
    shown = preview(reader)
    cast.lesson_plan("lan", 13)
    again = shown.send("/lesson_plan_due")
    assert "Từ lúc xem trước đã có thay đổi" in again.words
    assert set_rules(cast) == []
    assert again.send("/lesson_plan_due").path == "/deadlines"
    assert len(set_rules(cast)) == 1


def test_a_rule_applied_twice_is_said_to_be_saved(cast: Cast, reader: People) -> None:
    shown = preview(reader)
    shown.send("/lesson_plan_due")
    again = shown.send("/lesson_plan_due")
    assert (again.status, again.path) == (200, "/deadlines")
    assert "Quy tắc này đã được lưu từ trước" in again.words
    assert len(set_rules(cast)) == 1


def test_the_board_names_the_rules_of_the_weeks_it_shows(cast: Cast, reader: People) -> None:
    preview(reader, valid_from="04/01/2027").send("/lesson_plan_due")
    old, new = "hết thứ Ba của tuần liền trước", "hết thứ Năm của tuần liền trước"

    def head(path: str) -> str:
        return reader("minh").get(path).all(".head__t")[0].text_content().lower()

    now = head("/flags")
    assert (old.lower() in now, new.lower() in now) == (True, False)
    year = head(f"/flags?from={cast.weeks[1]}&to={cast.weeks[35]}")
    assert year.index(old.lower()) < year.index("từ tuần") < year.index(new.lower())


def test_what_was_filled_in_is_kept_on_the_way_back(cast: Cast, reader: People) -> None:
    back = preview(reader, weekday="3").send("/lesson_plan_due", do="edit")
    assert back.all("select[name=weekday] option[value='3']")[0].get("selected") is not None
    assert back.all("input[name=valid_from]")[0].get("value") == "30/11/2026"


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("weekday", {"weeks_before": "9"}, "Ghi một số nguyên từ 0 đến 8."),
        ("weekday", {"weeks_before": ""}, "Ghi một số nguyên từ 0 đến 8."),
        ("weekday", {"valid_from": ""}, "Ghi ngày, ví dụ 07/09/2026."),
        ("weekday", {"valid_from": "31/02/2027"}, "không phải là ngày"),
        (
            "weekday",
            {"valid_from": "16/11/2026"},
            "sớm nhất từ tuần này: ghi ngày 23/11/2026",
        ),
        ("weekday", {"weekday": "2", "weeks_before": "1"}, "quy tắc này đang áp dụng rồi"),
        ("days-before", {"days": "91"}, "Ghi một số nguyên từ 0 đến 90."),
        ("days-before", {"days": "-1"}, "Ghi một số nguyên từ 0 đến 90."),
        ("days-after", {"event": "approved"}, "phải nộp trước khi được ký duyệt"),
        ("day-of-month", {"day": "0"}, "Ghi một số nguyên từ 1 đến 31."),
        ("day-of-month", {"on_break": "teaching"}, "Hạn theo ngày trong tháng không đếm tuần"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_sentence_and_stays_typed(
    cast: Cast, reader: People, kind: str, typed: dict[str, str], sentence: str
) -> None:
    refused = reader("admin").get(f"{PLAN}?kind={kind}").send("/lesson_plan_due", **typed)
    assert refused.status == 422
    assert sentence in refused.words
    for name, value in typed.items():
        fields = refused.all(f"input[name={name}]")
        assert not fields or fields[0].get("value") == value
    assert set_rules(cast) == []


def test_a_weekday_counts_no_days_and_nonsense_is_refused(cast: Cast, reader: People) -> None:
    page = reader("admin").get(f"{PLAN}?kind=weekday")
    assert "Hạn theo thứ trong tuần không đếm số ngày" in page.send("/lesson_plan_due", working="yes").words
    for wrong in ({"kind": "never"}, {"on_break": "sometimes"}, {"strict": "zz"}, {"working": "zz"}):
        assert page.send("/lesson_plan_due", **wrong).status == 422
    assert reader("admin").get("/admin/deadlines/nonsense").status == 404
    assert set_rules(cast) == []


def test_a_rule_after_the_approval_counts_from_it(cast: Cast, reader: People) -> None:
    path = "/admin/deadlines/obligation_due"
    shown = reader("admin").get(f"{path}?kind=days-after").send("/obligation_due", days="3")
    assert "Chậm nhất 3 ngày sau ngày hồ sơ được ký duyệt." in shown.words
    done = shown.send("/obligation_due")
    assert "Hiệu trưởng sẽ nhận thông báo." in done.words
    assert "Ký duyệt hôm nay thì hạn là hết thứ Sáu 27/11." in done.words


def test_a_week_put_off_moves_the_limit_of_what_is_not_signed(cast: Cast, reader: People) -> None:
    drafted, signed = cast.lesson_plan("lan", 14), cast.lesson_plan("mai", 14)
    cast.act("mai", signed.id, "submit")
    cast.act("mai", signed.id, "sign")

    page = reader("admin").get("/admin/weeks")
    csrf = page.all("input[name=csrf]")[0].get("value")
    shown = reader("admin").post("/admin/weeks/put-off", [("csrf", csrf), ("week_id", cast.weeks[14])])
    assert cast.fresh(drafted.id).due_at == drafted.due_at  # looked at, not done
    assert shown.send("/put-off").status == 200
    with cast.office.db.read() as session:
        assert session.get_one(Document, drafted.id).due_at == drafted.due_at + timedelta(days=7)
        assert session.get_one(Document, signed.id).due_at == signed.due_at


def test_a_rule_from_an_earlier_day_says_where_it_ends(cast: Cast, reader: People) -> None:
    preview(reader, valid_from="14/12/2026").send("/lesson_plan_due")
    earlier = preview(reader, weekday="3")
    said = "Quy tắc này chỉ áp dụng đến trước tuần dạy 14/12/2026: từ tuần đó quy tắc đã đặt trước đây vẫn áp"
    assert said in earlier.words
    assert "(hết thứ Năm của tuần liền trước tuần dạy (trước 00:00 thứ Sáu))" in earlier.words
    assert "chỉ áp dụng đến trước tuần dạy" not in preview(reader, weekday="3", valid_from="14/12/2026").words
    assert len(set_rules(cast)) == 1


def test_a_rule_that_does_not_hold_yet_is_dropped_after_a_look(cast: Cast, reader: People) -> None:
    document = cast.lesson_plan("lan", 14)
    before = cast.fresh(document.id).due_at
    preview(reader, valid_from="07/12/2026").send("/lesson_plan_due")
    assert cast.fresh(document.id).due_at != before
    (rule,) = set_rules(cast)
    at = f"{PLAN}/rules/{rule.id}"
    assert at in [link.get("href") for link in reader("admin").get(PLAN).all("a")]
    look = reader("admin").get(at)
    assert "Bỏ quy tắc thời hạn: xem trước" in look.words
    assert "Nguyễn Thị Lan" in look.words
    assert set_rules(cast)[0].dropped_at is None
    done = look.send("/drop")
    assert "Đã bỏ quy tắc chưa áp dụng: Kế hoạch bài dạy" in done.words
    (rule,) = set_rules(cast)
    assert (rule.dropped_by, cast.fresh(document.id).due_at) == (cast.ids["admin"], before)
    with cast.office.db.read() as session:
        assert deadlines_of(session, [cast.school_id]) == {}
        told = session.exec(select(Notice).where(col(Notice.kind) == "rule")).all()
    assert {n.account_id for n in told} == {cast.ids["minh"]}
    assert any("bỏ quy tắc thời hạn chưa áp dụng" in n.data["sentence"]["vi"] for n in told)
    history = reader("admin").get(PLAN)
    assert "Đã bỏ trước khi áp dụng: Trịnh Quốc Anh" in history.words
    assert at not in [link.get("href") for link in history.all("a")]
    assert reader("admin").get(at).status == 409


@pytest.mark.parametrize("name", ["lan", "minh"])
def test_only_an_administrator_drops_a_rule(cast: Cast, reader: People, name: str) -> None:
    preview(reader, valid_from="07/12/2026").send("/lesson_plan_due")
    (rule,) = set_rules(cast)
    assert reader(name).get(f"{PLAN}/rules/{rule.id}").status == 404
    assert reader("admin").get(f"/admin/deadlines/team_plan_lead/rules/{rule.id}").status == 404


def test_a_rule_that_holds_or_whose_loss_takes_time_back_stays(cast: Cast, reader: People) -> None:
    """Week 13 begins on 30/11; by the rule of before, the limit would be this very midnight."""
    preview(reader, valid_from="23/11/2026").send("/lesson_plan_due")
    (holds,) = set_rules(cast)
    assert reader("admin").get(f"{PLAN}/rules/{holds.id}").status == 409
    preview(reader, weekday="5").send("/lesson_plan_due")
    preview(reader, weekday="6", valid_from="07/12/2026").send("/lesson_plan_due")
    with cast.office.db.write() as session:
        session.delete(session.get_one(DeadlineRule, holds.id))
    (soon,) = [r for r in set_rules(cast) if str(r.valid_from) == "2026-11-30"]
    refused = reader("admin").get(f"{PLAN}/rules/{soon.id}")
    assert refused.status == 422
    assert "có hạn đang còn đến sớm hơn hết ngày mai" in refused.words
    assert all(r.dropped_at is None for r in set_rules(cast))
