"""The page of one flag: what is shown to whom, what is said and decided; desk, accounts, notices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, func, select

from flows import rule_changes
from flows.clock import scan
from flows.conditions import look
from flows.day_rows import working_days
from flows.due_rules import FRIDAY, BeforeWeekday
from models.account import Account
from models.flag import Flag
from models.key import SigningKey
from models.notice import Mail, Notice
from models.school import SchoolWeek
from service.app import create_app
from service.jobs import Clockwork
from tasks.mailing import GATHER, fold
from tests.cast import PASSWORD, Cast
from tests.service.flagged import LIMIT, REASON, WEEK, WHY, bearer, flag_of, past_the_limit, waive
from tests.service.test_pages_flags import enter, shown


@pytest.fixture
def late(cast: Cast) -> Cast:
    return past_the_limit(cast)


@pytest.fixture
def client(late: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(late.office.settings, late.office), follow_redirects=False) as client:
        yield client


def test_a_flag_has_a_page_with_its_rule_its_times_and_what_was_told(client: TestClient, late: Cast) -> None:
    enter(client, late, "lan")
    text = shown(client, f"/flags/{flag_of(late, 'lan').id}")
    for said in (
        "Chưa nộp: Nguyễn Thị Lan",
        "Hạn: trước 00:00 thứ Tư 25/11; chưa ký và trình",
        "hết thứ Ba của tuần liền trước tuần dạy (trước 00:00 thứ Tư)",
        "nhắc trước hạn",
        "báo sau khi ghi nhận",
        f"/documents/new?type=lesson-plan&week={late.weeks[WEEK]}",
    ):
        assert said in text
    assert "/explain" in text
    assert "/waive" not in text


@pytest.mark.parametrize(
    ("who", "status", "acts"),
    [
        ("lan", 200, {"explain"}),
        ("hoa", 200, set()),
        ("lien", 200, set()),
        ("minh", 200, {"waive"}),
        ("ngoc", 200, {"waive"}),
        ("mai", 404, set()),
        ("son", 404, set()),
        ("admin", 404, set()),
        ("binh", 404, set()),
        ("principal_b", 404, set()),
    ],
)
def test_the_page_offers_what_one_may_do(
    client: TestClient, late: Cast, who: str, status: int, acts: set[str]
) -> None:
    flag = flag_of(late, "lan").id
    csrf = enter(client, late, who)
    text = shown(client, f"/flags/{flag}", status)
    assert {act for act in ("explain", "waive", "unwaive") if f"/flags/{flag}/{act}" in text} == acts
    refused = 404 if status == 404 else 403
    for act in ("explain", "waive", "unwaive"):
        if act not in acts and not (act == "unwaive" and "waive" in acts):
            answer = client.post(f"/flags/{flag}/{act}", data={"csrf": csrf, "words": REASON})
            assert answer.status_code == refused


def test_explaining_waiving_and_taking_it_back(client: TestClient, late: Cast) -> None:
    flag = flag_of(late, "lan").id
    csrf = enter(client, late, "lan")
    assert client.get(f"/flags/{flag}/waive").status_code == 405
    assert client.post(f"/flags/{flag}/explain", data={"words": WHY}).status_code == 403
    short = client.post(f"/flags/{flag}/explain", data={"csrf": csrf, "words": "ốm"})
    assert short.status_code == 422
    assert "Ghi từ 5 đến 500 ký tự." in short.text
    answer = client.post(f"/flags/{flag}/explain", data={"csrf": csrf, "words": WHY})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/flags/{flag}?done=explain")
    csrf = enter(client, late, "minh")
    assert WHY in shown(client, f"/flags/{flag}")
    assert client.post(f"/flags/{flag}/waive", data={"csrf": csrf, "words": REASON}).status_code == 303
    text = shown(client, f"/flags/{flag}?done=waive")
    assert "Đã miễn ghi; người liên quan được báo." in text
    assert "m-waived" in text
    assert "/unwaive" in text
    assert (
        client.post(f"/flags/{flag}/unwaive", data={"csrf": csrf, "words": "Nhầm người"}).status_code == 303
    )
    assert (
        client.post(f"/flags/{flag}/unwaive", data={"csrf": csrf, "words": "Nhầm người"}).status_code == 409
    )
    text = shown(client, f"/flags/{flag}")
    for said in ("Giải trình, Nguyễn Thị Lan", "Miễn ghi, Đỗ Quang Minh", "Bỏ miễn ghi, Đỗ Quang Minh"):
        assert said in text


def test_a_waiver_given_twice_is_one_and_another_reason_is_refused_but_not_lost(
    client: TestClient, late: Cast
) -> None:
    flag, other = flag_of(late, "lan").id, "Lý do khác của tôi"
    csrf = enter(client, late, "minh")
    for _ in range(2):  # sent twice, it is the stored result
        answer = client.post(f"/flags/{flag}/waive", data={"csrf": csrf, "words": REASON})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/flags/{flag}?done=waive")
    for who in ("minh", "ngoc"):
        csrf = enter(client, late, who)
        refused = client.post(f"/flags/{flag}/waive", data={"csrf": csrf, "words": other})
        text = unescape(refused.text)
        assert refused.status_code == 409
        assert "đã được miễn ghi lúc 09:00 25/11/2026, người quyết định: Đỗ Quang Minh" in text
        assert f"lý do: “{REASON}”" in text
        assert f">\n{other}</textarea>" in text
        assert "<h1>Chưa nộp: Nguyễn Thị Lan</h1>" in text
        problem = client.post(
            f"/api/v1/flags/{flag}/waive", json={"words": other}, headers=bearer(client, who)
        )
        assert (problem.status_code, problem.json()["code"]) == (409, "wrong-step")
        assert REASON in problem.json()["detail"]
    same = client.post(f"/api/v1/flags/{flag}/waive", json={"words": REASON}, headers=bearer(client, "minh"))
    assert (same.status_code, same.json()["waiver"]["reason"]) == (200, REASON)
    assert shown(client, f"/flags/{flag}").count("Miễn ghi, Đỗ Quang Minh") == 1


def test_words_sent_from_an_old_page_stay_in_the_form(client: TestClient, late: Cast) -> None:
    flag = flag_of(late, "lan").id
    for who, act in (("minh", "waive"), ("lan", "explain")):
        enter(client, late, who)
        answer = client.post(f"/flags/{flag}/{act}", data={"csrf": "old", "words": WHY})
        text = unescape(answer.text)
        assert answer.status_code == 403
        assert f">\n{WHY}</textarea>" in text
        assert "chưa có gì được gửi" in text
        assert "Việc này không thuộc tài khoản đang dùng" not in text
        assert WHY not in shown(client, f"/flags/{flag}")
    enter(client, late, "hoa")
    assert client.post(f"/flags/{flag}/waive", data={"csrf": "old", "words": WHY}).status_code == 403
    enter(client, late, "mai")
    assert client.post(f"/flags/{flag}/waive", data={"csrf": "old", "words": WHY}).status_code == 404


def test_board_cell_and_page_of_the_person_show_a_waiver_an_explanation_and_who_was_told(
    client: TestClient, late: Cast
) -> None:
    flag = flag_of(late, "lan").id
    csrf = enter(client, late, "lan")
    client.post(f"/flags/{flag}/explain", data={"csrf": csrf, "words": WHY})
    before = shown(client, "/flags/people/me")
    assert f'href="/flags/{flag}"' in before
    waive(client, late, flag)
    board = shown(client, f"/flags?week={late.weeks[WEEK]}")
    assert "Miễn ghi muộn" in board
    for path in (
        f"/flags/lesson-plan/{late.ids['lan']}/{late.weeks[WEEK]}",
        f"/flags/people/{late.ids['lan']}",
    ):
        text = shown(client, path)
        for said in (f'href="/flags/{flag}"', WHY, REASON, "thư chưa gửi", "Miễn ghi"):
            assert said in text, (path, said)
    enter(client, late, "lan")
    after = shown(client, "/flags/people/me")
    count = "chưa nộp."
    assert before.split(count)[0][-3:] != after.split(count)[0][-3:]


def test_told_is_whoever_was_sent_a_mail_and_when_it_went(client: TestClient, late: Cast) -> None:
    flag = flag_of(late, "lan")
    enter(client, late, "lan")
    short = (
        f"/flags/list?week={late.weeks[WEEK]}",
        "/flags/people/me",
        f"/flags/lesson-plan/{late.ids['lan']}/{late.weeks[WEEK]}",
    )
    for path in (*short, f"/flags/{flag.id}"):
        text = shown(client, path)
        assert "thư chưa gửi" in text
        assert "Đã nhắc" not in text
    sent = LIMIT + timedelta(hours=10, minutes=38)
    with late.office.db.write() as session:
        notices = session.exec(select(Notice).where(col(Notice.account_id) == late.ids["lan"])).all()
        [told] = [n for n in notices if n.data.get("flag") == flag.id]
        mail = Mail(
            school_id=late.school_id,
            account_id=late.ids["lan"],
            message_id="<told@truong.example>",
            recipient="lan@truong.example",
            subject="Ghi nhận",
            text="",
            html="",
            state="sent",
            next_try_at=sent,
            created_at=sent,
            sent_at=sent,
        )
        session.add(mail)
        session.flush()
        told.mail_id = mail.id
    for path in short:  # the reminder before the limit waits still: it is not counted
        line = shown(client, path).split("Đã nhắc: ")[1].split("</span>")[0]
        assert "10:38" in line
        assert "lần" not in line
    page = shown(client, f"/flags/{flag.id}")
    assert "báo sau khi ghi nhận: 25/11/2026 10:38" in page
    assert "nhắc trước hạn <span" in page


# --- accounts: for their owner, administrators and the principal ----------------------------------------


def aged(session: Session, cast: Cast) -> None:
    session.get_one(Account, cast.ids["lan"]).password_changed_at = cast.office.now() - timedelta(days=200)
    key = session.exec(select(SigningKey).where(col(SigningKey.account_id) == cast.ids["lan"])).one()
    key.expires_at = cast.office.now() + timedelta(days=3)


def test_what_is_about_an_account_is_on_its_owners_desk_and_few_see_it(
    client: TestClient, late: Cast
) -> None:
    with late.office.db.write() as session:
        aged(session, late)
    look(late.office.db, late.office.now())
    flag = flag_of(late, "lan", "password-old", "").id
    key = flag_of(late, "lan", "certificate", "").id
    enter(client, late, "lan")
    desk = shown(client, "/")
    assert f"/flags/{flag}" in desk
    assert f"/flags/{key}" in desk
    assert "Chứng thư ký có hiệu lực đến" in desk
    for who, status in (("minh", 200), ("admin", 200), ("ngoc", 404), ("hoa", 404), ("mai", 404)):
        enter(client, late, who)
        shown(client, f"/flags/{flag}", status)
        assert f"/flags/{flag}" not in shown(client, "/")
    answer = client.get("/api/v1/flags", params={"rule": "password-old"}, headers=bearer(client, "admin"))
    [item] = answer.json()["items"]
    assert (item["id"], item["week"], item["type"], item["kind"]) == (flag, None, None, "password-old")


def test_a_changed_password_resolves_its_flag_at_once(client: TestClient, late: Cast) -> None:
    with late.office.db.write() as session:
        aged(session, late)
    look(late.office.db, late.office.now())
    csrf = enter(client, late, "lan")
    typed = {
        "old_password": PASSWORD,
        "new_password": "Moi-hoan-toan-7!",
        "again_password": "Moi-hoan-toan-7!",
    }
    assert client.post("/password", data=typed | {"csrf": csrf}).status_code == 303
    assert flag_of(late, "lan", "password-old", "").resolved_at is not None
    assert look(late.office.db, late.office.now(), late.school_id, {"password-old"}) == 0


def test_signing_in_is_what_counts_as_use(client: TestClient, late: Cast) -> None:
    with late.office.db.write() as session:
        session.get_one(Account, late.ids["lan"]).last_seen_at = None
    client.post("/api/v1/token", data={"username": "lan", "password": PASSWORD})
    with late.office.db.read() as session:
        assert session.get_one(Account, late.ids["lan"]).last_seen_at is not None


# --- notices --------------------------------------------------------------------------------------------


def test_of_what_was_waived_before_the_mail_went_nobody_is_reminded(client: TestClient, late: Cast) -> None:
    waive(client, late, flag_of(late, "lan").id)
    now = late.office.now()
    fold(late.office.db, late.office.settings, now, lambda *_: (), working_days)
    with late.office.db.read() as session:  # it waits for the digest, whenever that goes
        notices = select(func.max(Notice.due_at)).where(col(Notice.account_id) == late.ids["lan"])
        digest = session.exec(notices).one()
    assert digest > now
    fold(late.office.db, late.office.settings, digest + GATHER, lambda *_: (), working_days)
    with late.office.db.read() as session:
        about = {
            n.kind: n.dropped
            for n in session.exec(select(Notice).where(col(Notice.account_id) == late.ids["lan"]))
            if n.data.get("flag") == flag_of(late, "lan").id or n.kind == "waiver"
        }
    assert about == {"flag": True, "waiver": False}


def test_the_scheduler_looks_at_the_facts(late: Cast) -> None:
    with late.office.db.write() as session:
        aged(session, late)
    works = Clockwork(late.office.db, late.office.settings, late.office.now)
    works.look_at_facts()
    with late.office.db.read() as session:
        assert session.exec(select(Flag).where(col(Flag.rule) == "password-old")).first() is None
    works.take_the_lead()
    assert flag_of(late, "lan", "password-old", "").resolved_at is None


def test_a_record_tells_of_an_overdue_review_only_whom_it_concerns(client: TestClient, late: Cast) -> None:
    document = late.sent("lan", WEEK + 2).id
    look(late.office.db, LIMIT + timedelta(days=30), late.school_id, {"overdue"})
    seen = {}
    for who in ("lan", "hoa", "minh"):
        answer = client.get(f"/api/v1/documents/{document}", headers=bearer(client, who)).json()
        seen[who] = [(f["rule"], f["waived"]) for f in answer["flags"]]
    assert seen == {"lan": [], "hoa": [("overdue", False)], "minh": [("overdue", False)]}


def read(client: TestClient, path: str) -> str:
    """The page's words, its tags left out."""
    return " ".join(re.sub(r"<[^>]*>", " ", shown(client, path)).split())


