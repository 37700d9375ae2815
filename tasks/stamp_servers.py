"""Time-stamp authorities over HTTP (RFC 3161, 3.4): one or several, asked in their order.

Addresses stand in one setting, separated by spaces: `https://user:password@host/path#policy`. User and
password are sent as HTTP Basic authentication; behind `#` stands the policy (an object identifier) asked for.
An authority that is down, slow, talks nonsense, is wrong about the time, or whose certificate has ended, is
revoked or leads to no trusted root is passed over for a minute, and the next one is asked. What is logged of
an authority is its host, never a password.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import httpx
from asn1crypto import tsp

from models.errors import Unavailable
from tasks.certificates import Trust
from tasks.exchanges import Line
from tasks.keys import Secret
from tasks.timestamping import DOWN, MAX_REPLY, NONSENSE, QUERY, REPLY, CheckedTimeStamper
from tasks.verifying import validation_context

MEMORY = 60.0
"""Seconds for which an authority that failed is asked last."""
CONNECTING, ANSWERING = 1.0, 5.0
"""Seconds an authority has to take the connection, and to give its whole answer."""

T = TypeVar("T")
log = logging.getLogger("hososo.timestamps")


class StampSource(Protocol):
    """Something to have time-stamps from."""

    def using(self, make: Callable[[CheckedTimeStamper], T], now: datetime) -> T:
        """What is made `now` with one authority, the first that answers rightly; Unavailable if none does."""
        ...


@dataclass(frozen=True, slots=True)
class StampServer:
    """An authority's address without what is secret in it, and how it is asked."""

    url: str
    user: str = ""
    password: Secret | None = None
    policy: str = ""

    @property
    def name(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.url).netloc

    @property
    def is_near(self) -> bool:
        """On this machine: its clock is ours, no proxy is meant for it, and nobody listens in."""
        return urlsplit(self.url).hostname in {"127.0.0.1", "::1", "localhost"}


def servers_of(urls: str, user: str = "", password: Secret | None = None) -> tuple[StampServer, ...]:
    """The authorities of the setting. `user` and `password` are the first one's, unless its address has them.

    They are never sent to the others: those belong to other companies.
    """
    found = [_server(urlsplit(url)) for url in urls.split()]
    if found and user and not found[0].user:
        found[0] = StampServer(found[0].url, user, password, found[0].policy)
    return tuple(found)


def _server(at: SplitResult) -> StampServer:
    bare = at._replace(netloc=at.netloc.rpartition("@")[2], fragment="").geturl()
    password = Secret(unquote(at.password)) if at.password else None
    return StampServer(bare, unquote(at.username or ""), password, at.fragment)


class HttpTimeStamper(CheckedTimeStamper):
    """Asks one authority over a kept-alive connection.

    Blocks its event loop on purpose: each signing process has one signature at a time in hand.
    """

    def __init__(self, server: StampServer) -> None:
        super().__init__()
        self.server, self.own_clock = server, not server.is_near
        self._line = Line()
        user, password = server.user, server.password
        self._client = httpx.Client(
            timeout=httpx.Timeout(ANSWERING, connect=CONNECTING),
            auth=httpx.BasicAuth(user, password.reveal()) if user and password else None,
            headers={"Content-Type": QUERY, "Accept": REPLY},
            verify=_certified(server.url),
            trust_env=not server.is_near,
        )

    def request_cms(self, message_digest: bytes, md_algorithm: str) -> tuple[int | None, tsp.TimeStampReq]:
        """The request, with the policy the authority's address names."""
        nonce, asked = super().request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]  # ditto
        if self.server.policy:
            asked["req_policy"] = self.server.policy
        return nonce, asked

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        body = req.dump()
        try:
            try:
                answer = self._post(body)
            except httpx.RemoteProtocolError:
                # The server closed the idle connection while we wrote; a time-stamp may be asked twice.
                answer = self._post(body)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise Unavailable(DOWN) from None
        return tsp.TimeStampResp.load(answer)

    def _post(self, body: bytes) -> bytes:
        """The whole answer, however slowly its parts come, within the time there is for it."""
        content = b""
        with (
            self._line.within(ANSWERING) as within,
            self._client.stream("POST", self.server.url, content=body, extensions=within) as reply,
        ):
            if reply.status_code >= 500:
                raise Unavailable(DOWN)
            kind = reply.headers.get("content-type", "").partition(";")[0].strip()
            if reply.status_code != 200 or kind != REPLY:
                raise Unavailable(NONSENSE)
            for part in reply.iter_bytes():
                content += part
                if len(content) > MAX_REPLY:
                    raise Unavailable(NONSENSE)
        return content

    def close(self) -> None:
        self._client.close()


def probe(server: StampServer, trust: Trust, now: datetime) -> None:
    """Have one time-stamp and find how its certificate leads to a trusted root; Unavailable says why not."""
    with contextlib.closing(HttpTimeStamper(server)) as stamper:
        stamper.using(lambda asked: asyncio.run(_probed(asked, trust, now)), now)


async def _probed(stamper: CheckedTimeStamper, trust: Trust, now: datetime) -> None:
    async for _ in stamper.validation_paths(validation_context(trust, now)):
        pass


def _certified(url: str) -> ssl.SSLContext:
    """Whom an HTTPS server must be certified by: the usual authorities, 0.1 s to read, so only if needed."""
    return httpx.create_ssl_context() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class StampServers:
    """Several authorities in the order of the setting; those that failed just now come last.

    What a file holds to prove a time-stamp is gathered before it is asked for, so the next authority means
    beginning again: `using` calls `make` anew. Not for several threads at once.
    """

    def __init__(self, servers: Sequence[StampServer], clock: Callable[[], float] = time.monotonic) -> None:
        self._clients = [HttpTimeStamper(server) for server in servers]
        self._down_until = dict.fromkeys(self._clients, float("-inf"))
        self._clock = clock

    def using(self, make: Callable[[CheckedTimeStamper], T], now: datetime) -> T:
        """What is made `now` with the first authority that answers rightly; Unavailable when none does."""
        refused = Unavailable(DOWN)
        begun = self._clock()
        for client in sorted(self._clients, key=lambda client: begun < self._down_until[client]):
            try:
                made = client.using(make, now)
            except Unavailable as fault:
                refused = fault
                self._down_until[client] = self._clock() + MEMORY
                log.warning("time-stamp authority failed host=%s: %s", client.server.name, fault.sentence.en)
            else:
                self._down_until[client] = float("-inf")
                return made
        raise refused

    def close(self) -> None:
        """Hang up."""
        for client in self._clients:
            client.close()
