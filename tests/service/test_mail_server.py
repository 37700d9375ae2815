"""A school's own mail server: edited, tried, confirmed by the principal, and its password seen nowhere."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as SmtpSession
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select

from flows.clock import LAST_WEEK
from models.account import Account, AccountRole, Change
from models.db import Database
from models.mail_server import MailServer
from models.notice import Mail, Notice
from models.settings import Settings
from service import admin_overview, doctor_reach, keeping, mail_changes, mail_trying, reset_links
from service.app import create_app
from service.mail_form import Typed
from tasks import mail_servers, posting
from tasks.keys import Secret
from tasks.mailing import AT_MOST, fold
from tasks.posting import Posted, post
from tests.cast import PASSWORD, Cast
from tests.clockwork import every_weekday
from tests.every_state import stamp
from tests.mail_server import mail_server
from tests.service.test_pages_admin import Person
from tests.tasks.test_mailing import Postman, audiences, plain

# The servers of these tests take passwords in the clear, on this machine.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
Enter = Callable[[str], Person]
WORD = "Mật-khẩu/thư+2026"
HOUR = timedelta(hours=1)


@pytest.fixture
def enter(cast: Cast) -> Iterator[Enter]:
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app):
        yield lambda name: Person(app, name)


def knows(word: str) -> Callable[..., AuthResult]:
    """A server whose password this is; it repeats in its refusal what it was sent, as no server should."""

    def authenticate(
        server: SMTP, session: SmtpSession, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = data == LoginPassword(b"truong", word.encode())
        sent = base64.b64encode(b"\0" + data.login + b"\0" + data.password).decode()
        said = f"535 5.7.8 {data.password.decode()} ({sent}) is not right"
        return AuthResult(success=good, handled=False, auth_data="truong", message=None if good else said)

    return authenticate


def guarded(postman: Postman, word: str = WORD) -> AbstractContextManager[Any]:
    return mail_server(postman, auth_required=True, auth_require_tls=False, authenticator=knows(word))


@pytest.fixture
def before(cast: Cast) -> Iterator[Postman]:
    """The installation's mail server."""
    postman = Postman()
    with mail_server(postman) as server:
        cast.office.settings.smtp_host = "127.0.0.1"
        cast.office.settings.smtp_port = server.port
        yield postman


@pytest.fixture
def after() -> Postman:
    return Postman()


@pytest.fixture
def port(after: Postman) -> Iterator[int]:
    """The school's own server, on this machine, behind a password."""
    with guarded(after) as server:
        yield server.port


def form(number: int, /, **changed: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(number),
        "encryption": "none",
        "login": "truong",
        "password": WORD,
        "sender": "hoso@dongmai.example",
        "sender_name": "Trường Đồng Mai",
    } | changed


def save(who: Person, number: int, /, **changed: str) -> Response:
    return who.post("/admin/mail/server", act="save", **form(number, **changed))


def keep(who: Person, number: int, /, **changed: str) -> Response:
    """Save it though it fails: the button that is there only then."""
    failed = save(who, number, **changed)
    seal = re.search(r'name="seal" value="(\w+)"', failed.text)
    assert seal is not None, failed.text
    return who.post("/admin/mail/server", act="anyway", seal=seal[1], **form(number, **changed))


def confirm(who: Person, answer: str = "confirm") -> Response:
    found = re.findall(r"/confirmations/([^/]+)/confirm", who.get("/confirmations"))
    return who.post(f"/confirmations/{found[-1]}/{answer}", password=PASSWORD)


def deliver(cast: Cast, after: timedelta = timedelta(), settings: Settings | None = None) -> Posted:
    used, now = settings or cast.office.settings, cast.office.now() + AT_MOST + after
    fold(cast.office.db, used, now, audiences, every_weekday)
    return asyncio.run(post(cast.office.db, used, now))


def held(cast: Cast, school_id: str = "") -> MailServer | None:
    with cast.office.db.read() as session:
        return mail_servers.own(session, school_id or cast.school_id)


