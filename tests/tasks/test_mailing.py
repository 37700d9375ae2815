"""Mail against a real SMTP server: folding, words, what stops, what is tried again, nothing sent twice."""

from __future__ import annotations

import asyncio
import pathlib
import socket
import ssl
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlmodel import Session as DbSession
from sqlmodel import select

from flows.clock import scan
from flows.posts import actor_of
from flows.reminders import remind
from models.account import Account
from models.document import Document
from models.flag import Flag
from models.mail_server import MailServer
from models.notice import Mail, Notice
from models.settings import Settings
from tasks.keys import Secret
from tasks.letters import one_line
from tasks.mail_servers import protect
from tasks.mailing import AT_MOST, GATHER, fold
from tasks.posting import BACK_OFF, GIVE_UP, Posted, post, try_again
from tests.clockwork import DAY, HOUR, SmallSchool, at, every_weekday, small_school
from tests.mail_server import mail_server

NOW = at(11, 12, 9)
SOON = timedelta(seconds=1)


def audiences(session: DbSession, account_id: str) -> Collection[str]:
    return actor_of(session, account_id).audiences()


class Postman:
    """An SMTP handler that keeps what it takes, and answers as told."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answer: Callable[[SMTP, Envelope], str] = lambda _server, _envelope: "250 OK"
        self.to = "250 OK"
        self.user: str | None = None
        self.secure = False

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        answer = self.answer(server, envelope)
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
            self.secure = session.ssl is not None
            self.user = session.auth_data
        return answer


@pytest.fixture
def postman() -> Iterator[Postman]:
    yield Postman()


@pytest.fixture
def settings(postman: Postman, tmp_path: pathlib.Path) -> Iterator[Settings]:
    with mail_server(postman) as server:
        yield Settings(
            data=tmp_path,
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            public_url="https://hoso.example.edu.vn",
            mail_from="Hồ Sơ Số <hososo@example.edu.vn>",
        )


@pytest.fixture
def school(tmp_path: pathlib.Path) -> SmallSchool:
    school = small_school(tmp_path)
    school.hours(digest=False)  # how mails are made and sent; the digest has its own tests
    return school


def deliver(school: SmallSchool, settings: Settings, now: datetime = NOW, **options: Any) -> Posted:
    fold(school.db, settings, now + GATHER, audiences, every_weekday)
    return asyncio.run(post(school.db, settings, now + GATHER, **options))


def waiting(school: SmallSchool, title: str = "Kế hoạch bài dạy tuần 11", who: str = "hoa") -> str:
    document = school.document("lan", 11, at(11, 11), title=title)
    school.waits(document, f"account:{school.accounts[who]}", at(11, 15, 12))
    school.notice(who, "waiting", NOW, document)
    return document


def mails(school: SmallSchool) -> list[Mail]:
    with school.db.read() as session:
        return list(session.exec(select(Mail)).all())


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


# words


def test_three_records_make_one_mail_in_both_forms(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    documents = [waiting(school, f"Kế hoạch bài dạy tuần {n}") for n in (11, 12, 13)]
    assert deliver(school, settings) == Posted(sent=1)
    [message] = postman.taken
    assert message["Subject"] == "Chờ xử lý: 3 mục"
    assert message["To"] == "hoa@example.edu.vn"
    assert message["From"] == "Hồ Sơ Số <hososo@example.edu.vn>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.edu.vn>")
    assert message.get_content_type() == "multipart/alternative"
    for document, number in zip(documents, (11, 12, 13), strict=True):
        assert f"https://hoso.example.edu.vn/documents/{document}" in plain(message)
        assert f'href="https://hoso.example.edu.vn/documents/{document}"' in html(message)
        assert f"Kế hoạch bài dạy tuần {number}" in plain(message)
    assert "Kính gửi Trần Thị Hoa," in plain(message)
    assert "Hạn xử lý: trước 12:00 15/11/2024" in plain(message)


def test_one_record_stands_in_the_subject_and_different_matters_are_counted(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    waiting(school)
    deliver(school, settings)
    assert postman.taken[0]["Subject"] == "Chờ xử lý: Kế hoạch bài dạy tuần 11"
    back = school.document("hoa", 11, at(11, 11), status="returned")
    school.notice("hoa", "returned", NOW + HOUR, back)
    waiting_again = school.document("lan", 12, at(11, 11))
    school.waits(waiting_again, f"group_head:{school.groups['Tổ 1-2-3']}")
    school.notice("hoa", "waiting", NOW + HOUR, waiting_again)
    deliver(school, settings, NOW + HOUR)
    assert postman.taken[1]["Subject"] == "Hồ Sơ Số: 2 việc – chờ xử lý 1, bị trả lại 1"


def test_english_is_written_to_who_chose_it(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    school.change(Account, school.accounts["hoa"], language="en")
    waiting(school)
    deliver(school, settings)
    assert postman.taken[0]["Subject"] == "Waiting for you: Kế hoạch bài dạy tuần 11"
    assert "Dear Trần Thị Hoa," in plain(postman.taken[0])


def test_a_title_cannot_write_headers_nor_markup(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    waiting(school, "Tuần 11\r\nBcc: ke.xau@example.com\r\n\r\n<b>xin chào</b>")
    deliver(school, settings)
    [message] = postman.taken
    assert message["Bcc"] is None
    assert message["Subject"] == "Chờ xử lý: Tuần 11 Bcc: ke.xau@example.com <b>xin chào</b>"
    assert "<b>xin" not in html(message)
    assert "&lt;b&gt;xin" in html(message)


def test_a_line_has_no_breaks_no_controls_and_an_end() -> None:
    assert one_line("a\r\n\tb\x00\u2028c\u202e") == "a b c"
    assert one_line("x" * 200) == "x" * 159 + "…"


def test_flags_and_reminders_say_the_times(school: SmallSchool, settings: Settings, postman: Postman) -> None:
    remind(school.db, NOW)
    deliver(school, settings)
    lan = next(m for m in postman.taken if m["To"] == "lan@example.edu.vn")
    assert "- Kế hoạch bài dạy (giáo án), tuần 11" in plain(lan)
    assert "Hạn: hết thứ Ba 12/11 (trước 00:00 thứ Tư 13/11)" in plain(lan)
    postman.taken.clear()
    school.document("anh", 11, at(11, 13, 8, 10), group="Tổ 4-5")
    scan(school.db, at(11, 13, 9), back=timedelta(days=1))
    deliver(school, settings, at(11, 13, 9))
    anh = next(m for m in postman.taken if m["To"] == "anh@example.edu.vn")
    assert "ký lúc 08:10 thứ Tư 13/11: muộn 8 giờ" in plain(anh)
    lan = next(m for m in postman.taken if m["To"] == "lan@example.edu.vn")
    assert "chưa ký và trình" in plain(lan)


# what is true, and when


def test_notices_gather_for_a_moment_but_not_for_long(school: SmallSchool, settings: Settings) -> None:
    waiting(school)
    assert fold(school.db, settings, NOW + GATHER - SOON, audiences, every_weekday) == 0
    for seconds in range(0, 70, 3):
        document = school.document("lan", 12, at(11, 11))
        school.waits(document, f"account:{school.accounts['hoa']}")
        school.notice("hoa", "waiting", NOW + timedelta(seconds=seconds), document)
    assert fold(school.db, settings, NOW + AT_MOST - SOON, audiences, every_weekday) == 0
    assert fold(school.db, settings, NOW + AT_MOST, audiences, every_weekday) == 1


def test_what_is_no_longer_true_is_dropped(school: SmallSchool, settings: Settings, postman: Postman) -> None:
    decided = school.document("lan", 11, at(11, 11))
    notices = [school.notice("hoa", "waiting", NOW, decided)]
    notices.append(school.notice("lan", "returned", NOW, decided))
    flag = Flag(
        school_id=school.id,
        key="missing:x",
        rule="missing",
        type="lesson-plan",
        account_id=school.accounts["lan"],
        week_id=school.weeks[11],
        due_at=NOW,
        opened_at=NOW,
        resolved_at=NOW,
    )
    with school.db.write() as session:
        session.add(flag)
    notices.append(school.notice("lan", "flag", NOW, flag=flag.id))
    reminder = {"type": "lesson-plan", "week_id": school.weeks[11], "group_id": None}
    notices.append(school.notice("lan", "reminder", NOW, due_at=(NOW + DAY).isoformat(), **reminder))
    notices.append(school.notice("huong", "reminder", NOW, due_at=NOW.isoformat(), **reminder))
    assert deliver(school, settings) == Posted()
    assert postman.taken == []
    with school.db.read() as session:
        assert all(session.get_one(Notice, notice).dropped for notice in notices)


def test_who_has_no_address_or_left_gets_no_mail_and_nothing_stays_due(
    school: SmallSchool, settings: Settings
) -> None:
    school.change(Account, school.accounts["hoa"], email="")
    waiting(school)
    school.change(Account, school.accounts["son"], active=False)
    waiting(school, who="son")
    assert fold(school.db, settings, NOW + GATHER, audiences, every_weekday) == 0
    with school.db.read() as session:
        assert {notice.dropped for notice in session.exec(select(Notice))} == {True}


def test_approved_and_archived_of_one_record_are_one_line(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    document = school.document("lan", 11, at(11, 11), status="archived")
    school.notice("lan", "approved", NOW, document)
    school.notice("lan", "archived", NOW, document)
    deliver(school, settings)
    assert postman.taken[0]["Subject"] == "Đã lưu trữ: Kế hoạch bài dạy tuần 11"


# sending


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_notice_never_has_two_message_ids_however_many_mailers_run(
    request: pytest.FixtureRequest,
    tmp_path: pathlib.Path,
    settings: Settings,
    postman: Postman,
    database: str,
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else ""
    school = small_school(tmp_path, url=url)
    school.hours(digest=False)
    for who in ("hoa", "son", "ngoc", "minh", "lan", "anh"):
        waiting(school, who=who)

    async def race() -> list[Posted]:
        now = NOW + GATHER
        await asyncio.gather(
            *(asyncio.to_thread(fold, school.db, settings, now, audiences, every_weekday) for _ in range(4))
        )
        return list(await asyncio.gather(*(post(school.db, settings, now) for _ in range(4))))

    rounds = asyncio.run(race())
    assert sum(done.sent for done in rounds) == 6
    assert len({m["Message-ID"] for m in postman.taken}) == len(postman.taken) == 6
    assert len(mails(school)) == 6
    school.db.dispose()


def test_a_server_that_is_down_loses_nothing(
    school: SmallSchool, settings: Settings, postman: Postman, tmp_path: pathlib.Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        down = settings.model_copy(update={"smtp_port": taken.getsockname()[1]})
        waiting(school)
        assert deliver(school, down) == Posted(postponed=1)
    [mail] = mails(school)
    assert (mail.state, mail.attempts) == ("waiting", 1)
    assert mail.error
    assert asyncio.run(post(school.db, settings, NOW + GATHER + BACK_OFF[0] - SOON)) == Posted()
    assert asyncio.run(post(school.db, settings, NOW + GATHER + BACK_OFF[0])) == Posted(sent=1)
    assert postman.taken[0]["Message-ID"] == mail.message_id
    assert mails(school)[0].error == ""


def test_a_busy_server_is_asked_later_and_later_and_given_up_after_a_day(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    postman.answer = lambda _server, _envelope: "451 Try again later"
    waiting(school)
    deliver(school, settings)
    now, waits = NOW + GATHER, []
    while mails(school)[0].state == "waiting":
        [mail] = mails(school)
        waits.append(mail.next_try_at - now)
        now = mail.next_try_at
        asyncio.run(post(school.db, settings, now))
    assert waits[:5] == list(BACK_OFF)
    assert mails(school)[0].state == "failed"
    assert now - NOW >= GIVE_UP
    assert "451" in mails(school)[0].error
    postman.answer = lambda _server, _envelope: "250 OK"
    assert asyncio.run(post(school.db, settings, now + DAY)) == Posted()
    assert try_again(school.db, mails(school)[0].id, now + DAY)
    assert asyncio.run(post(school.db, settings, now + DAY)) == Posted(sent=1)
    assert not try_again(school.db, mails(school)[0].id, now + DAY)


def test_an_address_refused_for_good_is_not_tried_again(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    postman.to = "550 No such mailbox"
    waiting(school)
    assert deliver(school, settings) == Posted(failed=1)
    assert "550" in mails(school)[0].error
    postman.to = "450 Mailbox busy"
    waiting(school, who="son")
    assert deliver(school, settings) == Posted(postponed=1)


def test_an_address_that_is_none_fails_alone(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    school.change(Account, school.accounts["hoa"], email="hoa@\r\nBcc: x@example.com")
    waiting(school)
    waiting(school, who="son")
    assert deliver(school, settings) == Posted(sent=1, failed=1)
    assert postman.taken[0]["To"] == "son@example.edu.vn"


def test_a_server_that_hangs_up_in_the_middle_gets_the_rest_later(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    def hang_up(server: SMTP, envelope: Envelope) -> str:
        assert server.transport is not None
        server.transport.abort()
        return "451 gone"

    postman.answer = hang_up
    waiting(school)
    waiting(school, who="son")
    assert deliver(school, settings) == Posted(postponed=1)
    postman.answer = lambda _server, _envelope: "250 OK"
    assert asyncio.run(post(school.db, settings, NOW + GATHER)) == Posted(sent=1)
    assert asyncio.run(post(school.db, settings, NOW + GATHER + BACK_OFF[0])) == Posted(sent=1)
    assert {m["To"] for m in postman.taken} == {"hoa@example.edu.vn", "son@example.edu.vn"}


# STARTTLS and AUTH


def certificate(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))  # OpenSSL has a clock of its own
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "server.pem", folder / "server.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"truong", b"mat-khau-thu")
    return AuthResult(success=good, auth_data=data.login.decode() if good else None, handled=good)


@pytest.fixture
def guarded(postman: Postman, settings: Settings, tmp_path: pathlib.Path) -> Iterator[Settings]:
    """A server that wants STARTTLS, then a name and a password."""
    pem, private = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    with mail_server(
        postman, tls_context=context, require_starttls=True, auth_required=True, authenticator=check
    ) as server:
        yield settings.model_copy(
            update={
                "smtp_port": server.port,
                "smtp_starttls": True,
                "smtp_user": "truong",
                "smtp_password": "mat-khau-thu",
            }
        )


def trust(folder: pathlib.Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "server.pem"))


def test_mail_goes_out_encrypted_and_signed_in(
    school: SmallSchool, guarded: Settings, postman: Postman, tmp_path: pathlib.Path
) -> None:
    waiting(school)
    assert deliver(school, guarded, tls_context=trust(tmp_path)) == Posted(sent=1)
    assert postman.secure
    assert postman.user == "truong"


def test_a_certificate_nobody_vouches_for_gets_no_password(
    school: SmallSchool, guarded: Settings, postman: Postman
) -> None:
    waiting(school)
    assert deliver(school, guarded) == Posted(postponed=1)
    assert postman.taken == []
    assert "mat-khau-thu" not in repr(guarded)


def test_a_wrong_password_waits_to_be_mended_and_is_written_nowhere(
    school: SmallSchool,
    guarded: Settings,
    postman: Postman,
    tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    waiting(school)
    wrong = guarded.model_copy(update={"smtp_password": "khong-dung"})
    assert deliver(school, wrong, tls_context=trust(tmp_path)) == Posted(postponed=1)
    assert "khong-dung" not in mails(school)[0].error + caplog.text
    later = NOW + GATHER + BACK_OFF[0]
    assert asyncio.run(post(school.db, guarded, later, trust(tmp_path))) == Posted(sent=1)


def test_a_server_without_starttls_gets_nothing_when_it_is_asked_for(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    waiting(school)
    asked = settings.model_copy(update={"smtp_starttls": True})
    assert deliver(school, asked) == Posted(postponed=1)
    assert postman.taken == []


def test_a_second_school_gets_its_own_mail(school: SmallSchool, settings: Settings, postman: Postman) -> None:
    other = SmallSchool(school.db, mark=".2")
    other.hours(digest=False)
    waiting(school)
    waiting(other)
    deliver(school, settings)
    assert sorted(m["To"] for m in postman.taken) == ["hoa.2@example.edu.vn", "hoa@example.edu.vn"]
    for document, school_id in ((d.id, d.school_id) for d in all_documents(school)):
        for message in postman.taken:
            assert (document in plain(message)) == (
                (school_id == other.id) == (message["To"] == "hoa.2@example.edu.vn")
            )


def own_server(school: SmallSchool, settings: Settings, port: int, **values: Any) -> None:
    """A server of the school's own."""
    with school.db.write() as session:
        row = MailServer(
            school_id=school.id,
            host="127.0.0.1",
            port=port,
            sender="hoso@truong.example",
            sender_name="Trường Đồng Mai",
            since=NOW,
        )
        if word := values.pop("word", ""):
            row.login = "truong"
            row.protected = protect(Secret(word), settings.master_key, school.id, row.host, port, row.login)
        for name, value in ({"encryption": "none"} | values).items():
            setattr(row, name, value)
        session.add(row)


