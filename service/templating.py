"""Pages from templates: the frame's context, the words in a template.

Templates are Jinja2 with autoescape and carry no decisions: a page module gathers values, `page` draws them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.routing import Match

from flows import posts, queries, round_marks
from flows.people import ROLES, Actor
from models.errors import NotFound
from models.names import told_apart
from models.text import Language, Text
from service import words
from service.assets import has_static, security_headers, static
from service.deps import office_of
from service.languages import asked_language, keep_language, language_of

if TYPE_CHECKING:
    from service.access import Viewer

ROOT = Path(__file__).resolve().parent.parent
__all__ = ["environment", "error_page", "language_of", "page", "security_headers"]


# --- words -----------------------------------------------------------------------------------------------


class Counting(Formatter):
    """`str.format` with a word that follows a number: `{n:record|records}`."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if bar:
            return one if str(value) == "1" else many
        return str(super().format_field(value, format_spec))


COUNTING = Counting()


@dataclass(frozen=True, slots=True)
class Words:
    """Everything a template says, in one language and at one moment."""

    language: Language
    now: datetime

    def t(self, vi: str, en: str, /, **values: object) -> str:
        """One of the pair, its `{places}` filled; escaped by the template like any text.

        English counts with `{n} {n:record|records}`: the word for exactly one, the word for any other number.
        """
        sentence = en if self.language == "en" else vi
        if not values:
            return sentence
        return COUNTING.format(
            sentence, **{k: v.to(self.language) if isinstance(v, Text) else v for k, v in values.items()}
        )

    def text(self, value: Text) -> str:
        return value.to(self.language)

    def context(self) -> dict[str, Any]:
        """The names templates use."""

        def say(make: Callable[..., Text]) -> Callable[..., str]:
            return lambda *args: make(*args).to(self.language)

        return {
            "t": self.t,
            "text": self.text,
            "when": say(words.when),
            "when_exactly": say(words.when_exactly),
            "brief": say(words.brief),
            "day": say(words.day),
            "weekday": say(words.weekday_of),
            "short_weekday": say(lambda value: words.SHORT_WEEKDAYS[value.weekday()]),
            "limit": say(words.limit),
            "span": say(words.span),
            "left": say(lambda due: words.left(due, self.now)),
            "ago": say(lambda moment: words.ago(moment, self.now)),
            "size": say(words.size),
            "number": say(words.number),
            "up_to_limit": say(words.up_to_limit),
            "clock": say(words.clock),
            "short_hash": words.grouped_hash,
            "language": self.language,
            "now": self.now,
        }


# --- pieces of markup used on every page ----------------------------------------------------------------


def icon(name: str, size: str = "") -> Markup:
    """An icon of the sprite, `size` "s" for the small one; always beside words."""
    small = " i--s" if size == "s" else ""
    address = static("sprite.svg")
    return Markup(
        '<svg class="i{}" viewBox="0 0 20 20" aria-hidden="true"><use href="{}#i-{}"/></svg>'
    ).format(small, address, name)


def mark(name: str) -> Markup:
    """A status mark of the sprite: draft todo wait ok arch late miss waived ret wd ref."""
    address = static("sprite.svg")
    return Markup(
        '<svg class="m m--{0}" viewBox="0 0 16 16" aria-hidden="true"><use href="{1}#m-{0}"/></svg>'
    ).format(name, address)


def brand_mark() -> Markup:
    address = static("sprite.svg")
    return Markup(
        '<svg class="brand__mark" viewBox="0 0 16 22" aria-hidden="true"><use href="{}#brand"/></svg>'
    ).format(address)


