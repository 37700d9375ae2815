"""A Word file is packed anew without what reaches outside or runs; what is none is refused in words."""

from __future__ import annotations

import io
import re
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


def test_macros_go() -> None:
    word = open_word(corpus.word(parts={"word/vbaProject.bin": b"macro"}))
    assert (word.removed, word.warnings) == (("macros",), ())
    assert "word/vbaProject.bin" not in parts(word.data)


def complex_field(instruction: str, shown: str) -> str:
    """As Word writes it, the instruction in pieces."""
    pieces = "".join(f"<w:r><w:instrText>{part}</w:instrText></w:r>" for part in instruction.partition("A"))
    marks = {kind: f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")}
    return f"{marks['begin']}{pieces}{marks['separate']}{run(shown)}{marks['end']}"


def simple_field(instruction: str, shown: str) -> str:
    return f'<w:fldSimple w:instr="{instruction}">{run(shown)}</w:fldSimple>'


@pytest.mark.parametrize("written", [complex_field, simple_field])
@pytest.mark.parametrize(
    "instruction",
    [r" DATE \@ &quot;dd/MM/yyyy&quot; ", "TIME", " SAVEDATE ", "FILENAME", " Author ", "LASTSAVEDBY"],
)
def test_what_changes_by_itself_stays_as_it_was_last_shown(
    instruction: str, written: Callable[[str, str], str]
) -> None:
    inside = complex_field(" IF 1 = 1 ", written(instruction, "17/11/2019"))
    word = open_word(corpus.word(f"<w:p>{run('Ngày ')}{inside}{run('.')}</w:p>"))
    assert (word.removed, word.warnings) == ((), ("changing-fields",))
    made = parts(word.data)["word/document.xml"]
    assert re.findall(r"<w:t>([^<]*)</w:t>", made) == ["Ngày ", "17/11/2019", "."]
    assert instruction.split()[0] not in made
    assert made.count("fldChar ") == 3  # the field around it is left


@pytest.mark.parametrize(
    "instruction", [" PAGE ", " NUMPAGES ", r" TOC \o ", "REF muc1", "DATES", " TITLE ", "SEQ Bang"]
)
def test_other_fields_stay(instruction: str) -> None:
    word = open_word(corpus.word(f"<w:p>{simple_field(instruction, '1')}</w:p>"))
    assert (word.removed, word.warnings) == ((), ())
    assert f'w:instr="{instruction}"' in parts(word.data)["word/document.xml"]


def run(text: str, look: str = "") -> str:
    return f"<w:r><w:rPr>{look}</w:rPr><w:t>{text}</w:t></w:r>"


OLD_STYLES = (
    f'<w:styles xmlns:w="{corpus.W}">'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:rPr><w:rFonts w:ascii=".VnTime" '
    'w:hAnsi=".VnTime"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Cap"><w:basedOn w:val="Big"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Big"><w:basedOn w:val="Normal"/><w:rPr>'
    '<w:rFonts w:ascii=".VnTimeH" w:hAnsi=".VnTimeH"/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="New"><w:rPr><w:rFonts w:ascii="Arial" w:hAnsi="Arial"/></w:rPr>'
    "</w:style></w:styles>"
)


NEW = '<w:rStyle w:val="New"/>'
VNI = '<w:rFonts w:ascii="VNI-Times" w:hAnsi="VNI-Times"/>'


def test_old_fonts_become_unicode_whoever_names_them() -> None:
    body = (
        f"<w:p>{run('KÕ ho¹ch ')}<w:r><w:t>Tr</w:t><w:softHyphen/><w:t>êng</w:t></w:r></w:p>"
        f'<w:p><w:pPr><w:pStyle w:val="Cap"/></w:pPr>{run("bµi d¹y")}</w:p>'
        f"<w:p>{run('¹ là mũ', NEW)}{run('Toaùn', VNI)}</w:p>"
    )
    word = open_word(corpus.word(body, parts={"word/styles.xml": OLD_STYLES}))
    assert (word.removed, word.warnings) == ((), ("old-fonts",))
    made = parts(word.data)
    text = re.sub("<[^>]*>", "", made["word/document.xml"])
    assert text.strip() == "Kế hoạch TrườngBÀI DẠY¹ là mũToán"
    assert ".Vn" not in made["word/styles.xml"]
    assert "VNI" not in made["word/document.xml"]


def test_an_old_font_nobody_writes_in_is_no_warning() -> None:
    word = open_word(corpus.word(f"<w:p>{run('Chữ mới', NEW)}</w:p>", parts={"word/styles.xml": OLD_STYLES}))
    assert word.warnings == ()


def test_changes_that_wait_for_a_yes_are_told() -> None:
    deleted = '<w:p><w:del w:id="1" w:author="a"><w:r><w:delText>cũ</w:delText></w:r></w:del></w:p>'
    assert open_word(corpus.word(deleted)).warnings == ("tracked",)
    marked = '<w:p><w:pPr><w:rPr><w:ins w:id="1" w:author="a"/></w:rPr></w:pPr></w:p>'
    assert open_word(corpus.word(marked)).warnings == ()


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
