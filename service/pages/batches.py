"""Signing rounds: put records in, see the manifest, give the PIN once, watch the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from flows import admitting, batches, marks, queries, round_marks
from flows.catalogue import type_of
from flows.grammar import DocumentType, Sign
from flows.keyring import KeyPurpose
from flows.office import Office
from flows.queries import Waiting
from flows.round_marks import Round
from models.account import Account, Group
from models.document import Revision
from models.errors import NotFound, RecordsError
from models.text import Text
from service import story, words
from service.access import CheckedForm, PageViewer, Viewer, local_path
from service.deps import Arrival, OfficeDep
from service.pages.editing import version_of
from service.templating import page
from tasks.keys import Secret

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """A document that may go into a round. `look` says why it should be looked at first."""

    waiting: Waiting
    declared: DocumentType
    pages: int
    pdf: str
    """Hash of the frozen file: what the person saw."""
    look: tuple[Text, ...]

    @property
    def value(self) -> str:
        """How it stands in the form: its id and the version that was seen."""
        return f"{self.waiting.document.id}:{self.waiting.document.version}"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Lines under one heading; `mine` are the marks, those to look at first are not chosen beforehand."""

    heading: Text
    lines: tuple[Line, ...]
    chosen: bool
    mine: bool = False

    @property
    def count(self) -> int:
        return len(self.lines)


@router.get("/batches/new")
def choose(request: Request, viewer: PageViewer, office: OfficeDep, action: str = "") -> Response:
    """The round as it was put together, and beside it everything else that waits for this signature.

    `action=sign`: one's own spot checks, which the system wrote and their inspector signs.
    """
    return _choose(request, viewer, office, action)


def _choose(
    request: Request, viewer: Viewer, office: Office, wanted: str, status_code: int = 200, **more: object
) -> Response:
    lines, action = _lines(office, viewer, wanted)
    with office.db.read() as session:
        held = Round((), ()) if action == "sign" else round_marks.round_of(session, viewer.actor)
    return page(
        request,
        viewer,
        "pages/batch.html",
        status_code=status_code,
        bundles=_bundles(office, lines, held),
        dropped=held.dropped,
        action=action,
        **more,
    )


def _lines(office: Office, viewer: Viewer, wanted: str) -> tuple[list[Line], str]:
    """What waits, and the one action it waits for (a clerk seals, everyone else approves).

    `wanted`: "sign" for one's own records of what the system wrote.
    """
    with office.db.read() as session:
        waiting = queries.waiting(session, viewer.actor, own=wanted == "sign", limit=batches.MOST)
        frozen = _frozen(session, waiting)
        wanting = marks.wanting(session, viewer.actor, [w.document.id for w in waiting])
    found = [
        Line(w, type_of(w.document.type), *frozen[w.document.id], _look(w, wanting.get(w.document.id, 0)))
        for w in waiting
        if w.document.id in frozen
    ]
    if wanted == "sign":
        return [line for line in found if _written_for(line, viewer)], "sign"
    sealing = [line for line in found if "seal" in line.declared.step(line.waiting.step).signing]
    approving = [line for line in found if "approve" in line.declared.step(line.waiting.step).signing]
    return (approving, "approve") if approving or not sealing else (sealing, "seal")


def _written_for(line: Line, viewer: Viewer) -> bool:
    """Does a record the system wrote in this person's name wait for their signature?"""
    waiting = line.waiting
    own = waiting.document.owner_id == viewer.account.id
    return own and line.declared.recorded and isinstance(line.declared.step(waiting.step), Sign)


def _frozen(session: Session, waiting: Sequence[Waiting]) -> dict[str, tuple[int, str]]:
    """Pages and hash of each document's present revision."""
    rows = session.exec(
        select(Revision.document_id, Revision.number, Revision.pages, Revision.pdf).where(
            col(Revision.document_id).in_([w.document.id for w in waiting])
        )
    ).all()
    present = {w.document.id: w.document.revision for w in waiting}
    return {key: (pages, pdf) for key, number, pages, pdf in rows if number == present[key]}


def _look(waiting: Waiting, wanting: int) -> tuple[Text, ...]:
    document = waiting.document
    reasons = []
    late = story.timeliness(document, waived=waiting.waived)
    if late and late.mark == "late":
        reasons.append(Text(f"Trình {late.words.vi.lower()}", f"Submitted {late.words.en}"))
    if document.revision > 1:
        times = document.revision - 1
        reasons.append(Text(f"Đã trả lại {times} lần", f"Returned {times} time{'s' if times > 1 else ''}"))
    if wanting:
        reasons.append(
            Text(
                f"Còn {wanting} bài đang đánh dấu cần sửa",
                f"{wanting} lesson{'s' if wanting > 1 else ''} still marked as needing work",
            )
        )
    return tuple(reasons)


