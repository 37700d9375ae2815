"""Where no LibreOffice draws them, equations of a Word file are text, and what is lost is told."""

from __future__ import annotations

import pytest

from tasks.converting import convert
from tasks.word_text import take_text
from tests import corpus

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
CHART = (
    '<w:p><w:r><w:drawing><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/{kind}"/></a:graphic></w:drawing>'
    "</w:r></w:p>"
)


def r(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def fraction(above: str, below: str) -> str:
    return f"<m:f><m:num>{above}</m:num><m:den>{below}</m:den></m:f>"


@pytest.mark.parametrize(
    ("equation", "said"),
    [
        (fraction(r("3"), r("4")), "3/4"),
        (fraction(r("a+1"), r("b")), "(a+1)/b"),
        (f"<m:sSup><m:e>{r('x')}</m:e><m:sup>{r('2')}</m:sup></m:sSup>{r('=9')}", "x<sup>2</sup>=9"),
        (f"<m:sSub><m:e>{r('a')}</m:e><m:sub>{r('1')}</m:sub></m:sSub>", "a<sub>1</sub>"),
        (f"<m:rad><m:deg/><m:e>{r('9')}</m:e></m:rad>", "√9"),
        (f"<m:d><m:e>{r('2+3')}</m:e></m:d>{r('×4')}", "(2+3)×4"),
    ],
)
def test_an_equation_is_read_as_text(equation: str, said: str) -> None:
    inline = f"<w:p><w:r><w:t>Tính: </w:t></w:r><m:oMath {M}>{equation}</m:oMath></w:p>"
    alone = f"<w:p><m:oMathPara {M}><m:oMath>{equation}</m:oMath></m:oMathPara></w:p>"
    taken = take_text(corpus.word(inline + alone))
    assert [block.html for block in taken.blocks] == [f"<p>Tính: {said}</p>", f"<p>{said}</p>"]
    assert (taken.equations, taken.lost) == (True, False)


def test_the_author_is_told_of_equations_and_charts() -> None:
    equation = f"<w:p><m:oMath {M}>{r('x')}</m:oMath></w:p>"
    body = equation + CHART.format(kind="chart")
    found = convert(corpus.word(body), "docx", "", 60.0, text=True)
    assert found.warnings == ("equations", "pictures-left-out")
    plain = convert(corpus.word(), "docx", "", 60.0, text=True)
    assert plain.warnings == ()
