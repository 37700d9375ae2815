"""Updates that change nothing on any page: what is heard, what is hidden, what the file says of itself."""

from __future__ import annotations

import functools
from functools import partial

from pyhanko.pdf_utils.generic import ArrayObject, TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests import signatures
from tests.attacks import raw
from tests.attacks.letters import CONTENT, OTHER_SUM, appended, archived, signed, words
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks
from tests.signatures import person

ATTACKS = Attacks("unseen update")
sample = ATTACKS.sample
DOUBT = (ALTERED, UNKNOWN)


@sample("an object hidden between trailer and startxref", archived, *DOUBT, BROKEN)
def behind_the_trailer() -> bytes:
    made = raw.update(archived(), {})
    at = made.rindex(b"startxref")
    hidden = raw.body({CONTENT: raw.stream(words(OTHER_SUM))})
    return made[:at] + hidden + b"<< /A << >> >>\n" + made[at:]


for _name, _entry in {
    "marks of structure": b"/MarkInfo << /Marked false /Suspects true >>",
    "rights of use": b"/Perms << /UR3 900 0 R >>",
    "structure": b"/StructTreeRoot << /Type /StructTreeRoot >>",
}.items():
    ATTACKS.add(
        f"catalogue given {_name}",
        partial(
            lambda entry: raw.update(signed(), {1: raw.with_entry(raw.value_of(signed(), 1), entry + b" ")}),
            _entry,
        ),
        signed,
        *DOUBT,
        BROKEN,
    )


@functools.cache
def tagged() -> bytes:
    """A page of our own layout, with the structure that a screen reader reads aloud."""
    paper = signatures.lesson_plan(1)
    return signatures.sign(paper.pdf, "author", person("lan"), paper.boxes["author"], certify=True)


def spoken_otherwise(then_approved: bool) -> bytes:
    """The page looks the same; who listens to it hears another sum."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        element = writer.root["/StructTreeRoot"]["/K"]
        element = element[0] if isinstance(element, ArrayObject) else element
        element[pdf_name("/ActualText")] = TextStringObject("900 000 000")
        writer.update_container(element)

    made = appended(tagged(), change)
    if not then_approved:
        return made
    paper = signatures.lesson_plan(1)
    return signatures.sign(made, "group_review", person("hoa"), paper.boxes["group_review"])


ATTACKS.add("what a screen reader says", partial(spoken_otherwise, False), tagged, *DOUBT)
ATTACKS.add("what a screen reader says, then approved", partial(spoken_otherwise, True), tagged, *DOUBT)


for _name, _old, _new in (
    ("metadata taken away", b"/Metadata ", b"/Metadaten "),
    ("version lowered", b"/Version /2.0", b"/Version /1.0"),
):
    ATTACKS.add(
        f"{_name} behind the archive",
        partial(
            lambda old, new: raw.update(archived(), {1: raw.replaced(raw.value_of(archived(), 1), old, new)}),
            _old,
            _new,
        ),
        archived,
        *DOUBT,
    )
