"""What JSON can spell and no text can hold: half of a surrogate pair, refused before any endpoint sees it."""

from __future__ import annotations

import json

from fastapi import Request

from models.errors import Invalid
from models.text import Text


async def refuse_halves(request: Request) -> None:
    """A dependency of every API route: Invalid for a JSON body with `\\ud800` alone in it.

    Only of what FastAPI has read as JSON already (and keeps): a file that is sent as the body stays a stream.
    """
    read = getattr(request.scope.get("route"), "body_field", None) is not None
    if not read or "json" not in request.headers.get("content-type", "").lower():
        return
    if b"\\u" not in await request.body():  # pure bytes cannot spell one: decoding has refused it
        return
    try:
        json.dumps(await request.json(), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Invalid(_HALVES) from None


_HALVES = Text(
    "Nội dung gửi lên có mã ký tự hỏng (một nửa cặp \\uD800–\\uDFFF). Sửa lại rồi gửi lần nữa.",
    "What was sent holds a broken character (half of a pair \\uD800–\\uDFFF). Mend it and send it again.",
)
