"""`/admin/trust`: whose certificates are believed here, with class and life. To read: a folder holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from fastapi import APIRouter, Request, Response

from flows import anchors
from flows.certification import trust_of
from models.text import Text
from service.access import AdminViewer
from service.deps import OfficeDep
from service.templating import page
from service.verify_words import CLASSES
from tasks import certificates
from tasks.verdicts import IssuerClass

router = APIRouter(prefix="/admin")


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate that signatures are traced to."""

    name: str
    kind: Text
    is_root: bool
    valid_from: datetime
    valid_to: datetime
    fingerprint: str
    file: str
    """Where it lies in the folder; empty: our own."""


@router.get("/trust")
def trust(request: Request, viewer: AdminViewer, office: OfficeDep) -> Response:
    """Our own authority first, then the folder's; and the files that are not used."""
    with office.db.read() as session:
        own = trust_of(session)
    folder = anchors.read(office.settings)
    rows = [
        *(_own(der, is_root=True) for der in own.roots),
        *(_own(der, is_root=False) for der in own.intermediates),
        *(
            Issuer(
                held.name,
                CLASSES[held.kind],
                held.is_root,
                held.valid_from,
                held.valid_to,
                certificates.fingerprint(held.certificate),
                held.file,
            )
            for held in sorted(folder.certificates, key=lambda held: (not held.is_root, held.name))
        ),
    ]
    return page(
        request,
        viewer,
        "pages/admin_trust.html",
        rows=rows,
        crls=len(folder.crls),
        faults=folder.faults,
        folder=office.settings.trust_folder,
    )


def _own(der: bytes, *, is_root: bool) -> Issuer:
    found: x509.Certificate = certificates.load(der)
    return Issuer(
        anchors.name_of(found),
        CLASSES[IssuerClass.DEVELOPMENT],
        is_root,
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        certificates.fingerprint(der),
        "",
    )
