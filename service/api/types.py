"""`GET /document-types`: what can be filed, with its form and its steps."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from flows.catalogue import TYPES, type_of
from service.access import ApiViewer
from service.api.answers import declared

router = APIRouter(tags=["document types"])


@router.get("/document-types")
def list_types(viewer: ApiViewer) -> dict[str, Any]:  # noqa: ARG001 - being signed in is the permission
    """Every document type."""
    return {"items": [declared(t) for t in TYPES], "next": None}


@router.get("/document-types/{slug}")
def get_type(slug: str, viewer: ApiViewer) -> dict[str, Any]:  # noqa: ARG001 - as above
    """One type: `form` as JSON Schema, `steps` in their order."""
    return declared(type_of(slug))
