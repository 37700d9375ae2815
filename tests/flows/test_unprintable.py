"""Characters no font of ours can draw: whoever typed them is told before anything is signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flows import conversions
from flows.catalogue import TYPES
from flows.drafts import save
from flows.fields import Field, Known, Line, Repeated, Rich
from flows.grammar import DocumentType
from models.errors import Invalid
from tests import corpus
from tests.cast import Cast
from tests.flows.test_uploads import pool, send

__all__ = ["pool"]
TYPED = "Ω 汉字 ✓ 😀"


def typed_fields(fields: tuple[Field, ...], at: str = "") -> Iterator[str]:
    """Where a form takes text that is printed."""
    for part in fields:
        if isinstance(part, Repeated):
            yield from typed_fields(part.fields, f"{at}{part.name}.0.")
        elif isinstance(part, Line | Rich):
            yield f"{at}{part.name}"


def answers(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        part.name: [answers(part.fields)]
        if isinstance(part, Repeated)
        else TYPED
        if isinstance(part, Line | Rich)
        else ""
        for part in fields
    }


@pytest.mark.parametrize("declared", TYPES, ids=lambda t: t.slug)
def test_every_form_names_the_characters_at_the_field_they_stand_in(declared: DocumentType) -> None:
    _, faults = declared.form.read(answers(declared.form.fields), Known())
    named = {fault.path: fault.sentence for fault in faults if "không in được" in fault.sentence.vi}
    assert set(named) == set(typed_fields(declared.form.fields))
    assert named
    assert all(": 汉 字." in sentence.vi and ": 汉 字." in sentence.en for sentence in named.values())


def test_a_draft_keeps_them_says_so_and_is_not_submitted_until_they_are_gone(cast: Cast) -> None:
    draft = cast.lesson_plan("lan", 14)
    fields = cast.lesson_fields(14)
    fields["lessons"][0]["requirements"] = f"<p>- Viết được chữ {TYPED}.</p>"
    saved, faults = save(cast.office, cast.actor("lan"), draft.id, draft.content_version, fields)
    assert [f.path for f in faults] == ["lessons.0.requirements"]
    assert TYPED in saved.fields["lessons"][0]["requirements"]
    with pytest.raises(Invalid) as refused:
        cast.act("lan", draft.id, "submit")
    assert [f.path for f in refused.value.faults] == ["lessons.0.requirements"]
    assert cast.fresh(draft.id).step == "draft"
    fields["lessons"][0]["requirements"] = "<p>- Viết được chữ Ω ✓.</p>"
    save(cast.office, cast.actor("lan"), draft.id, saved.content_version, fields)
    cast.act("lan", draft.id, "submit")


def test_a_files_name_is_printed_too(cast: Cast, pool: Any) -> None:
    document = cast.lesson_plan("lan", 14)
    send(cast, document, corpus.pdf(1), "Bài 汉.pdf")
    conversions.convert_next(cast.office, pool)
    with pytest.raises(Invalid) as refused:
        cast.act("lan", document.id, "submit")
    assert [(f.path, "汉" in f.sentence.vi) for f in refused.value.faults] == [("file", True)]
    send(cast, document, corpus.pdf(1), "Bài 1.pdf")
    conversions.convert_next(cast.office, pool)
    cast.act("lan", document.id, "submit")
