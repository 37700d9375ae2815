"""Whether a decision fits the version, the step, the person and its form; and what is said when it does not.

Pure: `flows/decide.py` asks before anything is made and once more inside its transaction.
"""

from __future__ import annotations

from flows import plan
from flows.commands import LONGEST_NOTE, Command, Here
from flows.people import Standing
from models.errors import Fault, Invalid, NotYours, Stale, WrongStep
from models.text import Text
from tasks.rich_text import tidy


def permit(here: Here, command: Command) -> None:
    """Refuse what does not fit version, step, person or form of the decision."""
    if not here.document.version == here.last_seq == command.version:
        raise stale(here)
    step = here.position.step
    if step is None or command.action not in plan.offered(here.position):
        raise wrong_step(here)
    if command.action not in plan.actions(here.position, command.actor, here.subject):
        raise NotYours(
            Text(
                "Bước này không thuộc phần việc của tài khoản: {waiting}.",
                "This step is not for this account: {waiting}.",
            ).format(waiting=step.waiting)
        )
    if command.action == "return" and not tidy(command.note).strip():
        sentence = Text(
            "Ghi lý do trả lại để người soạn biết cần sửa gì.",
            "Say why, so that the author knows what to mend.",
        )
        raise Invalid(sentence, (Fault("note", sentence, missing=True),))
    if len(command.note) > LONGEST_NOTE or any(len(p) > LONGEST_NOTE for p in command.parts.values()):
        sentence = Text(
            f"Nhận xét dài quá {LONGEST_NOTE} ký tự. Rút gọn lại.",
            f"The comment is longer than {LONGEST_NOTE} characters. Shorten it.",
        )
        raise Invalid(sentence, (Fault("note", sentence),))


def refuse_otherwise(here: Here, command: Command, standing: Standing | None) -> None:
    """Stale unless they stand as when the signature was made: it says in whose place it stands."""
    if plan.standing(here.position, command.actor, here.subject) != standing:
        raise stale(here)


def _now(here: Here) -> Text:
    """What a document waits for, for a refusal that says what is true now."""
    step = here.position.step
    return step.waiting if step else ENDED.get(here.position.status, ENDED["archived"])


ENDED = {
    "archived": Text("Đã lưu trữ", "Archived"),
    "withdrawn": Text("Đã rút", "Withdrawn"),
    "replaced": Text("Đã thay bằng bản khác", "Replaced by another"),
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
