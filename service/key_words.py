"""Certificates in words: what they are for, why one was revoked, how one stands today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from models.key import SigningKey
from models.text import Text
from tasks import certificates

PURPOSES = {
    "person": Text("Chữ ký cá nhân", "Personal signature"),
    "seal": Text("Con dấu của trường", "The school’s seal"),
}
REASONS: dict[str, tuple[Text, Text]] = {
    "keyCompromise": (
        Text("Nghi lộ khóa hoặc mã PIN", "The key or the PIN may be known to others"),
        Text(
            "Có người khác biết mã PIN, mất máy đang đăng nhập, hoặc thấy chữ ký không phải do mình ký.",
            "Someone else knows the PIN, a signed-in device was lost, or a signature is not one’s own.",
        ),
    ),
    "affiliationChanged": (
        Text("Không còn ở trường, ở vị trí này", "No longer at this school or in this post"),
        Text(
            "Nghỉ việc, chuyển trường hoặc thôi giữ nhiệm vụ.",
            "Left, moved to another school, gave up the post.",
        ),
    ),
    "superseded": (
        Text("Đã thay bằng chứng thư khác", "Replaced by another certificate"),
        Text(
            "Dùng chứng thư khác từ nay về sau. Nếu chỉ cần dùng tiếp thì nên gia hạn.",
            "Another certificate is used from now on. To go on with this one, rather renew it.",
        ),
    ),
    "cessationOfOperation": (
        Text("Không dùng nữa hoặc quên mã PIN", "No longer used, or the PIN is forgotten"),
        Text(
            "Không ai mở được khóa nữa; không nghi ngờ chữ ký nào.",
            "Nobody opens the key any more; no signature is doubted.",
        ),
    ),
}
"""By the names of RFC 5280 §5.3.1: the reason in a few words, and when to choose it."""


@dataclass(frozen=True, slots=True)
class KeySeen:
    """A certificate as its holder, the principal or the administrator sees it."""

    key: SigningKey
    name: str
    issuer: str
    state: str
    """in-use, expiring, expired, replaced, revoked."""
    words: Text
    paused_until: datetime | None = None

    @property
    def purpose(self) -> Text:
        return PURPOSES[self.key.purpose]

    @property
    def reason(self) -> Text | None:
        found = REASONS.get(self.key.reason)
        return found[0] if found else None

    @property
    def living(self) -> bool:
        """Can it be renewed or revoked?"""
        return self.key.revoked_at is None


def seen(key: SigningKey, ahead: timedelta, now: datetime) -> KeySeen:
    """How a key stands; `ahead`: so long before its end one is told to renew it."""
    found = certificates.load(key.certificate)
    state = _state(key, ahead, now)
    pause = key.locked_until if key.locked_until and key.locked_until > now else None
    return KeySeen(key, _common(found.subject), _common(found.issuer), state, _STATES[state], pause)


def _state(key: SigningKey, ahead: timedelta, now: datetime) -> str:
    if key.revoked_at is not None:
        replaced = key.reason == "superseded" or key.revoked_at >= key.expires_at
        return "replaced" if replaced else "revoked"
    if key.expires_at <= now:
        return "expired"
    return "expiring" if key.expires_at <= now + ahead else "in-use"


_STATES = {
    "in-use": Text("Đang dùng", "In use"),
    "expiring": Text("Sắp hết hạn", "Expires soon"),
    "expired": Text("Đã hết hạn", "Expired"),
    "replaced": Text("Đã thay", "Replaced"),
    "revoked": Text("Đã thu hồi", "Revoked"),
}


def _common(name: x509.Name) -> str:
    return str(name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