def changes_of(cast: Cast) -> list[Change]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Change).order_by(col(Change.id))).all())


def make_admin(cast: Cast, who: str, school_id: str = "") -> None:
    with cast.office.db.write() as session:
        session.add(
            AccountRole(school_id=school_id or cast.school_id, account_id=cast.ids[who], role="admin")
        )


# law 7


def test_an_administrators_server_waits_for_the_principal_and_the_news_goes_by_the_old_one(
    cast: Cast, enter: Enter, before: Postman, after: Postman, port: int
) -> None:
    admin, minh = enter("admin"), enter("minh")
    assert "máy chủ thư của bản cài đặt" in admin.get("/admin/mail")
    asked = save(admin, port)
    assert asked.status_code == 200
    assert "Đang chờ xác nhận: Đổi máy chủ thư của trường" in asked.text
    assert held(cast) is None
    assert "Đang chờ Hiệu trưởng xác nhận" in admin.get("/admin/mail")
    assert enter("ngoc").get("/confirmations").count("/confirm") == enter("lan").get("/confirmations").count(
        "/confirm"
    )
    page = minh.get("/confirmations")
    assert f"cổng “{cast.office.settings.smtp_port}” → “{port}”" in page
    assert "Ai giữ máy chủ thư đọc được mọi thư" in page
    deliver(cast)
    assert {m["To"] for m in before.taken} == {"admin@example.test", "minh@example.test"}
    before.taken.clear()

    assert "Đã thực hiện: Đổi máy chủ thư của trường" in confirm(minh).text
    assert (server := held(cast)) is not None
    assert (server.host, server.port, server.sender) == ("127.0.0.1", port, "hoso@dongmai.example")
    assert "máy chủ thư riêng" in admin.get("/admin/mail")
    reset_links.ask(cast.office, "lan", "127.0.0.1", cast.office.now())
    assert deliver(cast, AT_MOST) == Posted(sent=3)
    assert {m["To"] for m in before.taken} == {"admin@example.test", "minh@example.test"}
    assert all("Đổi máy chủ thư của trường" in plain(m) for m in before.taken)
    assert [(m["To"], m["From"]) for m in after.taken] == [
        ("lan@example.test", "Trường Đồng Mai <hoso@dongmai.example>")
    ]
    assert after.user == "truong"


def test_a_principal_who_is_an_administrator_too_does_it_at_once_and_both_are_told(
    cast: Cast, enter: Enter, before: Postman, port: int
) -> None:
    make_admin(cast, "minh")
    assert "Đã thực hiện" in save(enter("minh"), port).text
    assert held(cast) is not None
    deliver(cast)
    assert {m["To"] for m in before.taken} == {"admin@example.test", "minh@example.test"}


def test_a_refusal_changes_nothing_and_keeps_no_password(
    cast: Cast, enter: Enter, before: Postman, port: int
) -> None:
    admin, minh = enter("admin"), enter("minh")
    save(admin, port)
    [waiting] = changes_of(cast)
    assert waiting.data["protected"]
    assert confirm(minh, "refuse").status_code == 303
    [refused] = changes_of(cast)
    assert (refused.state, "protected" in refused.data) == ("refused", False)
    assert held(cast) is None
    assert "Không đồng ý" in admin.get("/admin")


def test_asking_again_replaces_and_what_another_overtook_is_refused(
    cast: Cast, enter: Enter, before: Postman, port: int
) -> None:
    admin, minh = enter("admin"), enter("minh")
    save(admin, port, sender_name="Gõ nhầm")
    save(admin, port)
    assert [c.state for c in changes_of(cast)] == ["replaced", "waiting"]
    assert "Đã thay bằng đề nghị khác" in admin.get("/admin")
    make_admin(cast, "minh")
    save(minh, port, sender_name="Của hiệu trưởng")
    late = confirm(minh)
    assert (late.status_code, "đã đổi sau khi có đề nghị này" in late.text) == (422, True)
    assert (server := held(cast)) is not None
    assert server.sender_name == "Của hiệu trưởng"
    assert [c.state for c in changes_of(cast)] == ["replaced", "waiting", "done"]


