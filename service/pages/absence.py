"""“Vắng mặt, ủy quyền”: who is away and who stands in, and the form that hands decisions over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from flows import absences, delegations
from flows.authority import manner
from flows.candidates import posts_of, types_of
from flows.delegation_rules import Asked
from flows.office import Office
from flows.posts import actor_of
from models.account import Account
from models.errors import Fault, Invalid, NotFound, RecordsError
from models.text import Text
from service import words
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.pages.sign_in import address_of
from service.school import read_day
from service.sign_in import check
from service.templating import page
from tasks.keys import Secret

router = APIRouter(prefix="/absence")


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who could stand in, and how they would sign."""

    account: Account
    how: Text


HOW = {
    "own": Text("ký theo chức danh của mình", "signs by their own post"),
    "KT": Text("ký thay (KT.)", "signs as deputy (KT.)"),
    "TUQ": Text("ký thừa ủy quyền (TUQ.), cần giấy ủy quyền", "signs TUQ., needs a written authorisation"),
}
TYPED = ("delegate", "first_day", "last_day", "number", "dated")
DONE = {
    "given": Text("Đã ghi ủy quyền. Những người liên quan được báo.", "Recorded. Those concerned are told."),
    "ended": Text("Ủy quyền đã kết thúc.", "The delegation has ended."),
}


@router.get("")
def absence_page(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, of: str = "", done: str = ""
) -> Response:
    """What is in force, coming and past; the form, for whom the person may delegate. `of`: whose absence."""
    return _show(request, viewer, office, now, of or viewer.account.id, done=DONE.get(done))


@router.post("")
def give(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Hand over; with one's own password, for whoever found this browser open must not do it."""
    absent = text_of(form, "absent") or viewer.account.id
    try:
        asked = _asked(form, absent)
        delegations.weigh(office, viewer.actor, asked, now)
        password = Secret(text_of(form, "password"))
        try:
            check(office, viewer.account.sign_in_name, password, address_of(request), now, present=True)
        except RecordsError as refusal:
            return _show(
                request, viewer, office, now, absent, form=form, faults={"password": refusal.sentence}
            )
        delegations.give(office, viewer.actor, asked, now)
    except Invalid as refusal:
        faults = faults_of(refusal, "delegate")
        return _show(request, viewer, office, now, absent, form=form, faults=faults)
    return RedirectResponse("/absence?done=given", 303)


@router.post("/{delegation_id}/end")
def end(
    viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival, delegation_id: str
) -> Response:
    """End it before its last day."""
    del form  # checked by being asked for
    delegations.end(office, viewer.actor, delegation_id, now)
    return RedirectResponse("/absence?done=ended", 303)


def _asked(form: FormData, absent: str) -> Asked:
    """The form as typed; Invalid naming the days that are none."""
    faults: list[Fault] = []
    days = {}
    for name in ("first_day", "last_day", "dated"):
        try:
            days[name] = read_day(text_of(form, name), name) if text_of(form, name).strip() else None
        except Invalid as refusal:
            faults += refusal.faults
    if faults:
        raise Invalid(faults[0].sentence, tuple(faults))
    return Asked(
        absent_id=absent,
        delegate_id=text_of(form, "delegate"),
        first_day=days["first_day"],
        last_day=days["last_day"],
        posts=_all(form, "post") or ("",),
        types=_all(form, "type"),
        number=text_of(form, "number"),
        dated=days["dated"],
    )


def _all(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


def _show(
    request: Request,
    viewer: Viewer,
    office: Office,
    now: datetime,
    of: str,
    *,
    form: FormData | None = None,
    faults: dict[str, Text] | None = None,
    done: Text | None = None,
) -> Response:
    with office.db.read() as session:
        people = people_of(session, viewer.actor.school_id)
        holders = _holders(session, viewer, people)
        absent = next((a for a in holders if a.id == of), None)
        if absent is None and of != viewer.account.id:
            raise NotFound
        posts = posts_of(actor_of(session, absent.id)) if absent else ()
        shown = absences.listed(session, viewer.actor, now)
        named = [(post, absences.post_words(session, post)) for post in posts]
        choices = choices_of(session, absent, posts, people) if absent else []
    typed = {n: text_of(form, n) if form else "" for n in TYPED}
    return page(
        request,
        viewer,
        "pages/absence.html",
        status_code=422 if faults else 200,
        shown=shown,
        absent=absent,
        holders=holders,
        posts=named,
        types=types_of(posts),
        choices=choices,
        typed=typed,
        chosen_posts=_all(form, "post") if form else [post for post, _ in named],
        chosen_types=_all(form, "type") if form else [],
        faults=faults or {},
        done=done,
        today=words.local(now).date(),
    )


def people_of(session: Session, school_id: str) -> list[Account]:
    """The active accounts of the school, by given name."""
    found = session.exec(
        select(Account).where(col(Account.school_id) == school_id, col(Account.active))
    ).all()
    return sorted(found, key=lambda a: words.by_given_name(a.full_name))


def _holders(session: Session, viewer: Viewer, people: list[Account]) -> list[Account]:
    """For whom this person may delegate: themselves, for the principal everyone with such a post."""
    mine = people if "principal" in viewer.actor.roles else [a for a in people if a.id == viewer.account.id]
    return [a for a in mine if posts_of(actor_of(session, a.id))]


def choices_of(
    session: Session, absent: Account, posts: tuple[str, ...], people: list[Account]
) -> list[Choice]:
    """Everyone who could stand in, deputies first."""
    order = ("KT", "own", "TUQ")
    found: list[tuple[int, Choice]] = []
    for account in people:
        actor = actor_of(session, account.id)
        if account.id == absent.id or "admin" in actor.roles:
            continue
        how = max((manner(post, actor) for post in posts), key=order.index)
        found.append((order.index(how), Choice(account, HOW[how])))
    return [choice for _, choice in sorted(found, key=lambda pair: pair[0])]
