"""`/verify`: anyone drops a PDF and reads what its signatures are worth. Public; works without scripts.

A result has an address with a random word, for some minutes: so that it can be reloaded, read in the other
language, and its pictures fetched. The file itself is kept nowhere.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from flows import queries
from flows.known_files import KnownFile
from flows.office import Office
from models.document import Document, Revision
from models.errors import NoRoom, NotFound, RecordsError
from models.text import Text
from service import verify_words, words
from service.access import BadForm, CheckedForm, MaybeViewer, PageViewer, Viewer
from service.deps import OfficeDep, RevisionNumber
from service.errors import status_of
from service.languages import language_of, speaking
from service.page_images import MEDIA_TYPE
from service.pages.sign_in import FORM_COOKIE, set_form_cookie, token_fits
from service.receiving import Received
from service.templating import page
from service.verify_asking import AskingDep, Brought
from tasks import comparing
from tasks.check_results import KEPT, CheckResult, CheckResults
from tasks.recognising import BYTE_LIMIT

router = APIRouter()
Which = Literal["before", "after", "before-page", "after-page"]


@router.get("/verify")
def ask(request: Request, viewer: MaybeViewer, office: OfficeDep) -> Response:
    """Where a file is dropped or chosen."""
    return _form(request, viewer, office)


@router.post("/verify")
def verify(
    request: Request, viewer: MaybeViewer, office: OfficeDep, asking: AskingDep, received: Brought
) -> Response:
    """Check the file, then show its result at an address of its own. A script is told that address."""
    try:
        if isinstance(received, Received):
            _refuse_unless_ours(request, viewer, received)
        result = asking.check(received)
    except RecordsError as refusal:
        return _refused(request, viewer, office, refusal)
    try:
        word = CheckResults(office.settings.verified).put(result)
    except NoRoom:
        # The disk is full; the verdict is no less true. Pictures and the other language need an address.
        return _result(request, viewer, office, result, asking.known(result), "")
    address = speaking(f"/verify/{word}", request)
    if _is_script(request):
        return JSONResponse({"next": address}, headers={"cache-control": "no-store"})
    return RedirectResponse(address, 303)


@router.post("/documents/{document_id}/verify")
def verify_stored(
    viewer: PageViewer,
    office: OfficeDep,
    asking: AskingDep,
    form: CheckedForm,  # noqa: ARG001 - its token is checked
    document_id: str,
    revision: RevisionNumber = 0,
) -> Response:
    """The same for a file of the system, as it lies in the archive."""
    with office.db.read() as session:
        document = queries.visible(session, viewer.actor, document_id)
        row = session.get(Revision, (document_id, revision or document.revision))
    if row is None:
        raise NotFound
    result = asking.judged(f"{row.title}.pdf", office.blobs.get(row.final))
    return RedirectResponse(f"/verify/{CheckResults(office.settings.verified).put(result)}", 303)


@router.get("/verify/{word}")
def result(
    request: Request, viewer: MaybeViewer, office: OfficeDep, asking: AskingDep, word: str
) -> Response:
    """What came of a check, until its time is over."""
    found = CheckResults(office.settings.verified).get(word, asking.now)
    if found is None:
        return _form(request, viewer, office, _GONE.format(minutes=int(KEPT.total_seconds() // 60)), 404)
    return _result(request, viewer, office, found, asking.known(found), word)


@router.get("/verify/{word}/{number}/{which}.webp")
def picture(
    office: OfficeDep, asking: AskingDep, word: str, number: RevisionNumber, which: Which
) -> Response:
    """A changed place, or its page: as it was signed, or as it is now."""
    found = CheckResults(office.settings.verified).get(word, asking.now)
    places = found.verdict.places if found else ()
    if number >= len(places):
        raise NotFound
    place = places[number]
    shown = {
        "before": place.before,
        "after": place.after,
        "before-page": place.before_page,
        "after-page": place.after_page,
    }[which]
    if shown is None:
        raise NotFound
    return Response(shown, media_type=MEDIA_TYPE, headers={"cache-control": "private, max-age=1200"})


# --- answers ----------------------------------------------------------------------------------------------


def _form(
    request: Request,
    viewer: Viewer | None,
    office: Office,
    refused: Text | None = None,
    status_code: int = 200,
) -> Response:
    token = viewer.csrf if viewer else request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    shown = page(
        request,
        viewer,
        "pages/verify.html",
        status_code=status_code,
        form_token=token,
        refused=refused,
        most=BYTE_LIMIT,
    )
    return _framed(shown, viewer, office, token)


def _result(
    request: Request,
    viewer: Viewer | None,
    office: Office,
    found: CheckResult,
    known: KnownFile | None,
    word: str,
) -> Response:
    token = viewer.csrf if viewer else request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    verdict = found.verdict
    shown = page(
        request,
        viewer,
        "pages/verify_result.html",
        form_token=token,
        most=BYTE_LIMIT,
        result=found,
        verdict=verdict,
        rows=verify_words.rows(verdict),
        tone=verify_words.TONES[verdict.standing],
        sign=verify_words.MARKS[verdict.standing],
        changed_words=[comparing.words(p.words_before, p.words_after) for p in verdict.places],
        took=words.decimal(found.seconds),
        known=known,
        known_said=verify_words.known_words(known) if known else None,
        known_tone=verify_words.KNOWN_TONES[known.standing] if known else "",
        record=_record(office, viewer, known),
        word=word,
    )
    return _framed(shown, viewer, office, token)


def _record(office: Office, viewer: Viewer | None, known: KnownFile | None) -> Document | None:
    """The record itself, for who may see it."""
    if viewer is None or known is None:
        return None
    with contextlib.suppress(NotFound), office.db.read() as session:
        return queries.visible(session, viewer.actor, known.document_id)
    return None


def _framed(shown: Response, viewer: Viewer | None, office: Office, token: str) -> Response:
    if viewer is None:
        set_form_cookie(shown, office.settings, token)
    shown.headers["x-robots-tag"] = "noindex"
    return shown


def _refused(request: Request, viewer: Viewer | None, office: Office, refusal: RecordsError) -> Response:
    status = status_of(refusal)
    if _is_script(request):
        sentence = refusal.sentence.to(language_of(request, viewer))
        return JSONResponse({"sentence": sentence}, status, headers={"cache-control": "no-store"})
    return _form(request, viewer, office, refusal.sentence, status)


def _is_script(request: Request) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refuse_unless_ours(request: Request, viewer: Viewer | None, received: Received) -> None:
    """BadForm when another site's page sends the file in this browser's name."""
    if not token_fits(
        received.fields.get("csrf", ""), viewer.csrf if viewer else request.cookies.get(FORM_COOKIE, "")
    ):
        raise BadForm


_GONE = Text(
    "Kết quả chỉ xem được trong {minutes} phút, nay đã hết. Chọn lại tệp để kiểm tra lần nữa.",
    "A result can be read for {minutes} minutes, and that time is over. Choose the file to check it again.",
)
