"""Attacks on the proof around a signature: revocation lists, validation data, time-stamps of the document."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tasks import certificates, judging
from tasks.certificates import Revoked, Trust
from tasks.verdicts import Anchors, Verdict
from tests import signatures
from tests.attacks import raw
from tests.attacks.byte_ranges import by_hand
from tests.attacks.letters import appended, approved, archived, close, contents_of, sign_plainly, unsigned
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks
from tests.signatures import FOUNDED, NOW, authority, person, timestamper, trust

ATTACKS = Attacks("evidence")
sample = ATTACKS.sample
NOT_GOOD = (BROKEN, UNKNOWN)
WEEK = timedelta(days=7)


def revoking(when: timedelta, *names: str) -> Trust:
    """The school's trust a week from now: who was revoked, and when."""
    entries = [
        Revoked(certificates.load(person(name).certificate).serial_number, NOW + when) for name in names
    ]
    newest = certificates.crl(authority(), entries, NOW + WEEK, 2)
    return replace(trust(), crls=(authority().root_crl, newest))


def when_revoked_before(pdf: bytes) -> Verdict:
    """The author's certificate had been revoked the day before."""
    return judging.judge(pdf, Anchors.embedded(revoking(timedelta(days=-1), "lan")), NOW + WEEK)


def when_revoked_after(pdf: bytes) -> Verdict:
    """The author's certificate was revoked the day after."""
    return judging.judge(pdf, Anchors.embedded(revoking(timedelta(days=1), "lan")), NOW + WEEK)


def without_lists(pdf: bytes) -> Verdict:
    """A stranger who has the root and nothing else."""
    return judging.judge(pdf, Anchors.embedded(replace(trust(), crls=())), NOW)


ATTACKS.add("revoked before; the file brings an old list", approved, None, *NOT_GOOD, by=when_revoked_before)
ATTACKS.add("revoked before; archived with an old list", archived, None, *NOT_GOOD, by=when_revoked_before)


@sample("revoked since; claims to be older, no time-stamp", None, *NOT_GOOD, by=when_revoked_after)
def backdated() -> bytes:
    """The thief of a key says the signature was made while the certificate was good."""
    return sign_plainly(unsigned(), "author", person("lan"), stamped=False)


@sample("revoked since; the time-stamp is later", None, *NOT_GOOD, by=when_revoked_after)
def stamped_later() -> bytes:
    return close(by_hand(), person("lan"), stamps=timestamper(NOW + timedelta(days=2)))


@sample("no revocation list anywhere", None, UNKNOWN, by=without_lists)
def unlisted() -> bytes:
    return close(by_hand())


@functools.cache
def forged_list() -> bytes:
    """A list in the issuing authority's name, signed by somebody else, on which nobody is revoked."""
    issuer = certificates.load(authority().issuing)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(FOUNDED)
        .next_update(NOW + timedelta(days=900))
        .add_extension(x509.CRLNumber(99), critical=False)
    )
    return builder.sign(certificates.new_key(), hashes.SHA256()).public_bytes(
        certificates.serialization.Encoding.DER
    )


def with_lists(*lists: bytes) -> bytes:
    """Signed without any validation data; the attacker brings some."""
    pdf = close(by_hand())
    numbers = [901 + n for n in range(len(lists))]
    store = b"<< /Type /DSS /CRLs [%s] >>" % b" ".join(b"%d 0 R" % n for n in numbers)
    root = raw.with_entry(raw.value_of(pdf, 1), b"/DSS 900 0 R ")
    return raw.update(
        pdf, {1: root, 900: store, **{n: raw.stream(der) for n, der in zip(numbers, lists, strict=True)}}
    )


ATTACKS.add(
    "a forged revocation list in the file",
    lambda: with_lists(authority().root_crl, forged_list()),
    None,
    *NOT_GOOD,
    by=without_lists,
)


@functools.cache
def ended_list() -> bytes:
    """A true list that had ended long before the signature."""
    ended = FOUNDED - timedelta(days=3660)
    return certificates.revocation_list(authority().issuing, authority().issuing_key, (), ended, 1)


ATTACKS.add(
    "a revocation list that ended before the signature",
    lambda: with_lists(authority().root_crl, ended_list()),
    None,
    *NOT_GOOD,
    by=without_lists,
)


def ask_without(pdf: bytes) -> Verdict:
    return without_lists(pdf)


@sample("validation data taken out", approved, ALTERED, BROKEN, UNKNOWN, by=ask_without)
def stripped() -> bytes:
    def strip(writer: IncrementalPdfFileWriter) -> None:
        del writer.root[pdf_name("/DSS")]
        writer.update_root()

    return appended(approved(), strip)


@sample("archive's time-stamp damaged", archived, ALTERED, BROKEN, UNKNOWN)
def damaged_stamp() -> bytes:
    """One byte within the token of the document timestamp."""
    pdf = archived()
    start, end = contents_of(pdf)
    digits = pdf[start + 1 : end - 1].rstrip(b"0")
    place = start + len(digits) - 200
    return pdf[:place] + (b"A" if pdf[place : place + 1] != b"A" else b"B") + pdf[place + 1 :]


@sample("archive's time-stamp of another file", archived, ALTERED, BROKEN, UNKNOWN)
def stolen_stamp() -> bytes:
    from tasks import signing
    from tests.attacks.letters import certified

    other = signing.archive_timestamp(certified(), trust(), timestamper(), NOW)
    start, end = contents_of(other)
    pdf = archived()
    mine, until = contents_of(pdf)
    digits = other[start + 1 : end - 1].rstrip(b"0")
    return pdf[: mine + 1] + digits.ljust(until - mine - 2, b"0") + pdf[until - 1 :]


@sample("a document timestamp's token offered as a person's signature", None, BROKEN, UNKNOWN)
def token_as_signature() -> bytes:
    """A true token over the true bytes, in a signature that says who signed is the approver."""
    import asyncio
    import hashlib

    from tests.attacks.letters import HOLE, SIGNATURE

    pdf = by_hand(SIGNATURE.replace(b"/Filter", b"/Name (Do Quang Minh) /Filter"))
    made = close(pdf)
    start, end = contents_of(made)
    assert len(HOLE) == end - start
    digest = hashlib.sha256(made[:start] + made[end:]).digest()
    token = asyncio.run(timestamper().async_timestamp(digest, "sha256")).dump()
    return made[: start + 1] + token.hex().encode().ljust(end - start - 2, b"0") + made[end - 1 :]


@sample(
    "revoked before: the time-stamp authority", approved, *NOT_GOOD, by=lambda pdf: when_stamps_revoked(pdf)
)
def false_stamps() -> bytes:
    """Its key was stolen before: its tokens prove no time."""
    return archived()


def when_stamps_revoked(pdf: bytes) -> Verdict:
    serial = certificates.load(signatures._stamping_key()[1]).serial_number
    newest = certificates.crl(authority(), [Revoked(serial, NOW - WEEK)], NOW + WEEK, 2)
    anchors = Anchors.embedded(replace(trust(), crls=(authority().root_crl, newest)))
    return judging.judge(pdf, anchors, NOW + WEEK)
