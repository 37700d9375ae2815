"""`hososo up` whole: every part with one command, kept running, ended together, started again."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.journeys.people import Person
from tests.journeys.processes import PARTS, Installation, command, lives, tree
from tests.journeys.school import found_school, lesson_plan
from tests.waiting import until

SLOW = 240.0
"""Seconds until all parts run, on a machine that does many other things."""


def parts(up: subprocess.Popen[bytes]) -> dict[str, int]:
    """Process ids of the parts that `up` has running."""
    found = {}
    for pid in tree(up.pid) - {up.pid}:
        words = command(pid)
        if words[1:3] == ["-m", "service.cli"] and words[-1] in PARTS:
            found[words[-1]] = pid
    return found


def well(here: Installation, up: subprocess.Popen[bytes]) -> bool:
    assert up.poll() is None, here.words("up")
    try:
        return set(parts(up)) == set(PARTS) and here.health()["status"] == "ok"
    except httpx.TransportError:
        return False


@pytest.mark.timeout(900)
def test_up_keeps_all_parts_running_ends_them_and_goes_on_at_the_second_start(
    tmp_path: Path,
) -> None:
    with Installation(tmp_path / "data") as here:
        cast = found_school(here)
        up = here.running["up"] = here.launch("up", "up")
        until(lambda: well(here, up), "up does not bring everything up", SLOW)

        # Who starts it twice, or on a port that is taken, reads one sentence in two languages.
        for name, settings, sentence in (
            ("twice", {}, "is already running on the data folder"),
            ("busy", {"HOSOSO_DATA": str(tmp_path / "other")}, f"Port {here.settings.port} at 127.0.0.1"),
        ):
            second = here.launch("up", name, **settings)
            assert second.wait(60) == 1
            said = here.words(name)
            assert sentence in said
            assert "Traceback" not in said
            assert len(said.strip().splitlines()) == 2

        with Person(here.url, "lan") as lan, Person(here.url, "hoa") as hoa, Person(here.url, "minh") as minh:
            document = lan.draft("lesson-plan", lesson_plan(cast, 14))
            first = parts(up)
            for name in ("web", "worker", "prefect"):
                os.kill(first[name], signal.SIGKILL)
            for person in (lan, lan, hoa, minh):
                document = person.onward(person.document(document["id"])) or {}
            until(lambda: lan.document(document["id"])["status"] == "archived", "not archived", SLOW)
            until(lambda: well(here, up), "what died was not started again", SLOW)
            second_lives = parts(up)
            assert {n for n in PARTS if second_lives[n] != first[n]} == {"web", "worker", "prefect"}

            everyone = tree(up.pid)
            up.terminate()
            assert up.wait(60) == 0
            until(lambda: not any(map(lives, everyone)), "a child outlives its supervisor")

            up = here.running["up"] = here.launch("up", "up")
            until(lambda: well(here, up), "the second start does not go on", SLOW)
            assert lan.document(document["id"])["status"] == "archived"
            assert [run["state"]["type"] for run in here.runs_of(document["id"])] == ["COMPLETED"]
