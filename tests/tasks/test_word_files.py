"""A Word file is packed anew without what reaches outside or runs; what is none is refused in words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from models.errors import Invalid, RecordsError, TooLarge
from tasks import recognising
from tasks.recognising import recognise
from tasks.word_files import open_word
from tests import corpus


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name).decode("utf-8", "replace") for name in package.namelist()}


def test_a_sound_file_keeps_its_words() -> None:
    word = open_word(corpus.word())
    assert (word.removed, word.warnings) == ((), ())
    assert "Giải được bài toán" in parts(word.data)["word/document.xml"]


def test_nothing_that_points_outside_stays() -> None:
    word = open_word(corpus.reaching_word("http://127.0.0.1:9"))
    assert word.removed == ("external", "fields")
    assert not [name for name, content in parts(word.data).items() if "127.0.0.1" in content]


def test_a_link_in_the_text_stays() -> None:
    word = open_word(corpus.word(links=[("r9", "hyperlink", "https://example.test/")]))
    assert word.removed == ()
    assert "example.test" in parts(word.data)["word/_rels/document.xml.rels"]


def test_macros_go_and_old_fonts_are_pointed_out() -> None:
    old = '<w:p><w:r><w:rPr><w:rFonts w:ascii=".VnTime"/></w:rPr><w:t>KÕ ho¹ch</w:t></w:r></w:p>'
    word = open_word(corpus.word(old, parts={"word/vbaProject.bin": b"macro"}))
    assert (word.removed, word.warnings) == (("macros",), ("old-fonts",))
    assert "word/vbaProject.bin" not in parts(word.data)


@pytest.mark.parametrize(
    ("made", "kind", "sentence"),
    [
        (corpus.plain_zip, Invalid, "archive (zip)"),
        (lambda: corpus.word(main="spreadsheetml.sheet.main+xml"), Invalid, "Excel"),
        (lambda: corpus.word(main="presentationml.presentation.main+xml"), Invalid, "PowerPoint"),
        (lambda: corpus.word(main="word.document.macroEnabled.main+xml"), Invalid, ".docm"),
        (lambda: corpus.word(parts={"_xmlsignatures/sig1.xml": "<a/>"}), Invalid, recognising.SIGNED),
        (lambda: corpus.truncated(corpus.word()), Invalid, recognising.DAMAGED),
        (lambda: corpus.word("<w:p>"), Invalid, recognising.DAMAGED),
        (corpus.bomb_word, TooLarge, recognising.BOMB),
        (corpus.entity_word, TooLarge, recognising.BOMB),
    ],
    ids=["zip", "Excel", "PowerPoint", "docm", "signed", "truncated", "broken", "bomb", "laughs"],
)
def test_refusals_say_what_to_do(
    made: Callable[[], bytes], kind: type[RecordsError], sentence: object
) -> None:
    with pytest.raises(kind) as refused:
        open_word(made())
    said = refused.value.sentence
    assert said == sentence if not isinstance(sentence, str) else sentence in said.en


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (corpus.png(), "anh.docx", "picture"),
        (b"{\\rtf1 xin chao}", "bai.docx", "RTF"),
        (b"<html>", "bai.pdf", "Only Word"),
        (corpus.pdf(), "bai.docx", "Rename it to end in .pdf"),
        (corpus.word(), "bai.pdf", "Rename it to end in .docx"),
    ],
    ids=["picture", "RTF", "web page", "PDF called .docx", "Word called .pdf"],
)
def test_the_first_bytes_say_what_a_file_is(data: bytes, name: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        recognise(data[: recognising.HEAD], name)
    assert sentence in refused.value.sentence.en


def test_a_name_without_its_ending_is_no_fault() -> None:
    assert recognise(corpus.pdf(), "bai") == "pdf"
    assert recognise(corpus.word(), "bai") == "docx"
