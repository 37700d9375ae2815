"""Beginning from earlier work: which record a new draft starts from, which lessons a draft takes over."""

from __future__ import annotations

from itertools import groupby

from fastapi import APIRouter, Request, Response

from flows import copying, drafts, sources
from flows.bodies import refuse_beside_a_file
from flows.catalogue import type_of
from flows.office import Office
from models.errors import NotFound, RecordsError
from service import words
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import OfficeDep
from service.pages.editing import REFUSED, own, see_other, version_of
from service.templating import page

router = APIRouter()


@router.get("/documents/new/from")
def choose_record(
    request: Request, viewer: PageViewer, office: OfficeDep, type: str, week: str = "", q: str = ""
) -> Response:
    """The records a new draft of this type may start from: one's own, and the group's approved ones."""
    declared = type_of(type)
    if not drafts.may_draft(declared, viewer.actor):
        raise NotFound
    with office.db.read() as session:
        found = sources.sources(session, viewer.actor, declared, copying.SCANNED)
    asked = copying.folded(q).split()
    shown = [s for s in found if all(w in copying.folded(f"{s.document.title} {s.owner}") for w in asked)]
    return page(
        request,
        viewer,
        "pages/new_from.html",
        declared=declared,
        week=week,
        q=q,
        mine=[s for s in shown if s.mine][: sources.LISTED],
        others=sorted(
            (s for s in shown if not s.mine),
            key=lambda s: (
                -(s.week.monday.toordinal() if s.week else 0),
                words.by_given_name(s.owner),
            ),
        )[: sources.LISTED],
    )


@router.get("/documents/{document_id}/lessons")
def choose_lessons(
    request: Request, viewer: PageViewer, office: OfficeDep, document_id: str, q: str = "", subject: str = ""
) -> Response:
    """Lessons of earlier records, to be taken over into this draft."""
    return _lessons(request, viewer, office, document_id, q, subject)


def _lessons(
    request: Request,
    viewer: Viewer,
    office: Office,
    document_id: str,
    q: str = "",
    subject: str = "",
    picked: frozenset[str] = frozenset(),
    refusal: RecordsError | None = None,
) -> Response:
    document, declared, known = own(office, viewer, document_id)
    drafts.ensure_draft(declared, document)
    with office.db.read() as session:
        refuse_beside_a_file(session, document_id)
    if copying.parts_of(declared) is None:
        raise NotFound
    with office.db.read() as session:
        found = copying.lessons(session, viewer.actor, declared, q, subject, but=document_id)
    return page(
        request,
        viewer,
        "pages/lessons.html",
        status_code=REFUSED.get(refusal.code, 409) if refusal else 200,
        document=document,
        declared=declared,
        found=found,
        groups=[(parts[0].source, parts) for parts in _by_record(found)],
        most=copying.FOUND,
        q=q,
        subject=subject,
        subjects=known.subjects,
        picked=picked,
        refusal=refusal,
    )


def _by_record(found: list[copying.Part]) -> list[list[copying.Part]]:
    return [list(parts) for _, parts in groupby(found, key=lambda part: part.source.document.id)]


@router.post("/documents/{document_id}/lessons")
def take_lessons(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Put the lessons chosen at the end of the draft, and go on there."""
    document, declared, _ = own(office, viewer, document_id)
    picked = [str(value) for value in form.getlist("pick")]
    picks = [(source, key) for source, _, key in (value.partition(":") for value in picked)]
    version = version_of(form.get("content_version"))
    try:
        saved, count = copying.add_lessons(office, viewer.actor, document_id, version, picks)
    except NotFound:
        raise
    except RecordsError as refusal:
        return _lessons(
            request,
            viewer,
            office,
            document_id,
            str(form.get("q", "")),
            str(form.get("subject", "")),
            frozenset(picked),
            refusal,
        )
    part = copying.parts_of(declared)
    assert part is not None
    first = f"{part.name}.{len(saved.fields[part.name]) - count}"
    return see_other(f"/documents/{document.id}/edit?taken={count}&open={first}#f-{first.replace('.', '-')}")
