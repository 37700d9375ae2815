"""A spot check in the corridor: the form on a phone, what keeps it there without a network, and its receipt.

A form is sent with the key of its first touch: the same key again gets the receipt again, whatever line
broke. Scripts ask for JSON and keep what is refused with the reason; without them the page answers. Pages
that may lie on the inspector's phone say whose they are (`x-keep`); nothing else does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from sqlmodel import Session

from flows import appeals, spot_checks, spot_records
from flows.candidates import today
from flows.office import Office
from flows.spot_checks import STATES, Asked, Check
from flows.spot_evidence import CodeSaid, Seen
from flows.spot_finding import MARKS, REASONS
from flows.spot_marks import Sending, checked, marks_of
from flows.spot_records import Conflict, Recorded
from flows.spot_rights import may_record
from flows.spot_said import item_names
from flows.spot_totals import COUNTED
from flows.timetable import SESSIONS
from models.document import Document
from models.errors import Fault, Invalid, RecordsError
from models.spot_check import SpotCheck
from models.text import Text
from service import spot_words
from service.access import CheckedForm, PageViewer, Viewer
from service.assets import STATIC
from service.deps import Arrival, OfficeDep
from service.passes import device_key
from service.spot_form import ANCHORS, CODES, LACKS, Typed
from service.templating import Words, language_of, page

router = APIRouter(prefix="/spot")
WAITING = ("planned", "missed")
"""States in which a check can be recorded: who was there knows better than the clock."""
REFUSED = {"not-found": 404, "not-yours": 403, "stale": 409, "wrong-step": 409, "invalid": 422}
NO_STORE = {"cache-control": "no-store"}


# --- what a phone keeps ---------------------------------------------------------------------------------


@router.get("/worker.js")
def worker() -> Response:
    """The script that opens kept pages without a network; it may answer for /spot and nothing else."""
    headers = {"cache-control": "no-cache", "service-worker-allowed": "/spot"}
    return FileResponse(STATIC / "js" / "spot_worker.js", media_type="text/javascript", headers=headers)


@router.get("/device")
def device(request: Request, viewer: PageViewer, office: OfficeDep) -> Response:
    """Who is signed in, the token of their forms and the key of what they keep here; and what a page says."""
    language = language_of(request, viewer)
    return JSONResponse(
        {
            "account": viewer.account.id,
            "csrf": viewer.csrf,
            "key": device_key(office.settings, viewer.account.id),
            "says": {name: said.to(language) for name, said in _SAYS.items()},
        },
        headers=NO_STORE,
    )


@router.get("/no-network")
def no_network(request: Request, viewer: PageViewer, office: OfficeDep) -> Response:
    """What stands in for a page this phone does not have."""
    with office.db.read() as session:
        pages = kept_pages(session, viewer, office.now())
    return kept_by(page(request, viewer, "pages/spot_no_network.html", pages=pages), viewer)


def kept_pages(session: Session, viewer: Viewer, now: datetime) -> list[str]:
    """What an inspector's phone puts aside: the list, and the checks of today still to be made."""
    day = today(now)
    mine = spot_checks.listed(session, viewer.actor, Asked("planned", day, day, mine=True))
    return ["/spot", "/spot/no-network", *(f"/spot/{check.row.id}" for check in mine)]


def kept_by(answer: Response, viewer: Viewer) -> Response:
    """Say whose phone may keep this page."""
    answer.headers["x-keep"] = viewer.account.id
    return answer


# --- the form -------------------------------------------------------------------------------------------


@router.get("/{check_id}")
def form(request: Request, viewer: PageViewer, office: OfficeDep, check_id: str, code: str = "") -> Response:
    """The form for who makes the check; `code`: of a print its QR led to. Anyone else sees how it stands."""
    now = office.now()
    with office.db.read() as session:
        check = spot_checks.one(session, viewer.actor, check_id)
        if check.row.state not in WAITING or not may_record(viewer.actor, check.row):
            return RedirectResponse(f"/spot/{check_id}/sent", 303)
        said = _code_said(session, viewer, check, code) if code.strip() else None
    typed = Typed.new(check, now)
    name = CODES.get(said.item, "teaching_code") if said else ""
    if name:
        setattr(typed, name, code.strip()[:40])
    return _form(request, viewer, office, check, typed, scanned={"name": name, "code": code.strip()[:40]})


