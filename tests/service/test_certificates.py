"""The life of people's certificates on the pages: set, renewed, revoked, asked for and allowed (law 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from cryptography import x509
from sqlmodel import col, select

from flows import certification, keyring
from models.account import Account, Change
from models.errors import Invalid, NotFound, NotYours, Stale
from models.key import SigningKey
from models.notice import Notice
from models.settings import VIETNAM
from service import accounts, key_changes
from service.account_changes import Asked
from service.account_rows import Person
from service.consents import needs_consent
from tasks.certificate_use import BadCertificate
from tasks.keys import Secret
from tests.cast import PASSWORD, PIN, Cast
from tests.service.reading import Page, People

ADDRESS = "192.0.2.7"
NEW_PIN = "135790"


def account(cast: Cast, who: str) -> Account:
    with cast.office.db.read() as session:
        return session.get_one(Account, cast.ids[who])


def keys(cast: Cast, who: str) -> list[SigningKey]:
    with cast.office.db.read() as session:
        return list(keyring.history(session, cast.ids[who]))


def revoke(cast: Cast, who: str, by: str, reason: str = "keyCompromise", password: str = PASSWORD) -> Asked:
    office, actor = cast.office, cast.actor(by)
    key = keys(cast, who)[0].id
    return key_changes.revoke(office, actor, key, reason, Secret(password), ADDRESS, office.now())


def take(cast: Cast, who: str, password: str = PASSWORD) -> Asked | None:
    """Set a PIN with the password alone, as the account page does for who has no key."""
    office = cast.office
    pin, word = Secret(NEW_PIN), Secret(password)
    return key_changes.take_first(office, account(cast, who), pin, word, ADDRESS, office.now(), seal=False)


def ask(cast: Cast, who: str, action: str, by: str = "admin") -> Asked:
    return accounts.ask(cast.office, cast.actor(by), cast.ids[who], action, cast.office.now())


def confirm(cast: Cast, by: str, asked: Asked, password: str = PASSWORD) -> Asked:
    office = cast.office
    return accounts.confirm(office, cast.actor(by), asked.change.id, Secret(password), ADDRESS, office.now())


def told(cast: Cast) -> dict[str, list[str]]:
    names = {one: name for name, one in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.kind) == "change")).all()
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(names[row.account_id], []).append(str(row.data))
    return found


# --- renewal -------------------------------------------------------------------------------------------


def test_a_certificate_is_renewed_on_the_account_page_and_signs_on(cast: Cast, reader: People) -> None:
    before = keys(cast, "lan")[0]
    page = reader("lan").get("/account")
    refused = page.send("/account/renew", pin="908172")
    assert refused.status == 422
    assert "Còn 4 lần" in refused.words
    assert len(keys(cast, "lan")) == 1
    done = page.send("/account/renew", pin=PIN)
    assert "Đã gia hạn" in done.words
    assert "Chứng thư trước đây (1)" in done.words
    new, old = keys(cast, "lan")
    assert (old.id, old.reason) == (before.id, "superseded")
    assert cast.sent("lan", 14).first_signed_at
    with cast.office.db.read() as session:
        written = session.exec(select(Change.action).where(col(Change.account_id) == cast.ids["lan"])).all()
    assert written == ["renew-key"]
    assert list(told(cast)) == ["lan"]
    assert new.fingerprint != old.fingerprint


def test_an_expired_certificate_leads_to_its_renewal(cast: Cast, reader: People) -> None:
    document = cast.lesson_plan("lan", 14)
    cast.act("lan", document.id, "submit")
    end = cast.office.now() + timedelta(days=20)
    with cast.office.db.write() as session:
        held = session.get_one(SigningKey, keys(cast, "lan")[0].id)
        held.expires_at = end
        session.add(held)
    assert "Sắp hết hạn" in reader("lan").get("/account").words
    assert "Chưa ký được" not in reader("lan").get(f"/documents/{document.id}/sign").words
    with cast.office.db.write() as session:
        held = session.get_one(SigningKey, keys(cast, "lan")[0].id)
        held.expires_at = cast.office.now() - timedelta(days=1)
        session.add(held)
    page = reader("lan").get("/account")
    assert "Đã hết hạn" in page.words
    assert "Đặt mã PIN" not in page.words  # the password alone makes no key for who has one
    assert "Đã gia hạn" in page.send("/account/renew", pin=PIN).words


def test_the_page_to_sign_says_that_the_certificate_is_over_before_the_pin_is_typed(
    cast: Cast, reader: People
) -> None:
    document = cast.lesson_plan("lan", 14)
    cast.act("lan", document.id, "submit")
    assert "Lúc này chưa ký được" not in reader("lan").get(f"/documents/{document.id}/sign").words
    revoke(cast, "lan", "lan")
    page = reader("lan").get(f"/documents/{document.id}/sign")
    assert "Lúc này chưa ký được" in page.words
    assert "đã bị thu hồi" in page.words
    assert page.all("a[href='/account']")
    refused = page.send(f"/documents/{document.id}/sign", pin=PIN)
    assert refused.status == 409
    assert "đã bị thu hồi" in refused.words


def test_nobody_renews_a_seal_they_do_not_hold(cast: Cast, reader: People) -> None:
    page = reader("lan").get("/account")
    assert page.send("/account/renew", purpose="seal", pin=PIN).status == 404
    own = reader("thu").get("/account")
    assert "Đã gia hạn" in own.send("/account/renew", purpose="seal", pin=PIN).words
    assert sorted(key.purpose for key in keys(cast, "thu")) == ["person", "seal", "seal"]


def test_a_new_pin_is_another_one(cast: Cast, reader: People) -> None:
    page = reader("lan").get("/account")
    same = page.send("/account/pin", old_pin=PIN, new_pin=PIN, again_pin=PIN)
    assert same.status == 422
    assert "giống mã đang dùng" in same.words
    assert "Đã đặt mã PIN" in page.send("/account/pin", old_pin=PIN, new_pin=NEW_PIN, again_pin=NEW_PIN).words


def test_who_has_no_key_is_led_to_set_a_pin(cast: Cast, reader: People) -> None:
    """A forgotten PIN: where the reset is confirmed, and on the desk. Administrators sign nothing."""

    def led(page: Page) -> bool:
        return "#h-pin" in page.source

    assert not led(reader("lan").get("/"))
    asked = ask(cast, "lan", "reset-pin")
    done = (
        reader("lan")
        .get("/confirmations")
        .send(f"/confirmations/{asked.change.id}/confirm", password=PASSWORD)
    )
    assert led(done)
    assert led(reader("lan").get("/"))
    assert take(cast, "lan") is None
    assert not led(reader("lan").get("/"))
    assert not keys(cast, "admin")
    assert not led(reader("admin").get("/"))


def test_who_let_a_reset_through_is_named(cast: Cast) -> None:
    confirm(cast, "minh", ask(cast, "lan", "reset-pin"))
    assert any("Đỗ Quang Minh xác nhận" in said for said in told(cast)["lan"])


# --- revocation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["hoa", "minh"])
def test_the_holder_and_the_principal_revoke_at_once(cast: Cast, reader: People, by: str) -> None:
    key = keys(cast, "hoa")[0]
    page = reader(by).get(f"/certificates/{key.id}/revoke")
    assert "Có hiệu lực ngay" in page.words
    wrong = page.send("/revoke", reason="keyCompromise", password="sai")
    assert (wrong.status, keys(cast, "hoa")[0].revoked_at) == (422, None)
    done = page.send("/revoke", reason="keyCompromise", password=PASSWORD)
    assert done.status == 200
    assert "Nghi lộ khóa hoặc mã PIN" in done.words
    found = keys(cast, "hoa")[0]
    assert (found.revoked_at is not None, found.reason, found.protected) == (True, "keyCompromise", b"")
    assert set(told(cast)) == {"hoa", "minh"}
    with pytest.raises(Invalid):
        revoke(cast, "hoa", by)


@pytest.mark.parametrize("by", ["hoa", "minh"])
def test_the_administrator_asks_and_the_holder_or_the_principal_confirms(
    cast: Cast, reader: People, by: str
) -> None:
    key = keys(cast, "hoa")[0]
    page = reader("admin").get(f"/certificates/{key.id}/revoke")
    assert "Gửi đề nghị thu hồi" in page.words
    asked = page.send("/revoke", reason="affiliationChanged", password=PASSWORD)
    assert "Đang chờ xác nhận" in asked.words
    assert keys(cast, "hoa")[0].revoked_at is None
    assert set(told(cast)) == {"hoa", "minh"}
    waiting = reader(by).get("/confirmations")
    assert "Thu hồi chứng thư của Phạm Thị Hoa" in waiting.words
    assert "Không còn ở trường" in waiting.words
    assert "Đã thực hiện" in waiting.send("/confirm", password=PASSWORD).words
    assert keys(cast, "hoa")[0].reason == "affiliationChanged"


@pytest.mark.parametrize("way", ["renewed", "revoked"])
def test_a_request_to_revoke_what_is_over_waits_no_longer(cast: Cast, reader: People, way: str) -> None:
    asked = revoke(cast, "hoa", "admin")
    assert "Thu hồi chứng thư" in reader("minh").get("/confirmations").words
    if way == "revoked":
        revoke(cast, "hoa", "minh")
    else:
        key_changes.renew(cast.office, account(cast, "hoa"), "person", Secret(PIN), cast.office.now())
    assert "Thu hồi chứng thư" not in reader("minh").get("/confirmations").words
    with pytest.raises(Stale):
        confirm(cast, "minh", asked)
    assert "Không còn cần" in reader("admin").get(f"/admin/accounts/{cast.ids['hoa']}").words
    if way == "revoked":
        return
    new, old = keys(cast, "hoa")
    assert (new.revoked_at, old.reason) == (None, "superseded")


@pytest.mark.parametrize("by", ["lan", "thu", "binh", "principal_b"])
def test_nobody_else_sees_or_revokes_it(cast: Cast, reader: People, by: str) -> None:
    key = keys(cast, "hoa")[0]
    for path in (f"/certificates/{key.id}/revoke", f"/certificates/{key.id}.crt"):
        assert reader(by).get(path).status == 404
    with pytest.raises(NotFound):
        revoke(cast, "hoa", by)
    assert reader(by).get(f"/certificates/of/{cast.ids['hoa']}").status == 404
    assert (reader(by).get("/certificates").status == 200) == (by == "principal_b")
    assert keys(cast, "hoa")[0].revoked_at is None


@pytest.mark.parametrize("reason", ["", "unspecified", "caCompromise", "<b>"])
def test_a_reason_is_chosen_from_those_there_are(cast: Cast, reason: str) -> None:
    with pytest.raises(Invalid):
        revoke(cast, "hoa", "hoa", reason)
    assert keys(cast, "hoa")[0].revoked_at is None


def test_with_the_personal_certificate_goes_the_seal_its_pin_opens(cast: Cast) -> None:
    own = next(key for key in keys(cast, "thu") if key.purpose == "person")
    key_changes.revoke(
        cast.office,
        cast.actor("thu"),
        own.id,
        "keyCompromise",
        Secret(PASSWORD),
        ADDRESS,
        cast.office.now(),
    )
    assert {key.purpose: key.reason for key in keys(cast, "thu")} == {
        "person": "keyCompromise",
        "seal": "keyCompromise",
    }


def lost_days(cast: Cast) -> dict[int, datetime]:
    """By serial number, the days of loss on the list that is given out."""
    with cast.office.db.read() as session:
        lists = [certification.published_list(session, part) for part in certification.issuing_parts(session)]
    entries = [entry for der in lists for entry in x509.load_der_x509_crl(der)]
    return {
        entry.serial_number: one.value.invalidity_date_utc
        for entry in entries
        for one in entry.extensions
        if isinstance(one.value, x509.InvalidityDate)
    }


def test_the_day_a_key_was_lost_is_told_and_stands_on_the_list(cast: Cast, reader: People) -> None:
    """Of the seal under the same PIN, too; a day that cannot be is refused and stays in its field."""
    own = next(key for key in keys(cast, "thu") if key.purpose == "person")
    today = cast.office.now().astimezone(VIETNAM).date()
    page = reader("thu").get(f"/certificates/{own.id}/revoke")
    typed = {"reason": "keyCompromise", "password": PASSWORD}
    late = page.send("/revoke", **typed, lost_on=(today + timedelta(days=1)).isoformat())
    assert (late.status, keys(cast, "thu")[0].revoked_at) == (422, None)
    assert "Ngày lộ phải từ ngày chứng thư được cấp đến hôm nay" in late.words
    other = page.send("/revoke", **(typed | {"reason": "superseded"}), lost_on=today.isoformat())
    assert (other.status, keys(cast, "thu")[0].revoked_at) == (422, None)
    assert page.send("/revoke", **typed, lost_on=today.isoformat()).status == 200
    begun = datetime.combine(today, time(), VIETNAM)
    assert lost_days(cast) == {int(key.serial, 16): begun for key in keys(cast, "thu")}


def test_what_the_administrator_asks_tells_the_day_before_it_is_confirmed(cast: Cast, reader: People) -> None:
    key = keys(cast, "lan")[0]
    today = cast.office.now().astimezone(VIETNAM).date()
    asked = key_changes.revoke(
        *(cast.office, cast.actor("admin"), key.id, "keyCompromise", Secret(PASSWORD), ADDRESS),
        cast.office.now(),
        today,
    )
    assert asked.waits
    assert f"có thể đã lộ từ {today:%d/%m/%Y}" in reader("minh").get("/confirmations").words
    assert lost_days(cast) == {}
    confirm(cast, "minh", asked)
    assert set(lost_days(cast)) == {int(key.serial, 16)}


def test_an_account_that_is_switched_off_has_no_certificate_any_more(cast: Cast) -> None:
    ask(cast, "lan", "deactivate")
    assert keys(cast, "lan")[0].reason == "affiliationChanged"
    ask(cast, "lan", "activate")
    with cast.office.db.read() as session, pytest.raises(BadCertificate):
        keyring.key_of(session, cast.ids["lan"], "person")


def test_a_clerk_who_leaves_the_post_leaves_a_revoked_seal(cast: Cast) -> None:
    accounts.set_roles(cast.office, cast.actor("admin"), cast.ids["thu"], [], cast.office.now())
    left = {key.purpose: key.reason for key in keys(cast, "thu")}
    assert left == {"person": "", "seal": "cessationOfOperation"}


# --- a new key after the last (law 7) ------------------------------------------------------------------


def test_the_password_alone_makes_no_further_key(cast: Cast) -> None:
    """Who has seen a password must not come by a signature: revoking oneself is not enough."""
    revoke(cast, "lan", "lan")
    asked = take(cast, "lan")
    assert asked is not None
    assert asked.waits
    assert [key.revoked_at is None for key in keys(cast, "lan")] == [False]
    with pytest.raises(NotFound):
        confirm(cast, "lan", asked)
    confirm(cast, "minh", asked)
    assert take(cast, "lan") is None
    assert [key.revoked_at is None for key in keys(cast, "lan")] == [True, False]


def test_who_was_allowed_a_new_key_signs_with_it(cast: Cast, reader: People) -> None:
    revoke(cast, "lan", "lan")
    page = reader("lan").get("/account")
    typed = {"password": PASSWORD, "new_pin": NEW_PIN, "again_pin": NEW_PIN}
    assert "đã gửi đề nghị cho hiệu trưởng" in page.send("/account/pin", **typed).words
    waiting = reader("minh").get("/confirmations")
    assert "Cho Nguyễn Thị Lan (lan) tạo khóa ký mới" in waiting.words
    assert "Chỉ xác nhận khi đã hỏi trực tiếp" in waiting.words
    waiting.send("/confirm", password=PASSWORD)
    assert "Đã đặt mã PIN" in page.send("/account/pin", **typed).words
    document = cast.lesson_plan("lan", 14)
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign", pin=NEW_PIN)
    assert cast.fresh(document.id).first_signed_at is not None


def test_a_leave_is_good_for_one_key(cast: Cast) -> None:
    revoke(cast, "lan", "lan")
    confirm(cast, "minh", take(cast, "lan") or pytest.fail("it did not wait"))
    assert take(cast, "lan") is None
    cast.office = replace(cast.office, now=_later(cast, timedelta(minutes=5)))
    revoke(cast, "lan", "lan")
    asked = take(cast, "lan")
    assert asked is not None
    assert asked.waits


def _later(cast: Cast, by: timedelta) -> Callable[[], datetime]:
    now = cast.office.now
    return lambda: now() + by


@pytest.mark.parametrize("way", ["reset by two", "revoked by the principal", "asked and confirmed"])
def test_where_two_ended_the_last_key_the_next_one_waits_for_nobody(cast: Cast, way: str) -> None:
    if way == "reset by two":
        confirm(cast, "lan", ask(cast, "lan", "reset-pin"))
    elif way == "revoked by the principal":
        revoke(cast, "lan", "minh")
    else:
        confirm(cast, "lan", revoke(cast, "lan", "admin"))
    assert take(cast, "lan") is None
    assert keys(cast, "lan")[0].revoked_at is None


def test_switching_an_account_off_and_on_gives_nobody_its_signature(cast: Cast) -> None:
    """The administrator alone: switch off and on, reset the password, sign in with it, set a PIN."""
    ask(cast, "lan", "deactivate")
    ask(cast, "lan", "activate")
    reset = ask(cast, "lan", "reset-password")
    assert reset.password is not None
    asked = take(cast, "lan", reset.password.reveal())
    assert asked is not None
    assert asked.change.confirm_by == [cast.ids["minh"]]
    assert all(key.revoked_at for key in keys(cast, "lan"))


def test_a_consent_given_before_the_password_was_reset_counts_no_more(cast: Cast) -> None:
    confirm(cast, "lan", ask(cast, "lan", "reset-pin"))
    cast.office = replace(cast.office, now=_later(cast, timedelta(minutes=5)))
    reset = ask(cast, "lan", "reset-password")
    assert reset.password is not None
    asked = take(cast, "lan", reset.password.reveal())
    assert asked is not None
    assert asked.waits


@pytest.mark.parametrize("action", ["reset-pin", "revoke"])
def test_who_resets_the_password_cannot_confirm_for_the_person(cast: Cast, action: str) -> None:
    """Asked first, the password reset then, confirmed as the person: the principal is needed."""
    asked = revoke(cast, "lan", "admin") if action == "revoke" else ask(cast, "lan", action)
    reset = ask(cast, "lan", "reset-password")
    assert reset.password is not None
    with pytest.raises(NotYours):
        confirm(cast, "lan", asked, reset.password.reveal())
    assert keys(cast, "lan")[0].revoked_at is None
    confirm(cast, "minh", asked)
    assert keys(cast, "lan")[0].revoked_at is not None


def test_whose_mails_go_elsewhere_is_in_doubt_as_well(cast: Cast) -> None:
    """The administrator points a teacher's mails to another address and uses the link that comes there."""
    office, lan = cast.office, account(cast, "lan")
    typed = Person(lan.sign_in_name, lan.full_name, lan.post, "ke.gian@example.com")
    accounts.edit_account(office, cast.actor("admin"), lan.id, typed, office.now())
    with office.db.write() as session:
        session.add(
            Change(
                school_id=lan.school_id,
                account_id=lan.id,
                action="reset-by-link",
                asked_by=lan.id,
                asked_at=office.now(),
                state="done",
                settled_at=office.now() + timedelta(minutes=1),
            )
        )
    asked = ask(cast, "lan", "reset-pin")
    assert asked.change.confirm_by == [cast.ids["minh"]]