def test_the_way_back_waits_too_and_leads_to_the_installations_server(
    cast: Cast, enter: Enter, before: Postman, after: Postman, port: int
) -> None:
    admin, minh = enter("admin"), enter("minh")
    assert admin.post("/admin/mail/back").status_code == 422
    save(admin, port)
    confirm(minh)
    assert "Đang chờ xác nhận: Trở về" in admin.post("/admin/mail/back").text
    assert held(cast) is not None
    confirm(minh)
    assert held(cast) is None
    reset_links.ask(cast.office, "lan", "127.0.0.1", cast.office.now())
    before.taken.clear()
    after.taken.clear()
    deliver(cast)
    assert "lan@example.test" in {m["To"] for m in before.taken}
    assert all("Máy chủ thư của trường" in plain(m) for m in after.taken)


def test_without_a_principal_nobody_could_confirm(cast: Cast, enter: Enter, port: int) -> None:
    with cast.office.db.write() as session:
        session.delete(session.get_one(AccountRole, (cast.school_id, cast.ids["minh"], "principal")))
    refused = save(enter("admin"), port)
    assert (refused.status_code, "chưa có hiệu trưởng" in refused.text) == (422, True)


def test_the_news_does_not_wait_for_ever_for_a_server_that_is_gone(
    cast: Cast, enter: Enter, after: Postman, port: int
) -> None:
    cast.office.settings.smtp_host = "127.0.0.1"
    cast.office.settings.smtp_port = 9  # nobody listens there
    make_admin(cast, "minh")
    save(enter("minh"), port)
    assert deliver(cast) == Posted(postponed=2)
    later = cast.office.now() + mail_servers.OLD_HOLDS + AT_MOST
    assert asyncio.run(post(cast.office.db, cast.office.settings, later)) == Posted(sent=2)
    assert len(after.taken) == 2


# schools, restarts, keys


def test_a_second_school_keeps_its_own(
    cast: Cast, enter: Enter, before: Postman, after: Postman, port: int
) -> None:
    make_admin(cast, "principal_b", cast.other_school_id)
    save(enter("principal_b"), port)
    assert held(cast, cast.other_school_id) is not None
    assert held(cast) is None
    admin = enter("admin")
    page = admin.get("/admin/mail")
    assert f'value="{port}"' not in page
    save(admin, port, sender_name="Trường A")
    assert "Đổi máy chủ thư" not in enter("principal_b").get("/confirmations")
    [asked] = [c for c in changes_of(cast) if c.state == "waiting"]
    assert (
        enter("principal_b").post(f"/confirmations/{asked.id}/confirm", password=PASSWORD).status_code == 404
    )
    for name in ("lan", "teacher_b"):
        reset_links.ask(cast.office, name, "127.0.0.1", cast.office.now())
    deliver(cast)
    assert [m["To"] for m in after.taken] == ["teacher_b@example.test"]
    assert "lan@example.test" in {m["To"] for m in before.taken}


def test_it_holds_after_a_restart(
    cast: Cast, enter: Enter, before: Postman, after: Postman, port: int
) -> None:
    make_admin(cast, "minh")
    save(enter("minh"), port)
    reset_links.ask(cast.office, "lan", "127.0.0.1", cast.office.now())
    again = Settings(data=cast.office.settings.data, port=cast.office.settings.port)
    db = Database(again.database)
    try:
        assert asyncio.run(post(db, again, cast.office.now())) == Posted(sent=1)
    finally:
        db.dispose()
    assert [m["To"] for m in after.taken] == ["lan@example.test"]


