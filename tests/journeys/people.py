"""People at their phones: they act through the HTTP API and, when an answer is lost, repeat what they sent.

A `Person` has the patience of a person: a connection cut off, a server that is just starting or a record that
someone else is signing is tried again with the very same request. What the server accepts is written down,
so that a test can hold it against the records afterwards.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.cast import PASSWORD, PIN
from tests.waiting import until

PATIENCE = 300.0
"""Seconds a person goes on repeating; it only ends a hung test."""
TAKEN = {403, 404, 409}
"""Someone else decided first: nothing to do here any more."""
LATER = {423, 429, 503}
"""Not now: try again."""
PIECES = 3
"""In so many a file goes up."""
ONWARD = ("submit", "sign", "approve", "seal")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A decision the server said yes to: who did what on which version of which document."""

    name: str
    document_id: str
    action: str
    version: int


def _always() -> None:
    """Nothing to wait for."""


@dataclass(slots=True)
class Person:
    """Someone signed in. `lost`: the share of answers that never reach the phone."""

    url: str
    name: str
    random: Random = field(default_factory=lambda: Random(1))
    lost: float = 0.0
    before: Callable[[], None] = _always
    """Called before each decision and each piece of a file: a test may hold people back here."""
    accepted: list[Accepted] = field(default_factory=list)
    asked: set[Accepted] = field(default_factory=set)
    """Items of signing rounds: each may have been decided although its answer was lost."""
    rounds: list[str] = field(default_factory=list)
    repeats: int = 0
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=60, trust_env=False)
        answer = self.insist("POST", "/token", data={"username": self.name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def insist(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Send until there is an answer that means something; AssertionError for a fault of the server's."""
        end = time.monotonic() + PATIENCE
        while True:
            # Now and then the phone loses the network while it waits: the server decides and nobody hears.
            hasty = method != "GET" and self.random.random() < self.lost
            try:
                answer = self.client.request(
                    method, path, timeout=self.random.uniform(0.01, 0.2) if hasty else 60, **sent
                )
            except httpx.TransportError as error:
                assert time.monotonic() < end, f"{self.name}: {method} {path}: {error!r}"
            else:
                assert answer.status_code < 500 or answer.status_code in LATER, answer.text
                if answer.status_code not in LATER:
                    return answer
                assert time.monotonic() < end, answer.text
            self.repeats += 1
            time.sleep(self.random.uniform(0.05, 0.3))

    def get(self, path: str, **params: str) -> Any:
        answer = self.insist("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any], status: int = 200) -> Any:
        answer = self.insist("POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def tasks(self) -> list[dict[str, Any]]:
        """What waits for this person."""
        items: list[dict[str, Any]] = self.get("/tasks")["items"]
        return items

    def document(self, document_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/documents/{document_id}")
        return found

    def draft(self, slug: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A draft with these fields, once, however often the phone has to ask."""
        before = self.repeats
        answer = self.insist("POST", "/documents", json={"type": slug, "fields": fields})
        if answer.status_code == 422 and self.repeats > before:
            # "There is one already": ours. Asked once more, since two at once may not know each other's.
            answer = self.insist("POST", "/documents", json={"type": slug, "fields": fields})
            return self.document(answer.json()["document_id"])
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        if self.repeats > before:
            # A draft is no decision: one whose answer was lost may stand beside the one just made.
            week = fields.get("week") or fields["first_week"]
            mine = self.get("/documents", type=slug, week=week, status="draft", owner=made["owner"]["id"])
            made = self.document(min(d["id"] for d in mine["items"]))
        return made

    def upload(self, document_id: str, data: bytes, name: str) -> None:
        """Make a file the draft's body, piece by piece; goes on where the server says it has got to."""
        place, part = f"/documents/{document_id}", len(data) // PIECES + 1
        about = {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        begun = self.insist("POST", f"{place}/uploads", json=about)
        assert begun.status_code in (200, 201), begun.text
        received, whole = begun.json()["received"], False
        while not whole:  # an empty piece asks for what became of the last one, whose answer was lost
            self.before()
            piece = {"params": {"offset": received}, "content": data[received : received + part]}
            answer = self.insist("PUT", f"{place}/uploads/{begun.json()['id']}", **piece)
            assert answer.status_code in (200, 202, 409), answer.text
            received, whole = answer.json().get("received"), "body" in answer.json()
        until(lambda: self._body(place, about["sha256"]), "the file never became the body", PATIENCE)

    def _body(self, place: str, sha256: str) -> bool:
        found = self.get(f"{place}/body")
        assert not found["upload"] or found["upload"]["state"] != "refused", found
        return bool(found["body"]) and found["body"]["sha256"] == sha256

    def decide(self, document: dict[str, Any], action: str, **more: Any) -> dict[str, Any] | None:
        """One decision on the version seen; None when someone else was quicker. Noted when accepted."""
        self.before()
        body = {"version": document["version"], **more}
        if action in ("sign", "approve", "seal"):
            body.setdefault("pin", PIN)
        answer = self.insist("POST", f"/documents/{document['id']}/actions/{action}", json=body)
        if answer.status_code in TAKEN:
            return None
        assert answer.status_code == 200, answer.text
        self.accepted.append(Accepted(self.name, document["id"], action, document["version"]))
        decided: dict[str, Any] = answer.json()
        return decided

    def sign_together(self, documents: list[dict[str, Any]], action: str) -> None:
        """A signing round over these, as they were seen; how it ended is asked for later (`told`)."""
        for _ in documents:
            self.before()
        self.asked |= {Accepted(self.name, d["id"], action, d["version"]) for d in documents}
        items = [{"id": d["id"], "version": d["version"]} for d in documents]
        answer = self.insist("POST", "/batches", json={"action": action, "pin": PIN, "items": items})
        assert answer.status_code == 202, answer.text
        self.rounds.append(answer.json()["id"])

    def told(self) -> None:
        """Note what the rounds say they signed."""
        by_item = {(a.document_id, a.version): a for a in self.asked}
        for batch_id in self.rounds:
            batch = self.get(f"/batches/{batch_id}")
            assert batch["state"] in ("done", "stopped"), batch
            signed = [i for i in batch["items"] if i["state"] == "signed"]
            known = set(self.accepted)
            self.accepted += {by_item[i["document_id"], i["version"]] for i in signed} - known

    def onward(self, document: dict[str, Any]) -> dict[str, Any] | None:
        """The decision that leads on, whatever it is for this person; None when there is none."""
        action = next((a for a in ONWARD if a in document["actions"]), None)
        return self.decide(document, action) if action else None

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
