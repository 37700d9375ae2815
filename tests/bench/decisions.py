"""Row 1: a decision committed, signature excluded, twenty users at once.

Twenty people decide at the same time, each on records of their own, through HTTP and a real `hososo web`:
they decide, wait for the whole answer, look at it for half a second to one and a half (no person is so
quick) and decide on the next. The decisions are the two that neither sign nor lay out pages: an author takes
a submitted record back, a head returns one with a comment. All of a decision is in the time: token,
permission, compare-and-set, event, waiting rows, notices, commit to the disk, the answer with the document.

Two rows inform: submitting, which lays out the pages too; and all twenty pressing the button in one instant,
where the last one waits for nineteen others.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from tests.bench.orchestration import settled
from tests.bench.school import Team, Weeks
from tests.bench.tables import Row, percentile, spread
from tests.cast import PIN, Cast
from tests.journeys.people import Person
from tests.journeys.processes import Installation
from tests.journeys.school import lesson_plan

LOOK = (0.5, 1.5)
"""Seconds a person looks at an answer."""
NOTE = "Ghi rõ hơn thời lượng từng hoạt động."


def measure(here: Installation, cast: Cast, teams: Sequence[Team], weeks: Weeks, turns: int) -> list[Row]:
    """`turns` take-backs and as many returns by each of twenty, after two of each to warm up."""
    planned = weeks.take(2 * turns, 1)
    users = [User(here, cast, team, n, planned) for n, team in enumerate(teams)]
    for user in users[:2]:
        for document in user.documents[:1]:
            user.decide(user.teacher, document, "submit")
            user.decide(user.teacher, document, "reopen")
    submits = _paced(users, lambda user: [(user.teacher, d, "submit") for d in user.documents])
    settled(here)
    reopens = _paced(users, lambda user: [(user.teacher, d, "reopen") for d in user.documents[:turns]])
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(User.sign_the_rest, users))
    settled(here)
    returns = _paced(users, lambda user: [(user.head, d, "return") for d in user.documents[turns:]])
    settled(here)
    bursts = [ms for n in range(max(1, turns // 2)) for ms in _burst(here, users, n)]
    for user in users:
        user.close()
    both = reopens + returns
    return [
        Row(
            "a decision committed, signature excluded, 20 users at once: p95",
            percentile(both, 0.95),
            "ms",
            150,
            note=f"{spread(both)}; p95 of take-backs {percentile(reopens, 0.95):.0f} ms, of returns "
            f"{percentile(returns, 0.95):.0f} ms; through HTTP with the whole answer; each user decides, "
            "looks 0.5–1.5 s, decides again",
        ),
        Row(
            "a submit, pages laid out, 20 users at once: p95",
            percentile(submits, 0.95),
            "ms",
            note=f"{spread(submits)}; no limit",
        ),
        Row(
            "a take-back by all 20 in one instant: p95",
            percentile(bursts, 0.95),
            "ms",
            note=f"{spread(bursts)}; no limit: the last waits for nineteen others",
        ),
    ]


class User:
    """A teacher and their group head at one desk, with some lesson plans."""

    def __init__(self, here: Installation, cast: Cast, team: Team, number: int, weeks: Sequence[int]) -> None:
        self.teacher, self.head = Person(here.url, team.teacher), Person(here.url, team.head)
        self.documents = [
            self.teacher.draft("lesson-plan", lesson_plan(cast, week, mark=team.teacher)) for week in weeks
        ]
        self.line = http.client.HTTPConnection("127.0.0.1", here.settings.port, timeout=60)
        self.random = Random(number)

    def decide(self, person: Person, document: dict[str, Any], action: str, **more: Any) -> float:
        """Milliseconds from the click to the whole answer; as little of our own in them as can be."""
        if action == "return":
            more["note"] = NOTE
        body = json.dumps({"version": document["version"], **more})
        headers = {
            "Authorization": person.client.headers["Authorization"],
            "Content-Type": "application/json",
        }
        self.line.close()  # the server ends a connection that rested for five seconds
        self.line.connect()
        began = time.perf_counter()
        self.line.request("POST", f"/api/v1/documents/{document['id']}/actions/{action}", body, headers)
        answer = self.line.getresponse()
        said = answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == 200, said
        document.update(json.loads(said))
        return took

    def sign_the_rest(self) -> None:
        for document in self.documents:
            if document["step"]["name"] == "author":
                self.decide(self.teacher, document, "sign", pin=PIN)

    def close(self) -> None:
        self.line.close()
        self.teacher.client.close()
        self.head.client.close()


Act = tuple[Person, dict[str, Any], str]


def _paced(users: Sequence[User], acts: Callable[[User], list[Act]]) -> list[float]:
    """Everyone at their own pace, all at once."""

    def one(user: User) -> list[float]:
        taken = []
        for person, document, action in acts(user):
            time.sleep(user.random.uniform(*LOOK))
            taken.append(user.decide(person, document, action))
        return taken

    with ThreadPoolExecutor(len(users)) as threads:
        return [ms for some in threads.map(one, users) for ms in some]


def _burst(here: Installation, users: Sequence[User], number: int) -> list[float]:
    """Everyone takes back in one instant what everyone submitted before."""
    for user in users:
        user.decide(user.teacher, user.documents[number], "submit")
    settled(here)
    gun = threading.Barrier(len(users))

    def one(user: User) -> float:
        gun.wait()
        return user.decide(user.teacher, user.documents[number], "reopen")

    with ThreadPoolExecutor(len(users)) as threads:
        return list(threads.map(one, users))
