"""The desk: what this person has to do now, the next limits, and the switch of language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import (
    absences,
    board,
    bundle,
    calendar,
    drafts,
    duties,
    minutes_owed,
    outstanding,
    probable,
    probable_rows,
    queries,
    spot_checks,
)
from flows.bundle import Bundle
from flows.candidates import today
from flows.catalogue import TYPES, type_of
from flows.covering import covering
from flows.day_rows import school_days
from flows.flag_words import PASSWORDS
from flows.grammar import DocumentType
from flows.obligations import with_deadlines
from flows.people import Actor
from flows.probable_rows import Probable
from flows.queries import waived_of
from flows.school_days import SchoolDays
from flows.year_picture import kind_of
from models.account import Account
from models.document import Document, OpenStep
from models.errors import NotFound
from models.event import Event, Remark
from models.school import SchoolWeek
from models.text import Language, Text
from service import key_changes, story, words
from service.access import CheckedForm, PageViewer, SignedIn, local_path
from service.changes import count_waiting_for
from service.deps import OfficeDep
from service.duties import state as duty_state
from service.languages import keep_language
from service.templating import page

router = APIRouter()

STRIP_DAYS = 14
NEAREST = 2
DAYS_OFF = {
    "holiday": Text("Lễ", "Holiday"),
    "off": Text("Nghỉ", "Off"),
    "some": Text("Vài lớp nghỉ", "Some off"),
    "makeup": Text("Dạy bù", "Made up"),
}
"""How the strip marks a day that is not as its weekday."""
MOST = 1_000
"""Open records of one person that are looked at for the newest hundred."""
AHEAD = timedelta(days=16)
"""How far ahead the desk names what is due; the strip shows the same days."""
OWED = 6
"""Duties after approval the desk names; the list of the week has them all."""
ASKING = (*PASSWORDS, "certificate")
"""Flags about one's own account that ask for an act; the desk names them."""
BEHIND = timedelta(days=14)
"""How long a missed limit stays on the desk; the flags page keeps it for ever."""


@dataclass(slots=True)
class Row:
    """A document of mine on the desk."""

    document: Document
    declared: DocumentType
    state: story.State
    timeliness: story.State | None = None
    due_at: datetime | None = None
    since: datetime | None = None
    words_of_return: str = ""
    returned_by: str = ""
    returned_at: datetime | None = None
    parts_named: int = 0

    @property
    def track(self) -> list[str]:
        return story.track(self.declared, self.document)

    @property
    def place(self) -> tuple[int, int]:
        return story.place(self.declared, self.document)


@dataclass(frozen=True, slots=True)
class Due:
    """Something this person owes: a draft to finish, or nothing begun yet."""

    declared: DocumentType
    week: SchoolWeek
    due_at: datetime
    draft: Document | None


@dataclass(slots=True)
class Limit:
    """The right edge of a day in the strip, with what must be in by then."""

    start: int
    end: int
    due_at: datetime
    names: list[Text] = field(default_factory=list)
    near: bool = False
    """One of the nearest: all a phone has room for."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Two calendar weeks from this Monday."""

    days: tuple[date, ...]
    kinds: tuple[str, ...]
    """Of each day, which of the kinds of `flows/year_picture.py` it is."""
    today: date
    weeks: tuple[SchoolWeek | None, SchoolWeek | None]
    limits: tuple[Limit, ...]


@router.get("/")
def desk(request: Request, viewer: PageViewer, office: OfficeDep) -> Response:
    """My work: returned first, then what is due, what waits for me, what is on its way, what is archived."""
    now = office.now()
    with office.db.read() as session:
        mine = _mine(session, viewer.actor)
        weeks = _weeks(session, viewer.actor)
        days = school_days(session, viewer.actor.school_id)
        limits = _limits(session, viewer.actor, weeks, days)
        dues = _dues(session, viewer.actor, limits, weeks, now)
        waiting = queries.waiting(session, viewer.actor, limit=5)
        rows = _rows(session, mine)
        strip = _strip(weeks, days, limits, now)
        to_confirm = count_waiting_for(session, viewer.actor)
        lacks_key = key_changes.lacks_key(session, viewer.actor)
        away = absences.now_for(session, viewer.actor, now)
        owed = outstanding.mine(session, viewer.actor, OWED + 1)
        packed = _packed(session, viewer.actor, now)
        advised = board.own(session, viewer.actor, ASKING)
        broken = duties.broken_since(session, viewer.actor.school_id, viewer.account.id)
        checks_today = spot_checks.count_of_day(session, viewer.actor, today(now))
        owed_minutes = minutes_owed.of(session, viewer.actor)
        lacking = probable_rows.find(session, [viewer.actor.school_id], now, only=viewer.actor.id)
    named = {d.draft.id for d in dues if d.draft}
    return page(
        request,
        viewer,
        "pages/desk.html",
        returned=[r for r in rows if r.state is story.RETURNED],
        overdue=[d for d in dues if d.due_at <= now],
        dues=[d for d in dues if d.due_at > now],
        drafts=[r for r in rows if r.document.status == "draft" and r.document.id not in named],
        waiting=[(w, type_of(w.document.type)) for w in waiting],
        running=[r for r in rows if r.document.status in ("in_progress", "approved")],
        archived=[r for r in rows if r.document.status == "archived"][:4],
        duties=[(o, type_of(o.document.type), duty_state(o, now)) for o in owed[:OWED]],
        more_duties=len(owed) > OWED,
        broken=broken,
        responsible=viewer.actor.answers_for_others,
        packed=packed,
        checks_today=checks_today,
        minutes_owed=owed_minutes,
        lacking=[_lacking(one) for one in lacking],
        strip=strip,
        days_off=DAYS_OFF,
        week=_week_now(weeks, now),
        to_confirm=to_confirm,
        lacks_key=lacks_key,
        advised=advised,
        away=away,
        types=[t for t in TYPES if drafts.may_draft(t, viewer.actor)],
    )


