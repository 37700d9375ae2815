"""People's certificates: one's own, and the school's for the principal and the administrator (law 7)."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import keyring
from flows.office import Office
from models.account import Account
from models.errors import NotFound, RecordsError
from models.key import SigningKey
from models.names import told_apart
from models.text import Text
from service import change_words, key_changes, key_words
from service.access import CheckedForm, PageViewer, Viewer
from service.account_changes import Asked
from service.account_rows import account_of
from service.deps import Arrival, OfficeDep
from service.key_words import REASONS, KeySeen
from service.names import attachment
from service.pages.account import faults_of
from service.pages.sign_in import address_of
from service.school import read_day
from service.templating import page
from service.words import by_given_name
from tasks.keys import Secret

router = APIRouter(prefix="/certificates")


@router.get("")
def certificates_page(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival) -> Response:
    """Whose certificate is in use, ends soon, has ended: those that want a look first."""
    _refuse_others(viewer)
    with office.db.read() as session:
        rows = _of_school(session, viewer.actor.school_id, now)
    held = [(account, one) for account, one in rows if one is not None]
    return page(
        request,
        viewer,
        "pages/certificates.html",
        wanting=[row for row in held if row[1].state != "in-use"],
        without=[account for account, one in rows if one is None],
        others=[row for row in held if row[1].state == "in-use"],
        names={account.id: name for account, name in told_apart(list({a.id: a for a, _ in rows}.values()))},
    )


def _refuse_others(viewer: Viewer) -> None:
    if not key_changes.oversees(viewer.actor):
        raise NotFound


def _of_school(session: Session, school_id: str, now: datetime) -> list[tuple[Account, KeySeen | None]]:
    """Every active person with each key in use, or with none; by given name."""
    ahead = key_changes.renewal_ahead(session, school_id)
    found = session.exec(
        select(Account, SigningKey)
        .join(
            SigningKey,
            (col(SigningKey.account_id) == col(Account.id)) & col(SigningKey.revoked_at).is_(None),
            isouter=True,
        )
        .where(col(Account.school_id) == school_id, col(Account.active).is_(True))
        .order_by(col(SigningKey.purpose))
    ).all()
    rows = [(account, key_words.seen(key, ahead, now) if key else None) for account, key in found]
    return sorted(rows, key=lambda row: by_given_name(row[0].full_name))


@router.get("/of/{account_id}")
def person_page(
    request: Request, account_id: str, viewer: PageViewer, office: OfficeDep, now: Arrival
) -> Response:
    """All certificates one person ever had."""
    _refuse_others(viewer)
    return _person(request, viewer, office, account_id, now)


def _person(
    request: Request,
    viewer: Viewer,
    office: Office,
    account_id: str,
    now: datetime,
    asked: Asked | None = None,
) -> Response:
    with office.db.read() as session:
        account = account_of(session, viewer.actor.school_id, account_id)
        ahead = key_changes.renewal_ahead(session, account.school_id)
        rows = [key_words.seen(key, ahead, now) for key in keyring.history(session, account.id)]
        said = [(asked, change_words.describe(session, asked.change))] if asked else []
    return page(
        request,
        viewer,
        "pages/certificates_of.html",
        account=account,
        held=[one for one in rows if one.living],
        past=[one for one in rows if not one.living],
        asked=said,
    )


@router.get("/{key_id}.crt")
def download(key_id: str, viewer: PageViewer, office: OfficeDep) -> Response:
    """The certificate itself, DER; everybody who has a file it signed has it anyway."""
    with office.db.read() as session:
        key, _ = key_changes.found(session, viewer.actor, key_id)
    name = f"{key.purpose}-{key.serial[:12]}.crt"
    return Response(
        key.certificate,
        media_type="application/pkix-cert",
        headers={"content-disposition": attachment(name), "cache-control": "private, no-store"},
    )


@router.get("/{key_id}/revoke")
def revoke_page(
    request: Request, key_id: str, viewer: PageViewer, office: OfficeDep, now: Arrival
) -> Response:
    """What revoking means, and the reasons to choose from."""
    return _revoke_page(request, viewer, office, key_id, now)


@router.post("/{key_id}/revoke")
def revoke(
    request: Request, key_id: str, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Revoke it, or ask for it: the holder and the principal do it at once."""
    reason, password = str(form.get("reason", "")), Secret(str(form.get("password", "")))
    typed = str(form.get("lost_on", "")).strip()
    try:
        lost_on = read_day(typed, "lost_on") if typed else None
        address = address_of(request)
        asked = key_changes.revoke(office, viewer.actor, key_id, reason, password, address, now, lost_on)
    except NotFound:
        raise
    except RecordsError as refusal:
        faults = faults_of(refusal, "password")
        return _revoke_page(request, viewer, office, key_id, now, faults=faults, chosen=reason, lost_on=typed)
    account_id = asked.change.account_id
    assert account_id is not None  # it is of an account
    if account_id == viewer.account.id:
        return RedirectResponse(f"/account?done={'revoke-asked' if asked.waits else 'revoked'}", 303)
    return _person(request, viewer, office, account_id, now, asked)


def _revoke_page(
    request: Request,
    viewer: Viewer,
    office: Office,
    key_id: str,
    now: datetime,
    *,
    faults: dict[str, Text] | None = None,
    chosen: str = "",
    lost_on: str = "",
) -> Response:
    with office.db.read() as session:
        key, account = key_changes.found(session, viewer.actor, key_id)
        one = key_words.seen(key, key_changes.renewal_ahead(session, account.school_id), now)
        at_once = key_changes.revokes_at_once(session, viewer.actor, account, now)
    return page(
        request,
        viewer,
        "pages/certificate_revoke.html",
        status_code=422 if faults else 200,
        one=one,
        account=account,
        own=account.id == viewer.account.id,
        at_once=at_once,
        reasons=REASONS,
        chosen=chosen,
        lost_on=lost_on,
        faults=faults or {},
    )
