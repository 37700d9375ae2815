"""Confirming what others asked for (law 7): one change with one's own password, or a list of appointments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData

from flows.office import Office
from models.account import Account, Change
from models.errors import NotFound, RecordsError
from models.key import SigningKey
from models.text import Text
from service import accounts, change_words, changes, key_changes
from service.access import CheckedForm, PageViewer, Viewer
from service.account_changes import Asked
from service.approvers import appoints, holds_post
from service.consents import doubtful_since, key_at_stake
from service.deps import Arrival, OfficeDep
from service.pages.sign_in import address_of
from service.stamp_images import SEAL_EXTENT
from service.templating import page
from tasks.keys import Secret

router = APIRouter()


@router.get("/confirmations")
def confirmations(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival) -> Response:
    """What waits for this person's yes or no."""
    return _confirmations(request, viewer, office, now)


@router.post("/confirmations/{change_id}/confirm")
def confirm(
    request: Request,
    change_id: str,
    viewer: PageViewer,
    form: CheckedForm,
    office: OfficeDep,
    now: Arrival,
) -> Response:
    """Yes, with one's own password; a password that was reset is shown here once."""
    try:
        asked = accounts.confirm(
            office,
            viewer.actor,
            change_id,
            Secret(str(form.get("password", ""))),
            address_of(request),
            now,
            keep=_kept(form),
        )
    except NotFound:
        raise
    except RecordsError as refusal:
        return _confirmations(request, viewer, office, now, faults={change_id: refusal.sentence})
    return _confirmations(request, viewer, office, now, asked=asked)


@router.post("/confirmations")
def confirm_list(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Yes to the appointments that were ticked, with one password; each has its own result."""
    ticked = [str(value) for value in form.getlist("item")]
    chosen = _Chosen(frozenset(ticked), _kept(form))
    if not ticked:
        return _confirmations(request, viewer, office, now, chosen=chosen, fault=_NONE_TICKED)
    password = Secret(str(form.get("password", "")))
    try:
        confirmed = accounts.confirm_appointments(
            office, viewer.actor, ticked, password, address_of(request), now, keep=chosen.keep
        )
    except RecordsError as refusal:
        return _confirmations(request, viewer, office, now, chosen=chosen, fault=refusal.sentence)
    return _confirmations(request, viewer, office, now, confirmed=confirmed)


@router.post("/confirmations/{change_id}/refuse")
def refuse(
    change_id: str, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """No."""
    del form  # checked by being asked for
    accounts.refuse(office, viewer.actor, change_id, now)
    return RedirectResponse("/confirmations", 303)


_NONE_TICKED = Text("Chọn ít nhất một người.", "Choose at least one person.")


def _kept(form: FormData) -> frozenset[str]:
    """The keys whose holders were asked in person."""
    return frozenset(str(value) for value in form.getlist("keep"))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What was ticked in a list that is shown again."""

    items: frozenset[str]
    keep: frozenset[str]


def _confirmations(
    request: Request,
    viewer: Viewer,
    office: Office,
    now: datetime,
    *,
    faults: dict[str, Text] | None = None,
    asked: Asked | None = None,
    chosen: _Chosen | None = None,
    fault: Text | None = None,
    confirmed: accounts.Confirmed | None = None,
) -> Response:
    """The page: appointments as one list where there are several, everything else one by one.

    `fault`: why the list as a whole was not taken; `confirmed`: what became of it.
    """
    done = [asked.change] if asked else list(confirmed.done if confirmed else ())
    refused = confirmed.refused if confirmed else {}
    with office.db.read() as session:
        waiting = changes.waiting_for(session, viewer.actor)
        appointments = [change for change in waiting if change.action in change_words.GRANTS]
        listed = appointments if len(appointments) > 1 else []
        rows = [(change, change_words.describe(session, change)) for change in waiting]
        sides = {change.id: _of_key(session, change, now) for change in waiting if change.account_id}
        context = {
            "listed": [
                _Line(
                    change,
                    session.get_one(Account, change.account_id),
                    *change_words.post_in(session, change),
                )
                for change in listed
            ],
            "rows": [row for row in rows if row[0] not in listed],
            "sides": sides,
            "done": [change_words.describe(session, change) for change in done],
            "refused": _refused(session, viewer, refused, waiting),
            "names": change_words.names_of(session, [change.asked_by for change in waiting]),
            "whom": _whom(session, asked),
            "lacks_key": bool(done) and key_changes.lacks_key(session, viewer.actor),
        }
    doubtful = {change_id for change_id, side in sides.items() if side.doubt}
    return page(
        request,
        viewer,
        "pages/confirmations.html",
        status_code=422 if faults or fault or (refused and not done) else 200,
        seals={change.id: change.data["seal"] for change in waiting if "seal" in change.data},
        seal_extent=SEAL_EXTENT,
        mail_actions=changes.MAIL,
        faults={**(faults or {}), **refused},
        fault=fault,
        ticked=chosen.items if chosen else {change.id for change in listed} - doubtful - refused.keys(),
        keep=chosen.keep if chosen else (),
        password=asked.password.reveal() if asked and asked.password else "",
        **context,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """An appointment in the list: of whom, to what; `before` is who holds the post now, or None."""

    change: Change
    account: Account
    post: Text
    before: str | None


def _refused(
    session: Session, viewer: Viewer, refused: Mapping[str, Text], waiting: Sequence[Change]
) -> list[tuple[Text, Text]]:
    """What was refused and waits no more, in words, each with why; the rest shows it in its own line."""
    still = {change.id for change in waiting}
    gone = [
        (session.get(Change, change_id), why) for change_id, why in refused.items() if change_id not in still
    ]
    return [
        (change_words.describe(session, change), why)
        for change, why in gone
        if change is not None and viewer.actor.id in change.confirm_by
    ]


@dataclass(frozen=True, slots=True)
class _KeySide:
    """What of an account's key and password one should know before confirming a change of it."""

    appointed: bool
    """It becomes an approver's account with this change."""
    key: SigningKey | None
    """The key that would then be an approver's."""
    doubt: datetime | None
    """When somebody else reset the password, a short while ago."""


def _of_key(session: Session, change: Change, now: datetime) -> _KeySide:
    account = session.get_one(Account, change.account_id)
    appointed = appoints(change.action, change.data) and not holds_post(session, account)
    matters = appointed or change.action in ("new-key", "reset-pin")
    return _KeySide(
        appointed,
        key_at_stake(session, account, change.action, change.data),
        doubtful_since(session, account, now) if matters else None,
    )


def _whom(session: Session, asked: Asked | None) -> Account | None:
    return session.get(Account, asked.change.account_id) if asked and asked.change.account_id else None
