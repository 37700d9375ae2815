"""Several time-stamp authorities: whatever is wrong with one, the next is asked; passwords stay hidden."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from asn1crypto import algos, tsp
from pydantic import ValidationError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore

from models.errors import Unavailable
from models.settings import Settings
from tasks import certificates, signing, stamp_servers, verifying
from tasks.certificates import Authority, Purpose, Revoked, Trust
from tasks.keys import Secret
from tasks.stamp_servers import MEMORY, HttpTimeStamper, StampServer, StampServers, servers_of
from tasks.timestamping import APART, REPLY, TimeStampAuthority
from tests.signatures import FOUNDED, NOW, SCHOOL, authority, lesson_plan, person, request, timestamper, trust
from tests.stamp_server import Answer, right, server

YEAR = timedelta(days=365)


def stamping(
    by: Authority, made: Any = FOUNDED, purpose: Purpose = Purpose.TIMESTAMP, at: datetime = NOW
) -> TimeStampAuthority:
    """A time-stamp authority of its own, certified by `by`; `at`: what its clock says."""
    key = certificates.new_key()
    subject = certificates.Subject("TSA", SCHOOL, "tsa")
    certificate = certificates.issue(by, subject, purpose, key.public_key(), made)
    revoked_or_not.append(certificate)
    return TimeStampAuthority(key, certificate, (by.issuing,), clock=lambda: at)


revoked_or_not: list[bytes] = []
REVOKED = stamping(authority())
SERIAL = certificates.load(revoked_or_not[-1]).serial_number
EXPIRED = stamping(authority(), NOW - 11 * YEAR)
UNKNOWN = stamping(certificates.make_authority(FOUNDED, SCHOOL))
FOR_PEOPLE = stamping(authority(), purpose=Purpose.PERSONAL)
BEHIND = stamping(authority(), at=NOW - APART - timedelta(seconds=1))
AHEAD = stamping(authority(), at=NOW + APART + timedelta(seconds=1))


def trusted() -> Trust:
    """Our authority, which has revoked one of the time-stamp certificates."""
    listed = [Revoked(SERIAL, NOW - timedelta(days=1))]
    return certificates.trust(authority(), certificates.crl(authority(), listed, NOW - timedelta(hours=1), 2))


def replying(reply: Callable[[bytes], bytes]) -> Answer:
    return lambda body, headers: (200, REPLY, reply(body))


def changed(**changes: Any) -> Callable[[bytes], bytes]:
    """The right answer to another question."""

    def reply(body: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(body)
        for name, value in changes.items():
            asked[name] = value
        return right(asked.dump(), {})[2]

    return reply


def forged(body: bytes) -> bytes:
    answer = bytearray(right(body, {})[2])
    answer[-1] ^= 1  # the last byte of the signature
    return bytes(answer)


OTHER_DIGEST = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": bytes(32)}
WRONG: dict[str, Answer] = {
    "error 500": lambda body, headers: (500, "text/plain", b""),
    "password missing": lambda body, headers: (401, "text/plain", b""),
    "sent elsewhere": lambda body, headers: (302, "text/html", b""),
    "rubbish": replying(lambda body: b"rubbish"),
    "a megabyte": replying(lambda body: bytes(1 << 20)),
    "another nonce": replying(changed(nonce=7)),
    "another digest": replying(changed(message_imprint=OTHER_DIGEST)),
    "forged": replying(forged),
    "a certificate that has ended": replying(EXPIRED.respond),
    "a revoked certificate": replying(REVOKED.respond),
    "an unknown issuer": replying(UNKNOWN.respond),
    "a certificate for people": replying(FOR_PEOPLE.respond),
}


@contextmanager
def pair(first: str, second: str, clock: Callable[[], float] = lambda: 0.0) -> Iterator[StampServers]:
    with closing(StampServers(servers_of(f"{first} {second}"), clock)) as servers:
        yield servers


def by_author(stamps: StampServers) -> bytes:
    asked = request(lesson_plan(1).pdf, "author", person("lan"), certify=True, trust=trusted())
    return signing.sign(asked, person("lan").key, stamps).pdf


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_wrong_with_the_first_the_second_stamps(
    what: str, caplog: pytest.LogCaptureFixture
) -> None:
    with server(WRONG[what]) as (bad, asked), server(right) as (good, _), pair(bad, good) as stamps:
        signed = by_author(stamps)
        archived = signing.archive_timestamp(signed, trusted(), stamps, NOW)
    assert verifying.validate(archived, trusted(), NOW, ("author",)).ok
    assert asked
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 1
    assert bad.removeprefix("http://").strip("/") in warned[0]


@pytest.mark.parametrize("what", WRONG)
def test_alone_it_is_unavailable_and_nothing_is_stamped(what: str) -> None:
    signed = signing.sign(
        request(lesson_plan(1).pdf, "author", person("lan"), certify=True), person("lan").key, timestamper()
    ).pdf
    with server(WRONG[what]) as (bad, _), closing(StampServers(servers_of(bad))) as stamps:
        with pytest.raises(Unavailable):
            by_author(stamps)
        with pytest.raises(Unavailable):
            signing.archive_timestamp(signed, trusted(), stamps, NOW)


@pytest.mark.parametrize("wrong", [BEHIND, AHEAD])
def test_an_authority_elsewhere_whose_clock_is_not_ours_is_passed_over(
    wrong: TimeStampAuthority, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """0.0.0.0 is this machine, but is not known to be."""
    monkeypatch.setenv("NO_PROXY", "*")
    with server(replying(wrong.respond)) as (url, asked), server(right) as (good, _):
        with pair(url.replace("127.0.0.1", "0.0.0.0"), good) as stamps:
            signed = by_author(stamps)
            archived = signing.archive_timestamp(signed, trusted(), stamps, NOW)
        assert asked
    assert verifying.validate(archived, trusted(), NOW, ("author",)).ok
    assert "5 minutes apart" in caplog.text


def test_nobody_there(caplog: pytest.LogCaptureFixture) -> None:
    with server(right) as (good, _), pair("http://127.0.0.1:9/", good) as stamps:
        assert verifying.validate(by_author(stamps), trust(), NOW, ("author",)).ok
    assert "host=127.0.0.1:9" in caplog.text


def test_one_that_never_finishes_its_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamp_servers, "ANSWERING", 3)  # the good one must manage it, too
    over = threading.Event()

    def silent(body: bytes, headers: Any) -> tuple[int, str, bytes]:
        over.wait(60)
        return 503, "text/plain", b""

    with server(silent) as (slow, _), server(right) as (good, _), pair(slow, good) as stamps:
        assert verifying.validate(by_author(stamps), trust(), NOW, ("author",)).ok
        over.set()


def test_who_failed_is_asked_last_for_a_minute_and_then_first_again() -> None:
    at, up = [0.0], [False]

    def flaky(body: bytes, headers: Any) -> tuple[int, str, bytes]:
        return right(body, headers) if up[0] else (503, "text/plain", b"")

    with (
        server(flaky) as (first, asked_first),
        server(right) as (second, asked_second),
        pair(first, second, lambda: at[0]) as stamps,
    ):
        by_author(stamps)
        assert len(asked_first) == 1
        by_author(stamps)
        assert len(asked_first) == 1
        up[0], at[0] = True, MEMORY + 1
        before = len(asked_second)
        by_author(stamps)
        assert len(asked_first) > 1
        assert len(asked_second) == before


def test_while_all_are_down_each_is_tried_every_time() -> None:
    down: Answer = WRONG["error 500"]
    with server(down) as (a, asked_a), server(down) as (b, asked_b), pair(a, b) as stamps:
        for times in (1, 2):
            with pytest.raises(Unavailable):
                by_author(stamps)
            assert (len(asked_a), len(asked_b)) == (times, times)


def test_a_password_goes_to_its_own_authority_alone(caplog: pytest.LogCaptureFixture) -> None:
    heard: dict[str, str | None] = {}

    def listening(name: str, answer: Answer) -> Answer:
        def reply(body: bytes, headers: Any) -> tuple[int, str, bytes]:
            heard[name] = headers["Authorization"]
            return answer(body, headers)

        return reply

    with (
        server(listening("first", WRONG["error 500"])) as (first, _),
        server(listening("second", WRONG["error 500"])) as (second, _),
        server(listening("third", right)) as (third, _),
    ):
        second = second.replace("http://", "http://ban:m%40t@")
        found = servers_of(f"{first} {second} {third}", "school", Secret("s3cret"))
        with closing(StampServers(found)) as stamps:
            by_author(stamps)
    basic = {name: "Basic " + b64encode(word).decode() for name, word in (("first", b"school:s3cret"),)}
    assert heard == {**basic, "second": "Basic " + b64encode(b"ban:m@t").decode(), "third": None}
    shown = caplog.text + repr(found)
    assert "s3cret" not in shown
    assert "m@t" not in shown
    assert "m%40t" not in shown


def test_the_policy_of_an_address_is_asked_for() -> None:
    asked: list[str | None] = []

    def listening(body: bytes, headers: Any) -> tuple[int, str, bytes]:
        asked.append(tsp.TimeStampReq.load(body)["req_policy"].native)
        return right(body, headers)

    digest = hashlib.sha256(b"a paper").digest()
    with server(listening) as (url, _):
        for policy in ("", "1.3.6.1.4.1.32473.1.31"):
            (found,) = servers_of(f"{url}#{policy}")
            with closing(HttpTimeStamper(found)) as stamper:
                asyncio.run(stamper.async_timestamp(digest, "sha256"))
    assert asked == [None, "1.3.6.1.4.1.32473.1.31"]


def test_addresses_are_read_with_what_stands_in_them() -> None:
    found = servers_of("https://a.example/tsa#1.2.3  http://u:p@[::1]:81/", "school", Secret("x"))
    assert [(s.url, s.user, s.policy, s.name) for s in found] == [
        ("https://a.example/tsa", "school", "1.2.3", "a.example"),
        ("http://[::1]:81/", "u", "", "[::1]:81"),
    ]
    assert not found[0].is_near
    assert StampServer("http://127.0.0.1:9082/").is_near


@pytest.mark.parametrize(
    "url",
    [
        "tsa.example",
        "ftp://tsa.example/",
        "http://",
        "http://a/ https:/b",
        "http://u:p/w@a/",
        "http://a/#x",
        "http://a/,http://b/",
        "http://a/; http://b/",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(tsa_url=url)
    assert "u:p" not in str(refused.value)


def test_a_file_embeds_only_the_lists_that_speak_of_its_certificates() -> None:
    others = [certificates.make_authority(FOUNDED, SCHOOL, generation) for generation in (2, 3)]
    lists = [other.root_crl for other in others]
    wide = Trust(
        trust().roots + tuple(o.root for o in others), trust().intermediates, trust().crls + tuple(lists)
    )
    asked = request(lesson_plan(1).pdf, "author", person("lan"), certify=True, trust=wide)
    signed = signing.sign(asked, person("lan").key, timestamper()).pdf
    archived = signing.archive_timestamp(signed, wide, timestamper(), NOW)
    store = DocumentSecurityStore.read_dss(PdfFileReader(io.BytesIO(archived)))
    embedded = {ref.get_object().data for ref in store.crls}
    assert embedded == set(trust().crls)
    assert verifying.validate(archived, trust(), NOW, ("author",)).ok
