"""Files locked against printing or copying, signed, and changed by somebody who opens them as all readers do.

The lock has no password, so it hides nothing and stops nobody; what it adds is a way to tell readers apart:
who follows another lock than the signers' sees another file.
"""

from __future__ import annotations

import asyncio
import functools
import io
import re
from collections.abc import Callable
from functools import partial

import pikepdf
import time_machine
from pyhanko.pdf_utils.generic import NameObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

from tasks.verifying import validation_context
from tests.attacks import raw
from tests.attacks.letters import CONTENT, OTHER_SUM, objects, sign_plainly, words
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, UNREADABLE, UNSIGNED, Attacks
from tests.signatures import NOW, person, timestamper, trust

ATTACKS = Attacks("locked file")
sample = ATTACKS.sample
ODD = (ALTERED, BROKEN, UNKNOWN, UNREADABLE, UNSIGNED)
FIRST, SECOND, THIRD = ((60, 300, 260, 390), (330, 300, 530, 390), (60, 500, 260, 590))

Change = Callable[[IncrementalPdfFileWriter], None]


@functools.cache
def locked(revision: int = 6, change: Change | None = None) -> bytes:
    """The letter, locked with an owner's password alone; `revision`: of the handler (ISO 32000-2, 7.6.4)."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(raw.build(objects()))) as document:
        lock = pikepdf.Encryption(
            owner="o",
            user="",
            R=revision,
            aes=revision >= 4,
            metadata=revision >= 4,  # type: ignore[arg-type]
        )
        document.save(output, encryption=lock, static_id=True)
    return opened(output.getvalue(), change) if change else output.getvalue()


def signs(pdf: bytes, field: str, who: str, rect: tuple[int, int, int, int]) -> bytes:
    return sign_plainly(pdf, SigFieldSpec(field, box=rect), person(who))


@functools.cache
def locked_by_one(revision: int = 6) -> bytes:
    return signs(locked(revision), "Signature1", "lan", FIRST)


@functools.cache
def locked_by_two(revision: int = 6) -> bytes:
    return signs(locked_by_one(revision), "Signature2", "minh", SECOND)


def opened(pdf: bytes, change: Change) -> bytes:
    """An update of a locked file, written as every program writes it that opened it."""
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output, strict=False)
    writer.encrypt("")
    change(writer)
    writer.write_in_place()
    return output.getvalue()


def locked_archive(pdf: bytes) -> bytes:
    """With a document timestamp of the school's."""
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output, strict=False)
    writer.encrypt("")
    stamper, context = PdfTimeStamper(timestamper()), validation_context(trust(), NOW)
    with time_machine.travel(NOW, tick=True):
        asyncio.run(stamper.async_timestamp_pdf(writer, "sha256", context, in_place=True))
    return output.getvalue()


def paint(writer: IncrementalPdfFileWriter, **entries: str) -> None:
    """Another sum on the first page."""
    page = writer.root["/Pages"]["/Kids"][0]
    names = {NameObject(f"/{key}"): NameObject(value) for key, value in entries.items()}
    drawn = StreamObject(names, stream_data=words(b"TO TRINH", OTHER_SUM, b"Kinh gui: Hieu truong"))
    page[NameObject("/Contents")] = writer.add_object(drawn)
    writer.update_container(page)


for _revision in (3, 4, 6):
    _by_two = partial(locked_by_two, _revision)
    ATTACKS.add(f"another sum, R={_revision}", lambda by=_by_two: opened(by(), paint), _by_two, ALTERED)  # type: ignore[misc]


@sample("another sum, then signed by a third", locked_by_two, ALTERED)
def then_signed() -> bytes:
    return signs(opened(locked_by_two(), paint), "Signature3", "hoa", THIRD)


@sample("one changed byte of the locked text", locked_by_one, ALTERED)
def one_byte() -> bytes:
    made = bytearray(locked_by_one())
    made[made.index(b"stream\n") + 20] ^= 1
    return bytes(made)


# --- another lock ------------------------------------------------------------------------------------------


def lock_of(pdf: bytes) -> int:
    return int(re.findall(rb"/Encrypt (\d+) 0 R", pdf)[-1])


def trailing(pdf: bytes, *, lock: int = 0, identifier: bytes = b"") -> bytes:
    """What the trailer of an update says of the lock: another object, or another identifier."""
    first = identifier or re.findall(rb"/ID\s*\[\s*(<[0-9a-fA-F]+>)", pdf)[0]
    return b"/Encrypt %d 0 R /ID [%s %s]" % (lock or lock_of(pdf), first, first)


@sample("the lock left out of an update", locked_by_two, *ODD)
def without_lock() -> bytes:
    """Who believes the last trailer sees plain words, who remembers the first sees noise."""
    return raw.update(locked_by_two(), {CONTENT: raw.stream(words(OTHER_SUM))})


@sample("another lock in an update", locked_by_two, *ODD)
def another_lock() -> bytes:
    made = locked_by_two()
    with_other = locked(3)
    other = raw.value_of(with_other, lock_of(with_other))
    number = raw.size_of(made)
    return raw.update(made, {number: other}, entries=trailing(made, lock=number))


@sample("the lock written anew", locked_by_two, *ODD)
def lock_again() -> bytes:
    made = locked_by_two()
    return raw.update(made, {lock_of(made): raw.value_of(made, lock_of(made))}, entries=trailing(made))


@sample("another identifier, of which older locks make their key", partial(locked_by_two, 3), *ODD)
def another_identifier() -> bytes:
    made = locked_by_two(3)
    return raw.update(made, {900: b"<< >>"}, entries=trailing(made, identifier=b"<%s>" % (b"ab" * 16)))


# --- prepared before anybody signs -------------------------------------------------------------------------


def prepared(change: Change) -> bytes:
    return signs(opened(locked(), change), "Signature1", "lan", FIRST)


@sample("prepared: a page drawn with what says it is metadata", None, *ODD)
def metadata_as_page() -> bytes:
    return prepared(partial(paint, Type="/Metadata", Subtype="/XML"))


@sample("prepared: a page that says it is not locked", None, *ODD)
def not_locked() -> bytes:
    """Readers that do not know of such filters decrypt what is plain, and the other way about."""
    return prepared(_plain)


def _plain(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    drawn = StreamObject(stream_data=words(b"TO TRINH", OTHER_SUM))
    drawn.add_crypt_filter(handler=writer.security_handler)
    page[NameObject("/Contents")] = writer.add_object(drawn)
    writer.update_container(page)
