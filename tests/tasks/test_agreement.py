"""Programs that are not ours agree on our files: poppler's `pdfsig`, `openssl cms`, `openssl ts`, veraPDF.

One full way of each document type, from the author to an archive that was renewed once, each signature and
each timestamp by itself. And each program can say no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from flows.catalogue import TYPES
from tasks import certificates, signing
from tests import verapdf
from tests.signatures import FOUNDED, NOW, Paper, authority, person, timestamper, trust
from tests.tasks.test_signature_table import ANSWERED, TABLE, WAYS_OF_TYPES, Act, revisions
from tests.third_parties import Cut, cut, openssl_cms, openssl_ts, pdfsig

RENEWED = NOW + timedelta(days=300)
UNKNOWN_TO_POPPLER = "Signature has not yet been verified."


def longest_way(slug: str) -> tuple[Callable[[], Paper], tuple[Act, ...]]:
    """The row of the signature table in which most people sign."""
    if slug in ANSWERED:
        return ANSWERED[slug], max((acts for of, acts in WAYS_OF_TYPES.values() if of == slug), key=len)
    return max(
        ((make, acts) for of, make, acts in TABLE.values() if of.slug == slug), key=lambda r: len(r[1])
    )


@cache
def archived(slug: str) -> tuple[bytes, tuple[str, ...]]:
    """The file after its way, its archive timestamp and one renewal of that; and the fields signed."""
    make, acts = longest_way(slug)
    pdf = revisions(make(), acts)[-1]
    return signing.archive_timestamp(pdf, trust(), timestamper(RENEWED), RENEWED), tuple(
        a.field for a in acts
    )


@pytest.mark.parametrize("slug", [declared.slug for declared in TYPES])
def test_every_program_says_that_each_signature_holds(slug: str) -> None:
    pdf, fields = archived(slug)
    signatures, timestamps = parted(pdf)
    assert tuple(one.field for one in signatures) == fields
    assert len(timestamps) == 2
    assert pdfsig(pdf) == {
        **dict.fromkeys(fields, "Signature is Valid."),
        **{one.field: UNKNOWN_TO_POPPLER for one in timestamps},
    }
    for one in signatures:
        assert openssl_cms(one, trust()) == "", one.field
    for one in (*signatures, *timestamps):
        assert openssl_ts(one, trust()) == "", one.field
    assert [one.stamped_at for one in timestamps] == [NOW, RENEWED]
    assert verapdf.check(pdf) == []


def parted(pdf: bytes) -> tuple[list[Cut], list[Cut]]:
    found = cut(pdf)
    return [one for one in found if not one.is_timestamp], [one for one in found if one.is_timestamp]


# --- each can say no --------------------------------------------------------------------------------------


@cache
def sample() -> tuple[bytes, list[Cut], list[Cut]]:
    pdf, _ = archived("lesson-plan")
    return pdf, *parted(pdf)


def test_one_byte_changed_is_seen_by_each() -> None:
    pdf, signatures, timestamps = sample()
    at = pdf.index(b"/MediaBox") + 1
    changed = pdf[:at] + b"n" + pdf[at + 1 :]
    assert pdfsig(changed)["author"] == "Digest Mismatch."
    author, stamp = (
        replace(one, signed=one.signed.replace(b"obj", b"obi", 1)) for one in (signatures[0], timestamps[0])
    )
    assert "content verify error" in openssl_cms(author, trust())
    assert "message imprint mismatch" in openssl_ts(stamp, trust())


def test_the_timestamp_of_another_signature_is_refused() -> None:
    _, (one, other, *_), _ = sample()
    swapped = Cut(one.field, one.token, other.stamped, is_timestamp=True)
    assert "message imprint mismatch" in openssl_ts(swapped, trust())


def test_an_authority_that_is_not_ours_is_refused() -> None:
    _, (one, *_), (stamp, *_) = sample()
    stranger = certificates.make_authority(FOUNDED, "Trường khác")
    theirs = certificates.trust(stranger, certificates.crl(stranger, (), FOUNDED, 1))
    for said in (openssl_cms(one, theirs), openssl_ts(one, theirs), openssl_ts(stamp, theirs)):
        assert "issuer certificate" in said


def test_without_revocation_lists_nothing_is_believed() -> None:
    _, (one, *_), (stamp, *_) = sample()
    unlisted = replace(trust(), crls=())
    for said in (openssl_cms(one, unlisted), openssl_ts(stamp, unlisted)):
        assert "unable to get certificate CRL" in said


def test_a_revoked_signer_is_refused() -> None:
    _, (one, *_), _ = sample()
    serial = certificates.load(person("lan").certificate).serial_number
    listed = certificates.crl(authority(), [certificates.Revoked(serial, FOUNDED)], FOUNDED, 2)
    assert "certificate revoked" in openssl_cms(one, certificates.trust(authority(), listed))


def test_a_file_without_its_structure_is_no_archive_file() -> None:
    pdf, _, _ = sample()
    assert verapdf.check(pdf.replace(b"/StructTreeRoot", b"/StructTreeRoof")) != []
