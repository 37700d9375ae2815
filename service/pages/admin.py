"""The administrator's pages of people: accounts and groups. For anyone else they do not exist.

What they do stands in `service/accounts.py` and `service/school.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from flows import keyring
from flows.board import advice
from flows.flag_words import PASSWORDS
from flows.people import GUARDED_ROLES, ROLES
from models.account import Account, AccountRole
from models.errors import NotFound, RecordsError, Stale
from models.text import Text
from service import (
    accounts,
    approvers,
    change_words,
    changes,
    key_changes,
    key_words,
    school,
    second_factor,
)
from service.access import AdminViewer, CheckedForm, Viewer
from service.account_changes import Asked
from service.account_rows import Person, account_of
from service.admin_overview import overview_of
from service.consents import needs_consent
from service.deps import Arrival, OfficeDep
from service.key_words import KeySeen
from service.pages import admin_audit, admin_import, admin_mail, admin_school, admin_timetable, admin_weeks
from service.pages.account import faults_of
from service.pages.admin_school import people_of, text_of
from service.sign_in import paused_until
from service.templating import page

router = APIRouter(prefix="/admin")


def _all(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]


def _person(form: FormData) -> Person:
    return Person(*(text_of(form, name) for name in Person.__slots__))


@router.get("")
def overview(request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival) -> Response:
    """What wants a look, where to go, and the latest changes with what became of them."""
    with office.db.read() as session:
        latest = changes.recent(session, viewer.actor.school_id)
        rows = [(change, change_words.describe(session, change)) for change in latest]
        names = change_words.names_of(session, [i for c in latest for i in (c.asked_by, c.settled_by)])
        state = overview_of(session, office.settings, viewer.actor.school_id, now)
    return page(request, viewer, "pages/admin_overview.html", rows=rows, names=names, state=state)


# accounts


@router.get("/accounts")
def accounts_page(request: Request, viewer: AdminViewer, office: OfficeDep) -> Response:
    """Everyone by given name, and the form for a new account."""
    return _accounts(request, viewer, office)


@router.post("/accounts")
def create_account(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """A new account; its password is shown here once."""
    person, roles = _person(form), _all(form, "roles")
    try:
        made, granted = accounts.create_account(office, viewer.actor, person, roles, now)
    except RecordsError as refusal:
        faults = faults_of(refusal, "sign_in_name")
        return _accounts(request, viewer, office, faults=faults, person=person, roles=roles)
    assert made.change.account_id is not None  # it is of an account
    return _account(request, viewer, office, made.change.account_id, asked=[made, *granted])


@router.get("/accounts/{account_id}")
def account_page(request: Request, account_id: str, viewer: AdminViewer, office: OfficeDep) -> Response:
    """One account: its data, roles, groups, lock, changes."""
    return _account(request, viewer, office, account_id)


@router.post("/accounts/{account_id}")
def edit_account(
    request: Request, account_id: str, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Name, post, e-mail, language."""
    person = _person(form)
    try:
        asked = accounts.edit_account(office, viewer.actor, account_id, person, now)
    except RecordsError as refusal:
        faults = faults_of(refusal, "sign_in_name")
        return _account(request, viewer, office, account_id, faults=faults, person=person)
    if any(one.waits for one in asked):
        return _account(request, viewer, office, account_id, asked=asked)
    return RedirectResponse(f"/admin/accounts/{account_id}", 303)


