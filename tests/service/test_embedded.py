"""The small servers that come along: time-stamps and the mail catcher, over their own protocols."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from asn1crypto import tsp
from fastapi.testclient import TestClient

from flows import certification
from flows.certification import open_timestamping
from service import mailbox, tsa
from service.mailbox import catch, keep
from tasks.timestamping import QUERY, REPLY
from tests.cast import Cast
from tests.ports import free_port
from tests.prefect_fixture import wait_for


@pytest.fixture
def stamper(cast: Cast) -> Iterator[TestClient]:
    with cast.office.db.read() as session:
        authority = open_timestamping(session, cast.office.settings)
    with TestClient(tsa.create_app(lambda: authority)) as client:
        yield client


def test_a_new_generation_stamps_within_the_hour(cast: Cast) -> None:
    office, at = cast.office, [0.0]
    kept = tsa.Kept(office.settings, lambda: at[0])
    first = kept()
    assert certification.tend(office.db, office.settings, office.now() + timedelta(days=5 * 365))
    at[0] = tsa.RENEWED - 1
    assert kept() is first
    at[0] = tsa.RENEWED
    with TestClient(tsa.create_app(kept)) as client:
        answer = asked(client, question(hashlib.sha256(b"record").digest()))
    assert "Hồ Sơ Số TSA 2".encode() in answer.content


def question(digest: bytes) -> bytes:
    asked_for = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
    return bytes(
        tsp.TimeStampReq(
            {"version": "v1", "message_imprint": asked_for, "nonce": 77, "cert_req": True}
        ).dump()
    )


def asked(client: TestClient, content: bytes, kind: str = QUERY) -> httpx.Response:
    return client.post("/", content=content, headers={"Content-Type": kind})


def test_a_digest_gets_a_time_stamp(stamper: TestClient) -> None:
    digest = hashlib.sha256(b"record").digest()
    answer = asked(stamper, question(digest))
    assert (answer.status_code, answer.headers["content-type"]) == (200, REPLY)
    reply = tsp.TimeStampResp.load(answer.content)
    info = reply["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert reply["status"]["status"].native == "granted"
    assert (info["message_imprint"]["hashed_message"].native, info["nonce"].native) == (digest, 77)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [(b"x", "text/plain", 415), (b"x" * (tsa.LONGEST + 1), QUERY, 413), (b"nonsense", QUERY, 200)],
)
def test_what_is_no_request_gets_no_time_stamp(
    stamper: TestClient, content: bytes, kind: str, status: int
) -> None:
    answer = asked(stamper, content, kind)
    assert answer.status_code == status
    if status == 200:
        assert b"\x02\x01\x02" in answer.content[:8], "status 2: rejection (RFC 3161, 2.4.2)"
    assert stamper.get("/").status_code == 405


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    port, loop = free_port(), asyncio.new_event_loop()
    task = loop.create_task(catch(tmp_path / "mailbox", "127.0.0.1", port))
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([task])))
    thread.start()

    def listens() -> bool:
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=60).quit()
        except OSError:
            return False
        return True

    wait_for(listens, "the catcher does not listen")
    yield port, tmp_path / "mailbox"
    loop.call_soon_threadsafe(task.cancel)
    thread.join()
    loop.close()


def test_a_mail_is_kept_as_it_came(catcher: tuple[int, Path]) -> None:
    port, folder = catcher
    for number in (1, 2):
        mail = EmailMessage()
        mail["From"], mail["To"] = "hososo@localhost", "lan@example.test"
        mail["Subject"] = f"Hồ sơ chờ ký {number}"
        mail.set_content("Kính gửi cô Lan,\nCó hồ sơ chờ ký.\n")
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as server:
            server.send_message(mail)
    caught = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.iterdir())
    ]
    assert [mail["Subject"] for mail in caught] == ["Hồ sơ chờ ký 1", "Hồ sơ chờ ký 2"]
    body = caught[0].get_body()
    assert body is not None
    assert "Có hồ sơ chờ ký." in body.get_content()


def test_a_mail_beyond_the_limit_is_refused(
    catcher: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, folder = catcher
    monkeypatch.setattr(mailbox, "LONGEST", 1000)
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as server, pytest.raises(smtplib.SMTPException):
        server.sendmail("a@x.test", ["b@x.test"], b"Subject: x\r\n\r\n" + b"long line\r\n" * 200)
    assert not list(folder.glob("*"))


def test_names_of_kept_mails_sort_by_time(tmp_path: Path) -> None:
    paths = [keep(tmp_path, b"x") for _ in range(5)]
    assert paths == sorted(paths)
    assert [path.suffix for path in paths] == [".eml"] * 5
