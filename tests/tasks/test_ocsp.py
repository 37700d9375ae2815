"""The OCSP responder's core, judged by `openssl ocsp`; what is no request is never an error."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as x509_ocsp

from tasks import certificates, ocsp
from tasks.certificates import Purpose, Revoked, Subject
from tasks.ocsp import Responder
from tests import needs
from tests.signatures import SCHOOL, authority, person

NOW = datetime.now(UTC)


def responder(purpose: Purpose = Purpose.RESPONDER) -> Responder:
    key = certificates.new_key()
    subject = Subject("Hồ Sơ Số OCSP", SCHOOL, "ocsp")
    return Responder(certificates.issue(authority(), subject, purpose, key.public_key(), NOW), key)


@dataclass(frozen=True)
class Asking:
    """`openssl ocsp` with our authority's certificates in a folder."""

    folder: Path

    def write(self, name: str, der: bytes) -> Path:
        path = self.folder / f"{name}.pem"
        path.write_bytes(certificates.load(der).public_bytes(Encoding.PEM))
        return path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            needs.program("openssl"),
            "ocsp",
            "-issuer",
            str(self.write("issuing", authority().issuing)),
        ]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)

    def request(self, *names: str, more: tuple[str, ...] = ()) -> bytes:
        out = self.folder / "request.der"
        certs = [a for n in names for a in ("-cert", str(self.write(n, person(n).certificate)))]
        done = self.run(*certs, *more, "-reqout", str(out))
        assert done.returncode == 0, done.stderr
        return out.read_bytes()

    def judge(self, answer: bytes, *names: str, digest: tuple[str, ...] = ()) -> str:
        """What openssl says of an answer: does it fit the last request (signature, nonce), and what it tells
        of these certificates."""
        path, chain = self.folder / "answer.der", self.folder / "chain.pem"
        path.write_bytes(answer)
        links = (authority().root, authority().issuing)
        chain.write_bytes(b"".join(certificates.load(der).public_bytes(Encoding.PEM) for der in links))
        told = [a for n in names for a in ("-cert", str(self.write(n, person(n).certificate)))]
        given = ("-respin", str(path), "-no_nonce", "-CAfile", str(chain))
        fits = self.run(*given, "-reqin", str(self.folder / "request.der"))
        tells = self.run(*given, *digest, *told)
        return fits.stdout + fits.stderr + tells.stdout


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(tmp_path)


def serial(name: str) -> int:
    return certificates.load(person(name).certificate).serial_number


@pytest.mark.parametrize("more", [(), ("-no_nonce",), ("-sha256",), ("-sha512",)])
def test_openssl_believes_that_a_certificate_is_good(asking: Asking, more: tuple[str, ...]) -> None:
    digest, rest = (more, ()) if more and more[0].startswith("-sha") else ((), more)
    out = asking.folder / "request.der"
    lan = str(asking.write("lan", person("lan").certificate))
    done = asking.run(*digest, "-cert", lan, *rest, "-reqout", str(out))
    assert done.returncode == 0, done.stderr
    query = ocsp.read(out.read_bytes())
    assert query.concerns(authority().issuing)
    assert not query.concerns(authority().root)
    assert bool(query.nonce) == (more != ("-no_nonce",))
    said = asking.judge(ocsp.answer(query, responder(), {serial("lan"): None}, NOW), "lan", digest=digest)
    assert "Response verify OK" in said
    assert "lan.pem: good" in said


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (x509.ReasonFlags.key_compromise, "keyCompromise"),
        (x509.ReasonFlags.affiliation_changed, "affiliationChanged"),
        (x509.ReasonFlags.superseded, "superseded"),
        (x509.ReasonFlags.cessation_of_operation, "cessationOfOperation"),
        (None, ""),
    ],
)
def test_openssl_reads_when_and_why_a_certificate_was_revoked(
    asking: Asking, reason: x509.ReasonFlags | None, shown: str
) -> None:
    query = ocsp.read(asking.request("lan"))
    at = NOW - timedelta(hours=1)
    said = asking.judge(
        ocsp.answer(query, responder(), {serial("lan"): Revoked(serial("lan"), at, reason)}, NOW), "lan"
    )
    assert "Response verify OK" in said
    assert "lan.pem: revoked" in said
    assert (f"Reason: {shown}" in said) == bool(shown)
    assert f"Revocation Time: {at:%b} {at.day:2} {at:%H:%M:%S %Y} GMT" in said


