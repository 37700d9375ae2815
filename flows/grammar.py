"""The language document types are declared in: steps, deadlines, obligations. Frozen values, pure.

A declaration that contradicts itself fails on import with one sentence (`BadType`). Fields stand in
`flows/fields.py`, who may act in `flows/people.py`, what follows from the events in `flows/plan.py`, the
kinds of deadline in `flows/due_rules.py`: here stands the rule a school begins with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from flows.due_rules import MONDAY, BeforeWeekday, DaysAfter, Deadline, problem
from flows.fields import Form, Known
from flows.people import AnyOf, Author, Who
from flows.remind import Remind, clash
from flows.remind import problem as not_reminding
from models.errors import BadType
from models.text import Text
from tasks.blocks import Block


def years(number: int) -> int:
    """Retention in years."""
    return number


@dataclass(frozen=True, slots=True)
class UntilWeekday:
    """A reviewer's own time: until an hour of a weekday, weeks before the teaching week; at least `least`."""

    weekday: int
    hour: int
    weeks_before: int
    least: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Within:
    """A reviewer's own time, counted from the moment the step opened."""

    time: timedelta


StepDue = UntilWeekday | Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One station of the way. `label` names it on the track, `by` takes it (None: the machine)."""

    name: str
    label: Text
    by: Who | None = None
    actions: tuple[str, ...] = ()
    due: StepDue | None = None

    @property
    def waiting(self) -> Text:
        return self.by.waiting if self.by else Text("Hệ thống đang xử lý", "The system is working")

    @property
    def signs(self) -> bool:
        """Does taking this step make a signature?"""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Step):
    """Writing; ends with a submit, which freezes and renders."""

    name: str = "draft"
    label: Text = Text("Soạn", "Draft")
    actions: tuple[str, ...] = ("submit",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign(Step):
    """The author's signature, which certifies the file; `reopen` goes back to writing before it.

    `approves`: it ends the round by itself, nobody reviews after it (a note to one's own approved plan).
    """

    name: str = "author"
    label: Text = Text("Ký và trình", "Sign and submit")
    approves: bool = False
    actions: tuple[str, ...] = ("sign", "reopen")

    @property
    def signs(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Step):
    """A decision: approve (with a signature when `with_signature`) or return to an earlier step.

    `approves`: passing it makes the document approved. `numbers`: the number and date are filled in this
    signature's revision (Decree 30, Đ15), from the series named here.
    """

    with_signature: bool = True
    returns_to: str = "draft"
    approves: bool = False
    numbers: str | None = None
    actions: tuple[str, ...] = ("approve", "return")

    @property
    def signs(self) -> bool:
        return self.with_signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal(Step):
    """The organisation's signature, applied by the clerk after the competent signature (Decree 30, Đ32)."""

    name: str = "seal"
    label: Text = Text("Đóng dấu", "Seal")
    actions: tuple[str, ...] = ("seal",)

    @property
    def signs(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(Step):
    """The machine's last step: every signature validated, archive timestamp, hash, retention in years."""

    name: str = "archive"
    label: Text = Text("Lưu trữ", "Archive")
    keep: int
    actions: tuple[str, ...] = ("archive",)


_BEFORE_THE_WEEK = BeforeWeekday(MONDAY, weeks_before=0, setting="obligation_due")

ObligationKind = Literal["download", "print", "print-unless-laptop"]


@dataclass(frozen=True, slots=True)
class Obligation:
    """What the owner must do once the record is approved (the plan, II.3), and by when.

    `least`: the time that stays even when the approval came late; its lateness is not the owner's.
    """

    kind: ObligationKind
    by: Who
    due: Deadline = _BEFORE_THE_WEEK
    least: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Owes:
    """Who owes one of these for every teaching week: each "teacher", or each "group" by its head."""

    each: Literal["teacher", "group"]


LayOut = Callable[[Mapping[str, Any], "Facts"], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """A teaching week as a layout or a title needs it (dates ISO, both inclusive)."""

    id: str
    number: int
    term: int
    year: str
    monday: str
    sunday: str


@dataclass(frozen=True, slots=True)
class Cited:
    """The approved document another one is about: its revision and its files as they can be checked.

    `approved_sha256` is the file with the last person's signature, `archived_sha256` the same file with the
    archive timestamp (empty before the archive). `approved_on` is an ISO date.
    """

    document_id: str
    title: str
    revision: int
    approved_on: str
    approved_sha256: str
    archived_sha256: str
    parts: Mapping[str, str] = field(default_factory=dict)
    """Its lessons in words, by their id."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time for a record about another one, from that one's last decision.

    `time`, or as many working days as the school's rule `rule` says. `closes`: it is not begun afterwards.
    """

    time: timedelta = timedelta()
    rule: str = ""
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the records know beside the form, at the moment of a submit."""

    document_id: str
    revision: int
    date: str
    issuer: Mapping[str, str]
    author_name: str
    author_post: str
    group_name: str
    homeroom: str
    concerned_name: str = ""
    concerned_post: str = ""
    weeks: Mapping[str, WeekFacts] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    based_on: tuple[str, ...] = ()
    """Records this one is based on, where its author wants them named in the text."""
    about: Cited | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedBody:
    """The body may be an uploaded file: what the form still asks beside it, and the cover around it.

    `form`: a shorter form of the same fields (a list keeps the columns named here). `lay_out` gives the data
    of the layout `uploaded_body`. `take_over` makes rows of the list `into` from the text of a Word file,
    where no LibreOffice is installed; without it such a server takes PDF only.
    """

    form: Form
    lay_out: LayOut
    take_over: Callable[[Sequence[Block], Known], list[dict[str, Any]]] | None = None
    into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """One record type, whole: what is filled in, who passes it on, when it is due, how it looks.

    `amends` names the type whose approved documents this one is about: it takes its week from that document
    and is begun there, `after` it went that way, `once` for each, within its `span`; `begins` fills its draft.
    `begin_label` is the button there. `confidential`: seen by its author, by whom it is about, the head of
    the group and the principals alone. `parts` gives the words for what of a document may be named so. `informs` are told
    once it is approved. Two documents of the same weeks that agree in all of `alike_by` ("owner", "group" or
    fields) are likely one made twice: their author is told, and goes on if both are meant. `reminders` count
    from the limit for handing it in, `review_reminders` from each reviewer's own; a school may set others.
    """

    slug: str
    name: Text
    short: Text
    form: Form
    steps: tuple[Step, ...]
    drafted_by: Who
    layout: str
    lay_out: LayOut
    title: Callable[[Mapping[str, Any], Facts], str]
    week_field: str = ""
    last_week_field: str | None = None
    unique_by: tuple[str, ...] = ()
    alike_by: tuple[str, ...] = ()
    deadline: Deadline | None = None
    owes: Owes | None = None
    reminders: tuple[Remind, ...] = ()
    review_reminders: tuple[Remind, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    amends: str = ""
    after: When | None = None
    once: bool = False
    span: Span | None = None
    begins: Callable[[Facts], dict[str, Any]] | None = None
    begin_label: Text | None = None
    confidential: bool = False
    parts: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None
    informs: tuple[Who, ...] = ()
    body: UploadedBody | None = None
    version: int = 1

    def __post_init__(self) -> None:
        check(self)

    def step(self, name: str) -> Step:
        """The step of that name; KeyError when there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def after(self, name: str) -> Step | None:
        """The step that follows."""
        index = self.steps.index(self.step(name))
        return self.steps[index + 1] if index + 1 < len(self.steps) else None

    def with_uploaded_body(self) -> DocumentType:
        """The same type for a document whose body is a file: its shorter form, its cover."""
        assert self.body is not None
        return replace(self, form=self.body.form, layout="uploaded_body", lay_out=self.body.lay_out)

    @property
    def reviewed(self) -> bool:
        """Does anyone decide on it after its author's signature?"""
        return any(isinstance(s, Review) for s in self.steps)

    @property
    def signing_steps(self) -> tuple[Step, ...]:
        return tuple(s for s in self.steps if s.signs)

    @property
    def archive(self) -> Archive:
        last = self.steps[-1]
        assert isinstance(last, Archive)
        return last


def check(declared: DocumentType) -> None:
    """Refuse a declaration that contradicts itself: see the sentences below."""
    steps, slug = declared.steps, declared.slug
    names = [s.name for s in steps]

    def demand(truth: bool, sentence: str) -> None:
        if not truth:
            raise BadType(f"{slug}: {sentence}")

    demand(len(set(names)) == len(names), "two steps have the same name.")
    demand(bool(steps) and isinstance(steps[0], Draft), "the first step must be Draft.")
    demand(isinstance(steps[-1], Archive), "the last step must be Archive, or nothing ever ends.")
    demand(sum(isinstance(s, Archive | Draft) for s in steps) == 2, "Draft and Archive stand once.")
    demand(len(steps) > 2, "between Draft and Archive someone must decide.")
    demand(all(s.by is not None for s in steps[:-1]), "every step but Archive needs someone (by=…).")
    approving = [i for i, s in enumerate(steps) if isinstance(s, Review | Sign) and s.approves]
    demand(len(approving) == 1, "exactly one review approves (approves=True), or the author's signature.")
    demand(
        isinstance(steps[approving[0]], Review) or not any(isinstance(s, Review) for s in steps),
        "the author's signature ends the round, so nobody reviews.",
    )
    for index, step in enumerate(steps):
        if isinstance(step, Review):
            demand(
                step.returns_to in names[:index],
                f"{step.name} returns to {step.returns_to!r}, not before it.",
            )
            demand(not _is_author(step.by), f"{step.name}: nobody approves their own document.")
            demand(
                step.numbers is None or (step.signs and step.approves),
                f"{step.name} gives a number, so it must be the competent signature.",
            )
        if isinstance(step, Seal):
            demand(index > approving[0], "the seal comes after the competent signature (Decree 30, Đ32).")
        if isinstance(step, Sign):
            demand(_is_author(step.by), f"{step.name} is the author's signature.")
            demand(index == 1, "the author signs right after the draft; the signature certifies the file.")
    fields = {f.name for f in declared.form.fields}
    demand(
        declared.week_field in fields or (not declared.week_field and bool(declared.amends)),
        f"week_field {declared.week_field!r} is no field of the form.",
    )
    own = (declared.deadline,) if declared.deadline else ()
    for rule in (*own, *(o.due for o in declared.obligations)):
        wrong = problem(rule)
        demand(bool(rule.setting), "a deadline names the setting a school may change it under.")
        demand(wrong is None, f"its deadline is none: {wrong[1].en if wrong else ''}")
    demand(
        not (isinstance(declared.deadline, DaysAfter) and declared.deadline.event == "approved"),
        "what is due before its approval cannot be due after it.",
    )
    for reminders in (declared.reminders, declared.review_reminders):
        for reminder in reminders:
            lacks = not_reminding(reminder)
            demand(lacks is None, f"it reminds in no way that is one: {lacks[1].en if lacks else ''}")
        demand(clash(reminders) is None, "two reminders tell the same person on the same day.")
    demand(not declared.reminders or bool(own and declared.owes), "it reminds of what nobody owes by a date.")
    demand(
        not (declared.owes and declared.owes.each == "group")
        or all(r.to != "group_head" for r in declared.reminders),
        "the group heads owe it themselves: who is told after them is a principal.",
    )
    kinds = [o.kind for o in declared.obligations]
    demand(len(set(kinds)) == len(kinds), "an obligation is declared twice.")
    demand(all(_is_author(o.by) for o in declared.obligations), "obligations are the author's (by=author).")
    if declared.body:
        short = declared.body.form
        asked = {f.name: f for f in short.fields}
        demand(set(asked) <= fields, "its form beside a file asks what the whole form does not.")
        demand(declared.week_field in asked, "its form beside a file must ask for the week.")
        demand(
            declared.body.take_over is None or declared.body.into in fields,
            "text is taken over into a field that the form has not.",
        )
    demand(set(declared.unique_by) <= fields | {"owner"}, "unique_by names a field the form has not.")
    demand(set(declared.alike_by) <= fields | {"owner", "group"}, "alike_by names a field the form has not.")


def _is_author(who: Who | None) -> bool:
    if isinstance(who, AnyOf):
        return any(_is_author(choice) for choice in who.choices)
    return isinstance(who, Author)
