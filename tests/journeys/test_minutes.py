"""From a check in the classroom to the archive, through every process: a statement, a refusal, an appeal.

People act by API; the teacher answers on the page her phone would have. Every file is validated at its end.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import lxml.html
import pytest

from flows.office import utc_now
from models.school import Timetable, TimetableEntry
from models.settings import VIETNAM
from service.passes import COOKIE
from tests import leaks
from tests.cast import PIN, signed_in
from tests.journeys.school import monday_of
from tests.journeys.test_story import Story, at_work, is_whole


@pytest.mark.timeout(1800)
def test_a_finding_is_written_down_answered_and_annulled(tmp_path: Path) -> None:
    with at_work(tmp_path / "data") as story:
        story.here.start("scheduler")
        _lan_teaches_every_day(story)
        stated, refused = _found(story, period=2), _found(story, period=3)
        minutes = a_statement_stands_in_the_archived_minutes(story, stated)
        a_refusal_is_signed_for_by_its_witness(story, refused)
        an_appeal_is_granted_and_the_finding_annulled(story, stated, minutes)
        for part in ("web", "worker", "scheduler"):
            assert "Traceback" not in story.here.words(part)
            assert not leaks.holds(PIN, story.here.log(part).read_text())
            assert "tủ lớp" not in story.here.log(part).read_text()  # nobody's words in a log


@dataclass(frozen=True, slots=True)
class Found:
    """A check with a finding: its id and its paper's."""

    check: str
    paper: str


def _today() -> datetime:
    return utc_now().astimezone(VIETNAM)


def _lan_teaches_every_day(story: Story) -> None:
    cast = story.cast
    first = monday_of(cast, 1)
    with story.here.office.db.write() as session:
        session.add(Timetable(school_id=cast.school_id, valid_from=first, created_at=utc_now()))
        session.flush()
        session.add_all(
            TimetableEntry(
                school_id=cast.school_id,
                valid_from=first,
                class_id=cast.classes["3A"],
                weekday=weekday,
                session="morning",
                period=period,
                subject="Toán",
                account_id=cast.ids["lan"],
            )
            for weekday in range(7)
            for period in (2, 3)
        )


def _found(story: Story, period: int) -> Found:
    """A check of this period today in which nothing was there, and the principal's finding."""
    binh, minh = story["binh"], story["minh"]
    asked = {
        "day": _today().date().isoformat(),
        "session": "morning",
        "period": period,
        "class": story.cast.classes["3A"],
        "reason": "Theo kế hoạch tháng",
    }
    planned = binh.post("/spot-checks", asked, 201)
    assert story["lan"].insist("GET", f"/spot-checks/{planned['id']}").status_code == 404
    record = {
        "key": str(uuid.uuid4()),
        "recorded_at": utc_now().isoformat(),
        "teaching_plan": {"mark": "absent"},
        "lesson_plan": {"mark": "absent"},
        "words": "Bản in để trong tủ lớp.",
        "started": "00:00",  # whatever the hour is now, that has come
        "ended": f"{_today():%H:%M}",
        "place": "Lớp 3A",
        "read_back": True,
    }
    path = f"/spot-checks/{planned['id']}/record"
    for _ in range(2):  # the phone did not hear the first answer
        sent = binh.insist("PUT", path, json=record).json()
    paper = str(sent["document_id"])
    assert binh.decide(binh.document(paper), "sign") is not None
    found = minh.decide(minh.document(paper), "violation", pin=PIN, note="Thiếu cả hai loại hồ sơ.")
    assert found is not None
    return Found(str(planned["id"]), paper)


def _minutes(story: Story, found: Found) -> dict[str, Any]:
    """Minutes on the check, completed, submitted and signed by the inspector."""
    binh = story["binh"]
    made = binh.post("/documents", {"type": "violation-minutes", "about": found.paper, "fields": {}}, 201)
    assert "Bản in để trong tủ lớp." in made["fields"]["course"]
    fields = made["fields"] | {
        "began": "00:00",  # whatever the machine's clock says
        "ended": "00:01",
        "place": "Phòng hội đồng",
        "remedy": "In kế hoạch dạy học và để tại lớp.",
    }
    body = {"content_version": made["content_version"], "fields": fields}
    assert binh.insist("PATCH", f"/documents/{made['id']}", json=body).json()["faults"] == []
    for _ in ("submit", "sign"):
        made = binh.onward(binh.document(made["id"])) or {}
    return made


