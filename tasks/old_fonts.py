"""Vietnamese as it was written before Unicode: TCVN3 (.VnTime …) and VNI (VNI-Times …), read as Unicode.

Such text holds Latin-1 letters that only its font shows as Vietnamese, so it is wrong wherever that font is
missing: on our pages, in a search, in a signed file. Pure; what a font is called comes from the caller.
"""

from __future__ import annotations

import re

UNICODE_FONT = "Times New Roman"
"""What takes the place of an old font."""

_TCVN3_NAME = re.compile(r"\s*\.Vn", re.IGNORECASE)
_VNI_NAME = re.compile(r"\s*VNI[- ]", re.IGNORECASE)
_UNICODE = re.compile(
    "[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0-\u01b0\u0300-\u0323\u1ea0-\u1ef9]"
)
"""Letters neither coding has: the text is Unicode already, whatever its font is called."""

_TCVN3 = str.maketrans(
    "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ¡¢£¤¥¦§",
    "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
)
_VNI = {
    **dict(zip(("aù", "aø", "aû", "aõ", "aï"), "áàảãạ", strict=True)),
    **dict(zip(("aê", "aé", "aè", "aú", "aü", "aë"), "ăắằẳẵặ", strict=True)),
    **dict(zip(("aâ", "aá", "aà", "aå", "aã", "aä"), "âấầẩẫậ", strict=True)),
    **dict(zip(("eù", "eø", "eû", "eõ", "eï"), "éèẻẽẹ", strict=True)),
    **dict(zip(("eâ", "eá", "eà", "eå", "eã", "eä"), "êếềểễệ", strict=True)),
    **dict(zip(("où", "oø", "oû", "oõ", "oï"), "óòỏõọ", strict=True)),
    **dict(zip(("oâ", "oá", "oà", "oå", "oã", "oä"), "ôốồổỗộ", strict=True)),
    **dict(zip(("ôù", "ôø", "ôû", "ôõ", "ôï"), "ớờởỡợ", strict=True)),
    **dict(zip(("uù", "uø", "uû", "uõ", "uï"), "úùủũụ", strict=True)),
    **dict(zip(("öù", "öø", "öû", "öõ", "öï"), "ứừửữự", strict=True)),
    **dict(zip(("yù", "yø", "yû", "yõ"), "ýỳỷỹ", strict=True)),
    **dict(zip("æóòñôöî", "ỉĩịđơưỵ", strict=True)),
}
_VNI_UNIT = re.compile("|".join(sorted(_VNI, key=len, reverse=True)), re.IGNORECASE)


def is_old(font: str) -> bool:
    """Is this the name of a font of TCVN3 or VNI?"""
    return bool(_TCVN3_NAME.match(font) or _VNI_NAME.match(font))


def to_unicode(text: str, font: str) -> str:
    """The text as that font shows it; unchanged when the font is no old one or the text is Unicode."""
    # Symbols of a font are sometimes kept 0xF000 higher.
    lowered = "".join(chr(ord(c) - 0xF000) if "\uf020" <= c <= "\uf0ff" else c for c in text)
    if _UNICODE.search(text):
        return text
    if _TCVN3_NAME.match(font):
        written = lowered.translate(_TCVN3)
        return written.upper() if font.strip().upper().endswith("H") else written
    if _VNI_NAME.match(font):
        return _VNI_UNIT.sub(_vni, lowered)
    return text


def _vni(found: re.Match[str]) -> str:
    unit = found[0]
    letter = _VNI[unit.lower()]
    return letter.upper() if unit[0].isupper() else letter
