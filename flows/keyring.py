"""The database side of people's keys: whose key signs, wrong PINs, renewals.

What certifies them is `flows/certification.py`. Keys are made and opened in `tasks/keys.py` and
`tasks/certificates.py`; here they are only stored, found and counted. A PIN passes through as `Secret` and is
kept nowhere. No key is made or opened inside a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import ColumnElement, bindparam, case
from sqlmodel import Session, col, select, update

from flows.certification import issuing_parts, open_authority, renew_list
from flows.flag_rows import resolve
from models.account import Account
from models.db import Database
from models.errors import BadPin, Fault, Invalid, Locked, NotFound, RecordsError
from models.flag import Flag
from models.key import SigningKey
from models.settings import VIETNAM, Settings
from models.text import Text
from tasks import certificate_use, certificates, keys
from tasks.certificate_use import BadCertificate
from tasks.certificates import Authority, Purpose
from tasks.keys import Secret

KeyPurpose = Literal["person", "seal"]
PIN_TRIES = 5
PIN_PAUSE = timedelta(minutes=15)
_PURPOSES: dict[KeyPurpose, Purpose] = {"person": Purpose.PERSONAL, "seal": Purpose.SEAL}


# a person's keys


def find_key(session: Session, account_id: str, purpose: KeyPurpose) -> SigningKey | None:
    """The key in use, or None: none was made yet, or it was revoked."""
    return session.exec(_IN_USE, params={"of_account": account_id, "for_purpose": purpose}).first()


_IN_USE = (
    select(SigningKey)
    .where(
        col(SigningKey.account_id) == bindparam("of_account"),
        col(SigningKey.purpose) == bindparam("for_purpose"),
        col(SigningKey.revoked_at).is_(None),
    )
    .order_by(col(SigningKey.created_at).desc())
)


def key_of(session: Session, account_id: str, purpose: KeyPurpose) -> SigningKey:
    """The key in use; BadCertificate when it was revoked, Invalid (field `pin`) when none was made yet."""
    key = find_key(session, account_id, purpose)
    if key is not None:
        return key
    last = next(iter(history(session, account_id, purpose)), None)
    if last is not None and last.revoked_at is not None:
        raise BadCertificate(certificate_use.REVOKED.format(at=certificate_use.when(last.revoked_at)))
    raise Invalid(_NO_KEY, (Fault("pin", _NO_KEY),))


def history(session: Session, account_id: str, purpose: KeyPurpose | None = None) -> Sequence[SigningKey]:
    """All certificates a person ever had (for one purpose), the newest first."""
    query = select(SigningKey).where(col(SigningKey.account_id) == account_id)
    if purpose is not None:
        query = query.where(col(SigningKey.purpose) == purpose)
    return session.exec(query.order_by(col(SigningKey.created_at).desc())).all()


def has_pin(session: Session, account_id: str) -> bool:
    """Has this person a key that a PIN opens, their own or the seal's?"""
    return any(find_key(session, account_id, purpose) is not None for purpose in _PURPOSES)


def make_key(
    authority: Authority,
    settings: Settings,
    account: Account,
    organisation: str,
    purpose: KeyPurpose,
    pin: Secret,
    now: datetime,
) -> SigningKey:
    """A fresh key with its certificate, not yet stored; Invalid (field `pin`) when the PIN is too simple.

    The certificate names the person, or for the seal the school; both carry the account's id, so that a
    signature always leads to who made it.
    """
    keys.check_pin(pin)
    pair = certificates.new_key()
    name = account.full_name if purpose == "person" else organisation
    subject = certificates.Subject(name, organisation, account.id)
    certificate = certificates.issue(authority, subject, _PURPOSES[purpose], pair.public_key(), now)
    return SigningKey(
        school_id=account.school_id,
        account_id=account.id,
        purpose=purpose,
        certificate=certificate,
        fingerprint=certificates.fingerprint(certificate),
        serial=f"{certificates.load(certificate).serial_number:x}",
        protected=keys.protect(certificates.private_der(pair), pin, settings.master_key, account.id),
        created_at=now,
        expires_at=certificates.load(certificate).not_valid_after_utc,
    )


