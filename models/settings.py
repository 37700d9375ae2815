"""Settings of an installation: the environment (`HOSOSO_…`), with safe defaults for one machine."""

from __future__ import annotations

import os
import re
import secrets
from datetime import timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.algorithms import ends_of
from models.text import Text

VIETNAM = timezone(timedelta(hours=7), "+07:00")
"""Vietnam has had no daylight saving since 1975; a fixed offset is exact and needs no zone table."""


class Settings(BaseSettings):
    """One installation. Every field can be set as `HOSOSO_<NAME>`; the README lists them."""

    model_config = SettingsConfigDict(
        env_prefix="HOSOSO_",
        extra="ignore",
        hide_input_in_errors=True,  # it may be a database's password
    )

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65_532)  # with the three next to it
    public_url: str = ""
    """Address people use, for links in mails; empty: http://host:port."""
    database_url: str = ""
    """SQLAlchemy address; empty: SQLite in the data folder."""
    demo: bool = False
    """The demo school: loopback only, known passwords, exempt from must-change."""
    secure_cookies: bool = False
    """Set behind TLS; the session cookie is then sent over HTTPS only."""

    master_key_lost: bool = False
    """The master key is gone for good: start all the same, to read what there is; nobody signs any more."""

    log: Literal["text", "json"] = "text"
    """Form of the log: lines for people, or one JSON object a line."""
    metrics_token: str = Field(default="", repr=False)
    """What a monitor on another machine says to read /metrics; empty: only from this machine."""

    prefect_api_url: str = ""
    """A Prefect server elsewhere; empty: the embedded one."""
    prefect_port: int = 0
    """Port of the embedded Prefect server; 0: port + 1."""
    prefect_keep_days: int = Field(default=90, ge=1)
    """So long the embedded Prefect keeps the run of a record that has ended; our own history stays."""
    root_minutes: int = Field(default=60, ge=0)
    """So long after a root the next decision waits for one at most (docs/decisions/0027); 0: once a day."""
    tsa_url: str = Field(default="", repr=False)
    """RFC 3161 time-stamp authorities in their order, separated by spaces, with user, password and policy
    as `https://user:password@host/path#policy`; empty: the embedded one."""
    tsa_user: str = ""
    tsa_password: str = Field(default="", repr=False)
    """Of the first authority, where they do not stand in its address."""
    tsa_port: int = 0
    """Port of the embedded time-stamp authority; 0: port + 2."""

    trust: str = ""
    """Folder of trust anchors (`flows/anchors.py`); empty: `trust` in the data folder."""
    ocsp: Literal["public", "any", "off"] = "public"
    """Whether other authorities are asked about certificates people bring: at addresses of the internet, in a
    private network too, or never."""
    verifiers: int = Field(default=2, ge=1)
    """Child processes that check signed files people bring; with two or more one slow file delays nobody."""
    verify_seconds: int = Field(default=30, ge=1)
    """Longest time of checking one file."""

    renew_months: int = Field(default=12, ge=2, le=48)
    """So long before a file's archive timestamp ceases to prove it is renewed."""
    algorithm_ends: str = ""
    """Last days of algorithms, when they are announced: `sha256=2035-12-31 ecdsa-256=2040-12-31`."""

    smtp_host: str = ""
    """Mail server; empty: the local catcher."""
    smtp_port: int = 0
    """0: 587, or for the local catcher port + 3."""
    smtp_starttls: bool = False
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    mail_from: str = "Hồ Sơ Số <hososo@localhost>"

    signers: int = Field(default=2, ge=1)
    """Child processes that make signatures."""
    renderers: int = Field(default=2, ge=1)
    """Child processes that lay out pages and draw page images."""

    libreoffice: str = ""
    """Path of LibreOffice's program; empty: looked for; "off": not used, Word files give their text only."""
    convert_seconds: int = Field(default=120, ge=1)
    """Longest time of one conversion of an uploaded file."""

    _makes_secrets: bool = PrivateAttr(default=True)

    @field_validator("public_url")
    @classmethod
    def _whole_address(cls, url: str) -> str:
        """It stands in every mail and, for their whole life, in certificates."""
        if not url:
            return url
        try:
            at = urlsplit(url)
            whole = at.scheme in ("http", "https") and bool(at.hostname) and at.port != 0
        except ValueError:
            whole = False
        if not whole or at.path.strip("/") or at.query or at.fragment or at.username or " " in url:
            raise ValueError("it is not https://host, without a path")
        return url

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        """What SQLAlchemy opens here; `postgres://`, as some providers write it, is the same."""
        url = f"postgresql://{url.removeprefix('postgres://')}" if url.startswith("postgres://") else url
        if url and not url.startswith(("sqlite://", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("it is not postgresql://user:password@host/name")
        try:
            _ = urlsplit(url).port
        except ValueError as error:
            raise ValueError("signs such as / # @ in its password are written %2F %23 %40") from error
        return url

    @field_validator("tsa_url")
    @classmethod
    def _known_authorities(cls, urls: str) -> str:
        for url in urls.split():
            at = urlsplit(url)
            if re.search(r"[,;](https?:|$)", url):
                raise ValueError("several are separated by spaces, not by commas or semicolons")
            if at.scheme not in ("http", "https") or not at.hostname:
                raise ValueError("it is not http(s)://host/path, several separated by spaces")
            try:
                _ = at.port
            except ValueError as error:
                raise ValueError("signs such as / # @ in a password are written %2F %23 %40") from error
            if at.fragment and not re.fullmatch(r"[0-2](\.(0|[1-9]\d*))+", at.fragment):
                raise ValueError("behind # stands a policy such as 1.2.3.4")
        return urls

    @field_validator("algorithm_ends")
    @classmethod
    def _known_algorithms(cls, ends: str) -> str:
        ends_of(ends)
        return ends

    @property
    def url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data.resolve() / 'hososo.db'}"

    @property
    def prefect_url(self) -> str:
        return self.prefect_api_url or f"http://127.0.0.1:{self.prefect_port or self.port + 1}/api"

    @property
    def timestamp_url(self) -> str:
        return self.tsa_url or f"http://127.0.0.1:{self.tsa_port or self.port + 2}/"

    @property
    def mail_server(self) -> tuple[str, int]:
        if self.smtp_host:
            return self.smtp_host, self.smtp_port or 587
        return "127.0.0.1", self.smtp_port or self.port + 3

    @property
    def fetched_lists(self) -> Path:
        """Revocation lists of time-stamp authorities elsewhere."""
        return self.data / "lists"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def trust_folder(self) -> Path:
        """Certificates of authorities that are believed besides the embedded one."""
        return Path(self.trust) if self.trust else self.data / "trust"

    @property
    def uploads(self) -> Path:
        """Files on their way up."""
        return self.data / "uploads"

    @property
    def verified(self) -> Path:
        """Results of checks, sealed, for some minutes (`tasks/check_results.py`)."""
        return self.data / "verified"

    @property
    def unfinished_restore(self) -> Path:
        """There while a restore is being written, and after one that was cut off (`tasks/restoring.py`)."""
        return self.data / "restore-unfinished"

    def make_data_folder(self) -> None:
        """Records and mails lie in it: a new one is for this account alone, one there stays as it is."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def poke_path(self) -> Path:
        """Unix socket on which the worker is told that something was decided."""
        return self.data / "worker.sock"

    @cached_property
    def master_key(self) -> bytes:
        """32 bytes mixed into every key protected by a PIN, so that the database alone opens none."""
        return self._secret("master.key")

    @cached_property
    def prefect_auth(self) -> str:
        """`user:password` of the embedded Prefect server, made at first start."""
        return f"hososo:{self._secret('prefect.key').hex()}"

    def only_looking(self) -> Settings:
        """The same settings, whose secrets are read and never made: FileNotFoundError where one is lost."""
        looking = Settings.model_construct(**dict(self))
        looking._makes_secrets = False
        return looking

    def _secret(self, name: str) -> bytes:
        folder = self.data / "secrets"
        path = folder / name
        if not self._makes_secrets:
            return path.read_bytes()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        # Written whole or not at all would need a rename; 32 bytes in one write cannot tear.
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        return path.read_bytes()


def unusable(fault: ValidationError) -> Text:
    """Which settings of the environment cannot be used; never what they are set to."""
    wrong = {f"HOSOSO_{str(one['loc'][0]).upper()}": one["msg"] for one in fault.errors(include_input=False)}
    return Text(
        f"Không dùng được giá trị của {', '.join(wrong)}. Sửa rồi chạy lại; README có bảng các giá trị.",
        f"What is set cannot be used: {'; '.join(f'{name} ({why})' for name, why in wrong.items())}. "
        "Mend it and run again; the README lists the settings.",
    )
