"""What becomes of a record after its signature: approved, downloaded, printed, taught from a laptop. Pure.

Imports nothing of the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.year.days import PLAN


@dataclass(frozen=True)
class Approved:
    """A record approved with others. `kept`: its author took the file and printed it on the spot."""

    who: str
    kind: str
    first: int
    kept: bool


@dataclass(frozen=True)
class Approves:
    """The principal approves what has come, in one go; not what goes the whole way."""

    at: datetime
    papers: tuple[Approved, ...]


@dataclass(frozen=True)
class Downloads:
    """The author is handed the approved file."""

    at: datetime
    who: str
    week: int
    kind: str = PLAN


@dataclass(frozen=True)
class Prints:
    """The author says that it is printed."""

    at: datetime
    who: str
    week: int
    kind: str = PLAN


@dataclass(frozen=True)
class UsesLaptop:
    """The author says that a lesson plan is taught from a laptop, and need not be printed."""

    at: datetime
    who: str
    week: int


@dataclass(frozen=True)
class Laptop:
    """A teacher reports that the laptop is broken, or works again."""

    at: datetime
    who: str
    broken: bool
