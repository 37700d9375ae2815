"""Saving while one writes: what changed since the last save, over the content version it was typed on.

The page keeps its own words (`static/js/keeper.js`); here they are stored, or refused in a way it can act on:
`whole` asks for the form whole, a page fragment (409) shows what another window saved meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from flows import drafts
from flows.fields import Form, Repeated
from models.errors import Fault, Invalid, NotFound, RecordsError, Stale
from models.text import Text
from service import forms, words
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import OfficeDep
from service.pages.editing import OURS, REFUSED, Typed, clashes, own, version_of
from service.templating import language_of, page

router = APIRouter()
WHOLE = "whole"
"""Name of the field that says: every answer of the form is here, not only what changed."""
SAME_ROWS = "same_rows"
_MOVED = Text(
    "Cửa sổ kia đã thêm, bỏ hoặc đổi chỗ các phần nên không ghép được. Chọn giữ một trong hai.",
    "The other window added, removed or moved parts, so the two cannot be put together. Keep one of them.",
)


@router.patch("/documents/{document_id}/edit")
def autosave(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Keep the answers sent; those not sent stay as they are stored (unless `whole`).

    `same_rows`: lay the answers over another window's save, but only where the rows sent by their ids are
    the same. 200 `{content_version, at, rows}`; 409 `{code: "whole"}` when the changes do not fit what is
    stored; 409 with a page fragment when another window saved meanwhile; else `{code, sentence}`. Nothing
    refused is stored.
    """
    document, declared, known = own(office, viewer, document_id)
    sent = [
        (k, v) for k, v in form.multi_items() if k not in OURS | {WHOLE, SAME_ROWS} and isinstance(v, str)
    ]
    whole = bool(form.get(WHOLE))
    typed = Typed(forms.unflatten(sent) if whole else {}, version_of(form.get("content_version")))
    if not whole:
        fitting = typed.content_version == document.content_version
        laid = forms.overlay(declared.form, document.fields, sent) if fitting else None
        if laid is None:
            drafts.ensure_draft(declared, document)
            return JSONResponse({"code": WHOLE}, status_code=409)
        if form.get(SAME_ROWS) and forms.ids_of(laid) != forms.ids_of(document.fields):
            sentence = _MOVED.to(language_of(request, viewer))
            return JSONResponse({"code": WHOLE, "sentence": sentence}, status_code=409)
        typed.values = laid
    try:
        document, faults = drafts.save(office, viewer.actor, document_id, typed.content_version, typed.values)
    except NotFound:
        raise
    except Stale as refusal:
        document, declared, known = own(office, viewer, document_id)
        if document.content_version == typed.content_version:
            return _refusal(request, viewer, refusal)
        typed.stored = document.fields
        found = clashes(declared, typed, known)
        return page(
            request, viewer, "fragments/clash.html", status_code=409, document=document, clashes=found
        )
    except RecordsError as refusal:
        return _refusal(request, viewer, refusal)
    return JSONResponse(
        {
            "content_version": document.content_version,
            "at": f"{words.local(office.now()):%H:%M}",
            "rows": _states(declared.form, document.fields, faults),
        }
    )


def _states(form: Form, fields: Mapping[str, Any], faults: Iterable[Fault]) -> dict[str, list[int]]:
    """What each row of the form still wants: `{"lessons.0": [faults, missing]}`."""
    states = {
        f"{part.name}.{n}": [0, 0]
        for part in form.fields
        if isinstance(part, Repeated)
        for n in range(len(fields.get(part.name) or ()))
    }
    for fault in faults:
        row = ".".join(fault.path.split(".")[:2])
        if row in states:
            states[row][fault.missing] += 1
    return states


def _refusal(request: Request, viewer: Viewer, refusal: RecordsError) -> Response:
    sentence = refusal.faults[0].sentence if isinstance(refusal, Invalid) and refusal.faults else None
    said = (sentence or refusal.sentence).to(language_of(request, viewer))
    return JSONResponse({"code": refusal.code, "sentence": said}, status_code=REFUSED.get(refusal.code, 409))
