"""The deadlines page, `GET /flags`, the mailbox: who sees which flag in which words, who reads mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape

import pytest
from fastapi.testclient import TestClient

from flows import delegations
from flows.candidates import today
from flows.clock import scan
from flows.delegation_rules import Asked
from models.account import Pass
from models.document import Document
from models.notice import Mail
from models.settings import VIETNAM
from service.app import create_app
from service.mailbox import folder, keep
from service.passes import COOKIE, digest, issue_pass
from tests.cast import PASSWORD, Cast

LIMIT = datetime(2026, 11, 25, tzinfo=VIETNAM)
"""Lesson plans of week 13 (Monday 30/11/2026)."""

WEEK = 13


@pytest.fixture
def flagged(cast: Cast) -> Cast:
    """Week 13: lan signed 8 hours late, mai in time, the others nothing; looked at on Wednesday at nine.

    Both have signed their teaching plans in time.
    """
    cast.office.now = lambda: LIMIT + timedelta(hours=9)
    in_time = timedelta(days=-30)
    for name, slug, after in (
        ("lan", "lesson-plan", timedelta(hours=8)),
        ("mai", "lesson-plan", timedelta(hours=-8)),
        ("lan", "teacher-teaching-plan", in_time),
        ("mai", "teacher-teaching-plan", in_time),
    ):
        signed = LIMIT + after
        row = Document(
            school_id=cast.school_id,
            type=slug,
            owner_id=cast.ids[name],
            group_id=cast.groups["1-2-3"],
            week_id=cast.weeks[WEEK],
            title=f"Kế hoạch bài dạy tuần {WEEK}",
            status="in_progress",
            step="group_review",
            first_signed_at=signed,
            created_at=signed,
            updated_at=signed,
        )
        with cast.office.db.write() as session:
            session.add(row)
    scan(cast.office.db, cast.office.now())
    return cast


@pytest.fixture
def client(flagged: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(flagged.office.settings, flagged.office), follow_redirects=False) as client:
        yield client


def enter(client: TestClient, cast: Cast, name: str) -> str:
    """Sign in without the form; the token of that session's forms."""
    with cast.office.db.write() as session:
        token = issue_pass(session, cast.office.settings, cast.ids[name], "session", datetime.now(UTC))
    client.cookies.set(COOKIE, token)
    with cast.office.db.read() as session:
        return session.get_one(Pass, digest(token)).csrf


def shown(client: TestClient, path: str = "/flags/list", status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


@pytest.mark.parametrize(
    ("types", "board", "flags"),
    [
        ((), {"lan", "mai", "hoa"}, {"lan", "mai", "hoa"}),
        (("lesson-plan",), {"lan", "mai", "hoa"}, {"lan", "mai", "hoa"}),
        (("team-teaching-plan",), set(), set()),
    ],
)
def test_who_stands_in_for_a_head_sees_the_board_of_the_group_while_it_runs(
    flagged: Cast, client: TestClient, types: tuple[str, ...], board: set[str], flags: set[str]
) -> None:
    """`huong` of the other group: of the types handed over, and no longer once it has ended."""
    enter(client, flagged, "huong")
    path = f"/flags?type=lesson-plan&week={flagged.weeks[WEEK]}"

    def named(path: str) -> set[str]:
        page = shown(client, path)
        return {name for name in ("lan", "mai", "hoa") if NAMES[name] in page}

    assert named(path) == named("/flags/list") == set()
    now = datetime.now(UTC)
    asked = Asked(
        flagged.ids["hoa"],
        flagged.ids["huong"],
        today(now),
        today(now) + timedelta(days=3),
        types=types,
        number="12/GUQ",
        dated=today(now),
    )
    given = delegations.give(flagged.office, flagged.actor("hoa"), asked, now)
    assert named(path) == board
    listed = shown(client, f"/flags/list?week={flagged.weeks[WEEK]}")
    assert ("lan" in flags) == (NAMES["lan"] in listed)
    person = client.get(f"/flags/people/{flagged.ids['lan']}")
    assert person.status_code == 200
    assert ("/flags/lesson-plan/" in person.text) == bool(board)
    delegations.end(flagged.office, flagged.actor("hoa"), given, now)
    assert named(path) == set()
    assert client.get(f"/flags/people/{flagged.ids['lan']}").status_code == 404


NAMES = {"lan": "Nguyễn Thị Lan", "mai": "Trần Thị Mai", "hoa": "Phạm Thị Hoa", "huong": "Đặng Thị Hường"}


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("lan", {"lan"}),
        ("huong", {"huong"}),
        ("hoa", {"lan", "hoa"}),
        ("lien", {"lan", "hoa"}),
        ("minh", {"lan", "hoa", "huong"}),
        ("ngoc", {"lan", "hoa", "huong"}),
        ("binh", set()),
        ("admin", set()),
        ("teacher_b", set()),
    ],
)
def test_everyone_sees_their_own_heads_their_group_principals_all(
    client: TestClient, flagged: Cast, who: str, sees: set[str]
) -> None:
    enter(client, flagged, who)
    path = "/flags/list" if who == "teacher_b" else f"/flags/list?week={flagged.weeks[WEEK]}"
    main = shown(client, path).split("<main")[1].split("</main>")[0]
    assert {name for name, full in NAMES.items() if full in main} == sees


