"""The rules of deadlines: each in a sentence with its next dates, for everyone; administrators change them.

A change is shown before it is done: who gets an earlier or later limit, which flags open or resolve.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import rule_changes, rule_drops
from flows.clock import scan
from flows.deadlines import WEEKDAYS, dated, last_day_words, limit, limit_words
from flows.due_rules import KINDS, DaysAfter, Deadline, kind_of
from flows.flags import DueWeek
from flows.obligations import Calendar, calendar_of
from flows.rule_changes import Declared, Difference, declared_rules, difference
from flows.rules import own_of
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
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    now: Arrival,
    done: str = "",
    saved: str = "",
    dropped: str = "",
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
        saved=rules[saved].name if saved in rules else None,
        dropped=rules[dropped].name if dropped in rules else None,
    )


def _explained(calendar: Calendar, declared: Declared, now: datetime) -> Explained:
    coming = [due for due in calendar.due_weeks(declared.default) if due.due_at > now]
    coming = sorted(coming, key=lambda due: (due.due_at, due.week.monday))[:NEXT]
    first = coming[0].week.monday if coming else words.local(now).date()
    rule = calendar.rule(declared.default, first)
    by_approval = isinstance(rule, DaysAfter) and rule.event == "approved"
    later = [o for o in dated(calendar.own.get(declared.setting, ())) if o.valid_from > first]
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
    return _form(request, viewer, office, now, declared, _begun(office, viewer, declared, now, kind))


def _begun(
    office: OfficeDep, viewer: Viewer, declared: Declared, now: datetime, kind: str = ""
) -> dict[str, str]:
    """What the form begins with: the present rule, from the first week it could still be changed for."""
    with office.db.read() as session:
        calendar = calendar_of(session, viewer.actor.school_id)
    first = deadline_rules.first_open(calendar, declared.default, now)
    rule = calendar.rule(declared.default, first)
    if kind in KINDS and kind != kind_of(rule):
        rule = deadline_rules.blank(kind, declared)
    return deadline_rules.typed_of(rule) | {"valid_from": f"{first:%d/%m/%Y}"}


@router.post("/admin/deadlines/{setting}")
def change_rule(
    request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival, form: CheckedForm, setting: str
) -> Response:
    """Show what the rule would change; with the digest of what was shown, do it."""
    declared = _declared(setting)
    typed = {name: text_of(form, name) for name in form if name not in ("csrf", "digest", "do")}
    if text_of(form, "do") == "edit":
        return _form(request, viewer, office, now, declared, typed)
    seen = text_of(form, "digest")

    def propose(session: Session) -> Proposed:
        rule, valid_from = deadline_rules.read(typed, declared, words.local(now).date())
        before = calendar_of(session, viewer.actor.school_id)
        if seen and deadline_rules.holds(before, declared, rule, valid_from):
            raise _Stands
        deadline_rules.refuse_same(before, declared, rule, valid_from)
        return Proposed(
            rule,
            valid_from,
            before,
            rule_changes.with_rule(before, setting, rule, valid_from, now),
            partial(rule_changes.set_rule, session, viewer.actor, declared, rule, valid_from, now),
            typed,
        )

    try:
        return _settle(request, viewer, office, now, declared, seen, propose, typed)
    except _Stands:  # pressed twice, or gone back to: what was asked for stands
        return RedirectResponse(f"/deadlines?saved={setting}", 303)


class _Stands(Exception):
    """What is asked for holds already."""


@router.get("/admin/deadlines/{setting}/rules/{rule_id}")
def look_at_drop(
    request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival, setting: str, rule_id: str
) -> Response:
    """Show what dropping a rule that does not hold yet would change."""
    return _drop(request, viewer, office, now, _declared(setting), rule_id, "")


@router.post("/admin/deadlines/{setting}/rules/{rule_id}/drop")
def drop_rule(
    request: Request,
    viewer: AdminViewer,
    office: OfficeDep,
    now: Arrival,
    form: CheckedForm,
    setting: str,
    rule_id: str,
) -> Response:
    """Drop it, when what that changes is what was shown; else show it again."""
    seen = text_of(form, "digest") or "-"
    return _drop(request, viewer, office, now, _declared(setting), rule_id, seen)


def _drop(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    now: datetime,
    declared: Declared,
    rule_id: str,
    seen: str,
) -> Response:
    actor = viewer.actor

    def propose(session: Session) -> Proposed:
        row = rule_drops.rule_to_drop(session, actor, declared.setting, rule_id, words.local(now).date())
        before = calendar_of(session, actor.school_id)
        after = rule_drops.without(before, row)
        do = partial(rule_drops.drop, session, actor, declared, row, now)
        return Proposed(own_of(row).rule, row.valid_from, before, after, do, dropping=rule_id)

    begun = _begun(office, viewer, declared, now)
    return _settle(request, viewer, office, now, declared, seen, propose, begun)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A rule to be set, or dropped (`dropping`: its id), and the rules before and after; `do` does it."""

    rule: Deadline
    valid_from: date
    before: Calendar
    after: Calendar
    do: Callable[[], object]
    typed: Mapping[str, str] = field(default_factory=dict)
    dropping: str = ""


