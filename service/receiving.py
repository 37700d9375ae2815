"""Reading an uploaded file from a request: within limits while it streams, spooled to the disk.

Nothing here knows documents. A body that is too large is read to its end and thrown away where that is not
absurd, for a browser that is still sending shows no answer.
"""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, BinaryIO

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from flows.uploads import LARGE_PIECE, MOST_CHUNK
from models.errors import Fault, Invalid, TooLarge
from models.text import Text
from service.access import ApiViewer, SignedIn, refuse_unless_ours
from tasks.recognising import BYTE_LIMIT, TOO_LARGE

ENVELOPE = 64 * 1024
"""What a form adds around its file."""
PATIENCE = 256 * 1024 * 1024
"""Bytes read only to answer in words."""
NO_FILE = Text(
    "Chưa chọn tệp nào. Chọn tệp Word hoặc PDF rồi tải lên.", "No file was chosen. Choose a Word or PDF file."
)


@dataclass(slots=True)
class Received:
    """A file of a form: its name on the author's device, and its bytes, spooled to the disk."""

    name: str
    file: BinaryIO
    fields: dict[str, str]


class _TooMuch(MultiPartException):
    """What the parser knows how to clean up after: it closes the files it has begun."""


async def _within(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body, piece by piece; _TooMuch once it is longer than `most` bytes."""
    declared = request.headers.get("Content-Length", "")
    too_large = declared.isdigit() and int(declared) > most
    read = 0
    async for piece in request.stream():
        read += len(piece)
        if read > PATIENCE:
            break
        too_large = too_large or read > most
        if not too_large:
            yield piece
    if too_large or read > PATIENCE:
        raise _TooMuch("too large")


async def drained(request: Request) -> None:
    """Read a body that is not wanted to its end: a browser that is still sending shows no answer."""
    with suppress(_TooMuch):
        async for _ in _within(request, 0):
            pass


@asynccontextmanager
async def file_of(request: Request) -> AsyncIterator[Received]:
    """The file of a form, whoever sends it. TooLarge, or Invalid where there is no form with a file."""
    if not request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        raise Invalid(NO_FILE, (Fault("file", NO_FILE, missing=True),))
    parser = MultiPartParser(
        request.headers,
        _within(request, BYTE_LIMIT + ENVELOPE),
        max_files=1,
        max_fields=8,
        max_part_size=ENVELOPE,
    )
    try:
        form = await parser.parse()
    except _TooMuch as error:
        raise TooLarge(TOO_LARGE) from error
    except (MultiPartException, KeyError) as error:
        raise Invalid(NO_FILE, (Fault("file", NO_FILE),)) from error
    try:
        found = form.get("file")
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        if not isinstance(found, UploadFile) or not found.filename:
            yield Received("", io.BytesIO(), fields)
        else:
            yield Received(found.filename, found.file, fields)
    finally:
        await form.close()


async def page_file(request: Request, viewer: SignedIn) -> AsyncIterator[Received]:
    """The file of a page's form, its token checked."""
    async with file_of(request) as received:
        refuse_unless_ours(viewer, request.headers.get("X-CSRF-Token") or received.fields.get("csrf", ""))
        yield received


async def api_file(request: Request, viewer: ApiViewer) -> AsyncIterator[Received]:  # noqa: ARG001 - asked first
    """The file of an API call."""
    async with file_of(request) as received:
        if not received.name:
            raise Invalid(NO_FILE, (Fault("file", NO_FILE, missing=True),))
        yield received


async def _piece(request: Request) -> bytes:
    held = bytearray()
    try:
        async for piece in _within(request, MOST_CHUNK):
            held += piece
    except _TooMuch as error:
        raise TooLarge(LARGE_PIECE) from error
    return bytes(held)


async def page_piece(request: Request, viewer: SignedIn) -> bytes:
    """A piece of a file as the body of a page's request; its token stands in the header."""
    refuse_unless_ours(viewer, request.headers.get("X-CSRF-Token", ""))
    return await _piece(request)


async def api_piece(request: Request, viewer: ApiViewer) -> bytes:  # noqa: ARG001 - asked first
    """A piece of a file as the body of an API call."""
    return await _piece(request)


PageFile = Annotated[Received, Depends(page_file)]
ApiFile = Annotated[Received, Depends(api_file)]
PagePiece = Annotated[bytes, Depends(page_piece)]
ApiPiece = Annotated[bytes, Depends(api_piece)]
