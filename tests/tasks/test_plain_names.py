"""Names out of certificates: one visible line, and what passes for another name is told."""

from __future__ import annotations

import unicodedata

import pytest

from tasks.plain_names import deceptive, plain


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Nguyễn Thị Lan", "Nguyễn Thị Lan"),
        ("Đỗ Quang Minh\nHiệu trưởng", "Đỗ Quang Minh Hiệu trưởng"),
        ("Đỗ Quang \u202ehniM", "Đỗ Quang hniM"),
        ("Đỗ\u200b Quang\x00 Minh", "Đỗ Quang Minh"),
        ("Minh\x1b[2J", "Minh [2J"),
        ("  Lê   Thị\u00a0Ngọc ", "Lê Thị Ngọc"),
    ],
)
def test_a_name_is_one_visible_line(name: str, shown: str) -> None:
    assert plain(name) == shown


@pytest.mark.parametrize("name", ["Đỗ Quаng Minh", "Đỗ Qυang Minh", "Ｍinh", "𝐌inh", "Minh\n", "a\u202eb"])
def test_what_passes_for_another_name_is_deceptive(name: str) -> None:
    assert deceptive(name)


@pytest.mark.parametrize(
    "name",
    [
        "Trường Tiểu học Thăng Long",
        unicodedata.normalize("NFD", "Nguyễn Thị Hường"),
        "Иван Петров",
        "山田 太郎",
        "Công ty TNHH 1 thành viên (Hà Nội) – chi nhánh 2",
        "O’Brien-Müller, J.",
        "ỦY BAN NHÂN DÂN XÃ NAM AN PHỤ",
        "",
    ],
)
def test_names_as_people_have_them_are_not(name: str) -> None:
    assert not deceptive(name)
