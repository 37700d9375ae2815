"""After approval: notes added to a lesson plan, and records that replace one. The signed file stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from flows import drafts, queries, succession
from flows.amending import Closed
from flows.archiving import archive, archive_timestamp, validate_signatures
from flows.drafts import Exists, save
from flows.links import cited
from flows.plan import SYSTEM
from models.document import Document, DocumentImage
from models.errors import Invalid, NotFound, NotYours, WrongStep
from models.event import Event
from models.notice import Notice
from models.settings import VIETNAM
from tasks import pdf_pages
from tests.audited import sound
from tests.cast import Cast


def approved(cast: Cast, who: str = "lan", week: int = 12) -> Document:
    document = cast.sent(who, week)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return cast.fresh(document.id)


def archived(cast: Cast, document_id: str) -> Document:
    """Through the machine's own steps."""
    office = cast.office
    with office.db.read() as session:
        events = select(Event.seq).where(
            col(Event.document_id) == document_id, col(Event.action) != "replace"
        )
        seq = session.exec(events.order_by(col(Event.seq).desc())).first()
    assert seq is not None
    validated = validate_signatures(office, document_id, seq)
    archive(office, document_id, seq, archive_timestamp(office, document_id, seq, validated))
    return cast.fresh(document_id)


def note(cast: Cast, plan: Document, text: str = "<p>- Thêm 5 phút luyện tập.</p>") -> Document:
    """A complete note on the first lesson of a plan."""
    made = succession.amend(cast.office, cast.actor("lan"), plan.id)
    fields = {"notes": [{"lesson": plan.fields["lessons"][0]["id"], "text": text}]}
    saved, faults = save(cast.office, cast.actor("lan"), made.id, made.content_version, fields)
    assert faults == ()
    return saved


def page_text(cast: Cast, document_id: str) -> str:
    blob = cast.fresh(document_id).blob
    assert blob is not None
    return "".join(" ".join(pdf_pages.page_texts(cast.office.blobs.get(blob))).split())


# --- notes after teaching ---------------------------------------------------------------------------------


def test_a_note_after_teaching_waits_for_the_week_it_is_about(cast: Cast) -> None:
    plan, office, lan = approved(cast, week=13), cast.office, cast.actor("lan")
    with pytest.raises(Closed) as refused:
        succession.amend(office, lan, plan.id)
    assert "tuần 13 bắt đầu ngày 30/11/2026" in refused.value.sentence.vi
    with office.db.read() as session:
        assert succession.related(session, lan, plan, office.now()).amend_closed == refused.value.sentence
        monday = datetime(2026, 11, 30, tzinfo=VIETNAM)
        assert succession.related(session, lan, plan, monday).may_amend
        assert not succession.related(session, lan, plan, monday - timedelta(seconds=1)).may_amend


def test_a_note_names_the_lesson_and_cites_the_approved_file(each_cast: Cast) -> None:
    cast = each_cast
    plan = approved(cast)
    made = note(cast, plan)
    assert (made.week_id, made.group_id, made.due_at) == (plan.week_id, plan.group_id, None)
    assert made.title == "Điều chỉnh sau bài dạy: kế hoạch bài dạy tuần 12, lớp 3A"
    cast.act("lan", made.id, "submit")
    signed = cast.act("lan", made.id, "sign")
    assert (signed.status, signed.step) == ("approved", "archive")
    said = page_text(cast, made.id)
    assert plan.blob is not None
    assert plan.blob in said
    assert "Toán" in said
    assert "Bài28.Bàitoángiảibằnghaibướctính" in said
    with cast.office.db.read() as session:
        submit = session.exec(
            select(Event).where(col(Event.document_id) == made.id, col(Event.action) == "submit")
        ).one()
        notices = session.exec(select(Notice).where(col(Notice.document_id) == made.id)).all()
        seen = {
            who: succession.related(session, cast.actor(who), cast.fresh(plan.id), cast.office.now())
            for who in ("lan", "hoa", "minh", "huong")
        }
        back = succession.related(session, cast.actor("hoa"), cast.fresh(made.id), cast.office.now())
    assert submit.data["sha256"] == plan.blob
    assert submit.data["revision"] == plan.revision
    names = {v: k for k, v in cast.ids.items()}
    assert {(names[n.account_id], n.kind) for n in notices} == {("hoa", "informed"), ("minh", "informed")}
    assert [[d.id for d in seen[who].notes] for who in seen] == [[made.id], [made.id], [made.id], []]
    assert back.about is not None
    assert back.about.id == plan.id
    assert cast.fresh(plan.id).blob == plan.blob


def test_a_note_after_the_archive_cites_both_files_and_is_archived_itself(cast: Cast) -> None:
    plan = approved(cast)
    kept = archived(cast, plan.id)
    made = note(cast, kept)
    with cast.office.db.read() as session:
        about = cited(session, plan.id)
    assert about is not None
    assert (about.approved_sha256, about.archived_sha256) == (plan.blob, kept.blob)
    cast.act("lan", made.id, "submit")
    cast.act("lan", made.id, "sign")
    done = archived(cast, made.id)
    assert (done.status, done.keep_until is not None) == ("archived", True)
    assert kept.blob is not None
    assert kept.blob in page_text(cast, made.id)
    assert cast.fresh(plan.id).blob == kept.blob


