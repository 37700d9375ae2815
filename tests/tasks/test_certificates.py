"""The development authority: what its certificates say, and which are refused before anything is signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tasks import certificate_use, certificates
from tasks.certificate_use import BadCertificate
from tasks.certificates import Purpose, Revoked, Subject
from tests.signatures import FOUNDED, NOW, SCHOOL, authority, person, trust


def test_a_personal_certificate_names_person_school_and_account() -> None:
    found = certificates.load(person("lan").certificate)
    named = {attribute.oid: attribute.value for attribute in found.subject}
    assert named == {
        NameOID.COUNTRY_NAME: "VN",
        NameOID.COMMON_NAME: "Nguyễn Thị Lan",
        NameOID.ORGANIZATION_NAME: SCHOOL,
        NameOID.SERIAL_NUMBER: "lan",
    }


@pytest.mark.parametrize(
    ("purpose", "nonrepudiation"),
    [(Purpose.PERSONAL, True), (Purpose.SEAL, True), (Purpose.TIMESTAMP, False)],
)
def test_key_usage_follows_the_purpose(purpose: Purpose, nonrepudiation: bool) -> None:
    key = certificates.new_key()
    subject = Subject("Ai đó", SCHOOL, "x")
    issued = certificates.load(certificates.issue(authority(), subject, purpose, key.public_key(), NOW))
    usage = issued.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment is nonrepudiation
    assert not usage.value.key_cert_sign
    extended = [e for e in issued.extensions if isinstance(e.value, x509.ExtendedKeyUsage)]
    assert [(e.critical, list(e.value)) for e in extended] == (
        [(True, [ExtendedKeyUsageOID.TIME_STAMPING])] if purpose is Purpose.TIMESTAMP else []
    )


def test_every_certificate_says_that_it_has_no_legal_force() -> None:
    for der in (authority().root, authority().issuing):
        (common,) = certificates.load(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert "DEVELOPMENT, no legal force" in str(common.value)
    policies = certificates.load(person("lan").certificate).extensions.get_extension_for_class(
        x509.CertificatePolicies
    )
    (policy,) = policies.value
    assert policy.policy_identifier == certificates.POLICY
    notices = policy.policy_qualifiers or []
    assert [n.explicit_text for n in notices if isinstance(n, x509.UserNotice)] == [certificates.LABEL]


def test_the_chain_leads_from_a_person_to_the_root() -> None:
    chain = certificate_use.find_chain(person("lan").certificate, trust())
    assert chain == tuple(
        map(certificates.load, (person("lan").certificate, authority().issuing, authority().root))
    )


def test_a_long_school_name_is_cut_to_what_x509_holds() -> None:
    made = certificates.make_authority(NOW, "Trường " + "rất " * 20 + "dài")
    (name,) = certificates.load(made.root).subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert len(name.value) == 64


def test_private_keys_do_not_show_in_a_representation() -> None:
    shown = repr(authority())
    assert "root_key" not in shown
    assert "issuing_key" not in shown


def test_a_good_certificate_is_accepted() -> None:
    certificate_use.refuse_unless_usable(person("lan").certificate, "lan", trust(), NOW)


def test_another_persons_certificate_is_refused() -> None:
    with pytest.raises(BadCertificate, match="does not belong to the person"):
        certificate_use.refuse_unless_usable(person("lan").certificate, "hoa", trust(), NOW)


def test_an_expired_certificate_is_refused_and_the_sentence_says_since_when() -> None:
    expires = certificates.load(person("lan").certificate).not_valid_after_utc
    certificate_use.refuse_unless_usable(person("lan").certificate, "lan", trust(), expires)
    with pytest.raises(BadCertificate, match=r"expired at \d\d:\d\d \d\d/\d\d/20\d\d") as refusal:
        certificate_use.refuse_unless_usable(
            person("lan").certificate, "lan", trust(), expires + timedelta(seconds=1)
        )
    assert "hết hạn" in refusal.value.sentence.vi


def test_a_certificate_of_the_future_is_refused() -> None:
    with pytest.raises(BadCertificate, match="valid only from"):
        certificate_use.refuse_unless_usable(
            person("lan").certificate, "lan", trust(), FOUNDED - timedelta(hours=1)
        )


def test_a_revoked_certificate_is_refused_from_that_moment_on() -> None:
    revoked = Revoked(certificates.load(person("lan").certificate).serial_number, NOW)
    trusted = certificates.trust(authority(), certificates.crl(authority(), [revoked], NOW, 2))
    certificate_use.refuse_unless_usable(
        person("lan").certificate, "lan", trusted, NOW - timedelta(seconds=1)
    )
    certificate_use.refuse_unless_usable(person("hoa").certificate, "hoa", trusted, NOW)
    with pytest.raises(BadCertificate, match="revoked at 07:58 18/11/2026"):
        certificate_use.refuse_unless_usable(person("lan").certificate, "lan", trusted, NOW)


def test_a_certificate_of_another_authority_is_refused() -> None:
    other = certificates.make_authority(FOUNDED, SCHOOL)
    elsewhere = certificates.trust(other, certificates.crl(other, (), FOUNDED, 1))
    with pytest.raises(BadCertificate, match="does not trust"):
        certificate_use.refuse_unless_usable(person("lan").certificate, "lan", elsewhere, NOW)


def test_a_revocation_list_signed_by_someone_else_counts_for_nothing() -> None:
    """Otherwise whoever names himself after our authority could revoke anybody."""
    impostor = certificates.make_authority(FOUNDED, SCHOOL)
    revoked = Revoked(certificates.load(person("lan").certificate).serial_number, FOUNDED)
    forged = certificates.crl(impostor, [revoked], FOUNDED, 9)
    trusted = replace(trust(), crls=(*trust().crls, forged))
    certificate_use.refuse_unless_usable(person("lan").certificate, "lan", trusted, NOW)