def a_statement_stands_in_the_archived_minutes(story: Story, found: Found) -> dict[str, Any]:
    made = _minutes(story, found)
    story.mail("lan", made["title"])
    with _phone(story, "lan") as phone:
        page = phone.get(f"/documents/{made['id']}/state")
        form = next(f for f in lxml.html.fromstring(page.text).forms if f.get("action").endswith("/state"))
        typed = dict(form.form_values()) | {"note": "Bản in ở trong tủ lớp.\nXin được xem lại.", "pin": PIN}
        assert phone.post(form.get("action"), data=typed).status_code == 303
    minh = story["minh"]
    assert made["id"] in {task["document_id"] for task in minh.tasks()}
    noted = minh.decide(minh.document(made["id"]), "acknowledge", pin=PIN)
    assert noted is not None and noted["number"] == "01"
    ended = story.archived("lan", made["id"])
    is_whole(story, "lan", ended, ["author", "response", "note"])
    archived, until = (datetime.fromisoformat(ended[name]) for name in ("archived_at", "keep_until"))
    assert until.year >= archived.astimezone(VIETNAM).year + 10
    assert story["thu"].document(made["id"])["status"] == "archived", "the clerk keeps numbered papers"
    for who in ("mai", "teacher_b", "principal_b"):
        assert story[who].insist("GET", f"/documents/{made['id']}").status_code == 404, who
        assert made["id"] not in {d["id"] for d in story[who].get("/documents")["items"]}, who
    return ended


def _phone(story: Story, name: str) -> httpx.Client:
    """The pages as somebody signed in has them."""
    cookie = signed_in(story.here.office, name, "session")
    return httpx.Client(base_url=story.here.url, cookies={COOKIE: cookie}, timeout=60, trust_env=False)


def a_refusal_is_signed_for_by_its_witness(story: Story, found: Found) -> None:
    made = _minutes(story, found)
    lan, mai, ngoc = story["lan"], story["mai"], story["ngoc"]
    refused = lan.decide(
        lan.document(made["id"]), "refuse", note="Không đồng ý diễn biến.", witness=story.cast.ids["mai"]
    )
    assert refused is not None and refused["step"]["name"] == "witness"
    story.mail("mai", made["title"])
    assert mai.decide(mai.document(made["id"]), "acknowledge", pin=PIN) is not None
    assert ngoc.decide(ngoc.document(made["id"]), "acknowledge", pin=PIN) is not None
    ended = story.archived("lan", made["id"])
    is_whole(story, "lan", ended, ["author", "witness", "note"])
    assert ended["signatures"][-1]["authority"] == "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG"


def an_appeal_is_granted_and_the_finding_annulled(
    story: Story, found: Found, minutes: dict[str, Any]
) -> None:
    lan, ngoc, binh = story["lan"], story["ngoc"], story["binh"]
    again = [c for c in binh.get("/spot-checks", mine="true")["items"] if c["follows"] == found.check]
    # The fifth working day: a week later, but for a weekend and holidays.
    assert [(c["state"], c["day"]) for c in again] == [("planned", minutes["fields"]["remedy_by"])]
    fields = {"asks": "<p>Đề nghị xem lại kết luận.</p>", "grounds": "<p>Có bản in trong tủ.</p>"}
    appeal = lan.post("/documents", {"type": "appeal", "about": minutes["id"], "fields": fields}, 201)
    for _ in ("submit", "sign"):
        appeal = lan.onward(lan.document(appeal["id"])) or {}
    granted = ngoc.decide(ngoc.document(appeal["id"]), "grant", pin=PIN, note="Đã xem bản in trong tủ.")
    assert granted is not None
    ended = story.archived("lan", appeal["id"])
    is_whole(story, "lan", ended, ["author", "decision"])
    assert binh.get(f"/spot-checks/{found.check}")["finding"] == "annulled"
    assert binh.get(f"/spot-checks/{again[0]['id']}")["state"] == "cancelled"
    for record in (found.paper, minutes["id"]):
        said = lan.document(record)["appeal"]
        assert (said["state"], said["document"]) == ("granted", appeal["id"])
    story.mail("binh", "không còn hiệu lực")
    is_whole(story, "lan", lan.document(minutes["id"]), ["author", "response", "note"])
