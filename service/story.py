"""A document's state, way and history in words, for pages and mails. Pure: values in, texts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flows.deadlines import late_words
from flows.grammar import DocumentType, Draft, Review, Seal, Sign, Step
from flows.parts import name_of, rows_of
from flows.people import ROLES
from flows.views import EventSeen, View
from models.document import Document
from models.text import Text
from service import words


@dataclass(frozen=True, slots=True)
class State:
    """A status as it is shown: a mark, a tone of the badge, words."""

    mark: str
    tone: str
    words: Text


DRAFT = State("draft", "", Text("Bản nháp", "Draft"))
RETURNED = State("ret", "bad", Text("Trả lại, cần sửa", "Returned, to be mended"))
APPROVED = State("ok", "ok", Text("Đã ký duyệt", "Approved and signed"))
ARCHIVED = State("arch", "ok", Text("Đã lưu trữ", "Archived"))
WITHDRAWN = State("wd", "", Text("Đã rút", "Withdrawn"))
REPLACED = State("wd", "", Text("Đã thay", "Superseded"))
_ENDED = {"archived": ARCHIVED, "withdrawn": WITHDRAWN, "replaced": REPLACED}

STATUSES: dict[str, Text] = {
    "draft": DRAFT.words,
    "in_progress": Text("Đang trình", "In progress"),
    "returned": Text("Trả lại", "Returned"),
    "approved": APPROVED.words,
    "archived": ARCHIVED.words,
    "replaced": REPLACED.words,
    "withdrawn": WITHDRAWN.words,
}


def state(declared: DocumentType, document: Document) -> State:
    """Where a document stands."""
    if document.status in _ENDED:
        return _ENDED[document.status]
    if document.status == "draft":
        step = declared.step(document.step)
        return DRAFT if isinstance(step, Draft) else State("draft", "", NOT_SIGNED)
    if document.status == "returned" and isinstance(declared.step(document.step), Draft):
        return RETURNED
    step = declared.step(document.step)
    if isinstance(step, Sign):
        return State("draft", "warn", NOT_SIGNED)
    if document.status == "approved":
        if step.by is None:
            return replace(APPROVED, words=_ARCHIVING if declared.reviewed else _ARCHIVING_SIGNED)
        return State(
            "wait",
            "wait",
            Text(f"Đã ký duyệt, {_low(step.waiting).vi}", f"Approved; {_low(step.waiting).en}"),
        )
    return State("wait", "wait", step.waiting)


_ARCHIVING = Text("Đã ký duyệt, đang lưu trữ", "Approved, being archived")
_ARCHIVING_SIGNED = Text("Đã ký, đang lưu trữ", "Signed, being archived")
"""For what nobody but its author signs: a click of the author's is no approval."""
NOT_SIGNED = Text("Đã dựng trang, chưa ký", "Pages made, not signed yet")


def _low(text: Text) -> Text:
    return Text(text.vi[0].lower() + text.vi[1:], text.en[0].lower() + text.en[1:])


def timeliness(document: Document, *, waived: bool = False) -> State | None:
    """On time or late, once the author has signed; `waived`: its lateness was."""
    if document.first_signed_at is None or document.due_at is None or document.status == "withdrawn":
        return None
    if document.first_signed_at < document.due_at:
        return State("ok", "ok", Text("Đúng hạn", "On time"))
    length = words.span(document.first_signed_at - document.due_at)
    if waived:
        return State("waived", "", Text(f"Miễn ghi muộn {length.vi}", f"{length.en} late, waived"))
    return State("late", "warn", Text(f"Muộn {length.vi}", f"{length.en} late"))


def lateness(document: Document) -> Text | None:
    """How late and by which limit, in a sentence; None when on time or not signed yet."""
    if document.first_signed_at is None or document.due_at is None or document.status == "withdrawn":
        return None
    if document.first_signed_at < document.due_at:
        return None
    return late_words(document.due_at, document.first_signed_at)


