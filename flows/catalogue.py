"""All document types, by hand and in the order people see them."""

from __future__ import annotations

from flows.documents.appeal import APPEAL
from flows.documents.destruction_list import DESTRUCTION_LIST
from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.lesson_plan_addendum import LESSON_PLAN_ADDENDUM
from flows.documents.spot_check import SPOT_CHECK
from flows.documents.teacher_teaching_plan import TEACHER_TEACHING_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.documents.violation_minutes import VIOLATION_MINUTES
from flows.grammar import DocumentType
from models.errors import NotFound

TYPES: tuple[DocumentType, ...] = (
    LESSON_PLAN,
    LESSON_PLAN_ADDENDUM,
    TEACHER_TEACHING_PLAN,
    TEAM_TEACHING_PLAN,
    SPOT_CHECK,
    VIOLATION_MINUTES,
    APPEAL,
    DESTRUCTION_LIST,
)

_BY_SLUG = {declared.slug: declared for declared in TYPES}


def amended_by(declared: DocumentType) -> DocumentType | None:
    """The type of the notes that may be added to an approved document of this type."""
    return next((t for t in TYPES if t.amends == declared.slug), None)


def type_of(slug: str) -> DocumentType:
    """The type of that slug; NotFound when there is none."""
    if slug not in _BY_SLUG:
        raise NotFound
    return _BY_SLUG[slug]
