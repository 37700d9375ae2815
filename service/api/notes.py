"""`/documents/{id}/marks`: the reviewer's own notes on lessons, earlier comments with what came of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from flows import marks, views
from flows.marks import Note
from service import remarks, story
from service.access import ApiViewer
from service.api.answers import moment
from service.deps import OfficeDep

router = APIRouter(tags=["documents"])


class LessonNote(BaseModel):
    """What is noted of one lesson."""

    model_config = ConfigDict(extra="forbid")
    seen: bool = False
    mend: bool = False
    comment: str = ""


class Notes(BaseModel):
    """Notes on some lessons of the revision that was read, by lesson id; the others stay as they are."""

    model_config = ConfigDict(extra="forbid")
    revision: int
    parts: dict[str, LessonNote]


@router.get("/documents/{document_id}/marks")
def get(document_id: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Every lesson with my notes; `earlier`: the comments of past returns, each lesson's fate since."""
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, office.now())
        notes = marks.notes_of(session, viewer.actor, view)
    found = remarks.earlier(view, view.revisions[-1].fields if view.revisions else {})
    return {
        "revision": view.document.revision,
        "comment": notes.get(marks.WHOLE, Note()).comment,
        "items": [
            {"part": p.key, "words": p.words, "page": p.page}
            | {
                "seen": (note := notes.get(p.key, Note())).seen,
                "mend": note.mend,
                "comment": note.comment,
                "changed_since_seen": note.changed,
            }
            for p in story.parts_of(view)
        ],
        "next": None,
        "earlier": [
            {
                "part": e.part,
                "words": e.name,
                "revision": e.revision,
                "by": e.who,
                "at": moment(e.at),
                "comment": e.words,
                "fate": e.fate,
            }
            for e in found
        ],
    }


@router.put("/documents/{document_id}/marks")
def put(document_id: str, notes: Notes, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Keep notes; they are mine alone until a return sends the comments."""
    given = {key: Note(n.seen, n.mend, n.comment) for key, n in notes.parts.items()}
    marks.keep(office, viewer.actor, document_id, notes.revision, given)
    return get(document_id, viewer, office)
