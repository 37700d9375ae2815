"""Who may not sign leaves nothing behind: no event, no signature, no number, no file, no lease, no wrong PIN.

Through the real decision and the real signers; the database and the folder of files are compared whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import Session, col, select

from flows import admitting, batches, certification, keyring
from flows.commands import Command
from flows.decide import decide
from models.batch import BatchItem
from models.db import Database
from models.document import Signature
from models.errors import Invalid
from models.event import Event
from models.key import SigningKey
from models.settings import Settings
from models.tables import METADATA
from tasks import certificates, keys
from tasks.certificate_use import BadCertificate
from tasks.certificates import Purpose, Subject
from tasks.keys import Secret
from tasks.signing import Signed, SignRequest
from tests import forked
from tests.cast import PIN, Cast
from tests.states import archive

SCHOOL = "Trường Tiểu học Đồng Mai"


def everything(cast: Cast) -> dict[str, Any]:
    """Every row of every table, and the name of every file."""
    with cast.office.db.engine.connect() as connection:
        rows = {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select()))
            for table in METADATA.sorted_tables
        }
    folder = cast.office.settings.blobs
    return rows | {"files": sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())}


def row(session: Session, cast: Cast, who: str) -> SigningKey:
    purpose = "seal" if who == "thu" else "person"
    return keyring.key_of(session, cast.ids[who], purpose)  # type: ignore[arg-type]


def certified(
    cast: Cast, who: str, purpose: Purpose, *, key: ec.EllipticCurvePrivateKey | None = None, **by: Any
) -> bytes:
    """A certificate that names `who`, of our authority or of the one given."""
    with cast.office.db.read() as session:
        authority = by.get("authority") or certification.open_authority(session, cast.office.settings)
    name = SCHOOL if purpose is Purpose.SEAL else "Ai đó"
    public = (key or certificates.new_key()).public_key()
    return certificates.issue(
        authority, Subject(name, SCHOOL, cast.ids[who]), purpose, public, cast.office.now()
    )


def put(cast: Cast, who: str, certificate: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> None:
    """Another certificate in a person's row, as a fault or a hand in the database would leave it."""
    with cast.office.db.write() as session:
        held = row(session, cast, who)
        held.certificate = certificate
        held.fingerprint = certificates.fingerprint(certificate)
        if key is not None:
            master, der = cast.office.settings.master_key, certificates.private_der(key)
            held.protected = keys.protect(der, Secret(PIN), master, held.account_id)
        session.add(held)


def at(cast: Cast, moment: datetime) -> None:
    cast.office = replace(cast.office, now=lambda: moment)


# --- what is wrong with the certificate ------------------------------------------------------------------


def expired(cast: Cast, who: str) -> None:
    with cast.office.db.read() as session:
        at(cast, row(session, cast, who).expires_at + timedelta(seconds=1))


def not_yet_valid(cast: Cast, who: str) -> None:
    key = certificates.new_key()
    put(cast, who, certified(cast, who, Purpose.SEAL if who == "thu" else Purpose.PERSONAL, key=key), key)
    at(cast, cast.office.now() - timedelta(hours=1))


def revoke_there(settings: Settings, account_id: str, now: datetime) -> None:
    """In the other process."""
    with Database(settings.database).write() as session:
        assert keyring.revoke_keys(session, settings, account_id, now)


def revoked_by_another_process(cast: Cast, who: str) -> None:
    """As another web server of the same installation does it, a moment ago."""
    forked.run(revoke_there, cast.office.settings, cast.ids[who], cast.office.now())


def of_another_person(cast: Cast, who: str) -> None:
    key = certificates.new_key()
    put(cast, who, certified(cast, "mai", Purpose.PERSONAL, key=key), key)


def of_another_purpose(cast: Cast, who: str) -> None:
    key = certificates.new_key()
    other = Purpose.PERSONAL if who == "thu" else Purpose.SEAL
    put(cast, who, certified(cast, who, other, key=key), key)


def of_an_unknown_issuer(cast: Cast, who: str) -> None:
    key = certificates.new_key()
    stranger = certificates.make_authority(cast.office.now(), "Hồ Sơ Số")
    purpose = Purpose.SEAL if who == "thu" else Purpose.PERSONAL
    put(cast, who, certified(cast, who, purpose, key=key, authority=stranger), key)


