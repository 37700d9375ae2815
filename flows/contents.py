"""Hashes of what was typed and frozen: by them the event of a submit covers the words, not the file alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from models.event import canonical

FROZEN = ("fields", "title", "pages", "parts", "boxes", "body")
"""Columns of a revision that its event covers, beside the file, which the event names itself."""


def digest(values: Mapping[str, Any]) -> str:
    """SHA-256 of a form's values, or of any other JSON object."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def frozen_digest(slug: str, frozen: Mapping[str, Any]) -> str:
    """SHA-256 over the type and the columns a submit froze."""
    return digest({"type": slug} | {name: frozen[name] for name in FROZEN})
