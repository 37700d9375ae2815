"""The embedded authority through its generations: made once, followed in time, trusted for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from sqlmodel import Session, select

from flows import certification, keyring
from models import tables
from models.account import Account
from models.db import Database
from models.errors import Unavailable
from models.key import AuthorityPart
from models.school import School
from models.settings import Settings
from tasks import certificate_use, certificates
from tasks.certificate_use import BadCertificate
from tasks.certificates import Trust
from tasks.keys import Secret

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
PIN = Secret("246810")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Database]:
    if request.param == "postgresql":
        database = Database(request.getfixturevalue("postgres_url"))
    else:
        database = Database(settings.database)
        tables.create_all(database)
    with database.write() as session:
        session.add(School(id="dong-mai", created_at=NOW))
        session.flush()
        session.add(
            Account(
                id="lan",
                school_id="dong-mai",
                sign_in_name="lan",
                full_name="Nguyễn Thị Lan",
                password_hash="-",
                created_at=NOW,
            )
        )
    yield database
    database.dispose()


@pytest.fixture
def founded(db: Database, settings: Settings) -> Database:
    certification.ensure_authority(db, settings, NOW)
    return db


def tended(db: Database, settings: Settings, until: timedelta) -> None:
    """The daily job, looked at every month."""
    for months in range(1, round(until / YEAR * 12) + 1):
        certification.tend(db, settings, NOW + months * YEAR / 12)


def parts(session: Session) -> dict[tuple[str, int], AuthorityPart]:
    return {(row.part, row.generation): row for row in session.exec(select(AuthorityPart)).all()}


def trust(db: Database) -> Trust:
    with db.read() as session:
        return certification.trust_of(session)


def test_the_authority_is_made_once_even_by_two_processes(founded: Database, settings: Settings) -> None:
    with founded.read() as session:
        before = {key: part.certificate for key, part in parts(session).items()}
    assert set(before) == {("root", 1), ("issuing", 1), ("tsa", 1)}
    certification.ensure_authority(founded, settings, NOW + timedelta(days=1))
    with founded.read() as session:
        assert {key: part.certificate for key, part in parts(session).items()} == before
        assert certification.open_timestamping(session, settings) is not None


def test_before_it_is_made_nothing_is_certified(db: Database, settings: Settings) -> None:
    with db.read() as session:
        for asked in (certification.open_authority, certification.open_timestamping):
            with pytest.raises(Unavailable):
                asked(session, settings)
        with pytest.raises(Unavailable):
            certification.trust_of(session)


def test_the_daily_care_has_nothing_to_do_on_most_days(founded: Database, settings: Settings) -> None:
    assert certification.tend(founded, settings, NOW + timedelta(days=300)) == 0


def test_every_certificate_has_its_full_life_whenever_it_is_made(
    founded: Database, settings: Settings
) -> None:
    """For 30 years, whatever the month: a certificate lasts three years, a stamp's proof five and more."""
    for months in range(1, 361):
        now = NOW + months * YEAR / 12
        certification.tend(founded, settings, now)
        with founded.read() as session:
            authority = certification.open_authority(session, settings)
            stamping = parts(session)[("tsa", certification.parts_of(session, "tsa")[0].generation)]
        assert certificates.load(authority.issuing).not_valid_after_utc >= now + 9 * YEAR
        assert certificates.load(stamping.certificate).not_valid_after_utc >= now + 5 * YEAR
    with founded.read() as session:
        assert {generation for _, generation in parts(session)} == set(range(1, 8))


def test_a_person_certified_by_an_older_generation_goes_on_signing(
    founded: Database, settings: Settings
) -> None:
    tended(founded, settings, 4 * YEAR)
    at = NOW + 4 * YEAR
    key = keyring.issue_key(founded, settings, "lan", "Trường Tiểu học Đồng Mai", "person", PIN, at)
    for months in range(1, 25):
        certification.tend(founded, settings, at + months * YEAR / 12)
    later = at + 2 * YEAR
    with founded.read() as session:
        newer, older = certification.issuing_parts(session)
        assert (newer.generation, older.generation) == (2, 1)
        assert certificates.load(key.certificate).issuer == certificates.load(older.certificate).subject
    certificate_use.refuse_unless_usable(key.certificate, "lan", trust(founded), later)
    with founded.write() as session:
        keyring.revoke_keys(session, settings, "lan", later)
    with pytest.raises(BadCertificate):
        certificate_use.refuse_unless_usable(key.certificate, "lan", trust(founded), later)


def test_a_list_names_only_what_its_own_authority_made(founded: Database, settings: Settings) -> None:
    first = keyring.issue_key(founded, settings, "lan", "Trường Tiểu học Đồng Mai", "person", PIN, NOW)
    with founded.write() as session:
        keyring.revoke_keys(session, settings, "lan", NOW)
    tended(founded, settings, 6 * YEAR)
    later = NOW + 6 * YEAR
    second = keyring.issue_key(founded, settings, "lan", "Trường Tiểu học Đồng Mai", "person", PIN, later)
    with founded.write() as session:
        keyring.revoke_keys(session, settings, "lan", later)
    serials = [certificates.load(key.certificate).serial_number for key in (first, second)]
    with founded.read() as session:
        found = parts(session)
    for generation, serial in enumerate(serials, 1):
        listed = x509.load_der_x509_crl(found[("issuing", generation)].crl)
        assert [entry.serial_number for entry in listed] == [serial]


def test_lists_are_renewed_every_year_with_growing_numbers(founded: Database, settings: Settings) -> None:
    tended(founded, settings, 4 * YEAR)
    with founded.read() as session:
        found = parts(session)
    for name in ("root", "issuing"):
        listed = x509.load_der_x509_crl(found[(name, 1)].crl)
        number = listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        assert number in (6, 8)  # between them the lists that were given out
        assert listed.last_update_utc > NOW + 3 * YEAR - timedelta(days=32)


def test_the_key_of_a_part_that_ended_is_destroyed_and_the_certificate_stays(
    founded: Database, settings: Settings
) -> None:
    before = trust(founded)
    tended(founded, settings, 15 * YEAR + timedelta(days=60))
    with founded.read() as session:
        found = parts(session)
        kept = {key for key, part in found.items() if part.protected}
        certification.renew_list(session, settings, 1, NOW + 16 * YEAR)  # says nothing, changes nothing
    assert ("tsa", 1) not in kept
    assert ("issuing", 1) not in kept
    assert {("root", 1), ("issuing", 2), ("tsa", 3)} <= kept
    after = trust(founded)
    assert set(before.roots) <= set(after.roots)
    assert set(before.intermediates) <= set(after.intermediates)
