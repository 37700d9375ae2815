"""What goes with a decision besides the signature: words that its revision of the page is filled with, and
the witness of a refusal. Reads only."""

from __future__ import annotations

from sqlmodel import Session, col, select

from flows.commands import Command, Here
from flows.grammar import Acknowledge, Decision, Step
from flows.office import Office
from models.account import Account, AccountRole
from models.errors import Fault, Invalid
from models.event import Event, Remark
from models.text import Text
from tasks.rich_text import tidy


def words_of(session: Session, here: Here, step: Step, command: Command) -> dict[str, str]:
    """By text field, the words this signature fills in: a statement, reasons, or the refusal witnessed."""
    field = step.filled(command.action)
    said = tidy(command.note).strip()
    if field and isinstance(step, Decision):
        # The page alone must say how it was decided.
        choice = step.choice(command.action)
        return {field: f"{choice.label.vi}.\n{said}" if choice else said}
    if field:
        return {field: said}
    if isinstance(step, Acknowledge) and step.text and command.action in step.signing:
        return {step.text: _refusal(session, here, step.refusal_of)}
    return {}


def _refusal(session: Session, here: Here, step: str) -> str:
    """The recorded refusal in a sentence, as the paper says it: Vietnamese alone."""
    _, remark = session.exec(
        select(Event, Remark)
        .outerjoin(
            Remark, (col(Remark.document_id) == col(Event.document_id)) & (col(Remark.seq) == col(Event.seq))
        )
        .where(
            col(Event.document_id) == here.document.id,
            col(Event.revision) == here.position.revision,
            col(Event.step) == step,
            col(Event.action) == "refuse",
        )
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).one()
    person = session.get(Account, here.document.concerned_id) if here.document.concerned_id else None
    said = remark.text if remark is not None and not remark.erased else ""
    name = person.full_name if person else ""
    return _REFUSED.format(who=name, reason=said or _UNKNOWN).vi


_REFUSED = Text("{who} không ký. Lý do: {reason}", "{who} did not sign. Reason: {reason}")
_UNKNOWN = "không nêu"


def witness_of(office: Office, here: Here, command: Command) -> str:
    """The account named as a refusal's witness: an active one of this school that may still sign.

    Invalid for the author, whom it is about, who acted in this revision, and for administrators (law 7).
    """
    with office.db.read() as session:
        account = session.get(Account, command.witness)
        roles = set(
            session.exec(select(AccountRole.role).where(col(AccountRole.account_id) == command.witness)).all()
        )
    known = account is not None and account.school_id == here.document.school_id and account.active
    bound = here.position.acted | {here.subject.owner_id, here.subject.concerned_id}
    if not known or command.witness in bound or "admin" in roles:
        raise Invalid(_NO_WITNESS, (Fault("witness", _NO_WITNESS),))
    return command.witness


_NO_WITNESS = Text(
    "Người này không chứng kiến được: chọn một người khác trong trường, không phải người lập, người được nêu "
    "trong hồ sơ, người đã ký hồ sơ này hoặc quản trị.",
    "This person cannot be the witness: choose another of the school, not the author, the person concerned, "
    "somebody who signed this record or an administrator.",
)
