"""Who may act: author, head of the group, a role, any of several. Pure.

A `Who` names a post; which person holds it is asked at the moment of acting (DESIGN.md §4).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from models.text import Text

Role = Literal["principal", "vice_principal", "clerk", "teacher", "inspector", "admin"]

ROLES: dict[str, Text] = {
    "principal": Text("Hiệu trưởng", "Principal"),
    "vice_principal": Text("Phó Hiệu trưởng", "Vice principal"),
    "clerk": Text("Văn thư", "Clerk"),
    "teacher": Text("Giáo viên", "Teacher"),
    "inspector": Text("Cán bộ kiểm tra", "Inspector"),
    "admin": Text("Quản trị hệ thống", "Administrator"),
}
ALL_SEEING = frozenset({"principal", "vice_principal"})
"""They answer for the whole school."""
GUARDED_ROLES = frozenset({"principal", "vice_principal", "clerk"})
"""Granting one of these needs the principal's confirmation (law 7)."""


@dataclass(frozen=True, slots=True)
class Cover:
    """A delegation in force, as its delegate holds it: which posts of whom, for which types (slugs).

    `number` and `dated` are the written authorisation's; without one only KT. and one's own post are left.
    """

    delegation_id: str
    absent_id: str
    posts: frozenset[str]
    types: frozenset[str]
    number: str = ""
    dated: date | None = None
    absent: str = ""
    """Their name, to be shown."""
    document_id: str = ""
    """The one record that was handed over; empty for all of these posts and types."""

    def reaches(self, subject: Subject) -> bool:
        """Is this document among what was handed over?"""
        return subject.type in self.types and self.document_id in ("", subject.document_id)

    @property
    def whole_school(self) -> bool:
        """Is a principal or vice principal stood in for, and not for a single record alone?"""
        return not self.document_id and any(f"role:{role}" in self.posts for role in ALL_SEEING)

    @property
    def groups(self) -> frozenset[str]:
        """Groups whose head or deputy head is stood in for; none for a single record."""
        if self.document_id:
            return frozenset()
        named = (post.partition(":") for post in self.posts)
        return frozenset(key for kind, _, key in named if kind in ("group_head", "group_deputy"))


@dataclass(frozen=True, slots=True)
class Standing:
    """By which audience a person takes a step: their own post, or that of whom they stand in for."""

    audience: str
    cover: Cover | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """An account as far as rights go: its roles and the groups it heads, deputises or belongs to."""

    id: str
    school_id: str
    roles: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    deputises: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    covers: tuple[Cover, ...] = ()
    """What others handed to this person, in force now (`flows/delegations.py`)."""
    stood_in: bool = False
    """They stood in for somebody at some time, and still see what they decided then."""

    def audiences(self) -> tuple[str, ...]:
        """Keys under which steps wait for this person; see `models.document.OpenStep`."""
        return (
            f"account:{self.id}",
            *(f"group_head:{g}" for g in sorted(self.heads)),
            *(f"group_deputy:{g}" for g in sorted(self.deputises)),
            *(f"role:{r}" for r in sorted(self.roles)),
        )

    def oversees(self, type: str = "") -> bool:
        """Do they answer for the whole school, themselves or for one who is away; `type`: in its records."""
        covers = (c for c in self.covers if not type or type in c.types)
        return bool(self.roles & ALL_SEEING) or any(c.whole_school for c in covers)

    @property
    def answers_for_others(self) -> bool:
        """Do they answer for more than their own records, in whatever type?"""
        return self.oversees() or bool(self.led())

    def led(self, type: str = "") -> frozenset[str]:
        """Groups they answer for, as head or deputy, or for one who is away; `type`: in its records."""
        covers = (c for c in self.covers if not type or type in c.types)
        return (self.heads | self.deputises).union(*(c.groups for c in covers))

    def reached(self) -> tuple[str, ...]:
        """The same, with what others handed to this person."""
        handed = (post for cover in self.covers for post in sorted(cover.posts))
        return tuple(dict.fromkeys((*self.audiences(), *handed)))


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a document decides who may act: its author, its group's head and deputy."""

    school_id: str
    owner_id: str
    group_id: str | None = None
    head_id: str | None = None
    deputy_id: str | None = None
    acted: frozenset[str] = field(default=frozenset())
    """Accounts that signed or decided in this revision, or were stood in for: nobody acts twice (law 6)."""
    type: str = ""
    """Its slug: what is handed over may be some types alone."""
    document_id: str = ""
    """Or this one record alone."""
    head_bound: bool = False
    """The head is away, and whoever stands in wrote this record or acted on it: the deputy takes it too."""
    concerned_id: str | None = None
    """Whom the document is about; they respond to it and decide nothing on it."""
    witness_id: str = ""
    """Named in a refusal of this revision, to sign that it was refused."""
    unbound: bool = False
    """What is open decides nothing (the seal of a clerk's own paper): whoever acted before takes it too."""
    unjudged: frozenset[str] = field(default=frozenset())
    """Of those who may look at what this record is about afresh, whoever decided nothing on it; empty where
    nobody is left."""

    @property
    def bound(self) -> frozenset[str]:
        """Who decides nothing more on it: its author, whom it is about, whoever acted (law 6)."""
        if self.unbound:
            return frozenset()
        about = {self.concerned_id} if self.concerned_id else set()
        return self.acted | {self.owner_id} | about


