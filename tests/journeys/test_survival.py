"""kill -9 of every part, forty times, while thirty documents, rounds, seals and mails are under way.

People act through the API and repeat what got no answer. Afterwards the records are held against what the
server said yes to: nothing lost, nothing twice, nothing that nobody asked for; no notice in two mails; no
secret in any log.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlmodel import Session, col, select, update

from flows import queries
from flows.catalogue import type_of
from flows.keyring import trust_of
from flows.plan import SYSTEM
from models.batch import Batch
from models.document import Document, Revision, SeriesNumber, Signature
from models.event import Event
from models.notice import Mail, Notice
from models.run import Incident, LedgerEntry
from models.upload import Upload
from tasks import pdf_pages, verifying
from tests import corpus
from tests.cast import PASSWORD, PIN, Cast
from tests.journeys.people import Accepted, Person
from tests.journeys.processes import Installation, lives
from tests.journeys.school import found_school, lesson_plan, team_plan
from tests.waiting import until

IN_TURN = (
    "web",
    "scheduler",
    "mailbox",
    "worker",
    "scheduler",
    "mailbox",
    "prefect",
    "mailbox",
    "scheduler",
    "worker",
)
"""The quick ones come up while the slow ones do; a part is killed again only once it works again."""
KILLS = 40
TOGETHER = 3
"""So many waiting records are signed in one round, by principal and clerk, three times at most."""
ROUNDS = {"minh": "approve", "thu": "seal"}
LOST = 0.1
"""One answer in ten never reaches the phone, besides those the kills swallow."""


@dataclass(slots=True)
class Turnstile:
    """Lets a share of all decisions pass before each kill, so that every kill meets work under way."""

    share: int
    opened: int = 1
    passed: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def enter(self) -> None:
        """A person's next decision."""
        with self.changed:
            self.changed.wait_for(lambda: self.passed < self.share * self.opened)
            self.passed += 1
            self.changed.notify_all()

    def wait_until_passed(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.passed >= count, 120), f"{self.passed} of {count}"

    def open_next(self, last: bool = False) -> None:
        with self.changed:
            self.opened = 10**6 if last else self.opened + 1
            self.changed.notify_all()


def papers(cast: Cast) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What each author has to write: 24 lesson plans and 6 group plans."""
    work: dict[str, list[tuple[str, dict[str, Any]]]] = {
        name: [("lesson-plan", lesson_plan(cast, week, mark=name)) for week in range(14, 21)]
        for name in ("lan", "mai", "huong")
    }
    work["hoa"] = [("lesson-plan", lesson_plan(cast, week)) for week in (14, 15)]
    work["son"] = [("lesson-plan", lesson_plan(cast, 14))]
    for name in ("hoa", "son"):
        work[name] += [("team-teaching-plan", team_plan(cast, week, week + 1)) for week in (20, 22, 24)]
    return work


def work_on(
    person: Person,
    drafts: deque[dict[str, Any]],
    files: dict[str, bytes],
    to_return: set[str],
    finished: threading.Event,
) -> None:
    """Everything that is this person's to do, until nothing is under way any more."""
    while not finished.is_set():
        if drafts:
            draft = drafts.popleft()
            if draft["id"] in files:
                person.upload(draft["id"], files[draft["id"]], "KHBD.pdf")
            person.onward(draft)
        tasks = person.tasks()
        if person.name in ROUNDS and len(person.rounds) < 3:
            if len(tasks) >= TOGETHER:
                documents = [person.document(task["document_id"]) for task in tasks]
                ready = [d for d in documents if ROUNDS[person.name] in d["actions"]]
                if ready:
                    person.sign_together(ready, ROUNDS[person.name])
            if not person.rounds:
                continue  # the first ones wait for one another
        for task in tasks:
            document = person.document(task["document_id"])
            if document["id"] in to_return and "return" in document["actions"]:
                to_return.discard(document["id"])
                person.decide(document, "return", note="Ghi rõ hơn thời lượng.")
            else:
                person.onward(document)
        time.sleep(person.random.uniform(0.02, 0.2))


