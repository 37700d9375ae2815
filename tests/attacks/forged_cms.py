"""Attacks on the signature itself: certificates, attributes, time-stamps exchanged, authorities imitated."""

from __future__ import annotations

import functools
import hashlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tasks import certificates
from tasks.certificates import Purpose, Subject
from tasks.timestamping import LocalTimeStamper, TimeStampAuthority
from tasks.verdicts import Verdict
from tests.attacks import raw
from tests.attacks.byte_ranges import by_hand
from tests.attacks.certified import stranger
from tests.attacks.judged import judge
from tests.attacks.letters import (
    approved,
    close,
    contents_of,
    sign_plainly,
    signed,
    unsigned,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks, Make
from tests.signatures import FOUNDED, NOW, SCHOOL, Person, authority, person, timestamper, trust

ATTACKS = Attacks("forged signature")
sample = ATTACKS.sample
NOT_GOOD = (BROKEN, UNKNOWN, ALTERED)


def opened(pdf: bytes, place: int = -1) -> cms.ContentInfo:
    start, end = contents_of(pdf, place)
    return cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()), strict=False)


def with_cms(pdf: bytes, der: bytes, place: int = -1) -> bytes:
    """The contents exchanged: the only bytes of a file that no digest covers."""
    start, end = contents_of(pdf, place)
    if 2 * len(der) > end - start - 2:
        raise ValueError("The contents do not fit.")
    return pdf[: start + 1] + der.hex().encode().ljust(end - start - 2, b"0") + pdf[end - 1 :]


def edited(base: Make, change: Callable[[cms.SignedData], None]) -> bytes:
    info = opened(base())
    change(info["content"])
    return with_cms(base(), info.dump())


def signer(data: cms.SignedData) -> cms.SignerInfo:
    return data["signer_infos"][0]


def attributes_stripped(data: cms.SignedData) -> None:
    """The attributes are what was signed; without them the same value speaks of nothing."""
    info = signer(data)
    del info["signed_attrs"]


def as_content(data: cms.SignedData) -> None:
    """The classical confusion: the attributes' own bytes offered as signed content."""
    info = signer(data)
    content = info["signed_attrs"].untag().dump()
    del info["signed_attrs"]
    data["encap_content_info"] = {"content_type": "data", "content": content}


def digest_replaced(data: cms.SignedData) -> None:
    for attribute in signer(data)["signed_attrs"]:
        if attribute["type"].native == "message_digest":
            attribute["values"] = [hashlib.sha256(b"900 000 000").digest()]


def content_added(data: cms.SignedData) -> None:
    """Signed content within the signature, where a detached one has none."""
    data["encap_content_info"] = {"content_type": "data", "content": b"900 000 000"}


def value_exchanged(value: bytes) -> Callable[[cms.SignedData], None]:
    def exchange(data: cms.SignedData) -> None:
        signer(data)["signature"] = value

    return exchange


def certificate_swapped(data: cms.SignedData) -> None:
    """Another person's certificate in place of the signer's."""
    data["certificates"] = [
        cms.CertificateChoices("certificate", asn1_x509.Certificate.load(person("hanh").certificate))
    ]


def signer_named_anew(data: cms.SignedData) -> None:
    certificate_swapped(data)
    other = asn1_x509.Certificate.load(person("hanh").certificate)
    signer(data)["sid"] = cms.SignerIdentifier(
        "issuer_and_serial_number",
        cms.IssuerAndSerialNumber({"issuer": other.issuer, "serial_number": other.serial_number}),
    )


def certificates_removed(data: cms.SignedData) -> None:
    data["certificates"] = []


