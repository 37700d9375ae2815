"""A row that somebody wrote over with what no column holds is found and named; the audit goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from flows import auditing
from flows.auditing import Asked
from tests.cast import Cast

OVER = {
    "what was typed": "UPDATE document SET fields = '{cut' WHERE id = :id",
    "a time of the record": "UPDATE document SET created_at = 'yesterday' WHERE id = :id",
    "a revision's words": "UPDATE revision SET fields = '' WHERE document_id = :id",
    "what was uploaded": "UPDATE revision SET body = 'nulb' WHERE document_id = :id",
    "a revision's numbers": "UPDATE revision SET boxes = '[1, 2' WHERE document_id = :id",
    "a remark": "UPDATE remark SET parts = 'x' WHERE document_id = :id",
}


@pytest.mark.parametrize("what", OVER)
def test_it_is_named_and_the_others_are_looked_at(cast: Cast, what: str) -> None:
    broken = cast.sent("lan", 14).id
    cast.act("hoa", broken, "return", note="Xem lại.")
    other = cast.sent("lan", 15).id
    with cast.office.db.write() as session:
        assert session.connection().execute(text(OVER[what]), {"id": broken}).rowcount
        session.connection().execute(text("UPDATE document SET title = 'Khác' WHERE id = :id"), {"id": other})
    found = auditing.audit(cast.office, Asked(signatures=False))
    assert [(one.kind, one.document_id) for one in found.findings.kept] == [
        ("unreadable", broken),
        ("column", other),
    ]
    assert found.first is not None
    assert broken in found.first.sentence.vi
