"""Vietnamese names: their order on pages and in mails, and two people who have one. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

_VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyfjwz"
_MARKS = str.maketrans(
    "àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
    "aaaaaăăăăăâââââeeeeeêêêêêiiiiioooooôôôôôơơơơơuuuuuưưưưưyyyyy",
)
_TONES = {c: n % 5 + 1 for n, c in enumerate("àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ")}


def by_given_name(full_name: str) -> tuple[object, ...]:
    """Sort key of a Vietnamese name: given name (last word) first; letters before tones.

    What stands after the name in brackets (`told_apart`) comes last.
    """
    name, _, more = full_name.lower().partition(" (")
    words = name.split()
    ordered = [*words[-1:], *words[:-1], more]
    return tuple((_letters(word), tuple(_TONES.get(c, 0) for c in word)) for word in ordered)


class Named(Protocol):
    """Whoever has a name and signs in: an account, or a row with these columns of it."""

    @property
    def full_name(self) -> str: ...

    @property
    def sign_in_name(self) -> str: ...


N = TypeVar("N", bound=Named)


def told_apart(people: Sequence[N]) -> list[tuple[N, str]]:
    """Each with a name to be chosen by: who shares theirs with another is told by the sign-in name."""
    shared = Counter(person.full_name.casefold() for person in people)
    return [
        (
            person,
            f"{person.full_name} ({person.sign_in_name})"
            if shared[person.full_name.casefold()] > 1
            else person.full_name,
        )
        for person in people
    ]


def tidy_name(name: str) -> str:
    """A sign-in name as it is stored."""
    return unicodedata.normalize("NFC", name).strip().lower()[:80]


def _letters(word: str) -> tuple[int, ...]:
    return tuple(_VIETNAMESE.find(c) if c in _VIETNAMESE else ord(c) + 100 for c in word.translate(_MARKS))