class Who:
    """A post or a choice of posts."""

    name: Text
    waiting: Text

    def audiences(self, subject: Subject) -> tuple[str, ...]:
        """Where the work waits; the first is the one named to people."""
        raise NotImplementedError

    def standing(self, actor: Actor, subject: Subject) -> Standing | None:
        """By which post this person may take the step, law 6 included; None: they may not.

        The post that names the step comes first, whether one's own or handed over; a choice of others last.
        Only the first is handed on, for who signs KT. has nothing to pass on (Decree 30: no re-delegation).
        """
        if actor.school_id != subject.school_id or not self.free(actor.id, subject):
            return None
        (named, *others), mine = self.audiences(subject), set(actor.audiences())
        if named in mine:
            return Standing(named)
        for cover in actor.covers:
            if named in cover.posts and cover.reaches(subject) and self.free(cover.absent_id, subject):
                return Standing(named, cover)
        return next((Standing(audience) for audience in others if audience in mine), None)

    def allows(self, actor: Actor, subject: Subject) -> bool:
        """May this person take the step?"""
        return self.standing(actor, subject) is not None

    def free(self, account_id: str, subject: Subject) -> bool:
        """Neither the author, nor whom it is about, nor someone who already acted."""
        return account_id not in subject.bound

    def __or__(self, other: Who) -> Who:
        return AnyOf((self, other))


@dataclass(frozen=True, slots=True)
class Author(Who):
    """The person whose document it is."""

    name: Text = Text("Người soạn", "Author")
    waiting: Text = Text("Chờ người soạn", "Waiting for the author")

    def audiences(self, subject: Subject) -> tuple[str, ...]:
        return (f"account:{subject.owner_id}",)

    def free(self, account_id: str, subject: Subject) -> bool:
        return account_id == subject.owner_id


@dataclass(frozen=True, slots=True)
class Concerned(Who):
    """The person a document is about (`Document.concerned_id`), never its author."""

    name: Text = Text("Người được nêu trong hồ sơ", "Person concerned")
    waiting: Text = Text("Chờ người được nêu trong hồ sơ", "Waiting for the person concerned")

    def audiences(self, subject: Subject) -> tuple[str, ...]:
        return (f"account:{subject.concerned_id or ''}",)

    def free(self, account_id: str, subject: Subject) -> bool:
        return account_id == subject.concerned_id and account_id not in subject.acted


@dataclass(frozen=True, slots=True)
class Witness(Who):
    """The person named when the one concerned refused to sign."""

    name: Text = Text("Người chứng kiến", "Witness")
    waiting: Text = Text("Chờ người chứng kiến", "Waiting for the witness")

    def audiences(self, subject: Subject) -> tuple[str, ...]:
        return (f"account:{subject.witness_id}",)


@dataclass(frozen=True, slots=True)
class GroupHead(Who):
    """The head of the document's group; for the head's own document the deputy, else the vice principal.

    The record of whoever stands in for the head goes to the deputy as well, as the head's own does.
    """

    name: Text = Text("Tổ trưởng", "Group head")
    waiting: Text = Text("Chờ tổ trưởng", "Waiting for the group head")

    def audiences(self, subject: Subject) -> tuple[str, ...]:
        deputy = subject.deputy_id and self.free(subject.deputy_id, subject)
        if subject.head_id and self.free(subject.head_id, subject):
            second = (f"group_deputy:{subject.group_id}",) if subject.head_bound and deputy else ()
            return (f"group_head:{subject.group_id}", *second)
        if deputy:
            return (f"group_deputy:{subject.group_id}",)
        return ("role:vice_principal",)


@dataclass(frozen=True, slots=True)
class HasRole(Who):
    """Anyone holding a role."""

    role: Role

    @property
    def name(self) -> Text:  # type: ignore[override]  # derived here, a plain value in the others
        return ROLES[self.role]

    @property
    def waiting(self) -> Text:  # type: ignore[override]  # as above
        return Text(f"Chờ {self.name.vi.lower()}", f"Waiting for the {self.name.en.lower()}")

    def audiences(self, subject: Subject) -> tuple[str, ...]:  # noqa: ARG002 - a role is the same for all
        return (f"role:{self.role}",)


@dataclass(frozen=True, slots=True)
class AnyOf(Who):
    """Whoever of these comes first; the first names the step."""

    choices: tuple[Who, ...]

    @property
    def name(self) -> Text:  # type: ignore[override]  # as in HasRole
        return Text(
            " hoặc ".join(c.name.vi for c in self.choices), " or ".join(c.name.en for c in self.choices)
        )

    @property
    def waiting(self) -> Text:  # type: ignore[override]  # as in HasRole
        return Text(
            "Chờ " + " hoặc ".join(c.name.vi.lower() for c in self.choices),
            "Waiting for the " + " or the ".join(c.name.en.lower() for c in self.choices),
        )

    def audiences(self, subject: Subject) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a for c in self.choices for a in c.audiences(subject)))


@dataclass(frozen=True, slots=True)
class Afresh(AnyOf):
    """The same, but nobody who decided on what the record is about, as long as there is another."""

    def audiences(self, subject: Subject) -> tuple[str, ...]:
        others = tuple(f"account:{key}" for key in sorted(subject.unjudged))
        return others or AnyOf.audiences(self, subject)

    def standing(self, actor: Actor, subject: Subject) -> Standing | None:
        """By their own post; who stands in for one who decided is no fresh eye either."""
        posts = AnyOf(self.choices)
        if not subject.unjudged:
            return posts.standing(actor, subject)
        if actor.id not in subject.unjudged:
            return None
        covers = tuple(cover for cover in actor.covers if cover.absent_id in subject.unjudged)
        return posts.standing(replace(actor, covers=covers), subject)


author = Author()
concerned = Concerned()
witness = Witness()
group_head = GroupHead()
principal = HasRole("principal")
vice_principal = HasRole("vice_principal")
clerk = HasRole("clerk")
teacher = HasRole("teacher")
