"""The pages and the API of what the person concerned answers, and of a decision: buttons, words, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient

from service.app import create_app
from tests import processes
from tests.cast import PIN, Cast
from tests.processes import about, in_place_of
from tests.service.reading import Page, People
from tests.service.test_api import Person


@pytest.fixture
def minutes(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> str:
    """Minutes about lan, submitted by mai."""
    in_place_of(monkeypatch, processes.MINUTES)
    document = about(cast, "mai", "lan")
    cast.act("mai", document.id, "submit")
    return document.id


def buttons(page: Page) -> list[str]:
    return [b.text_content().strip() for b in page.all(".head__a a.btn")]


def test_each_party_finds_its_own_buttons(reader: People, minutes: str) -> None:
    mine = buttons(reader("lan").get(f"/documents/{minutes}"))
    assert mine[:3] == ["Ký đồng ý", "Ký kèm ý kiến", "Ghi lại việc không ký"]
    authors = buttons(reader("mai").get(f"/documents/{minutes}"))
    assert authors[:2] == ["Ký và trình", "Rút lại"]  # a refusal not before the person's own day is over
    page = reader("minh").get(f"/documents/{minutes}")
    assert not {"Ký xác nhận", "Ký đồng ý"} & set(buttons(page))
    here = [e.text_content() for e in page.all(".steps li.here")]
    assert len(here) == 2
    assert "Chờ Trần Thị Mai" in here[0]
    assert "Chờ Nguyễn Thị Lan" in here[1]
    assert "chỉ khi không ký" in page.words
    for outsider in ("huong", "teacher_b", "thu"):
        assert reader(outsider).get(f"/documents/{minutes}").status == 404
        assert reader(outsider).get(f"/documents/{minutes}/agree").status == 404


def test_a_statement_is_asked_for_kept_when_refused_and_shown(reader: People, minutes: str) -> None:
    lan = reader("lan")
    asked = lan.get(f"/documents/{minutes}/state")
    empty = asked.send("/state", pin=PIN, note=" ")
    assert empty.status == 422
    assert empty.all("#note-e")[0].text_content().strip().startswith("Ghi ý kiến")
    assert not empty.all("#pin-e")
    wrong = asked.send("/state", pin="135791", note="Máy hỏng.")
    assert wrong.status == 403
    assert wrong.form("/state").fields["note"] == "Máy hỏng."
    signed = wrong.send("/state", pin=PIN)
    assert signed.status == 200
    assert "Đã ký kèm ý kiến" in signed.words
    assert "Nguyễn Thị Lan ký kèm ý kiến" in signed.words
    assert "Máy hỏng." in signed.words


def test_the_author_learns_from_when_a_refusal_may_be_recorded(reader: People, minutes: str) -> None:
    mai = reader("mai").get(f"/documents/{minutes}")
    assert "còn thời gian để tự trả lời. Từ" in mai.words
    assert not any("refuse" in (a.get("href") or "") for a in mai.all(".head__a a"))
    assert "còn thời gian để tự trả lời" not in reader("lan").get(f"/documents/{minutes}").words


@pytest.fixture
def next_day(minutes: str) -> Iterator[str]:
    """The same minutes, when the person's own time to answer is over."""
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        yield minutes


def test_a_refusal_is_recorded_with_a_witness_who_then_signs(
    cast: Cast, reader: People, next_day: str
) -> None:
    minutes = next_day
    asked = reader("mai").get(f"/documents/{minutes}/refuse")
    assert not asked.all("#pin")
    offered = {o.get("value") for o in asked.all("#witness option")}
    assert offered.isdisjoint({cast.ids[n] for n in ("mai", "lan", "admin", "teacher_b")})
    assert cast.ids["huong"] in offered
    nobody = asked.send("/refuse", note="Không nêu lý do.")
    assert nobody.status == 422
    assert nobody.form("/refuse").fields["note"] == "Không nêu lý do."
    done = nobody.send("/refuse", witness=cast.ids["huong"])
    assert "Trần Thị Mai ghi lại việc không ký; người chứng kiến: Đặng Thị Hường" in done.words
    cast.act("mai", minutes, "sign")
    witness = reader("huong")
    assert minutes in witness.get("/inbox").source
    signed = witness.get(f"/documents/{minutes}/acknowledge").send("/acknowledge", pin=PIN)
    assert "Đặng Thị Hường ký xác nhận" in signed.words
    assert cast.fresh(minutes).step == "note"


