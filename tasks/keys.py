"""Private keys at rest: opened by the owner's PIN together with the installation's master key.

Neither the database (no master key) nor the disk (no PIN) is enough alone. argon2id makes each try at
six digits cost tens of milliseconds and 32 MiB; counting wrong tries is the caller's business. Nothing
here is logged, and a PIN travels as `Secret`, whose repr and str show nothing.
"""

from __future__ import annotations

import hmac
import itertools
import secrets
import struct
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import BadPin, Fault, Invalid
from models.text import Text

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_BY_PIN, _BY_MASTER = b"\x01", b"\x02"
_SALT, _NONCE = 16, 12


@dataclass(frozen=True, slots=True)
class Cost:
    """What one try costs: argon2id on one lane, so many passes over so many KiB."""

    passes: int
    kib: int


_FIRST = Cost(2, 32 * 1024)
"""Above the least OWASP asks for (19 MiB, 2 passes, 1 lane): 40 to 55 ms a try on one core."""
COST = _FIRST
"""At which keys are sealed from now on. No setting, so that no installation has less by accident."""


class Secret:
    """A word that must not be shown. `reveal()` is the only way to it."""

    __slots__ = ("_word",)

    def __init__(self, word: str) -> None:
        self._word = word

    def reveal(self) -> str:
        return self._word

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


def check_pin(pin: Secret) -> None:
    """Raise Invalid (field `pin`) unless the PIN is six digits that are not the first anyone would try."""
    check_form(pin)
    word = pin.reveal()
    digits = [int(character) for character in word]
    steps = {(later - earlier) % 10 for earlier, later in itertools.pairwise(digits)}
    repeated = word[:3] == word[3:] or word[:2] * 3 == word
    if repeated or len(set(digits)) < 3 or steps in ({1}, {9}):
        raise _refused(_TOO_SIMPLE)


def check_form(pin: Secret) -> None:
    """Raise Invalid (field `pin`) for what cannot be a PIN: a slip of the finger is no guess."""
    word = pin.reveal()
    if len(word) != 6 or not (word.isascii() and word.isdigit()):
        raise _refused(_SIX_DIGITS)


_SIX_DIGITS = Text("Mã PIN gồm đúng 6 chữ số.", "The PIN is exactly 6 digits.")
_TOO_SIMPLE = Text(
    "Mã PIN này quá dễ đoán (số lặp lại hoặc liên tiếp). Chọn 6 chữ số khác.",
    "This PIN is too easy to guess (repeated or consecutive digits). Choose 6 other digits.",
)


def _refused(sentence: Text) -> Invalid:
    return Invalid(sentence, (Fault("pin", sentence),))


def protect(private_key: bytes, pin: Secret, master: bytes, owner: str) -> bytes:
    """Encrypt a PKCS#8 DER key so that only `unlock` with the same PIN, master key and owner opens it."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    cipher = AESGCM(_key_from_pin(pin, salt, master, COST))
    return _head(COST) + salt + nonce + cipher.encrypt(nonce, private_key, owner.encode())


def unlock(protected: bytes, pin: Secret, master: bytes, owner: str) -> PrivateKey:
    """The private key; BadPin when PIN, owner or master key is another one, without saying which."""
    cost, rest = _cost_of(protected)
    salt, rest = rest[:_SALT], rest[_SALT:]
    nonce, sealed = rest[:_NONCE], rest[_NONCE:]
    try:
        der = AESGCM(_key_from_pin(pin, salt, master, cost)).decrypt(nonce, sealed, owner.encode())
    except InvalidTag:
        raise BadPin(_DOES_NOT_OPEN) from None
    return _load(der)


_DOES_NOT_OPEN = Text(
    "Mã PIN không đúng. Kiểm tra lại và nhập mã PIN một lần nữa.",
    "The PIN is not right. Check it and type the PIN again.",
)


_BY_PIN_AT = b"\x04"
_WRITTEN = struct.Struct(">BI")
_MOST = Cost(16, 1024 * 1024)
"""Whoever changed a sealed key must not make it cost a signer all its memory to find that out."""


def _head(cost: Cost) -> bytes:
    """How a sealed key begins: with its cost, where that is not the first there was."""
    return _BY_PIN if cost == _FIRST else _BY_PIN_AT + _WRITTEN.pack(cost.passes, cost.kib)


def _cost_of(protected: bytes) -> tuple[Cost, bytes]:
    """At which cost a key was sealed, and what follows; BadPin for what no PIN opens."""
    kind, rest = protected[:1], protected[1:]
    if kind == _BY_PIN:
        return _FIRST, rest
    if kind == _BY_PIN_AT and len(rest) > _WRITTEN.size:
        cost = Cost(*_WRITTEN.unpack_from(rest))
        if 1 <= cost.passes <= _MOST.passes and 8 <= cost.kib <= _MOST.kib:
            return cost, rest[_WRITTEN.size :]
    raise BadPin(_DOES_NOT_OPEN)


def protect_service(private_key: bytes, master: bytes, owner: str) -> bytes:
    """Encrypt the key of an unattended service (time-stamps, certificate authority), without a PIN."""
    nonce = secrets.token_bytes(_NONCE)
    return _BY_MASTER + nonce + AESGCM(_service_key(master)).encrypt(nonce, private_key, owner.encode())


def unlock_service(protected: bytes, master: bytes, owner: str) -> bytes:
    """The PKCS#8 DER of a service's key; ValueError when the master key is not the one it was made with."""
    nonce, sealed = protected[1 : 1 + _NONCE], protected[1 + _NONCE :]
    if protected[:1] != _BY_MASTER:
        raise ValueError("This is not a service's key.")
    try:
        return AESGCM(_service_key(master)).decrypt(nonce, sealed, owner.encode())
    except InvalidTag:
        raise ValueError(
            "A service's key does not open: secrets/master.key is not the one it was made with. "
            "Restore that file from the backup."
        ) from None