def test_the_only_principal_gets_a_new_key_with_the_administrator(cast: Cast, reader: People) -> None:
    revoke(cast, "minh", "minh")
    with pytest.raises(Invalid, match="Allow a new key"):
        take(cast, "minh")
    page = reader("admin").get(f"/admin/accounts/{cast.ids['minh']}")
    assert "Đang chờ xác nhận" in page.send("/new-key").words
    reader("minh").get("/confirmations").send("/confirm", password=PASSWORD)
    assert take(cast, "minh") is None


def test_the_first_key_needs_nobody(cast: Cast) -> None:
    with cast.office.db.read() as session:
        assert not needs_consent(session, session.get_one(Account, cast.ids["admin"]), cast.office.now())
    assert take(cast, "admin") is None


# --- what is seen --------------------------------------------------------------------------------------


def test_the_history_stands_on_the_pages_of_those_concerned(cast: Cast, reader: People) -> None:
    key_changes.renew(cast.office, account(cast, "hoa"), "person", Secret(PIN), cast.office.now())
    revoke(cast, "hoa", "hoa", "cessationOfOperation")
    for who, path in (
        ("hoa", "/account"),
        ("minh", f"/certificates/of/{cast.ids['hoa']}"),
        ("admin", f"/certificates/of/{cast.ids['hoa']}"),
    ):
        words = reader(who).get(path).words
        assert "Đã thay" in words
        assert "Đã thu hồi" in words
        assert "Không dùng nữa hoặc quên mã PIN" in words
        for key in keys(cast, "hoa"):
            assert key.serial in words
            assert key.fingerprint in words.replace(" ", "")
            got = reader(who).client.get(f"/certificates/{key.id}.crt")
            assert (got.content, got.headers["content-type"]) == (key.certificate, "application/pkix-cert")


def test_the_schools_list_puts_first_what_wants_a_look(cast: Cast, reader: People) -> None:
    with cast.office.db.write() as session:
        held = session.get_one(SigningKey, keys(cast, "son")[0].id)
        held.expires_at = cast.office.now() + timedelta(days=10)
        session.add(held)
    page = reader("minh").get("/certificates")
    first, without, rest = page.tree.xpath("//main//section")
    assert "Hoàng Văn Sơn" in first.text_content()
    assert "Sắp hết hạn" in first.text_content()
    assert "Trịnh Quốc Anh" in without.text_content()
    assert "Nguyễn Thị Lan" in rest.text_content()
    assert "Mạc Thị Khác" not in page.words  # of another school
    english = reader("minh").get("/certificates?lang=en").words
    assert "Expires soon" in english
