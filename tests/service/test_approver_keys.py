"""Law 7: the key of whoever approves was confirmed by a principal; its password was given out by others."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from sqlmodel import col, select

from flows import keyring
from models.account import Account, Change
from models.errors import Invalid, NotFound
from models.school import SchoolName
from service import accounts, key_changes, on_server
from service.account_changes import Asked
from service.account_rows import Person
from tasks.keys import Secret
from tests.cast import PASSWORD, Cast
from tests.service.reading import People
from tests.service.test_certificates import ADDRESS, NEW_PIN, account, ask, confirm, keys, told

POSTS = ["vice_principal", "clerk", "appoint-head", "appoint-deputy"]


def newcomer(cast: Cast, password: str = PASSWORD) -> None:
    """A new account, signed in to by whoever was shown its first password; without a key."""
    now = cast.office.now()
    person = Person("oanh", "Lương Thị Oanh", "Kế toán", "oanh@example.com")
    made, _ = accounts.create_account(cast.office, cast.actor("admin"), person, ["teacher"], now)
    assert made.password is not None
    assert made.change.account_id is not None
    cast.ids["oanh"] = made.change.account_id
    given, wished = made.password, Secret(password)
    accounts.change_password(cast.office, account(cast, "oanh"), given, wished, wished, ADDRESS, now)


def take(cast: Cast, who: str = "oanh") -> Asked | None:
    pin, word = Secret(NEW_PIN), Secret(PASSWORD)
    now = cast.office.now()
    return key_changes.take_first(cast.office, account(cast, who), pin, word, ADDRESS, now, seal=False)


def appoint(cast: Cast, post: str, who: str = "oanh", by: str = "admin") -> Asked:
    now = cast.office.now()
    if post.startswith("appoint"):
        group = cast.groups["4-5"]
        return accounts.ask(cast.office, cast.actor(by), cast.ids[who], post, now, group_id=group)
    (asked,) = accounts.set_roles(cast.office, cast.actor(by), cast.ids[who], ["teacher", post], now)
    return asked


def living(cast: Cast, who: str = "oanh") -> list[str]:
    return [key.id for key in keys(cast, who) if key.revoked_at is None]


# --- the first key -------------------------------------------------------------------------------------


@pytest.mark.parametrize("post", POSTS)
def test_the_first_key_of_an_approver_waits_for_the_principal(cast: Cast, post: str) -> None:
    newcomer(cast)
    confirm(cast, "minh", appoint(cast, post))
    asked = take(cast)
    assert asked is not None
    assert asked.change.confirm_by == [cast.ids["minh"]]
    assert keys(cast, "oanh") == []
    confirm(cast, "minh", asked)
    assert take(cast) is None
    assert len(living(cast)) == 1


@pytest.mark.parametrize("action", ["new-key", "reset-pin"])
def test_who_has_the_password_cannot_confirm_the_first_key_as_its_holder(cast: Cast, action: str) -> None:
    """However long ago the password was given out."""
    newcomer(cast)
    early = ask(cast, "oanh", action)  # the person could still confirm it
    confirm(cast, "minh", appoint(cast, "vice_principal"))
    confirm(cast, "oanh", early)
    late = ask(cast, "oanh", action)
    assert late.change.confirm_by == [cast.ids["minh"]]
    with pytest.raises(NotFound):
        confirm(cast, "oanh", late)
    with pytest.raises(Invalid) if action == "new-key" else nullcontext():  # it waits already
        assert take(cast) is not None
    assert keys(cast, "oanh") == []
    confirm(cast, "minh", late)
    assert take(cast) is None


def test_the_pages_say_what_waits_for_whom(cast: Cast, reader: People) -> None:
    newcomer(cast)
    appoint(cast, "vice_principal")
    page = reader("minh").get("/confirmations")
    assert "chưa có khóa ký" in page.words
    assert "Đã thực hiện" in page.send("/confirm", password=PASSWORD).words
    own = reader("oanh").get("/account")
    assert "cần hiệu trưởng xác nhận trước" in own.words
    typed = {"password": PASSWORD, "new_pin": NEW_PIN, "again_pin": NEW_PIN}
    waits = own.send("/account/pin", **typed)
    assert "đã gửi đề nghị cho hiệu trưởng" in waits.words
    assert "Đang chờ xác nhận khóa ký mới" in waits.words
    again = waits.send("/account/pin", **typed)
    assert again.status == 422
    assert "đang chờ xác nhận" in again.words
    assert {"oanh", "minh"} <= set(told(cast))
    confirming = reader("minh").get("/confirmations")
    assert "Cho Lương Thị Oanh (oanh) tạo khóa ký mới" in confirming.words
    confirming.send("/confirm", password=PASSWORD)
    assert "Đã đặt mã PIN" in own.send("/account/pin", **typed).words
    assert len(living(cast)) == 1


def test_a_list_of_appointments_is_confirmed_with_one_password(cast: Cast, reader: People) -> None:
    """Whom one is not sure of stays; what was settled meanwhile is refused alone; keys end or are kept."""
    newcomer(cast)
    assert take(cast) is None
    (key,) = living(cast)
    _, late = appoint(cast, "vice_principal"), appoint(cast, "appoint-head")
    unsure, other = appoint(cast, "clerk", who="mai"), appoint(cast, "appoint-deputy", who="mai")
    ask(cast, "mai", "reset-password")
    page = reader("minh").get("/confirmations")
    ticks = {box.get("value"): box.checked for box in page.all("input[name=item]")}
    assert ticks[late.change.id]
    assert not ticks[unsure.change.id]  # somebody else has just reset that password
    wrong = page.send("/confirmations", password="sai", keep=key)
    assert wrong.status == 422
    assert "Còn 4 lần" in wrong.words
    assert {
        b.get("value"): b.checked for b in wrong.all("input[name=item]")
    } == ticks  # what was ticked stays
    assert {box.get("value"): box.checked for box in wrong.all("input[name=keep]")}[key]
    accounts.refuse(cast.office, cast.actor("minh"), late.change.id, cast.office.now())
    done = page.send("/confirmations", password=PASSWORD, keep=key)
    assert done.status == 200
    assert "Đã thực hiện: Giao vai trò Phó Hiệu trưởng cho Lương Thị Oanh" in done.words
    assert "đã được giải quyết" in done.words
    assert living(cast) == [key]
    left = reader("minh").get("/confirmations")
    assert {box.get("value") for box in left.all("input[name=item]")} == {unsure.change.id, other.change.id}
    assert left.send("/confirmations", password=PASSWORD).status == 422  # nobody is ticked
    for name in ("ngoc", "admin", "principal_b"):
        taken = reader(name).get("/account").send("/language", language="vi")
        sent = [("csrf", taken.form("/language").fields["csrf"]), ("item", unsure.change.id)]
        assert reader(name).post("/confirmations", [*sent, ("password", PASSWORD)]).status == 422
    with cast.office.db.read() as session:
        assert session.get_one(Change, unsure.change.id).state == "waiting"


def test_a_first_key_that_approves_nothing_needs_nobody(cast: Cast) -> None:
    newcomer(cast)
    assert take(cast) is None
    assert len(living(cast)) == 1


def test_the_first_principal_of_a_school_has_nobody_to_ask(cast: Cast) -> None:
    now = cast.office.now()
    name = SchoolName(
        school_id="s3", valid_from=now.date(), parent="UBND xã", name="Trường", place="Xã", abbreviation="T"
    )
    people = Person("qtri", "Trần Văn Quản"), Person("htruong", "Lý Thị Trưởng")
    _, password = on_server.found_school(cast.office, name, *people, now)
    with cast.office.db.read() as session:
        cast.ids["ht"] = session.exec(select(Account.id).where(col(Account.sign_in_name) == "htruong")).one()
    made = key_changes.take_first(
        cast.office, account(cast, "ht"), Secret(NEW_PIN), password, ADDRESS, now, seal=False
    )
    assert made is None
    assert len(living(cast, "ht")) == 1


def test_of_two_principals_the_other_one_confirms(cast: Cast) -> None:
    newcomer(cast)
    confirm(cast, "minh", appoint(cast, "principal"))
    assert ask(cast, "oanh", "new-key").change.confirm_by == [cast.ids["minh"]]


def test_where_no_principal_is_left_no_approver_gets_a_key_alone(cast: Cast) -> None:
    newcomer(cast)
    confirm(cast, "minh", appoint(cast, "vice_principal"))
    with cast.office.db.write() as session:
        minh = session.get_one(Account, cast.ids["minh"])
        minh.active = False
        session.add(minh)
    with pytest.raises(Invalid, match="no active principal"):
        ask(cast, "oanh", "new-key")
    with pytest.raises(Invalid):
        take(cast)
    assert keys(cast, "oanh") == []


# --- the key that was there before ---------------------------------------------------------------------


@pytest.mark.parametrize("post", POSTS)
def test_a_key_made_before_the_appointment_ends_with_it(cast: Cast, reader: People, post: str) -> None:
    newcomer(cast)
    assert take(cast) is None
    appoint(cast, post)
    page = reader("minh").get("/confirmations")
    assert "đang có khóa ký" in page.words
    assert "bị thu hồi" in page.send("/confirm", password=PASSWORD).words
    assert living(cast) == []
    assert any("khóa ký đang có bị thu hồi" in said for said in told(cast)["oanh"])
    asked = take(cast)
    assert asked is not None
    assert asked.change.confirm_by == [cast.ids["minh"]]
    confirm(cast, "minh", asked)
    assert take(cast) is None


@pytest.mark.parametrize("post", POSTS)
def test_or_the_principal_confirms_that_key_as_theirs(cast: Cast, reader: People, post: str) -> None:
    newcomer(cast)
    assert take(cast) is None
    (key,) = living(cast)
    appoint(cast, post)
    done = reader("minh").get("/confirmations").send("/confirm", password=PASSWORD, keep=key)
    assert "khóa ký đang có vẫn dùng" in done.words
    assert living(cast) == [key]


def test_only_the_key_that_was_seen_is_confirmed(cast: Cast, reader: People) -> None:
    newcomer(cast)
    assert take(cast) is None
    (seen,) = living(cast)
    appoint(cast, "vice_principal")
    page = reader("minh").get("/confirmations")
    key_changes.renew(cast.office, account(cast, "oanh"), "person", Secret(NEW_PIN), cast.office.now())
    page.send("/confirm", password=PASSWORD, keep=seen)
    assert living(cast) == []


def test_whoever_approves_already_keeps_the_key(cast: Cast) -> None:
    (key,) = living(cast, "lien")
    (asked,) = accounts.set_roles(
        cast.office, cast.actor("admin"), cast.ids["lien"], ["teacher", "vice_principal"], cast.office.now()
    )
    confirm(cast, "minh", asked)
    assert living(cast, "lien") == [key]


def test_a_key_that_is_made_while_its_holder_is_appointed_ends(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    newcomer(cast)
    asked, made = appoint(cast, "vice_principal"), keyring.make_key

    def slowly(*args: object) -> object:
        confirm(cast, "minh", asked)
        return made(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(keyring, "make_key", slowly)
    waits = take(cast)
    assert waits is not None
    assert waits.change.confirm_by == [cast.ids["minh"]]
    assert living(cast) == []


def test_a_principal_who_administers_sees_the_key_before_it_is_an_approvers(cast: Cast) -> None:
    now = cast.office.now()
    accounts.set_roles(cast.office, cast.actor("admin"), cast.ids["minh"], ["principal", "admin"], now)
    newcomer(cast)
    assert not appoint(cast, "appoint-deputy", by="minh").waits
    assert appoint(cast, "appoint-head", who="mai", by="minh").change.confirm_by == [cast.ids["minh"]]


def test_what_the_operator_grants_leaves_the_key(cast: Cast) -> None:
    (key,) = living(cast, "mai")
    on_server.grant_on_server(cast.office, "mai", "vice_principal", cast.office.now())
    assert living(cast, "mai") == [key]


# --- what one should know before saying yes ------------------------------------------------------------


@pytest.mark.parametrize("action", ["reset-pin", "new-key", "grant"])
def test_a_password_just_reset_by_others_is_said_at_the_confirmation(
    cast: Cast, reader: People, action: str
) -> None:
    newcomer(cast)
    if action == "grant":
        appoint(cast, "vice_principal")
    else:
        ask(cast, "oanh", action)
    assert "vừa được người khác đặt lại" not in reader("minh").get("/confirmations").words
    ask(cast, "oanh", "reset-password")
    assert "vừa được người khác đặt lại" in reader("minh").get("/confirmations").words
