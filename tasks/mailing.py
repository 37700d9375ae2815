"""Mails: notices that are due are folded into one mail a person, stored with a Message-ID, then sent.

Two acts, so that a crash between them loses nothing and doubles nothing: `fold` writes the mail and marks
its notices in one transaction; `tasks/posting.py` sends what is stored. A notice whose fact is no longer
true is dropped. What a person is told is the title of a record and its dates, never a text of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import update
from sqlmodel import Session, col, func, select

from models.account import Account
from models.columns import new_id
from models.db import Database
from models.document import Document, OpenStep
from models.flag import Flag
from models.notice import Mail, Notice
from models.run import Incident
from models.school import SchoolWeek
from models.settings import VIETNAM, Settings
from models.text import Language, Text

GATHER = timedelta(seconds=5)
"""A person's notices wait until none came for so long, so that ten decisions make one mail ..."""

AT_MOST = timedelta(seconds=60)
"""... but no longer than this."""

_LATEST = datetime.max.replace(tzinfo=UTC)

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "mail"

Audiences = Callable[[Session, str], Collection[str]]
"""Keys under which steps wait for an account; `flows` knows them, and hands this in."""

KINDS: dict[str, Text] = {
    "waiting": Text("Chờ xử lý", "Waiting for you"),
    "returned": Text("Bị trả lại", "Returned"),
    "reminder": Text("Sắp đến hạn", "Due soon"),
    "flag": Text("Quá hạn, cần để ý", "Past the limit, wants attention"),
    "waiver": Text("Miễn ghi", "Waived"),
    "approved": Text("Đã ký duyệt", "Approved and signed"),
    "archived": Text("Đã lưu trữ", "Archived"),
    "withdrawn": Text("Người soạn đã rút", "Withdrawn by the author"),
    "informed": Text("Để biết", "For information"),
    "incident": Text("Sự cố cần xử lý", "Incident"),
    "delegation": Text("Ủy quyền khi vắng mặt", "Delegation during an absence"),
    "change": Text("Thay đổi tài khoản", "Change of account"),
    "mail-server": Text("Máy chủ thư của trường", "The school's mail server"),
    "rule": Text("Quy định về thời hạn", "Rules of deadlines"),
    "report": Text("Báo sự cố", "Reported problem"),
}
"""Kinds of notice in the order a mail shows them: what asks for an act stands first."""

_EACH = ("flag", "reminder", "waiver")
"""Of these each is a line of its own, though several be about one record."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a mail."""

    title: str
    link: str
    sentence: str = ""
    due: datetime | None = None


