"""The form check, the way back to an interrupted form, and who sees which page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.testclient import TestClient
from sqlmodel import delete
from starlette.datastructures import FormData

from models.account import Pass
from service import access
from service.access import AdminViewer, PageViewer, checked_form
from service.app import create_app
from tests.cast import PASSWORD, Cast

router = APIRouter()


@router.get("/try")
def show(viewer: PageViewer) -> Response:
    return JSONResponse({"who": viewer.account.sign_in_name, "csrf": viewer.csrf})


@router.post("/try")
def send(viewer: PageViewer, form: Annotated[FormData, Depends(checked_form)]) -> Response:
    fields = [
        [name, value if isinstance(value, str) else value.filename] for name, value in form.multi_items()
    ]
    return JSONResponse({"who": viewer.account.sign_in_name, "fields": fields})


@router.get("/try-admin")
def admin_only(viewer: AdminViewer) -> Response:
    return JSONResponse({"who": viewer.account.sign_in_name})


@pytest.fixture
def app(cast: Cast) -> FastAPI:
    app = create_app(cast.office.settings, cast.office)
    app.include_router(router)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as client:
        yield client


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', html)
    assert found is not None, html
    return unescape(found[1])


def kept_fields(html: str, prefix: str = "") -> list[tuple[str, str]]:
    found = re.findall(rf'<textarea hidden name="{re.escape(prefix)}([^"]*)">\n(.*?)</textarea>', html, re.S)
    return [(unescape(name), unescape(value)) for name, value in found]


def enter(client: TestClient, name: str) -> None:
    page = client.get("/sign-in")
    answer = client.post(
        "/sign-in", data={"csrf": field(page.text, "csrf"), "name": name, "password": PASSWORD}
    )
    assert answer.status_code == 303


def csrf_of(client: TestClient) -> str:
    return str(client.get("/try").json()["csrf"])


def end_sessions(cast: Cast) -> None:
    with cast.office.db.write() as session:
        session.exec(delete(Pass))


def test_a_form_passes_with_its_sessions_token_in_the_field_or_the_header(client: TestClient) -> None:
    enter(client, "lan")
    csrf = csrf_of(client)
    by_field = client.post("/try", data={"csrf": csrf, "a": "1"})
    assert by_field.json() == {"who": "lan", "fields": [["csrf", csrf], ["a", "1"]]}
    by_header = client.post("/try", data={"a": "1"}, headers={"X-CSRF-Token": csrf})
    assert by_header.json() == {"who": "lan", "fields": [["a", "1"]]}


def test_a_form_without_it_or_with_another_sessions_is_refused(client: TestClient, app: FastAPI) -> None:
    enter(client, "lan")
    with TestClient(app, follow_redirects=False) as other:
        enter(other, "lan")
        elsewhere = csrf_of(other)
    for csrf in ("", "x", "ế", elsewhere):
        answer = client.post("/try", data={"csrf": csrf, "a": "1"})
        assert answer.status_code == 403
        assert "Tải lại trang" in answer.text
        assert client.post("/try", data={"a": "1"}, headers={"X-CSRF-Token": "x"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/password", "/account/pin", "/account/seal", "/sign-out", "/sign-out-everywhere", "/admin/accounts"],
)
def test_every_form_of_this_room_is_checked(client: TestClient, path: str) -> None:
    enter(client, "admin")
    assert client.post(path, data={"a": "1"}).status_code == 403


def test_more_fields_than_any_form_has_are_refused_in_words(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(client, "lan")
    data: dict[str, Any] = {"csrf": csrf_of(client), **{f"row.{n}": "x" for n in range(20_000)}}
    answer = client.post("/try", data=data)
    assert answer.status_code == 413
    assert "Chia thành nhiều phần" in answer.text
    monkeypatch.setattr(access, "FORM_BYTES", 1000)
    assert client.post("/try", data={"csrf": "x", "a": "y" * 1000}).status_code == 413


def test_a_form_whose_session_ended_is_kept_and_sent_on(client: TestClient, cast: Cast) -> None:
    enter(client, "lan")
    csrf = csrf_of(client)
    end_sessions(cast)
    text = '\nDòng đầu <b>"đậm"</b> & ế\r\n  cuối'
    secrets = {"pin": "975318", "old_password": "Bí-mật-2026"}
    sent = {"csrf": csrf, "lessons.0.title": "Bài 1", "lessons.0.text": text, **secrets}
    expired = client.post("/try?week=12", data=sent)
    assert expired.status_code == 401
    assert not any(word in expired.text for word in secrets.values())
    page = expired.text
    assert kept_fields(page, "kept.") == [("lessons.0.title", "Bài 1"), ("lessons.0.text", text)]

    resumed = client.post(
        "/sign-in",
        data={
            "csrf": field(page, "csrf"),
            "name": "lan",
            "password": PASSWORD,
            "kept_path": field(page, "kept_path"),
            "kept_csrf": field(page, "kept_csrf"),
            **{f"kept.{name}": value for name, value in kept_fields(page, "kept.")},
        },
    )
    assert resumed.status_code == 200
    assert 'action="/try?week=12"' in resumed.text
    again = {"csrf": field(resumed.text, "csrf"), **dict(kept_fields(resumed.text))}
    assert again["csrf"] != csrf
    assert again["lessons.0.text"] == text
    assert client.post("/try?week=12", data=again).json()["who"] == "lan"


def test_a_wrong_password_on_the_way_keeps_the_form_too(client: TestClient, cast: Cast) -> None:
    enter(client, "lan")
    csrf = csrf_of(client)
    end_sessions(cast)
    page = client.post("/try", data={"csrf": csrf, "a": "giữ lại"}).text
    data = {
        "csrf": field(page, "csrf"),
        "name": "lan",
        "password": "sai",
        "kept_path": "/try",
        "kept_csrf": field(page, "kept_csrf"),
        "kept.a": "giữ lại",
    }
    wrong = client.post("/sign-in", data=data)
    assert wrong.status_code == 403
    assert kept_fields(wrong.text, "kept.") == [("a", "giữ lại")]


def resume(client: TestClient, page: str, name: str) -> str:
    answer = client.post(
        "/sign-in",
        data={
            "csrf": field(page, "csrf"),
            "name": name,
            "password": PASSWORD,
            "kept_path": "/try",
            "kept_csrf": field(page, "kept_csrf"),
            "kept.a": "đề nghị",
        },
    )
    assert answer.status_code == 200
    return str(answer.text)


def test_another_person_does_not_send_it_on(client: TestClient, cast: Cast) -> None:
    enter(client, "lan")
    csrf = csrf_of(client)
    end_sessions(cast)
    page = client.post("/try", data={"csrf": csrf, "a": "đề nghị"}).text
    answer = resume(client, page, "hoa")
    assert kept_fields(answer) == []
    assert "không phải của tài khoản này" in answer


def test_a_form_made_up_by_someone_else_is_never_sent_on(client: TestClient, app: FastAPI) -> None:
    # Cross-site posts carry no cookie (SameSite=Lax): to us they look like an ended session.
    with TestClient(app, follow_redirects=False) as attacker:
        enter(attacker, "mai")
        stolen_shape = csrf_of(attacker)
    assert "kept_path" not in client.post("/try", data={"a": "đề nghị"}).text
    page = client.post("/try", data={"a": "đề nghị", "csrf": stolen_shape}).text
    answer = resume(client, page, "lan")
    assert kept_fields(answer) == []
    assert "đề nghị" not in answer


def test_an_attached_file_is_dropped_and_said_so(client: TestClient, cast: Cast) -> None:
    enter(client, "lan")
    csrf = csrf_of(client)
    end_sessions(cast)
    page = client.post("/try", data={"csrf": csrf, "a": "1"}, files={"file": ("plan.pdf", b"%PDF-")}).text
    assert kept_fields(page, "kept.") == [("a", "1")]
    assert "phải chọn lại" in page


def test_a_script_gets_the_sentence_and_keeps_its_own_page(client: TestClient) -> None:
    answer = client.post("/try", data={"a": "1"}, headers={"X-CSRF-Token": "x"})
    assert answer.status_code == 401
    assert "đăng nhập ở một thẻ khác" in answer.text
    assert "<html" not in answer.text


def test_the_administrators_pages_do_not_exist_for_others(client: TestClient) -> None:
    assert client.get("/try-admin").headers["location"] == "/sign-in?next=/try-admin"
    enter(client, "minh")
    for path in ("/try-admin", "/admin", "/admin/accounts", "/admin/groups", "/admin/weeks", "/admin/school"):
        assert client.get(path).status_code == 404
    for path in ("/admin/accounts", "/admin/groups", "/admin/weeks/frame"):
        assert client.post(path, data={"csrf": csrf_of(client)}).status_code == 404


def test_an_address_that_is_only_posted_to_answers_a_get_with_405(client: TestClient) -> None:
    enter(client, "lan")
    assert client.get("/sign-out").status_code == 405
    assert client.get("/account/pin").status_code == 405


def test_local_paths_only() -> None:
    assert access.local_path("/documents/1?x=2") == "/documents/1?x=2"
    for path in ("", None, "documents", "//x", "/\\x", "http://x", "/sign-in?next=/", "/sign-out", "/a\nb"):
        assert access.local_path(path) == "/"


def test_a_viewer_shows_no_secret(client: TestClient, app: FastAPI) -> None:
    seen: list[str] = []

    @app.get("/show-viewer")
    def shown(viewer: PageViewer, request: Request) -> Response:
        seen.append(repr(viewer))
        return Response()

    enter(client, "lan")
    client.get("/show-viewer")
    assert csrf_of(client) not in seen[0]
    assert "token_hash" not in seen[0]
