"""A PDF becomes pages and nothing else; what cannot be read safely and whole is refused in words."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest

from models.errors import Invalid, RecordsError, TooLarge
from tasks import recognising
from tasks.sanitising import sanitise
from tests import corpus


def test_pages_are_taken_over_whole() -> None:
    clean = sanitise(corpus.pdf(3))
    assert (clean.pages, clean.removed) == (3, ())
    with pypdfium2.PdfDocument(clean.pdf) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert texts == ["Trang 1", "Trang 2", "Trang 3"]


def test_what_runs_or_reaches_out_is_left_behind_and_said() -> None:
    clean = sanitise(corpus.scripted_pdf())
    assert clean.removed == ("attachments", "forms", "links", "scripts")
    assert set(clean.removed) <= set(recognising.REMOVED)
    with pikepdf.open(io.BytesIO(clean.pdf)) as made:
        assert set(made.Root.keys()) == {"/Type", "/Pages"}
        page = made.pages[0].obj
        assert "/Annots" not in page
        assert "/AA" not in page
        flat = io.BytesIO()
        made.save(
            flat,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
        )
    for word in (b"JavaScript", b"Launch", b"SubmitForm", b"URI", b"MZ this", b"calc", b"/JS"):
        assert word not in flat.getvalue()


def test_what_a_filled_field_shows_stays_on_the_page() -> None:
    clean = sanitise(corpus.scripted_pdf())
    with pypdfium2.PdfDocument(clean.pdf) as document:
        picture = document[0].render(scale=1).to_pil().convert("RGB")
    assert picture.getpixel((150, 842 - 615)) == (0, 0, 255)


def test_blank_paper_is_refused() -> None:
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(595, 842))
        made.add_blank_page(page_size=(595, 842))
        written = io.BytesIO()
        made.save(written)
    with pytest.raises(Invalid) as refused:
        sanitise(written.getvalue())
    assert "blank pages" in refused.value.sentence.en


def test_marks_without_a_look_and_fonts_left_outside_are_told() -> None:
    with pikepdf.open(io.BytesIO(corpus.pdf())) as made:
        box = pikepdf.Array([50, 500, 300, 550])
        note = pikepdf.Dictionary(Subtype=pikepdf.Name.FreeText, Rect=box, Contents="Sửa chỗ này")
        made.pages[0].obj.Annots = pikepdf.Array([made.make_indirect(note)])
        fonts = made.pages[0].obj.Resources.Font
        fonts.F2 = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.TrueType, BaseFont=pikepdf.Name("/.VnTime")
        )
        written = io.BytesIO()
        made.save(written)
    clean = sanitise(written.getvalue())
    assert (clean.removed, clean.warnings) == (("unseen",), ("fonts-outside",))
    assert sanitise(corpus.pdf()).warnings == ()


def test_a_layer_switched_off_stays_off() -> None:
    for pdf in (corpus.hidden_layer_pdf(), sanitise(corpus.hidden_layer_pdf()).pdf):
        with pypdfium2.PdfDocument(pdf) as document:
            assert document[0].render(scale=1).to_pil().convert("L").getpixel((200, 600)) == 255


@pytest.mark.parametrize(
    ("made", "kind", "sentence"),
    [
        (lambda: corpus.locked_pdf("mo"), Invalid, recognising.PASSWORD),
        (corpus.locked_pdf, Invalid, recognising.PASSWORD),
        (lambda: corpus.truncated(corpus.pdf(5)), Invalid, recognising.DAMAGED),
        (corpus.broken_drawing_pdf, Invalid, recognising.DAMAGED),
        (lambda: b"%PDF-1.7\nnothing more", Invalid, recognising.DAMAGED),
        (corpus.xfa_pdf, Invalid, "XFA"),
        (lambda: corpus.pdf(301), TooLarge, "301 pages"),
        (lambda: corpus.pdf(1, (2000.0, 842.0)), Invalid, "706 × 297 mm"),
        (corpus.bomb_pdf, TooLarge, recognising.BOMB),
        (lambda: corpus.bomb_pdf(2), TooLarge, recognising.BOMB),
        (corpus.huge_picture_pdf, TooLarge, recognising.BOMB),
    ],
    ids=[
        "password",
        "restrictions",
        "truncated",
        "broken drawing",
        "only a head",
        "XFA",
        "pages",
        "size",
        "bomb",
        "bomb in a bomb",
        "picture",
    ],
)
def test_refusals_say_what_to_do(
    made: Callable[[], bytes], kind: type[RecordsError], sentence: object
) -> None:
    with pytest.raises(kind) as refused:
        sanitise(made())
    said = refused.value.sentence
    assert said == sentence if not isinstance(sentence, str) else sentence in said.en


def test_three_hundred_pages_are_taken() -> None:
    assert sanitise(corpus.pdf(300)).pages == 300
