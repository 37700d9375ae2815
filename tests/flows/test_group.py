"""Parts that are open together: in both orders, at the same moment, a return, what others see of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from flows import archiving, certification, queries, runs, views
from flows.commands import Command, Decided
from flows.decide import decide
from flows.handing import Wish, hand_over
from models.account import Account
from models.document import Document, OpenStep, Signature
from models.errors import NotYours, RecordsError, Stale, WrongStep
from models.event import Event
from models.notice import Notice
from models.run import Incident
from tasks import verifying
from tasks.keys import Secret
from tests import processes
from tests.audited import sound
from tests.cast import PIN, Cast
from tests.processes import about, in_place_of


@pytest.fixture(autouse=True)
def minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    in_place_of(monkeypatch, processes.MINUTES)


def submitted(cast: Cast, week: int = 13) -> str:
    document = about(cast, "mai", "lan", week)
    cast.act("mai", document.id, "submit")
    return document.id


def signatures(cast: Cast, document_id: str) -> list[tuple[str, bool]]:
    """Each signature of the present file: its field, and whether it holds."""
    with cast.office.db.read() as session:
        trust = certification.trust_of(session)
    blob = cast.fresh(document_id).blob
    assert blob is not None
    report = verifying.validate(cast.office.blobs.get(blob), trust, cast.office.now())
    assert report.problem is None
    return [(s.field, s.ok) for s in report.signatures]


def open_steps(cast: Cast, document_id: str) -> dict[str, tuple[str, int]]:
    """The waiting rows: by step, for whom first, and which event opened it."""
    with cast.office.db.read() as session:
        rows = session.exec(select(OpenStep).where(col(OpenStep.document_id) == document_id)).all()
    names = {f"account:{key}": name for name, key in cast.ids.items()}
    return {r.step: (names.get(r.audience, r.audience), r.opened_seq) for r in rows if r.place == 0}


def told(cast: Cast, document_id: str) -> list[tuple[str, str]]:
    names = {v: k for k, v in cast.ids.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.document_id) == document_id)).all()
    return sorted((names[n.account_id], n.kind) for n in rows)


def archived(cast: Cast, document_id: str) -> None:
    """The machine's step: the gate lets exactly these signatures pass."""
    seq = cast.fresh(document_id).version
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    stamped = archiving.archive_timestamp(cast.office, document_id, seq, validated)
    archiving.archive(cast.office, document_id, seq, stamped)
    assert cast.fresh(document_id).status == "archived"


ACTS = {"mai": ("author", "sign"), "lan": ("teacher", "agree")}


@pytest.mark.parametrize("order", [("mai", "lan"), ("lan", "mai")])
def test_the_parts_are_done_in_any_order(each_cast: Cast, order: tuple[str, str]) -> None:
    cast = each_cast
    document_id = submitted(cast)
    assert cast.fresh(document_id).step == "parties"
    assert open_steps(cast, document_id) == {"author": ("mai", 2), "teacher": ("lan", 2)}
    first, second = order
    decided = cast.act(first, document_id, ACTS[first][1])
    assert (decided.step, decided.status) == ("parties", "in_progress")
    assert open_steps(cast, document_id) == {ACTS[second][0]: (second, 2)}
    with pytest.raises((NotYours, WrongStep)):
        cast.act(first, document_id, ACTS[first][1])
    assert cast.act(second, document_id, ACTS[second][1]).step == "note"
    assert cast.act("minh", document_id, "acknowledge").status == "approved"
    fields = [ACTS[name][0] for name in order]
    assert signatures(cast, document_id) == [(field, True) for field in (*fields, "note")]
    with cast.office.db.read() as session:
        assert sound(session, document_id)
    assert told(cast, document_id) == [
        ("lan", "waiting"),
        ("mai", "approved"),
        ("minh", "waiting"),
        ("ngoc", "waiting"),
    ]
    archived(cast, document_id)


