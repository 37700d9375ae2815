"""Documents and their runs, through a real Prefect server and real worker processes.

Whatever happens to a run or a process, the decisions of people stand in our tables and nowhere else.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from sqlmodel import col, select

from flows import batches
from flows.driving import Driver
from flows.leases import alive
from models.batch import Batch
from models.document import Document
from models.event import Event
from models.run import Incident, LedgerEntry
from tests import leaks
from tests.cast import PIN, Cast
from tests.conftest import StampServer
from tests.prefect_fixture import PrefectServer, Worker, prefect_server, wait_for, working

__all__ = ["prefect_server"]  # a fixture, named by the tests below
pytestmark = pytest.mark.real_clock

GROUP_HEAD, PRINCIPAL = "Awaiting group head", "Awaiting principal or vice principal"


def decisions(cast: Cast, document_id: str) -> list[str]:
    """The document's history in words, checked as a chain."""
    with cast.office.db.read() as session:
        rows = session.exec(
            select(Event).where(col(Event.document_id) == document_id).order_by(col(Event.seq))
        ).all()
    previous = ""
    for row in rows:
        assert (row.previous, row.hash) == (previous, row.digest())
        previous = row.hash
    return [f"{row.step}:{row.action}" for row in rows]


def ledger(cast: Cast, document_id: str) -> dict[str, tuple[str, int]]:
    with cast.office.db.read() as session:
        rows = session.exec(select(LedgerEntry).where(col(LedgerEntry.document_id) == document_id)).all()
        return {row.step: (row.state, row.attempts) for row in rows}


def wait_parked(server: PrefectServer, document: Document, name: str) -> str:
    """Wait for the parked state; the run's id."""
    wait_for(lambda: server.state_of(document.id) == name, f"{document.id} is not parked as {name}")
    run = server.run_of(document.id)
    assert run is not None
    return str(run["id"])


def wait_archived(cast: Cast, document_id: str) -> None:
    wait_for(lambda: cast.fresh(document_id).status == "archived", f"{document_id} is not archived")


SENT = ["draft:create", "draft:submit", "author:sign"]
WHOLE = [*SENT, "group_review:approve", "principal_approval:approve", "archive:archive"]
ONCE = {"validate": ("done", 1), "timestamp": ("done", 1), "archive": ("done", 1)}


def test_a_run_is_parked_under_the_name_of_who_is_awaited_and_ends_in_the_archive(
    each_cast: Cast, prefect_server: PrefectServer
) -> None:
    cast = each_cast
    with working(cast.office, prefect_server):
        draft = cast.lesson_plan("lan", 15)
        document = cast.sent("lan", 14)
        run_id = wait_parked(prefect_server, document, GROUP_HEAD)
        cast.act("hoa", document.id, "return", note="Bổ sung bài 2.")
        wait_parked(prefect_server, document, "Awaiting author")
        cast.act("lan", document.id, "submit")
        cast.act("lan", document.id, "sign")
        cast.act("hoa", document.id, "approve")
        wait_parked(prefect_server, document, PRINCIPAL)
        cast.act("minh", document.id, "approve")
        wait_archived(cast, document.id)
        assert wait_parked(prefect_server, document, "Completed") == run_id, "one run for a document"
        wait_for(lambda: cast.fresh(draft.id).settled, "the draft is not settled")
        taken_back = cast.sent("mai", 14)
        wait_parked(prefect_server, taken_back, GROUP_HEAD)
        cast.act("mai", taken_back.id, "withdraw")
        wait_parked(prefect_server, taken_back, "Withdrawn")
        cast.act("lan", draft.id, "withdraw")
        wait_for(lambda: cast.fresh(draft.id).settled, "the dropped draft is not settled")
    wait_for(
        lambda: (
            set(prefect_server.task_names(run_id)) == {"Validate signatures", "Archive timestamp", "Archive"}
        ),
        "the steps are not shown",
    )
    assert ledger(cast, document.id) == ONCE
    assert cast.fresh(document.id).run_id == run_id
    assert prefect_server.run_of(draft.id) is None, "a draft that was never submitted has no run"
    assert_only_ids_reached_prefect(cast, prefect_server, document)


def assert_only_ids_reached_prefect(cast: Cast, server: PrefectServer, document: Document) -> None:
    """Law 4, in Prefect's own files: no person's name, title, comment or PIN, however it may be written."""
    files = [p for p in (server.folder / "prefect").rglob("*") if p.is_file()]
    content = b"".join(p.read_bytes() for p in files if p.name.startswith("prefect.db"))
    assert document.id.encode() in content
    assert not leaks.holds(PIN, content), "a PIN is in Prefect's database"
    for word in ("Nguyễn Thị Lan", "Phạm Thị Hoa", document.title, "Bổ sung bài 2", "Đồng Mai"):
        written = (word, word.encode("unicode_escape").decode())
        assert not any(w.encode() in content for w in written), f"{word} is in Prefect's database"