def with_another_key(cast: Cast, who: str) -> None:
    """The certificate is the person's own, but not of the key that the PIN opens: only the signer can see."""
    put(cast, who, certified(cast, who, Purpose.SEAL if who == "thu" else Purpose.PERSONAL))


WRONG: dict[Callable[[Cast, str], None], str] = {
    expired: "expired at .* Renew it on the account page",
    not_yet_valid: "valid only from",
    revoked_by_another_process: "revoked at .* Set a new PIN on the account page",
    of_another_person: "does not belong to the person signing",
    of_another_purpose: "This key is not for this",
    of_an_unknown_issuer: "issuer this system does not trust",
    with_another_key: "does not belong to this certificate",
}


@dataclass(frozen=True)
class Place:
    """A step somebody signs: who, doing what, to which record."""

    who: str
    action: str
    record: Callable[[Cast], str]


def unsigned_plan(cast: Cast) -> str:
    document = cast.lesson_plan("lan", 14)
    cast.act("lan", document.id, "submit")
    return document.id


def team_plan(cast: Cast, *acts: tuple[str, str]) -> str:
    plan = cast.team_plan().id
    for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), *acts):
        cast.act(name, plan, action)
    return plan


PLACES = {
    "the author": Place("lan", "sign", unsigned_plan),
    "who approves with a number": Place("minh", "approve", team_plan),
    "the seal": Place("thu", "seal", lambda cast: team_plan(cast, ("minh", "approve"))),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_who_may_not_sign_leaves_nothing_behind(
    each_cast: Cast, place: Place, wrong: Callable[[Cast, str], None]
) -> None:
    cast = each_cast
    document = place.record(cast)
    wrong(cast, place.who)
    before = everything(cast)
    with pytest.raises(BadCertificate, match=WRONG[wrong]):
        cast.act(place.who, document, place.action)
    after = everything(cast)
    if wrong is with_another_key:  # a number set aside for this very record waits for its next try, unused
        after["series_number"] = [one for one in after["series_number"] if "'reserved'" not in one]
    assert after == before


def test_a_wrong_pin_is_not_counted_where_the_certificate_could_not_sign_anyway(cast: Cast) -> None:
    document = unsigned_plan(cast)
    expired(cast, "lan")
    before = everything(cast)
    with pytest.raises(BadCertificate):
        cast.act("lan", document, "sign", pin="135792")
    assert everything(cast) == before


def test_who_has_no_key_is_told_where_to_get_one(cast: Cast) -> None:
    document = unsigned_plan(cast)
    with cast.office.db.write() as session:
        session.delete(row(session, cast, "lan"))
    before = everything(cast)
    with pytest.raises(Invalid, match="Set a PIN on the account page"):
        cast.act("lan", document, "sign")
    assert everything(cast) == before


# --- what changes while a signature is made --------------------------------------------------------------


class Meanwhile:
    """A signing round's open key during whose signature something else happens (`performing.OpenKey`)."""

    def __init__(self, cast: Cast, who: str, happens: Callable[[], object]) -> None:
        self.cast, self.happens = cast, happens
        with cast.office.db.read() as session:
            self.key = row(session, cast, who)
        self.fingerprint = self.key.fingerprint
        self.signed = 0

    def sign(self, request: SignRequest) -> Signed:
        made = self.cast.office.signers.sign(request, self.key.protected, Secret(PIN))
        self.signed += 1
        self.happens()
        return made

    def begun(self, session: Session) -> None: ...
    def stood(self, session: Session) -> None: ...


def facts(cast: Cast, document_id: str) -> tuple[object, ...]:
    with cast.office.db.read() as session:
        events = len(session.exec(select(Event.seq).where(col(Event.document_id) == document_id)).all())
        made = len(session.exec(select(Signature.id).where(col(Signature.document_id) == document_id)).all())
    document = cast.fresh(document_id)
    return events, made, document.version, document.blob, document.signing_until, document.signing_by


def revoke(cast: Cast, who: str) -> None:
    with cast.office.db.write() as session:
        keyring.revoke_keys(session, cast.office.settings, cast.ids[who], cast.office.now())


def renew(cast: Cast, who: str) -> None:
    office = cast.office
    keyring.renew_key(office.db, office.settings, cast.ids[who], SCHOOL, "person", Secret(PIN), office.now())


@pytest.mark.parametrize("happens", [revoke, renew])
def test_a_key_that_ends_while_it_signs_signs_nothing_that_stands(
    each_cast: Cast, happens: Callable[[Cast, str], None]
) -> None:
    cast = each_cast
    document = unsigned_plan(cast)
    before = facts(cast, document)
    key = Meanwhile(cast, "lan", lambda: happens(cast, "lan"))
    command = Command(
        document, "sign", cast.fresh(document).version, cast.actor("lan"), cast.office.now(), Secret(PIN)
    )
    with pytest.raises(BadCertificate, match="revoked or replaced while it signed"):
        decide(cast.office, command, key)
    assert key.signed == 1
    assert facts(cast, document) == before


def test_a_signature_and_a_revocation_of_the_same_moment_both_stand(each_cast: Cast) -> None:
    """The signature came first: its file goes through the whole validation before the archive."""
    cast = each_cast
    document = cast.sent("lan", 14).id
    with cast.office.db.write() as session:
        used = row(session, cast, "lan").used_at
        assert used is not None
        # Asked for before the signature was made, written after it.
        asked = used - timedelta(seconds=2)
        keyring.revoke_keys(session, cast.office.settings, cast.ids["lan"], asked)
    cast.act("hoa", document, "approve")
    cast.act("minh", document, "approve")
    archive(cast, document)
    assert cast.fresh(document).status == "archived"


@pytest.mark.parametrize(("happens", "said"), [(revoke, "thu hồi"), (renew, "vừa được thay")])
def test_in_a_round_what_comes_after_the_end_of_its_key_is_refused(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Cast, str], None],
    said: str,
) -> None:
    ids = [cast.sent("lan", week).id for week in range(14, 20)]
    monkeypatch.setattr(batches, "LANES", 1)
    items = [(key, cast.fresh(key).version) for key in ids]
    decided = batches.decide

    def third(*arguments: Any) -> Any:
        if next(turns) == 2:
            happens(cast, "hoa")
        return decided(*arguments)

    turns = iter(range(100))
    monkeypatch.setattr(batches, "decide", third)
    office = cast.office
    batch = batches.start(office, cast.actor("hoa"), "approve", Secret(PIN), items, office.now())
    deadline = time.monotonic() + 60
    while batch in batches._RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    with office.db.read() as session:
        rows = session.exec(
            select(BatchItem).where(col(BatchItem.batch_id) == batch).order_by(col(BatchItem.position))
        ).all()
    assert [one.state for one in rows] == ["signed"] * 2 + ["refused"] * 4
    assert {one.code for one in rows[2:]} == {"bad-certificate"}
    assert all(said in one.sentence_vi for one in rows[2:])
    for key in ids[2:]:
        assert cast.fresh(key).signing_until is None