@dataclass(slots=True)
class Draft:
    """A mail being made: whom it is for, what it tells, which notices it settles."""

    account: Account
    items: dict[str, dict[str, Item]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    server_id: str | None = None
    """The mail server it must go by, where one of its notices says so."""


def fold(db: Database, settings: Settings, now: datetime, audiences: Audiences) -> int:
    """Make a mail for every person whose notices are due; returns the mails stored.

    Safe to run in two processes: a notice goes to the transaction that marks it first.
    """
    with db.read() as session:
        drafts = [_draft(session, settings, who, now, audiences) for who in _due_people(session, now)]
    return sum(_store(db, settings, draft, now) for draft in drafts if draft)


def _due(now: datetime) -> tuple[Any, ...]:
    return col(Notice.dropped).is_(False), col(Notice.mail_id).is_(None), col(Notice.due_at) <= now


def _due_people(session: Session, now: datetime) -> list[str]:
    """Accounts whose newest due notice is `GATHER` old, or whose oldest waited `AT_MOST`."""
    rows = session.exec(
        select(Notice.account_id, func.min(Notice.due_at), func.max(Notice.due_at))
        .where(*_due(now))
        .group_by(col(Notice.account_id))
        .limit(500)
    ).all()
    return [who for who, oldest, newest in rows if newest <= now - GATHER or oldest <= now - AT_MOST]


def _draft(
    session: Session, settings: Settings, account_id: str, now: datetime, audiences: Audiences
) -> Draft | None:
    account = session.get(Account, account_id)
    if account is None:
        return None
    draft = Draft(account)
    reachable = account.active and "@" in account.email
    keys = frozenset(audiences(session, account_id)) if reachable else frozenset()
    notices = session.exec(
        select(Notice).where(*_due(now), col(Notice.account_id) == account_id).order_by(col(Notice.due_at))
    ).all()
    language: Language = "en" if account.language == "en" else "vi"
    for notice in notices:
        document = session.get(Document, notice.document_id) if notice.document_id else None
        if reachable and _still_true(session, notice, document, keys, now):
            draft.told.append(notice.id)
            draft.server_id = draft.server_id or notice.data.get("server_id")
            about = document.id if document and notice.kind not in _EACH else notice.id
            item = _item(session, settings, notice, document, language)
            draft.items.setdefault(notice.kind, {})[about] = item
        else:
            draft.dropped.append(notice.id)
    # The archive follows the approval within seconds: one line says both.
    for about in draft.items.get("archived", {}):
        draft.items.get("approved", {}).pop(about, None)
    draft.items = {kind: _by_due(items) for kind, items in draft.items.items() if items}
    return draft


def _by_due(items: dict[str, Item]) -> dict[str, Item]:
    """What is due first stands first; what is not due keeps its order."""
    return dict(sorted(items.items(), key=lambda item: item[1].due or _LATEST))


def _still_true(
    session: Session, notice: Notice, document: Document | None, audiences: Collection[str], now: datetime
) -> bool:
    """Is it still so that this person must know? A fact we cannot check counts as true."""
    data = notice.data
    match notice.kind:
        case "waiting":
            steps = select(OpenStep.document_id).where(
                col(OpenStep.document_id) == notice.document_id, col(OpenStep.audience).in_(audiences)
            )
            return session.exec(steps).first() is not None
        case "returned":
            return document is not None and document.status == "returned"
        case "flag":
            flag = session.get(Flag, data.get("flag", ""))
            return flag is not None and flag.resolved_at is None and flag.waived_at is None
        case "reminder":
            due_at = datetime.fromisoformat(data["due_at"])
            return now < due_at and not _signed(session, notice)
        case "incident":
            incident = session.get(Incident, data.get("incident", ""))
            return incident is None or incident.resolved_at is None
    return True


def _signed(session: Session, notice: Notice) -> bool:
    """Has the person (or the group) meanwhile signed a document that covers the week?"""
    week = session.get(SchoolWeek, notice.data["week_id"])
    if week is None:
        return True
    group = notice.data.get("group_id")
    papers = select(Document.week_id, Document.last_week_id).where(
        col(Document.school_id) == notice.school_id,
        col(Document.type) == notice.data["type"],
        col(Document.group_id) == group if group else col(Document.owner_id) == notice.account_id,
        col(Document.first_signed_at).is_not(None),
        col(Document.status) != "withdrawn",
    )
    for first_id, last_id in session.exec(papers):
        first = session.get(SchoolWeek, first_id) if first_id else None
        last = session.get(SchoolWeek, last_id) if last_id else first
        if first and last and first.monday <= week.monday <= last.monday:
            return True
    return False


def _item(
    session: Session, settings: Settings, notice: Notice, document: Document | None, language: Language
) -> Item:
    data = notice.data
    title = _said(data.get("subject"), language) or (document.title if document else "")
    if not title:
        title = KINDS[notice.kind].to(language) if notice.kind in KINDS else "Hồ Sơ Số"
    sentence = _said(data.get("sentence"), language)
    due = None
    if notice.kind == "waiting" and document and not sentence:
        due = session.exec(
            select(func.min(OpenStep.due_at)).where(col(OpenStep.document_id) == notice.document_id)
        ).first()
        author = session.get_one(Account, document.owner_id).full_name
        sentence = _waiting(author, due).to(language)
    path = data.get("path") or (f"/documents/{document.id}" if document else "/flags")
    return Item(one_line(title), settings.url + str(path), one_line(sentence, 400), due)


def _waiting(author: str, due: datetime | None) -> Text:
    by = Text("Người soạn: {who}.", "Author: {who}.").format(who=author)
    if due is None:
        return by
    moment = f"{due.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return Text(f"{by.vi} Hạn xử lý: trước {moment}.", f"{by.en} Decide before {moment}.")


def _said(pair: Any, language: Language) -> str:
    return str(pair.get(language, "")) if isinstance(pair, dict) else ""


def one_line(text: str, most: int = 160) -> str:
    """Text that may stand in a header: no line breaks or control characters, cut at `most` characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _store(db: Database, settings: Settings, draft: Draft, now: datetime) -> int:
    """The mail and the marks on its notices, or nothing when another process was first."""
    mail = _mail(settings, draft, now) if draft.items else None
    try:
        with db.write() as session:
            if mail is not None:
                session.add(mail)
                session.flush()
            _mark(session, draft.told, mail_id=mail.id if mail else None)
            _mark(session, draft.dropped, dropped=True)
    except _Taken:
        return 0
    return 1 if mail else 0


class _Taken(Exception):
    """Another process folded one of these notices."""


def _mark(session: Session, notices: list[str], **values: Any) -> None:
    if not notices:
        return
    marked = session.exec(
        update(Notice)
        .where(col(Notice.id).in_(notices), col(Notice.mail_id).is_(None), col(Notice.dropped).is_(False))
        .values(**values)
    )
    if marked.rowcount != len(notices):
        raise _Taken


def _mail(settings: Settings, draft: Draft, now: datetime) -> Mail:
    language: Language = "en" if draft.account.language == "en" else "vi"
    sections = [(KINDS[kind].to(language), draft.items[kind]) for kind in KINDS if kind in draft.items]
    sections += [(kind, items) for kind, items in draft.items.items() if kind not in KINDS]
    rendered = render(
        "notices",
        language,
        name=one_line(draft.account.full_name),
        sections=[(heading, list(items.values())) for heading, items in sections],
        url=settings.url,
    )
    mail_id = new_id()
    return Mail(
        id=mail_id,
        school_id=draft.account.school_id,
        account_id=draft.account.id,
        message_id=f"<{mail_id}@{_host(settings)}>",
        recipient=draft.account.email,
        subject=rendered["subject.txt"],
        text=rendered["body.txt"],
        html=rendered["body.html"],
        next_try_at=now,
        created_at=now,
        server_id=draft.server_id,
    )


def letter(settings: Settings, account: Account, template: str, now: datetime, **values: Any) -> Mail:
    """A mail of its own to one person, outside the folding: a reset link, an answer, a test."""
    language: Language = "en" if account.language == "en" else "vi"
    rendered = render(template, language, name=one_line(account.full_name), url=settings.url, **values)
    mail_id = new_id()
    return Mail(
        id=mail_id,
        school_id=account.school_id,
        account_id=account.id,
        message_id=f"<{mail_id}@{_host(settings)}>",
        recipient=account.email,
        subject=rendered["subject.txt"],
        text=rendered["body.txt"],
        html=rendered["body.html"],
        next_try_at=now,
        created_at=now,
    )


def _host(settings: Settings) -> str:
    host = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    return host if host and host.isascii() else "localhost"


def render(template: str, language: Language, /, **values: Any) -> dict[str, str]:
    """The three parts of a mail: `subject.txt` on one line, `body.txt`, `body.html`."""

    def t(vi: str, en: str, /, **places: object) -> str:
        return Text(vi, en).to(language).format(**places) if places else Text(vi, en).to(language)

    parts = {
        part: _environment()
        .get_template(f"{template}/{part}")
        .render(values | {"t": t, "language": language})
        for part in ("subject.txt", "body.txt", "body.html")
    }
    parts["subject.txt"] = one_line(parts["subject.txt"], 200)
    return parts


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
