"""Reminders by page: each rule in a sentence with its next dates; administrators and principals change them.

The hours of mails (digest, quiet hours, weekly summary) stand here too, for they say when a reminder arrives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import reminder_rules
from flows.day_rows import school_days
from flows.obligations import calendar_of
from flows.posts import holders
from flows.remind import Remind, recipient, sentence
from flows.reminder_rules import Reminded, matters, rules_of, set_rules
from models.account import Account
from models.errors import Invalid, NotFound
from models.notice import notice
from models.school import SchoolSetting
from models.text import Text
from service import reminder_form
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.reminder_form import Coming
from service.templating import page
from tasks import mail_hours
from tasks.mail_hours import NO_SUMMARY, hours_of
from tasks.mailing import look_again

router = APIRouter(prefix="/reminders")
NEXT = 5
CHANGERS = frozenset({"admin", "principal"})


@dataclass(frozen=True, slots=True)
class Explained:
    """A matter as the page shows it: its rules in sentences and when they fire next."""

    matter: Reminded
    rules: tuple[Text, ...]
    coming: tuple[Coming, ...]


@router.get("")
def reminders(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, done: str = ""
) -> Response:
    """Every rule in a sentence with the next dates, and when mails go."""
    school_id, asked = viewer.actor.school_id, matters()
    with office.db.read() as session:
        rules = rules_of(session, [school_id])[school_id]
        explained = [_explained(session, school_id, one, rules[one.key], now) for one in asked.values()]
        hours = hours_of(session, school_id)
        next_digest = hours.next_digest(now, school_days(session, school_id).is_working_day)
    return page(
        request,
        viewer,
        "pages/reminders.html",
        explained=explained,
        recipient=recipient,
        hours=hours,
        said=reminder_form.hours_words(hours),
        next_digest=next_digest,
        changes=bool(viewer.actor.roles & CHANGERS),
        done=asked[done].name if done in asked else _HOURS if done == "hours" else None,
    )


def _explained(
    session: Session, school_id: str, matter: Reminded, rules: Sequence[Remind], now: Arrival
) -> Explained:
    calendar, days = calendar_of(session, school_id), school_days(session, school_id)
    coming = reminder_form.coming(matter, rules, calendar, days.is_working_day, now, NEXT)
    return Explained(matter, tuple(sentence(r, review=matter.review) for r in rules), tuple(coming))


@router.get("/hours")
def hours_page(request: Request, viewer: PageViewer, office: OfficeDep) -> Response:
    """The form of the hours."""
    _refuse_others(viewer)
    with office.db.read() as session:
        hours = hours_of(session, viewer.actor.school_id)
    return _hours(request, viewer, reminder_form.hours_typed(hours))


@router.post("/hours")
def change_hours(request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep) -> Response:
    """Keep the school's hours of mails."""
    _refuse_others(viewer)
    typed = {name: text_of(form, name) for name in form if name != "csrf"}
    try:
        hours = reminder_form.read_hours(typed)
    except Invalid as refusal:
        return _hours(request, viewer, typed, faults_of(refusal, "hour"))
    key = (viewer.actor.school_id, mail_hours.SETTING)
    with office.db.write() as session:
        row = session.get(SchoolSetting, key) or SchoolSetting(school_id=key[0], key=key[1])
        row.value = mail_hours.as_data(hours)
        session.add(row)
        look_again(session, key[0])
    return RedirectResponse("/reminders?done=hours", 303)


@router.get("/{key}")
def rules_page(request: Request, viewer: PageViewer, office: OfficeDep, key: str) -> Response:
    """The form of one matter's rules."""
    matter = _matter(viewer, key)
    with office.db.read() as session:
        rules = rules_of(session, [viewer.actor.school_id])[viewer.actor.school_id][key]
    return _form(request, viewer, office, matter, reminder_form.typed_of(rules))


