"""Law 7: which changes need a second person, who that is, and the record of all changes.

A change is a row (`models.account.Change`): done at once, or waiting until one of `confirm_by` confirms or
refuses it. What a change does is written in `service/account_changes.py`, for a school's mail server in
`service/mail_changes.py` and for the picture of its seal in `service/seal_pictures.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from flows.people import ROLES, Actor
from models.account import Account, Change
from models.errors import Fault, Invalid, NotFound, NotYours, Stale
from models.kept import enter_again
from models.key import SigningKey
from models.notice import notice
from models.text import Text
from service.approvers import appoints, holders, is_approver, principals
from service.change_words import GRANTS, SERVER, STATES, describe, name_of
from service.consents import doubtful_since, key_at_stake, unconfirmed

MAIL = frozenset({"mail-server", "mail-server-back"})
SEAL = frozenset({"seal-picture", "seal-picture-off"})
OF_SCHOOL = MAIL | SEAL
"""They concern no account: whoever holds the mail server reads every link to a new password, whoever changes
the seal's picture speaks for the school."""
OWN = (
    frozenset({"create", "edit", "grant", "withdraw"})
    | OF_SCHOOL
    | {
        "second-factor-on",
        "second-factor-off",
        "reset-by-link",
        "revoke",
        "issue-key",
        "renew-key",
        "change-pin",
    }
)
"""Not to be asked for by the name of the action alone: they need more, or are the person's own acts."""
_RESETS = frozenset({"reset-password", "reset-pin", "reset-second-factor"})
_OF_KEYS = frozenset({"reset-pin", "revoke", "new-key"})
_TOLD = _RESETS | {"second-factor-on", "second-factor-off", "reset-by-link", "renew-key", "change-pin"}
_ENDS = frozenset({"withdraw", "deactivate"})
GUARDED_FIELDS = frozenset({"sign_in_name", "full_name", "post", "email"})
"""Of an approver: what stands under a signature, and where the mails about it go."""


def record(
    session: Session,
    asker: Actor | None,
    account: Account,
    action: str,
    data: dict[str, Any],
    now: datetime,
    *,
    by: str = "",
) -> Change:
    """Write a change down: `done` when nobody else need confirm (the caller then does it), else `waiting`.

    `asker` None is the operator at the server: the one exception to law 7, recorded and told like the rest;
    or, with `by`, the person whose own account it is.
    Invalid when the same change waits already, or when there is nobody who could confirm it.
    """
    able = confirmers(session, account, action, data, now)
    if asker is not None and asker.id == account.id and action == "grant":
        able = principals(session, account.school_id)  # an administrator gives themselves nothing
    if asker is not None and asker.id == account.id and action == "new-key":
        able = principals(session, account.school_id) - {account.id}
    told = able is not None or action in _TOLD or (action in _ENDS and is_approver(session, account))
    # Whoever could confirm it and asks for it has confirmed it: the principal, or the person concerned.
    waits = bool(able is not None and asker is not None and asker.id not in able)
    # But not the key of whoever they appoint: it is shown to them, and kept or ended with the password.
    waits = waits or bool(asker is not None and key_at_stake(session, account, action, data))
    if waits and able is not None:
        _refuse_repeat(session, account, action, data)
        if not able:
            raise refusal("confirm", _NOBODY)
    change = Change(
        school_id=account.school_id,
        account_id=account.id,
        action=action,
        data=data,
        asked_by=asker.id if asker else by or SERVER,
        asked_at=now,
        confirm_by=sorted(able or ()) if waits else [],
    )
    return _keep(session, change, now, told=told)


def record_for_school(
    session: Session, asker: Actor, action: str, data: dict[str, Any], now: datetime
) -> Change:
    """The same for what concerns the school itself: done for a principal, else waiting for one.

    The seal's picture always waits for a principal's password, for the school is believed by it. What the
    asker had waiting is replaced: one mends what one mistyped by asking again.
    """
    able = principals(session, asker.school_id)
    if not able:
        raise refusal("confirm", _NOBODY)
    for old in waiting_for_school(session, asker.school_id, MAIL if action in MAIL else SEAL):
        if old.asked_by == asker.id:
            old.state, old.settled_by, old.settled_at = "replaced", asker.id, now
            forget_secret(session, old)
    change = Change(
        school_id=asker.school_id,
        action=action,
        data=data,
        asked_by=asker.id,
        asked_at=now,
        confirm_by=[] if asker.id in able and action not in SEAL else sorted(able),
    )
    return _keep(session, change, now, told=True)


