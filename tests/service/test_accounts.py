"""Law 7: the administrator is not a signer. Every way to become one needs the person or the principal."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from flows import keyring
from flows.posts import actor_of
from models.account import Account, AccountRole, Change, Group, Pass
from models.errors import Invalid, NotFound, RecordsError, Stale
from models.notice import Notice
from models.run import Incident
from models.school import School, SchoolName
from service import accounts, changes, on_server, school, sign_in
from service.account_changes import Asked
from service.account_rows import Person
from tasks import passwords
from tasks.certificate_use import BadCertificate
from tasks.keys import Secret
from tests.cast import PASSWORD, Cast

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ADDRESS = "127.0.0.1"


def ask(cast: Cast, who: str, action: str, asker: str = "admin", **more: str) -> Asked:
    return accounts.ask(cast.office, cast.actor(asker), cast.ids[who], action, NOW, **more)


def confirm(cast: Cast, who: str, asked: Asked, password: str = PASSWORD) -> Asked:
    return accounts.confirm(cast.office, cast.actor(who), asked.change.id, Secret(password), ADDRESS, NOW)


def opens(cast: Cast, who: str, password: Secret | None) -> bool:
    assert password is not None
    with cast.office.db.read() as session:
        account = session.get_one(Account, cast.ids[who])
    return passwords.matches(account.password_hash, password)


def roles(cast: Cast, who: str) -> set[str]:
    with cast.office.db.read() as session:
        return set(actor_of(session, cast.ids[who]).roles)


def told(cast: Cast) -> dict[str, list[str]]:
    """Who was told of changes, in Vietnamese."""
    names = {account_id: name for name, account_id in cast.ids.items()}
    found: dict[str, list[str]] = {}
    with cast.office.db.read() as session:
        for notice in session.exec(select(Notice).where(col(Notice.kind) == "change")).all():
            found.setdefault(names[notice.account_id], []).append(
                f"{notice.data['subject']['vi']}: {notice.data['sentence']['vi']}"
            )
    return found


def grant(cast: Cast, who: str, *held: str, asker: str = "admin") -> list[Asked]:
    return accounts.set_roles(cast.office, cast.actor(asker), cast.ids[who], held, NOW)


# resetting


def test_no_password_at_all_is_no_wrong_try(cast: Cast) -> None:
    asked = ask(cast, "lan", "reset-pin")
    for _ in range(sign_in.TRIES + 1):
        with pytest.raises(sign_in.BadSignIn, match="Type the sign-in password"):
            confirm(cast, "lan", asked, "")
    confirm(cast, "lan", asked)


def test_a_teachers_password_is_reset_at_once_and_told_to_the_teacher(cast: Cast) -> None:
    sign_in.sign_in(cast.office, "lan", Secret(PASSWORD), ADDRESS, "session", NOW)
    asked = ask(cast, "lan", "reset-password")
    assert not asked.waits
    assert opens(cast, "lan", asked.password)
    with cast.office.db.read() as session:
        assert session.get_one(Account, cast.ids["lan"]).must_change
        assert session.exec(select(Pass).where(col(Pass.account_id) == cast.ids["lan"])).all() == []
    assert list(told(cast)) == ["lan"]


@pytest.mark.parametrize("who", ["minh", "ngoc", "hoa", "lien", "thu"])
@pytest.mark.parametrize("action", ["reset-password", "reset-pin"])
def test_an_approvers_password_and_pin_wait_for_a_second_person(cast: Cast, who: str, action: str) -> None:
    asked = ask(cast, who, action)
    assert asked.waits
    assert asked.password is None
    assert set(asked.change.confirm_by) == {cast.ids["minh"], cast.ids[who]}
    assert opens(cast, who, Secret(PASSWORD))
    with cast.office.db.read() as session:
        assert keyring.has_pin(session, cast.ids[who])
    assert set(told(cast)) == {"minh", who}
    with pytest.raises(NotFound):
        confirm(cast, "admin", asked)


def test_the_principal_confirms_with_a_password_and_alone_sees_the_new_one(cast: Cast) -> None:
    asked = ask(cast, "hoa", "reset-password")
    with pytest.raises(sign_in.BadSignIn):
        confirm(cast, "minh", asked, password="sai")
    assert opens(cast, "hoa", Secret(PASSWORD))
    done = confirm(cast, "minh", asked)
    assert opens(cast, "hoa", done.password)
    with cast.office.db.read() as session:
        settled = session.get_one(Change, asked.change.id)
    assert (settled.state, settled.settled_by, settled.asked_by) == (
        "done",
        cast.ids["minh"],
        cast.ids["admin"],
    )
    assert [len(told(cast)[name]) for name in ("minh", "hoa")] == [2, 2]
    assert done.password is not None
    assert done.password.reveal() not in str(told(cast))


def test_the_person_may_confirm_too_and_loses_the_old_key(each_cast: Cast) -> None:
    asked = ask(each_cast, "hoa", "reset-pin")
    confirm(each_cast, "hoa", asked)
    with each_cast.office.db.read() as session:
        assert not keyring.has_pin(session, each_cast.ids["hoa"])


def test_a_change_is_settled_once(cast: Cast) -> None:
    asked = ask(cast, "hoa", "reset-pin")
    accounts.refuse(cast.office, cast.actor("minh"), asked.change.id, NOW)
    with pytest.raises(Stale):
        confirm(cast, "hoa", asked)
    with cast.office.db.read() as session:
        assert keyring.has_pin(session, cast.ids["hoa"])
        assert session.get_one(Change, asked.change.id).state == "refused"
    assert "không đồng ý" in told(cast)["hoa"][1]


def test_the_same_request_twice_waits_once(cast: Cast) -> None:
    ask(cast, "hoa", "reset-pin")
    with pytest.raises(Invalid, match="already"):
        ask(cast, "hoa", "reset-pin")
    assert len(told(cast)["hoa"]) == 1


def test_switching_off_and_on_is_no_way_around(cast: Cast) -> None:
    ask(cast, "ngoc", "deactivate")
    assert ask(cast, "ngoc", "reset-password").waits
    ask(cast, "ngoc", "activate")
    assert opens(cast, "ngoc", Secret(PASSWORD))


def test_taking_the_role_away_and_giving_it_back_is_no_way_around(cast: Cast) -> None:
    grant(cast, "ngoc")
    assert roles(cast, "ngoc") == set()
    ask(cast, "ngoc", "reset-password")
    (back,) = grant(cast, "ngoc", "vice_principal")
    assert back.waits
    assert roles(cast, "ngoc") == set()


# roles and appointments


@pytest.mark.parametrize("role", ["principal", "vice_principal", "clerk"])
def test_a_guarded_role_waits_for_the_principal_even_for_the_person_concerned(cast: Cast, role: str) -> None:
    (asked,) = grant(cast, "mai", "teacher", role)
    assert asked.waits
    assert roles(cast, "mai") == {"teacher"}
    with pytest.raises(NotFound):
        confirm(cast, "mai", asked)
    confirm(cast, "minh", asked)
    assert roles(cast, "mai") == {"teacher", role}


def test_the_administrator_cannot_make_himself_anything(cast: Cast) -> None:
    asked = grant(cast, "admin", "admin", "principal", "teacher")
    assert [change.waits for change in asked] == [True, True]
    for change in asked:
        with pytest.raises(NotFound):
            confirm(cast, "admin", change)
    assert roles(cast, "admin") == {"admin"}


def test_who_does_not_teach_belongs_to_no_group(cast: Cast) -> None:
    with pytest.raises(Invalid, match="neither a teacher"):
        ask(cast, "admin", "appoint-head", group_id=cast.groups["4-5"])
    with cast.office.db.write() as session, pytest.raises(Invalid, match="neither a teacher"):
        members = [cast.ids["son"], cast.ids["admin"]]
        school.save_group(session, cast.school_id, cast.groups["4-5"], "Tổ 4-5", members)


def test_the_principal_reads_that_the_reviewer_to_be_is_an_administrator(cast: Cast) -> None:
    (granted,) = grant(cast, "admin", "admin", "teacher")
    confirm(cast, "minh", granted)
    ask(cast, "admin", "appoint-head", group_id=cast.groups["4-5"])
    assert "(người này đang là quản trị hệ thống)" in told(cast)["minh"][-1]


def test_what_stands_under_an_approvers_signature_changes_when_someone_confirms(cast: Cast) -> None:
    with cast.office.db.read() as session:
        before = session.get_one(Account, cast.ids["ngoc"])
    typed = Person(before.sign_in_name, before.full_name, "Hiệu trưởng", "ke.gian@example.com")
    (asked,) = accounts.edit_account(cast.office, cast.actor("admin"), before.id, typed, NOW)
    with cast.office.db.read() as session:
        assert session.get_one(Account, before.id) == before
    assert asked.waits
    assert f"thư điện tử “{before.email}” → “ke.gian@example.com”" in told(cast)["ngoc"][0]
    confirm(cast, "ngoc", asked)
    with cast.office.db.read() as session:
        assert session.get_one(Account, before.id).email == "ke.gian@example.com"


def test_nobody_gets_a_teachers_signature_by_resetting_password_and_pin(cast: Cast) -> None:
    assert ask(cast, "mai", "reset-pin").waits
    reset = ask(cast, "lan", "reset-password")
    assert reset.password is not None
    pin = ask(cast, "lan", "reset-pin")
    with pytest.raises(NotFound):
        confirm(cast, "lan", pin, reset.password.reveal())
    confirm(cast, "minh", pin)


def test_a_post_that_is_filled_again_ends_the_incident_and_tells_its_holder(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    roles_of = {"minh": "principal", "ngoc": "vice_principal"}
    with cast.office.db.write() as session:
        for name, role in roles_of.items():
            session.delete(session.get_one(AccountRole, (cast.school_id, cast.ids[name], role)))
    cast.act("hoa", document.id, "approve")
    with cast.office.db.read() as session:
        [incident] = session.exec(select(Incident)).all()
    assert (incident.kind, incident.resolved_at) == ("nobody", None)
    on_server.grant_on_server(cast.office, "ngoc", "vice_principal", NOW)
    with cast.office.db.read() as session:
        [incident] = session.exec(select(Incident)).all()
        waits = select(Notice.kind).where(
            col(Notice.account_id) == cast.ids["ngoc"], col(Notice.document_id) == document.id
        )
        assert session.exec(waits).all() == ["waiting"]
    assert incident.resolved_at == NOW


def test_other_roles_are_given_at_once(cast: Cast) -> None:
    (asked,) = grant(cast, "mai", "teacher", "inspector")
    assert not asked.waits
    assert roles(cast, "mai") == {"teacher", "inspector"}
    assert told(cast) == {}


def test_a_principal_who_administers_is_the_confirmation(cast: Cast) -> None:
    grant(cast, "minh", "principal", "admin")
    with cast.office.db.write() as session:
        keyring.revoke_keys(session, cast.office.settings, cast.ids["mai"], NOW)
    (asked,) = grant(cast, "mai", "teacher", "vice_principal", asker="minh")
    assert not asked.waits  # no key is at stake
    assert "vice_principal" in roles(cast, "mai")
    assert set(told(cast)) == {"minh", "mai"}


def test_a_head_is_appointed_when_the_principal_confirms(cast: Cast) -> None:
    asked = ask(cast, "huong", "appoint-head", group_id=cast.groups["4-5"])
    assert cast.actor("son").heads
    confirm(cast, "minh", asked)
    assert cast.actor("huong").heads == {cast.groups["4-5"]}
    assert cast.actor("son").heads == frozenset()


def test_the_deputy_who_becomes_head_is_no_longer_deputy(cast: Cast) -> None:
    confirm(cast, "minh", ask(cast, "lien", "appoint-head", group_id=cast.groups["1-2-3"]))
    with cast.office.db.read() as session:
        group = session.get_one(Group, cast.groups["1-2-3"])
    assert (group.head_id, group.deputy_id) == (cast.ids["lien"], None)


def test_who_is_no_longer_principal_no_longer_confirms(cast: Cast) -> None:
    (asked,) = grant(cast, "mai", "teacher", "clerk")
    confirm(cast, "minh", grant(cast, "ngoc", "vice_principal", "principal")[0])
    grant(cast, "minh")
    with pytest.raises(NotFound):
        confirm(cast, "minh", asked)
    assert roles(cast, "mai") == {"teacher"}


def test_the_last_principal_and_the_last_administrator_stay(cast: Cast) -> None:
    for who in ("minh", "admin"):
        with pytest.raises(Invalid):
            grant(cast, who)
        with pytest.raises(Invalid):
            ask(cast, who, "deactivate")
    assert roles(cast, "minh") == {"principal"}


def test_a_clerk_who_leaves_the_post_leaves_the_seal(cast: Cast) -> None:
    with cast.office.db.read() as session:
        assert keyring.find_key(session, cast.ids["thu"], "seal") is not None
    grant(cast, "thu")
    with pytest.raises(BadCertificate), cast.office.db.read() as session:
        keyring.key_of(session, cast.ids["thu"], "seal")


# accounts


def test_a_new_account_has_a_password_to_be_used_once(cast: Cast) -> None:
    person = Person(" GV.Moi ", "  Lê   Thị Mới ", "Giáo viên", "moi@example.test")
    made, granted = accounts.create_account(
        cast.office, cast.actor("admin"), person, ["teacher", "clerk"], NOW
    )
    assert [asked.waits for asked in granted] == [True, False]  # clerk waits, teacher does not
    assert made.password is not None
    account, _ = sign_in.sign_in(cast.office, "gv.moi", made.password, ADDRESS, "session", NOW)
    assert (account.full_name, account.must_change) == ("Lê Thị Mới", True)


@pytest.mark.parametrize(
    ("person", "path"),
    [
        (Person("lan", "Nguyễn Thị Lan"), "sign_in_name"),
        (Person("teacher_b", "Của Trường Khác"), "sign_in_name"),
        (Person("cô lan", "Nguyễn Thị Lan"), "sign_in_name"),
        (Person("gv.moi", " "), "full_name"),
        (Person("gv.moi", "Lê Thị Mới", email="khong phai"), "email"),
        (Person("gv.moi", "Lê Thị Mới", email="a@b.c>\nBcc: x@y.z"), "email"),
    ],
)
def test_a_person_badly_typed_is_refused_at_the_field(cast: Cast, person: Person, path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        accounts.create_account(cast.office, cast.actor("admin"), person, [], NOW)
    assert [fault.path for fault in refusal.value.faults] == [path]


def test_an_unknown_role_is_refused_and_nothing_is_kept(cast: Cast) -> None:
    with pytest.raises(Invalid):
        accounts.create_account(cast.office, cast.actor("admin"), Person("gv.moi", "Lê Mới"), ["boss"], NOW)
    with cast.office.db.read() as session:
        assert session.exec(select(Account).where(col(Account.sign_in_name) == "gv.moi")).first() is None


def test_another_schools_accounts_do_not_exist(cast: Cast) -> None:
    admin = cast.actor("admin")
    for act in (
        lambda: ask(cast, "teacher_b", "reset-password"),
        lambda: ask(cast, "teacher_b", "deactivate"),
        lambda: grant(cast, "teacher_b", "admin"),
        lambda: accounts.edit_account(cast.office, admin, cast.ids["teacher_b"], Person("x.y", "X Y"), NOW),
        lambda: ask(cast, "teacher_b", "appoint-head", group_id=cast.groups["4-5"]),
    ):
        with pytest.raises(NotFound):
            act()
    with cast.office.db.read() as session:
        theirs = session.get_one(Account, cast.ids["teacher_b"])
        assert theirs.active
        assert changes.recent(session, cast.other_school_id) == []
    asked = ask(cast, "hoa", "reset-pin")
    with pytest.raises(NotFound):
        confirm(cast, "principal_b", asked)
    with cast.office.db.read() as session:
        assert changes.waiting_for(session, cast.actor("principal_b")) == []
        assert len(changes.waiting_for(session, cast.actor("minh"))) == 1


def test_every_change_is_written_down(cast: Cast) -> None:
    ask(cast, "lan", "unlock")
    ask(cast, "lan", "deactivate")
    grant(cast, "mai", "inspector")
    with cast.office.db.read() as session:
        rows = [(c.action, c.data, c.state) for c in changes.recent(session, cast.school_id)]
    assert sorted(rows, key=str) == sorted(
        [
            ("unlock", {}, "done"),
            ("deactivate", {}, "done"),
            ("withdraw", {"role": "teacher"}, "done"),
            ("grant", {"role": "inspector"}, "done"),
        ],
        key=str,
    )


def test_unlocking_lets_the_right_password_in_again(cast: Cast) -> None:
    for _ in range(5):
        with pytest.raises(RecordsError):
            sign_in.check(cast.office, "lan", Secret("sai"), ADDRESS, NOW)
    ask(cast, "lan", "unlock")
    assert sign_in.check(cast.office, "lan", Secret(PASSWORD), ADDRESS, NOW)


def test_the_operator_unlocks_too(cast: Cast) -> None:
    for _ in range(5):
        with pytest.raises(RecordsError):
            sign_in.check(cast.office, "lan", Secret("sai"), ADDRESS, NOW)
    on_server.unlock_on_server(cast.office, " LAN ", NOW)
    assert sign_in.check(cast.office, "lan", Secret(PASSWORD), ADDRESS, NOW)


# one's own password


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("Ngan-1a", "8"),
        ("toan-chu-thuong-1", "chữ hoa"),
        ("TOAN-CHU-HOA-1", "chữ thường"),
        ("Khong-co-so", "chữ số"),
        ("KhongKyTu1", "ký tự đặc biệt"),
        ("Cua-lan-2026", "tên đăng nhập"),
        (PASSWORD, "khác mật khẩu"),
        ("A1-" + "a" * 200, "128"),
    ],
)
def test_a_weak_password_is_refused_with_what_it_lacks(cast: Cast, new: str, why: str) -> None:
    with cast.office.db.read() as session:
        account = session.get_one(Account, cast.ids["lan"])
    words = Secret(PASSWORD), Secret(new), Secret(new)
    with pytest.raises(Invalid) as refusal:
        accounts.change_password(cast.office, account, *words, ADDRESS, NOW)
    assert why in refusal.value.sentence.vi
    assert opens(cast, "lan", Secret(PASSWORD))


def test_a_password_is_the_same_however_its_letters_are_composed() -> None:
    hashed = passwords.make_hash(Secret("Mật-khẩu-1"))
    assert passwords.matches(hashed, Secret(unicodedata.normalize("NFD", "Mật-khẩu-1")))
    assert not passwords.matches(hashed, Secret("Mat-khau-1"))


def test_passwords_given_out_follow_the_rules() -> None:
    for _ in range(20):
        passwords.check_password(Secret(passwords.once()), "lan", None)


# the server's operator


def test_an_empty_school_begins_at_the_server(cast: Cast) -> None:
    name = SchoolName(
        school_id="moi",
        valid_from=date(2026, 9, 1),
        parent="UBND",
        name="Trường Mới",
        place="Mới",
        abbreviation="TM",
    )
    once = on_server.found_school(
        cast.office, name, Person("qt.moi", "Quản Trị"), Person("ht.moi", "Hiệu Trưởng"), NOW
    )
    for person, password, role in zip(("qt.moi", "ht.moi"), once, ("admin", "principal"), strict=True):
        account, _ = sign_in.sign_in(cast.office, person, password, ADDRESS, "session", NOW)
        with cast.office.db.read() as session:
            assert session.get(School, account.school_id) is not None
            held = session.exec(
                select(AccountRole.role).where(col(AccountRole.account_id) == account.id)
            ).all()
            written = changes.recent(session, "moi", account.id)
        assert held == [role]
        assert {(c.action, c.asked_by) for c in written} == {("create", "server"), ("grant", "server")}


def test_the_operator_may_grant_and_reset_and_both_are_told(cast: Cast) -> None:
    on_server.grant_on_server(cast.office, "ngoc", "principal", NOW)
    assert "principal" in roles(cast, "ngoc")
    reset = on_server.reset_on_server(cast.office, "minh", NOW)
    assert opens(cast, "minh", reset.password)
    assert set(told(cast)) == {"minh", "ngoc"}
    assert all("người vận hành máy chủ" in text for texts in told(cast).values() for text in texts)
    for role, name in (("boss", "ngoc"), ("principal", "khong.co")):
        with pytest.raises(NotFound):
            on_server.grant_on_server(cast.office, name, role, NOW)
