"""Names out of certificates and forms, as they can be shown: a stranger chose their letters.

A line break, a mark that turns the direction of writing, or letters of another script that look like Latin
ones make one name pass for another. Shown is the name without what cannot be seen; `deceptive` says that
there was something of the kind, so that nobody takes the name at its word.
"""

from __future__ import annotations

import unicodedata

_ALIKE = ("CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU", "DESERET")
"""Scripts with capital or small letters that look like Latin ones."""


def plain(name: str) -> str:
    """One line of visible letters."""
    composed = unicodedata.normalize("NFC", name)
    seen = (letter for letter in composed if unicodedata.category(letter) != "Cf")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in seen).split())


def deceptive(name: str) -> bool:
    """Whether a name holds what cannot be seen, or letters that pass for Latin ones beside such."""
    letters = [letter for letter in name if letter.isalpha()]
    scripts = {_script(letter) for letter in letters}
    return (
        any(unicodedata.category(letter) in _UNSEEN for letter in name)
        or ("LATIN" in scripts and not scripts.isdisjoint(_ALIKE))
        or any(_script(letter) != "LATIN" and _latin_of(letter) for letter in letters)
    )


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _latin_of(letter: str) -> bool:
    """Whether it is a Latin letter in disguise: of full width, of mathematics."""
    return any(_script(one) == "LATIN" for one in unicodedata.normalize("NFKC", letter))


_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
