"""A week's files as one ZIP with a page of contents that opens from the disk: no server, no script.

Written while it is sent: one file is in memory at a time. Each file handed over is recorded as a download.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import RawIOBase
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from flows import duties
from flows.bundle import Bundle
from flows.catalogue import type_of
from flows.office import Office
from flows.people import Actor
from models.document import Document
from models.errors import WrongStep
from models.settings import VIETNAM
from models.text import Text
from service import story, words
from service.templating import environment

LONGEST_NAME = 90
"""Windows takes 260 characters for the whole path; a folder may be deep already."""
_PLAIN = str.maketrans({"đ": "d", "Đ": "D", "–": "-", "—": "-"})


@dataclass(frozen=True, slots=True)
class Packed:
    """A file of the ZIP."""

    document: Document
    name: str
    octets: int

    @property
    def type(self) -> Text:
        return type_of(self.document.type).name

    @property
    def address(self) -> str:
        """As a link from the page beside it."""
        return quote(self.name)


def answer(office: Office, actor: Actor, full_name: str, bundle: Bundle) -> StreamingResponse:
    """The ZIP as an answer; WrongStep while nothing of that week is approved."""
    if not bundle.ready:
        raise WrongStep(_NOTHING.format(n=bundle.week.number))
    now = office.now().astimezone(VIETNAM)
    packed = [
        Packed(d, f"{n:02} {safe_name(d.title)}.pdf", office.blobs.path(d.blob or "").stat().st_size)
        for n, d in enumerate(bundle.ready, 1)
    ]
    name = safe_name(f"Tuần {bundle.week.number} - {full_name}") + ".zip"
    return StreamingResponse(
        _stream(office, actor, packed, contents(bundle, packed, full_name, now), now),
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )


def contents(bundle: Bundle, packed: list[Packed], full_name: str, now: datetime) -> str:
    """The page of contents, whole in itself."""
    return (
        environment()
        .get_template("offline/week.html")
        .render(
            week=bundle.week,
            packed=packed,
            waiting=[(d, story.state(type_of(d.type), d).words) for d in bundle.waiting],
            full_name=full_name,
            size=words.size,
            made_at=words.when(now),
            brief=words.when,
        )
    )


def safe_name(title: str) -> str:
    """A file name any system unpacks: plain letters, nothing Windows reserves, no dot or space at its end."""
    plain = unicodedata.normalize("NFD", title.translate(_PLAIN)).encode("ascii", "ignore").decode()
    tidy = re.sub(r"\s+", " ", re.sub(r'[\\/:*?"<>|%#\x00-\x1f\x7f]', "-", plain))
    return tidy[:LONGEST_NAME].strip(" .") or "ho so"


def _stream(office: Office, actor: Actor, packed: list[Packed], index: str, now: datetime) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr(_entry("index.html", now), index.encode())
        yield sink.taken()
        for one in packed:
            blob = one.document.blob or ""
            file.writestr(_entry(one.name, now), office.blobs.get(blob))
            yield sink.taken()
            duties.downloaded(office, actor, one.document.id, blob, "zip")
    yield sink.taken()


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


class _Sink(RawIOBase):
    """What was written since it was last taken; nobody can seek in an answer that is on its way."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes alone
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


_NOTHING = Text(
    "Tuần {n} chưa có hồ sơ nào của tài khoản này được ký duyệt xong. Gói có khi hồ sơ được ký duyệt.",
    "No record of this account for week {n} is approved yet. The ZIP is there once one is.",
)
