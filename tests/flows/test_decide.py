"""The only writer: every refusal, every repeat, every race, on both databases."""

from __future__ import annotations

import re
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, col, select

from flows import queries, views
from flows.commands import Command, Decided
from flows.decide import decide, settle
from flows.plan import SYSTEM
from models.account import AccountRole
from models.document import Document, OpenStep, Revision, SeriesNumber, Signature
from models.errors import BadPin, Invalid, Locked, NotFound, NotYours, RecordsError, Stale, WrongStep
from models.event import Event
from models.notice import Notice
from models.run import Incident
from tasks.keys import Secret
from tests.audited import sound
from tests.cast import PIN, Cast

ROOT = Path(__file__).parents[2]


def approved(cast: Cast, week: int = 14) -> Document:
    document = cast.sent("lan", week)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return cast.fresh(document.id)


def events_of(session: Session, document_id: str) -> list[Event]:
    mine = select(Event).where(col(Event.document_id) == document_id)
    return list(session.exec(mine.order_by(col(Event.seq))).all())


def notices(cast: Cast, document_id: str) -> Counter[tuple[str, str]]:
    names = {v: k for k, v in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.document_id) == document_id)).all()
    return Counter((names[n.account_id], n.kind) for n in rows)


def test_a_lesson_plan_goes_from_the_form_to_approved(each_cast: Cast) -> None:
    cast = each_cast
    document = cast.lesson_plan("lan", 14)
    submitted = cast.act("lan", document.id, "submit")
    assert (submitted.status, submitted.step, submitted.revision) == ("in_progress", "author", 1)
    signed = cast.act("lan", document.id, "sign")
    assert signed.step == "group_review"
    assert cast.act("hoa", document.id, "approve").step == "principal_approval"
    done = cast.act("ngoc", document.id, "approve")
    assert (done.status, done.step) == ("approved", "archive")
    assert notices(cast, document.id) == Counter(
        {("hoa", "waiting"): 1, ("minh", "waiting"): 1, ("ngoc", "waiting"): 1, ("lan", "approved"): 1}
    )
    with cast.office.db.read() as session:
        rows = session.exec(
            select(Signature)
            .where(col(Signature.document_id) == document.id)
            .order_by(col(Signature.signed_at))
        ).all()
        assert [(s.step, s.authority) for s in rows] == [
            ("author", ""),
            ("group_review", "TỔ TRƯỞNG CHUYÊN MÔN"),
            ("principal_approval", "KT. HIỆU TRƯỞNG / PHÓ HIỆU TRƯỞNG"),
        ]
        assert [s.input_blob for s in rows[1:]] == [s.output_blob for s in rows[:-1]]
        assert sound(session, document.id)
    assert cast.fresh(document.id).first_signed_at is not None


def test_a_group_plan_gets_its_number_with_the_principals_signature_and_then_its_seal(
    each_cast: Cast,
) -> None:
    cast = each_cast
    first, second = cast.team_plan(), cast.team_plan(first=22, last=23)
    for document in (first, second):
        cast.act("hoa", document.id, "submit")
        cast.act("hoa", document.id, "sign")
        cast.act("ngoc", document.id, "approve")
        cast.act("minh", document.id, "approve")
    assert [cast.fresh(d.id).number for d in (first, second)] == ["01", "02"]
    with pytest.raises(NotYours):
        cast.act("minh", first.id, "seal")
    sealed = cast.act("thu", first.id, "seal")
    assert (sealed.status, sealed.step) == ("approved", "archive")
    with cast.office.db.read() as session:
        states = session.exec(select(SeriesNumber.state).order_by(col(SeriesNumber.number))).all()
    assert list(states) == ["used", "used"]


