"""What anybody may ask of the embedded authority: its certificates, its revocation lists, and OCSP.

Public and without a session: whoever has a signed file may check it. The addresses stand in certificates
(`tasks/certificate_parts.py`) and stay as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import timedelta
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from flows.certification import parts_of, published_list
from models.errors import NotFound
from models.key import AuthorityPart
from service.access import MaybeViewer
from service.assets import is_kept
from service.deps import Arrival, OfficeDep
from service.limits import Limiter
from service.pages.sign_in import address_of
from service.templating import page
from tasks import certificates, ocsp

router = APIRouter(prefix="/pki")

ASKED = Limiter(1200, timedelta(minutes=10))
"""A whole school's readers ask from behind one address, for each signature of a file."""
KEPT = timedelta(minutes=10)
"""So long a list or an answer may be kept on the way: a revocation is known everywhere soon after."""
PARTS = ("root", "issuing")


@router.get("")
def authority_page(request: Request, viewer: MaybeViewer, office: OfficeDep) -> Response:
    """The certificates and lists to take, and how to check a file with them."""
    with office.db.read() as session:
        parts = [
            (name, part, certificates.load(part.certificate), bool(part.crl))
            for name in (*PARTS, "tsa")
            for part in parts_of(session, name)
        ]
    return page(
        request,
        viewer,
        "pages/pki.html",
        parts=parts,
        base=office.settings.url,
        fingerprint=certificates.fingerprint,
    )


@router.get("/{name}.crt")
@router.head("/{name}.crt", include_in_schema=False)
def certificate(request: Request, name: str, office: OfficeDep) -> Response:
    """A certificate of the authority, DER."""
    with office.db.read() as session:
        der = _part(session, name, (*PARTS, "tsa")).certificate
    return _file(request, der, "application/pkix-cert", f"{name}.crt")


@router.get("/{name}.crl")
@router.head("/{name}.crl", include_in_schema=False)
def revocation_list(request: Request, name: str, office: OfficeDep) -> Response:
    """What this part has revoked, DER (RFC 5280 §5)."""
    with office.db.read() as session:
        der = published_list(session, _part(session, name, PARTS))
    return _file(request, der, "application/pkix-crl", f"{name}.crl")


def _part(session: Session, name: str, known: tuple[str, ...]) -> AuthorityPart:
    part, _, generation = name.rpartition("-")
    if part not in known or not (generation.isascii() and generation.isdigit() and len(generation) < 5):
        raise NotFound
    found = session.get(AuthorityPart, (part, int(generation)))
    if found is None:
        raise NotFound
    return found


def _file(request: Request, der: bytes, media_type: str, name: str) -> Response:
    tag = f'"{hashlib.sha256(der).hexdigest()[:32]}"'
    headers = {
        "cache-control": f"public, max-age={int(KEPT.total_seconds())}",
        "etag": tag,
        "content-disposition": f'attachment; filename="{name}"',
    }
    if is_kept(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(der, media_type=media_type, headers=headers)


# --- OCSP -----------------------------------------------------------------------------------------------


async def _body(request: Request) -> bytes:
    """The posted bytes, no more than a request has."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > ocsp.LONGEST:
            break
    return body


@router.post("/ocsp")
def ask_by_post(
    request: Request, office: OfficeDep, now: Arrival, body: Annotated[bytes, Depends(_body)]
) -> Response:
    """RFC 6960, appendix A.1: the request in the body."""
    ASKED.count(address_of(request), now)
    return _answer(request, office, body, now, {"cache-control": "no-store"})


@router.get("/ocsp/{encoded:path}")
def ask_by_get(request: Request, encoded: str, office: OfficeDep, now: Arrival) -> Response:
    """The request in the address, base64: what proxies may keep (RFC 5019 §5)."""
    ASKED.count(address_of(request), now)
    try:
        body = base64.b64decode(unquote(encoded), validate=True)
    except (binascii.Error, ValueError):
        body = b""
    return _answer(
        request,
        office,
        body,
        now,
        {"cache-control": f"public, max-age={int(KEPT.total_seconds())}, no-transform, must-revalidate"},
    )


def _answer(
    request: Request, office: OfficeDep, body: bytes, now: Arrival, headers: dict[str, str]
) -> Response:
    answer = request.app.state.responders.answer(office.db, office.settings, body, now)
    return Response(answer, media_type=ocsp.RESPONSE, headers=headers)
