"""A file brought to be checked, by whoever: how often one address may ask, and the way to the verdict.

The file is read into memory, its temporary copy is gone before the check begins, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from flows import known_files
from flows.believed import anchors_of
from flows.known_files import KnownFile
from flows.office import Office
from models.errors import Fault, Invalid, RecordsError, TooLarge
from models.text import Text
from service import names
from service.deps import Arrival, OfficeDep
from service.pages.sign_in import address_of
from service.receiving import Received, drained, file_of
from service.verifying import Verifier, VerifierDep
from tasks.check_results import CheckResult

LONGEST_NAME = 120


async def brought(
    request: Request, verifier: VerifierDep, now: Arrival
) -> AsyncIterator[Received | RecordsError]:
    """The file of the form, or why it is not taken: too often, too large, none there."""
    async with AsyncExitStack() as stack:
        try:
            verifier.asked.count(address_of(request), now)
        except RecordsError as refusal:
            await drained(request)
            received: Received | RecordsError = refusal
        else:
            try:
                received = await stack.enter_async_context(file_of(request))
            except TooLarge:
                received = TooLarge(TOO_LARGE)
            except Invalid:
                received = no_file()
        yield received


Brought = Annotated[Received | RecordsError, Depends(brought)]


class Asking:
    """What a check needs of the server, at the moment it is asked for."""

    def __init__(self, request: Request, office: OfficeDep, verifier: VerifierDep, now: Arrival) -> None:
        self.office: Office = office
        self.verifier: Verifier = verifier
        self.now: datetime = now
        self._address = address_of(request)

    def check(self, received: Received | RecordsError) -> CheckResult:
        """The verdict on what was brought. Raises its refusal, or Throttled and Unavailable."""
        if isinstance(received, RecordsError):
            raise received
        if not received.name:
            raise no_file()
        with received.file as file:
            pdf = file.read()
        return self.judged(received.name, pdf)

    def judged(self, name: str, pdf: bytes) -> CheckResult:
        """The verdict on bytes that are here."""
        with self.office.db.read() as session:
            trusted = anchors_of(session, self.office.settings)
        shown = "".join(c for c in names.safe(name) if c.isprintable())[:LONGEST_NAME]
        return self.verifier.check(shown or "–", pdf, trusted, self.now, self._address)

    def known(self, result: CheckResult) -> KnownFile | None:
        """The record of ours this very file belongs to."""
        with self.office.db.read() as session:
            return known_files.find(session, self.office.blobs, result.sha256)


AskingDep = Annotated[Asking, Depends()]


def no_file() -> Invalid:
    return Invalid(NO_FILE, (Fault("file", NO_FILE, missing=True),))


NO_FILE = Text(
    "Chưa chọn tệp nào. Chọn tệp PDF rồi bấm Kiểm tra.",
    "No file was chosen. Choose a PDF, then press Verify.",
)
TOO_LARGE = Text(
    "Tệp lớn hơn 30 MB nên không kiểm tra được ở đây. Trên máy chủ có lệnh hososo verify cho tệp lớn hơn.",
    "The file is larger than 30 MB and cannot be checked here. On the server, hososo verify takes more.",
)