def csrf_field(token: str) -> Markup:
    """The hidden field every form that changes something carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


@cache
def environment() -> Environment:
    """The one template environment; undefined names fail loudly."""
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(icon=icon, mark=mark, brand_mark=brand_mark, static=static, has_static=has_static)
    # The same words as filters, where a value reads better first: {{ event.at|when }}.
    for name in ("when", "brief", "day", "limit", "left", "ago", "size", "number", "text"):
        made.filters[name] = _filter(name)
    made.filters["said_authority"] = said_authority
    made.filters["said_post"] = said_post
    made.filters["attributes"] = attributes
    made.filters["told_apart"] = told_apart
    made.filters["capitalize_first"] = lambda value: value[:1].upper() + value[1:]
    return made


def _filter(name: str) -> Callable[..., str]:
    @pass_context
    def said(context: Context, value: object) -> str:
        return str(context.resolve(name)(value))

    return said


_ATTRIBUTE = re.compile(r'([a-z][a-z-]*)(?:="([^"]*)")?')


def attributes(written: str) -> Markup:
    """`required inputmode="numeric"`, as a template hands it to a macro.

    A string of a template is text to Jinja, so that its quotation marks would become part of the value.
    """
    found = _ATTRIBUTE.findall(written)
    written_out = (Markup('{}="{}"').format(name, value) if value else name for name, value in found)
    return Markup(" ").join(written_out)


# --- the frame ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the main navigation."""

    path: str
    name: Text
    icon: str
    count: int = 0


def said_post(post: str) -> str:
    """A post within a sentence: `giáo viên Tiếng Anh`, `phó hiệu trưởng`; names in it keep their capitals."""
    return post[:1].lower() + post[1:].replace(" Hiệu trưởng", " hiệu trưởng")


def said_authority(lines: str) -> str:
    """The capitals above a signature as they stand in a list: `KT. hiệu trưởng / phó hiệu trưởng`."""
    form, _, post = lines.partition(" ")
    return f"{form} {post.lower()}" if form.endswith(".") else lines[:1] + lines[1:].lower()


def _reviews(actor: Actor) -> bool:
    """Does other people's work come to this person?"""
    return bool(
        actor.heads
        or actor.deputises
        or actor.covers
        or actor.roles & {"principal", "vice_principal", "clerk"}
    )


def places(actor: Actor, waiting: int, marked: int = 0) -> list[Place]:
    """The main navigation of a person: only where they have something to do or to see.

    `marked` counts the records in their signing round; the round is a place while it holds something.
    """
    found = [Place("/", Text("Trang chủ", "Home"), "home")]
    if waiting or _reviews(actor):
        found.append(Place("/inbox", Text("Chờ tôi", "Waiting for me"), "inbox", waiting))
    if marked:
        found.append(Place("/batches/new", Text("Lượt ký", "Signing round"), "pen", marked))
    found.append(Place("/documents", Text("Hồ sơ", "Records"), "doc"))
    found.append(Place("/flags", Text("Thời hạn", "Deadlines"), "cal"))
    if actor.roles & {"teacher", "inspector", "principal", "vice_principal"}:
        # An inspector's own work comes first.
        at = 1 if "inspector" in actor.roles else len(found)
        found.insert(at, Place("/spot", Text("Kiểm tra", "Checks"), "check"))
    if "admin" in actor.roles:
        found.append(Place("/runs", Text("Lượt chạy", "Runs"), "flow"))
        found.append(Place("/admin", Text("Quản trị", "Admin"), "user"))
    return found


def post_of(actor: Actor) -> Text:
    """The post that stands beside the name in the frame."""
    for role in ("principal", "vice_principal"):
        if role in actor.roles:
            return ROLES[role]
    if actor.heads:
        return Text("tổ trưởng", "group head")
    if actor.deputises:
        return Text("tổ phó", "deputy group head")
    for role in ("clerk", "teacher", "inspector", "admin"):
        if role in actor.roles:
            return ROLES[role]
    return Text("người dùng", "user")


def _here(path: str, found: Iterable[Place]) -> str:
    """The place a page belongs to: the longest address it begins with."""
    fits = [p.path for p in found if path == p.path or (p.path != "/" and path.startswith(p.path + "/"))]
    return max(fits, key=len, default="")


def _reviewing(path: str) -> bool:
    """Is this a page on which one reads, marks or signs what waits?"""
    return path == "/inbox" or path.startswith(("/inbox/", "/batches", "/documents/"))


def _leaves_reviewing(request: Request) -> bool:
    """Did the person just leave the pages of reviewing? Then the round is called to mind."""
    came_from = urlsplit(request.headers.get("Referer", "")).path
    return _reviewing(came_from) and not _reviewing(request.url.path)