def _bundles(office: Office, lines: Sequence[Line], held: Round) -> list[Bundle]:
    """The marked ones first; only when there are none the rest is chosen, but for what wants a look."""
    mine = tuple(line for line in lines if line.waiting.document.id in held.ids)
    with office.db.read() as session:
        ids = {line.waiting.document.group_id for line in lines}
        groups = {g.id: g.name for g in session.exec(select(Group).where(col(Group.id).in_(ids))).all()}
    rest = [line for line in lines if line not in mine]
    look = tuple(line for line in rest if line.look)
    found: dict[tuple[str, int, str], list[Line]] = {}
    for line in rest:
        if line.look:
            continue
        week = line.waiting.week.number if line.waiting.week else 0
        group = groups.get(line.waiting.document.group_id or "", "")
        found.setdefault((line.declared.slug, week, group), []).append(line)
    bundles = [Bundle(Text("Lượt ký của tôi", "My signing round"), mine, True, mine=True)] if mine else []
    if look:
        bundles.append(Bundle(Text("Nên xem trước khi ký", "Look at these first"), look, False))
    for (slug, week, group), members in found.items():
        name = type_of(slug).name
        tail = f", {group}" if group else ""
        heading = Text(f"{name.vi}, tuần {week}{tail}", f"{name.en}, week {week}{tail}")
        ordered = sorted(members, key=lambda m: words.by_given_name(m.waiting.owner))
        bundles.append(Bundle(heading, tuple(ordered), not mine))
    return bundles


@router.post("/batches/new")
def manifest(request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """The manifest of what was chosen, and the PIN; or the round with records put in or taken out.

    Nothing is signed yet.
    """
    do, _, document_id = str(form.get("do", "")).partition(":")
    if do == "out":
        round_marks.take_out(office, viewer.actor, [document_id])
    elif do == "in":
        lines, _ = _lines(office, viewer, "")
        asked = {str(v) for v in form.getlist("item")}
        for line in lines:
            if line.value in asked:
                document = line.waiting.document
                round_marks.put_in(office, viewer.actor, document.id, document.revision)
    else:
        return _manifest(request, viewer, office, form)
    return RedirectResponse("/batches/new", status_code=303)


@router.post("/batches/marks")
def put_in_or_out(request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """Put the record one is reading into the round, or take it out, and go on to `next`.

    `do=forget` takes note of what fell out by itself (`gone`).
    """
    document_id, onward = str(form.get("document", "")), local_path(str(form.get("next", "/inbox")))
    if form.get("do") == "out":
        round_marks.take_out(office, viewer.actor, [document_id])
    elif form.get("do") == "forget":
        round_marks.take_out(office, viewer.actor, [str(v) for v in form.getlist("gone")])
    else:
        round_marks.put_in(office, viewer.actor, document_id, version_of(form.get("revision")))
    if "HX-Boosted" in request.headers and not onward.startswith("/inbox"):
        return Response(status_code=204, headers={"HX-Redirect": onward})  # another page, not the next record
    return RedirectResponse(onward, status_code=303)


def _manifest(
    request: Request, viewer: Viewer, office: Office, form: FormData, refusal: RecordsError | None = None
) -> Response:
    lines, action = _lines(office, viewer, str(form.get("action", "")))
    asked = {str(v) for v in form.getlist("item")}
    chosen = [line for line in lines if line.value in asked]
    if not chosen:
        sentence = (
            Text("Chưa chọn hồ sơ nào còn chờ ký.", "Nothing that still waits was chosen.")
            if asked
            else Text("Chọn ít nhất một hồ sơ.", "Choose at least one record.")
        )
        return _choose(request, viewer, office, action, 422, sentence=sentence)
    kinds = Counter(line.declared.slug for line in chosen)
    with office.db.read() as session:
        purpose: KeyPurpose = "seal" if action == "seal" else "person"
        hindrance = admitting.hindrance(session, viewer.account.id, purpose, office.now())
    return page(
        request,
        viewer,
        "pages/batch_manifest.html",
        status_code=_STATUS.get(refusal.code, 409) if refusal else 200,
        lines=chosen,
        dropped=len(asked) - len(chosen),
        kinds=[(type_of(slug), count) for slug, count in kinds.items()],
        pages=sum(line.pages for line in chosen),
        look=[line for line in chosen if line.look],
        action=action,
        refusal=refusal,
        hindrance=None if refusal else hindrance,
    )


_STATUS = {"bad-pin": 403, "locked": 423, "invalid": 422, "unavailable": 503}


@router.post("/batches")
def start(
    request: Request, viewer: PageViewer, office: OfficeDep, arrived: Arrival, form: CheckedForm
) -> Response:
    """Begin the round; a wrong PIN brings the manifest back."""
    items = []
    for value in form.getlist("item"):
        document_id, _, version = str(value).partition(":")
        items.append((document_id, version_of(version)))
    given = str(form.get("action", ""))
    action = given if given in batches.ACTIONS else "approve"
    try:
        round_id = batches.start(
            office, viewer.actor, action, Secret(str(form.get("pin", ""))), items, arrived
        )
    except NotFound:
        raise
    except RecordsError as refusal:
        return _manifest(request, viewer, office, form, refusal)
    return RedirectResponse(f"/batches/{round_id}", status_code=303)


@router.get("/batches/{batch_id}")
def progress(request: Request, viewer: PageViewer, office: OfficeDep, batch_id: str) -> Response:
    """The round as it stands: a bar with numbers, and each item's result in words."""
    with office.db.read() as session:
        found = batches.progress(session, viewer.actor, batch_id)
        owners = {
            a.id: a.full_name
            for a in session.exec(
                select(Account).where(col(Account.id).in_({i.document.owner_id for i in found.items}))
            ).all()
        }
    answer = page(
        request,
        viewer,
        "fragments/round.html" if "HX-Request" in request.headers else "pages/batch_progress.html",
        found=found,
        owners=owners,
        running=found.batch.state == "running",
        refused=[i for i in found.items if i.item.state == "refused"],
    )
    if "HX-Request" in request.headers and found.batch.state != "running":
        answer.headers["HX-Refresh"] = "true"  # the counts in the frame have changed too
    return answer
