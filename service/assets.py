"""Static files and what a browser may do with our pages. Templates stand in `service/templating.py`."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).resolve().parent / "static"


@cache
def static_version() -> str:
    """A hash over every static file: one version for all, so that modules may import each other by relative
    addresses and still never meet an older neighbour in a cache."""
    digest = hashlib.sha256()
    for path in sorted(p for p in STATIC.rglob("*") if p.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def has_static(name: str) -> bool:
    """Is this file there? (htmx is copied in by the set-up; pages work without it.)"""
    return (STATIC / name).is_file()


def static(name: str) -> str:
    """The address of a static file, with the version in its path."""
    return f"/static/{static_version()}/{name}"


def is_kept(request: Request, tag: str) -> bool:
    """Does whoever asks have this very content already (`If-None-Match`)? Then 304 is all the answer."""
    asked = request.headers.get("if-none-match", "").split(",")
    return tag in [one.strip().removeprefix("W/") for one in asked]


class VersionedStatic(StaticFiles):
    """`/static/<version>/<file>`: kept for ever under the present version, else checked each time."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, name = path.partition("/")
        response = await super().get_response(name, scope)
        current = version == static_version()
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if current else "no-cache"
        return response


_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def security_headers(response: Response) -> None:
    """Put the headers every answer carries; a page of ours holds no inline script and no inline style."""
    response.headers.setdefault("content-security-policy", _POLICY)
    response.headers.setdefault("x-content-type-options", "nosniff")
    response.headers.setdefault("x-frame-options", "DENY")
    response.headers.setdefault("referrer-policy", "same-origin")
    response.headers.setdefault("cross-origin-opener-policy", "same-origin")
    response.headers.setdefault("permissions-policy", "camera=(), geolocation=(), microphone=()")


def framing(response: Response) -> Response:
    """Let a page show one of our own answers in a frame; what that may do, its own policy says."""
    response.headers["content-security-policy"] = f"{_POLICY}; frame-src 'self'"
    return response
