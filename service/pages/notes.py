"""A reviewer's notes while reading: kept as they are typed, sent with a return."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData

from flows import marks
from flows.marks import Note
from models.errors import NotFound, RecordsError
from service import words
from service.access import CheckedForm, PageViewer, local_path
from service.deps import OfficeDep
from service.pages.editing import version_of
from service.templating import language_of

router = APIRouter()


@router.post("/documents/{document_id}/marks")
def keep(
    request: Request, viewer: PageViewer, office: OfficeDep, document_id: str, form: CheckedForm
) -> Response:
    """Keep the notes on the lessons the form names (`part`); a script is answered in JSON."""
    quietly = "x-autosave" in request.headers
    try:
        marks.keep(
            office,
            viewer.actor,
            document_id,
            version_of(form.get("revision")),
            notes_in(form),
            comments_only=form.get("only") == "comment",
        )
    except NotFound:
        raise
    except RecordsError as refusal:
        if not quietly:
            raise
        return JSONResponse({"sentence": refusal.sentence.to(language_of(request, viewer))}, 409)
    if quietly:
        return JSONResponse({"at": f"{words.local(office.now()):%H:%M}"})
    return RedirectResponse(local_path(str(form.get("next", f"/inbox?doc={document_id}"))), status_code=303)


def notes_in(form: FormData) -> dict[str, Note]:
    """The notes of a posted form, by lesson id."""
    return {
        part: Note(
            seen=f"seen.{part}" in form,
            mend=f"mend.{part}" in form,
            comment=str(form.get(f"comment.{part}", "")),
        )
        for part in map(str, form.getlist("part"))
    }