def test_a_return_names_lessons_and_the_next_submit_is_a_new_revision(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    lesson = document.fields["lessons"][0]["id"]
    with pytest.raises(Invalid) as refused:
        cast.act("hoa", document.id, "return", note="  ")
    assert [f.path for f in refused.value.faults] == ["note"]
    returned = cast.act("hoa", document.id, "return", note="Sửa thời lượng.", parts={lesson: "Quá 35 phút."})
    assert (returned.status, returned.step) == ("returned", "draft")
    cast.act("lan", document.id, "submit")
    again = cast.act("lan", document.id, "sign")
    assert (again.revision, again.step) == (2, "group_review")
    with cast.office.db.read() as session:
        view = views.view(session, cast.actor("lan"), document.id, cast.office.now())
    assert [(s.signature.revision, s.superseded) for s in view.signatures] == [(1, True), (2, False)]
    event = next(e for e in view.events if e.event.action == "return")
    assert event.remark is not None
    assert event.remark.parts == {lesson: "Quá 35 phút."}
    assert view.intact
    assert notices(cast, document.id)["lan", "returned"] == 1


def test_a_return_never_makes_it_late(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    first = cast.fresh(document.id).first_signed_at
    cast.act("hoa", document.id, "return", note="Sửa lại.")
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign")
    assert cast.fresh(document.id).first_signed_at == first


@pytest.mark.parametrize(
    ("owner", "reviewer", "refused"),
    [("hoa", "lien", "hoa"), ("son", "ngoc", "son"), ("lien", "hoa", "lien"), ("huong", "son", "hoa")],
)
def test_a_group_heads_own_plan_goes_to_the_deputy_or_the_vice_principal(
    cast: Cast, owner: str, reviewer: str, refused: str
) -> None:
    document = cast.sent(owner, 14)
    with pytest.raises(NotYours):
        cast.act(refused, document.id, "approve")
    with cast.office.db.read() as session:
        assert [w.document.id for w in queries.waiting(session, cast.actor(reviewer))] == [document.id]
        assert queries.waiting(session, cast.actor(refused)) == []
    assert cast.act(reviewer, document.id, "approve").step == "principal_approval"
    if reviewer == "ngoc":
        with pytest.raises(NotYours):
            cast.act("ngoc", document.id, "approve")
        with cast.office.db.read() as session:
            assert queries.waiting(session, cast.actor("ngoc")) == []
    assert cast.act("minh", document.id, "approve").status == "approved"


def test_the_same_decision_twice_gives_the_stored_result_and_anyone_elses_is_stale(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    version = document.version
    first = cast.act("hoa", document.id, "approve", version=version)
    again = cast.act("hoa", document.id, "approve", version=version)
    assert again == Decided(
        *[getattr(first, f) for f in ("document_id", "version", "status", "step", "revision")], True
    )
    with pytest.raises(Stale):
        cast.act("hoa", document.id, "return", version=version, note="Khác.")
    with pytest.raises(Stale):
        cast.act("minh", document.id, "approve", version=version)
    with cast.office.db.read() as session:
        assert events_of(session, document.id)[-1].seq == version + 1


def test_what_does_not_fit_the_step_is_refused(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    for action in ("sign", "approve", "seal", "archive", "nonsense"):
        with pytest.raises(WrongStep):
            cast.act("lan", document.id, action)
    with pytest.raises(NotYours):
        cast.act("mai", document.id, "submit")
    with pytest.raises(NotFound):
        decide(
            cast.office,
            Command(document.id, "submit", 1, cast.actor("principal_b"), cast.office.now()),
        )


def test_a_form_with_gaps_is_not_submitted_and_nothing_is_lost(cast: Cast) -> None:
    fields = cast.lesson_fields(14)
    fields["lessons"][0] |= {"title": "", "date": "2026-12-31", "periods": "nhiều"}
    document = cast.lesson_plan("lan", 14, lessons=fields["lessons"])
    with pytest.raises(Invalid) as refused:
        cast.act("lan", document.id, "submit")
    assert sorted(f.path for f in refused.value.faults) == [
        "lessons.0.date",
        "lessons.0.periods",
        "lessons.0.title",
    ]
    kept = cast.fresh(document.id)
    assert kept.status == "draft"
    assert kept.fields["lessons"][0]["periods"] == "nhiều"


def test_a_wrong_pin_signs_nothing_and_the_fifth_makes_a_pause(cast: Cast) -> None:
    document = cast.lesson_plan("lan", 14)
    cast.act("lan", document.id, "submit")
    for left in (4, 3, 2, 1):
        with pytest.raises(BadPin, match=str(left)):
            cast.act("lan", document.id, "sign", pin="135791")
    with pytest.raises(Locked):
        cast.act("lan", document.id, "sign", pin="135791")
    with pytest.raises(Locked):
        cast.act("lan", document.id, "sign", pin=PIN)
    after = cast.fresh(document.id)
    assert (after.step, after.signing_until) == ("author", None)


def test_fifty_decisions_at_once_on_one_document_and_one_wins(each_cast: Cast) -> None:
    cast = each_cast
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    version = cast.fresh(document.id).version
    results: list[Decided | RecordsError] = []
    start = threading.Barrier(50)
    actors = {name: cast.actor(name) for name in ("minh", "ngoc")}

    def one(number: int) -> None:
        name, action = (("minh", "approve"), ("ngoc", "return"))[number % 2]
        command = Command(
            document.id, action, version, actors[name], cast.office.now(), Secret(PIN), note="Cần sửa."
        )
        start.wait()
        try:
            results.append(decide(cast.office, command))
        except RecordsError as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = [r for r in results if isinstance(r, Decided) and not r.repeated]
    refused = {type(r) for r in results if isinstance(r, RecordsError)}
    assert len(results) == 50
    assert len(fresh) == 1
    assert refused <= {Stale, Locked}
    with cast.office.db.read() as session:
        assert session.get_one(Document, document.id).version == version + 1
        assert events_of(session, document.id)[-1].seq == version + 1
        assert sound(session, document.id)


def test_the_machine_archives_once_and_nobody_else_does(cast: Cast) -> None:
    document = approved(cast)
    with cast.office.db.read() as session:
        opened = events_of(session, document.id)[-1].seq
    assert document.blob is not None
    results = [
        settle(cast.office, document.id, opened, blob=document.blob, keep_until=None, data={})
        for _ in range(2)
    ]
    assert results == [True, False]
    done = cast.fresh(document.id)
    assert (done.status, done.step, done.archived_at is not None) == ("archived", "", True)
    with cast.office.db.read() as session:
        last = session.exec(
            select(Event).where(col(Event.document_id) == document.id).order_by(col(Event.seq).desc())
        ).first()
        assert last is not None
        assert (last.actor_id, last.action) == (SYSTEM, "archive")
        assert sound(session, document.id)


def test_where_nobody_can_act_there_is_an_incident(cast: Cast) -> None:
    document = cast.sent("son", 14)
    cast.act("ngoc", document.id, "approve")
    cast.act("minh", document.id, "return", note="Sửa.")
    with cast.office.db.write() as session:
        session.delete(session.get_one(AccountRole, (cast.school_id, cast.ids["ngoc"], "vice_principal")))
    cast.act("son", document.id, "submit")
    cast.act("son", document.id, "sign")
    with cast.office.db.read() as session:
        incidents = session.exec(select(Incident).where(col(Incident.document_id) == document.id)).all()
    assert [(i.kind, i.step) for i in incidents] == [("nobody", "group_review")]


def test_waiting_is_a_row_and_nothing_else(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    with cast.office.db.read() as session:
        rows = session.exec(select(OpenStep).where(col(OpenStep.document_id) == document.id)).all()
    assert [(r.step, r.audience) for r in rows] == [("group_review", f"group_head:{cast.groups['1-2-3']}")]
    assert rows[0].due_at is not None


def test_an_event_can_be_neither_changed_nor_deleted(each_cast: Cast) -> None:
    document = each_cast.lesson_plan("lan", 14)
    for statement in (
        update(Event).where(col(Event.document_id) == document.id).values(actor_id="x"),
        delete(Event).where(col(Event.document_id) == document.id),
    ):
        with pytest.raises(DatabaseError, match="append-only"), each_cast.office.db.write() as session:
            session.exec(statement)


def test_what_was_signed_is_kept_when_it_is_returned(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    signed = cast.fresh(document.id).blob
    cast.act("hoa", document.id, "return", note="Sửa.")
    cast.act("lan", document.id, "submit")
    with cast.office.db.read() as session:
        first = session.get_one(Revision, (document.id, 1))
    assert first.final == signed
    assert cast.office.blobs.get(first.final).startswith(b"%PDF")


def test_only_decide_writes_a_documents_step() -> None:
    """No assignment to `step`, `status` or `version` of a document stands elsewhere (law 2)."""
    written = re.compile(
        r"document\.(step|status|version)\s*=[^=]|Document\b[^\n]*\)\s*\.values\([^)]*\b(step|status)="
    )
    guilty = [
        str(path.relative_to(ROOT))
        for room in ("flows", "service", "tasks")
        for path in (ROOT / room).rglob("*.py")
        if written.search(path.read_text()) and path.name != "decide.py"
    ]
    assert guilty == []
