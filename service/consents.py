"""May this person make a new signing key with the password alone? (law 7)

The first key, yes. After that the PIN is the second secret of a signature: who has only the password (it was
reset by someone, the mails that reset it go elsewhere, it was seen over a shoulder) must not come by a new
key alone. So somebody else has had a part in it: the administrator asked for a new PIN and the person
confirmed it, or the principal revoked, confirmed or allowed it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from flows import keyring
from models.account import Account, Change

IN_DOUBT = timedelta(days=7)
"""So long after someone else reset a password, or changed where resets go, its holder alone does not do."""
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
    """Must somebody else agree before this person makes a new key?"""
    past = keyring.history(session, account.id, "person")
    if not past:
        return False
    ended = max((key.revoked_at for key in past if key.revoked_at), default=now)
    doubt = doubtful_since(session, account, now)
    given = session.exec(
        select(Change.settled_at).where(
            col(Change.account_id) == account.id,
            col(Change.action).in_(_CONSENTS),
            col(Change.state) == "done",
            # Two people: who asked was another, or who settled it was.
            (col(Change.asked_by) != account.id)
            | (col(Change.settled_by).is_not(None) & (col(Change.settled_by) != account.id)),
        )
    ).all()
    # A list's whole seconds may put the end of a key just after the change that ended it.
    since = max(ended - timedelta(seconds=2), doubt or ended - timedelta(seconds=2))
    return not any(at and at >= since for at in given)
