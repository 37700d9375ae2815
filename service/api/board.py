"""`GET /board`: weeks across, whoever owes down, as far as whoever asks may see."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from flows import matrix
from flows.cells import Cell, Column
from flows.matrix import Line
from models.text import Text
from service import board as boards
from service.access import ApiViewer
from service.api import answers
from service.api.asked import refuse_unknown
from service.board import TypedDep
from service.deps import OfficeDep
from service.standing import said

router = APIRouter(tags=["flags"])


@router.get("/board")
def board(viewer: ApiViewer, office: OfficeDep, asked: TypedDep) -> dict[str, Any]:
    """One type's weeks and who owes them; `from`, `to`, `week` and `group` are ids, as elsewhere.

    Without them: the weeks around the limit that comes next. A cell has its `state`, what came when (`time`),
    where the record stands (`stage`) and all of it in words; an item's cells stand in the order of `weeks`.
    """
    named = {name.rstrip("_"): value for name, value in asdict(asked).items()}
    with office.db.read() as session:
        refuse_unknown(session, viewer.actor.school_id, named)
        found = matrix.read(session, viewer.actor, asked.read(), office.now())
    if found is None:
        return {"type": asked.type, "weeks": [], "items": [], "next": None}
    lines = [line for _, of_group, _ in boards.groups(found) for line in of_group]
    return {
        "type": found.owed.slug,
        "deadline": answers.words(found.calendar.rule(found.owed.deadline).rule),
        "here": found.here.id,
        "weeks": [_week(column) for column in found.columns],
        "items": [_item(line, by_group=found.owed.by_group) for line in lines],
        "next": None,
    }


def _week(column: Column) -> dict[str, Any]:
    return {
        "id": column.week.id if column.week else None,
        "number": column.week.number if column.week else None,
        "monday": column.monday.isoformat(),
        "sunday": column.sunday.isoformat(),
        "due": answers.moment(column.due.due_at) if column.due else None,
    }


def _item(line: Line, *, by_group: bool) -> dict[str, Any]:
    group = {"id": line.groups[0][0], "name": line.group} if line.groups else None
    owner = {"id": line.account_id, "name": line.note if by_group else line.name}
    return {"owner": owner, "group": group, "cells": [_cell(cell) for cell in line.cells]}


def _cell(cell: Cell) -> dict[str, Any]:
    whole: Text = said(cell).whole
    return {
        "state": cell.state,
        "time": cell.time,
        "stage": cell.stage or None,
        "words": answers.words(whole),
        "due": answers.moment(cell.due_at),
        "sent_at": answers.moment(cell.sent_at),
        "document_id": cell.document_id,
    }
