"""A notice as a line of a mail: is it still true, by when must one act, what does it say. Reads only.

What a person is told is the title of a record and its dates, never a text of the record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from models.account import Account
from models.document import Document, OpenStep
from models.evidence import Duty
from models.flag import Flag
from models.names import by_given_name
from models.notice import Notice
from models.run import Incident
from models.school import SchoolWeek
from models.settings import VIETNAM, Settings
from models.spot_check import SpotCheck
from models.text import Language, Text
from tasks.kinds import KINDS, heading, short
from tasks.letters import one_line

_LATEST = datetime.max.replace(tzinfo=UTC)
NAMES_SHOWN = 12
"""So many names stand in one line; the rest is a number, and the page has them all."""


SUMMARY_MOST = 58
"""Characters of a subject after the name of the system: the whole is seen in a list of mails."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a mail. `names`: whom it is about, put into the sentence where it says so."""

    title: str
    link: str
    sentence: str = ""
    due: datetime | None = None
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Lines:
    """The lines of a mail by kind, each once however often the same was to be said."""

    by_kind: dict[str, dict[str, Item]] = field(default_factory=dict)
    weekly: dict[str, Any] | None = None
    """The figures of the weekly summary, where it is one."""
    reminded: set[str] = field(default_factory=set)
    """Records whose decision is reminded of: that they wait is said with it."""

    def __bool__(self) -> bool:
        return bool(self.by_kind or self.weekly)

    def add(self, notice: Notice, document: Document | None, item: Item) -> None:
        """A line; what was said of the same matter before gives way, names of one line are gathered."""
        data = notice.data
        if notice.kind == "weekly":
            moment = f"{notice.created_at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
            self.weekly = {"root": None, **data["figures"], "counted_at": moment}
            return
        if notice.kind in ("reminder", "overdue") and document:
            self.reminded.add(document.id)
        of_record = notice.kind not in ("flag", "reminder", "overdue", "escalation", "waiver", "unwaived")
        about = data.get("line") or data.get("fact") or (document.id if document and of_record else notice.id)
        lines = self.by_kind.setdefault(notice.kind, {})
        if about in lines:
            names = dict.fromkeys((*lines[about].names, *item.names))
            item = replace(item, names=tuple(names))
        lines[about] = item

    def sections(self, language: Language) -> list[tuple[str, list[Item]]]:
        """Headings with their lines, what asks for an act first; kinds with one heading stand together."""
        # One line says it all: the archive follows the approval within seconds, a reminder says what waits.
        for about in self.reminded:
            self.by_kind.get("waiting", {}).pop(about, None)
        for stronger, weaker in _SAY_MORE:
            for about in self.by_kind.get(stronger, {}):
                self.by_kind.get(weaker, {}).pop(about, None)
        found: dict[str, list[Item]] = {}
        for kind in self._kinds():
            found.setdefault(heading(kind).to(language), []).extend(self.by_kind[kind].values())
        # What is due first stands first; what is not due keeps its order.
        return [
            (name, [_named(i, language) for i in sorted(items, key=lambda i: i.due or _LATEST)])
            for name, items in found.items()
        ]

    def _kinds(self) -> list[str]:
        """The kinds of which there is something, in the order of a mail."""
        order = [*KINDS, *(kind for kind in self.by_kind if kind not in KINDS)]
        return [kind for kind in order if self.by_kind.get(kind)]

    def summary(self, language: Language) -> str:
        """`3 việc – quá hạn 2, chờ xử lý 1`: for a subject, whole within `SUMMARY_MOST` characters."""
        counts = {kind: len(self.by_kind[kind]) for kind in self._kinds()}
        total = sum(counts.values())
        said, told = Text("{n} việc – ", "{n} items – ").format(n=total).to(language), 0
        for kind, n in counts.items():
            part = f"{', ' if told else ''}{short(kind).to(language)} {n}"
            rest = Text(", khác {n}", ", other {n}").format(n=total - told - n).to(language)
            if told and len(said) + len(part) + (len(rest) if total > told + n else 0) > SUMMARY_MOST:
                return said + Text(", khác {n}", ", other {n}").format(n=total - told).to(language)
            said, told = said + part, told + n
        return said

    def filled(self, language: Language) -> tuple[str, dict[str, Any]]:
        """The template of the mail, and what it is filled with."""
        values = {"sections": self.sections(language), "summary": self.summary(language)}
        return ("weekly", values | self.weekly) if self.weekly else ("notices", values)


