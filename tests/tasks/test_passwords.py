"""Passwords where there is no account: refused at the same cost as a wrong one."""

from __future__ import annotations

import argon2
import pytest

from tasks import passwords
from tasks.keys import Secret


def test_nobodys_hash_is_computed_like_any_other_and_takes_no_word() -> None:
    assert not passwords.outdated(passwords._NOBODY), "it has the parameters of today"
    with pytest.raises(argon2.exceptions.VerifyMismatchError):  # not refused at sight as no hash at all
        passwords._HASHER.verify(passwords._NOBODY, "Demo-2026!")
    assert not passwords.matches(None, Secret("Demo-2026!"))