@router.post("/accounts/{account_id}/roles")
def set_roles(
    request: Request, account_id: str, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Give and take roles; those law 7 guards then wait."""
    try:
        asked = accounts.set_roles(office, viewer.actor, account_id, _all(form, "roles"), now)
    except RecordsError as refusal:
        faults = faults_of(refusal, "roles")
        return _account(request, viewer, office, account_id, faults=faults)
    return _account(request, viewer, office, account_id, asked=asked)


@router.post("/accounts/{account_id}/{action}")
def act(
    request: Request,
    account_id: str,
    action: str,
    viewer: AdminViewer,
    form: CheckedForm,
    office: OfficeDep,
    now: Arrival,
) -> Response:
    """Reset a password or PIN, unlock, switch on or off. A one-time password is shown once."""
    del form  # checked by being asked for
    if action.startswith("appoint"):
        raise NotFound
    try:
        asked = accounts.ask(office, viewer.actor, account_id, action, now)
    except NotFound:
        raise
    except RecordsError as refusal:
        faults = faults_of(refusal, "confirm")
        return _account(request, viewer, office, account_id, faults=faults)
    return _account(request, viewer, office, account_id, asked=[asked])


@router.post("/changes/{change_id}/recall")
def recall(
    change_id: str, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> RedirectResponse:
    """Take back what one asked for by mistake, while it waits. What was settled meanwhile stays as it is."""
    del form  # checked by being asked for
    with suppress(Stale), office.db.write() as session:
        changes.recall(session, viewer.actor, change_id, now)
    return RedirectResponse("/admin", 303)


def _accounts(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    *,
    faults: dict[str, Text] | None = None,
    person: Person | None = None,
    roles: Iterable[str] = ("teacher",),
) -> Response:
    now = office.now()
    with office.db.read() as session:
        people = people_of(session, viewer.actor.school_id)
        held = _roles(session, viewer.actor.school_id)
        old = advice(session, viewer.actor.school_id, PASSWORDS)
        locked = {a.id for a in people if paused_until(session, office.settings, a.sign_in_name, now)}
    return page(
        request,
        viewer,
        "pages/admin_accounts.html",
        status_code=422 if faults else 200,
        people=people,
        held=held,
        locked=locked,
        old={} if office.settings.demo else old,
        roles=ROLES,
        guarded=GUARDED_ROLES,
        person=person or Person("", ""),
        wanted=set(roles),
        faults=faults or {},
    )


def _account(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    account_id: str,
    *,
    faults: dict[str, Text] | None = None,
    person: Person | None = None,
    asked: list[Asked] | None = None,
) -> Response:
    school_id, now = viewer.actor.school_id, office.now()
    with office.db.read() as session:
        account = account_of(session, school_id, account_id)
        latest = changes.recent(session, school_id, account.id, limit=20)
        context: dict[str, Any] = {
            "account": account,
            "held": _roles(session, school_id).get(account.id, []),
            "groups": [g for g, members in school.groups_of(session, school_id) if account.id in members],
            "old_password": advice(session, school_id, PASSWORDS, account.id).get(account.id),
            "factor": second_factor.factor_of(session, account.id),
            "keys": _keys(session, account, now),
            "needs_consent": needs_consent(session, account, now),
            "approver": approvers.is_approver(session, account),
            "paused": paused_until(session, office.settings, account.sign_in_name, now),
            "rows": [(change, change_words.describe(session, change)) for change in latest],
            "names": change_words.names_of(session, [i for c in latest for i in (c.asked_by, c.settled_by)]),
            "asked": [(a, change_words.describe(session, a.change)) for a in asked or ()],
        }
    typed = person or Person(
        account.sign_in_name, account.full_name, account.post, account.email, account.language
    )
    context |= {"person": typed, "roles": ROLES, "guarded": GUARDED_ROLES, "faults": faults or {}}
    return page(request, viewer, "pages/admin_account.html", status_code=422 if faults else 200, **context)


def _keys(session: Session, account: Account, now: datetime) -> list[KeySeen]:
    ahead = key_changes.renewal_ahead(session, account.school_id)
    return [
        seen
        for key in keyring.history(session, account.id)
        if (seen := key_words.seen(key, ahead, now)).living
    ]


def _roles(session: Session, school_id: str) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for row in session.exec(select(AccountRole).where(col(AccountRole.school_id) == school_id)).all():
        held.setdefault(row.account_id, []).append(row.role)
    return held


# groups


@router.get("/groups")
def groups_page(request: Request, viewer: AdminViewer, office: OfficeDep) -> Response:
    """The professional groups with head, deputy and members."""
    return _groups(request, viewer, office)


@router.post("/groups")
def save_group(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Make or change a group. Its head and deputy are appointed: the principal confirms (law 7)."""
    group_id = text_of(form, "group_id")
    asked: list[Asked] = []
    try:
        with office.db.write() as session:
            group = school.save_group(
                session, viewer.actor.school_id, group_id, text_of(form, "name"), _all(form, "members")
            )
            before = {"head": group.head_id or "", "deputy": group.deputy_id or ""}
        for post, present in before.items():
            wanted = text_of(form, post)
            if wanted == present or post not in form:
                continue
            if wanted:
                asked.append(
                    accounts.ask(office, viewer.actor, wanted, f"appoint-{post}", now, group_id=group.id)
                )
            else:
                with office.db.write() as session:
                    school.dismiss(session, viewer.actor.school_id, group.id, post)
    except RecordsError as refusal:
        return _groups(request, viewer, office, faults=faults_of(refusal, "name"), at=group_id or "new")
    return _groups(request, viewer, office, asked=asked)


@router.post("/groups/{group_id}/remove")
def remove_group(
    request: Request, group_id: str, viewer: AdminViewer, form: CheckedForm, office: OfficeDep
) -> Response:
    """Dissolve an empty group."""
    del form  # checked by being asked for
    try:
        with office.db.write() as session:
            school.remove_group(session, viewer.actor.school_id, group_id)
    except NotFound:
        raise
    except RecordsError as refusal:
        return _groups(request, viewer, office, faults=faults_of(refusal, "name"), at=group_id)
    return RedirectResponse("/admin/groups", 303)


def _groups(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    *,
    faults: dict[str, Text] | None = None,
    at: str = "",
    asked: list[Asked] | None = None,
) -> Response:
    with office.db.read() as session:
        people = [a for a in people_of(session, viewer.actor.school_id) if a.active]
        groups = school.groups_of(session, viewer.actor.school_id)
        said = [(a, change_words.describe(session, a.change)) for a in asked or ()]
    return page(
        request,
        viewer,
        "pages/admin_groups.html",
        status_code=422 if faults else 200,
        groups=groups,
        people=people,
        faults=faults or {},
        at=at,
        asked=said,
    )


for part in (admin_audit, admin_import, admin_mail, admin_timetable, admin_weeks):
    router.include_router(part.router)
router.include_router(admin_school.router)