def test_a_flag_shows_its_rule_and_its_times(client: TestClient, flagged: Cast) -> None:
    enter(client, flagged, "lan")
    text = shown(client)
    assert "Muộn 8 giờ" in text
    assert "Hạn: trước 00:00 thứ Tư 25/11; ký lúc 08:00 thứ Tư 25/11: muộn 8 giờ" in text
    assert "Quy tắc: hết thứ Ba của tuần liền trước tuần dạy (trước 00:00 thứ Tư)" in text
    assert "hết thứ Ba 24/11 (trước 00:00 thứ Tư 25/11)" in text
    enter(client, flagged, "huong")
    text = shown(client, f"/flags/list?week={flagged.weeks[WEEK]}&lang=en")
    assert "Missing" in text
    assert "Due before 00:00 Wed 25/11; not signed and submitted" in text


def test_ones_own_stand_first(client: TestClient, flagged: Cast) -> None:
    enter(client, flagged, "hoa")
    text = shown(client, f"/flags/list?week={flagged.weeks[WEEK]}")
    assert text.index("Của tôi") < text.index(NAMES["hoa"], text.index("Của tôi")) < text.index(NAMES["lan"])


def test_a_week_that_is_not_there_or_elsewhere_is_not_found(client: TestClient, flagged: Cast) -> None:
    enter(client, flagged, "minh")
    shown(client, "/flags/list?week=nowhere", 404)
    enter(client, flagged, "principal_b")
    shown(client, f"/flags/list?week={flagged.weeks[WEEK]}", 404)


def test_a_quiet_week_says_so(client: TestClient, flagged: Cast) -> None:
    enter(client, flagged, "minh")
    assert "Không có hồ sơ nào muộn hoặc thiếu" in shown(client, f"/flags/list?week={flagged.weeks[34]}")