def test_only_the_author_of_an_approved_plan_begins_a_note(cast: Cast) -> None:
    sent = cast.sent("lan", 14)
    with pytest.raises(WrongStep):
        succession.amend(cast.office, cast.actor("lan"), sent.id)
    with pytest.raises(NotFound):
        succession.amend(cast.office, cast.actor("mai"), sent.id)
    cast.act("hoa", sent.id, "approve")
    cast.act("minh", sent.id, "approve")
    for who in ("hoa", "mai", "minh"):
        with pytest.raises(NotYours):
            succession.amend(cast.office, cast.actor(who), sent.id)
    with pytest.raises(NotFound):
        succession.amend(cast.office, cast.actor("principal_b"), sent.id)
    with pytest.raises(Invalid):  # a note about nothing
        drafts.create(cast.office, cast.actor("lan"), "lesson-plan-addendum", {})
    assert not drafts.may_draft(cast_type("lesson-plan-addendum"), cast.actor("lan"))


def cast_type(slug: str) -> Any:
    from flows.catalogue import type_of

    return type_of(slug)


def test_one_note_is_begun_at_a_time_and_many_may_follow(cast: Cast) -> None:
    plan = approved(cast)
    first = note(cast, plan)
    with pytest.raises(Exists) as there:
        succession.amend(cast.office, cast.actor("lan"), plan.id)
    assert there.value.document_id == first.id
    cast.act("lan", first.id, "submit")
    cast.act("lan", first.id, "sign")
    second = note(cast, plan)
    with cast.office.db.read() as session:
        around = succession.related(session, cast.actor("lan"), cast.fresh(plan.id), cast.office.now())
    assert [d.id for d in around.notes] == [first.id, second.id]


def test_a_note_is_about_lessons_of_its_plan_each_once(cast: Cast) -> None:
    plan, other = approved(cast), cast.sent("lan", 15)
    made = note(cast, plan)
    lesson = plan.fields["lessons"][0]["id"]
    rows = [{"lesson": key, "text": "x"} for key in (lesson, lesson, other.fields["lessons"][0]["id"])]
    save(cast.office, cast.actor("lan"), made.id, made.content_version, {"notes": rows})
    with pytest.raises(Invalid) as refused:
        cast.act("lan", made.id, "submit")
    assert sorted(f.path for f in refused.value.faults) == ["notes.1.lesson", "notes.2.lesson"]


# --- replacing --------------------------------------------------------------------------------------------


def test_the_old_one_is_replaced_when_its_successor_is_approved(each_cast: Cast) -> None:
    cast = each_cast
    old = archived(cast, approved(cast).id)
    with cast.office.db.write() as session:
        session.add(
            DocumentImage(
                document_id=old.id, sha256="ab" * 32, school_id=cast.school_id, media_type="image/png"
            )
        )
    new = succession.replace(cast.office, cast.actor("lan"), old.id)
    assert new.fields["lessons"][0]["title"] == old.fields["lessons"][0]["title"]
    assert new.due_at is None  # a correction is not late
    cast.act("lan", new.id, "submit")
    cast.act("lan", new.id, "sign")
    cast.act("hoa", new.id, "approve")
    assert cast.fresh(old.id).status == "archived"
    cast.act("minh", new.id, "approve")
    replaced = cast.fresh(old.id)
    assert (replaced.status, replaced.step, replaced.blob) == ("replaced", "", old.blob)
    with cast.office.db.read() as session:
        last = session.exec(
            select(Event).where(col(Event.document_id) == old.id).order_by(col(Event.seq).desc())
        ).first()
        assert last is not None
        assert (last.actor_id, last.action) == (SYSTEM, "replace")
        assert last.data["successor"] == new.id
        for document in (old, new):
            assert sound(session, document.id)
            assert queries.visible(session, cast.actor("mai"), document.id)
        around = succession.related(session, cast.actor("lan"), replaced, cast.office.now())
        assert session.get(DocumentImage, (new.id, "ab" * 32)) is not None
    assert around.successor is not None
    assert (around.successor.id, around.may_replace, around.may_amend) == (new.id, False, False)


def test_one_that_was_not_archived_yet_is_replaced_and_archived_all_the_same(cast: Cast) -> None:
    old = approved(cast)
    new = succession.replace(cast.office, cast.actor("lan"), old.id)
    for who, action in (("lan", "submit"), ("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(who, new.id, action)
    assert (cast.fresh(old.id).status, cast.fresh(old.id).step) == ("replaced", "archive")
    kept = archived(cast, old.id)
    assert (kept.status, kept.step, kept.archived_at is not None) == ("replaced", "", True)


def test_one_replacement_is_begun_at_a_time_and_a_withdrawn_one_frees_the_place(cast: Cast) -> None:
    old = approved(cast)
    first = succession.replace(cast.office, cast.actor("lan"), old.id)
    with pytest.raises(Exists) as there:
        succession.replace(cast.office, cast.actor("lan"), old.id)
    assert there.value.document_id == first.id
    cast.act("lan", first.id, "withdraw")
    second = succession.replace(cast.office, cast.actor("lan"), old.id)
    for who, action in (("lan", "submit"), ("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(who, second.id, action)
    with pytest.raises(WrongStep):
        succession.replace(cast.office, cast.actor("lan"), old.id)
    third = succession.replace(cast.office, cast.actor("lan"), second.id)
    with pytest.raises(Exists):
        cast.lesson_plan("lan", 12)
    assert third.week_id == old.week_id


def test_who_may_replace(cast: Cast) -> None:
    old = approved(cast)
    for who in ("hoa", "minh", "mai"):
        with pytest.raises(NotYours):
            succession.replace(cast.office, cast.actor(who), old.id)
    sent = cast.sent("lan", 15)
    with pytest.raises(WrongStep):
        succession.replace(cast.office, cast.actor("lan"), sent.id)
