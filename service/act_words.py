"""What a person may do on a record, and what was done on it, in words. Pure: values in, texts out.

Only a signature is called one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.grammar import Acknowledge, Choice, Decision, DocumentType, Review, Seal, Step
from flows.people import ROLES
from flows.round_marks import ROUND
from flows.steps import HAND_IN
from flows.views import EventSeen
from models.text import Text
from service import words

MACHINE = Text("Hệ thống", "System")

# --- history --------------------------------------------------------------------------------------------

_DONE: dict[str, Text] = {
    "create": Text("{who} tạo bản nháp", "{who} made the draft"),
    "submit": Text("{who} dựng trang bản {n}, chưa ký", "{who} froze revision {n}, not signed yet"),
    "sign": Text("{who} ký và trình bản {n}", "{who} signed and submitted revision {n}"),
    "reopen": Text("{who} mở lại để sửa trước khi ký", "{who} reopened it before signing"),
    "return": Text("{who} trả lại bản {n}", "{who} returned revision {n}"),
    "seal": Text("{who} đóng dấu của trường", "{who} applied the school's seal"),
    "acknowledge": Text("{who} ký xác nhận", "{who} took note and signed"),
    "agree": Text("{who} ký, đồng ý với nội dung", "{who} signed in agreement"),
    "state": Text("{who} ký kèm ý kiến", "{who} signed with a statement"),
    "refuse": Text(
        "{who} ghi lại việc không ký; người chứng kiến: {to}",
        "{who} recorded that it was not signed; witness: {to}",
    ),
    "withdraw": Text("{who} rút lại hồ sơ", "{who} withdrew the record"),
    "delegate": Text("{who} giao hồ sơ này cho {to} xử lý", "{who} gave this record to {to}"),
    "replace": Text("Bản thay thế đã được ký duyệt", "Its replacement was approved"),
    "archive": Text(
        "Hệ thống kiểm tra mọi chữ ký, đóng dấu thời gian và lưu trữ",
        "The system validated every signature, time-stamped and archived",
    ),
    "renew": Text(
        "Hệ thống gia hạn dấu thời gian lưu trữ; nội dung và chữ ký giữ nguyên",
        "The system renewed the archive timestamp; content and signatures are as they were",
    ),
}


def happened(declared: DocumentType, seen: EventSeen) -> Text:
    """An event as a sentence."""
    event = seen.event
    who = seen.name or MACHINE.vi
    pattern = _pattern(declared, event.step, event.action)
    number = event.data.get("number")
    if number:
        pattern = Text(f"{pattern.vi}, số {number}", f"{pattern.en}, number {number}")
    said = pattern.format(who=who, n=event.revision, to=seen.to)
    if not seen.absent:
        return said
    number = event.data.get("authorisation")
    return Text(
        f"{said.vi}, thay {seen.absent}" + (f" (ủy quyền số {number})" if number else ""),
        f"{said.en}, for {seen.absent}" + (f" (authorisation no. {number})" if number else ""),
    )


def _pattern(declared: DocumentType, name: str, action: str) -> Text:
    """The sentence of an action, to be filled in."""
    if action == "approve":
        step = declared.step(name)
        if not step.signs:
            return Text("{who} duyệt", "{who} approved")
        if isinstance(step, Review) and step.approves:
            return Text("{who} ký duyệt", "{who} approved and signed")
        return Text("{who} duyệt và ký", "{who} reviewed and signed")
    if action == "acknowledge" and declared.step(name).approves:
        return Text("{who} ký ghi nhận", "{who} took note and signed")
    if action == "sign" and not declared.reviewed:
        return Text("{who} ký bản {n}", "{who} signed revision {n}")
    if action == "return" and _witnesses(declared.step(name)):
        return Text(
            "{who} cho biết không chứng kiến việc không ký",
            "{who} said that they did not witness the refusal",
        )
    known = _DONE.get(action)
    if known is None:
        choice = _choice(declared, action)
        return choice.told if choice else Text("{who}: " + action, "{who}: " + action)
    return known


def _witnesses(step: Step) -> bool:
    """Does a witness of a refusal sign here?"""
    return isinstance(step, Acknowledge) and bool(step.refusal_of)


def _choice(declared: DocumentType, action: str) -> Choice | None:
    """The outcome of that name, of whichever decision of the type has it."""
    found = (step.choice(action) for step in declared.leaves if isinstance(step, Decision))
    return next((choice for choice in found if choice), None)


# --- what a person may do -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """An action as a button: its words, its icon, whether it asks for the PIN, whether it needs words."""

    action: str
    words: Text
    icon: str
    signs: bool
    path: str
    """Under the document's address."""
    worded: bool
    in_round: bool
    """May it be put into a signing round?"""


