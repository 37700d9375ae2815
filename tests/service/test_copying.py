"""Beginning from earlier work: what may be copied, what moves with it, whose work stays visible."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import col, select, update

from flows import citing, copying, drafts
from flows.documents.lesson_plan import LESSON_PLAN
from flows.facts import facts_of
from flows.office import Office
from flows.posts import known_of
from models.document import Document, DocumentImage, Revision
from models.event import Event
from models.school import SchoolClass, SchoolWeek
from service.app import create_app
from tests.cast import FIRST_MONDAY, PASSWORD, Cast
from tests.service.reading import People
from tests.service.test_pages_documents import id_of
from tests.timetables import iso, timetable


def approved(cast: Cast, name: str, week: int) -> Document:
    document = cast.sent(name, week)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return cast.fresh(document.id)


def events(office: Office, document_id: str) -> list[Event]:
    with office.db.read() as session:
        return list(
            session.exec(
                select(Event).where(col(Event.document_id) == document_id).order_by(col(Event.seq))
            ).all()
        )


def test_last_week_s_plan_begins_the_next(cast: Cast, reader: People) -> None:
    old = cast.lesson_plan("lan", 13)
    lan = reader("lan")
    start = lan.get(f"/documents/new?type=lesson-plan&week={cast.weeks[14]}")
    assert "bản gần nhất của tôi" in start.words
    edit = start.send("/documents", copy_of=old.id)
    made = cast.fresh(id_of(edit))
    before, after = old.fields["lessons"][0], made.fields["lessons"][0]
    assert (made.week_id, after["date"]) == (cast.weeks[14], iso(14, 0))
    assert {k: after[k] for k in ("title", "class", "requirements")} == {
        k: before[k] for k in ("title", "class", "requirements")
    }
    assert after["id"] != before["id"]
    assert "Dựa trên KHBD tuần 13 của Nguyễn Thị Lan" in edit.words
    assert cast.fresh(old.id).fields == old.fields


def test_a_colleague_s_approved_plan_names_its_author_to_the_reviewer(cast: Cast, reader: People) -> None:
    theirs = approved(cast, "mai", 12)
    with cast.office.db.read() as session:
        revision = session.get_one(Revision, (theirs.id, 1))
    lan = reader("lan")
    chosen = lan.get(f"/documents/new/from?type=lesson-plan&week={cast.weeks[13]}&q=tran+mai")
    link = next(a.get("href") for a in chosen.all(".rows__t a") if theirs.id in a.get("href"))
    edit = lan.get(link).send("/documents")
    made = cast.fresh(id_of(edit))
    assert made.fields["lessons"][0]["title"] == revision.fields["lessons"][0]["title"]
    created = events(cast.office, made.id)[0]
    assert created.data["based_on"] == [{"document": theirs.id, "revision": 1}]
    assert created.digest() == created.hash
    cast.act("lan", made.id, "submit")
    cast.act("lan", made.id, "sign")
    page = reader("hoa").get(f"/documents/{made.id}")
    assert "KHBD tuần 12 của Trần Thị Mai" in page.words
    assert f"/documents/{theirs.id}" in [a.get("href") for a in page.all(".facts a")]
    for where in (f"/inbox?doc={made.id}", f"/documents/{made.id}/approve"):  # where it is decided
        assert "Dựa trên KHBD tuần 12 của Trần Thị Mai." in reader("hoa").get(where).words
    assert events(cast.office, made.id)[1].data["based_on"] == created.data["based_on"]


def test_the_author_decides_whether_the_signed_text_names_it(cast: Cast, reader: People) -> None:
    theirs = approved(cast, "mai", 12)
    made = copying.start(cast.office, cast.actor("lan"), "lesson-plan", theirs.id, {"week": cast.weeks[13]})
    lan = reader("lan")
    edit = lan.get(f"/documents/{made.id}/edit")

    def named() -> tuple[str, ...]:
        with cast.office.db.read() as session:
            return facts_of(session, cast.fresh(made.id), cast.office.now()).based_on

    assert named() == ()
    edit = edit.send("/edit", "name-sources")
    assert named() == ("KHBD tuần 12 của Trần Thị Mai",)
    assert lan.client.get(f"/documents/{made.id}/preview/1.webp").status_code == 200
    edit.send("/edit", "hide-sources")
    assert named() == ()


def test_what_may_not_be_copied_does_not_exist(cast: Cast, reader: People) -> None:
    draft, sent = cast.lesson_plan("mai", 13), cast.sent("hoa", 13)
    other_group, gone = cast.sent("huong", 13), cast.lesson_plan("lan", 12)
    with cast.office.db.write() as session:
        session.exec(update(Document).where(col(Document.id) == gone.id).values(status="destroyed"))
    cast.act("son", other_group.id, "approve")
    cast.act("minh", other_group.id, "approve")
    lan = reader("lan")
    page = lan.get(f"/documents/new?type=lesson-plan&week={cast.weeks[14]}")
    token = page.all("input[name=csrf]")[0].get("value")
    for hidden in (draft.id, sent.id, other_group.id, gone.id, "no-such-record"):
        assert lan.get(f"/documents/new?type=lesson-plan&copy_of={hidden}").status == 404
        values = [("csrf", token), ("type", "lesson-plan"), ("week", cast.weeks[14]), ("copy_of", hidden)]
        assert lan.post("/documents", values).status == 404
    mine = cast.lesson_plan("lan", 14)
    pick = f"{draft.id}:{draft.fields['lessons'][0]['id']}"
    values = [("csrf", token), ("content_version", str(mine.content_version)), ("pick", pick)]
    assert lan.post(f"/documents/{mine.id}/lessons", values).status == 404
    assert reader("mai").get(f"/documents/{mine.id}/lessons").status == 404
    assert reader("thu").get("/documents/new/from?type=lesson-plan").status == 404
    assert cast.fresh(mine.id).fields == mine.fields


def test_lessons_are_found_without_marks_and_move_to_the_timetable_s_days(cast: Cast, reader: People) -> None:
    timetable(cast, "lan", "3A", (0, 1, "Toán"), (2, 3, "Toán"))
    theirs = approved(cast, "mai", 12)
    draft = cast.lesson_plan("lan", 13)  # holds Monday's lesson already
    lan = reader("lan")
    edit = lan.get(f"/documents/{draft.id}/edit")
    choose = edit.send("/edit", "lessons")
    assert choose.path.endswith("/lessons")
    assert not lan.get(f"{choose.path}?q=khong+co+bai+nay").all("input[name=pick]")
    found = lan.get(f"{choose.path}?q=bai+toan+giai")
    picks = [box.get("value") for box in found.all("input[name=pick]")]
    assert picks == [f"{theirs.id}:{theirs.fields['lessons'][0]['id']}"]
    back = found.send("/lessons")
    assert back.status == 422 and "Chọn ít nhất một bài" in back.words
    back = back.send("/lessons", pick=picks[0])
    assert "Đã thêm 1 bài" in back.words and "KHBD tuần 12 của Trần Thị Mai" in back.words
    lessons = cast.fresh(draft.id).fields["lessons"]
    assert [x["date"] for x in lessons] == [iso(13, 0), iso(13, 2)]


def test_last_year_s_plan_finds_this_year_s_class(cast: Cast) -> None:
    monday = FIRST_MONDAY - timedelta(weeks=40)
    with cast.office.db.write() as session:
        week = SchoolWeek(
            school_id=cast.school_id,
            year="2025-2026",
            term=1,
            number=12,
            monday=monday,
            sunday=monday + timedelta(days=6),
        )
        old = SchoolClass(school_id=cast.school_id, year="2025-2026", name="3B", grade=3)
        session.add_all([week, old])
    fields = cast.lesson_fields(12)
    fields["week"] = week.id
    fields["lessons"][0] |= {"class": old.id, "date": (monday + timedelta(days=3)).isoformat()}
    source = drafts.create(cast.office, cast.actor("lan"), "lesson-plan", fields)
    assert source.fields["lessons"][0]["class"] == old.id
    made = copying.start(cast.office, cast.actor("lan"), "lesson-plan", source.id, {"week": cast.weeks[12]})
    lesson = made.fields["lessons"][0]
    assert (lesson["class"], lesson["date"]) == (cast.classes["3A"], iso(12, 3))
    with cast.office.db.read() as session:
        found = citing.based_on(session, made)
        known = known_of(session, cast.actor("lan"))
    assert found[0].words.vi == "KHBD tuần 12 năm học 2025-2026 của Nguyễn Thị Lan"
    assert next(iter(known.classes.values())) == "3A" and known.classes[old.id] == "3B (2025-2026)"


def test_pictures_become_the_new_record_s_own(cast: Cast, reader: People) -> None:
    theirs = cast.lesson_plan("mai", 12)
    mai = reader("mai")
    edit = mai.get(f"/documents/{theirs.id}/edit")
    source = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(source, "PNG")
    token = edit.form("/edit").fields["csrf"]
    src = mai.client.post(
        f"/documents/{theirs.id}/images", data={"csrf": token}, files={"image": ("a.png", source.getvalue())}
    ).json()["src"]
    text = f'<p><img src="{src}"></p>'
    edit.send("/edit", "save", **{"lessons.0.requirements": text})
    for who, action in (("mai", "submit"), ("mai", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(who, theirs.id, action)
    made = copying.start(cast.office, cast.actor("lan"), "lesson-plan", theirs.id, {"week": cast.weeks[13]})
    assert src in made.fields["lessons"][0]["requirements"]
    with cast.office.db.read() as session:
        rows = session.exec(select(DocumentImage.sha256).where(col(DocumentImage.document_id) == made.id))
        assert rows.all() == [src.removeprefix("image:")]
    shown = reader("lan").client.get(f"/documents/{made.id}/images/{src.removeprefix('image:')}")
    assert shown.headers["content-type"] == "image/png"


def test_a_group_plan_moves_its_weeks_on(cast: Cast) -> None:
    old = cast.team_plan("hoa", 20, 21)
    made = copying.start(
        cast.office, cast.actor("hoa"), "team-teaching-plan", old.id, {"first_week": cast.weeks[24]}
    )
    assert (made.fields["first_week"], made.fields["last_week"]) == (cast.weeks[24], cast.weeks[25])
    assert [row["week"] for row in made.fields["rows"]] == [cast.weeks[24], cast.weeks[25]]
    last = copying.start(
        cast.office, cast.actor("hoa"), "team-teaching-plan", old.id, {"first_week": cast.weeks[35]}
    )
    assert [row["week"] for row in last.fields["rows"]] == [cast.weeks[35], ""]  # the year ends


def test_the_same_by_program(cast: Cast) -> None:
    theirs, mine = approved(cast, "mai", 12), cast.lesson_plan("lan", 13)
    with TestClient(create_app(cast.office.settings, cast.office)) as client:
        token = client.post("/api/v1/token", data={"username": "lan", "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        found = client.get("/api/v1/document-types/lesson-plan/sources").json()["items"]
        assert [row["id"] for row in found] == [mine.id, theirs.id]
        new: dict[str, Any] = {
            "type": "lesson-plan",
            "copy_of": theirs.id,
            "fields": {"week": cast.weeks[15]},
        }
        made = client.post("/api/v1/documents", json=new)
        assert made.status_code == 201
        assert made.json()["based_on"][0]["words"]["en"] == "Lesson plan, week 12, by Trần Thị Mai"
        assert client.post("/api/v1/documents", json=new | {"copy_of": "nothing"}).status_code == 404
        pick = {"document": theirs.id, "part": theirs.fields["lessons"][0]["id"]}
        taken = client.post(
            f"/api/v1/documents/{mine.id}/lessons",
            json={"content_version": mine.content_version, "items": [pick, pick]},
        )
        assert len(taken.json()["fields"]["lessons"]) == 2
        stale = client.post(
            f"/api/v1/documents/{mine.id}/lessons",
            json={"content_version": mine.content_version, "items": [pick]},
        )
        assert (stale.status_code, stale.json()["code"]) == (409, "stale")


def test_what_nobody_wrote_in_gives_its_place(cast: Cast) -> None:
    part = copying.parts_of(LESSON_PLAN)
    assert part is not None
    row = {"id": "a", "subject": "Toán", "class": "c", "title": "", "phases": [{"id": "p", "name": "Mở đầu"}]}
    assert copying.untouched(part, row)
    assert not copying.untouched(part, row | {"title": "Bài 1"})
    assert not copying.untouched(part, row | {"phases": [{"name": "Khởi động"}]})
