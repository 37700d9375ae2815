"""What is reminded of and by which rules: each type's own, or those a school set instead. Reads and keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from flows.catalogue import TYPES
from flows.grammar import DocumentType, Draft, Sign, Step
from flows.people import Actor
from flows.remind import Remind, To, as_data, from_data
from models.reminder import ReminderRules
from models.text import Text


@dataclass(frozen=True, slots=True)
class Reminded:
    """One matter people are reminded of: a type that is owed, or the reviews of a type.

    `key` is what a school keeps rules of its own under.
    """

    key: str
    declared: DocumentType
    review: bool
    default: tuple[Remind, ...]

    @property
    def name(self) -> Text:
        if self.review:
            return Text("Duyệt: {name}", "Review: {name}").format(name=self.declared.name)
        return self.declared.name

    @property
    def recipients(self) -> tuple[To, ...]:
        """Who can be told: a group head is told nothing of what the group heads owe themselves."""
        by_group = not self.review and self.declared.owes and self.declared.owes.each == "group"
        return (
            ("owes", "vice_principal", "principal")
            if by_group
            else (
                "owes",
                "group_head",
                "vice_principal",
                "principal",
            )
        )


def owed_key(slug: str) -> str:
    """Under which a school keeps its reminders of what is owed."""
    return slug


def review_key(slug: str) -> str:
    """Under which a school keeps its reminders of reviews."""
    return f"{slug}:review"


def matters(types: Iterable[DocumentType] = TYPES) -> dict[str, Reminded]:
    """Every matter there are reminders of, by its key; types that are owed first."""
    types = tuple(types)
    found = [Reminded(owed_key(t.slug), t, False, t.reminders) for t in types if t.owes and t.deadline]
    found += [
        Reminded(review_key(t.slug), t, True, t.review_reminders)
        for t in types
        if any(step.due for step in t.leaves if is_decided(step))
    ]
    return {one.key: one for one in found}


def is_decided(step: Step) -> bool:
    """Is it somebody's decision on another's record?"""
    return not step.automatic and not isinstance(step, Draft | Sign)


Rules = Mapping[str, Mapping[str, tuple[Remind, ...]]]
"""By school and matter: the rules in force."""


def rules_of(session: Session, schools: Sequence[str]) -> Rules:
    """The rules in force in each school: its own where it set some, else the types'.

    A rule that stood before the school's last change is as old as it was; any other begins with its change.
    """
    defaults = {key: one.default for key, one in matters().items()}
    own: dict[str, dict[str, tuple[Remind, ...]]] = {school: dict(defaults) for school in schools}
    rows = session.exec(
        select(ReminderRules)
        .where(col(ReminderRules.school_id).in_(schools))
        .order_by(col(ReminderRules.set_at), col(ReminderRules.id))
    )
    for row in rows:
        before = {rule: rule for rule in own[row.school_id].get(row.key, ())}
        own[row.school_id][row.key] = tuple(
            before.get(rule) or replace(rule, since=row.set_at) for rule in from_data(row.value, row.key)
        )
    return own


def history(session: Session, school_id: str, key: str) -> Sequence[ReminderRules]:
    """What the school set so far, the latest first."""
    rows = select(ReminderRules).where(
        col(ReminderRules.school_id) == school_id, col(ReminderRules.key) == key
    )
    return session.exec(rows.order_by(col(ReminderRules.set_at).desc(), col(ReminderRules.id).desc())).all()


def set_rules(session: Session, actor: Actor, key: str, rules: Sequence[Remind], now: datetime) -> None:
    """Keep a school's own rules of a matter. What was told already is not told again by them, and
    what a new one would have told by now is told by nobody."""
    session.add(
        ReminderRules(school_id=actor.school_id, key=key, value=as_data(rules), set_by=actor.id, set_at=now)
    )
