"""Keys at rest: what opens them, what does not, and that nothing tells a PIN."""

from __future__ import annotations

import pickle
import traceback

import pytest

from models.errors import BadPin, Invalid
from tasks import certificates, keys
from tasks.keys import Cost, Secret
from tests import cheap_tries

PIN, MASTER = Secret("246810"), b"m" * 32


def protected() -> tuple[bytes, bytes]:
    key = certificates.private_der(certificates.new_key())
    return key, keys.protect(key, PIN, MASTER, "lan")


def test_the_right_pin_opens_the_key() -> None:
    key, sealed = protected()
    opened = keys.unlock(sealed, PIN, MASTER, "lan")
    assert certificates.private_der(opened) == key  # type: ignore[arg-type]  # made as P-256 above


@pytest.mark.parametrize(
    ("pin", "master", "owner"),
    [
        (Secret("246811"), MASTER, "lan"),
        (PIN, b"n" * 32, "lan"),
        (PIN, MASTER, "hoa"),
        (Secret(""), MASTER, "lan"),
    ],
    ids=["pin", "master key", "owner", "no pin"],
)
def test_anything_else_is_a_bad_pin_with_one_and_the_same_sentence(
    pin: Secret, master: bytes, owner: str
) -> None:
    _, sealed = protected()
    with pytest.raises(BadPin) as refusal:
        keys.unlock(sealed, pin, master, owner)
    assert refusal.value.sentence.en == "The PIN is not right. Check it and type the PIN again."


def test_one_changed_byte_does_not_open() -> None:
    _, sealed = protected()
    for place in (1, 20, len(sealed) - 1):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(BadPin):
            keys.unlock(bytes(broken), PIN, MASTER, "lan")


def test_a_sealed_key_opens_at_the_cost_it_was_sealed_at() -> None:
    cheap = protected()
    with cheap_tries.as_in_a_school():
        assert Cost(2, 32 * 1024) == keys.COST, "above OWASP's least: 2 passes over 19 MiB"
        first = protected()
    assert first[1][:1] == b"\x01", "as every key was sealed from the first version on"
    for key, sealed in (cheap, first):
        opened = keys.unlock(sealed, PIN, MASTER, "lan")
        assert certificates.private_der(opened) == key  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "head", [b"\x04\x01\xff\xff\xff\xff", b"\x04\xff\0\0\0\x08", b"\x04\0\0\0\0\x08", b"\x04"]
)
def test_a_cost_nobody_would_seal_at_is_not_paid(head: bytes) -> None:
    _, sealed = protected()
    with pytest.raises(BadPin):
        keys.unlock(head + sealed[6:] if len(head) > 1 else head, PIN, MASTER, "lan")


def test_the_same_key_is_never_sealed_twice_alike() -> None:
    key, sealed = protected()
    assert keys.protect(key, PIN, MASTER, "lan") != sealed
    assert key not in sealed


def test_a_services_key_opens_by_the_master_key_alone() -> None:
    key = certificates.private_der(certificates.new_key())
    sealed = keys.protect_service(key, MASTER, "tsa")
    assert keys.unlock_service(sealed, MASTER, "tsa") == key
    with pytest.raises(ValueError, match=r"secrets/master\.key"):
        keys.unlock_service(sealed, b"n" * 32, "tsa")
    with pytest.raises(ValueError, match=r"secrets/master\.key"):
        keys.unlock_service(sealed, MASTER, "authority")


def test_a_services_key_is_no_personal_key_and_the_other_way_round() -> None:
    key, sealed = protected()
    with pytest.raises(ValueError, match="not a service's key"):
        keys.unlock_service(sealed, MASTER, "lan")
    with pytest.raises(BadPin):
        keys.unlock(keys.protect_service(key, MASTER, "lan"), PIN, MASTER, "lan")


@pytest.mark.parametrize("pin", ["246810", "135790", "908172", "112358"])
def test_pins_that_are_allowed(pin: str) -> None:
    keys.check_pin(Secret(pin))


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "1234567",
        "12345a",
        "１２３４５６",
        "000000",
        "123456",
        "654321",
        "890123",
        "121212",
        "123123",
        "112211",
    ],
)
def test_pins_that_are_refused(pin: str) -> None:
    with pytest.raises(Invalid) as refusal:
        keys.check_pin(Secret(pin))
    assert [fault.path for fault in refusal.value.faults] == ["pin"]
    assert not pin or pin not in refusal.value.sentence.vi + refusal.value.sentence.en


def test_a_pin_shows_nowhere() -> None:
    _, sealed = protected()
    wrong = Secret("908172")
    assert "908172" not in f"{wrong!r} {wrong} {[wrong]} { ({'pin': wrong}) }"
    with pytest.raises(BadPin) as refusal:
        keys.unlock(sealed, wrong, MASTER, "lan")
    written = "".join(
        traceback.TracebackException.from_exception(refusal.value, capture_locals=True).format()
    )
    assert "908172" not in written


def test_a_pin_travels_through_a_pipe() -> None:
    assert pickle.loads(pickle.dumps(PIN)).reveal() == "246810"