@router.get("/{check_id}/print")
def look(request: Request, viewer: PageViewer, office: OfficeDep, check_id: str, code: str = "") -> Response:
    """What a typed code leads to: a piece of the page."""
    with office.db.read() as session:
        check = spot_checks.one(session, viewer.actor, check_id)
        said = _code_said(session, viewer, check, code) if code.strip() else None
    return page(request, viewer, "fragments/spot_print.html", said=said)


@router.post("/{check_id}")
def send(
    request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm, now: Arrival, check_id: str
) -> Response:
    """Take the record, once. 303 to its receipt (scripts: JSON); refused, the form comes back as it was."""
    typed = Typed.read(form)
    asks_json = "application/json" in request.headers.get("accept", "")
    if form.get("do") == "look":
        with office.db.read() as session:
            check = spot_checks.one(session, viewer.actor, check_id)
        return _form(request, viewer, office, check, typed)
    sending = typed.sending(now)
    try:
        recorded = _record(office, viewer, check_id, typed, sending)
    except RecordsError as refusal:
        if asks_json and refusal.code in REFUSED:
            return _refused_json(request, viewer, office, check_id, sending, refusal)
        if isinstance(refusal, Conflict | Invalid):
            return _refused(request, viewer, office, check_id, typed, sending, refusal)
        raise
    receipt = f"/spot/{check_id}/sent"
    if asks_json:
        return JSONResponse({"state": recorded.check.row.state, "address": receipt}, headers=NO_STORE)
    return RedirectResponse(receipt, 303)


def _record(office: Office, viewer: Viewer, check_id: str, typed: Typed, sending: Sending) -> Recorded:
    """Record it; Conflict also when the same phone sends again what it has changed since."""
    now = office.now()
    with office.db.read() as session:
        row = spot_checks.one(session, viewer.actor, check_id).row
    lacking = typed.missing() if row.state in WAITING and may_record(viewer.actor, row) else []
    if lacking:
        raise Invalid(_LACKING, (*_faults(sending, row, now), *lacking))
    recorded = spot_records.record(office, viewer.actor, check_id, sending)
    stands = recorded.check.row
    if recorded.repeated and stands.record is not None:
        ours = checked(sending, stands, now)
        if ours != marks_of(stands.record):
            raise spot_records.conflict(recorded.check)
    return recorded


def _faults(sending: Sending, row: SpotCheck, now: datetime) -> tuple[Fault, ...]:
    try:
        checked(sending, row, now)
    except Invalid as refusal:
        return refusal.faults
    return ()


def _code_said(session: Session, viewer: Viewer, check: Check, code: str) -> CodeSaid:
    return spot_checks.code(session, viewer.actor, check.row.id, code)


def _form(
    request: Request,
    viewer: Viewer,
    office: Office,
    check: Check,
    typed: Typed,
    *,
    refusal: Text | None = None,
    faults: dict[str, Text] | None = None,
    scanned: dict[str, str] | None = None,
) -> Response:
    now = office.now()
    with office.db.read() as session:
        seen = spot_checks.evidence(session, check.row, now)
        codes = {name: getattr(typed, name).strip() for name in CODES.values()}
        said = {
            name: _code_said(session, viewer, check, code) if code else None for name, code in codes.items()
        }
        pages = kept_pages(session, viewer, now)
    found = faults or {}
    answer = page(
        request,
        viewer,
        "pages/spot_check.html",
        status_code=422 if refusal or found else 200,
        check=check.row,
        title=spot_words.title(check),
        teacher=check.teacher,
        session_name=SESSIONS[check.row.session],
        seen=seen,
        items=item_names(seen),
        evidence=spot_words.evidence(seen),
        marks=MARKS,
        reasons=REASONS,
        typed=typed,
        said=said,
        scanned=scanned or {"name": "", "code": ""},
        refusal=None if found else refusal,
        faults=found,
        anchors={name: ANCHORS.get(name, f"f-{name}") for name in found},
        lacks=LACKS,
        pages=pages,
    )
    return kept_by(answer, viewer) if request.method == "GET" else answer


# --- refused --------------------------------------------------------------------------------------------


def _refused(
    request: Request,
    viewer: Viewer,
    office: Office,
    check_id: str,
    typed: Typed,
    sending: Sending,
    refusal: Conflict | Invalid,
) -> Response:
    """The form as it was, with what is wrong; where something else stands, both versions."""
    with office.db.read() as session:
        check = spot_checks.one(session, viewer.actor, check_id)
    if isinstance(refusal, Conflict):
        return _seen(request, viewer, office, check, refusal=refusal.sentence, ours=sending)
    faults = refusal.faults
    shown = {f.path: LACKS.get(f.path, f.sentence) if f.missing else f.sentence for f in faults}
    return _form(request, viewer, office, check, typed, refusal=refusal.sentence, faults=shown)