@pytest.mark.parametrize("week", [13, 14, 15])
def test_two_parts_decided_at_once_are_both_signed_one_on_the_others_file(each_cast: Cast, week: int) -> None:
    cast = each_cast
    document_id = submitted(cast, week)
    version = cast.fresh(document_id).version
    start = threading.Barrier(2)
    results: dict[str, Decided | RecordsError] = {}

    def one(name: str) -> None:
        start.wait()
        try:
            results[name] = cast.act(name, document_id, ACTS[name][1], version=version)
        except RecordsError as refusal:
            results[name] = refusal

    threads = [threading.Thread(target=one, args=(name,)) for name in ACTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(result, Decided) for result in results.values()), results
    assert cast.fresh(document_id).step == "note"
    assert [ok for _, ok in signatures(cast, document_id)] == [True, True]
    with cast.office.db.read() as session:
        mine = col(Signature.document_id) == document_id
        rows = {s.input_blob: s for s in session.exec(select(Signature).where(mine)).all()}
        document = session.get_one(Document, document_id)
        later = rows[next(s.output_blob for s in rows.values() if s.output_blob in rows)]
        assert later.output_blob == document.blob
        assert (document.signing_by, document.signing_until) == (None, None)
        assert sound(session, document_id)
    for name, (_, action) in ACTS.items():  # a lost answer: the same person asks again
        assert cast.act(name, document_id, action, version=version).repeated
    with cast.office.db.read() as session:
        events = session.exec(select(Event).where(col(Event.document_id) == document_id)).all()
    assert len(events) == 4


def test_what_the_other_part_did_meanwhile_is_no_reason_to_begin_again(cast: Cast) -> None:
    document_id = submitted(cast)
    seen = cast.fresh(document_id).version
    cast.act("lan", document_id, "agree")
    with pytest.raises(Stale):
        cast.act("mai", document_id, "withdraw", version=seen)
    assert cast.act("mai", document_id, "sign", version=seen).step == "note"
    with pytest.raises(Stale):
        cast.act("minh", document_id, "acknowledge", version=seen)


def test_nothing_is_reopened_or_withdrawn_once_whom_it_is_about_signed(cast: Cast) -> None:
    document_id = submitted(cast)
    with cast.office.db.read() as session:
        assert "reopen" in views.view(session, cast.actor("mai"), document_id, cast.office.now()).actions
    cast.act("lan", document_id, "agree")
    with cast.office.db.read() as session:
        offered = views.view(session, cast.actor("mai"), document_id, cast.office.now()).actions
    assert offered == ("sign",)


def test_whom_it_is_about_decides_nothing_on_it_whatever_posts_they_hold(cast: Cast) -> None:
    document = about(cast, "mai", "ngoc")
    cast.act("mai", document.id, "submit")
    cast.act("ngoc", document.id, "agree")
    cast.act("mai", document.id, "sign")
    with cast.office.db.read() as session:
        view = views.view(session, cast.actor("ngoc"), document.id, cast.office.now())
        assert view.actions == ()
        assert [p.full_name for p in view.waiting_for] == ["Đỗ Quang Minh"]
        assert queries.waiting(session, cast.actor("ngoc")) == []
    with pytest.raises(NotYours):
        cast.act("ngoc", document.id, "acknowledge")


def test_only_whom_it_waits_for_finds_it_in_the_inbox(cast: Cast) -> None:
    document_id = submitted(cast)
    with cast.office.db.read() as session:
        found = {
            name: [(w.document.id, w.step) for w in queries.waiting(session, cast.actor(name))]
            for name in ("lan", "minh", "ngoc", "hoa", "huong")
        }
        assert found == {"lan": [(document_id, "teacher")], "minh": [], "ngoc": [], "hoa": [], "huong": []}
        seen = [n for n in cast.ids if queries.seen(session, cast.actor(n), document_id)]
    assert sorted(seen) == ["hoa", "lan", "lien", "mai", "minh", "ngoc"]


def test_a_part_nobody_can_take_is_an_incident_once(cast: Cast) -> None:
    document = about(cast, "mai", "lan")
    with cast.office.db.write() as session:
        session.exec(update(Account).where(col(Account.id) == cast.ids["lan"]).values(active=False))
    cast.act("mai", document.id, "submit")
    cast.act("mai", document.id, "sign")
    with cast.office.db.read() as session:
        rows = session.exec(select(Incident).where(col(Incident.document_id) == document.id)).all()
    assert [(i.step, i.resolved_at) for i in rows] == [("teacher", None)]
    later = cast.office.now() + timedelta(hours=25)  # the author not before the person's own day is over
    cast.act("mai", document.id, "refuse", note="Đã nghỉ việc.", witness=cast.ids["hoa"], arrived=later)
    with cast.office.db.read() as session:
        rows = session.exec(select(Incident).where(col(Incident.document_id) == document.id)).all()
    assert all(i.resolved_at for i in rows)


