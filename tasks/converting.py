"""An uploaded file becomes what a document's body can be: sanitised pages, or its text.

One function, run in a converter's child (`tasks/pools.py`, role "converter"): bytes in, a value or a
refusal out. Which upload it was, and what becomes of the result, is `flows/bodies.py`'s.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from models.errors import Invalid
from models.text import Text
from tasks import libreoffice
from tasks.pdf_pages import page_texts
from tasks.recognising import OLD_WORD, PASSWORD, Kind
from tasks.sanitising import sanitise
from tasks.word_files import open_word
from tasks.word_text import TextTaken, take_text

MOST_WORDS = 150_000
"""Characters of the pages kept for the search; the word index itself holds little more."""


@dataclass(frozen=True, slots=True)
class Converted:
    """Pages (`pdf`, what they say in `words`) or text (`taken`); `removed`, `warnings` are codes of
    `tasks/recognising.py`."""

    pages: int = 0
    pdf: bytes | None = field(default=None, repr=False)
    taken: TextTaken | None = field(default=None, repr=False)
    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    words: str = field(default="", repr=False)


def convert(data: bytes, kind: Kind, program: str, seconds: float, *, text: bool) -> Converted:
    """Make the body of an uploaded file within `seconds`.

    `program` is LibreOffice's path, "" where there is none; `text` says whether the type can take over the
    text of a Word file then. Raises Invalid or TooLarge, each with the way out.
    """
    ends = time.monotonic() + seconds
    if kind == "ole":
        raise Invalid(PASSWORD if "EncryptedPackage".encode("utf-16-le") in data else OLD_WORD)
    if kind == "pdf":
        clean = sanitise(data)
        return Converted(clean.pages, clean.pdf, None, clean.removed, clean.warnings, _words(clean.pdf))
    word = open_word(data)
    if program:
        made = libreoffice.to_pdf(program, word.data, max(1.0, ends - time.monotonic()))
        clean = sanitise(made)
        return Converted(clean.pages, clean.pdf, None, word.removed, word.warnings, _words(clean.pdf))
    if not text:
        raise Invalid(_PDF_ONLY)
    taken = take_text(word.data)
    if not taken.blocks:
        raise Invalid(_NO_TEXT)
    lost = ("pictures-left-out",) if taken.lost else ()
    equations = ("equations",) if taken.equations else ()
    return Converted(0, None, taken, word.removed, (*word.warnings, *equations, *lost))


def _words(pdf: bytes) -> str:
    """What a search finds the pages by; empty for pages that are pictures."""
    text = " ".join(" ".join(page_texts(pdf)).split())
    return text.replace("\0", "")[:MOST_WORDS]


def warm() -> None:
    """Load what every conversion needs; importing this module has done it."""


_PDF_ONLY = Text(
    "Máy chủ của trường chưa có LibreOffice nên chỉ nhận PDF ở đây. Mở tệp bằng Word, chọn Lưu thành → PDF, "
    "rồi tải tệp PDF lên.",
    "The school's server has no LibreOffice, so only PDF is taken here. Open the file in Word, save it "
    "as PDF, "
    "and upload that.",
)
_NO_TEXT = Text(
    "Không đọc được chữ nào trong tệp Word này. Mở tệp bằng Word, chọn Lưu thành → PDF, rồi tải tệp PDF lên.",
    "No text could be read in this Word file. Open it in Word, save it as PDF, and upload that.",
)