def issue_key(
    db: Database,
    settings: Settings,
    account_id: str,
    organisation: str,
    purpose: KeyPurpose,
    pin: Secret,
    now: datetime,
) -> SigningKey:
    """Make and store a person's key. Invalid when they have one: an expired one is renewed.

    Law 7: called for the person who typed the PIN, never for someone else.
    """
    with db.read() as session:
        account = session.get(Account, account_id)
        if account is None:
            raise NotFound
        _refuse_second(session, account_id, purpose)
        authority = open_authority(session, settings)
    made = make_key(authority, settings, account, organisation, purpose, pin, now)
    with db.write() as session:
        _refuse_second(session, account_id, purpose)
        session.add(made)
    return made


def _refuse_second(session: Session, account_id: str, purpose: KeyPurpose) -> None:
    if find_key(session, account_id, purpose) is not None:
        raise Invalid(_HAS_KEY, (Fault("pin", _HAS_KEY),))


def renew_key(
    db: Database,
    settings: Settings,
    account_id: str,
    organisation: str,
    purpose: KeyPurpose,
    pin: Secret,
    now: datetime,
) -> SigningKey:
    """A new key pair and certificate for who knows the PIN of the present one, expired or not.

    The new certificate is in today's name. The old one is revoked as superseded, unless it had expired, and
    its key is destroyed; what it signed stays valid. BadPin, Locked: the PIN was wrong, nothing changed.
    """
    keys.check_form(pin)
    with db.read() as session:
        account = session.get(Account, account_id)
        if account is None:
            raise NotFound
        old = key_of(session, account_id, purpose)
        authority = open_authority(session, settings)
    try_pin(db, settings, old, pin, now)
    made = make_key(authority, settings, account, organisation, purpose, pin, now)
    with db.write() as session:
        same = col(SigningKey.id) == old.id, col(SigningKey.protected) == old.protected
        if not _end(session, settings, now, x509.ReasonFlags.superseded, *same):
            raise Invalid(_CHANGED_ELSEWHERE)
        session.add(made)
    return made


def change_pin(
    db: Database, settings: Settings, account_id: str, old: Secret, new: Secret, now: datetime
) -> None:
    """Protect every key of this person with a new PIN. BadPin or Locked when the old one is wrong."""
    keys.check_pin(new)
    with db.read() as session:
        held = [key for p in _PURPOSES if (key := find_key(session, account_id, p)) is not None]
    if not held:
        raise NotFound
    changed: list[tuple[SigningKey, bytes]] = []
    for key in held:
        opened = try_pin(db, settings, key, old, now)
        assert isinstance(opened, ec.EllipticCurvePrivateKey)
        der = certificates.private_der(opened)
        changed.append((key, keys.protect(der, new, settings.master_key, account_id)))
    with db.write() as session:
        for key, protected in changed:
            done = session.exec(
                update(SigningKey)
                .where(col(SigningKey.id) == key.id, col(SigningKey.protected) == key.protected)
                .values(protected=protected)
            )
            if done.rowcount != 1:
                raise Invalid(_CHANGED_ELSEWHERE)


def revoke_keys(
    session: Session,
    settings: Settings,
    account_id: str,
    now: datetime,
    purpose: KeyPurpose | None = None,
    reason: x509.ReasonFlags = x509.ReasonFlags.cessation_of_operation,
) -> int:
    """Revoke an account's keys (of one purpose) and renew the lists; what was signed before stays valid."""
    purposes = [purpose] if purpose else list(_PURPOSES)
    mine = col(SigningKey.account_id) == account_id, col(SigningKey.purpose).in_(purposes)
    return _end(session, settings, now, reason, *mine)


def revoke_key(
    session: Session, settings: Settings, key_id: str, reason: x509.ReasonFlags, now: datetime
) -> bool:
    """Revoke one key; False when it was over already."""
    return bool(_end(session, settings, now, reason, col(SigningKey.id) == key_id))


def _end(
    session: Session,
    settings: Settings,
    now: datetime,
    reason: x509.ReasonFlags,
    *which: ColumnElement[bool],
) -> int:
    """Revoke the keys in use among these, destroy them, renew the lists; how many there were."""
    ended = session.exec(
        select(SigningKey).where(*which, col(SigningKey.revoked_at).is_(None)).with_for_update()
    ).all()
    for key in ended:
        key.revoked_at, key.reason, key.protected = _end_of(key, now), reason.value, b""
        session.add(key)
        resolve(session, now, col(Flag.key) == f"certificate:{key.id}:{key.account_id}")
    session.flush()
    if any(key.revoked_at and key.revoked_at < key.expires_at for key in ended):
        for part in issuing_parts(session):
            renew_list(session, settings, part.generation, now)
    return len(ended)


