"""Every page of the site with an example address, by who opens it.

A new page without an example is an error (`tests/browser/parts.py`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx
from openpyxl import Workbook
from sqlmodel import col, select

from flows import prints, waiving
from flows.due_rules import FRIDAY, BeforeWeekday, as_data
from flows.flag_words import PASSWORDS, stamp
from models.account import Account, ResetLink
from models.deadline import DeadlineRule
from models.flag import Flag
from models.imports import Import
from models.school import SchoolWeek
from service import accounts, mail_form, mail_trying, reset_links, second_factor
from service.pages.mailbox import folder
from service.passes import digest
from tasks import hidden_links
from tasks import second_factor as totp
from tasks.keys import Secret
from tests import states
from tests.browser import key_stops, retention_stops, signature_stops, spot_stops, verify_stops
from tests.browser.draw_stops import draw_stops
from tests.browser.minutes_stops import minutes_stops
from tests.browser.stops import ANYBODY, CHOSEN, Stop, ended, stop
from tests.browser.window import put_away
from tests.cast import PASSWORD, PIN, Cast
from tests.flows.test_delegations import away, day
from tests.timetables import timetable

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
    "/flags.{kind}": "a file",
    "/flags/list.{kind}": "a file",
    "/spot/list.{kind}": "a file",
    "/spot/draws/{draw_id}/draw.json": "a file",
    "/documents/{document_id}/pages/{number}.webp": "a picture",
    "/documents/{document_id}/pdf": "a PDF",
    "/documents/{document_id}/evidence.zip": "a file",
    "/admin/import/{name}.xlsx": "a file",
    "/admin/weeks/{year}.svg": "a picture",
    "/calendar/{token}.ics": "a calendar file",
    "/admin/mail/samples/{mail}.html": "a mail, for the frame of a page",
    "/sign-in/again": "a fragment of a page: the dialog is opened over one",
    **signature_stops.NO_PAGE,
    **spot_stops.NO_PAGE,
    **verify_stops.NO_PAGE,
    **key_stops.NO_PAGE,
}
MAIL_SERVER = {
    "act": "anyway",  # nothing answers there
    "host": "127.0.0.1",
    "port": "2525",
    "encryption": "none",
    "login": "",
    "sender": "hoso@example.test",
    "sender_name": "Trường Đồng Mai",
}


def prepare(cast: Cast, site: str) -> list[Stop]:
    """A school with a record in every state, and all addresses of it."""
    for period, name in enumerate(("lan", "mai", "hoa", "lien", "son", "huong"), start=1):
        timetable(cast, name, "3A", (2, period, "Toán"))
    known = states.records(cast)
    addendum, taught = "lesson-plan-addendum", cast.lesson_plan("lan", 12).id
    in_time = cast.office.now() - timedelta(days=8)
    for who, action in (("lan", "submit"), ("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(who, taught, action, arrived=in_time)
    letter = EmailMessage()
    letter["Subject"], letter["To"], letter["From"] = "Việc chờ", "hoa@example.test", "hososo@example.test"
    letter.set_content("Kế hoạch bài dạy tuần 13 chờ cô duyệt.")
    letters = folder(cast.office.settings)
    letters.mkdir(parents=True, exist_ok=True)
    (letters / "1764000000-ab.eml").write_bytes(letter.as_bytes())
    with _signed_in(site, "lan") as lan:
        report = _post(lan, "/reports", {"page": "/", "what": "Không mở được trang in."}).headers["location"]
    with _signed_in(site, "admin") as admin:
        seal = mail_trying.seal_of(mail_form.check(mail_form.read(MAIL_SERVER)))
        _post(admin, "/admin/mail/server", MAIL_SERVER | {"seal": seal})
        for who in ("lan", "mai"):
            accounts.set_roles(
                cast.office,
                cast.actor("admin"),
                cast.ids[who],
                ["teacher", "vice_principal"],
                cast.office.now(),
            )
        for mail in ("moi@example.test", "không phải thư"):
            _post(admin, "/admin/import", {}, {"file": ("truong.xlsx", _workbook(mail))})
    with cast.office.db.read() as session:
        good, bad = session.exec(select(Import.id).order_by(col(Import.id))).all()
    code = prints.make(cast.office, cast.actor("lan"), known["archived"], "page").code
    with httpx.Client(base_url=site, timeout=60, trust_env=False) as api:
        bearer = api.post("/api/v1/token", data={"username": "hoa", "password": PASSWORD}).json()
        waiting = cast.fresh(known["waits for the head"])
        batch = api.post(
            "/api/v1/batches",
            json={"action": "approve", "pin": PIN, "items": [{"id": waiting.id, "version": waiting.version}]},
            headers={"Authorization": f"Bearer {bearer['access_token']}"},
        ).json()["id"]
    away(cast, "thu", "binh", paper=True)
    away(cast, "hoa", "lien", first_day=day(cast, 3))
    coming = _rule_of_later(cast)
    second = cast.sent("mai", 14).id
    third = cast.sent("lien", 15).id
    missing, waived, password = _flags(cast)
    here = {state: f"/documents/{key}" for state, key in known.items()}
    return [
        stop(ANYBODY, "/sign-in"),
        stop(ANYBODY, "/forgot"),
        stop(ANYBODY, "/forgot", ("[name=name]", "ai-do"), "button.btn--go", shows="[role=status]"),
        stop(ANYBODY, "/reset/an-old-link-that-is-no-more-valid"),
        stop(ANYBODY, f"/reset/{_reset_link(cast)}"),
        stop(
            ANYBODY,
            "/sign-in",
            ("[name=name]", _with_second_factor(cast)),
            ("[name=password]", PASSWORD),
            "button.btn--go",
            shows="#code",
        ),
        stop(ANYBODY, "/p"),
        stop(ANYBODY, f"/p/{code}"),
        stop(ANYBODY, "/p/AAAA-BBBB-CCCC"),
        stop(
            ANYBODY,
            "/sign-in",
            ("[name=name]", "lan"),
            ("[name=password]", "sai"),
            "button.btn--go",
            shows="[role=alert]",
        ),
        stop("lan", "/", shows="#check-1"),
        stop("lan", "/keys"),
        stop("lan", "/account"),
        stop("mai", "/account", "[action='/account/calendar/make'] .btn", shows="#feed"),
        stop("lan", "/password"),
        stop("lan", "/types"),
        stop("lan", "/flags"),
        *draw_stops(cast),
        *key_stops.stops(cast),
        stop("lan", "/flags/list"),
        stop("lan", f"/flags/{missing}"),
        stop("lan", f"/flags/{password}"),
        stop("lan", "/flags/people/me?state=attention"),
        stop("lan", "/deadlines"),
        stop("lan", "/reminders"),
        stop("lan", "/obligations"),
        stop("lan", "/documents"),
        stop("lan", "/documents?q=bài&status=archived"),
        stop("lan", "/documents/new?type=lesson-plan"),
        stop("lan", "/documents/new/from?type=lesson-plan"),
        stop("lan", f"{here['draft']}"),
        stop("lan", f"{here['draft']}/edit"),
        stop("lan", f"/documents/{_unfinished(cast)}/edit", "button[value=submit]", shows="[data-focus]"),
        stop("lan", f"{here['draft']}/lessons"),
        stop("lan", f"{here['draft']}/preview"),
        stop("lan", f"{here['draft']}/body"),
        stop("lan", f"{here['draft']}/withdraw"),
        stop("lan", f"{here['returned']}"),
        stop("lan", f"{here['returned']}/edit"),
        stop("lan", f"{here['archived']}"),
        stop("lan", f"{here['archived']}/events"),
        stop("lan", f"/documents/new?type={addendum}&about={taught}"),
        stop("lan", "/absence"),
        stop("hoa", "/absence"),
        stop("binh", "/absence"),
        stop("binh", "/"),
        stop("minh", f"/absence?of={cast.ids['hoa']}"),
        stop("lan", "/reports"),
        stop("lan", "/reports/new?at=/documents"),
        stop("lan", report),
        stop("lan", "/documents/no-such-record"),
        stop("lan", "/password", "details.who summary", shows=".menu"),  # over nothing one could press
        stop("lan", "/", "details.who summary", "[data-key='?']", shows="dialog[open]"),
        stop("hoa", "/"),
        stop("hoa", "/inbox"),
        stop("hoa", "/inbox", "[data-key=r]", shows="dialog[open] #note"),
        stop("hoa", f"/inbox?doc={third}"),
        stop("hoa", "/batches/new"),
        stop("hoa", "/batches/new", ("[name=item]", CHOSEN), ".tray .btn--go", shows="#pin"),
        stop("hoa", f"/batches/{batch}"),
        stop("hoa", f"/documents/{second}"),
        stop("hoa", f"/documents/{second}/approve"),
        stop("hoa", f"/documents/{second}/delegate"),
        stop("hoa", f"/documents/{second}/return"),
        stop("hoa", f"/documents/{second}/large"),
        stop("hoa", f"{here['sent again']}/compare"),
        stop("minh", "/"),
        stop("minh", "/flags"),
        stop("minh", f"/flags?week={cast.weeks[16]}"),
        stop("minh", f"/flags?from={cast.weeks[1]}&to={cast.weeks[35]}", shows=".matrix--wide"),
        stop("minh", "/flags", ".matrix a.cell", shows="#detail .facts"),
        stop("minh", "/flags?type=team-teaching-plan"),
        stop("minh", f"/flags?state=returned&person={cast.ids['mai']}", shows=".empty"),
        stop("minh", f"/flags/people/{cast.ids['lan']}"),
        stop("minh", f"/flags/lesson-plan/{cast.ids['lan']}/{cast.weeks[17]}"),
        stop("minh", "/flags/list"),
        stop("minh", "/flags/list?state=waived"),
        stop("minh", "/flags/list?rule=certificate", shows=".empty"),
        stop("minh", f"/flags/{missing}"),
        stop("minh", f"/flags/{waived}"),
        stop("minh", f"/flags/lesson-plan/{cast.ids['lan']}/{cast.weeks[2]}"),
        stop("minh", "/inbox"),
        stop("minh", "/confirmations", shows="[data-round]"),
        stop("minh", "/obligations"),
        stop("ngoc", "/"),
        stop("ngoc", "/batches/new"),
        stop("binh", "/"),
        stop("binh", "/documents"),
        stop("thu", "/"),
        stop("thu", "/inbox"),
        stop("thu", f"{here['waits for the seal']}/seal"),
        stop("mai", f"/documents/{_to_sign(cast)}/sign"),
        stop(
            "mai",
            "/reports/new?at=/",
            ended,
            ("#f-what", "Máy in kẹt giấy."),
            "main .btn--go",
            ("[name=name]", "mai"),
            ("[name=password]", PASSWORD),
            "button.btn--go",
            shows="[autofocus]",
        ),
        stop("admin", "/"),
        stop("admin", "/account/second-factor"),
        stop("admin", "/admin"),
        stop("admin", "/admin/accounts"),
        stop("admin", f"/admin/accounts/{cast.ids['hoa']}"),
        stop("admin", "/admin/groups"),
        stop("admin", "/admin/classes"),
        stop("admin", "/deadlines"),
        stop("admin", "/reminders"),
        stop("admin", "/reminders/lesson-plan"),
        stop(
            "admin",
            "/reminders/lesson-plan",
            ("input[name=r0_days]", "2"),
            "button[value=preview]",
            shows="#h-after",
        ),
        stop("minh", "/reminders/hours"),
        stop("minh", "/reminders/hours", ".btn--go", shows=".note--ok"),
        stop("admin", "/admin/deadlines/lesson_plan_due"),
        stop("admin", "/admin/deadlines/team_plan_lead?kind=end-of-term"),
        stop("admin", f"/admin/deadlines/lesson_plan_due/rules/{coming}"),
        stop(
            "admin",
            "/admin/deadlines/lesson_plan_due",
            ("[name=weeks_before]", "2"),
            "main .btn--go",
            shows="[name=digest] ~ p",
        ),
        stop("admin", "/admin/weeks"),
        stop(
            "admin",
            "/admin/weeks",
            ("#off-first", "07/12/2026"),
            ("#off-reason", "Nghỉ tránh bão"),
            "form[action$='/off'] .row:last-child .btn",
            shows="text=Áp dụng",
        ),
        stop("admin", "/admin/weeks", "form[action$='/put-off'] .btn", shows="text=Áp dụng"),
        stop(
            "admin",
            "/admin/weeks",
            "summary:has-text('Tạo năm học')",
            ("#frame-2027-2028-source", "Quyết định số 1/QĐ-BGDĐT"),
            "form:has([name=frame_of][value='2027-2028']) .btn",
            shows="#h-stays",
        ),
        stop("admin", "/admin/school"),
        stop("admin", "/admin/audit"),
        stop("admin", "/admin/mail"),
        stop(
            "admin",
            "/admin/mail",
            ("[name=host]", "127.0.0.1"),
            ("[name=port]", "80"),
            ("[name=sender]", "hoso@example.test"),
            "[name=act][value=save]",
            shows="[role=alert]",
        ),
        stop(
            "admin",
            "/admin/mail",
            ("[name=host]", "127.0.0.1"),
            ("[name=port]", "65535"),
            ("[name=sender]", "hoso@example.test"),
            "[name=act][value=try]",
            shows=".note [class=mono]",
        ),
        stop("admin", "/admin/mail/samples"),
        stop("admin", "/admin/mail/samples?mail=weekly&written=en"),
        stop("minh", "/admin/mail/samples?mail=kind-spot-check"),
        stop("admin", "/admin/timetable"),
        stop("admin", "/admin/import"),
        stop("admin", f"/admin/import/{good}"),
        stop("admin", f"/admin/import/{bad}"),
        stop("admin", f"/admin/import/{good}", "main .btn--go", shows="text=gv.moi"),
        stop("admin", "/mailbox"),
        stop("admin", "/mailbox/1764000000-ab.eml"),
        stop("admin", "/runs"),
        stop("admin", f"/runs/{known['archived']}"),
        stop("admin", "/reports"),
        stop("admin", report),
        *verify_stops.verify_stops(cast, known["archived"]),
        *minutes_stops(cast),
        *signature_stops.stops(cast),
        *retention_stops.stops(cast),
        *spot_stops.stops(cast, str(code)),
        # After this her session has ended.
        stop(
            "lan",
            f"{here['draft']}/edit",
            ("[name='lessons.0.title']", "Bài đang soạn"),
            ended,
            put_away,
            shows="dialog[open] [name=password]",
        ),
    ]


def _unfinished(cast: Cast) -> str:
    """A draft that cannot be submitted yet."""
    draft = cast.lesson_plan("lan", 23, lessons=[{"title": "Bài 1"}])
    return draft.id


def _flags(cast: Cast) -> list[str]:
    """Three of lan's: one that is explained, one that is waived, one about the password."""
    now = cast.office.now()
    office = replace(cast.office, now=lambda: now - timedelta(days=60))
    words = {
        "due_at": stamp(now - timedelta(days=70)),
        "since": stamp(now - timedelta(days=250)),
        "days": 180,
    }
    made = [
        Flag(
            school_id=cast.school_id,
            key=f"{rule}:lesson-plan:{cast.ids['lan']}:{cast.weeks[week]}",
            rule=rule,
            type="" if rule in PASSWORDS else "lesson-plan",
            account_id=cast.ids["lan"],
            group_id=cast.groups["1-2-3"],
            week_id=None if rule in PASSWORDS else cast.weeks[week],
            due_at=now - timedelta(days=70),
            opened_at=now - timedelta(days=70),
            data=words,
        )
        for rule, week in (("missing", 2), ("missing", 3), ("password-old", 3))
    ]
    ids = [flag.id for flag in made]
    with cast.office.db.write() as session:
        session.add_all(made)
    waiving.explain(office, cast.actor("lan"), ids[0], "Con ốm phải vào viện, xin nộp sau.")
    waiving.waive(office, cast.actor("ngoc"), ids[1], "Đi tập huấn theo quyết định của trường.")
    return ids


