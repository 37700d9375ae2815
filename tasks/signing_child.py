"""The process that signs: opens one key, makes signatures, and dies. Started only by `tasks/signers.py`.

`main` is the template: it imports pyHanko once, holds no secret, and forks a signer for every socket it
is handed, so a signer costs milliseconds and shares its memory. A signer reads nothing but our own PDF
files, talks to nobody but its parent and the time-stamp authority, and ends when its parent closes the
line, when its time is up, or with its batch. Keys and PINs stay in its memory; what goes back is a signed
file, a refusal in words, or the bare place of a fault.
"""

from __future__ import annotations

import gc
import io
import os
import resource
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from models.errors import RecordsError
from models.text import Text
from tasks import certificates
from tasks.certificates import Purpose, Subject
from tasks.keys import PrivateKey, Secret, unlock
from tasks.signing import Signatory, Signed, SignRequest, prepare, sign
from tasks.stamp_servers import StampServers, servers_of
from tasks.timestamping import LocalTimeStamper, TimeStampAuthority

SINGLE_SECONDS = 60
"""After so long with one signature a signer ends itself; its parent gave up before."""


@dataclass(frozen=True, slots=True)
class Setting:
    """First message to a signer: what every signature needs besides its request."""

    master: bytes = attribute(repr=False)
    tsa_url: str = attribute(repr=False)
    """Addresses of time-stamp authorities, which may hold passwords."""
    tsa_user: str = ""
    tsa_password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A protected key and the PIN that opens it."""

    protected: bytes = attribute(repr=False)
    pin: Secret
    owner: str


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """Keep this key open for the requests that follow, so many seconds at most."""

    key: Key
    seconds: int


@dataclass(frozen=True, slots=True)
class SignOne:
    """Make one signature; without a key, with the one the batch opened."""

    request: SignRequest
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The batch's key is open."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A RecordsError, taken apart: its sentence does not survive pickling inside the exception."""

    error: type[RecordsError]
    sentence: Text


@dataclass(frozen=True, slots=True)
class Failed:
    """A fault of ours: the exception's type and the lines it passed, never its message."""

    place: str


Reply = Signed | Opened | Refused | Failed


class _Signer:
    """What one signer process knows."""

    def __init__(self, setting: Setting) -> None:
        self._master = setting.master
        self._stamps = StampServers(servers_of(setting.tsa_url, setting.tsa_user, setting.tsa_password))
        self._batch_key: PrivateKey | None = None
        self._batch: Signatory | None = None

    def answer(self, message: OpenBatch | SignOne) -> Reply:
        try:
            if isinstance(message, OpenBatch):
                signal.alarm(message.seconds)
                self._batch_key = self._unlock(message.key)
                return Opened()
            if message.key is None:
                return self._signatory(message.request).sign(message.request)
            signal.alarm(SINGLE_SECONDS)
            try:
                request, key = message.request, self._unlock(message.key)
                return Signatory(request.certificate, key, request.trust, self._stamps).sign(request)
            finally:
                signal.alarm(0)
        except RecordsError as refusal:
            return Refused(type(refusal), refusal.sentence)
        except Exception as fault:  # the parent decides; a signer must not die of one odd file
            frames = traceback.extract_tb(fault.__traceback__)[-4:]
            lines = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
            return Failed(f"{type(fault).__name__} at {lines}")

    def _unlock(self, key: Key) -> PrivateKey:
        return unlock(key.protected, key.pin, self._master, key.owner)

    def _signatory(self, request: SignRequest) -> Signatory:
        """The batch's signatory, kept while certificate and trust stay the same."""
        if self._batch_key is None:
            raise RuntimeError("No batch is open in this signer.")
        kept = self._batch
        if kept is None or (kept.certificate, kept.trust) != (request.certificate, request.trust):
            kept = Signatory(request.certificate, self._batch_key, request.trust, self._stamps)
            self._batch = kept
        return kept


def serve(line: Connection) -> None:
    """Answer messages until the parent closes the line."""
    try:
        signer = _Signer(line.recv())
        while True:
            line.send(signer.answer(line.recv()))
    except (EOFError, OSError):
        return


def warm() -> None:
    """Sign an empty page with keys made for it, so that every signer is born with all it needs loaded.

    The first signature of a process costs a quarter of a second more than the second one.
    """
    now, owner, name = datetime.now(UTC), "warm", "Hồ Sơ Số"
    authority = certificates.make_authority(now, name)
    key, stamping_key = certificates.new_key(), certificates.new_key()
    issued = partial(certificates.issue, authority, Subject(name, name, owner), now=now)
    stamping = TimeStampAuthority(
        stamping_key, issued(purpose=Purpose.TIMESTAMP, public_key=stamping_key.public_key())
    )
    request = SignRequest(
        pdf=prepare(_empty_page(), (_Box(),)),
        field=_Box.name,
        certificate=issued(purpose=Purpose.PERSONAL, public_key=key.public_key()),
        owner=owner,
        trust=certificates.trust(authority, certificates.crl(authority, (), now, 1)),
        now=now,
        reason=name,
        certify=True,
    )
    sign(request, key, LocalTimeStamper(stamping))
    StampServers(servers_of("http://127.0.0.1/")).close()


@dataclass(frozen=True)
class _Box:
    name: str = "author"
    kind: str = "signature"
    page: int = 0
    rect: tuple[float, float, float, float] = (10.0, 10.0, 60.0, 60.0)


def _empty_page() -> bytes:
    writer, output = PdfFileWriter(), io.BytesIO()
    contents = writer.add_object(StreamObject(stream_data=b"q Q"))
    writer.insert_page(PageObject(contents=contents, media_box=(0, 0, 70, 70)))
    writer.write(output)
    return output.getvalue()


def template(control: socket.socket) -> None:
    """Fork a signer for every socket received; end when the parent does."""
    warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)  # a signature makes and drops tens of thousands of small objects, few in cycles
    while True:
        try:
            _, sockets, _, _ = socket.recv_fds(control, 1, 1)
        except OSError:
            return
        if not sockets:
            return
        if os.fork() == 0:
            control.close()
            serve(Connection(sockets[0]))
            os._exit(0)
        os.close(sockets[0])


def main() -> None:
    """The template process; its one argument is the descriptor of the socket to its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes our line
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # signers need no one to collect them
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of this process would hold keys
    template(socket.socket(fileno=int(sys.argv[1])))
