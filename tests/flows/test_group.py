"""Parts that are open together: in both orders, at the same moment, a statement, a refusal, a return."""

from __future__ import annotations

import pytest

from flows.views import replayed
from tasks import verifying
from tests import processes
from tests.cast import Cast
from tests.processes import about, in_place_of


@pytest.fixture(autouse=True)
def minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    in_place_of(monkeypatch, processes.MINUTES)


def submitted(cast: Cast) -> str:
    document = about(cast, "mai", "lan")
    cast.act("mai", document.id, "submit")
    return document.id


def signatures(cast: Cast, document_id: str) -> list[tuple[str, bool]]:
    """Each signature of the present file: its field, and whether it holds."""
    with cast.office.db.read() as session:
        from flows import keyring

        trust = keyring.trust_of(session)
    blob = cast.fresh(document_id).blob
    assert blob is not None
    report = verifying.validate(cast.office.blobs.get(blob), trust, cast.office.now())
    assert report.problem is None
    return [(s.field, s.ok) for s in report.signatures]


@pytest.mark.parametrize("order", [("mai", "lan"), ("lan", "mai")])
def test_the_parts_are_done_in_any_order(cast: Cast, order: tuple[str, str]) -> None:
    document_id = submitted(cast)
    assert cast.fresh(document_id).step == "parties"
    for name in order:
        cast.act(name, document_id, "sign" if name == "mai" else "agree")
    assert cast.fresh(document_id).step == "note"
    cast.act("minh", document_id, "acknowledge")
    assert cast.fresh(document_id).status == "approved"
    fields = {"mai": "author", "lan": "teacher"}
    assert signatures(cast, document_id) == [(fields[n], True) for n in order] + [("note", True)]
    with cast.office.db.read() as session:
        assert replayed(session, document_id, cast.school_id)
