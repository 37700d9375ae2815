"""The document types: each with its way as a picture and as a list, and a file for other BPMN tools."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from flows import retention
from flows.candidates import today
from flows.catalogue import TYPES
from flows.grammar import DocumentType, Step
from flows.obligations import calendar_of
from models.text import Text
from service import act_words
from service.access import PageViewer
from service.api.types import file_of
from service.deps import Arrival, OfficeDep
from service.templating import language_of, page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Stop:
    """A step in words: who takes it, whether it signs, where it may send the document back to."""

    step: Step
    who: Text
    back: Text | None
    beside: Text | None
    """The group it belongs to: its parts are open at the same time."""
    when: Text | None


@dataclass(frozen=True, slots=True)
class Described:
    """A type as the page shows it; `rule` is its limit as it holds at this school."""

    declared: DocumentType
    stops: tuple[Stop, ...]
    rule: Text | None
    kept: Text
    """How long it is kept, by what holds at this school today."""


@router.get("/types")
def types(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival) -> Response:
    """Every type of record, with its way."""
    with office.db.read() as session:
        calendar = calendar_of(session, viewer.actor.school_id)
        kept = retention.terms(session, viewer.actor.school_id, today(now))
    shown = [
        Described(
            declared,
            tuple(_stop(declared, group, step) for group in declared.steps for step in group.leaves),
            calendar.rule(declared.deadline).rule if declared.deadline else None,
            retention.term_words(term.years),
        )
        for declared, term in zip(TYPES, kept, strict=True)
    ]
    return page(request, viewer, "pages/types.html", types=shown)


def _stop(declared: DocumentType, group: Step, step: Step) -> Stop:
    back = declared.step(step.returns_to).label if step.returns_to else None
    who = step.by.name if step.by else act_words.MACHINE
    when = group.when.words if group.when else None
    return Stop(step, who, back, group.label if group is not step else None, when)


@router.get("/types/{slug}.bpmn")
def bpmn_file(request: Request, viewer: PageViewer, slug: str) -> Response:
    """The process for other BPMN tools."""
    return file_of(slug, "bpmn", language_of(request, viewer))


@router.get("/types/{slug}.svg")
def svg_file(request: Request, viewer: PageViewer, slug: str) -> Response:
    """The picture, in the page and by itself."""
    return file_of(slug, "svg", language_of(request, viewer), inline=True)
