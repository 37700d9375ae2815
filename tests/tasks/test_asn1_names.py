"""Names are compared as asn1crypto compares them, and a word is prepared once."""

from __future__ import annotations

import pytest
from asn1crypto import x509

from tasks import asn1_names


def name(word: str) -> x509.Name:
    return x509.Name.build({"common_name": word})


def test_names_are_the_same_whatever_their_capitals_and_spaces() -> None:
    assert name("Trường  Tiểu học ĐỒNG MAI") == name("trường tiểu học Đồng Mai")
    assert name("Trường Tiểu học Đồng Mai") != name("Trường Tiểu học Đông Mai")


def test_a_word_is_prepared_once_for_all_names() -> None:
    asn1_names.prepared.cache_clear()
    for _ in range(3):
        assert name("Nguyễn Thị Lan").hashable == name("Nguyễn Thị Lan").hashable
        assert name("Nguyễn Thị Lan") == name("Nguyễn Thị Lan")
    assert asn1_names.prepared.cache_info().misses == 1


def test_what_is_longer_than_any_name_is_not_kept() -> None:
    asn1_names.prepared.cache_clear()
    long = "Lan " * asn1_names.LONGEST
    assert name(long) == name(long.upper())
    assert asn1_names.prepared.cache_info().currsize == 0


def test_what_no_name_may_contain_is_refused_every_time() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="private use"):
            _ = name("Lan \ue000") == name("Lan \ue000")
