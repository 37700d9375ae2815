"""Passwords: what a try costs, and that there being no such account changes nothing about it."""

from __future__ import annotations

import argon2
import pytest

from tasks import passwords
from tasks.keys import Secret
from tests import cheap_tries


def test_nobodys_hash_is_computed_like_any_other_and_takes_no_word() -> None:
    assert not passwords.outdated(passwords.nobodys()), "it has the parameters of today"
    with pytest.raises(argon2.exceptions.VerifyMismatchError):  # not refused at sight as no hash at all
        argon2.PasswordHasher().verify(passwords.nobodys(), "Demo-2026!")
    assert not passwords.matches(None, Secret("Demo-2026!"))


def test_a_schools_hashes_cost_what_is_asked_and_cheaper_ones_are_outdated() -> None:
    cheap = passwords.make_hash(Secret("Demo-2026!"))
    assert not passwords.outdated(cheap)
    with cheap_tries.as_in_a_school():
        made = passwords.make_hash(Secret("Demo-2026!"))
        assert made.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
        assert passwords.nobodys().startswith("$argon2id$v=19$m=32768,t=3,p=1$")
        assert passwords.outdated(cheap)
        assert not passwords.outdated(made)
    assert passwords.matches(made, Secret("Demo-2026!"))
    assert not passwords.matches(made, Secret("Demo-2026?"))