def track(declared: DocumentType, document: Document) -> list[str]:
    """A class for each step: done, here, ret or nothing."""
    if not document.step:
        return ["" if document.status == "withdrawn" else "done" for _ in declared.steps]
    names = [s.name for s in declared.steps]
    at = names.index(document.step) if document.step in names else 0
    here = "ret" if document.status == "returned" else "here"
    return ["done" if n < at else here if n == at else "" for n in range(len(names))]


def place(declared: DocumentType, document: Document) -> tuple[int, int]:
    """Which step of how many."""
    names = [s.name for s in declared.steps]
    return (names.index(document.step) + 1 if document.step in names else len(names)), len(names)


# --- the way of one document ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Station:
    """A step of the way: `at` is done, here, ret, next, or wd where its author took it back."""

    step: Step
    at: str
    note: Text | None
    lane: Text
    when: str = ""
    """The time alone, for the picture."""

    @property
    def mark(self) -> str:
        return {"done": "ok", "here": "wait", "ret": "ret", "next": "todo", "wd": "wd"}[self.at]


MACHINE = Text("Hệ thống", "System")
AUTHOR = Text("Người soạn", "Author")


def way(view: View) -> list[Station]:
    """Every step with what happened there in this revision, or who it waits for."""
    declared = view.here.declared
    classes = _classes(view)
    passed = _passed(view)
    stations = []
    for step, at in zip(declared.steps, classes, strict=True):
        note: Text | None = None
        stamp = ""
        if at == "done" and step.name in passed:
            event = passed[step.name]
            stamp = words.brief(event.event.at).vi
            note = (
                Text(f"{event.name}, {stamp}", f"{event.name}, {stamp}") if event.name else words.same(stamp)
            )
        elif at in ("here", "ret"):
            note = _waits(view)
            stamp = words.brief(view.opened_at).vi if view.opened_at else ""
        elif at == "wd":
            event = view.events[-1]
            stamp = words.brief(event.event.at).vi
            note = Text(f"{event.name} rút lại, {stamp}", f"{event.name} withdrew it, {stamp}")
        stations.append(Station(step, at or "next", note, step.by.name if step.by else MACHINE, stamp))
    return stations


def _classes(view: View) -> list[str]:
    """As `track` has it; of a withdrawn document the events still say how far it had come."""
    declared, document = view.here.declared, view.document
    if document.status != "withdrawn":
        return track(declared, document)
    names = [s.name for s in declared.steps]
    at = names.index(view.events[-1].event.step)
    return ["done" if n < at else "wd" if n == at else "" for n in range(len(names))]


def _passed(view: View) -> dict[str, EventSeen]:
    """The last event that passed each step."""
    return {e.event.step: e for e in view.events if e.event.action not in _NO_PASSING}


_NO_PASSING = ("create", "return", "reopen", "withdraw", "replace", "delegate")


def absences(view: View) -> list[Text]:
    """Who is away at the open step, until when, and who stands in: shown on every record it touches."""
    return [
        (_GIVEN if one.delegation.document_id else _AWAY if one.free else _AWAY_BOUND).format(
            absent=one.absent.full_name,
            day=words.day(one.delegation.last_day),
            who=one.delegate.full_name,
            paper=_PAPER.format(number=one.delegation.number) if one.delegation.number else "",
        )
        for one in view.away
    ]


_PAPER = Text(" theo giấy ủy quyền số {number}", " by authorisation no. {number}")
_AWAY = Text(
    "{absent} vắng mặt đến hết {day}; {who} thay{paper}.",
    "{absent} is away until {day}; {who} stands in{paper}.",
)
_GIVEN = Text(
    "{absent} giao riêng hồ sơ này cho {who} xử lý{paper}, đến hết {day}.",
    "{absent} gave this one record to {who}{paper}, until {day}.",
)
_AWAY_BOUND = Text(
    "{absent} vắng đến hết {day}; {who} thay{paper} nhưng đã soạn hoặc ký hồ sơ này nên không quyết định.",
    "{absent} is away until {day}; {who} stands in{paper} but wrote or signed this record and cannot decide.",
)


