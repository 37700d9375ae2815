"""What mails look like, with invented contents: for administrators and principals, before anybody gets one.

The HTML part is shown in a frame of its own, which may run nothing, load nothing and lead nowhere.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from models.errors import NotFound
from models.text import Language
from service import mail_samples
from service.access import PageViewer, Viewer
from service.assets import framing
from service.deps import OfficeDep
from service.mail_samples import SAMPLES, Sample
from service.templating import language_of, page

router = APIRouter(prefix="/admin/mail/samples")
ADDRESS = "/admin/mail/samples"
READERS = frozenset({"admin", "principal"})
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""Mails carry their style inline, for mail programs know no other; nothing else of them counts here."""


@router.get("")
def samples(
    request: Request, viewer: PageViewer, office: OfficeDep, mail: str = "digest", written: str = ""
) -> Response:
    """The list of mails, and one of them: its subject, its text, its HTML."""
    sample = _chosen(viewer, mail)
    language = _language(written) or language_of(request, viewer)
    with office.db.read() as session:
        parts = mail_samples.rendered(session, office.settings, sample, language)
    answer = page(
        request,
        viewer,
        "pages/mail_samples.html",
        samples=SAMPLES,
        chosen=sample,
        written=language,
        subject=parts["subject.txt"],
        body=parts["body.txt"],
    )
    return framing(answer)


@router.get("/{mail}.html")
def html_part(viewer: PageViewer, office: OfficeDep, mail: str, written: str = "vi") -> Response:
    """The HTML part alone, for the frame."""
    sample = _chosen(viewer, mail)
    with office.db.read() as session:
        parts = mail_samples.rendered(session, office.settings, sample, _language(written) or "vi")
    headers = {
        "content-security-policy": FRAME_POLICY,
        "x-frame-options": "SAMEORIGIN",
        "cache-control": "no-store",
    }
    return HTMLResponse(parts["body.html"], headers=headers)


def _chosen(viewer: Viewer, key: str) -> Sample:
    """The sample of that name; for anybody else than administrators and principals the pages do not exist."""
    found = next((sample for sample in SAMPLES if sample.key == key), None)
    if found is None or not viewer.actor.roles & READERS:
        raise NotFound
    return found


def _language(written: str) -> Language | None:
    return "en" if written == "en" else "vi" if written == "vi" else None