def test_a_witness_who_saw_nothing_has_a_button_for_that(cast: Cast, reader: People, minutes: str) -> None:
    cast.act("mai", minutes, "sign")
    cast.act("lan", minutes, "refuse", note="x", witness=cast.ids["huong"])
    huong = reader("huong")
    page = huong.get(f"/documents/{minutes}")
    assert buttons(page)[:2] == ["Ký xác nhận", "Tôi không chứng kiến"]
    asked = huong.get(f"/documents/{minutes}/return")
    assert "người chứng kiến khác" in asked.words and "Cần sửa gì" not in asked.words
    asked.send("/return", note="Tôi dạy ở phòng khác lúc đó.")
    read = reader("mai").get(f"/documents/{minutes}")
    assert "Đặng Thị Hường cho biết không chứng kiến việc không ký" in read.words
    assert "Tôi dạy ở phòng khác lúc đó." in read.words


def test_a_decision_has_a_button_for_each_outcome_and_asks_for_its_reasons(
    monkeypatch: pytest.MonkeyPatch, cast: Cast, reader: People
) -> None:
    in_place_of(monkeypatch, processes.APPEAL)
    sent = cast.sent("lan", 13)
    minh = reader("minh")
    assert buttons(minh.get(f"/documents/{sent.id}"))[:2] == ["Chấp nhận", "Không chấp nhận"]
    asked = minh.get(f"/documents/{sent.id}/outcome/reject")
    assert asked.send("/outcome/reject", pin=PIN, note="").status == 422
    done = asked.send("/outcome/reject", pin=PIN, note="Không có căn cứ.")
    assert "Đỗ Quang Minh không chấp nhận" in done.words
    assert cast.fresh(sent.id).status == "approved"
    assert minh.get(f"/documents/{sent.id}/outcome/nothing").path == f"/documents/{sent.id}"


# --- the API ----------------------------------------------------------------------------------------------


@pytest.fixture
def people(cast: Cast) -> Iterator[dict[str, Person]]:
    with TestClient(create_app(cast.office.settings, cast.office)) as client:
        yield {n: Person(client, n) for n in ("lan", "mai", "hoa", "minh")}


def test_the_api_says_what_is_open_and_takes_each_answer(
    monkeypatch: pytest.MonkeyPatch, cast: Cast, people: dict[str, Person]
) -> None:
    in_place_of(monkeypatch, processes.MINUTES)
    mai, lan = people["mai"], people["lan"]
    new = {"type": "lesson-plan", "fields": {"week": cast.weeks[13]}}
    assert mai.post("/documents", new, 422)["errors"][0]["path"] == "concerned"
    assert mai.post("/documents", new | {"concerned": cast.ids["mai"]}, 422)["code"] == "invalid"
    made = mai.post("/documents", new | {"concerned": cast.ids["lan"]}, 201)
    assert made["concerned"] == {"id": cast.ids["lan"], "name": "Nguyễn Thị Lan"}
    body = {"content_version": made["content_version"], "fields": cast.lesson_fields(13)}
    document = mai.act(mai.patch(f"/documents/{made['id']}", body), "submit")
    assert [(s["name"], [p["name"] for p in s["waiting_for"]]) for s in document["step"]["open"]] == [
        ("author", ["Trần Thị Mai"]),
        ("teacher", ["Nguyễn Thị Lan"]),
    ]
    seen = lan.get(f"/documents/{document['id']}")
    assert seen["actions"] == ["agree", "state", "refuse"]
    task = lan.get("/tasks")["items"][0]
    assert task["document_id"] == document["id"]
    signed = mai.act(document, "sign", pin=PIN)
    assert [s["name"] for s in signed["step"]["open"]] == ["teacher"]
    assert lan.act(seen, "refuse", 422, note="x")["errors"][0]["path"] == "witness"
    refused = lan.act(seen, "refuse", note="Không đồng ý.", witness=cast.ids["hoa"])
    assert refused["step"]["name"] == "witness"
    assert lan.act(seen, "refuse", note="Không đồng ý.", witness=cast.ids["hoa"])["repeated"]
