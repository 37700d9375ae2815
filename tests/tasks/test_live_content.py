"""What a file may do or show elsewhere: cautions leave a good file valid, doubts are in `tests/attacks`."""

from __future__ import annotations

import pytest

from models.text import Text
from tasks import live_content
from tasks.verdicts import Standing
from tests.attacks import raw
from tests.attacks.display import prepared
from tests.attacks.judged import judge
from tests.attacks.letters import CONTENT, PAGE
from tests.attacks.other_views import PICTURE, ROOT, TEXT, with_layers, with_page

BOTH_ON = b"/Usage << /Print << /PrintState /ON >> /View << /ViewState /ON >> >>"
HARMLESS: dict[str, tuple[dict[int, bytes], tuple[Text, ...]]] = {
    "colours printed over one another": (
        {
            PAGE: with_page(b"/ExtGState << /G << /OP true /op true /OPM 1 /TR2 /Default >> >>"),
            CONTENT: raw.stream(b"/G gs " + TEXT),
        },
        (live_content.OVERPRINT,),
    ),
    "a package of files": (
        {1: ROOT % b"/Collection << /Type /Collection /View /D >>"},
        (live_content.PORTFOLIO,),
    ),
    "another file opened": (
        {1: ROOT % b"/OpenAction << /S /GoToE /T << /R /C /N (a.pdf) >> >>"},
        (live_content.LEADS_OUTSIDE,),
    ),
    "layers shown on screen and paper alike": (with_layers(BOTH_ON, BOTH_ON), (live_content.LAYERS,)),
    "a button that empties a form": (
        {
            PAGE: with_page(entries=b"/Annots [%d 0 R]" % PICTURE),
            PICTURE: b"<< /Type /Annot /Subtype /Link /Rect [60 400 90 420] /A << /S /ResetForm >> >>",
        },
        (),
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_wants_care_is_said_and_leaves_the_file_valid(name: str) -> None:
    changes, said = HARMLESS[name]
    verdict = judge(prepared(changes))
    assert verdict.standing is Standing.VALID, verdict.explanation.en
    assert verdict.cautions == said
