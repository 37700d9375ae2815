"""The words of the pages: dates, lengths, names in order, both languages; static files, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from jinja2 import nodes

from flows.people import Actor
from service import words
from service.app import create_app
from service.assets import static, static_version
from service.templating import ROOT, Words, environment, places, said_post
from tests.cast import Cast

NOW = datetime(2026, 11, 24, 9, 20, tzinfo=UTC)  # 16:20 in Vietnam, a Tuesday
PAGES = sorted(
    p.relative_to(ROOT / "templates").as_posix()
    for folder in ("pages", "fragments")
    for p in (ROOT / "templates" / folder).glob("*.html")
)
VIETNAMESE = re.compile(r"[À-ỹăâđêôơưĂÂĐÊÔƠƯ]")


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False) as client:
        yield client


def vietnam(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=words.VIETNAM)


def test_midnight_is_the_end_of_the_day_before() -> None:
    assert words.limit(vietnam(25)).vi == "hết thứ Ba 24/11"
    assert words.limit(vietnam(25)).en == "end of Tue 24/11"
    assert words.limit(vietnam(27, 17)).vi == "17:00 thứ Sáu 27/11"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=20), "chưa đến một phút"),
        (timedelta(minutes=5), "5 phút"),
        (timedelta(hours=7, minutes=40), "7 giờ 40 phút"),
        (timedelta(hours=8), "8 giờ"),
        (timedelta(days=1, hours=3), "1 ngày 3 giờ"),
        (timedelta(days=-9, hours=-5), "9 ngày"),
    ],
)
def test_lengths_in_two_units(length: timedelta, said: str) -> None:
    assert words.span(length).vi == said


def test_times_are_vietnams() -> None:
    assert words.clock(NOW).vi == "Thứ Ba 24/11/2026, 16:20"
    assert words.when_exactly(NOW).vi == "24/11/2026 16:20:00 +07:00"
    assert words.ago(NOW - timedelta(hours=20), NOW).vi == "20:20 hôm qua"
    assert words.day("2026-11-24").vi == words.day(date(2026, 11, 24)).vi == "24/11/2026"


def test_names_sort_by_given_name_then_tone() -> None:
    names = [
        "Đỗ Thị Liên",
        "Nguyễn Thị Lan",
        "Trần Thị Ân",
        "Lê Thị An",
        "Phạm Văn Đức",
        "Vũ Thị Dung",
        "Lê Ánh",
    ]
    assert sorted(names, key=words.by_given_name) == [
        "Lê Thị An",
        "Lê Ánh",
        "Trần Thị Ân",
        "Vũ Thị Dung",
        "Phạm Văn Đức",
        "Nguyễn Thị Lan",
        "Đỗ Thị Liên",
    ]


def test_numbers_and_sizes_in_both_languages() -> None:
    assert (words.number(1934).vi, words.number(1934).en) == ("1.934", "1,934")
    assert (words.size(4_130_000).vi, words.size(4_130_000).en) == ("4,1 MB", "4.1 MB")


def test_what_a_person_typed_is_escaped_in_sentences() -> None:
    said = environment().from_string("{{ t('Xin chào {who}', 'Hello {who}', who=who) }}")
    assert said.render(t=Words("en", NOW).t, who="<b>&") == "Hello &lt;b&gt;&amp;"


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0 records"), (1, "1 record"), ("1", "1 record"), (12, "12 records")]
)
def test_english_counts_one_and_many(n: object, said: str) -> None:
    assert Words("en", NOW).t("{n} hồ sơ", "{n} {n:record|records}", n=n) == said
    assert Words("vi", NOW).t("{n} hồ sơ", "{n} {n:record|records}", n=n) == f"{n} hồ sơ"


@pytest.mark.parametrize("name", PAGES)
def test_no_page_counts_one_of_many(name: str) -> None:
    text = (ROOT / "templates" / name).read_text("utf-8")
    several = r"\{[nm]\} (records|places|pages|lessons|events|faults|times|incidents)\b"
    assert not re.search(several, text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_everything_in_both_languages(name: str) -> None:
    env = environment()
    tree = env.parse((ROOT / "templates" / name).read_text("utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            pair = [a.value for a in call.args[:2] if isinstance(a, nodes.Const)]
            assert len(pair) == 2 and all(pair), f"{name}:{call.lineno}"
            assert set(re.findall(r"\{\w+\}", pair[0])) == set(re.findall(r"\{\w+\}", pair[1])), pair
            assert not VIETNAMESE.search(pair[1].replace("Hồ Sơ Số", "")), pair
    for data in tree.find_all(nodes.TemplateData):
        text = data.data.replace("Hồ Sơ Số", "").replace("Tiếng Việt", "")
        assert not VIETNAMESE.search(text), (
            f"{name}:{data.lineno} says it in Vietnamese only: {text.strip()[:80]}"
        )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_carries_no_inline_script_or_style(name: str) -> None:
    text = (ROOT / "templates" / name).read_text("utf-8")
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)|javascript:", text)


def test_headers_forbid_everything_that_is_not_ours(client: TestClient) -> None:
    policy = client.get("/sign-in").headers["content-security-policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ):
        assert part in policy.split("; ")
    assert "unsafe" not in policy


def test_static_files_last_under_their_version_only(client: TestClient) -> None:
    now = client.get(static("hoso.css"))
    assert now.status_code == 200
    assert now.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/0123456789ab/hoso.css").headers["cache-control"] == "no-cache"
    assert client.get(f"/static/{static_version()}/../templating.py").status_code == 404
    assert client.get(static("js/app.js")).headers["content-type"].startswith("text/javascript")


def test_every_icon_a_page_uses_is_in_the_sprite() -> None:
    sprite = (ROOT / "service" / "static" / "sprite.svg").read_text("utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    for name in PAGES:
        text = (ROOT / "templates" / name).read_text("utf-8")
        used = {f"i-{n}" for n in re.findall(r"icon\('([\w-]+)'", text)}
        used |= {f"m-{n}" for n in re.findall(r"mark\('([\w-]+)'", text)}
        assert used <= drawn, f"{name}: {used - drawn}"


def test_every_block_of_the_stylesheet_is_closed() -> None:
    depth = 0
    for number, line in enumerate(
        (ROOT / "service" / "static" / "hoso.css").read_text("utf-8").split("\n"), 1
    ):
        depth += line.count("{") - line.count("}")
        assert depth >= 0 and (depth == 0 or not line.startswith("@") or line.endswith("{")), number
    assert depth == 0


def test_the_navigation_shows_only_where_there_is_something_to_do() -> None:
    teacher = Actor("a", "s", frozenset({"teacher"}))
    head = Actor("a", "s", frozenset({"teacher"}), heads=frozenset({"g"}))
    assert "/inbox" not in [p.path for p in places(teacher, 0)]
    assert "/inbox" in [p.path for p in places(teacher, 1)]
    assert "/inbox" in [p.path for p in places(head, 0)]
    assert "/admin" not in [p.path for p in places(head, 0)]


def test_the_language_of_the_account_is_kept_and_can_be_tried(client: TestClient) -> None:
    assert 'lang="vi"' in client.get("/sign-in").text
    assert 'lang="en"' in client.get("/sign-in?lang=en").text


@pytest.mark.parametrize(
    ("post", "within"),
    [
        ("Giáo viên Tiếng Anh", "giáo viên Tiếng Anh"),
        ("Phó Hiệu trưởng", "phó hiệu trưởng"),
        ("Tổng phụ trách Đội", "tổng phụ trách Đội"),
        ("", ""),
    ],
)
def test_a_post_within_a_sentence_keeps_the_names_in_it(post: str, within: str) -> None:
    assert said_post(post) == within