def _keep(session: Session, change: Change, now: datetime, *, told: bool) -> Change:
    waits = bool(change.confirm_by)
    change.state, change.settled_at = ("waiting", None) if waits else ("done", now)
    session.add(change)
    session.flush()
    if told:
        _tell(session, change, now)
    return change


def forget_secret(session: Session, change: Change) -> None:
    """An encrypted password that waited with a change is kept no longer than the change waits."""
    change.data = {name: value for name, value in change.data.items() if name != "protected"}
    session.add(change)


def confirmers(
    session: Session, account: Account, action: str, data: dict[str, Any], now: datetime
) -> frozenset[str] | None:
    """Who may confirm: None when the change needs nobody, else the principal, often also the person.

    A new PIN of anybody's needs it: an author's signature is a signature; and to revoke is half the way to a
    new one. Where someone else has just reset the password, the person alone does not do, for who has that
    password passes for the person; nor for an approver's first key, whose password someone else gave out.
    """
    board = principals(session, account.school_id)
    one_or_other = board | {account.id}
    if action in _OF_KEYS:
        if doubtful_since(session, account, now):
            return one_or_other - {account.id}
        first = action != "revoke" and unconfirmed(session, account)
        if first and board != {account.id}:
            return board - {account.id}
        return one_or_other
    if action in GRANTS:
        return board if appoints(action, data) else None
    touches = action in ("reset-password", "reset-second-factor")
    touches = touches or not GUARDED_FIELDS.isdisjoint(data.get("after", ()))
    return one_or_other if touches and is_approver(session, account) else None


def refuse_last(session: Session, account: Account, role: str) -> None:
    """Invalid when this is the only active holder of a role a school cannot be without."""
    if role in ("principal", "admin") and holders(session, account.school_id, role) == {account.id}:
        raise refusal("roles", _LAST.format(role=ROLES[role]))


def waiting_for(session: Session, actor: Actor) -> list[Change]:
    """The changes this person may confirm or refuse now, oldest first."""
    rows = session.exec(
        select(Change)
        .where(col(Change.school_id) == actor.school_id, col(Change.state) == "waiting")
        .order_by(col(Change.asked_at))
    ).all()
    return [row for row in rows if actor.id in row.confirm_by]


def waiting_for_school(session: Session, school_id: str, actions: frozenset[str]) -> list[Change]:
    """What of these actions waits that concerns the school itself, oldest first."""
    rows = session.exec(
        select(Change)
        .where(
            col(Change.school_id) == school_id,
            col(Change.state) == "waiting",
            col(Change.action).in_(actions),
        )
        .order_by(col(Change.asked_at))
    ).all()
    return list(rows)


def count_waiting_for(session: Session, actor: Actor) -> int:
    """How many confirmations wait for this person."""
    return len(waiting_for(session, actor))


def recent(session: Session, school_id: str, account_id: str | None = None, limit: int = 50) -> list[Change]:
    """The latest changes of a school, or of one account in it."""
    query = select(Change).where(col(Change.school_id) == school_id)
    if account_id is not None:
        query = query.where(col(Change.account_id) == account_id)
    return list(session.exec(query.order_by(col(Change.asked_at).desc()).limit(limit)).all())


def find_waiting(session: Session, actor: Actor, change_id: str) -> Change:
    """The change to settle; NotFound for whoever may not confirm it, Stale when it is settled already."""
    change = session.get(Change, change_id)
    if change is None or change.school_id != actor.school_id or actor.id not in change.confirm_by:
        raise NotFound
    if change.state != "waiting":
        raise Stale(_SETTLED)
    if change.action in GRANTS | OF_SCHOOL and actor.id not in principals(session, actor.school_id):
        raise NotFound  # no longer the principal
    return change


def recall(session: Session, actor: Actor, change_id: str, now: datetime) -> Change:
    """Take back what one asked for oneself: nothing changes, who was asked is told.

    NotFound for anyone but its asker, Stale when it is settled already.
    """
    change = session.get(Change, change_id)
    if change is None or change.school_id != actor.school_id or change.asked_by != actor.id:
        raise NotFound
    settle(session, change, actor, "recalled", now)
    return change


def refuse_doubtful(session: Session, change: Change, actor: Actor, now: datetime) -> None:
    """NotYours where a person's own yes to a new key counts no more: the password was reset since they were
    asked, so whoever reset it may be the one who answers."""
    if change.action in _OF_KEYS and change.account_id == actor.id:
        own = session.get_one(Account, actor.id)
        if doubtful_since(session, own, now):
            raise NotYours(_IN_DOUBT)


