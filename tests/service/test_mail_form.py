"""What may be typed as a mail server, and the fields that are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.errors import Invalid
from service.mail_form import Typed, Wanted, check
from tasks.keys import Secret

GOOD = Typed("smtp.truong.edu.vn", "587", "starttls", "hoso", "hoso@truong.edu.vn", "Trường Đồng Mai")


def refused(typed: Typed) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        check(typed)
    return [fault.path for fault in refusal.value.faults]


def test_what_is_typed_is_tidied() -> None:
    typed = replace(GOOD, host=" SMTP.Truong.edu.VN. ", port=" 587 ", login=" hoso ", sender_name=" Hồ Sơ ")
    assert check(typed) == Wanted(
        "smtp.truong.edu.vn", 587, "starttls", "hoso", "hoso@truong.edu.vn", "Hồ Sơ"
    )
    assert check(replace(GOOD, host="thư.vn")).host == "xn--th-e0a.vn"


@pytest.mark.parametrize(
    "host", ["10.0.0.5", "[2001:db8:1::5]", "mailserver", "localhost", "a_b.example.org"]
)
def test_hosts_a_mail_server_can_have(host: str) -> None:
    assert check(replace(GOOD, host=host)).host == host.strip("[]")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "http://smtp.truong.edu.vn",
        "smtp.truong.edu.vn:587",
        "smtp truong",
        "smtp.truong.edu.vn\r\nX: y",
        "-a.example.org",
        "a..example.org",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1%eth0",
        "224.0.0.1",
        "a" * 64 + ".vn",
        "user@example.org",
    ],
)
def test_hosts_no_mail_server_can_have(host: str) -> None:
    assert refused(replace(GOOD, host=host)) == ["host"]


@pytest.mark.parametrize("port", ["25", "465", "587", "2525", "1024", "65535"])
def test_ports_of_mail(port: str) -> None:
    assert check(replace(GOOD, port=port, encryption="tls")).port == int(port)


@pytest.mark.parametrize(
    "port", ["", "0", "22", "80", "443", "1023", "65536", "587.0", "-587", "五八七", "99999999"]
)
def test_other_ports_are_refused(port: str) -> None:
    assert refused(replace(GOOD, port=port)) == ["port"]


def test_without_encryption_only_this_machine_will_do() -> None:
    assert refused(replace(GOOD, encryption="none")) == ["encryption"]
    assert refused(replace(GOOD, encryption="none", host="127.0.0.1.example.org")) == ["encryption"]
    for host in ("localhost", "127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"):
        assert check(replace(GOOD, encryption="none", host=host)).encryption == "none"
    assert refused(replace(GOOD, encryption="")) == ["encryption"]
    assert refused(replace(GOOD, port="465")) == ["encryption"]


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "hoso",
        "hoso@",
        "@truong.edu.vn",
        "Hồ Sơ <hoso@truong.edu.vn>",
        "a@b.vn, c@d.vn",
        "a@b.vn\r\nBcc: x@y.vn",
        "a\n@b.vn",
        "hồsơ@truong.edu.vn",
        "a@b@c.vn",
        "a@b..vn",
    ],
)
def test_the_sender_is_one_plain_address(sender: str) -> None:
    assert refused(replace(GOOD, sender=sender)) == ["sender"]


def test_nothing_that_could_break_a_header_or_a_command() -> None:
    assert refused(replace(GOOD, sender_name="Hồ Sơ\r\nBcc: x@y.vn")) == ["sender_name"]
    assert refused(replace(GOOD, login="a\r\nRSET")) == ["login"]
    assert refused(replace(GOOD, password=Secret("a\nb"))) == ["password"]
    assert refused(replace(GOOD, login="", password=Secret("a"))) == ["login"]
    assert refused(Typed(port="1", encryption="x")) == ["host", "port", "encryption", "sender"]
