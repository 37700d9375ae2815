"""kill -9 of every part, forty times, while two dozen documents, rounds, seals and mails are under way.

People act through the API and repeat what got no answer. Afterwards the records are held against what the
server said yes to: nothing lost, nothing twice, nothing that nobody asked for; no notice in two mails; no
secret in any log.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
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

from flows.catalogue import type_of
from flows.certification import trust_of
from flows.plan import SYSTEM
from models.batch import Batch
from models.document import Document, Revision, SeriesNumber, Signature
from models.event import Event
from models.notice import Mail, Notice
from models.run import Incident, LedgerEntry
from models.upload import Upload
from tasks import pdf_pages, verifying
from tests import corpus
from tests.audited import sound
from tests.cast import PASSWORD, PIN, Cast
from tests.journeys.people import PIECES, Accepted, Person
from tests.journeys.processes import Installation, lives
from tests.journeys.school import found_school, lesson_plan, team_plan
from tests.waiting import until

IN_TURN = (
    "web",
    "scheduler",
    "mailbox",
    "worker",
    "web",
    "mailbox",
    "prefect",
    "mailbox",
    "scheduler",
    "worker",
)
"""The quick ones come up while the slow ones do; a part is killed again only once it works again."""
KILLS = 4 * len(IN_TURN)
MET_BY = {
    "uploads": {"web"},
    "rounds": {"web"},
    "seals": {"web"},
    "mails": {"mailbox", "scheduler"},
    "archiving": {"worker", "prefect"},
}
"""What must have been under way when one of these was killed, or the test proves nothing about it."""
TOGETHER = 2
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

    def open_next(self, last: bool = False) -> None:
        with self.changed:
            self.opened = 10**6 if last else self.opened + 1
            self.changed.notify_all()


def papers(cast: Cast) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What each author has to write: 18 lesson plans and 6 group plans."""
    work: dict[str, list[tuple[str, dict[str, Any]]]] = {
        name: [("lesson-plan", lesson_plan(cast, week, mark=name)) for week in range(14, 19)]
        for name in ("lan", "mai", "huong")
    }
    for name in ("hoa", "son"):  # the longest way first, so that kills meet seals too
        work[name] = [("team-teaching-plan", team_plan(cast, week, week + 1)) for week in (20, 22, 24)]
    work["hoa"] += [("lesson-plan", lesson_plan(cast, week)) for week in (14, 15)]
    work["son"] += [("lesson-plan", lesson_plan(cast, 14))]
    return work


def work_on(
    person: Person,
    drafts: deque[dict[str, Any]],
    files: dict[str, bytes],
    to_return: set[str],
    finished: threading.Event,
    comes: threading.Event | None = None,
) -> None:
    """Everything that is this person's to do, from when they come, until nothing is under way any more."""
    if comes:
        comes.wait()
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


@dataclass(slots=True)
class Watch:
    """What is under way in the records, and that no notice ever changes its mail."""

    here: Installation
    ids: list[str]
    mails: dict[str, str] = field(default_factory=dict)
    """The mail of each notice, as first seen."""
    met: set[str] = field(default_factory=set)

    def stops_a_round(self, action: str) -> bool:
        """Is the web stopped in a signing round that was not met before? It goes on when it was quicker."""
        if not self._at_work(action) - self.met:
            return False
        web = self.here.running["web"].pid
        os.kill(web, signal.SIGSTOP)
        new = self._at_work(action) - self.met
        if not new:
            os.kill(web, signal.SIGCONT)
        self.met |= new
        return bool(new)

    def _at_work(self, action: str) -> set[str]:
        at_work = select(Batch.id).where(col(Batch.state) == "running", col(Batch.action) == action)
        with self.here.office.db.read() as session:
            return set(session.exec(at_work).all())

    def under_way(self) -> Counter[str]:
        """How much of each kind is begun and not ended."""
        with self.here.office.db.read() as session:
            rounds = session.exec(select(Batch.action).where(col(Batch.state) == "running")).all()
            uploads = select(Upload.id).where(
                col(Upload.state).in_(("waiting", "converting")) | (col(Upload.received) > 0),
                col(Upload.state) != "ready",
            )
            untold = select(Notice.id).where(col(Notice.mail_id).is_(None), col(Notice.dropped).is_(False))
            unsent = select(Mail.id).where(col(Mail.state) == "waiting")
            mine = select(Document.status, Document.settled).where(col(Document.id).in_(self.ids))
            found = Counter(
                uploads=len(session.exec(uploads).all()),
                rounds=rounds.count("approve"),
                seals=rounds.count("seal"),
                mails=len(session.exec(untold).all()) + len(session.exec(unsent).all()),
            )
            for status, settled in session.exec(mine).all():
                found["documents"] += (status, settled) != ("archived", True)
                found["archiving"] += status == "approved"
            self.look_at_mails(session)
        return found

    def look_at_mails(self, session: Session) -> None:
        """A notice that was put in a mail stays in that mail, under its Message-ID."""
        for notice, mail in session.exec(select(Notice.id, Notice.mail_id)).all():
            if mail or notice in self.mails:
                assert self.mails.setdefault(notice, str(mail)) == mail, "a notice changed its mail"


