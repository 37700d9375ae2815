"""Logging of every process: one entry a line (text or JSON), no secrets, nothing of a run that merely waits.

What is logged are ids and codes: `level logger message key=value`. Words people typed, PINs and passwords are
never handed to a logger; the filter here is a second net, for libraries that print addresses and headers.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime

from models.settings import VIETNAM

_SECRET = re.compile(
    r"(?i)(authorization['\":=\s]+(?:basic|bearer)?\s*"
    r"|(?:pin|password|secret|token|auth_string|csrf)['\"]?\s*[=:]\s*['\"]?)[^\s,;&'\"\]})]+"
)
_IN_ADDRESS = re.compile(r"(://[^\s:/@]*:)[^\s@/]+@")
_SECRET_ADDRESS = re.compile(r"(/(?:calendar|reset)/)[^\s/?#'\"]+")


def masked(text: str) -> str:
    """The text with what looks like a secret struck out."""
    return _SECRET_ADDRESS.sub(r"\1…", _IN_ADDRESS.sub(r"\1…@", _SECRET.sub(r"\1…", text)))


def entry(part: str, level: str, logger: str, message: str, at: float, **more: str) -> str:
    """One JSON object on one line: what a log collector reads without a rule of its own."""
    moment = datetime.fromtimestamp(at, VIETNAM).isoformat(timespec="milliseconds")
    values = {"time": moment, "level": level, "part": part, "logger": logger, "message": message, **more}
    return json.dumps({name: masked(value) for name, value in values.items()}, ensure_ascii=False)


def line_of(form: str) -> Callable[[str, str], str]:
    """How a supervisor shows what one of its parts said."""
    return _as_object if form == "json" else _behind_its_name


def _behind_its_name(part: str, line: str) -> str:
    return f"{part:<9} | {line}"


def _as_object(part: str, line: str) -> str:
    """What is an entry already passes; the rest, as a crash writes it, becomes one."""
    if line.startswith('{"time"'):
        return line
    return entry(part, "INFO" if part == "hososo" else "ERROR", "hososo.up", line, time.time())


class Objects(logging.Formatter):
    """Each entry as `entry` has it; a traceback stands in `traceback`."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        more = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        message = record.getMessage()
        return entry(self._part, record.levelname, record.name, message, record.created, **more)


class Lines(logging.Formatter):
    """`2026-11-24T08:10:02+07:00 INFO hososo.worker message`, a traceback on the lines below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's name
        return datetime.fromtimestamp(record.created, VIETNAM).isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


_QUIET = (
    "aiosqlite",
    "alembic",
    "apscheduler",
    "docket",
    "fontTools",
    "httpcore",
    "httpx",
    "mail.log",
    "prefect.flow_runs",  # each finished step a line
    "prefect.task_runs",
    "pyhanko",
    "uvicorn.access",
)
"""Libraries heard from WARNING on; some set their own level later, so a filter holds it."""


class Worth(logging.Filter):
    """Drops what is not worth a line: a library's small talk, and Prefect's ERROR for each run that parks."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING and record.name.startswith(_QUIET):
            return False
        if not record.name.startswith("prefect.flow_runs"):
            return True
        message = record.getMessage()
        return not (
            message.startswith("Finished in state") and ("Awaiting" in message or "PAUSED" in message)
        )


def set_up(part: str, form: str, level: int = logging.INFO) -> None:
    """Send every logger of this process to standard error, in our form: "text", or "json" with its part."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Objects(part) if form == "json" else Lines())
    handler.addFilter(Worth())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # Libraries that came with handlers of their own speak through ours.
    for name in [
        known for known in logging.root.manager.loggerDict if known.startswith(("prefect", "uvicorn"))
    ]:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
