"""The rules of deadlines: each in a sentence with its next dates, for everyone; administrators change them.

A change is shown before it is done: who gets an earlier or later limit, which flags open or resolve.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import rule_changes
from flows.clock import scan
from flows.deadlines import WEEKDAYS, last_day_words, limit, limit_words
from flows.due_rules import KINDS, DaysAfter, Deadline, from_data, kind_of
from flows.flags import DueWeek
from flows.obligations import Calendar, calendar_of
from flows.rule_changes import Declared, Difference, declared_rules, difference
from models.account import Account
from models.deadline import DeadlineRule
from models.errors import Invalid, NotFound
from models.text import Text
from service import deadline_rules, words
from service.access import AdminViewer, CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.templating import page

router = APIRouter()
NEXT = 5
"""So many dates are shown of each rule."""

LISTED = 50
"""The longest list in the difference; the rest is a number."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A rule as the page shows it: the one that holds next, its dates, what holds from a later week on."""

    declared: Declared
    rule: Text
    dates: tuple[tuple[DueWeek, Text, Text], ...]
    later: tuple[tuple[date, Text], ...]
    if_today: Text | None
    """Of a rule that counts from an approval: the limit of what is approved today."""


@router.get("/deadlines")
def deadlines(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, done: str = ""
) -> Response:
    """Every rule in a sentence, with the next five dates."""
    with office.db.read() as session:
        calendar = calendar_of(session, viewer.actor.school_id)
    rules = declared_rules()
    return page(
        request,
        viewer,
        "pages/deadlines.html",
        rules=[_explained(calendar, declared, now) for declared in rules.values()],
        has_weeks=bool(calendar.weeks),
        changes="admin" in viewer.actor.roles,
        done=rules[done].name if done in rules else None,
    )


def _explained(calendar: Calendar, declared: Declared, now: datetime) -> Explained:
    coming = [due for due in calendar.due_weeks(declared.default) if due.due_at > now]
    coming = sorted(coming, key=lambda due: (due.due_at, due.week.monday))[:NEXT]
    first = coming[0].week.monday if coming else words.local(now).date()
    rule = calendar.rule(declared.default, first)
    by_approval = isinstance(rule, DaysAfter) and rule.event == "approved"
    later = [o for o in calendar.own.get(declared.setting, ()) if o.valid_from > first]
    days = sorted({o.valid_from for o in later})
    if_today = None
    if by_approval and coming:
        own = calendar.own.get(declared.setting, ())
        day = words.local(now).date()
        if_today = last_day_words(limit(declared.default, coming[0].week, calendar.days, own, day))
    return Explained(
        declared,
        rule.rule,
        ()
        if by_approval
        else tuple((due, last_day_words(due.due_at), limit_words(due.due_at)) for due in coming),
        tuple((day, calendar.rule(declared.default, day).rule) for day in days),
        if_today,
    )


@router.get("/admin/deadlines/{setting}")
def rule_page(
    request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival, setting: str, kind: str = ""
) -> Response:
    """The form of one rule, in one of its kinds."""
    declared = _declared(setting)
    with office.db.read() as session:
        calendar = calendar_of(session, viewer.actor.school_id)
    first = deadline_rules.first_open(calendar, declared, now, words.local(now).date())
    present = calendar.rule(declared.default, first)
    rule = present
    if kind in KINDS and kind != kind_of(present):
        rule = deadline_rules.blank(kind, declared)
    typed = deadline_rules.typed_of(rule) | {"valid_from": f"{first:%d/%m/%Y}"}
    return _form(request, viewer, office, declared, typed)


@router.post("/admin/deadlines/{setting}")
def change_rule(
    request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival, form: CheckedForm, setting: str
) -> Response:
    """Show what the rule would change; with the digest of what was shown, do it."""
    declared = _declared(setting)
    typed = {name: text_of(form, name) for name in form if name not in ("csrf", "digest", "do")}
    if text_of(form, "do") == "edit":
        return _form(request, viewer, office, declared, typed)
    seen = text_of(form, "digest")
    try:
        rule, valid_from = deadline_rules.read(typed, declared, words.local(now).date())
        with office.db.write() as session:
            before = calendar_of(session, viewer.actor.school_id)
            deadline_rules.refuse_same(before, declared, rule, valid_from)
            after = rule_changes.with_rule(before, setting, rule, valid_from, now)
            found = difference(session, before, after, now)
            digest = _digest(rule, valid_from, found)
            if seen == digest:
                rule_changes.set_rule(session, viewer.actor, declared, rule, valid_from, now)
    except Invalid as refusal:
        return _form(request, viewer, office, declared, typed, faults_of(refusal, "kind"))
    if seen == digest:
        scan(office.db, now, viewer.actor.school_id)
        return RedirectResponse(f"/deadlines?done={setting}", 303)
    return page(
        request,
        viewer,
        "pages/deadline_preview.html",
        declared=declared,
        typed=typed,
        rule=rule.rule,
        present=before.rule(declared.default, valid_from).rule,
        valid_from=valid_from,
        found=found,
        people=sorted(found.people, key=lambda one: words.by_given_name(one.name)),
        digest=digest,
        stale=bool(seen),
        most=LISTED,
    )


def _declared(setting: str) -> Declared:
    declared = declared_rules().get(setting)
    if declared is None:
        raise NotFound
    return declared


def _digest(rule: Deadline, valid_from: date, found: Difference) -> str:
    return hashlib.sha256(f"{rule!r} {valid_from} {found.digest()}".encode()).hexdigest()


def _form(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    declared: Declared,
    typed: dict[str, str],
    faults: dict[str, Text] | None = None,
) -> Response:
    with office.db.read() as session:
        history = _history(session, viewer.actor.school_id, declared.setting)
    kind = typed.get("kind", "")
    return page(
        request,
        viewer,
        "pages/deadline_rule.html",
        status_code=422 if faults else 200,
        declared=declared,
        kind=kind if kind in KINDS else kind_of(declared.default),
        kinds=deadline_rules.KIND_NAMES,
        typed=typed,
        faults=faults or {},
        history=history,
        weekdays=dict(enumerate(WEEKDAYS)),
        events=deadline_rules.EVENTS,
        on_break=deadline_rules.ON_BREAK,
    )


def _history(session: Session, school_id: str, setting: str) -> Sequence[tuple[DeadlineRule, Text, str]]:
    """The rules the school set, the latest first, each in a sentence with who set it."""
    rows = session.exec(
        select(DeadlineRule, Account.full_name)
        .join(Account, col(Account.id) == col(DeadlineRule.set_by), isouter=True)
        .where(col(DeadlineRule.school_id) == school_id, col(DeadlineRule.key) == setting)
        .order_by(col(DeadlineRule.set_at).desc(), col(DeadlineRule.id).desc())
    ).all()
    return [(row, from_data(row.value, setting).rule, name or "–") for row, name in rows]
