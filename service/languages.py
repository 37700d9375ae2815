"""Which language a page speaks: asked for, chosen before, or what the browser says its user reads."""

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
    """`?lang=`, else the account's language; of a visitor the one chosen before, else the browser's, else
    Vietnamese."""
    if asked := asked_language(request):
        return asked
    if viewer:
        return _known(viewer.account.language) or "vi"
    return _known(request.cookies.get(LANGUAGE_COOKIE)) or _preferred(
        request.headers.get("Accept-Language", "")
    )


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


def _preferred(header: str) -> Language:
    """The one of ours that weighs more in an Accept-Language (RFC 9110, 12.5.4); the first of equals."""
    weights: dict[Language, float] = {}
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _known(tag.strip().lower().partition("-")[0])
        if language and (weight := _weight(parameter)) > 0:
            weights[language] = max(weight, weights.get(language, 0.0))
    return max(weights, key=lambda language: weights[language], default="vi")


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