def test_an_operator_in_prefect_never_changes_a_decision(cast: Cast, prefect_server: PrefectServer) -> None:
    api = prefect_server.api
    with working(cast.office, prefect_server):
        resumed, cancelled, deleted = (cast.sent("lan", week) for week in (14, 15, 16))
        runs = {d.id: wait_parked(prefect_server, d, GROUP_HEAD) for d in (resumed, cancelled, deleted)}

        before = prefect_server.run_of(resumed.id)
        assert before is not None
        api.post(f"/flow_runs/{runs[resumed.id]}/resume").raise_for_status()
        wait_for(
            lambda: (
                (now := prefect_server.run_of(resumed.id)) is not None
                and now["state"]["id"] != before["state"]["id"]
                and now["state"]["name"] == GROUP_HEAD
            ),
            "a resumed run is parked again",
        )
        prefect_server.set_state(runs[cancelled.id], "CANCELLED", force=True)
        api.delete(f"/flow_runs/{runs[deleted.id]}").raise_for_status()
        for document in (resumed, cancelled, deleted):
            assert decisions(cast, document.id) == SENT
            assert cast.fresh(document.id).step == "group_review"

        for document in (resumed, cancelled, deleted):
            cast.act("hoa", document.id, "approve")
            wait_parked(prefect_server, document, PRINCIPAL)
            cast.act("minh", document.id, "approve")
        for document in (resumed, cancelled, deleted):
            wait_archived(cast, document.id)
            wait_parked(prefect_server, document, "Completed")

        run_id = runs[resumed.id]
        prefect_server.set_state(run_id, "SCHEDULED", force=True)
        finished = cast.fresh(resumed.id)
        wait_parked(prefect_server, resumed, "Completed")
        assert cast.fresh(resumed.id) == finished, "a retry of a finished run does nothing again"
    for document in (resumed, cancelled, deleted):
        assert decisions(cast, document.id) == WHOLE
        assert ledger(cast, document.id) == ONCE


def test_follow_up_work_waits_for_a_signing_round_but_not_for_ever(
    cast: Cast, prefect_server: PrefectServer
) -> None:
    now = cast.office.now()
    with cast.office.db.write() as session:
        round_ = Batch(
            school_id=cast.school_id,
            account_id=cast.ids["minh"],
            action="approve",
            holder="web:another",
            created_at=now,
        )
        session.add(round_)
    with working(cast.office, prefect_server):
        document = cast.sent("lan", 14)
        for name in ("hoa", "minh"):
            cast.act(name, document.id, "approve")

        def beats() -> set[datetime]:
            with cast.office.db.read() as session:
                return {row.at for row in alive(session, "worker", cast.office.now())}

        first = beats()
        wait_for(lambda: beats() - first, "the worker shows no sign of life")
        assert cast.fresh(document.id).status == "approved"
        assert prefect_server.run_of(document.id) is None
        with cast.office.db.write() as session:
            # A round that has taken very long no longer counts, whatever became of it.
            kept = session.get_one(Batch, round_.id)
            kept.created_at = now - batches.HELD
        wait_archived(cast, document.id)


def test_with_prefect_down_people_decide_and_sign_and_the_rest_catches_up(
    cast: Cast, prefect_server: PrefectServer
) -> None:
    with working(cast.office, prefect_server):
        before, ended = cast.sent("lan", 14), cast.sent("mai", 14)
        cast.act("hoa", ended.id, "approve")
        cast.act("minh", ended.id, "approve")
        wait_parked(prefect_server, before, GROUP_HEAD)
        wait_parked(prefect_server, ended, "Completed")
        prefect_server.kill()
        prefect_server.age([before.id, ended.id], days=91)
        try:
            during = cast.sent("lan", 15)
            for document in (before, during):
                cast.act("hoa", document.id, "approve")
                cast.act("minh", document.id, "approve")
                assert cast.fresh(document.id).status == "approved"
                assert decisions(cast, document.id) == WHOLE[:-1]
        finally:
            prefect_server.start()
        for document in (before, during):
            wait_archived(cast, document.id)
            wait_parked(prefect_server, document, "Completed")
            assert ledger(cast, document.id) == ONCE
    wait_for(lambda: prefect_server.run_of(ended.id) is None, "the run that ended long ago is kept")
    assert decisions(cast, ended.id) == WHOLE


def test_a_worker_that_starts_before_prefect_waits_for_it(cast: Cast, prefect_server: PrefectServer) -> None:
    prefect_server.kill()
    try:
        with working(cast.office, prefect_server) as worker:
            document = cast.sent("lan", 14)
            assert worker.is_alive()
            prefect_server.start()
            wait_parked(prefect_server, document, GROUP_HEAD)
    finally:
        if not prefect_server.answers():
            prefect_server.start()


