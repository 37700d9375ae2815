"""`GET /document-types`: what can be filed, with its form and its steps."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from flows import drafts, sources
from flows.catalogue import TYPES, type_of
from models.errors import NotFound
from service.access import ApiViewer
from service.api.answers import declared, summary
from service.deps import OfficeDep

router = APIRouter(tags=["document types"])


@router.get("/document-types")
def list_types(viewer: ApiViewer) -> dict[str, Any]:  # noqa: ARG001 - being signed in is the permission
    """Every document type."""
    return {"items": [declared(t) for t in TYPES], "next": None}


@router.get("/document-types/{slug}")
def get_type(slug: str, viewer: ApiViewer) -> dict[str, Any]:  # noqa: ARG001 - as above
    """One type: `form` as JSON Schema, `steps` in their order."""
    return declared(type_of(slug))


@router.get("/document-types/{slug}/sources")
def list_sources(slug: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """The records this account may begin a new one of this type from, the newest week first."""
    type_ = type_of(slug)
    if not drafts.may_draft(type_, viewer.actor):
        raise NotFound
    with office.db.read() as session:
        found = sources.sources(session, viewer.actor, type_)
    return {"items": [summary(s.document, s.owner) for s in found], "next": None}