_SAY_MORE = (("archived", "approved"), ("overdue", "flag"), ("overdue", "reminder"))


def _named(item: Item, language: Language) -> Item:
    if not item.names:
        return item
    names = sorted(item.names, key=by_given_name)
    shown, more = names[:NAMES_SHOWN], len(names) - NAMES_SHOWN
    said = ", ".join(shown)
    if more > 0:
        said += Text(f" và {more} người nữa", f" and {more} more").to(language)
    return replace(item, sentence=one_line(item.sentence.replace("{names}", said), 1000))


# --- is it still so -------------------------------------------------------------------------------------


def still_true(
    session: Session, notice: Notice, document: Document | None, audiences: Collection[str], now: datetime
) -> bool:
    """Is it still so that this person must know? A fact we cannot check counts as true."""
    data = notice.data
    match notice.kind:
        case "waiting":
            return _waits(session, notice, audiences)
        case "returned":
            return document is not None and document.status == "returned"
        case "flag":
            flag = session.get(Flag, data.get("flag", ""))
            return flag is not None and flag.resolved_at is None and flag.waived_at is None
        case "spot-check":
            return now < datetime.fromisoformat(data["over"]) and _any_open(session, notice)
        case "spot-planned":
            return _still_planned(session, data["check"], now)
        case "overdue" | "escalation" if _waived(session, notice):
            return False
        case "reminder" if now >= datetime.fromisoformat(data["due_at"]):
            return False
        case "reminder" | "overdue" if "seq" in data:
            return _waits(session, notice, audiences)
        case "escalation" if "seq" in data:
            return _waits(session, notice, None)
        case "reminder" | "overdue" | "escalation":
            return not _signed(session, notice)
        case "weekly":
            return now < datetime.fromisoformat(data["until"])
        case "incident":
            incident = session.get(Incident, data.get("incident", ""))
            return incident is None or incident.resolved_at is None
    return True


def _still_planned(session: Session, check_id: str, now: datetime) -> bool:
    """Does the spot check still wait, and is its day not over?"""
    check = session.get(SpotCheck, check_id)
    return check is not None and check.state == "planned" and check.day >= now.astimezone(VIETNAM).date()


def _any_open(session: Session, notice: Notice) -> bool:
    """Is one of the flags it speaks of still open, or not written yet?"""
    keys = notice.data["flags"]
    rows = session.exec(
        select(Flag.key).where(
            col(Flag.school_id) == notice.school_id,
            col(Flag.key).in_(keys),
            or_(col(Flag.resolved_at).is_not(None), col(Flag.waived_at).is_not(None)),
        )
    )
    return not set(keys) <= set(rows)


def _waived(session: Session, notice: Notice) -> bool:
    """Was it waived that this is missing or overdue, for each whom it is about?"""
    data = notice.data
    rule = "overdue" if "seq" in data else "missing"
    keys = {f"{rule}:{fact}" for fact in data.get("facts") or [data.get("fact", "")]}
    waived = select(Flag.key).where(
        col(Flag.school_id) == notice.school_id, col(Flag.key).in_(keys), col(Flag.waived_at).is_not(None)
    )
    return keys <= set(session.exec(waived))


def _waits(session: Session, notice: Notice, audiences: Collection[str] | None) -> bool:
    """Does the record still wait, for one of these posts where they are given, in the turn it was told of?"""
    steps = select(OpenStep.document_id).where(col(OpenStep.document_id) == notice.document_id)
    if audiences is not None:
        steps = steps.where(col(OpenStep.audience).in_(audiences))
    if notice.kind != "waiting":
        steps = steps.where(col(OpenStep.opened_seq) == notice.data["seq"])
    return session.exec(steps).first() is not None