def act(step: Step, action: str) -> Act:
    """The words of an action at a step; only a signature is called one."""
    signs = action in step.signing
    path = action
    if isinstance(step, Decision) and (choice := step.choice(action)):
        spoken, icon, path = choice.label, "pen", f"outcome/{action}"
    elif action == "return" and _witnesses(step):
        spoken, icon = Text("Tôi không chứng kiến", "I did not witness it"), "x"
    elif action == "sign" and step.label != HAND_IN:  # named otherwise: nothing is handed in with it
        spoken, icon = Text("Ký", "Sign"), "pen"
    elif action == "acknowledge" and step.approves:
        spoken, icon = Text("Ký ghi nhận", "Take note and sign"), "pen"
    elif action == "approve" and not signs:
        spoken, icon = Text("Duyệt", "Approve"), "pen"
    else:
        spoken, icon = _BUTTONS.get(action, (words.same(action), "check"))
    return Act(action, spoken, icon, signs, path, action in step.worded, signs and action in ROUND)


_BUTTONS = {
    "submit": (HAND_IN, "pen"),
    "sign": (HAND_IN, "pen"),
    "reopen": (Text("Sửa tiếp", "Go on editing"), "pen"),
    "approve": (Text("Ký duyệt", "Approve and sign"), "pen"),
    "return": (Text("Trả lại", "Return"), "back"),
    "acknowledge": (Text("Ký xác nhận", "Take note and sign"), "pen"),
    "agree": (Text("Ký đồng ý", "Sign in agreement"), "pen"),
    "state": (Text("Ký kèm ý kiến", "Sign with a statement"), "pen"),
    "refuse": (Text("Ghi lại việc không ký", "Record a refusal to sign"), "x"),
    "seal": (Text("Đóng dấu", "Seal"), "seal"),
    "withdraw": (Text("Rút lại", "Withdraw"), "x"),
}


def acts(turns: Mapping[str, Step]) -> list[Act]:
    """Everything a person may do now, as buttons."""
    return [act(step, action) for action, step in turns.items()]


DONE_WORDS: dict[str, Text] = {
    "sign": Text("Đã ký và trình", "Signed and submitted"),
    "approve": Text("Đã ký duyệt", "Approved and signed"),
    "return": Text("Đã trả lại", "Returned"),
    "seal": Text("Đã đóng dấu", "Sealed"),
    "acknowledge": Text("Đã ký", "Signed"),
    "agree": Text("Đã ký đồng ý", "Signed in agreement"),
    "state": Text("Đã ký kèm ý kiến", "Signed with a statement"),
    "refuse": Text("Đã ghi lại việc không ký", "The refusal is recorded"),
    "reopen": Text("Đã mở lại để sửa", "Reopened"),
    "withdraw": Text("Đã rút lại", "Withdrawn"),
    "delegate": Text("Đã giao cho người khác", "Given to another person"),
}


def done_words(action: str, declared: DocumentType) -> Text | None:
    """What was just done to a record; None for what is no action."""
    if action == "sign" and not declared.reviewed:
        return Text("Đã ký", "Signed")
    choice = _choice(declared, action)
    return choice.label if choice else DONE_WORDS.get(action)


def capacity(step: Step, lines: Sequence[str], absent: str, paper: Text | None) -> Text:
    """In which capacity one signs here, as it will stand above the signature; for whom, on which paper."""
    if isinstance(step, Seal):
        said = Text("Con dấu của trường, do văn thư đóng", "The school's seal, applied by the clerk")
    else:
        said = words.same(" / ".join(lines)) if lines else step.by.name if step.by else ROLES["admin"]
    if absent:
        said = Text(f"{said.vi}, thay {absent}", f"{said.en}, for {absent}")
    return Text(f"{said.vi} ({paper.vi})", f"{said.en} ({paper.en})") if paper else said