def _reset_link(cast: Cast) -> str:
    """The secret of a link that sets a new password."""
    reset_links.ask(cast.office, "huong", "127.0.0.1", cast.office.now())
    with cast.office.db.read() as session:
        link = session.exec(select(ResetLink.id)).one()
    return hidden_links.token_of(link, cast.office.settings.master_key)


def _rule_of_later(cast: Cast) -> str:
    """A deadline's rule that does not hold before week 30."""
    with cast.office.db.write() as session:
        rule = DeadlineRule(
            school_id=cast.school_id,
            key="lesson_plan_due",
            valid_from=session.get_one(SchoolWeek, cast.weeks[30]).monday,
            value=as_data(BeforeWeekday(FRIDAY, weeks_before=1)),
            set_by=cast.ids["admin"],
            set_at=cast.office.now(),
        )
        session.add(rule)
        return rule.id


def _with_second_factor(cast: Cast) -> str:
    """Someone who is asked for a code, too."""
    office = cast.office
    with office.db.read() as session:
        account = session.get_one(Account, cast.ids["son"])
    secret = second_factor.begin(office, account, office.now())
    code = Secret(totp.code_at(secret, totp.step_of(office.now())))
    second_factor.enrol(office, account, code, office.now(), digest("no session"))
    return "son"


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
    with httpx.Client(base_url=site, timeout=60, trust_env=False) as client:
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
