"""A school's own mail server: asked for, put in force, taken back. `service/mail_trying.py` tries one.

Law 7: whoever holds the mail server reads the links by which approvers set a new password, so an
administrator's change waits for a principal (`service/changes.py`), and the news of it goes by the server
before. The new password waits encrypted, and is sent to no other server than the one it was typed for.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows.office import Office
from flows.people import Actor
from models.account import Change
from models.errors import Stale
from models.mail_server import MailServer
from models.school import School
from models.settings import Settings
from models.text import Text
from service import changes
from service.account_changes import Asked
from service.mail_form import FIELDS, Typed, Wanted, check
from tasks import mail_servers
from tasks.mail_servers import Unopened

# what is asked for


def ask(office: Office, asker: Actor, typed: Typed, now: datetime, *, untried: bool = False) -> Asked:
    """Another mail server: in force at once when a principal asks, else after one has confirmed it.

    `untried`: the asker keeps it though the server did not let us in; whoever confirms it is told.
    Invalid (with the fields) when it cannot be one, or when nothing changes.
    """
    wanted = check(typed)
    with office.db.write() as session:
        row = _hold(session, asker.school_id, now)
        protected = protected_for(row, office.settings, asker.school_id, wanted, typed)
        server = asdict(wanted)
        before, after = shown(row, office.settings), _words(server)
        if row.protected != protected:
            after["password"] = "new" if protected else "none"  # never the password itself
        elif row.host and before == after:
            raise changes.refusal("host", _NOTHING_NEW)
        data = _data(row, before, after) | {
            "server": server,
            "protected": base64.b64encode(protected).decode() if protected else "",
        }
        if untried:
            data["untried"] = True
        return _record(session, asker, "mail-server", data, now)


def ask_back(office: Office, asker: Actor, now: datetime) -> Asked:
    """Back to the installation's server, under the same law."""
    with office.db.write() as session:
        row = _hold(session, asker.school_id, now)
        if not row.host:
            raise changes.refusal("back", _IS_BACK)
        data = _data(row, shown(row, office.settings), shown(None, office.settings))
        return _record(session, asker, "mail-server-back", data, now)


def apply(session: Session, change: Change, data: dict[str, Any], now: datetime) -> None:
    """Put it in force; Stale when another server came in force since it was asked for."""
    # One change of a school at a time: both databases let the second wait here.
    session.exec(select(School).where(col(School.id) == change.school_id).with_for_update()).one()
    row = mail_servers.held(session, change.school_id)
    if row is None or row.id != data["base"]:
        raise Stale(_CHANGED_MEANWHILE)
    row.until = now
    protected = base64.b64decode(data.get("protected", "")) or None
    new = MailServer(school_id=change.school_id, since=now, protected=protected, **(data.get("server") or {}))
    session.add_all([row, new])


def _record(session: Session, asker: Actor, action: str, data: dict[str, Any], now: datetime) -> Asked:
    change = changes.record_for_school(session, asker, action, data, now)
    if change.state == "done":
        apply(session, change, data, now)
        changes.forget_secret(session, change)
    return Asked(change)


def _hold(session: Session, school_id: str, now: datetime) -> MailServer:
    """The row that holds; a school without one gets that of the installation's server, to be named by it."""
    session.exec(select(School).where(col(School.id) == school_id).with_for_update()).one()
    row = mail_servers.held(session, school_id)
    if row is None:
        row = MailServer(school_id=school_id, since=now)
        session.add(row)
        session.flush()
    return row


def _data(row: MailServer, before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    changed = [name for name in after if before.get(name, "") != after[name]]
    return {
        "base": row.id,
        "before": {name: before.get(name, "") for name in changed},
        "after": {name: after[name] for name in changed},
    }


def shown(row: MailServer | None, settings: Settings) -> dict[str, str]:
    """A server's fields in words, without its password; of the local catcher none but the sender."""
    if row is not None and row.host:
        return _words({name: getattr(row, name) for name in FIELDS})
    found = mail_servers.of_installation(settings)
    fields = _words({name: getattr(found, name) for name in FIELDS})
    return fields if settings.smtp_host else fields | dict.fromkeys(("host", "port", "encryption"), "")


def _words(server: dict[str, Any]) -> dict[str, str]:
    fields = {name: str(server[name]) for name in FIELDS}
    encryption = "" if fields["encryption"] == "none" else fields["encryption"].upper()
    return fields | {"encryption": encryption}


# the password


def protected_for(
    row: MailServer | None, settings: Settings, school_id: str, wanted: Wanted, typed: Typed
) -> bytes | None:
    """The password of the wanted server, encrypted; None where it wants no sign-in.

    What was typed; else that of the try before; else the stored one, for the same account at the same server
    alone: otherwise naming another server would be a way to be sent it.
    """
    if not wanted.login:
        return None
    place = (settings.master_key, school_id, wanted.host, wanted.port, wanted.login)
    if typed.password.reveal():
        return mail_servers.protect(typed.password, *place)
    stored = row.protected if row is not None else None
    for found in (_decoded(typed.kept), stored):
        try:
            if found:
                mail_servers.unlock(found, *place)
                return found
        except Unopened:
            continue
    raise changes.refusal("password", _TYPE_AGAIN if stored else _TYPE)


def _decoded(kept: str) -> bytes:
    try:
        return base64.b64decode(kept, validate=True)
    except ValueError:
        return b""


_NOTHING_NEW = Text("Chưa có gì khác với máy chủ đang dùng.", "Nothing differs from the server in use.")
_IS_BACK = Text(
    "Trường đang dùng máy chủ thư của bản cài đặt.", "The school uses the installation's server already."
)
_CHANGED_MEANWHILE = Text(
    "Máy chủ thư đã đổi sau khi có đề nghị này. Bấm Không đồng ý rồi để quản trị đề nghị lại.",
    "The mail server was changed after this was asked for. Refuse it, and let the administrator ask again.",
)
_TYPE = Text("Nhập mật khẩu của tài khoản thư.", "Type the password of this user.")
_TYPE_AGAIN = Text(
    "Nhập lại mật khẩu: mật khẩu đã lưu chỉ dùng cho đúng máy chủ, cổng và tài khoản cũ, và chỉ mở được bằng "
    "khóa chủ cũ.",
    "Type the password again: the stored one is for the former server, port and user alone, and opens with "
    "the master key it was stored with.",
)
