"""What goes with a decision besides the signature: words that its revision of the page is filled with, and
the witness of a refusal. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from flows import judging
from flows.commands import LONGEST_REASONS, LONGEST_REFUSAL, LONGEST_STATEMENT, Command, Here, Made
from flows.grammar import Acknowledge, Decision, Step
from flows.office import Office
from models.account import Account, AccountRole
from models.document import Revision
from models.errors import Fault, Invalid
from models.event import Event, Remark
from models.text import Text
from tasks import rendering
from tasks.form_fields import FilledText
from tasks.rich_text import tidy


def words_of(session: Session, here: Here, step: Step, command: Command) -> dict[str, str]:
    """By text field, the words this signature fills in: a statement, reasons, or the refusal witnessed."""
    field = step.filled(command.action)
    said = tidy(command.note).strip()
    if field:
        _refuse_longer(said, LONGEST_REASONS if isinstance(step, Decision) else LONGEST_STATEMENT)
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
    """The recorded refusal in a sentence."""
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
    return refusal_words(session, here, remark.text if remark is not None and not remark.erased else "")


def refusal_words(session: Session, here: Here, reason: str) -> str:
    """A refusal as the paper says it: Vietnamese alone."""
    person = session.get(Account, here.document.concerned_id) if here.document.concerned_id else None
    return _REFUSED.format(who=person.full_name if person else "", reason=reason or _UNKNOWN).vi


def _refuse_longer(said: str, most: int) -> None:
    if len(said) > most:
        sentence = _LONG.format(n=f"{len(said):,}".replace(",", "."), most=f"{most:,}".replace(",", "."))
        raise Invalid(sentence, (Fault("note", sentence),))


_LONG = Text(
    "Dài {n} ký tự; chỗ in trên văn bản chứa nhiều nhất {most} ký tự. Rút gọn lại.",
    "{n} characters; the place in the document takes at most {most}. Shorten it.",
)
_REFUSED = Text("{who} không ký. Lý do: {reason}", "{who} did not sign. Reason: {reason}")
_UNKNOWN = "không nêu"


NUMBER_AND_DATE = ("number", "date")
"""Text fields on a printed line; every other takes words of several lines."""


def _line(office: Office, box: rendering.Box, value: str) -> bytes:
    return office.intake.submit(rendering.text_field, box, value)


def _words(office: Office, box: rendering.Box, value: str) -> bytes:
    try:
        return office.intake.submit(rendering.text_area, box, value)
    except Invalid as refusal:
        raise Invalid(refusal.sentence, (Fault("note", refusal.sentence),)) from None


def filled(office: Office, revision: Revision, values: Mapping[str, str]) -> tuple[FilledText, ...]:
    """Number and date of the competent signature, words said with one: filled in its own revision."""
    found = []
    for name, value in values.items():
        left, bottom, right, top = revision.boxes[name]
        box = rendering.Box(name, "text", 0, (left, bottom, right, top))
        draw = _line if name in NUMBER_AND_DATE else _words
        found.append(FilledText(name, value, draw(office, box, value)))
    return tuple(found)


def refuse(office: Office, here: Here, step: Step, command: Command) -> Made:
    """Nothing is signed. What the witness's signature will fill in must fit its place now: later the words
    stand."""
    made = Made(data={"witness": witness_of(office, here, command)})
    with office.db.read() as session:
        reason = tidy(command.note).strip()
        _refuse_longer(reason, LONGEST_REFUSAL)
        said = refusal_words(session, here, reason)
        revision = session.get_one(Revision, (here.document.id, here.position.revision))
    for later in here.declared.leaves:
        if isinstance(later, Acknowledge) and later.refusal_of == step.name:
            filled(office, revision, {later.text: said})
    return made


def witness_of(office: Office, here: Here, command: Command) -> str:
    """The account named as a refusal's witness: an active one of this school that may still sign.

    Invalid for the author, whom it is about, who acted in this revision or decided on what it is about, and
    for administrators (law 7).
    """
    with office.db.read() as session:
        account = session.get(Account, command.witness)
        roles = set(
            session.exec(select(AccountRole.role).where(col(AccountRole.account_id) == command.witness)).all()
        )
        denied = {*declined(session, here), *judging.judges(session, here.document.id)}
    known = account is not None and account.school_id == here.document.school_id and account.active
    bound = here.position.acted | {here.subject.owner_id, here.subject.concerned_id} | denied
    if not known or command.witness in bound or "admin" in roles:
        raise Invalid(_NO_WITNESS, (Fault("witness", _NO_WITNESS),))
    return command.witness


def declined(session: Session, here: Here) -> list[str]:
    """Who was named in this revision already and said that they saw no refusal."""
    steps = [s.name for s in here.declared.leaves if isinstance(s, Acknowledge) and s.refusal_of]
    said = select(Event.actor_id).where(
        col(Event.document_id) == here.document.id,
        col(Event.revision) == here.position.revision,
        col(Event.step).in_(steps),
        col(Event.action) == "return",
    )
    return list(session.exec(said))


_NO_WITNESS = Text(
    "Người này không chứng kiến được: chọn một người khác trong trường, không phải người lập, người được nêu "
    "trong hồ sơ, người đã ký hồ sơ này, người đã kết luận hoặc quản trị.",
    "This person cannot be the witness: choose another of the school, not the author, the person concerned, "
    "somebody who signed this record or decided on the check, or an administrator.",
)
