"""Folders of children whose parent was killed are found and removed; those in use stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasks.scratch import Scratch, sweep

pytestmark = pytest.mark.real_clock  # a folder's age is the file system's
_HOLDS = "from tasks.scratch import Scratch; s = Scratch(); print(s.path, flush=True); input()"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDS],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    left = Path(holder.stdout.readline().strip())
    (left / "word").mkdir()
    (left / "word" / "in.docx").write_bytes(b"a teacher's plan")
    assert sweep(young=0) == 0
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert sweep() == 0, "too young: its lock might not be taken yet"
    assert sweep(young=0) == 1
    assert not left.exists()


def test_a_folder_in_use_stays_and_is_dropped_whole() -> None:
    mine = Scratch()
    (mine.path / "in.docx").write_bytes(b"a teacher's plan")
    assert sweep(young=0) == 0
    mine.drop()
    mine.drop()
    assert not mine.path.exists()
    assert sweep(young=0) == 0


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "hososo-intake-a-file").write_bytes(b"")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "hososo-intake-a-link").symlink_to(elsewhere)
    assert sweep(young=0) == 0
    assert elsewhere.is_dir()


def test_two_threads_drop_it_at_once() -> None:
    for _ in range(200):
        scratch = Scratch()
        faults: list[BaseException] = []
        ready = threading.Barrier(2)

        def drop(scratch: Scratch = scratch, faults: list[BaseException] = faults) -> None:
            ready.wait()  # noqa: B023 - both threads of this turn
            try:
                scratch.drop()
            except OSError as fault:
                faults.append(fault)

        threads = [threading.Thread(target=drop) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