def test_a_round_is_not_begun_with_a_certificate_that_cannot_sign(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    expired(cast, "hoa")
    before = everything(cast)
    with pytest.raises(BadCertificate):
        batches.start(
            cast.office,
            cast.actor("hoa"),
            "approve",
            Secret(PIN),
            [(document.id, document.version)],
            cast.office.now(),
        )
    assert everything(cast) == before


# --- what is said before -------------------------------------------------------------------------------


def test_what_hinders_is_known_before_a_pin_is_typed(cast: Cast) -> None:
    def said(who: str) -> str | None:
        purpose = "seal" if who == "thu" else "person"
        with cast.office.db.read() as session:
            found = admitting.hindrance(session, cast.ids[who], purpose, cast.office.now())  # type: ignore[arg-type]
        return found.vi if found else None

    assert said("lan") is None
    with cast.office.db.read() as session:
        key = row(session, cast, "mai")
    for _ in range(5):
        keyring.pin_failed(cast.office.db, key.id, cast.office.now())
    assert "tạm dừng ký" in str(said("mai"))
    revoke(cast, "hoa")
    assert "đã bị thu hồi" in str(said("hoa"))
    assert "chưa có khóa ký" in str(said("admin"))
    expired(cast, "lan")
    assert "đã hết hạn" in str(said("lan"))
