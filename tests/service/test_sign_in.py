"""Signing in, by page and by API: what opens the door, what a wrong password costs, how it closes again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select, update

from models.account import Account, Pass, Throttle
from models.errors import Locked
from models.school import SchoolSetting
from service import sign_in
from service.app import create_app
from service.passes import COOKIE, digest
from service.sign_in import BadSignIn, Throttled
from tasks.keys import Secret
from tests.cast import PASSWORD, Cast

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False) as client:
        yield client


def token_of(html: str, name: str = "csrf") -> str:
    """A hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html
    return unescape(found[1])


def post_sign_in(client: TestClient, name: str = "lan", password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    page = client.get("/sign-in")
    return client.post(
        "/sign-in", data={"csrf": token_of(page.text), "name": name, "password": password, **more}
    )


def passes(cast: Cast, name: str) -> list[Pass]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Pass).where(col(Pass.account_id) == cast.ids[name])).all())


def forget_addresses(cast: Cast) -> None:
    with cast.office.db.write() as session:
        for row in session.exec(select(Throttle)).all():
            if row.source.startswith("address:"):
                session.delete(row)


def test_the_right_password_opens_the_page_asked_for(client: TestClient, cast: Cast) -> None:
    away = client.get("/account")
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=/account")
    answer = post_sign_in(client, next="/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "Nguyễn Thị Lan" in client.get("/account").text


def test_the_cookie_is_ours_alone_and_only_its_hash_is_kept(client: TestClient, cast: Cast) -> None:
    answer = post_sign_in(client)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{COOKIE}="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    token = client.cookies[COOKIE]
    assert len(token) >= 43
    assert [held.token_hash for held in passes(cast, "lan")] == [digest(token)]


def test_behind_tls_the_cookies_are_secure(cast: Cast) -> None:
    cast.office.settings.secure_cookies = True
    with TestClient(
        create_app(cast.office.settings, cast.office), base_url="https://t", follow_redirects=False
    ) as client:
        answer = post_sign_in(client)
    cookies = answer.headers.get_list("set-cookie")
    assert any(c.startswith(f"{COOKIE}=") and "Secure" in c for c in cookies)


def test_names_are_found_whatever_their_case_and_spaces(client: TestClient) -> None:
    assert post_sign_in(client, name="  LAN ").status_code == 303


def test_a_session_brought_along_is_never_taken_over(client: TestClient, cast: Cast) -> None:
    stranger = TestClient(
        client.app, follow_redirects=False, headers={"Cookie": f"{COOKIE}=made-up-by-an-attacker"}
    )
    answer = post_sign_in(client, next="/account")
    assert client.get("/sign-in?next=/account").headers["location"] == "/account"  # signed in already
    assert answer.cookies[COOKIE] != "made-up-by-an-attacker"
    assert stranger.get("/account").status_code == 303


def test_a_session_that_is_replaced_in_its_own_browser_ends(client: TestClient, cast: Cast) -> None:
    post_sign_in(client)
    first = client.cookies[COOKIE]
    sign_in.sign_in(cast.office, "lan", Secret(PASSWORD), "127.0.0.1", "session", NOW, first)
    assert client.get("/account").status_code == 303


def test_without_the_forms_own_token_nothing_is_tried(client: TestClient, cast: Cast) -> None:
    client.get("/sign-in")
    for csrf in ("", "wrong"):
        answer = client.post("/sign-in", data={"csrf": csrf, "name": "lan", "password": PASSWORD})
        assert answer.status_code == 403
    other = TestClient(client.app, follow_redirects=False)
    answer = other.post("/sign-in", data={"csrf": "", "name": "lan", "password": PASSWORD})
    assert answer.status_code == 403
    assert passes(cast, "lan") == []


@pytest.mark.parametrize(
    "away", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\tb", ""]
)
def test_going_on_never_leads_off_this_site(client: TestClient, away: str) -> None:
    assert post_sign_in(client, next=away).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(client: TestClient, cast: Cast) -> None:
    answers = []
    for name in ("lan", "khong.co"):
        told = []
        for _ in range(6):
            page = post_sign_in(client, name=name, password="sai")
            told.append((page.status_code, re.search(r'role="alert">.*?<p>(.*?)</p>', page.text, re.S)[1]))  # type: ignore[index]
        answers.append(told)
    known, unknown = answers
    strip = [(status, re.sub(r"\d\d:\d\d \S+", "…", words)) for status, words in known]
    assert strip == [(status, re.sub(r"\d\d:\d\d \S+", "…", words)) for status, words in unknown]
    assert "Còn 4 lần" in known[0][1]
    assert "tạm khóa đến" in known[4][1]
    assert known[0][0] == 403


def test_after_five_wrong_ones_the_right_one_waits_too(each_cast: Cast) -> None:
    def attempt(password: str, at: datetime) -> Account:
        return sign_in.check(each_cast.office, "lan", Secret(password), "10.0.0.1", at)

    for _ in range(4):
        with pytest.raises(BadSignIn):
            attempt("sai", NOW)
    with pytest.raises(Locked) as locked:
        attempt("sai", NOW)
    assert "15:15 23/11/2026" in locked.value.sentence.vi
    with pytest.raises(Locked):
        attempt(PASSWORD, NOW + timedelta(minutes=14))
    assert attempt(PASSWORD, NOW + timedelta(minutes=15)).sign_in_name == "lan"
    with pytest.raises(BadSignIn, match="4 tries"):  # and the count begins again
        attempt("sai", NOW + timedelta(minutes=16))


def test_the_right_one_forgets_the_wrong_ones_before_it(cast: Cast) -> None:
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(BadSignIn):
                sign_in.check(cast.office, "lan", Secret("sai"), "10.0.0.1", NOW)
        assert sign_in.check(cast.office, "lan", Secret(PASSWORD), "10.0.0.1", NOW)


def test_an_address_that_guesses_at_many_names_is_slowed_down(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "ADDRESS_TRIES", 3)
    for name in ("lan", "hoa", "minh"):
        with pytest.raises(BadSignIn):
            sign_in.check(cast.office, name, Secret("sai"), "2001:db8::1", NOW)
    with pytest.raises(Throttled):  # the neighbour address of the same customer
        sign_in.check(cast.office, "mai", Secret(PASSWORD), "2001:db8::2", NOW)
    assert sign_in.check(cast.office, "mai", Secret(PASSWORD), "2001:db9::1", NOW)
    assert sign_in.check(cast.office, "mai", Secret(PASSWORD), "2001:db8::1", NOW + timedelta(minutes=15))


def test_what_was_typed_as_a_name_is_not_kept_readable(cast: Cast) -> None:
    with pytest.raises(BadSignIn):
        sign_in.check(cast.office, "Mật-khẩu-gõ-nhầm-1", Secret("x"), "10.0.0.1", NOW)
    with cast.office.db.read() as session:
        sources = session.exec(select(Throttle.source)).all()
    assert sum(s.startswith("name:") for s in sources) == 1
    assert not any("khẩu" in s for s in sources)


def test_an_account_switched_off_is_out_at_once(client: TestClient, cast: Cast) -> None:
    post_sign_in(client)
    with cast.office.db.write() as session:
        session.exec(update(Account).where(col(Account.id) == cast.ids["lan"]).values(active=False))
    assert client.get("/account").status_code == 303
    assert "ngừng hoạt động" in post_sign_in(client).text


def test_a_session_ends_after_idle_hours_and_after_a_week(client: TestClient, cast: Cast) -> None:
    post_sign_in(client)
    now = datetime.now(UTC)
    for values in ({"seen_at": now - timedelta(hours=12)}, {"expires_at": now, "seen_at": now}):
        with cast.office.db.write() as session:
            session.exec(update(Pass).values(**values))
        assert client.get("/account").status_code == 303


def test_using_a_session_keeps_it_alive(client: TestClient, cast: Cast) -> None:
    with cast.office.db.write() as session:
        session.add(SchoolSetting(school_id=cast.school_id, key="idle_lock", value={"minutes": 0}))
    post_sign_in(client)
    long_ago = datetime.now(UTC) - timedelta(hours=11)
    with cast.office.db.write() as session:
        session.exec(update(Pass).values(seen_at=long_ago))
    assert client.get("/account").status_code == 200
    assert passes(cast, "lan")[0].seen_at > long_ago + timedelta(hours=10)


def test_signing_out_ends_this_session_only(client: TestClient, cast: Cast) -> None:
    post_sign_in(client)
    csrf = token_of(client.get("/account").text)
    sign_in.sign_in(cast.office, "lan", Secret(PASSWORD), "127.0.0.1", "session", NOW)
    assert client.post("/sign-out", data={"csrf": csrf}).headers["location"] == "/sign-in"
    assert len(passes(cast, "lan")) == 1
    assert client.get("/account").status_code == 303


def test_signing_out_everywhere_ends_them_all(client: TestClient, cast: Cast) -> None:
    post_sign_in(client)
    csrf = token_of(client.get("/account").text)
    for kind in ("session", "token"):
        sign_in.sign_in(cast.office, "lan", Secret(PASSWORD), "127.0.0.1", kind, NOW)
    sign_in.sign_in(cast.office, "hoa", Secret(PASSWORD), "127.0.0.1", "session", NOW)
    client.post("/sign-out-everywhere", data={"csrf": csrf})
    assert passes(cast, "lan") == []
    assert len(passes(cast, "hoa")) == 1


def test_a_password_that_was_given_out_must_be_changed_first(client: TestClient, cast: Cast) -> None:
    with cast.office.db.write() as session:
        session.exec(update(Account).where(col(Account.id) == cast.ids["lan"]).values(must_change=True))
    post_sign_in(client)
    assert client.get("/account").headers["location"] == "/password"
    _, elsewhere = sign_in.sign_in(cast.office, "lan", Secret(PASSWORD), "10.0.0.1", "session", NOW)
    page = client.get("/password")
    typed = {"old_password": PASSWORD, "new_password": "Mới-2026-hơn", "again_password": "Mới-2026-hơn"}
    wrong = client.post("/password", data={**typed, "old_password": "sai", "csrf": token_of(page.text)})
    assert "Mật khẩu hiện tại không đúng. Còn 4 lần" in wrong.text and "Tên đăng nhập hoặc" not in wrong.text
    refused = client.post("/password", data={**typed, "new_password": "ngắn", "csrf": token_of(page.text)})
    assert refused.status_code == 422
    answer = client.post("/password", data={**typed, "csrf": token_of(refused.text)})
    assert answer.headers["location"] == "/account?done=password"
    assert client.get("/account").status_code == 200
    assert digest(elsewhere) not in [held.token_hash for held in passes(cast, "lan")]
    assert post_sign_in(TestClient(client.app, follow_redirects=False)).status_code == 403


def test_in_the_demo_nobody_has_to_change(cast: Cast) -> None:
    cast.office.settings.demo = True
    with cast.office.db.write() as session:
        session.exec(update(Account).values(must_change=True))
    with TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False) as client:
        post_sign_in(client)
        assert client.get("/account").status_code == 200


