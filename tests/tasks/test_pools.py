"""The intake pool: one job's trouble stays one job's trouble, and a child has nothing worth stealing."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from models.errors import Fault, Invalid, NotFound, RecordsError, TooLarge, Unavailable
from models.text import Text
from tasks import pdf_pages, rendering, rich_text
from tasks.pools import IntakePool, JobFailed


@pytest.fixture(scope="module")
def pool() -> Iterator[IntakePool]:
    with IntakePool(2, seconds=120, warm="") as made:
        yield made


# What is submitted: top-level functions, found by name in the child.


def echo(value: Any, *, again: Any = None) -> Any:
    return value if again is None else (value, again)


def process() -> int:
    return os.getpid()


def refuse() -> None:
    said = Text("Không được.", "Not allowed.")
    raise Invalid(said, (Fault("lessons.2.title", said),))


def fail() -> None:
    raise KeyError("bí mật của giáo viên")


def hold(bytes_wanted: int) -> int:
    return len(bytearray(bytes_wanted))


def environment() -> dict[str, str]:
    return dict(os.environ)


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def write_scratch() -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"scratch")
        file.flush()
        return Path(file.name).read_bytes()


def write(path: str) -> None:
    Path(path).write_text("x")


def call(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=2).close()


def open_descriptors() -> int:
    return sum(_is_open(number) for number in range(3, 256))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


class Evil:
    """What a child that was taken over would send: an object that runs a function when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch evil",)


def evil() -> Evil:
    return Evil()


def test_results_come_back(pool: IntakePool) -> None:
    value = {"a": [1, 2.5, None, "ế", b"\x00"], "b": (True, {3}, frozenset({"x"}))}
    assert pool.submit(echo, value) == value
    assert pool.submit(echo, 1, again=2) == (1, 2)
    assert pool.submit(process) != os.getpid()


def test_real_work_is_done_there(pool: IntakePool) -> None:
    assert pool.submit(rich_text.clean, "<b>x</b>") == "<p><strong>x</strong></p>"
    stamp = pool.submit(
        rendering.text_field, rendering.Box("number", "text", 0, (0.0, 0.0, 30.0, 18.0)), "05"
    )
    assert pool.submit(pdf_pages.page_count, stamp) == 1


def test_a_refusal_crosses_the_border_whole(pool: IntakePool) -> None:
    with pytest.raises(Invalid) as refusal:
        pool.submit(refuse)
    assert refusal.value.sentence == Text("Không được.", "Not allowed.")
    assert refusal.value.faults == (Fault("lessons.2.title", refusal.value.sentence),)
    assert (refusal.value.code, str(refusal.value)) == ("invalid", "Not allowed.")
    with pytest.raises(NotFound):
        pool.submit(pdf_pages.page_image, pool.submit(rendering.text_field, _box(), "x"), 9, 100)


def _box() -> rendering.Box:
    return rendering.Box("date", "text", 0, (0.0, 0.0, 90.0, 18.0))


def test_a_fault_of_ours_tells_where_and_not_what(pool: IntakePool) -> None:
    with pytest.raises(JobFailed) as failed:
        pool.submit(fail)
    assert "KeyError" in str(failed.value)
    assert "fail" in str(failed.value)
    assert "bí mật" not in str(failed.value)


def test_a_job_that_hangs_is_ended_and_its_child_replaced(pool: IntakePool) -> None:
    with pytest.raises(TooLarge):
        pool.submit_within(0.3, time.sleep, 600)
    assert [pool.submit(echo, number) for number in range(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_job_that_dies_costs_only_itself(pool: IntakePool, how: signal.Signals) -> None:
    with pytest.raises(Unavailable):
        pool.submit(signal.raise_signal, how)
    assert pool.submit(echo, "sau") == "sau"


def test_a_child_that_died_while_idle_is_replaced_unseen() -> None:
    with IntakePool(1, warm="") as pool:
        first = pool.submit(process)
        os.kill(first, signal.SIGKILL)
        assert pool.submit(process) != first


def test_a_child_whose_folder_was_swept_away_is_replaced_unseen(pool: IntakePool) -> None:
    swept = Path(pool.submit(tempfile.gettempdir))
    swept.rmdir()
    found = pool.submit(tempfile.gettempdir)
    assert Path(found) != swept and Path(found).is_dir()


def test_too_much_memory_is_refused() -> None:
    with IntakePool(1, warm="", memory=1024**3) as pool:
        with pytest.raises(TooLarge):
            pool.submit(hold, 2 * 1024**3)
        assert pool.submit(hold, 1024**2) == 1024**2


def test_many_threads_share_the_children(pool: IntakePool) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda number: pool.submit(echo, number), range(60))) == list(range(60))


def test_a_large_result_comes_through(pool: IntakePool) -> None:
    assert pool.submit(echo, bytes(20_000_000)) == bytes(20_000_000)


def test_a_child_has_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = ("HOSOSO_SMTP_PASSWORD", "HOSOSO_DATABASE_URL", "PREFECT_API_AUTH_STRING", "AWS_SECRET_KEY")
    for name in secrets:
        monkeypatch.setenv(name, "bi-mat")
    held = (tmp_path / "held").open("w")
    with held, IntakePool(1, warm="") as pool:
        seen = pool.submit(environment)
        assert "bi-mat" not in seen.values()
        assert not set(secrets) & set(seen)
        assert pool.submit(open_descriptors) <= 2  # its socket, and what it is just reading


def test_a_child_cannot_reach_the_network_or_our_files(pool: IntakePool, tmp_path: Path) -> None:
    pool.submit(echo, None)
    guard = pool.guards()[0]
    key = tmp_path / "master.key"
    key.write_bytes(b"bi mat")
    if guard.files == "cut":
        for attempt in (read, write):
            with pytest.raises(JobFailed, match="PermissionError"):
                pool.submit(attempt, str(key))
        assert key.read_bytes() == b"bi mat"
    else:
        assert guard.files.startswith("not cut: ")
    assert pool.submit(write_scratch) == b"scratch"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if "cut" in (guard.network, guard.files):
            with pytest.raises(JobFailed):
                pool.submit(call, port)
    assert guard.memory == "limited"


def test_an_answer_runs_nothing_here(
    pool: IntakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(JobFailed):
        pool.submit(evil)
    assert not (tmp_path / "evil").exists()


def test_closing_ends_every_child_and_every_wait() -> None:
    pool = IntakePool(1, warm="")
    child = pool.submit(process)
    refusals: list[RecordsError] = []

    def wait() -> None:
        try:
            pool.submit(time.sleep, 600)
        except RecordsError as refusal:
            refusals.append(refusal)

    waiting = threading.Thread(target=wait)
    waiting.start()
    pool.close()
    waiting.join(120)
    assert [type(refusal) for refusal in refusals] == [Unavailable]
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    with pytest.raises(Unavailable):
        pool.submit(process)
