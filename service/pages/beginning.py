"""A new document: which type, for which week, begun from what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlmodel import Session, col, select

from flows import copying, drafts, filling, sources
from flows.catalogue import TYPES, type_of
from flows.fields import Known
from flows.grammar import DocumentType
from flows.obligations import calendar_of
from flows.office import Office
from flows.people import Actor
from flows.posts import known_of
from models.document import Document
from models.errors import Invalid, NotFound, RecordsError
from models.text import Text
from service import forms, words
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import OfficeDep
from service.pages.editing import OURS, REFUSED, see_other
from service.templating import page

router = APIRouter()
BLANK, TIMETABLE = "blank", "timetable"
"""In place of a record to copy: begin with an empty form, or with what the timetable has."""


@router.get("/documents/new")
def new(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    type: str = "",
    week: str = "",
    copy_of: str = "",
) -> Response:
    """Which type, for which week, begun from what."""
    return _new(request, viewer, office, type, {"week": week}, copy_of)


def _new(
    request: Request,
    viewer: Viewer,
    office: Office,
    slug: str,
    given: Mapping[str, Any],
    copy_of: str = "",
    refusal: RecordsError | None = None,
) -> Response:
    mine = [t for t in TYPES if drafts.may_draft(t, viewer.actor)]
    declared = next((t for t in mine if t.slug == slug), mine[0] if len(mine) == 1 else None)
    shown: tuple[forms.Shown, ...] = ()
    offered: list[sources.Source] = []
    timed = False
    if declared:
        with office.db.read() as session:
            timed = filling.fillable(declared) is not None and filling.stands_in_timetable(
                session, viewer.actor
            )
            offered = _offered(session, viewer.actor, declared, copy_of)
            known = known_of(session, viewer.actor)
            first = _first_without(session, viewer.actor, declared, known, words.local(office.now()).date())
        asked = given.get(declared.week_field) or given.get("week")
        # What was sent and refused stands as it came; an address that names no week names none.
        value = asked if asked and (refusal or asked in known.weeks) else first
        faults = refusal.faults if isinstance(refusal, Invalid) else ()
        drawn = forms.draw(
            declared.form, dict(given) | {declared.week_field: value}, known, faults, show_missing=True
        )
        shown = tuple(f for f in drawn if f.path == declared.week_field or f.path in declared.unique_by)
    return page(
        request,
        viewer,
        "pages/new.html",
        status_code=REFUSED.get(refusal.code, 409) if refusal else 200,
        types=mine,
        declared=declared,
        rules=_rules(office, viewer.actor, mine),
        shown=shown,
        offered=offered,
        timed=timed,
        copy_of=copy_of,
        week=str(given.get("week") or ""),
        refusal=refusal,
    )


def _rules(office: Office, actor: Actor, types: Iterable[DocumentType]) -> dict[str, Text]:
    """By type: when it is due, by the school's own rule if it has one."""
    with office.db.read() as session:
        calendar = calendar_of(session, actor.school_id)
    return {t.slug: calendar.rule(t.deadline).rule for t in types if t.deadline}


def _offered(session: Session, actor: Actor, declared: DocumentType, copy_of: str) -> list[sources.Source]:
    """What a new draft may be begun from on one click: the record that was asked for, and one's newest."""
    found = [s for s in sources.sources(session, actor, declared, 1) if s.mine]
    if copy_of not in ("", BLANK, TIMETABLE) and all(s.document.id != copy_of for s in found):
        found.insert(0, sources.content_of(session, actor, declared, copy_of)[0])
    return found


def _first_without(session: Session, actor: Actor, declared: DocumentType, known: Known, today: date) -> str:
    """The first teaching week, not begun yet, that no such document of this person (or group) covers.

    A limit comes a fixed time before its week, so the first week is also the first by its limit.
    """
    by_group = declared.owes is not None and declared.owes.each == "group"
    whose = col(Document.group_id).in_(actor.heads) if by_group else col(Document.owner_id) == actor.id
    papers = session.exec(
        select(Document.week_id, Document.last_week_id).where(
            col(Document.school_id) == actor.school_id,
            col(Document.type) == declared.slug,
            col(Document.status) != "withdrawn",
            whose,
        )
    ).all()
    begins = {key: monday for key, (monday, _) in known.week_days.items()}
    covered = [
        (begins[start], begins.get(end or start, begins[start])) for start, end in papers if start in begins
    ]
    for key, monday in begins.items():
        if monday > today.isoformat() and not any(one <= monday <= other for one, other in covered):
            return key
    return ""


@router.post("/documents")
def create(request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """Start a document, or open the one that exists already."""
    slug = str(form.get("type", ""))
    declared = type_of(slug)
    given = forms.unflatten((k, v) for k, v in form.multi_items() if k not in OURS)
    copy_of = str(form.get("copy_of", ""))
    try:
        if copy_of == TIMETABLE:
            document = drafts.create(office, viewer.actor, slug, forms.blank(declared.form.fields) | given)
            with suppress(Invalid):  # the timetable has nothing in this week: the form stays empty
                filling.from_timetable(office, viewer.actor, document.id, document.content_version)
        elif copy_of not in ("", BLANK):
            document = copying.start(office, viewer.actor, slug, copy_of, given)
        else:
            document = drafts.create(office, viewer.actor, slug, forms.blank(declared.form.fields) | given)
    except NotFound:
        raise
    except drafts.Exists as twin:
        if twin.document_id is None:
            return _new(request, viewer, office, slug, given, copy_of, twin)
        return see_other(f"/documents/{twin.document_id}?existing=1")
    except RecordsError as refusal:
        return _new(request, viewer, office, slug, given, copy_of, refusal)
    return see_other(f"/documents/{document.id}/edit")