def _end_of(key: SigningKey, now: datetime) -> datetime:
    """Lists know whole seconds: the second after its last signature, or that signature would fall with it."""
    if key.used_at is None or key.used_at < now.replace(microsecond=0):
        return now
    return key.used_at.replace(microsecond=0) + timedelta(seconds=1)


# PINs


def ensure_not_paused(key: SigningKey, now: datetime) -> None:
    """Raise Locked while the pause after too many wrong PINs lasts; asked before the PIN is tried."""
    if key.locked_until is not None and now < key.locked_until:
        raise _paused(key.locked_until)


def pin_failed(db: Database, key_id: str, now: datetime) -> RecordsError:
    """Count a wrong PIN; the refusal to raise says how many tries are left, or until when the pause lasts."""
    over = col(SigningKey.locked_until) <= now
    tries = case((over, 1), else_=col(SigningKey.failures) + 1)
    with db.write() as session:
        session.exec(
            update(SigningKey)
            .where(
                col(SigningKey.id) == key_id,
                col(SigningKey.locked_until).is_(None) | over,
            )
            .values(failures=tries, locked_until=case((tries >= PIN_TRIES, now + PIN_PAUSE), else_=None))
        )
        key = session.get(SigningKey, key_id)
    if key is None:
        return BadPin(_NO_KEY)
    if key.locked_until is not None:
        return _paused(key.locked_until)
    left = PIN_TRIES - key.failures
    return BadPin(_WRONG_PIN.format(left=left, minutes=int(PIN_PAUSE.total_seconds() // 60)))


def pin_worked(db: Database, key_id: str, now: datetime) -> None:
    """Forget earlier wrong tries. Raise Locked when tries made at the same time have begun a pause.

    So guessing in parallel wins nothing: call this before using what the PIN opened.
    """
    with db.read() as session:
        key = session.get(SigningKey, key_id)
    if key is None:
        raise BadPin(_NO_KEY)
    ensure_not_paused(key, now)
    if key.failures == 0:
        return
    with db.write() as session:
        session.exec(
            update(SigningKey)
            .where(
                col(SigningKey.id) == key_id,
                col(SigningKey.locked_until).is_(None) | (col(SigningKey.locked_until) <= now),
            )
            .values(failures=0, locked_until=None)
        )
        again = session.get(SigningKey, key_id)
    assert again is not None
    ensure_not_paused(again, now)


def try_pin(db: Database, settings: Settings, key: SigningKey, pin: Secret, now: datetime) -> keys.PrivateKey:
    """Open a key here, wrong tries counted; BadPin with the tries left, or Locked."""
    ensure_not_paused(key, now)
    try:
        opened = keys.unlock(key.protected, pin, settings.master_key, key.account_id)
    except BadPin:
        raise pin_failed(db, key.id, now) from None
    pin_worked(db, key.id, now)
    return opened


def _paused(until: datetime) -> Locked:
    at = until.astimezone(VIETNAM)
    if at.second or at.microsecond:
        at += timedelta(minutes=1)  # said without seconds, never too early
    return Locked(_PAUSED.format(at=at.strftime("%H:%M %d/%m/%Y"), tries=PIN_TRIES))


_NO_KEY = Text(
    "Tài khoản chưa có khóa ký. Vào trang Tài khoản để đặt mã PIN.",
    "The account has no signing key. Set a PIN on the account page.",
)
_HAS_KEY = Text(
    "Tài khoản đã có khóa ký. Muốn đổi mã PIN hoặc gia hạn chứng thư thì cần mã PIN đang dùng.",
    "The account has a signing key already. To change its PIN or to renew it, the present PIN is needed.",
)
_CHANGED_ELSEWHERE = Text(
    "Mã PIN vừa được đổi ở nơi khác. Tải lại trang rồi thử lại.",
    "The PIN has just been changed elsewhere. Reload the page and try again.",
)
_WRONG_PIN = Text(
    "Mã PIN không đúng. Còn {left} lần, sau đó tạm dừng {minutes} phút.",
    "The PIN is not right. Tries left: {left}; then a pause of {minutes} minutes.",
)
_PAUSED = Text(
    "Mã PIN sai {tries} lần nên tạm dừng ký đến {at}. Quên mã PIN thì nhờ quản trị đặt lại.",
    "The PIN was wrong {tries} times: signing pauses until {at}. Forgotten? The administrator can reset it.",
)
