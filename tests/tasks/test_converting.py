"""Uploaded files in the real children: LibreOffice confined and cut off, hanging files killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pypdfium2
import pytest

from models.errors import TooLarge
from tasks import libreoffice
from tasks.converting import convert
from tasks.pools import IntakePool, OutOfTime
from tests import corpus, needs


@pytest.fixture(scope="module")
def pool() -> Iterator[IntakePool]:
    with IntakePool(1, seconds=240, warm="tasks.converting", role="converter") as pool:
        yield pool


@pytest.fixture(scope="module")
def office() -> str:
    found = libreoffice.find()
    if not found:
        needs.missing("LibreOffice", "install the package libreoffice-writer-nogui to run this test.")
    return found


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server of our own that notes who asks."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(page.get_textpage().get_text_range() for page in document)


def test_word_becomes_the_pages_its_author_would_print(pool: IntakePool, office: str) -> None:
    made = pool.submit(convert, corpus.illustrated_word(), "docx", office, 50.0, text=True)
    assert made.pdf is not None
    assert (made.pages, made.taken, made.removed) == (1, None, ())
    assert "Giải được bài toán có lời văn bằng hai bước tính" in text_of(made.pdf)
    with pypdfium2.PdfDocument(made.pdf) as document:
        fonts = {
            obj.get_font().get_base_name() for obj in document[0].get_objects() if hasattr(obj, "get_font")
        }
    assert any("Liberation" in name for name in fonts)  # the metrics of Times New Roman


def test_a_date_that_changes_by_itself_is_signed_as_its_author_saw_it(pool: IntakePool, office: str) -> None:
    made = pool.submit(convert, corpus.dated_word("17/11/2019"), "docx", office, 50.0, text=False)
    assert "Ngày 17/11/2019, tệp giao-an.docx." in made.words
    assert made.warnings == ("changing-fields",)


def test_nothing_is_fetched_from_outside(
    pool: IntakePool, office: str, listening: tuple[str, list[str]]
) -> None:
    address, asked = listening
    made = pool.submit(convert, corpus.reaching_word(address), "docx", office, 50.0, text=True)
    assert (made.pages, made.removed) == (1, ("external", "fields"))
    assert asked == []


def test_even_unclean_a_file_reaches_nothing(
    pool: IntakePool, office: str, listening: tuple[str, list[str]]
) -> None:
    """The second wall: what cleaning might miss, the settings and the confinement stop."""
    address, asked = listening
    made = pool.submit(libreoffice.to_pdf, office, corpus.reaching_word(address), 50.0)
    assert made.startswith(b"%PDF-")
    assert asked == []


def test_a_file_that_takes_libreoffice_too_long_is_stopped(pool: IntakePool, office: str) -> None:
    with pytest.raises(TooLarge) as refused:
        pool.submit(convert, corpus.long_word(20_000), "docx", office, 1.0, text=True)
    assert refused.value.sentence == libreoffice.too_slow(1)
    assert pool.submit(convert, corpus.pdf(), "pdf", "", 20.0, text=True).pages == 1


def test_a_pdf_that_never_ends_costs_its_child_only(pool: IntakePool) -> None:
    with pytest.raises(OutOfTime):
        pool.submit_within(2.0, convert, corpus.hanging_pdf(), "pdf", "", 2.0, text=True)
    assert pool.submit(convert, corpus.pdf(), "pdf", "", 20.0, text=True).pages == 1


def test_without_libreoffice_the_text_is_taken(pool: IntakePool) -> None:
    made = pool.submit(convert, corpus.illustrated_word(), "docx", "", 20.0, text=True)
    assert made.taken is not None
    assert [b.text for b in made.taken.blocks if b.rows] != []
    (name,) = made.taken.images
    assert any(f'src="image:{name}"' in block.html for block in made.taken.blocks)


def test_the_program_can_be_switched_off() -> None:
    assert libreoffice.find("off") == ""
    assert libreoffice.find("/no/such/program") == ""