@router.post("/language")
def choose_language(office: OfficeDep, viewer: SignedIn, form: CheckedForm) -> Response:
    """Keep the language with the account, and in a cookie for the pages before signing in."""
    language: Language = "en" if form.get("language") == "en" else "vi"
    with office.db.write() as session:
        session.get_one(Account, viewer.account.id).language = language
    answer = RedirectResponse(local_path(str(form.get("next", "/"))), status_code=303)
    keep_language(answer, office.settings, language)
    return answer


def _mine(session: Session, actor: Actor) -> list[Document]:
    """My documents that are not done, and the newest that are."""
    own = (
        select(Document)
        .where(col(Document.school_id) == actor.school_id, col(Document.owner_id) == actor.id)
        .options(queries.LIGHT)
    )
    # In two steps: asked for the newest at once, SQLite would read all one ever wrote, which lies in order.
    ids = own.where(col(Document.status).in_(queries.OPEN)).limit(MOST).with_only_columns(col(Document.id))
    open_ones = session.exec(
        select(Document)
        .where(col(Document.id).in_(ids))
        .options(queries.LIGHT)
        .order_by(col(Document.updated_at).desc())
        .limit(100)
    ).all()
    done = session.exec(
        own.where(col(Document.status) == "archived").order_by(col(Document.updated_at).desc()).limit(4)
    ).all()
    return [*open_ones, *done]


def _rows(session: Session, documents: Iterable[Document]) -> list[Row]:
    found = [Row(d, type_of(d.type), story.state(type_of(d.type), d)) for d in documents]
    ids = [r.document.id for r in found]
    waiting = select(OpenStep).where(col(OpenStep.document_id).in_(ids))
    steps = session.exec(waiting.order_by(col(OpenStep.due_at).desc())).all()  # the nearest limit is kept
    opened = {step.document_id: step for step in steps}
    waived = waived_of(session, ids)
    for row in found:
        step = opened.get(row.document.id)
        row.timeliness = story.timeliness(row.document, waived=row.document.id in waived)
        row.due_at = step.due_at if step else None
        row.since = step.opened_at if step else None
        if row.state is story.RETURNED:
            _add_words(session, row)
    return found


def _add_words(session: Session, row: Row) -> None:
    """What the reviewer wrote with the last return."""
    last = session.exec(
        select(Event, Account.full_name, Remark)
        .join(Account, col(Account.id) == col(Event.actor_id))
        .join(
            Remark,
            (col(Remark.document_id) == col(Event.document_id)) & (col(Remark.seq) == col(Event.seq)),
            isouter=True,
        )
        .where(col(Event.document_id) == row.document.id, col(Event.action) == "return")
        .order_by(col(Event.seq).desc())
    ).first()
    if last:
        event, row.returned_by, remark = last
        row.returned_at = event.at
        row.words_of_return = remark.text if remark and not remark.erased else ""
        row.parts_named = len(remark.parts) if remark else 0


def _lacking(one: Probable) -> tuple[Text, list[tuple[Text, Text, str]]]:
    """A day with lessons, and what a check would probably miss: what, what to do, where."""
    return probable.day_words(one.window.day), [
        (
            probable.lack_words(lack, one.week.number),
            probable.ADVICE[lack.state],
            probable.path(lack, one.week.id),
        )
        for lack in one.lacks
    ]


# --- limits ---------------------------------------------------------------------------------------------


def _weeks(session: Session, actor: Actor) -> list[SchoolWeek]:
    return list(
        session.exec(
            select(SchoolWeek)
            .where(col(SchoolWeek.school_id) == actor.school_id)
            .order_by(col(SchoolWeek.monday))
        ).all()
    )