def _waits(view: View) -> Text:
    if view.here.position.automatic:
        return Text("Hệ thống đang xử lý", "The system is working")
    people = sorted((a.full_name for a in view.waiting_for), key=words.by_given_name)
    if not people:
        return Text("Hiện không ai xử lý được bước này", "Nobody can take this step now")
    named = ", ".join(people[:3]) + (" …" if len(people) > 3 else "")
    since = words.brief(view.opened_at).vi if view.opened_at else ""
    return Text(f"Chờ {named} từ {since}", f"Waiting for {named} since {since}")


# --- its parts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A lesson, or whatever the type's rows are, as a reviewer finds it."""

    key: str
    words: str
    page: int | None


def parts_of(view: View) -> list[Part]:
    """The lessons of the newest revision, with the page each begins on."""
    shown = view.revisions[-1] if view.revisions else None
    if shown is None:
        return []
    form = view.here.declared.form
    return [
        Part(key, name_of(form, row, number), shown.parts.get(key))
        for number, (key, row) in enumerate(rows_of(form, shown.fields).items(), 1)
    ]


# --- history --------------------------------------------------------------------------------------------

_DONE: dict[str, Text] = {
    "create": Text("{who} tạo bản nháp", "{who} made the draft"),
    "submit": Text("{who} dựng trang bản {n}, chưa ký", "{who} froze revision {n}, not signed yet"),
    "sign": Text("{who} ký và trình bản {n}", "{who} signed and submitted revision {n}"),
    "reopen": Text("{who} mở lại để sửa trước khi ký", "{who} reopened it before signing"),
    "return": Text("{who} trả lại bản {n}", "{who} returned revision {n}"),
    "seal": Text("{who} đóng dấu của trường", "{who} applied the school's seal"),
    "withdraw": Text("{who} rút lại hồ sơ", "{who} withdrew the record"),
    "delegate": Text("{who} giao hồ sơ này cho {to} xử lý", "{who} gave this record to {to}"),
    "replace": Text("Bản thay thế đã được ký duyệt", "Its replacement was approved"),
    "archive": Text(
        "Hệ thống kiểm tra mọi chữ ký, đóng dấu thời gian và lưu trữ",
        "The system validated every signature, time-stamped and archived",
    ),
}


def happened(declared: DocumentType, seen: EventSeen) -> Text:
    """An event as a sentence."""
    event = seen.event
    who = seen.name or MACHINE.vi
    if event.action == "approve":
        step = declared.step(event.step)
        signed = isinstance(step, Review) and step.signs
        final = isinstance(step, Review) and step.approves
        if signed:
            pattern = (
                Text("{who} ký duyệt", "{who} approved and signed")
                if final
                else Text("{who} duyệt và ký", "{who} reviewed and signed")
            )
        else:
            pattern = Text("{who} duyệt", "{who} approved")
        number = event.data.get("number")
        if number:
            pattern = Text(f"{pattern.vi}, số {number}", f"{pattern.en}, number {number}")
    elif event.action == "sign" and not declared.reviewed:
        pattern = Text("{who} ký bản {n}", "{who} signed revision {n}")
    else:
        pattern = _DONE.get(event.action, Text("{who}: " + event.action, "{who}: " + event.action))
    said = pattern.format(who=who, n=event.revision, to=seen.to)
    if not seen.absent:
        return said
    number = event.data.get("authorisation")
    return Text(
        f"{said.vi}, thay {seen.absent}" + (f" (ủy quyền số {number})" if number else ""),
        f"{said.en}, for {seen.absent}" + (f" (authorisation no. {number})" if number else ""),
    )


# --- what a person may do -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """An action as a button: its words, its icon, whether it asks for the PIN."""

    action: str
    words: Text
    icon: str
    signs: bool