def algorithm_weakened(data: cms.SignedData) -> None:
    signer(data)["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "md5"})


def second_signer(data: cms.SignedData) -> None:
    """One contents string, two signers: the second is nobody's."""
    twin = cms.SignerInfo.load(signer(data).dump())
    del twin["unsigned_attrs"]
    twin["signature"] = b"\x30\x06\x02\x01\x01\x02\x01\x01"
    data["signer_infos"] = [signer(data), twin]


def no_signer(data: cms.SignedData) -> None:
    data["signer_infos"] = []


EDITS: dict[str, Callable[[cms.SignedData], None]] = {
    "signed attributes stripped": attributes_stripped,
    "attributes offered as content": as_content,
    "digest exchanged": digest_replaced,
    "content within": content_added,
    "signature value zero": value_exchanged(b"\x30\x06\x02\x01\x00\x02\x01\x00"),
    "signature value empty": value_exchanged(b""),
    "certificate of another person": certificate_swapped,
    "certificate and name of another person": signer_named_anew,
    "no certificates": certificates_removed,
    "a weak algorithm named": algorithm_weakened,
    "a second signer": second_signer,
    "no signer": no_signer,
}
for _name, _edit in EDITS.items():
    for _base in (signed, approved):
        ATTACKS.add(f"{_name}, {_base.__name__}", partial(edited, _base, _edit), _base, *NOT_GOOD)


# --- time-stamps -------------------------------------------------------------------------------------------


def token_of(data: cms.SignedData) -> cms.CMSAttribute:
    found = [a for a in signer(data)["unsigned_attrs"] if a["type"].native == "signature_time_stamp_token"]
    return found[0]


@sample("time-stamp of another signature", approved, *NOT_GOOD)
def other_token() -> bytes:
    """A true token of the school's authority, over another value."""
    stolen = token_of(opened(approved(), 0)["content"])
    info = opened(approved())
    kept = [a for a in signer(info["content"])["unsigned_attrs"] if a["type"].native != stolen["type"].native]
    signer(info["content"])["unsigned_attrs"] = [*kept, stolen]
    return with_cms(approved(), info.dump())


@sample("time-stamp whose time was changed", signed, *NOT_GOOD)
def token_changed() -> bytes:
    info = opened(signed())
    token = token_of(info["content"])["values"][0]["content"]
    told = tsp.TSTInfo.load(token["encap_content_info"]["content"].parsed.dump())
    told["gen_time"] = NOW - timedelta(days=300)
    token["encap_content_info"]["content"] = core.ParsableOctetString(told.dump())
    return with_cms(signed(), info.dump())


def lookalike_stamps(at: datetime) -> LocalTimeStamper:
    """An authority of the same names, which says what time the attacker likes."""
    other = certificates.make_authority(FOUNDED, SCHOOL)
    key = certificates.new_key()
    subject = Subject("Hồ Sơ Số TSA", SCHOOL, "tsa")
    certificate = certificates.issue(other, subject, Purpose.TIMESTAMP, key.public_key(), FOUNDED)
    return LocalTimeStamper(TimeStampAuthority(key, certificate, (other.issuing,), clock=lambda: at))


@sample("time-stamp of an authority with the same names", None, *NOT_GOOD)
def foreign_token() -> bytes:
    return stamped_by(lookalike_stamps(NOW))


def stamped_by(stamps: LocalTimeStamper, who: str = "lan") -> bytes:
    return close(by_hand(), person(who), stamps=stamps)


@sample("archive's time-stamp by an authority with the same names", approved, *NOT_GOOD, ALTERED)
def foreign_archive() -> bytes:
    """Signed and good; only the last token proves nothing."""
    from tasks import signing

    other = certificates.make_authority(FOUNDED, SCHOOL)
    key = certificates.new_key()
    subject = Subject("Hồ Sơ Số TSA", SCHOOL, "tsa")
    certificate = certificates.issue(other, subject, Purpose.TIMESTAMP, key.public_key(), FOUNDED)
    stamps = LocalTimeStamper(TimeStampAuthority(key, certificate, (other.issuing,), clock=lambda: NOW))
    both = replace(
        trust(),
        roots=(*trust().roots, other.root),
        intermediates=(*trust().intermediates, other.issuing),
        crls=(*trust().crls, other.root_crl, certificates.crl(other, (), FOUNDED, 1)),
    )
    return signing.archive_timestamp(approved(), both, stamps, NOW)


# --- certificates ------------------------------------------------------------------------------------------


@functools.cache
def holder(kind: str) -> Person:
    """A key of the school's authority that may not sign, or not any more."""
    key = certificates.new_key()
    subject = Subject("Đỗ Quang Minh", SCHOOL, "minh")
    purpose, issued = Purpose.PERSONAL, FOUNDED
    if kind == "time-stamps only":
        purpose = Purpose.TIMESTAMP
    elif kind == "not yet valid":
        issued = NOW + timedelta(days=30)
    elif kind == "self-signed":
        return self_signed(key)
    elif kind == "issued by a teacher":
        return issued_by_a_teacher(key)
    else:
        raise ValueError(kind)
    return Person("minh", key, certificates.issue(authority(), subject, purpose, key.public_key(), issued))


def self_signed(key: ec.EllipticCurvePrivateKey) -> Person:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    name = certificates.load(person("minh").certificate).subject
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(FOUNDED)
        .not_valid_after(NOW + timedelta(days=900))
        .sign(key, hashes.SHA256())
    )
    return Person("minh", key, made.public_bytes(Encoding.DER))


