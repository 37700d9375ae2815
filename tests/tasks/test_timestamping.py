"""RFC 3161: what the embedded authority answers, and what a client accepts from any authority."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
from base64 import b64encode
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, core, tsp

from models.errors import Unavailable
from tasks.keys import Secret
from tasks.stamp_servers import HttpTimeStamper, StampServer
from tasks.timestamping import POLICY, REPLY, CheckedTimeStamper, LocalTimeStamper
from tests import needs
from tests.signatures import NOW, authority, stamping
from tests.stamp_server import Answer, right, server

DIGEST = hashlib.sha256(b"a paper").digest()


def query(**changes: Any) -> tsp.TimeStampReq:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": DIGEST}
    return tsp.TimeStampReq(
        {"version": 1, "message_imprint": imprint, "cert_req": True, "nonce": 77} | changes
    )


def token_info(response: bytes) -> tsp.TSTInfo:
    token = tsp.TimeStampResp.load(response)["time_stamp_token"]
    return token["content"]["encap_content_info"]["content"].parsed


def refusal(response: bytes) -> set[str]:
    status = core.Sequence.load(response)[0]
    return set(tsp.PKIStatusInfo.load(status.dump())["fail_info"].native)


def stamp(timestamper: CheckedTimeStamper, digest: bytes = DIGEST) -> datetime:
    token = asyncio.run(timestamper.async_timestamp(digest, "sha256"))
    at: datetime = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    return at


def test_a_token_says_what_existed_when_and_by_whose_word() -> None:
    info = token_info(stamping().respond(query().dump()))
    assert info["version"].native == "v1"
    assert info["message_imprint"]["hashed_message"].native == DIGEST
    assert info["gen_time"].native == NOW
    assert info["accuracy"]["seconds"].native == 1
    assert info["nonce"].native == 77
    assert info["policy"].native == POLICY
    assert "Hồ Sơ Số TSA" in info["tsa"].chosen.native.values()


def test_openssl_verifies_a_token(tmp_path: Path) -> None:
    openssl = needs.program("openssl")
    (tmp_path / "reply.tsr").write_bytes(stamping().respond(query().dump()))
    pem = [
        b"-----BEGIN CERTIFICATE-----\n" + b64encode(der) + b"\n-----END CERTIFICATE-----\n"
        for der in (authority().root, authority().issuing)
    ]
    (tmp_path / "root.pem").write_bytes(pem[0])
    (tmp_path / "chain.pem").write_bytes(pem[1])
    command = (
        f"{openssl} ts -verify -in reply.tsr -digest {DIGEST.hex()} -CAfile root.pem -untrusted chain.pem"
        f" -attime {int(NOW.timestamp())}"  # certificates end one day; openssl has the machine's clock
    )
    run = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in run.stdout + run.stderr


def test_certificates_come_only_when_asked_for() -> None:
    def count(response: bytes) -> int:
        token = tsp.TimeStampResp.load(response)["time_stamp_token"]
        return len(token["content"]["certificates"])

    assert count(stamping().respond(query().dump())) == 2
    assert count(stamping().respond(query(cert_req=False).dump())) == 0


def test_no_two_tokens_have_the_same_serial_number() -> None:
    serials = {token_info(stamping().respond(query().dump()))["serial_number"].native for _ in range(50)}
    assert len(serials) == 50


WRONG: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "bad_data_format"),
    "not DER": (b"GET / HTTP/1.1", "bad_data_format"),
    "cut off": (query().dump()[:-3], "bad_data_format"),
    "something after it": (query().dump() + b"\x00", "bad_data_format"),
    "SHA-1": (
        query(message_imprint={"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}).dump(),
        "bad_alg",
    ),
    "digest too short": (
        query(
            message_imprint={"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(31)}
        ).dump(),
        "bad_data_format",
    ),
    "another policy": (query(req_policy="1.2.3").dump(), "unaccepted_policy"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_request_gets_a_refusal_not_a_token(what: str) -> None:
    asked, reason = WRONG[what]
    assert refusal(stamping().respond(asked)) == {reason}


def test_asking_in_the_same_process() -> None:
    assert stamp(LocalTimeStamper(stamping())) == NOW


class Misdirected(LocalTimeStamper):
    """An authority that stamps another digest than the one it was asked for."""

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        req["message_imprint"] = {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "hashed_message": bytes(32),
        }
        return await super().async_request_tsa_response(req)


def test_a_token_for_another_digest_is_refused() -> None:
    with pytest.raises(Unavailable, match="answered wrongly"):
        stamp(Misdirected(stamping()))


def test_asking_over_http_keeps_one_connection() -> None:
    with server(right) as (url, seen):
        assert asked_by_http(url, times=3) == [NOW] * 3
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_name_and_password_are_sent_when_given() -> None:
    def guarded(request: bytes, headers: Any) -> tuple[int, str, bytes]:
        known = headers["Authorization"] == "Basic " + b64encode(b"school:s3cret").decode()
        return right(request, headers) if known else (401, "text/plain", b"")

    with server(guarded) as (url, _):
        assert asked_by_http(url, "school", Secret("s3cret")) == [NOW]
        with pytest.raises(Unavailable, match="answered wrongly"):
            asked_by_http(url)


ANSWERS: dict[str, tuple[Answer, str]] = {
    "overloaded": (lambda request, headers: (503, "text/plain", b"later"), "does not answer"),
    "a web page": (lambda request, headers: (200, "text/html", b"<p>Sign in"), "answered wrongly"),
    "rubbish": (lambda request, headers: (200, REPLY, b"rubbish"), "answered wrongly"),
    "nothing": (lambda request, headers: (200, REPLY, b""), "answered wrongly"),
    "a megabyte": (lambda request, headers: (200, REPLY, bytes(1 << 20)), "answered wrongly"),
    "a refusal": (lambda request, headers: (200, REPLY, stamping().respond(b"")), "answered wrongly"),
    "an old answer": (
        lambda request, headers: (200, REPLY, stamping().respond(query(nonce=78).dump())),
        "answered wrongly",
    ),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_authority_that_talks_nonsense_is_unavailable(what: str) -> None:
    answer, words = ANSWERS[what]
    with server(answer) as (url, _), pytest.raises(Unavailable, match=words) as refused:
        asked_by_http(url)
    assert "chưa đóng được dấu thời gian" in refused.value.sentence.vi


def test_an_authority_that_goes_down_is_unavailable_and_then_back() -> None:
    up = True

    def answer(request: bytes, headers: Any) -> tuple[int, str, bytes]:
        return right(request, headers) if up else (502, "text/html", b"")

    with server(answer) as (url, _), closing(HttpTimeStamper(StampServer(url))) as timestamper:
        assert stamp(timestamper) == NOW
        up = False
        with pytest.raises(Unavailable, match="does not answer"):
            stamp(timestamper)
        up = True
        assert stamp(timestamper) == NOW
    with pytest.raises(Unavailable, match="does not answer"):
        asked_by_http(url)  # nobody listens there any more


def asked_by_http(url: str, user: str = "", password: Secret | None = None, times: int = 1) -> list[datetime]:
    with closing(HttpTimeStamper(StampServer(url, user, password))) as timestamper:
        return [stamp(timestamper) for _ in range(times)]