def _refused_json(
    request: Request,
    viewer: Viewer,
    office: Office,
    check_id: str,
    sending: Sending,
    refusal: RecordsError,
) -> Response:
    """What a phone keeps beside its copy: why, and both versions where another one stands."""
    speak = Words(language_of(request, viewer), office.now()).text
    faults = refusal.faults if isinstance(refusal, Invalid) else ()
    said: dict[str, Any] = {
        "code": refusal.code,
        "sentence": speak(refusal.sentence),
        "faults": [{"path": f.path, "sentence": speak(f.sentence)} for f in faults],
        "stands": None,
        "ours": None,
    }
    if isinstance(refusal, Conflict):
        with office.db.read() as session:
            check = spot_checks.one(session, viewer.actor, check_id)
            stands, ours = _versions(check, spot_checks.evidence(session, check.row, office.now()), sending)

        def rows(found: list[spot_words.Row]) -> list[list[str]]:
            return [[speak(label), speak(value)] for label, value in found]

        said["stands"] = {
            "title": speak(_SENT_VERSION),
            "rows": rows(stands),
            "address": f"/spot/{check_id}/sent",
        }
        said["ours"] = {"title": speak(_OUR_VERSION), "rows": rows(ours)}
    return JSONResponse(said, status_code=REFUSED[refusal.code], headers=NO_STORE)


def _versions(
    check: Check, seen: Seen, sending: Sending | None
) -> tuple[list[spot_words.Row], list[spot_words.Row]]:
    """What stands, and what was sent now."""
    row = check.row
    stands = (
        spot_words.record_rows(marks_of(row.record), seen) if row.record else spot_words.ended_rows(check)
    )
    return stands, spot_words.record_rows(sending.marks, seen) if sending else []


# --- how it stands --------------------------------------------------------------------------------------


@router.get("/{check_id}/sent")
def sent(request: Request, viewer: PageViewer, office: OfficeDep, check_id: str) -> Response:
    """The receipt: what was recorded, when, and what comes next; or how else the check stands."""
    with office.db.read() as session:
        check = spot_checks.one(session, viewer.actor, check_id)
    return _seen(request, viewer, office, check)


def _seen(
    request: Request,
    viewer: Viewer,
    office: Office,
    check: Check,
    *,
    refusal: Text | None = None,
    ours: Sending | None = None,
) -> Response:
    now = office.now()
    with office.db.read() as session:
        seen = spot_checks.evidence(session, check.row, now)
        pages = kept_pages(session, viewer, now)
        day = today(now)
        rest = spot_checks.listed(session, viewer.actor, Asked("planned", day, day, mine=True))
        appealed = appeals.against_check(session, check.row.document_id)
        paper = session.get(Document, check.row.document_id) if check.row.document_id else None
    stands, other = _versions(check, seen, ours)
    return page(
        request,
        viewer,
        "pages/spot_seen.html",
        status_code=409 if refusal else 200,
        check=check.row,
        title=spot_words.title(check),
        teacher=check.teacher,
        inspector=check.inspector,
        state=STATES[check.row.state],
        finding=COUNTED[check.outcome] if check.row.finding else None,
        appealed=appealed,
        stands=stands,
        ours=other,
        ours_title=_OUR_VERSION,
        refusal=refusal,
        rest=[(one.row.id, spot_words.title(one)) for one in rest if one.row.id != check.row.id],
        mine=may_record(viewer.actor, check.row),
        reopens=may_record(viewer.actor, check.row) and paper is not None and paper.first_signed_at is None,
        pages=pages,
    )


_LACKING = Text(
    "Chưa gửi: còn chỗ cần ghi. Những gì đã ghi vẫn còn.",
    "Not sent: something is still missing. What was written is kept.",
)
_SENT_VERSION = Text("Bản đang có trong hệ thống", "The copy in the system")
_OUR_VERSION = Text("Bản trong máy này, chưa được nhận", "The copy on this phone, not taken")
_SAYS = {
    "sent": Text(
        "Đã gửi {n} phiếu kiểm tra giữ trong máy này.", "Checks kept on this phone and now sent: {n}."
    ),
    "waiting": Text("Máy này còn giữ {n} phiếu kiểm tra chưa gửi.", "Checks still kept on this phone: {n}."),
    "look": Text("Xem phiếu", "Look"),
}