def _settle(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    now: datetime,
    declared: Declared,
    seen: str,
    propose: Callable[[Session], Proposed],
    typed: dict[str, str],
) -> Response:
    """Show what is proposed; with the digest of what was shown (`seen`), do it. `typed`: the form again."""
    try:
        with office.db.write() if seen else office.db.read() as session:
            made = propose(session)
            found = difference(session, made.before, made.after, now)
            if made.dropping:
                rule_drops.refuse_short_notice(found, now)
            digest = _digest(made.rule, made.valid_from, found)
            if seen == digest:
                made.do()
    except Invalid as refusal:
        return _form(request, viewer, office, now, declared, typed, faults_of(refusal, "kind"))
    if seen == digest:
        scan(office.db, now, viewer.actor.school_id)
        outcome = "dropped" if made.dropping else "done"
        return RedirectResponse(f"/deadlines?{outcome}={declared.setting}", 303)
    present, then = (c.rule(declared.default, made.valid_from).rule for c in (made.before, made.after))
    return page(
        request,
        viewer,
        "pages/deadline_preview.html",
        declared=declared,
        found=found,
        people=sorted(found.people, key=lambda one: words.by_given_name(one.name)),
        digest=digest,
        most=LISTED,
        stale=bool(seen),
        typed=made.typed,
        dropping=made.dropping,
        present=made.rule.rule if made.dropping else present,
        rule=then if made.dropping else made.rule.rule,
        valid_from=made.valid_from,
        until=None if made.dropping else rule_changes.until(made.before, declared, made.valid_from),
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
    now: datetime,
    declared: Declared,
    typed: dict[str, str],
    faults: dict[str, Text] | None = None,
) -> Response:
    with office.db.read() as session:
        today = words.local(now).date()
        history = _history(session, viewer.actor.school_id, declared.setting, today)
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


@dataclass(frozen=True, slots=True)
class SetRule:
    """A rule as the history shows it; `who` set it, `dropped_by` names who dropped it before it held."""

    row: DeadlineRule
    rule: Text
    who: str
    dropped_by: str
    droppable: bool


def _history(session: Session, school_id: str, setting: str, today: date) -> list[SetRule]:
    """The rules the school set, the latest first."""
    rows = session.exec(
        select(DeadlineRule)
        .where(col(DeadlineRule.school_id) == school_id, col(DeadlineRule.key) == setting)
        .order_by(col(DeadlineRule.set_at).desc(), col(DeadlineRule.id).desc())
    ).all()
    ids = {key for row in rows for key in (row.set_by, row.dropped_by)}
    names = dict(session.exec(select(Account.id, Account.full_name).where(col(Account.id).in_(ids))).all())
    return [
        SetRule(
            row,
            own_of(row).rule.rule,
            names.get(row.set_by or "", "–"),
            names.get(row.dropped_by or "", ""),
            rule_drops.droppable(row, today),
        )
        for row in rows
    ]