def _frame(request: Request, viewer: Viewer | None) -> Mapping[str, Any]:
    if viewer is None:
        return {
            "places": [],
            "here": "",
            "waiting_count": 0,
            "round_count": 0,
            "left_round": False,
            "school": None,
            "post": None,
            "csrf": "",
        }
    office = office_of(request)
    with office.db.read() as session:
        waiting = queries.count_waiting(session, viewer.actor)
        marked = round_marks.count(session, viewer.actor)
        try:
            school = posts.issuer_of(session, viewer.actor.school_id, words.local(office.now()).date()).name
        except NotFound:
            school = None
    found = places(viewer.actor, waiting, marked)
    return {
        "places": found,
        "here": _here(request.url.path, found),
        "waiting_count": waiting,
        "round_count": marked,
        "left_round": bool(marked) and _leaves_reviewing(request),
        "school": school,
        "post": post_of(viewer.actor),
        "csrf": viewer.csrf,
    }


def readable_path(request: Request) -> str:
    """Where one can go on reading: the page's own address, or the nearest above it that answers a GET.

    A form's answer may stand at an address that takes nothing but that form; a switch of the language must
    not lead back there.
    """
    path = request.url.path
    if request.method in ("GET", "HEAD"):
        return path
    while path and not _answers_get(request, path):
        path = path.rpartition("/")[0]
    return path or "/"


def _answers_get(request: Request, path: str) -> bool:
    asked = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)


def page(
    request: Request, viewer: Viewer | None, template: str, *, status_code: int = 200, **context: object
) -> HTMLResponse:
    """Draw a template inside the frame of this viewer (None: nobody is signed in).

    In templates: `t(vi, en, **values)`, `text(Text)`, `when day brief limit left ago size number`, `icon`,
    `mark`, `static`; `viewer`, `csrf`, `places`, `waiting_count`, `school`, `now`, `language`, `path`.
    """
    spoken = Words(language_of(request, viewer), office_of(request).now()).context()
    taken = context.keys() & spoken.keys()
    assert not taken, f"{template}: {taken} would hide words of every page"
    values = {
        **spoken,
        **_frame(request, viewer),
        "viewer": viewer,
        "path": readable_path(request),
        "csrf_field": lambda: csrf_field(viewer.csrf if viewer else ""),
        "demo": office_of(request).settings.demo,
        **context,
    }
    body = environment().get_template(template).render(values)
    # A signed-in page is nobody else's: no shared cache keeps it, and "back" after signing out asks again.
    shown = HTMLResponse(body, status_code=status_code, headers={"cache-control": "no-store"})
    if viewer is None and (asked := asked_language(request)):
        keep_language(shown, office_of(request).settings, asked)
    return shown


TITLES: dict[int, Text] = {
    403: Text("Việc này không thuộc tài khoản đang dùng", "This act belongs to someone else"),
    404: Text("Không tìm thấy", "Not found"),
    409: Text("Hồ sơ đã thay đổi", "The record has changed"),
    405: Text("Trang này không mở trực tiếp được", "This page cannot be opened by itself"),
    410: Text("Đã hủy", "Destroyed"),
    413: Text("Nội dung gửi lên quá lớn", "Too much was sent"),
    422: Text("Nội dung chưa hợp lệ", "Something is not valid"),
    423: Text("Đang tạm khóa", "Locked for now"),
    503: Text("Tạm thời chưa dùng được", "Not available now"),
}
FAILED = Text("Có lỗi trong hệ thống", "Something failed in the system")


def error_page(
    request: Request,
    viewer: Viewer | None,
    status_code: int,
    sentence: Text,
    *,
    onward: tuple[str, Text] | None = None,
) -> HTMLResponse:
    """A refusal as a page: what happened and one way on (`onward`: address and words)."""
    return page(
        request,
        viewer,
        "pages/error.html",
        status_code=status_code,
        heading=TITLES.get(status_code, FAILED),
        sentence=sentence,
        onward=onward or ("/", Text("Về trang chủ", "To the home page")),
    )
