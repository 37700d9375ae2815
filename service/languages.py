"""Which language a page speaks: the one asked for, else the one chosen before, else Vietnamese.

What a browser says of itself does not count: many Vietnamese phones are set up in English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request, Response

from models.settings import Settings
from models.text import Language

if TYPE_CHECKING:
    from service.access import Viewer

LANGUAGE_COOKIE = "language"
_A_YEAR = 31_536_000


def asked_language(request: Request) -> Language | None:
    """`?lang=` of this address."""
    return _known(request.query_params.get("lang"))


def language_of(request: Request, viewer: Viewer | None) -> Language:
    """`?lang=`, else the account's language; of a visitor the one chosen before; else Vietnamese."""
    if asked := asked_language(request):
        return asked
    chosen = viewer.account.language if viewer else request.cookies.get(LANGUAGE_COOKIE)
    return _known(chosen) or "vi"


def keep_language(response: Response, settings: Settings, language: Language) -> None:
    """Remember a choice in this browser, for the pages that need nobody signed in."""
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=_A_YEAR,
        samesite="lax",
        httponly=True,
        secure=settings.secure_cookies,
    )


def speaking(address: str, request: Request) -> str:
    """An address to go on to, in the language this one was asked for."""
    asked = asked_language(request)
    return f"{address}?lang={asked}" if asked else address


def _known(word: str | None) -> Language | None:
    return "en" if word == "en" else "vi" if word == "vi" else None
