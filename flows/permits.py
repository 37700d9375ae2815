"""Whether a decision fits the version, the step, the person and its form; and what is said when it does not.

Pure: `flows/decide.py` asks before anything is made and once more inside its transaction.
"""

from __future__ import annotations

from datetime import datetime

from flows import plan
from flows.commands import LONGEST_NOTE, Command, Here
from flows.grammar import Acknowledge, Respond, Step
from flows.people import ALL_SEEING, Actor, Standing
from models.errors import Fault, Invalid, NotYours, Stale, WrongStep
from models.settings import VIETNAM
from models.text import Text
from tasks.rich_text import tidy


def permit(here: Here, command: Command) -> Step:
    """The open step this decision is about, the station for a withdrawal; refuse what does not fit version,
    step, person or form."""
    if not _seen(here, command):
        raise stale(here)
    station = here.position.step
    if station is None or command.action not in plan.offered(here.position):
        raise wrong_step(here)
    step = plan.turns(here.position, command.actor, here.subject).get(command.action)
    if step is None:
        if here.subject.unjudged and ALL_SEEING & command.actor.roles:
            raise NotYours(_JUDGED)
        raise NotYours(
            Text(
                "Bước này không thuộc phần việc của tài khoản: {waiting}.",
                "This step is not for this account: {waiting}.",
            ).format(waiting=waiting_words(here.position) or station.waiting)
        )
    if command.action == plan.REFUSE:
        _check_time(here, command)
    _check_words(step, command)
    return step


def turns(here: Here, actor: Actor, now: datetime) -> dict[str, Step]:
    """What this person may do now, each with its step: an author's note of a refusal not before its time."""
    found = plan.turns(here.position, actor, here.subject)
    early = recorded_from(here, actor)
    if early and now < early:
        found.pop(plan.REFUSE, None)
    return found


def recorded_from(here: Here, actor: Actor) -> datetime | None:
    """From when the author may record that it was not signed; None for everybody else."""
    step = plan.turns(here.position, actor, here.subject).get(plan.REFUSE)
    if not isinstance(step, Respond) or here.opened_at is None:
        return None
    own = plan.standing(here.position, step, actor, here.subject)
    return None if own else here.opened_at + step.unasked


def _check_time(here: Here, command: Command) -> None:
    early = recorded_from(here, command.actor)
    if early and command.arrived < early:
        raise WrongStep(too_early(early))


def too_early(until: datetime) -> Text:
    """That whom it is about may still answer in peace, and from when a refusal may be recorded for them."""
    return _TOO_EARLY.format(at=f"{until.astimezone(VIETNAM):%H:%M %d/%m/%Y}")


def _seen(here: Here, command: Command) -> bool:
    """Was it decided on what stands now? At a group, what others did at its other parts changes nothing."""
    if here.document.version != here.last_seq:
        return False
    if here.position.grouped and command.action != plan.WITHDRAW:
        return here.position.opened_seq <= command.version <= here.last_seq
    return command.version == here.last_seq


def _check_words(step: Step, command: Command) -> None:
    if command.action in step.worded and not tidy(command.note).strip():
        sentence = _WORDLESS.get(command.action, _REASONS)
        if command.action == "return" and isinstance(step, Acknowledge) and step.refusal_of:
            sentence = _NOT_SEEN
        raise Invalid(sentence, (Fault("note", sentence, missing=True),))
    if command.action == plan.REFUSE and not command.witness:
        raise Invalid(_WITNESS, (Fault("witness", _WITNESS, missing=True),))
    if len(command.note) > LONGEST_NOTE or any(len(p) > LONGEST_NOTE for p in command.parts.values()):
        sentence = Text(
            f"Nhận xét dài quá {LONGEST_NOTE} ký tự. Rút gọn lại.",
            f"The comment is longer than {LONGEST_NOTE} characters. Shorten it.",
        )
        raise Invalid(sentence, (Fault("note", sentence),))


def refuse_otherwise(here: Here, step: Step, command: Command, standing: Standing | None) -> None:
    """Stale unless they stand as when the signature was made: it says in whose place it stands."""
    if plan.standing(here.position, step, command.actor, here.subject) != standing:
        raise stale(here)


def waiting_words(position: plan.Position) -> Text | None:
    """What a document waits for, each open step in its words; None at the end and while the machine works."""
    said = [step.waiting for step in position.open]
    if not said:
        return None
    return Text("; ".join(one.vi for one in said), "; ".join(one.en for one in said))


def _now(here: Here) -> Text:
    """What a document waits for, for a refusal that says what is true now."""
    step = here.position.step
    if step is None:
        return ENDED.get(here.position.status, ENDED["archived"])
    return waiting_words(here.position) or step.waiting


_WORDLESS = {
    "return": Text(
        "Ghi lý do trả lại để người soạn biết cần sửa gì.",
        "Say why, so that the author knows what to mend.",
    ),
    "state": Text(
        "Ghi ý kiến sẽ in vào văn bản. Nếu không có ý kiến, chọn ký đồng ý.",
        "Write the statement that will stand in the document. With nothing to state, sign in agreement.",
    ),
    "refuse": Text(
        "Ghi lý do không ký; nếu không nêu lý do, ghi rõ như vậy.",
        "Write why it is not signed; if no reason was given, write that.",
    ),
}
_REASONS = Text("Ghi lý do; lý do sẽ in vào văn bản.", "Give the reasons; they will stand in the document.")
_TOO_EARLY = Text(
    "Người được nêu trong hồ sơ còn thời gian để tự trả lời. Từ {at}, nếu chưa có trả lời, người lập "
    "ghi được việc không ký.",
    "The person concerned still has time to answer. From {at} on, without an answer, the author may record "
    "that it was not signed.",
)
_JUDGED = Text(
    "Tài khoản này đã kết luận hoặc ghi nhận việc được kiến nghị, nên người còn lại trong ban giám hiệu giải "
    "quyết.",
    "This account found the violation or took note of the minutes, so another principal decides.",
)
_NOT_SEEN = Text(
    "Ghi lý do, để người lập chọn người chứng kiến khác.",
    "Say why, so that another witness can be named.",
)
_WITNESS = Text("Chọn người chứng kiến việc không ký.", "Choose who witnessed that it was not signed.")


ENDED = {
    "archived": Text("Đã lưu trữ", "Archived"),
    "withdrawn": Text("Đã rút", "Withdrawn"),
    "replaced": Text("Đã thay bằng bản khác", "Replaced by another"),
    "destroyed": Text("Đã hủy khi hết thời hạn lưu trữ", "Destroyed at the end of its retention"),
}


_STALE = Text(
    "Hồ sơ đã đổi từ khi trang này mở ra. Hiện nay: {now}. Tải lại trang để xem bản mới nhất.",
    "The record has changed since this page was opened. Now: {now}. Reload to see the latest.",
)
_WRONG_STEP = Text(
    "Không làm được việc này ở bước hiện nay ({now}). Tải lại trang để xem việc có thể làm.",
    "This cannot be done at the present step ({now}). Reload the page to see what can.",
)


def stale(here: Here) -> Stale:
    """The refusal of whoever saw an older version."""
    return Stale(_STALE.format(now=_now(here)))


def wrong_step(here: Here) -> WrongStep:
    """The refusal of what the present step does not offer."""
    return WrongStep(_WRONG_STEP.format(now=_now(here)))
