"""The board of deadlines: who owes which week, what came when; one person's page, one cell.

Everything is a page at an address of its own; the script only opens a cell beside the board.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from sqlmodel import Session, col, select

from flows import board, flag_story, flag_words, matrix
from flows.catalogue import type_of
from flows.cells import Cell, fits
from flows.deadlines import limit_words
from flows.obligations import owed_types
from flows.office import Office
from flows.queries import LIGHT
from flows.span import Asked
from models.document import Document
from models.errors import NotFound
from service import board as boards
from service import exports, story
from service.access import PageViewer, Viewer
from service.board import Typed, TypedDep
from service.board_table import BoardTable
from service.deps import OfficeDep
from service.standing import ASKED, MARKS, STATES, Drawer
from service.templating import language_of, page

router = APIRouter()


# --- the board ------------------------------------------------------------------------------------------


@router.get("/flags")
def flags(request: Request, viewer: PageViewer, office: OfficeDep, asked: TypedDep) -> Response:
    """Weeks across, people down; who answers for nobody else sees their own weeks."""
    if not viewer.actor.answers_for_others:
        return _person(request, viewer, office, viewer.account.id, asked)
    with office.db.read() as session:
        found = matrix.read(session, viewer.actor, asked.read(), office.now())
    if found is None:
        return page(request, viewer, "pages/flags.html", board=None)
    before, after = boards.aside(found, asked)
    previous, following = boards.beside(found, asked)
    return page(
        request,
        viewer,
        "pages/flags.html",
        board=found,
        asked=asked,
        rules=boards.rules(found),
        groups=boards.groups(found),
        legend=boards.tally(line.cells[found.place] for line in found.lines),
        shown=boards.marked(cell for line in found.lines for cell in line.cells),
        ways=boards.ways(found, asked),
        before=before,
        after=after,
        previous=previous,
        following=following,
        group_names=boards.group_names(found),
        people=boards.people(found),
        years=_years(found),
        types=[owed.declared for owed in owed_types()],
        last_day=boards.last_day,
        asked_states=ASKED,
        draw=Drawer(language_of(request, viewer)),
        **_SAID,
    )


_SAID: dict[str, Any] = {"states": STATES, "marks": MARKS}


def _years(found: matrix.Board) -> list[str]:
    return sorted({week.year for week in found.calendar.weeks}, reverse=True)


@router.get("/flags.{kind}")
def export(
    request: Request, viewer: PageViewer, office: OfficeDep, kind: Literal["csv", "xlsx"], asked: TypedDep
) -> Response:
    """The board with this filter, for a spreadsheet."""
    with office.db.read() as session:
        found = matrix.read(session, viewer.actor, asked.read(), office.now())
    if found is None:
        raise NotFound
    language = language_of(request, viewer)
    table = BoardTable(office, viewer.actor, viewer.account.full_name, language, asked.read(), found)
    return exports.send(kind, table)


# --- one person -----------------------------------------------------------------------------------------


@router.get("/flags/people/{account_id}")
def person(
    request: Request, viewer: PageViewer, office: OfficeDep, account_id: str, asked: TypedDep
) -> Response:
    """One person's weeks with every type they owe; `me` is whoever asks."""
    return _person(request, viewer, office, viewer.account.id if account_id == "me" else account_id, asked)


def _person(request: Request, viewer: Viewer, office: Office, account_id: str, asked: Typed) -> Response:
    narrowed = replace(asked.read(), type="", group="", person="")
    with office.db.read() as session:
        whose = matrix.person(session, viewer.actor, account_id)
        owes = matrix.of_person(session, viewer.actor, account_id, narrowed, office.now())
        shown = {c.week.id for one in owes for c in one.board.columns if c.week}
        flagged = flag_story.of_person(session, viewer.actor, account_id, shown)
    path = "/flags" if not viewer.actor.answers_for_others else f"/flags/people/{account_id}"
    across = owes[0].board.columns if owes else ()
    rows = [(column, [one.line.cells[n] for one in owes]) for n, column in enumerate(across)]
    rows = [(c, cells) for c, cells in rows if any(cell.time != "not_owed" for cell in cells)]
    if narrowed.state:
        rows = [(c, cells) for c, cells in rows if any(fits(cell, narrowed.state) for cell in cells)]
    return page(
        request,
        viewer,
        "pages/flags_person.html",
        whose=whose,
        mine=whose.id == viewer.account.id,
        owes=owes,
        rows=rows,
        shown=boards.marked(cell for _, cells in rows for cell in cells),
        asked=asked,
        at=path,
        ways=boards.ways(owes[0].board, asked, path) if owes else [],
        years=_years(owes[0].board) if owes else [],
        flagged=flagged,
        sums=[(one, boards.of_term(one)) for one in owes],
        responsible=viewer.actor.answers_for_others,
        draw=Drawer(language_of(request, viewer)),
        **_SAID,
    )


# --- one cell -------------------------------------------------------------------------------------------


@router.get("/flags/{slug}/{key}/{week_id}")
def cell(
    request: Request, viewer: PageViewer, office: OfficeDep, slug: str, key: str, week_id: str
) -> Response:
    """What one owes for one week: the limit and its rule, what came when, the records, what was flagged."""
    asked = Asked(type=slug, first=week_id, last=week_id, key=key)
    with office.db.read() as session:
        found = matrix.read(session, viewer.actor, asked, office.now())
        if found is None:
            raise NotFound
        line = found.lines[0]
        here = line.cells[0]
        history = board.history(session, viewer.actor, slug, line.account_id, line.key, week_id)
        told = flag_story.stories(session, history)
        documents = _documents(session, [paper.document_id for paper in here.papers if paper.open])
    return page(
        request,
        viewer,
        "pages/flags_cell.html",
        line=line,
        week=found.here,
        owed=found.owed,
        **_rules(found, here),
        cell=here,
        records=[(d, story.state(type_of(d.type), d)) for d in documents],
        hidden=len(here.papers) - len(documents),
        history=history,
        stories=told,
        mine=line.account_id == viewer.account.id,
        limit_words=limit_words,
        gone=flag_words.gone,
        exactly=boards.exactly,
        **_SAID,
    )


def _rules(found: matrix.Board, here: Cell) -> dict[str, Any]:
    """The rule a record was held to; where its limit is not the week's any more, what holds now."""
    calendar, deadline, monday = found.calendar, found.owed.deadline, found.here.monday
    present = calendar.rule(deadline, monday).rule
    if not here.own_limit or here.sent_at is None:
        return {"rule": present, "present": None}
    then = calendar.rule_then(deadline, monday, here.sent_at).rule
    return {
        "rule": then,
        "present": present,
        "changed_on": calendar.changed_on(deadline, monday) if present != then else None,
        "present_limit": calendar.limit(deadline, found.here.id),
    }


def _documents(session: Session, ids: Sequence[str]) -> list[Document]:
    """These documents, in this order."""
    found = {
        d.id: d for d in session.exec(select(Document).where(col(Document.id).in_(ids)).options(LIGHT)).all()
    }
    return [found[key] for key in ids]
