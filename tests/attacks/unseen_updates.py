"""Updates that change nothing on any page: what is heard, what is hidden, what the file says of itself."""

from __future__ import annotations

import functools
import re
from functools import partial

from pyhanko.pdf_utils.generic import ArrayObject, TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests import signatures
from tests.attacks import raw
from tests.attacks.honest import archive
from tests.attacks.letters import (
    CONTENT,
    CONTENT_2,
    OTHER_SUM,
    appended,
    approval_signs,
    approved,
    archived,
    certified,
    signed,
    words,
)
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


# --- objects that serve nothing ----------------------------------------------------------------------------

NOBODY = 900
"""A number that nothing in the file refers to."""
UNUSED: dict[str, bytes] = {
    "an object that nobody refers to": raw.stream(words(OTHER_SUM)),
    "a number set to nothing": b"null",
}


def unused_then_approved(value: bytes) -> bytes:
    """The update nobody signed stands between two signatures."""
    return approval_signs(raw.update(certified(), {NOBODY: value}))


def unused_then_stamped(value: bytes) -> bytes:
    """A time-stamp of the document does not say that somebody wanted what it covers."""
    return archive(raw.update(approved(), {NOBODY: value}))


for _name, _value in UNUSED.items():
    for _when, _make, _before in (
        ("", partial(lambda value: raw.update(signed(), {NOBODY: value}), _value), signed),
        (
            " behind the archive",
            partial(lambda value: raw.update(archived(), {NOBODY: value}), _value),
            archived,
        ),
        (", then approved", partial(unused_then_approved, _value), certified),
        (", then stamped", partial(unused_then_stamped, _value), approved),
    ):
        ATTACKS.add(f"{_name}{_when}", _make, _before, *DOUBT)

ATTACKS.add(
    "an unused object in a table of streams",
    lambda: raw.update_with_stream(archived(), {}, {NOBODY: b"<< /A 1 >>"}),
    archived,
    *DOUBT,
)
ATTACKS.add(
    "an object of the file set free",
    lambda: raw.update(archived(), {}, free=(CONTENT_2,)),
    archived,
    *DOUBT,
    BROKEN,
)


for _name, _old, _new in (
    ("metadata taken away", b"/Metadata ", b"/Metadaten "),
    ("version lowered", b"/Version /2.0", b"/Version /1.0"),
    ("a version that never was", b"/Version /2.0", b"/Version /9.9"),
    ("only an extension", b"/ExtensionLevel 1\n", b"/ExtensionLevel 2\n"),
    ("nothing but the catalogue again", b"/Version /2.0", b"/Version  /2.0"),
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


def behind_validation_data(objects: dict[int, bytes]) -> bytes:
    """The lawful update writes the store of validation data anew; something else comes with it."""
    made = archived()
    store = int(re.findall(rb"/DSS (\d+) 0 R", made)[-1])
    return raw.update(made, {store: raw.value_of(made, store), **objects})


for _name, _objects in {
    "an unused object": {NOBODY: b"<< /A 1 >>"},
    "a number set to nothing": {NOBODY: b"null"},
    "a page's words": {CONTENT: raw.stream(words(OTHER_SUM))},
}.items():
    ATTACKS.add(
        f"{_name} beside validation data", partial(behind_validation_data, _objects), archived, *DOUBT, BROKEN
    )


def title_beside_validation_data() -> bytes:
    made = archived()
    info = int(re.findall(rb"/Info\s+(\d+)", made)[-1])
    return behind_validation_data({info: raw.with_entry(raw.value_of(made, info), b"/Title (Khac) ")})


ATTACKS.add("the title beside validation data", title_beside_validation_data, archived, *DOUBT)


for _name, _old, _new in (
    ("a version that never was", b"/Version /2.0", b"/Version /9.9"),
    ("an extension taken away", b"/ESIC", b"/Esic"),
    ("metadata taken away", b"/Metadata ", b"/Metadaten "),
    ("an action", b"/Type /Catalog", b"/Type /Catalog /OpenAction [6 0 R /Fit]"),
):
    ATTACKS.add(
        f"{_name} beside validation data",
        partial(
            lambda old, new: behind_validation_data({1: raw.replaced(raw.value_of(archived(), 1), old, new)}),
            _old,
            _new,
        ),
        archived,
        *DOUBT,
    )


def described_otherwise() -> bytes:
    """What archives and search engines read of a file, changed without its title."""
    made = archived()
    number = int(re.findall(rb"/Metadata (\d+) 0 R", made)[-1])
    data = raw.value_of(made, number).split(b"stream\n")[1].split(b"\nendstream")[0]
    changed = raw.replaced(data, b"xmp:ModifyDate=", b'xmp:CreatorTool="Khac" xmp:ModifyDate=')
    return behind_validation_data({number: raw.stream(changed, b"/Type /Metadata /Subtype /XML")})


ATTACKS.add("the metadata beside validation data", described_otherwise, archived, *DOUBT)