def next_victim(
    here: Installation, turnstile: Turnstile, left: list[str], wanted: int, watch: Watch
) -> tuple[str, bool]:
    """Whose turn it is, once enough was decided; the web when it works on a round, in which it is stopped."""
    end = time.monotonic() + 240
    while True:
        if left[-1] == "web" and watch.stops_a_round("approve"):
            return left.pop(), True
        if turnstile.passed >= wanted and here.answers(left[0]):
            return left.pop(0), False
        assert time.monotonic() < end, f"{turnstile.passed} of {wanted}; {here.words(left[0])}"
        time.sleep(0.02)


def kill_again_and_again(
    here: Installation, turnstile: Turnstile, chance: Random, watch: Watch, clerk: threading.Event
) -> list[tuple[str, Counter[str]]]:
    """Forty kills, each a moment after some decisions were sent; whom, and how much was under way."""
    later = [part for part in IN_TURN * 3 if part != "web"] + ["web"] * 2
    chance.shuffle(later)
    left, told = [*IN_TURN, *later, *["web"] * 3], list[tuple[str, Counter[str]]]()  # the last are for rounds
    began = time.monotonic()

    def kill(victim: str, stopped: bool) -> None:
        pause = chance.uniform(0, 0.3)
        if not stopped:
            time.sleep(pause)
        told.append((victim, watch.under_way()))
        print(f"{time.monotonic() - began:5.1f} s: kill {victim} during {dict(told[-1][1])}")
        orphans = here.kill(victim)
        until(lambda: not any(map(lives, orphans)), f"children of {victim} outlive it")
        here.start(victim)

    while left:
        wanted = turnstile.share * len(told) + chance.randint(1, turnstile.share)
        kill(*next_victim(here, turnstile, left, wanted, watch))
        turnstile.open_next(last=not left)
    clerk.set()  # comes last, so that one more kill is sure to meet her round
    until(lambda: watch.stops_a_round("seal"), "no round of seals", 240)
    kill("web", stopped=True)
    return told


@pytest.mark.timeout(1800)
def test_nothing_is_lost_or_done_twice_whatever_is_killed(tmp_path: Path) -> None:
    chance = Random(int(os.environ.get("HOSOSO_TEST_SEED", "1")))  # another seed: another order of kills
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
        assert len(set(ids)) == 24
        files = {
            draft["id"]: corpus.pdf(1 + number)
            for name in ("lan", "mai", "huong")
            for number, draft in enumerate(list(drafts[name])[::2])
        }
        to_return = set(chance.sample([d["id"] for d in drafts["lan"]], 3))
        # 4 decisions for a lesson plan, 5 for a group plan, 3 more where one is returned; the files' pieces.
        passes = 18 * 4 + 6 * 5 + 3 * 3 + len(files) * PIECES
        turnstile = Turnstile(share=passes // (KILLS + 1))
        finished, clerk = threading.Event(), threading.Event()

        watch = Watch(here, ids)

        with ThreadPoolExecutor(len(people) + 1) as threads:
            working = []
            for name, person in people.items():
                person.before = turnstile.enter
                working.append(
                    threads.submit(
                        work_on,
                        person,
                        drafts.get(name, deque()),
                        files,
                        to_return,
                        finished,
                        clerk if name == "thu" else None,
                    )
                )
            try:
                kills = kill_again_and_again(here, turnstile, chance, watch, clerk)
                until(
                    lambda: any(w.done() for w in working) or _ended(here, ids),
                    "not every document was archived",
                    600,
                )
            finally:
                finished.set()
                clerk.set()
                turnstile.open_next(last=True)
            for one in working:
                one.result()
        assert _ended(here, ids)
        until(lambda: _rounds_over(here), "a round never ended", 240)
        until(lambda: _nothing_unsent(here), "a mail was never sent", 400)
        for person in people.values():
            person.told()
        assert people["minh"].rounds
        assert people["thu"].rounds
        print("repeats:", sum(p.repeats for p in people.values()))
        assert Counter(victim for victim, _ in kills) == Counter(IN_TURN * 4)
        assert len(kills) == KILLS
        assert all(under_way["documents"] for _, under_way in kills)
        for kind, victims in MET_BY.items():
            assert any(under_way[kind] for victim, under_way in kills if victim in victims), kind

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
            watch.look_at_mails(session)
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
    assert sound(session, document_id)
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
