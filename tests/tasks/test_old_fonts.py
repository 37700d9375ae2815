"""Text of the fonts schools wrote with before Unicode is read as what those fonts show."""

from __future__ import annotations

import pytest

from tasks.old_fonts import is_old, to_unicode


@pytest.mark.parametrize(
    ("font", "coded", "shown"),
    [
        (".VnTime", "KÕ ho¹ch bµi d¹y: To¸n, líp 3A, §oµn kÕt", "Kế hoạch bài dạy: Toán, lớp 3A, Đoàn kết"),
        (".VnTime", "Tr\u00adêng TiÓu häc; ng\u00adêi; \u00adu ®iÓm", "Trường Tiểu học; người; ưu điểm"),
        (".VnTimeH", "kÕ ho¹ch bµi d¹y", "KẾ HOẠCH BÀI DẠY"),
        (".vnArial", "Häc sinh thuéc b¶ng nh©n", "Học sinh thuộc bảng nhân"),
        (".VnTime", "K\uf0d5 ho\uf0b9ch", "Kế hoạch"),
        ("VNI-Times", "Keá hoaïch baøi daïy, ñöôïc ngöôøi kyù", "Kế hoạch bài dạy, được người ký"),
        ("VNI-Helve", "TRÖÔØNG TIEÅU HOÏC, ÑOÀ DUØNG", "TRƯỜNG TIỂU HỌC, ĐỒ DÙNG"),
        (".VnTime", "Chữ này đã là Unicode", "Chữ này đã là Unicode"),
        ("Times New Roman", "résumé ¹", "résumé ¹"),
    ],
)
def test_what_the_font_shows_is_what_is_read(font: str, coded: str, shown: str) -> None:
    assert to_unicode(coded, font) == shown


def test_every_letter_of_the_alphabet_comes_back() -> None:
    letters = "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"
    tcvn3 = "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ"
    vni = (
        "aø aû aõ aù aï aê aè aú aü aé aë aâ aà aå aã aá aä ñ eø eû eõ eù eï eâ eà eå eã eá eä ì æ ó í ò "
        "oø oû oõ où oï oâ oà oå oã oá oä ô ôø ôû ôõ ôù ôï uø uû uõ uù uï ö öø öû öõ öù öï yø yû yõ yù î"
    )
    assert to_unicode(tcvn3, ".VnTime") == letters
    assert to_unicode(vni, "VNI-Times").split() == list(letters)
    assert to_unicode(vni.upper(), "VNI-Times").split() == list(letters.upper())


def test_old_fonts_are_known_by_their_names() -> None:
    assert [name for name in (".VnTime", ".VNARIALH", "VNI-Times", "Vni Times") if not is_old(name)] == []
    assert [name for name in ("Times New Roman", "Vnote", "UTM Avo", "") if is_old(name)] == []
