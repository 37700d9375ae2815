"""Behind a TLS proxy who asks is whom the proxy names, and cookies need HTTPS; else no header is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from models.account import Throttle
from service.app import create_app
from service.passes import COOKIE
from service.serving import configured
from tests.cast import PASSWORD, Cast

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
PROXY, ELSEWHERE = ("127.0.0.1", 40000), ("203.0.113.9", 40000)
SAYS = {"X-Forwarded-For": "198.51.100.4", "X-Forwarded-Proto": "https"}


def served(cast: Cast, peer: tuple[str, int]) -> TestClient:
    """The application exactly as `hososo web` serves it, asked by this peer."""
    config = configured(cast.office.settings, create_app(cast.office.settings, cast.office))
    config.load()
    scheme = "https" if cast.office.settings.secure_cookies else "http"
    return TestClient(config.loaded_app, base_url=f"{scheme}://hoso.test", client=peer)


def sources(cast: Cast) -> set[str]:
    with cast.office.db.read() as session:
        rows = session.exec(select(Throttle.source).where(col(Throttle.source).startswith("address:"))).all()
    return {row.removeprefix("address:") for row in rows}


def sign_in(client: TestClient, password: str, **headers: str) -> str:
    """The cookie header of the answer."""
    page = client.get("/sign-in", headers=SAYS)
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"name": "lan", "password": password, "csrf": csrf}
    answer = client.post("/sign-in", data=form, headers=SAYS | headers, follow_redirects=False)
    return next((c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{COOKIE}=")), "")


@pytest.mark.parametrize(
    ("behind", "peer", "address"),
    [
        (True, PROXY, "198.51.100.4"),
        (True, ELSEWHERE, "203.0.113.9"),  # no proxy of ours: its word counts for nothing
        (False, PROXY, "127.0.0.1"),
    ],
)
def test_wrong_passwords_count_against_whoever_really_asks(
    cast: Cast, behind: bool, peer: tuple[str, int], address: str
) -> None:
    cast.office.settings.secure_cookies = behind
    with served(cast, peer) as client:
        sign_in(client, "sai")
    assert sources(cast) == {address}


def test_an_address_the_person_asking_made_up_is_not_believed(cast: Cast) -> None:
    cast.office.settings.secure_cookies = True
    with served(cast, PROXY) as client:
        # nginx appends the peer it sees to what the person sent
        sign_in(client, "sai", **{"X-Forwarded-For": "127.0.0.1, 198.51.100.4"})
    assert sources(cast) == {"198.51.100.4"}


def test_the_session_cookie_is_secure_behind_tls_only(cast: Cast) -> None:
    for behind in (True, False):
        cast.office.settings.secure_cookies = behind
        with served(cast, PROXY) as client:
            cookie = sign_in(client, PASSWORD).lower()
        assert ("secure" in cookie) is behind
        assert "httponly" in cookie
        assert "samesite=lax" in cookie


def test_the_examples_pass_on_what_the_application_needs() -> None:
    nginx, caddy = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in nginx
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in nginx
    assert "client_max_body_size 64m;" in nginx
    assert "listen 443 ssl http2;" in nginx  # nginx before 1.25.1 knows no other way
    assert "max_size 64MB" in caddy
    for text in (nginx, caddy):
        assert "/metrics" in text
        assert "8081" not in text  # Prefect's pages are never proxied
