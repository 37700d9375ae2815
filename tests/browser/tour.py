"""Every page of the site with an example address, by who opens it.

The list of pages comes from the application's own routes: a new page without an example is an error here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import httpx
from fastapi import FastAPI
from openpyxl import Workbook
from sqlmodel import col, select

from flows import prints
from models.imports import Import
from service.pages.mailbox import folder
from service.routes import PAGE_ROUTERS
from tests import states
from tests.cast import PASSWORD, PIN, Cast

NO_PAGE = {
    "/healthz": "JSON",
    "/metrics": "figures for a machine",
    "/session": "JSON",
    "/bundle": "a ZIP file",
    "/reports/{report_id}/picture": "a picture",
    "/documents/{document_id}/changed": "JSON",
    "/documents/{document_id}/prints/{code}.pdf": "a PDF",
    "/types/{slug}.bpmn": "a file",
    "/types/{slug}.svg": "a picture",
    "/documents/{document_id}/preview/{number}.webp": "a picture",
    "/documents/{document_id}/images/{sha256}": "a picture",
    "/documents/{document_id}/body/state": "JSON",
    "/documents/{document_id}/body/original": "a file",
    "/documents.{kind}": "a file",
    "/documents/{document_id}/pages/{number}.webp": "a picture",
    "/documents/{document_id}/pdf": "a PDF",
    "/admin/import/{name}.xlsx": "a file",
    "/sign-in/again": "a fragment of a page: the dialog is opened over one",
}
ANYBODY = ""
"""Nobody is signed in."""
Stop = tuple[str, ...]
"""Who opens it, its address, and what is pressed there before it is looked at."""


def patterns() -> list[str]:
    """The address patterns of all pages, as the framework describes the routes it serves."""
    app = FastAPI()
    for router in PAGE_ROUTERS:
        app.include_router(router)
    return [path for path, methods in app.openapi()["paths"].items() if "get" in methods]


def prepare(cast: Cast, site: str) -> list[Stop]:
    """A school with a record in every state, and all addresses of it."""
    known = states.records(cast)
    addendum = "lesson-plan-addendum"
    letter = EmailMessage()
    letter["Subject"], letter["To"], letter["From"] = "Việc chờ", "hoa@example.test", "hososo@example.test"
    letter.set_content("Kế hoạch bài dạy tuần 13 chờ cô duyệt.")
    letters = folder(cast.office.settings)
    letters.mkdir(parents=True, exist_ok=True)
    (letters / "1764000000-ab.eml").write_bytes(letter.as_bytes())
    with _signed_in(site, "lan") as lan:
        report = _post(lan, "/reports", {"page": "/", "what": "Không mở được trang in."}).headers["location"]
    with _signed_in(site, "admin") as admin:
        for mail in ("moi@example.test", "không phải thư"):
            _post(admin, "/admin/import", {}, {"file": ("truong.xlsx", _workbook(mail))})
    with cast.office.db.read() as session:
        good, bad = session.exec(select(Import.id).order_by(col(Import.id))).all()
    code = prints.make(cast.office, cast.actor("lan"), known["archived"], "page").code
    with httpx.Client(base_url=site) as api:
        bearer = api.post("/api/v1/token", data={"username": "hoa", "password": PASSWORD}).json()
        waiting = cast.fresh(known["waits for the head"])
        batch = api.post(
            "/api/v1/batches",
            json={"action": "approve", "pin": PIN, "items": [{"id": waiting.id, "version": waiting.version}]},
            headers={"Authorization": f"Bearer {bearer['access_token']}"},
        ).json()["id"]
    second = cast.sent("mai", 14).id
    third = cast.sent("lien", 15).id
    here = {state: f"/documents/{key}" for state, key in known.items()}
    return [
        (ANYBODY, "/sign-in"),
        (ANYBODY, "/forgot"),
        (ANYBODY, "/reset/an-old-link-that-is-no-more-valid"),
        (ANYBODY, "/p"),
        (ANYBODY, f"/p/{code}"),
        (ANYBODY, "/p/AAAA-BBBB-CCCC"),
        (ANYBODY, "/sign-in", "button.btn--go"),
        ("lan", "/"),
        ("lan", "/keys"),
        ("lan", "/account"),
        ("lan", "/password"),
        ("lan", "/types"),
        ("lan", "/flags"),
        ("lan", "/obligations"),
        ("lan", "/documents"),
        ("lan", "/documents?q=bài&status=archived"),
        ("lan", "/documents/new?type=lesson-plan"),
        ("lan", "/documents/new/from?type=lesson-plan"),
        ("lan", f"{here['draft']}"),
        ("lan", f"{here['draft']}/edit"),
        ("lan", f"/documents/{_unfinished(cast)}/edit", "button.btn--go"),
        ("lan", f"{here['draft']}/lessons"),
        ("lan", f"{here['draft']}/preview"),
        ("lan", f"{here['draft']}/body"),
        ("lan", f"{here['draft']}/withdraw"),
        ("lan", f"{here['returned']}"),
        ("lan", f"{here['returned']}/edit"),
        ("lan", f"{here['archived']}"),
        ("lan", f"{here['archived']}/events"),
        ("lan", f"/documents/new?type={addendum}&about={known['archived']}"),
        ("lan", "/reports"),
        ("lan", "/reports/new?at=/documents"),
        ("lan", report),
        ("lan", "/documents/no-such-record"),
        ("hoa", "/"),
        ("hoa", "/inbox"),
        ("hoa", "/inbox", "[data-key=r]"),
        ("hoa", f"/inbox?doc={third}"),
        ("hoa", "/batches/new"),
        ("hoa", f"/batches/{batch}"),
        ("hoa", f"/documents/{second}"),
        ("hoa", f"/documents/{second}/approve"),
        ("hoa", f"/documents/{second}/return"),
        ("hoa", f"/documents/{second}/large"),
        ("hoa", f"{here['sent again']}/compare"),
        ("minh", "/"),
        ("minh", "/flags"),
        ("minh", "/inbox"),
        ("minh", "/confirmations"),
        ("minh", "/obligations"),
        ("thu", f"{here['waits for the seal']}/seal"),
        ("mai", f"/documents/{_to_sign(cast)}/sign"),
        ("admin", "/account/second-factor"),
        ("admin", "/admin"),
        ("admin", "/admin/accounts"),
        ("admin", f"/admin/accounts/{cast.ids['hoa']}"),
        ("admin", "/admin/groups"),
        ("admin", "/admin/classes"),
        ("admin", "/admin/weeks"),
        ("admin", "/admin/school"),
        ("admin", "/admin/mail"),
        ("admin", "/admin/timetable"),
        ("admin", "/admin/import"),
        ("admin", f"/admin/import/{good}"),
        ("admin", f"/admin/import/{bad}"),
        ("admin", "/mailbox"),
        ("admin", "/mailbox/1764000000-ab.eml"),
        ("admin", "/runs"),
        ("admin", f"/runs/{known['archived']}"),
        ("admin", "/reports"),
        ("admin", report),
    ]


def left_out(stops: list[Stop]) -> list[str]:
    """Patterns of pages without an example."""
    paths = [address.partition("?")[0].partition("#")[0] for _, address, *_ in stops]
    return [
        pattern
        for pattern in patterns()
        if pattern not in NO_PAGE
        and not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path) for path in paths)
    ]


def _unfinished(cast: Cast) -> str:
    """A draft that cannot be submitted yet."""
    draft = cast.lesson_plan("lan", 23, lessons=[{"title": "Bài 1"}])
    return draft.id


def _to_sign(cast: Cast) -> str:
    draft = cast.lesson_plan("mai", 22)
    cast.act("mai", draft.id, "submit")
    return draft.id


def _workbook(mail: str) -> bytes:
    """An import of one account."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Tài khoản"
    sheet.append(["Tên đăng nhập *", "Họ và tên *", "Chức danh", "Thư điện tử", "Vai trò"])
    sheet.append(["gv.moi", "Nguyễn Văn Mới", "Giáo viên", mail, "giáo viên"])
    book.save(out)
    return out.getvalue()


@contextmanager
def _signed_in(site: str, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=60) as client:
        typed = {"name": name, "password": PASSWORD, "csrf": _token(client.get("/sign-in").text)}
        assert client.post("/sign-in", data=typed).status_code == 303
        yield client


def _post(client: httpx.Client, path: str, fields: dict[str, str], files: Any = None) -> httpx.Response:
    """Send a form with its token."""
    token = _token(client.get("/account").text)
    answer = client.post(path, data=fields | {"csrf": token}, files=files)
    assert answer.status_code in (200, 303), answer.text[:2000]
    return answer


def _token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]