def drop_void(session: Session, account: Account, now: datetime) -> None:
    """What was asked of a certificate that is over meanwhile waits no longer."""
    rows = session.exec(
        select(Change).where(
            col(Change.account_id) == account.id,
            col(Change.state) == "waiting",
            col(Change.action) == "revoke",
        )
    ).all()
    for row in rows:
        key = session.get(SigningKey, row.data["key"])
        if key is not None and key.revoked_at is not None:
            row.state, row.settled_at = "replaced", now
            session.add(row)


def settle(session: Session, change: Change, actor: Actor, state: str, now: datetime) -> None:
    """Mark it done or refused, once; Stale when someone was quicker."""
    done = session.exec(
        update(Change)
        .where(col(Change.id) == change.id, col(Change.state) == "waiting")
        .values(state=state, settled_by=actor.id, settled_at=now)
    )
    if done.rowcount != 1:
        raise Stale(_SETTLED)
    enter_again(session, Change, col(Change.id) == change.id)
    session.refresh(change)
    forget_secret(session, change)
    _tell(session, change, now)


def is_waiting(session: Session, account_id: str, action: str, data: dict[str, Any] | None = None) -> bool:
    """Does this change of an account wait already?"""
    waiting = session.exec(
        select(Change.data).where(
            col(Change.account_id) == account_id,
            col(Change.state) == "waiting",
            col(Change.action) == action,
        )
    ).all()
    return (data or {}) in waiting


def _refuse_repeat(session: Session, account: Account, action: str, data: dict[str, Any]) -> None:
    if is_waiting(session, account.id, action, data):
        raise refusal("confirm", _WAITS_ALREADY)


def _tell(session: Session, change: Change, now: datetime) -> None:
    """Tell those concerned, and the principal of what law 7 guards: what was done, asked or refused."""
    told, own_page = _audience(session, change, now)
    waits = change.state == "waiting"
    about = describe(session, change)
    sentence = STATES["confirmed" if change.state == "done" and change.settled_by else change.state].format(
        asker=name_of(session, change.asked_by),
        settler=name_of(session, change.settled_by),
    )
    of_mail = change.action in MAIL
    # The news of another mail server goes by the one before it.
    server = {"server_id": change.data["base"]} if of_mail else {}
    for account_id in sorted(told):
        session.add(
            notice(
                change.school_id,
                account_id,
                "mail-server" if of_mail else "change",
                f"change:{change.id}:{change.state}",
                now,
                sentence,
                subject=about,
                path="/confirmations" if waits and account_id in change.confirm_by else own_page,
                change_id=change.id,
                **server,
            )
        )


def _audience(session: Session, change: Change, now: datetime) -> tuple[frozenset[str], str]:
    """Who is told of a change, and on which page they look at it."""
    if change.action in SEAL:
        clerks = holders(session, change.school_id, "clerk")
        return principals(session, change.school_id) | clerks | {change.asked_by}, "/seal"
    if change.account_id is None:
        both = principals(session, change.school_id) | holders(session, change.school_id, "admin")
        return both, "/confirmations"
    account = session.get_one(Account, change.account_id)
    told = frozenset({account.id} if account.active else ())
    guarded = (
        bool(change.confirm_by) or confirmers(session, account, change.action, change.data, now) is not None
    )
    if guarded or change.action in _ENDS:
        told |= principals(session, change.school_id)
    return told, "/account"


def refusal(path: str, sentence: Text) -> Invalid:
    """A refusal with one field to point at."""
    return Invalid(sentence, (Fault(path, sentence),))


_NOBODY = Text(
    "Trường chưa có hiệu trưởng đang hoạt động để xác nhận. Người vận hành máy chủ chạy “hososo admin” "
    "để giao vai trò hiệu trưởng.",
    "The school has no active principal to confirm this. The server's operator grants that role with "
    "“hososo admin”.",
)
_WAITS_ALREADY = Text(
    "Đề nghị này đã có và đang chờ xác nhận.", "This was asked for already and waits for confirmation."
)
_SETTLED = Text("Đề nghị này đã được giải quyết.", "This was settled already.")
_IN_DOUBT = Text(
    "Mật khẩu hoặc thư điện tử của tài khoản này vừa được người khác thay đổi, nên việc này cần hiệu trưởng "
    "xác nhận. Báo hiệu trưởng; đề nghị vẫn ở trang “Xác nhận” của hiệu trưởng.",
    "Someone else has just changed the password or the e-mail address of this account, so the principal must "
    "confirm this. Tell the principal; the request is on their page “Confirmations”.",
)
_LAST = Text(
    "Đây là {role} duy nhất của trường. Giao vai trò cho người khác trước.",
    "This is the school's only {role}. Give the role to someone else first.",
)
