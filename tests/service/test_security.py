"""Ways to an account: reset links, the second factor, the idle lock, sessions elsewhere, old passwords."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import Session, col, select, update

from flows.conditions import look
from models.account import Account, Change, Pass, RecoveryCode, ResetLink, SecondFactor, Throttle
from models.errors import NotFound
from models.notice import Mail, Notice
from models.school import SchoolSetting
from service import installing, on_server, reset_links
from service.app import create_app
from tasks import second_factor
from tasks.posting import compose
from tests import leaks
from tests.cast import PASSWORD, Cast
from tests.service.test_pages_admin import Person

NEW = "Mat-khau-2027!"
Enter = Callable[..., Person]


@pytest.fixture
def app(cast: Cast) -> Iterator[FastAPI]:
    made = create_app(cast.office.settings, cast.office)
    with TestClient(made):
        yield made


@pytest.fixture
def enter(app: FastAPI) -> Enter:
    return lambda name, password=PASSWORD: Person(app, name, password)


def rule(cast: Cast, key: str, **value: int) -> None:
    with cast.office.db.write() as session:
        session.merge(SchoolSetting(school_id=cast.school_id, key=key, value=value))


def changed(cast: Cast, table: type, **values: object) -> None:
    with cast.office.db.write() as session:
        session.exec(update(table).values(**values))


def letters(cast: Cast) -> list[Mail]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Mail).order_by(col(Mail.created_at))).all())


# reset links


def ask(app: FastAPI, name: str) -> Response:
    client = TestClient(app, follow_redirects=False)
    csrf = Person.token(client.get("/forgot"))
    answer: Response = client.post("/forgot", data={"csrf": csrf, "name": name})
    return answer


def link_of(cast: Cast, mail: Mail) -> str:
    """The path in the mail as it goes over the wire."""
    body = compose(mail, cast.office.settings).get_body(("plain",))
    assert body is not None
    found = re.search(r"(/reset/[A-Za-z0-9_-]{43})\b", str(body.get_content()))
    assert found is not None
    return found[1]


def set_password(app: FastAPI, path: str, password: str = NEW) -> Response:
    client = TestClient(app, follow_redirects=False)
    page = client.get(path)
    if page.status_code != 200:
        return page
    data = {"csrf": Person.token(page), "new_password": password, "again_password": password}
    answer: Response = client.post(path, data=data)
    return answer


def test_a_link_sets_a_new_password_once(cast: Cast, app: FastAPI, enter: Enter) -> None:
    elsewhere = enter("hoa")
    ask(app, "Hoa ")
    (mail,) = letters(cast)
    path = link_of(cast, mail)
    token = path.removeprefix("/reset/")
    assert mail.recipient == "hoa@example.test"
    with cast.office.db.read() as session:
        stored = session.exec(select(ResetLink)).one()
    assert token not in mail.text + mail.html + stored.id + stored.token_hash
    assert TestClient(app).get(path).headers["referrer-policy"] == "no-referrer"
    assert "còn thiếu" in set_password(app, path, "ngangang").text
    assert set_password(app, path).headers["location"] == "/sign-in?done=reset"
    assert set_password(app, path, "Lan-hai-2027!").status_code == 404
    assert elsewhere.client.get("/account").status_code == 303
    assert enter("hoa", NEW).entered.status_code == 303
    with cast.office.db.read() as session:
        change = session.exec(select(Change).where(col(Change.action) == "reset-by-link")).one()
        told = session.exec(select(Notice).where(col(Notice.kind) == "change")).all()
    assert (change.asked_by, change.state) == (cast.ids["hoa"], "done")
    assert [n.account_id for n in told] == [cast.ids["hoa"]]


def test_nobody_learns_whether_an_account_exists(cast: Cast, app: FastAPI) -> None:
    changed_pages = {
        re.sub(r'value="[^"]*"|\d\d:\d\d', "", ask(app, name).text)
        for name in ("lan", "lan@example.test", "khong.co", "khong@co.vn", "%", "")
    }
    assert len(changed_pages) == 1
    assert [m.account_id for m in letters(cast)] == [cast.ids["lan"]] * 2


def test_links_run_out_and_the_newest_alone_is_good(cast: Cast, app: FastAPI) -> None:
    for _ in range(2):
        ask(app, "lan")
    first, second = (link_of(cast, mail) for mail in letters(cast))
    assert set_password(app, first).status_code == 404
    changed(cast, ResetLink, expires_at=datetime.now(UTC))
    assert set_password(app, second).status_code == 404
    assert set_password(app, "/reset/" + "x" * 43).status_code == 404


def test_asking_is_throttled_and_an_account_switched_off_gets_nothing(cast: Cast, app: FastAPI) -> None:
    for _ in range(5):
        assert ask(app, "lan").status_code == 200
    assert len(letters(cast)) == reset_links.PER_NAME
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["mai"]).active = False
    ask(app, "mai")
    assert len(letters(cast)) == reset_links.PER_NAME


def test_a_new_address_or_password_ends_the_links_on_their_way(
    cast: Cast, app: FastAPI, enter: Enter
) -> None:
    ask(app, "lan")
    path = link_of(cast, letters(cast)[0])
    enter("admin").post(
        f"/admin/accounts/{cast.ids['lan']}",
        sign_in_name="lan",
        full_name="Nguyễn Thị Lan",
        email="khac@example.test",
    )
    assert set_password(app, path).status_code == 404


def test_an_approvers_address_is_not_the_administrators_to_change(cast: Cast, enter: Enter) -> None:
    admin, minh = enter("admin"), enter("minh")
    typed = {
        "sign_in_name": "hoa",
        "full_name": "Phạm Thị Hoa",
        "post": "Tổ trưởng",
        "email": "admin@example.test",
    }
    answer = admin.post(f"/admin/accounts/{cast.ids['hoa']}", **typed)
    said = "Sửa tài khoản của Phạm Thị Hoa (hoa): thư điện tử “hoa@example.test” → “admin@example.test”"
    assert f"Đang chờ xác nhận: {said}" in unescape(answer.text)
    with cast.office.db.read() as session:
        assert session.get_one(Account, cast.ids["hoa"]).email == "hoa@example.test"
        waiting = session.exec(select(Change).where(col(Change.state) == "waiting")).one()
    minh.post(f"/confirmations/{waiting.id}/refuse", seen="/confirmations")
    with cast.office.db.read() as session:
        assert session.get_one(Account, cast.ids["hoa"]).email == "hoa@example.test"


# the second factor


def turn_on(cast: Cast, person: Person) -> tuple[bytes, list[str]]:
    """Enrol as the page asks; the app's secret and the recovery codes."""
    page = person.get("/account/second-factor")
    assert '<svg class="qr"' in page.replace(' width="', ' width="') or 'class="qr"' in page
    shown = re.search(r'<b class="mono">([A-Z2-7 ]+)</b>', page)
    assert shown is not None
    with cast.office.db.read() as session:
        held = session.exec(select(SecondFactor).order_by(col(SecondFactor.created_at).desc())).first()
    assert held is not None
    secret = second_factor.unlock(held.protected, cast.office.settings.master_key, held.account_id)
    assert second_factor.shown_secret(secret) == shown[1]
    assert secret not in held.protected
    right = {"code": code_of(secret), "password": PASSWORD}
    for wrong in ({"code": no_code_of(secret)}, {"password": ""}, {"password": "sai"}):
        refused = person.post("/account/second-factor", seen="/account/second-factor", **{**right, **wrong})
        assert (refused.status_code, "<li>" in refused.text.split("<main", 1)[1]) == (422, False)
    done = person.post("/account/second-factor", seen="/account/second-factor", **right)
    codes = re.findall(r"<li>([a-z0-9]{5}-[a-z0-9]{5})</li>", done.text)
    assert len(codes) == 10
    return secret, codes


