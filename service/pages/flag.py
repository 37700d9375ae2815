"""One flag: its rule, times and record, what happened to it, and what may be said and decided about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData

from flows import board, flag_story, probable, queries, waiving
from flows.board import STATES, Seen
from flows.office import Office
from models.errors import Invalid, RecordsError, WrongStep
from models.flag import Flag
from models.text import Text
from service.access import BadForm, PageViewer, Viewer, read_form, refuse_unless_ours
from service.deps import OfficeDep
from service.errors import status_of
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.standing import FLAG_MARKS, FLAG_TONES
from service.templating import page

router = APIRouter()

ACTS = {"explain": waiving.explain, "waive": waiving.waive, "unwaive": waiving.unwaive}
DONE = {
    "explain": Text("Đã ghi lời giải trình.", "The explanation is kept."),
    "waive": Text("Đã miễn ghi; người liên quan được báo.", "Waived; the person is told."),
    "unwaive": Text("Đã bỏ miễn ghi; người liên quan được báo.", "Taken back; the person is told."),
}
EVENTS = {
    "opened": Text("Ghi nhận", "Flagged"),
    "resolved": Text("Đã xong", "Resolved"),
    "reopened": Text("Mở lại", "Reopened"),
    "explained": Text("Giải trình", "Explained"),
    "waived": Text("Miễn ghi", "Waived"),
    "unwaived": Text("Bỏ miễn ghi", "Waiver taken back"),
}
"""What happened, in one word."""


@router.get("/flags/{flag_id}")
def flag_page(
    request: Request, viewer: PageViewer, office: OfficeDep, flag_id: str, done: str = ""
) -> Response:
    """One flag, for whoever may see it."""
    return _flag(request, viewer, office, flag_id, done=DONE.get(done))


@router.post("/flags/{flag_id}/{act}")
def act(
    request: Request,
    viewer: PageViewer,
    form: Annotated[FormData, Depends(read_form)],
    office: OfficeDep,
    flag_id: str,
    act: Literal["explain", "waive", "unwaive"],
) -> Response:
    """Explain one's own flag; waive another's, or take that back. What is refused stays in its form."""
    said = text_of(form, "words")
    try:
        refuse_unless_ours(viewer, request.headers.get("X-CSRF-Token") or text_of(form, "csrf"))
        ACTS[act](office, viewer.actor, flag_id, said)
    except (BadForm, Invalid, WrongStep) as refusal:
        return _flag(request, viewer, office, flag_id, act=act, said=said, refusal=refusal)
    return RedirectResponse(f"/flags/{flag_id}?done={act}", 303)


def _flag(
    request: Request,
    viewer: Viewer,
    office: Office,
    flag_id: str,
    *,
    done: Text | None = None,
    act: str = "",
    said: str = "",
    refusal: RecordsError | None = None,
) -> Response:
    with office.db.read() as session:
        seen = board.one(session, viewer.actor, flag_id)
        story = flag_story.stories(session, [seen.flag])[flag_id]
        context = _context(session, viewer, seen, act if refusal else "")
    return page(
        request,
        viewer,
        "pages/flag.html",
        status_code=status_of(refusal) if refusal else 200,
        seen=seen,
        story=story,
        done=done,
        act=act,
        said=said,
        faults=_faults(refusal),
        happened=EVENTS,
        ended=_ended(seen.flag) or seen.gone,
        states=STATES,
        marks=FLAG_MARKS,
        tones=FLAG_TONES,
        most=waiving.MOST,
        **context,
    )


_SEND_AGAIN = Text(
    "Trang đã cũ nên chưa có gì được gửi. Lời vừa nhập còn nguyên dưới đây: xem lại rồi gửi lần nữa.",
    "The page was out of date, so nothing was sent. What you wrote is below: look at it and send again.",
)


def _faults(refusal: RecordsError | None) -> dict[str, Text]:
    if isinstance(refusal, BadForm):
        return {"words": _SEND_AGAIN}
    return faults_of(refusal, "words") if refusal else {}


def _ended(flag: Flag) -> Text | None:
    """Of what a check might have missed: was it mended, or was the day over?"""
    if flag.rule != probable.RULE or flag.resolved_at is None:
        return None
    return probable.ended_words(flag.data, flag.resolved_at)


def _context(session: Session, viewer: Viewer, seen: Seen, tried: str) -> dict[str, Any]:
    """What this person may open and do from here; the form of what they `tried` stays, their words in it."""
    flag, actor = seen.flag, viewer.actor
    mine, may_waive = flag.account_id == actor.id, waiving.may_waive(session, actor, flag)
    return {
        "document": queries.seen(session, actor, flag.document_id) if flag.document_id else None,
        "mine": mine,
        "may_explain": mine and (tried == "explain" or waiving.may_explain(actor, flag)),
        "may_waive": may_waive and (tried == "waive" or seen.state == "open"),
        "may_unwaive": may_waive and (tried == "unwaive" or seen.state == "waived"),
    }
