"""Asking another authority's responder: what each answer comes to, and where nobody is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tasks import asked_now, certificates, ocsp, responders
from tasks.certificates import Authority, Purpose, Revoked, Subject
from tasks.judging import judge
from tasks.ocsp import RESPONSE, Responder
from tasks.responders import ask, ask_all
from tasks.signing import Signatory
from tasks.timestamping import LocalTimeStamper, TimeStampAuthority
from tasks.verdict_words import WAS_REVOKED
from tasks.verdicts import Anchor, Anchors, Answer, Asking, IssuerClass, Said, Standing, Verdict
from tests import signatures
from tests.authorities import real
from tests.signatures import FOUNDED, NOW, Person, addendum
from tests.stamp_server import server

DAY = timedelta(days=1)
Known = dict[int, Revoked | None]


class Elsewhere:
    """Another authority with one signer, and a responder that says what a test wants."""

    def __init__(self, url: str) -> None:
        self.authority = real("Nơi cấp công cộng", url)
        key = certificates.new_key()
        named = Subject("Phạm Văn Ngoài", "Công ty Ngoài", "lan")
        signer = certificates.issue(self.authority, named, Purpose.PERSONAL, key.public_key(), FOUNDED)
        self.signer = Person("lan", key, signer)
        self.serial = x509.load_der_x509_certificate(signer).serial_number

    def responder(self, purpose: Purpose = Purpose.RESPONDER, of: Authority | None = None) -> Responder:
        key = certificates.new_key()
        named = Subject("OCSP", "Nơi cấp công cộng", "ocsp")
        made = certificates.issue(of or self.authority, named, purpose, key.public_key(), NOW - DAY)
        return Responder(made, key)

    @property
    def asking(self) -> Asking:
        """As the verdict on a file says whom to ask."""
        (found,) = self.verdict().signatures[0].asked
        return found

    def verdict(self) -> Verdict:
        authority, paper = self.authority, addendum()
        trust = certificates.trust(authority, certificates.crl(authority, (), FOUNDED, 1))
        key = certificates.new_key()
        named = Subject("Dấu", "Công ty Dấu", "9")
        stamp = certificates.issue(authority, named, Purpose.TIMESTAMP, key.public_key(), FOUNDED)
        stamps = TimeStampAuthority(key, stamp, (authority.issuing,), clock=lambda: NOW)
        box = paper.boxes["author"]
        asked = signatures.request(
            paper.pdf, "author", self.signer, box, trust=trust, owner="lan", certify=True
        )
        signatory = Signatory(self.signer.certificate, self.signer.key, trust, LocalTimeStamper(stamps))
        anchors = Anchors((Anchor(authority.root, IssuerClass.PUBLIC),))
        return judge(signatory.sign(asked).pdf, anchors, NOW + DAY)


Answering = Callable[[Elsewhere, bytes], bytes]


@contextmanager
def answering(answer: Answering) -> Iterator[tuple[Elsewhere, list[Any]]]:
    made: list[Elsewhere] = []
    with server(lambda body, _: (200, RESPONSE, answer(made[0], body))) as (url, seen):
        made.append(Elsewhere(url.rstrip("/")))
        yield made[0], seen


def saying(known: Callable[[Elsewhere], Known], at: timedelta = DAY) -> Answering:
    return lambda there, body: ocsp.answer(ocsp.read(body), there.responder(), known(there), NOW + at)


def good(there: Elsewhere) -> Known:
    return {there.serial: None}


def revoked(after: timedelta) -> Callable[[Elsewhere], Known]:
    return lambda there: {there.serial: Revoked(there.serial, NOW + after)}


def by_another(there: Elsewhere, body: bytes) -> bytes:
    other = there.responder(of=real("Nơi cấp khác"))
    return ocsp.answer(ocsp.read(body), other, good(there), NOW + DAY)


def by_a_signer(there: Elsewhere, body: bytes) -> bytes:
    """Of the same authority, but not made for answering."""
    person = there.responder(Purpose.PERSONAL)
    return ocsp.answer(ocsp.read(body), person, good(there), NOW + DAY)


def with_anothers_nonce(there: Elsewhere, body: bytes) -> bytes:
    asked = ocsp.read(body)
    other = ocsp.Query(asked.ids, bytes(16))
    return ocsp.answer(other, there.responder(), good(there), NOW + DAY)


def of_another_certificate(there: Elsewhere, body: bytes) -> bytes:
    asked = ocsp.read(body)
    for one in asked.ids:
        one["serial_number"] = there.serial ^ 1
    return ocsp.answer(asked, there.responder(), {there.serial ^ 1: None}, NOW + DAY)


def changed(there: Elsewhere, body: bytes) -> bytes:
    """Good by its words, and signed as revoked."""
    answer = bytearray(saying(revoked(-DAY))(there, body))
    answer[len(answer) // 3] ^= 1
    return bytes(answer)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (saying(good), Said.GOOD),
        (saying(revoked(DAY / 2)), Said.REVOKED),
        (saying(lambda _: {}), Said.UNKNOWN),
        (saying(good, at=-30 * DAY), Said.UNREACHABLE),
        (saying(good, at=30 * DAY), Said.UNREACHABLE),
        (by_another, Said.UNREACHABLE),
        (by_a_signer, Said.UNREACHABLE),
        (with_anothers_nonce, Said.UNREACHABLE),
        (of_another_certificate, Said.UNREACHABLE),
        (changed, Said.UNREACHABLE),
        (lambda *_: ocsp.refusal("try_later"), Said.UNREACHABLE),
        (lambda *_: b"rubbish", Said.UNREACHABLE),
        (lambda *_: b"", Said.UNREACHABLE),
        (lambda *_: b"0" * (responders.LARGEST + 1), Said.UNREACHABLE),
    ],
)
def test_only_an_answer_of_the_issuer_itself_counts(answer: Answering, said: Said) -> None:
    with answering(answer) as (there, seen):
        assert ask(there.asking, "any", NOW + DAY).said is said
        assert seen


def test_the_issuer_may_answer_itself() -> None:
    def itself(there: Elsewhere, body: bytes) -> bytes:
        key = certificates._private(there.authority.issuing_key)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        own = Responder(there.authority.issuing, key)
        return ocsp.answer(ocsp.read(body), own, good(there), NOW + DAY)

    with answering(itself) as (there, _):
        assert ask(there.asking, "any", NOW + DAY).said is Said.GOOD


def test_no_address_of_a_private_network_is_asked_unless_that_is_set() -> None:
    with answering(saying(good)) as (there, seen):
        one = there.asking
        for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.7", "169.254.169.254", "[::ffff:127.0.0.1]"):
            port = one.urls[0].rsplit(":", 1)[1].partition("/")[0]
            where = Asking(one.certificate, one.issuer, (f"http://{host}:{port}/",))
            assert ask(where, "public", NOW + DAY).said is Said.UNREACHABLE
        assert ask_all([one], "off", NOW + DAY) == {}
        assert seen == []


def test_other_protocols_names_and_passwords_are_not_followed() -> None:
    with answering(saying(good)) as (there, seen):
        one = there.asking
        at = one.urls[0].removeprefix("http://")
        for url in (f"ftp://{at}", f"http://user:word@{at}", "http://", "http://[", "file:///etc/passwd"):
            assert ask(Asking(one.certificate, one.issuer, (url,)), "any", NOW + DAY).said is Said.UNREACHABLE
        assert seen == []


def test_a_redirect_leads_nowhere() -> None:
    with answering(saying(good)) as (there, seen):
        one = there.asking
        with server(lambda *_: (307, RESPONSE, b"")) as (url, asked):
            where = Asking(one.certificate, one.issuer, (url,))
            assert ask(where, "any", NOW + DAY).said is Said.UNREACHABLE
            assert len(asked) == 1
        assert seen == []


def test_who_takes_too_long_gave_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responders, "PATIENCE", 0.2)
    gave_up = Event()

    def late(there: Elsewhere, body: bytes) -> bytes:
        gave_up.wait()
        return saying(good)(there, body)

    with answering(late) as (there, _):
        one = there.asking
        try:
            assert ask_all([one], "any", NOW + DAY) == {one.certificate: responders.NO_ANSWER}
        finally:
            gave_up.set()


def test_an_answer_stands_beside_the_verdict_and_unmakes_no_earlier_signature() -> None:
    with answering(saying(revoked(DAY / 2))) as (there, _):
        verdict = there.verdict()
        assert verdict.standing is Standing.VALID, verdict.explanation.en
        told = asked_now.with_answers(verdict, ask_all(asked_now.wanted(verdict), "any", NOW + DAY))
    assert told.standing is Standing.VALID
    (signature,) = told.signatures
    assert (signature.revoked_then, signature.revoked_now) == (False, True)
    assert signature.answer == Answer(Said.REVOKED, NOW + DAY / 2)


def test_revoked_before_the_signature_though_the_file_knew_nothing_of_it() -> None:
    with answering(saying(revoked(-DAY))) as (there, _):
        verdict = there.verdict()
        assert verdict.standing is Standing.VALID, verdict.explanation.en
        told = asked_now.with_answers(verdict, ask_all(asked_now.wanted(verdict), "any", NOW + DAY))
    assert told.standing is Standing.BROKEN
    assert told.signatures[0].sentence == WAS_REVOKED
    assert WAS_REVOKED.en.rstrip(".") in told.explanation.en


def test_of_our_own_authority_nobody_is_asked() -> None:
    pdf = signatures.sign(addendum().pdf, "author", signatures.person("lan"), certify=True)
    verdict = judge(pdf, Anchors.embedded(signatures.trust()), NOW)
    assert asked_now.wanted(verdict) == ()