def code_of(secret: bytes, later: int = 0) -> str:
    return second_factor.code_at(secret, second_factor.step_of(datetime.now(UTC)) + later)


def no_code_of(secret: bytes) -> str:
    """Six digits that are none of its codes now or within minutes."""
    step = second_factor.step_of(datetime.now(UTC))
    codes = {second_factor.code_at(secret, step + n) for n in range(-10, 11)}
    return next(digits for digits in (f"{n:06}" for n in range(100)) if digits not in codes)


def give(person: Person, code: str) -> Response:
    """The second step of signing in."""
    hidden = dict(re.findall(r'name="(csrf|half|next)" value="([^"]*)"', person.entered.text))
    answer: Response = person.client.post("/sign-in/code", data={**hidden, "code": code})
    return answer


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, cut to six digits."""
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert second_factor.code_at(secret, seconds // 30) == code


def test_with_a_second_factor_the_password_alone_opens_nothing(cast: Cast, enter: Enter) -> None:
    secret, codes = turn_on(cast, enter("minh"))
    again = enter("minh")
    assert "Mã trong ứng dụng" in again.entered.text
    assert again.client.get("/account").status_code == 303
    assert again.client.get("/session").status_code == 401
    with cast.office.db.read() as session:  # not by the clock: half a minute may end in between
        used = session.exec(select(SecondFactor.last_step)).one()
    assert give(again, second_factor.code_at(secret, used)).status_code == 403  # a replay
    assert give(again, second_factor.code_at(secret, used + 1)).status_code == 303
    assert again.client.get("/account").status_code == 200
    third = enter("minh")
    assert give(third, second_factor.code_at(secret, used + 1)).status_code == 403
    assert give(third, codes[0].upper()).status_code == 303
    assert give(enter("minh"), codes[0]).status_code == 403
    with cast.office.db.read() as session:
        left = session.exec(select(RecoveryCode).where(col(RecoveryCode.used_at).is_(None))).all()
    assert len(left) == 9


def test_wrong_codes_are_counted_and_the_half_open_door_shuts(cast: Cast, enter: Enter) -> None:
    secret, codes = turn_on(cast, enter("minh"))
    person = enter("minh")
    said = [give(person, no_code_of(secret)).text for _ in range(5)]
    assert "Còn 4 lần" in said[0]
    assert "tạm dừng đến" in said[4]
    assert give(person, codes[1]).status_code == 423
    changed(cast, Throttle, since=datetime.now(UTC) - timedelta(minutes=15))
    with cast.office.db.write() as session:
        session.exec(update(Pass).where(col(Pass.kind) == "half").values(expires_at=datetime.now(UTC)))
    late = give(person, code_of(secret, 1))
    assert (late.status_code, "quá 5 phút" in late.text) == (403, True)


def test_a_program_sends_the_code_with_the_password(cast: Cast, app: FastAPI, enter: Enter) -> None:
    secret, _ = turn_on(cast, enter("lan"))
    client = TestClient(app)
    form = {"username": "lan", "password": PASSWORD}
    asked = client.post("/api/v1/token", data=form)
    assert (asked.status_code, asked.json()["code"]) == (401, "needs-code")
    wrong = client.post("/api/v1/token", data={**form, "code": no_code_of(secret)})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "bad-code")
    right = client.post("/api/v1/token", data={**form, "code": code_of(secret, 1)})
    head = {"Authorization": f"Bearer {right.json()['access_token']}"}
    assert client.get("/api/v1/me", headers=head).json()["sign_in_name"] == "lan"


def test_a_school_may_ask_approvers_and_administrators_for_it(cast: Cast, enter: Enter) -> None:
    lan, minh, admin = enter("lan"), enter("minh"), enter("admin")
    admin.post("/admin/school/rules", **{"second_factor.required": "1"})
    assert lan.client.get("/").status_code == 200
    for person in (minh, admin):
        away = person.client.get("/")
        assert (away.status_code, away.headers["location"]) == (303, "/account/second-factor")
    secret, _ = turn_on(cast, minh)
    assert minh.client.get("/").status_code == 200
    off = minh.post("/account/second-factor/off", code=code_of(secret, 1))
    assert (off.status_code, "không tắt được" in off.text) == (422, True)


def test_taking_it_away_is_guarded_like_a_password(cast: Cast, enter: Enter) -> None:
    admin, minh = enter("admin"), enter("minh")
    turn_on(cast, enter("hoa"))
    secret, _ = turn_on(cast, enter("lan"))
    lan = enter("lan")
    give(lan, code_of(secret, 1))
    assert lan.post("/account/second-factor/off", code=no_code_of(secret)).status_code == 422
    admin.post(f"/admin/accounts/{cast.ids['lan']}/reset-second-factor")
    assert enter("lan").entered.status_code == 303
    answer = admin.post(f"/admin/accounts/{cast.ids['hoa']}/reset-second-factor")
    assert "Đang chờ xác nhận" in answer.text
    assert enter("hoa").entered.status_code == 200  # still asks for the code
    change = re.search(r"/confirmations/([^/]+)/confirm", minh.get("/confirmations"))
    assert change is not None
    minh.post(f"/confirmations/{change[1]}/confirm", seen="/confirmations", password=PASSWORD)
    assert enter("hoa").entered.status_code == 303
    own = admin.post(f"/admin/accounts/{cast.ids['lan']}/second-factor-off")
    assert own.status_code == 404


def test_the_servers_operator_opens_the_door_for_the_only_administrator(cast: Cast, enter: Enter) -> None:
    """Phone and codes are lost, and nobody else may take the factor away."""
    turn_on(cast, enter("admin"))
    assert enter("admin").entered.status_code == 200  # asks for the code
    change = on_server.remove_factor_on_server(cast.office, "admin", cast.office.now())
    assert (change.action, change.state, change.asked_by) == ("reset-second-factor", "done", "server")
    assert enter("admin").entered.status_code == 303


def test_the_command_line_names_what_is_not_there(cast: Cast) -> None:
    for act in (installing.unlock_account, installing.remove_second_factor, installing.reset_password):
        with pytest.raises(NotFound) as refused:
            act(cast.office.settings, "ai.do")
        assert refused.value.sentence.vi.startswith("Không có tài khoản ai.do.")
    with pytest.raises(NotFound) as refused:
        installing.grant(cast.office.settings, "lan", "king")
    assert "vice_principal" in refused.value.sentence.en


# the idle lock


def test_an_idle_session_asks_for_the_password_and_keeps_what_was_sent(cast: Cast, enter: Enter) -> None:
    rule(cast, "idle_lock", minutes=20)
    lan = enter("lan")
    csrf = Person.token(lan.client.get("/account"))
    assert 'data-idle="20"' in lan.get("/account")
    changed(cast, Pass, seen_at=datetime.now(UTC) - timedelta(minutes=21))
    kept = lan.client.post("/account/pin", data={"csrf": csrf, "new_pin": "135792", "note": "đang gõ"})
    assert kept.status_code == 401
    assert "đang gõ" in kept.text
    assert not leaks.holds("135792", kept.text)


def test_the_page_locks_itself_and_the_password_alone_opens_this_browser(cast: Cast, enter: Enter) -> None:
    minh = enter("minh")
    turn_on(cast, minh)
    csrf = Person.token(minh.client.get("/account"))
    assert minh.client.post("/lock", data={}).status_code == 403
    assert minh.client.post("/lock", headers={"X-CSRF-Token": csrf}).status_code == 200
    assert minh.client.get("/session").status_code == 401
    dialog = Person.token(minh.client.get("/sign-in/again?name=minh"))
    data = {"csrf": dialog, "name": "minh", "password": PASSWORD}
    back = minh.client.post("/sign-in/again", data=data)
    assert back.json()["account"] == cast.ids["minh"]
    assert minh.client.get("/account").status_code == 200
    assert "needs" not in enter("minh").entered.headers
    assert enter("minh").entered.status_code == 200  # another browser is still asked for the code


# sessions


def test_sessions_are_listed_and_one_elsewhere_can_be_ended(cast: Cast, enter: Enter) -> None:
    here, there, hoa = enter("lan"), enter("lan"), enter("hoa")
    page = here.get("/account")
    assert "nơi này" in page
    (key,) = re.findall(r'action="/account/sessions/([0-9a-f]{16})/end"', page)
    assert hoa.post(f"/account/sessions/{key}/end").status_code == 404
    assert here.post(f"/account/sessions/{key}/end").status_code == 303
    assert there.client.get("/account").status_code == 303
    assert here.client.get("/account").status_code == 200


# how old passwords are


def test_old_passwords_are_shown_and_reminded_but_never_forced(cast: Cast, enter: Enter) -> None:
    now = datetime.now(UTC)
    with cast.office.db.write() as session:
        age(session, cast, "lan", now - timedelta(days=200))
        age(session, cast, "mai", now - timedelta(days=20))
        session.get_one(Account, cast.ids["mai"]).must_change = True
    about = ("password-default", "password-old")
    assert look(cast.office.db, now, cast.school_id, about) == 2
    assert look(cast.office.db, now, cast.school_id, about) == 0
    page = enter("admin").get("/admin/accounts")
    assert f"Mật khẩu đặt ngày {now - timedelta(days=200):%d/%m/%Y}" in page
    assert f"Mật khẩu được cấp ngày {now - timedelta(days=20):%d/%m/%Y}, đến nay chưa đổi" in page
    lan = enter("lan")
    assert lan.client.get("/").status_code == 200
    assert "nên đổi" in lan.get("/account")
    rule(cast, "password_age", days=0)
    look(cast.office.db, now, cast.school_id, about)
    assert "nên đổi" not in lan.get("/account")


def age(session: Session, cast: Cast, name: str, since: datetime) -> None:
    account = session.get_one(Account, cast.ids[name])
    account.password_changed_at = since
    session.add(account)