@router.post("/{key}")
def change_rules(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival, key: str
) -> Response:
    """Show when the rules would fire; with the digest of what was shown, keep them."""
    matter, school_id = _matter(viewer, key), viewer.actor.school_id
    typed = {name: text_of(form, name) for name in form if name not in ("csrf", "digest", "do")}
    rows = reminder_form.rows_of(typed)
    if text_of(form, "do") in ("edit", "more"):
        return _form(request, viewer, office, matter, reminder_form.with_spare(rows))
    seen = text_of(form, "digest")
    try:
        rules = reminder_form.read(rows, matter)
        with office.db.write() as session:
            present = rules_of(session, [school_id])[school_id][key]
            _refuse_same(rules, present)
            digest = hashlib.sha256(f"{key} {present!r} {rules!r}".encode()).hexdigest()
            if seen == digest:
                set_rules(session, viewer.actor, key, rules, now)
                _tell(session, viewer, matter, now)
                return RedirectResponse(f"/reminders?done={key}", 303)
            before = _explained(session, school_id, matter, present, now)
            after = _explained(session, school_id, matter, rules, now)
    except Invalid as refusal:
        return _form(request, viewer, office, matter, rows, faults_of(refusal, "r0_when"))
    return page(
        request,
        viewer,
        "pages/reminder_preview.html",
        matter=matter,
        typed=typed,
        before=before,
        after=after,
        gone=[said for said in before.rules if said not in after.rules],
        come=[said for said in after.rules if said not in before.rules],
        recipient=recipient,
        digest=digest,
        stale=bool(seen),
    )


def _refuse_others(viewer: Viewer) -> None:
    if not viewer.actor.roles & CHANGERS:
        raise NotFound


def _refuse_same(rules: Sequence[Remind], present: Sequence[Remind]) -> None:
    if rules == present:
        raise Invalid(_HOLDS)


def _matter(viewer: Viewer, key: str) -> Reminded:
    _refuse_others(viewer)
    matter = matters().get(key)
    if matter is None:
        raise NotFound
    return matter


def _tell(session: Session, viewer: Viewer, matter: Reminded, now: Arrival) -> None:
    """The principals know who is told of whom, whoever changed it."""
    said = reminder_form.TOLD.format(who=viewer.account.full_name)
    key = f"reminders:{matter.key}:{now:%y%m%d%H%M%S%f}"
    for principal in holders(session, viewer.actor.school_id, "role:principal"):
        if principal.id != viewer.actor.id:
            session.add(
                notice(
                    principal.school_id,
                    principal.id,
                    "rule",
                    key,
                    now,
                    said,
                    subject=matter.name,
                    path="/reminders",
                )
            )


def _form(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    matter: Reminded,
    rows: Sequence[dict[str, str]],
    faults: dict[str, Text] | None = None,
) -> Response:
    with office.db.read() as session:
        kept = reminder_rules.history(session, viewer.actor.school_id, matter.key)
        names = dict(
            session.exec(
                select(Account.id, Account.full_name).where(col(Account.id).in_({k.set_by for k in kept}))
            ).all()
        )
    return page(
        request,
        viewer,
        "pages/reminder_rules.html",
        status_code=422 if faults else 200,
        matter=matter,
        rows=rows,
        faults=faults or {},
        kinds=reminder_form.WHEN,
        to=[(to, recipient(to, review=matter.review)) for to in matter.recipients],
        default=[sentence(rule, review=matter.review) for rule in matter.default],
        history=[(kept_, len(kept_.value), names.get(kept_.set_by, "–")) for kept_ in kept],
    )


def _hours(
    request: Request, viewer: Viewer, typed: dict[str, str], faults: dict[str, Text] | None = None
) -> Response:
    return page(
        request,
        viewer,
        "pages/mail_hours.html",
        status_code=422 if faults else 200,
        typed=typed,
        faults=faults or {},
        weekdays=list(enumerate(reminder_form.FULL_DAYS)),
        no_summary=NO_SUMMARY,
    )


_HOURS = Text("Giờ gửi thư", "Hours of mails")
_HOLDS = Text(
    "Đây đúng là các quy tắc đang áp dụng. Sửa một chi tiết, hoặc để nguyên.",
    "These very rules hold already. Change something, or leave them as they are.",
)