def issued_by_a_teacher(key: ec.EllipticCurvePrivateKey) -> Person:
    """A teacher's own certificate used as if it were an authority's."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    teacher = person("lan")
    made = (
        x509.CertificateBuilder()
        .subject_name(certificates.load(person("minh").certificate).subject)
        .issuer_name(certificates.load(teacher.certificate).subject)
        .public_key(key.public_key())
        .serial_number(8)
        .not_valid_before(FOUNDED)
        .not_valid_after(NOW + timedelta(days=900))
        .sign(teacher.key, hashes.SHA256())
    )
    return Person("minh", key, made.public_bytes(Encoding.DER))


for _kind in ("time-stamps only", "not yet valid", "self-signed", "issued by a teacher"):
    ATTACKS.add(f"certificate: {_kind}", lambda kind=_kind: close(by_hand(), holder(kind)), None, *NOT_GOOD)  # type: ignore[misc]
ATTACKS.add(
    "certificate: an authority with the same names",
    lambda: close(by_hand(), stranger()),
    None,
    *NOT_GOOD,
)


@sample("certificate: the attacker's root brought along in the file", None, *NOT_GOOD, ALTERED)
def own_root() -> bytes:
    """The validation data of the file holds an authority of the attacker's: nobody trusts it for that."""
    other = certificates.make_authority(FOUNDED, SCHOOL)
    who = stranger()
    pdf = close(by_hand(), who)
    root = raw.value_of(pdf, 1)
    store = b"<< /Type /DSS /Certs [%s] /CRLs [%s] >>" % (b"901 0 R 902 0 R", b"903 0 R")
    return raw.update(
        pdf,
        {
            1: raw.with_entry(root, b"/DSS 900 0 R "),
            900: store,
            901: raw.stream(other.root),
            902: raw.stream(other.issuing),
            903: raw.stream(other.root_crl),
        },
    )


LATER = NOW + timedelta(days=4 * 365)


def ask_later(pdf: bytes) -> Verdict:
    """Four years on, when the certificates of persons have ended."""
    return judge(pdf, LATER)


@sample("certificate: ended, and no time-stamp proves that it signed before", None, *NOT_GOOD, by=ask_later)
def backdated() -> bytes:
    """The signer's machine says the certificate was good; nothing proves it."""
    return sign_plainly(unsigned(), "author", person("lan"), stamped=False)


@sample("certificate: had ended when the time-stamp was made", None, *NOT_GOOD, by=ask_later)
def stamped_too_late() -> bytes:
    return stamped_by(timestamper(LATER))


@sample("certificate: of a time-stamp authority, by a document timestamp's name", None, *NOT_GOOD)
def stamp_key_as_signature() -> bytes:
    return sign_plainly(unsigned(), "author", holder("time-stamps only"), evidence=False)


# --- weak or unfit keys ------------------------------------------------------------------------------------


@functools.cache
def weak(bits: int) -> Person:
    """A key that can be broken today, certified by the school's authority all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        key = rsa.generate_private_key(65537, bits)
    subject = Subject("Đỗ Quang Minh", SCHOOL, "minh")
    certificate = certificates.issue(authority(), subject, Purpose.PERSONAL, key.public_key(), FOUNDED)
    return Person("minh", key, certificate)  # type: ignore[arg-type]


ATTACKS.add("an RSA key of 1024 bits", lambda: close(by_hand(), weak(1024)), None, *NOT_GOOD)


@sample("SHA-1", None, *NOT_GOOD)
def sha_1() -> bytes:
    """Two files of one SHA-1 digest can be made since 2017."""
    return sign_plainly(
        unsigned(), "author", person("lan"), md_algorithm="sha1", evidence=False, stamped=False
    )


@sample("certificate: of the issuing authority itself", None, *NOT_GOOD)
def by_the_authority() -> bytes:
    key = certificates._private(authority().issuing_key)
    return close(by_hand(), Person("ca", key, authority().issuing))
