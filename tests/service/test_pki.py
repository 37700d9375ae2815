"""The embedded authority as the world sees it: lists, certificates and OCSP, judged by openssl."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from fastapi.testclient import TestClient

from flows import certification, keyring
from flows.certification import publish_lists
from models.key import SigningKey
from service.app import create_app
from tests import needs
from tests.cast import Cast
from tests.service.reading import Page

Client = Callable[[], TestClient]


@pytest.fixture
def anybody(cast: Cast) -> TestClient:
    """A browser in which nobody is signed in."""
    return TestClient(create_app(cast.office.settings, cast.office))


def key(cast: Cast, who: str) -> SigningKey:
    with cast.office.db.read() as session:
        return keyring.history(session, cast.ids[who])[0]


def certificate(cast: Cast, who: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(key(cast, who).certificate)


def revoke(cast: Cast, who: str, reason: x509.ReasonFlags = x509.ReasonFlags.key_compromise) -> None:
    with cast.office.db.write() as session:
        keyring.revoke_keys(session, cast.office.settings, cast.ids[who], cast.office.now(), reason=reason)


def addresses(found: x509.Certificate) -> tuple[str, dict[str, str]]:
    """Where a certificate says its list and its authority are; paths on this server."""
    (point,) = found.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name
    access = found.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    at = {one.access_method: one.access_location.value for one in access}
    for url in (point.full_name[0].value, *at.values()):
        assert url.startswith("http://127.0.0.1:")
    return urlsplit(point.full_name[0].value).path, {
        how.dotted_string: urlsplit(url).path for how, url in at.items()
    }


def issuer(cast: Cast) -> x509.Certificate:
    with cast.office.db.read() as session:
        (part,) = certification.issuing_parts(session)
    return x509.load_der_x509_certificate(part.certificate)


def asked(found: x509.Certificate, by: x509.Certificate) -> bytes:
    made = ocsp.OCSPRequestBuilder().add_certificate(found, by, hashes.SHA1()).build()
    return made.public_bytes(Encoding.DER)


def post(anybody: TestClient, body: bytes) -> ocsp.OCSPResponse:
    answer = anybody.post("/pki/ocsp", content=body, headers={"content-type": "application/ocsp-request"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/ocsp-response")
    return ocsp.load_der_ocsp_response(answer.content)


def test_a_stranger_checks_a_certificate_with_what_its_addresses_give(
    cast: Cast, anybody: TestClient, tmp_path: Path
) -> None:
    """From the certificate alone: issuer, root and both lists by their addresses, then `openssl verify`."""
    publish_lists(cast.office.db, cast.office.settings, cast.office.now())

    def verify() -> str:
        found, lists, chain = certificate(cast, "lan"), b"", []
        (tmp_path / "lan.pem").write_bytes(found.public_bytes(Encoding.PEM))
        for _ in range(2):
            listed, access = addresses(found)
            crl = anybody.get(listed)
            assert crl.headers["content-type"] == "application/pkix-crl"
            lists += x509.load_der_x509_crl(crl.content).public_bytes(Encoding.PEM)
            got = anybody.get(access[Access.CA_ISSUERS.dotted_string])
            assert got.headers["content-type"] == "application/pkix-cert"
            found = x509.load_der_x509_certificate(got.content)
            chain.append(found.public_bytes(Encoding.PEM))
        (tmp_path / "issuing.pem").write_bytes(chain[0])
        (tmp_path / "root.pem").write_bytes(chain[1])
        (tmp_path / "lists.pem").write_bytes(lists)
        names = {n: str(tmp_path / f"{n}.pem") for n in ("lan", "issuing", "root", "lists")}
        done = subprocess.run(
            [
                *(needs.program("openssl"), "verify", "-crl_check_all", "-x509_strict"),
                *("-attime", str(int(cast.office.now().timestamp()) + 1)),
                *("-CRLfile", names["lists"], "-CAfile", names["root"]),
                *("-untrusted", names["issuing"], names["lan"]),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    assert "lan.pem: OK" in verify()
    with cast.office.db.read() as session:
        before = keyring.history(session, cast.ids["lan"])[0]
    revoke(cast, "lan")
    assert "certificate revoked" in verify()
    assert before.revoked_at is None


def test_openssl_asks_and_believes(cast: Cast, anybody: TestClient, tmp_path: Path) -> None:
    (tmp_path / "lan.pem").write_bytes(certificate(cast, "lan").public_bytes(Encoding.PEM))
    (tmp_path / "issuing.pem").write_bytes(issuer(cast).public_bytes(Encoding.PEM))
    root = x509.load_der_x509_certificate(anybody.get("/pki/root-1.crt").content)
    (tmp_path / "chain.pem").write_bytes(
        root.public_bytes(Encoding.PEM) + issuer(cast).public_bytes(Encoding.PEM)
    )
    openssl = [needs.program("openssl"), "ocsp", "-issuer", str(tmp_path / "issuing.pem")]
    of = ["-cert", str(tmp_path / "lan.pem")]
    request, answer = tmp_path / "request.der", tmp_path / "answer.der"
    subprocess.run([*openssl, *of, "-reqout", str(request)], check=True, capture_output=True)

    def said() -> str:
        answer.write_bytes(anybody.post("/pki/ocsp", content=request.read_bytes()).content)
        given = ["-respin", str(answer), "-CAfile", str(tmp_path / "chain.pem"), "-no_nonce"]
        # The tests' clock is not openssl's.
        given += ["-attime", str(int(cast.office.now().timestamp())), "-validity_period", str(10**9)]
        fits = subprocess.run(
            [*openssl, *given, "-reqin", str(request)], capture_output=True, text=True, check=False
        )
        assert "Response verify OK" in fits.stdout + fits.stderr
        return subprocess.run([*openssl, *given, *of], capture_output=True, text=True, check=False).stdout

    assert "lan.pem: good" in said()
    revoke(cast, "lan", x509.ReasonFlags.cessation_of_operation)
    assert "Reason: cessationOfOperation" in said()


def test_a_revocation_is_answered_at_once_and_renewals_too(cast: Cast, anybody: TestClient) -> None:
    body = asked(certificate(cast, "hoa"), issuer(cast))
    assert post(anybody, body).certificate_status == ocsp.OCSPCertStatus.GOOD
    revoke(cast, "hoa")
    found = post(anybody, body)
    assert found.certificate_status == ocsp.OCSPCertStatus.REVOKED
    assert found.revocation_reason == x509.ReasonFlags.key_compromise
    assert found.revocation_time_utc == key(cast, "hoa").revoked_at.replace(microsecond=0)  # type: ignore[union-attr]


def test_the_question_may_stand_in_the_address(cast: Cast, anybody: TestClient) -> None:
    """As proxies keep it (RFC 5019); every sign of base64 comes through, escaped or not."""
    for who in ("lan", "hoa", "ngoc", "minh", "thu"):
        body = asked(certificate(cast, who), issuer(cast))
        encoded = base64.b64encode(body).decode()
        for path in (encoded, quote(encoded, safe="")):
            answer = anybody.get(f"/pki/ocsp/{path}")
            found = ocsp.load_der_ocsp_response(answer.content)
            assert found.certificate_status == ocsp.OCSPCertStatus.GOOD
            assert "max-age=600" in answer.headers["cache-control"]


def test_what_the_authority_never_issued_is_unknown_and_others_are_not_answered_for(
    cast: Cast, anybody: TestClient
) -> None:
    ours = issuer(cast)
    stranger = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        *_named(certificate(cast, "lan"), ours), serial_number=4711, algorithm=hashes.SHA1()
    )
    found = post(anybody, stranger.build().public_bytes(Encoding.DER))
    assert found.certificate_status == ocsp.OCSPCertStatus.UNKNOWN
    root = x509.load_der_x509_certificate(anybody.get("/pki/root-1.crt").content)
    of_root = post(anybody, asked(ours, root))
    assert of_root.response_status == ocsp.OCSPResponseStatus.UNAUTHORIZED


def _named(found: x509.Certificate, by: x509.Certificate) -> tuple[bytes, bytes]:
    probe = ocsp.OCSPRequestBuilder().add_certificate(found, by, hashes.SHA1()).build()
    return probe.issuer_name_hash, probe.issuer_key_hash


def test_the_time_stamp_authority_is_answered_for(cast: Cast, anybody: TestClient) -> None:
    tsa = x509.load_der_x509_certificate(anybody.get("/pki/tsa-1.crt").content)
    assert post(anybody, asked(tsa, issuer(cast))).certificate_status == ocsp.OCSPCertStatus.GOOD


@pytest.mark.parametrize("body", [b"", b"rubbish", b"\x30\x03\x02\x01\x00", b"0" * 100_000])
def test_rubbish_is_answered_and_is_no_error(anybody: TestClient, body: bytes) -> None:
    assert post(anybody, body).response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    encoded = quote(base64.b64encode(body[:1000]), safe="") or "x"
    answer = ocsp.load_der_ocsp_response(anybody.get(f"/pki/ocsp/{encoded}").content)
    assert answer.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@pytest.mark.parametrize(
    "path",
    ["root-2.crt", "tsa-1.crl", "other-1.crt", "issuing-x.crl", "issuing-١.crt", "issuing.crt", "-1.crl"],
)
def test_what_is_not_there_is_not_found(anybody: TestClient, path: str) -> None:
    assert anybody.get(f"/pki/{path}").status_code == 404


@pytest.mark.parametrize("path", ["/pki/issuing-1.crl", "/pki/issuing-1.crt"])
def test_who_only_asks_whether_it_is_there_is_answered(anybody: TestClient, path: str) -> None:
    answer = anybody.head(path)
    assert (answer.status_code, answer.headers["etag"]) == (200, anybody.get(path).headers["etag"])


def test_a_list_that_has_not_changed_is_not_sent_again(cast: Cast, anybody: TestClient) -> None:
    first = anybody.get("/pki/issuing-1.crl")
    again = {"if-none-match": first.headers["etag"]}
    assert anybody.get("/pki/issuing-1.crl", headers=again).status_code == 304
    revoke(cast, "lan")
    assert anybody.get("/pki/issuing-1.crl", headers=again).status_code == 200


def test_the_page_says_what_the_authority_is_and_names_its_fingerprints(
    cast: Cast, anybody: TestClient
) -> None:
    for language, words in (("vi", "không có giá trị pháp lý"), ("en", "no legal force")):
        page = Page(None, anybody.get(f"/pki?lang={language}"))  # type: ignore[arg-type]
        assert page.status == 200
        assert words in page.words
        root = x509.load_der_x509_certificate(anybody.get("/pki/root-1.crt").content)
        assert root.fingerprint(hashes.SHA256()).hex() in page.words.replace(" ", "")
        links = [a.get("href") for a in page.all("a.btn")]
        assert {anybody.get(link).status_code for link in links} == {200}
