"""The list of flags of every kind, of a week or by what is asked for; for a spreadsheet, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session, col, select

from flows import board
from flows.board import STATES, Seen, Wanted
from flows.deadlines import last_day_words, limit_words
from flows.flag_story import stories
from flows.flag_words import NAMES
from flows.obligations import calendars, owed_types
from flows.people import Actor
from flows.posts import named_week
from models.account import Group
from models.school import SchoolWeek
from models.text import Text
from service import exports, words
from service.access import PageViewer
from service.api import cursors
from service.deps import OfficeDep
from service.filters import refuse_unknown
from service.flag_table import FlagTable
from service.standing import FLAG_MARKS, FLAG_TONES
from service.templating import language_of, page
from service.weeks import Weeks, by_group

router = APIRouter()

LISTED = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """The filter as an address has it."""

    week: str = ""
    rule: str = ""
    group: str = ""
    state: str = ""

    @property
    def narrows(self) -> bool:
        """Is anything but a week asked for? Then every week is looked through."""
        return bool(self.rule or self.group or self.state)

    def read(self, session: Session, school_id: str, here: SchoolWeek | None) -> Wanted:
        """What is asked for, of one week or of all; NotFound for a rule, state or group nobody knows."""
        for value, known in ((self.rule, NAMES), (self.state, STATES)):
            refuse_unknown(value, known)
        if self.group:
            groups = select(Group.id).where(col(Group.school_id) == school_id)
            refuse_unknown(self.group, session.exec(groups).all())
        week, alone = here.id if here else "", bool(here) and not self.narrows
        return Wanted(week, self.rule, "", self.group, self.state or "open", weekless=alone)

    def address(self, path: str = "/flags/list", **changes: str) -> str:
        asked = {name: value for name, value in asdict(self).items() if value} | changes
        return f"{path}?{urlencode(asked)}" if asked else path


def typed(week: str = "", rule: str = "", group: str = "", state: str = "") -> Typed:
    return Typed(week, rule, group, state)


TypedDep = Annotated[Typed, Depends(typed)]


@router.get("/flags/list")
def listed(
    request: Request, viewer: PageViewer, office: OfficeDep, asked: TypedDep, cursor: str = ""
) -> Response:
    """One's own first, then by group: of one week with what has no week, or all that fits the filter."""
    with office.db.read() as session:
        all_weeks = board.weeks(session, viewer.actor.school_id)
        counts = board.counts(session, viewer.actor)
        today = words.local(office.now()).date()
        here = _here(all_weeks, asked, counts, today)
        after = cursors.read(cursor)
        wanted = asked.read(session, viewer.actor.school_id, here)
        seen = board.flags(session, viewer.actor, wanted, after=after, limit=LISTED + 1)
        limits = _limits(session, viewer.actor, here)
        told = stories(session, [s.flag for s in seen])
        groups = _groups(session, viewer.actor)
    last = seen[LISTED - 1].flag if len(seen) > LISTED else None
    seen, shown = seen[:LISTED], replace(asked, week=here.id if here else "")
    return page(
        request,
        viewer,
        "pages/flags_list.html",
        weeks=Weeks(all_weeks, counts, here),
        asked=asked,
        shown=shown,
        limits=limits,
        own=[s for s in seen if s.flag.account_id == viewer.account.id],
        groups=_by_group([s for s in seen if s.flag.account_id != viewer.account.id]),
        stories=told,
        tally=[(rule, n) for rule in NAMES if (n := sum(s.flag.rule == rule for s in seen))],
        accounts_alone=_sees_accounts_alone(viewer.actor),
        older=shown.address(cursor=cursors.write(last.opened_at, last.id)) if last else "",
        group_names=groups,
        names=NAMES,
        states=STATES,
        marks=FLAG_MARKS,
        tones=FLAG_TONES,
    )


@router.get("/flags/list.{kind}")
def export(
    request: Request, viewer: PageViewer, office: OfficeDep, kind: Literal["csv", "xlsx"], asked: TypedDep
) -> Response:
    """The list the page shows for the same address, for a spreadsheet, the latest first."""
    with office.db.read() as session:
        all_weeks = board.weeks(session, viewer.actor.school_id)
        counts = board.counts(session, viewer.actor)
        here = _here(all_weeks, asked, counts, words.local(office.now()).date())
        wanted = asked.read(session, viewer.actor.school_id, here)
    language = language_of(request, viewer)
    return exports.send(kind, FlagTable(office, viewer.actor, viewer.account.full_name, language, wanted))


def _limits(session: Session, actor: Actor, here: SchoolWeek | None) -> list[tuple[Any, Text, Text, Text]]:
    """What was due for the week shown."""
    calendar = next(iter(calendars(session, [actor.school_id])), None)
    return [
        (owed.declared, due.rule, last_day_words(due.due_at), limit_words(due.due_at))
        for owed in owed_types()
        if calendar and here
        for due in calendar.due_weeks(owed.deadline)
        if due.week.id == here.id
    ]


def _sees_accounts_alone(actor: Actor) -> bool:
    """An administrator who owes no records and answers for nobody's: theirs are accounts and certificates."""
    return "admin" in actor.roles and not (actor.groups or actor.answers_for_others)


def _groups(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Which groups one may ask for."""
    query = select(Group.id, Group.name).where(col(Group.school_id) == actor.school_id)
    if not actor.oversees():
        query = query.where(col(Group.id).in_(actor.led()))
    return list(session.exec(query.order_by(col(Group.name))).all())


def _here(
    weeks: Sequence[SchoolWeek], asked: Typed, counts: dict[str, int], today: date
) -> SchoolWeek | None:
    """The week asked for, none when something else is; without either the coming or present one with flags,
    the latest with any, the present one."""
    if asked.week:
        return named_week(weeks, asked.week)
    if asked.narrows:
        return None
    from_here = [week for week in weeks if week.sunday >= today]
    # Lesson plans of the coming week are what was due last; group plans look further ahead.
    for week in from_here[1::-1]:
        if counts.get(week.id):
            return week
    flagged = [week for week in weeks if counts.get(week.id)]
    return next(iter(flagged[-1:] or from_here[:1] or weeks[-1:]), None)


def _by_group(seen: Sequence[Seen]) -> list[tuple[str, list[Seen]]]:
    """Groups by name; within one by kind, what is missing first, then by given name."""
    kinds = list(NAMES)
    ordered = sorted(seen, key=lambda s: (kinds.index(s.flag.rule), words.by_given_name(s.owner)))
    return by_group(ordered, lambda s: s.group)
