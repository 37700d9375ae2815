"""People who sign in: accounts, their roles, sessions and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant
from models.kept import entered


class Account(SQLModel, table=True):
    """One person. `sign_in_name` is unique over all schools, since it alone finds the school."""

    __table_args__ = (
        UniqueConstraint("school_id", "id"),
        Index("ix_account_seen", "school_id", "active", "last_seen_at"),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id", index=True)
    sign_in_name: str = Field(unique=True, max_length=80)
    full_name: str = Field(max_length=120)
    post: str = Field(default="", max_length=120, description="as it stands under a signature")
    email: str = Field(default="", max_length=254)
    language: str = Field(default="vi", max_length=2)
    password_hash: str
    must_change: bool = True
    password_changed_at: datetime | None = maybe_instant()
    active: bool = True
    keys_off: bool = Field(default=False, description="single keys do nothing on this person's pages")
    created_at: datetime = instant()
    last_seen_at: datetime | None = maybe_instant()
    """When a pass was last given to it (passes themselves are cleaned away)."""


class AccountRole(SQLModel, table=True):
    """A role an account holds: see `flows.people.ROLES`."""

    __tablename__ = "account_role"
    __table_args__ = (ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),)
    school_id: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True)
    role: str = Field(primary_key=True, max_length=32)


class Group(SQLModel, table=True):
    """A professional group (tổ chuyên môn) with its head and, maybe, deputy."""

    __tablename__ = "staff_group"
    __table_args__ = (
        UniqueConstraint("school_id", "id"),
        UniqueConstraint("school_id", "name"),
        ForeignKeyConstraint(["school_id", "head_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "deputy_id"], ["account.school_id", "account.id"]),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    name: str = Field(max_length=80)
    head_id: str | None = None
    deputy_id: str | None = None


entered(AccountRole)
entered(Group)


class GroupMember(SQLModel, table=True):
    """Membership; head and deputy are members too."""

    __tablename__ = "group_member"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "group_id"], ["staff_group.school_id", "staff_group.id"]),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
    )
    school_id: str = Field(primary_key=True)
    group_id: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True, index=True)


class Pass(SQLModel, table=True):
    """A signed-in browser ("session") or API client ("token"). Only the token's SHA-256 is kept.

    "half" is a browser whose password was right and whose second factor is still to come.
    """

    token_hash: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=8)
    account_id: str = Field(foreign_key="account.id", index=True)
    csrf: str = Field(max_length=64)
    strong: bool = False
    """A second factor was shown when it was made."""
    device: str = Field(default="", max_length=80, description="e.g. Chrome, Windows")
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime = instant()


class SecondFactor(SQLModel, table=True):
    """The secret of an account's authenticator app (TOTP, RFC 6238), encrypted with the master key.

    `confirmed_at` None: the app has not shown a right code yet. `last_step`: the newest time step whose code
    was used; an older or the same one is a replay.
    """

    __tablename__ = "second_factor"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    protected: bytes
    last_step: int = 0
    created_at: datetime = instant()
    confirmed_at: datetime | None = maybe_instant()


class RecoveryCode(SQLModel, table=True):
    """A code on paper instead of the app's, good once; only its keyed hash is kept."""

    __tablename__ = "recovery_code"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    code_hash: str = Field(primary_key=True, max_length=64)
    used_at: datetime | None = maybe_instant()


class ResetLink(SQLModel, table=True):
    """A link to a new password, sent by mail; only the SHA-256 of its token is kept."""

    __tablename__ = "reset_link"
    id: str = identifier()
    account_id: str = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = maybe_instant()


class Throttle(SQLModel, table=True):
    """Attempts from one source in one window (sign-in by address)."""

    source: str = Field(primary_key=True, max_length=120)
    since: datetime = instant()
    count: int = 0


class Change(SQLModel, table=True):
    """What the administration of accounts did; a change that law 7 guards waits here for its confirmation.

    `account_id` None: it concerns the school itself (its mail server).
    `state`: done, waiting, refused, recalled (by its asker), replaced (the asker asked for another instead).
    `confirm_by`: account ids of whom one must confirm.
    """

    __table_args__ = (ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),)
    id: str = identifier()
    school_id: str = Field(index=True)
    account_id: str | None = None
    action: str = Field(max_length=40)
    data: dict[str, Any] = json_field()
    asked_by: str
    asked_at: datetime = instant()
    confirm_by: list[str] = json_field(list)
    state: str = Field(default="done", max_length=8)
    settled_by: str | None = None
    settled_at: datetime | None = maybe_instant()


entered(Change)
