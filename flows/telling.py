"""Who is told what after a decision: notices, written in the decision's own transaction. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from flows.candidates import candidates
from flows.grammar import Acknowledge, Decision, DocumentType, Draft, Sign
from flows.plan import Position, audiences, situated
from flows.posts import subject_of
from models.account import Account
from models.document import Document
from models.event import Event
from models.notice import Notice, notice
from models.settings import VIETNAM
from models.statements import ask, store
from models.text import Text

RESUBMIT = timedelta(days=1)
"""After a return the author has at least a day; the first deadline stays if it is later (law 8)."""


def resubmit_due(due: datetime | None, now: datetime) -> datetime:
    """When a returned document should be back."""
    again = now + RESUBMIT
    return max(due, again) if due else again


def tell(
    session: Session,
    document: Document,
    declared: DocumentType,
    position: Position,
    event: Event,
    people: Iterable[Account],
    now: datetime,
) -> None:
    """Tell whose turn has come (`people`), and the author about a return, an approval, the archive."""
    if event.action == "return":
        sentence = _returned(session, document, declared, position, event, now)
        _notice(session, document, document.owner_id, "returned", event.seq, now, sentence)
        for person in people:  # back within the signing round, it waits for others than its author
            turn(session, document, person.id, event.seq, now)
        return
    if event.action == "archive":
        _notice(session, document, document.owner_id, "archived", event.seq, now)
        return
    passed = declared.step(event.step)
    if isinstance(passed, Decision) and passed.approves:
        outcome = _outcome(session, passed, event)
        _notice(session, document, document.owner_id, "finding", event.seq, now, outcome)
    elif passed.approves and not isinstance(passed, Sign):
        _notice(session, document, document.owner_id, "approved", event.seq, now)
    if position.status == "approved" and passed.approves:
        _inform(session, document, declared, event, now)
    for person in people:
        turn(session, document, person.id, event.seq, now)


def turn(session: Session, document: Document, account_id: str, seq: int, now: datetime) -> None:
    """Tell a person that the step opened by this event waits for them."""
    _notice(session, document, account_id, "waiting", seq, now)


def told_of_turn(session: Session, document: Document, seq: int) -> set[str]:
    """Who was told already that the step opened by this event waits for them."""
    key = _key("waiting", document, seq)
    return set(session.exec(select(Notice.account_id).where(col(Notice.key) == key)).all())


def _key(kind: str, document: Document, seq: int) -> str:
    return f"{kind}:{document.id}:{seq}"


def _outcome(session: Session, passed: Decision, event: Event) -> Text | None:
    """How it was decided, and by whom; the reasons stand in the record."""
    choice, person = passed.choice(event.action), session.get(Account, event.actor_id)
    return choice.told.format(who=person.full_name) if choice and person else None


def _returned(
    session: Session,
    document: Document,
    declared: DocumentType,
    position: Position,
    event: Event,
    now: datetime,
) -> Text:
    """Who returned it and until when it should be back; the comment itself stays in the system.

    Back within the signing round: to which step; and of a witness, that they saw no refusal.
    """
    person, step = session.get(Account, event.actor_id), declared.step(event.step)
    who = person.full_name if person else "–"
    if position.step is None or isinstance(position.step, Draft):
        return returned_words(who, resubmit_due(document.due_at, now))
    said = _NOT_SEEN if isinstance(step, Acknowledge) and step.refusal_of else _BACK_IN_ROUND
    return said.format(who=who, step=position.step.label)


_NOT_SEEN = Text(
    "{who} cho biết không chứng kiến việc không ký, lý do ghi trong hồ sơ. Hồ sơ trở lại bước “{step}”: "
    "người được nêu trả lời, hoặc ghi lại việc không ký với người chứng kiến khác.",
    "{who} says they did not witness the refusal to sign; the reason is in the record. It is back at "
    "“{step}”: the person concerned answers, or the refusal is recorded with another witness.",
)
_BACK_IN_ROUND = Text(
    "{who} trả lại, kèm nhận xét trong hồ sơ. Hồ sơ trở lại bước “{step}”.",
    "Returned by {who}, with a comment in the record. It is back at “{step}”.",
)


def returned_words(who: str, due: datetime) -> Text:
    """What is said of a return."""
    return Text(
        "{who} trả lại, kèm nhận xét trong hồ sơ. Trình lại trước {due}.",
        "Returned by {who}, with a comment in the record. Submit again before {due}.",
    ).format(who=who, due=f"{due.astimezone(VIETNAM):%H:%M %d/%m/%Y}")


def _inform(
    session: Session, document: Document, declared: DocumentType, event: Event, now: datetime
) -> None:
    """Those who are to know of it, once each: heads of what it amends."""
    if not declared.informs:
        return
    subject = subject_of(session, document)
    people = {
        p.id for who in declared.informs for p in candidates(session, subject, who.audiences(subject), now)
    }
    for account_id in sorted(people):
        _notice(session, document, account_id, "informed", event.seq, now)


def tell_withdrawn(
    session: Session, document: Document, before: Position, event: Event, now: datetime
) -> None:
    """Tell whoever it waited for, and whoever had decided on this revision already."""
    subject = situated(before, subject_of(session, document))
    waited = {
        person.id
        for step in before.open
        for person in candidates(session, subject, audiences(before, step, subject), now)
    }
    for account_id in sorted((waited | before.acted) - {document.owner_id}):
        _notice(session, document, account_id, "withdrawn", event.seq, now)


def _notice(
    session: Session,
    document: Document,
    account_id: str,
    kind: str,
    seq: int,
    now: datetime,
    sentence: Text | None = None,
) -> None:
    if not ask(session, _ACTIVE, of_account=account_id):
        return
    key = _key(kind, document, seq)
    told = notice(document.school_id, account_id, kind, key, now, sentence, document_id=document.id, seq=seq)
    store(session, told)


_ACTIVE = select(Account.id).where(col(Account.id) == bindparam("of_account"), col(Account.active))
