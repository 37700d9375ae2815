"""Keys and PINs: who gets a key, how a PIN is lost and found, what guessing costs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from flows import admitting, certification, keyring
from flows.certification import issuing_parts, publish_lists, published_list
from models import tables
from models.account import Account
from models.db import Database
from models.errors import BadPin, Invalid, Locked
from models.key import SigningKey
from models.school import School
from models.settings import Settings
from tasks import certificate_use, certificates, keys
from tasks.certificate_use import BadCertificate
from tasks.keys import Secret
from tests.cast import Cast

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PIN, OTHER = Secret("246810"), Secret("135792")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database)
    tables.create_all(database)
    with database.write() as session:
        session.add(School(id="dong-mai", created_at=NOW))
        session.flush()
        for name in ("lan", "thu"):
            session.add(
                Account(
                    id=name,
                    school_id="dong-mai",
                    sign_in_name=name,
                    full_name=f"Nguyễn Thị {name.title()}",
                    password_hash="-",
                    created_at=NOW,
                )
            )
    certification.ensure_authority(database, settings, NOW)
    yield database
    database.dispose()


def issue(
    db: Database, settings: Settings, account: str = "lan", purpose: keyring.KeyPurpose = "person"
) -> SigningKey:
    return keyring.issue_key(db, settings, account, "Trường Tiểu học Đồng Mai", purpose, PIN, NOW)


def stored(db: Database, key: SigningKey) -> SigningKey:
    with db.read() as session:
        found = session.get(SigningKey, key.id)
    assert found is not None
    return found


def test_an_issued_key_opens_with_its_pin_and_its_certificate_names_the_person(
    db: Database, settings: Settings
) -> None:
    key = issue(db, settings)
    opened = keyring.try_pin(db, settings, key, PIN, NOW)
    certificate = certificates.load(key.certificate)
    assert certificate.public_key() == opened.public_key()
    assert certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == "Nguyễn Thị Lan"
    with db.read() as session:
        trusted = certification.trust_of(session)
    certificate_use.refuse_unless_usable(key.certificate, "lan", trusted, NOW)
    with pytest.raises(BadCertificate):
        certificate_use.refuse_unless_usable(key.certificate, "thu", trusted, NOW)


def test_the_seal_names_the_school_and_is_a_key_of_its_own(db: Database, settings: Settings) -> None:
    own, seal = issue(db, settings, "thu"), issue(db, settings, "thu", "seal")
    name = certificates.load(seal.certificate).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert name[0].value == "Trường Tiểu học Đồng Mai"
    with db.read() as session:
        assert keyring.key_of(session, "thu", "person").id == own.id
        assert keyring.key_of(session, "thu", "seal").id == seal.id
        with pytest.raises(Invalid):
            keyring.key_of(session, "lan", "seal")


def renew(db: Database, settings: Settings, now: datetime, pin: Secret = PIN) -> SigningKey:
    return keyring.renew_key(db, settings, "lan", "Trường Tiểu học Đồng Mai", "person", pin, now)


def listed(db: Database) -> dict[int, tuple[datetime, x509.ReasonFlags]]:
    """What the list that signatures embed says, which is what the list given out says."""
    with db.read() as session:
        (part,) = issuing_parts(session)
        both = [x509.load_der_x509_crl(der) for der in (part.crl, published_list(session, part))]
    embedded, given = (
        {
            entry.serial_number: (
                entry.revocation_date_utc,
                entry.extensions.get_extension_for_class(x509.CRLReason).value.reason,
            )
            for entry in crl
        }
        for crl in both
    )
    assert embedded == given
    return embedded


def serial(key: SigningKey) -> int:
    return certificates.load(key.certificate).serial_number


def test_a_second_key_is_refused_even_when_the_first_has_expired(db: Database, settings: Settings) -> None:
    """Whoever knows the password alone must not come by a signature when the certificate runs out."""
    first = issue(db, settings)
    for now in (NOW, first.expires_at + timedelta(days=1)):
        with pytest.raises(Invalid, match="renew"):
            keyring.issue_key(db, settings, "lan", "Trường Tiểu học Đồng Mai", "person", OTHER, now)


def test_a_renewed_certificate_has_another_key_and_the_same_pin(db: Database, settings: Settings) -> None:
    first = issue(db, settings)
    later = NOW + timedelta(days=1000)
    second = renew(db, settings, later)
    assert second.expires_at == first.expires_at + timedelta(days=1000)
    opened = keyring.try_pin(db, settings, stored(db, second), PIN, later)
    assert opened.public_key() == certificates.load(second.certificate).public_key()
    assert opened.public_key() != certificates.load(first.certificate).public_key()
    old = stored(db, first)
    assert (old.revoked_at, old.reason, old.protected) == (later, "superseded", b"")
    assert listed(db) == {serial(first): (later, x509.ReasonFlags.superseded)}
    with db.read() as session:
        assert keyring.key_of(session, "lan", "person").id == second.id
        assert [key.id for key in keyring.history(session, "lan")] == [second.id, first.id]


def test_a_certificate_renewed_after_its_end_stands_on_no_list(db: Database, settings: Settings) -> None:
    first = issue(db, settings)
    second = renew(db, settings, first.expires_at + timedelta(days=1))
    with db.read() as session:
        assert keyring.key_of(session, "lan", "person").id == second.id
    assert listed(db) == {}
    assert stored(db, first).protected == b""


def test_renewing_takes_the_name_of_today(db: Database, settings: Settings) -> None:
    issue(db, settings)
    with db.write() as session:
        session.get_one(Account, "lan").full_name = "Nguyễn Thị Lan Anh"
    found = certificates.load(renew(db, settings, NOW).certificate)
    (name,) = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert name.value == "Nguyễn Thị Lan Anh"


def test_renewing_needs_the_present_pin_and_counts_wrong_ones(db: Database, settings: Settings) -> None:
    key = issue(db, settings)
    with pytest.raises(BadPin):
        renew(db, settings, NOW, OTHER)
    assert (stored(db, key).failures, stored(db, key).revoked_at) == (1, None)
    assert listed(db) == {}


def test_renewing_twice_at_once_leaves_one_key(db: Database, settings: Settings) -> None:
    issue(db, settings)

    def attempt(_: int) -> bool:
        try:
            renew(db, settings, NOW)
        except (Invalid, BadCertificate):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(attempt, range(4)))
    with db.read() as session:
        held = keyring.history(session, "lan")
    assert done >= 1
    assert len(held) == 1 + done
    assert [key.revoked_at is None for key in held].count(True) == 1


@pytest.mark.parametrize("reason", ["keyCompromise", "affiliationChanged", "cessationOfOperation"])
def test_a_list_says_why_a_certificate_was_revoked(db: Database, settings: Settings, reason: str) -> None:
    key = issue(db, settings)
    why = x509.ReasonFlags(reason)
    with db.write() as session:
        assert keyring.revoke_key(session, settings, key.id, why, NOW)
        assert not keyring.revoke_key(session, settings, key.id, why, NOW)
    assert listed(db) == {serial(key): (NOW, why)}
    assert stored(db, key).protected == b""


def test_a_revocation_does_not_reach_back_to_a_signature_of_the_same_second(
    db: Database, settings: Settings
) -> None:
    """Lists and time-stamps know whole seconds."""
    key = issue(db, settings)
    with db.write() as session:
        admitting.note_use(session, "lan", key.fingerprint, NOW + timedelta(milliseconds=300))
    with db.write() as session:
        keyring.revoke_keys(session, settings, "lan", NOW + timedelta(milliseconds=700))
    assert listed(db)[serial(key)][0] == NOW + timedelta(seconds=1)
    with pytest.raises(BadCertificate), db.write() as session:
        admitting.note_use(session, "lan", key.fingerprint, NOW + timedelta(milliseconds=800))


def test_the_list_given_out_is_made_anew_every_day_and_numbers_only_grow(
    db: Database, settings: Settings
) -> None:
    def given() -> x509.CertificateRevocationList:
        with db.read() as session:
            (part,) = issuing_parts(session)
            return x509.load_der_x509_crl(published_list(session, part))

    def number(crl: x509.CertificateRevocationList) -> int:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    numbers = [number(given())]
    for day in range(3):
        now = NOW + timedelta(days=day)
        assert publish_lists(db, settings, now) == 2  # of the root and of the issuing authority
        assert publish_lists(db, settings, now + timedelta(hours=23)) == 0
        assert given().next_update_utc == now + timedelta(days=7)
        numbers.append(number(given()))
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("pin", ["12345", "123456", "111111", "abcdef", "１２３４５６"])
def test_a_pin_that_anyone_would_guess_is_refused(db: Database, settings: Settings, pin: str) -> None:
    with pytest.raises(Invalid):
        keyring.issue_key(db, settings, "lan", "Trường", "person", Secret(pin), NOW)
    with db.read() as session:
        assert not keyring.has_pin(session, "lan")


def test_five_wrong_pins_pause_the_key_even_for_the_right_one(db: Database, settings: Settings) -> None:
    key = issue(db, settings)
    for left in (4, 3, 2, 1):
        with pytest.raises(BadPin) as wrong:
            keyring.try_pin(db, settings, stored(db, key), OTHER, NOW)
        assert f"Còn {left} lần" in wrong.value.sentence.vi
    with pytest.raises(Locked) as paused:
        keyring.try_pin(db, settings, stored(db, key), OTHER, NOW)
    assert "15:15 23/11/2026" in paused.value.sentence.vi
    with pytest.raises(Locked):
        keyring.try_pin(db, settings, stored(db, key), PIN, NOW + timedelta(minutes=14))
    keyring.try_pin(db, settings, stored(db, key), PIN, NOW + timedelta(minutes=15))
    assert (stored(db, key).failures, stored(db, key).locked_until) == (0, None)


def test_after_the_pause_five_tries_are_given_again(db: Database, settings: Settings) -> None:
    key = issue(db, settings)
    for _ in range(5):
        keyring.pin_failed(db, key.id, NOW)
    refusal = keyring.pin_failed(db, key.id, NOW + timedelta(minutes=16))
    assert isinstance(refusal, BadPin)
    assert "Còn 4 lần" in refusal.sentence.vi


def test_trying_on_during_the_pause_does_not_lengthen_it(db: Database, settings: Settings) -> None:
    key = issue(db, settings)
    for minutes in (0, 0, 0, 0, 0, 10):
        refusal = keyring.pin_failed(db, key.id, NOW + timedelta(minutes=minutes))
    assert isinstance(refusal, Locked)
    assert "15:15 23/11/2026" in refusal.sentence.vi


def test_a_right_pin_forgets_the_wrong_ones_before_it(db: Database, settings: Settings) -> None:
    key = issue(db, settings)
    for _ in range(4):
        keyring.pin_failed(db, key.id, NOW)
    keyring.try_pin(db, settings, stored(db, key), PIN, NOW)
    assert "Còn 4 lần" in keyring.pin_failed(db, key.id, NOW).sentence.vi


def test_guessing_in_parallel_counts_every_try_and_the_late_right_one_is_refused(
    db: Database, settings: Settings
) -> None:
    key = issue(db, settings)
    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(lambda _: keyring.pin_failed(db, key.id, NOW), range(8)))
    assert sum(isinstance(r, BadPin) for r in refusals) == 4
    assert sum(isinstance(r, Locked) for r in refusals) == 4
    with pytest.raises(Locked):  # its key was read before the pause began
        keyring.try_pin(db, settings, key, PIN, NOW)


def test_a_changed_pin_opens_both_keys_and_the_old_one_opens_none(db: Database, settings: Settings) -> None:
    held = [issue(db, settings, "thu"), issue(db, settings, "thu", "seal")]
    keyring.change_pin(db, settings, "thu", PIN, OTHER, NOW)
    for key in held:
        opened = keyring.try_pin(db, settings, stored(db, key), OTHER, NOW)
        assert opened.public_key() == certificates.load(key.certificate).public_key()
        with pytest.raises(BadPin):
            keyring.try_pin(db, settings, stored(db, key), PIN, NOW)


def test_changing_a_pin_needs_the_present_one(db: Database, settings: Settings) -> None:
    key = issue(db, settings)
    with pytest.raises(BadPin):
        keyring.change_pin(db, settings, "lan", Secret("908172"), OTHER, NOW)
    assert stored(db, key).protected == key.protected
    assert stored(db, key).failures == 1


def test_a_revoked_key_is_listed_signs_no_more_and_makes_room(db: Database, settings: Settings) -> None:
    key, kept = issue(db, settings), issue(db, settings, "thu")
    with db.write() as session:
        assert keyring.revoke_keys(session, settings, "lan", NOW) == 1
    with db.read() as session:
        trusted = certification.trust_of(session)
        assert not keyring.has_pin(session, "lan")
    with pytest.raises(BadCertificate):
        certificate_use.refuse_unless_usable(key.certificate, "lan", trusted, NOW + timedelta(minutes=1))
    certificate_use.refuse_unless_usable(kept.certificate, "thu", trusted, NOW + timedelta(minutes=1))
    issue(db, settings)
    with db.write() as session:
        keyring.revoke_keys(session, settings, "lan", NOW)
        crl = x509.load_der_x509_crl(certification.trust_of(session).crls[1])
    assert len(list(crl)) == 2
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 4


def test_neither_the_database_nor_the_master_key_alone_opens_a_key(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    key = issue(db, settings)
    elsewhere = Settings(data=tmp_path / "elsewhere")
    with pytest.raises(BadPin):
        keys.unlock(key.protected, PIN, elsewhere.master_key, "lan")
    with pytest.raises(ValueError, match=r"master\.key"), db.read() as session:
        certification.open_authority(session, elsewhere)


def test_pins_are_counted_alike_on_every_database(each_cast: Cast) -> None:
    office = each_cast.office
    with office.db.read() as session:
        key = keyring.key_of(session, each_cast.ids["lan"], "person")
    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(lambda _: keyring.pin_failed(office.db, key.id, NOW), range(8)))
    assert sum(isinstance(refusal, Locked) for refusal in refusals) == 4
    keyring.pin_worked(office.db, key.id, NOW + timedelta(minutes=15))
    with office.db.read() as session:
        assert keyring.key_of(session, each_cast.ids["lan"], "person").failures == 0
