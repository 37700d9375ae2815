"""How people write what an import names: words without marks, subjects in short, classes with "Lớp". Pure."""

from __future__ import annotations

import re
import unicodedata

from flows.posts import SUBJECTS


def fold(text: str) -> str:
    """Words compared without case, marks and doubled spaces: `Tổ  1-2-3` is `to 1-2-3`."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(kept.casefold().split())


_SHORT_SUBJECTS = {
    "tv": "Tiếng Việt",
    "ta": "Tiếng Anh",
    "anh": "Tiếng Anh",
    "tnxh": "Tự nhiên và Xã hội",
    "tn&xh": "Tự nhiên và Xã hội",
    "ls&dl": "Lịch sử và Địa lí",
    "ls-dl": "Lịch sử và Địa lí",
    "lich su va dia ly": "Lịch sử và Địa lí",
    "tin": "Tin học",
    "cn": "Công nghệ",
    "gdtc": "Giáo dục thể chất",
    "the duc": "Giáo dục thể chất",
    "nhac": "Âm nhạc",
    "mt": "Mĩ thuật",
    "my thuat": "Mĩ thuật",
    "hdtn": "Hoạt động trải nghiệm",
    "chao co": "Hoạt động trải nghiệm",
    "sinh hoat lop": "Hoạt động trải nghiệm",
    "shl": "Hoạt động trải nghiệm",
}
_SUBJECT_NAMES = {fold(name): name for name in SUBJECTS} | _SHORT_SUBJECTS


def subject_of(typed: str) -> str:
    """A subject by its full name: marks, case and the usual short forms are understood."""
    return _SUBJECT_NAMES.get(fold(typed), " ".join(typed.split()))


_CLASS = re.compile(
    r"(?:(?:lớp|lop|class)\s+)?(?P<name>[1-9]\s*(?:[^\W\d_]\d{0,2}|[/.-]\s*\d{1,2}))", re.IGNORECASE
)


def class_of(typed: str) -> str:
    """A class as the school names it: `Lớp 1a` is 1A, `Lớp 1/2` 1/2. Other names stay as they are written."""
    composed = unicodedata.normalize("NFC", typed).strip()
    read = _CLASS.fullmatch(composed)
    return "".join(read["name"].upper().split()) if read else composed