def _week_now(weeks: Iterable[SchoolWeek], now: datetime) -> SchoolWeek | None:
    today = words.local(now).date()
    return next((w for w in weeks if w.monday <= today <= w.sunday), None)


def _packed(session: Session, actor: Actor, now: datetime) -> Bundle | None:
    """What the ZIP of the next teaching week would hold; None when nothing is approved for it."""
    try:
        found = bundle.of_week(session, actor, words.local(now).date())
    except NotFound:
        return None
    return found if found.ready else None


Limits = list[tuple[DocumentType, SchoolWeek, datetime]]


def _limits(session: Session, actor: Actor, weeks: Iterable[SchoolWeek], days: SchoolDays) -> Limits:
    """Every limit of the types this person drafts."""
    (here,) = with_deadlines(session, {actor.school_id: days})
    asked = {week.id: week for week in weeks}
    return [
        (declared, asked[due.week.id], due.due_at)
        for declared in TYPES
        if declared.deadline and declared.owes and drafts.may_draft(declared, actor)
        for due in here.due_weeks(declared.deadline)
        if due.week.id in asked
    ]


def _dues(
    session: Session, actor: Actor, limits: Limits, weeks: Sequence[SchoolWeek], now: datetime
) -> list[Due]:
    """What is owed by limits near now and not submitted yet, the nearest limit first."""
    since = session.get_one(Account, actor.id).created_at
    # What was due before one came is not owed, as the flags have it.
    near = [found for found in limits if found[2] > since and now - BEHIND <= found[2] <= now + AHEAD]
    if not near:
        return []
    papers = _papers(session, actor, weeks, [week.monday for _, week, _ in near])
    monday = {week.id: week.monday for week in weeks}
    dues = []
    for declared, week, due_at in near:
        found = [
            d
            for d in papers
            if d.type == declared.slug
            and d.week_id is not None
            and monday[d.week_id] <= week.monday <= monday[d.last_week_id or d.week_id]
        ]
        if all(d.status == "draft" for d in found):
            dues.append(Due(declared, week, due_at, found[0] if found else None))
    return sorted(dues, key=lambda due: due.due_at)


def _papers(
    session: Session, actor: Actor, weeks: Sequence[SchoolWeek], mondays: Sequence[date]
) -> list[Document]:
    """What covers these weeks for this person: their own, and of a group's type the group's."""
    span, lasting = (min(mondays), max(mondays)), col(Document.status) != "withdrawn"
    of_groups = [t.slug for t in TYPES if t.owes and t.owes.each == "group"]
    own = covering(
        session,
        weeks,
        *span,
        col(Document.owner_id) == actor.id,
        col(Document.type).not_in(of_groups),
        lasting,
    )
    if not actor.heads:
        return own
    # Few of the school's group plans cover a week; with the group in the condition all its records are read.
    of_group = covering(session, weeks, *span, col(Document.type).in_(of_groups), lasting)
    return own + [
        d for d in of_group if d.group_id in actor.heads and (d.status != "draft" or d.owner_id == actor.id)
    ]


def _strip(weeks: list[SchoolWeek], days: SchoolDays, limits: Limits, now: datetime) -> Strip:
    """The two weeks with each limit at the right edge of its last day, days off and made up marked."""
    today = words.local(now).date()
    monday = calendar.monday_of(today)
    by_monday = {w.monday: w for w in weeks}
    edges: dict[int, Limit] = {}
    for declared, week, due_at in sorted(limits, key=lambda found: found[2]):
        last_day = (words.local(due_at) - timedelta(microseconds=1)).date()
        end = (last_day - monday).days + 1
        if not 1 <= end <= STRIP_DAYS:
            continue
        edge = edges.setdefault(end, Limit(0, end, due_at))
        edge.names.append(
            Text(f"{declared.short.vi} tuần {week.number}", f"{declared.short.en}, week {week.number}")
        )
    previous = 0
    for end in sorted(edges):
        # Room for the words to the left of the edge, but never over the edge before.
        edges[end].start = max(previous, end - 4)
        previous = end
    coming = [edges[end] for end in sorted(edges) if edges[end].due_at > now]
    past = [edges[end] for end in sorted(edges, reverse=True) if edges[end].due_at <= now]
    for edge in (coming + past)[:NEAREST]:
        edge.near = True
    shown = tuple(monday + timedelta(days=n) for n in range(STRIP_DAYS))
    return Strip(
        days=shown,
        kinds=tuple(kind_of(days, day) for day in shown),
        today=today,
        weeks=(by_monday.get(monday), by_monday.get(monday + timedelta(days=7))),
        limits=tuple(edges[end] for end in sorted(edges)),
    )
