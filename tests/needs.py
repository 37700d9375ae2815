"""Optional programs of a test: a user's machine may lack them, ours (CI=true) may not."""

from __future__ import annotations

import os
import shutil

import pytest


def missing(what: str, how: str) -> None:
    """Skip the running test with a sentence, or fail it where everything must be there."""
    sentence = f"{what} is not here; {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def chromium() -> str:
    """Path of the browser: the one without windows where it is, as Playwright does.

    The other makes a whole window, its tabs and menus too, for each of a test's: half a second of processor
    time. The pages are drawn by the same engine.
    """
    return shutil.which("chromium-headless-shell") or program("chromium")


def program(name: str, package: str = "") -> str:
    """Path of a program, or the end of this test."""
    found = shutil.which(name)
    if found is None:
        missing(name, f"install the system package {package or name} to run this test.")
    return found or ""