def load_service(protected: bytes, master: bytes, owner: str) -> PrivateKey:
    """Like `unlock_service`, as a key object."""
    return _load(unlock_service(protected, master, owner))


def _key_from_pin(pin: Secret, salt: bytes, master: bytes, cost: Cost) -> bytes:
    stretched = _stretched(pin, salt, cost)
    return _mix(stretched + master, salt, b"hososo personal key 1")


def _service_key(master: bytes) -> bytes:
    return _mix(master, b"", b"hososo service key 1")


def _mix(material: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(material)


def _load(der: bytes) -> PrivateKey:
    key = serialization.load_der_private_key(der, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError("Only P-256 and RSA keys can sign here.")
    return key


# the master key in a backup

PASSPHRASE_LEAST = 12
_BY_PASSPHRASE = b"\x03"
_SEAL = Cost(3, 256 * 1024)
"""Tried against a stolen backup without any pause: each try costs about a second and 256 MiB."""


def seal(master: bytes, passphrase: Secret) -> bytes:
    """The master key encrypted under a passphrase; Invalid (field `passphrase`) when that is too short."""
    if len(passphrase.reveal()) < PASSPHRASE_LEAST:
        raise Invalid(_SHORT, (Fault("passphrase", _SHORT),))
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key_from_passphrase(passphrase, salt)).encrypt(nonce, master, b"master")
    return _BY_PASSPHRASE + salt + nonce + sealed


def unseal(sealed: bytes, passphrase: Secret) -> bytes:
    """The master key; BadPin when the passphrase is another one."""
    salt, rest = sealed[1 : 1 + _SALT], sealed[1 + _SALT :]
    try:
        return AESGCM(_key_from_passphrase(passphrase, salt)).decrypt(rest[:_NONCE], rest[_NONCE:], b"master")
    except InvalidTag:
        raise BadPin(_WRONG_PASSPHRASE) from None


def backup_mac(master: bytes, text: bytes) -> bytes:
    """What only the holder of the master key can write under a backup's manifest."""
    return hmac.new(_mix(master, b"", b"hososo backup 1"), text, "sha256").digest()


def _key_from_passphrase(passphrase: Secret, salt: bytes) -> bytes:
    return _stretched(passphrase, salt, _SEAL)


def _stretched(word: Secret, salt: bytes, cost: Cost) -> bytes:
    return hash_secret_raw(
        word.reveal().encode(), salt, cost.passes, cost.kib, parallelism=1, hash_len=32, type=Type.ID
    )


_SHORT = Text(
    f"Câu mật khẩu của bản sao lưu cần ít nhất {PASSPHRASE_LEAST} ký tự.",
    f"The backup's passphrase needs at least {PASSPHRASE_LEAST} characters.",
)
_WRONG_PASSPHRASE = Text(
    "Câu mật khẩu không mở được khóa chủ trong bản sao lưu. Kiểm tra tệp câu mật khẩu rồi chạy lại.",
    "The passphrase does not open the master key in the backup. Check the passphrase file and try again.",
)
