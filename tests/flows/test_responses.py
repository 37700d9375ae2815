"""What the person concerned may answer, what a witness and a reviewer sign, and what decides if a step is
taken."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlmodel import col, select

from flows import listing, queries, views
from flows.grammar import Submitted
from models.document import Document
from models.errors import Invalid, NotYours, RecordsError, WrongStep
from models.event import Event
from models.text import Text
from tests import processes
from tests.audited import sound
from tests.cast import Cast
from tests.flows.test_group import archived, open_steps, signatures, submitted, told
from tests.processes import in_place_of

LONG = "Tôi không đồng ý với nội dung này. " * 200


@pytest.fixture(autouse=True)
def minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    in_place_of(monkeypatch, processes.MINUTES)


def written(cast: Cast, document_id: str, field: str) -> str:
    """The value of a text field of the present file."""
    blob = cast.fresh(document_id).blob
    assert blob is not None
    form = PdfFileReader(io.BytesIO(cast.office.blobs.get(blob))).root["/AcroForm"]["/Fields"]
    found = next(f.get_object() for f in form if f.get_object()["/T"] == field)
    return str(found.get("/V", ""))


def refused(call: Callable[[], object]) -> RecordsError:
    with pytest.raises(RecordsError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("first", ["mai", "lan"])
def test_a_statement_stands_in_the_signed_file(cast: Cast, first: str) -> None:
    document_id = submitted(cast)
    words = "Máy tính của tôi hỏng từ thứ Hai,\nđã báo tổ trưởng."
    if first == "mai":
        cast.act("mai", document_id, "sign")
    cast.act("lan", document_id, "state", note=words)
    if first == "lan":
        cast.act("mai", document_id, "sign")
    cast.act("ngoc", document_id, "acknowledge")
    assert written(cast, document_id, "statement") == words
    assert {ok for _, ok in signatures(cast, document_id)} == {True}
    with cast.office.db.read() as session:
        last = views.history(session, session.get_one(Document, document_id))[0]
    assert words in {e.remark.text for e in last if e.remark}


@pytest.mark.parametrize("note", ["", "  \n ", LONG])
def test_a_statement_of_no_words_or_too_many_is_refused_at_its_field(cast: Cast, note: str) -> None:
    document_id = submitted(cast)
    refusal = refused(lambda: cast.act("lan", document_id, "state", note=note))
    assert isinstance(refusal, Invalid)
    assert [f.path for f in refusal.faults] == ["note"]
    assert cast.fresh(document_id).signing_by is None
    assert cast.act("lan", document_id, "agree").step == "parties"


A_DAY = timedelta(hours=24, seconds=1)


def test_the_author_records_a_refusal_only_after_the_persons_own_day(cast: Cast) -> None:
    document_id = submitted(cast)
    cast.act("mai", document_id, "sign")
    now = cast.office.now()
    refusal = {"note": "Không nêu lý do.", "witness": cast.ids["hoa"]}
    with pytest.raises(WrongStep) as early:
        cast.act("mai", document_id, "refuse", arrived=now + timedelta(hours=23), **refusal)
    assert "còn thời gian để tự trả lời" in early.value.sentence.vi

    def offered(name: str, at: datetime) -> tuple[bool, bool]:
        with cast.office.db.read() as session:
            seen = views.view(session, cast.actor(name), document_id, at)
        return "refuse" in seen.actions, seen.early is not None

    assert offered("mai", now) == (False, True)
    assert offered("mai", now + A_DAY) == (True, False)
    assert offered("lan", now) == (True, False)
    assert offered("minh", now) == (False, False)
    assert cast.act("mai", document_id, "refuse", arrived=now + A_DAY, **refusal).step == "witness"


def test_whom_it_is_about_refuses_at_once(cast: Cast) -> None:
    document_id = submitted(cast)
    cast.act("mai", document_id, "sign")
    assert cast.act("lan", document_id, "refuse", note="x", witness=cast.ids["hoa"]).step == "witness"


@pytest.mark.parametrize("recorded_by", ["lan", "mai"])
def test_a_refusal_needs_no_signature_and_its_witness_signs(cast: Cast, recorded_by: str) -> None:
    document_id = submitted(cast)
    cast.act("mai", document_id, "sign")
    refusal = {
        "note": "Cho rằng không vi phạm.",
        "witness": cast.ids["hoa"],
        "arrived": cast.office.now() + A_DAY,
    }
    assert cast.act(recorded_by, document_id, "refuse", **refusal).step == "witness"
    assert open_steps(cast, document_id) == {"witness": ("hoa", 4)}
    assert signatures(cast, document_id) == [("author", True)]
    with cast.office.db.read() as session:
        assert queries.seen(session, cast.actor("hoa"), document_id)
        assert [w.step for w in queries.waiting(session, cast.actor("hoa"))] == ["witness"]
        event = session.get_one(Event, (document_id, 4))
        assert event.data["witness"] == cast.ids["hoa"]
    assert ("hoa", "waiting") in told(cast, document_id)
    cast.act("hoa", document_id, "acknowledge")
    said = "Nguyễn Thị Lan không ký. Lý do: Cho rằng không vi phạm."
    assert written(cast, document_id, "refusal") == said
    assert cast.act("minh", document_id, "acknowledge").status == "approved"
    assert signatures(cast, document_id) == [("author", True), ("witness", True), ("note", True)]
    archived(cast, document_id)
    with cast.office.db.read() as session:
        assert sound(session, document_id)


def test_whom_it_is_about_and_a_witness_from_elsewhere_see_it_and_find_it_by_words(cast: Cast) -> None:
    document_id = submitted(cast)

    def found(name: str) -> list[bool]:
        with cast.office.db.read() as session:
            actor = cast.actor(name)
            lists = [listing.documents(session, actor, listing.Filter(q=q))[0] for q in ("", "hai buoc tinh")]
            seen = queries.seen(session, actor, document_id) is not None
        return [seen, *([row.document.id for row in rows] == [document_id] for rows in lists)]

    assert found("lan") == [True] * 3
    assert found("huong") == [False] * 3
    cast.act("lan", document_id, "refuse", note="Không nêu lý do.", witness=cast.ids["huong"])
    assert found("huong") == [True] * 3
    assert found("son") == found("binh") == [False] * 3


def test_the_refusal_is_recorded_by_those_two_alone_with_a_reason_and_a_free_witness(cast: Cast) -> None:
    document_id = submitted(cast)
    cast.act("mai", document_id, "sign")
    hoa = cast.ids["hoa"]
    for name in ("minh", "hoa"):
        with pytest.raises(NotYours):
            cast.act(name, document_id, "refuse", note="x", witness=hoa)

    def fault(note: str, witness: str) -> list[str]:
        refusal = refused(lambda: cast.act("lan", document_id, "refuse", note=note, witness=witness))
        assert isinstance(refusal, Invalid)
        return [f.path for f in refusal.faults]

    assert fault("", hoa) == ["note"]
    assert fault(LONG[:3900], hoa) == ["note"], "the witness could never sign it"
    for nobody in ("", "?", cast.ids["lan"], cast.ids["mai"], cast.ids["admin"], cast.ids["teacher_b"]):
        assert fault("x", nobody) == ["witness"], nobody
    assert cast.act("lan", document_id, "refuse", note="x", witness=hoa).step == "witness"
    for action in ("agree", "refuse"):
        with pytest.raises(WrongStep):
            cast.act("lan", document_id, action, note="x", witness=hoa)


@pytest.mark.parametrize("then", ["another witness", "an answer"])
def test_a_witness_who_saw_nothing_says_so_and_the_refusal_alone_is_undone(cast: Cast, then: str) -> None:
    document_id = submitted(cast)
    cast.act("mai", document_id, "sign")
    signed = cast.fresh(document_id).blob
    cast.act("lan", document_id, "refuse", note="Không nêu lý do.", witness=cast.ids["hoa"])
    empty = refused(lambda: cast.act("hoa", document_id, "return"))
    assert "người chứng kiến khác" in empty.sentence.vi
    with pytest.raises(NotYours):
        cast.act("minh", document_id, "return", note="x")
    assert cast.act("hoa", document_id, "return", note="Tôi không chứng kiến.").step == "parties"
    assert open_steps(cast, document_id) == {"teacher": ("lan", 5)}
    assert cast.fresh(document_id).blob == signed and cast.fresh(document_id).witness_id is None
    assert signatures(cast, document_id) == [("author", True)]
    assert {("mai", "returned"), ("lan", "waiting")} <= set(told(cast, document_id))
    again = refused(lambda: cast.act("lan", document_id, "refuse", note="x", witness=cast.ids["hoa"]))
    assert isinstance(again, Invalid) and [f.path for f in again.faults] == ["witness"]
    if then == "an answer":
        cast.act("lan", document_id, "agree")
        signers = ["author", "teacher", "note"]
    else:
        cast.act("lan", document_id, "refuse", note="Không ký.", witness=cast.ids["huong"])
        cast.act("huong", document_id, "acknowledge")
        assert written(cast, document_id, "refusal") == "Nguyễn Thị Lan không ký. Lý do: Không ký."
        signers = ["author", "witness", "note"]
    assert cast.act("minh", document_id, "acknowledge").status == "approved"
    assert signatures(cast, document_id) == [(step, True) for step in signers]
    with cast.office.db.read() as session:
        assert sound(session, document_id)


def test_a_witness_who_is_the_principal_leaves_the_note_to_the_vice_principal(cast: Cast) -> None:
    document_id = submitted(cast)
    cast.act("mai", document_id, "sign")
    cast.act("lan", document_id, "refuse", note="x", witness=cast.ids["minh"])
    cast.act("minh", document_id, "acknowledge")
    with pytest.raises(NotYours):
        cast.act("minh", document_id, "acknowledge")
    assert cast.act("ngoc", document_id, "acknowledge").status == "approved"


def test_without_a_refusal_no_witness_is_asked(cast: Cast) -> None:
    document_id = submitted(cast)
    cast.act("lan", document_id, "agree")
    assert cast.act("mai", document_id, "sign").step == "note"


# --- decisions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "step"), [("grant", "heard"), ("reject", "archive")])
def test_a_decision_is_signed_with_its_reasons_and_decides_what_follows(
    monkeypatch: pytest.MonkeyPatch, cast: Cast, action: str, step: str
) -> None:
    in_place_of(monkeypatch, processes.APPEAL)
    document_id = cast.sent("lan", 13).id
    assert [f.path for f in _faults(lambda: cast.act("minh", document_id, action))] == ["note"]
    decided = cast.act("minh", document_id, action, note="Máy hỏng thật, có biên bản.")
    assert (decided.step, decided.status) == (step, "approved")
    outcome = {"grant": "Chấp nhận", "reject": "Không chấp nhận"}[action]
    assert written(cast, document_id, "reasons") == f"{outcome}.\nMáy hỏng thật, có biên bản."
    if step == "heard":
        assert cast.act("hoa", document_id, "acknowledge").step == "archive"
    assert {ok for _, ok in signatures(cast, document_id)} == {True}
    with cast.office.db.read() as session:
        assert sound(session, document_id)


def _faults(call: Callable[[], object]) -> tuple[object, ...]:
    refusal = refused(call)
    assert isinstance(refusal, Invalid)
    return refusal.faults


@pytest.mark.parametrize(("week", "step"), [(13, "finding"), (14, "archive")])
def test_a_value_of_the_form_frozen_at_the_submit_decides_if_a_step_is_taken(
    monkeypatch: pytest.MonkeyPatch, cast: Cast, week: int, step: str
) -> None:
    found = Submitted("week", cast.weeks[13], Text("máy đề xuất", "proposed"))
    finding = replace(processes.FINDING, when=found)
    in_place_of(monkeypatch, processes.process(replace(processes.SIGN, approves=True), finding))
    document_id = cast.sent("lan", week).id
    document = cast.fresh(document_id)
    assert (document.step, document.status) == (step, "approved")
    with cast.office.db.read() as session:
        event = session.exec(
            select(Event).where(col(Event.document_id) == document_id, col(Event.action) == "submit")
        ).one()
        assert event.data["values"] == {"week": cast.weeks[week]}
        assert sound(session, document_id)
    if step == "finding":
        assert cast.act("ngoc", document_id, "dismiss", note="Đã in sẵn.").step == "archive"
