"""A document's state, way and history in words, for pages and mails. Pure: values in, texts out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flows.deadlines import late_words, length_words
from flows.grammar import Acknowledge, Decision, DocumentType, Draft, Sign, Step
from flows.parts import name_of, rows_of
from flows.views import EventSeen, View, WaitingStep
from models.document import Document
from models.text import Text
from service import words
from service.act_words import MACHINE


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
DESTROYED = State("wd", "", Text("Đã hủy", "Destroyed"))
_ENDED = {"archived": ARCHIVED, "withdrawn": WITHDRAWN, "replaced": REPLACED, "destroyed": DESTROYED}

STATUSES: dict[str, Text] = {
    "draft": DRAFT.words,
    "in_progress": Text("Đang trình", "In progress"),
    "returned": Text("Trả lại", "Returned"),
    "approved": APPROVED.words,
    "archived": ARCHIVED.words,
    "replaced": REPLACED.words,
    "withdrawn": WITHDRAWN.words,
    "destroyed": DESTROYED.words,
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
        done, waiting = _settled(declared), _low(step.waiting)
        if step.automatic:
            return replace(APPROVED, words=Text(f"{done.vi}, đang lưu trữ", f"{done.en}, being archived"))
        return State("wait", "wait", Text(f"{done.vi}, {waiting.vi}", f"{done.en}; {waiting.en}"))
    return State("wait", "wait", step.waiting)


_SETTLED: dict[type[Step], Text] = {
    Sign: Text("Đã ký", "Signed"),
    Acknowledge: Text("Đã xác nhận", "Noted"),
    Decision: Text("Đã giải quyết", "Decided"),
}


def _settled(declared: DocumentType) -> Text:
    """What the signature that ends the round is called: only a reviewer's approval is one."""
    ending = next(type(step) for step in declared.leaves if step.approves)
    return _SETTLED.get(ending, Text("Đã ký duyệt", "Approved"))


NOT_SIGNED = Text("Đã dựng trang, chưa ký", "Pages made, not signed yet")


def _low(text: Text) -> Text:
    return Text(text.vi[0].lower() + text.vi[1:], text.en[0].lower() + text.en[1:])


def timeliness(document: Document, *, waived: bool = False) -> State | None:
    """On time or late, once the author has signed; `waived`: its lateness was."""
    if document.first_signed_at is None or document.due_at is None or document.status == "withdrawn":
        return None
    if document.first_signed_at < document.due_at:
        return State("ok", "ok", Text("Đúng hạn", "On time"))
    # In the unit of the sentence beside it (`lateness`), which gives the exact times.
    length = length_words(document.first_signed_at - document.due_at)
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
    column: str
    """Its own name, or that of the group it belongs to."""
    when: str = ""
    """The time alone, for the picture."""

    @property
    def mark(self) -> str:
        return {"done": "ok", "here": "wait", "ret": "ret", "next": "todo", "wd": "wd"}[self.at]


AUTHOR = Text("Người soạn", "Author")


def way(view: View) -> list[Station]:
    """Every step with what happened there in this revision, or who it waits for.

    A step whose condition did not hold is left out; one that may still be skipped says when it is taken.
    """
    declared, position = view.here.declared, view.here.position
    at = _place(view)
    passed = _passed(view)
    done = {one.step for one in position.passed}
    waiting = {one.step.name: one for one in view.waiting}
    stations = []
    for place, group in enumerate(declared.steps):
        for step in group.leaves:
            skipped = place < at and step.name not in done and (group.when or group is not step)
            if skipped or (place == at and position.step and not _stands(step, waiting, done, view)):
                continue
            if place < at or step.name in done:
                stations.append(Station(step, "done", *_was(passed.get(step.name), step, group)))
            elif place > at:
                when = (
                    Text("chỉ khi {said}", "only if {said}").format(said=group.when.words)
                    if group.when
                    else None
                )
                stations.append(Station(step, "next", when, _lane(step), group.name))
            elif position.step is None:
                stations.append(_withdrawn(view, step, group))
            else:
                here = "ret" if view.document.status == "returned" else "here"
                one = waiting.get(step.name)
                stamp = words.brief(one.opened_at).vi if one and one.opened_at else ""
                stations.append(Station(step, here, _waits(one), _lane(step), group.name, stamp))
    return stations


def _place(view: View) -> int:
    """At which station it stands; past the last at its end, and where it was when it was withdrawn."""
    declared, position = view.here.declared, view.here.position
    if position.step is not None:
        return declared.station(position.step.name)
    return (
        declared.station(view.events[-1].event.step)
        if position.status == "withdrawn"
        else len(declared.steps)
    )


def _stands(step: Step, waiting: Mapping[str, WaitingStep], done: set[str], view: View) -> bool:
    """Is this step of the present station open or done? A group that had enough closes the others."""
    return step.name in waiting or step.name in done or view.here.position.automatic


def _lane(step: Step) -> Text:
    return step.by.name if step.by else MACHINE


def _was(event: EventSeen | None, step: Step, group: Step) -> tuple[Text | None, Text, str, str]:
    """What is said of a step that is done."""
    if event is None:
        return None, _lane(step), group.name, ""
    stamp = words.brief(event.event.at).vi
    note = Text(f"{event.name}, {stamp}", f"{event.name}, {stamp}") if event.name else words.same(stamp)
    if event.event.action == "refuse":
        note = Text(f"không ký; {event.name} ghi lại, {stamp}", f"refused; recorded by {event.name}, {stamp}")
    return note, _lane(step), group.name, stamp


def _withdrawn(view: View, step: Step, group: Step) -> Station:
    event = view.events[-1]
    stamp = words.brief(event.event.at).vi
    note = Text(f"{event.name} rút lại, {stamp}", f"{event.name} withdrew it, {stamp}")
    return Station(step, "wd", note, _lane(step), group.name, stamp)


def _passed(view: View) -> dict[str, EventSeen]:
    """The last event that passed each step."""
    return {e.event.step: e for e in view.events if e.event.action not in _NO_PASSING}


_NO_PASSING = ("create", "return", "reopen", "withdraw", "replace", "delegate", "destroy")


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


def _waits(waiting: WaitingStep | None) -> Text:
    if waiting is None:
        return Text("Hệ thống đang xử lý", "The system is working")
    people = sorted((a.full_name for a in waiting.people), key=words.by_given_name)
    if not people:
        return Text("Hiện không ai xử lý được bước này", "Nobody can take this step now")
    named = ", ".join(people[:3]) + (" …" if len(people) > 3 else "")
    since = words.brief(waiting.opened_at).vi if waiting.opened_at else ""
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