def test_another_master_key_opens_no_password_and_typing_it_again_mends_that(
    cast: Cast, enter: Enter, before: Postman, after: Postman, port: int
) -> None:
    make_admin(cast, "minh")
    minh = enter("minh")
    save(minh, port)
    stamp(cast.office)
    assert "127.0.0.1" in "".join(f.line for f in doctor_reach.mail(cast.office.settings) if f.mark == "✓")
    with cast.office.db.write() as session:
        row = mail_servers.own(session, cast.school_id)
        assert row is not None
        row.protected = mail_servers.protect(
            Secret(WORD), b"another key of thirty-two bytes.", cast.school_id, row.host, row.port, row.login
        )
        session.add(row)
    reset_links.ask(cast.office, "lan", "127.0.0.1", cast.office.now())
    assert asyncio.run(post(cast.office.db, cast.office.settings, cast.office.now())) == Posted(postponed=1)
    assert "không mở được bằng khóa chủ" in minh.get("/admin/mail")
    assert [f.mark for f in doctor_reach.mail(cast.office.settings)] == ["✓", "✗"]
    with cast.office.db.read() as session:
        matters = admin_overview.overview_of(session, cast.office.settings, cast.school_id, cast.office.now())
    said = [m.sentence.vi for m in matters if m.urgent]
    assert said == ["1 thư chờ vì máy chủ thư chưa nhận", "Mật khẩu thư không mở được bằng khóa chủ"]
    assert "Nhập lại mật khẩu" in save(minh, port, password="").text
    assert save(minh, port).status_code == 200
    deliver(cast, HOUR)
    assert "lan@example.test" in {m["To"] for m in after.taken}


def test_a_backup_keeps_the_server_and_its_password_sealed(
    cast: Cast, enter: Enter, before: Postman, port: int, tmp_path: Path
) -> None:
    make_admin(cast, "minh")
    save(enter("minh"), port)
    stamp(cast.office)
    file = tmp_path / "kept.zip"
    assert keeping.back_up(cast.office.settings, file, None, None, lambda _: None) == 0
    with zipfile.ZipFile(file) as archive:
        found = b"".join(archive.read(name) for name in archive.namelist())
    assert str(port).encode() in found
    assert WORD.encode() not in found


# the password


