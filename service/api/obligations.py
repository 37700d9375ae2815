"""After approval, by program: what is owed, what a person says, prints made from the system."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from flows import duties, outstanding, prints, queries, views
from flows.bundle import of_week
from flows.outstanding import Outstanding
from models.settings import VIETNAM
from service.access import ApiViewer
from service.api import answers
from service.api.asked import refuse_unknown
from service.bundle import answer
from service.deps import OfficeDep

router = APIRouter(tags=["obligations"])


class Attestation(BaseModel):
    """What the owner says of the approved file: it is printed on paper, or taught from a laptop."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["printed", "laptop"]


class Laptop(BaseModel):
    """The state of one's own laptop."""

    model_config = ConfigDict(extra="forbid")
    broken: bool


@router.get("/obligations")
def obligations(viewer: ApiViewer, office: OfficeDep, week: str = "") -> dict[str, Any]:
    """Without `week` what I still owe (at most 200); with it all of that week I have or answer for."""
    with office.db.read() as session:
        refuse_unknown(session, viewer.actor.school_id, {"week": week})
        rows = (
            outstanding.of_week(session, viewer.actor, week)
            if week
            else outstanding.mine(session, viewer.actor, 200)
        )
    return {"items": [_item(row) for row in rows], "next": None}


def _item(row: Outstanding) -> dict[str, Any]:
    return {
        "kind": row.duty.kind,
        "document_id": row.document.id,
        "type": row.document.type,
        "title": row.document.title,
        "owner": {"id": row.duty.account_id, "name": row.owner},
        "group": {"id": row.duty.group_id, "name": row.group} if row.duty.group_id else None,
        "week": {"id": row.week.id, "number": row.week.number, "monday": row.week.monday.isoformat()}
        if row.week
        else None,
        "due": answers.moment(row.duty.due_at),
        "met": row.duty.met_at is not None,
        "met_at": answers.moment(row.duty.met_at),
        "print_made_at": answers.moment(row.print_made_at),
    }


@router.get("/bundle", response_class=Response)
def bundle(viewer: ApiViewer, office: OfficeDep, week: str = "") -> Response:
    """My approved files of a week (the next one without `week`) as a ZIP with an offline page of contents."""
    with office.db.read() as session:
        refuse_unknown(session, viewer.actor.school_id, {"week": week})
        found = of_week(session, viewer.actor, office.now().astimezone(VIETNAM).date(), week)
    return answer(office, viewer.actor, viewer.account.full_name, found)


@router.post("/documents/{document_id}/attestations")
def attest(document_id: str, said: Attestation, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Say so; the document is the answer. Saying it twice changes nothing."""
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
    duties.attest(office, viewer.actor, document_id, said.kind, "api")
    with office.db.read() as session:
        return answers.answer(views.view(session, viewer.actor, document_id, office.now()))


@router.put("/me/laptop")
def laptop(state: Laptop, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Report my laptop broken, or working again: lesson plans still to come are owed in print accordingly."""
    duties.report_laptop(office, viewer.actor, broken=state.broken, via="api")
    with office.db.read() as session:
        since = duties.broken_since(session, viewer.actor.school_id, viewer.account.id)
    return {"broken": since is not None, "since": answers.moment(since)}


@router.post("/documents/{document_id}/prints", status_code=201)
def make_print(document_id: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Record a print of the approved file; `pdf` leads to it, `address` is what its code shows."""
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
    made = prints.make(office, viewer.actor, document_id, "api")
    assert made.code is not None
    return {
        "code": prints.spoken(made.code),
        "address": f"{office.settings.url}/p/{made.code}",
        "pdf": f"/api/v1/documents/{document_id}/prints/{made.code}/pdf",
        "hash": made.blob,
        "revision": made.revision,
        "at": answers.moment(made.at),
    }


@router.get("/documents/{document_id}/prints/{code}/pdf", response_class=Response)
def print_pdf(document_id: str, code: str, viewer: ApiViewer, office: OfficeDep) -> Response:
    """The print itself; 409 once its file was replaced."""
    with office.db.read() as session:
        document = queries.readable(session, viewer.actor, document_id)
    return Response(prints.draw(office, document, code), media_type="application/pdf")
