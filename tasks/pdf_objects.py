"""A value of a PDF written out with all it refers to, so that two states of a file can be compared."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pikepdf

MOST = 3_000
_DEEPEST = 20


class Told:
    """Pages and fields are compared by themselves: what refers to one names it only."""

    def __init__(self) -> None:
        self._count = 0
        self.whole = True
        """Nothing was too deep, or too much, to be written out."""

    def of(self, value: Any, depth: int) -> str:
        self._count += 1
        if depth > _DEEPEST or self._count > MOST:
            self.whole = False
            return "…"
        if depth and isinstance(value, pikepdf.Dictionary) and _compared_elsewhere(value):
            return f"{value.objgen}"
        if isinstance(value, pikepdf.Array):
            return "[" + " ".join(self.of(one, depth + 1) for one in value) + "]"
        if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
            parts = [
                f"{key} {self.of(one, depth + 1)}" for key, one in sorted(value.items()) if key != "/Parent"
            ]
            stream = isinstance(value, pikepdf.Stream)
            return f"<<{' '.join(parts)}>>" + (sha256(value.read_raw_bytes()).hexdigest() if stream else "")
        return str(value)


def _compared_elsewhere(value: Any) -> bool:
    return value.get("/Type") in ("/Page", "/Pages") or value.get("/Subtype") == "/Widget" or "/FT" in value
