"""What becomes of people's keys, with law 7: first key, renewal, PIN, revocation, and leave for a new key.

Keys themselves are the business of `flows/keyring.py`; here is who may, who must confirm, and the record.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from cryptography import x509
from sqlmodel import Session, col, select

from flows import keyring
from flows.keyring import KeyPurpose
from flows.lost_keys import LOST_ON
from flows.office import Office
from flows.people import Actor
from flows.posts import issuer_of
from flows.rules import rules_of
from models.account import Account
from models.errors import Invalid, NotFound
from models.key import SigningKey
from models.settings import VIETNAM
from models.text import Text
from service import changes
from service.account_changes import Asked, ask_within
from service.account_rows import account_of
from service.approvers import principals
from service.changes import refusal
from service.consents import needs_consent
from service.key_words import REASONS
from service.sign_in import check
from tasks.keys import Secret, check_pin

PURPOSES: tuple[KeyPurpose, ...] = ("person", "seal")


def lacks_key(session: Session, actor: Actor) -> bool:
    """Is this someone who signs (an administrator does not), without a key, and none waits for a yes?"""
    signs = bool(actor.roles - {"admin"} or actor.heads or actor.deputises)
    return (
        signs
        and not keyring.has_pin(session, actor.id)
        and not changes.is_waiting(session, actor.id, "new-key")
    )


def take_first(
    office: Office,
    account: Account,
    pin: Secret,
    password: Secret,
    address: str,
    now: datetime,
    *,
    seal: bool,
) -> Asked | None:
    """The key (and the seal's) for who has none; the request that waits instead, where law 7 wants a second.

    BadSignIn, Throttled: the password was wrong. Invalid: the PIN is too simple, or a key is there.
    """
    check_pin(pin)
    # A key speaks for its holder: whoever found this browser open must not make it.
    check(office, account.sign_in_name, password, address, now, present=True)
    with office.db.read() as session:
        waits = needs_consent(session, account, now)
    if waits:
        return _ask_leave(office, account, now)
    issue(office, account, "person", pin, now)
    if _came_too_late(office, account, now):
        return _ask_leave(office, account, now)
    if seal:
        issue(office, account, "seal", pin, now)
    return None


def _came_too_late(office: Office, account: Account, now: datetime) -> bool:
    """Was its holder appointed while the key was made? Then it ends again; see `accounts.confirm`."""
    with office.db.write() as session:
        query = select(Account).where(col(Account.id) == account.id).with_for_update()
        if not needs_consent(session, session.exec(query).one(), now):
            return False
        keyring.revoke_keys(session, office.settings, account.id, now)
        return True


def _ask_leave(office: Office, account: Account, now: datetime) -> Asked:
    with office.db.write() as session:
        asker = Actor(id=account.id, school_id=account.school_id)
        if not principals(session, account.school_id) - {account.id}:
            raise refusal("new_pin", _NO_PRINCIPAL)
        return ask_within(session, office.settings, asker, account, "new-key", {}, now)


def issue(office: Office, account: Account, purpose: KeyPurpose, pin: Secret, now: datetime) -> None:
    """A new key under this PIN, written down."""
    keyring.issue_key(
        office.db, office.settings, account.id, _school(office, account, now), purpose, pin, now
    )
    _note(office, account, "issue-key", purpose, now)


def renew(office: Office, account: Account, purpose: KeyPurpose, pin: Secret, now: datetime) -> None:
    """A new certificate in place of the present one, for who knows its PIN; the holder is told."""
    keyring.renew_key(
        office.db, office.settings, account.id, _school(office, account, now), purpose, pin, now
    )
    _note(office, account, "renew-key", purpose, now)
    with office.db.write() as session:
        changes.drop_void(session, account, now)


def change_pin(office: Office, account: Account, old: Secret, new: Secret, now: datetime) -> None:
    """Another PIN for all keys of this person; the holder is told."""
    if old.reveal() == new.reveal():
        raise refusal("new_pin", _SAME_PIN)
    keyring.change_pin(office.db, office.settings, account.id, old, new, now)
    _note(office, account, "change-pin", "person", now)


def _school(office: Office, account: Account, now: datetime) -> str:
    with office.db.read() as session:
        return issuer_of(session, account.school_id, now.astimezone(VIETNAM).date()).name


def _note(office: Office, account: Account, action: str, purpose: KeyPurpose, now: datetime) -> None:
    with office.db.write() as session:
        changes.record(session, None, account, action, {"purpose": purpose}, now, by=account.id)


# --- revocation -----------------------------------------------------------------------------------------


def found(session: Session, asker: Actor, key_id: str) -> tuple[SigningKey, Account]:
    """A certificate one may look after: one's own, or any of the school for principal and administrator."""
    key = session.get(SigningKey, key_id)
    if key is None or key.school_id != asker.school_id:
        raise NotFound
    if key.account_id != asker.id and not oversees(asker):
        raise NotFound
    return key, account_of(session, asker.school_id, key.account_id)


def renewal_ahead(session: Session, school_id: str) -> timedelta:
    """So long before a certificate ends its holder is told to renew it: the school's rule of its flag."""
    return timedelta(days=rules_of(session, school_id)["certificate_ahead"]["days"])


def oversees(actor: Actor) -> bool:
    """Who sees the certificates of the whole school."""
    return not actor.roles.isdisjoint({"principal", "admin"})


def revokes_at_once(session: Session, asker: Actor, account: Account, now: datetime) -> bool:
    """Need nobody else confirm when this person revokes a certificate of that account?"""
    return asker.id in (changes.confirmers(session, account, "revoke", {}, now) or ())


def revoke(
    office: Office,
    asker: Actor,
    key_id: str,
    reason: str,
    password: Secret,
    address: str,
    now: datetime,
    lost_on: date | None = None,
) -> Asked:
    """Revoke at once (its holder, the principal), or ask the one or the other to confirm (law 7).

    `lost_on`: the day since which others may have known the key; only with the reason that says so.

    The asker's own password says that it is the asker. Invalid: no reason, or it is over already.
    """
    if reason not in REASONS:
        raise refusal("reason", _NO_REASON)
    with office.db.read() as session:
        key, _ = found(session, asker, key_id)
        if lost_on is not None and reason != x509.ReasonFlags.key_compromise.value:
            raise refusal("lost_on", _NOT_LOST)
        first, today = (at.astimezone(VIETNAM).date() for at in (key.created_at, now))
        if lost_on is not None and not first <= lost_on <= today:
            raise refusal("lost_on", _LOST_WHEN)
        name = session.get_one(Account, asker.id).sign_in_name
    check(office, name, password, address, now, present=True)
    with office.db.write() as session:
        key, account = found(session, asker, key_id)
        if key.revoked_at is not None:
            raise Invalid(_OVER)
        data = {"key": key.id, "purpose": key.purpose, "reason": reason}
        if lost_on is not None:
            seal = keyring.find_key(session, key.account_id, "seal") if key.purpose == "person" else None
            data |= {LOST_ON: lost_on.isoformat()} | ({"seal": seal.id} if seal else {})
        return ask_within(session, office.settings, asker, account, "revoke", data, now)


_SAME_PIN = Text(
    "Mã PIN mới giống mã đang dùng. Chọn 6 chữ số khác.",
    "The new PIN is the present one. Choose 6 other digits.",
)
_NOT_LOST = Text(
    "Chỉ ghi ngày lộ khi lý do là nghi lộ khóa hoặc mã PIN. Bỏ ngày, hoặc chọn lại lý do.",
    "A day goes only with a key or PIN that may be known to others. Leave it out, or choose that reason.",
)
_LOST_WHEN = Text(
    "Ngày lộ phải từ ngày chứng thư được cấp đến hôm nay. Chọn lại ngày, hoặc để trống nếu không rõ.",
    "The day lies between the certificate's first and today. Choose again, or leave it empty if unknown.",
)
_NO_REASON = Text("Chọn lý do thu hồi.", "Choose why it is revoked.")
_OVER = Text(
    "Chứng thư này đã bị thu hồi hoặc đã được thay. Không cần làm gì thêm.",
    "This certificate was revoked or replaced already. Nothing more is to be done.",
)
_NO_PRINCIPAL = Text(
    "Khóa ký mới cần thêm một người đồng ý. Nhờ quản trị hệ thống mở trang tài khoản này, chọn “Cho tạo khóa "
    "ký mới”, rồi xác nhận đề nghị ấy ở trang “Xác nhận”.",
    "A new key needs the consent of a second person. Ask the administrator to choose “Allow a new key” on "
    "the page of this account, then confirm that on the page “Confirmations”.",
)
