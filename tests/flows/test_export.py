"""The page of types in `docs/` is what the declarations say."""

from __future__ import annotations

from pathlib import Path

from flows.catalogue import TYPES
from flows.export import page

DOCS = Path(__file__).parents[2] / "docs" / "types.md"


def test_the_documented_types_are_the_declared_ones() -> None:
    assert DOCS.read_text() == page(TYPES), "Run `hososo types > docs/types.md`."
