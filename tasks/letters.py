"""Mails as they are stored: templates rendered in the person's language, and letters outside the digest."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from models.account import Account
from models.columns import new_id
from models.notice import Mail
from models.settings import Settings
from models.text import Language, Text

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "mail"


def language_of(account: Account) -> Language:
    """The language a person is written to in."""
    return "en" if account.language == "en" else "vi"


def one_line(text: str, most: int = 160) -> str:
    """Text that may stand in a header: no line breaks or control characters, cut at `most` characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def letter(settings: Settings, account: Account, template: str, now: datetime, **values: Any) -> Mail:
    """A mail to one person, rendered and not stored yet. By itself it goes at once, at night too: what the
    person asked for (a reset link, a test) is waited for."""
    rendered = render(
        template, language_of(account), name=one_line(account.full_name), url=settings.url, **values
    )
    mail_id = new_id()
    return Mail(
        id=mail_id,
        school_id=account.school_id,
        account_id=account.id,
        message_id=f"<{mail_id}@{_host(settings)}>",
        recipient=account.email,
        subject=rendered["subject.txt"],
        text=rendered["body.txt"],
        html=rendered["body.html"],
        next_try_at=now,
        created_at=now,
    )


def _host(settings: Settings) -> str:
    host = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    return host if host and host.isascii() else "localhost"


def render(template: str, language: Language, /, **values: Any) -> dict[str, str]:
    """The three parts of a mail: `subject.txt` on one line, `body.txt`, `body.html`."""

    def t(vi: str, en: str, /, **places: object) -> str:
        return Text(vi, en).to(language).format(**places) if places else Text(vi, en).to(language)

    parts = {
        part: _environment()
        .get_template(f"{template}/{part}")
        .render(values | {"t": t, "language": language})
        for part in ("subject.txt", "body.txt", "body.html")
    }
    parts["subject.txt"] = one_line(parts["subject.txt"], 200)
    return parts


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