def act(step: Step, action: str) -> Act:
    """The words of an action at a step; only a signature is called one."""
    signs = step.signs and action in ("sign", "approve", "seal")
    alone = isinstance(step, Sign) and step.approves
    said = {
        "submit": (Text("Ký và trình", "Sign and submit"), "pen"),
        "sign": (Text("Ký", "Sign") if alone else Text("Ký và trình", "Sign and submit"), "pen"),
        "reopen": (Text("Sửa tiếp", "Go on editing"), "pen"),
        "approve": (Text("Ký duyệt", "Approve and sign") if signs else Text("Duyệt", "Approve"), "pen"),
        "return": (Text("Trả lại", "Return"), "back"),
        "seal": (Text("Đóng dấu", "Seal"), "seal"),
        "withdraw": (Text("Rút lại", "Withdraw"), "x"),
    }
    spoken, icon = said.get(action, (words.same(action), "check"))
    return Act(action, spoken, icon, signs)


def acts(step: Step | None, actions: Sequence[str]) -> list[Act]:
    return [act(step, action) for action in actions] if step else []


DONE_WORDS: dict[str, Text] = {
    "sign": Text("Đã ký và trình", "Signed and submitted"),
    "approve": Text("Đã ký duyệt", "Approved and signed"),
    "return": Text("Đã trả lại", "Returned"),
    "seal": Text("Đã đóng dấu", "Sealed"),
    "reopen": Text("Đã mở lại để sửa", "Reopened"),
    "withdraw": Text("Đã rút lại", "Withdrawn"),
    "delegate": Text("Đã giao cho người khác", "Given to another person"),
}


def done_words(action: str, declared: DocumentType) -> Text | None:
    """What was just done to a record; None for what is no action."""
    if action == "sign" and not declared.reviewed:
        return Text("Đã ký", "Signed")
    return DONE_WORDS.get(action)


def capacity(step: Step, lines: Sequence[str], absent: str, paper: Text | None) -> Text:
    """In which capacity one signs here, as it will stand above the signature; for whom, on which paper."""
    if isinstance(step, Seal):
        said = Text("Con dấu của trường, do văn thư đóng", "The school's seal, applied by the clerk")
    else:
        said = words.same(" / ".join(lines)) if lines else step.by.name if step.by else ROLES["admin"]
    if absent:
        said = Text(f"{said.vi}, thay {absent}", f"{said.en}, for {absent}")
    return Text(f"{said.vi} ({paper.vi})", f"{said.en} ({paper.en})") if paper else said


def run_words(view: View, now: datetime) -> Text:
    """What the machine is doing with this document."""
    if view.incidents:
        incident = view.incidents[0]
        return Text(f"Sự cố: {incident.sentence_vi}", f"Incident: {incident.sentence_en}")
    position = view.here.position
    if view.document.status == "withdrawn":
        return Text("Đã dừng: người soạn rút lại.", "Ended: its author withdrew it.")
    if position.step is None:
        return Text(
            "Đã chạy xong: mọi bước tự động đã hoàn thành.", "Done: every automatic step is complete."
        )
    if position.automatic:
        done = [e for e in view.ledger if e.opened_seq == position.opened_seq and e.state == "done"]
        return Text(
            f"Hệ thống đang kiểm tra chữ ký và lưu trữ ({len(done)} trên 3 việc đã xong).",
            f"The system is validating and archiving ({len(done)} of 3 tasks done).",
        )
    if isinstance(position.step, Draft | Sign) and view.document.first_signed_at is None:
        return Text(
            "Chưa trình, hệ thống chưa phải làm gì.", "Not submitted; nothing for the system to do yet."
        )
    since = words.ago(view.opened_at, now) if view.opened_at else words.same("")
    return Text(
        f"Không chạy gì: đang chờ người, từ {since.vi}.", f"Idle: waiting for a person since {since.en}."
    )
