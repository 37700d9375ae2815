"""The signers pool through real processes: it signs, it tells no secret, and a death never leaves a wait."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from models.errors import BadPin, Unavailable, WrongStep
from tasks import certificates, keys, verifying
from tasks.certificate_use import BadCertificate
from tasks.keys import Secret
from tasks.signers import SignersPool
from tasks.signing_child import Setting
from tests import leaks
from tests.signatures import NOW, lesson_plan, person, request, trust
from tests.stamp_server import Answer, right, server

MASTER, PIN = b"m" * 32, Secret("246810")
LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc, which only Linux has")


class Stamps:
    """The answer of the time-stamp server; `hold` makes it keep its callers waiting."""

    def __init__(self) -> None:
        self.asked, self.open = threading.Event(), threading.Event()
        self.open.set()

    def __call__(self, body: bytes, headers: Any) -> tuple[int, str, bytes]:
        self.asked.set()
        self.open.wait(timeout=60)
        return right(body, headers)

    def hold(self) -> None:
        self.asked.clear()
        self.open.clear()


@pytest.fixture(scope="module")
def stamps() -> Iterator[Stamps]:
    answer = Stamps()
    yield answer
    answer.open.set()


@pytest.fixture(scope="module")
def address(stamps: Stamps) -> Iterator[str]:
    answer: Answer = stamps
    with server(answer) as (url, _):
        yield url


@pytest.fixture(scope="module")
def pool(address: str) -> Iterator[SignersPool]:
    """Shared by the tests that harm nobody."""
    with SignersPool(2, Setting(MASTER, address)) as signers:
        yield signers


@pytest.fixture
def doomed(address: str, stamps: Stamps) -> Iterator[SignersPool]:
    """For the tests that kill."""
    with SignersPool(2, Setting(MASTER, address)) as signers:
        yield signers
        stamps.open.set()


def sealed(name: str) -> bytes:
    return keys.protect(certificates.private_der(person(name).key), PIN, MASTER, name)


def author(lessons: int = 1) -> Any:
    return request(lesson_plan(lessons).pdf, "author", person("lan"), certify=True)


def signers_of(pool: SignersPool) -> list[int]:
    """Process ids of the living signers: the children of the template."""
    template = pool._template
    assert template is not None
    path = Path(f"/proc/{template.pid}/task/{template.pid}/children")
    return [int(number) for number in path.read_text().split()] if path.exists() else []


def until(what: str, condition: Any) -> None:
    """Wait for something another process does; the limit is only there to end a failing test."""
    limit = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < limit, f"Still not so: {what}"
        time.sleep(0.01)


def test_a_signature_made_in_the_pool_holds(pool: SignersPool) -> None:
    signed = pool.sign(author(), sealed("lan"), PIN)
    assert verifying.validate(signed.pdf, trust(), NOW, ("author",)).ok
    assert signed.certificate_fingerprint == certificates.fingerprint(person("lan").certificate)


def test_many_threads_may_ask_at_once(pool: SignersPool) -> None:
    key = sealed("lan")
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda _: pool.sign(author(), key, PIN), range(12)))
    assert all(verifying.validate(signed.pdf, trust(), NOW, ("author",)).ok for signed in made)


def test_refusals_come_through_with_their_sentence(pool: SignersPool) -> None:
    key = sealed("lan")
    with pytest.raises(BadPin) as refusal:
        pool.sign(author(), key, Secret("135790"))
    assert refusal.value.sentence.vi.startswith("Mã PIN không đúng")
    with pytest.raises(BadCertificate, match="does not belong to this certificate"):
        pool.sign(request(lesson_plan(1).pdf, "author", person("hoa"), owner="lan"), key, PIN)
    signed = pool.sign(author(), key, PIN)
    with pytest.raises(WrongStep):
        pool.sign(request(signed.pdf, "author", person("lan")), key, PIN)
    assert pool.sign(author(), key, PIN)


def test_a_file_that_is_none_is_a_fault_without_its_contents_and_the_pool_goes_on(pool: SignersPool) -> None:
    key = sealed("lan")
    with pytest.raises(RuntimeError, match=r"A signer failed: \w+ at \w+\.py:\d+") as fault:
        pool.sign(request(b"a child's name", "author", person("lan")), key, PIN)
    assert "child" not in str(fault.value)
    assert pool.sign(author(), key, PIN)


def test_an_authority_that_is_down_is_said() -> None:
    with (
        SignersPool(1, Setting(MASTER, "http://127.0.0.1:9/")) as signers,
        pytest.raises(Unavailable, match="time-stamp server does not answer"),
    ):
        signers.sign(author(), sealed("lan"), PIN)


@LINUX
def test_no_secret_stands_in_a_command_line_or_an_environment(pool: SignersPool) -> None:
    pool.sign(author(), sealed("lan"), PIN)
    template = pool._template
    assert template is not None
    for process in (template.pid, *signers_of(pool)):
        for place in ("cmdline", "environ"):
            shown = Path(f"/proc/{process}/{place}").read_bytes()
            assert not leaks.holds("246810", shown)
            assert MASTER not in shown


@LINUX
def test_a_signer_killed_midway_is_unavailable_and_replaced(doomed: SignersPool, stamps: Stamps) -> None:
    key = sealed("lan")
    doomed.sign(author(), key, PIN)
    before = signers_of(doomed)
    stamps.hold()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(doomed.sign, author(), key, PIN)
        assert stamps.asked.wait(timeout=120)
        for process in before:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(Unavailable, match="please sign again"):
            waiting.result(timeout=120)
    stamps.open.set()
    until("a new signer is there", lambda: set(signers_of(doomed)) - set(before))
    # The other one killed while idle is noticed by whoever meets it first.
    answers = [attempt(doomed, key) for _ in range(4)]
    assert answers.count("signed") >= 3


def attempt(pool: SignersPool, key: bytes) -> str:
    try:
        pool.sign(author(), key, PIN)
    except Unavailable:
        return "unavailable"
    return "signed"


@LINUX
def test_a_killed_template_is_started_again(doomed: SignersPool) -> None:
    key = sealed("lan")
    doomed.sign(author(), key, PIN)
    template = doomed._template
    assert template is not None
    for process in (template.pid, *signers_of(doomed)):
        os.kill(process, signal.SIGKILL)
    until("the template is dead", lambda: template.poll() is not None)
    answers = [attempt(doomed, key) for _ in range(4)]
    assert answers.count("signed") >= 2
    assert answers[-1] == "signed"


@LINUX
def test_closing_the_pool_ends_every_process(address: str) -> None:
    pool = SignersPool(2, Setting(MASTER, address))
    pool.sign(author(), sealed("lan"), PIN)
    processes = signers_of(pool)
    assert len(processes) == 2
    pool.close()
    until("all are gone", lambda: not any(Path(f"/proc/{process}").exists() for process in processes))
    with pytest.raises(Unavailable):
        pool._start()


# --- batches -----------------------------------------------------------------------------------------------


def test_a_batch_signs_from_several_threads_with_one_pin(pool: SignersPool) -> None:
    files = [lesson_plan(1 + number % 3) for number in range(10)]
    requests = [request(paper.pdf, "author", person("lan"), certify=True) for paper in files]
    with pool.batch(sealed("lan"), PIN, "lan") as sign, ThreadPoolExecutor(2) as threads:
        made = list(threads.map(sign, requests))
    for paper, signed in zip(files, made, strict=True):
        assert signed.pdf.startswith(paper.pdf)
        assert verifying.validate(signed.pdf, trust(), NOW, ("author",)).ok


def test_a_wrong_pin_opens_no_batch(pool: SignersPool) -> None:
    with pytest.raises(BadPin), pool.batch(sealed("lan"), Secret("135790"), "lan"):
        pytest.fail("The batch was opened.")


def test_one_refused_item_does_not_end_the_batch(pool: SignersPool) -> None:
    with pool.batch(sealed("lan"), PIN, "lan") as sign:
        with pytest.raises(WrongStep):
            sign(request(lesson_plan(1).pdf, "seal", person("lan")))
        with pytest.raises(BadCertificate):
            sign(request(lesson_plan(1).pdf, "author", person("hoa")))
        assert sign(author())


@LINUX
def test_the_open_key_dies_with_the_batch(pool: SignersPool) -> None:
    pool.sign(author(), sealed("lan"), PIN)
    before = set(signers_of(pool))
    with pool.batch(sealed("lan"), PIN, "lan") as sign:
        sign(author())
        during = set(signers_of(pool)) - before
        assert len(during) == 2
    until("the batch's signers are gone", lambda: not during & set(signers_of(pool)))
    with pytest.raises(Unavailable):
        sign(author())


@LINUX
def test_the_open_key_dies_when_its_time_is_up(pool: SignersPool) -> None:
    pool.sign(author(), sealed("lan"), PIN)
    before = set(signers_of(pool))
    with pool.batch(sealed("lan"), PIN, "lan", seconds=12) as sign:
        during = set(signers_of(pool)) - before
        until("the batch's signers are gone", lambda: not during & set(signers_of(pool)))
        with pytest.raises(Unavailable, match="Enter the PIN again"):
            sign(author())


@LINUX
def test_a_signer_of_a_batch_that_dies_fails_its_item_only(doomed: SignersPool) -> None:
    doomed.sign(author(), sealed("lan"), PIN)
    before = set(signers_of(doomed))
    with doomed.batch(sealed("lan"), PIN, "lan") as sign:
        first, second = set(signers_of(doomed)) - before
        os.kill(first, signal.SIGKILL)
        answers = []
        for _ in range(4):
            try:
                answers.append(bool(sign(author())))
            except Unavailable:
                answers.append(False)
        assert answers.count(False) == 1
        os.kill(second, signal.SIGKILL)
        with pytest.raises(Unavailable):
            sign(author())
        with pytest.raises(Unavailable, match="Enter the PIN again"):
            sign(author())
    assert doomed.sign(author(), sealed("lan"), PIN)
