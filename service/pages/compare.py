"""Two revisions side by side: the pages with their changed regions framed, and the regions for the script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session

from flows import views
from flows.office import Office
from flows.views import View
from models.document import Revision
from models.errors import NotFound, RecordsError
from models.text import Text
from service import page_changes, page_images
from service.access import PageViewer, Viewer
from service.deps import OfficeDep
from service.templating import page
from tasks.comparing import Box, Regions

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a revision with its frames."""

    revision: Revision
    number: int
    boxes: tuple[Box, ...]


def two_of(
    office: Office, session: Session, viewer: Viewer, document_id: str, first: int, second: int
) -> tuple[View, Revision, Revision]:
    """The document and the two revisions asked for; the newest and the one before without numbers."""
    view = views.view(session, viewer.actor, document_id, office.now())
    by_number = {r.number: r for r in view.revisions}
    after = by_number.get(second or max(by_number, default=0))
    before = by_number.get(first or (after.number - 1 if after else 0))
    if before is None or after is None or before.number >= after.number:
        raise NotFound
    return view, before, after


@router.get("/documents/{document_id}/compare")
def compare(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    first: Annotated[int, Query(alias="from", ge=0)] = 0,
    second: Annotated[int, Query(alias="to", ge=0)] = 0,
    number: Annotated[int, Query(alias="page", ge=0)] = 0,
) -> Response:
    """A page of the later revision beside the earlier one it comes from; without `page` the first changed."""
    with office.db.read() as session:
        view, before, after = two_of(office, session, viewer, document_id, first, second)
    refusal: Text | None = None
    try:
        found = page_changes.changed(office, before, after)
    except RecordsError as refused:
        found, refusal = Regions({}, {}, {}), refused.sentence
    places = changed_pages(found)
    at = min(number or (places[0] if places else 1), after.pages)
    earlier = min(found.pairs.get(at, at), before.pages)
    return page(
        request,
        viewer,
        "pages/compare.html",
        document=view.document,
        before=Sheet(before, earlier, found.before.get(earlier, ())),
        after=Sheet(after, at, found.after.get(at, ())),
        changed_pages=places,
        onward=next((p for p in places if p > at), 0),
        back=next((p for p in reversed(places) if p < at), 0),
        refusal=refusal,
        extent=page_images.size_of(office, after.final),
    )


def changed_pages(found: Regions) -> list[int]:
    """The later pages that differ, or that stand where something went, in order."""
    gone = {later for later, earlier in found.pairs.items() if earlier in found.before}
    return sorted({*found.after, *gone})


@router.get("/documents/{document_id}/changed")
def changed(
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    first: Annotated[int, Query(alias="from", ge=0)] = 0,
    second: Annotated[int, Query(alias="to", ge=0)] = 0,
) -> Response:
    """The changed regions of the later revision by page, in thousandths: left, top, right, bottom."""
    with office.db.read() as session:
        _, before, after = two_of(office, session, viewer, document_id, first, second)
    found = page_changes.changed(office, before, after)
    return JSONResponse(
        {"pages": {str(number): list(boxes) for number, boxes in sorted(found.after.items())}},
        headers={"cache-control": page_images.FOREVER},
    )