def test_a_flag_that_a_new_limit_took_back_says_so_and_not_that_it_was_handed_in(
    client: TestClient, late: Cast
) -> None:
    flag = flag_of(late, "lan")
    with late.office.db.write() as session:
        declared = rule_changes.declared_rules()["lesson_plan_due"]
        monday = session.get_one(SchoolWeek, flag.week_id).monday
        rule = BeforeWeekday(FRIDAY, weeks_before=1)
        rule_changes.set_rule(session, late.actor("admin"), declared, rule, monday, late.office.now())
    scan(late.office.db, late.office.now())
    enter(client, late, "lan")
    why = "Hạn dời sang hết thứ Năm 26/11 do đổi quy tắc"
    words = read(client, f"/flags/{flag.id}")
    assert f"Kết thúc {why}" in words
    assert f"Không còn: {why}" in words
    assert "Đã xong" not in words
    listed = read(client, "/flags/list?state=resolved")
    assert f"Không còn Chưa nộp {why}" in listed
    assert why in read(client, f"/flags/lesson-plan/{late.ids['lan']}/{flag.week_id}")
    table = client.get("/flags/list.csv?state=resolved").content.decode("utf-8-sig")
    assert f"Không còn: {why}" in table
    asked = {"state": "resolved", "rule": "missing", "week": flag.week_id, "type": "lesson-plan"}
    answer = client.get("/api/v1/flags", params=asked, headers=bearer(client, "lan")).json()
    assert [(f["state"], f["gone"]["vi"]) for f in answer["items"]] == [("resolved", why)]

    # Past the new limit it is missing again; what is then handed in is done, and the history keeps both.
    late.office.now = lambda: LIMIT + timedelta(days=3)
    scan(late.office.db, late.office.now())
    again = client.get(
        "/api/v1/flags", params=asked | {"state": "open"}, headers=bearer(client, "lan")
    ).json()
    assert [(f["state"], f["gone"]) for f in again["items"]] == [("open", None)]
    late.sent("lan", WEEK)
    scan(late.office.db, late.office.now() + timedelta(minutes=1))
    words = read(client, f"/flags/{flag.id}")
    assert "Kết thúc" not in words
    assert f"Không còn: {why}" in words
    assert "Đã xong" in words
