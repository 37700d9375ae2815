"""May this person make a new signing key with the password alone? (law 7)

The first key, yes, of whoever approves nothing. After that the PIN is the second secret of a signature: who
has only the password (it was reset by someone, the mails that reset it go elsewhere, it was seen over a
shoulder) must not come by a new key alone. So somebody else has had a part in it: the administrator asked for
a new PIN and the person confirmed it, or the principal revoked, confirmed or allowed it.

Everybody's first password was given out by the administrator. So the first key of an approver is allowed by a
principal, and a key that is there before an appointment is confirmed with it, or ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from flows import keyring
from models.account import Account, Change
from models.key import SigningKey
from service.approvers import appoints, holds_post, is_approver, principals
from service.change_words import GRANTS, SERVER

IN_DOUBT = timedelta(days=7)
"""So long after someone else reset a password, or changed where resets go, its holder alone does not do."""
SECONDS = timedelta(seconds=2)
_CONSENTS = ("reset-pin", "revoke", "new-key")


def doubtful_since(session: Session, account: Account, now: datetime) -> datetime | None:
    """When somebody else last had a hand in the password, if that was within `IN_DOUBT`.

    By a reset; or by the person's own mailed link, when someone else had changed the e-mail address.
    """
    rows = session.exec(
        select(Change)
        .where(
            col(Change.account_id) == account.id,
            col(Change.action).in_(("reset-password", "reset-by-link", "edit")),
            col(Change.state) == "done",
            col(Change.settled_at) > now - 2 * IN_DOUBT,
        )
        .order_by(col(Change.settled_at))
    ).all()
    moved = since = None
    for row in rows:
        at, foreign = row.settled_at, row.asked_by != account.id
        if row.action == "edit":
            moved = at if foreign and "email" in row.data.get("after", {}) else moved
        elif row.action == "reset-password":
            since = at if foreign else since
        elif moved and at and at - moved < IN_DOUBT:
            since = at
    return since if since and since > now - IN_DOUBT else None


def needs_consent(session: Session, account: Account, now: datetime) -> bool:
    """Must somebody else agree before this person makes a new key? Keys made before `now` count."""
    past = [key for key in keyring.history(session, account.id, "person") if key.created_at < now]
    strict = _unconfirmed(session, account, past)
    if not past and (not strict or _founded(session, account)):
        return False
    # A list's whole seconds may put the end of a key just after the change that ended it.
    ended = [key.revoked_at - SECONDS for key in past if key.revoked_at] or ([now] if past else [])
    appointment = _appointment(session, account) if strict else None
    since = [*ended, doubtful_since(session, account, now), appointment and appointment.asked_at]
    given = session.exec(
        select(Change).where(
            col(Change.account_id) == account.id,
            col(Change.action).in_(_CONSENTS),
            col(Change.state) == "done",
            # Two people: who asked was another, or who settled it was.
            (col(Change.asked_by) != account.id)
            | (col(Change.settled_by).is_not(None) & (col(Change.settled_by) != account.id)),
        )
    ).all()
    if strict and principals(session, account.school_id) != {account.id}:
        # The administrator's question and a yes with the password the administrator gave out are one person.
        given = [change for change in given if change.settled_by != account.id]
    least = max((at for at in since if at), default=account.created_at)
    return not any(change.settled_at and change.settled_at >= least for change in given)


def key_at_stake(
    session: Session, account: Account, action: str, data: Mapping[str, str]
) -> SigningKey | None:
    """The key that this appointment would make an approver's, of somebody who is none yet.

    It was made with the password alone, which others may have given out: the principal confirms it with the
    appointment, or it ends.
    """
    if not appoints(action, data) or holds_post(session, account):
        return None
    return keyring.find_key(session, account.id, "person")


def unconfirmed(session: Session, account: Account) -> bool:
    """Is this an approver of whom no key is known to a principal: none was made, or all ended before?"""
    return _unconfirmed(session, account, keyring.history(session, account.id, "person"))


def _unconfirmed(session: Session, account: Account, past: Sequence[SigningKey]) -> bool:
    if not is_approver(session, account):
        return False
    appointment = _appointment(session, account)
    by = appointment.settled_at + SECONDS if appointment and appointment.settled_at else None
    return all(key.revoked_at and by and key.revoked_at <= by for key in past)


def _appointment(session: Session, account: Account) -> Change | None:
    """The latest that made this person an approver; None for those who always were."""
    rows = session.exec(
        select(Change)
        .where(
            col(Change.account_id) == account.id,
            col(Change.action).in_(GRANTS),
            col(Change.state) == "done",
        )
        .order_by(col(Change.settled_at).desc())
    ).all()
    return next((row for row in rows if appoints(row.action, row.data)), None)


def _founded(session: Session, account: Account) -> bool:
    """The only principal, made so by the server's operator: there is nobody to ask."""
    appointment = _appointment(session, account)
    by_operator = appointment is None or appointment.asked_by == SERVER
    return by_operator and principals(session, account.school_id) == {account.id}
