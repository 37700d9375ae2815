"""Remembers how asn1crypto prepares the words of a name for comparison; once, on import.

Names are compared wherever a certificate's issuer is looked for, and each time asn1crypto prepares their
words anew, letter by letter (RFC 4518): a tenth of a verification and of a signature. The files of a school
name the same few people and authorities over and over.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from asn1crypto import x509

LONGEST = 256
"""Characters of a word that is remembered; a hostile file may hold names of any length."""

_prepare = x509.NameTypeAndValue._ldap_string_prep


@lru_cache(maxsize=2048)
def prepared(word: str) -> str:
    """As asn1crypto prepares it; ValueError for what no name may contain."""
    made: str = _prepare(None, word)  # it reads nothing of its object
    return made


def _ldap_string_prep(name: Any, word: str) -> str:
    return prepared(word) if len(word) <= LONGEST else _prepare(name, word)


x509.NameTypeAndValue._ldap_string_prep = _ldap_string_prep
