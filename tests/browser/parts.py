"""The tour in parts that test processes can share, and that together they leave no page out.

The list of pages comes from the application's own routes and from the templates.
"""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import FastAPI

from service.routes import PAGE_ROUTERS
from service.templating import ROOT, environment
from tests.browser.stops import Stop
from tests.browser.tour import NO_PAGE

PAGES = ROOT / "templates" / "pages"
EVERYBODY_ELSE = "everybody else"
PARTS: dict[str, tuple[str, ...]] = {
    "the teacher": ("lan",),
    "the office": ("admin", "thu"),
    "the principals": ("minh", "ngoc"),
    EVERYBODY_ELSE: (),
}
"""Tests of about one length, so that test processes can share the tour: whose stops each one visits."""


def patterns() -> list[str]:
    """The address patterns of all pages, as the framework describes the routes it serves."""
    app = FastAPI()
    for router in PAGE_ROUTERS:
        app.include_router(router)
    return [path for path, methods in app.openapi()["paths"].items() if "get" in methods]


def left_out(stops: list[Stop]) -> list[str]:
    """Patterns of pages without an example."""
    paths = [stop.address.partition("?")[0].partition("#")[0] for stop in stops]
    return [
        pattern
        for pattern in patterns()
        if pattern not in NO_PAGE
        and not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path) for path in paths)
    ]


def part_of(stop: Stop) -> str:
    """The part of the tour a stop belongs to."""
    return next((part for part, names in PARTS.items() if stop.who in names), EVERYBODY_ELSE)


def seen() -> set[str]:
    """Templates somebody was shown since `forget_seen`."""
    return {str(name) for _, name in environment().cache or ()}


def unseen(seen: set[str]) -> list[str]:
    """Templates of pages that are not among those seen: an address may have more than one."""
    return sorted({f"pages/{path.name}" for path in PAGES.glob("*.html")} - seen)


def forget_seen() -> None:
    assert environment().cache is not None
    environment().cache.clear()


def seen_in_all(folder: Path, part: str) -> set[str] | None:
    """The templates all parts were shown, once this part is the last of them; None before."""
    mine = folder / f"{part}.new"
    mine.write_text("\n".join(sorted(seen())))
    mine.rename(folder / f"{part}.seen")  # there at once and whole: of two that end together one sees both
    files = [folder / f"{name}.seen" for name in PARTS]
    if not all(file.exists() for file in files):
        return None
    return {name for file in files for name in file.read_text().splitlines()}
