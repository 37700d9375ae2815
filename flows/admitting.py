"""Who may sign with which key, asked before anything is taken, by the signer, and when it is written.

Expired, not valid yet, revoked, of another person, of another purpose, of an unknown issuer: each is refused
with a sentence that says what to do, and leaves nothing behind.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlmodel import Session, col

from flows import keyring
from flows.certification import trust_of, with_stamps
from flows.grammar import Seal, Step
from flows.keyring import KeyPurpose
from flows.office import Office
from models.errors import RecordsError
from models.key import SigningKey
from models.statements import change
from models.text import Text
from tasks import certificate_use
from tasks.certificate_use import BadCertificate
from tasks.certificates import Trust


def admitted(
    office: Office, account_id: str, purpose: KeyPurpose, opened: str | None
) -> tuple[SigningKey, Trust]:
    """The key that may sign now, and what it is checked against.

    `opened`: fingerprint of the certificate whose key a signing round has open; None: a PIN will open it, so
    Locked while the pause after wrong PINs lasts.
    """
    now = office.now()
    with office.db.read() as session:
        own = trust_of(session)
        key = usable_key(session, account_id, purpose, now, own)
    trust = with_stamps(own, office.settings)
    if opened is None:
        keyring.ensure_not_paused(key, now)
    elif opened != key.fingerprint:
        raise BadCertificate(_RENEWED_MEANWHILE)
    return key, trust


def usable_key(
    session: Session, account_id: str, purpose: KeyPurpose, now: datetime, trust: Trust | None = None
) -> SigningKey:
    """The key that may sign now; BadCertificate or Invalid otherwise.

    Asked before anything is taken or written. The signer looks again, and `note_use` once more in the
    decision's own transaction: a key that was revoked in between signs nothing that stands.
    """
    key = keyring.key_of(session, account_id, purpose)
    certificate_use.refuse_unless_usable(key.certificate, account_id, trust or trust_of(session), now)
    if certificate_use.is_seal(key.certificate) != (purpose == "seal"):
        raise BadCertificate(_OTHER_PURPOSE)
    return key


def hindrance(session: Session, account_id: str, purpose: KeyPurpose, now: datetime) -> Text | None:
    """Why this person could not sign now, to be said before a PIN is typed; None when they can."""
    try:
        key = usable_key(session, account_id, purpose, now)
        keyring.ensure_not_paused(key, now)
    except RecordsError as refusal:
        return refusal.sentence
    return None


def purpose_of(step: Step) -> KeyPurpose:
    """Which of a person's keys signs at this step."""
    return "seal" if isinstance(step, Seal) else "person"


def note_use(session: Session, account_id: str, fingerprint: str, now: datetime) -> None:
    """A signature of this key becomes part of a record, in the caller's transaction.

    BadCertificate when the key was revoked or replaced since it signed. Who revokes waits for this
    transaction or comes before it, so no signature that stands is later than its key's end.
    """
    if change(session, _USED, of_account=account_id, of_key=fingerprint, now=now) < 1:
        raise BadCertificate(_GONE_MEANWHILE)


_USED = (
    update(SigningKey)
    .where(
        col(SigningKey.account_id) == bindparam("of_account"),
        col(SigningKey.fingerprint) == bindparam("of_key"),
        col(SigningKey.revoked_at).is_(None),
    )
    .values(used_at=bindparam("now"))
)

_RENEWED_MEANWHILE = Text(
    "Chứng thư số vừa được thay trong khi lượt ký đang chạy. Nhập lại mã PIN để ký các hồ sơ còn lại.",
    "The certificate was replaced while this round ran. Type the PIN again to sign the remaining records.",
)
_OTHER_PURPOSE = Text(
    "Khóa này không dùng cho việc này: con dấu không ký thay người, chữ ký cá nhân không thay con dấu. "
    "Chưa ký; báo quản trị hệ thống kiểm tra.",
    "This key is not for this: a seal does not sign for a person, a person's signature is no seal. Nothing "
    "was signed; tell the administrator.",
)
_GONE_MEANWHILE = Text(
    "Chứng thư số vừa bị thu hồi hoặc được thay trong khi ký nên hồ sơ chưa thay đổi. Xem trang Tài khoản "
    "rồi ký lại.",
    "The certificate was revoked or replaced while it signed, so the record is unchanged. Look at the "
    "account page, then sign again.",
)
