"""What people are told: notices, folded into mails."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant
from models.text import Text


class Notice(SQLModel, table=True):
    """One thing one person is to be told, once: `key` makes a repeat harmless.

    `kind`: one of `tasks/kinds.py`, which says for each whether it can wait for the day's digest.
    `due_at`: when it may go; the mailer puts off what waits for a digest to that digest's moment.
    `data` holds what the mail needs beyond the document (ids, times), no secret.
    """

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        UniqueConstraint("account_id", "key"),
        Index("ix_notice_due", "dropped", "mail_id", "due_at"),
    )
    id: str = identifier()
    school_id: str
    account_id: str
    kind: str = Field(max_length=16)
    key: str = Field(max_length=120)
    document_id: str | None = Field(default=None, foreign_key="document.id")
    data: dict[str, Any] = json_field()
    created_at: datetime = instant()
    due_at: datetime = instant()
    mail_id: str | None = Field(default=None, foreign_key="mail.id")
    dropped: bool = False
    """No longer true when it was due (decided meanwhile): never sent."""


def notice(
    school_id: str,
    account_id: str,
    kind: str,
    key: str,
    now: datetime,
    sentence: Text | None = None,
    *,
    subject: Text | None = None,
    path: str = "",
    document_id: str | None = None,
    **data: Any,
) -> Notice:
    """A notice that is due at once: its sentence and subject in both languages, `path` of what to look at."""
    for name, text in (("sentence", sentence), ("subject", subject)):
        if text is not None:
            data[name] = {"vi": text.vi, "en": text.en}
    if path:
        data["path"] = path
    return Notice(
        school_id=school_id,
        account_id=account_id,
        kind=kind,
        key=key,
        document_id=document_id,
        data=data,
        created_at=now,
        due_at=now,
    )


class Mail(SQLModel, table=True):
    """One mail with its stored Message-ID. `state`: waiting, sent, failed.

    `digest_day`: of a digest, its day; the database itself refuses a person a second one on that day.
    """

    __table_args__ = (
        Index("ix_mail_queue", "state", "next_try_at"),
        Index("ix_mail_digest", "account_id", "digest_day", unique=True),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    account_id: str = Field(foreign_key="account.id")
    message_id: str = Field(unique=True, max_length=120)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=400)
    text: str
    html: str
    state: str = Field(default="waiting", max_length=8)
    attempts: int = 0
    next_try_at: datetime = instant()
    created_at: datetime = instant()
    sent_at: datetime | None = maybe_instant()
    error: str = Field(default="", max_length=300)
    server_id: str | None = Field(default=None, foreign_key="mail_server.id")
    """It goes by this one though another may hold by now: the news that the server was changed."""
    digest_day: date | None = None