def api_token(client: TestClient, name: str = "lan", password: str = PASSWORD):  # type: ignore[no-untyped-def]
    return client.post("/api/v1/token", data={"username": name, "password": password})


def test_the_api_gives_a_bearer_token_that_says_who_it_is(client: TestClient, cast: Cast) -> None:
    given = api_token(client).json()
    assert given["token_type"] == "bearer"
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {given['access_token']}"})
    assert me.status_code == 200
    assert me.json()["sign_in_name"] == "lan"
    assert me.json()["roles"] == ["teacher"]
    assert me.json()["groups"] == [cast.groups["1-2-3"]]


def test_the_api_refuses_in_problems(client: TestClient, cast: Cast) -> None:
    wrong = api_token(client, password="sai")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "bad-sign-in")
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        nobody = client.get("/api/v1/me", headers=headers)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "signed-out")
        assert nobody.headers["www-authenticate"] == "Bearer"
    for _ in range(4):
        locked = api_token(client, password="sai")
    assert (locked.status_code, locked.json()["code"]) == (423, "locked")
    with cast.office.db.write() as session:
        session.exec(update(Account).where(col(Account.id) == cast.ids["mai"]).values(must_change=True))
    change = api_token(client, name="mai")
    assert (change.status_code, change.json()["code"]) == (403, "must-change")
    assert passes(cast, "mai") == []


def test_a_token_is_no_session_and_a_session_no_token(client: TestClient) -> None:
    token = api_token(client).json()["access_token"]
    assert (
        TestClient(client.app, follow_redirects=False, cookies={COOKIE: token}).get("/account").status_code
        == 303
    )
    post_sign_in(client)
    asked = client.get("/api/v1/me", headers={"Authorization": f"Bearer {client.cookies[COOKIE]}"})
    assert asked.status_code == 401


def test_a_token_ends_after_eight_hours(client: TestClient, cast: Cast) -> None:
    token = api_token(client).json()["access_token"]
    held = passes(cast, "lan")[0]
    assert held.expires_at - held.created_at == timedelta(hours=8)
    with cast.office.db.write() as session:
        session.exec(update(Pass).values(expires_at=datetime.now(UTC)))
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
