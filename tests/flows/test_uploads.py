"""Files on their way up: in pieces, within limits, converted once whoever dies, on both databases."""

from __future__ import annotations

import hashlib
import io
import os
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from flows import bodies, conversions, succession, uploads
from flows.documents.lesson_plan import LESSON_PLAN
from flows.fields import Form, Line
from models.document import Document, Revision
from models.errors import BadType, Invalid, NotFound, TooLarge, Unavailable, WrongStep
from models.event import Event
from models.text import Text
from models.upload import Upload
from tasks import partial_files, recognising
from tasks.pools import IntakePool
from tests import corpus
from tests.cast import Cast

PDF = corpus.pdf(3)


@pytest.fixture(scope="module")
def pool() -> Iterator[IntakePool]:
    with IntakePool(1, seconds=240, warm="tasks.converting", role="converter") as pool:
        yield pool


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def send(cast: Cast, document: Document, data: bytes, name: str = "KHBD tuần 14.pdf") -> Upload:
    """A whole file in one go."""
    return uploads.receive(cast.office, cast.actor("lan"), document.id, name, io.BytesIO(data))


def began(cast: Cast, document: Document, data: bytes = PDF) -> Upload:
    return uploads.begin(cast.office, cast.actor("lan"), document.id, "KHBD.pdf", len(data), sha(data))


def now_of(cast: Cast, upload: Upload) -> Upload | None:
    with cast.office.db.read() as session:
        return session.get(Upload, upload.id)


def part(cast: Cast, upload: Upload, offset: int, piece: bytes, who: str = "lan") -> Upload:
    return uploads.append(cast.office, cast.actor(who), upload.document_id, upload.id, offset, piece)


def test_pieces_in_their_order_make_the_body(each_cast: Cast, pool: IntakePool) -> None:
    cast = each_cast
    document = cast.lesson_plan("lan", 14)
    upload = began(cast, document)
    assert part(cast, upload, 0, PDF[:500]).received == 500
    with pytest.raises(uploads.Misplaced) as misplaced:
        part(cast, upload, 0, PDF[:500])
    assert misplaced.value.received == 500
    assert began(cast, document).id == upload.id  # after a reload: the same upload, from the same place
    done = part(cast, upload, 500, PDF[500:])
    assert (done.state, done.kind) == ("waiting", "pdf")
    assert conversions.convert_next(cast.office, pool)
    assert not conversions.convert_next(cast.office, pool)
    ready = now_of(cast, upload)
    assert ready is not None
    assert (ready.state, ready.pages) == ("ready", 3)
    assert cast.office.blobs.get(ready.sha256) == PDF
    assert cast.fresh(document.id).content_version == document.content_version + 1
    assert not list(cast.office.settings.uploads.glob("*"))


