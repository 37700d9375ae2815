"""Destruction: a list that people sign, carried out record by record; nothing goes by itself. Real files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from flows import destroying, destruction_lists, holds, queries, retention, succession, views
from flows.destruction_lists import Chosen
from flows.holds import Asked
from models.destruction import DestroyedFile, Destruction
from models.document import DocumentImage, Revision
from models.errors import Gone, Invalid, NotFound, NotYours, WrongStep
from models.event import Remark
from models.indexing import fold
from models.notice import Notice
from models.search import DocumentText
from models.spot_check import SpotCheck
from service.jobs import Clockwork
from tests import destructions, found
from tests.audited import sound
from tests.cast import Cast
from tests.destructions import REASON, approved, due, listed, over, states


def carry_out(cast: Cast, list_id: str) -> tuple[int, int]:
    report = destroying.carry_out(cast.office, cast.actor("thu"), list_id)
    return report.destroyed, report.kept


def stays(cast: Cast, *ids: str) -> dict[str, str]:
    with cast.office.db.read() as session:
        why = retention.staying(session, cast.school_id, ids, cast.office.now())
    return {key: text.vi for key, text in why.items()}


def test_an_approved_list_is_carried_out_and_the_chain_of_events_holds(each_cast: Cast) -> None:
    cast, office = each_cast, each_cast.office
    first, second = due(cast, 12, 13)
    made = approved(cast, [first, second])
    assert cast.fresh(made).number == "01"
    found.is_valid(cast, made, "author", "vice_principal_review", "principal_approval", "seal")
    printed = found.words(cast, made)
    assert "Nguyễn Thị Lan" in printed and REASON in printed
    file = cast.fresh(first).blob
    assert file is not None
    assert office.blobs.path(file).exists()
    over(cast)
    assert carry_out(cast, made) == (2, 0)
    for key in (first, second):
        document = cast.fresh(key)
        assert (document.status, document.title, document.fields, document.blob) == (
            "destroyed",
            "Kế hoạch bài dạy (giáo án)",
            {},
            None,
        )
        with office.db.read() as session:
            assert sound(session, key)
            row = session.get_one(Destruction, key)
        last = destructions.events(cast, key)[-1]
        assert (row.list_id, row.seq, row.head_hash) == (made, last.seq, document.head_hash)
        assert (last.action, last.actor_id, last.data["list"]) == ("destroy", cast.ids["thu"], made)
    with office.db.read() as session:
        gone = session.exec(select(DestroyedFile.sha256)).all()
    assert file in gone
    assert not any(office.blobs.path(name).exists() for name in gone)
    assert carry_out(cast, made) == (0, 0)


def test_words_and_files_are_gone_and_facts_stay(each_cast: Cast) -> None:
    cast, office = each_cast, each_cast.office
    document = cast.sent("lan", 12)
    cast.act("hoa", document.id, "return", note="Phép chia chưa rõ.")
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign")
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    destructions.archive(cast, document.id)
    over(cast, document.id)
    made = approved(cast, [document.id])
    over(cast)
    assert carry_out(cast, made) == (1, 0)
    with office.db.read() as session:
        revisions = session.exec(select(Revision).where(col(Revision.document_id) == document.id)).all()
        assert [(r.fields, r.parts, r.title) for r in revisions] == [
            ({}, {}, "Kế hoạch bài dạy (giáo án)")
        ] * 2
        [remark] = session.exec(select(Remark).where(col(Remark.document_id) == document.id)).all()
        assert (remark.text, remark.salt, remark.erased) == ("", "", True)
        assert session.exec(select(Notice).where(col(Notice.document_id) == document.id)).all() == []
        words = session.exec(
            select(DocumentText.text).where(col(DocumentText.document_id) == document.id)
        ).one()
        assert not {"hai", "buoc", "toan"} & set(words.split())
        assert set(fold("Nguyễn Thị Lan")) <= set(words.split())
        seen = views.view(session, cast.actor("minh"), document.id, office.now())
        assert seen.intact
        assert len(seen.signatures) == 4
        with pytest.raises(Gone):
            queries.readable(session, cast.actor("minh"), document.id)
        with pytest.raises(NotFound):
            queries.readable(session, cast.actor("huong"), document.id)


def test_a_hold_placed_after_the_approval_keeps_the_record(each_cast: Cast) -> None:
    cast, office = each_cast, each_cast.office
    first, second = due(cast, 12, 13)
    made = approved(cast, [first, second])
    hold = holds.place(office, cast.actor("minh"), Asked(first, reason="Khiếu nại", reference="15/TTr"))
    assert carry_out(cast, made) == (1, 1)
    assert states(cast, made) == {first: "kept", second: "destroyed"}
    assert cast.fresh(first).status == "archived"
    assert "15/TTr" in stays(cast, first)[first]
    with pytest.raises(Invalid):
        listed(cast, [first])
    holds.lift(office, cast.actor("minh"), hold, "Đã giải quyết xong")
    again = approved(cast, [first])
    assert carry_out(cast, again) == (1, 0)


def test_what_belongs_together_goes_together(cast: Cast) -> None:
    key = destructions.plan(cast, 12)
    note = succession.amend(cast.office, cast.actor("lan"), key)
    fields = {"notes": [{"lesson": cast.fresh(key).fields["lessons"][0]["id"], "text": "<p>Thêm giờ.</p>"}]}
    destructions.save(cast, "lan", note.id, fields)
    cast.act("lan", note.id, "submit")
    cast.act("lan", note.id, "sign")
    destructions.archive(cast, note.id)
    over(cast, key)
    assert "phải giữ đến" in stays(cast, key)[key]  # the note is kept longer than its plan
    over(cast, note.id)
    assert "phải hủy cùng" in stays(cast, key)[key]
    assert stays(cast, key, note.id) == {}
    with pytest.raises(Invalid):
        listed(cast, [key], **{note.id: "Còn dùng"})
    with cast.office.db.read() as session:
        [batch] = [
            b
            for b in retention.batches(session, cast.school_id, cast.office.now())
            if b.declared.slug == "lesson-plan"
        ]
        proposed = retention.proposed(session, cast.school_id, [batch.key], cast.office.now(), 10)
    assert {one.document.id for one in proposed} == {key, note.id}
    made = approved(cast, [key, note.id])
    holds.place(cast.office, cast.actor("minh"), Asked(note.id, reason="Đang xem xét"))
    assert carry_out(cast, made) == (0, 2)


def test_a_check_goes_with_its_minutes_and_the_appeal_and_its_words_are_gone(cast: Cast) -> None:
    found.lessons(cast)
    minutes = found.noted(cast)
    appeal = found.appealed(cast, minutes)
    cast.act("ngoc", appeal, "reject", note="Đã xem xét.")
    with cast.office.db.read() as session:
        check = str(succession.links_of(session, minutes).about)
    family = [check, minutes, appeal]
    for key in family:
        destructions.archive(cast, key)
    over(cast, *family)
    made = approved(cast, family)
    assert carry_out(cast, made) == (3, 0)
    with cast.office.db.read() as session:
        row = session.exec(select(SpotCheck).where(col(SpotCheck.document_id) == check)).one()
        assert row.record is not None
        assert (row.record["words"], row.record["teaching_plan"]["mark"], row.finding) == (
            "",
            "absent",
            "violation",
        )
        assert "quên" not in str(row.evidence) + str(row.record)


def test_one_list_at_a_time_and_a_list_taken_back_frees_its_records(each_cast: Cast) -> None:
    cast = each_cast
    first, second = due(cast, 12, 13)
    made = listed(cast, [first])
    assert "danh mục hủy khác" in stays(cast, first)[first]
    with pytest.raises(Invalid):
        listed(cast, [first, second])
    cast.act("thu", made, "withdraw")
    assert states(cast, made) == {first: "released"}
    assert states(cast, listed(cast, [first, second])) == {first: "listed", second: "listed"}


def test_a_list_that_was_returned_is_written_anew_without_what_was_asked_to_stay(cast: Cast) -> None:
    first, second = due(cast, 12, 13)
    made = listed(cast, [first, second])
    cast.act("thu", made, "sign")
    cast.act("ngoc", made, "return", note="Để lại tuần 12 làm minh chứng.")
    document = cast.fresh(made)
    chosen = Chosen([second], {first: "Minh chứng kiểm định"}, REASON)
    destruction_lists.write_anew(cast.office, cast.actor("thu"), made, document.content_version, chosen)
    assert states(cast, made) == {first: "released", second: "listed"}
    cast.act("thu", made, "sign")
    assert "Minh chứng kiểm định" in found.words(cast, made)
    assert cast.fresh(made).revision == 2


def test_who_may_and_when(cast: Cast) -> None:
    [key] = due(cast, 12)
    for who in ("minh", "ngoc", "lan", "admin"):
        with pytest.raises(NotYours):
            destruction_lists.hand_in(cast.office, cast.actor(who), Chosen([key], {}, REASON))
    with pytest.raises(Invalid) as refused:
        listed(cast, [key, "none"])
    assert {f.path for f in refused.value.faults} == {"record.none"}
    fresh = destructions.plan(cast, 13)
    with pytest.raises(Invalid):
        listed(cast, [fresh])
    made = listed(cast, [key])
    cast.act("thu", made, "sign")
    cast.act("ngoc", made, "approve")
    cast.act("minh", made, "approve")
    with pytest.raises(WrongStep):
        carry_out(cast, made)
    cast.act("thu", made, "seal")
    destructions.archive(cast, made)
    for who in ("minh", "ngoc"):
        with pytest.raises(NotYours):
            destroying.carry_out(cast.office, cast.actor(who), made)
    for who in ("lan", "principal_b"):
        with pytest.raises(NotFound):
            destroying.carry_out(cast.office, cast.actor(who), made)
    assert cast.fresh(key).status == "archived"
    assert cast.fresh(made).keep_until is None


class Killed(BaseException):
    """The process is gone."""


def test_killed_in_the_middle_it_goes_on_where_it_ended(
    each_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, office = each_cast, each_cast.office
    keys = due(cast, 12, 13, 14)
    made = approved(cast, keys)
    over(cast)
    store = type(office.blobs)
    with monkeypatch.context() as patch:

        def killed(*_: object) -> bool:
            raise Killed

        patch.setattr(store, "remove", killed)
        with pytest.raises(Killed):
            carry_out(cast, made)
    assert sorted(states(cast, made).values()) == ["destroyed", "listed", "listed"]
    with office.db.read() as session:
        left = session.exec(select(DestroyedFile.sha256)).all()
        for key in keys:
            assert sound(session, key)
    assert left
    assert all(office.blobs.path(name).exists() for name in left)
    assert destroying.sweep(office.db, office.blobs) == len(left)
    assert not any(office.blobs.path(name).exists() for name in left)
    assert carry_out(cast, made) == (2, 0)


def test_a_file_another_record_names_too_stays_until_that_one_goes(cast: Cast) -> None:
    first, second = due(cast, 12, 13)
    picture = cast.office.blobs.put(b"a picture both use")
    with cast.office.db.write() as session:
        for key in (first, second):
            session.add(
                DocumentImage(
                    document_id=key, sha256=picture, school_id=cast.school_id, media_type="image/png"
                )
            )
    over(cast)
    made = approved(cast, [first])
    over(cast)
    assert carry_out(cast, made) == (1, 0)
    assert cast.office.blobs.path(picture).exists()
    made = approved(cast, [second])
    over(cast)
    assert carry_out(cast, made) == (1, 0)
    assert not cast.office.blobs.path(picture).exists()


def test_thirty_years_of_jobs_destroy_nothing(cast: Cast) -> None:
    keys = [destructions.plan(cast, 12), destructions.plan(cast, 13)]
    files = {path.name for path in cast.office.blobs.folder.glob("??/*")}
    over(cast)
    later = cast.office.now() + timedelta(days=30 * 366)
    works = Clockwork(cast.office.db, cast.office.settings, lambda: later)
    works.take_the_lead()
    assert works.leading
    for job in (works.look_far_back, works.look, works.look_at_changes, works.look_at_facts, works.clean):
        job()
    assert [cast.fresh(key).status for key in keys] == ["archived", "archived"]
    assert files == {path.name for path in cast.office.blobs.folder.glob("??/*")}
    with cast.office.db.read() as session:
        batches = retention.batches(session, cast.school_id, later)
    assert [(b.declared.slug, b.count) for b in batches] == [("lesson-plan", 2)]
