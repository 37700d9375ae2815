"""A reviewer's own marks, as far as a decision touches them. Nothing here decides."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import Session, col

from models.review import RoundMark


def ended(session: Session, document_id: str, actor_id: str) -> None:
    """A person's own decision on a record ends their mark on it, in the decision's transaction."""
    session.exec(
        delete(RoundMark).where(
            col(RoundMark.account_id) == actor_id, col(RoundMark.document_id) == document_id
        )
    )