def test_an_answer_says_since_when_a_key_may_have_been_lost(asking: Asking) -> None:
    query = ocsp.read(asking.request("lan"))
    lost = (NOW - timedelta(days=3)).replace(microsecond=0)
    entry = Revoked(serial("lan"), NOW, x509.ReasonFlags.key_compromise, lost)
    answer = ocsp.answer(query, responder(), {serial("lan"): entry}, NOW)
    assert "Response verify OK" in asking.judge(answer, "lan")
    (one,) = x509_ocsp.load_der_ocsp_response(answer).responses
    (told,) = asn1_ocsp.OCSPResponse.load(answer).response_data["responses"]
    (extension,) = told["single_extensions"]
    assert extension["extn_id"].native == "invalidity_date"
    assert extension["extn_value"].parsed.native == lost
    assert one.certificate_status is x509_ocsp.OCSPCertStatus.REVOKED


def test_several_certificates_are_answered_in_their_order(asking: Asking) -> None:
    query = ocsp.read(asking.request("lan", "hoa", "minh"))
    known = {serial("lan"): None, serial("hoa"): Revoked(serial("hoa"), NOW - timedelta(days=1))}
    said = asking.judge(ocsp.answer(query, responder(), known, NOW), "lan", "hoa", "minh")
    assert "Response verify OK" in said
    assert [line for line in ("lan.pem: good", "hoa.pem: revoked", "minh.pem: unknown") if line in said] == [
        "lan.pem: good",
        "hoa.pem: revoked",
        "minh.pem: unknown",
    ]


def test_an_answer_with_another_nonce_is_noticed(asking: Asking) -> None:
    asking.request("lan")
    other = ocsp.read(asking.request("lan"))
    asking.request("lan")
    said = asking.judge(ocsp.answer(other, responder(), {serial("lan"): None}, NOW), "lan")
    assert "Nonce Verify error" in said


def test_openssl_believes_only_who_was_given_the_right_to_answer(asking: Asking) -> None:
    """A personal certificate of the same authority must not answer for it."""
    query = ocsp.read(asking.request("lan"))
    said = asking.judge(ocsp.answer(query, responder(Purpose.PERSONAL), {serial("lan"): None}, NOW), "lan")
    assert "Response Verify Failure" in said


def test_an_answer_that_was_changed_is_noticed(asking: Asking) -> None:
    query = ocsp.read(asking.request("lan"))
    revoked = {serial("lan"): Revoked(serial("lan"), NOW)}
    answer = bytearray(ocsp.answer(query, responder(), revoked, NOW))
    place = answer.index(f"{NOW:%Y%m%d%H%M%S}Z".encode())
    answer[place + 3] ^= 1
    assert "Response Verify Failure" in asking.judge(bytes(answer), "lan")


def test_a_responders_certificate_lives_a_week_and_need_not_be_asked_about() -> None:
    found = certificates.load(responder().certificate)
    assert found.not_valid_after_utc <= NOW + timedelta(days=7)
    assert found.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert not found.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment


@pytest.mark.parametrize("status", ["malformed_request", "unauthorized", "try_later"])
def test_a_refusal_is_an_answer_openssl_reads(asking: Asking, status: str) -> None:
    asking.request("lan")
    said = asking.judge(ocsp.refusal(status), "lan")
    assert f"Responder Error: {status.replace('_', '')}" in said


def test_what_is_no_request_is_unreadable_and_nothing_else(asking: Asking) -> None:
    good = asking.request("lan", "hoa")
    dice = random.Random(7)
    samples = [b"", b"\x00", b"\x30\x80" * 2000, b"0" * (ocsp.LONGEST + 1), good + b"\x00", good * 40]
    samples += [good[:cut] for cut in range(len(good))]
    for _ in range(3000):
        changed = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        samples.append(bytes(changed))
    read = 0
    answering = responder()
    for sample in samples:
        try:
            query = ocsp.read(sample)
        except ocsp.Unreadable:
            continue
        read += 1
        query.concerns(authority().issuing)
        ocsp.answer(query, answering, {}, NOW)
    assert 0 < read < len(samples)


def test_too_many_certificates_at_once_are_refused(asking: Asking) -> None:
    names = ("lan", "hoa", "minh") * 11
    with pytest.raises(ocsp.Unreadable):
        ocsp.read(asking.request(*names))
    assert len(ocsp.read(asking.request(*names[: ocsp.MOST])).ids) == ocsp.MOST
