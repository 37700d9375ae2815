"""Beside the form: a draft's pages as they would be printed now, pasted text, images in the text."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import col, func, select
from starlette.datastructures import UploadFile

from flows import drafts, performing, queries
from flows.office import Office
from flows.reading import read
from models.document import Document, DocumentImage
from models.errors import Invalid, NotFound, RecordsError, TooLarge
from models.text import Text
from service import page_images, pasting
from service.access import CheckedForm, PageViewer
from service.deps import OfficeDep
from service.pages.editing import Typed, own, show_form, version_of
from service.templating import language_of, page
from tasks import pasted_html, pictures, rich_text
from tasks.pdf_pages import page_count

router = APIRouter()


def _file_of(office: Office, document: Document) -> bytes:
    def make() -> bytes:
        with office.db.read() as session:
            here = read(session, document.id, document.school_id)
        return performing.preview(office, here).pdf

    return page_images.draft_file(document.id, document.content_version, make)


@router.get("/documents/{document_id}/preview")
def preview(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """The draft's pages as they would be printed now."""
    document, declared, known = own(office, viewer, document_id)
    try:
        pdf = _file_of(office, document)
    except Invalid as refusal:
        # What is wrong with the answers is in the draft all the same: nothing on the page is unsaved.
        said = None if refusal.faults else refusal
        typed = Typed(document.fields, document.content_version, refusal.faults, said, submitting=True)
        typed.previewing = True
        return show_form(request, viewer, office, document, declared, known, typed)
    first = page_images.draft_picture(office, document.id, document.content_version, 1, pdf)
    return page(
        request,
        viewer,
        "pages/preview.html",
        document=document,
        pages=office.intake.submit(page_count, pdf),
        extent=page_images.measured(first),
    )


@router.get("/documents/{document_id}/preview/{number}.webp")
def preview_image(viewer: PageViewer, office: OfficeDep, document_id: str, number: int) -> Response:
    """A page of the draft; its address carries the save it shows."""
    document, _, _ = own(office, viewer, document_id)
    pdf = _file_of(office, document)
    return page_images.answer(
        page_images.draft_picture(office, document.id, document.content_version, number, pdf)
    )


# --- images in the text ---------------------------------------------------------------------------------

MOST_IMAGES = 200
"""Pictures one document may hold, used or not."""


@router.post("/documents/{document_id}/images")
def upload(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Take a picture for a draft's text; the editor's script gets what to store and what to show."""
    document, declared, _ = own(office, viewer, document_id)
    drafts.ensure_draft(declared, document)
    file = form.get("image")
    try:
        if not isinstance(file, UploadFile):
            raise Invalid(Text("Chọn một tệp ảnh.", "Choose a picture."))
        data = office.intake.submit(pictures.accept, file.file.read(pictures.BYTE_LIMIT + 1))
        sha256 = _keep(office, document, data)
    except RecordsError as refusal:
        status = 413 if isinstance(refusal, TooLarge) else 422
        return JSONResponse({"sentence": refusal.sentence.to(language_of(request, viewer))}, status)
    return JSONResponse({"src": f"image:{sha256}", "shown": f"/documents/{document_id}/images/{sha256}"}, 201)


def _keep(office: Office, document: Document, data: bytes) -> str:
    sha256 = office.blobs.put(data)
    with office.db.write() as session:
        if session.get(DocumentImage, (document.id, sha256)) is not None:
            return sha256
        held = session.exec(select(func.count()).where(col(DocumentImage.document_id) == document.id)).one()
        if held >= MOST_IMAGES:
            raise TooLarge(
                Text(
                    f"Hồ sơ đã có {MOST_IMAGES} ảnh, không thêm được nữa.",
                    f"The record has {MOST_IMAGES} pictures already; no more can be added.",
                )
            )
        session.add(
            DocumentImage(
                document_id=document.id,
                sha256=sha256,
                school_id=document.school_id,
                media_type="image/png" if data.startswith(b"\x89PNG") else "image/jpeg",
            )
        )
    return sha256


@router.post("/documents/{document_id}/pasted")
def pasted(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """What was on the clipboard (Word's HTML, cells of Excel) in our vocabulary; nothing is kept here.

    `at` names the control it was pasted in, `rows` how many rows its list has. A block of cells is answered
    by `{fill: {list, rows, answers: [[name, value]]}, sentence}`, anything else by `{html}`, with a `note`
    where pictures were left out.
    """
    document, declared, known = own(office, viewer, document_id)
    language = language_of(request, viewer)
    html, text = str(form.get("html", "")), str(form.get("text", ""))
    clipboard = pasted_html.read(html, document_id)
    html = clipboard.html
    try:
        block = pasting.cells(html, text) if "at" in form else None
        count = version_of(form.get("rows"))
        week = document.week_id or ""
        filled = block and pasting.fill(declared.form, str(form.get("at")), count, block, known, week)
        if filled:
            fill = {"list": filled.list, "rows": filled.rows, "answers": filled.answers}
            return JSONResponse({"fill": fill, "sentence": filled.sentence.to(language)})
        lost = clipboard.pictures
        note = pasting.left_out(lost).to(language) if lost else ""
        return JSONResponse({"html": rich_text.clean(html or text), "note": note})
    except RecordsError as refusal:
        return JSONResponse({"sentence": refusal.sentence.to(language)}, 422)


@router.get("/documents/{document_id}/images/{sha256}")
def image(viewer: PageViewer, office: OfficeDep, document_id: str, sha256: str) -> Response:
    """A picture of a document this account may see."""
    with office.db.read() as session:
        queries.readable(session, viewer.actor, document_id)
        row = session.get(DocumentImage, (document_id, sha256))
    if row is None:
        raise NotFound
    return Response(
        office.blobs.get(sha256),
        media_type=row.media_type,
        headers={"cache-control": page_images.FOREVER},
    )