def kill_again_and_again(
    here: Installation, turnstile: Turnstile, chance: Random, unfinished: Any
) -> list[tuple[str, int]]:
    """Forty kills, each a moment after some decisions were sent; whom, and how much was under way."""
    order = [*IN_TURN, *IN_TURN, *(chance.choice(IN_TURN) for _ in range(KILLS - 2 * len(IN_TURN)))]
    told: list[tuple[str, int]] = []
    began = time.monotonic()
    for number, victim in enumerate(order):
        here.wait(victim)
        turnstile.wait_until_passed(turnstile.share * number + chance.randint(1, turnstile.share))
        time.sleep(chance.uniform(0, 0.4))
        told.append((victim, unfinished()))
        print(f"{time.monotonic() - began:5.1f} s: kill {victim}, {told[-1][1]} documents under way")
        orphans = here.kill(victim)
        until(lambda gone=orphans: not any(map(lives, gone)), f"children of {victim} outlive it")  # type: ignore[misc]
        here.start(victim)
        turnstile.open_next(last=number == len(order) - 1)
    return told


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_done_twice_whatever_is_killed(tmp_path: Path) -> None:
    seed = int(os.environ.get("HOSOSO_TEST_SEED", secrets.randbelow(10**6)))
    print(f"HOSOSO_TEST_SEED={seed}")
    chance = Random(seed)
    few = {"HOSOSO_SIGNERS": "1", "HOSOSO_RENDERERS": "1"}  # so that a start costs less
    with Installation(tmp_path / "data", few) as here, ExitStack() as phones:
        cast = found_school(here)
        here.start_and_wait("tsa", "web")
        here.start("prefect", "worker", "mailbox", "scheduler")
        work = papers(cast)
        people = {
            name: phones.enter_context(Person(here.url, name, Random(chance.random()), LOST))
            for name in ("lan", "mai", "huong", "hoa", "son", "lien", "ngoc", "minh", "thu")
        }
        drafts = {
            name: deque([people[name].draft(slug, fields) for slug, fields in papers])
            for name, papers in work.items()
        }
        ids = [draft["id"] for some in drafts.values() for draft in some]
        assert len(set(ids)) == 30
        files = {
            draft["id"]: corpus.pdf(1 + number)
            for name in ("lan", "mai", "huong")
            for number, draft in enumerate(list(drafts[name])[1::2])
        }
        to_return = set(chance.sample([d["id"] for d in drafts["lan"]], 3))
        # 4 decisions for a lesson plan, 5 for a group plan, 3 more where one is returned.
        turnstile = Turnstile(share=(24 * 4 + 6 * 5 + 3 * 3) // (KILLS + 1))
        finished = threading.Event()

        def unfinished() -> int:
            with here.office.db.read() as session:
                rows = session.exec(
                    select(Document.id).where(col(Document.id).in_(ids), col(Document.status) != "archived")
                ).all()
            return len(rows)

        with ThreadPoolExecutor(len(people) + 1) as threads:
            working = []
            for name, person in people.items():
                person.before = turnstile.enter
                working.append(
                    threads.submit(work_on, person, drafts.get(name, deque()), files, to_return, finished)
                )
            try:
                kills = kill_again_and_again(here, turnstile, chance, unfinished)
                until(
                    lambda: any(w.done() for w in working) or _ended(here, ids),
                    "not every document was archived",
                    300,
                )
            finally:
                finished.set()
                turnstile.open_next(last=True)
            for one in working:
                one.result()
        assert _ended(here, ids)
        until(lambda: _rounds_over(here), "a round never ended", 120)
        until(lambda: _nothing_unsent(here), "a mail was never sent", 200)
        for person in people.values():
            person.told()
        assert people["minh"].rounds
        assert people["thu"].rounds
        print(kills, "repeats:", sum(p.repeats for p in people.values()))
        assert len(kills) == KILLS
        assert all(under_way for _, under_way in kills)

        accepted = Counter(a for person in people.values() for a in person.accepted)
        asked = {a for person in people.values() for a in person.asked}
        with here.office.db.read() as session:
            for document_id in ids:
                _holds(session, here, document_id)
            for document_id, data in files.items():
                _holds_its_file(session, here, document_id, data)
            _asked_for(session, cast, ids, accepted, asked)
            _numbered_once(session, ids)
            _mailed_once(session, here)
        _no_secret_in_a_log(here)
        for document_id in ids:
            [run] = here.runs_of(document_id)
            assert run["state"]["type"] == "COMPLETED"


def _ended(here: Installation, ids: list[str]) -> bool:
    with here.office.db.read() as session:
        rows = session.exec(select(Document.status, Document.settled).where(col(Document.id).in_(ids))).all()
    return len(rows) == len(ids) and all(row == ("archived", True) for row in rows)


def _holds(session: Session, here: Installation, document_id: str) -> None:
    """Chain, position, ledger and every signature of a document that has ended."""
    document = session.get_one(Document, document_id)
    assert queries.chain_holds(session, document_id)
    assert queries.replayed(session, document_id, document.school_id)
    declared = type_of(document.type)
    signing = [step.name for step in declared.steps if step.signs]
    rows = session.exec(select(Signature).where(col(Signature.document_id) == document_id)).all()
    present = [row for row in rows if row.revision == document.revision]
    assert Counter(row.field for row in present) == Counter(signing)
    assert len({(row.revision, row.field) for row in rows}) == len(rows)

    assert document.blob is not None
    pdf = here.office.blobs.get(document.blob)
    assert len(PdfFileReader(io.BytesIO(pdf)).embedded_signatures) == len(signing) + 1
    report = verifying.validate(pdf, trust_of(session), here.office.now(), tuple(signing))
    assert report.ok, report
    assert {s.field: s.certificate_fingerprint for s in report.signatures if not s.is_timestamp} == {
        row.field: row.certificate for row in present
    }
    assert [s.is_timestamp for s in report.signatures] == [False] * len(signing) + [True]
    ledger = session.exec(select(LedgerEntry).where(col(LedgerEntry.document_id) == document_id)).all()
    assert Counter((row.step, row.state) for row in ledger) == Counter(
        [("validate", "done"), ("timestamp", "done"), ("archive", "done")]
    )
    open_incidents = select(Incident).where(
        col(Incident.document_id) == document_id, col(Incident.resolved_at).is_(None)
    )
    assert session.exec(open_incidents).all() == []


def _holds_its_file(session: Session, here: Installation, document_id: str, data: bytes) -> None:
    """The file is in what was signed, in every revision, and kept as it was sent."""
    revisions = session.exec(select(Revision).where(col(Revision.document_id) == document_id)).all()
    sha256 = hashlib.sha256(data).hexdigest()
    for revision in revisions:
        assert revision.body is not None
        assert revision.body["sha256"] == sha256
        assert len(pdf_pages.page_texts(here.office.blobs.get(revision.final))) == revision.body["pages"] + 2
    assert here.office.blobs.get(sha256) == data
    uploads = session.exec(select(Upload.state).where(col(Upload.document_id) == document_id)).all()
    assert uploads == ["ready"]


def _asked_for(
    session: Session, cast: Cast, ids: list[str], accepted: Counter[Accepted], asked: set[Accepted]
) -> None:
    """What people were told was done is there once each; nothing else is, but items of rounds cut off."""
    names = {account: name for name, account in cast.ids.items()}
    events = session.exec(
        select(Event).where(col(Event.document_id).in_(ids), col(Event.action) != "create")
    ).all()
    done = Counter(
        Accepted(names[e.actor_id], e.document_id, e.action, e.seq - 1)
        for e in events
        if e.actor_id != SYSTEM
    )
    assert max(done.values()) == max(accepted.values()) == 1
    assert set(accepted) <= set(done) <= set(accepted) | asked
    assert Counter(e.document_id for e in events if e.actor_id == SYSTEM) == Counter(ids)


def _numbered_once(session: Session, ids: list[str]) -> None:
    """Every group plan has a number of its own, and no number disappeared."""
    papers = select(Document.number).where(col(Document.id).in_(ids), col(Document.number).is_not(None))
    numbers = [int(number or 0) for number in session.exec(papers).all()]
    series = session.exec(select(SeriesNumber.number, SeriesNumber.state)).all()
    assert len(numbers) == len(set(numbers)) == 6
    assert {number for number, state in series if state == "used"} == set(numbers)
    assert sorted(number for number, _ in series) == list(range(1, len(series) + 1))


def _rounds_over(here: Installation) -> bool:
    with here.office.db.read() as session:
        return session.exec(select(Batch.id).where(col(Batch.state) == "running")).first() is None


def _nothing_unsent(here: Installation) -> bool:
    """Every notice is in a mail or no longer true, every mail is sent. Pauses are cut short."""
    with here.office.db.write() as session:
        session.exec(update(Mail).where(col(Mail.state) == "waiting").values(next_try_at=here.office.now()))
    with here.office.db.read() as session:
        notices = select(Notice.id).where(col(Notice.mail_id).is_(None), col(Notice.dropped).is_(False))
        states = set(session.exec(select(Mail.state).distinct()).all())
        return session.exec(notices).first() is None and states == {"sent"}


def _mailed_once(session: Session, here: Installation) -> None:
    """What was caught are the mails we stored, each under its one Message-ID, whatever was sent again."""
    stored = {m.message_id: m for m in session.exec(select(Mail)).all()}
    caught = [message_from_bytes(path.read_bytes()) for path in (here.data / "mailbox").glob("*.eml")]
    assert {str(mail["Message-ID"]).strip() for mail in caught} == set(stored)
    told = session.exec(select(Notice.account_id, Notice.key, Notice.mail_id)).all()
    assert len({(account, key) for account, key, _ in told}) == len(told)
    assert {mail for _, _, mail in told if mail} == {m.id for m in stored.values()}


def _no_secret_in_a_log(here: Installation) -> None:
    secrets = (PASSWORD, here.settings.master_key.hex(), here.settings.prefect_auth.partition(":")[2])
    for path in here.data.glob("*.log"):
        text = path.read_text(errors="replace")
        assert not [word for word in secrets if word in text], path.name
        assert not re.search(rf"(?i)pin['\"]?\s*[=:]\s*['\"]?{PIN}", text), path.name
