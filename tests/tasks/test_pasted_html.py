"""The clipboard of Word and Google Docs says in tags what it said in styles."""

from __future__ import annotations

from tasks.pasted_html import read
from tasks.rich_text import CHARACTER_LIMIT, TAG_LIMIT, clean

SHA = "a" * 64


def test_google_docs_is_not_all_bold_and_keeps_raised_letters() -> None:
    html = (
        '<b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"><span>x</span>'
        '<span style="vertical-align:super;font-size:0.6em">2</span> + y<span style="vertical-align:sub">1'
        '</span></p><p><span style="font-weight:700;font-style:italic">đậm</span></p></b>'
    )
    assert clean(read(html).html) == (
        "<p>x<sup>2</sup> + y<sub>1</sub></p><p><strong><em>đậm</em></strong></p>"
    )


def test_old_fonts_of_word_become_unicode_by_class_and_by_span() -> None:
    html = (
        '<html><head><style><!-- @font-face {font-family:".VnTime";} p.MsoNormal, li.MsoNormal\n'
        '{margin:0; font-family:".VnTime","sans-serif";} --></style></head><body><p class=MsoNormal>KÕ '
        "<b>ho¹ch</b> <span style='font-family:\"Times New Roman\"'>¹ là mũ</span></p>"
        '<p><font face="VNI-Times">baøi daïy</font></p></body></html>'
    )
    assert clean(read(html).html) == "<p>Kế <strong>hoạch</strong> ¹ là mũ</p><p>bài dạy</p>"


def test_pictures_of_elsewhere_are_counted_and_the_drafts_own_stay() -> None:
    html = (
        f'<p>Hình <img src="file:///C:/clip_image002.png"><img src="data:image/png;base64,AAAA">'
        f'<img src="http://host.test/documents/other/images/{SHA}"></p>'
        f'<p><img src="http://host.test/documents/d-1/images/{SHA}"></p>'
    )
    found = read(html, "d-1")
    assert found.pictures == 3
    assert clean(found.html) == f'<p>Hình</p><p><img src="image:{SHA}"></p>'


def test_hidden_text_goes_and_signs_stay_signs() -> None:
    html = '<p>a&lt;b <span style="display:none">ẩn</span><span style="mso-hide:all">ẩn</span>&amp; c</p>'
    assert clean(read(html).html) == "<p>a&lt;b &amp; c</p>"


def test_tables_lists_and_bullets_of_word_stay() -> None:
    table = '<table><tr><td colspan="2">a</td></tr><tr><td>b</td><td>c</td></tr></table>'
    assert clean(read(table).html) == table
    line = "<p style='mso-list:l0'><span style='mso-list:Ignore'>-<span>&nbsp;</span></span>Gạch đầu</p>"
    assert clean(read(line).html) == clean(line)


def test_what_is_too_long_is_left_to_the_cleaner_to_refuse() -> None:
    for html in ("<p>" + "a" * CHARACTER_LIMIT, "<b>" * (TAG_LIMIT + 1)):
        assert read(html).html == html
