"""Typed and pasted text: a small vocabulary comes out, nothing a person wrote is lost, nothing is markup."""

from __future__ import annotations

import json
import string
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Invalid, RecordsError, TooLarge
from tasks.rich_text import (
    IMAGE_LIMIT,
    ROW_LIMIT,
    clean,
    clean_line,
    images,
    plain,
    tree,
)
from tasks.rich_text_tree import LIST_DEPTH

SHA = "ab" * 32

TAGS = [
    "p",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "sub",
    "sup",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "th",
]
TAGS += ["caption", "div", "span", "h2", "img", "a", "font", "blockquote", "o:p"]
SCRAPS = st.one_of(
    st.sampled_from(TAGS).map(lambda tag: f"<{tag}>"),
    st.sampled_from(TAGS).map(lambda tag: f"</{tag}>"),
    st.sampled_from(
        [
            '<td colspan="3">',
            '<td rowspan="40">',
            '<td colspan="99" rowspan="2">',
            f'<img src="image:{SHA}">',
            "<span style='mso-list:Ignore'>",
            "<!--[if mso]>",
            "<![endif]>",
            "&nbsp;",
            "&#769;",
            "&amp;",
            "\u0301",
            "\u200b",
            " ",
            "\n",
        ]
    ),
    st.text(max_size=6),
    st.text(string.ascii_letters + " ếặ<>&\"'", max_size=6),
)
SOUP = st.lists(SCRAPS, max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(SOUP)
def test_cleaning_twice_changes_nothing(soup: str) -> None:
    once = clean(soup)
    assert clean(once) == once
    assert tree(once) == tree(soup)


@settings(max_examples=300, deadline=None)
@given(st.one_of(SOUP, st.text()))
def test_any_text_gives_a_tree_or_a_refusal(text: str) -> None:
    try:
        nodes = tree(text)
    except RecordsError:
        return
    json.dumps(nodes, allow_nan=False).encode()  # nothing a file or the layout could choke on
    plain(text).encode()


@settings(max_examples=200, deadline=None)
@given(st.text(string.ascii_letters + string.digits + " .,;ếđờ#$*_@\\[]{}`~^=+-", min_size=1))
def test_plain_text_comes_back_as_typed(text: str) -> None:
    assert plain(clean(text)) == " ".join(unicodedata.normalize("NFC", text).split())


def test_lines_of_plain_text_are_paragraphs() -> None:
    assert clean("Dòng một\r\n\r\nDòng hai < 3 & 4") == "<p>Dòng một</p><p>Dòng hai &lt; 3 &amp; 4</p>"


@pytest.mark.parametrize("text", ["3 < 5 và 7 > 2", "a<b", "x<b và c>d", "<3", "<abc>", "1 <2>"])
def test_signs_that_only_look_like_tags_stay(text: str) -> None:
    assert plain(clean(text)) == text


def test_what_word_pastes_becomes_plain_paragraphs() -> None:
    pasted = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><title>Bài 28</title>
        <style>p.MsoNormal {margin:0in}</style><!--[if gte mso 9]><xml><w:View/></xml><![endif]--></head>
        <body lang=VI><p class=MsoNormal style='margin-left:.5in'><o:p>&nbsp;</o:p></p>
        <p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span
        style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times"'>&nbsp;
        &nbsp;</span></span></span><![endif]>Giải được <b style='mso-bidi'>bài   toán</b></p>
        <p><span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>Đọc
        <a href="http://example.com/x">sách</a></p>
        </body></html>"""
    assert clean(pasted) == "<p>- Giải được <strong>bài toán</strong></p><p>1. Đọc sách</p>"


def test_lines_of_an_editor_are_paragraphs() -> None:
    assert (
        clean("a<div>b<br></div><div><br></div><div>c<br><br>d</div>") == "<p>a</p><p>b</p><p>c</p><p>d</p>"
    )


def test_marks_have_one_name_each() -> None:
    assert clean("<b>x</b><i>y</i><del>z</del><h3>t</h3>") == (
        "<p><strong>x</strong><em>y</em><s>z</s></p><p><strong>t</strong></p>"
    )


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='http://example.com/track.png'>",
        "<img src='image:../../etc/passwd'>",
        f"<img src='image:{SHA}\n'>",
        "<style>p{background:url(x)}</style>",
        "<svg><script>alert(1)</script></svg>",
        "<iframe srcdoc='x'></iframe>",
    ],
)
def test_nothing_foreign_is_kept(attack: str) -> None:
    assert clean(f"<p>trước</p>{attack}<p>sau</p>") == "<p>trước</p><p>sau</p>"


def test_only_our_own_pictures_are_shown() -> None:
    text = f'<p>Hình 1<img src="image:{SHA}" alt="Cây &quot;bàng&quot;" width=900 onload=x></p>'
    assert clean(text) == f'<p>Hình 1<img src="image:{SHA}" alt="Cây &quot;bàng&quot;"></p>'
    assert images(text) == {SHA}


def test_names_are_composed_and_invisible_characters_removed() -> None:
    decomposed = unicodedata.normalize("NFD", "Nguyễn Thị Ánh")
    assert clean_line(f"  {decomposed}\x00\t \u202eX\u2066\u200f\n") == "Nguyễn Thị Ánh X"
    assert clean(f"<p>{decomposed}\x00\u202e\u2028&#8238;</p>") == "<p>Nguyễn Thị Ánh</p>"
    assert clean_line("\ud800a\ufeff\ufdd0") == "a"
    assert clean("<p>e<b>&#8203;</b>&#770;</p>") == "<p>ê</p>"


@pytest.mark.parametrize("opening", ["<b>", "<ul><li>", "<div>", "<blockquote>", "<ol>", "<table><tr><td>"])
def test_four_hundred_nested_tags_keep_the_text(opening: str) -> None:
    repeated = opening * (400 if "table" not in opening else 190)
    assert plain(repeated + "chữ") == "chữ"


def test_lists_deeper_than_a_page_shows_are_flattened() -> None:
    text = "".join(f"<ul><li>tầng {level}" for level in range(9))
    assert clean(text).count("<ul>") == LIST_DEPTH
    assert plain(text).split("\n") == [f"tầng {level}" for level in range(9)]


def test_a_table_is_laid_on_a_grid_without_holes() -> None:
    (table,) = tree(
        "<table><tr><th colspan=2>A</th></tr><tr><td rowspan=99>1</td><td colspan=50>2</td></tr>"
        "<tr><td>3</td></tr></table>"
    )
    places = [
        (x, y)
        for cell in table["cells"]
        for x in range(cell["x"], cell["x"] + cell["w"])
        for y in range(cell["y"], cell["y"] + cell["h"])
    ]
    assert sorted(places) == [(x, y) for x in range(table["columns"]) for y in range(table["rows"])]
    assert table["rows"] == 3


def test_the_caption_of_a_table_stands_before_it() -> None:
    assert clean("<table><caption>Bảng 1</caption><tr><td>x</td></tr></table>") == (
        "<p>Bảng 1</p><table><tr><td>x</td></tr></table>"
    )


def test_ten_thousand_rows_are_refused_with_the_limit_and_the_field() -> None:
    table = f"<table>{'<tr><td>x</td></tr>' * 10_000}</table>"
    with pytest.raises(TooLarge) as refusal:
        clean(table)
    assert "10.000 hàng" in refusal.value.sentence.vi
    assert str(ROW_LIMIT) in refusal.value.sentence.vi
    with pytest.raises(Invalid) as fault:
        clean(table, at="lessons.2.requirements")
    assert fault.value.faults[0].path == "lessons.2.requirements"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_001,
        "<ul><li>" * 20_000,
        "chữ " * 30_000,
        "<p>x</p>" * 3_500,
        f'<img src="image:{SHA}">' * (IMAGE_LIMIT + 1),
    ],
    ids=["characters", "tags", "letters", "paragraphs", "pictures"],
)
def test_too_much_is_refused(text: str) -> None:
    with pytest.raises(TooLarge):
        clean(text)