def test_the_api_lists_flags_in_pages(client: TestClient, flagged: Cast) -> None:
    token = client.post("/api/v1/token", data={"username": "minh", "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}

    def ask(**params: str) -> dict:
        answer = client.get("/api/v1/flags", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    [late] = ask(rule="late")["items"]
    assert late["owner"] == {"id": flagged.ids["lan"], "name": "Nguyễn Thị Lan"}
    assert late["week"]["number"] == WEEK
    assert late["due"] == "2026-11-25T00:00:00+07:00"
    assert late["opened_at"] == "2026-11-25T08:00:00+07:00"
    assert late["sentence"]["en"] == "Due before 00:00 Wed 25/11; signed 08:00 Wed 25/11: 8 h late"
    assert late["document_id"]
    everything = ask()
    seen = [item["id"] for item in everything["items"]]
    while everything["next"]:
        everything = ask(cursor=everything["next"])
        seen += [item["id"] for item in everything["items"]]
    assert len(set(seen)) == len(seen)
    per_week = [item["id"] for week in flagged.weeks.values() for item in ask(week=week)["items"]]
    assert sorted(seen) == sorted(per_week)
    assert client.get("/api/v1/flags").status_code == 401


# the mailbox


def catch(cast: Cast, to: str = "lan@example.test", subject: str = "Chờ xử lý: 3 mục") -> str:
    message = EmailMessage()
    message["To"], message["Subject"] = to, subject
    message.set_content("Mở: http://127.0.0.1:8080/documents/abc\n<script>alert(1)</script>\n")
    message.add_alternative("<script>alert(2)</script>", subtype="html")
    return keep(folder(cast.office.settings), message.as_bytes()).name


def test_the_administrator_reads_caught_mails_as_text_with_links(client: TestClient, flagged: Cast) -> None:
    name = catch(flagged)
    catch(flagged, "hoa@example.test", "Bị trả lại: 1 hồ sơ")
    enter(client, flagged, "admin")
    text = shown(client, "/mailbox")
    assert "Chờ xử lý: 3 mục" in text
    assert "Bị trả lại: 1 hồ sơ" in text
    text = shown(client, "/mailbox?to=HOA@")
    assert "Chờ xử lý: 3 mục" not in text
    assert "Bị trả lại: 1 hồ sơ" in text
    raw = client.get(f"/mailbox/{name}").text
    assert '<a href="http://127.0.0.1:8080/documents/abc">' in raw
    assert "&lt;script&gt;alert(1)" in raw
    assert "alert(2)" not in raw


@pytest.mark.parametrize("path", ["..%2fsecrets%2fmaster.key", "nothing.eml", "0-0.eml", ".eml"])
def test_only_mails_are_read(client: TestClient, flagged: Cast, path: str) -> None:
    catch(flagged)
    enter(client, flagged, "admin")
    shown(client, f"/mailbox/{path}", 404)


def test_others_find_no_mailbox_except_in_the_demo(client: TestClient, flagged: Cast) -> None:
    name = catch(flagged)
    enter(client, flagged, "lan")
    shown(client, "/mailbox", 404)
    shown(client, f"/mailbox/{name}", 404)
    flagged.office.settings.demo = True
    assert "Chờ xử lý: 3 mục" in shown(client, "/mailbox")
    assert "Thư gửi đi" not in shown(client, "/mailbox")


def test_with_a_mail_server_nothing_caught_is_shown(client: TestClient, flagged: Cast) -> None:
    name = catch(flagged)
    flagged.office.settings.smtp_host = "mail.example.test"
    enter(client, flagged, "admin")
    assert "Chờ xử lý: 3 mục" not in shown(client, "/mailbox")
    shown(client, f"/mailbox/{name}", 404)


def failed(cast: Cast, school_id: str, account_id: str) -> str:
    now = cast.office.now()
    mail = Mail(
        school_id=school_id,
        account_id=account_id,
        message_id=f"<{account_id}@example.test>",
        recipient="lan@example.test",
        subject="Chờ xử lý: 1 hồ sơ",
        text="",
        html="",
        state="failed",
        next_try_at=now,
        created_at=now,
        error="550 No such mailbox",
    )
    with cast.office.db.write() as session:
        session.add(mail)
    return mail.id


def test_a_mail_that_failed_is_visible_and_can_be_sent_again(client: TestClient, flagged: Cast) -> None:
    mail = failed(flagged, flagged.school_id, flagged.ids["lan"])
    elsewhere = failed(flagged, flagged.other_school_id, flagged.ids["teacher_b"])
    csrf = enter(client, flagged, "admin")
    assert shown(client, "/mailbox").count("550 No such mailbox") == 1
    assert client.get(f"/mailbox/{mail}/retry").status_code == 405
    assert client.post(f"/mailbox/{mail}/retry").status_code == 403
    assert client.post(f"/mailbox/{elsewhere}/retry", data={"csrf": csrf}).status_code == 404
    assert client.post(f"/mailbox/{mail}/retry", data={"csrf": csrf}).status_code == 303
    with flagged.office.db.read() as session:
        assert session.get_one(Mail, mail).state == "waiting"
        assert session.get_one(Mail, elsewhere).state == "failed"
    csrf = enter(client, flagged, "lan")
    assert client.post(f"/mailbox/{elsewhere}/retry", data={"csrf": csrf}).status_code == 404