def test_the_author_withdraws_it_while_another_part_is_open_and_all_are_told(cast: Cast) -> None:
    document_id = submitted(cast)
    cast.act("mai", document_id, "sign")
    assert cast.act("mai", document_id, "withdraw").status == "withdrawn"
    assert ("lan", "withdrawn") in told(cast, document_id)
    assert open_steps(cast, document_id) == {}


# --- two reviews at once ----------------------------------------------------------------------------------


@pytest.fixture
def reviewed(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> str:
    in_place_of(monkeypatch, processes.REVIEWED)
    return cast.sent("lan", 13).id


def test_a_return_leaves_the_group_as_a_whole(cast: Cast, reviewed: str) -> None:
    cast.act("hoa", reviewed, "approve")
    assert cast.act("ngoc", reviewed, "return", note="Bổ sung đồ dùng.").status == "returned"
    assert open_steps(cast, reviewed) == {"draft": ("lan", 5)}
    cast.act("lan", reviewed, "submit")
    cast.act("lan", reviewed, "sign")
    assert set(open_steps(cast, reviewed)) == {"group_review", "deputy_review"}
    cast.act("ngoc", reviewed, "approve")
    cast.act("hoa", reviewed, "approve")
    assert cast.act("minh", reviewed, "approve").status == "approved"
    fields = ("author", "deputy_review", "group_review", "approval")
    assert signatures(cast, reviewed) == [(field, True) for field in fields]


def test_a_part_is_handed_over_while_the_other_goes_on(cast: Cast, reviewed: str) -> None:
    version, now = cast.fresh(reviewed).version, cast.office.now()
    wish = Wish(version, cast.ids["lien"])
    hand_over(cast.office, cast.actor("hoa"), reviewed, wish, now)
    cast.act("ngoc", reviewed, "approve")
    assert cast.act("lien", reviewed, "approve").step == "approval"
    with cast.office.db.read() as session:
        assert sound(session, reviewed)


def test_the_parked_run_names_everybody_it_awaits(cast: Cast, reviewed: str) -> None:
    turn = runs.turn(cast.office.db, reviewed)
    assert turn is not None
    assert runs.parked_name(turn.position.open) == "Awaiting group head and vice principal"


def test_where_one_of_two_is_enough_the_other_is_closed(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> None:
    in_place_of(monkeypatch, processes.ANY_OF)
    document_id = cast.sent("lan", 13).id
    assert cast.act("ngoc", document_id, "approve").step == "approval"
    with pytest.raises((NotYours, WrongStep)):
        cast.act("hoa", document_id, "approve")


def test_a_part_takes_one_signature_from_two_who_hold_its_post(
    monkeypatch: pytest.MonkeyPatch, each_cast: Cast
) -> None:
    cast = each_cast
    alone = replace(processes.BOTH.parts[1], by=processes.principal | processes.vice_principal)
    both = replace(processes.BOTH, parts=(processes.BOTH.parts[0], alone))
    in_place_of(monkeypatch, processes.process(processes.SIGN, both, processes.NOTED))
    document_id = cast.sent("lan", 13).id
    version = cast.fresh(document_id).version
    start = threading.Barrier(3)
    results: list[Decided | RecordsError] = []

    def one(name: str) -> None:
        command = Command(document_id, "approve", version, cast.actor(name), cast.office.now(), Secret(PIN))
        start.wait()
        try:
            results.append(decide(cast.office, command))
        except RecordsError as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=one, args=(name,)) for name in ("hoa", "minh", "ngoc")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, Decided) for result in results) == 2, results
    assert cast.fresh(document_id).step == "note"
    assert [ok for _, ok in signatures(cast, document_id)] == [True, True, True]


def test_a_return_to_the_group_takes_its_signatures_back(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> None:
    early = replace(
        processes.RULING, name="early", by=processes.group_head, approves=False, returns_to="parties"
    )
    in_place_of(
        monkeypatch, processes.process(processes.PARTIES, processes.WITNESSED, early, processes.NOTED)
    )
    document_id = submitted(cast)
    frozen = cast.fresh(document_id).blob
    cast.act("mai", document_id, "sign")
    cast.act("lan", document_id, "agree")
    assert cast.act("hoa", document_id, "return", note="Ghi lại giờ.").step == "parties"
    assert cast.fresh(document_id).blob == frozen
    cast.act("lan", document_id, "agree")
    cast.act("mai", document_id, "sign")
    cast.act("hoa", document_id, "grant", note="Đúng.")
    assert signatures(cast, document_id) == [("teacher", True), ("author", True), ("early", True)]
    with cast.office.db.read() as session:
        assert sound(session, document_id)