def _signed(session: Session, notice: Notice) -> bool:
    """Has the person (or the group) meanwhile signed a document that covers the week?"""
    week = session.get(SchoolWeek, notice.data["week_id"])
    if week is None:
        return True
    group, owner = notice.data.get("group_id"), notice.data.get("owner_id") or notice.account_id
    papers = select(Document.week_id, Document.last_week_id).where(
        col(Document.school_id) == notice.school_id,
        col(Document.type) == notice.data["type"],
        col(Document.group_id) == group if group else col(Document.owner_id) == owner,
        col(Document.first_signed_at).is_not(None),
        col(Document.status) != "withdrawn",
    )
    for first_id, last_id in session.exec(papers):
        first = session.get(SchoolWeek, first_id) if first_id else None
        last = session.get(SchoolWeek, last_id) if last_id else first
        if first and last and first.monday <= week.monday <= last.monday:
            return True
    return False


# --- by when must one act -------------------------------------------------------------------------------


def limits(session: Session, notices: Sequence[Notice]) -> dict[str, datetime]:
    """Of notices after which something is to be done: by when."""
    found = {
        n.id: datetime.fromisoformat(n.data["due_at"])
        for n in notices
        if n.kind in _TIMED and "due_at" in n.data
    }
    waiting = _earliest(
        session, OpenStep, [n.document_id for n in notices if n.kind == "waiting" and n.document_id]
    )
    done = [n.document_id for n in notices if n.kind in ("approved", "archived") and n.document_id]
    duties = _earliest(session, Duty, done, col(Duty.met_at).is_(None))
    for notice in notices:
        limit = (waiting if notice.kind == "waiting" else duties).get(notice.document_id or "")
        if limit is not None and notice.kind in ("waiting", "approved", "archived"):
            found[notice.id] = limit
    return found


_TIMED = frozenset({"reminder", "rule", "limit"})
"""Kinds that are to be read before an instant of their own, `due_at` in their `data`."""


def _earliest(
    session: Session, table: type[OpenStep | Duty], documents: Collection[str], *only: Any
) -> Mapping[str, datetime]:
    if not documents:
        return {}
    rows = (
        select(table.document_id, func.min(table.due_at))
        .where(col(table.document_id).in_(documents), col(table.due_at).is_not(None), *only)
        .group_by(col(table.document_id))
    )
    return {document: due_at for document, due_at in session.exec(rows) if due_at is not None}


# --- what it says ---------------------------------------------------------------------------------------


def line(
    session: Session, settings: Settings, notice: Notice, document: Document | None, language: Language
) -> Item:
    """The notice as it is read in a mail."""
    data = notice.data
    title = _said(data.get("subject"), language) or (document.title if document else "")
    if not title:
        title = heading(notice.kind).to(language) if notice.kind in KINDS else "Hồ Sơ Số"
    sentence = _said(data.get("sentence"), language)
    due = None
    if notice.kind == "waiting" and document and not sentence:
        due = session.exec(
            select(func.min(OpenStep.due_at)).where(col(OpenStep.document_id) == notice.document_id)
        ).first()
        author = session.get_one(Account, document.owner_id).full_name
        sentence = waiting_words(author, due).to(language)
    path = data.get("path") or (f"/documents/{document.id}" if document else "/flags")
    names = (one_line(data["name"]),) if "name" in data else ()
    return Item(one_line(title), settings.url + str(path), one_line(sentence, 400), due, names)


def waiting_words(author: str, due: datetime | None) -> Text:
    """What is said of a record that waits: whose it is, and by when to decide."""
    by = Text("Người soạn: {who}.", "Author: {who}.").format(who=author)
    if due is None:
        return by
    moment = f"{due.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    return Text(f"{by.vi} Hạn xử lý: trước {moment}.", f"{by.en} Decide before {moment}.")


def _said(pair: Any, language: Language) -> str:
    return str(pair.get(language, "")) if isinstance(pair, dict) else ""
