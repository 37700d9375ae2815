"""`GET /document-types`: what can be filed, with its form, its steps and the picture of its process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from flows import drafts, sources
from flows.catalogue import TYPES, type_of
from flows.export import bpmn
from flows.grammar import DocumentType
from flows.obligations import Calendar, calendar_of
from flows.svg import svg
from models.errors import NotFound
from models.text import Language
from service.access import ApiViewer
from service.api.answers import declared, summary
from service.deadline_rules import in_force
from service.deps import Arrival, OfficeDep

router = APIRouter(tags=["document types"])


@router.get("/document-types")
def list_types(viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """Every document type; `deadline` is the rule by which it is due next at this school."""
    with office.db.read() as session:
        calendar = calendar_of(session, viewer.actor.school_id)
    return {"items": [_declared(t, calendar, now) for t in TYPES], "next": None}


@router.get("/document-types/{slug}")
def get_type(slug: str, viewer: ApiViewer, office: OfficeDep, now: Arrival) -> dict[str, Any]:
    """One type: `form` as JSON Schema, `steps` in their order."""
    type_ = type_of(slug)
    with office.db.read() as session:
        calendar = calendar_of(session, viewer.actor.school_id)
    return _declared(type_, calendar, now)


def _declared(type_: DocumentType, calendar: Calendar, now: datetime) -> dict[str, Any]:
    rule = in_force(calendar, type_.deadline, now) if type_.deadline else None
    return declared(type_, rule.rule if rule else None)


@router.get("/document-types/{slug}/sources")
def list_sources(slug: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """The records this account may begin a new one of this type from, the newest week first."""
    type_ = type_of(slug)
    if not drafts.may_draft(type_, viewer.actor):
        raise NotFound
    with office.db.read() as session:
        found = sources.sources(session, viewer.actor, type_)
    return {"items": [summary(s.document, s.owner) for s in found], "next": None}


@router.get("/document-types/{slug}/bpmn", response_class=Response)
def get_bpmn(slug: str, viewer: ApiViewer, language: Language = "vi") -> Response:  # noqa: ARG001 - being signed in is enough
    """The process as BPMN 2.0 XML with its diagram, for other tools."""
    return file_of(slug, "bpmn", language)


@router.get("/document-types/{slug}/bpmn.svg", response_class=Response)
def get_svg(slug: str, viewer: ApiViewer, language: Language = "vi") -> Response:  # noqa: ARG001 - as above
    """The same picture as SVG."""
    return file_of(slug, "svg", language)


def file_of(slug: str, kind: str, language: Language, *, inline: bool = False) -> Response:
    """A type's process as a file; shown in a page when `inline`."""
    declared = type_of(slug)
    content = bpmn(declared, language) if kind == "bpmn" else svg(declared, language)
    return Response(
        content,
        media_type="application/xml" if kind == "bpmn" else "image/svg+xml",
        headers={
            "content-disposition": "inline" if inline else f'attachment; filename="{slug}.{kind}"',
            "cache-control": "private, no-cache",
        },
    )
