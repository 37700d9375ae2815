"""`reader`: the cast in browsers, one for each name, signed in when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cast import Cast
from tests.service.reading import Reader


@pytest.fixture
def reader(cast: Cast) -> Iterator[Callable[[str], Reader]]:
    known: dict[str, Reader] = {}

    def sign_in(name: str) -> Reader:
        if name not in known:
            known[name] = Reader(cast, name)
        return known[name]

    yield sign_in
    for found in known.values():
        found.client.close()
