"""Reminders and hours of mails by page: everyone reads them, administrators and principals change them."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from flows.remind import Remind
from flows.reminder_rules import rules_of
from models.notice import Mail, Notice
from models.reminder import ReminderRules
from models.school import SchoolSetting
from tasks.mail_hours import SETTING, STANDARD, hours_of
from tests.cast import Cast
from tests.service.reading import Page, People

PLAN = "/reminders/lesson-plan"


def rules(cast: Cast, key: str = "lesson-plan") -> tuple[Remind, ...]:
    with cast.office.db.read() as session:
        return rules_of(session, [cast.school_id])[cast.school_id][key]


def preview(reader: People, who: str = "admin", **changes: str) -> Page:
    return reader(who).get(PLAN).send(PLAN, do="preview", **changes)


def test_everyone_reads_the_rules_their_next_dates_and_when_mails_go(cast: Cast, reader: People) -> None:
    assert reader("lan").get("/deadlines").all("a[href='/reminders']")
    page = reader("lan").get("/reminders")
    assert "Đúng ngày hạn, lúc 07:00: nhắc người phải nộp." in page.words
    assert "Sau ngày hạn 4 ngày, lúc 07:00: báo Hiệu trưởng danh sách người chưa nộp." in page.words
    assert "Duyệt: Kế hoạch bài dạy (giáo án)" in page.words
    assert "Thư tổng hợp kế tiếp: " in page.words
    assert "Từ 20:00 đến 06:00 không gửi thư nào" in page.words
    assert "Tuần 14" in page.words
    assert not page.all("a[href='/reminders/hours']")
    english = reader("lan").get("/reminders?lang=en")
    assert "On the day of the limit, at 07:00: whoever owes it is reminded." in english.words


@pytest.mark.parametrize("name", ["lan", "hoa", "thu"])
@pytest.mark.parametrize("path", [PLAN, "/reminders/hours"])
def test_nobody_else_changes_them(cast: Cast, reader: People, name: str, path: str) -> None:
    person = reader(name)
    assert person.get(path).status == 404
    csrf = person.get("/").all("input[name=csrf]")[0].get("value")
    assert person.post(path, [("csrf", csrf), ("r0_when", "at"), ("hour", "9")]).status == 404
    assert rules(cast) == rules(cast, "lesson-plan")
    with cast.office.db.read() as session:
        assert session.exec(select(ReminderRules)).all() == []
        assert hours_of(session, cast.school_id) == STANDARD


@pytest.mark.parametrize(("name", "told"), [("admin", ["minh"]), ("minh", [])])
def test_a_change_is_shown_with_its_dates_and_done_after_the_look(
    cast: Cast, reader: People, name: str, told: list[str]
) -> None:
    before = rules(cast)
    shown = preview(reader, name, r0_days="2", r0_hour="9", r4_when="")
    assert shown.status == 200
    assert "BỏTrước ngày hạn 1 ngày, lúc 07:00: nhắc người phải nộp." in shown.words
    assert "ThêmTrước ngày hạn 2 ngày, lúc 09:00: nhắc người phải nộp." in shown.words
    assert rules(cast) == before
    done = shown.send(PLAN)
    assert done.path == "/reminders"
    assert "Đã lưu: Kế hoạch bài dạy (giáo án)." in done.words
    assert rules(cast) == (Remind.before(days=2, hour=9), *before[1:4])
    with cast.office.db.read() as session:
        notices = session.exec(select(Notice).where(col(Notice.kind) == "rule")).all()
        assert [n.account_id for n in notices] == [cast.ids[who] for who in told]
        assert rules_of(session, [cast.other_school_id])[cast.other_school_id]["lesson-plan"] == before


def test_a_rule_is_added_in_the_empty_rows_and_all_may_go(cast: Cast, reader: People) -> None:
    added = {"r5_when": "after", "r5_days": "6", "r5_to": "vice_principal"}
    preview(reader, **added).send(PLAN)
    assert rules(cast)[5].to == "vice_principal"
    nothing = {f"r{n}_when": "" for n in range(6)}
    done = preview(reader, **nothing).send(PLAN)
    assert rules(cast) == ()
    assert "Không nhắc ai." in done.words


def test_what_changed_since_the_look_is_shown_again_and_the_way_back_keeps_what_was_typed(
    cast: Cast, reader: People
) -> None:
    shown = preview(reader, r0_days="2")
    preview(reader, "minh", r0_days="3").send(PLAN)
    again = shown.send(PLAN)
    assert "Từ lúc xem trước đã có thay đổi" in again.words
    back = again.send(PLAN, do="edit")
    assert back.all("input[name='r0_days']")[0].get("value") == "2"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"r0_days": "31"}, "Ghi một số nguyên từ 0 đến 30."),
        ({"r0_days": "hai"}, "Ghi một số nguyên từ 0 đến 30."),
        ({"r0_days": "0"}, "Ghi trước hay sau ngày hạn bao nhiêu ngày"),
        ({"r0_hour": "23"}, "Ghi một số nguyên từ 6 đến 18."),
        ({"r0_every": "2", "r0_times": "2"}, "Chỉ nhắc sau hạn mới lặp lại được"),
        ({"r2_times": "1"}, "Có nhắc lại thì ghi tất cả mấy lần"),
        ({"r0_when": "at"}, "Đã có một quy tắc khác nhắc cùng người vào cùng ngày."),
        ({"r0_when": "never"}, "Chọn một cách trong danh sách."),
        ({"r0_to": "everyone"}, "Chọn người nhận trong danh sách."),
        ({}, "Đây đúng là các quy tắc đang áp dụng."),
    ],
)
def test_what_is_no_rule_is_refused_with_a_sentence_and_stays_typed(
    cast: Cast, reader: People, typed: dict[str, str], sentence: str
) -> None:
    refused = preview(reader, **typed)
    assert refused.status == 422
    assert sentence in refused.words
    for name, value in typed.items():
        fields = refused.all(f"input[name='{name}']")
        assert not fields or fields[0].get("value") == value
    with cast.office.db.read() as session:
        assert session.exec(select(ReminderRules)).all() == []


def test_a_group_head_is_told_nothing_of_what_heads_owe(cast: Cast, reader: People) -> None:
    page = reader("admin").get("/reminders/team-teaching-plan")
    assert [o.get("value") for o in page.all("select[name='r0_to'] option")] == [
        "owes",
        "vice_principal",
        "principal",
    ]
    assert reader("admin").get("/reminders/nonsense").status == 404


def test_the_hours_are_kept_and_what_cannot_be_is_refused(cast: Cast, reader: People) -> None:
    form = reader("minh").get("/reminders/hours")
    refused = form.send("/reminders/hours", hour="21")
    assert refused.status == 422
    assert "nằm trong giờ yên tĩnh" in refused.words
    assert refused.all("select[name=hour] option[value='21']")[0].get("selected") is not None
    assert form.send("/reminders/hours", hour="x").status == 422
    assert form.send("/reminders/hours", digest="zz").status == 422
    done = form.send("/reminders/hours", hour="16", quiet_from="19", weekly="4", digest="yes")
    assert "Đã lưu: Giờ gửi thư." in done.words
    assert "gửi lúc 16:00" in done.words
    assert "vào thứ Sáu lúc 16:00" in done.words
    with cast.office.db.read() as session:
        assert hours_of(session, cast.school_id).hour == 16
        assert hours_of(session, cast.other_school_id) == STANDARD
        assert session.get(SchoolSetting, (cast.school_id, SETTING)) is not None
    off = reader("minh").get("/reminders/hours").send("/reminders/hours", digest="")
    assert "Mỗi việc một thư, gửi ngay khi có." in off.words


def test_in_a_demonstration_what_waits_for_the_digest_is_sent_now(cast: Cast, reader: People) -> None:
    sent = cast.lesson_plan("lan", 14)
    cast.act("lan", sent.id, "submit")
    cast.act("lan", sent.id, "sign")
    csrf = reader("hoa").get("/").all("input[name=csrf]")[0].get("value")
    assert reader("hoa").post("/mailbox/send-now", [("csrf", csrf)]).status in (403, 404)
    cast.office.settings = cast.office.settings.model_copy(update={"demo": True})
    page = reader("hoa").get("/mailbox")
    assert "1 thông báo đang chờ gom vào thư tổng hợp; thư kế tiếp gửi lúc 25/11/2026 07:00." in page.words
    assert page.send("/mailbox/send-now").path == "/mailbox"
    with cast.office.db.read() as session:
        [mail] = session.exec(select(Mail)).all()
    assert (mail.account_id, mail.digest_day) == (cast.ids["hoa"], None)
    assert "đang chờ gom" not in reader("hoa").get("/mailbox").words