def test_what_the_disk_lost_is_sent_again(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    upload = began(cast, document)
    part(cast, upload, 0, PDF[:800])
    path = partial_files.PartialFiles(cast.office.settings.uploads).path(upload.id)
    os.truncate(path, 300)
    assert began(cast, document).received == 300


def test_a_whole_file_that_is_gone_is_sent_again(cast: Cast) -> None:
    """The process died after it had moved the file away and before it said so."""
    document = cast.lesson_plan("lan", 14)
    upload = began(cast, document)
    part(cast, upload, 0, PDF[:800])
    partial_files.PartialFiles(cast.office.settings.uploads).drop(upload.id)
    for _ in range(2):
        with pytest.raises(uploads.Misplaced) as misplaced:
            part(cast, upload, 800, PDF[800:])
        assert misplaced.value.received == 0
    assert part(cast, upload, 0, PDF).state == "waiting"


def test_a_file_is_finished_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that heard no answer sends an empty piece while the first request still settles the file."""
    upload, seen = began(cast, cast.lesson_plan("lan", 14)), recognising.recognise

    def twice(head: bytes, name: str) -> recognising.Kind:
        monkeypatch.undo()
        assert part(cast, upload, len(PDF), b"").state == "waiting"
        return seen(head, name)

    monkeypatch.setattr(recognising, "recognise", twice)
    done = part(cast, upload, 0, PDF)
    assert (done.state, done.kind, done.received) == ("waiting", "pdf", len(PDF))
    assert part(cast, upload, 0, b"after it was whole").state == "waiting"
    assert cast.office.blobs.get(done.sha256) == PDF


def test_a_file_removed_while_it_is_finished_is_gone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    document, seen = cast.lesson_plan("lan", 14), recognising.recognise
    upload = began(cast, document)

    def removed(head: bytes, name: str) -> recognising.Kind:
        uploads.remove(cast.office, cast.actor("lan"), document.id)
        return seen(head, name)

    monkeypatch.setattr(recognising, "recognise", removed)
    with pytest.raises(NotFound):
        part(cast, upload, 0, PDF)
    assert now_of(cast, upload) is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (unicodedata.normalize("NFD", "Kế hoạch tuần 14.pdf"), "Kế hoạch tuần 14.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Lan\\giáo án.pdf", "giáo án.pdf"),
        ("hóa\u202efdp.exe\u2066\x00\r\n.pdf", "hóafdp.exe.pdf"),
        ("\u202e\u200b/", "tep"),
        ("ộ" * 300 + ".pdf", "ộ" * 176 + ".pdf"),
        ("bài 😀.pdf", "bài 😀.pdf"),
    ],
)
def test_a_name_is_kept_as_it_can_be_shown(cast: Cast, name: str, kept: str) -> None:
    document = cast.lesson_plan("lan", 14)
    assert send(cast, document, PDF, name).name == kept


def test_a_file_that_changed_on_the_way_is_refused(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    upload = began(cast, document)
    done = part(cast, upload, 0, b"x" * len(PDF))
    assert done.state == "refused"
    assert "changed while it was uploaded" in done.sentence_en


def test_limits_hold_before_anything_is_kept(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    lan = cast.actor("lan")
    document = cast.lesson_plan("lan", 14)
    for size, kind in ((30 * 2**20 + 1, TooLarge), (0, Invalid)):
        with pytest.raises(kind):
            uploads.begin(cast.office, lan, document.id, "a.pdf", size, "0" * 64)
    with pytest.raises(Invalid):
        uploads.begin(cast.office, lan, document.id, "a.pdf", 9, "../etc")
    upload = began(cast, document)
    with pytest.raises(TooLarge, match="at most 4 MB"):
        part(cast, upload, 0, b"x" * (uploads.MOST_CHUNK + 1))
    with pytest.raises(Invalid, match="changed while it was uploaded"):
        part(cast, upload, 0, PDF + b"more than was announced")
    monkeypatch.setattr(uploads, "MOST_PARTIAL", 1)
    with pytest.raises(TooLarge, match="unfinished"):
        began(cast, cast.lesson_plan("lan", 15))
    monkeypatch.setattr(uploads, "MOST_BYTES", 10)
    with pytest.raises(Unavailable):
        uploads.begin(cast.office, cast.actor("mai"), cast.lesson_plan("mai", 15).id, "a.pdf", 99, "0" * 64)
    monkeypatch.setattr(partial_files, "SPARE", 2**62)
    with pytest.raises(Unavailable):
        send(cast, document, PDF)


def test_another_file_takes_the_place_of_the_unfinished_one(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    first = began(cast, document)
    part(cast, first, 0, PDF[:100])
    second = began(cast, document, corpus.pdf(2))
    assert now_of(cast, first) is None
    assert second.received == 0
    assert not partial_files.PartialFiles(cast.office.settings.uploads).path(first.id).exists()


def test_an_upload_is_its_authors_alone(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    upload = began(cast, document)
    for name in ("mai", "hoa", "minh", "teacher_b"):
        with pytest.raises(NotFound):
            part(cast, upload, 0, PDF, name)
        with pytest.raises(NotFound):
            uploads.begin(cast.office, cast.actor(name), document.id, "a.pdf", 9, "0" * 64)
        with pytest.raises(NotFound):
            uploads.remove(cast.office, cast.actor(name), document.id)


def test_only_a_draft_of_a_type_that_says_so_takes_a_file(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 12)
    cast.act("lan", document.id, "submit")
    with pytest.raises(WrongStep):
        send(cast, document, PDF)
    for name, action in (("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(name, document.id, action)
    note = succession.amend(cast.office, cast.actor("lan"), document.id)
    with pytest.raises(WrongStep, match="no uploaded file"):
        send(cast, note, PDF)


def test_old_ones_are_swept(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    upload = began(cast, document)
    part(cast, upload, 0, PDF[:100])
    assert uploads.sweep(cast.office) == 0
    with cast.office.db.write() as session:
        session.get_one(Upload, upload.id).updated_at -= uploads.KEPT + timedelta(minutes=1)
    stray = partial_files.PartialFiles(cast.office.settings.uploads).path("0" * 36)
    stray.write_bytes(b"of a row that is gone")
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(stray, (long_ago, long_ago))
    assert uploads.sweep(cast.office) == 1
    assert now_of(cast, upload) is None
    assert not list(cast.office.settings.uploads.glob("*"))


# --- converting --------------------------------------------------------------------------------------------


def test_a_dead_process_leaves_its_file_to_the_next(each_cast: Cast, pool: IntakePool) -> None:
    cast = each_cast
    upload = send(cast, cast.lesson_plan("lan", 14), PDF)
    later = cast.office.now() + timedelta(minutes=3)
    with cast.office.db.write() as session:
        row = session.get_one(Upload, upload.id)
        row.state, row.claimed_by, row.claimed_until, row.attempts = "converting", "web-dead", later, 1
    assert conversions.convert_next(cast.office, pool)
    ready = now_of(cast, upload)
    assert ready is not None
    assert (ready.state, ready.attempts) == ("ready", 2)


def test_a_file_that_always_takes_its_process_along_is_refused(cast: Cast, pool: IntakePool) -> None:
    upload = send(cast, cast.lesson_plan("lan", 14), PDF)
    with cast.office.db.write() as session:
        session.get_one(Upload, upload.id).attempts = conversions.ATTEMPTS
    conversions.convert_next(cast.office, pool)
    refused = now_of(cast, upload)
    assert refused is not None
    assert refused.state == "refused"
    assert "several times" in refused.sentence_en


def test_a_file_given_up_meanwhile_changes_nothing(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    upload = send(cast, document, PDF)

    class Slow(IntakePool):
        """The author presses Stop while the file is converted."""

        def __init__(self) -> None:
            super().__init__(0)

        def submit_within(self, seconds: float, function, *args, **kwargs):  # type: ignore[no-untyped-def]
            uploads.stop(cast.office, cast.actor("lan"), document.id, upload.id)
            return function(*args, **kwargs)

    assert conversions.convert_next(cast.office, Slow())
    assert now_of(cast, upload) is None
    assert cast.fresh(document.id).content_version == document.content_version


# --- the body of a document --------------------------------------------------------------------------------


def test_a_body_is_frozen_signed_returned_and_replaced(cast: Cast, pool: IntakePool) -> None:
    document = cast.lesson_plan("lan", 14)
    typed = document.fields
    send(cast, document, PDF)
    with pytest.raises(Invalid, match="being converted"):
        cast.act("lan", document.id, "submit")
    conversions.convert_next(cast.office, pool)
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign")
    with cast.office.db.read() as session:
        first = session.get_one(Revision, (document.id, 1))
        event = session.get_one(Event, (document.id, 2))
    assert first.body is not None
    assert (first.body["name"], first.body["sha256"]) == ("KHBD tuần 14.pdf", sha(PDF))
    assert (first.pages, event.data["file"]) == (5, sha(PDF))  # cover, three pages, signing sheet
    assert [box[0] < box[2] for box in first.boxes.values()] == [True] * 3
    cast.act("hoa", document.id, "return", note="Thiếu bài thứ Sáu.")
    cast.act("lan", document.id, "submit")  # the same file again, unchanged
    cast.act("lan", document.id, "reopen")
    send(cast, document, corpus.pdf(4))
    conversions.convert_next(cast.office, pool)
    cast.act("lan", document.id, "submit")
    with cast.office.db.read() as session:
        kept = [session.get_one(Revision, (document.id, n)).body for n in (1, 2)]
        present = session.exec(select(Upload).where(col(Upload.document_id) == document.id)).all()
    assert [body["pages"] for body in kept if body] == [3, 4]
    assert [u.pages for u in present] == [4]
    cast.act("lan", document.id, "reopen")
    uploads.remove(cast.office, cast.actor("lan"), document.id)
    assert cast.fresh(document.id).fields == typed  # what was typed before is there again
    cast.act("lan", document.id, "submit")
    with cast.office.db.read() as session:
        assert session.get_one(Revision, (document.id, 2)).body is None
        assert bodies.body_of(session, document.id) is None


def test_a_type_may_not_ask_beside_a_file_what_its_form_does_not() -> None:
    assert LESSON_PLAN.body is not None
    short = Form(fields=(*LESSON_PLAN.body.form.fields, Line(name="more", label=Text("Thêm", "More"))))
    with pytest.raises(BadType, match="beside a file"):
        replace(LESSON_PLAN, body=replace(LESSON_PLAN.body, form=short))