def test_a_school_whose_server_is_down_or_slow_holds_up_no_other(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    other, third = SmallSchool(school.db, mark=".2"), SmallSchool(school.db, mark=".3")
    other.hours(digest=False)
    third.hours(digest=False)
    with socket.socket() as closed, socket.socket() as mute:
        closed.bind(("127.0.0.1", 0))
        mute.bind(("127.0.0.1", 0))
        mute.listen()  # takes the connection and says nothing until it is closed
        own_server(school, settings, closed.getsockname()[1])
        own_server(third, settings, mute.getsockname()[1])
        waiting(school, who="son")
        for one in (school, third, other):
            waiting(one)

        async def round_and_release() -> Posted:
            fold(school.db, settings, NOW + GATHER, audiences, every_weekday)
            going = asyncio.create_task(post(school.db, settings, NOW + GATHER))
            while not postman.taken:
                assert not going.done()
                await asyncio.sleep(0)
            mute.accept()[0].close()
            return await going

        assert asyncio.run(round_and_release()) == Posted(sent=1, postponed=3)
    assert [m["To"] for m in postman.taken] == ["hoa.2@example.edu.vn"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is TLS from the start
@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_schools_own_server_is_spoken_to_encrypted_and_signed_in(
    school: SmallSchool, settings: Settings, tmp_path: pathlib.Path, encryption: str
) -> None:
    pem, private = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    own = Postman()
    options: dict[str, Any] = (
        {"ssl_context": context, "auth_require_tls": False}
        if encryption == "tls"
        else {"tls_context": context, "require_starttls": True}
    )
    with mail_server(own, auth_required=True, authenticator=check, **options) as server:
        own_server(school, settings, server.port, encryption=encryption, word="mat-khau-thu")
        waiting(school)
        assert deliver(school, settings) == Posted(postponed=1)  # nobody vouches for its certificate
        later = NOW + GATHER + BACK_OFF[0]
        assert asyncio.run(post(school.db, settings, later, trust(tmp_path))) == Posted(sent=1)
    assert own.user == "truong"
    assert str(own.taken[0]["From"]) == "Trường Đồng Mai <hoso@truong.example>"


def all_documents(school: SmallSchool) -> list[Document]:
    with school.db.read() as session:
        return list(session.exec(select(Document)).all())
