"""What a decision does to reviewers' own marks, in the decision's transaction."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col

from models.review import PartMark, RoundMark
from models.statements import change


def decided(session: Session, document_id: str, actor_id: str, action: str) -> None:
    """A person's own decision ends their mark for the round; a return has sent their comments.

    What was looked at stays: after the resubmission only changed lessons are read again. Comments that an
    approval left unsent stay too: they are the person's own words.
    """
    change(session, _DECIDED, of_account=actor_id, of_document=document_id)
    if action == "return":
        change(session, _UNSEEN, of_account=actor_id, of_document=document_id)
        change(session, _SENT, of_account=actor_id, of_document=document_id)


_DECIDED = delete(RoundMark).where(
    col(RoundMark.account_id) == bindparam("of_account"),
    col(RoundMark.document_id) == bindparam("of_document"),
)


_OWN = (
    col(PartMark.account_id) == bindparam("of_account"),
    col(PartMark.document_id) == bindparam("of_document"),
)
_UNSEEN = delete(PartMark).where(*_OWN, col(PartMark.seen).is_(False))
_SENT = update(PartMark).where(*_OWN).values(mend=False, comment="")


def archived(session: Session, document_id: str) -> None:
    """Nobody reads an archived record to decide on it: every reviewer's notes go."""
    session.exec(delete(PartMark).where(col(PartMark.document_id) == document_id))
