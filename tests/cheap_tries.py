"""What a try of a PIN or a password costs in the tests: next to nothing, where a school's takes 50 ms.

Only code can choose this; no setting can. Sealed keys and hashes say their own cost, so that processes of the
product, which keep theirs, open what a test sealed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tasks import keys, passwords

PRODUCT = keys.COST, passwords.COST
"""Of PINs and of passwords, as a school has them."""


def begin() -> None:
    """In this test process from now on."""
    keys.COST = passwords.COST = keys.Cost(passes=1, kib=8)


@contextmanager
def as_in_a_school() -> Iterator[None]:
    """With the product's own costs meanwhile."""
    cheap = keys.COST, passwords.COST
    keys.COST, passwords.COST = PRODUCT
    try:
        yield
    finally:
        keys.COST, passwords.COST = cheap
