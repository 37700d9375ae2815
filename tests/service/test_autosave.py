"""Saving while one writes: only what changed is sent, another window's save is never overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from flows.documents.lesson_plan import LESSON_PLAN
from models.document import Document
from service import forms
from tests.cast import PASSWORD, Cast
from tests.service.reading import People, Reader


def patch(reader: Reader, document: Document, token: str = "", **values: str) -> Any:
    csrf = token or reader.get("/account").all("input[name=csrf]")[0].get("value")
    sent = {"content_version": str(document.content_version)} | values
    return reader.client.patch(f"/documents/{document.id}/edit", data=sent, headers={"X-CSRF-Token": csrf})


def title(cast: Cast, document: Document) -> str:
    return str(cast.fresh(document.id).fields["lessons"][0]["title"])


def test_what_changed_is_saved_and_the_rest_stays(cast: Cast, reader: People) -> None:
    draft = cast.lesson_plan("lan", 13)
    answer = patch(
        reader("lan"), draft, **{"lessons.0.title": "Mới", "lessons.0.phases.1.teacher": "Hai\nba"}
    )
    assert answer.status_code == 200
    kept = cast.fresh(draft.id)
    assert answer.json()["content_version"] == kept.content_version == draft.content_version + 1
    lesson, before = kept.fields["lessons"][0], draft.fields["lessons"][0]
    assert (lesson["title"], lesson["phases"][1]["teacher"]) == ("Mới", "<p>Hai</p><p>ba</p>")
    assert lesson["phases"][0] == before["phases"][0] and lesson["requirements"] == before["requirements"]
    assert kept.version == draft.version  # a save is no decision and wakes nobody


def test_another_window_s_save_is_shown_and_not_overwritten(cast: Cast, reader: People) -> None:
    lan, draft = reader("lan"), cast.lesson_plan("lan", 13)
    assert patch(lan, draft, **{"lessons.0.title": "Cửa sổ một"}).status_code == 200
    late = patch(lan, draft, **{"lessons.0.title": "Cửa sổ hai"})
    assert (late.status_code, late.json()["code"]) == (409, "whole")
    whole = {"whole": "1", "week": cast.weeks[13], "lessons.0.title": "Cửa sổ hai"}
    clash = patch(lan, draft, **whole)
    assert clash.status_code == 409 and clash.headers["content-type"].startswith("text/html")
    assert "Cửa sổ một" in clash.text and "Cửa sổ hai" in clash.text
    assert title(cast, draft) == "Cửa sổ một"
    assert patch(lan, cast.fresh(draft.id), **whole).status_code == 200
    assert title(cast, draft) == "Cửa sổ hai"


def test_two_windows_are_put_together_where_the_rows_are_the_same(cast: Cast, reader: People) -> None:
    lan, draft = reader("lan"), cast.lesson_plan("lan", 13, lessons=cast.lesson_fields(13, 2)["lessons"])
    first, second = (str(row["id"]) for row in draft.fields["lessons"])
    assert patch(lan, draft, **{"lessons.0.title": "Cửa sổ một"}).status_code == 200
    here = {"same_rows": "1", "lessons.1.title": "Cửa sổ hai", "lessons.1.id": second}
    assert patch(lan, cast.fresh(draft.id), **here).status_code == 200
    kept = cast.fresh(draft.id)
    assert [row["title"] for row in kept.fields["lessons"]] == ["Cửa sổ một", "Cửa sổ hai"]
    moved = patch(lan, kept, **(here | {"lessons.1.id": first}))
    assert (moved.status_code, moved.json()["code"]) == (409, "whole")
    assert "không ghép được" in moved.json()["sentence"]
    assert cast.fresh(draft.id).fields == kept.fields


def test_why_a_draft_is_no_draft_any_more_is_said_truly(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    for fate, said in (("withdraw", "đã rút lại"), ("submit", "đã trình")):
        draft = cast.lesson_plan("lan", 13)
        cast.act("lan", draft.id, fate)
        answer = patch(lan, draft, **{"lessons.0.title": "Mới"})
        assert answer.status_code == 409
        assert said in answer.json()["sentence"]


@pytest.mark.parametrize(
    "name", ["lessons.7.title", "lessons.0.phases", "lessons", "nonsense", "lessons.0.phases.0", "week.0"]
)
def test_a_change_that_fits_nothing_stored_asks_for_the_whole(cast: Cast, reader: People, name: str) -> None:
    draft = cast.lesson_plan("lan", 13)
    answer = patch(reader("lan"), draft, **{name: "x"})
    assert (answer.status_code, answer.json()) == (409, {"code": "whole"})
    assert cast.fresh(draft.id).fields == draft.fields


def test_what_is_refused_is_said_in_a_sentence(cast: Cast, reader: People) -> None:
    lan, draft = reader("lan"), cast.lesson_plan("lan", 13)
    long = patch(lan, draft, **{"lessons.0.requirements": "x" * 1_000_001})
    assert long.status_code in (413, 422) and "ký tự" in long.json()["sentence"]
    cast.act("lan", draft.id, "submit")
    sent = patch(lan, draft, **{"lessons.0.title": "Muộn"})
    assert (sent.status_code, "đã trình" in sent.json()["sentence"]) == (409, True)


def test_only_the_author_s_own_page_saves(cast: Cast, reader: People) -> None:
    draft = cast.lesson_plan("lan", 13)
    for name in ("mai", "hoa", "teacher_b", "minh"):
        assert patch(reader(name), draft, **{"lessons.0.title": "x"}).status_code == 404
    assert patch(reader("lan"), draft, token="made-up", **{"lessons.0.title": "x"}).status_code == 403
    assert title(cast, draft) == draft.fields["lessons"][0]["title"]


def test_a_session_begun_again_over_the_page_saves_on(cast: Cast, reader: People) -> None:
    lan, draft = reader("lan"), cast.lesson_plan("lan", 13)
    old = lan.client.get("/session").json()
    lan.client.cookies.clear()
    assert patch(lan, draft, token=old["csrf"], **{"lessons.0.title": "Giữ"}).status_code == 401
    assert lan.client.get("/session").status_code == 401
    dialog = lan.get("/sign-in/again?name=lan")
    form = dialog.form("/sign-in/again")
    wrong = lan.client.post("/sign-in/again", data=dict(form.fields) | {"password": "sai"})
    assert wrong.status_code == 403 and "Còn 4 lần" in wrong.json()["sentence"]
    again = lan.client.post("/sign-in/again", data=dict(form.fields) | {"password": PASSWORD})
    assert again.json()["account"] == old["account"] == cast.ids["lan"]
    assert patch(lan, draft, token=again.json()["csrf"], **{"lessons.0.title": "Giữ"}).status_code == 200
    assert title(cast, draft) == "Giữ"
    forged = lan.client.post("/sign-in/again", data={"name": "lan", "password": PASSWORD, "csrf": "x"})
    assert forged.status_code == 403


def test_the_device_s_key_is_each_account_s_own(cast: Cast, reader: People) -> None:
    keys = set()
    for name in ("lan", "mai"):
        draft = cast.lesson_plan(name, 13)
        keys |= {reader(name).get(f"/documents/{draft.id}/edit").form("/edit").get("data-device")}
    assert len(keys) == 2 and all(len(key) == 44 for key in keys)


def test_overlaying_leaves_what_is_stored_alone() -> None:
    stored = {"week": "w", "lessons": [{"id": "a", "title": "Một", "phases": [{"id": "p", "name": "M"}]}]}
    laid = forms.overlay(LESSON_PLAN.form, stored, [("lessons.0.phases.0.name", "N"), ("week", "v")])
    assert laid is not None and (laid["week"], laid["lessons"][0]["phases"][0]["name"]) == ("v", "N")
    assert stored["week"] == "w" and stored["lessons"][0]["phases"][0]["name"] == "M"
