"""The whole story by API, through every process of an installation: forms, signatures, Prefect, mails, flags.

A lesson plan is returned, mended and approved; a group plan gets its number and the seal; a time-stamp
authority that is away delays the archive alone; what is late is flagged; the second school sees nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from flows.catalogue import TYPES
from flows.certification import trust_of
from models.document import SeriesNumber
from models.notice import Notice
from models.settings import VIETNAM
from service.mailbox import folder
from tasks import verifying
from tasks.verifying import Level
from tests import leaks
from tests.cast import PIN, Cast
from tests.journeys.people import Person
from tests.journeys.processes import PARTS, Installation
from tests.journeys.school import THIS_WEEK, found_school, lesson_plan, mails_go, team_plan
from tests.waiting import until

PATIENCE = 300.0
"""Seconds that something of another process may take; it only ends a hung test."""


@dataclass(frozen=True, slots=True)
class Story:
    """An installation at work, and its people."""

    here: Installation
    cast: Cast
    people: dict[str, Person]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def sent(self, name: str, slug: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Drafted, submitted and signed by its author."""
        document = self[name].draft(slug, fields)
        for _ in ("submit", "sign"):
            document = self[name].onward(document) or {}
        return document

    def approve(self, name: str, document_id: str) -> dict[str, Any]:
        """The person finds the document in the inbox and takes it on."""
        found = {task["document_id"] for task in self[name].tasks()}
        assert document_id in found
        done = self[name].onward(self[name].document(document_id))
        assert done is not None
        return done

    def archived(self, name: str, document_id: str) -> dict[str, Any]:
        """The document once Prefect has archived it."""
        until(lambda: self[name].document(document_id)["status"] == "archived", "not archived", PATIENCE)
        return self[name].document(document_id)

    def parked(self, document_id: str, state: str) -> None:
        """Its one run stands in Prefect under a name a person understands."""
        self.here.wait("prefect")
        until(
            lambda: [run["state"]["name"] for run in self.here.runs_of(document_id)] == [state],
            state,
            PATIENCE,
        )

    def mails(self, name: str) -> list[EmailMessage]:
        """What the catcher caught for a person, oldest first."""
        found = []
        for path in sorted(folder(self.here.settings).glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            if f"{name}@example.test" in str(mail["To"]):
                found.append(mail)
        return found

    def mail(self, name: str, *words: str) -> EmailMessage:
        """The mail to a person in whose text all the words stand, once it has come."""

        def look() -> list[EmailMessage]:
            return [m for m in self.mails(name) if all(w in body(m, "plain") for w in words)]

        return until(look, f"no mail to {name} says {words}", PATIENCE)[0]


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None, f"the mail has no {kind} part"
    return str(part.get_content())


@contextmanager
def at_work(data: Path) -> Iterator[Story]:
    """Every process but the scheduler, and the people signed in."""
    with Installation(data) as here, ExitStack() as phones:
        cast = found_school(here)
        here.start_and_wait("tsa", "web")
        here.start("prefect", "mailbox", "worker")  # nobody waits for these
        names = ("lan", "mai", "hoa", "ngoc", "minh", "thu", "binh", "principal_b", "teacher_b")
        yield Story(here, cast, {n: phones.enter_context(Person(here.url, n)) for n in names})


@pytest.mark.timeout(1800)
def test_from_the_form_to_the_archive(tmp_path: Path) -> None:
    with at_work(tmp_path / "data") as story:
        chapters: tuple[Callable[[Story], str], ...] = (
            a_lesson_plan_is_returned_mended_and_approved,
            a_group_plan_gets_its_number_and_the_seal,
            what_comes_late_is_flagged_and_taken,
            the_archive_waits_for_a_time_stamp,
        )
        ids = [chapter(story) for chapter in chapters]
        the_other_school_sees_nothing(story, ids)
        assert until(lambda: story.here.health()["status"] == "ok", "not well")
        for part in PARTS:
            assert story.here.running[part].poll() is None, story.here.words(part)
            assert "Traceback" not in story.here.words(part)
            assert not leaks.holds(PIN, story.here.log(part).read_text())


def a_lesson_plan_is_returned_mended_and_approved(story: Story) -> str:
    document = story.sent("lan", "lesson-plan", lesson_plan(story.cast, 16, lessons=2))
    twin = story.sent("mai", "lesson-plan", lesson_plan(story.cast, 16))
    assert document["step"]["waiting_for"] == [{"id": story.cast.ids["hoa"], "name": "Phạm Thị Hoa"}]
    assert not document["late"]

    # Two papers that come together make one mail: so they do for a scheduler that comes to both of them.
    story.here.start("scheduler")
    mail = story.mail("hoa", "Chờ xử lý (2)", document["title"], twin["title"])
    assert "chờ xử lý" in str(mail["Subject"]).lower()
    assert f"{story.here.url}/documents/{document['id']}" in body(mail, "html")
    assert "Phạm Thị Hoa" in body(mail, "plain")
    assert len([m for m in story.mails("hoa") if "Chờ xử lý" in body(m, "plain")]) == 1
    story.parked(document["id"], "Awaiting group head")
    [run] = story.here.runs_of(document["id"])
    assert run["id"] == story["lan"].document(document["id"])["run"]["id"]

    lesson = document["fields"]["lessons"][1]["id"]
    returned = story["hoa"].decide(
        story["hoa"].document(document["id"]),
        "return",
        note="Xem lại thời lượng.",
        parts={lesson: "Phần luyện tập quá dài."},
    )
    assert returned is not None
    mended = story["lan"].document(document["id"])
    assert (mended["status"], mended["actions"]) == ("returned", ["submit", "withdraw"])
    assert mended["returned"]["note"] == "Xem lại thời lượng."
    assert mended["returned"]["parts"] == {lesson: "Phần luyện tập quá dài."}
    story.mail("lan", "Bị trả lại", document["title"])
    story.parked(document["id"], "Awaiting author")

    mended["fields"]["lessons"][1]["phases"][1]["minutes"] = 25
    saved = story["lan"].insist(
        "PATCH",
        f"/documents/{document['id']}",
        json={"content_version": mended["content_version"], "fields": mended["fields"]},
    )
    assert saved.json()["faults"] == []
    for _ in ("submit", "sign"):
        mended = story["lan"].onward(story["lan"].document(document["id"])) or {}
    assert mended["revision"] == 2
    assert [(s["revision"], s["superseded"]) for s in mended["signatures"]] == [(1, True), (2, False)]

    story.approve("hoa", document["id"])
    approved = story.approve("ngoc", document["id"])
    assert approved["signatures"][-1]["authority"] == "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG"
    ended = story.archived("lan", document["id"])
    is_whole(story, "lan", ended, ["author", "group_review", "principal_approval"])
    assert [step["state"] for step in ended["run"]["steps"]] == ["done"] * 3
    archived, until = (datetime.fromisoformat(ended[name]) for name in ("archived_at", "keep_until"))
    assert until.year == archived.astimezone(VIETNAM).year + 6
    story.parked(document["id"], "Completed")
    story.mail("lan", "Đã lưu trữ", document["title"])
    return str(document["id"])


def a_group_plan_gets_its_number_and_the_seal(story: Story) -> str:
    document = story.sent("hoa", "team-teaching-plan", team_plan(story.cast, 20, 21))
    story.approve("ngoc", document["id"])
    approved = story.approve("minh", document["id"])
    assert (approved["number"], approved["status"]) == ("01", "approved")
    assert approved["step"]["name"] == "seal"
    story.parked(document["id"], "Awaiting clerk")
    story.mail("thu", "Chờ xử lý", document["title"])
    story.mail("hoa", "Đã ký duyệt", document["title"])
    _what_can_wait_waits(story)
    story.approve("thu", document["id"])
    ended = story.archived("hoa", document["id"])
    is_whole(story, "hoa", ended, ["author", "vice_principal_review", "principal_approval", "seal"])
    assert [s["authority"] for s in ended["signatures"]][-1] == "TRƯỜNG TIỂU HỌC ĐỒNG MAI"
    with story.here.office.db.read() as session:
        numbers = session.exec(select(SeriesNumber.document_id, SeriesNumber.state)).all()
    assert list(numbers) == [(document["id"], "used")]
    # Whoever inspects sees it now, a teacher of the group too.
    assert story["binh"].document(document["id"])["title"] == document["title"]
    assert story["lan"].document(document["id"])["title"] == document["title"]
    deployed = story.here.prefect("/deployments/filter", {"limit": 50})
    flows = story.here.prefect("/flows/filter", {"limit": 50})
    assert {flow["name"] for flow in flows if flow["id"] in {d["flow_id"] for d in deployed}} == {
        declared.slug for declared in TYPES
    }
    return str(document["id"])


def what_comes_late_is_flagged_and_taken(story: Story) -> str:
    lan, hoa, minh = story["lan"], story["hoa"], story["minh"]
    week = story.cast.weeks[THIS_WEEK]  # due on Tuesday of last week

    def mine(rule: str, week: str = week) -> list[dict[str, Any]]:
        return [f for f in lan.get("/flags", rule=rule, week=week)["items"] if f["type"] == "lesson-plan"]

    [missing] = until(lambda: mine("missing"), "the clock does not see what is missing", PATIENCE)
    due = datetime.fromisoformat(missing["due"])
    assert (due.weekday(), due.hour, due.minute, due.utcoffset()) == (2, 0, 0, timedelta(hours=7))
    assert due.strftime("%d/%m") in missing["sentence"]["vi"]
    assert mine("missing", story.cast.weeks[16]) == []  # in good time, and signed
    groups = [f for f in hoa.get("/flags", rule="missing")["items"] if f["type"] == "team-teaching-plan"]
    assert {f["group"]["name"] for f in groups} == {"Tổ 1-2-3"}
    everyone = {f["owner"]["name"] for f in minh.get("/flags", week=week)["items"]}
    assert {"Nguyễn Thị Lan", "Trần Thị Mai", "Đặng Thị Hường"} <= everyone

    document = story.sent("lan", "lesson-plan", lesson_plan(story.cast, THIS_WEEK))
    assert document["late"]
    [late] = until(lambda: mine("late"), "the clock does not see what is late", PATIENCE)
    assert late["document_id"] == document["id"]
    assert "muộn" in late["sentence"]["vi"].lower()
    assert mine("missing") == []
    # Late is not blocked, and the head knows before signing.
    seen = hoa.document(document["id"])
    assert [flag["rule"] for flag in seen["flags"]] == ["late"]
    assert "approve" in seen["actions"]
    return str(document["id"])


def the_archive_waits_for_a_time_stamp(story: Story) -> str:
    document = story.sent("mai", "lesson-plan", lesson_plan(story.cast, 17))
    story.approve("hoa", document["id"])
    waiting = story["lan"].onward(story["lan"].draft("lesson-plan", lesson_plan(story.cast, 17))) or {}
    # The worker rests, so that the authority is surely gone before the archive begins.
    story.here.stop("worker")
    story.approve("minh", document["id"])
    story.here.kill("tsa")
    refused = story["lan"].client.post(
        f"/documents/{waiting['id']}/actions/sign", json={"version": waiting["version"], "pin": PIN}
    )
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert story["lan"].document(waiting["id"])["version"] == waiting["version"]

    story.here.start_and_wait("worker")
    look = story["mai"].document
    [incident] = until(lambda: look(document["id"])["run"]["incidents"], "no incident", PATIENCE)
    assert (incident["kind"], incident["step"]) == ("step-failed", "timestamp")
    assert incident["retry_at"] is not None
    assert look(document["id"])["status"] == "approved"

    story.here.start_and_wait("tsa")
    assert story["lan"].decide(waiting, "sign") is not None
    ended = story.archived("mai", document["id"])
    assert ended["run"]["incidents"] == []
    attempts = {step["step"]: (step["state"], step["attempts"] > 1) for step in ended["run"]["steps"]}
    assert attempts == {
        "validate": ("done", False),
        "timestamp": ("done", True),
        "archive": ("done", False),
    }
    return str(document["id"])


def the_other_school_sees_nothing(story: Story, ids: list[str]) -> None:
    """Not one of the first school's documents, whatever is asked; only the owner of an id knows it exists."""
    for name in ("principal_b", "teacher_b"):
        person = story[name]
        assert person.get("/documents")["items"] == []
        assert person.tasks() == []
        assert person.get("/flags")["items"] == []
        for key in ids:
            for path in (f"/documents/{key}", f"/documents/{key}/pdf", f"/documents/{key}/events"):
                assert person.insist("GET", path).status_code == 404
            assert person.decide({"id": key, "version": 1}, "approve") is None
        assert person.accepted == []
    assert story.mails("principal_b") == story.mails("teacher_b") == []


def _what_can_wait_waits(story: Story) -> None:
    """With the digest on, a review that has weeks waits for the morning; without it, it goes at once."""
    mails_go(story.here, story.cast.school_id, digest=True)
    plan = story.sent("lan", "lesson-plan", lesson_plan(story.cast, 24))

    def put_off() -> bool:
        with story.here.office.db.read() as session:
            told = session.exec(select(Notice).where(col(Notice.document_id) == plan["id"])).all()
        return bool(told) and all(n.mail_id is None and n.due_at > _now() for n in told)

    assert until(put_off, "it was not put off to the digest", PATIENCE)
    assert not [m for m in story.mails("hoa") if plan["title"] in body(m, "plain")]
    mails_go(story.here, story.cast.school_id, digest=False)
    story.mail("hoa", "Chờ xử lý", plan["title"])


def is_whole(story: Story, name: str, document: dict[str, Any], fields: list[str]) -> None:
    """Archived with every signature at B-LTA, the chain intact, the file the one the record names."""
    pdf = story[name].insist("GET", f"/documents/{document['id']}/pdf")
    assert pdf.headers["ETag"] == f'"{document["content_hash"]}"'
    with story.here.office.db.read() as session:
        report = verifying.validate(pdf.content, trust_of(session), story.here.office.now(), tuple(fields))
    assert report.ok, report
    signed = [s for s in report.signatures if not s.is_timestamp]
    assert [s.field for s in signed] == fields
    assert {s.level for s in signed} == {Level.LTA}
    events = story[name].get(f"/documents/{document['id']}/events")
    assert events["intact"]
    assert [e["seq"] for e in events["items"]] == list(range(1, len(events["items"]) + 1))
    assert events["items"][-1]["action"] == "archive"


def _now() -> datetime:
    return datetime.now(VIETNAM)
