"""The administrator's pages of the school itself: classes and assignments, its names, its rules.

Each is a list and its forms; what is refused is said beside the field. Included by `service/pages/admin.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, func, select
from starlette.datastructures import FormData

from flows.office import utc_now
from flows.posts import SUBJECTS
from flows.rules import EXPLAINED, NAMES, rules_of
from models.account import Account
from models.errors import NotFound, RecordsError
from models.school import SchoolClass, SchoolName, SchoolWeek, TeachingAssignment
from models.text import Text
from service import school, words
from service.access import AdminViewer, CheckedForm, Viewer
from service.deps import OfficeDep
from service.pages.account import faults_of
from service.templating import page

router = APIRouter()


def text_of(form: FormData, name: str) -> str:
    """A typed field; empty when it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def people_of(session: Session, school_id: str) -> list[Account]:
    """Everyone at a school by given name, the active first."""
    found = session.exec(select(Account).where(col(Account.school_id) == school_id)).all()
    return sorted(found, key=lambda account: (not account.active, words.by_given_name(account.full_name)))


Draw = Callable[[Session, str], dict[str, Any]]


def _classes_of(session: Session, school_id: str) -> dict[str, Any]:
    classes = session.exec(
        select(SchoolClass)
        .where(col(SchoolClass.school_id) == school_id)
        .order_by(col(SchoolClass.year).desc(), col(SchoolClass.grade), col(SchoolClass.name))
    ).all()
    rows = session.exec(
        select(TeachingAssignment).where(col(TeachingAssignment.school_id) == school_id)
    ).all()
    people = people_of(session, school_id)
    by_class: dict[str, list[TeachingAssignment]] = {}
    for row in sorted(rows, key=lambda r: (not r.homeroom, r.subject)):
        by_class.setdefault(row.class_id, []).append(row)
    newest = session.exec(
        select(func.max(col(SchoolWeek.year))).where(col(SchoolWeek.school_id) == school_id)
    ).one()
    return {
        "newest": newest or (classes[0].year if classes else ""),
        "classes": classes,
        "assignments": by_class,
        "people": [a for a in people if a.active],
        "names": {a.id: a.full_name for a in people},
        "subjects": SUBJECTS,
    }


def _school_of(session: Session, school_id: str) -> dict[str, Any]:
    names = session.exec(
        select(SchoolName)
        .where(col(SchoolName.school_id) == school_id)
        .order_by(col(SchoolName.valid_from).desc())
    ).all()
    return {
        "school_names": names,
        "rules": rules_of(session, school_id),
        "rule_names": NAMES,
        "explained": EXPLAINED,
        "today": _today(),
    }


PLACES: dict[str, tuple[str, Draw]] = {
    "classes": ("pages/admin_classes.html", _classes_of),
    "school": ("pages/admin_school.html", _school_of),
}


def _remove_class(session: Session, school_id: str, form: FormData) -> None:
    school.remove_class(session, school_id, text_of(form, "class_id"))


def _remove_name(session: Session, school_id: str, form: FormData) -> None:
    day = school.read_day(text_of(form, "valid_from"), "valid_from")
    school.remove_name(session, school_id, day, _today())


def _today() -> date:
    return words.local(utc_now()).date()


def _add_class(session: Session, school_id: str, form: FormData) -> None:
    school.add_class(session, school_id, text_of(form, "year"), text_of(form, "name"))


def _assign(session: Session, school_id: str, form: FormData) -> None:
    who, where, what = (text_of(form, n) for n in ("account_id", "class_id", "subject"))
    school.assign(session, school_id, who, where, what, homeroom=text_of(form, "homeroom") == "yes")


def _unassign(session: Session, school_id: str, form: FormData) -> None:
    school.unassign(session, school_id, *(text_of(form, n) for n in ("account_id", "class_id", "subject")))


def _save_name(session: Session, school_id: str, form: FormData) -> None:
    typed = {name: text_of(form, name) for name in ("parent", "name", "place", "abbreviation")}
    school.save_name(session, school_id, school.read_day(text_of(form, "valid_from"), "valid_from"), typed)


def _save_rules(session: Session, school_id: str, form: FormData) -> None:
    school.save_rules(session, school_id, {name: text_of(form, name) for name in form})


ACTS: dict[tuple[str, str], Callable[[Session, str, FormData], None]] = {
    ("classes", "remove"): _remove_class,
    ("school", "remove-name"): _remove_name,
    ("classes", "add"): _add_class,
    ("classes", "assign"): _assign,
    ("classes", "unassign"): _unassign,
    ("school", "name"): _save_name,
    ("school", "rules"): _save_rules,
}


DONE: dict[tuple[str, str], Text] = {
    ("school", "name"): Text("Đã lưu tên trường.", "The school's name is saved."),
    ("school", "remove-name"): Text("Đã bỏ tên trường chưa dùng.", "The name is taken back."),
    ("school", "rules"): Text("Đã lưu quy định.", "The rules are saved."),
}
"""What the page says after a change."""


@router.get("/{place}")
def place_page(
    request: Request, place: str, viewer: AdminViewer, office: OfficeDep, done: str = ""
) -> Response:
    """Classes, or the school's name and rules; `done` names the change just made."""
    return _place(request, viewer, office, place, done=DONE.get((place, done)))


@router.post("/{place}/{action}")
def change_place(
    request: Request, place: str, action: str, viewer: AdminViewer, form: CheckedForm, office: OfficeDep
) -> Response:
    """One change of classes, names or rules."""
    do = ACTS.get((place, action))
    if do is None:
        raise NotFound
    try:
        with office.db.write() as session:
            do(session, viewer.actor.school_id, form)
    except NotFound:
        raise
    except RecordsError as refusal:
        typed = {name: text_of(form, name) for name in form if name != "csrf"}
        return _place(request, viewer, office, place, faults=faults_of(refusal, action), typed=typed)
    said = f"?done={action}" if (place, action) in DONE else ""
    return RedirectResponse(f"/admin/{place}{said}", 303)


def _place(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    place: str,
    *,
    faults: dict[str, Text] | None = None,
    typed: dict[str, str] | None = None,
    done: Text | None = None,
) -> Response:
    if place not in PLACES:
        raise NotFound
    template, draw = PLACES[place]
    with office.db.read() as session:
        context = draw(session, viewer.actor.school_id)
    return page(
        request,
        viewer,
        template,
        status_code=422 if faults else 200,
        faults=faults or {},
        typed=typed or {},
        done=done,
        **context,
    )
