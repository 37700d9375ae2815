"""The preview of every mail: nothing is left out, it is rendered as real mails are, and it is harmless."""

from __future__ import annotations

import re
from pathlib import Path

import lxml.html
import pytest
from sqlmodel import select

from models.db import Database
from models.notice import Mail
from models.settings import Settings
from models.text import Language
from service.mail_samples import NOTICES, SAMPLES, Sample, rendered, templates
from tasks.kinds import KINDS
from tests.cast import Cast
from tests.service.reading import People

LANGUAGES: tuple[Language, ...] = ("vi", "en")
HOME = "/admin/mail/samples"


def test_every_kind_of_notice_and_every_template_has_a_sample() -> None:
    assert NOTICES.keys() == KINDS.keys()
    assert {kind for sample in SAMPLES for kind in sample.kinds} == KINDS.keys()
    assert sorted({sample.template for sample in SAMPLES}) == templates()
    assert len({sample.key for sample in SAMPLES}) == len(SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.key)
def test_each_is_whole_in_both_languages(tmp_path: Path, sample: Sample) -> None:
    settings = Settings(data=tmp_path)
    db = Database(settings.database)
    with db.read() as session:
        vi, en = (rendered(session, settings, sample, language) for language in LANGUAGES)
    db.dispose()
    assert "Kính gửi Nguyễn Văn Mẫu," in vi["body.txt"]
    assert "Dear Nguyễn Văn Mẫu," in en["body.txt"]
    for parts in (vi, en):
        html = lxml.html.fromstring(parts["body.html"])
        assert parts["subject.txt"]
        # both parts lead to the same places
        written = {address.rstrip("/") for address in re.findall(r"http://\S+", parts["body.txt"])}
        assert {a.get("href").rstrip("/") for a in html.iter("a")} <= written
        assert not re.search(r"\{\w+\}|None", parts["body.txt"] + parts["body.html"])
    for kind in sample.kinds:
        if kind != "weekly":
            assert KINDS[kind].name.vi in vi["body.txt"]
            assert KINDS[kind].name.en in en["body.txt"]


@pytest.mark.parametrize("name", ["admin", "minh"])
def test_administrators_and_principals_look_at_them(cast: Cast, reader: People, name: str) -> None:
    page = reader(name).get(HOME)
    assert page.status == 200
    assert len(page.all(".subnav a[href$='written=vi']")) == len(SAMPLES)
    english = reader(name).get(f"{HOME}?mail=kind-spot-check&written=en")
    assert "A check on Wed 25/11 may miss" in english.words
    with cast.office.db.read() as session:
        assert session.exec(select(Mail)).all() == []


@pytest.mark.parametrize("name", ["lan", "hoa", "thu", "teacher_b"])
def test_for_anybody_else_there_is_no_such_page(reader: People, name: str) -> None:
    assert reader(name).get(HOME).status == 404
    assert reader(name).client.get(f"{HOME}/digest.html").status_code == 404


def test_unknown_mails_are_not_found(reader: People) -> None:
    assert reader("admin").get(f"{HOME}?mail=nonsense").status == 404
    assert reader("admin").client.get(f"{HOME}/nonsense.html").status_code == 404


def test_the_html_part_may_do_nothing_and_is_framed_by_us_alone(reader: People) -> None:
    admin = reader("admin")
    (frame,) = admin.get(HOME).all("iframe")
    assert frame.get("sandbox") == ""
    answer = admin.client.get(frame.get("src"))
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} <= set(policy)
    assert "<script" not in answer.text
    assert "frame-src 'self'" in admin.get(HOME).headers["content-security-policy"]
    assert "frame-src" not in admin.get("/admin/mail").headers["content-security-policy"]
