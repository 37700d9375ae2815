"""The pages as a reader without scripts has them: links followed, forms filled and sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import lxml.html
from fastapi.testclient import TestClient
from lxml.html import FormElement, HtmlElement

from flows.office import Office
from service.app import create_app
from service.passes import COOKIE
from tests.cast import Cast, signed_in


def select_in(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    """Elements by a few plain selectors: `.note a`, `#errors li a`, `input[name=csrf]`."""
    path = ""
    for step in selector.split():
        tag, rest = re.match(r"(\w*)(.*)", step).groups()
        path += f"//{tag or '*'}"
        for kind, name, value in re.findall(r"([.#\[])([\w-]+)(?:\$?='?([\w/]+)'?\])?", rest):
            if kind == ".":
                path += f"[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"
            elif kind == "#":
                path += f"[@id='{name}']"
            else:
                path += f"[contains(@{name}, '{value}')]"
    return tree.xpath("." + path)


def values_of(form: FormElement) -> list[tuple[str, str]]:
    """What a browser would send: it drops the line end a textarea's content begins with."""
    areas = {area.name for area in form.iter("textarea")}
    return [(k, v.removeprefix("\n") if k in areas else v) for k, v in form.form_values()]


class Page:
    """An answer as a reader without scripts has it."""

    def __init__(self, reader: Reader, answer: Any) -> None:
        self.reader, self.status, self.headers, self.source = (
            reader,
            answer.status_code,
            answer.headers,
            answer.text,
        )
        self.path = answer.url.path
        self.tree: HtmlElement = lxml.html.fromstring(answer.text) if answer.text.strip() else None

    @property
    def words(self) -> str:
        """What the page says, white space folded."""
        return re.sub(r"\s+", " ", self.tree.text_content())

    def all(self, selector: str) -> list[HtmlElement]:
        return select_in(self.tree, selector)

    def form(self, action: str) -> FormElement:
        return next(f for f in self.tree.forms if f.get("action", "").endswith(action))

    def send(self, action: str, do: str | None = None, **fields: str) -> Page:
        """Fill a form and press a button, as a browser would."""
        form = self.form(action)
        values = [(k, v) for k, v in values_of(form) if k not in fields] + list(fields.items())
        if do:
            values.append(("do", do))
        return self.reader.post(form.get("action"), values)


def let_in(client: TestClient, office: Office, name: str) -> None:
    """This browser has the session of somebody who signed in."""
    client.cookies.set(COOKIE, signed_in(office, name, "session"), domain="testserver.local")


class Reader:
    """One of the cast in a browser."""

    def __init__(self, cast: Cast, name: str) -> None:
        self.client = TestClient(create_app(cast.office.settings, cast.office))
        let_in(self.client, cast.office, name)

    def get(self, path: str) -> Page:
        return Page(self, self.client.get(path))

    def post(self, path: str, values: list[tuple[str, str]]) -> Page:
        data: dict[str, list[str]] = {}
        for name, value in values:
            data.setdefault(name, []).append(value)
        return Page(self, self.client.post(path, data=data))


People = Callable[[str], Reader]
