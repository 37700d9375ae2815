"""`hososo verify`: signed files checked on this machine, without a running server and without a database.

Each file is read in a child of its own pool, as on the web page. Trusted is what lies in the folder of trust
anchors, and the embedded authority where this machine has an installation's database.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from flows import anchors, known_files
from flows.certification import trust_of
from flows.known_files import KnownFile
from flows.office import utc_now
from models.db import Database
from models.errors import RecordsError
from models.migrate import is_there
from models.settings import Settings
from models.text import Language, Text
from service import words
from service.findings import LANGUAGES
from service.verify_answer import answer
from service.verify_words import known_words, rows
from service.verifying import Verifier
from tasks.blobs import BlobStore
from tasks.check_results import CheckResult
from tasks.plain_names import plain
from tasks.summing_up import unreadable
from tasks.verdicts import Anchors, Standing

VALID, NOT_VALID, NOTHING_TO_SAY = 0, 1, 2
"""Exit codes: all files are valid; one is altered, broken or not determined; one is unsigned or unreadable,
and none is worse."""
_WORSE = {Standing.ALTERED, Standing.BROKEN, Standing.UNKNOWN}

Say = Callable[[str], None]


def verify(
    settings: Settings,
    files: Sequence[Path],
    folder: Path | None,
    say: Say,
    warn: Say,
    *,
    as_json: bool,
    details: bool,
) -> int:
    """Say the verdict on each file in both languages, or all of them as one JSON list; the exit code."""
    trusted = anchors.read_folder(folder) if folder else anchors.read(settings)
    for fault in trusted.faults:
        warn(f"{fault.file}: {fault.sentence.vi} · {fault.sentence.en}")
    if folder and not folder.is_dir():
        warn(f"{_NO_FOLDER.format(folder=folder).vi} · {_NO_FOLDER.format(folder=folder).en}")
    verifier, answers, standings = Verifier(settings), [], set()
    with _installation(settings, warn) as here:
        try:
            for path in files:
                result = _checked(verifier, path, here.anchors.joined(trusted.anchors))
                known = here.known(result.sha256)
                standings.add(result.verdict.standing)
                if as_json:
                    answers.append(answer(result, known))
                else:
                    for language in LANGUAGES:
                        for line in _lines(result, known, language, details):
                            say(line)
                        say("")
        finally:
            verifier.close()
    if as_json:
        say(json.dumps(answers, ensure_ascii=False, indent=2))
    if standings == {Standing.VALID}:
        return VALID
    return NOT_VALID if standings & _WORSE else NOTHING_TO_SAY


def _checked(verifier: Verifier, path: Path, trusted: Anchors) -> CheckResult:
    now, begun = utc_now(), time.monotonic()
    try:
        pdf = path.read_bytes()
    except OSError:
        return CheckResult(str(path), 0, "", now, 0.0, unreadable(_NO_FILE.format(path=path)))
    verdict = verifier.ask(verifier.judge(pdf, trusted, now), now)
    digest = hashlib.sha256(pdf).hexdigest()
    return CheckResult(str(path), len(pdf), digest, now, time.monotonic() - begun, verdict)


# --- what this machine knows ------------------------------------------------------------------------------


class _Here:
    """The embedded authority and the records of an installation; nothing where there is none."""

    def __init__(self, settings: Settings, db: Database | None) -> None:
        self._db, self._blobs = db, BlobStore(settings.blobs)
        self.anchors = Anchors()
        if db is not None:
            with db.read() as session:
                self.anchors = Anchors.embedded(trust_of(session))

    def known(self, sha256: str) -> KnownFile | None:
        if self._db is None or not sha256:
            return None
        with self._db.read() as session:
            return known_files.find(session, self._blobs, sha256)


@contextmanager
def _installation(settings: Settings, warn: Say) -> Iterator[_Here]:
    if not is_there(settings):
        yield _Here(settings, None)
        return
    db = Database(settings.database)
    try:
        here = _Here(settings, db)
    except (SQLAlchemyError, RecordsError):
        warn(f"{_NO_DATABASE.vi} · {_NO_DATABASE.en}")
        here = _Here(settings, None)
    try:
        yield here
    finally:
        db.dispose()


# --- words ------------------------------------------------------------------------------------------------


def _lines(result: CheckResult, known: KnownFile | None, language: Language, details: bool) -> Iterator[str]:
    verdict = result.verdict
    yield result.name
    yield f"  {verdict.headline.to(language)}"
    yield f"  {verdict.explanation.to(language)}"
    for caution in verdict.cautions:
        yield f"  {caution.to(language)}"
    if known:
        revision = _REVISION.format(n=known.revision).to(language)
        yield f"  {known.type.to(language)}, {revision}, {known.school}"
        yield f"  {known_words(known).to(language)}"
    for number, row in enumerate(rows(verdict), start=1):
        of = f", {row.organization}" if row.organization else ""
        yield f"  {number}. {row.result.to(language)}: {row.who.to(language)}{of}"
        yield f"     {row.when.to(language)}, {row.proof.to(language)}"
        yield f"     {row.content.to(language)}. {row.sentence.to(language)}"
        yield f"     {row.issuer.to(language)}: {row.certificate.to(language)}"
        for name, value in row.facts if details else ():
            yield f"       {name.to(language)}: {value.to(language)}"
    for place in verdict.places:
        words_ = f": {plain(place.words_before) or '–'} → {plain(place.words_after) or '–'}"
        differs = _ADDED if verdict.standing is Standing.UNKNOWN else _PAGE
        page = differs.format(n=place.page) if place.page else _GONE
        yield f"  {page.to(language)}{words_ if place.words_before or place.words_after else ''}"
    took = words.decimal(result.seconds)
    yield f"  {_TOOK.format(seconds=took, sha256=result.sha256 or '–').to(language)}"


_REVISION = Text("bản {n}", "revision {n}")
_PAGE = Text("Khác lúc ký, trang {n}", "Differs from what was signed, page {n}")
_ADDED = Text("Thêm vào sau chữ ký, trang {n}", "Added after a signature, page {n}")
_GONE = Text("Khác lúc ký, trang không còn", "Differs from what was signed, a page is gone")
_TOOK = Text("SHA-256 {sha256}, mất {seconds} giây", "SHA-256 {sha256}, {seconds} s")
_NO_FILE = Text(
    "Không mở được {path}. Kiểm tra đường dẫn và quyền đọc.",
    "{path} cannot be opened. Check path and permissions.",
)
_NO_FOLDER = Text("Không có thư mục {folder}.", "There is no folder {folder}.")
_NO_DATABASE = Text(
    "Cơ sở dữ liệu không trả lời hoặc chưa nâng cấp (hososo migrate); không biết nơi cấp của hệ thống này.",
    "The database does not answer or is not upgraded (hososo migrate): our own authority is not known.",
)
