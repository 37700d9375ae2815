"""What a sample of an attack is, and the list of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tasks.verdicts import Verdict
from tests.attacks.judged import judge

Make = Callable[[], bytes]
Judge = Callable[[bytes], Verdict]

ALTERED, BROKEN, UNKNOWN, UNSIGNED, UNREADABLE = "altered", "broken", "unknown", "unsigned", "unreadable"


@dataclass(frozen=True)
class Sample:
    """A forged file: how it is made, the honest file it was made of, what may be said of it.

    `before` is None where the attacker is the signer, or nothing honest came first. `standings` never hold
    `valid`.
    """

    name: str
    make: Make
    before: Make | None
    standings: frozenset[str]
    judge: Judge = judge


def samples(*classes: dict[str, Sample]) -> dict[str, Sample]:
    """All samples of several classes by name."""
    return {name: sample for found in classes for name, sample in found.items()}


class Attacks(dict[str, Sample]):
    """The samples of one published class of attacks."""

    def __init__(self, published: str) -> None:
        super().__init__()
        self.published = published

    def add(self, name: str, make: Make, before: Make | None, *standings: str, by: Judge = judge) -> None:
        """One sample more; ValueError for a name that is taken, or a verdict no forgery may have."""
        name = f"{self.published}: {name}"
        if name in self or not standings or "valid" in standings:
            raise ValueError(f"{name}: a new name, and verdicts of forgeries.")
        self[name] = Sample(name, make, before, frozenset(standings), by)

    def sample(
        self, name: str, before: Make | None, *standings: str, by: Judge = judge
    ) -> Callable[[Make], Make]:
        """The same as a decorator of the function that makes the file."""

        def added(make: Make) -> Make:
            self.add(name, make, before, *standings, by=by)
            return make

        return added
