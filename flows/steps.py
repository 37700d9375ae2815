"""The kinds of step a document type is made of. Frozen values, pure.

What is open when, and for whom, follows in `flows/plan.py`; which chains make sense, in
`flows/step_checks.py`. Types take all of these from `flows/grammar.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flows.branching import When
from flows.people import Who, concerned
from models.text import Text


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

BACK = ("reopen", "return")
"""Actions that lead back; every other passes its step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One station of the way. `label` names it on the track, `by` takes it (None: the machine, or a group's
    parts), `when` says if it is taken at all.

    `approves`: passing it makes the document approved. `numbers`: the number and date are filled in this
    signature's revision (Decree 30, Đ15), from the series named here. `returns_to`: the earlier step a return
    leads to; empty where nothing is returned. `kept`: its author neither takes the document back here nor
    writes it anew.
    """

    name: str
    label: Text
    by: Who | None = None
    due: StepDue | None = None
    when: When | None = None
    approves: bool = False
    numbers: str | None = None
    returns_to: str = ""
    kept: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """What may be done here, in the order it is offered."""
        return ()

    @property
    def signing(self) -> tuple[str, ...]:
        """Those of the actions that make a signature."""
        return ()

    @property
    def worded(self) -> tuple[str, ...]:
        """Those of the actions that need words: a reason, a statement."""
        return ("return",) if self.returns_to else ()

    @property
    def leaves(self) -> tuple[Step, ...]:
        """The steps somebody takes: itself, or a group's parts."""
        return (self,)

    @property
    def automatic(self) -> bool:
        """The machine's?"""
        return False

    @property
    def signs(self) -> bool:
        """Does taking this step make a signature?"""
        return bool(self.signing)

    @property
    def passing(self) -> tuple[str, ...]:
        """The actions that pass this step."""
        return tuple(action for action in self.actions if action not in BACK)

    @property
    def waiting(self) -> Text:
        return self.by.waiting if self.by else Text("Hệ thống đang xử lý", "The system is working")

    def filled(self, action: str) -> str:
        """The text field of the page that this action's words are filled into; empty for none."""
        del action
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Step):
    """Writing; ends with a submit, which freezes and renders."""

    name: str = "draft"
    label: Text = Text("Soạn", "Draft")

    @property
    def actions(self) -> tuple[str, ...]:
        return ("submit",)


HAND_IN = Text("Ký và trình", "Sign and submit")
"""How an author's signature is called that hands the record in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign(Step):
    """The author's signature; `reopen` goes back to writing while nobody signed.

    `approves`: it ends the round by itself, nobody reviews after it (a note to one's own approved plan). Not
    `rewritten`: there is nothing to go on writing; it is taken back whole and recorded anew.
    """

    name: str = "author"
    label: Text = HAND_IN
    rewritten: bool = True

    @property
    def actions(self) -> tuple[str, ...]:
        return ("sign", "reopen") if self.rewritten and not self.kept else ("sign",)

    @property
    def signing(self) -> tuple[str, ...]:
        return ("sign",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Step):
    """A decision: approve (with a signature when `with_signature`) or return to an earlier step."""

    with_signature: bool = True
    returns_to: str = "draft"

    @property
    def actions(self) -> tuple[str, ...]:
        return ("approve", "return")

    @property
    def signing(self) -> tuple[str, ...]:
        return ("approve",) if self.with_signature else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Step):
    """A signed note that one has read it. A witness of a refusal signs here too.

    `text`: the text field that this signature fills with the refusal recorded at the step `refusal_of`. A
    witness who saw no refusal returns it to the group where it was recorded: the refusal alone is undone.
    """

    text: str = ""
    refusal_of: str = ""

    @property
    def actions(self) -> tuple[str, ...]:
        return ("acknowledge", "return") if self.returns_to else ("acknowledge",)

    @property
    def signing(self) -> tuple[str, ...]:
        return ("acknowledge",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond(Step):
    """The person concerned agrees (signs), states something (signs, the statement filled into the text field
    `text` by that signature), or refuses.

    A refusal makes no signature. They or the author record it, with its reason and the name of a witness;
    the author only once the step has been open for `unasked`, which is the person's time to answer.
    """

    by: Who | None = concerned
    text: str = "statement"
    unasked: timedelta = timedelta(hours=24)

    @property
    def actions(self) -> tuple[str, ...]:
        return ("agree", "state", "refuse")

    @property
    def signing(self) -> tuple[str, ...]:
        return ("agree", "state")

    @property
    def worded(self) -> tuple[str, ...]:
        return ("state", "refuse")

    def filled(self, action: str) -> str:
        return self.text if action == "state" else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One outcome of a decision: its action, its button, and what is told afterwards ("{who} …")."""

    action: str
    label: Text
    told: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Step):
    """A reviewer chooses one of several signed outcomes; its reasons fill the text field `text`."""

    choices: tuple[Choice, ...]
    text: str = "reasons"

    @property
    def actions(self) -> tuple[str, ...]:
        named = tuple(choice.action for choice in self.choices)
        return (*named, "return") if self.returns_to else named

    @property
    def signing(self) -> tuple[str, ...]:
        return tuple(choice.action for choice in self.choices)

    @property
    def worded(self) -> tuple[str, ...]:
        return self.actions

    def filled(self, action: str) -> str:
        return self.text if action in self.signing else ""

    def choice(self, action: str) -> Choice | None:
        """The outcome of that name."""
        return next((choice for choice in self.choices if choice.action == action), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal(Step):
    """The organisation's signature, applied by the clerk after the competent signature (Decree 30, Đ32).

    `own`: whoever drew the paper up may apply it too. It decides nothing, and a school often has one clerk.
    """

    name: str = "seal"
    label: Text = Text("Đóng dấu", "Seal")
    own: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        return ("seal",)

    @property
    def signing(self) -> tuple[str, ...]:
        return ("seal",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Step):
    """A group: its parts are open together, each done once, in any order.

    It is passed when all are done, or `need` of them where that is named; what is left is then closed. A
    return from one part leaves the group as a whole.
    """

    parts: tuple[Step, ...]
    need: int = 0

    @property
    def leaves(self) -> tuple[Step, ...]:
        return self.parts

    @property
    def enough(self) -> int:
        """How many parts must be done."""
        return self.need or len(self.parts)

    @property
    def waiting(self) -> Text:
        return Text("Chờ: {label}", "Waiting: {label}").format(label=self.label.within())


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(Step):
    """The machine's last step: every signature validated, archive timestamp, hash, retention in years.

    `keep` None: permanently. A school may set another term (`flows/retention.py`).
    """

    name: str = "archive"
    label: Text = Text("Lưu trữ", "Archive")
    keep: int | None

    @property
    def actions(self) -> tuple[str, ...]:
        return ("archive",)

    @property
    def automatic(self) -> bool:
        return True
