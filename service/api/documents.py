"""`/documents`: draft, read, decide. Each endpoint is one call of the core."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from flows import appeals, citing, copying, drafts, duties, filling, listing, queries, succession, views
from flows.commands import Command
from flows.decide import decide
from flows.links import Links
from models.document import Revision
from models.errors import NotFound
from service import exports, proof_package
from service.access import ApiViewer
from service.api import answers, cursors
from service.api.asked import refuse_unknown
from service.api.delegations import Handing
from service.deps import Arrival, OfficeDep, RevisionNumber
from service.filters import TypedDep
from service.handing import hand_over
from tasks.keys import Secret

router = APIRouter(tags=["documents"])


class NewDocument(BaseModel):
    """A draft to be made; `copy_of` begins it from another record (`GET /document-types/{slug}/sources`).

    Then `fields` holds at least the week; what else it holds wins over what is copied.
    """

    model_config = ConfigDict(extra="forbid")
    type: str = Field(examples=["lesson-plan"])
    fields: dict[str, Any]
    copy_of: str | None = None
    about: str | None = Field(default=None, description="for a note: the approved document it is added to")
    replaces: str | None = Field(default=None, description="the approved document this one is to replace")
    concerned: str = Field(
        default="", description="the account it is about, where the type is about somebody"
    )


class Pick(BaseModel):
    """One lesson of a record, by the record's id and the lesson's own."""

    model_config = ConfigDict(extra="forbid")
    document: str
    part: str


class Picks(BaseModel):
    """Lessons to take over, over the content version the draft was read at."""

    model_config = ConfigDict(extra="forbid")
    content_version: int
    items: list[Pick]


class Save(BaseModel):
    """A draft's new content, over the content version it was read at."""

    model_config = ConfigDict(extra="forbid")
    content_version: int
    fields: dict[str, Any]


class Decision(BaseModel):
    """An action on the version that was seen.

    `note` is required to return, to state something, to refuse a signature and for the outcome of a decision;
    `parts` comments on lessons. `witness`: of a refusal, an account's id.
    """

    model_config = ConfigDict(extra="forbid")
    version: int
    pin: SecretStr | None = None
    note: str = ""
    parts: dict[str, str] = {}
    witness: str = ""


