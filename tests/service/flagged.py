"""Week 13 past its limit, nobody's plan signed: its flags and how they are waived, for several tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi.testclient import TestClient
from sqlmodel import col, select

from flows.clock import scan
from flows.reminders import remind
from models.account import Account
from models.flag import Flag
from models.settings import VIETNAM
from tests.cast import PASSWORD, Cast
from tests.service.test_pages_flags import enter

LIMIT = datetime(2026, 11, 25, tzinfo=VIETNAM)
"""Lesson plans of week 13."""
WEEK = 13
REASON = "Đi tập huấn theo quyết định của trường"
WHY = "Con ốm phải vào viện"


def past_the_limit(cast: Cast) -> Cast:
    """Everybody was reminded of week 13, and nobody has signed it."""
    cast.office.now = lambda: LIMIT - timedelta(hours=12)
    with cast.office.db.write() as session:
        for account in session.exec(select(Account)):
            account.last_seen_at = account.password_changed_at = LIMIT - timedelta(days=1)
    remind(cast.office.db, cast.office.now())
    cast.office.now = lambda: LIMIT + timedelta(hours=9)
    scan(cast.office.db, cast.office.now())
    return cast


def flag_of(cast: Cast, name: str, rule: str = "missing", slug: str = "lesson-plan") -> Flag:
    with cast.office.db.read() as session:
        found = select(Flag).where(
            col(Flag.account_id) == cast.ids[name], col(Flag.rule) == rule, col(Flag.type) == slug
        )
        if slug:
            found = found.where(col(Flag.week_id) == cast.weeks[WEEK])
        return session.exec(found).one()


def waive(client: TestClient, cast: Cast, flag: str) -> None:
    csrf = enter(client, cast, "ngoc")
    assert client.post(f"/flags/{flag}/waive", data={"csrf": csrf, "words": REASON}).status_code == 303


def bearer(client: TestClient, name: str) -> dict[str, str]:
    token = client.post("/api/v1/token", data={"username": name, "password": PASSWORD}).json()
    return {"Authorization": f"Bearer {token['access_token']}"}