class HangingStamps(ThreadingHTTPServer):
    """A time-stamp authority that takes a request and says nothing until it may."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()
        hanging = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hanging.asked.set()
                hanging.go.wait(60)
                self.send_error(503)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_a_worker_killed_in_the_middle_of_a_step_is_followed_by_another(
    cast: Cast, prefect_server: PrefectServer
) -> None:
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")

    hanging, good = HangingStamps(), cast.office.settings.tsa_url
    cast.office.settings.tsa_url = f"http://127.0.0.1:{hanging.server_address[1]}/"
    with working(cast.office, prefect_server) as first:
        assert hanging.asked.wait(60), "the worker is in the middle of the timestamp"
        first.kill()
    hanging.go.set()
    hanging.shutdown()
    hanging.server_close()
    assert prefect_server.state_of(document.id) == "Running", "Prefect does not know that it was killed"
    assert ledger(cast, document.id) == {"validate": ("done", 1), "timestamp": ("running", 1)}

    cast.office.settings.tsa_url = good
    with working(cast.office, prefect_server):
        wait_archived(cast, document.id)
        wait_parked(prefect_server, document, "Completed")
    assert ledger(cast, document.id) == ONCE | {"timestamp": ("done", 2)}
    assert decisions(cast, document.id) == WHOLE


def test_two_workers_share_the_work_and_do_each_step_once(cast: Cast, prefect_server: PrefectServer) -> None:
    documents = [cast.sent("lan", week) for week in range(10, 18)]
    for document in documents:
        cast.act("hoa", document.id, "approve")
        cast.act("minh", document.id, "approve")
    with working(cast.office, prefect_server), working(cast.office, prefect_server):
        for document in documents:
            wait_archived(cast, document.id)
            wait_parked(prefect_server, document, "Completed")
    for document in documents:
        assert ledger(cast, document.id) == ONCE
        assert decisions(cast, document.id) == WHOLE


def test_turns_wait_for_the_deployment_of_their_type_while_another_makes_them(
    cast: Cast, prefect_server: PrefectServer
) -> None:
    with working(cast.office, prefect_server):
        pass  # it makes the pool, and nothing without documents
    first, later = cast.sent("lan", 14), cast.team_plan()
    cast.act("hoa", later.id, "submit")

    async def turns() -> None:
        one_is_made = asyncio.Event()

        async def heard(answer: httpx.Response) -> None:
            if answer.request.url.path.endswith("/deployments/"):
                one_is_made.set()

        async with PrefectClient(
            prefect_server.url,
            auth_string=prefect_server.auth,
            httpx_settings={"event_hooks": {"response": [heard]}},
        ) as client:
            driver = Driver(cast.office, client)
            async with asyncio.TaskGroup() as together:
                together.create_task(driver.advance(first.id))
                await one_is_made.wait()  # of eight types: this turn comes in the middle
                together.create_task(driver.advance(later.id))

    asyncio.run(turns())
    assert prefect_server.state_of(first.id) == GROUP_HEAD
    assert prefect_server.state_of(later.id) == "Awaiting author"


def test_a_timestamp_authority_that_is_down_delays_the_archive_and_nothing_else(
    cast: Cast, prefect_server: PrefectServer, stamps: StampServer
) -> None:
    def incident() -> Incident | None:
        with cast.office.db.read() as session:
            return session.exec(select(Incident).where(col(Incident.document_id) == document.id)).first()

    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    stamps.down = True
    with working(cast.office, prefect_server):
        wait_for(incident, "no incident")
        wait_for(lambda: prefect_server.state_of(document.id) == "Failed", "the run does not show it")
        assert cast.fresh(document.id).status == "approved"
        stamps.down = False
        wait_archived(cast, document.id)
        wait_parked(prefect_server, document, "Completed")
    found = incident()
    assert found is not None
    assert found.resolved_at is not None
    assert decisions(cast, document.id) == WHOLE


def test_a_stray_run_is_brought_home(cast: Cast, prefect_server: PrefectServer) -> None:
    """Deleted or cancelled: the repair of the next worker finds it, without any decision."""
    with working(cast.office, prefect_server):
        documents = [cast.sent("lan", week) for week in (14, 15)]
        deleted, cancelled = (wait_parked(prefect_server, d, GROUP_HEAD) for d in documents)
        wait_for(lambda: all(cast.fresh(d.id).settled for d in documents), "not settled")
    prefect_server.api.delete(f"/flow_runs/{deleted}").raise_for_status()
    prefect_server.set_state(cancelled, "CANCELLED", force=True)
    with working(cast.office, prefect_server):
        for document in documents:
            wait_parked(prefect_server, document, GROUP_HEAD)


def test_a_worker_ends_in_good_order(cast: Cast, prefect_server: PrefectServer) -> None:
    worker = Worker(cast.office, prefect_server)
    worker.wait_alive()
    worker.stop()
    assert worker.process.returncode == 0, worker.log.read_text()[-2000:]
    assert "Traceback" not in worker.log.read_text()