def test_the_password_is_seen_nowhere(
    cast: Cast, enter: Enter, before: Postman, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admin, minh = enter("admin"), enter("minh")
    pages = [
        admin.post("/admin/mail/server", act="try", **form(port)).text,
        save(admin, port, host="not a host").text,
        save(admin, port).text,
        minh.get("/confirmations"),
        confirm(minh).text,
        admin.get("/admin/mail"),
        admin.get("/admin"),
    ]
    deliver(cast)
    with cast.office.db.read() as session:
        kept = [str(row.data) for row in session.exec(select(Change)).all()]
        kept += [str(row.data) for row in session.exec(select(Notice)).all()]
        kept += [m.text + m.html + m.error for m in session.exec(select(Mail)).all()]
    files = b"".join(f.read_bytes() for f in cast.office.settings.data.glob("hososo.db*"))
    assert b"hoso@dongmai.example" in files
    typed = (WORD, base64.b64encode(WORD.encode()).decode())
    for word in (*typed, base64.b64encode(f"\0truong\0{WORD}".encode()).decode()):
        assert word not in "".join(pages) + "".join(kept) + caplog.text
        assert word.encode() not in files
    assert WORD not in repr(held(cast)) + repr(Typed(password=Secret(WORD)))


def test_an_empty_password_keeps_the_present_one_for_the_same_server_alone(
    cast: Cast, enter: Enter, before: Postman, after: Postman, port: int
) -> None:
    make_admin(cast, "minh")
    minh = enter("minh")
    first = save(minh, port, password="")
    assert (first.status_code, "Nhập mật khẩu của tài khoản thư" in first.text) == (422, True)
    save(minh, port)
    assert save(minh, port, password="", sender_name="Tên mới").status_code == 200
    for other in ({"host": "localhost"}, {"port": str(port - 1)}, {"login": "khac"}):
        for act in ("save", "try"):
            refused = minh.post("/admin/mail/server", act=act, **form(port, password="", **other))
            assert (refused.status_code, "Nhập lại mật khẩu" in refused.text) == (422, True)
    same = save(minh, port, password="", sender_name="Tên mới")
    assert (same.status_code, "Chưa có gì khác" in same.text) == (422, True)
    reset_links.ask(cast.office, "lan", "127.0.0.1", cast.office.now())
    deliver(cast)
    assert "lan@example.test" in {m["To"] for m in after.taken}


def test_old_passwords_are_forgotten(cast: Cast, enter: Enter, before: Postman, port: int) -> None:
    make_admin(cast, "minh")
    minh = enter("minh")
    save(minh, port)
    save(minh, port, sender_name="Tên mới")
    for later, left in ((timedelta(), 2), (LAST_WEEK, 1)):
        with cast.office.db.write() as session:
            mail_servers.forget_old(session, cast.office.now() + later)
            rows = session.exec(select(MailServer).where(col(MailServer.protected).is_not(None))).all()
        assert len(rows) == left
    assert (server := held(cast)) is not None
    assert server.protected is not None


# trying


def test_a_try_sends_a_test_through_what_was_typed_and_saves_nothing(
    cast: Cast, enter: Enter, before: Postman, after: Postman, port: int
) -> None:
    admin = enter("admin")
    tried = admin.post("/admin/mail/server", act="try", **form(port))
    assert tried.status_code == 200
    assert "Máy chủ đã nhận thư thử gửi tới admin@example.test" in tried.text
    assert [(m["To"], m["From"].addresses[0].addr_spec) for m in after.taken] == [
        ("admin@example.test", "hoso@dongmai.example")
    ]
    assert before.taken == []
    assert changes_of(cast) == []
    with cast.office.db.read() as session:
        assert session.exec(select(Mail)).all() == []
    kept = re.search(r'name="kept_password" value="([^"]+)"', tried.text)
    assert kept is not None
    again = {"password": "", "kept_password": kept[1]}
    assert save(admin, port, **again).status_code == 200
    assert save(admin, port, host="localhost", **again).status_code == 422
    confirm(enter("minh"))
    reset_links.ask(cast.office, "lan", "127.0.0.1", cast.office.now())
    assert asyncio.run(post(cast.office.db, cast.office.settings, cast.office.now())).sent == 1
    assert after.taken[-1]["To"] == "lan@example.test"


@pytest.mark.parametrize("act", ["try", "save"])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "Sai-mật-khẩu"}, "không nhận tài khoản hoặc mật khẩu"),
        ({"login": "", "password": ""}, "Máy chủ đòi đăng nhập"),
        ({"encryption": "starttls"}, "không có STARTTLS"),
        ({"encryption": "tls"}, "không dùng cách mã hóa đã chọn"),
        ({"port": "1"}, "Cổng phải là"),
        ({"sender": "hoso@dongmai.example\r\nBcc: x@y.vn"}, "Ghi một địa chỉ thư"),
    ],
)
def test_a_try_that_fails_says_why_and_keeps_what_was_typed(
    cast: Cast, enter: Enter, after: Postman, port: int, changed: dict[str, str], said: str, act: str
) -> None:
    tried = enter("admin").post("/admin/mail/server", act=act, **form(port, **changed))
    assert said in tried.text
    assert 'value="Trường Đồng Mai"' in tried.text
    assert "Sai-mật-khẩu" not in tried.text
    assert base64.b64encode("\0truong\0Sai-mật-khẩu".encode()).decode() not in tried.text
    assert after.taken == []
    assert changes_of(cast) == []


