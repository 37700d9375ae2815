"""Journeys go through processes of their own, which have the machine's clock: so has the test."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def clock() -> None:
    """The machine's."""
