"""The deadlines page: who is late or has sent nothing, week by week, with the rule and the times in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fastapi import APIRouter, Request, Response

from flows import board
from flows.board import Seen
from flows.deadlines import last_day_words, limit_words
from flows.obligations import calendars, owed_types
from flows.posts import named_week
from models.school import SchoolWeek
from service import words
from service.access import PageViewer
from service.deps import OfficeDep
from service.templating import page
from service.weeks import Weeks, by_group

router = APIRouter()


@router.get("/flags")
def flags(request: Request, viewer: PageViewer, office: OfficeDep, week: str = "") -> Response:
    """The open flags of one week: one's own first, then by group."""
    with office.db.read() as session:
        all_weeks = board.weeks(session, viewer.actor.school_id)
        counts = board.counts(session, viewer.actor)
        here = _chosen(all_weeks, week, counts, words.local(office.now()).date())
        seen = board.flags(session, viewer.actor, week=here.id) if here else []
        calendar = next(iter(calendars(session, [viewer.actor.school_id])), None)
    limits = [
        (owed.declared, calendar.rule(owed.deadline), last_day_words(due.due_at), limit_words(due.due_at))
        for owed in owed_types()
        if calendar
        for due in calendar.due_weeks(owed.deadline)
        if here and due.week.id == here.id
    ]
    return page(
        request,
        viewer,
        "pages/flags.html",
        weeks=Weeks(all_weeks, counts, here),
        limits=limits,
        own=[s for s in seen if s.flag.account_id == viewer.account.id],
        groups=_by_group([s for s in seen if s.flag.account_id != viewer.account.id]),
        tally={rule: sum(s.flag.rule == rule for s in seen) for rule in ("missing", "late")},
    )


def _chosen(
    weeks: Sequence[SchoolWeek], asked: str, counts: dict[str, int], today: date
) -> SchoolWeek | None:
    """The week asked for; else the coming or present one with flags, the latest with any, the present one."""
    if asked:
        return named_week(weeks, asked)
    from_here = [week for week in weeks if week.sunday >= today]
    # Lesson plans of the coming week are what was due last; group plans look further ahead.
    for week in from_here[1::-1]:
        if counts.get(week.id):
            return week
    flagged = [week for week in weeks if counts.get(week.id)]
    return next(iter(flagged[-1:] or from_here[:1] or weeks[-1:]), None)


def _by_group(seen: Sequence[Seen]) -> list[tuple[str, list[Seen]]]:
    """Groups by name; within one, what is missing first, then by given name."""
    ordered = sorted(seen, key=lambda s: (s.flag.rule == "late", words.by_given_name(s.owner)))
    return by_group(ordered, lambda s: s.group)