def test_a_server_that_fails_is_saved_only_by_an_explicit_choice_and_the_principal_is_told(
    cast: Cast, enter: Enter, port: int
) -> None:
    admin, minh = enter("admin"), enter("minh")
    assert "chưa cho hệ thống vào" not in keep(admin, port, password="Sai-mật-khẩu").text
    assert "chưa cho hệ thống vào" in minh.get("/confirmations")
    other = save(admin, port, login="khac")
    seal = re.search(r'name="seal" value="(\w+)"', other.text)
    assert seal is not None
    # What was changed since the try is tried again, not kept.
    wrong = form(port, password="Sai-mật-khẩu")
    assert admin.post("/admin/mail/server", act="anyway", seal=seal[1], **wrong).status_code == 422
    assert len(changes_of(cast)) == 1
    assert save(admin, port).status_code == 200  # one that lets us in replaces it, untold
    assert "chưa cho hệ thống vào" not in minh.get("/confirmations")


def test_a_server_that_says_nothing_does_not_hold_the_page(
    cast: Cast, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "KNOCK", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused = save(enter("admin"), silent.getsockname()[1])
    assert (refused.status_code, "không trả lời kịp" in refused.text) == (422, True)
    assert changes_of(cast) == []


def test_a_wrong_password_that_was_saved_makes_the_mails_wait_and_is_repeated_nowhere(
    cast: Cast, enter: Enter, before: Postman, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    make_admin(cast, "minh")
    keep(enter("minh"), port, password="Sai-mật-khẩu")
    reset_links.ask(cast.office, "lan", "127.0.0.1", cast.office.now())
    assert asyncio.run(post(cast.office.db, cast.office.settings, cast.office.now())) == Posted(postponed=1)
    with cast.office.db.read() as session:
        [mail] = session.exec(select(Mail)).all()
    assert "535: 5.7.8 … (…) is not right" in mail.error
    assert "Sai-mật-khẩu" not in caplog.text


def test_nobody_tries_for_ever(cast: Cast, enter: Enter, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_trying, "AT_MOST", 1)
    admin = enter("admin")
    assert admin.post("/admin/mail/server", act="try", **form(port)).status_code == 200
    refused = admin.post("/admin/mail/server", act="try", **form(port))
    assert (refused.status_code, "quá nhiều lần" in refused.text) == (422, True)


# who


def test_it_is_the_administrators_page(cast: Cast, enter: Enter, port: int) -> None:
    for name in ("lan", "minh"):
        someone = enter(name)
        for path in ("/admin/mail/server", "/admin/mail/back"):
            assert someone.post(path, **form(port)).status_code == 404
    admin = enter("admin")
    assert admin.client.post("/admin/mail/server", data=form(port)).status_code == 403
    assert changes_of(cast) == []


def test_the_page_speaks_english_too(cast: Cast, enter: Enter, before: Postman, port: int) -> None:
    with cast.office.db.write() as session:
        for name in ("admin", "minh"):
            account = session.get_one(Account, cast.ids[name])
            account.language = "en"
            session.add(account)
    admin = enter("admin")
    assert "The school uses the installation’s mail server" in admin.get("/admin/mail")
    assert "Waits for confirmation: Change the school&#39;s mail server" in save(admin, port).text
    deliver(cast)
    assert any("Change the school's mail server" in plain(m) for m in before.taken)


def test_two_principals_at_once_leave_one_server(each_cast: Cast) -> None:
    """Each waits for the one before: of a school one row holds, on both databases."""
    cast = each_cast
    minh, now = cast.actor("minh"), cast.office.now()
    typed = [Typed("127.0.0.1", str(2525 + n), "none", sender="a@b.vn") for n in range(4)]

    async def race() -> list[object]:
        asks = (asyncio.to_thread(mail_changes.ask, cast.office, minh, one, now) for one in typed)
        return list(await asyncio.gather(*asks, return_exceptions=True))

    assert not [r for r in asyncio.run(race()) if isinstance(r, BaseException)]
    with cast.office.db.read() as session:
        rows = session.exec(select(MailServer).where(col(MailServer.until).is_(None))).all()
    assert len(rows) == 1
