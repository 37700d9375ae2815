"""When a step is taken at all: conditions on what happened before in the same revision. Frozen values, pure.

A step whose condition is false is skipped. A condition knows the outcomes of earlier steps and the values of
the form as they were frozen at the submit; nothing that could change meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.text import Text


@dataclass(frozen=True, slots=True)
class Past:
    """What a condition may know: the action each step was passed with, and frozen values of the form."""

    outcomes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class When:
    """A condition. `words` name it in the picture of the process."""

    @property
    def words(self) -> Text:
        raise NotImplementedError

    @property
    def step(self) -> str:
        """The earlier step it asks about; empty where it asks about the form."""
        return ""

    @property
    def value(self) -> str:
        """The field of the form it asks about; empty where it asks about a step."""
        return ""

    def holds(self, past: Past) -> bool:
        """Is the step taken?"""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Outcome(When):
    """The earlier step `of` was passed with this action."""

    of: str
    action: str
    said: Text

    @property
    def words(self) -> Text:
        return self.said

    @property
    def step(self) -> str:
        return self.of

    def holds(self, past: Past) -> bool:
        return past.outcomes.get(self.of) == self.action


@dataclass(frozen=True, slots=True)
class Refused(When):
    """The person concerned refused their signature at the earlier step `of`."""

    of: str
    said: Text = Text("không ký", "refused to sign")

    @property
    def words(self) -> Text:
        return self.said

    @property
    def step(self) -> str:
        return self.of

    def holds(self, past: Past) -> bool:
        return past.outcomes.get(self.of) == "refuse"


@dataclass(frozen=True, slots=True)
class Submitted(When):
    """The form was submitted with this value in a field; it stands in the event of the submit."""

    field: str
    equals: str | int | bool
    said: Text

    @property
    def words(self) -> Text:
        return self.said

    @property
    def value(self) -> str:
        return self.field

    def holds(self, past: Past) -> bool:
        return bool(past.values.get(self.field) == self.equals)
