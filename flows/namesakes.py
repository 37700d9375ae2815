"""Names to choose people by, where only their accounts are at hand: two of one name are told apart."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from models.account import Account
from models.names import told_apart


def names_of(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Account id to name; of people among them who share a name, with the sign-in name."""
    wanted = select_columns(col(Account.id), col(Account.full_name), col(Account.sign_in_name))
    rows = session.execute(wanted.where(col(Account.id).in_(ids))).all()
    return {row.id: name for row, name in told_apart(rows)}
