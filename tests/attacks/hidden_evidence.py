"""Evidence that hides other evidence, and certificates whose holder is not who the name says.

A second time-stamp whose time is not the proven one, an answer that a certificate is good beside a list that
says it was revoked, names with letters nobody sees, certificates of machines.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tasks import certificates, judging
from tasks.certificates import Revoked
from tasks.verdicts import Anchors, Verdict
from tests.attacks import raw
from tests.attacks.byte_ranges import by_hand
from tests.attacks.evidence import WEEK, when_revoked_after
from tests.attacks.forged_cms import lookalike_stamps, opened, signer, token_of, with_cms
from tests.attacks.letters import close
from tests.attacks.samples import BROKEN, UNKNOWN, Attacks
from tests.signatures import FOUNDED, NAMES, NOW, Person, authority, person, timestamper, trust

ATTACKS = Attacks("hidden evidence")
NOT_GOOD = (BROKEN, UNKNOWN)


# --- two time-stamps in one signature ----------------------------------------------------------------------


def two_tokens(*, false_first: bool, apart: bool) -> bytes:
    """Two days after, when the key had been revoked: the school's token says so, and beside it stands one of
    the thief's own authority, which says an earlier time."""
    pdf = close(by_hand(), person("lan"), stamps=timestamper(NOW + timedelta(days=2)))
    info = opened(pdf)
    made = signer(info["content"])
    true = token_of(info["content"])["values"][0]
    digest = hashlib.sha256(made["signature"].native).digest()
    false = asyncio.run(lookalike_stamps(NOW).async_timestamp(digest, "sha256"))
    tokens = [false, true] if false_first else [true, false]
    made["unsigned_attrs"] = cms.CMSAttributes(
        cms.CMSAttribute({"type": "signature_time_stamp_token", "values": values})
        for values in ([[one] for one in tokens] if apart else [tokens])
    )
    return with_cms(pdf, info.dump())


for _first in (True, False):
    for _apart in (True, False):
        ATTACKS.add(
            f"two time-stamps, {'false' if _first else 'true'} first, {'apart' if _apart else 'together'}",
            partial(two_tokens, false_first=_first, apart=_apart),
            None,
            *NOT_GOOD,
            by=when_revoked_after,
        )


# --- an answer that hides a list ---------------------------------------------------------------------------


def holder(
    *names: str,
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    answers: bool = False,
    nonrepudiation: bool = True,
) -> Person:
    """A key certified by the school's authority as another program might have asked it to."""
    key = certificates.new_key()
    issuer = certificates.load(authority().issuing)
    usage = certificates.usage(nonrepudiation=nonrepudiation)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FOUNDED)
        .not_valid_after(NOW + timedelta(days=700))
        .add_extension(usage, critical=True)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
    if answers:
        place = x509.UniformResourceIdentifier("http://ocsp.example/")
        access = x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    made = builder.sign(certificates._private(authority().issuing_key), hashes.SHA256())
    return Person("minh", key, made.public_bytes(Encoding.DER))


@functools.cache
def answered() -> Person:
    return holder(NAMES["minh"], answers=True)


def good(at: datetime, until: datetime) -> bytes:
    """The authority's own answer, true when it was given."""
    issuer = certificates.load(authority().issuing)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificates.load(answered().certificate),
        issuer=issuer,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=at,
        next_update=until,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    made = builder.sign(certificates._private(authority().issuing_key), hashes.SHA256())  # type: ignore[arg-type]
    return made.public_bytes(Encoding.DER)


def with_answer() -> bytes:
    """The thief keeps the answer of the day before the revocation, good for a week."""
    pdf = close(by_hand(), answered())
    root = raw.value_of(pdf, 1)
    answer = good(NOW - timedelta(days=2), NOW + timedelta(days=5))
    store = b"<< /Type /DSS /OCSPs [901 0 R] >>"
    return raw.update(pdf, {1: raw.with_entry(root, b"/DSS 900 0 R "), 900: store, 901: raw.stream(answer)})


def when_listed_before(pdf: bytes) -> Verdict:
    """The school's list says that the certificate had been revoked the day before."""
    return asked_with(pdf, Revoked(serial_of_answered(), NOW - timedelta(days=1)))


def serial_of_answered() -> int:
    return certificates.load(answered().certificate).serial_number


def asked_with(pdf: bytes, *revoked: Revoked) -> Verdict:
    newest = certificates.crl(authority(), revoked, NOW + WEEK, 2)
    lists = (authority().root_crl, newest)
    return judging.judge(pdf, Anchors.embedded(replace(trust(), crls=lists)), NOW + WEEK)


ATTACKS.add(
    "revoked before, as the newest list says; the file brings an older good answer",
    with_answer,
    None,
    BROKEN,
    by=when_listed_before,
)


# --- whose name, whose certificate -------------------------------------------------------------------------

DECEPTIVE = {
    "a line break": "Đỗ Quang Minh\nHiệu trưởng",
    "a mark that turns the writing": "Đỗ Quang \u202ehniM",
    "a space nobody sees": "Đỗ Quang\u200b Minh",
    "a command for a terminal": "Đỗ Quang Minh\x1b[2J",
    "Cyrillic letters": "Đỗ Qu\u0430ng \u041cinh",
    "letters of full width": "Đỗ Quang \uff2dinh",
}
for _name, _said in DECEPTIVE.items():
    ATTACKS.add(
        f"a name with {_name}",
        lambda said=_said: close(by_hand(), holder(said)),
        None,
        UNKNOWN,  # type: ignore[misc]
    )
for _name, _purpose in {
    "a server": ExtendedKeyUsageOID.SERVER_AUTH,
    "a program": ExtendedKeyUsageOID.CODE_SIGNING,
    "a responder": ExtendedKeyUsageOID.OCSP_SIGNING,
}.items():
    ATTACKS.add(
        f"certificate of {_name}",
        lambda purpose=_purpose: close(by_hand(), holder("truong.example", purposes=(purpose,))),  # type: ignore[misc]
        None,
        UNKNOWN,
    )
