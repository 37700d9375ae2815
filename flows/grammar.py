"""The language document types are declared in: steps, deadlines, obligations. Frozen values, pure.

A declaration that contradicts itself fails on import with one sentence (`BadType`). The kinds of step stand
in `flows/steps.py` and when one is taken in `flows/branching.py`, fields in `flows/fields.py`, who may act in
`flows/people.py`, what follows from the events in `flows/plan.py`, the kinds of deadline in
`flows/due_rules.py`: here stands the rule a school begins with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from flows.branching import Outcome, Past, Refused, Submitted, When
from flows.due_rules import MONDAY, BeforeWeekday, DaysAfter, Deadline, problem
from flows.fields import Form, Known
from flows.people import Who
from flows.remind import Remind, clash
from flows.remind import problem as not_reminding
from flows.step_checks import check_steps, is_author, leaves
from flows.steps import (
    Acknowledge,
    Archive,
    Choice,
    Decision,
    Draft,
    Parallel,
    Respond,
    Review,
    Seal,
    Sign,
    Step,
    StepDue,
    UntilWeekday,
    Within,
)
from models.errors import BadType
from models.text import Text
from tasks.blocks import Block
from tasks.mail_hours import WorkingDay

__all__ = [
    "PERMANENTLY",
    "Acknowledge",
    "Archive",
    "Choice",
    "Cited",
    "Decision",
    "DocumentType",
    "Draft",
    "Facts",
    "LayOut",
    "Obligation",
    "ObligationKind",
    "Outcome",
    "Owes",
    "Parallel",
    "Past",
    "Refused",
    "Respond",
    "Review",
    "Seal",
    "Sign",
    "Step",
    "StepDue",
    "Submitted",
    "UntilWeekday",
    "UploadedBody",
    "WeekFacts",
    "When",
    "Within",
    "check",
    "years",
]


PERMANENTLY = None
"""Retention without an end."""


def years(number: int) -> int:
    """Retention in years."""
    return number


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


def printed_code(document_id: str, revision: int) -> str:
    """What stands at the foot of each page of a revision: short, and enough to find it by."""
    return f"{document_id[-12:]}-{revision}"


@dataclass(frozen=True, slots=True)
class Cited:
    """The approved document another one is about: its revision and its files as they can be checked.

    `approved_sha256` is the file with the last person's signature, `archived_sha256` the same file with the
    archive timestamp (empty before the archive). ISO dates: `approved_on`, `decided_on` (that signature).
    """

    document_id: str
    title: str
    revision: int
    approved_on: str
    decided_on: str
    approved_sha256: str
    archived_sha256: str
    parts: Mapping[str, str] = field(default_factory=dict)
    """Its lessons in words, by their id."""

    @property
    def code(self) -> str:
        return printed_code(self.document_id, self.revision)

    @property
    def as_printed(self) -> dict[str, Any]:
        """For a layout that cites it."""
        return {
            "title": self.title,
            "code": self.code,
            "revision": self.revision,
            "approved_on": self.approved_on,
            "approved_sha256": self.approved_sha256,
            "archived_sha256": self.archived_sha256,
        }


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
    works: WorkingDay | None = None
    """The school's working days, for what is about another document."""

    @property
    def code(self) -> str:
        return printed_code(self.document_id, self.revision)


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
    and is begun there, `after` it went that way, `once` for each, in its `span`, not before that week when it
    tells of what was `taught`; `begins` fills its draft.
    `begin_label` is the button there. `confidential`: seen by its author, by whom it is about, the head of
    the group and the principals alone. `recorded`: the system makes it of what was recorded elsewhere; nobody
    drafts or edits it. `parts` gives the words for what of a document may be named so. `informs` are told
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
    taught: bool = False
    span: Span | None = None
    begins: Callable[[Facts], dict[str, Any]] | None = None
    begin_label: Text | None = None
    confidential: bool = False
    recorded: bool = False
    parts: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None
    informs: tuple[Who, ...] = ()
    body: UploadedBody | None = None
    version: int = 1

    def __post_init__(self) -> None:
        check(self)

    def step(self, name: str) -> Step:
        """The step of that name, a group or a group's part too; KeyError when there is none."""
        for step in (*self.steps, *self.leaves):
            if step.name == name:
                return step
        raise KeyError(name)

    def station(self, name: str) -> int:
        """At which place of the way the step of that name stands, from 0; a part where its group does."""
        for place, step in enumerate(self.steps):
            if step.name == name or any(part.name == name for part in step.leaves):
                return place
        raise KeyError(name)

    def station_of(self, name: str) -> str:
        """The name a document's row has while it stands at that step: its own, or its group's."""
        return self.steps[self.station(name)].name

    @property
    def leaves(self) -> tuple[Step, ...]:
        """The steps somebody takes, in order: groups are replaced by their parts."""
        return leaves(self.steps)

    @property
    def asked(self) -> frozenset[str]:
        """The fields of the form that conditions ask about."""
        return frozenset(s.when.value for s in self.steps if s.when and s.when.value)

    def with_uploaded_body(self) -> DocumentType:
        """The same type for a document whose body is a file: its shorter form, its cover."""
        assert self.body is not None
        return replace(self, form=self.body.form, layout="uploaded_body", lay_out=self.body.lay_out)

    @property
    def reviewed(self) -> bool:
        """Does anyone decide on it after its author's signature?"""
        return any(not isinstance(s, Draft | Sign | Seal | Archive) for s in self.leaves)

    @property
    def about_someone(self) -> bool:
        """Does whom it is about respond to it?"""
        return any(isinstance(s, Respond) for s in self.leaves)

    @property
    def signing_steps(self) -> tuple[Step, ...]:
        return tuple(s for s in self.leaves if s.signs)

    @property
    def archive(self) -> Archive:
        last = self.steps[-1]
        assert isinstance(last, Archive)
        return last


def check(declared: DocumentType) -> None:
    """Refuse a declaration that contradicts itself: see the sentences below."""
    slug = declared.slug
    check_steps(slug, declared.steps)

    def demand(truth: bool, sentence: str) -> None:
        if not truth:
            raise BadType(f"{slug}: {sentence}")

    fields = {f.name for f in declared.form.fields}
    demand(
        declared.week_field in fields
        or (not declared.week_field and (bool(declared.amends) or declared.recorded)),
        f"week_field {declared.week_field!r} is no field of the form.",
    )
    demand(declared.asked <= fields, "a condition asks for a field that the form has not.")
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
    demand(all(is_author(o.by) for o in declared.obligations), "obligations are the author's (by=author).")
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