@router.post("/documents", status_code=201)
def create(new: NewDocument, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Make a draft: of its own, a copy, `about` an approved document, or one that `replaces` one."""
    if new.copy_of:
        document = copying.start(office, viewer.actor, new.type, new.copy_of, new.fields)
    elif new.about or new.replaces:
        links = Links(new.about, new.replaces)
        document = succession.begin(office, viewer.actor, new.type, new.fields, links)
    else:
        document = drafts.create(office, viewer.actor, new.type, new.fields, concerned_id=new.concerned)
    return _answer(office, viewer, document.id)


@router.post("/documents/{document_id}/lessons")
def take_lessons(document_id: str, picks: Picks, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Put lessons of earlier records at the end of a draft, moved to its week."""
    chosen = [(pick.document, pick.part) for pick in picks.items]
    copying.add_lessons(office, viewer.actor, document_id, picks.content_version, chosen)
    return _answer(office, viewer, document_id)


@router.patch("/documents/{document_id}")
def save(document_id: str, body: Save, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Save a draft whole; `faults` says what a submit would refuse."""
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
    _, faults = drafts.save(office, viewer.actor, document_id, body.content_version, body.fields)
    found = [{"path": f.path, "detail": f.sentence.vi, "detail_en": f.sentence.en} for f in faults]
    return _answer(office, viewer, document_id) | {"faults": found}


class Fill(BaseModel):
    """Fill a draft from its author's timetable, over the content version it was read at."""

    model_config = ConfigDict(extra="forbid")
    content_version: int


@router.post("/documents/{document_id}/timetable")
def fill(document_id: str, body: Fill, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Add the lessons the timetable has and the draft lacks; `added` says how many."""
    _, added = filling.from_timetable(office, viewer.actor, document_id, body.content_version)
    return _answer(office, viewer, document_id) | {"added": added}


@router.get("/documents")
def find(viewer: ApiViewer, office: OfficeDep, typed: TypedDep, cursor: str = "") -> Any:
    """The documents this account may see, 50 at a time.

    `q`: words that must all occur in title, number, author or content, with or without diacritics; "in
    quotation marks" one after the other. `owner`: an id, or `me`. `owed`: only what has an unmet obligation.
    With `q`, `week` or `class` the newest documents come first, else the newest change.
    """
    wanted = typed.read(viewer)
    with office.db.read() as session:
        refuse_unknown(session, viewer.actor.school_id, _named(wanted))
        rows, following = listing.documents(session, viewer.actor, wanted, after=cursors.read(cursor))
    onward = cursors.write(*following) if following else None
    return answers.listed([answers.summary(r.document, r.owner) for r in rows], onward)


@router.get("/documents.{kind}", response_class=Response)
def export(
    viewer: ApiViewer,
    office: OfficeDep,
    kind: Literal["csv", "xlsx"],
    typed: TypedDep,
    lang: Literal["vi", "en"] = "vi",
) -> Response:
    """The whole list with this filter as CSV or XLSX; no cell is ever a formula."""
    wanted = typed.read(viewer)
    with office.db.read() as session:
        refuse_unknown(session, viewer.actor.school_id, _named(wanted))
    return exports.answer(kind, office, viewer.account, viewer.actor, wanted, lang)


def _named(wanted: listing.Filter) -> dict[str, str | tuple[str, ...]]:
    """What a filter asks for by id or word, under the names of the address."""
    return {
        "type": wanted.type,
        "status": wanted.status,
        "week": wanted.week,
        "owner": wanted.owner,
        "class": wanted.class_,
    }


@router.get("/documents/{document_id}")
def get(document_id: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """One document whole."""
    return _answer(office, viewer, document_id)


@router.get("/documents/{document_id}/pdf", response_class=Response)
def pdf(
    document_id: str, viewer: ApiViewer, office: OfficeDep, revision: RevisionNumber | None = None
) -> Response:
    """The file of a revision with all signatures it has; the present one without `revision`."""
    with office.db.read() as session:
        document = queries.readable(session, viewer.actor, document_id)
        row = session.get(Revision, (document_id, revision or document.revision))
    if row is None:
        raise NotFound
    content = office.blobs.get(row.final)
    duties.downloaded(office, viewer.actor, document_id, row.final, "api")
    return Response(content, media_type="application/pdf", headers={"ETag": f'"{row.final}"'})


@router.get("/documents/{document_id}/evidence.zip", response_class=Response)
def evidence(document_id: str, viewer: ApiViewer, office: OfficeDep) -> Response:
    """Everything a stranger needs to check this record with openssl and a text editor, as a ZIP.

    For its author, whom it is about, the clerk and the principals.
    """
    return proof_package.answer(office, viewer.actor, document_id)


@router.get("/documents/{document_id}/events")
def events(document_id: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """The hash-linked history."""
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, office.now())
    return {"items": [answers.event(e) for e in view.events], "next": None, "intact": view.intact}


@router.post("/documents/{document_id}/actions/delegate")
def delegate(
    request: Request,
    document_id: str,
    handing: Handing,
    viewer: ApiViewer,
    office: OfficeDep,
    now: Arrival,
) -> dict[str, Any]:
    """Give the open step of this record alone to another person: by its holder or the principal."""
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
        wish = handing.wish(session, viewer.actor.school_id)
    hand_over(office, viewer, document_id, wish, Secret(handing.password.get_secret_value()), request, now)
    return _answer(office, viewer, document_id)


@router.post("/documents/{document_id}/actions/{action}")
def act(
    document_id: str,
    action: str,
    decision: Decision,
    viewer: ApiViewer,
    office: OfficeDep,
    arrived: Arrival,
) -> dict[str, Any]:
    """Decide: submit, sign, approve, return, acknowledge, agree, state, refuse, seal, reopen, withdraw or an
    outcome of the type's own, as `actions` of the document offers.

    Where several steps are open at once, it is done at the first of them that is this person's.
    `delegate` has an operation of its own.
    """
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
    command = Command(
        document_id=document_id,
        action=action,
        version=decision.version,
        actor=viewer.actor,
        arrived=arrived,
        pin=Secret(decision.pin.get_secret_value()) if decision.pin else None,
        note=decision.note,
        parts=decision.parts,
        witness=decision.witness,
    )
    decided = decide(office, command)
    return _answer(office, viewer, document_id) | {"repeated": decided.repeated}


def _answer(office: OfficeDep, viewer: ApiViewer, document_id: str) -> dict[str, Any]:
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, office.now())
        around = succession.related(session, viewer.actor, view.document, office.now())
        appealed = appeals.against(session, view.document) or appeals.outcome(session, view.document)
        based_on = citing.based_on(session, view.document)
    cited = [{"document": s.source_id, "words": answers.words(s.words), "named": s.named} for s in based_on]
    said = answers.answer(view) | answers.related(around) | {"based_on": cited}
    return said | {"appeal": answers.appealed(appealed)}
