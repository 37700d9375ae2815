"""The mail server of each school, with what held before: a notice of a change goes by the old one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, maybe_instant


class MailServer(SQLModel, table=True):
    """What a school's mails go by from `since` until `until` (None: it holds now).

    Without `host`: the installation's own (`HOSOSO_SMTP_…`), as for a school that has no row.
    `protected`: the password, encrypted with the master key for this school, host, port and user alone.
    """

    __tablename__ = "mail_server"
    __table_args__ = (Index("ix_mail_server_held", "school_id", "until"),)
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    host: str = Field(default="", max_length=253)
    port: int = 0
    encryption: str = Field(default="", max_length=8, description="starttls, tls, none")
    login: str = Field(default="", max_length=200)
    protected: bytes | None = None
    sender: str = Field(default="", max_length=254)
    sender_name: str = Field(default="", max_length=80)
    since: datetime = instant()
    until: datetime | None = maybe_instant()
